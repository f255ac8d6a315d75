"""The two clocks: the wall paces the wire, the PBX clock is what the appliance believes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


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
        try:
            return When(wall, self.start + timedelta(seconds=(wall - self.began) * self.rate))
        except OverflowError:
            return When(wall, _LAST if wall > self.began else _FIRST)
