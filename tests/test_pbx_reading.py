"""How the bytes of a request are read: lines, paths, escapes and their quirks. Spec 2.2, 2.6."""

from __future__ import annotations

import pytest

from tests.asking import get, posted, sent, wire
from tests.errorpages import error_page
from tests.makers import (
    ACCOUNT,
    CLIENT,
    GUIDE_CSV,
    START,
    STRANGER,
    Client,
    another_row,
    header,
    header_names,
    ids,
    make_pbx,
)
from ucmsim.http.reader import RequestReader
from ucmsim.http.request import AS_USUAL, ApiRequest, Reading
from ucmsim.store.records import Record, Recording


def test_the_reading_of_a_pbx_without_quirks_is_the_usual_one():
    """What a reader does by itself is what the register says by default."""
    assert make_pbx().reading == Reading() == AS_USUAL


@pytest.mark.quirk("header-limit")
@pytest.mark.parametrize(
    ("quirks", "limit"),
    [({}, 100), ({"header-limit": 1}, 1), ({"header-limit": 100}, 100), ({"header-limit": 2000}, 2000)],
)
def test_headers_up_to_the_limit_are_taken(quirks, limit):
    """One more is answered with the page Too many headers, and the note says how many there may be."""
    pbx = make_pbx(quirks=quirks)
    lines = [b"X-%d: y\r\n" % number for number in range(limit + 1)]
    assert sent(pbx, b"GET /cdrapi HTTP/1.1\r\n" + b"".join(lines[:-1]) + b"\r\n").body == GUIDE_CSV
    refused = sent(pbx, b"GET /cdrapi HTTP/1.1\r\n" + b"".join(lines) + b"\r\n")
    assert (refused.status, len(refused.body), refused.note) == (413, 246, f"there are more than {limit} headers")


@pytest.mark.quirk("header-limit")
@pytest.mark.parametrize("value", ["none", 10**9])
def test_without_a_limit_thousands_of_headers_are_taken(value):
    """The limit can be lifted, as old Asterisk has none."""
    pbx = make_pbx(quirks={"header-limit": value})
    assert sent(pbx, b"GET /cdrapi HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n").body == GUIDE_CSV


@pytest.mark.quirk("path-match")
@pytest.mark.parametrize(
    ("path", "loose", "exact"),
    [
        ("/cdrapi", 200, 200),
        ("/cdrapi?format=json", 200, 200),
        ("/%63drapi", 200, 200),
        ("/CDRAPI", 200, 404),
        ("/cdrapi/", 200, 404),
        ("/cdrapi/?format=json", 200, 404),
        ("/CdrApi/", 200, 404),
        ("/%43drapi", 200, 404),
        ("/recapi", 200, 200),
        ("/RecAPI/", 200, 404),
        ("/cdrapi//", 404, 404),
        ("/cdrapis", 404, 404),
        ("cdrapi", 404, 404),
    ],
)
def test_paths_match_loosely_or_exactly(path, loose, exact):
    """In any letter case and with one slash at the end, or only as they are; escapes are decoded either way."""
    raw = f"GET {path} HTTP/1.1\r\n\r\n".encode()
    for quirks, status in (({}, loose), ({"path-match": "loose"}, loose), ({"path-match": "exact"}, exact)):
        assert sent(make_pbx(quirks=quirks), raw).status == status


@pytest.mark.quirk("unknown-path")
@pytest.mark.parametrize(
    ("target", "peer", "method", "knows_password", "first", "last"),
    [
        ("/nowhere", STRANGER, "DELETE", False, 404, 403),
        ("/nowhere", CLIENT, "DELETE", False, 404, 501),
        ("/nowhere", CLIENT, "GET", False, 404, 401),
        ("/nowhere", CLIENT, "GET", True, 404, 404),
        ("nowhere", CLIENT, "GET", False, 404, 401),
        ("/cdrapi", CLIENT, "GET", True, 200, 200),
    ],
)
def test_an_unknown_path_is_looked_for_first_or_last(target, peer, method, knows_password, first, last):
    """Nothing is checked before its 404, or everything is; the page is the same."""
    for quirks, status in (({}, first), ({"unknown-path": "first"}, first), ({"unknown-path": "last"}, last)):
        client = Client(make_pbx(api=ACCOUNT, quirks=quirks), peer=peer)
        reply = (client.ask if knows_password else client.challenged)(target, method)
        assert reply.status == status
        assert (header(reply, "WWW-authenticate") is not None) is (status == 401)
        assert (len(reply.body) == 247) is (status == 404)


@pytest.mark.quirk("unknown-path")
def test_a_form_is_not_judged_on_an_unknown_path():
    """That it is too large would be said by what serves the path."""
    pbx = make_pbx(quirks={"unknown-path": "last"})
    assert sent(pbx, posted(b"x" * 2000, "/nowhere")).status == 404
    assert sent(pbx, posted(b"x" * 2000)).status == 413


