"""The clock of a PBX over the control plane: told, moved, set to another zone, and refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controlling import Control
from tests.test_clock import BAD_CHANGES


def test_clock_is_told(control: Control) -> None:
    """The clock of a PBX is told in UTC, in the PBX's zone, and with its rate; one that runs tells a later instant."""
    frozen = {"start": "2026-03-29T00:30:00Z", "rate": 0}
    path = f"/v1/pbxs/{control.create(clock=frozen, time_zone='Europe/Berlin').json['name']}/clock"
    answer = control("GET", path)
    shown = {"now": "2026-03-29T00:30:00+00:00", "local": "2026-03-29T01:30:00+01:00", "rate": 0.0,
             "world": "2026-03-29T00:30:00+00:00"}  # fmt: skip
    assert (answer.status, answer.json) == (200, shown)
    control("PUT", path, {"rate": 1000})
    one, other = (control("GET", path).json["now"] for _ in range(2))
    assert shown["now"] < one < other < "2026-03-29T02"


def test_clock_is_moved(control: Control) -> None:
    """A PUT is answered with what the clock then shows, which is what a GET shows."""
    frozen = {"start": "2026-03-29T00:30:00Z", "rate": 0}
    path = f"/v1/pbxs/{control.create(clock=frozen, time_zone='UTC').json['name']}/clock"
    moves: list[tuple[dict[str, Any], str, str]] = [
        ({"advance": 90}, "2026-03-29T00:31:30", "2026-03-29T00:31:30"),
        ({"step": -3600.5}, "2026-03-28T23:31:29.500000", "2026-03-29T00:31:30"),
        ({"now": "2013-12-03T11:46:50-06:00"}, "2013-12-03T17:46:50", "2013-12-03T17:46:50"),
        ({"now": "2024-02-29T00:00:00Z", "rate": 0.0}, "2024-02-29T00:00:00", "2024-02-29T00:00:00"),
    ]
    for change, now, world in moves:
        answer = control("PUT", path, change)
        told = {"now": f"{now}+00:00", "local": f"{now}+00:00", "rate": 0, "world": f"{world}+00:00"}
        assert (answer.status, answer.json) == (200, told)
        assert control("GET", path).json == answer.json


@pytest.mark.parametrize(
    ("zone", "before", "moved", "after"),
    [
        ("Europe/Berlin", "2026-03-29T01:59:59+01:00", 1, "2026-03-29T03:00:00+02:00"),
        ("Europe/Berlin", "2026-10-25T02:30:00+02:00", 3600, "2026-10-25T02:30:00+01:00"),
        ("America/Chicago", "2026-11-01T01:59:59-05:00", 1, "2026-11-01T01:00:00-06:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:59:00+11:00", 60, "2026-04-05T01:30:00+10:30"),
    ],
)
def test_local_time_has_its_gap_and_its_fold(control: Control, zone: str, before: str, moved: int, after: str) -> None:
    """Over a clock change local time skips or repeats, and its offset tells which of the two hours it is."""
    path = f"/v1/pbxs/{control.create(time_zone=zone).json['name']}/clock"
    assert control("PUT", path, {"now": before, "rate": 0}).json["local"] == before
    assert control("PUT", path, {"advance": moved}).json["local"] == after
    assert control("PUT", path, {"step": -moved}).json["local"] == before


def test_a_unit_believes_in_another_zone(control: Control) -> None:
    """Its local time is that zone's from then on, and UTC is what it was."""
    frozen = {"start": "2026-03-29T00:30:00Z", "rate": 0}
    path = f"/v1/pbxs/{control.create(clock=frozen, time_zone='UTC').json['name']}/clock"
    moved = control("PUT", path, {"time_zone": "Asia/Kolkata"}).json
    assert (moved["now"], moved["local"]) == ("2026-03-29T00:30:00+00:00", "2026-03-29T06:00:00+05:30")
    assert (
        "there is no time zone 'Asia/Kolkatta'" in control("PUT", path, {"time_zone": "Asia/Kolkatta"}).error["message"]
    )


def test_clock_at_the_end_of_time(control: Control, hq: str) -> None:
    """What passes beyond the years that there are passes to their end, where the zone still has a local time; what leads there is refused."""
    assert control("PUT", f"{hq}/clock", {"now": "9999-12-30T23:59:00Z"}).json["now"].startswith("9999-12-30T23:59:0")
    assert control("PUT", f"{hq}/clock", {"now": "9999-12-30T23:59:59.5Z"}).told == (400, "invalid", "now")
    assert control("PUT", f"{hq}/clock", {"advance": 1e6}).json["now"] == "9999-12-30T23:59:59+00:00"
    refused = control("PUT", f"{hq}/clock", {"advance": 1e300})
    assert (refused.status, "316224000 or less" in refused.error["message"]) == (400, True)


@pytest.mark.parametrize("step", [1e15, -1e15, 1e300, -1e300, 2.6e11])
def test_a_step_out_of_time_is_refused(control: Control, hq: str, step: float) -> None:
    """As an instant there is, and the clock is as it was, so that a step back still does what it says."""
    control("PUT", f"{hq}/clock", {"now": "2026-03-29T00:30:00Z", "rate": 0})
    refused = control("PUT", f"{hq}/clock", {"step": step})
    assert refused.told == (400, "invalid", "step")
    assert refused.error["message"] == (
        f"{step:+.12g} s lead too near the end of the years 1 to 9999; of instants here "
        "the first is 0001-01-02T00:00:00+00:00 and the last is 9999-12-30T23:59:59+00:00"
    )
    assert control("PUT", f"{hq}/clock", {"step": 2.5e11}).json["now"].startswith("9948-")
    assert control("PUT", f"{hq}/clock", {"step": 1e10}).told == (400, "invalid", "step")
    assert control("PUT", f"{hq}/clock", {"step": -2.5e11 - 1}).json["now"] == "2026-03-29T00:29:59+00:00"


def test_settings_stay_when_the_clock_is_moved(control: Control, hq: str) -> None:
    """What is told of a PBX are the settings it began with."""
    told = control("GET", hq).json
    control("PUT", f"{hq}/clock", {"now": "2013-12-03T17:46:50Z", "rate": 0})
    assert control("GET", hq).json == told


def test_each_pbx_has_its_own_clock(control: Control, hq: str) -> None:
    """Moving the clock of one PBX does nothing to another."""
    other = f"/v1/pbxs/{control.create(clock={'start': '2026-03-29T00:30:00Z', 'rate': 0}).json['name']}/clock"
    control("PUT", f"{hq}/clock", {"now": "2013-12-03T17:46:50Z"})
    assert control("GET", other).json["now"] == "2026-03-29T00:30:00+00:00"


@pytest.mark.parametrize(("change", "key", "said"), BAD_CHANGES)
def test_bad_change_of_the_clock(control: Control, change: dict[str, Any], key: str, said: str) -> None:
    """A change that cannot be made is a 400 that names its field, and the clock is as it was."""
    frozen = {"start": "2026-03-29T00:30:00Z", "rate": 0}
    path = f"/v1/pbxs/{control.create(clock=frozen).json['name']}/clock"
    before = control("GET", path).json
    answer = control("PUT", path, change)
    assert answer.told == (400, "invalid", key or None)
    assert said in answer.error["message"]
    assert control("GET", path).json == before
