"""Asks again after what may have passed by then, and waits longer each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from collector.device import Broken, Denied, Unreachable

T = TypeVar("T")

PASSING = (Broken, Denied, Unreachable)


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits *first* seconds after the first failure, twice as long after each further one, and gives up after *tries*.

    Five denials within ten seconds would be hammering: with these defaults the fourth attempt, the last, is seven seconds
    after the first.
    """

    tries: int = 4
    first: float = 1.0
    pause: Callable[[float], object] = time.sleep

    def insist(self, ask: Callable[[], T]) -> T:
        """Return what *ask* returns; raises what it raised last."""
        for attempt in range(1, self.tries):
            try:
                return ask()
            except PASSING:
                self.pause(self.first * 2 ** (attempt - 1))
        return ask()
