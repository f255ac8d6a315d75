"""What bounds of durations and times find, quirk by quirk, with the default and with every other value. Spec 3.3."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.makers import GUIDE_CSV, START, another_row, at, guide_rows, ids, make_pbx, request
from tests.queries import (
    ALL,
    calls_at,
    csv,
    each_way,
    outcome,
    pbx_with,
)

# Durations and times


@pytest.mark.quirk("duration-basis")
@pytest.mark.parametrize(
    ("query", "billsec", "duration"),
    [
        ("minDur=5", "62", ALL),
        ("maxDur=5", "63 64", "63"),
        ("minDur=6&maxDur=8", "62", "64"),
        ("minDur=9", "", "62"),
        ("maxDur=4", "63 64", ""),
    ],
)
def test_durations_are_of_talk_or_of_the_whole_call(query, billsec, duration):
    """The bounds minDur and maxDur compare billsec (6, 3, 4 seconds), or duration (9, 5, 8 seconds)."""
    each_way("duration-basis", query, {"billsec": billsec, "duration": duration})


ENDED = [
    another_row(AcctId=acctid, start=f"2013-12-03 {start}", end=end and f"2013-12-03 {end}")
    for acctid, start, end in (("1", "10:00:00", "10:30:00"), ("2", "10:10:00", "10:11:00"), ("3", "10:20:00", ""))
]


@pytest.mark.quirk("time-basis")
@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("startTime=2013-12-03T10:10:00", "2 3", "1 2"),
        ("endTime=2013-12-03T10:10:00", "1 2", "3"),
        ("startTime=2013-12-03T10:11&endTime=2013-12-03T10:30", "3", "1 2"),
        ("startTime=2013-12-03T10:30:00", "", "1"),
        ("endTime=2012-01-01", "", "3"),
        ("startTime=&endTime=", "1 2 3", "1 2 3"),
    ],
)
def test_bounds_are_of_the_beginning_or_of_the_end(query, start, end):
    """Times compare start, or end as text, where a blank one is before everything; the order stays that of start."""
    each_way("time-basis", query, {"start": start, "end": end}, ENDED)


CHICAGO = {"time_zone": "America/Chicago"}
"""UTC-6, from 2013-03-10 08:00Z to 2013-11-03 07:00Z UTC-5."""


@pytest.mark.quirk("date-only")
@pytest.mark.parametrize(
    ("query", "starts", "utc", "local"),
    [
        # 00:00Z is 18:00 the day before
        ("startTime=2013-12-03", ("2013-12-02 17:59:59", "2013-12-02 18:00:00", "2013-12-03 00:00:00"), "2 3", "3"),
        ("endTime=2013-12-03", ("2013-12-02 18:00:00", "2013-12-02 18:00:01", "2013-12-03 00:00:00"), "1", "1 2 3"),
        # the day on which the clock is put on, and the next
        ("startTime=2013-03-10", ("2013-03-09 18:00:00", "2013-03-10 00:00:00"), "1 2", "2"),
        ("startTime=2013-03-11", ("2013-03-10 18:59:59", "2013-03-10 19:00:00", "2013-03-11 00:00:00"), "2 3", "3"),
        # the day on which it is put back, and the next
        ("startTime=2013-11-03", ("2013-11-02 18:59:59", "2013-11-02 19:00:00", "2013-11-03 00:00:00"), "2 3", "3"),
        ("endTime=2013-11-04", ("2013-11-03 18:00:00", "2013-11-03 18:00:01", "2013-11-04 00:00:00"), "1", "1 2 3"),
        ("startTime=2013-12-03T00:00", ("2013-12-02 18:00:00", "2013-12-03 00:00:00"), "2", "2"),
        (
            "startTime=2013-02-29",
            (),
            *["refused: 'startTime' is no time that exists: day is out of range for month"] * 2,
        ),
    ],
)
def test_a_date_alone_is_midnight_utc_or_local(query, starts, utc, local):
    """A date without a time of day is UTC though rows are in local time, or local."""
    each_way("date-only", query, {"utc": utc, "local": local}, calls_at(*starts), **CHICAGO)


@pytest.mark.quirk("naive-time")
@pytest.mark.parametrize(
    ("query", "starts", "local", "utc"),
    [
        ("startTime=2013-12-03T14:00", ("2013-12-03 08:00:00", "2013-12-03 14:00:00"), "2", "1 2"),
        ("endTime=2013-12-03T14:00:00", ("2013-12-03 08:00:00", "2013-12-03 14:00:00"), "1 2", "1"),
        ("startTime=2013-12-03T14:00Z", ("2013-12-03 08:00:00", "2013-12-03 14:00:00"), "1 2", "1 2"),
        # the hour from 02:00 does not exist on 2013-03-10: as text it is a bound like any other
        ("startTime=2013-03-10T02:30", ("2013-03-10 01:59:59", "2013-03-10 03:00:00"), "2", "1 2"),
        ("startTime=2013-03-10T07:59:59", ("2013-03-10 01:59:59", "2013-03-10 03:00:00"), "", "1 2"),
        ("startTime=2013-03-10T08:00:00", ("2013-03-10 01:59:59", "2013-03-10 03:00:00"), "", "2"),
        # the hour from 01:00 comes twice on 2013-11-03, at 06:00Z and at 07:00Z
        ("startTime=2013-11-03T01:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "2", "1 2"),
        ("startTime=2013-11-03T06:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "", "2"),
        ("startTime=2013-11-03T07:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "", "2"),
        ("endTime=2013-11-03T08:00", ("2013-11-03 02:00:00", "2013-11-03 02:00:01"), "1 2", "1"),
        # a date alone is none of its business
        ("startTime=2013-12-03", ("2013-12-02 17:59:59", "2013-12-02 18:00:00", "2013-12-03 00:00:00"), "2 3", "2 3"),
    ],
)
def test_a_time_without_a_zone_is_local_or_utc(query, starts, local, utc):
    """A time of day without a zone is the PBX's, or UTC, in gaps and folds of the clock too."""
    each_way("naive-time", query, {"local": local, "utc": utc}, calls_at(*starts), **CHICAGO)


