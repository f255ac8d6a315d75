"""The made-up traffic is what it was configured to be: three seeds of `tests.traffic_statistics`, and tests of its tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice, pairwise
from math import expm1, isclose
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests import traffic_statistics as statistics
from tests.traffic_statistics import MEASURES, chi_square, chi_square_tail, erlang_b, kolmogorov, likely, normal
from ucmsim.calls.arrivals import Arrivals, Rhythm
from ucmsim.calls.events import SECOND
from ucmsim.settings import Traffic

SINCE = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("measure", MEASURES, ids=[measure.id for measure in MEASURES])
def test_the_traffic_is_what_it_was_configured_to_be(measure, seed):
    """Each measure lies where 95 of 100 such values lie."""
    found = measure.of(seed)
    assert found.inside, f"{measure.what}: {found.value}"


def exponential(x: float) -> float:
    return -expm1(-x)


def rescaled(of: Rhythm, by: Rhythm) -> list[float]:
    """Return the gaps of ten thousand arrivals of one rhythm, rescaled by the rate of another."""
    instants = [SINCE, *islice(Arrivals.of(of, Random(1)).between(SINCE), 10_000)]
    return [by.expected(*pair) for pair in pairwise(instants)]


def test_a_rate_of_another_zone_is_found_out():
    """The same arrivals, rescaled as if the office stood an hour further west, are not exponential any more."""
    chicago, denver = (Rhythm.of(Traffic(), ZoneInfo(f"America/{city}"), 50) for city in ("Chicago", "Denver"))
    assert kolmogorov(rescaled(chicago, chicago), exponential) > 0.01
    assert kolmogorov(rescaled(chicago, denver), exponential) < 1e-6


def test_the_tests_of_significance_find_out_what_is_not_so():
    """A die with a heavy six, and numbers of a spread a tenth too wide."""
    chance = Random(1)
    assert chi_square([100, 100, 100, 100, 100, 160], [1] * 6) < 0.001
    assert chi_square([100, 95, 105, 98, 102, 100], [1] * 6) > 0.9
    assert kolmogorov([chance.gauss(0, 1.1) for _ in range(5000)], normal) < 0.001
    assert kolmogorov([chance.gauss(0, 1.0) for _ in range(5000)], normal) > 0.01


@pytest.mark.parametrize(
    ("x", "freedom", "tail"),
    [(3.841, 1, 0.05), (5.991, 2, 0.05), (7.815, 3, 0.05), (11.345, 3, 0.01), (66.339, 49, 0.05), (67.505, 50, 0.05)],
)
def test_the_tail_of_chi_square_is_that_of_the_tables(x, freedom, tail):
    """The critical values of printed tables."""
    assert isclose(chi_square_tail(x, freedom), tail, rel_tol=0.001)


def test_the_p_value_of_kolmogorov_is_that_of_the_tables():
    """For many values the distance 1.358 / sqrt(n) is exceeded once in twenty times."""
    n = 100_000
    shift = 1.358 / n**0.5 - 0.5 / n
    even = [(at + 0.5) / n for at in range(n)]
    assert isclose(kolmogorov(even, lambda u: u + shift), 0.05, rel_tol=0.01)
    assert kolmogorov(even, lambda u: u) == 1.0


def test_erlang_b_is_that_of_the_tables():
    """10 E on 12 channels lose 12.0 %, 5 E on 10 lose 1.8 %, and without channels everything is lost."""
    assert round(erlang_b(10, 12), 3) == 0.120
    assert round(erlang_b(5, 10), 3) == 0.018
    assert erlang_b(1, 0) == 1.0


def test_how_many_seeds_may_miss():
    """Of fifty seeds two or three miss; eight may, nine are more than chance explains."""
    assert likely(47, 50)
    assert likely(42, 50)
    assert not likely(41, 50)
    assert likely(2, 3)
    assert not likely(0, 3)


@pytest.fixture
def table(monkeypatch, capsys) -> Callable[..., tuple[int, list[str]]]:
    """Return what runs the command over three seeds, and returns its exit code and lines."""

    def run(*measures: statistics.Measure) -> tuple[int, list[str]]:
        monkeypatch.setattr(statistics, "MEASURES", measures)
        monkeypatch.setattr(sys, "argv", ["statistics", "--seeds", "3"])
        with pytest.raises(SystemExit) as left:
            statistics.main()
        return int(left.value.code or 0), capsys.readouterr().out.splitlines()

    return run


def test_the_table_shows_what_was_measured(table):
    """A line a measure: what is due, mean, lowest and highest value, and how many seeds are inside."""
    good = statistics.Measure("a", "a thing", "1.5", lambda seed: statistics.Measured(float(seed), inside=True))
    code, (_, line) = table(good)
    assert code == 0
    assert line.split() == ["a", "thing", "1.5", "2.0000", "1.0000", "3.0000", "3", "of", "3", "good"]


def test_a_measure_that_is_off_fails_the_command(table):
    """It exits with 1, and the line says BAD."""
    bad = statistics.Measure("b", "a thing", "1.5", lambda seed: statistics.Measured(float(seed), inside=False))
    code, lines = table(bad, bad)
    assert code == 1
    assert all(line.endswith("0 of 3       BAD") for line in lines[1:])
