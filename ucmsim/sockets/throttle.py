"""A TCP transport through which bytes go out slowly, in pieces, or only so far: what faults of the tcp plane ask for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

from ucmsim.faults import FREELY, Traffic

WAITING = 65_536
"""Bytes that wait here before who makes them is told to pause."""
SETTLE = 0.1
"""Wall-clock seconds in which the last bytes reach the kernel before the connection is cut."""
_BEATS = 20
"""Writes a second when only so many bytes a second may go."""


class Throttle:
    """Stands in for *transport*; *cut* is called once, when as many bytes went out as the *traffic* allows."""

    def __init__(self, transport: Any, traffic: Traffic, wall: IReactorTime, cut: Callable[[], object]) -> None:
        self._transport = transport
        self._traffic = traffic
        self._wall = wall
        self._cut = cut
        self._queue: deque[memoryview] = deque()
        self._waiting = 0
        self._left = traffic.limit
        self._cutting = False
        self._stopped = False
        self._timer: IDelayedCall | None = None
        self._producer: Any = None
        self._pauses = False
        self._blocked = False
        self._valve = False
        self._then: Callable[[], object] | None = None
        rate = traffic.rate
        self._piece = min(traffic.piece or 1 << 30, max(rate // _BEATS, 1) if rate else 1 << 30)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def freely(self) -> None:
        """From now on send everything at once."""
        if self._traffic.limit is None:
            self._traffic, self._piece = FREELY, 1 << 30
            if self._timer is not None and self._timer.active():
                self._timer.cancel()
            self._timer = None
            self._beat()

    @property
    def sends(self) -> bool:
        """Whether bytes wait here for their time, and not for a peer that reads nothing."""
        return bool(self._queue) and not self._blocked

    # --- as a transport --------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if self._stopped:  # TLS says its last word after the socket is gone
            return
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        if data:
            self._queue.append(memoryview(data))  # cut into pieces without being copied for each
            self._waiting += len(data)
            self._pump()
        if self._waiting > WAITING or self._left == 0 or self._blocked:
            self._hold()

    def writeSequence(self, data: Iterable[bytes]) -> None:
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        self._after(self._transport.loseConnection)

    def loseWriteConnection(self) -> None:
        self._after(self._transport.loseWriteConnection)

    def abortConnection(self) -> None:
        self.stop()
        self._transport.abortConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Take who makes the bytes; TLS registers push producers only."""
        self._producer, self._pauses = producer, False
        if self._waiting > WAITING:
            self._hold()

    def unregisterProducer(self) -> None:
        self._producer = None

    # --- the queue -------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Forget what waits, and whatever comes; the connection is gone, or cut."""
        self._stopped = True
        self._queue.clear()
        self._waiting = 0
        self._then = None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _after(self, then: Callable[[], object]) -> None:
        """Do *then* when everything went out, unless the connection is about to be cut."""
        if self._cutting:
            return
        if self._queue or self._blocked:
            self._then = then
        else:
            then()

    def _pump(self) -> None:
        if self._timer is not None or self._blocked or not self._queue:
            return
        if not self._valve:
            self._valve = True
            self._transport.registerProducer(_Valve(self), True)
        traffic = self._traffic
        while self._queue and not self._blocked:
            piece = self._next()
            self._transport.write(piece)
            wait = traffic.gap + (len(piece) / traffic.rate if traffic.rate else 0)
            if wait or traffic.piece:
                # Also without a wait: what is written in one turn of the reactor goes out together.
                self._timer = self._wall.callLater(wait, self._beat)
                return
        self._drained()

    def _beat(self) -> None:
        if self._timer is not None and self._timer.active():
            return
        self._timer = None
        if self._queue:
            self._pump()
        else:
            self._drained()

    def _next(self) -> bytes:
        piece = self._queue.popleft()
        if len(piece) > self._piece:
            self._queue.appendleft(piece[self._piece :])
            piece = piece[: self._piece]
        self._waiting -= len(piece)
        return bytes(piece)

    def _drained(self) -> None:
        if self._queue or self._blocked:  # the socket says when it has room again
            return
        if self._valve:
            self._valve = False
            self._transport.unregisterProducer()
        if self._left == 0:
            self._cutting = True
            self._timer = self._wall.callLater(SETTLE, self._over)
            return
        then, self._then = self._then, None
        if then is None:
            self._release()  # who makes the bytes may go on at once, and even come to the end
        else:
            then()

    def _over(self) -> None:
        self._timer, self._cutting, self._then = None, False, None
        self._cut()

    def _hold(self) -> None:
        if self._producer is not None and not self._pauses:
            self._pauses = True
            self._producer.pauseProducing()

    def _release(self) -> None:
        if self._producer is not None and self._pauses:
            self._pauses = False
            self._producer.resumeProducing()


@implementer(IPushProducer)
class _Valve:
    """What the socket pauses when the peer reads too slowly."""

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle

    def pauseProducing(self) -> None:
        self._throttle._blocked = True

    def resumeProducing(self) -> None:
        self._throttle._blocked = False
        self._throttle._beat()

    def stopProducing(self) -> None:
        self._throttle.stop()
