"""The port of one PBX: open while the PBX runs, but for the time that faults keep it closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ucmsim.appliance.pbx import Pbx
from ucmsim.errors import BindError
from ucmsim.faults import Moment
from ucmsim.journal import Opening
from ucmsim.settings import Address
from ucmsim.sockets.gate import Gate
from ucmsim.sockets.ports import OpenPort, closed, of_pbx

LOOK = 0.1
"""Wall-clock seconds between looks at whether faults let the port be open, while one is about that."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Nothing is to listen: the API is disabled, another listens in its place, or it is the end."""

    address: ClassVar[None] = None

    @property
    def forgotten(self) -> Nowhere:
        return self

    @property
    def left(self) -> Nowhere:
        return self

    def moved(self, port: OpenPort | None) -> Place:
        return Nowhere() if port is None else Open(port)

    def close(self) -> Deferred[Any]:
        return succeed(None)


@dataclass(frozen=True, slots=True)
class Open:
    """The *port* listens."""

    port: OpenPort

    @property
    def address(self) -> Address:
        return self.port.address

    @property
    def forgotten(self) -> Open:
        return self

    @property
    def left(self) -> Shut:
        return Shut(self.address)

    def moved(self, port: OpenPort | None) -> Place:
        return Nowhere() if port is None else Open(port)

    def close(self) -> Deferred[Any]:
        return self.port.close()


@dataclass(frozen=True, slots=True)
class Shut:
    """It would listen on *address*: faults *keeping* it so are why not, and once there are none it is tried until it can be had.

    Those in *by* have kept it closed *since* a moment of the wall clock. *taken* says that it was told of another who has it.
    """

    address: Address
    keeping: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    since: float = 0.0
    taken: bool = False

    @property
    def forgotten(self) -> Shut:
        return Shut(self.address)

    @property
    def left(self) -> Shut:
        return Shut(self.address)

    def moved(self, port: OpenPort | None) -> Place:
        if port is None:
            return Nowhere()
        if not self.keeping:
            return Open(port)
        port.close()
        return replace(self, address=port.address, taken=False)

    def closed(self, faults: tuple[str, ...], wall: float) -> Shut:
        """Return it closed by these *faults* too, at *wall* seconds."""
        since = self.since if self.by else wall
        return replace(self, by=(*self.by, *(name for name in faults if name not in self.by)), since=since)

    def close(self) -> Deferred[Any]:
        return succeed(None)


Place = Nowhere | Open | Shut
"""Where a PBX listens, and what it leaves to the next.

*forgotten* is the same without what any fault has done to it, *left* the address alone, for who is to listen there some
time. `moved` is the place at another port, None for nowhere, which is closed where faults keep it so; this one stays as it is
until it is told to `close`.
"""


@dataclass(frozen=True, slots=True)
class Aside:
    """The port on *address* gave way to the one that is to take its place; whatever faults say, it is back or gone soon."""

    address: Address


