"""The head and the order of a page, how pages are signed, and which connections are kept: the quirks of the reply."""

from __future__ import annotations

import json

import pytest

from tests.asking import get, posted, sent, wire
from tests.makers import ACCOUNT, GUIDE_CSV, another_row, at, header, header_names, ids, make_pbx, request
from ucmsim.http.request import ApiRequest


@pytest.mark.quirk("order")
@pytest.mark.parametrize(("quirks", "order"), [({}, ["62", "63", "64"]), ({"order": "desc"}, ["64", "63", "62"])])
def test_rows_come_oldest_or_newest_first(quirks, order):
    """The quirk order turns the page around."""
    assert ids(get(make_pbx(quirks=quirks))) == order


@pytest.mark.quirk("answeredby")
@pytest.mark.parametrize(("quirks", "found"), [({}, ["62", "63", "64"]), ({"answeredby": "unknown"}, [])])
def test_answeredby_is_a_filter_or_an_unknown_parameter(quirks, found):
    """The filter answeredby finds the extension that answered, or refuses the request."""
    reply = get(make_pbx(quirks=quirks), "/cdrapi?answeredby=5301")
    assert ids(reply) == found
    assert bool(reply.note) is (not found)


@pytest.mark.quirk("group-shift")
def test_groups_may_be_shifted():
    """With group-shift: one a G3 page starts its groups one row early."""
    quirks, sessions = {"group-shift": "one"}, ("a", "a", "b")
    rows = [another_row(AcctId=str(70 + at), session=name) for at, name in enumerate(sessions)]
    pages_of = {}
    for chosen in ({}, quirks):
        pbx = make_pbx(personality="ucm6510", quirks=chosen)
        pbx.history.extend(rows)
        entries = json.loads(get(pbx, "/cdrapi?format=json&offset=3").body)["cdr_root"]
        pages_of[bool(chosen)] = [sum(key.startswith("sub_cdr") for key in entry) for entry in entries]
    assert pages_of == {False: [2, 0], True: [0, 2]}


@pytest.mark.quirk("server")
@pytest.mark.parametrize(
    ("changes", "server"),
    [
        ({}, "Asterisk/1.8.9.2"),
        ({"personality": "ucm6200"}, "Asterisk/13.38.3"),
        ({"quirks": {"server": "Asterisk/11.25.3"}}, "Asterisk/11.25.3"),
        ({"personality": "ucm6200", "quirks": {"server": "personality"}}, "Asterisk/13.38.3"),
    ],
)
def test_the_server_header_is_the_personalitys_or_the_quirks(changes, server):
    """Pages and errors alike show the Server of the personality, or the one that was chosen."""
    pbx = make_pbx(**changes)
    assert header(get(pbx), "Server") == header(get(pbx, "/nowhere"), "Server") == server


@pytest.mark.quirk("head-order")
@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, ["Content-Length", "Content-type"]),
        ({"personality": "ucm6200"}, ["Content-type", "Content-Length"]),
        ({"quirks": {"head-order": 13}}, ["Content-type", "Content-Length"]),
        ({"personality": "ucm6200", "quirks": {"head-order": 11}}, ["Content-Length", "Content-type"]),
    ],
)
def test_the_head_order_is_the_personalitys_or_the_quirks(changes, last):
    """Content-Length stands before the handler's lines up to Asterisk 11, and last from 13 on."""
    names = header_names(get(make_pbx(**changes)))
    assert names == ["Server", "Date", "Connection", "Cache-Control", *last]


SIGNED = {
    400: b"rubbish\r\n",
    401: b"GET /cdrapi HTTP/1.1\r\n\r\n",
    404: b"GET /nowhere HTTP/1.1\r\n\r\n",
    413: b"GET /cdrapi HTTP/1.1\r\n" + b"X: y\r\n" * 101,
    501: b"BREW /cdrapi HTTP/1.1\r\n\r\n",
}


@pytest.mark.quirk("error-signature")
@pytest.mark.parametrize("status", SIGNED)
@pytest.mark.parametrize("signature", ["Asterisk Server", "UCM6510", '<b>"R&D"</b> é'])
def test_error_pages_are_signed(status, signature):
    """The address line of every page is the quirk's, raw, and Content-Length counts it."""
    usual = sent(make_pbx(api=ACCOUNT), SIGNED[status])
    reply = sent(make_pbx(api=ACCOUNT, quirks={"error-signature": signature}), SIGNED[status])
    assert usual.status == reply.status == status
    line = f"<address>{signature}</address>".encode()
    assert usual.body.count(b"<address>Asterisk Server</address>") == 1
    assert reply.body == usual.body.replace(b"<address>Asterisk Server</address>", line)
    assert header(reply, "Content-Length") == str(len(reply.body))


