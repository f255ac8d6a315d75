"""Draws one of several things, each as often as its share says. Pure: chance comes in as an argument."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Mapping
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Odds(Generic[T]):
    """*things* and their *shares*, of which only the proportions count; a draw takes one number and O(log n)."""

    __slots__ = ("_steps", "_things", "_total")

    def __init__(self, things: Iterable[T], shares: Iterable[float]) -> None:
        """Raise `ValueError` where a share is negative, or no thing has one."""
        self._things, shared = tuple(things), tuple(shares)
        if len(self._things) != len(shared) or any(share < 0 for share in shared) or not any(shared):
            raise ValueError(f"{len(self._things)} things cannot be drawn by the shares {shared[:10]}")
        steps = tuple(accumulate(shared))
        self._total = float(steps[-1])
        # Up to the last thing with a share: rounding must not lead beyond it.
        self._steps = steps[: max(at for at, share in enumerate(shared) if share)]

    @classmethod
    def of(cls, shares: Mapping[T, float]) -> Odds[T]:
        """Return the odds of the keys of *shares*."""
        return cls(shares, shares.values())

    def draw(self, chance: Random) -> T:
        """Return one of the things."""
        return self._things[bisect(self._steps, chance.random() * self._total)]
