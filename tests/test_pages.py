"""Error pages and response heads, to the byte. Spec 0b, 2.3, 2.4, 2.5, 2.7."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.makers import make_pbx
from ucmsim.http import pages
from ucmsim.http.head import Heading, http_date
from ucmsim.http.reply import Bytes, Content, HangUp, Reply, Send, SendHead

NOW = datetime(2013, 12, 3, 11, 46, 50, tzinfo=timezone(timedelta(hours=-6)))
CSV = Content(200, "OK", (("Content-type", "text/csv"),), Bytes(b"AcctId\n62\n"))
WAV = Content(200, "OK", (("Content-type", "audio/x-wav"),), Bytes(b"RIFF"), static=True)

NOT_FOUND = (
    b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\r\n'
    b"<html><head>\r\n"
    b"<title>404 Not Found</title>\r\n"
    b"</head><body>\r\n"
    b"<h1>Not Found</h1>\r\n"
    b"<p>The requested URL was not found on this server.</p>\r\n"
    b"<hr />\r\n"
    b"<address>Asterisk Server</address>\r\n"
    b"</body></html>\r\n"
)


def bytes_of(content: Content) -> bytes:
    """Return the body of *content*."""
    return b"".join(content.body.chunks())


def reply(content: Content, order: int = 11, *, head_only: bool = False, keep: bool = False) -> Reply:
    """Return *content* dressed by a device of that head *order*."""
    return Heading("Asterisk/1.8.9.2", order).dressed(content, NOW, head_only=head_only, keep=keep)


def names(answer: Reply) -> list[str]:
    """Return the names in the head of *answer*, as they are sent."""
    return [line.partition(": ")[0] for line in answer.head.decode().split("\r\n")[1:-2]]


def test_the_404_page_is_exact():
    """The page of spec 2.4, with CRLF at the end of every line."""
    assert bytes_of(pages.NOT_FOUND) == NOT_FOUND


@pytest.mark.parametrize(
    ("page", "status", "title", "text", "length"),
    [
        (pages.INVALID_REQUEST, 400, "Bad Request", "Invalid Request", 219),
        (pages.TIMEOUT, 400, "Bad Request", "Timeout", 211),
        (pages.DENIED, 403, "Permission denied", "Permission denied\n", 234),
        (pages.NOTHING_STATIC, 403, "Access Denied", "Sorry, I cannot let you do that, Dave.", 246),
        (pages.NOT_FOUND, 404, "Not Found", "The requested URL was not found on this server.", 247),
        (pages.too_many_headers("100 headers"), 413, "Request Entity Too Large", "Too many headers", 246),
        (pages.SERVER_ERROR, 500, "Server Error", "Internal Server Error (out of memory)\n", 244),
        (pages.NOT_IMPLEMENTED, 501, "Not Implemented", "Attempt to use unimplemented / unsupported method", 261),
    ],
)
def test_every_page_differs_from_the_404_page_in_three_places(page, status, title, text, length):
    """Title with code, heading without, text; the lengths are those that the documents count."""
    places = ((b"404 Not Found", f"{status} {title}"), (b"<h1>Not Found", f"<h1>{title}"))
    expected = NOT_FOUND
    for old, new in (*places, (b"The requested URL was not found on this server.", text)):
        expected = expected.replace(old, new.encode())
    assert bytes_of(page) == expected
    assert page.body.length == length
    assert (page.status, page.title) == (status, title)
    assert page.headers == (("Content-type", "text/html"),)


@pytest.mark.quirk("header-limit")
@pytest.mark.parametrize("limit", ["100 headers", "3 headers"])
def test_the_413_page_is_the_same_whatever_the_limit(limit):
    """The limit is told in the note, never on the page."""
    page = pages.too_many_headers(limit)
    assert bytes_of(page) == bytes_of(pages.too_many_headers("100 headers"))
    assert page.note == f"there are more than {limit}"


def test_a_form_that_is_too_large_gets_413_without_a_page():
    """The 413 of an oversized form has an empty body."""
    answer = reply(pages.form_too_large(1024))
    assert answer.head.startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")
    assert ("Content-Length", "0") in answer.headers
    assert answer.body == b""


def test_the_401_page_is_exact():
    """Both title and heading read 401 Unauthorized, the paragraph is empty: 210 bytes."""
    page = bytes_of(pages.unauthorized("asterisk", "2b3c4d5e", stale=False))
    assert page == (
        b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\r\n'
        b"<html><head>\r\n"
        b"<title>401 Unauthorized</title>\r\n"
        b"</head><body>\r\n"
        b"<h1>401 Unauthorized</h1>\r\n"
        b"<p></p>\r\n"
        b"<hr />\r\n"
        b"<address>Asterisk Server</address>\r\n"
        b"</body></html>\r\n"
    )
    assert len(page) == 210


@pytest.mark.quirk("error-signature")
@pytest.mark.parametrize(
    "page", [pages.NOT_FOUND, pages.NOTHING_STATIC, pages.unauthorized("asterisk", "2b3c4d5e", stale=False)]
)
@pytest.mark.parametrize("order", [11, 13])
def test_a_page_is_signed_as_it_is_dressed(page, order):
    """Only the address line is another, and Content-Length that of what is sent; the page itself stays."""
    usual = reply(page, order)
    signed = Heading("Asterisk/1.8.9.2", order, signature="<i>PBX</i>").dressed(page, NOW)
    assert signed.body == usual.body.replace(b"<address>Asterisk Server<", b"<address><i>PBX</i><")
    assert dict(signed.headers) == {**dict(usual.headers), "Content-Length": str(page.body.length - 5)}
    assert usual.body == bytes_of(page)


@pytest.mark.quirk("error-signature")
def test_what_is_no_page_is_not_signed():
    """A body that ends like a page is a body."""
    lookalike = Content(200, "OK", (), Bytes(NOT_FOUND))
    assert Heading("x", signature="PBX").dressed(lookalike, NOW).body == NOT_FOUND


@pytest.mark.parametrize(("stale", "tail"), [(False, b""), (True, b", stale=true")])
def test_the_challenge_is_exact(stale, tail):
    """Nonce and opaque are the same number, and stale stands only on a stale one."""
    head = reply(pages.unauthorized("asterisk", "2b3c4d5e", stale=stale)).head
    assert head == (
        b"HTTP/1.1 401 Unauthorized\r\n"
        b"Server: Asterisk/1.8.9.2\r\n"
        b"Date: Tue, 03 Dec 2013 17:46:50 GMT\r\n"
        b"Connection: close\r\n"
        b"Cache-Control: no-cache, no-store\r\n"
        b"Content-Length: 210\r\n"
        b'WWW-authenticate: Digest algorithm=MD5, realm="asterisk", nonce="2b3c4d5e", qop="auth", '
        b'opaque="2b3c4d5e"' + tail + b"\r\n"
        b"Content-type: text/html\r\n"
        b"\r\n"
    )


@pytest.mark.quirk("realm")
@pytest.mark.parametrize(
    ("realm", "written"), [("UCM6202", "UCM6202"), ('a "b"', r"a \"b\""), ("a\\b", r"a\\b"), ("é", "é")]
)
def test_a_realm_is_quoted(realm, written):
    """Quotes and backslashes in a realm are escaped as RFC 9110 has it."""
    line = f'WWW-authenticate: Digest algorithm=MD5, realm="{written}", nonce="1", qop="auth", opaque="1"\r\n'
    assert line.encode() in reply(pages.unauthorized(realm, "1", stale=False)).head


@pytest.mark.quirk("head-order")
def test_the_head_of_asterisk_1_8_to_11():
    """Content-Length stands before the handler's own lines."""
    assert reply(CSV, 11).head == (
        b"HTTP/1.1 200 OK\r\n"
        b"Server: Asterisk/1.8.9.2\r\n"
        b"Date: Tue, 03 Dec 2013 17:46:50 GMT\r\n"
        b"Connection: close\r\n"
        b"Cache-Control: no-cache, no-store\r\n"
        b"Content-Length: 10\r\n"
        b"Content-type: text/csv\r\n"
        b"\r\n"
    )


