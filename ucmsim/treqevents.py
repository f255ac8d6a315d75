"""Reads the server-sent events of the control plane as Twisted delivers them."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import DeferredQueue
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from ucmsim.eventstream import EventStream


class Events(Protocol):
    """Puts the data of each event of a stream into a queue, and at the end why it ended."""

    def __init__(self, dropped: Callable[[int], object] | None) -> None:
        self.queue: DeferredQueue[str | ConnectionResetError] = DeferredQueue()
        self._stream, self._rest = EventStream(dropped), b""

    def dataReceived(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if (event := self._stream.line(line)) is not None:
                self.queue.put(event)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.queue.put(ConnectionResetError("the stream of events has ended"))

    def close(self) -> None:
        """Let the connection go, if it is there still."""
        if self.transport is not None:
            self.transport.loseConnection()
