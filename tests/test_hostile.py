"""Hostile clients against a real PBX: it stays up, its memory stays flat, and what it answers is what the device would.

Every expectation is written out from the device's behaviour; nothing here asks the product what is right. The PBX
clock stands still, so a response is exact to the byte, its Date included.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.hostile import (
    ALERT,
    ALL,
    CUT,
    FORM,
    GET,
    HASTY,
    INVALID,
    NO_JSON,
    NO_METHOD,
    NO_ROOM,
    NO_XML,
    NONE,
    NOT_FOUND,
    REQUEST,
    SETTINGS,
    TIMED_OUT,
    TOO_MANY,
    asked,
    posted,
    together,
)
from tests.rawclient import Answer, Ended, Half, RawSocket, RawTls, exchange, talk
from ucmsim.pytest_plugin import Ucm, UcmFleet

pytestmark = [pytest.mark.ucmsim(**SETTINGS), pytest.mark.usefixtures("foreseen")]


@pytest.fixture(scope="module")
def pbx(ucm_fleet: UcmFleet) -> Iterator[Ucm]:
    """One PBX for all tests that leave it as it was."""
    started = ucm_fleet.start(SETTINGS)
    yield started
    ucm_fleet.stop(started)


@pytest.fixture(scope="module", params=["modern", "device"])
def either(ucm_fleet: UcmFleet, request: pytest.FixtureRequest) -> Iterator[Ucm]:
    """The same with today's TLS, and with that of old firmware, which is other code."""
    started = ucm_fleet.start({**SETTINGS, "tls_profile": request.param})
    yield started
    ucm_fleet.stop(started)


# Before TLS


def below(ucm: Ucm, raw: bytes, *, fin: bool) -> Answer:
    """Send *raw* without TLS and return what comes back; the server may close before it has everything."""
    with RawSocket(ucm) as client:
        with contextlib.suppress(OSError):
            client.send(raw)
            if fin:
                client.fin()
        return client.read()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0" * 100,
        b"\xff" * 100,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x80\x2e\x01\x00\x02" + b"\0" * 60,
        b"\x17\x03\x03\x00\x05hello",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x09\x09\x00\x10" + b"x" * 16,
        b"\x16\x03\x01\xff\xff" + b"x" * 70000,
        random.Random(1).randbytes(50000),
    ],
    ids=["zeros", "ones", "ssh", "ssl2", "data", "alert", "hello", "version", "oversized", "noise"],
)
@pytest.mark.parametrize("fin", [False, True], ids=["open", "fin"])
def test_garbage_instead_of_a_client_hello(either, garbage, fin):
    """What is no TLS gets a TLS alert or nothing and is closed at once; the next client is served."""
    began = time.monotonic()
    answer = below(either, garbage, fin=fin)
    assert re.fullmatch(ALERT, answer.data, re.DOTALL)
    assert answer.ended in CUT
    assert time.monotonic() - began < 10
    assert exchange(either, REQUEST) == ALL


@pytest.mark.parametrize("raw", [REQUEST, b"GET / HTTP/1.0\r\n\r\n", b"POST /cdrapi HTTP/1.1\r\n", b"QUIT\r\n"])
@pytest.mark.parametrize("fin", [False, True], ids=["open", "fin"])
def test_plain_http_on_the_tls_port(either, raw, fin):
    """HTTP without TLS is closed without a byte, not even of an error page."""
    answer = below(either, raw, fin=fin)
    assert answer.data == b""
    assert answer.ended in CUT


@pytest.mark.parametrize("kept", [0, 1, 3, 5, 6, 50, -1])
def test_a_client_that_ends_inside_its_client_hello(either, kept):
    """A truncated ClientHello and FIN are closed without a byte."""
    with RawTls(either, shake=False) as client:
        client.below(client.hello()[:kept])
        client.fin()
        assert client.read_below() == Answer(b"", Ended.EOF)


