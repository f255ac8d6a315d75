"""When calls begin: the rate by local hour, day and holiday, across every change of the clocks; the same in pieces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.calls.arrivals import Arrivals, Rhythm, Stretch
from ucmsim.instants import SECOND
from ucmsim.settings import Traffic

HOURLY = tuple(float(hour + 1) for hour in range(24))
"""Hour h has the weight h + 1, so that a rate tells its hour."""
ALIKE = (1.0,) * 7
ZONES = (
    "UTC", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kathmandu",
    "Africa/Monrovia", "America/St_Johns", "Antarctica/Troll",
)  # fmt: skip


def rhythm(zone: str = "UTC", **changes) -> Rhythm:
    """Return a rhythm in which hour h has h + 1 calls."""
    return Rhythm(**{"zone": ZoneInfo(zone), "base": 1.0, "hourly": HOURLY, "weekdays": ALIKE, **changes})


def at(text: str, zone: str = "UTC") -> int:
    """Return the instant of a wall clock."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


def stretches(zone: str, since: str, count: int) -> list[tuple[str, int, int]]:
    """Return begin (UTC), minutes and weight of some stretches from the UTC instant *since* on."""
    found = islice(rhythm(zone).stretches(at(since)), count)
    return [
        (f"{datetime.fromtimestamp(start // SECOND, UTC):%H:%M}", (end - start) // SECOND // 60, round(rate * 3600))
        for start, end, rate in found
    ]


# The rate


def test_the_rate_is_the_product_of_its_factors():
    """Base, hour, weekday and holiday; 2026-12-25 is a Friday, and its ten o'clock has the weight 11."""
    weekdays = (1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0)
    christmas = at("2026-12-25 10:30", "Europe/Berlin")
    made = {"base": 2.0, "weekdays": weekdays, "holiday": 0.1}
    assert rhythm("Europe/Berlin", **made).rate(christmas) == 2 * 11 * 0.5
    for holidays in ({"2026-12-25"}, {"12-25"}):
        assert rhythm("Europe/Berlin", **made, holidays=frozenset(holidays)).rate(christmas) == 2 * 11 * 0.5 * 0.1
    assert rhythm("Europe/Berlin", **made, holidays=frozenset({"2025-12-25"})).rate(christmas) == 2 * 11 * 0.5


def test_a_holiday_is_a_local_day():
    """It begins and ends at the midnights of the zone."""
    held = rhythm("America/Chicago", hourly=(1.0,) * 24, holidays=frozenset({"07-04"}), holiday=0.0)
    begins = at("2026-07-04", "America/Chicago")
    assert [held.rate(begins + seconds * SECOND) for seconds in (-1, 0, 86_399, 86_400)] == [1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "Asia/Kathmandu"])
def test_an_ordinary_week_has_the_calls_that_are_asked_for(zone):
    """Seven times the calls a day, in whichever zone, whatever the weights come to."""
    since = at("2026-06-01", zone)
    assert Rhythm.of(Traffic(), ZoneInfo(zone), 400).expected(since, since + 7 * 86_400 * SECOND) == pytest.approx(2800)


def test_the_expected_calls_are_the_integral_of_the_rate():
    """Half of ten o'clock and a quarter of eleven; nothing from an instant to itself or backwards."""
    assert rhythm().expected(at("2026-06-01 10:30"), at("2026-06-01 11:15")) == pytest.approx(11 / 2 + 12 / 4)
    assert rhythm().expected(at("2026-06-01 10:30"), at("2026-06-01 10:30")) == 0
    assert rhythm().expected(at("2026-06-01 10:30"), at("2026-06-01 09:30")) == 0


# Changes of the clocks


def test_an_hour_that_is_left_out_has_no_calls():
    """Berlin goes from 02:00 to 03:00 at 01:00 UTC; the weight 3 is left out."""
    assert stretches("Europe/Berlin", "2026-03-29 00:00", 3) == [("00:00", 60, 2), ("01:00", 60, 4), ("02:00", 60, 5)]


def test_an_hour_that_is_repeated_has_its_calls_twice():
    """Chicago goes from 02:00 back to 01:00 at 07:00 UTC."""
    assert stretches("America/Chicago", "2026-11-01 06:00", 3) == [("06:00", 60, 2), ("07:00", 60, 2), ("08:00", 60, 3)]


def test_half_an_hour_is_a_change_too():
    """Lord Howe goes back from 02:00 to 01:30 on April 5, and from 02:00 to 02:30 on October 4."""
    back = stretches("Australia/Lord_Howe", "2026-04-04 14:00", 3)
    forth = stretches("Australia/Lord_Howe", "2026-10-03 14:30", 3)
    assert back == [("14:00", 60, 2), ("15:00", 30, 2), ("15:30", 60, 3)]
    assert forth == [("14:30", 60, 2), ("15:30", 30, 3), ("16:00", 60, 4)]


