"""The two clocks: the wall paces the wire, the PBX clock is what the appliance believes. Pure.

A clock is a value: whoever moves it gets another. The one that holds on a PBX is that of `ucmsim.appliance.pbx.Pbx`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ucmsim.corrections import Correction, Corrections
from ucmsim.instants import EARLIEST, LATEST, SECOND, at_microseconds, microseconds, moved_within_time
from ucmsim.settings import Clock, ClockChange

_FAR = 1e300
"""Seconds further than any clock can be off."""


@dataclass(frozen=True, slots=True)
class When:
    """One moment on both clocks: *wall* in seconds of the epoch, *pbx* as an aware UTC instant.

    *zone* is the one that the appliance believes in, None for the configured one.
    """

    wall: float
    pbx: datetime
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class PbxClock:
    """Maps wall-clock seconds to the world's time, in which calls happen, and that to what the PBX shows.

    In the simulated world it was *start* at *began*, and time passes *rate* times as fast. The PBX shows that, but for
    the *corrections* of its clock.
    """

    start: datetime
    began: float
    rate: float = 1.0
    corrections: Corrections = Corrections()  # noqa: RUF009 - a frozen value

    @classmethod
    def of(cls, settings: Clock, wall: float) -> PbxClock:
        """Return the clock that the *settings* ask for, begun at *wall*."""
        return replace(cls.starting(settings.start, settings.rate, wall), corrections=Corrections.of(settings))

    @classmethod
    def starting(cls, start: datetime | None, rate: float, wall: float) -> PbxClock:
        """Return the clock that begins at *wall*; without a *start* it begins at the wall's own time."""
        return cls((start or datetime.fromtimestamp(wall, UTC)).astimezone(UTC), wall, rate)

    def at(self, wall: float) -> When:
        """Return the moment at *wall*; a clock that would leave the years 1 to 9999 stays at their end."""
        world = self.world(wall)
        if not self.corrections:
            return When(wall, world)
        instant = microseconds(world)
        return When(wall, at_microseconds(self.corrections.shown(instant)), self.corrections.zone(instant))

    def world(self, wall: float) -> datetime:
        """Return the world's time at *wall*, in UTC, whatever the PBX shows."""
        return _moved(self.start, (wall - self.began) * self.rate)

    def set_to(self, now: datetime, wall: float) -> PbxClock:
        """Return the clock that shows *now* at *wall* and goes on from there; nothing happens in between.

        The world goes there with it, so that it is right again.
        """
        corrections = self.corrections.set_right(microseconds(now), microseconds(self.world(wall)))
        return replace(self, start=now.astimezone(UTC), began=wall, corrections=corrections)

    def running(self, rate: float, wall: float) -> PbxClock:
        """Return the clock that runs *rate* times as fast from *wall* on; at *wall* both show the same."""
        return replace(self, start=self.world(wall), began=wall, rate=rate)

    def advanced(self, seconds: float, wall: float) -> PbxClock:
        """Return the clock for which *seconds*, 0 or more, have passed at *wall*.

        Time passes, so that all happens that would have happened in it. Raises `ValueError` for less than 0.
        """
        if seconds < 0:
            raise ValueError("time does not pass backwards; a clock is stepped")
        return replace(self, start=_moved(self.world(wall), seconds), began=wall)

    def stepped(self, seconds: float, wall: float) -> PbxClock:
        """Return the clock corrected by *seconds* at *wall*, forward or back, as NTP or an administrator does it.

        No time passes in the world: calls that are up go on, and are written with what the clock shows.
        """
        far = min(max(seconds, -_FAR), _FAR)  # beyond it, in microseconds, is no number any more
        return self._corrected(Correction(microseconds(self.world(wall)), round(far * SECOND)))

    def in_zone(self, zone: ZoneInfo, wall: float) -> PbxClock:
        """Return the clock of a unit that believes in *zone* from *wall* on."""
        return self._corrected(Correction(microseconds(self.world(wall)), zone=zone))

    def check(self, change: ClockChange, wall: float) -> None:
        """Raise `NoInstant` where *change* steps the clock at *wall* out of the years that there are: it could not be stepped back."""
        if change.step is not None:
            world = microseconds(self.world(wall))
            moved_within_time(world + self.corrections.ahead(world), change.step)

    def changed(self, change: ClockChange, wall: float) -> PbxClock:
        """Return the clock as *change* has it from *wall* on."""
        clock = self if change.rate is None else self.running(change.rate, wall)
        if change.now is not None:
            clock = clock.set_to(change.now, wall)
        if change.advance is not None:
            clock = clock.advanced(change.advance, wall)
        if change.step is not None:
            clock = clock.stepped(change.step, wall)
        return clock if change.time_zone is None else clock.in_zone(change.time_zone, wall)

    def _corrected(self, correction: Correction) -> PbxClock:
        return replace(self, corrections=self.corrections.corrected(correction))


def _moved(instant: datetime, seconds: float) -> datetime:
    try:
        return min(max(instant + timedelta(seconds=seconds), EARLIEST), LATEST)
    except OverflowError:
        return LATEST if seconds > 0 else EARLIEST
