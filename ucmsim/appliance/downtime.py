"""How long a PBX is down that a fault had restart in the middle of a request. Pure."""

from __future__ import annotations

from ucmsim.faults import Armed, FaultBook, Settled
from ucmsim.faults.api import Restart


class Downtime:
    """The last restart of a PBX: it is over when its time is, or when the fault is taken away that had it restart."""

    def __init__(self, faults: FaultBook) -> None:
        self._faults = faults
        self._until = float("-inf")
        self._by: tuple[Armed, ...] = ()

    def begin(self, wall: float, seconds: float, settled: Settled) -> None:
        """Go down at *wall* for so many *seconds*; who had it so is among the *settled* faults."""
        self._until = wall + seconds
        self._by = tuple(one.armed for one in settled.acting if isinstance(one.acts, Restart))

    def names(self, wall: float) -> tuple[str, ...]:
        """Return the names of the faults that keep the PBX down at *wall* seconds, none when it is up."""
        if wall >= self._until:
            return ()
        return tuple(one.fired_name for one in self._by if self._faults.holds(one))