def test_clocks_can_change_within_an_hour():
    """Chatham goes from 02:45 to 03:45, which ends two o'clock after three quarters, and begins three o'clock late."""
    found = stretches("Pacific/Chatham", "2026-09-26 13:15", 3)
    assert found == [("13:15", 45, 3), ("14:00", 15, 4), ("14:15", 60, 5)]


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1960, 1, 1), datetime(2037, 1, 1)),
    st.integers(0, 86_400 * SECOND - 1),
)
def test_stretches_are_the_same_wherever_one_begins(zone, day, later):
    """They follow each other without gaps, hold the instant asked for, and are those that an earlier start yields."""
    early = int((day.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    since = early + later
    longer = list(islice(rhythm(zone).stretches(early), 60))
    assert longer[0].start <= early < longer[0].end
    assert all(one.end == next_one.start for one, next_one in pairwise(longer))
    assert all(0 < one.end - one.start <= 3600 * SECOND for one in longer)
    assert next(rhythm(zone).stretches(since)) == next(one for one in longer if one.start <= since < one.end)


@given(st.sampled_from(ZONES), st.datetimes(datetime(1960, 1, 1), datetime(2037, 1, 1)))
def test_the_rate_is_constant_in_a_stretch(zone, day):
    """It is that of its first second and of its last."""
    for start, end, rate in islice(rhythm(zone).stretches(at(day.isoformat())), 30):
        assert rhythm(zone).rate(start) == rhythm(zone).rate(end - SECOND) == pytest.approx(rate * 3600)


def test_time_ends_with_the_year_9999():
    """At the ends of the calendar there are calls, or none, but no error."""
    always = Arrivals(rhythm(hourly=(60.0,) * 24), 1)
    assert list(always.between(at("9999-12-29"))) == sorted(always.between(at("9999-12-29")))
    assert list(always.between(at("9999-12-31 23:59"))) == []
    assert next(always.between(-62_135_596_800 * SECOND)) > -62_135_596_800 * SECOND


# Arrivals

SINCE, UNTIL = at("2026-10-31"), at("2026-11-03")
BUSY = Arrivals.of(Rhythm.of(Traffic(), ZoneInfo("America/Chicago"), 2000), Random(7))
ALL = list(BUSY.between(SINCE, UNTIL))


def test_arrivals_are_in_order_and_in_time():
    """Whole microseconds, none before the first instant, none at the last or after."""
    assert sorted(ALL) == ALL
    assert all(isinstance(instant, int) for instant in ALL)
    assert SINCE <= ALL[0] < ALL[-1] < UNTIL
    assert len(ALL) == pytest.approx(BUSY.rhythm.expected(SINCE, UNTIL), rel=0.1)


@given(st.lists(st.integers(SINCE, UNTIL), max_size=8))
def test_arrivals_are_the_same_in_pieces(cuts):
    """However the time is cut, the pieces together are the whole."""
    bounds = [SINCE, *sorted(cuts), UNTIL]
    assert [instant for piece in pairwise(bounds) for instant in BUSY.between(*piece)] == ALL


def test_arrivals_without_an_end_begin_like_those_with_one():
    """Live and bulk are one model."""
    assert list(islice(BUSY.between(SINCE), len(ALL))) == ALL


def test_the_first_instant_counts_and_the_last_does_not():
    """A call that begins at an instant is among those from it on, and not among those until it."""
    assert next(BUSY.between(ALL[5])) == ALL[5]
    assert list(BUSY.between(SINCE, ALL[5])) == ALL[:5]


def test_arrivals_follow_chance_alone():
    """The same chance, the same instants; one draw of it, so that nothing drawn later is shifted."""
    chance, other = Random(7), Random(7)
    assert Arrivals.of(BUSY.rhythm, chance) == BUSY
    assert Arrivals.of(BUSY.rhythm, Random(8)) != BUSY
    other.getrandbits(64)
    assert chance.random() == other.random()


def test_nobody_calls_where_the_rate_is_zero():
    """Without a base there are no calls, and asking for them ends; hours of weight 0 are passed over."""
    assert list(Arrivals(rhythm(base=0.0), 1).between(SINCE)) == []
    only_noon = Arrivals(rhythm(hourly=(*(0.0,) * 12, 30.0, *(0.0,) * 11)), 1)
    found = list(only_noon.between(SINCE, UNTIL))
    assert found
    assert {datetime.fromtimestamp(instant // SECOND, UTC).hour for instant in found} == {12}


def test_these_instants_are_kept():
    """A seed stands for the same calls tomorrow: the first three at a rate of one a minute."""
    made = Arrivals(rhythm(base=60.0, hourly=(1.0,) * 24), 42)
    assert [instant - SINCE for instant in islice(made.between(SINCE), 3)] == [100325866, 117162452, 240790352]
    assert next(made.rhythm.stretches(SINCE)) == Stretch(SINCE, SINCE + 3600 * SECOND, 1 / 60)


def test_no_two_calls_begin_in_one_microsecond():
    """However many there are: two of one caller would have one session."""
    arrivals = Arrivals.of(rhythm(base=1e9), Random(3))
    found = list(islice(arrivals.between(at("2026-06-01 10:00")), 5000))
    assert all(one < other for one, other in pairwise(found))
    assert any(other - one == 1 for one, other in pairwise(found))
