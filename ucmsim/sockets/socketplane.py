"""Below TLS: when TLS begins, and how a socket ends.

TLS begins when the ClientHello is there, because what the client is shown is decided at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionAborted, ConnectionLost
from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocol,
    ITCPTransport,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.python.failure import Failure
from zope.interface import implementer

from ucmsim.appliance.hello import hello_is_whole
from ucmsim.faults import FREELY, Handshake, Traffic
from ucmsim.journal.hello import offered, resumed
from ucmsim.journal.visits import BY_CLIENT, BY_DEVICE, BY_FAULT, BY_STOP, RESET_BY_CLIENT, RESET_BY_DEVICE, Visit
from ucmsim.refusals import Code, Refusal
from ucmsim.sockets.kernel import before_loss, measured
from ucmsim.sockets.throttle import Throttle
from ucmsim.verdicts import alert_in_clear

if TYPE_CHECKING:
    from ucmsim.sockets.gate import Gate

LINGER = 5.0
"""Wall-clock seconds a peer has to close its side after the device has closed; then the socket is closed anyway."""

_DELAYED = 2 * 65535
"""Bytes whose acknowledgement may be delayed: two segments of the longest kind (RFC 1122, 4.2.3.2)."""

_NO_HELLO = Refusal.of(
    Code.NO_HANDSHAKE, "the connection ended before a whole ClientHello came", "speak TLS on this port, at once"
)
_CUT = Refusal.of(Code.CUT_BY_FAULT, "a fault cut the connection", "disarm it, or let the client bear it")


@implementer(IHalfCloseableProtocol)
class Below(ProtocolWrapper):
    """The shim between one TCP socket and its TLS: holds the ClientHello back, ends the socket as it is told to."""

    factory: Gate
    transport: ITCPTransport

    def __init__(self, factory: Gate, wrapped: IProtocol, visit: Visit, traffic: Traffic = FREELY) -> None:
        super().__init__(factory, wrapped)
        self.visit = visit
        self.handshake = Handshake()
        self._traffic = traffic
        self._throttles: list[Throttle] = []
        self._in_flight = False
        self._is_cut = False
        self._held: bytes | None = b""
        self._ending = self._left_first = False
        self._peer_ended = False
        self._timer: IDelayedCall | None = None

    def makeConnection(self, transport: Any) -> None:
        """Take the socket; TLS does not know of it yet."""
        self.transport = transport
        if self._traffic != FREELY:
            self._throttled(self._traffic, self._cut)
        self.connected = 1
        transport.setTcpNoDelay(True)
        before_loss(transport, self._measure)
        self.factory.registerProtocol(self)
        if self._traffic.delay:
            transport.pauseProducing()
            self._wait(self._traffic.delay, self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        """Look at what comes."""
        if self._traffic.delay:
            self.transport.resumeProducing()  # type: ignore[attr-defined]  # every TCP transport reads on demand
        self._wait(self.factory.inactivity, self.transport.loseConnection)
        if self._traffic.limit == 0:
            self._cut()

    def _cut(self) -> None:
        """End as a fault has it; from now on nothing that comes is looked at, and nothing goes out."""
        self._cancel_timer()
        self.visit.cut = BY_FAULT
        ending = self._traffic.ending
        if ending == "fin" and not self._ending:
            self.finish()
        elif ending == "fin":  # what was to end it before has waited for this
            self.transport.loseWriteConnection()
        self._is_cut = True
        if ending == "reset":
            self.transport.abortConnection()
        elif ending == "half":
            self.transport.loseWriteConnection()

    def abort(self, faults: tuple[str, ...]) -> None:
        """Cut at once, because the device goes down; *faults* are the names of those that have it do so."""
        if not self._ending:  # else it was over, and only its socket lingers
            self.visit.faults += faults
            self.visit.cut = BY_FAULT if faults else BY_STOP
            self._is_cut = self._is_cut or bool(faults)
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        self.visit.received += len(data)
        if self._is_cut:
            self.visit.alert = self.visit.alert or alert_in_clear(data)
            return
        if self._in_flight:
            self._in_flight = False
            self._throttles[-1].freely()
        if self._held is None:
            if not self._ending:
                super().dataReceived(data)
            return
        self._held += data
        if not hello_is_whole(self._held):
            return
        self._cancel_timer()
        self.handshake = handshake = self.factory.pbx.handshake(self.visit.peer, self.factory.wall.seconds())
        self.visit.offered, self.visit.defect = offered(self._held), handshake.shown
        self.visit.faults += handshake.faults
        if handshake.flight is not None:
            self._in_flight = True
            self._throttled(Traffic(piece=handshake.flight.bytes, gap=handshake.flight.seconds), lambda: None)
        if handshake.answer is not None:
            self._answer(handshake.answer, handshake.ending)
            return
        held, self._held = self._held, None
        # Not through ProtocolWrapper, which declares every interface of the socket anew for each connection.
        self.wrappedProtocol.makeConnection(self)  # type: ignore[arg-type]  # it is a transport to what it wraps
        super().dataReceived(held)

    def _throttled(self, traffic: Traffic, cut: Callable[[], object]) -> None:
        self._throttles.append(Throttle(self.transport, traffic, self.factory.wall, cut))
        self.transport = self._throttles[-1]  # type: ignore[assignment]  # it stands in for one

    def _answer(self, answer: bytes, ending: str) -> None:
        """Send *answer* in place of a handshake, and end as a fault has it."""
        if answer:
            self.visit.written += len(answer)
            self.transport.write(answer)
        if ending == "fin":
            self.finish()
        self._is_cut = True
        if ending == "reset":
            self.transport.abortConnection()
        elif ending == "stay":
            self._wait(self.factory.inactivity, self.transport.loseConnection)

    def write(self, data: bytes) -> None:
        if self.visit.resumed is None and not self.visit.shaken:
            # In the first flight, or in that behind a HelloRetryRequest.
            self.visit.resumed = resumed(data)
        self.visit.written += len(data)
        super().write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        self.write(b"".join(data))

    def finish(self) -> None:
        """Send FIN after what was written; read on, without looking, until the peer closes or its time is up.

        Closing at once instead would send RST when input is unread, and a RST destroys what the peer has not read.
        """
        if self._ending or self._is_cut or not self.connected:
            return
        self._ending, self._left_first = True, self._peer_ended
        self.factory.ended(self)
        self._wait(self.factory.inactivity, self._give_up)
        self.transport.resumeProducing()  # type: ignore[attr-defined]  # every TCP transport reads on demand
        if self._peer_ended:
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    @property
    def sends(self) -> bool:
        """Whether bytes wait here for their time, and not for the peer."""
        return any(throttle.sends for throttle in self._throttles)

    def _give_up(self) -> None:
        """Reset a peer that has had its time to take what was written, unless that has not gone out yet."""
        if self.sends:
            self._wait(self.factory.inactivity, self._give_up)
        else:
            self.transport.abortConnection()

    def loseConnection(self) -> None:
        """Close, unless the end is under way already: what TLS thinks of later input is of no interest then."""
        if not (self._ending or self._is_cut):
            super().loseConnection()

    def abortConnection(self) -> None:
        """Cut at once, unless a fault has done it its own way."""
        if not self._is_cut:
            self.transport.abortConnection()

    def readConnectionLost(self) -> None:
        """The peer has sent its FIN: before TLS and after the end that is all, in between a reply may be under way."""
        self._peer_ended = True
        if self._held is not None or self._ending or self._is_cut:
            self.transport.loseConnection()
        else:
            self.factory.input_ended(self)

    def writeConnectionLost(self) -> None:
        """Our own FIN is out; now the peer has a while to close, unless a fault has it stay."""
        if self._traffic.ending == "half" and self._is_cut:
            return
        self._wait(LINGER, self.transport.loseConnection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._cancel_timer()
        for throttle in self._throttles:
            throttle.stop()
        self.connected = 0
        if self._held is None:
            super().connectionLost(reason)
            self.visit.refusal = _CUT if self._is_cut else self.visit.refusal
        else:
            self.factory.unregisterProtocol(self)
            if self.visit.offered is None:
                self.factory.undecided(self.visit.peer)
            self.visit.refusal = _CUT if self._is_cut else _NO_HELLO
        self.visit.ended = self.visit.ended or self._how(reason)
        self.factory.pbx.left(self.visit, self.factory.wall.seconds())
        self.factory.gone()

    def _how(self, reason: Failure) -> str:
        """Return how the connection has ended: who reset it, else whose FIN came first.

        A peer that goes with our close_notify unread sends RST and means nothing by it, also if it has not acknowledged
        yet what came last.
        """
        visit = self.visit
        if reason.check(ConnectionAborted):
            return RESET_BY_DEVICE
        first = self._left_first or (self._peer_ended and not self._ending)
        if self._ending and visit.unacknowledged <= _DELAYED:
            return BY_CLIENT if first else BY_DEVICE
        if reason.check(ConnectionLost):
            return RESET_BY_CLIENT
        return BY_CLIENT if first else BY_DEVICE

    def _measure(self) -> None:
        found = measured(self.transport)
        if found is not None:
            self.visit.count(found.handed, found.acknowledged)

    def _wait(self, seconds: float | None, then: Callable[[], object]) -> None:
        """Do *then* after *seconds*, unless something else is waited for first; None waits for ever."""
        self._cancel_timer()
        if seconds is not None:
            self._timer = self.factory.wall.callLater(seconds, then)

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
