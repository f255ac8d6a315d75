"""How calls turn out, and how long they ring and talk: medians, spreads, longest times, and what was seen."""

from __future__ import annotations

from collections import Counter
from random import Random
from statistics import fmean, median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.calls.durations import Lognormal, Outcomes
from ucmsim.instants import SECOND
from ucmsim.settings import Traffic

DEFAULT = Outcomes.of(Traffic())


def drawn(times: Lognormal, count: int = 20_000, seed: int = 1) -> list[float]:
    """Return so many durations in seconds."""
    chance = Random(seed)
    return [times.draw(chance) / SECOND for _ in range(count)]


def outcomes(made: Outcomes = DEFAULT, count: int = 20_000):
    chance = Random(2)
    return [made.draw(chance) for _ in range(count)]


@pytest.mark.parametrize(("middle", "spread"), [(90, 3), (8, 1.8), (1.4, 2.6)])
def test_the_median_and_the_spread_are_what_they_say(middle, spread):
    """Half of the draws exceed the median; two of three lie within the factor."""
    found = drawn(Lognormal(middle, spread, 1e9))
    assert median(found) == pytest.approx(middle, rel=0.05)
    within = sum(middle / spread < one < middle * spread for one in found) / len(found)
    assert within == pytest.approx(0.683, abs=0.015)


def test_a_spread_of_one_is_always_the_median():
    """And the mean is too; a median above the longest is cut."""
    assert set(drawn(Lognormal(7, 1, 60), count=20)) == {7.0}
    assert Lognormal(7, 1, 60).mean == 7.0
    assert Lognormal(7, 1, 5).mean == 5.0


@pytest.mark.parametrize("longest", [20, 90, 300, 14_400])
def test_the_mean_counts_what_was_cut(longest):
    """It is the mean of the draws, however many of them are cut."""
    times = Lognormal(90, 3, longest)
    assert times.mean == pytest.approx(fmean(drawn(times, 100_000)), rel=0.02)


@given(st.floats(0.001, 1000), st.floats(1, 100), st.floats(0.001, 1000), st.integers(0, 2**32))
def test_no_duration_is_longer_than_the_longest(middle, spread, longest, seed):
    """Whole microseconds from 0 to the longest."""
    chance = Random(seed)
    for _ in range(20):
        found = Lognormal(middle, spread, longest).draw(chance)
        assert isinstance(found, int)
        assert 0 <= found <= longest * SECOND


def test_only_answered_calls_are_talked():
    """The others ring, and last no longer than the PBX rings."""
    for disposition, rang, talked in outcomes():
        assert (talked > 0) == (disposition == "ANSWERED")
        assert 0 <= rang <= 60 * SECOND


def test_failed_calls_last_as_long_as_those_that_were_seen():
    """0 to 7 whole seconds, and 0 as often as 34 of 94. https-api 5.2."""
    seconds = Counter(int(one) for one in drawn(DEFAULT.ring["FAILED"]))
    assert set(seconds) == set(range(8))
    assert seconds[0] / 20_000 == pytest.approx(34 / 94, abs=0.02)


def test_some_calls_ring_out():
    """Some of those that nobody takes ring until the PBX gives up, and few of those that are taken do."""
    rung_out = [sum(one == 60 for one in drawn(DEFAULT.ring[name])) for name in ("NO ANSWER", "ANSWERED")]
    assert 400 < rung_out[0] < 1000
    assert rung_out[1] < 20


def test_every_setting_is_heeded():
    """Shares, ring times and talk times are those that are configured."""
    given_by = Traffic(
        dispositions={"answered": 1, "no_answer": 1, "busy": 1, "failed": 0},
        ring={name: {"median": at + 1, "spread": 1} for at, name in enumerate(("answered", "no_answer", "busy"))},
        talk={"median": 600, "spread": 1.5, "longest": 700},
    )
    found = outcomes(Outcomes.of(given_by), 3000)
    assert {(one.disposition, one.rang // SECOND) for one in found} == {("ANSWERED", 1), ("NO ANSWER", 2), ("BUSY", 3)}
    talked = [one.talked / SECOND for one in found if one.talked]
    assert max(talked) == 700
    assert quantiles(talked, n=4)[1] == pytest.approx(600, rel=0.1)
