"""What hostile clients send, what the device answers, and how memory is measured: for the tests of all of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tests.errorpages import error_page
from tests.rawclient import Ended
from ucmsim.child import Child
from ucmsim.client import ControlClient
from ucmsim.pytest_plugin import UcmFleet

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
    return response(status, error_page(status, text))


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


@contextlib.contextmanager
def unsurprised(fleet: UcmFleet) -> Iterator[None]:
    """Let the log of *fleet* show no traceback of what happens meanwhile."""
    before = fleet.log.stat().st_size
    yield
    with fleet.log.open("rb") as opened:
        opened.seek(before)
        said = opened.read()
    assert b"Traceback" not in said, said[max(0, said.find(b"Traceback") - 500) :][:3000].decode(errors="replace")


@contextlib.contextmanager
def own_server() -> Iterator[UcmFleet]:
    """A server of the test's own: in one that has grown before, there is room in which growth would not show."""
    child = Child()
    try:
        control = child.ready["control"]
        fleet = UcmFleet(ControlClient(control["url"], control["token"]), child.pid, child.log)
        with unsurprised(fleet):
            yield fleet
    finally:
        child.stop()


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


# Long lists and large numbers


def listed(item: bytes, count: int, last: bytes = b"") -> bytes:
    """Return a list of *count* items, and a *last* one."""
    return b",".join([item] * count + [last] * bool(last))
