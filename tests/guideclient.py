"""Asks a PBX over TLS, sends exactly what it is given, and returns every byte of what comes back.

Certificates are minted against the PBX clock, which stands still, so nothing is verified here.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

from tests.rawclient import CONTEXT, digest_header, exchange
from ucmsim.pytest_plugin import Ucm


@contextmanager
def plain(ucm: Ucm) -> Iterator[socket.socket]:
    place = urlsplit(ucm.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        yield connection


@contextmanager
def connected(
    ucm: Ucm, context: ssl.SSLContext = CONTEXT, session: ssl.SSLSession | None = None
) -> Iterator[ssl.SSLSocket]:
    """Yield a TLS connection; an end without close_notify is an error on it."""
    wrap = partial(context.wrap_socket, server_hostname="127.0.0.1", suppress_ragged_eofs=False, session=session)
    with plain(ucm) as connection, wrap(connection) as tls:
        yield tls


def asked(tls: ssl.SSLSocket, raw: bytes) -> bytes:
    """Send *raw* and return everything until the PBX closes."""
    tls.sendall(raw)
    data = b""
    while piece := tls.recv(65536):
        data += piece
    return data


def request(target: str, *headers: str, method: str = "GET", form: str = "") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: 192.168.254.200:8443", *headers]
    if form:
        lines.append(f"Content-Length: {len(form)}")
        if not any(line.startswith("Content-Type") for line in lines):
            lines.append("Content-Type: application/x-www-form-urlencoded")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode() + form.encode()


def known(
    challenge: bytes,
    uri: str = "/cdrapi",
    *,
    method: str = "GET",
    user: str = "cdrapi",
    password: str = "cdrapi123",
    nc: int = 1,
) -> str:
    """Return the Authorization line of example 16 that answers *challenge*."""
    return digest_header(method, uri, user, password, challenge, nc).decode().removesuffix("\r\n")


def challenged(ucm: Ucm) -> bytes:
    """Return a 401 whose nonce was not used yet."""
    return exchange(ucm, request("/cdrapi", "Connection: close"))


def nonce_of(response: bytes) -> str:
    found = re.search(rb'nonce="([0-9a-f]{8})"', response)
    assert found, response
    return found[1].decode()


def get(
    ucm: Ucm, target: str, *headers: str, method: str = "GET", form: str = "", password: str = "cdrapi123"
) -> bytes:
    """Return the whole answer to a request with credentials, the challenge fetched on a connection before it."""
    line = known(challenged(ucm), target, method=method, password=password)
    return exchange(ucm, request(target, *headers, line, method=method, form=form))


Start = Callable[..., Ucm]


def dropped(ucm: Ucm) -> bool:
    """Return whether the connection ends before a byte, with FIN or RST."""
    with plain(ucm) as connection:
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True