@pytest.mark.quirk("head-order")
@pytest.mark.quirk("server")
def test_the_head_of_asterisk_13():
    """Content-Length stands last; the Server line is what the device says it is."""
    assert Heading("Asterisk/13.38.3", 13).dressed(CSV, NOW).head == (
        b"HTTP/1.1 200 OK\r\n"
        b"Server: Asterisk/13.38.3\r\n"
        b"Date: Tue, 03 Dec 2013 17:46:50 GMT\r\n"
        b"Connection: close\r\n"
        b"Cache-Control: no-cache, no-store\r\n"
        b"Content-type: text/csv\r\n"
        b"Content-Length: 10\r\n"
        b"\r\n"
    )


@pytest.mark.quirk("head-order")
def test_a_challenge_in_the_order_of_asterisk_13():
    """All lines of the handler move in front of Content-Length, in their own order."""
    challenge = pages.unauthorized("asterisk", "2b3c4d5e", stale=False)
    assert names(reply(challenge, 13))[3:] == ["Cache-Control", "WWW-authenticate", "Content-type", "Content-Length"]


@pytest.mark.parametrize("order", [11, 13])
def test_static_content_has_no_cache_control(order):
    """Only static content goes without the Cache-Control line."""
    assert "Cache-Control" not in names(reply(WAV, order))
    assert "Cache-Control" in names(reply(CSV, order))