@pytest.mark.ucmsim(quirks=HASTY)
def test_clients_that_fall_silent_inside_their_client_hello(ucm):
    """A truncated ClientHello, or none at all, is closed without a byte when the inactivity limit is reached."""

    def wait(kept: int) -> tuple[Answer, bool]:
        with RawTls(ucm, shake=False) as client:
            began = time.monotonic()
            client.below(client.hello()[:kept])
            return client.read_below(), 0.7 < time.monotonic() - began < 10

    assert together(wait, (0, 1, 5, 50)) == [(Answer(b"", Ended.EOF), True)] * 4


@pytest.mark.ucmsim(quirks=HASTY)
def test_a_client_that_falls_silent_inside_its_handshake(ucm):
    """After the ServerHello nothing comes: the connection is cut when the inactivity limit is reached."""
    with RawTls(ucm, shake=False) as client:
        client.below(client.hello())
        began = time.monotonic()
        answer = client.read_below()
        assert answer.data.startswith(b"\x16\x03\x03")
        assert answer.ended in CUT
        assert 0.7 < time.monotonic() - began < 10
    assert exchange(ucm, REQUEST) == ALL


def test_a_client_hello_byte_by_byte(either):
    """A ClientHello in segments of one byte each is as good as one in a single segment."""
    with RawTls(either, shake=False) as client:
        client.below(client.hello(), piece=1)
        client.handshake()
        client.send(REQUEST)
        assert client.read() == Answer(ALL, Ended.NOTIFY)


def test_a_client_hello_in_many_records(either):
    """A ClientHello cut into TLS records of ten bytes is put together again."""
    with RawTls(either, shake=False) as client:
        hello = client.hello()
        pieces = [hello[at : at + 10] for at in range(5, len(hello), 10)]
        client.below(b"".join(hello[:3] + len(piece).to_bytes(2, "big") + piece for piece in pieces))
        client.handshake()
        client.send(REQUEST)
        assert client.read() == Answer(ALL, Ended.NOTIFY)


# Inside TLS, below HTTP


@pytest.mark.parametrize(
    "raw", [b"\0" * 100, REQUEST, b"\x16\x03\x03\x00\x04\x01\x00\x00\x00", b"\x17\x03\x03\xff\xff" * 9]
)
def test_garbage_between_tls_records(either, raw):
    """Bytes that are no records end the connection without a byte of HTTP, even inside the headers of a request."""
    with RawTls(either) as client:
        client.send(GET)
        client.below(raw)
        answer = client.read()
        assert answer.data == b""
        assert answer.ended not in (Ended.TIMEOUT, Ended.NOTIFY)
    assert exchange(either, REQUEST) == ALL


def test_a_forged_record_is_not_answered(either):
    """A record with one bit wrong is refused by an alert, and its request is not served."""
    with RawTls(either) as client:
        record = bytearray(client.records(REQUEST))
        record[-1] ^= 1
        client.below(bytes(record))
        assert client.read() == Answer(b"", Ended.ALERT)


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        (b"\xff" * 4000, b""),
        (b"\xff" * 5000, INVALID),
        (b"\0" * 4000, b""),
        (b"\0" * 5000, INVALID),
        (b"\x80\x81\x82\n", INVALID),
        (b"\x80 \x81\n\n", NOT_FOUND),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", INVALID),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NOT_FOUND),
        (b"\x80\x81 /cdrapi \xff\xfe\r\n\r\n", NO_METHOD),
    ],
)
def test_binary_garbage_inside_tls(either, noise, expected):
    """Garbage is read like any request line: words, a C string, cut at 4095 bytes; what never ends meets silence."""
    assert talk(either, noise, half=Half.NOTIFY) == Answer(expected, Ended.NOTIFY)


# Silent and half-open clients


