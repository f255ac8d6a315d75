"""The body of a response that comes over treq: whole, or pulled piece by piece, where what nobody takes stays with its sender.

Who waits for neither any more lets the connection go, which treq's own `content` would keep as long as the other side does.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss


class WholeBody(Protocol):
    """Takes a body to its end, which is *whole* then; whoever cancels that ends the connection.

    A body whose length nobody said is whole when its connection ends.
    """

    def __init__(self) -> None:
        self.whole: Deferred[bytes] = Deferred(self._let_go)
        self._pieces: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        self._pieces.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.whole.called:  # it was cancelled
            return
        if reason.check(ResponseDone, PotentialDataLoss):
            self.whole.callback(b"".join(self._pieces))
        else:
            self.whole.errback(reason)

    def _let_go(self, _whole: Any) -> None:
        _let_go(self.transport)


class PulledBody(Protocol):
    """Takes a body as fast as `piece` is asked for it; so many seconds of *silence*, of the *reactor*, are the end of it."""

    def __init__(self, reactor: Any, silence: float) -> None:
        self._reactor, self._silence = reactor, silence
        self._pieces = deque[bytes]()
        self._waiting: Deferred[None] | None = None
        self._over, self._broken = False, False

    async def piece(self) -> bytes:
        """Return what comes next, b"" when all has come; raises `ConnectionError` where it broke off, or is silent."""
        if not self._pieces and not self._over:
            waiting = self._waiting = Deferred()
            waiting.addTimeout(self._silence, self._reactor, self._silent)
            self._connection.resumeProducing()
            await waiting
        if self._pieces:
            return self._pieces.popleft()
        if self._broken:
            raise ConnectionResetError("the stream of events has ended")
        return b""

    def close(self) -> None:
        """Let the connection go, if it is there still."""
        if not self._over:
            _let_go(self._connection)

    def dataReceived(self, data: bytes) -> None:
        self._pieces.append(data)
        self._connection.pauseProducing()
        self._wake()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over, self._broken = True, not reason.check(ResponseDone)
        self._wake()

    @property
    def _connection(self) -> Any:
        return self.transport

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.called:  # nobody has given up
            waiting.callback(None)

    @staticmethod
    def _silent(_cancelled: Any, seconds: float) -> Any:
        raise ConnectionAbortedError(f"the stream of events was silent for {seconds:g} seconds")


def _let_go(connection: Any) -> None:
    """End a *connection* at once: to lose one is to wait, under TLS, until the other side says goodbye too."""
    connection.stopProducing()
