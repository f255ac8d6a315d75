"""Hostile clients against a real PBX: it stays up, its memory stays flat, and what it answers is what the device would.

Every expectation is written out from the device's behaviour; nothing here asks the product what is right. The PBX
clock stands still, so a response is exact to the byte, its Date included.
"""

from __future__ import annotations

import contextlib
import random
import re
import select
import socket
import ssl
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

import pytest

from tests.makers import spool_of
from tests.rawclient import Answer, Ended, Half, RawSocket, RawTls, digest_header, exchange, talk
from ucmsim.child import Child
from ucmsim.client import ControlClient
from ucmsim.clock import PbxClock
from ucmsim.filling import import_file
from ucmsim.history import History
from ucmsim.pbx import Pbx
from ucmsim.pytest_plugin import Ucm, UcmFleet
from ucmsim.request import BOUND, ApiRequest
from ucmsim.settings import Pbx as Settings

T = TypeVar("T")
U = TypeVar("U")

OPEN = {"tls_authentication_name": None, "tls_authentication_password": None}
SETTINGS = {
    "personality": "ucm6100-1.0.9",
    "clock": {"start": "2013-12-03T20:10:00+00:00", "rate": 0},
    "api": OPEN,
}
HASTY = {"inactivity-timeout": 1}
FLAT = 20e6
"""Bytes that the server may grow by, whatever is done to it."""

pytestmark = pytest.mark.ucmsim(**SETTINGS)

HEADER = (
    b"AcctId,accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,"
    b"disposition,amaflags,uniqueid,userfield,channel_ext,dstchannel_ext,service\n"
)
ROWS = tuple(
    b'%s,,5300,5301,from-internal,"pn01" <5300>,SIP/5300-%s,SIP/5301-%s,Dial,SIP/5301,60,,2013-12-03 %s,2013-12-03 %s,'
    b"2013-12-03 %s,ANSWERED,DOCUMENTATION,%s,EXT,5300,5301,s\n" % tuple(varying.split())
    for varying in (
        b"62 00000000 00000001 11:46:40 11:46:43 11:46:49,9,6 1386092800.0",
        b"63 00000000 00000001 14:01:41 14:01:43 14:01:46,5,3 1386100901.0",
        b"64 00000002 00000003 14:02:23 14:02:27 14:02:31,8,4 1386100943.2",
    )
)


def response(status: str, body: bytes, kind: str = "text/html") -> bytes:
    """Return the whole response of a ucm6100 at the moment its clock stands at; without *kind* it has no type."""
    lines = [f"HTTP/1.1 {status}", "Server: Asterisk/1.8.9.2", "Date: Tue, 03 Dec 2013 20:10:00 GMT"]
    lines += ["Connection: close", "Cache-Control: no-cache, no-store", f"Content-Length: {len(body)}"]
    lines += [f"Content-type: {kind}"] if kind else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def page(status: str, text: str) -> bytes:
    """Return the response with the device's error page."""
    title = status.partition(" ")[2]
    lines = (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">',
        "<html><head>",
        f"<title>{status}</title>",
        "</head><body>",
        f"<h1>{title}</h1>",
        f"<p>{text}</p>",
        "<hr />",
        "<address>Asterisk Server</address>",
        "</body></html>",
    )
    return response(status, "".join(f"{line}\r\n" for line in lines).encode())


ALL = response("200 OK", HEADER + b"".join(ROWS), "text/csv")
NONE = response("200 OK", HEADER, "text/csv")
NO_JSON = response("200 OK", b'{\n"cdr":\n[\n]\n}\n', "application/json")
NO_XML = response("200 OK", b"<root>\n</root>\n", "text/xml")
INVALID = page("400 Bad Request", "Invalid Request")
TIMED_OUT = page("400 Bad Request", "Timeout")
NOT_FOUND = page("404 Not Found", "The requested URL was not found on this server.")
TOO_MANY = page("413 Request Entity Too Large", "Too many headers")
NO_ROOM = response("413 Request Entity Too Large", b"", "")
NO_METHOD = page("501 Not Implemented", "Attempt to use unimplemented / unsupported method")

GET = b"GET /cdrapi HTTP/1.1\r\n"
REQUEST = GET + b"Host: pbx\r\n\r\n"
FORM = b"POST /cdrapi HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"

CUT = (Ended.EOF, Ended.RESET)
"""How a socket may end that TLS does not end: which of the two it is, is up to the host."""
ALERT = rb"(\x15\x03[\x00-\x04]\x00\x02\x02.)?"
"""One fatal TLS alert, or nothing."""


def asked(target: bytes) -> bytes:
    """Return a GET request for *target*."""
    return b"GET " + target + b" HTTP/1.1\r\nHost: pbx\r\n\r\n"


def posted(form: bytes, length: bytes | None = None) -> bytes:
    """Return a POST of *form* with its true Content-Length, or the one that is given."""
    return FORM + b"Content-Length: " + (length or b"%d" % len(form)) + b"\r\n\r\n" + form


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