@pytest.mark.quirk("unknown-path")
@pytest.mark.parametrize(("value", "statuses"), [("first", [404, 403, 200]), ("last", [403, 200, 200])])
def test_a_fault_of_the_api_stands_where_the_checks_are(value, statuses):
    """What is armed for one request is still there after an unknown path that nothing checks, and not after another."""
    deny, slow = {"fault": "api.deny", "times": 1}, {"fault": "http.latency", "seconds": 3}
    pbx = make_pbx(quirks={"unknown-path": value}, faults=[deny, slow])
    replies = [get(pbx, target) for target in ("/nowhere", "/cdrapi", "/cdrapi")]
    assert [reply.status for reply in replies] == statuses
    denied = ("api-deny", "http-latency")
    assert [reply.faults for reply in replies] == [
        denied if status == 403 else ("http-latency",) for status in statuses
    ]


NOTHING_STATIC = error_page("403 Access Denied", "Sorry, I cannot let you do that, Dave.")


@pytest.mark.quirk("static-path")
@pytest.mark.parametrize(
    ("path", "loose", "exact"),
    [
        ("/static", 403, 403),
        ("/static/", 403, 403),
        ("/static/index.html", 403, 403),
        ("/static//x/y?z", 403, 403),
        ("/STATIC/x", 403, 404),
        ("/statics", 404, 404),
        ("/x/static", 404, 404),
        ("static", 404, 404),
        ("/httpstatus", 404, 404),
    ],
)
def test_static_content_is_nowhere_or_denied(path, loose, exact):
    """It is an unknown path, or denied to everybody before anything else is looked at."""
    closed = {**ACCOUNT, "permitted_ips": []}
    raw = f"GET {path} HTTP/1.1\r\n\r\n".encode()
    usual = sent(make_pbx(api=closed), raw)
    assert usual.status == 404
    assert wire(sent(make_pbx(api=closed, quirks={"static-path": 404}), raw)) == wire(usual)
    for match, status in (("loose", loose), ("exact", exact)):
        reply = sent(make_pbx(api=closed, quirks={"static-path": 403, "path-match": match}), raw)
        assert (reply.status, reply.title) == ((403, "Access Denied") if status == 403 else (404, "Not Found"))
        assert reply.body == (NOTHING_STATIC if status == 403 else usual.body)


@pytest.mark.quirk("static-path")
@pytest.mark.quirk("unknown-path")
def test_static_content_is_denied_before_other_paths_are_checked():
    """It has a handler of its own, to whom nobody's credentials matter."""
    pbx = make_pbx(api=ACCOUNT, quirks={"static-path": 403, "unknown-path": "last"})
    assert [get(pbx, path).status for path in ("/static/x", "/nowhere")] == [403, 401]


@pytest.mark.quirk("request-line")
@pytest.mark.parametrize(
    ("raw", "strict"),
    [
        (b"GET /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n", 200),
        (b"GET /cdrapi HTTP/1.1\r\nHOST:pbx\r\n\r\n", 200),
        (b"GET  /cdrapi \t HTTP/1.1 \r\nHost: pbx\r\n\r\n", 200),
        (b"GET /cdrapi HTTP/1.0\r\n\r\n", 200),
        (b"GET /cdrapi HTTP/1.1\r\n\r\n", 400),
        (b"GET /cdrapi HTTP/1.1\r\nHost:\r\n\r\n", 400),
        (b"GET /cdrapi HTTP/9.9\r\nHost: pbx\r\n\r\n", 400),
        (b"GET /cdrapi http/1.1\r\nHost: pbx\r\n\r\n", 400),
        (b"GET /cdrapi HTTP/1.1 x\r\nHost: pbx\r\n\r\n", 400),
        (b"GET /cdrapi\r\nHost: pbx\r\n\r\n", 400),
        (b"GET /cdrapi?caller=" + b"5" * 9000 + b" HTTP/1.1\r\nHost: pbx\r\n\r\n", 400),
        (b"get /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n", 501),
        (b"Head /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n", 501),
    ],
)
def test_a_request_line_is_read_leniently_or_strictly(raw, strict):
    """Where it is strict a wrong version and a missing Host are no request, and a method in lower case is unknown."""
    for quirks, status in (({}, 200), ({"request-line": "lenient"}, 200), ({"request-line": "strict"}, strict)):
        reply = sent(make_pbx(quirks=quirks), raw)
        assert reply.status == status
        assert len(reply.body) == {400: 219, 501: 261}.get(status, len(reply.body))
        assert ("request-line: strict" in reply.note) is (status == 400)


