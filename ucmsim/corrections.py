"""How a unit's clock differs from the world's time: it is corrected, and believes in a zone, which may be wrong. Pure.

Calls happen in the world's time; all that the unit writes down or sends shows its own clock. Spec 7 #8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ucmsim.instants import EARLIEST, LATEST, SECOND, microseconds
from ucmsim.settings import Clock

_FIRST, _LAST = microseconds(EARLIEST), microseconds(LATEST)


class Correction(NamedTuple):
    """From the instant *at* of the world's time on the clock goes *step* microseconds further ahead, in *zone* if any.

    It is *scheduled*, or was made while the unit ran.
    """

    at: int
    step: int = 0
    zone: ZoneInfo | None = None
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class Corrections:
    """The corrections of one clock, in the order of time. Instants are microseconds of the epoch."""

    made: tuple[Correction, ...] = ()

    @classmethod
    def of(cls, clock: Clock) -> Corrections:
        """Return those that the settings schedule."""
        made = (
            Correction(microseconds(one.at), round((one.step or 0) * SECOND), one.time_zone, scheduled=True)
            for one in clock.corrections
        )
        return cls(tuple(sorted(made, key=lambda one: one.at)))

    def __bool__(self) -> bool:
        return bool(self.made)

    def ahead(self, instant: int) -> int:
        """Return how many microseconds the clock is ahead of the world's time at *instant*."""
        return sum(one.step for one in self.made if one.at <= instant)

    def shown(self, instant: int) -> int:
        """Return what the clock shows at *instant*; it stays within what every zone can tell."""
        return min(max(instant + self.ahead(instant), _FIRST), _LAST)

    def zone(self, instant: int) -> ZoneInfo | None:
        """Return the zone that the unit believes in at *instant*, None while it is the configured one."""
        return next((one.zone for one in reversed(self.made) if one.zone and one.at <= instant), None)

    def corrected(self, correction: Correction) -> Corrections:
        """Return these and one more."""
        return Corrections(tuple(sorted((*self.made, correction), key=lambda one: one.at)))

    def set_right(self, instant: int, since: int) -> Corrections:
        """Return those of a clock that is set right at *since*, from which the world goes on at *instant*.

        No step counts any more and the zone stays; of those that are scheduled the ones after *instant* will come.
        """
        zone = self.zone(since)
        kept = tuple(one for one in self.made if one.scheduled and one.at > instant)
        return Corrections(kept if zone is None else (Correction(instant, zone=zone), *kept))
