"""A clock that is corrected, a zone that is wrong, and a unit that restarts, and what is written down meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ucmsim.assembling.filling import made_up
from ucmsim.calls import Firmware
from ucmsim.calls.shapes import BY_ID, Story
from ucmsim.calls.stage import Phase, example
from ucmsim.calls.world import CallWorld
from ucmsim.clock import PbxClock
from ucmsim.columns import NAMES
from ucmsim.corrections import Correction, Corrections
from ucmsim.errors import ConfigurationError
from ucmsim.instants import SECOND, at_microseconds, microseconds
from ucmsim.personalities import personality
from ucmsim.register import Quirks
from ucmsim.settings import load_pbx
from ucmsim.store.records import Record

HOUR = 3600 * SECOND
STAGE = example()
ANSWER = STAGE.start + STAGE.lasts(Phase.RING)
END = ANSWER + STAGE.lasts(Phase.TALK)
"""Of the call below, which begins on 2022-08-22 at 08:43:58.067640 UTC, is answered after 14.3 s and talked 420.6 s."""
TIMES = ("start", "answer", "end", "duration", "billsec")
BERLIN = ZoneInfo("Europe/Berlin")


def written(story: Story, *made: Correction, restarts: tuple[int, ...] = (), **quirks: str) -> list[Record]:
    """Return what a unit in UTC, whose clock is corrected so, writes of a story."""
    chosen = {name.replace("_", "-"): value for name, value in quirks.items()}
    firmware = Firmware.of(Quirks.of(personality("ucm6510"), chosen), ZoneInfo("UTC"))
    clock = Corrections(tuple(made))
    return list(CallWorld(firmware, iter([story]), clock=clock, restarts=restarts).records(END + 24 * HOUR))


def times(record: Record) -> tuple[str, ...]:
    row = by_name(record)
    return tuple(row[name] for name in TIMES)


def by_name(record: Record) -> dict[str, str]:
    return dict(zip(NAMES, record.row, strict=True))


ANSWERED = BY_ID["answered"].story(STAGE)
RIGHT = ("2022-08-22 08:43:58", "2022-08-22 08:44:12", "2022-08-22 08:51:12", "434", "420")


@pytest.mark.quirk("clock-corrections")
@pytest.mark.parametrize(
    ("when", "step", "told"),
    [
        (ANSWER + HOUR // 60, -100, ("2022-08-22 08:43:58", "2022-08-22 08:44:12", "2022-08-22 08:49:32", "334", "320")),
        (ANSWER + HOUR // 60, -3600, ("2022-08-22 08:43:58", "2022-08-22 08:44:12", "2022-08-22 07:51:12", "-3166", "-3180")),
        (ANSWER, 1, ("2022-08-22 08:43:58", "2022-08-22 08:44:13", "2022-08-22 08:51:13", "435", "420")),
        (STAGE.start, 60, ("2022-08-22 08:44:58", "2022-08-22 08:45:12", "2022-08-22 08:52:12", "434", "420")),
        (END + 1, 60, RIGHT),
    ],
)  # fmt: skip
def test_a_step_during_a_call_shows_in_its_row(when: int, step: int, told: tuple[str, ...]) -> None:
    """Each time is what the clock showed then; the seconds follow from these, or stay those of the call."""
    for value, seconds in (("shown", told[3:]), ("steady", RIGHT[3:])):
        (record,) = written(ANSWERED, Correction(when, step * SECOND), clock_corrections=value)
        assert times(record) == (*told[:3], *seconds)
    assert times(written(ANSWERED)[0]) == RIGHT


def test_ids_and_names_follow_the_clock_and_the_truth_does_not() -> None:
    """Uniqueid, session and the name of the recording have what the clock showed; the sound is as long as the talk."""
    (record,), (right,) = written(ANSWERED, Correction(0, -HOUR)), written(ANSWERED)
    row = by_name(record)
    epoch = STAGE.start // SECOND - 3600
    assert row["uniqueid"] == f"{epoch}.0"
    assert row["session"] == f"{epoch}67640-1001"
    (sound,) = record.recordings
    assert sound.name == f"auto-{epoch + 1}-1001-1002.wav"
    assert (sound.written, sound.samples) == (right.recordings[0].written - 3600, right.recordings[0].samples)
    assert record.truth == right.truth
    (during,) = written(ANSWERED, Correction(ANSWER + 1, -HOUR))
    assert during.recordings[0].samples == right.recordings[0].samples


def test_the_name_of_a_recording_has_what_the_clock_showed_when_somebody_was_rung() -> None:
    """Also where it was corrected while a PIN was dialled, with which the call began."""
    story, rung = BY_ID["pin-group"].story(STAGE), STAGE.start + STAGE.lasts(Phase.KEYS)
    for when, step in ((rung, -3600), (rung + 1, 0)):
        (record,) = written(story, Correction(when, -HOUR))
        assert record.recordings[0].name == f"auto-{rung // SECOND + 1 + step}-1001-07700900699.wav"


def test_all_times_of_a_row_are_those_of_one_zone() -> None:
    """The zone in which the unit believes when it writes the row; the seconds are right in each."""
    for when, zone in ((STAGE.start, 2), (ANSWER, 2), (END, 2), (END + 1, 0)):
        (record,) = written(ANSWERED, Correction(when, zone=BERLIN))
        shift = timedelta(hours=zone)
        assert times(record) == (*(str(datetime.fromisoformat(text) + shift) for text in RIGHT[:3]), *RIGHT[3:])
    there_and_back = (Correction(0, zone=BERLIN), Correction(END, zone=ZoneInfo("UTC")))
    assert times(written(ANSWERED, *there_and_back)[0]) == RIGHT


def test_corrections_add_up() -> None:
    """Each step counts from its instant on, the last zone holds, and a clock that is set right forgets the steps."""
    clock = Corrections((Correction(10, 5), Correction(20, -8, BERLIN), Correction(30, 1)))
    assert [clock.ahead(at) for at in (9, 10, 19, 20, 30)] == [0, 5, 5, -3, -2]
    assert [clock.zone(at) for at in (19, 20, 99)] == [None, BERLIN, BERLIN]


def test_a_clock_that_is_set_forgets_what_was_done_by_hand() -> None:
    """Its steps, at any time; the zone stays, and of what is scheduled that comes which is still to come."""
    clock = Corrections((Correction(10, 5), Correction(20, -8, BERLIN), Correction(30, 1, scheduled=True)))
    on, back = clock.set_right(25, 20), clock.set_right(5, 40)
    assert ([on.ahead(at) for at in (25, 29, 30)], on.zone(25)) == ([0, 0, 1], BERLIN)
    assert ([back.ahead(at) for at in (5, 10, 20, 30)], back.zone(5)) == ([0, 0, 0, 1], BERLIN)
    assert clock.set_right(35, 15) == Corrections()


@pytest.mark.parametrize("step", [-(10**30), 10**30])
def test_what_is_shown_stays_within_time(step: int) -> None:
    """However far a clock is stepped, every zone has a local time for it."""
    shown = at_microseconds(Corrections((Correction(0, step),)).shown(STAGE.start))
    assert shown.year == (1 if step < 0 else 9999)


def test_a_clock_is_stepped_while_the_world_goes_on() -> None:
    """And a scheduled correction comes when its instant does."""
    settings = load_pbx({"clock": {"start": "2026-03-01T00:00:00Z", "corrections": [
        {"at": "2026-03-01T01:00:00Z", "time_zone": "Europe/Berlin"}, {"at": "2026-03-01T00:30:00Z", "step": -60.5}]}}, Path())  # fmt: skip
    clock, began = PbxClock.of(settings.clock, 1000.0), datetime(2026, 3, 1, tzinfo=UTC)
    for seconds, behind, zone in ((1799, 0.0, None), (1800, 60.5, None), (3600, 60.5, BERLIN)):
        when = clock.at(1000.0 + seconds)
        assert (when.pbx, when.zone) == (began + timedelta(seconds=seconds - behind), zone)
        assert clock.world(1000.0 + seconds) == began + timedelta(seconds=seconds)
    stepped = clock.stepped(3600, 1000.0)
    assert stepped.at(1000.0).pbx == began + timedelta(hours=1)
    assert stepped.world(1000.0) == began
    assert stepped.set_to(began, 1000.0).at(1000.0).pbx == began


def test_a_history_has_the_corrections_that_are_scheduled() -> None:
    """Rows before the step are those of a clock that was never wrong, those after it are an hour early."""
    until = datetime(2026, 3, 3, 12, tzinfo=UTC)
    at = datetime(2026, 3, 2, 16, tzinfo=UTC)
    usual: dict[str, Any] = {"personality": "ucm6510", "time_zone": "UTC", "history": {"days": 2, "calls_per_day": 200}}
    clock = {"corrections": [{"at": at.isoformat(), "step": -3600}]}
    plain, moved = (
        list(made_up("hq", load_pbx({**usual, **more}, Path()), seed=1, until=until)) for more in ({}, {"clock": clock})
    )
    assert [record.truth for record in plain] == [record.truth for record in moved]
    shifts = set()
    for right, wrong in zip(plain, moved, strict=True):
        assert right.truth is not None
        for name, instant in (("start", right.truth.began), ("end", right.truth.ended)):
            late = instant >= microseconds(at)
            there, here = (datetime.fromisoformat(by_name(one)[name]) for one in (right, wrong))
            assert there - here == timedelta(hours=late)
            shifts.add((name, late))
    assert len(shifts) == 4


@pytest.mark.parametrize(
    ("correction", "said"),
    [
        ({"at": "2026-03-01T01:00:00Z"}, "clock.corrections[0]: this is one of step and time_zone; give exactly one of the two"),
        ({"at": "2026-03-01T01:00:00Z", "step": 1, "time_zone": "UTC"}, "give exactly one of the two"),
        ({"at": "2026-03-01T01:00:00", "step": 1}, "'2026-03-01T01:00:00' has no zone, so it is no instant"),
        ({"at": "2026-03-01T01:00:00Z", "step": "1"}, "clock.corrections[0].step"),
        ({"at": "2026-03-01T01:00:00Z", "time_zone": "Berlin"}, "there is no time zone 'Berlin'"),
        ({"step": 1}, "clock.corrections[0]: the key 'at' is missing"),
    ],
)  # fmt: skip
def test_a_correction_that_is_wrong_is_named(correction: dict[str, Any], said: str) -> None:
    """With its place and what would be right."""
    with pytest.raises(ConfigurationError) as raised:
        load_pbx({"clock": {"corrections": [correction]}}, Path())
    assert said in "\n".join(map(str, raised.value.problems))


BOUNDS = "of instants here the first is 0001-01-02T00:00:00+00:00 and the last is 9999-12-30T23:59:59+00:00"


@pytest.mark.parametrize("step", [1e15, -1e15, 1e300, -1e300, 2.6e11])
def test_a_step_out_of_time_is_refused(step: float) -> None:
    """With the sentence that `PUT /clock` has for one: the clock would stand at the end, and a step back do nothing."""
    with pytest.raises(ConfigurationError) as raised:
        load_pbx({"clock": {"corrections": [{"at": "2026-03-01T01:00:00Z", "step": step}]}}, Path())
    (problem,) = raised.value.problems
    said = f"{step:+.12g} s lead too near the end of the years 1 to 9999"
    assert (problem.key, problem.wrong, problem.right) == ("clock.corrections[0].step", said, BOUNDS)


def test_steps_out_of_time_are_judged_together() -> None:
    """In the order of time, whatever theirs in the file is; one that is refused is not counted against those behind it."""
    steps = [("04", 1e10), ("01", 2.5e11), ("03", -1e10), ("02", 1e10), ("05", 1e10)]
    written = [{"at": f"2026-03-{day}T00:00:00Z", "step": step} for day, step in steps]
    with pytest.raises(ConfigurationError) as raised:
        load_pbx({"clock": {"corrections": written}}, Path())
    assert [problem.key for problem in raised.value.problems] == [
        "clock.corrections[3].step", "clock.corrections[4].step",
    ]  # fmt: skip
    kept = load_pbx({"clock": {"corrections": written[:3]}}, Path())
    assert [one.step for one in kept.clock.corrections] == [1e10, 2.5e11, -1e10]


def test_a_step_that_is_wrong_otherwise_is_named_once() -> None:
    """What is no number, or has no instant, is not judged by where it leads."""
    wrong = [
        {"at": "2026-03-01T00:00:00Z", "step": step} for step in (float("inf"), float("nan"), 10**400, True, "far")
    ]
    with pytest.raises(ConfigurationError) as raised:
        load_pbx({"clock": {"corrections": [*wrong, {"at": "soon", "step": 1e300}]}}, Path())
    assert [problem.key for problem in raised.value.problems] == [
        *(f"clock.corrections[{at}].step" for at in range(5)), "clock.corrections[5].at",
    ]  # fmt: skip


# Restarts


@pytest.mark.quirk("restart-counters")
def test_channels_count_from_zero_after_a_restart() -> None:
    """So that names of channels come again, as in the vendor's guide; AcctId counts on."""
    until = datetime(2026, 3, 3, 12, tzinfo=UTC)
    settings = load_pbx({"history": {"days": 1, "calls_per_day": 300}, "restarts": ["2026-03-02T20:00:00Z"]}, Path())
    restart = microseconds(settings.restarts[0])
    found = [(by_name(one), one.truth) for one in made_up("hq", settings, seed=1, until=until)]
    assert [row["AcctId"] for row, _ in found] == [str(at) for at in range(1, len(found) + 1)]
    counters: dict[bool, list[int]] = {False: [], True: []}
    for row, truth in found:
        assert truth is not None
        assert truth.ended < restart or truth.began >= restart
        counters[truth.began >= restart].append(int(row["uniqueid"].partition(".")[2]))
    assert min(counters[False]) < 3
    assert min(counters[True]) < 3
    assert max(counters[False]) > 100
    assert {row["channel"] for row, truth in found if truth and truth.began < restart} & {
        row["channel"] for row, truth in found if truth and truth.began >= restart
    }


