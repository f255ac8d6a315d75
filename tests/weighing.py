"""Whether the memory of a process that serves many PBXs is flat: what may be added is weighed, the rest would be kept for ever.

A PBX remembers challenges, and SQLite pages of its history, each within a bound that is not reached in five minutes. What
these weigh is measured. Of a row and of a response nothing else may stay, not even the smallest object.
"""

from __future__ import annotations

import tracemalloc
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import mean
from typing import NamedTuple

from ucmsim.authentication.nonces import Nonces
from ucmsim.journal.marks import NONCES
from ucmsim.store.schema import CACHE

LEAST = 48
"""Bytes of the smallest thing that could be kept of each row and each response: an object and its place in a list."""
_TENTH = 10
_MB = 2**20


class Sample(NamedTuple):
    """One second: the *resident* bytes, and what there had been by then.

    *rows* are different ones that clients got, *challenges* those that are remembered, *pages* the bytes of histories that
    SQLite may keep.
    """

    resident: float
    rows: float
    responses: float
    challenges: float
    pages: float


def mean_of(samples: Sequence[Sample]) -> Sample:
    """Return the mean of *samples*, field by field."""
    return Sample(*map(mean, zip(*samples, strict=True)))


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the process took up, second by second; a remembered *challenge* weighs so many bytes."""

    samples: Sequence[Sample]
    challenge: float

    @property
    def _added(self) -> Sample:
        """What there was more in the last tenth of the time than in the one after its half."""
        share, half = max(1, len(self.samples) // _TENTH), len(self.samples) // 2
        before, after = mean_of(self.samples[half : half + share]), mean_of(self.samples[-share:])
        return Sample(*(after[at] - before[at] for at in range(len(before))))

    @property
    def rise(self) -> float:
        """The bytes that were added in the second half."""
        return self._added.resident

    @property
    def due(self) -> float:
        """The bytes of them that are remembered within a bound."""
        return self._added.challenges * self.challenge + self._added.pages

    @property
    def least(self) -> float:
        """The bytes that it would be if the smallest thing had stayed of each row and response."""
        return LEAST * (self._added.rows + self._added.responses)

    @property
    def flat(self) -> bool:
        """Whether nothing stays."""
        return self.rise - self.due < self.least

    def lines(self) -> Iterator[str]:
        """Yield it for people."""
        taken, added = [one.resident / _MB for one in self.samples], self._added
        yield f"memory: {taken[0]:.1f} MB at first, {taken[len(taken) // 2]:.1f} at half, {taken[-1]:.1f} at last, {max(taken):.1f} at most"
        yield (
            f"  in the second half {self.rise / _MB:+.2f} MB, with {added.rows:.0f} rows and {added.responses:.0f} responses more;"
            f" {self.due / _MB:.2f} MB are due: {added.challenges:.0f} challenges of {self.challenge:.0f} B,"
            f" {added.pages / _MB:.2f} MB of pages of histories"
        )
        yield f"  {LEAST} B of each row and response would be {self.least / _MB:.2f} MB: {'flat' if self.flat else 'not flat'}"


def weight_of_a_challenge() -> float:
    """Return the bytes that a PBX takes to remember a challenge and how often it was used, in tables that are full."""
    tracemalloc.start()
    try:
        began, _ = tracemalloc.get_traced_memory()
        nonces, used = Nonces(Random(1), limit=NONCES), OrderedDict[str, int]()
        for at in range(NONCES):
            used[nonces.issue(at + 0.5)] = 1  # as the marks of hygiene remember it
        ended, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (ended - began) / len(nonces)


def remembered(challenges: Iterable[int]) -> int:
    """Return how many challenges are remembered of so many that each of some PBXs sent."""
    return sum(min(NONCES, count) for count in challenges)


def kept_pages(histories: Iterable[Path]) -> int:
    """Return the bytes that SQLite may keep of *histories* in memory: all of each, up to its bound."""
    return sum(min(CACHE * 1024, file.stat().st_size) for file in histories)
