"""Which deliveries are still told one by one: the first few of each row. All others only count. Pure.

A poll with look-back carries nearly the same rows each time. What of it is no longer told is not kept either, so that
what is kept goes by the number of rows and not by that of exchanges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

NAMED = 20
"""Exchanges that carried a row, or a file, whole, and as many that did not, that are told one by one."""

Runs = Sequence[tuple[int, int]]
"""Ids of rows, as the first and the last of each run."""


class Settling:
    """Looks at deliveries in the order in which they were written, about rows from the *first* id to the *last*.

    *steps* says how many exchanges more carried a row whole than the row before it, of those that are not told.
    """

    def __init__(self, first: int, last: int) -> None:
        self._first = first
        self._named = tuple([0] * (last + 1 - first) for _ in range(2))
        self.steps: Counter[int] = Counter()

    def take(self, runs: Runs, *, whole: bool) -> None:
        """Take in what an earlier delivery is told of; rows that nobody asks about may be among them."""
        named = self._named[whole]
        for first, last in runs:
            for at in range(max(0, first - self._first), min(len(named), last + 1 - self._first)):
                named[at] += 1

    def settle(self, runs: Runs, *, whole: bool) -> list[int]:
        """Return of which rows this delivery is told; where it is told no more it counts, if it was *whole*."""
        named, told = self._named[whole], []
        for first, last in runs:
            begin = first - self._first
            for at, count in enumerate(named[begin : last + 1 - self._first], begin):
                if count < NAMED:
                    named[at] += 1
                    told.append(at + self._first)
        if whole:
            for first, last in runs_without(runs, told):
                self.steps[first] += 1
                self.steps[last + 1] -= 1
        return told


def runs_without(runs: Runs, taken: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield what is left of *runs* without the rows that are *taken*; both are sorted, and these are among those."""
    waiting = iter(taken)
    gone = next(waiting, None)
    for first, last in runs:
        begin = first
        while gone is not None and gone <= last:
            if begin < gone:
                yield begin, gone - 1
            begin, gone = gone + 1, next(waiting, None)
        if begin <= last:
            yield begin, last


def runs_in(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return sorted *ids* as runs."""
    found: list[tuple[int, int]] = []
    for one in ids:
        if found and found[-1][1] == one - 1:
            found[-1] = (found[-1][0], one)
        else:
            found.append((one, one))
    return found


def runs(ids: Iterable[int]) -> str:
    """Return sorted *ids* as runs such as ``7-9,12``."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs_in(ids))


def runs_of(text: str) -> list[tuple[int, int]]:
    """Return the first and the last of each run that `runs` wrote."""
    split = (run.partition("-") for run in text.split(","))
    return [(int(first), int(last or first)) for first, _, last in split]