@pytest.mark.quirk("keep-alive")
@pytest.mark.parametrize("order", [11, 13])
def test_a_kept_connection_is_neither_announced_nor_closed(order):
    """To keep the connection means no Connection line and no hanging up; all other lines stay."""
    closed, kept = reply(CSV, order), reply(CSV, order, keep=True)
    assert names(kept) == [name for name in names(closed) if name != "Connection"]
    assert kept.steps == (SendHead(), Send(CSV.body))
    assert closed.steps == (SendHead(), Send(CSV.body), HangUp())


@pytest.mark.quirk("extra-line")
@pytest.mark.parametrize("order", [11, 13])
@pytest.mark.parametrize("keep", [False, True])
def test_an_extra_line_stands_behind_the_head(order, keep):
    """It is the last of the head and changes nothing else."""
    usual = reply(CSV, order, keep=keep)
    extra = Heading("Asterisk/1.8.9.2", order, extra_line=True).dressed(CSV, NOW, keep=keep)
    assert extra.head == usual.head + b"\r\n"
    assert (extra.headers, extra.steps) == (usual.headers, usual.steps)


@pytest.mark.parametrize("order", [11, 13])
def test_head_below_400_has_the_length_and_no_body(order):
    """A HEAD request gets the very head of the GET, the true Content-Length included, and no body."""
    answer = reply(CSV, order, head_only=True)
    assert answer.head == reply(CSV, order).head
    assert ("Content-Length", "10") in answer.headers
    assert answer.body == b""


@pytest.mark.parametrize("order", [11, 13])
@pytest.mark.parametrize("page", [pages.TIMEOUT, pages.DENIED, pages.NOT_FOUND, pages.NOT_IMPLEMENTED])
def test_head_from_400_on_has_the_page(page, order):
    """Error pages are sent even to HEAD."""
    answer = reply(page, order, head_only=True)
    assert answer.body == bytes_of(page)
    assert answer == reply(page, order)


@pytest.mark.parametrize(("status", "sent"), [(399, b""), (400, b"x")])
def test_the_border_for_head_is_400(status, sent):
    """399 sends no body to HEAD, 400 does."""
    assert reply(Content(status, "T", (), Bytes(b"x")), head_only=True).body == sent


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (NOW, "Tue, 03 Dec 2013 17:46:50 GMT"),
        (datetime(2026, 1, 1, tzinfo=UTC), "Thu, 01 Jan 2026 00:00:00 GMT"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "Wed, 31 Dec 2025 23:30:00 GMT"),
        (datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC), "Thu, 29 Feb 2024 23:59:59 GMT"),
    ],
)
def test_the_date_is_gmt_in_english(now, shown):
    """The Date line shows GMT wherever the PBX stands, whole seconds, two digits of day."""
    assert http_date(now) == shown


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_and_day_has_its_english_name(month):
    """Names of days and months are the English three letters."""
    now = datetime(2013, month, 7 + month, 1, 2, 3, tzinfo=UTC)
    day = "MonTueWedThuFriSatSun"[3 * now.weekday() :][:3]
    name = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * (month - 1) :][:3]
    assert http_date(now) == f"{day}, {7 + month:02d} {name} 2013 01:02:03 GMT"


@pytest.mark.quirk("header-case")
@pytest.mark.parametrize("order", [11, 13])
def test_names_of_headers_are_the_devices_or_canonical(order):
    """Only what handlers add has a letter case of its own."""
    page = pages.unauthorized("asterisk", "5f3a9c21", stale=False)
    usual = Heading("x", order).dressed(page, NOW).head
    assert usual.count(b"\r\nWWW-authenticate: Digest ") == usual.count(b"\r\nContent-type: text/html\r\n") == 1
    canonical = Heading("x", order, canonical=True).dressed(page, NOW).head
    assert canonical == usual.replace(b"WWW-authenticate", b"WWW-Authenticate").replace(
        b"Content-type", b"Content-Type"
    )
    assert Heading.of(make_pbx(quirks={"header-case": "canonical"}).quirks).canonical
    assert not Heading.of(make_pbx().quirks).canonical
