"""The gate before TLS: who may connect, and who of those is counted.

It stands outside TLS, so a peer that is not served is closed before a byte of handshake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory, IReactorTime
from twisted.logger import Logger
from twisted.protocols.policies import WrappingFactory

from ucmsim.faults import Admission, Handshake
from ucmsim.journal.visits import Visit
from ucmsim.sockets.socketplane import Below


class Deciding(Protocol):
    """What the socket plane asks of a PBX."""

    name: str

    def admit(self, peer: str, others: int, wall: float) -> Admission: ...
    def arrived(self, peer: str, port: int, admission: Admission, wall: float) -> Visit: ...
    def handshake(self, peer: str, wall: float) -> Handshake: ...
    def closing(self, visit: Visit) -> None: ...
    def left(self, visit: Visit, wall: float) -> None: ...


class Gate(WrappingFactory[Below]):
    """Decides at accept who is served, and counts who is; *undecided* is told of peers that never sent a ClientHello."""

    noisy = False
    _log = Logger()

    def __init__(
        self,
        pbx: Deciding,
        wrapped: IProtocolFactory,
        wall: IReactorTime,
        *,
        inactivity: float | None,
        undecided: Callable[[str], object] = lambda _peer: None,
    ) -> None:
        super().__init__(wrapped)
        self.pbx = pbx
        self.wall = wall
        self.inactivity = inactivity
        self.undecided = undecided
        self._served: set[Below] = set()
        self._awaiting: list[Deferred[None]] = []

    def buildProtocol(self, addr: IAddress | None) -> Below | None:  # type: ignore[override]
        peer = str(getattr(addr, "host", ""))
        admission = self.pbx.admit(peer, len(self._served), self.wall.seconds())
        visit = self.pbx.arrived(peer, int(getattr(addr, "port", 0)), admission, self.wall.seconds())
        if not admission.serve:
            self._log.info("{pbx} {peer} closed at accept - {why}", pbx=self.pbx.name, peer=peer, why=admission.why)
            return None
        wrapped = self.wrappedFactory.buildProtocol(addr)
        return Below(self, cast("IProtocol", wrapped), visit, admission.traffic)

    def registerProtocol(self, p: Below) -> None:
        self.protocols[p] = 1
        self._served.add(p)

    def unregisterProtocol(self, p: Below) -> None:
        self.protocols.pop(p, None)
        self._served.discard(p)

    def ended(self, p: Below) -> None:
        """Stop counting *p*: the device has closed it, though its socket lingers."""
        self._served.discard(p)
        self.pbx.closing(p.visit)

    def input_ended(self, p: Below) -> None:
        """Tell the HTTP channel above *p* that no more input will come."""
        channel = getattr(p.wrappedProtocol, "wrappedProtocol", None)
        if channel is None:
            p.transport.loseConnection()
        else:
            channel.inputEnded()

    def abort_all(self, faults: tuple[str, ...] = ()) -> None:
        """Cut every connection that is still open, because of *faults* where there are such."""
        for protocol in list(self.protocols):
            protocol.abort(faults)

    def empty(self) -> Deferred[None]:
        """Fire when nobody is connected any more and everything about each connection is told."""
        if not self.protocols:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._awaiting.append(waiting)
        return waiting

    def gone(self) -> None:
        """Take note that everything is told about a connection that has ended."""
        if not self.protocols:
            awaiting, self._awaiting = self._awaiting, []
            for waiting in awaiting:
                waiting.callback(None)