@pytest.mark.ucmsim(quirks=HASTY)
def test_a_silent_socket(ucm):
    """Whoever says nothing at all is closed without a byte when the inactivity limit is reached."""
    began = time.monotonic()
    with RawSocket(ucm) as client:
        assert client.read() == Answer(b"", Ended.EOF)
    assert 0.7 < time.monotonic() - began < 10


@pytest.mark.ucmsim(quirks=HASTY)
def test_clients_that_fall_silent(ucm):
    """Silence meets silence before the request line ends and 400 Timeout inside the headers; a form counts as none."""
    cases = (
        (b"", b""),
        (b"G", b""),
        (b"GET /cdrapi HTTP/1.1\r", b""),
        (GET, TIMED_OUT),
        (GET + b"Host", TIMED_OUT),
        (GET + b"Host: pbx\r\n\r", TIMED_OUT),
        (FORM + b"Content-Length: 20\r\n\r\ncaller=1", ALL),
    )
    waited(ucm, cases)


def waited(ucm: Ucm, cases: Sequence[tuple[bytes, bytes]]) -> None:
    """Assert that whoever sends the first of a case, and no more, gets the second at the inactivity limit."""

    def wait(sent: bytes) -> tuple[Answer, bool]:
        began = time.monotonic()
        return talk(ucm, sent), 0.7 < time.monotonic() - began < 10

    expected = [(Answer(answer, Ended.NOTIFY), True) for _, answer in cases]
    assert together(wait, [sent for sent, _ in cases]) == expected


@pytest.mark.ucmsim(quirks={"inactivity-timeout": 2})
def test_a_slow_client_is_waited_for(ucm):
    """Every byte begins the inactivity limit anew, however long the request takes as a whole."""
    with RawTls(ucm) as client:
        client.send(GET + b"Ho")
        for piece in (b"st", b": ", b"pbx", b"\r\n", b"\r"):
            time.sleep(0.5)
            client.send(piece)
        client.send(b"\n")
        assert client.read() == Answer(ALL, Ended.NOTIFY)


@pytest.mark.parametrize("half", Half)
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", b""),
        (b"GET /cdrapi HTTP/1.1", b""),
        (GET, TIMED_OUT),
        (GET + b"Host: pbx", TIMED_OUT),
        (GET + b"Host: pbx\r\n\r", TIMED_OUT),
        (REQUEST, ALL),
        (posted(b"caller=5300"), ALL),
        (posted(b"caller=53", b"11"), ALL),
        (b"HEAD /cdrapi HTTP/1.1\r\n\r\n", ALL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"),
    ],
    ids=["nothing", "line", "no-header", "half-header", "almost", "get", "post", "short-form", "head"],
)
def test_a_half_closed_connection(either, sent, expected, half):
    """A client that ends its side is answered at once as far as its request got, whole, and with close_notify."""
    began = time.monotonic()
    assert talk(either, sent, half=half) == Answer(expected, Ended.NOTIFY)
    assert time.monotonic() - began < 10


# How many connections there may be


def test_the_101st_connection_is_closed_without_a_byte(ucm):
    """A hundred sockets are served, however silent; one more is closed before TLS, until one of them goes."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(RawSocket(ucm)) for _ in range(100)]
        for _ in range(3):
            refused = below(ucm, b"", fin=False)
            assert refused.data == b""
            assert refused.ended in CUT
        sockets[50].socket.close()
        assert again(ucm) == ALL
        stack.enter_context(RawSocket(ucm))
        assert below(ucm, b"", fin=False).ended in CUT
    assert again(ucm) == ALL


def again(ucm: Ucm) -> bytes:
    """Return the answer to a request that is repeated until there is room for it."""
    until = time.monotonic() + 5
    while True:
        try:
            return exchange(ucm, REQUEST)
        except (OSError, AssertionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def reset(client: RawSocket) -> None:
    """Close the socket of *client* with a RST."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()


