"""The truth of calls, as it is made of what happened and kept: who talked how long, what trunks carried, and how it ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.appliances import assembled
from tests.filled import fill
from ucmsim.asking.wishes import wished
from ucmsim.assembling.living import Living
from ucmsim.calls.events import Call, Role, What, cut, talks
from ucmsim.calls.shapes import BY_ID, SHAPES, Shape
from ucmsim.calls.stage import example
from ucmsim.calls.starts import Starts
from ucmsim.calls.trunks import carried
from ucmsim.calls.truths import of_call
from ucmsim.columns import NAMES
from ucmsim.instants import SECOND, microseconds
from ucmsim.settings import load_pbx
from ucmsim.store.history import History
from ucmsim.store.ledger import Sought, ToldCall
from ucmsim.store.truth import CallTruth, Carried, Talked

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAYED = [(shape, kind) for shape in SHAPES for kind in shape.kinds]
IN_EVERY_KIND = pytest.mark.parametrize(("shape", "kind"), PLAYED, ids=[f"{shape.id}-{kind}" for shape, kind in PLAYED])
NUMBERS = {"Internal": ("1001", "1002"), "Inbound": ("3125550123", "1001"), "Outbound": ("1001", "3125550123")}


def living(on: History, since: datetime = NOW, **settings: Any) -> Living:
    chosen = {"personality": "ucm6510", "time_zone": "UTC", "history": {"days": 0}, **settings}
    return Living("hq", load_pbx(chosen, Path()), on, seed=1, since=since)


def place(on: Living, now: datetime = NOW, **call: Any) -> tuple[Call, ...]:
    return on.place(wished({"shape": "answered", "from": "1001", "to": "1002", **call}, now))


def told(history: History) -> list[ToldCall]:
    return list(history.ledger.calls())


def talked(call: Call) -> tuple[Talked, ...]:
    return tuple(Talked(talk.to.number, talk.to.role.value, talk.since, talk.until) for talk in talks(call))


# --- what is kept is what happened ------------------------------------------------------------------------------------


@IN_EVERY_KIND
def test_what_is_kept_of_a_placed_call_is_what_happened(history: History, shape: Shape, kind: str) -> None:
    """Its talks and what trunks carried, call by call; every row is of one of these, whatever the firmware writes."""
    caller, callee = NUMBERS[kind]
    on = living(history, trunks=[{"name": "carrier-a"}, {"name": "pstn", "kind": "analogue"}])
    story = place(on, shape=shape.id, **{"from": caller, "to": callee})
    on.happen(NOW + HOUR)
    on.stop()
    kept = {call.truth.began: call for call in told(history)}
    assert len(kept) == len(story)
    for call in story:
        truth = kept[call.start].truth
        happened = cut(call, microseconds(NOW + HOUR))
        assert (truth.talks, truth.trunks) == (talked(happened), tuple(carried(happened)))
        assert (truth.ended, truth.ending) == (happened.events[-1].at, "hung up" if call.ended else "cut")
        assert (truth.shape, truth.caller) == (shape.id, call.caller.number)
    assert sorted(row.row for call in kept.values() for row in call.rows) == list(range(1, len(history) + 1))


def test_time_of_talk_is_that_of_the_call_not_of_its_rows(history: History) -> None:
    """A queue has the caller until an agent has: the legs of its rows add up to more than was talked."""
    on = living(history)
    place(on, shape="queue", **{"from": "3125550123", "to": "1001"}, ring=4, talk=30)
    on.happen(NOW + HOUR)
    (call,) = told(history)
    assert [(one.number, one.role, (one.until - one.since) / SECOND) for one in call.truth.talks] == [
        ("6500", "queue", 12), (call.truth.talks[1].number, "extension", 30),
    ]  # fmt: skip
    assert sum(row.truth.talked for row in call.rows) > sum(one.until - one.since for one in call.truth.talks)


@IN_EVERY_KIND
def test_a_truth_is_cut_as_a_call_is(shape: Shape, kind: str) -> None:
    """At every event, and between, what is kept of a call that is cut is what is kept of it, cut."""
    for call in shape.story(example(), kind):
        for event in call.events:
            for at in (event.at, event.at + 1, event.at + SECOND):
                if at > call.start and (call.ended is None or at <= call.ended):
                    assert of_call(cut(call, at)) == of_call(call).cut(at)


def trunks(shape: str, kind: str, at: int = 0) -> list[tuple[str, str, float, float | None, float]]:
    """Return what trunks carry of a call of a shape: the direction, to or from whom, and seconds from its beginning on."""
    call = BY_ID[shape].story(example(), kind)[at]

    def seconds(instant: int) -> float:
        return round((instant - call.start) / SECOND, 1)

    return [
        (one.direction, one.number, seconds(one.since), one.answered and seconds(one.answered), seconds(one.until))
        for one in carried(call)
    ]


US, FAR, BEYOND = "1001", "07700900699", "07700900123"


def test_what_trunks_carry() -> None:
    """From the first ring on, answered or not; in and out by DISA; out where the PBX calls; nothing among extensions."""
    assert trunks("answered", "Internal") == []
    assert trunks("answered", "Outbound") == [("out", FAR, 0, 14.3, 434.9)]
    assert trunks("answered", "Inbound") == [("in", FAR, 0, 14.3, 434.9)]
    assert trunks("busy", "Outbound") == [("out", FAR, 0, None, 7.2)]
    assert trunks("no-answer", "Inbound") == [("in", FAR, 0, None, 20.1)]
    assert trunks("congestion", "Outbound") == []
    assert trunks("queue-abandoned", "Inbound") == [("in", FAR, 0, 0, 50)]
    assert trunks("pin-group", "Outbound") == [("out", FAR, 5.6, 19.9, 440.5)]
    assert trunks("disa", "Inbound") == [("in", FAR, 0, 0, 440.5), ("out", BEYOND, 5.6, 19.9, 440.5)]
    assert trunks("api-call", "Inbound") == [("out", FAR, 0, 14.3, 441.1)]
    assert trunks("api-call", "Outbound") == [("out", FAR, 14.3, 20.5, 441.1)]
    assert trunks("callback", "Inbound", 0) == [("in", FAR, 0, None, 1.4)]
    assert trunks("callback", "Inbound", 1) == [("out", FAR, 0, 14.3, 37.7)]
    assert trunks("helper-channel", "Inbound", 1) == []
    (line,) = carried(BY_ID["analogue"].story(example())[0])
    assert (line.trunk, line.place, line.direction) == ("pstn", "1", "in")


def test_whoever_else_is_rung_outside_is_carried_as_long_as_it_rings() -> None:
    """Of two numbers that ring together one answers, and after a transfer another is called."""
    far = example().outside
    other, third = far._replace(number="2"), far._replace(number="3")
    (call,) = BY_ID["answered"].story(example(), "Internal")
    start, (dial, answer, end) = call.start, call.events
    events = (
        dial._replace(to=far),
        dial._replace(to=other),
        answer._replace(at=start + 5, to=other),
        end._replace(at=start + 10, what=What.TRANSFER, to=third),
        dial._replace(at=start + 10, to=third),
        dial._replace(at=start + 12, what=What.BUSY, to=third),
        end._replace(at=start + 12),
    )
    found = [tuple(one[3:]) for one in carried(call._replace(events=events))]
    assert found == [
        (FAR, start, None, start + 5), ("2", start, start + 5, start + 10), ("3", start + 10, None, start + 12),
    ]  # fmt: skip
    paging = example().features.paging
    page = (end._replace(at=start, what=What.ENTER, to=paging), *events[:3], end._replace(at=start + 10))
    assert [tuple(one[3:]) for one in carried(call._replace(events=page))] == [
        (FAR, start, None, start + 10), ("2", start, start + 5, start + 10),
    ]  # fmt: skip


def test_a_call_says_who_began_it_and_what_was_dialled() -> None:
    """The digits of an outside line among them; a helper's channel is no call of anybody."""
    prefixed = of_call(BY_ID["prefix"].story(example())[0])
    assert (prefixed.begun_by, prefixed.dialled, prefixed.kind) == ("caller", f"9{FAR}", "Outbound")
    begun = of_call(BY_ID["api-call"].story(example(), "Inbound")[0])
    assert (begun.begun_by, begun.caller, begun.kind) == ("api", FAR, "Outbound")
    assert [of_call(call).begun_by for call in BY_ID["callback"].story(example())] == ["caller", "callback"]
    assert [of_call(call).kind for call in BY_ID["helper-channel"].story(example())] == ["Inbound", "Helper"]
    assert of_call(BY_ID["api-call"].story(example(), "Internal")[0]).kind == "Internal"
    roles = {talk.role for shape in SHAPES for call in shape.story(example()) for talk in of_call(call).talks}
    assert roles < {role.value for role in Role}


