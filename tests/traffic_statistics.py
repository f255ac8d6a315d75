"""`python -m tests.traffic_statistics`: what the made-up traffic measures, beside what it was configured to be.

Each measure is taken once a seed and judged at the 95 % level, so one seed in twenty is to miss; a measure fails when
more of them miss than chance explains. The tests of significance take a page of the standard library, so scipy would
not earn its place: Kolmogorov's series, and the tail of chi-square, for whole degrees of freedom a finite sum.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice, pairwise
from math import comb, erf, erfc, exp, expm1, fsum, gamma, log, sqrt
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ucmsim.calls.arrivals import Arrivals, Rhythm
from ucmsim.calls.contacts import Books
from ucmsim.calls.durations import Lognormal, Outcomes
from ucmsim.calls.events import SECOND
from ucmsim.calls.lines import Lines
from ucmsim.settings import Traffic

LEVEL = 0.95
_T_39 = 2.0227
"""Student's t for 39 degrees of freedom: 95 % lie within. From tables."""
_UNLIKELY = 0.001


class Measured(NamedTuple):
    """One *value* of one seed, and whether it is where 95 of 100 such values are."""

    value: float
    inside: bool


class Measure(NamedTuple):
    """What is measured, of what the value is *due* to be, and how a seed is measured."""

    id: str
    what: str
    due: str
    of: Callable[[int], Measured]


# Tests of significance


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
    """Return the p-value of *counts* where *shares* tell how they should be to each other."""
    total, whole = sum(counts), sum(shares)
    dues = [total * share / whole for share in shares]
    return chi_square_tail(
        fsum((count - due) ** 2 / due for count, due in zip(counts, dues, strict=True)), len(dues) - 1
    )


def chi_square_tail(x: float, freedom: int) -> float:
    """Return how often chi-square of so many degrees of freedom exceeds *x*."""
    half = x / 2
    tail, first = (erfc(sqrt(half)), 1) if freedom % 2 else (exp(-half), 2)
    return tail + fsum(half ** (k / 2) * exp(-half) / gamma(k / 2 + 1) for k in range(first, freedom, 2))


def normal(x: float) -> float:
    """Return how much of the standard normal distribution lies below *x*."""
    return (1 + erf(x / sqrt(2))) / 2


# Measures

_SINCE = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * SECOND
_CALLS = 20_000
_ERLANGS, _CHANNELS = 10.0, 12
_BATCHES, _BATCH, _WARM = 40, 2000, 500


def interarrivals(seed: int) -> Measured:
    """Measure a year about the clocks of Chicago: rescaled by the configured rate, gaps are exponential of mean 1."""
    traffic = Traffic(holidays=("2026-01-19", "07-04"))
    rhythm = Rhythm.of(traffic, ZoneInfo("America/Chicago"), _CALLS / 365)
    instants = [_SINCE, *islice(Arrivals.of(rhythm, Random(seed)).between(_SINCE), _CALLS)]
    p = kolmogorov((rhythm.expected(*pair) for pair in pairwise(instants)), lambda x: -expm1(-x))
    return Measured(p, p > 1 - LEVEL)


def talk(seed: int) -> Measured:
    """Measure the logarithms of talk times against the configured median and spread."""
    times, chance = Lognormal.of(Traffic().talk), Random(seed)
    drawn = (times.draw(chance) / SECOND for _ in range(_CALLS))
    p = kolmogorov((log(one / times.median) / log(times.spread) for one in drawn), normal)
    return Measured(p, p > 1 - LEVEL)


def dispositions(seed: int) -> Measured:
    """Measure how often each disposition is drawn."""
    outcomes, chance = Outcomes.of(Traffic()), Random(seed)
    found = Counter(outcomes.draw(chance).disposition for _ in range(_CALLS))
    p = chi_square([found[name] for name in ("ANSWERED", "NO ANSWER", "BUSY", "FAILED")], [1895, 628, 44, 94])
    return Measured(p, p > 1 - LEVEL)


