"""The clock of a simulated PBX, as tests read and move it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ucmsim.client import ControlClient

__tracebackhide__ = True


@dataclass(frozen=True, slots=True)
class UcmClock:
    """The clock of a simulated PBX, which shows in the times and ids of its CDRs, in `Date`, and in `now` of a query.

    Nonces, timeouts and latencies go by real time whatever it shows. Everything here may raise
    `ucmsim.client.ControlError`.
    """

    _control: ControlClient = field(repr=False)
    _pbx: str

    @property
    def now(self) -> datetime:
        """What it shows, in UTC."""
        return self._control.clock(self._pbx).now

    @property
    def world(self) -> datetime:
        """The world's time, in UTC, in which calls happen: another than `now` once the clock was stepped."""
        return self._control.clock(self._pbx).world

    @property
    def rate(self) -> float:
        """How many of its seconds pass in one; 0 while it is frozen."""
        return self._control.clock(self._pbx).rate

    def freeze(self) -> None:
        """Let it stand still."""
        self.run(0.0)

    def run(self, rate: float = 1.0) -> None:
        """Let it run *rate* times as fast as real time, 0 to 100000."""
        self._change(rate=rate)

    def set(self, now: datetime) -> None:
        """Set it to *now*, which must have a zone; it runs or stands as before. What is passed over does not happen."""
        self._change(now=now)

    def advance(self, by: float | timedelta | None = None, **units: float) -> None:
        """Let time pass, in seconds, as a timedelta, or as ``advance(hours=1)``, and all happen that happens in it."""
        self._change(advance=_seconds(by, units))

    def step(self, by: float | timedelta | None = None, **units: float) -> None:
        """Correct it forward or back, by what `advance` takes, as NTP does; in the world no time passes."""
        self._change(step=_seconds(by, units))

    def set_zone(self, name: str) -> None:
        """Let the unit believe in the IANA zone *name* from now on."""
        self._change(time_zone=name)

    def _change(self, **change: Any) -> None:
        self._control.change_clock(self._pbx, change)


def _seconds(by: float | timedelta | None, units: dict[str, float]) -> float:
    """Return how many seconds are meant; raises `TypeError` for none, for both ways at once and for unknown units."""
    if (by is None) is not bool(units):
        raise TypeError("say how much time: in seconds, as a timedelta, or in units such as hours=1, and in one way")
    if by is None:
        by = timedelta(**units)
    return by.total_seconds() if isinstance(by, timedelta) else by
