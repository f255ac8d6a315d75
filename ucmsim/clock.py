"""The two clocks: the wall paces the wire, the PBX clock is what the appliance believes. Pure.

A clock is a value: whoever moves it gets another. The one that holds on a PBX is that of `ucmsim.pbx.Pbx`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ucmsim.settings import ClockChange

# A day within what a datetime can hold, so that each moment has a local time in every zone.
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class When:
    """One moment on both clocks: *wall* in seconds of the epoch, *pbx* as an aware UTC instant."""

    wall: float
    pbx: datetime


@dataclass(frozen=True, slots=True)
class PbxClock:
    """Maps wall-clock seconds to PBX time: at *began* it showed *start*, and it runs *rate* times as fast."""

    start: datetime
    began: float
    rate: float = 1.0

    @classmethod
    def starting(cls, start: datetime | None, rate: float, wall: float) -> PbxClock:
        """Return the clock that begins at *wall*; without a *start* it begins at the wall's own time."""
        return cls((start or datetime.fromtimestamp(wall, UTC)).astimezone(UTC), wall, rate)

    def at(self, wall: float) -> When:
        """Return the moment at *wall*; a clock that would leave the years 1 to 9999 stays at their end."""
        return When(wall, _moved(self.start, (wall - self.began) * self.rate))

    def set_to(self, now: datetime, wall: float) -> PbxClock:
        """Return the clock that shows *now* at *wall* and goes on from there; nothing happens in between."""
        return replace(self, start=now.astimezone(UTC), began=wall)

    def running(self, rate: float, wall: float) -> PbxClock:
        """Return the clock that runs *rate* times as fast from *wall* on; at *wall* both show the same."""
        return replace(self, start=self.at(wall).pbx, began=wall, rate=rate)

    def advanced(self, seconds: float, wall: float) -> PbxClock:
        """Return the clock for which *seconds*, 0 or more, have passed at *wall*.

        Time passes, so that all happens that would have happened in it. Raises `ValueError` for less than 0.
        """
        if seconds < 0:
            raise ValueError("time does not pass backwards; a clock is stepped")
        return self._put(seconds, wall)

    def stepped(self, seconds: float, wall: float) -> PbxClock:
        """Return the clock corrected by *seconds* at *wall*, forward or back, as NTP or an administrator does it.

        No time passes, so that nothing happens in between: what is skipped never was, what comes again comes anew.
        """
        return self._put(seconds, wall)

    def changed(self, change: ClockChange, wall: float) -> PbxClock:
        """Return the clock as *change* has it from *wall* on."""
        clock = self if change.rate is None else self.running(change.rate, wall)
        if change.now is not None:
            return clock.set_to(change.now, wall)
        if change.advance is not None:
            return clock.advanced(change.advance, wall)
        return clock if change.step is None else clock.stepped(change.step, wall)

    def _put(self, seconds: float, wall: float) -> PbxClock:
        # One and the same today; they part when calls happen: only what is advanced lets them.
        return replace(self, start=_moved(self.at(wall).pbx, seconds), began=wall)


def _moved(instant: datetime, seconds: float) -> datetime:
    try:
        return min(max(instant + timedelta(seconds=seconds), _FIRST), _LAST)
    except OverflowError:
        return _LAST if seconds > 0 else _FIRST
