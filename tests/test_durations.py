"""How long the phases of calls last: medians, spreads, longest times, and what was seen."""

from __future__ import annotations

from collections import Counter
from random import Random
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.significance import lognormal_mean
from ucmsim.calls.durations import Durations, Lognormal
from ucmsim.calls.stage import Phase
from ucmsim.instants import SECOND
from ucmsim.settings import Traffic

DEFAULT = Durations.of(Traffic()).phases


def drawn(times: Lognormal, count: int = 20_000, seed: int = 1) -> list[float]:
    """Return so many durations in seconds."""
    chance = Random(seed)
    return [times.draw(chance) / SECOND for _ in range(count)]


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
    assert set(drawn(Lognormal(7, 1, 5), count=20)) == {5.0}
    assert (lognormal_mean(7, 1, 60), lognormal_mean(7, 1, 5)) == (7.0, 5.0)


@pytest.mark.parametrize("longest", [20, 90, 300, 14_400])
def test_the_mean_counts_what_was_cut(longest):
    """It is the mean of the draws, however many of them are cut."""
    found = drawn(Lognormal(90, 3, longest), 100_000)
    assert fmean(found) == pytest.approx(lognormal_mean(90, 3, longest), rel=0.02)


@given(st.floats(0.001, 1000), st.floats(1, 100), st.floats(0.001, 1000), st.integers(0, 2**32))
def test_no_duration_is_longer_than_the_longest(middle, spread, longest, seed):
    """Whole microseconds from 0 to the longest."""
    chance = Random(seed)
    for _ in range(20):
        found = Lognormal(middle, spread, longest).draw(chance)
        assert isinstance(found, int)
        assert 0 <= found <= longest * SECOND


def test_failed_calls_last_as_long_as_those_that_were_seen():
    """0 to 7 whole seconds, and 0 as often as 34 of 94. https-api 5.2."""
    seconds = Counter(int(one) for one in drawn(DEFAULT[Phase.FAIL]))
    assert set(seconds) == set(range(8))
    assert seconds[0] / 20_000 == pytest.approx(34 / 94, abs=0.02)


def test_some_calls_ring_out():
    """Some of those that nobody takes ring until the PBX gives up, and few of those that are taken do."""
    rung_out = [sum(one == 60 for one in drawn(DEFAULT[phase])) for phase in (Phase.NO_ANSWER, Phase.RING)]
    assert 400 < rung_out[0] < 1000
    assert rung_out[1] < 20


@pytest.mark.parametrize("phase", Phase)
def test_every_setting_is_heeded(phase):
    """A phase lasts as long as stands under its key, no longer than the longest, and no other phase does."""
    if phase is Phase.RING_OUT:
        found = {"ring": {"no_answer": {"longest": 77.0}}}
    else:
        found = {"median": 3.5, "spread": 1}
        for key in reversed(phase.value.split(".")):
            found = {key: found}
    drawn_by = Durations.of(Traffic(**found)).drawn(Random(1))
    due = 77.0 if phase is Phase.RING_OUT else 3.5
    assert {one for one in Phase if drawn_by(one, 0) == due * SECOND} == {phase}


def test_the_longest_times_act_on_every_phase():
    """Whatever rings, talks or waits ends then."""
    settings = {"median": 0.5, "longest": 0.6}
    every = {phase.value.rpartition(".")[2]: settings for phase in Phase if phase.value.startswith("phases.")}
    ring = {"answered": settings, "no_answer": settings, "busy": settings, "failed": settings}
    made = Durations.of(Traffic(talk=settings, ring=ring, phases=every))
    for seed in range(50):
        lasts = made.drawn(Random(seed))
        assert max(lasts(phase, time) for phase in Phase for time in range(3)) <= 0.6 * SECOND


def test_a_phase_lasts_as_long_whenever_one_asks():
    """Whoever asks again hears the same, and of another time something else."""
    lasts = Durations.of(Traffic()).drawn(Random(1))
    first = [lasts(Phase.TALK, time) for time in range(5)]
    assert [lasts(Phase.TALK, time) for time in range(5)] == first
    assert len(set(first)) == 5