@pytest.fixture
def alone() -> Iterator[UcmFleet]:
    """A server of the test's own: in one that has grown before, there is room in which growth would not show."""
    child = Child()
    try:
        control = child.ready["control"]
        fleet = UcmFleet(ControlClient(control["url"], control["token"]), child.pid, child.log)
        with unsurprised(fleet):
            yield fleet
    finally:
        child.stop()


@pytest.fixture(autouse=True)
def _nothing_unforeseen(ucm_fleet: UcmFleet) -> Iterator[None]:
    """Whatever a test does to the server, it was foreseen."""
    with unsurprised(ucm_fleet):
        yield


@contextlib.contextmanager
def unsurprised(fleet: UcmFleet) -> Iterator[None]:
    """Let the log of *fleet* show no traceback of what happens meanwhile."""
    before = fleet.log.stat().st_size
    yield
    with fleet.log.open("rb") as opened:
        opened.seek(before)
        said = opened.read()
    assert b"Traceback" not in said, said[max(0, said.find(b"Traceback") - 500) :][:3000].decode(errors="replace")


def together(function: Callable[[T], U], cases: Sequence[T]) -> list[U]:
    """Return what *function* returns for each of *cases*, all at the same time."""
    with ThreadPoolExecutor(len(cases)) as pool:
        return list(pool.map(function, cases))


def resident(fleet: UcmFleet) -> int:
    """Return the bytes of memory that the server holds."""
    return int(Path(f"/proc/{fleet.pid}/statm").read_text().split()[1]) * 4096


def growth(fleet: UcmFleet, before: int) -> float:
    """Return by how many bytes the server has grown since *before*, after a moment to let go of what is over."""
    until = time.monotonic() + 2.0
    while (grown := resident(fleet) - before) >= FLAT and time.monotonic() < until:
        time.sleep(0.1)
    print(f"grown by {grown / 1e6:.1f} MB")
    return grown


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


def test_a_client_that_ends_first_leaves_no_socket_behind(alone):
    """When both sides have ended a connection its socket is closed: nothing is left to linger for."""
    pbx, folder = alone.start(SETTINGS), Path(f"/proc/{alone.pid}/fd")
    exchange(pbx, REQUEST)
    before = len(list(folder.iterdir()))
    for half in Half:
        for _ in range(20):
            talk(pbx, GET, half=half)
            talk(pbx, REQUEST, half=half)
    until = time.monotonic() + 1
    while (left := len(list(folder.iterdir())) - before) > 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert left <= 3


# Large answers to clients that do not want them


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A history whose answer is 8 MB, more than the sockets of both sides hold, and that answer."""
    text = HEADER + b"".join(ROWS[0].replace(b"pn01", b"%d" % at + b"x" * 8000) for at in range(1000))
    text = b"".join(line.replace(b"62,,", b"%d,," % at, 1) for at, line in enumerate(text.splitlines(keepends=True)))
    file = tmp_path_factory.mktemp("large") / "large.csv"
    file.write_bytes(text)
    return file, response("200 OK", text, "text/csv")


@pytest.fixture
def hoarder(alone: UcmFleet, large: tuple[Path, bytes], request: pytest.FixtureRequest) -> Ucm:
    """A PBX with the large answer, and the quirks of the test's parameter."""
    quirks = getattr(request, "param", HASTY)
    return alone.start({**SETTINGS, "history": {"import": str(large[0])}, "quirks": quirks})


@pytest.mark.parametrize("half", Half)
def test_a_half_closed_connection_gets_a_large_answer_whole(hoarder, large, half):
    """The whole answer comes, also when the client ended its side long before."""
    assert talk(hoarder, REQUEST, half=half) == Answer(large[1], Ended.NOTIFY)


def ask(ucm: Ucm, stack: contextlib.ExitStack) -> RawTls:
    """Return a client that has asked and does not read."""
    client = stack.enter_context(RawTls(ucm, receive_buffer=4096))
    client.send(REQUEST)
    return client


def is_cut(client: RawTls, seconds: float) -> bool:
    """Return whether the server cuts the connection of *client* in time; nothing is read."""
    watch = select.poll()
    watch.register(client.socket, 0)
    return bool(watch.poll(seconds * 1000))


def leave_unread(ucm: Ucm, clients: int) -> None:
    """Let so many clients ask and not read, until each of them is given up."""
    with contextlib.ExitStack() as stack:
        asking = [ask(ucm, stack) for _ in range(clients)]
        given_up = [is_cut(client, 15) for client in asking]
    assert all(given_up)


def test_clients_that_never_read_are_given_up(alone, hoarder):
    """Nobody reads the answer: after the inactivity limit the server cuts the connection and lets the answer go."""
    leave_unread(hoarder, 6)
    before = resident(alone)
    leave_unread(hoarder, 6)
    leave_unread(hoarder, 6)
    assert growth(alone, before) < FLAT