@pytest.mark.quirk("naive-time")
@pytest.mark.quirk("date-only")
def test_dates_and_times_are_switched_apart():
    """A date alone can be local while times are UTC."""
    quirks = {"naive-time": "utc", "date-only": "local"}
    rows = calls_at("2013-12-02 18:00:00", "2013-12-03 00:00:00")
    assert outcome(pbx_with(rows, quirks, **CHICAGO), "startTime=2013-12-03") == "2"
    assert outcome(pbx_with(rows, quirks, **CHICAGO), "startTime=2013-12-03T00:00") == "1 2"


@pytest.mark.quirk("missing-date")
@pytest.mark.parametrize(
    ("query", "seconds", "millennium", "today"),
    [
        ("startTime=14:01:41", 0, ALL, "63 64"),
        ("endTime=14:01:41", 0, "", "62 63"),
        ("startTime=20:01:41Z", 0, ALL, "63 64"),
        ("startTime=15:01:41.000-05:00", 0, ALL, "63 64"),
        ("endTime=23:59:59", 0, "", ALL),
        # at 00:00 UTC it is still the same day at the PBX, at 06:00 UTC no longer
        ("startTime=14:01:41", 22390, ALL, "63 64"),
        ("startTime=20:01:41Z", 22390, ALL, "63 64"),
        ("startTime=14:01:41", 43989, ALL, "63 64"),
        ("startTime=00:00", 43990, ALL, ""),
        # with a date, or with neither, nothing is missing
        ("startTime=2013-12-03T14:01:41", 43990, "63 64", "63 64"),
        ("startTime=2013-12-04", 43990, "", ""),
        ("startTime=now", 43990, "", ""),
    ],
)
def test_a_time_without_a_date_is_of_the_year_2000_or_of_today(query, seconds, millennium, today):
    """A time of day alone is on 2000-01-01, or on the day that it is at the PBX."""
    each_way("missing-date", query, {"2000-01-01": millennium, "today": today}, seconds=seconds, **CHICAGO)


