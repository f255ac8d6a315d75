"""How bytes come: in pieces, one request behind another, and no more of them. Spec 0b, 2.2."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.readings import CUT, FORM_TYPE, GET, PEER, Outcome, cut_off, numbered, post
from ucmsim.http import pages
from ucmsim.http.reader import Incoming, RequestReader
from ucmsim.http.request import ApiRequest, Reading


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