@pytest.mark.ucmsim(quirks={"session-cap": 5})
def test_clients_that_break_off_everywhere_leave_no_connection_behind(ucm):
    """RST before, inside and after the handshake, inside and after the request: every connection is free again."""
    for at in range(60):
        with RawTls(ucm, shake=at % 6 > 2) as client, contextlib.suppress(ConnectionError):
            if at % 6 == 1:
                client.below(client.hello()[:30])
            if at % 6 == 2:
                client.below(client.hello())
            if at % 6 > 3:
                client.send(REQUEST if at % 6 == 5 else GET)
            reset(client)
        if at % 4 == 3:
            assert again(ucm) == ALL


@pytest.mark.parametrize(("count", "expected"), [(100, ALL), (101, TOO_MANY), (1000, TOO_MANY)])
def test_a_hundred_headers_are_the_limit(pbx, count, expected):
    """A hundred headers are read, one more gets the 413 page; lines without colon do not count."""
    lines = b"".join(b"X-%d: y\r\nno colon\r\n" % at for at in range(count))
    assert exchange(pbx, GET + lines + b"\r\n") == expected


def test_a_request_line_of_a_megabyte(pbx):
    """It is cut at 4095 bytes: what stands before is the query, what follows is a header line to be ignored."""
    whole = b"GET /cdrapi?caller=" + b"5300," * 815
    assert len(whole) == 4094
    rest = b";" * 1_000_000 + b" HTTP/1.1\r\n\r\n"
    assert exchange(pbx, whole + b"1" + rest) == ALL
    assert exchange(pbx, whole[:-1] + rest) == NONE


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"G" * 1_000_000 + b" /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"GET" + b" " * 5000 + b"/cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b" " * 1_000_000, INVALID),
        (b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\n\r\n", NOT_FOUND),
        (asked(b"/cdrapi?" + b"&" * 1_000_000), NONE),
        (asked(b"/cdrapi?format=json&" + b"%" * 1_000_000), NO_JSON),
        (asked(b"/cdrapi?format=xml&caller=" + b"%00" * 300_000), NO_XML),
    ],
    ids=["method", "spaces", "blank", "path", "ampersands", "percents", "nuls"],
)
def test_other_endless_request_lines(pbx, raw, expected):
    """Whatever is too long, the first 4095 bytes decide."""
    assert exchange(pbx, raw) == expected


@pytest.mark.parametrize("length", [b"1025", b"1000000", b"99999999999", b"9" * 30, b"9" * 3000])
def test_a_form_over_1024_bytes_is_refused_by_its_length(pbx, length):
    """From 1025 bytes on the announcement alone is answered, by 413 with an empty body."""
    assert exchange(pbx, posted(b"", length)) == NO_ROOM


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (b"-5", ALL),
        (b"-" + b"9" * 30, ALL),
        (b"0", ALL),
        (b"+", ALL),
        (b"eleven", ALL),
        (b"0x0b", ALL),
        (b"\xd9\xa1", ALL),
        (b"\xff", ALL),
        (b"11", ALL),
        (b"+11", ALL),
        (b"  11 ", ALL),
        (b"0000000000000011", ALL),
        (b"11, 12", ALL),
        (b"10", NONE),
        (b"1e3", NONE),
        (b"7;8", NONE),
    ],
)
def test_a_content_length_that_is_none(pbx, length, expected):
    """The leading digits count; nothing, or less, is no form at all."""
    assert exchange(pbx, posted(b"caller=5300", length)) == expected


# More than one request