def test_a_client_that_never_reads_is_given_up_though_it_sends(hoarder):
    """Bytes that nobody waits for do not keep a connection alive whose answer is not read."""
    with contextlib.ExitStack() as stack:
        client, until = ask(hoarder, stack), time.monotonic() + 5
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < until:
                client.send(b"x")
                time.sleep(0.2)
            pytest.fail("the connection was still open after five times the inactivity limit")


def test_clients_that_vanish_inside_a_large_answer(alone, hoarder, large):
    """Clients go away inside the answer, with close_notify or without: memory stays flat, the next answer is whole."""

    def leave() -> None:
        for at in range(10):
            with RawTls(hoarder) as client:
                client.send(REQUEST)
                assert client.receive().startswith(b"HTTP/1.1 200 OK\r\n")
                if at % 2:
                    client.notify()

    leave()
    time.sleep(0.5)
    before = resident(alone)
    leave()
    leave()
    assert exchange(hoarder, REQUEST) == large[1]
    assert growth(alone, before) < FLAT


@pytest.mark.parametrize(
    "hoarder", [HASTY, {**HASTY, "keep-alive": 15}], ids=["one request", "keep-alive"], indirect=True
)
def test_a_flood_behind_a_request_is_not_kept(alone, hoarder):
    """A client asks, reads nothing and sends 64 MB more: the server takes them or not, but does not hoard them."""
    leave_unread(hoarder, 1)
    before = most = resident(alone)
    with contextlib.ExitStack() as stack, contextlib.suppress(ConnectionError):
        client = ask(hoarder, stack)
        for _ in range(64):
            client.send(b"X-Header: of a request that never ends\r\n" * 26214)
            most = max(most, resident(alone))
    print(f"grown by {(most - before) / 1e6:.1f} MB")
    assert most - before < FLAT


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


# More than the device reads


def test_ten_megabytes_of_header_lines_without_colon(alone):
    """Lines without colon are ignored endlessly; meanwhile others are served, and memory stays flat."""
    pbx = alone.start(SETTINGS)
    before = resident(alone)
    with RawTls(pbx) as client:
        client.send(GET)
        for _ in range(10):
            client.send(b"no colon\r\n" * 100_000)
            began = time.monotonic()
            assert exchange(pbx, REQUEST) == ALL
            assert time.monotonic() - began < 5
        client.send(b"\r\n")
        assert client.read() == Answer(ALL, Ended.NOTIFY)
    assert growth(alone, before) < FLAT


def test_ten_megabytes_of_one_header_line(alone):
    """A line without end is cut every 4095 bytes, and its pieces are header lines without colon."""
    pbx = alone.start(SETTINGS)
    before = resident(alone)
    assert talk(pbx, (GET, *[b"x" * 1_000_000] * 10, b"\r\n\r\n")) == Answer(ALL, Ended.NOTIFY)
    assert growth(alone, before) < FLAT


