"""The request line and the headers as the device reads them, and their limits. Spec 0b, 2.2."""

from __future__ import annotations

import pytest

from tests.makers import make_pbx
from tests.readings import GET, asked, incoming, numbered, read
from ucmsim.http import pages
from ucmsim.http.reader import Incoming, RequestReader
from ucmsim.http.request import BOUND, Reading


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