@pytest.mark.quirk("missing-date")
@pytest.mark.quirk("naive-time")
@pytest.mark.parametrize(
    ("day", "query", "starts", "found"),
    [
        ("2013-03-10", "startTime=07:59:59", ("2013-03-10 01:59:58", "2013-03-10 01:59:59"), "2"),
        ("2013-03-10", "startTime=08:00", ("2013-03-10 01:59:59", "2013-03-10 03:00:00"), "2"),
        ("2013-11-03", "startTime=06:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "2"),
        ("2013-11-03", "startTime=07:30", ("2013-11-03 01:29:59", "2013-11-03 01:30:00"), "2"),
    ],
)
def test_today_may_be_the_day_of_a_clock_change(day, query, starts, found):
    """A UTC time of today becomes local with the offset that holds at that time."""
    noon = (datetime.fromisoformat(f"{day}T18:00:00Z") - START).total_seconds()
    today = pbx_with(calls_at(*starts), {"missing-date": "today"}, **CHICAGO)
    naive = pbx_with(calls_at(*starts), {"missing-date": "today", "naive-time": "utc"}, **CHICAGO)
    assert outcome(naive, query, seconds=noon) == outcome(today, f"{query}Z", seconds=noon) == found


@pytest.mark.quirk("time-fraction")
@pytest.mark.parametrize(
    ("query", "cut", "keep"),
    [
        ("startTime=2013-12-03T14:01:41.000", "63 64", "64"),
        ("startTime=2013-12-03T14:01:41.999", "63 64", "64"),
        ("startTime=2013-12-03T14:01:40.999", "63 64", "63 64"),
        ("endTime=2013-12-03T14:01:41.000", "62 63", "62 63"),
        ("endTime=2013-12-03T14:01:40.999", "62", "62"),
        ("startTime=2013-12-03T20:01:41.500Z", "63 64", "64"),
        ("startTime=2013-12-03T14:01:41.001-06:00", "63 64", "64"),
        ("startTime=2013-12-03T14:01:41", "63 64", "63 64"),
    ],
)
def test_a_fraction_is_cut_off_or_compared(query, cut, keep):
    """A fraction counts for nothing, or makes the bound a longer text: even .000 is after the second without."""
    each_way("time-fraction", query, {"cut": cut, "keep": keep}, **CHICAGO)


FORMS = "write YYYY-MM-DD, YYYY-MM-DDTHH:MM[:SS[.sss]][zone], HH:MM[:SS[.sss]][zone], now, or ten digits of epoch"


@pytest.mark.quirk("fraction-digits")
@pytest.mark.parametrize("fraction", [".5", ".03", ".0300", ".123456789"])
def test_a_fraction_has_three_digits_or_any_number(fraction):
    """Another number of digits makes the page empty, or is taken."""
    bound = f"2013-12-03T14:01:41{fraction}"
    refuse = f"refused: 'startTime' has none of the time forms: '{bound}' ({FORMS})"
    each_way("fraction-digits", f"startTime={bound}", {"three": refuse, "any": "63 64"}, **CHICAGO)
    kept = {"three": refuse, "any": "64"}
    each_way("fraction-digits", f"startTime={bound}", kept, others={"time-fraction": "keep"}, **CHICAGO)


@pytest.mark.quirk("fraction-digits")
@pytest.mark.parametrize("bound", ["14:01:41.", "14:01.5", "14:01:41,500", "14:01:41.5.5", "14:01:41.%D9%A3"])
def test_what_is_no_fraction_is_none_with_any_number_of_digits(bound):
    """A point without digits, minutes with a fraction, a comma: never a time."""
    for value in ("three", "any"):
        answer = outcome(make_pbx(quirks={"fraction-digits": value}), f"startTime={bound}")
        assert answer.startswith("refused: 'startTime' has none of the time forms: ")


@pytest.mark.quirk("space-for-t")
@pytest.mark.parametrize(
    "bound", ["2013-12-03 14:01:41", "2013-12-03 14:01:41.000", "2013-12-03 20:01:41Z", "2013-12-03 14:01:41-06:00"]
)
def test_a_space_where_a_t_is_due_is_refused_or_taken(bound):
    """Sent as %20 or as +, a space makes the page empty, or parts date and time as the T does."""
    refuse = f"refused: 'startTime' has none of the time forms: '{bound}' (a space stands where the letter T is due)"
    for space in ("%20", "+"):
        query = f"startTime={bound.replace(' ', space)}"
        each_way("space-for-t", query, {"refuse": refuse, "accept": "63 64"}, **CHICAGO)


@pytest.mark.quirk("space-for-t")
@pytest.mark.parametrize(
    "bound",
    [
        "2013-12-03+",
        "+14:01:41",
        "2013-12-0314:01",
        "2013-12-03++14:01:41",
        "2013-12-03T14:01:41+06:00",
        "2013-12-03T+14:01",
        "+",
    ],
)
def test_a_space_elsewhere_is_never_taken(bound):
    """A space is a T between a date and a time of day only, and never the plus of a zone."""
    for value in ("refuse", "accept"):
        answer = outcome(make_pbx(quirks={"space-for-t": value}), f"startTime={bound}")
        assert answer.startswith("refused: 'startTime' has none of the time forms: ")


def test_the_rows_of_the_guide_are_the_page_that_outcomes_are_compared_with():
    """The page that these tests write down is the guide's own, to the byte."""
    assert csv(guide_rows()) == GUIDE_CSV


# --- what lies on a bound --------------------------------------------------------------------------------------------


@pytest.mark.quirk("time-bounds")
@pytest.mark.parametrize(("value", "found"), [("inclusive", ["63", "64"]), ("half-open", ["63"])])
def test_the_end_of_a_window_is_inside_or_outside(value: str, found: list[str]) -> None:
    """A call that begins at endTime is found, or not; one that begins at startTime always is."""
    pbx = make_pbx(quirks={"time-bounds": value})
    target = "/cdrapi?startTime=2013-12-03T14:01:41&endTime=2013-12-03T14:02:23"
    assert ids(pbx.answer(request(target), at())) == found


@pytest.mark.quirk("duration-bounds")
@pytest.mark.parametrize(("value", "found"), [("inclusive", ["63", "64"]), ("half-open", ["63"])])
def test_the_longest_duration_is_inside_or_outside(value: str, found: list[str]) -> None:
    """A call of maxDur seconds is found, or not; one of minDur always is."""
    pbx = make_pbx(quirks={"duration-bounds": value})
    assert ids(pbx.answer(request("/cdrapi?minDur=3&maxDur=4"), at())) == found


# --- forms and times that are open -----------------------------------------------------------------------------------


def no_form(bound: str, name: str = "startTime") -> str:
    """Return the outcome of a *bound* that has none of the forms."""
    return f"refused: '{name}' has none of the time forms: '{bound}' ({FORMS})"


@pytest.mark.quirk("date-zone")
@pytest.mark.quirk("date-only")
@pytest.mark.parametrize(
    ("bound", "found"),
    [
        ("2013-12-03Z", "62 63 64"),
        ("2013-12-03-20:00", "63 64"),
        ("2013-12-04%2B06:00", "63 64"),
        ("2013-12-04-06:00", ""),
        ("2013-12-03-24:00", None),
    ],
)
def test_a_zone_after_a_date_is_refused_or_taken(bound, found):
    """A zone without a time of day is no time, or that of its midnight, whatever a date alone is."""
    refuse = no_form(bound.replace("%2B", "+"))
    accept = found if found is not None else "refused: 'startTime' is no time that exists: there is no such zone offset"
    for date_only in ("utc", "local"):
        expected = {"refuse": refuse, "accept": accept}
        each_way("date-zone", f"startTime={bound}", expected, others={"date-only": date_only}, **CHICAGO)


@pytest.mark.quirk("date-zone")
@pytest.mark.parametrize("bound", ["2013-12-03ZT14:00", "2013-12-03Z14:00", "2013-12-03-06:00T14:00Z", "Z", "-06:00"])
def test_a_zone_elsewhere_is_never_taken(bound):
    """It does not stand between a date and a time of day, nor alone."""
    for value in ("refuse", "accept"):
        answer = outcome(make_pbx(quirks={"date-zone": value}), f"startTime={bound}")
        assert answer.startswith("refused: 'startTime' has none of the time forms: ")


@pytest.mark.quirk("epoch-digits")
@pytest.mark.parametrize(
    ("bound", "ten", "milliseconds"),
    [
        ("1386100901", "63 64", "63 64"),
        ("1386100901000", None, "63 64"),
        ("1386100901999", None, "63 64"),
        ("138610090", None, None),
        ("13861009010", None, None),
        ("13861009010000", None, None),
    ],
)
def test_an_epoch_has_ten_digits_or_thirteen(bound, ten, milliseconds):
    """Thirteen are milliseconds, whose fraction of a second is cut off; any other number of digits is no time."""
    found = {"ten": ten, "milliseconds": milliseconds}
    expected = {value: no_form(bound) if answer is None else answer for value, answer in found.items()}
    each_way("epoch-digits", f"startTime={bound}", expected, **CHICAGO)


@pytest.mark.quirk("epoch-digits")
@pytest.mark.quirk("time-fraction")
def test_milliseconds_are_a_fraction_that_is_cut_off_or_kept():
    """What counts as milliseconds is a fraction like any other."""
    for fraction, found in (("cut", "63 64"), ("keep", "64")):
        quirks = {"epoch-digits": "milliseconds", "time-fraction": fraction}
        assert outcome(make_pbx(quirks=quirks, **CHICAGO), "startTime=1386100901500") == found


@pytest.mark.quirk("now-case")
@pytest.mark.parametrize("bound", ["now", "NOW", "Now", "nowhere"])
def test_now_is_in_lower_case_or_in_any(bound):
    """The word in capitals is no time, or the present instant like the other."""
    expected = {
        "exact": "1" if bound == "now" else no_form(bound, "endTime"),
        "any": no_form(bound, "endTime") if bound == "nowhere" else "1",
    }
    rows = calls_at("2013-12-03 11:46:40", "2013-12-03 11:46:51")
    each_way("now-case", f"endTime={bound}", expected, rows, **CHICAGO)


@pytest.mark.quirk("impossible-time")
@pytest.mark.parametrize(
    ("bound", "carried"),
    [
        ("2013-13-40", "2014-02-08 18:00:00"),
        ("2013-12-03T25:00", "2013-12-04 01:00:00"),
        ("2013-12-03T13:61:41", "2013-12-03 14:01:41"),
        ("2013-12-03T13:59:99", "2013-12-03 14:00:39"),
        ("2013-00-00T00:00", "2012-11-30 00:00:00"),
        ("2013-02-29T00:00", "2013-03-01 00:00:00"),
        ("2013-11-33T14:01:41-06:00", "2013-12-03 14:01:41"),
        ("99:00", "2000-01-05 03:00:00"),
        ("2013-12-03T14:01", "2013-12-03 14:01:00"),
    ],
)
def test_a_time_that_does_not_exist_is_refused_or_carried_over(bound, carried):
    """Carried over it is the time that C's mktime makes of it, compared like any other."""
    rows, day, second = calls_at(carried), datetime.fromisoformat(carried), timedelta(seconds=1)
    around = calls_at(str(day - second), str(day + second))
    for limit, found in (("startTime", "2"), ("endTime", "1")):
        assert outcome(pbx_with(rows, {"impossible-time": "carry"}, **CHICAGO), f"{limit}={bound}") == "1"
        assert outcome(pbx_with(around, {"impossible-time": "carry"}, **CHICAGO), f"{limit}={bound}") == found
    exists = bound == "2013-12-03T14:01"
    for chosen in ({}, {"impossible-time": "refuse"}):
        answer = outcome(pbx_with(rows, chosen, **CHICAGO), f"startTime={bound}")
        assert answer == "1" if exists else answer.startswith("refused: 'startTime' is no time that exists: ")


@pytest.mark.quirk("impossible-time")
@pytest.mark.parametrize("bound", ["9999-99-99T99:99:99", "0000-01-01", "0000-00-00T00:00", "2013-12-03T14:00%2B99:00"])
def test_what_cannot_be_carried_over_is_refused(bound):
    """Beyond the years 1 to 9999, and for a zone that does not exist, there is no time to carry to."""
    answer = outcome(make_pbx(quirks={"impossible-time": "carry"}), f"startTime={bound}")
    assert answer.startswith("refused: 'startTime' is no time that exists: ")
