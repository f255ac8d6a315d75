"""The body of a response that comes over treq, pulled piece by piece: what nobody takes stays with its sender."""

from __future__ import annotations

from collections import deque
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone


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
            self._connection.loseConnection()

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