@pytest.mark.parametrize(("seconds", "legs"), [(-1, 1), (0, 1), (10, 0), (400, 0), (434, 0), (435, 1)])
def test_a_restart_ends_what_is_up_without_a_row(seconds: int, legs: int) -> None:
    """A call that was over before, or begins with it, has its row."""
    assert len(written(ANSWERED, restarts=(STAGE.start + seconds * SECOND,))) == legs


def test_legs_that_ended_before_a_restart_have_their_rows() -> None:
    """Of a call that was sent to voicemail only the ringing was written."""
    story = BY_ID["voicemail"].story(STAGE)
    found = written(story, restarts=(STAGE.start + STAGE.lasts(Phase.RING_OUT) + SECOND,))
    assert [by_name(one)["lastapp"] for one in found] == ["Dial"]


# The channel counter


def test_channels_are_counted_in_the_order_in_which_they_are_made() -> None:
    """Those of a story that come later count what other calls made meanwhile. https-api 5.2."""
    until = datetime(2026, 3, 3, 23, tzinfo=UTC)
    weights = {"shapes": {"attended_transfer": 300, "conference": 300, "parked": 200, "forward_no_answer": 200}}
    chosen = {"personality": "ucm6200", "history": {"days": 1, "calls_per_day": 3000}, "traffic": weights}
    found = list(made_up("hq", load_pbx(chosen, Path()), seed=1, until=until))
    ids = sorted({tuple(map(int, by_name(one)["uniqueid"].split("."))) for one in found})
    assert all(before[1] < after[1] for before, after in pairwise(ids) if before[0] < after[0])
    shared = ("attended-transfer", "parked")  # whoever fetches a call, or was asked about it, has a row of his own
    far = [by_name(one)["dstchannel"] for one in found if one.truth and one.truth.shape not in shared]
    numbers = [channel.rpartition("-")[2] for channel in far if channel]
    assert len(numbers) == len(set(numbers)) > 500