# --- calls without rows -----------------------------------------------------------------------------------------------


def test_a_call_that_is_up_when_the_unit_is_switched_off_is_kept_as_cut(history: History) -> None:
    """With what was talked by then; one that has not begun never happened."""
    on = living(history)
    place(on, talk=600, ring=5)
    place(on, shape="unfinished", **{"from": "1003", "to": "1004"}, ring=5)
    place(on, at=(NOW + 2 * HOUR).isoformat(), **{"from": "1005"})
    on.happen(NOW + timedelta(seconds=65))
    assert told(history) == []
    on.stop()
    ended = microseconds(NOW) + 65 * SECOND
    assert [(one.truth.caller, one.truth.ending, one.truth.ended, one.rows) for one in told(history)] == [
        ("1001", "cut", ended, ()), ("1003", "cut", ended, ()),
    ]  # fmt: skip
    for one in told(history):
        assert [talk.until for talk in one.truth.talks] == [ended]
    assert (len(history), history.ledger.last_end()) == (0, ended)
    on.stop()
    assert len(told(history)) == 2


def test_a_call_that_a_restart_cuts_is_kept_as_cut_there(history: History) -> None:
    """In a history that is made up, too, at whose end the calls are cut that are up."""
    restart = NOW + timedelta(seconds=30)
    on = living(history, restarts=[restart.isoformat()])
    place(on, talk=60, ring=5)
    on.happen(NOW + HOUR)
    (call,) = told(history)
    assert (call.truth.ending, call.truth.ended, call.rows) == ("cut", microseconds(restart), ())
    assert [(one.until - one.since) / SECOND for one in call.truth.talks] == [25]
    made = History.open(Path(":memory:"), durable=False)
    settings = load_pbx({"history": {"days": 1, "calls_per_day": 2000}, "restarts": [restart.isoformat()]}, Path())
    fill(made, "hq", settings, seed=1, until=NOW + 5 * HOUR)
    cuts = {one.truth.ended for one in told(made) if one.truth.ending == "cut"}
    assert cuts == {microseconds(restart), microseconds(NOW + 5 * HOUR)}
    made.close()