def contacts(seed: int) -> Measured:
    """Measure how often each rank of a contact book of fifty is drawn, with exponent 1."""
    chance = Random(seed)
    books = Books.of(1, 50, 1.0, chance)
    assert books is not None
    found = Counter(next(books.drawn(0, chance)) for _ in range(_CALLS))
    p = chi_square([found[books.orders[0].at(rank)] for rank in range(50)], [1 / rank for rank in range(1, 51)])
    return Measured(p, p > 1 - LEVEL)


def blocking(seed: int, hold: Callable[[Random], int], mean: float) -> Measured:
    """Measure how many of the calls offered to twelve channels find none, 10 E being offered; *mean* seconds are held.

    The interval around Erlang's value comes from the means of forty batches, as blocked calls come in bunches.
    """
    chance = Random(seed)
    rhythm = Rhythm(ZoneInfo("UTC"), _ERLANGS / mean * 3600, (1.0,) * 24, (1.0,) * 7)
    lines = Lines({"trunk_1": _CHANNELS})
    offered = (lines.seize(at, at + hold(chance), "trunk_1") for at in Arrivals.of(rhythm, chance).between(_SINCE))
    for _ in islice(offered, _WARM):
        pass
    shares = [1 - sum(islice(offered, _BATCH)) / _BATCH for _ in range(_BATCHES)]
    found = fsum(shares) / _BATCHES
    error = sqrt(fsum((share - found) ** 2 for share in shares) / (_BATCHES - 1) / _BATCHES)
    return Measured(found, abs(found - erlang_b(_ERLANGS, _CHANNELS)) <= _T_39 * error)


def blocking_exponential(seed: int) -> Measured:
    """Measure M/M/12/12."""
    return blocking(seed, lambda chance: int(chance.expovariate(1 / 180) * SECOND), 180)


def blocking_lognormal(seed: int) -> Measured:
    """Measure M/G/12/12 with the talk times: blocking depends on their mean alone."""
    times = Lognormal.of(Traffic().talk)
    return blocking(seed, times.draw, times.mean)


_P = "p, even over 0 to 1"
_B = f"{erlang_b(_ERLANGS, _CHANNELS):.4f} (Erlang B)"
MEASURES = (
    Measure("interarrivals", f"{_CALLS} rescaled gaps are exponential, KS", _P, interarrivals),
    Measure("talk", f"{_CALLS} log talk times are normal, KS", _P, talk),
    Measure("dispositions", f"{_CALLS} dispositions are as configured, chi-square", _P, dispositions),
    Measure("contacts", f"{_CALLS} contacts are Zipf, chi-square", _P, contacts),
    Measure("blocking", "blocking of 10 E on 12 channels, exponential", _B, blocking_exponential),
    Measure("blocking-talk", "blocking of 10 E on 12 channels, talk times", _B, blocking_lognormal),
)


def likely(inside: int, seeds: int) -> bool:
    """Return whether so few as *inside* of *seeds* are where 95 of 100 are more often than once in a thousand times."""
    return fsum(comb(seeds, k) * LEVEL**k * (1 - LEVEL) ** (seeds - k) for k in range(inside + 1)) > _UNLIKELY


def main() -> None:
    """Print a line a measure; exit with 1 when one of them is not what it should be."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.traffic_statistics", description="Measure the made-up traffic."
    )
    parser.add_argument("--seeds", type=int, default=50, metavar="N", help="measure the seeds 1 to N (50)")
    seeds = range(1, parser.parse_args().seeds + 1)
    rows = [("measure", "due", "mean", "lowest", "highest", "inside 95 %", "")]
    for measure in MEASURES:
        print(f"statistics: {measure.what}", file=sys.stderr, flush=True)
        found = [measure.of(seed) for seed in seeds]
        values, inside = [one.value for one in found], sum(one.inside for one in found)
        figures = (f"{one:.4f}" for one in (fsum(values) / len(values), min(values), max(values)))
        verdict = "good" if likely(inside, len(seeds)) else "BAD"
        rows.append((measure.what, measure.due, *figures, f"{inside} of {len(seeds)}", verdict))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    sys.exit(any(row[-1] == "BAD" for row in rows))


if __name__ == "__main__":
    main()
