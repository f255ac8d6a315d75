"""A year of calls written down in three zones: local stamps by tables of 2026, and the same seconds everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests.offices import office_of
from ucmsim.calls import Firmware
from ucmsim.calls.dialplan import legs
from ucmsim.calls.legs import Leg
from ucmsim.calls.shapes import BY_ID
from ucmsim.calls.stage import Phase, example
from ucmsim.calls.traffic import Traffic
from ucmsim.columns import NAMES
from ucmsim.instants import SECOND
from ucmsim.personalities import personality
from ucmsim.register import Quirks
from ucmsim.settings import Extensions, Recording, Trunk
from ucmsim.settings import Traffic as Settings

HOUR = 3600
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2026, 2027))
CHANGES = {
    "America/Chicago": ((-6, "2026-03-08T08:00"), (-5, "2026-11-01T07:00"), (-6, "2027-01-02T00:00")),
    "Europe/Berlin": ((1, "2026-03-29T01:00"), (2, "2026-10-25T01:00"), (1, "2027-01-02T00:00")),
    "Australia/Lord_Howe": ((11, "2026-04-04T15:00"), (10.5, "2026-10-03T15:30"), (11, "2027-01-02T00:00")),
}
"""Hours that the zone is ahead of UTC until an instant, in order: the rules of 2026, written out."""


@cache
def year() -> tuple[Leg, ...]:
    """Return the legs of a year, a few calls a day, so many around every change of a clock too."""
    busy = Settings(hourly=(1,) * 24, weekdays=(1,) * 7)
    office = office_of(Extensions(), (Trunk(name="carrier-a", channels=12),), Recording(), busy, ZoneInfo("UTC"))
    stories = Traffic(office, 60, Random(1), Random(2)).stories(FIRST * SECOND, LAST * SECOND)
    return tuple(leg for story in stories for call in story for leg in legs(call, story))


def expected(zone: str, instant: int) -> str:
    """Return the local time at *instant*, worked out from the table."""
    when = datetime.fromtimestamp(instant // SECOND, UTC)
    ahead = next(hours for hours, until in CHANGES[zone] if when < datetime.fromisoformat(until).replace(tzinfo=UTC))
    return f"{when + timedelta(hours=ahead):%Y-%m-%d %H:%M:%S}"


@pytest.mark.quirk("local-times")
@pytest.mark.parametrize("zone", CHANGES)
def test_stamps_are_local_and_seconds_are_true(zone: str) -> None:
    """Also in the hour that comes twice and around the one that is left out; durations are what really passed."""
    firmware = Firmware.of(Quirks.of(personality("ucm6510"), {"ring-group-busy": "end"}), ZoneInfo(zone))
    seconds = [0, 0]
    for leg in year():
        row = dict(zip(NAMES, firmware.row(leg, ()), strict=True))
        assert (row["start"], row["end"]) == (expected(zone, leg.start), expected(zone, leg.end))
        assert row["uniqueid"].startswith(f"{leg.call.start // SECOND}.")
        seconds[0] += int(row["duration"])
        seconds[1] += int(row["billsec"])
    assert seconds == totals()


@cache
def totals() -> list[int]:
    """Return the whole seconds of all legs and of all talk, as UTC has them."""
    firmware = Firmware.of(Quirks.of(personality("ucm6510")), ZoneInfo("UTC"))
    rows = [dict(zip(NAMES, firmware.row(leg, ()), strict=True)) for leg in year()]
    return [sum(int(row[name]) for row in rows) for name in ("duration", "billsec")]


@pytest.mark.parametrize(("zone", "back"), [(zone, table[at][1]) for zone, table in CHANGES.items() for at in (0, 1)
                                             if table[at + 1][0] < table[at][0]])  # fmt: skip
def test_a_call_over_the_hour_that_comes_again_ends_before_it_began(zone: str, back: str) -> None:
    """On paper: its duration is what passed."""
    change = int(datetime.fromisoformat(back).replace(tzinfo=UTC).timestamp())
    times = {Phase.RING: 5 * SECOND, Phase.TALK: 1200 * SECOND}
    stage = example()._replace(start=(change - 600) * SECOND, lasts=lambda phase, _time=0: times[phase])
    (call,) = BY_ID["answered"].story(stage)
    (leg,) = legs(call)
    firmware = Firmware.of(Quirks.of(personality("ucm6510")), ZoneInfo(zone))
    row = dict(zip(NAMES, firmware.row(leg, ()), strict=True))
    assert row["end"] < row["start"]
    assert (row["duration"], row["billsec"]) == ("1205", "1200")


def test_a_year_has_calls_around_every_change() -> None:
    """Within two hours of each, so that the test above is about them."""
    starts = sorted(leg.start // SECOND for leg in year())
    for changes in CHANGES.values():
        for _, until in changes[:2]:
            at = int(datetime.fromisoformat(until).replace(tzinfo=UTC).timestamp())
            assert any(abs(start - at) < 2 * HOUR for start in starts)
