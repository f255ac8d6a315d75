"""A raw TLS client for tests: sends exactly the bytes it is given, and tells what came back and how it ended."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from hashlib import md5
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from ucmsim.pytest_plugin import Ucm

TIMEOUT = 20.0
"""Seconds that a whole connection may take."""

_PIECE = 65536


class Ended(Enum):
    """How the server's side of a connection ended."""

    NOTIFY = "close_notify"
    EOF = "FIN without close_notify"
    RESET = "RST"
    ALERT = "a TLS alert, or bytes that are no TLS"
    TIMEOUT = "not at all"


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything that came back, and how it ended."""

    data: bytes
    ended: Ended


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


CONTEXT = _unverified()
"""Trusts every server: what these tests look at comes after the certificate."""


class RawSocket:
    """A TCP connection to a PBX, without TLS."""

    def __init__(self, ucm: Ucm, *, timeout: float = TIMEOUT, receive_buffer: int | None = None) -> None:
        place = urlsplit(ucm.url)
        self._until = time.monotonic() + timeout
        self.socket = socket.socket()
        try:
            if receive_buffer is not None:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self._limit()
            self.socket.connect((place.hostname or "", place.port or 443))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def send(self, data: bytes, *, piece: int | None = None, delay: float = 0.0) -> None:
        """Send *data*, whole or in pieces of so many bytes with a delay after each."""
        for at in range(0, len(data), piece or len(data) or 1):
            self._send(data[at : at + piece] if piece else data)
            if delay:
                time.sleep(delay)

    def fin(self) -> None:
        """End our side of the TCP connection, and listen on."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self) -> bytes:
        """Return some bytes, none at the end; raises `ConnectionResetError` or `TimeoutError`."""
        self._limit()
        return self.socket.recv(_PIECE)

    def read(self) -> Answer:
        """Read to the end, whatever it is."""
        return _read(self.receive, Ended.EOF)

    def _send(self, data: bytes) -> None:
        self._limit()
        self.socket.sendall(data)

    def _limit(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)


class RawTls(RawSocket):
    """A TLS connection to a PBX.

    The handshake is done when it is entered, or not at all if not *shake*; it resumes *session* if there is one.
    """

    def __init__(
        self,
        ucm: Ucm,
        *,
        timeout: float = TIMEOUT,
        receive_buffer: int | None = None,
        session: ssl.SSLSession | None = None,
        shake: bool = True,
    ) -> None:
        super().__init__(ucm, timeout=timeout, receive_buffer=receive_buffer)
        self._shake = shake
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = CONTEXT.wrap_bio(self._incoming, self._outgoing, session=session)

    def __enter__(self) -> Self:
        try:
            if self._shake:
                self.handshake()
        except BaseException:
            self.socket.close()
            raise
        return self

    @property
    def session(self) -> ssl.SSLSession | None:
        """What another connection can resume."""
        return self._tls.session

    def hello(self) -> bytes:
        """Return the ClientHello that the handshake begins with, and do not send it."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._outgoing.read()

    def handshake(self) -> None:
        """Do what is left of the handshake."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            else:
                self._flush()
                return

    def notify(self) -> None:
        """Send close_notify, and listen on."""
        # It would wait for that of the server, or object to what the server sends before it.
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        self._flush()

    def records(self, data: bytes) -> bytes:
        """Return *data* as the TLS records that would carry it, and do not send them."""
        self._write(data)
        return self._outgoing.read()

    def below(self, data: bytes, *, piece: int | None = None) -> None:
        """Send *data* below TLS, whole or in pieces of so many bytes."""
        for at in range(0, len(data), piece or len(data) or 1):
            super()._send(data[at : at + piece] if piece else data)

    def read_below(self) -> Answer:
        """Read what comes below TLS to the end."""
        return _read(super().receive, Ended.EOF)

    def read(self) -> Answer:
        return _read(self.receive, Ended.NOTIFY)

    def receive(self) -> bytes:
        while True:
            try:
                return self._tls.read(_PIECE)
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()

    def _send(self, data: bytes) -> None:
        self._write(data)
        self._flush()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._tls.write(view) :]

    def _flush(self) -> None:
        if self._outgoing.pending:
            super()._send(self._outgoing.read())

    def _fill(self) -> None:
        data = super().receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


def _read(receive: Callable[[], bytes], end: Ended) -> Answer:
    """Call *receive* to the end, which is *end* if it just returns nothing."""
    data = bytearray()
    while True:
        try:
            piece = receive()
        except ConnectionResetError:
            return Answer(bytes(data), Ended.RESET)
        except ssl.SSLEOFError:
            return Answer(bytes(data), Ended.EOF)
        except ssl.SSLError:
            return Answer(bytes(data), Ended.ALERT)
        except TimeoutError:
            return Answer(bytes(data), Ended.TIMEOUT)
        if not piece:
            return Answer(bytes(data), end)
        data += piece


class Half(Enum):
    """How a client says that it sends no more, though it listens."""

    NOTIFY = "close_notify"
    FIN = "FIN alone"


def talk(ucm: Ucm, raw: bytes | Iterable[bytes], *, half: Half | None = None, timeout: float = TIMEOUT) -> Answer:
    """Send *raw*, or its pieces, inside TLS on a new connection; return what comes back and how it ends."""
    with RawTls(ucm, timeout=timeout) as client:
        for piece in (raw,) if isinstance(raw, bytes) else raw:
            client.send(piece)
        if half is Half.NOTIFY:
            client.notify()
        elif half is Half.FIN:
            client.fin()
        return client.read()


def exchange(ucm: Ucm, raw: bytes) -> bytes:
    """Send exactly *raw* on a new connection and return the whole response, which must end with close_notify."""
    answer = talk(ucm, raw)
    assert answer.ended is Ended.NOTIFY, f"the answer ended with {answer.ended.value}: {answer.data[-200:]!r}"
    return answer.data


def digest_header(method: str, uri: str, username: str, password: str, challenge: bytes, nc: int = 1) -> bytes:
    """Return the whole `Authorization` line, CRLF included, that answers the 401 response *challenge*."""
    fields = dict(re.findall(rb'(\w+)="([^"]*)"', challenge.partition(b"\r\nWWW-authenticate: Digest ")[2]))
    realm, nonce, opaque = (fields[name].decode() for name in (b"realm", b"nonce", b"opaque"))
    a1, a2 = _md5(f"{username}:{realm}:{password}"), _md5(f"{method}:{uri}")
    response = _md5(f"{a1}:{nonce}:{nc:08x}:0a4f113b:auth:{a2}")
    line = (
        f'Authorization: Digest username="{username}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5, '
        f'qop=auth, nc={nc:08x}, cnonce="0a4f113b", response="{response}", opaque="{opaque}"\r\n'
    )
    return line.encode("utf-8", "surrogateescape")


def get(ucm: Ucm, target: str, *, auth: bool = True) -> bytes:
    """Return the whole response to a GET of *target*: with *auth* after a challenge on a connection of its own."""
    line = f"GET {target} HTTP/1.1\r\nHost: pbx\r\n".encode("utf-8", "surrogateescape")
    first = exchange(ucm, line + b"\r\n")
    if not auth:
        return first
    header = digest_header("GET", target, ucm.username or "", ucm.password or "", first)
    return exchange(ucm, line + header + b"\r\n")


def body(response: bytes) -> bytes:
    """Return what follows the head of *response*."""
    return response.partition(b"\r\n\r\n")[2]


def _md5(text: str) -> str:
    return md5(text.encode("utf-8", "surrogateescape")).hexdigest()