class Listening:
    """The port on which *gate* takes the connections of *pbx*."""

    _log = Logger()

    def __init__(self, pbx: Pbx, gate: Gate, reactor: Any) -> None:
        self._pbx = pbx
        self._gate = gate
        self._reactor = reactor
        self._state: Place | Aside = Nowhere()
        self._timer: IDelayedCall | None = None
        pbx.faults.changed = self.look
        # Not at once: the connection on which it happens is in the middle of its request.
        pbx.went_down.append(lambda: reactor.callLater(0, self.look))

    @property
    def address(self) -> Address | None:
        """Where it listens, or would if no fault kept it closed; None for nowhere."""
        return self._state.address

    def open(self, bind: Address) -> None:
        """Listen on *bind*; raises `BindError`."""
        self._state = Open(self._opened(bind))
        self._log.info("{pbx}: listening on {address}", pbx=self._pbx.name, address=str(self.address))
        self.look()

    def give_up(self) -> Place:
        """Return the port, which nobody else gets meanwhile: whoever connects waits until another takes it."""
        place = self._place
        if isinstance(place, Open):
            place.port.pause()
        self._state = Nowhere()
        self._forget_timer()
        return place

    def take(self, place: Place) -> None:
        """Listen where another did, unless a fault of this PBX closes the port."""
        self._state = place
        if isinstance(place, Open):
            place.port.resume(self._gate)
        self.look()

    async def coming(self, bind: Address) -> OpenPort:
        """Return a port that is open on *bind*, and takes nobody yet: to `move` to, or to `give_back`.

        Raises `BindError`, and then listens where it did.
        """
        try:
            port = self._opened(bind)
        except BindError:
            own = self._state
            if not isinstance(own, Open) or own.address.port != bind.port:
                raise
            # Its own port may be in the way: all addresses take in each.
            self._state = Aside(own.address)
            await own.port.close()
            try:
                port = self._opened(bind)
            except BindError:
                await self.give_back(None)
                raise
        port.pause()
        return port

    async def give_back(self, port: OpenPort | None) -> None:
        """Close the *port* that was coming, and listen where it did if that had to give way to it."""
        await closed(port)
        if isinstance(self._state, Aside):
            self._state = Shut(self._state.address)
            self.look()

    def move(self, port: OpenPort | None) -> None:
        """Listen on *port* instead, or nowhere; whoever is connected stays so."""
        old = self._place
        old.close()
        self._state = there = old.moved(port)
        said = "no more" if port is None else f"on {self.address}"
        self._log.info("{pbx}: listens {where}", pbx=self._pbx.name, where=said)
        if isinstance(there, Open):
            there.port.resume(self._gate)
        self.look()

    def close(self) -> Deferred[Any]:
        """Listen no more."""
        place, self._state = self._place, Nowhere()
        self._forget_timer()
        return place.close()

    def look(self) -> None:
        """Close the port while a fault keeps it closed, and open it again."""
        if isinstance(self._state, Nowhere | Aside):
            return
        found, settled = self._pbx.port(self._reactor.seconds())
        if found.is_open:
            if isinstance(self._state, Shut):
                self._state = self._opened_again(replace(self._state, keeping=()))
        else:
            keeping = self._state.keeping if isinstance(self._state, Shut) else ()
            if fresh := tuple(name for name in found.faults if name not in keeping):
                settled.without(keeping).count()
                self._state = self._shut(self._state, fresh, cuts=found.cuts)
            if isinstance(self._state, Shut):
                self._state = replace(self._state, keeping=found.faults)
        self._forget_timer()
        if isinstance(self._state, Shut) or self._pbx.faults.any_at(Moment.LISTEN):
            self._timer = self._reactor.callLater(LOOK, self.look)

    @property
    def _place(self) -> Place:
        """Where it listens; where it gave way to another port, somebody may listen there again."""
        return Shut(self._state.address) if isinstance(self._state, Aside) else self._state

    def _opened(self, bind: Address) -> OpenPort:
        return OpenPort.open(self._reactor, bind, self._gate, of_pbx(self._pbx.name))

    def _shut(self, place: Open | Shut, faults: tuple[str, ...], *, cuts: bool) -> Shut:
        """Listen no more because of *faults*, or still not because of these too."""
        now, shut = self._reactor.seconds(), place if isinstance(place, Shut) else place.left
        self._log.info("{pbx}: listens no more [faults: {faults}]", pbx=self._pbx.name, faults=", ".join(faults))
        self._pbx.turned(Opening(False, str(shut.address), faults), now)
        place.close()
        if cuts:
            self._gate.abort_all(faults)
        return shut.closed(faults, now)

    def _opened_again(self, place: Shut) -> Place:
        """Listen at *place* again, if it can be had."""
        name, now = self._pbx.name, self._reactor.seconds()
        try:
            port = self._opened(place.address)
        except BindError as error:  # somebody else has it now: it is tried again
            if not place.taken:
                self._log.warn("{pbx}: {error}; it is tried again and again", pbx=name, error=str(error))
            return replace(place, taken=True)
        self._log.info("{pbx}: listens on {address} again", pbx=name, address=str(place.address))
        if place.by:  # else it was another that closed it
            self._pbx.turned(Opening(True, str(place.address), place.by, now - place.since), now)
        return Open(port)

    def _forget_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
