"""Who waits for the control plane no longer, over treq: is told so, and keeps no connection to it."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from treq.client import HTTPClient
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.web.client import Agent

from tests.test_treqclient import there
from ucmsim.certificates.authority import Authority
from ucmsim.client import ControlTimeout
from ucmsim.treqaddress import trusting
from ucmsim.treqclient import TreqControlClient

HEADS = {
    "nothing": b"",
    "part": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
    "refusal": b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n{",
}
"""What has come when nothing more does."""


def status(client: TreqControlClient) -> Deferred[Any]:
    return client.status()


def follow(client: TreqControlClient) -> Deferred[Any]:
    return Deferred.fromCoroutine(anext(client.follow_journal("hq")))


class Stuck:
    """A server, with TLS or without, that answers its one client with *head* and stops there."""

    def __init__(self, folder: Path, scheme: str, head: bytes) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._head, self._context = head, None
        self.url, self.ca = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}", None
        if scheme == "https":
            authority, now = Authority.mint("stuck", datetime.now(UTC)), datetime.now(UTC)
            issued = authority.issue(("127.0.0.1",), now)
            (folder / "shown.pem").write_bytes(issued.key_pem + issued.certificate_pem)
            (folder / "ca.pem").write_bytes(authority.certificate_pem)
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(folder / "shown.pem")
            self.ca = str(folder / "ca.pem")

    def answer(self) -> socket.socket:
        """Answer; return the connection below TLS, over which this server will say nothing more, no goodbye either."""
        with self._listening:
            connection, _ = self._listening.accept()
        connection.settimeout(60)
        if self._context is None:
            connection.recv(1 << 16)
            connection.sendall(self._head)
            return connection
        with self._context.wrap_socket(connection, server_side=True) as served:
            served.recv(1 << 16)
            served.sendall(self._head)
            return socket.socket(fileno=served.detach())


def ended(connection: socket.socket) -> bool:
    """Return whether the peer lets *connection* go, whatever comes before."""
    connection.settimeout(10)
    with connection:
        try:
            while connection.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
        return True


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("came", HEADS)
@pytest.mark.parametrize("ask", [status, follow])
async def test_who_cancels_is_told_so_and_keeps_no_connection(
    tmp_path: Path, ask: Callable[[TreqControlClient], Deferred[Any]], came: str, scheme: str
) -> None:
    """A Deferred that is cancelled fails with what Twisted has for that, however much of an answer has come."""
    server = Stuck(tmp_path, scheme, HEADS[came])
    waiting = ask(there(server.url, ca=server.ca))
    connection = await deferToThread(server.answer)
    await deferToThread(time.sleep, 0.1)  # in which what was sent arrives
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting
    assert await deferToThread(ended, connection)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("ask", "came"), [(status, "nothing"), (status, "part"), (status, "refusal"), (follow, "refusal")]
)
async def test_a_time_that_is_up_ends_the_connection(
    tmp_path: Path, ask: Callable[[TreqControlClient], Deferred[Any]], came: str, scheme: str
) -> None:
    """Also where an answer has begun to come."""
    from twisted.internet import reactor  # noqa: TID251 - the one of pytest-twisted

    server, clock = Stuck(tmp_path, scheme, HEADS[came]), Clock()
    http = HTTPClient(Agent(reactor, trusting(server.ca)))
    waiting = ask(TreqControlClient(clock, server.url, "token", timeout=5, http=http))
    connection = await deferToThread(server.answer)
    await deferToThread(time.sleep, 0.1)
    clock.advance(5)
    with pytest.raises(ControlTimeout, match="has not answered within 5 seconds"):
        await waiting
    assert await deferToThread(ended, connection)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("ask", [status, follow])
async def test_who_cancels_before_it_was_asked(ask: Callable[[TreqControlClient], Deferred[Any]], busy: int) -> None:
    """Is told the same."""
    waiting = ask(there(f"http://127.0.0.1:{busy}"))
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting
