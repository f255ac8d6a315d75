"""The PBX clock as a value, what a change of it may be, and what one PBX does when its clock is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from tests.appliances import assembled
from tests.makers import ACCOUNT, BEGAN, START, digest, header, ids, make_pbx, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.certificates.authority import Identity
from ucmsim.certificates.defects import Shown
from ucmsim.clock import PbxClock
from ucmsim.errors import ConfigurationError
from ucmsim.settings import ClockChange, load_clock_change
from ucmsim.settings.clock import LONGEST_ADVANCE

WALL = 1000.0
NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

changes = st.one_of(
    st.builds(lambda rate: ClockChange(rate=rate), st.floats(0, 100_000)),
    st.builds(lambda seconds: ClockChange(advance=seconds), st.floats(0, LONGEST_ADVANCE)),
    st.builds(lambda seconds: ClockChange(step=seconds), st.floats(-1e12, 1e12)),
)


def clock(rate: float = 1.0, start: datetime = NOON) -> PbxClock:
    """Return a clock that shows *start* at `WALL`."""
    return PbxClock.starting(start, rate, WALL)


# --- a clock that runs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "seconds", "shows"), [(1.0, 90, "11:48:20"), (0.0, 90, "11:46:50"), (60.0, 90, "13:16:50")]
)
def test_the_pbx_clock_runs_at_its_rate(rate, seconds, shows):
    """The clock runs with the wall, stands still, or runs ahead of it."""
    clock = PbxClock.starting(datetime(2013, 12, 3, 11, 46, 50, tzinfo=UTC), rate, 1000.0)
    when = clock.at(1000.0 + seconds)
    assert (when.wall, f"{when.pbx:%H:%M:%S}") == (1000.0 + seconds, shows)


def test_a_clock_without_a_start_begins_with_the_wall():
    """start: now is the wall's own time."""
    assert PbxClock.starting(None, 1.0, 1_386_092_810.0).at(1_386_092_810.0).pbx == datetime(
        2013, 12, 3, 17, 46, 50, tzinfo=UTC
    )


def test_a_clock_stops_at_the_end_of_time():
    """A fast clock stays in the year 9999 instead of failing."""
    clock = PbxClock.starting(datetime(9999, 12, 31, tzinfo=UTC), 100_000, 0.0)
    assert clock.at(1e9).pbx.year == 9999


# --- a clock that is moved -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.0, 1.0, 60.0])
def test_clock_is_set(rate: float) -> None:
    """It shows the instant at the moment it is set, in UTC, and goes on at its rate."""
    moved = clock(rate).set_to(datetime(2030, 7, 1, 2, tzinfo=ZoneInfo("Europe/Berlin")), WALL + 5)
    assert moved.at(WALL + 5).pbx == datetime(2030, 7, 1, tzinfo=UTC)
    assert moved.at(WALL + 5).pbx.tzinfo is UTC
    assert moved.at(WALL + 15).pbx == datetime(2030, 7, 1, tzinfo=UTC) + timedelta(seconds=10 * rate)


def test_clock_gets_another_rate() -> None:
    """It does not jump: up to the change the old rate holds, from there on the new one."""
    fast = clock(60.0).running(2.0, WALL + 60)
    assert fast.at(WALL + 60).pbx == NOON + HOUR
    assert fast.at(WALL + 70).pbx == NOON + HOUR + timedelta(seconds=20)
    frozen = fast.running(0.0, WALL + 70)
    assert frozen.at(WALL + 9999).pbx == fast.at(WALL + 70).pbx


@pytest.mark.parametrize("rate", [0.0, 1.0, 60.0])
def test_clock_is_advanced(rate: float) -> None:
    """It shows so many of its own seconds more, whatever its rate, and goes on."""
    moved = clock(rate).advanced(90.5, WALL + 10)
    assert moved.at(WALL + 10).pbx == NOON + timedelta(seconds=10 * rate + 90.5)
    assert moved.at(WALL + 11).pbx == NOON + timedelta(seconds=11 * rate + 90.5)


def test_clock_is_advanced_by_nothing() -> None:
    """No time at all may pass."""
    assert clock().advanced(0, WALL + 5).at(WALL + 7) == clock().at(WALL + 7)


def test_time_does_not_pass_backwards() -> None:
    """What goes back is a step."""
    with pytest.raises(ValueError, match="stepped"):
        clock().advanced(-1, WALL)


@pytest.mark.parametrize("seconds", [-90.5, -0.25, 0, 3600])
def test_clock_is_stepped(seconds: float) -> None:
    """It is corrected either way, and goes on at its rate."""
    moved = clock(2.0).stepped(seconds, WALL + 10)
    assert moved.at(WALL + 10).pbx == NOON + timedelta(seconds=20 + seconds)
    assert moved.at(WALL + 11).pbx == NOON + timedelta(seconds=22 + seconds)


def test_clock_is_a_value() -> None:
    """Whoever has the clock from before still has it."""
    before = clock()
    before.set_to(NOON - DAY, WALL)
    before.running(60.0, WALL)
    before.advanced(60, WALL)
    before.stepped(-60, WALL)
    assert before == clock()


@given(st.lists(st.tuples(changes, st.floats(0, 1e6)), max_size=8))
def test_clock_runs_on_through_any_changes(moves: list[tuple[ClockChange, float]]) -> None:
    """A step alone turns it back, and it stays where every zone has a local time."""
    moved, wall = clock(), WALL
    for change, seconds in moves:
        wall += seconds
        before = moved.at(wall).pbx
        moved = moved.changed(change, wall)
        after = moved.at(wall).pbx
        assert after == before if change.rate is not None else change.step is not None or after >= before
        assert moved.at(wall + 1).pbx >= after
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            after.astimezone(ZoneInfo(zone))


@pytest.mark.parametrize("seconds", [1e12, 1e300, -1e12, -1e300])
def test_clock_stays_within_time(seconds: float) -> None:
    """Moved beyond the years 1 to 9999 it stays at their end, which every zone can tell."""
    end = clock().stepped(seconds, WALL).at(WALL + 5).pbx
    assert end.year == (9999 if seconds > 0 else 1)
    assert {end.astimezone(ZoneInfo(zone)).year for zone in available_timezones()} == {end.year}


# --- what a change may be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "shows", "rate"),
    [
        ({"now": "2026-03-29T02:30:00+02:00"}, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 2.0),
        ({"now": "2026-03-29T00:30:00Z", "rate": 0}, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 0.0),
        ({"rate": 60}, NOON + timedelta(seconds=20), 60.0),
        ({"rate": 100_000}, NOON + timedelta(seconds=20), 100_000.0),
        ({"advance": 3600}, NOON + timedelta(seconds=3620), 2.0),
        ({"advance": 0.5, "rate": 0.25}, NOON + timedelta(seconds=20.5), 0.25),
        ({"step": -3600}, NOON - timedelta(seconds=3580), 2.0),
        ({"step": 1.5, "rate": 0}, NOON + timedelta(seconds=21.5), 0.0),
    ],
)
def test_change_is_made(change: dict[str, Any], shows: datetime, rate: float) -> None:
    """One of now, advance and step, rate, or both: the clock shows the one and runs at the other from then on."""
    moved = clock(2.0).changed(load_clock_change(change), WALL + 10)
    assert (moved.at(WALL + 10).pbx, moved.rate) == (shows, rate)


BAD_CHANGES = [
    ({}, "", "there is nothing to change; give now, advance or step, or rate, or time_zone"),
    (
        {"advance": 1, "step": 1},
        "step",
        "'step' does not go with 'advance'; keep one of the two; rate and time_zone go with each",
    ),
    ({"now": "2026-03-29T00:30:00Z", "advance": 1}, "advance", "'advance' does not go with 'now'; keep one of the two"),
    ({"now": "2026-03-29T00:30:00Z", "step": 1, "rate": 1}, "step", "'step' does not go with 'now'; keep one"),
    (
        {"now": "now"},
        "now",
        "'now' is not an ISO instant; write an ISO instant with its zone, such as 2026-03-29T00:30",
    ),
    ({"now": "2026-03-29T00:30:00"}, "now", "'2026-03-29T00:30:00' has no zone, so it is no instant"),
    ({"now": "0001-01-01T00:00:00+14:00"}, "now", "lies outside the years 1 to 9999"),
    (
        {"now": "9999-12-31T23:59:59Z"},
        "now",
        "too near the end of the years 1 to 9999; of instants here the first is 0001-01-02T00:00:00+00:00 and the last is 9999-12-30T23:59:59+00:00",
    ),
    ({"now": "0001-01-01T23:59:59Z"}, "now", "'0001-01-01T23:59:59Z' is too near the end"),
    ({"now": 1774744200}, "now", "text is due, and 1774744200 is a number"),
    ({"now": None}, "now", "there is nothing here"),
    ({"rate": -0.5}, "rate", "-0.5 cannot stand here; it must be 0 or more"),
    ({"rate": 100_001}, "rate", "100001 cannot stand here; it must be 100000 or less"),
    ({"rate": float("nan")}, "rate", "nan cannot stand here"),
    ({"rate": True}, "rate", "true cannot stand here; a number is due"),
    ({"rate": "2"}, "rate", "'2' is text, and a number is due; remove the quotes: 2"),
    ({"rate": None}, "rate", "there is nothing here; a number is due"),
    ({"advance": -1}, "advance", "-1 cannot stand here; it must be 0 or more"),
    ({"advance": float("inf")}, "advance", "inf cannot stand here; a finite number is due"),
    ({"advance": 10**400}, "advance", "cannot stand here"),
    ({"advance": "PT1H"}, "advance", "'PT1H' cannot stand here; a number is due"),
    ({"step": float("nan")}, "step", "nan cannot stand here; a finite number is due"),
    ({"step": [1]}, "step", "a list cannot stand here; a number is due"),
    ({"step": None}, "step", "there is nothing here; a number is due"),
    ({"stepp": 1}, "stepp", "there is no key 'stepp' here; did you mean 'step'?"),
    ({"start": "now"}, "start", "the keys are advance, now, rate, step"),
]


@pytest.mark.parametrize(("change", "key", "said"), BAD_CHANGES)
def test_change_that_cannot_be_made(change: dict[str, Any], key: str, said: str) -> None:
    """What is wrong is said with its key, and with what would be right."""
    with pytest.raises(ConfigurationError) as raised:
        load_clock_change(change)
    (problem,) = raised.value.problems
    assert problem.key == key
    assert said in str(problem)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """A bad value and a bad pair are two problems."""
    with pytest.raises(ConfigurationError) as raised:
        load_clock_change({"now": "today", "step": 3, "rate": -1})
    assert sorted(problem.key for problem in raised.value.problems) == ["now", "rate", "step"]


# --- a PBX whose clock is moved ------------------------------------------------------------------------------------


def dated(pbx: Pbx, wall: float) -> str | None:
    """Return the Date that *pbx* sends at *wall*."""
    return header(pbx.answer(request("/cdrapi"), pbx.clock.at(wall)), "Date")


def test_date_and_now_follow_the_clock() -> None:
    """What a request gets is what the clock shows when it is decided."""
    pbx = make_pbx(time_zone="UTC")
    assert dated(pbx, BEGAN) == "Tue, 03 Dec 2013 17:46:50 GMT"
    pbx.change_clock(ClockChange(step=-8 * 3600), BEGAN + 10)
    assert dated(pbx, BEGAN + 10) == "Tue, 03 Dec 2013 09:47:00 GMT"
    assert ids(pbx.answer(request("/cdrapi?endTime=now"), pbx.clock.at(BEGAN + 10))) == []
    pbx.change_clock(load_clock_change({"now": START.isoformat(), "rate": 0}), BEGAN + 20)
    assert dated(pbx, BEGAN + 9999) == "Tue, 03 Dec 2013 17:46:50 GMT"
    assert ids(pbx.answer(request("/cdrapi?endTime=now"), pbx.clock.at(BEGAN + 20))) == ["62", "63", "64"]


def test_what_was_decided_before_keeps_its_moment() -> None:
    """A lookup that is still to be made is dated by the moment of its request."""
    pbx = make_pbx()
    decided = pbx.decide(request("/cdrapi"), pbx.clock.at(BEGAN))
    pbx.change_clock(ClockChange(advance=3600), BEGAN)
    assert not hasattr(decided, "status")
    assert header(decided.reply(), "Date") == "Tue, 03 Dec 2013 17:46:50 GMT"


@pytest.mark.parametrize("move", [{"advance": 3600.0}, {"step": -3600.0}, {"rate": 100_000.0}])
def test_nonces_do_not_follow_the_clock(move: dict[str, float]) -> None:
    """A nonce is good for its time of the wall clock, however the PBX clock is moved meanwhile, and no longer."""
    pbx = make_pbx(api=ACCOUNT)
    first = pbx.answer(request("/cdrapi"), pbx.clock.at(BEGAN))
    pbx.change_clock(ClockChange(**move), BEGAN + 1)
    statuses = [
        pbx.answer(
            request("/cdrapi", authorization=digest(first, "/cdrapi", nc=nc)), pbx.clock.at(BEGAN + seconds)
        ).status
        for nc, seconds in ((1, 2), (2, 70))
    ]
    assert statuses == [200, 401]


def ends(shown: Identity | Shown) -> datetime:
    return x509.load_pem_x509_certificate(shown.certificate_pem).not_valid_after_utc


@pytest.mark.parametrize("profile", ["modern", "device"])
def test_certificates_when_the_clock_is_moved(profile: str, tmp_path: Path) -> None:
    """The good certificate stays, and others are as good; one with a defect is that of the day that the clock shows."""
    wall = NOON.timestamp()
    with assembled(tmp_path, {"history": {"days": 0}, "tls_profile": profile}, wall) as appliance:
        good, expired = appliance.identity(None, wall), appliance.identity("expired", wall)
        assert ends(expired) == NOON - 3 * DAY
        for days in (-400, 5000):
            appliance.pbx.change_clock(load_clock_change({"now": (NOON + days * DAY).isoformat()}), wall)
            assert appliance.identity(None, wall) is good
            expired = appliance.identity("expired", wall)
            assert ends(expired) == NOON + (days - 3) * DAY
            another = appliance.identity(f"another-{days}", wall)
            assert another.certificate.not_valid_before_utc <= NOON <= another.certificate.not_valid_after_utc
        assert appliance.verifies("127.0.0.1", wall)
