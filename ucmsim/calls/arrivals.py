"""When calls begin: a Poisson process whose rate follows the local hour, the day of the week, and the holidays.

The rate is constant between two full local hours, and between a full hour and a change of the clocks: a *stretch*.
Within one, gaps are exponential, so the process is exact. Each stretch has a random stream of its own, derived from
one key and its beginning. What arrives in it is thus the same whether a year is asked for at once or a minute at a
time, and wherever one begins to ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ucmsim.instants import SECOND
from ucmsim.settings import Traffic

_HOUR = 3600
_DAY = 24 * _HOUR
_FIRST, _LAST = -62_135_596_800 + 2 * _DAY, 253_402_300_800 - 2 * _DAY
"""Seconds of the epoch between which every zone has a local time: the years 1 to 9999, less two days."""


class Stretch(NamedTuple):
    """The instants from *start* until before *end*, at which *rate* calls a second begin on average."""

    start: int
    end: int
    rate: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How many calls begin an hour: *base*, times the weights of the hour and the weekday in *zone*, and of holidays.

    *hourly* has 24 weights, *weekdays* 7 from Monday on. *holidays* are local days, YYYY-MM-DD or MM-DD, on which the
    factor *holiday* applies. An hour that the clocks repeat has its calls twice, one that they leave out has none.
    """

    zone: ZoneInfo
    base: float
    hourly: tuple[float, ...]
    weekdays: tuple[float, ...]
    holidays: frozenset[str] = frozenset()
    holiday: float = 1.0

    @classmethod
    def of(cls, traffic: Traffic, zone: ZoneInfo, calls_per_day: float) -> Rhythm:
        """Return the rhythm of *calls_per_day*, on average over a week without holidays and changes of the clocks."""
        base = calls_per_day * 7 / (sum(traffic.hourly) * sum(traffic.weekdays))
        return cls(zone, base, traffic.hourly, traffic.weekdays, frozenset(traffic.holidays), traffic.holiday)

    def rate(self, instant: int) -> float:
        """Return how many calls begin an hour at *instant*."""
        local = self._local(instant // SECOND)
        day = local.isoformat()[:10]
        factor = self.holiday if day in self.holidays or day[5:] in self.holidays else 1.0
        return self.base * self.hourly[local.hour] * self.weekdays[local.weekday()] * factor

    def stretches(self, since: int) -> Iterator[Stretch]:
        """Yield the stretch in which *since* lies, as a whole, and those that follow, to the end of the year 9999."""
        start = self._start(max(since // SECOND, _FIRST))
        while start < _LAST:
            end = self._end(start)
            yield Stretch(start * SECOND, end * SECOND, self.rate(start * SECOND) / _HOUR)
            start = end

    def expected(self, since: int, until: int) -> float:
        """Return how many calls begin from *since* until before *until* on average: the integral of the rate."""
        total = 0.0
        for start, end, rate in self.stretches(since):
            if start >= until:
                break
            total += max(0, min(end, until) - max(start, since)) / SECOND * rate
        return total

    def _local(self, second: int) -> datetime:
        return datetime.fromtimestamp(second, self.zone)

    def _start(self, second: int) -> int:
        local = self._local(second)
        full = second - local.minute * 60 - local.second
        return full if self._same(full, second) else self._change(full, second)

    def _end(self, start: int) -> int:
        local = self._local(start)
        full = start + _HOUR - local.minute * 60 - local.second
        return full if self._same(start, full) else self._change(start, full)

    def _same(self, one: int, other: int) -> bool:
        return self._local(one).utcoffset() == self._local(other).utcoffset()

    def _change(self, before: int, after: int) -> int:
        """Return the second at which the clocks change between these two."""
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if self._same(before, middle) else (before, middle)
        return after


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The instants at which calls begin in a *rhythm*; another *key*, other instants."""

    rhythm: Rhythm
    key: int

    @classmethod
    def of(cls, rhythm: Rhythm, chance: Random) -> Arrivals:
        """Return the arrivals that *chance* decides by a single draw."""
        return cls(rhythm, chance.getrandbits(64))

    def between(self, since: int, until: int | None = None) -> Iterator[int]:
        """Yield the instants from *since* until before *until*, in order; without it they do not end.

        No two calls begin in the same microsecond.
        """
        if not self.rhythm.base:
            return
        for start, end, rate in self.rhythm.stretches(since):
            if until is not None and start >= until:
                return
            for instant in self._within(start, end, rate):
                if until is not None and instant >= until:
                    return
                if instant >= since:
                    yield instant

    def _within(self, start: int, end: int, rate: float) -> Iterator[int]:
        if not rate:
            return
        chance = Random(f"{self.key}/{start}")
        seconds, length, free = chance.expovariate(rate), (end - start) / SECOND, start
        while seconds < length:
            instant = max(free, start + int(seconds * SECOND))
            yield instant
            free = instant + 1
            seconds += chance.expovariate(rate)