def test_what_a_unit_left_up_that_was_killed_is_cut_when_it_begins_again(history: History) -> None:
    """Of such a call a row was written, and points to it; it was cut when something was written last."""
    on = living(history)
    place(on, shape="ivr-choice", **{"from": "3125550123", "to": "1001"}, ring=4, talk=600)
    place(on, at=(NOW + timedelta(seconds=20)).isoformat(), ring=1, talk=10, **{"from": "1003"})
    on.happen(NOW + timedelta(minutes=1))
    assert [one.truth.shape for one in told(history)] == ["answered"]
    rows = len(history)
    assert rows > 1
    again = living(history, NOW + timedelta(minutes=2))
    _, cut_off = told(history)
    assert (cut_off.truth.shape, cut_off.truth.ending, len(cut_off.rows)) == ("ivr-choice", "cut", rows - 1)
    ended = cut_off.truth.ended
    assert ended == microseconds(NOW) + 31 * SECOND
    assert [one.until for one in (*cut_off.truth.talks, *cut_off.truth.trunks)][-2:] == [ended, ended]
    place(again, NOW + timedelta(minutes=2))
    again.happen(NOW + HOUR)
    assert [one.over for one in told(history)] == [1, 2, 3]
    assert len({row.row for one in told(history) for row in one.rows}) == len(history)


def test_a_leg_that_has_no_row_leaves_its_call_without_one(history: History) -> None:
    """Where a firmware writes none of a helper's channel, the channel is told all the same."""
    on = living(history, quirks={"helper-channels": "hidden"})
    place(on, shape="helper-channel", **{"from": "3125550123", "to": "1001"}, ring=4, talk=30)
    on.happen(NOW + HOUR)
    assert [(one.truth.kind, len(one.rows) > 0) for one in told(history)] == [("Inbound", True), ("Helper", False)]


def test_deleting_rows_deletes_no_truth(history: History) -> None:
    """The calls stay, with the ids of their rows; what stood in these is not known any more, nor found by it."""
    on = living(history)
    place(on, ring=5, talk=10)
    on.happen(NOW + HOUR)
    (before,) = told(history)
    assert on.delete_rows() == 1
    (after,) = told(history)
    (row,) = after.rows
    assert (after.truth, row.row, row.truth) == (before.truth, 1, before.rows[0].truth)
    assert (row.acct_id, row.uniqueid, row.session) == (None, None, None)
    assert history.ledger.page(Sought(session=before.rows[0].session)) == ([], None)
    assert after.as_json()["rows"][0]["AcctId"] is None


