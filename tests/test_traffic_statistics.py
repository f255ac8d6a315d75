"""The made-up traffic is what it was configured to be: three seeds of `tests.traffic_statistics`, and tests of its tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice, pairwise
from math import expm1, isclose
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests import traffic_statistics as statistics
from tests.significance import chi_square, chi_square_tail, erlang_b, kolmogorov, least, likely, normal, two_sided
from tests.traffic_statistics import MEASURES
from ucmsim.calls.arrivals import Arrivals, Rhythm
from ucmsim.calls.events import What
from ucmsim.instants import SECOND
from ucmsim.settings import Traffic

SINCE = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_traffic_is_what_it_was_configured_to_be(seed):
    """All measures but what chance explains lie where 95 of 100 such values lie, and none is far out."""
    found = {measure.id: measure.of(seed) for measure in MEASURES}
    outside = {name: one.value for name, one in found.items() if not one.inside}
    assert len(outside) <= len(MEASURES) - least(len(MEASURES)), outside
    assert not [measure.id for measure in MEASURES if measure.p and found[measure.id].value < 1e-4]


def test_a_colleague_who_talks_is_busy_as_soon_as_anybody_is():
    """However long the call would have rung; most of these calls would have been answered."""
    found = statistics.traffic_of(statistics._crowded(), 1, 3000).stories(SINCE, SINCE + 86_400 * SECOND)
    seconds = list(statistics._between(found, ["busy"], None, What.BUSY))
    assert len(seconds) > 200
    assert max(seconds) <= Traffic().ring.busy.longest


def test_the_configured_rate_is_worked_out_beside_the_model():
    """The product's own integral comes to the same, holidays and changes of the clocks included."""
    rhythm = Rhythm.of(statistics._usual().traffic, ZoneInfo("America/Chicago"), 55)
    instants = [SINCE + at * 7_654_321_000_000 // 13 for at in range(1, 50)]
    for at, due in zip(instants, statistics.rescaled(instants), strict=True):
        assert isclose(rhythm.expected(SINCE, at), due, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("measure", "broken"),
    [
        ("interarrivals", {"hourly": [1] * 24}),
        ("calls", {"holidays": [f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 9)]}),
        ("kinds", {"kinds": {"internal": 33}}),
        ("contacts", {"contacts": 0.9}),
        ("dispositions", {"dispositions": {"busy": 70}}),
        ("shapes", {"shapes": {"queue": 60}}),
        ("talk", {"talk": {"median": 98}}),
        ("ring_answered", {"ring": {"answered": {"spread": 1.9}}}),
        ("ring_no_answer", {"ring": {"no_answer": {"median": 22}}}),
        ("failing", {"ring": {"failed": {"median": 1.7}}}),
    ],
)
def test_a_year_of_other_calls_is_found_out(measure, broken, monkeypatch):
    """Where the model went by other settings than those that are held against it, the measure is far out."""
    settings = statistics._usual()
    other = statistics.settings_of(
        **statistics._MANY,
        time_zone="America/Chicago",
        trunks=[{"name": "a", "channels": 200}],
        traffic={"holidays": list(settings.traffic.holidays), **broken},
    )
    made = statistics.traffic_of(other, 1, 55)
    found = statistics.Year(made, list(made.stories(SINCE, SINCE + 365 * 86_400 * SECOND)))
    monkeypatch.setattr(statistics, "year", lambda _: found)
    assert getattr(statistics, measure)(1).value < 1e-3


def test_blocking_by_another_load_is_found_out(monkeypatch):
    """Of 9 E fewer are lost."""
    monkeypatch.setattr(statistics, "_BATCHES", 20)
    usual = statistics.traffic_of
    monkeypatch.setattr(statistics, "traffic_of", lambda of, seed, calls: usual(of, seed, calls * 0.9))
    assert not statistics.blocking(1, 3).inside


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


def test_cells_that_are_hardly_ever_due_are_joined():
    """A tail of rare things decides nothing by itself; what is left at the end belongs to the last cell."""
    assert chi_square([100, 100, 1, 0, 0, 0], [100, 100, 1, 1, 1, 1]) == chi_square([100, 101], [100, 104])
    assert chi_square([50, 50, 5], [50, 50, 5]) == 1.0


def test_the_two_sided_p_value_is_that_of_the_tables():
    """1.96 standard deviations to either side are exceeded once in twenty times."""
    assert isclose(two_sided(1.959964), 0.05, rel_tol=1e-5)
    assert two_sided(-1.959964) == two_sided(1.959964)


def test_how_many_seeds_may_miss():
    """Of fifty seeds two or three miss; eight may, nine are more than chance explains."""
    assert least(50) == 42
    assert likely(47, 50)
    assert likely(42, 50)
    assert not likely(41, 50)
    assert likely(2, 3)
    assert not likely(0, 3)


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch, capsys) -> Run:
    """Return what runs the command over some seeds, and returns its exit code and what it printed."""

    def run(*measures: statistics.Measure, seeds: int = 3, options: tuple[str, ...] = ()) -> tuple[int, str]:
        monkeypatch.setattr(statistics, "MEASURES", measures)
        monkeypatch.setattr(sys, "argv", ["statistics", "--seeds", str(seeds), *options])
        with pytest.raises(SystemExit) as left:
            statistics.main()
        return int(left.value.code or 0), capsys.readouterr().out

    return run


def constant(inside: bool) -> statistics.Measure:
    def of(seed: int) -> statistics.Measured:
        return statistics.Measured(float(seed), inside)

    return statistics.Measure("a" if inside else "b", "a thing", "1.5", of, p=False)


def test_the_table_shows_what_was_measured(run):
    """A line a measure: what is due, mean, lowest and highest value, how many seeds are inside and must be."""
    code, told = run(constant(inside=True))
    assert code == 0
    assert told.splitlines()[1].split() == [
        "a",
        "thing",
        "1.5",
        "2.0000",
        "1.0000",
        "3.0000",
        "3",
        "of",
        "3",
        "1",
        "good",
    ]


def test_programs_get_objects(run):
    """The same as a list, with an id each."""
    code, told = run(constant(inside=True), options=("--json",))
    (row,) = json.loads(told)
    assert code == 0
    assert (row["id"], row["mean"], row["inside"], row["seeds"], row["least"], row["good"]) == ("a", 2.0, 3, 3, 1, True)


def test_a_measure_that_is_off_fails_the_command(run):
    """It exits with 1, and the line says BAD."""
    code, told = run(constant(inside=True), constant(inside=False))
    assert code == 1
    assert [line.split()[-1] for line in told.splitlines()[1:3]] == ["good", "BAD"]


def test_values_that_are_too_good_fail_the_command(run):
    """p-values that lie all in the upper half are as little chance as those that lie outside."""
    high = statistics.Measure("h", "a thing", "p", lambda seed: statistics.Measured(0.5 + seed / 40, inside=True))
    code, told = run(high, seeds=20)
    assert code == 1
    assert told.splitlines()[1].endswith("BAD")
