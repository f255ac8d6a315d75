"""Whether a client that is refused asks less and less often, as seconds tell: chance in its pauses is allowed for. Pure.

A client that waits *first* seconds after the first refusal, and each time twice as long, asks so many times; call that n. One
that asks n times or less is slow enough, whatever its pauses are. One that asks more than 2n times hammers. In between its
longest pause must be half as long again as its shortest: the pauses of full, equal or decorrelated jitter differ by more than
that nearly always, those of a client that asks every second never do.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log2

AT_ONCE = 0.5
"""Seconds in which the requests of one attempt come: a request, and the answer to the challenge that it met."""
GROWTH = 1.5
"""So many times as long as the shortest pause the longest is at least, where pauses grow."""
CHANCE = 2
"""So many times as often as one that doubles its pauses may one ask that leaves them to chance."""


def attempts(at: Sequence[float], most: int) -> list[float]:
    """Return when each attempt began, of requests *at* these seconds, in order: at most so many at once are one attempt."""
    begun: list[float] = []
    counted = 0
    for second in at:
        if begun and counted < most and second - begun[-1] < AT_ONCE:
            counted += 1
        else:
            begun.append(second)
            counted = 1
    return begun


def doubling(first: float, seconds: float) -> int:
    """Return how many attempts come within *seconds* from the first one when the pauses double from *first* seconds on."""
    return 1 + floor(log2(1 + seconds / first))


def hurried(begun: Sequence[float], until: float, first: float) -> str:
    """Return what is wrong with attempts that *begun* at these seconds and were refused *until* then; "" where nothing is."""
    if not begun:
        return ""
    seconds = until - begun[0]
    enough = doubling(first, seconds)
    if len(begun) <= enough:
        return ""
    said = f"it tried {len(begun)} times in {seconds:.1f} s, and one whose pauses double from {first:g} s on tries {enough} times"
    if len(begun) > CHANCE * enough:
        return f"{said}; {CHANCE * enough} are the most, for pauses that are left to chance"
    pauses = [after - before for before, after in zip(begun, (*begun[1:], until), strict=True)]
    shortest, longest = min(pauses[:-1]), max(pauses)
    if longest >= GROWTH * shortest:
        return ""
    return f"{said}; its pauses did not grow, from {shortest:.2g} s to {longest:.2g} s at most"