def test_what_is_told_of_a_call_is_json_all_the_way_down() -> None:
    """Talks, trunks and rows are lists of objects."""
    talk, trunk = Talked("1001", "extension", 1, 2), Carried("a", "trunk_1", "in", "3", 0, None, 2)
    call = CallTruth("answered", "Inbound", "3", "1001", "caller", 0, 2, "hung up", (talk,), (trunk,))
    assert ToldCall(7, call, ()).as_json() == {
        "call": 7, "shape": "answered", "kind": "Inbound", "caller": "3", "dialled": "1001", "begun_by": "caller", "began": 0,
        "ended": 2, "ending": "hung up", "talks": [{"number": "1001", "role": "extension", "since": 1, "until": 2}],
        "trunks": [{"trunk": "a", "place": "trunk_1", "direction": "in", "number": "3", "since": 0, "answered": None, "until": 2}],
        "rows": [],
    }  # fmt: skip


# --- an instant of its own --------------------------------------------------------------------------------------------


def test_calls_that_are_placed_at_one_instant_begin_in_microseconds_of_their_own(history: History) -> None:
    """By one caller they would have one session, and be one group of a page; a call of a history keeps its instant too."""
    on = living(history)
    stories = [place(on, talk=10) for _ in range(3)]
    began = microseconds(NOW)
    assert [call.start for (call,) in stories] == [began, began + 1, began + 2]
    assert {call.events[-1].at - call.start for (call,) in stories} == {15 * SECOND}
    on.happen(NOW + HOUR)
    on.skip(NOW)
    (again,) = place(on, talk=10)
    assert again.start == began + 3
    (other,) = place(living(history), talk=10)
    assert other.start in (began + 3, began + 4)
    sessions = [row[NAMES.index("session")] for row in history.rows()]
    assert len(set(sessions)) == 3


def test_a_later_call_of_a_story_has_an_instant_of_its_own_as_well() -> None:
    """The whole story moves, with its events and with whom its helper helps; ten thousand at once take no time."""
    helped = BY_ID["helper-channel"].story(example())
    starts = Starts([helped[1].start])
    moved = starts.own(helped)
    assert [call.start for call in moved] == [call.start + 1 for call in helped]
    assert moved[1].helps == moved[0].start
    assert [event.at for event in moved[0].events] == [event.at + 1 for event in helped[0].events]
    story = BY_ID["answered"].story(example())
    many = [starts.own(story)[0].start for _ in range(10_000)]
    assert len(set(many)) == 10_000
    starts.forget(max(many) + 1)
    assert starts.own(story) == story


def test_instants_of_calls_that_are_long_over_are_forgotten() -> None:
    """After each call that is over few are kept, and all of those in which something may begin yet."""
    starts, most = Starts(), 0
    for at in range(10_000):
        starts.take([at])
        starts.forget(at - 10)
        most = max(most, len(starts._after))
    assert most == 64
    assert set(range(9_990, 10_000)) <= starts._after.keys()


def test_a_pbx_that_is_closed_keeps_what_was_up_as_cut(tmp_path: Path) -> None:
    """Of an appliance with a state folder, which begins again with it: that call is told once, and no other."""
    settings = {"clock": {"start": NOW.isoformat(), "rate": 0}, "history": {"days": 0}}
    for at in range(2):
        with assembled(tmp_path / "state", settings) as appliance:
            kept = told(appliance.pbx.history)
            assert [one.truth.ending for one in kept] == ["cut"] * at
            if not at:
                place(appliance.living, talk=600, ring=5)
                appliance.living.happen(NOW + timedelta(seconds=65))
    assert [(talk.until - talk.since) / SECOND for talk in kept[0].truth.talks] == [60]


@pytest.mark.parametrize("pieces", [2, 60])
def test_what_is_kept_is_the_same_in_pieces(history: History, pieces: int) -> None:
    """Live, at once or now and then, in slices or whole: the same calls in the same order, with the same rows."""
    busy = {"history": {"days": 0, "calls_per_day": 3000}, "traffic": {"live": True, "hourly": [1] * 24}}
    other = History.open(Path(":memory:"), durable=False)
    whole, slowly = living(history, **busy), living(other, **busy)
    whole.happen(NOW + 3 * HOUR)
    for piece in range(1, pieces + 1):
        while slowly.happen(NOW + 3 * HOUR * piece / pieces, 40) == 40:
            pass
    assert told(other) == told(history)
    for one in (whole, slowly):
        one.stop()
    assert told(other) == told(history)
    endings = [call.truth.ending for call in told(history)]
    assert (endings.count("hung up") > 200, endings.count("cut") > 0) == (True, True)
    assert {row.row for call in told(history) for row in call.rows} == set(range(1, len(history) + 1))
    other.close()
