"""What is scheduled on a unit, in words: told when it comes, and warned of where no call shows it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from tests.appliances import assemble, assembled
from tests.makers import another_row
from ucmsim import schedule
from ucmsim.assembling.living import Living
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.columns import AT
from ucmsim.configuration import read
from ucmsim.configuration import warnings as checked
from ucmsim.instants import microseconds
from ucmsim.service.happenings import Happenings
from ucmsim.settings import ClockChange, load_pbx
from ucmsim.store.history import History

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
STEP = {"at": "2026-03-02T03:00:00Z", "step": -90.5}
ZONE = {"at": "2026-03-02T09:00:00Z", "time_zone": "Europe/Berlin"}
RESTART = "2026-03-03T04:00:00Z"
STEPPED = "the clock is corrected by -90.5 s at 2026-03-02T03:00:00Z, as clock.corrections has it, and shows 2026-03-02T02:58:29Z"
MOVED = "the unit believes in the zone Europe/Berlin from 2026-03-02T09:00:00Z on, as clock.corrections has it"
RESTARTED = "the unit restarts at 2026-03-03T04:00:00Z: calls that are up end without rows, channels count from 0 again"


def settings(**of_clock: Any) -> dict[str, Any]:
    """Return settings of a PBX with two corrections, of which the later stands first, and a restart."""
    clock = {"start": BEGAN.isoformat(), "rate": 1, "corrections": [ZONE, STEP], **of_clock}
    return {"time_zone": "UTC", "clock": clock, "restarts": [RESTART], "history": {"days": 0}}


def hours(number: float) -> datetime:
    return BEGAN + timedelta(hours=number)


# What has come


def test_what_is_scheduled_is_told_once_and_when_it_comes(history: History) -> None:
    """In the order of time, also when it all comes at once; to the instant, and not a second time."""
    living = Living("hq", load_pbx(settings(), Path()), history, seed=1, since=BEGAN)
    told = []
    for now in (hours(2.9999), hours(3), hours(9), hours(9), hours(28), hours(1000)):
        living.happen(now)
        told.append(living.news())
    assert told == [[], [STEPPED], [MOVED], [], [RESTARTED], []]
    another = Living("hq", load_pbx(settings(), Path()), history, seed=1, since=BEGAN)
    another.happen(hours(50))
    assert another.news() == [STEPPED, MOVED, RESTARTED]


def test_what_a_clock_that_is_set_passes_over_is_not_told(history: History) -> None:
    """It does not come; set back, it comes again."""
    living = Living("hq", load_pbx(settings(), Path()), history, seed=1, since=BEGAN)
    living.skip(hours(20))
    living.happen(hours(30))
    assert living.news() == [RESTARTED]
    living.skip(hours(4))
    living.happen(hours(30))
    assert living.news() == [MOVED, RESTARTED]


def test_a_correction_by_hand_is_none_that_is_scheduled(history: History, tmp_path: Path) -> None:
    """Whoever makes it is told by the answer, and the log by the control plane."""
    with assembled(tmp_path / "state", settings()) as appliance:
        appliance.pbx.change_clock(ClockChange(step=5), 0.0)
        appliance.living.correct(appliance.pbx.clock.corrections)
        appliance.living.happen(hours(1))
        assert appliance.living.news() == []


def test_a_unit_on_which_something_is_scheduled_goes_on_until_it_has_come(history: History) -> None:
    """So that there is somebody to tell of it, with no traffic at all."""
    living = Living("hq", load_pbx(settings(), Path()), history, seed=1, since=BEGAN)
    assert living.goes_on
    living.happen(hours(28))
    assert not living.goes_on


def test_what_retention_deletes_is_told(history: History) -> None:
    """Rows and recordings apart, and nothing where nothing went."""
    old, young = another_row(), list(another_row())
    young[AT["start"]] = "2026-03-02 01:00:00"
    history.extend([old, old, tuple(young)])
    kept = {**settings(corrections=[]), "restarts": [], "retention": {"rows": 30, "recordings": 7}}
    living = Living("hq", load_pbx(kept, Path()), history, seed=1, since=BEGAN)
    told = []
    for day in (0, 1, 40):
        living.happen(BEGAN + timedelta(days=day))
        told.append(living.news())
    assert told == [
        ["retention: CDRs older than 30 days were deleted: 2"], [], ["retention: CDRs older than 30 days were deleted: 1"],
    ]  # fmt: skip


def test_a_retention_of_one_day_is_told_in_the_singular(history: History) -> None:
    """One day is no days."""
    history.extend([another_row()])
    kept = {**settings(corrections=[]), "restarts": [], "retention": {"rows": 1}}
    living = Living("hq", load_pbx(kept, Path()), history, seed=1, since=BEGAN)
    living.happen(BEGAN)
    assert living.news() == ["retention: CDRs older than 1 day were deleted: 1"]


def test_the_log_has_a_line_for_each(tmp_path: Path) -> None:
    """Under the name of the PBX, as time passes."""
    clock = Clock()
    with assembled(tmp_path / "state", settings()) as appliance:
        calls = Happenings(appliance, clock, lambda work: succeed(work()))
        calls.startService()
        with capturedLogs() as events:
            clock.pump([60.0] * 60 * 29)
        Deferred.fromCoroutine(calls.catch_up())
        calls.stopService()
        assert [formatEvent(event) for event in events] == [f"hq: {said}" for said in (STEPPED, MOVED, RESTARTED)]


# What will show in no call

EARLY = "before the calls that are made up begin, at 2026-10-28T00:00:00Z"


def said(begun: datetime, **changes: Any) -> list[str]:
    made = {**settings(), "history": {"days": 30}, **changes}
    return list(schedule.warnings(load_pbx(made, Path()), begun))


def test_what_lies_before_all_calls_is_warned_of() -> None:
    """A step and a zone hold all the same; a restart comes to nothing."""
    begun = datetime(2026, 11, 27, tzinfo=UTC)
    coming = f"{EARLY}: no call shows it coming, the"
    assert said(begun) == [
        f"clock.corrections[0] is at 2026-03-02T09:00:00Z, {coming} zone Europe/Berlin holds from the first one on",
        f"clock.corrections[1] is at 2026-03-02T03:00:00Z, {coming} step of -90.5 s holds from the first one on",
        f"restarts[0] is at 2026-03-03T04:00:00Z, {EARLY}: nothing comes of it",
    ]
    for days in ({"days": 0}, {"import": None, "days": 0}):
        told = said(begun, history=days)
        assert len(told) == 3
        assert all("before the PBX begins, at 2026-11-27T00:00:00Z" in one for one in told)


@pytest.mark.parametrize(
    ("begun", "due"), [(hours(-24), 0), (hours(24), 0), (hours(29 * 24), 0), (hours(30 * 24 + 4), 1)]
)
def test_what_a_call_can_show_is_not_warned_of(begun: datetime, due: int) -> None:
    """Within the calls that are made up, or while the clock goes on; the first hour after they begin is within."""
    assert len(said(begun)) == due


def test_what_a_frozen_clock_never_comes_to_is_warned_of() -> None:
    """It does when somebody moves the clock."""
    frozen = settings(rate=0)["clock"]
    told = said(hours(4), clock=frozen)
    never = "the clock is frozen at 2026-03-02T04:00:00Z (rate 0): it comes only when the clock is moved on"
    assert told == [
        f"clock.corrections[0] is at 2026-03-02T09:00:00Z, and {never}",
        f"restarts[0] is at 2026-03-03T04:00:00Z, and {never}",
    ]
    assert said(hours(28), clock=frozen) == []


def test_a_history_of_more_days_than_there_are_is_no_error() -> None:
    """Time has a beginning."""
    assert len(said(datetime(1, 1, 3, tzinfo=UTC), history={"days": 3650})) == 0


def test_check_and_the_start_say_the_same(tmp_path: Path) -> None:
    """But where a history is kept, which began before the one that the settings would make now."""
    wall = datetime(2026, 11, 27, tzinfo=UTC).timestamp()
    one = "{history: {days: 2, calls_per_day: 20}, restarts: ['2026-03-03T04:00:00Z']}"
    (tmp_path / "sim.yaml").write_text(f"pbxs:\n  hq: {one}\n")
    configuration = read(tmp_path / "sim.yaml")
    warned = [said for name, said in checked(configuration, wall) if said.startswith("restarts[0]")]
    early = "before the calls that are made up begin, at 2026-11-25T00:00:00Z: nothing comes of it"
    assert warned == [f"restarts[0] is at 2026-03-03T04:00:00Z, {early}"]
    folder = StateFolder.open(tmp_path / "state")
    for due in (warned, []):
        with closing(assemble(configuration.pbxs["hq"], folder, wall)) as appliance:
            assert [one for one in appliance.warnings if one.startswith("restarts")] == due
    folder.close()


def test_instants_are_counted_in_whole_microseconds() -> None:
    """What comes at the very instant that was asked up to has come, and not again after it."""
    at = microseconds(hours(1))
    clock = schedule.Corrections()
    assert list(schedule.come(clock, (at,), at - 1, at)) != []
    assert list(schedule.come(clock, (at,), at, at + 1)) == []