@pytest.mark.parametrize("line", [b"X-Header: yes\r\n", b"X: " + b"y" * 4000 + b"\n", b"X:" + b"y:" * 500_000 + b"\n"])
def test_ten_megabytes_of_headers(alone, line):
    """The 101st header gets the 413 page, whole, though the client sends all the others as well."""
    pbx = alone.start(SETTINGS)
    before = resident(alone)
    assert talk(pbx, (GET, *[line * (1_000_000 // len(line) + 1)] * 10, b"\r\n")) == Answer(TOO_MANY, Ended.NOTIFY)
    assert growth(alone, before) < FLAT


LIFTED = {"header-limit": "none", "form-limit": "none"}
LIMIT = 2 * FLAT
"""Bytes that the server may grow by there: a form takes many times its size while it is answered."""


@pytest.mark.quirk("header-limit")
def test_ten_megabytes_of_headers_without_a_limit(alone):
    """Where the quirk takes any number of headers their bytes are bounded: the same page comes, and memory stays flat."""
    pbx = alone.start({**SETTINGS, "quirks": LIFTED})
    before = resident(alone)
    for line in (b"a:b\r\n", b"X-Header: yes\r\n", b"X: " + b"y" * 4000 + b"\n"):
        assert talk(pbx, (GET, *[line * (1_000_000 // len(line))] * 10, b"\r\n")) == Answer(TOO_MANY, Ended.NOTIFY)
        assert exchange(pbx, GET + line * (BOUND // 2 // (len(line) + 32)) + b"\r\n") == ALL
    assert growth(alone, before) < FLAT


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


def test_a_form_of_a_megabyte(alone):
    """The client gets its 413 with an empty body though it goes on to send the whole form."""
    pbx = alone.start(SETTINGS)
    before = resident(alone)
    form = b"caller=" + b"5300," * 200_000
    for _ in range(10):
        assert exchange(pbx, posted(form)) == NO_ROOM
    assert growth(alone, before) < FLAT


@pytest.mark.quirk("form-limit")
def test_forms_without_a_limit(alone):
    """The longest forms that are kept, made of the shortest parameters, are answered, others beside them, memory flat."""
    pbx = alone.start({**SETTINGS, "quirks": LIFTED})
    before = resident(alone)
    for piece in (b"&", b"%&", b"caller=1&"):
        form = (piece * (BOUND // len(piece))).ljust(BOUND, b"&")
        assert together(partial(exchange, pbx), [posted(form), posted(form), REQUEST]) == [NONE, NONE, ALL]
        assert exchange(pbx, posted(form + b"&")) == NO_ROOM
    assert growth(alone, before) < LIMIT


@pytest.mark.quirk("form-limit")
def test_forms_without_a_limit_from_strangers(alone):
    """Somebody without credentials gets the challenge for such a form, as soon as for any other."""
    account = {"tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123"}
    pbx = alone.start({**SETTINGS, "api": account, "quirks": LIFTED})
    before = resident(alone)
    answers = together(partial(exchange, pbx), [posted(piece * (BOUND // 2)) for piece in (b"%&", b"+&")])
    assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 401 Unauthorized"] * 2
    assert growth(alone, before) < FLAT


@pytest.mark.quirk("form-limit")
def test_lists_without_a_limit(alone):
    """A list longer than the database takes finds nothing, others are served meanwhile, and again costs no more memory."""
    pbx = alone.start({**SETTINGS, "quirks": LIFTED})
    form = b"caller=" + b"1-2," * (BOUND // 4 - 3) + b"5300"
    for _ in range(2):
        before = resident(alone)
        assert together(partial(exchange, pbx), [posted(form), REQUEST]) == [NONE, ALL]
    assert growth(alone, before) < LIMIT


@pytest.mark.quirk("form-limit")
def test_clients_that_stop_inside_a_long_form(alone):
    """What has come of a form is let go with the client that sent it."""
    pbx = alone.start({**SETTINGS, "quirks": LIFTED})
    before = resident(alone)
    for _ in range(7):
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(RawTls(pbx)).send(posted(b"a" * BOUND)[:-1])
    assert exchange(pbx, REQUEST) == ALL
    assert growth(alone, before) < LIMIT < 7 * 20 * BOUND


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


# Strange bytes


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"GET /cdrapi\0?caller=1 HTTP/1.1\r\n\r\n", ALL),
        (b"GET /cdr\0api HTTP/1.1\r\n\r\n", NOT_FOUND),
        (b"GET \0/cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"G\0ET /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"\0GET /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (GET + b"\0Host: pbx\r\n", ALL),
        (GET + b"Ho\0st: pbx\r\nX: \0\r\n\r\n", ALL),
        (asked(b"/cdrapi%00/x"), ALL),
        (asked(b"/%00cdrapi"), NOT_FOUND),
        (asked(b"/cdrapi?caller=5300%00;'"), ALL),
        (asked(b"/cdrapi?caller%00=5300"), ALL),
        (asked(b"/cdrapi?caller=%00"), NONE),
        (asked(b"/cdrapi?%00=5300"), NONE),
        (posted(b"caller=5300\0&;"), NONE),
        (asked(b"/cdrapi\xff"), NOT_FOUND),
        (asked(b"/\xc3\xa9?caller=1"), NOT_FOUND),
        (asked(b"/cdrapi?caller=\xff"), NONE),
        (asked(b"/cdrapi?caller=5300,%FF"), NONE),
        (asked(b"/cdrapi?\xff=1"), NONE),
        (asked(b"/cdrapi?numRecords=\xd9\xa3"), NONE),
        (asked(b"/cdrapi?caller=\xef\xbc\x95"), NONE),
        (asked(b"/cdrapi?format=json&caller=\xc3\xa9"), NO_JSON),
        (asked(b"/cdrapi?format=XML&caller=\x80"), NO_XML),
        (asked(b"/cdrapi?form\xe9t=json"), NONE),
        (asked(b"/cdrapi?format=js\xf8n"), NONE),
        (asked(b"/cdrapi?caller=5300\x01"), ALL),
        (asked(b"/cdrapi?caller=5300\x7f"), NONE),
        (asked(b"/cdrapi?caller=53%0A00"), NONE),
        (GET + b"\xff\xfe: \x80\x81\r\nX-\xe9\r\n: y\r\nX:\r\n\x01: \x02\r\n\r\n", ALL),
        (GET + b"Content-Length: \xff\0\r\nConnection: \xff\r\nAuthorization: Digest \xff\0\r\n\r\n", ALL),
        (b"G\xcbT /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
    ],
)
def test_nul_and_8_bit_bytes(pbx, raw, expected):
    """A NUL ends a line or a value as in C; 8-bit bytes are unknown paths, parameters and characters, never a crash."""
    assert exchange(pbx, raw) == expected


@pytest.mark.ucmsim(api={"tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123"})
@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Digest",
        b"Digest \xff\xfe",
        b'Digest ,,,,=,=","\\',
        b'Digest username="cdrapi',
        b'Digest username="\\',
        b"Digest " + b'username="cdrapi", ' * 200,
        b'Digest username="cdrapi", realm="asterisk", nonce="' + b"f" * 3000 + b'", uri="/", response="0"',
        b'Digest username="\xff", realm="\0", nonce="-1", uri="/cdrapi", response="\xe9", nc=\xff, cnonce="", qop=auth',
        b'Digest username="cdrapi", realm="a", nonce="1", uri="/\xff", response="' + b"0" * 32 + b'", nc=' + b"f" * 99,
        b"Basic \xff\xff==",
        b"Basic " + b"QUFB" * 900,
        b"Negotiate x",
    ],
)
def test_hostile_credentials(ucm, header):
    """Whatever stands in Authorization, it is a new challenge; a client that knows the password is served after it."""
    challenge = exchange(ucm, GET + b"Authorization: " + header + b"\r\n\r\n")
    nonce = re.search(rb'nonce="([0-9a-f]{8})", qop="auth", opaque="([0-9a-f]{8})"\r\n', challenge)
    assert nonce is not None
    assert nonce[1] == nonce[2]
    line = b'WWW-authenticate: Digest algorithm=MD5, realm="asterisk", ' + nonce[0]
    expected = page("401 Unauthorized", "").replace(b"<h1>", b"<h1>401 ").replace(b"Length: 206", b"Length: 210")
    assert challenge == expected.replace(b"Content-type", line + b"Content-type", 1)
    assert exchange(ucm, GET + digest_header("GET", "/cdrapi", "cdrapi", "cdrapi123", challenge) + b"\r\n") == ALL


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"get /cdrapi http/1.1\r\n\r\n", ALL),
        (b"gEt /CDRAPI/ HTTP/1.1\r\n\r\n", ALL),
        (b"post /cdrapi HTTP/1.1\r\n\r\n", ALL),
        (b"GET /cdrapi HTTP/9.9\r\n\r\n", ALL),
        (b"GET /cdrapi\r\n\r\n", ALL),
        (b"GET /cdrapi HTTP/1.1 and more\r\n\r\n", ALL),
        (b"GET /cdrapi HTTP/1.1\n\n", ALL),
        (b"GET /cdrapi HTTP/1.1\nHost: pbx\r\n\n", ALL),
        (b"GET /cdrapi HTTP/1.1\r\r\n\r\n", ALL),
        (b"GET /cdrapi HTTP/1.1\r\n \t \r\n", ALL),
        (b" \t  GET   \t /cdrapi  \t\t HTTP/1.1   \r\n\r\n", ALL),
        (b" " * 2000 + b"GET" + b" " * 2000 + b"/cdrapi\r\n\r\n", ALL),
        (b"GET /cdrapi?caller=1 5300 HTTP/1.1\r\n\r\n", NONE),
        (b"\r\nGET /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"\n\n\n\nGET /cdrapi HTTP/1.1\r\n\r\n", INVALID),
        (b"GET\r\n\r\n", INVALID),
        (b"GET / HTTP/1.1\r\n\r\n", NOT_FOUND),
        (asked(b"https://pbx:8443/cdrapi"), NOT_FOUND),
        (asked(b"//pbx/cdrapi"), NOT_FOUND),
        (asked(b"*"), NOT_FOUND),
        (asked(b"cdrapi"), NOT_FOUND),
        (asked(b"/x/../cdrapi"), NOT_FOUND),
        (asked(b"/cdrapi/x"), NOT_FOUND),
        (asked(b"/cdrapi#here"), NOT_FOUND),
        (asked(b"/cdrapi?caller=5300#here"), NONE),
        (asked(b"/cdrapi?"), NONE),
        (asked(b"/cdrapi?caller=5300&"), NONE),
        (asked(b"/cdrapi?caller=5300?"), NONE),
        (b"DELETE /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
        (b"PUT /cdrapi HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", NO_METHOD),
        (b"CONNECT /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
        (b"GETT /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
        (b"X" * 3000 + b" /cdrapi HTTP/1.1\r\n\r\n", NO_METHOD),
        (b"DELETE /foo HTTP/1.1\r\n\r\n", NOT_FOUND),
        (b"HEAD /foo HTTP/1.1\r\n\r\n", NOT_FOUND),
    ],
)
def test_strange_request_lines(pbx, raw, expected):
    """Methods and paths in any letter case, any version or none, any blanks; nothing else is normalised."""
    assert exchange(pbx, raw) == expected


# Long lists and large numbers


def listed(item: bytes, count: int, last: bytes = b"") -> bytes:
    """Return a list of *count* items, and a *last* one."""
    return b",".join([item] * count + [last] * bool(last))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (listed(b"0-9", 999), NONE),
        (listed(b"0-9", 998, b"5300-5300"), ALL),
        (listed(b"0-9", 998, b"5300-5300-"), NONE),
        (listed(b"1", 2000), NONE),
        (listed(b"1", 2000, b"5300"), ALL),
        (listed(b"-", 2000), NONE),
        (listed(b"@", 2000), ALL),
        (listed(b"_", 2000, b"____"), ALL),
        (b"@5" * 2000, NONE),
        (b"@" * 4000, ALL),
        (b"," * 4000, NONE),
        (b"-" * 4000, NONE),
    ],
    ids=["999", "998+1", "hyphens", "literals", "literal", "blank", "any", "four", "deep", "wild", "commas", "dashes"],
)
def test_long_lists_in_one_line(pbx, items, expected):
    """Lists as long as a request line is are answered like short ones."""
    raw = asked(b"/cdrapi?caller=" + items)
    assert raw.index(b"\n") < 4095
    assert exchange(pbx, raw) == expected


def test_a_list_longer_than_the_request_line(pbx):
    """The line is cut at 4095 bytes and the list with it, here after an item that matches."""
    start = b"GET /cdrapi?caller=" + b"0-9," * 1000
    cut_off = start + b"0-5300,".ljust(4095 - len(start), b"1") + b"," + b"0-9," * 9000 + b"\r\n\r\n"
    assert exchange(pbx, cut_off) == ALL
    assert exchange(pbx, start + b"0-9,,".ljust(4095 - len(start), b"1") + b"0-9999" + b"\r\n\r\n") == NONE


def test_long_lists_of_many_lengths_are_let_go(alone):
    """Each list is another statement for the database; what answering them took is not kept."""
    pbx = alone.start(SETTINGS)

    def fetch(lengths: range) -> None:
        for length in lengths:
            assert exchange(pbx, asked(b"/cdrapi?caller=" + listed(b"@", length))) == ALL

    fetch(range(1900, 1904))
    before = resident(alone)
    fetch(range(1940, 2000))
    assert growth(alone, before) < FLAT


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (b"caller=" + listed(b"0-9", 254), NONE),
        (b"caller=" + listed(b"0-9", 252, b"0-9999"), ALL),
        (b"caller=" + b"5300," * 203, ALL),
        (b"caller=5300&" * 85 + b"x", NONE),
        (b"&" * 1024, NONE),
        (b"caller=5300&" * 84 + b"callee=5301", ALL),
        (b"%" * 1024, NONE),
        (b"=" * 1024, NONE),
    ],
)
def test_long_lists_in_a_form(pbx, form, expected):
    """A form of up to 1024 bytes is read like a query."""
    assert len(form) <= 1024
    assert exchange(pbx, posted(form)) == expected


def test_999_ranges_of_full_length(tmp_path):
    """A list of 999 ranges, longer than a request line allows, is one query like any other."""
    history = History.open(tmp_path / "history.sqlite", durable=False)
    with contextlib.closing(history):
        guide = Path(str(files("ucmsim") / "data" / "guide-2013.csv"))
        import_file(history, guide, zone=ZoneInfo("America/Chicago"))
        settings = Settings.model_validate({"api": {"permitted_ips": ["127.0.0.0/8"]}})
        clock = PbxClock.starting(None, 1.0, 0.0)
        pbx = Pbx("pbx", settings, history, spool_of(history), clock, seed=1, defects=())

        def found(**lists: str) -> bytes:
            asked = ApiRequest("127.0.0.1", "GET", "/cdrapi", "/cdrapi", tuple(lists.items()))
            return pbx.answer(asked, clock.at(0.0)).body

        ranges = [f"{10**9 + 10 * at}-{10**9 + 10 * at + 5}" for at in range(999)]
        assert found(caller=",".join(ranges)) == HEADER
        assert found(caller=",".join([*ranges[:-1], "5300-5300"])) == HEADER + b"".join(ROWS)
        matching = ",".join(["5290-5310", *ranges[1:]])
        assert found(caller=matching, callee=matching, answeredby=matching) == HEADER + b"".join(ROWS)


BEYOND = b"9" * 25


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (b"numRecords=" + BEYOND, (62, 63, 64)),
        (b"numRecords=9223372036854775808", (62, 63, 64)),
        (b"numRecords=18446744073709551617", (62, 63, 64)),
        (b"numRecords=" + b"9" * 4000, (62, 63, 64)),
        (b"numRecords=" + b"0" * 4000 + b"1", (62,)),
        (b"numRecords=" + b"0" * 4000, ()),
        (b"numRecords=-" + BEYOND, ()),
        (b"offset=" + BEYOND, ()),
        (b"offset=9223372036854775807", ()),
        (b"offset=9223372036854775808", ()),
        (b"offset=18446744073709551616", ()),
        (b"offset=" + BEYOND + b"&numRecords=" + BEYOND, ()),
        (b"offset=4294967297", ()),
        (b"offset=" + b"0" * 4000 + b"1", (63, 64)),
        (b"minDur=" + BEYOND, ()),
        (b"minDur=18446744073709551616", ()),
        (b"maxDur=" + BEYOND, (62, 63, 64)),
        (b"maxDur=18446744073709551616", (62, 63, 64)),
        (b"minDur=4&maxDur=" + b"9" * 4000, (62, 64)),
        (b"caller=0-" + BEYOND, (62, 63, 64)),
        (b"caller=-" + BEYOND, (62, 63, 64)),
        (b"caller=5300-18446744073709551616", (62, 63, 64)),
        (b"caller=" + BEYOND + b"-", ()),
        (b"caller=" + BEYOND + b"-" + BEYOND, ()),
        (b"caller=18446744073709556916-18446744073709556916", ()),
        (b"caller=%2B5300-%2B" + BEYOND, (62, 63, 64)),
        (b"caller=" + b"0" * 2000 + b"5300-" + b"9" * 2000, (62, 63, 64)),
        (b"caller=" + BEYOND, ()),
        (b"caller=" + b"0" * 4000 + b"5300", ()),
        (b"startTime=" + BEYOND, ()),
        (b"endTime=" + BEYOND, ()),
        (b"startTime=9999999999", ()),
        (b"endTime=9999999999", (62, 63, 64)),
        (b"startTime=0000000000", (62, 63, 64)),
        (b"startTime=0001-01-01", (62, 63, 64)),
        (b"startTime=0000-01-01", ()),
        (b"endTime=9999-12-31T23:59:59-23:59", (62, 63, 64)),
        (b"startTime=0001-01-01T00:00%2B23:59", (62, 63, 64)),
        (b"endTime=99999-12-31", ()),
    ],
)
def test_numbers_beyond_63_bits(pbx, query, rows):
    """Such numbers saturate: they are very large, never negative, never small, and never an error page."""
    lines = [line for line in ROWS if int(line[:2]) in rows]
    assert exchange(pbx, asked(b"/cdrapi?" + query)) == response("200 OK", HEADER + b"".join(lines), "text/csv")


# Ten thousand mutants

CHALLENGE = b'\r\nWWW-authenticate: Digest algorithm=MD5, realm="asterisk", nonce="5f3a9c21", opaque="5f3a9c21"\r\n'
SAMPLES = (
    REQUEST,
    asked(b"/cdrapi?format=JSON&numRecords=1&offset=1"),
    asked(b"/cdrapi?format=XML&caller=5300,6300-6399&callee=5@"),
    asked(b"/cdrapi?startTime=2013-12-03T14:01:41-06:00&endTime=2013-12-03T14:02:23-06:00&minDur=0&maxDur=9"),
    asked(b"/cdrapi?startTime=1386100901&endTime=now&caller=@53@&caller=_3__&answeredby=5301"),
    asked(b"/cdrapi/?caller=" + listed(b"0-9", 400, b"5300")),
    b"HEAD /cdrapi?numRecords=2 HTTP/1.0\r\nUser-Agent: curl/7\r\nAccept: */*\r\n\r\n",
    posted(b"caller=5300&format=json&startTime=2013-12-03T20:01:41%2B00:00"),
    asked(b"/foo?caller=5300"),
    b"DELETE /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n",
    GET + b"".join(b"X-%d: y\r\n" % at for at in range(98)) + b"\r\n",
    GET + digest_header("GET", "/cdrapi", "cdrapi", "cdrapi123", CHALLENGE) + b"\r\n",
)
SPICE = (
    *(b"\0", b"\r\n", b"\n\n", b"%", b"%00", b"&", b"=", b"?", b"-", b",", b"@", b"_", b"+", b" ", b":", b'"', b"\\"),
    *(b"'", b"\xff", b"\xc3\xa9", b"9" * 25, b"Content-Length: 1024\r\n", b"5300-5301,", b"HTTP/1.1", b"x" * 5000),
)
WELL_FORMED = re.compile(
    rb"HTTP/1\.1 (200 OK|400 Bad Request|401 Unauthorized|404 Not Found|413 Request Entity Too Large|"
    rb"501 Not Implemented)\r\nServer: Asterisk/1\.8\.9\.2\r\nDate: Tue, 03 Dec 2013 20:10:00 GMT\r\n"
    rb"Connection: close\r\nCache-Control: no-cache, no-store\r\nContent-Length: (\d+)\r\n"
    rb'(?:WWW-authenticate: Digest algorithm=MD5, realm="asterisk", nonce="[0-9a-f]{8}", qop="auth", '
    rb'opaque="[0-9a-f]{8}"(?:, stale=true)?\r\n)?'
    rb"(?:Content-type: (?:text/(?:html|csv|xml)|application/json)\r\n)?\r\n(.*)",
    re.DOTALL,
)


def mutated(chance: random.Random, raw: bytes) -> bytes:
    """Return *raw* with one to four accidents."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        piece = slice(at, at + chance.choice((1, 1, 2, 8, 64)))
        match chance.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.randbytes(chance.choice((1, 3, 50)))
            case 2 | 3:
                data[at:at] = chance.choice(SPICE)
            case 4:
                del data[piece]
            case 5:
                data[at:at] = data[piece] * chance.choice((1, 2, 30))
            case _ if not chance.randrange(3):
                del data[at:]
    return bytes(data)


def complaint(answer: Answer) -> str:
    """Return what is wrong with *answer* to a mutant, an empty string if nothing is."""
    if answer.ended is not Ended.NOTIFY:
        return f"it ended with {answer.ended.value}"
    if not answer.data:
        return ""
    match = WELL_FORMED.fullmatch(answer.data)
    if match is None:
        return "the head is not the device's"
    if len(match[3]) != int(match[2]) and (match[3] or match[1] != b"200 OK"):
        return "the body has another length than Content-Length says"
    return "it names its library" if b"twisted" in answer.data.lower() else ""


class Attacker:
    """Sends mutants, one at a time, of its own chance; *wrong* tells what was not right with the answers."""

    def __init__(self, seed: int, open_pbx: Ucm, closed_pbx: Ucm) -> None:
        self.chance = random.Random(seed)
        self.targets = (open_pbx, open_pbx, open_pbx, closed_pbx)
        self.sessions: dict[str, ssl.SSLSession | None] = {}
        self.wrong: list[str] = []
        self.statuses: Counter[bytes] = Counter()

    def attack(self, count: int) -> Self:
        """Send *count* mutants, one in ten of them below TLS."""
        for at in range(count):
            ucm, raw = self.chance.choice(self.targets), self.chance.choice(SAMPLES)
            if at % 10 == 9:
                self._below(ucm, raw)
            else:
                self._inside(ucm, mutated(self.chance, raw))
        return self

    def _inside(self, ucm: Ucm, mutant: bytes) -> None:
        session = self.sessions.get(ucm.name) if self.chance.randrange(4) else None
        with RawTls(ucm, session=session) as client:
            piece = self.chance.choice((None, None, None, len(mutant) // 3 + 1))
            with contextlib.suppress(OSError):
                client.send(mutant, piece=piece)
                client.notify() if self.chance.randrange(2) else client.fin()
            answer = client.read()
            self.sessions[ucm.name] = client.session
        self.statuses[answer.data[9:12]] += 1
        if said := complaint(answer):
            self.wrong.append(f"{said}: {mutant!r} got {answer.data[:300]!r}")

    def _below(self, ucm: Ucm, raw: bytes) -> None:
        """Mutate the ClientHello, or the records of a request."""
        shake = bool(self.chance.randrange(2))
        with RawTls(ucm, shake=shake) as client:
            mutant = mutated(self.chance, client.records(raw) if shake else client.hello())
            with contextlib.suppress(OSError):
                client.below(mutant)
                client.fin()
            answer = client.read() if shake else client.read_below()
        if shake:
            right = not answer.data or WELL_FORMED.fullmatch(answer.data)
        else:
            right = answer.data[:1] in (b"", b"\x15", b"\x16") and b"HTTP/" not in answer.data
        if not right or answer.ended is Ended.TIMEOUT:
            self.wrong.append(f"below TLS: {mutant!r} got {answer.data[:300]!r}, {answer.ended.value}")


def test_ten_thousand_mutants(alone):
    """10,000 damaged requests, eight at a time: device answers only, memory stays flat, right answers afterwards."""
    pbx = alone.start(SETTINGS)
    closed = alone.start({**SETTINGS, "api": {}, "tls_profile": "device", "quirks": {"unknown-nonce": "accept"}})
    expected = [exchange(pbx, raw) for raw in SAMPLES]

    def run(first: int, mutants: int) -> list[Attacker]:
        attackers = [Attacker(seed, pbx, closed) for seed in range(first, first + 8)]
        return together(lambda attacker: attacker.attack(mutants // 8), attackers)

    run(100, 800)
    before, began = resident(alone), time.monotonic()
    attackers = run(0, 10_000)
    print(f"{time.monotonic() - began:.1f} seconds")
    grown = growth(alone, before)
    wrong = [said for attacker in attackers for said in attacker.wrong]
    statuses = sum((attacker.statuses for attacker in attackers), Counter())
    print(dict(statuses))
    assert not wrong, "\n".join(wrong[:20])
    assert set(statuses) == {b"", b"200", b"400", b"401", b"404", b"413", b"501"}
    assert grown < FLAT
    assert [exchange(pbx, raw) for raw in SAMPLES] == expected
    assert expected[0] == ALL
    assert alone.control.status()["pbxs"]