@pytest.mark.quirk("error-signature")
@pytest.mark.parametrize(
    ("target", "quirks"),
    [
        ("/recapi?filename=gone.wav", {}),
        ("/recapi?filename=gone.wav", {"recapi-not-found": 200}),
        ("/cdrapi?caler=1", {"error-status": 400}),
    ],
)
def test_pages_that_a_handler_answers_with_are_signed_too(target, quirks):
    """Whoever finds the error, the PBX signs the page."""
    reply = get(make_pbx(quirks={"error-signature": "PBX", **quirks}), target)
    assert reply.body.endswith(b"<hr />\r\n<address>PBX</address>\r\n</body></html>\r\n")


@pytest.mark.quirk("error-signature")
def test_the_form_that_is_too_large_has_no_page_to_sign():
    """Its 413 stays empty, and so does what is no error."""
    pbx = make_pbx(quirks={"error-signature": "PBX"})
    assert sent(pbx, posted(b"x" * 2000)).body == b""
    assert get(pbx).body == GUIDE_CSV


@pytest.mark.quirk("extra-line")
@pytest.mark.parametrize(
    ("quirks", "between"), [({}, b""), ({"extra-line": "none"}, b""), ({"extra-line": "one"}, b"\r\n")]
)
@pytest.mark.parametrize(
    "raw",
    [
        b"GET /cdrapi HTTP/1.1\r\n\r\n",
        b"HEAD /cdrapi HTTP/1.1\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\n\r\n",
        b"GET\r\n",
        posted(b"x" * 2000),
    ],
    ids=["page", "head", "error", "malformed", "empty"],
)
def test_nothing_or_one_more_line_stands_between_head_and_body(quirks, between, raw):
    """One more empty line follows every head, and Content-Length does not count it."""
    reply, usual = sent(make_pbx(quirks=quirks), raw), sent(make_pbx(), raw)
    assert wire(reply) == usual.head + between + usual.body
    assert reply.headers == usual.headers


@pytest.mark.quirk("extra-line")
def test_behind_an_extra_line_the_body_ends_early():
    """A client that goes by Content-Length gets two bytes too many in front, and misses the last two."""
    head, _, rest = wire(get(make_pbx(quirks={"extra-line": "one"}))).partition(b"\r\n\r\n")
    assert b"\r\nContent-Length: 822\r\n" in head
    assert rest[:822] == b"\r\n" + GUIDE_CSV[:-2]


def keeps(asked: ApiRequest, **quirks: str | int) -> bool:
    """Return whether the reply keeps the connection; the Connection header must say the same."""
    reply = make_pbx(quirks={name.replace("_", "-"): value for name, value in quirks.items()}).answer(asked, at())
    assert ("Connection" in header_names(reply)) is not reply.keeps
    return reply.keeps


@pytest.mark.quirk("keep-alive")
def test_a_connection_is_closed_after_one_request():
    """By default, and with none, the reply closes even if the client would go on."""
    assert not keeps(request("/cdrapi", connection="keep-alive"))
    assert not keeps(request("/cdrapi"), keep_alive="none")


@pytest.mark.quirk("keep-alive")
def test_a_connection_is_kept_where_the_quirk_says_so():
    """With keep-alive the reply leaves the connection open, error pages included."""
    assert keeps(request("/cdrapi"), keep_alive=15)
    assert keeps(request("/cdrapi", connection="Keep-Alive"), keep_alive=15)
    assert keeps(request("/nowhere"), keep_alive=15)


@pytest.mark.quirk("keep-alive")
@pytest.mark.parametrize("value", ["close", "Close"])
def test_a_client_that_says_close_is_closed(value):
    """Connection: close wins over the quirk."""
    assert not keeps(request("/cdrapi", connection=value), keep_alive=15)


@pytest.mark.quirk("keep-alive")
def test_a_connection_with_unread_bytes_is_closed():
    """A body that nobody reads would be taken for the next request."""
    assert not keeps(request("/cdrapi", "PUT", content_length="3"), keep_alive=15)
    assert not keeps(request("/cdrapi", "POST", form=b"x" * 2000), keep_alive=15)
