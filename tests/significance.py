"""Tests of significance, of the standard library alone: Kolmogorov's series, chi-square, Erlang B, and the binomial bound.

scipy would not earn its place: the tail of chi-square is a finite sum for whole degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import comb, erf, erfc, exp, fsum, lgamma, log, sqrt

LEVEL = 0.95
"""How many of the values that are as they should be lie inside."""
UNLIKELY = 0.001
"""What happens less often than this is no chance."""
_LEAST_DUE = 5.0
"""Cells of a chi-square that are due less often are joined: the usual rule."""


def erlang_b(erlangs: float, channels: int) -> float:
    """Return how many of the calls offered to so many channels find none: Erlang's recursion."""
    blocked = 1.0
    for busy in range(1, channels + 1):
        blocked = erlangs * blocked / (busy + erlangs * blocked)
    return blocked


def kolmogorov(values: Iterable[float], below: Callable[[float], float]) -> float:
    """Return the p-value of *values* under the continuous distribution function *below*.

    The asymptotic series with Stephens' correction (1970), good from five values on.
    """
    at = sorted(map(below, values))
    n = len(at)
    distance = max(max((i + 1) / n - u, u - i / n) for i, u in enumerate(at))
    x = distance * (sqrt(n) + 0.12 + 0.11 / sqrt(n))
    if x < 0.2:
        return 1.0
    return min(1.0, 2 * fsum((-1) ** (k - 1) * exp(-2 * (k * x) ** 2) for k in range(1, 101)))


def chi_square(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Return the p-value of *counts* where *shares* tell how they should be to each other.

    Neighbours are joined until each is due five times.
    """
    total, whole = sum(counts), sum(shares)
    cells = list(_joined(counts, [total * share / whole for share in shares]))
    return chi_square_tail(fsum((count - due) ** 2 / due for count, due in cells), len(cells) - 1)


def _joined(counts: Iterable[int], dues: Iterable[float]) -> Iterator[tuple[int, float]]:
    cells: list[tuple[int, float]] = []
    count, due = 0, 0.0
    for more, of in zip(counts, dues, strict=True):
        count, due = count + more, due + of
        if due >= _LEAST_DUE:
            cells.append((count, due))
            count, due = 0, 0.0
    if due and cells:  # what is left goes to the last one
        last = cells.pop()
        cells.append((last[0] + count, last[1] + due))
    return iter(cells)


def chi_square_tail(x: float, freedom: int) -> float:
    """Return how often chi-square of so many degrees of freedom exceeds *x*."""
    if not x:
        return 1.0
    half = x / 2
    tail, first = (erfc(sqrt(half)), 1) if freedom % 2 else (exp(-half), 2)
    return tail + fsum(exp(k / 2 * log(half) - half - lgamma(k / 2 + 1)) for k in range(first, freedom, 2))


def normal(x: float) -> float:
    """Return how much of the standard normal distribution lies below *x*."""
    return (1 + erf(x / sqrt(2))) / 2


def lognormal_mean(median: float, spread: float, longest: float) -> float:
    """Return the mean of what is lognormal, two of three between *median* / *spread* and *median* * *spread*, and cut at *longest*."""
    sigma, cut = log(spread), log(longest / median)
    if not sigma:
        return min(median, longest)
    below = median * exp(sigma**2 / 2) * normal(cut / sigma - sigma)
    return below + longest * (1 - normal(cut / sigma))


def two_sided(x: float) -> float:
    """Return the p-value of a standard normal *x*."""
    return erfc(abs(x) / sqrt(2))


def even(x: float) -> float:
    """Return how much of the even distribution from 0 to 1 lies below *x*."""
    return min(max(x, 0.0), 1.0)


def likely(inside: int, seeds: int) -> bool:
    """Return whether so few as *inside* of *seeds* are where 95 of 100 are more often than once in a thousand times."""
    return fsum(comb(seeds, k) * LEVEL**k * (1 - LEVEL) ** (seeds - k) for k in range(inside + 1)) > UNLIKELY


def least(seeds: int) -> int:
    """Return the least number of *seeds* that must be inside: fewer are no chance."""
    return next(inside for inside in range(seeds + 1) if likely(inside, seeds))