@pytest.mark.quirk("bad-escape")
@pytest.mark.parametrize(
    ("raw", "refused"),
    [
        (b"GET /cdrapi?format=xml%2 HTTP/1.1\r\n\r\n", True),
        (b"GET /cdrapi?format=xml%zz HTTP/1.1\r\n\r\n", True),
        (b"GET /cdrapi?format=xml%25%2&a HTTP/1.1\r\n\r\n", True),
        (b"GET /cdrapi?% HTTP/1.1\r\n\r\n", True),
        (b"GET /nowhere% HTTP/1.1\r\n\r\n", True),
        (b"GET /nowhere%\0 HTTP/1.1\r\n\r\n", True),
        (posted(b"format=xml%2"), True),
        (posted(b"format=xml", "/cdrapi?%"), True),
        (posted(b"%", "/cdrapi", "Content-Type: text/plain"), False),
        (b"GET /cdrapi?format=%78%6D%6c HTTP/1.1\r\nX: %\r\n\r\n", False),
        (b"GET /cdrapi?format=xml%252 HTTP/1.1\r\n\r\n", False),
    ],
)
def test_a_bad_escape_is_kept_or_refused(raw, refused):
    """A % in target or form that no two hexadecimal digits follow stays, or gets the page Invalid Request."""
    usual = sent(make_pbx(), raw)
    assert usual.status in (200, 404)
    for value in ("kept", "refused"):
        reply = sent(make_pbx(quirks={"bad-escape": value}), raw)
        if refused and value == "refused":
            assert (reply.status, len(reply.body)) == (400, 219)
            assert "bad-escape: refused" in reply.note
        else:
            assert wire(reply) == wire(usual)


@pytest.mark.quirk("bad-escape")
def test_a_bad_escape_that_is_kept_is_a_percent_sign():
    """It reaches the parameter as it was sent."""
    assert get(make_pbx(), "/cdrapi?caler%2=1").note.startswith("'caler%2' is not a parameter")


@pytest.mark.quirk("line-limit")
@pytest.mark.parametrize(
    ("quirks", "read"),
    [({}, 4095), ({"line-limit": 4095}, 4095), ({"line-limit": 64}, 64), ({"line-limit": "none"}, 0)],
)
def test_a_list_is_cut_where_its_line_is(quirks, read):
    """The one item that matches stands behind what may be read, or before it."""
    for length in (60, 4000, 8000):
        start = b"GET /cdrapi?caller="
        raw = start + b"1," * ((length - len(start)) // 2) + b"5300 HTTP/1.1\r\n\r\n"
        found = sent(make_pbx(quirks=quirks), raw).body == GUIDE_CSV
        assert found is (not read or raw.index(b" HTTP") <= read)


@pytest.mark.quirk("range-requests")
@pytest.mark.parametrize("target", ["/cdrapi", "/recapi?filename=auto-1.wav"])
@pytest.mark.parametrize(
    "asked", [{"range": "bytes=0-3"}, {"range": "bytes=-1"}, {"range": "bytes=9-,0-1", "if_range": "x"}]
)
def test_a_range_is_answered_with_the_whole(target, asked):
    """Range headers, and encodings that a client would take, change no byte of the answer."""
    pbx = make_pbx()
    pbx.history.keep([Record(another_row(), [Recording("monitor", "auto-1.wav", int(START.timestamp()), samples=800)])])
    whole = get(pbx, target)
    assert whole.status == 200
    reply = get(pbx, target, accept_encoding="gzip, deflate, br", **asked)
    assert wire(reply) == wire(whole)
    assert header(reply, "Content-Length") == str(len(whole.body))
    assert not {"Accept-Ranges", "Content-Encoding", "ETag", "Last-Modified"} & set(header_names(reply))


PLUS = {"src": "+5300", "AcctId": "65"}


@pytest.mark.quirk("plus")
@pytest.mark.parametrize(
    ("query", "space", "plus"),
    [
        ("caller=%2B5300", ["65"], ["65"]),
        ("caller=+5300", [], ["65"]),
        ("startTime=2013-12-03T20:02:00%2B00:00&caller=5300", ["64"], ["64"]),
        ("startTime=2013-12-03T20:02:00+00:00&caller=5300", [], ["64"]),
        ("caller=53%20", [], []),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_plus_is_a_space_or_itself(query, space, plus, method):
    """In a query and in a form an offset or a number must be written with %2B, or may have its plus."""
    raw = posted(query.encode()) if method == "POST" else f"GET /cdrapi?{query} HTTP/1.1\r\n\r\n".encode()
    for quirks, found in (({}, space), ({"plus": "space"}, space), ({"plus": "plus"}, plus)):
        pbx = make_pbx(quirks=quirks)
        pbx.history.extend([another_row(**PLUS)])
        reply = sent(pbx, raw)
        assert (ids(reply), bool(reply.note)) == (found, found == [])


@pytest.mark.quirk("plus")
@pytest.mark.parametrize(("is_space", "params"), [(True, (("a b", "c d+"),)), (False, (("a+b", "c+d+"),))])
def test_a_plus_in_a_name(is_space, params):
    """Names are decoded like values."""
    found = RequestReader().feed(b"GET /cdr+api?a+b=c+d%2B HTTP/1.1\r\n\r\n")
    asked = ApiRequest.of(CLIENT, found.head, None, Reading(plus_is_space=is_space))
    assert (asked.params, asked.path) == (params, "/cdr api" if is_space else "/cdr+api")
