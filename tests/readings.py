"""Requests written as bytes, and what the device's reader makes of them."""

from __future__ import annotations

from ucmsim.http.reader import Incoming, RequestReader
from ucmsim.http.reply import Content
from ucmsim.http.request import ApiRequest, Reading

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
