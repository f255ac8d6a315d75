"""When a leg was and how long it lasted, as a firmware writes it. Spec 3.3, 5.1; https-api 5.2 (ucm6200).

Instants become local text here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from ucmsim.calls.legs import FORK, Leg
from ucmsim.instants import SECOND
from ucmsim.register import Quirks

_ZEROS = "0000-00-00 00:00:00"
_MINUTE = 60
_SECONDS = tuple(f"{number:02}" for number in range(_MINUTE))
_MINUTES = 1024
"""Minutes whose local text is kept: a row has three times, and most of them share a minute with others."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock of one firmware in one *zone*."""

    minute: Callable[[int], str]
    """The local text of a minute of the epoch, up to its seconds; "" for one in which the zone's clocks show no whole one."""
    zone: ZoneInfo
    unanswered: str
    """What answer and end are of a call that nobody took."""
    missing: str
    """What is written for one of them that is left out."""
    displayed: bool
    """Seconds are those that the two times display; else they are floors of what passed."""
    momentary: frozenset[str]
    """Dispositions whose legs have a duration of 0, whatever their end."""
    unbilled: bool
    """What a ForkCDR tells has a billsec of 0."""
    whole: bool
    """Who takes a group's call is billed the ringing too."""
    busy_at_start: bool
    """A busy phone of a group has the answer and the end of its start."""
    steady: bool
    """No correction of the clock changes seconds."""

    @classmethod
    def of(cls, quirks: Quirks, zone: ZoneInfo) -> Timing:
        """Return what the register says."""
        momentary = {"BUSY": quirks["busy-duration"] == "zero", "FAILED": quirks["failed-duration"] == "zero"}
        return cls(
            _minutes(zone),
            zone,
            unanswered=str(quirks["unanswered"]),
            missing=_ZEROS if quirks["missing-time"] == "zeros" else "",
            displayed=quirks["duration-rounding"] == "displayed",
            unbilled=quirks["ring-group-entry"] == "unbilled",
            whole=quirks["ring-group-winner"] == "whole",
            busy_at_start=quirks["ring-group-busy"] == "start" and quirks["unanswered"] == "stamped",
            steady=quirks["clock-corrections"] == "steady",
            momentary=frozenset(disposition for disposition, zero in momentary.items() if zero),
        )

    def local(self, instant: int) -> str:
        """Return the wall clock at *instant*."""
        minute, second = divmod(instant // SECOND, _MINUTE)
        text = self.minute(minute)
        return f"{text}{_SECONDS[second]}" if text else _local(self.zone, instant // SECOND)

    def month(self, instant: int) -> str:
        """Return the month of the wall clock at *instant*, YYYY-MM."""
        return self.local(instant)[:7]

    def answer_and_end(self, leg: Leg) -> tuple[str, str]:
        """Return the texts of both."""
        disposition = leg.disposition
        if self.busy_at_start and leg.dials and disposition == "BUSY":
            return self.local(leg.start), self.local(leg.start)
        emptied = self.unanswered == "busy-blank" and disposition in ("BUSY", "FAILED")
        end = self.missing if emptied else self.local(leg.end)
        if leg.answered:
            return self.local(self._turn(leg)), end
        return self.missing if self.unanswered == "blank" else end, end

    def duration(self, leg: Leg) -> int:
        """Return the seconds from start to end."""
        if leg.disposition in self.momentary:
            return 0
        leg = self._timed(leg)
        return self._seconds(leg.start, leg.end)

    def billsec(self, leg: Leg) -> int:
        """Return the seconds of talk."""
        if not leg.answered:
            return 0
        leg = self._timed(leg)
        return self._seconds(self._turn(leg), leg.end)

    def _timed(self, leg: Leg) -> Leg:
        """Return *leg* with the instants that its seconds are counted from."""
        return leg.real or leg if self.steady else leg

    def _turn(self, leg: Leg) -> int:
        """Return the instant that the firmware takes for that of the answer. Spec 7 #12, #13."""
        if leg.lastapp == FORK and self.unbilled:
            return leg.end
        return leg.start if leg.dials and self.whole else leg.turn

    def _seconds(self, start: int, end: int) -> int:
        if self.displayed:
            return end // SECOND - start // SECOND
        return (end - start) // SECOND


def _local(zone: ZoneInfo, second: int) -> str:
    return datetime.fromtimestamp(second, zone).replace(tzinfo=None).isoformat(" ", "seconds")


@lru_cache
def _minutes(zone: ZoneInfo) -> Callable[[int], str]:
    """Return `_minute` of *zone*, with a memory that every PBX there shares: one each would be 200 kB in time."""
    return lru_cache(_MINUTES)(partial(_minute, zone))


def _minute(zone: ZoneInfo, minute: int) -> str:
    """Return what the times of a *minute* of the epoch have in common in *zone*; "" where its seconds are others than there.

    Before there were time zones, local clocks were minutes and seconds off.
    """
    first, last = (_local(zone, second) for second in (minute * _MINUTE, minute * _MINUTE + _MINUTE - 1))
    return first[:-2] if first.endswith(":00") and last[:-2] == first[:-2] else ""
