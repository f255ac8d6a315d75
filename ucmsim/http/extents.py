"""Where what a body carries stands in it: the rows of a page, or recordings. Values that go beside a reply, never into it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", int, str)


@dataclass(frozen=True, slots=True)
class Extent(Generic[K]):
    """What stands in a body: *keys* in the order in which they stand there, and where each of them *ends*, in bytes.

    Ends count from *first* on, and without the *gap* that is behind each of those before. Those that are *altered* are not as
    the PBX has them, because a fault has changed them. A key may stand there twice.
    """

    keys: Sequence[K]
    ends: Sequence[int]
    altered: frozenset[K] = frozenset()
    first: int = 0
    gap: int = 0

    def end(self, at: int) -> int:
        """Return where the key at that place ends."""
        return self.first + self.ends[at] + at * self.gap

    def is_whole(self, count: int) -> bool:
        """Return whether all keys are whole in the first *count* bytes: so it is of nearly all bodies."""
        return not self.altered and (not self.keys or self.end(len(self.keys) - 1) <= count)

    def count_whole(self, count: int) -> int:
        """Return how many different keys are whole in the first *count* bytes."""
        return len(set(self.keys)) if self.is_whole(count) else len(self.within(count)[0])

    def within(self, count: int) -> tuple[list[K], list[K]]:
        """Return which keys are whole in the first *count* bytes, and which are not; sorted, each once."""
        every = set(self.keys)
        if self.is_whole(count):
            return sorted(every), []
        reached = bisect_right(range(len(self.keys)), count, key=self.end)
        whole = set(self.keys[:reached]) - self.altered
        return sorted(whole), sorted(every - whole)


@dataclass(frozen=True, slots=True)
class Rows(Extent[int]):
    """The rows of a page, by their ids in the history: AcctIds can come twice."""


@dataclass(frozen=True, slots=True)
class Files(Extent[str]):
    """Recordings, by their paths in the spool."""


Carries = Rows | Files
"""What a reply can carry."""
