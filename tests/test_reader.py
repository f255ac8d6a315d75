"""Requests as the device reads them: lines, headers, forms, and how a URI is taken apart. Spec 0b, 2.2, 2.5, 2.6."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import make_pbx
from ucmsim.http import pages
from ucmsim.http.reader import Incoming, RequestReader
from ucmsim.http.reply import Content
from ucmsim.http.request import BOUND, Absent, ApiRequest, Head, Reading, data, pairs

PEER = "192.0.2.1"
GET = b"GET /cdrapi HTTP/1.1\r\n"
FORM_TYPE = b"Content-Type: application/x-www-form-urlencoded\r\n"
CUT = Reading(cut_is_end=True)

Outcome = Incoming | Content | None


def read(raw: bytes) -> Outcome:
    """Return what a new reader makes of *raw* in one piece."""
    return RequestReader().feed(raw)


def cut_off(raw: bytes) -> Outcome:
    """Return what the device does when the client goes, or goes silent, after *raw*."""
    reader = RequestReader()
    assert reader.feed(raw) is None
    return reader.ended()


def incoming(raw: bytes) -> Incoming:
    """Return the request that *raw* holds as a whole."""
    found = read(raw)
    assert isinstance(found, Incoming)
    return found


def asked(raw: bytes) -> ApiRequest:
    """Return the request that *raw* holds, understood."""
    found = incoming(raw)
    return ApiRequest.of(PEER, found.head, found.form)


def get(target: str) -> ApiRequest:
    """Return the GET request for *target*."""
    return asked(f"GET {target} HTTP/1.1\r\n\r\n".encode())


def post(body: bytes, *headers: bytes, target: bytes = b"/cdrapi", length: int | None = None) -> bytes:
    """Return a POST of *body* with *headers* and its Content-Length, or *length* instead."""
    announced = b"Content-Length: %d\r\n" % (len(body) if length is None else length)
    return b"POST " + target + b" HTTP/1.1\r\n" + b"".join(headers) + announced + b"\r\n" + body


def numbered(count: int) -> bytes:
    """Return that many header lines."""
    return b"".join(b"X-%d: y\r\n" % at for at in range(count))


# Lines


def test_a_request_is_its_words_and_its_headers():
    """Method, target and headers come through as bytes, in order, without the blanks around values."""
    head = incoming(b"GET /cdrapi?caller=5300 HTTP/1.1\r\nHost: pbx\r\nX-Two:  b c \r\nX-Two: d\r\n\r\n").head
    assert (head.method, head.target) == (b"GET", b"/cdrapi?caller=5300")
    assert head.headers == ((b"Host", b"pbx"), (b"X-Two", b"b c"), (b"X-Two", b"d"))
    assert head.first(b"x-two") == b"b c"


def test_line_feeds_alone_end_lines_too():
    """LF and CRLF make the same request, even mixed."""
    crlf = incoming(b"GET /cdrapi HTTP/1.1\r\nHost: pbx\r\nA: b\r\n\r\n")
    assert incoming(b"GET /cdrapi HTTP/1.1\nHost: pbx\nA: b\n\n") == crlf
    assert incoming(b"GET /cdrapi HTTP/1.1\nHost: pbx\r\nA: b\n\r\n") == crlf


@pytest.mark.parametrize("version", [b" HTTP/1.1", b" HTTP/1.0", b" HTTP/9.9", b" HTTP/2", b" banana", b"", b" a b c"])
def test_the_http_version_is_not_examined(version):
    """Whatever stands after the target, or nothing, makes the same request; Host is not required."""
    head = incoming(b"GET /cdrapi" + version + b"\r\n\r\n").head
    assert (head.method, head.target, head.headers) == (b"GET", b"/cdrapi", ())


@pytest.mark.parametrize(
    ("method", "known"),
    [(b"GET", "GET"), (b"get", "GET"), (b"Head", "HEAD"), (b"pOsT", "POST"), (b"put", "PUT"), (b"BREW", "BREW")],
)
def test_methods_are_read_in_any_letter_case_and_unknown_ones_too(method, known):
    """The reader takes every method; which of them is served is decided later."""
    assert asked(method + b" /cdrapi HTTP/1.1\r\n\r\n").method == known


@pytest.mark.parametrize("line", [b"\n", b"\r\n", b"   \r\n", b"\t\r\n", b"GET\r\n", b"GET   \r\n", b"GET\n", b"\0\n"])
def test_a_request_line_without_target_is_answered_at_once(line):
    """No target gets the 400 page Invalid Request, without waiting for headers."""
    assert read(line) is pages.INVALID_REQUEST


def test_a_nul_ends_a_line():
    """What stands behind a NUL in a line is not seen; the line itself goes on to its line feed."""
    head = incoming(b"GET /cdrapi\0?caller=1 HTTP/1.1\r\nX-A: one\0two\r\nX-B: three\r\n\r\n").head
    assert head.target == b"/cdrapi"
    assert head.headers == ((b"X-A", b"one"), (b"X-B", b"three"))


def test_a_line_that_begins_with_nul_ends_the_headers():
    """As a C string such a line is blank."""
    assert incoming(GET + b"A: b\r\n\0C: d\r\nE: f\r\n\r\n").head.headers == ((b"A", b"b"),)


def test_a_header_line_without_colon_is_ignored():
    """Such a line is no header and no error."""
    assert incoming(GET + b"nonsense\r\nA: b\r\nmore nonsense\r\n\r\n").head.headers == ((b"A", b"b"),)


def test_a_value_keeps_its_colons():
    """A header is cut at its first colon."""
    assert incoming(GET + b"Host: [::1]:8443\r\n\r\n").head.headers == ((b"Host", b"[::1]:8443"),)


def test_4095_bytes_of_request_line_are_read():
    """A request line of 4095 bytes, line end included, is whole."""
    line = b"GET /cdrapi?caller=".ljust(4093, b"5") + b"\r\n"
    head = incoming(line + b"A: b\r\n\r\n").head
    assert head.target == line[4:-2]
    assert head.headers == ((b"A", b"b"),)


def test_a_longer_request_line_is_cut_and_the_rest_is_a_header_line():
    """The target ends at byte 4095, and what follows is read as the next header line."""
    start = b"GET /cdrapi?caller="
    inside, rest = b"5" * (4095 - len(start)), b"6: seven HTTP/1.1\r\n"
    head = incoming(start + inside + rest + b"A: b\r\n\r\n").head
    assert head.target == b"/cdrapi?caller=" + inside
    assert head.headers == ((b"6", b"seven HTTP/1.1"), (b"A", b"b"))


def test_the_rest_of_a_long_request_line_without_colon_is_ignored():
    """The usual tail of an overlong request line, digits and the HTTP version, disappears."""
    start = b"GET /cdrapi?caller="
    head = incoming(start + b"5" * 9000 + b" HTTP/1.1\r\nA: b\r\n\r\n").head
    assert len(b"GET " + head.target) == 4095
    assert head.headers == ((b"A", b"b"),)


def test_a_request_line_cut_right_before_its_end_ends_the_headers():
    """4095 bytes and then CRLF: what is left is a blank line, so the request is complete."""
    start = b"GET /cdrapi?caller="
    assert incoming(start + b"5" * (4095 - len(start)) + b"\r\n").head.headers == ()


def test_a_long_header_line_is_cut_and_the_rest_is_the_next_header_line():
    """A header value ends at byte 4095 of its line; the rest is a header of its own, or ignored."""
    value, rest = b"v" * (4095 - 3), b"More: yes\r\n"
    headers = incoming(GET + b"A: " + value + rest + b"B: " + b"w" * 9000 + b"\r\n\r\n").head.headers
    assert headers == ((b"A", value), (b"More", b"yes"), (b"B", b"w" * (4095 - 3)))


def test_an_endless_line_is_never_hoarded():
    """The request line is settled by its first 4095 bytes; the stream behind it cannot grow it."""
    reader = RequestReader()
    for _ in range(100):
        assert reader.feed(b"x" * 1000) in (None, pages.INVALID_REQUEST)
    assert RequestReader().feed(b"x" * 4095) is pages.INVALID_REQUEST


@pytest.mark.quirk("line-limit")
@pytest.mark.parametrize("limit", [64, 100, 5000, 100_000])
def test_the_limit_of_a_line_is_a_quirk(limit):
    """Request line and header lines are cut after so many bytes, and the rest is the next header line."""
    reader = RequestReader(Reading(line_limit=limit))
    start = b"GET /cdrapi?caller="
    inside, value = b"5" * (limit - len(start)), b"v" * (limit - 3)
    found = reader.feed(start + inside + b"6: seven HTTP/1.1\r\nA: " + value + b"B: c\r\n\r\n")
    assert isinstance(found, Incoming)
    assert found.head.target == b"/cdrapi?caller=" + inside
    assert found.head.headers == ((b"6", b"seven HTTP/1.1"), (b"A", value), (b"B", b"c"))


@pytest.mark.quirk("line-limit")
@pytest.mark.parametrize(("value", "limit"), [(64, 64), (BOUND, BOUND), (BOUND + 1, BOUND), ("none", BOUND)])
def test_a_lifted_limit_of_lines_leaves_a_bound(value, limit):
    """Whatever the quirk says, no more than so many bytes of a line are kept, and then it is cut."""
    reading = Reading.of(make_pbx(quirks={"line-limit": value}).quirks)
    assert reading.line_limit == limit
    reader = RequestReader(reading)
    for _ in range(limit // 64 - 1):
        assert reader.feed(b"x" * 64) is None
    assert reader.feed(b"x" * 63) is None
    assert reader.feed(b"x") is pages.INVALID_REQUEST
    assert reader.backlog == 0


@pytest.mark.quirk("line-limit")
def test_a_request_line_of_any_length_is_read_where_lines_have_no_limit():
    """A list of a thousand ranges can then be sent by GET."""
    query = b"caller=" + b",".join(b"%d-%d" % (at * 10**9, at * 10**9 + 5) for at in range(999))
    line = b"GET /cdrapi?" + query + b" HTTP/1.1\r\n"
    assert incoming(line + b"\r\n").head.target == line[4:4095]
    found = RequestReader(Reading(line_limit=BOUND)).feed(line + b"A: " + b"v" * 9000 + b"\r\n\r\n")
    assert isinstance(found, Incoming)
    assert (found.head.target, found.head.headers) == (b"/cdrapi?" + query, ((b"A", b"v" * 9000),))


def test_a_hundred_headers_are_taken():
    """100 headers are within the limit."""
    assert len(incoming(GET + numbered(100) + b"\r\n").head.headers) == 100


def test_the_101st_header_gets_the_413_page():
    """One header more is answered at once with Too many headers."""
    page = read(GET + numbered(101))
    assert page == pages.too_many_headers("100 headers")
    assert page.note == "there are more than 100 headers"


@pytest.mark.quirk("header-limit")
@pytest.mark.parametrize("limit", [1, 3, 250])
def test_the_limit_of_headers_is_a_quirk(limit):
    """As many headers as it says are taken, and one more gets the page."""
    reading = Reading(header_limit=limit)
    found = RequestReader(reading).feed(GET + numbered(limit) + b"\r\n")
    assert isinstance(found, Incoming)
    assert len(found.head.headers) == limit
    assert RequestReader(reading).feed(GET + numbered(limit + 1)) == pages.too_many_headers(f"{limit} headers")


@pytest.mark.quirk("header-limit")
@pytest.mark.parametrize("limit", [None, 10**9])
@pytest.mark.parametrize(
    "line", [b"a:b\r\n", b"X-Header: yes\n", b"A: " + b"v" * 4000 + b"\n", b"A:" + b"w:" * 5000 + b"\n"]
)
def test_a_lifted_limit_of_headers_leaves_a_bound_in_bytes(limit, line):
    """However the headers are made, the page comes before more than so many bytes were kept, and then nothing is."""
    reader = RequestReader(Reading(header_limit=limit))
    assert reader.feed(GET) is None
    fed = 0
    while (outcome := reader.feed(line)) is None:
        fed += len(line)
        assert fed < 2 * BOUND  # a piece of a cut line that begins with a colon is no header
        assert reader.backlog < 4096
    assert outcome == pages.too_many_headers(f"{BOUND} bytes of headers, all that ucmsim keeps")
    assert reader.feed(line * 1000) is None
    assert reader.backlog == 0


@pytest.mark.quirk("header-limit")
def test_what_the_device_itself_takes_is_within_the_bound():
    """A hundred headers as long as a line can be are taken, limited or not."""
    raw = GET + (b"A: " + b"v" * 4091 + b"\n") * 100 + b"\n"
    for reading in (Reading(), Reading(header_limit=None)):
        found = RequestReader(reading).feed(raw)
        assert isinstance(found, Incoming)
        assert found.head.headers == ((b"A", b"v" * 4091),) * 100


@pytest.mark.quirk("header-limit")
@pytest.mark.quirk("keep-alive")
def test_every_request_on_a_connection_has_the_whole_bound():
    """What one request took does not count against the next."""
    lines = b"A: " + b"v" * 4000 + b"\n"
    one = GET + lines * (BOUND * 3 // 4 // len(lines)) + b"\n"
    reader = RequestReader(Reading(header_limit=None), pipelined=True)
    assert isinstance(reader.feed(one), Incoming)
    assert reader.feed(one) is None
    assert isinstance(reader.again(), Incoming)


def test_lines_that_are_no_headers_do_not_count():
    """Ignored lines do not bring a request nearer to the limit."""
    assert len(incoming(GET + b"nonsense\r\n" * 50 + numbered(100) + b"\r\n").head.headers) == 100


# The end of the bytes


@pytest.mark.parametrize("raw", [b"", b"G", b"GET /cdrapi", b"GET /cdrapi HTTP/1.1\r"])
def test_before_the_end_of_the_request_line_there_is_silence(raw):
    """Whoever goes before the request line is complete gets no answer."""
    assert cut_off(raw) is None


@pytest.mark.parametrize("headers", [b"", b"Ho", b"Host: pbx", b"Host: pbx\r\n", b"Host: pbx\r\nA: b\r\n\r"])
def test_inside_the_headers_it_is_a_timeout(headers):
    """Whoever goes or waits inside the headers gets the 400 page Timeout."""
    assert cut_off(GET + headers) is pages.TIMEOUT


@pytest.mark.quirk("headers-cut")
@pytest.mark.parametrize(
    ("headers", "read"),
    [
        (b"", ()),
        (b"Ho", ()),
        (b"Host: pbx", ((b"Host", b"pbx"),)),
        (b"Host: pbx\0: more", ((b"Host", b"pbx"),)),
        (b"Host: pbx\r\n", ((b"Host", b"pbx"),)),
        (b"Host: pbx\r\nA: b\r\n\r", ((b"Host", b"pbx"), (b"A", b"b"))),
    ],
)
def test_an_end_inside_the_headers_may_be_their_end(headers, read):
    """What there is of the last line counts, as a line of `fgets` does; mere silence is a timeout all the same."""
    usual, old, silent = RequestReader(), RequestReader(CUT), RequestReader(CUT)
    assert [reader.feed(GET + headers) for reader in (usual, old, silent)] == [None] * 3
    assert usual.ended() is pages.TIMEOUT
    assert silent.ended(silent=True) is pages.TIMEOUT
    found = old.ended()
    assert isinstance(found, Incoming)
    assert (found.head.method, found.head.target, found.head.headers) == (b"GET", b"/cdrapi", read)
    assert (old.backlog, old.feed(b"\r\n"), old.ended()) == (0, None, None)


@pytest.mark.quirk("headers-cut")
@pytest.mark.parametrize("raw", [b"", b"G", b"GET /cdrapi HTTP/1.1\r"])
def test_an_end_before_the_headers_is_silent_either_way(raw):
    """What is no whole request line is no request."""
    reader = RequestReader(CUT)
    assert reader.feed(raw) is None
    assert reader.ended() is None


@pytest.mark.quirk("headers-cut")
@pytest.mark.parametrize("ending", [b"", b"\r", b"\r\n", b"\r\n\r"])
def test_a_form_whose_headers_were_cut_counts_as_none(ending):
    """Nothing can follow them, whatever they announce."""
    reader = RequestReader(CUT)
    assert reader.feed(post(b"", FORM_TYPE, length=11)[:-4] + ending) is None
    found = reader.ended()
    assert isinstance(found, Incoming)
    assert (found.head.first(b"content-length"), found.form) == (b"11", None)


@pytest.mark.quirk("headers-cut")
def test_a_header_too_many_is_refused_though_it_was_cut():
    """The last piece of a line is a header like any other."""
    reader = RequestReader(Reading(cut_is_end=True, header_limit=2))
    assert reader.feed(GET + numbered(2) + b"Y: z") is None
    assert reader.ended() == pages.too_many_headers("2 headers")


@pytest.mark.parametrize("body", [b"", b"c", b"caller=530"])
def test_a_form_that_stays_short_counts_as_none(body):
    """The request is served without any form when fewer bytes come than announced."""
    found = cut_off(post(body, FORM_TYPE, length=11))
    assert isinstance(found, Incoming)
    assert found.form is None
    assert ApiRequest.of(PEER, found.head, found.form).params == ()


# Forms


def test_a_form_is_read_to_its_announced_length():
    """The body is complete with its last announced byte, and its parameters are those of the request."""
    reader = RequestReader()
    raw = post(b"caller=5300&format=json", FORM_TYPE)
    assert reader.feed(raw[:-1]) is None
    found = reader.feed(raw[-1:] + b"extra")
    assert isinstance(found, Incoming)
    assert found.form == b"caller=5300&format=json"
    assert ApiRequest.of(PEER, found.head, found.form).params == (("caller", "5300"), ("format", "json"))


@pytest.mark.parametrize("method", [b"POST", b"post", b"Post"])
def test_a_form_is_read_whatever_the_letter_case_of_the_method(method):
    """Method names are compared in any letter case."""
    assert asked(post(b"caller=5300", FORM_TYPE).replace(b"POST", method)).params == (("caller", "5300"),)


def test_form_parameters_replace_those_of_the_uri():
    """What stands behind the ? of a POST is not a parameter."""
    request = asked(post(b"caller=1", FORM_TYPE, target=b"/cdrapi?caller=2&format=xml"))
    assert request.params == (("caller", "1"),)
    assert (request.handler, request.target) == ("cdrapi", "/cdrapi?caller=2&format=xml")


def test_form_parameters_are_decoded_like_those_of_a_uri():
    """Plus, percent, empty pieces and the first = mean the same in a form."""
    assert asked(post(b"a+b=%2B1&&c=d=e&f", FORM_TYPE)).params == (("a b", "+1"), ("", ""), ("c", "d=e"), ("f", ""))


def test_1024_bytes_of_form_are_taken():
    """A form of 1024 bytes is within the limit."""
    request = asked(post(b"caller=" + b"5" * 1017, FORM_TYPE))
    assert request.params == (("caller", "5" * 1017),)
    assert not request.form_too_large


@pytest.mark.parametrize("length", [1025, 10**6, 10**30])
def test_a_larger_form_is_refused_by_its_announcement(length):
    """From 1025 bytes on the body is not waited for: the request says that it is too large."""
    found = incoming(post(b"", FORM_TYPE, length=length))
    assert found.form is None
    assert ApiRequest.of(PEER, found.head).form_too_large


@pytest.mark.quirk("form-limit")
@pytest.mark.parametrize("limit", [1, 12, 1024, BOUND])
def test_the_limit_of_a_form_is_a_quirk(limit):
    """A form of so many bytes is waited for and read, a longer one is refused by its announcement."""
    reading = Reading(form_limit=limit)
    reader = RequestReader(reading)
    assert reader.feed(post(b"c" * limit)[:-1]) is None
    found = reader.feed(b"c")
    assert isinstance(found, Incoming)
    assert found.form == b"c" * limit
    assert not ApiRequest.of(PEER, found.head, found.form, reading).form_too_large
    longer = RequestReader(reading).feed(post(b"", length=limit + 1))
    assert isinstance(longer, Incoming)
    assert longer.form is None
    assert ApiRequest.of(PEER, longer.head, None, reading).form_too_large


@pytest.mark.quirk("form-limit")
@pytest.mark.parametrize("limit", ["none", 10**9, BOUND + 1])
def test_a_lifted_limit_of_forms_leaves_a_bound(limit):
    """Whatever the quirk says, no more than so many bytes are ever waited for."""
    assert Reading.of(make_pbx(quirks={"form-limit": limit}).quirks).form_limit == BOUND


def test_empty_pieces_of_a_long_form_are_one_and_the_same():
    """A form of nothing but & costs a place in a list for each, and no more."""
    first, *others = pairs(b"&" * 10_000)
    assert first == ("", "")
    assert isinstance(first[1], Absent)
    assert len(others) == 10_000
    assert all(other is first for other in others)


@pytest.mark.quirk("post")
@pytest.mark.parametrize(("posts", "form"), [(True, b"caller=5300"), (False, None)])
def test_a_form_is_read_only_where_post_is_taken(posts, form):
    """Otherwise the request is complete with its headers, and its body is bytes like any that follow."""
    found = RequestReader(Reading(posts=posts)).feed(post(b"caller=5300"))
    assert isinstance(found, Incoming)
    assert found.form == form
    assert ApiRequest.of(PEER, found.head, found.form).unread is not posts


@pytest.mark.quirk("request-line")
def test_a_strict_post_in_lower_case_has_no_form():
    """It is another method, whose body is not waited for."""
    reading = Reading(strict=True)
    found = RequestReader(reading).feed(b"post /cdrapi?a=b HTTP/1.1\r\nHost: pbx\r\nContent-Length: 9\r\n\r\n")
    assert isinstance(found, Incoming)
    request = ApiRequest.of(PEER, found.head, found.form, reading)
    assert (request.method, request.params, request.form_too_large) == ("post", (("a", "b"),), False)


@pytest.mark.quirk("post-type")
@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=x", b"text/plain"])
def test_a_body_of_any_type_may_be_a_form(kind):
    """It is read, cut up and limited like a form; by default the request is complete with its headers."""
    raw = post(b"caller=5300", b"Content-Type: " + kind + b"\r\n", target=b"/cdrapi?a=b")
    any_type = Reading(any_type=True)
    params = []
    for reading in (Reading(), any_type):
        found = RequestReader(reading).feed(raw)
        assert isinstance(found, Incoming)
        params.append(ApiRequest.of(PEER, found.head, found.form, reading).params)
    assert params == [(), (("caller", "5300"),)]
    assert RequestReader(any_type).feed(raw[:-1]) is None
    longer = RequestReader(any_type).feed(post(b"", b"Content-Type: " + kind + b"\r\n", length=1025))
    assert isinstance(longer, Incoming)
    assert ApiRequest.of(PEER, longer.head, None, any_type).form_too_large


@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data; boundary=x", b"text/plain"])
@pytest.mark.parametrize("body", [b"caller=5300", b"x" * 2000])
def test_another_content_type_means_no_parameters(kind, body):
    """A body that is no form yields no parameters at all, not even those of the URI, however long it is."""
    request = asked(post(body, b"Content-Type: " + kind + b"\r\n", target=b"/cdrapi?caller=1"))
    assert request.params == ()
    assert not request.form_too_large


def test_without_a_content_type_the_body_is_a_form():
    """Only another content type keeps the device from reading a form."""
    assert asked(post(b"caller=5300")).params == (("caller", "5300"),)


def test_the_content_type_is_compared_in_any_letter_case():
    """Header name and value may be written in any letter case."""
    line = b"CONTENT-TYPE: Application/X-WWW-Form-URLencoded\r\n"
    assert asked(post(b"caller=5300", line)).params == (("caller", "5300"),)


@pytest.mark.parametrize(
    "length", [b"", b"Content-Length: 0\r\n", b"Content-Length: abc\r\n", b"Content-Length: -5\r\n"]
)
def test_a_post_without_a_usable_length_has_no_form(length):
    """Without a positive Content-Length no body is waited for."""
    assert incoming(b"POST /cdrapi HTTP/1.1\r\n" + FORM_TYPE + length + b"\r\ncaller=1").form is None


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"PUT", b"BREW"])
def test_only_a_post_has_a_form(method):
    """A body behind any other method is not read."""
    found = incoming(method + b" /cdrapi?a=b HTTP/1.1\r\n" + FORM_TYPE + b"Content-Length: 9000\r\n\r\n")
    assert found.form is None
    request = ApiRequest.of(PEER, found.head)
    assert request.params == (("a", "b"),)
    assert not request.form_too_large


# URIs


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("", ()),
        ("?", [("", "")]),
        ("?caller=5300", [("caller", "5300")]),
        ("?caller=5300&", [("caller", "5300"), ("", "")]),
        ("?&caller=5300", [("", ""), ("caller", "5300")]),
        ("?a=1&&b=2", [("a", "1"), ("", ""), ("b", "2")]),
        ("?&", [("", ""), ("", "")]),
        ("?caller", [("caller", "")]),
        ("?caller=", [("caller", "")]),
        ("?=5300", [("", "5300")]),
        ("?=", [("", "")]),
        ("?a=b=c", [("a", "b=c")]),
        ("?a==", [("a", "=")]),
        ("?a=x?y", [("a", "x?y")]),
        ("??a=b", [("?a", "b")]),
        ("?a;b=c;d", [("a;b", "c;d")]),
        ("?a=1&a=2&A=3", [("a", "1"), ("a", "2"), ("A", "3")]),
        ("?s+t=u+v", [("s t", "u v")]),
        ("?a=%2B%2b", [("a", "++")]),
        ("?a=1%2B1+1", [("a", "1+1 1")]),
        ("?%63aller=%35300", [("caller", "5300")]),
        ("?a%3Db=c", [("a=b", "c")]),
        ("?a=b%26c%3Dd", [("a", "b&c=d")]),
        ("?a=%3F%23", [("a", "?#")]),
        ("?a=%", [("a", "%")]),
        ("?a=%4", [("a", "%4")]),
        ("?a=%4&b=1", [("a", "%4"), ("b", "1")]),
        ("?a=%zz%4g%g4%41", [("a", "%zz%4g%g4A")]),
        ("?a=%%41", [("a", "%A")]),
        ("?a=%2541", [("a", "%41")]),
        ("?a=%252B", [("a", "%2B")]),
        ("?%=%", [("%", "%")]),
        ("?a=%C3%A9", [("a", "é")]),
        ("?a=é", [("a", "é")]),
    ],
)
def test_a_query_is_split_first_and_decoded_afterwards(query, params):
    """Split at the first ?, at &, at the first =; then plus and percent; an empty piece is an empty parameter."""
    assert get("/cdrapi" + query).params == tuple(params)


def test_bytes_that_are_not_utf_8_survive():
    """A byte that is no UTF-8 can be put back together from the decoded text."""
    (raw,), (escaped,) = asked(b"GET /cdrapi?a=\xff HTTP/1.1\n\n").params, get("/cdrapi?a=%FF%e9").params
    assert data(raw[1]) == b"\xff"
    assert data(escaped[1]) == b"\xff\xe9"


@pytest.mark.parametrize(
    "path",
    [
        "/cdrapi",
        "/CDRAPI",
        "/CdrApi/",
        "/cdrapi/",
        "/cdrapi?a=b",
        "/cdrapi/?a=b",
        "/%63drapi",
        "/%43DRAPI",
        "/cdrapi%2F",
    ],
)
def test_paths_that_reach_the_handler(path):
    """A path is decoded, compared in any letter case, and may have one trailing slash."""
    assert get(path).handler == "cdrapi"


@pytest.mark.quirk("path-match")
@pytest.mark.parametrize(
    ("path", "handler"),
    [
        ("/cdrapi", "cdrapi"), ("/CDRAPI", "CDRAPI"), ("/cdrapi/", "cdrapi/"), ("/%63drapi?a=/", "cdrapi"), ("/", ""),
        ("cdrapi", None), ("*", None), ("", None), ("//cdrapi", "/cdrapi"),
    ],
)  # fmt: skip
def test_exact_paths_lose_their_first_slash_alone(path, handler):
    """Letters and the last slash stay as they were written."""
    head = Head(b"GET", path.encode(), ())
    assert ApiRequest.of(PEER, head, None, Reading(exact_paths=True)).handler == handler


@pytest.mark.quirk("plus")
@pytest.mark.parametrize(
    ("query", "spaces", "pluses"),
    [
        (b"a+b=c+d", ("a b", "c d"), ("a+b", "c+d")),
        (b"a%2Bb=c%20d", ("a+b", "c d"), ("a+b", "c d")),
        (b"+=+", (" ", " "), ("+", "+")),
        (b"a=+%2B%", ("a", " +%"), ("a", "++%")),
        (b"a=+%00+", ("a", " "), ("a", "+")),
    ],
)
def test_a_plus_is_decoded_or_stays(query, spaces, pluses):
    """Only the plus itself is concerned, in queries and forms alike."""
    assert pairs(query) == (spaces,)
    assert pairs(query, plus_is_space=False) == (pluses,)
    form = Head(b"POST", b"/cdrapi", ())
    assert ApiRequest.of(PEER, form, query, Reading(plus_is_space=False)).params == (pluses,)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/cdrapi//",
        "/cdrapi/x",
        "/cdrapi%2Fx",
        "/cdrapi/%2F",
        "//cdrapi",
        "/cdrapis",
        "/cdrap",
        "/cdr+api",
        "/cdrapi%20",
        "/cdrapi%3Fa=b",
        "/cdrapi&a=b",
        "/x/cdrapi",
        "cdrapi",
        "%2",
        "*",
        "https://pbx/cdrapi",
    ],
)
def test_paths_that_do_not_reach_the_handler(path):
    """More slashes, more words, or less do not match; an escaped ? belongs to the path."""
    assert get(path).handler != "cdrapi"


def test_the_target_stays_as_it_was_sent():
    """The log can show the request line that the client wrote."""
    request = get("/CDRAPI/?caller=%35300+")
    assert (request.target, request.path) == ("/CDRAPI/?caller=%35300+", "/CDRAPI/")
    assert request.peer == PEER


def test_a_header_is_found_in_any_letter_case():
    """The first header of a name counts."""
    request = asked(GET + b"AUTHORIZATION: Digest x\r\nauthorization: y\r\n\r\n")
    assert request.header("authorization") == "Digest x"
    assert request.header("cookie") is None


# Pieces


@st.composite
def _streams(draw: st.DrawFn) -> bytes:
    """Draw bytes that look like one or more requests, well or badly made."""
    ends = st.sampled_from([b"\r\n", b"\n", b"\r\n", b"\0\n"])
    words = st.sampled_from([b"GET /cdrapi", b"POST /cdrapi?a=b HTTP/1.1", b"GET", b"", b"  put  /x y z", b"post\t/y"])
    headers = st.sampled_from(
        [
            b"Host: pbx",
            b"nonsense",
            b": x",
            b"A:",
            FORM_TYPE[:-2],
            b"Content-Length: 7",
            b"B: \0c",
            b"L: " + b"y" * 4100,
        ]
    )
    pieces = []
    for _ in range(draw(st.integers(1, 3))):
        pieces += [draw(words), draw(ends)]
        for header in draw(st.lists(headers, max_size=5)):
            pieces += [header, draw(ends)]
        pieces += [b"\n", draw(st.sampled_from([b"", b"", b"caller=", b"c=1&d=2"]))]
    return b"".join(pieces) + draw(st.binary(max_size=20))


def _conversation(pieces: list[bytes], *, pipelined: bool) -> list[Outcome]:
    """Return everything that a reader makes of *pieces*; the last is what it does when no more come."""
    reader = RequestReader(pipelined=pipelined)
    outcomes: list[Outcome] = []
    for piece in pieces:
        outcome = reader.feed(piece)
        while outcome is not None:
            outcomes.append(outcome)
            if not (pipelined and isinstance(outcome, Incoming)):
                return outcomes
            outcome = reader.again()
    return [*outcomes, reader.ended()]


@given(_streams(), st.booleans())
def test_byte_by_byte_equals_one_feed(stream, pipelined):
    """How the bytes are cut into packets changes nothing."""
    single = [stream[at : at + 1] for at in range(len(stream))]
    assert _conversation(single, pipelined=pipelined) == _conversation([stream], pipelined=pipelined)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_any_bytes_cut_anywhere_equal_one_feed(stream, cuts):
    """Arbitrary bytes are read without an exception, and alike however they are cut."""
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[one:two] for one, two in pairwise(places)]
    assert _conversation(pieces, pipelined=True) == _conversation([stream], pipelined=True)


# The next request


def test_what_follows_the_request_is_ignored():
    """One request per connection: later bytes make no second outcome."""
    reader = RequestReader()
    assert isinstance(reader.feed(GET + b"\r\n" + GET + b"\r\n"), Incoming)
    assert reader.feed(GET + b"\r\n") is None


@pytest.mark.quirk("keep-alive")
def test_again_reads_the_next_request_from_the_bytes_at_hand():
    """A pipelined reader keeps what follows, and reads it when it is told to."""
    reader = RequestReader(pipelined=True)
    first = reader.feed(b"GET /one\r\nA: b\r\n\r\n" + post(b"c=1", FORM_TYPE) + b"GET /thr")
    assert isinstance(first, Incoming)
    assert first.head.headers == ((b"A", b"b"),)
    second = reader.again()
    assert isinstance(second, Incoming)
    assert (second.head.method, second.form) == (b"POST", b"c=1")
    assert reader.again() is None
    third = reader.feed(b"ee\r\n\r\n")
    assert isinstance(third, Incoming)
    assert (third.head.method, third.head.target, third.head.headers, third.form) == (b"GET", b"/three", (), None)


@pytest.mark.quirk("keep-alive")
def test_bytes_that_come_while_a_request_is_served_wait():
    """Nothing is read from the next request until the reader begins anew."""
    reader = RequestReader(pipelined=True)
    assert reader.feed(b"GET /one\n\n") is not None
    assert reader.feed(b"GET /two\n") is None
    assert reader.feed(b"\n") is None
    second = reader.again()
    assert isinstance(second, Incoming)
    assert second.head.target == b"/two"


@pytest.mark.quirk("keep-alive")
def test_between_two_requests_the_end_is_silent():
    """A kept connection that ends before the next request line is no error; inside its headers it is a timeout."""
    reader = RequestReader(pipelined=True)
    reader.feed(b"GET /one\n\n")
    assert reader.again() is None
    assert reader.ended() is None
    reader = RequestReader(pipelined=True)
    reader.feed(b"GET /one\n\nGET /two\nHost: pbx\n")
    assert reader.again() is None
    assert reader.ended() is pages.TIMEOUT


@pytest.mark.quirk("line-end")
@pytest.mark.parametrize("name", ["lf", "crlf"])
def test_a_line_ends_with_lf_or_with_crlf_only(name):
    """Alone, a line feed ends a line or is a blank in it."""
    reading = Reading.of(make_pbx(quirks={"line-end": name}).quirks)
    bare, both = b"GET /a HTTP/1.1\nA: b\n\n", b"GET /a HTTP/1.1\r\nA: b\r\n\r\n"
    for raw, complete in ((bare, name == "lf"), (both, True)):
        found = RequestReader(reading).feed(raw)
        assert (found is not None) is complete
        if complete:
            assert (found.head.target, found.head.headers) == (b"/a", ((b"A", b"b"),))
    assert Reading() == Reading.of(make_pbx().quirks)


@pytest.mark.quirk("bare-header")
@pytest.mark.parametrize("line", [b"no colon", b"5300", b"\x00"])
def test_a_header_without_a_colon_is_ignored_or_refused(line):
    """What has a colon but no name or no value is ignored in either way."""
    raw = b"GET /a HTTP/1.1\r\n" + line + b"\r\n: x\r\nY:\r\n\r\n"
    for value in ("ignored", "refused"):
        found = RequestReader(Reading.of(make_pbx(quirks={"bare-header": value}).quirks)).feed(raw)
        if value == "refused" and line != b"\x00":
            assert found.body == pages.INVALID_REQUEST.body
            assert found.note == "a header line has no colon (quirk bare-header: refused)"
        else:
            assert found.head.headers == ()