@pytest.mark.parametrize("second", [REQUEST, asked(b"/foo"), b"\n" * 9, b"\xff" * 100_000])
@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_a_pipelined_request_is_ignored(pbx, second, pause):
    """One request a connection: what follows it is not answered, and does not hurt the answer."""
    with RawTls(pbx) as client:
        client.send(REQUEST)
        time.sleep(pause)
        with contextlib.suppress(ConnectionError):
            client.send(second)
        assert client.read() == Answer(ALL, Ended.NOTIFY)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(REQUEST, ALL), (asked(b"/foo"), NOT_FOUND), (b"\r\n", INVALID), (GET + b"A: b\n" * 101, TOO_MANY)],
    ids=["rows", "404", "400", "413"],
)
def test_records_right_behind_a_request_do_not_cost_its_answer(either, raw, expected):
    """More TLS records in the segment of the request: the device still reads on while its answer is on the way."""
    with RawTls(either) as client:
        client.below(client.records(raw) + b"".join(client.records(b"more\r\n") for _ in range(5)))
        for _ in range(3):
            time.sleep(0.03)
            client.send(b"and more\r\n")
        client.notify()
        assert client.read() == Answer(expected, Ended.NOTIFY)


PIPELINE = (
    (asked(b"/cdrapi"), ALL),
    (asked(b"/cdrapi?caller=1"), NONE),
    (posted(b"format=json&caller=1"), NO_JSON),
    (asked(b"/foo"), NOT_FOUND),
    (asked(b"/cdrapi?format=xml&caller=1"), NO_XML),
)


def kept(whole: bytes) -> bytes:
    """Return a response as it is when the connection stays open after it."""
    return whole.replace(b"Connection: close\r\n", b"", 1)


@pytest.mark.ucmsim(quirks={"keep-alive": 1})
@pytest.mark.parametrize("piece", [None, 7])
def test_pipelined_requests_on_a_connection_that_is_kept(ucm, piece):
    """With the quirk keep-alive every request is answered, in order, until one asks to close."""
    last = b"GET /cdrapi HTTP/1.1\r\nConnection: close\r\n\r\n"
    with RawTls(ucm) as client:
        client.send(b"".join(raw for raw, _ in PIPELINE) * 5 + last + REQUEST, piece=piece)
        assert client.read() == Answer(b"".join(kept(whole) for _, whole in PIPELINE) * 5 + ALL, Ended.NOTIFY)


@pytest.mark.ucmsim(quirks={**HASTY, "keep-alive": 1})
def test_kept_connections_that_fall_silent(ucm):
    """Between requests silence ends a kept connection silently, inside the headers of the next one it is a timeout."""
    cases = ((b"", b""), (b"GET /cdrapi HTTP", b""), (GET, TIMED_OUT), (GET + b"Host", TIMED_OUT))
    waited(ucm, [(REQUEST + sent, kept(ALL) + expected) for sent, expected in cases])


@pytest.mark.ucmsim(quirks={"keep-alive": 15})
@pytest.mark.parametrize("half", Half)
@pytest.mark.parametrize("padding", [1, 4000], ids=["small", "large"])
def test_pipelined_requests_of_a_half_closed_client(ucm, half, padding):
    """With the quirk keep-alive all whole requests are answered that came before the end of the client's side."""
    padded = b"\r\nX-Padding: " + b"x" * padding + b"\r\n\r\n"
    raw = b"".join(raw.replace(b"\r\n\r\n", padded, 1) for raw, _ in PIPELINE * 20)
    assert talk(ucm, raw, half=half) == Answer(b"".join(kept(whole) for _, whole in PIPELINE * 20), Ended.NOTIFY)


@pytest.mark.ucmsim(quirks={"keep-alive": 15})
def test_what_follows_the_last_request_does_not_hurt_its_answer(ucm):
    """With the quirk keep-alive too, a client that goes on sending after Connection: close gets its answer whole."""
    last = b"GET /cdrapi HTTP/1.1\r\nConnection: close\r\n\r\n"
    rest = [b"\xff" * 100_000] * 80
    for _ in range(5):
        assert talk(ucm, (REQUEST + last, *rest)) == Answer(kept(ALL) + ALL, Ended.NOTIFY)
        assert talk(ucm, (last, *rest)) == Answer(ALL, Ended.NOTIFY)
