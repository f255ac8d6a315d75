"""The exchanges that carried a row, added up from what is told of them: the first few by name, and how many did it whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from ucmsim.journal.times import wall_text
from ucmsim.store.settling import NAMED


class Carrier(NamedTuple):
    """An exchange that carried something, by its id in the journal, and whether it left *whole*; *wall* is when it began."""

    exchange: int
    wall: float
    peer: str
    whole: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as it is told."""
        return {"exchange": self.exchange, "wall": wall_text(self.wall), "peer": self.peer, "whole": self.whole}


class Carriers(NamedTuple):
    """Exchanges that carried a row: the first `NAMED` of those that did it whole, and of the others, and how many were *whole*."""

    named: Sequence[Carrier] = ()
    whole: int = 0


class Tally:
    """Who carried each of so many rows, by their places; the same page is often pulled a thousand times."""

    def __init__(self, count: int) -> None:
        self._named: tuple[list[list[Carrier]], ...] = tuple([[] for _ in range(count)] for _ in range(2))
        self._full = [0, 0]
        self._steps = [0] * (count + 1)
        self._count = count

    def take(self, carrier: Carrier, first: int, end: int) -> None:
        """Take in that *carrier* carried the rows from the *first* place to before the *end*."""
        if carrier.whole:
            self._steps[first] += 1
            self._steps[end] -= 1
        if self._full[carrier.whole] == self._count:
            return  # every row has as many as are named
        for named in self._named[carrier.whole][first:end]:
            if len(named) < NAMED:
                named.append(carrier)
                self._full[carrier.whole] += len(named) == NAMED

    def count(self, place: int, more: int) -> None:
        """Take in that so many *more* exchanges carried the rows from a *place* on whole, which are told no more."""
        self._steps[place] += more

    def carriers(self) -> Iterator[Carriers]:
        """Yield what was taken in of each row."""
        whole = accumulate(self._steps[:-1])
        for spoilt, carried, count in zip(*self._named, whole, strict=True):
            yield Carriers(sorted((*spoilt, *carried), key=lambda one: one.wall), count)
