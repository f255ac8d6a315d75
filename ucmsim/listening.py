"""The port of one PBX: open while the PBX runs, but for the time that faults keep it closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ucmsim.errors import BindError
from ucmsim.faults import Moment
from ucmsim.gate import Gate
from ucmsim.journal import Opening
from ucmsim.pbx import Pbx
from ucmsim.ports import OpenPort, closed, of_pbx
from ucmsim.settings import Address

LOOK = 0.1
"""Wall-clock seconds between looks at whether faults let the port be open, while one is about that."""


@dataclass(frozen=True, slots=True)
class Place:
    """What one PBX leaves to the next: the *address*, None where nothing is to listen, and the *port* that does, if one is open.

    *keeping* are the faults that keep it closed by now, *closed_by* all that did since it was *closed_at*.
    """

    address: Address | None = None
    port: OpenPort | None = None
    keeping: tuple[str, ...] = ()
    closed_by: tuple[str, ...] = ()
    closed_at: float = 0.0

    @property
    def forgotten(self) -> Place:
        """The same without what any fault has done to it."""
        return Place(self.address, self.port)

    @property
    def left(self) -> Place:
        """The address alone, for who is to listen there some time."""
        return Place(self.address)

    def moved(self, port: OpenPort | None) -> Place:
        """Return the place at another *port*, None for nowhere, which is closed where faults keep it so; this one stays open."""
        if port is None:
            return Place()
        if self.keeping:
            port.close()
        return replace(self, address=port.address, port=None if self.keeping else port)

    def close(self) -> Deferred[Any]:
        """Listen no more."""
        return closed(self.port)


class Listening:
    """The port on which *gate* takes the connections of *pbx*."""

    _log = Logger()

    def __init__(self, pbx: Pbx, gate: Gate, reactor: Any) -> None:
        self._pbx = pbx
        self._gate = gate
        self._reactor = reactor
        self._port: OpenPort | None = None
        self._timer: IDelayedCall | None = None
        self._keeping: tuple[str, ...] = ()
        self._closed_by: tuple[str, ...] = ()
        self._closed_at = 0.0
        self._taken = False
        self.address: Address | None = None
        pbx.faults.changed = self.look
        # Not at once: the connection on which it happens is in the middle of its request.
        pbx.went_down.append(lambda: reactor.callLater(0, self.look))

    def open(self, bind: Address) -> None:
        """Listen on *bind*; raises `BindError`."""
        self._port = OpenPort.open(self._reactor, bind, self._gate, of_pbx(self._pbx.name))
        self.address = self._port.address
        self._log.info("{pbx}: listening on {address}", pbx=self._pbx.name, address=str(self.address))
        self.look()

    def give_up(self) -> Place:
        """Return the port, which nobody else gets meanwhile: whoever connects waits until another takes it."""
        keeping = () if self.address is None else self._keeping
        place = Place(self.address, self._port, keeping, self._closed_by, self._closed_at)
        if place.port is not None:
            place.port.pause()
        self.address = self._port = None
        self._forget_timer()
        return place

    def take(self, place: Place) -> None:
        """Listen where another did, unless a fault of this PBX closes the port."""
        self.address, self._port = place.address, place.port
        self._keeping, self._closed_by, self._closed_at = place.keeping, place.closed_by, place.closed_at
        if self._port is not None:
            self._port.resume(self._gate)
        self.look()

    async def coming(self, bind: Address) -> OpenPort:
        """Return a port that is open on *bind*, and takes nobody yet. Raises `BindError`, and then listens where it did."""
        here = self.address
        who = of_pbx(self._pbx.name)
        try:
            port = OpenPort.open(self._reactor, bind, self._gate, who)
        except BindError:
            if here is None or self._port is None or here.port != bind.port:
                raise
            # Its own port may be in the way: all addresses take in each.
            await self._port.close()
            try:
                port = OpenPort.open(self._reactor, bind, self._gate, who)
            except BindError:
                self._port = OpenPort.open(self._reactor, here, self._gate, who)
                raise
            self._port = None
        port.pause()
        return port

    def move(self, port: OpenPort | None) -> None:
        """Listen on *port* instead, or nowhere; whoever is connected stays so."""
        old, self._port = self._port, port
        was_closed = self.address is not None and old is None and bool(self._keeping)
        closed(old)
        self.address = None if port is None else port.address
        said = "no more" if port is None else f"on {self.address}"
        self._log.info("{pbx}: listens {where}", pbx=self._pbx.name, where=said)
        if port is not None and was_closed:  # a fault keeps it closed, wherever it would be
            port.close()
            self._port = None
        elif port is not None:
            port.resume(self._gate)
        self.look()

    def close(self) -> Deferred[Any]:
        """Listen no more."""
        self.address = None
        self._forget_timer()
        port, self._port = self._port, None
        return closed(port)

    def look(self) -> None:
        """Close the port while a fault keeps it closed, and open it again."""
        if self.address is None:
            return
        state, settled = self._pbx.port(self._reactor.seconds())
        if state.is_open:
            if self._port is None:
                self._open_again(self.address)
        elif fresh := tuple(name for name in state.faults if name not in self._keeping):
            settled.without(self._keeping).count()
            self._close(self.address, fresh, cuts=state.cuts)
        self._keeping = state.faults
        self._forget_timer()
        if self._port is None or self._pbx.faults.any_at(Moment.LISTEN):
            self._timer = self._reactor.callLater(LOOK, self.look)

    def _close(self, place: Address, faults: tuple[str, ...], *, cuts: bool) -> None:
        """Listen no more because of *faults*, or still not because of these too."""
        now = self._reactor.seconds()
        self._log.info("{pbx}: listens no more [faults: {faults}]", pbx=self._pbx.name, faults=", ".join(faults))
        self._pbx.turned(Opening(False, str(place), faults), now)
        self._closed_by += tuple(name for name in faults if name not in self._closed_by)
        if self._port is not None:
            port, self._port, self._closed_at = self._port, None, now
            port.close()
        if cuts:
            self._gate.abort_all(faults)

    def _open_again(self, place: Address) -> None:
        name, now = self._pbx.name, self._reactor.seconds()
        try:
            self._port = OpenPort.open(self._reactor, place, self._gate, of_pbx(name))
        except BindError as error:  # somebody else has it now: it is tried again
            if not self._taken:
                self._log.warn("{pbx}: {error}; it is tried again and again", pbx=name, error=str(error))
            self._taken = True
            return
        self._log.info("{pbx}: listens on {address} again", pbx=name, address=str(place))
        if self._closed_by:  # else it was another that closed it
            self._pbx.turned(Opening(True, str(place), self._closed_by, now - self._closed_at), now)
        self._closed_by, self._taken = (), False

    def _forget_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
