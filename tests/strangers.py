"""Strangers who are asked as if they were the control plane: what is none, or none any more, and answers all the same."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from tests.bothclients import Connect
from ucmsim.treqclient import TreqControlClient


class Strangers:
    """Servers that answer one request each, with the bytes that they are given, and hang up; *heard* are the requests."""

    def __init__(self, connect: Connect) -> None:
        self.heard: list[bytes] = []
        self._connect = connect
        self._servers = ExitStack()
        self._pool = self._servers.enter_context(ThreadPoolExecutor())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._servers.close()

    def __call__(self, raw: bytes, url: str = "http://127.0.0.1:{}", **more: Any) -> TreqControlClient:
        """Return the client, which is told *more*, of a server that answers the bytes in *raw*, at a *url* with its port."""
        host, family = ("::1", socket.AF_INET6) if "::1" in url else ("127.0.0.1", socket.AF_INET)
        server = self._servers.enter_context(socket.create_server((host, 0), family=family))
        self._pool.submit(self._answer, server, raw)
        return self._connect(url.format(server.getsockname()[1]), **more)

    def _answer(self, server: socket.socket, raw: bytes) -> None:
        server.settimeout(60)
        with server.accept()[0] as connection:
            connection.settimeout(60)
            self.heard.append(connection.recv(1 << 16))
            connection.sendall(raw)


def whole(status: int, body: bytes) -> bytes:
    """Return an answer that says how long its *body* is."""
    return b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def endless(body: bytes) -> bytes:
    """Return an answer whose *body* ends with its connection."""
    return b"HTTP/1.1 200 OK\r\n\r\n" + body


def chunked(*chunks: bytes, over: bool = True) -> bytes:
    """Return an answer whose body comes in *chunks*, and says at its end whether it is *over*."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks) + (b"0\r\n\r\n" if over else b"")
