"""Live traffic finds the lines taken of the calls that were placed: neither a phone nor a channel is used twice."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ucmsim.asking.wishes import Wish, wished
from ucmsim.assembling.living import Living
from ucmsim.calls.lines import Lines
from ucmsim.contract.fields import FieldRefused
from ucmsim.instants import SECOND, microseconds
from ucmsim.settings import load_pbx
from ucmsim.store.history import History
from ucmsim.store.truth import CallTruth

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
BUSY: dict[str, Any] = {
    "time_zone": "UTC",
    "extensions": {"first": 1001, "count": 4},
    "trunks": [{"name": "carrier", "channels": 2}],
    "history": {"days": 0, "calls_per_day": 3000},
    "traffic": {
        "live": True, "hourly": [1] * 24, "weekdays": [1] * 7, "talk": {"median": 20},
        "shapes": {"conference": 0, "parked": 0, "unfinished": 0, "voicemail_menu": 0},
    },
}  # fmt: skip


def unit(history: History, **settings: Any) -> Living:
    return Living("hq", load_pbx({**BUSY, **settings}, Path()), history, seed=1, since=NOW)


def place(on: Living, now: datetime = NOW, **call: Any) -> None:
    on.place(wished({"shape": "answered", "from": "1001", "to": "1002", "ring": 0, **call}, now))


def calls(history: History, since: datetime, until: datetime) -> list[CallTruth]:
    """Return the calls that began in that time, and not at its first instant."""
    found = [told.truth for told in history.ledger.calls()]
    return [call for call in found if microseconds(since) < call.began < microseconds(until)]


def taking_part(found: list[CallTruth], number: str) -> int:
    return sum(
        number == call.caller or any((one.number, one.role) == (number, "extension") for one in call.talks)
        for call in found
        if call.ended > call.began
    )


def over_the_trunk(found: list[CallTruth]) -> int:
    return sum(bool(call.trunks) for call in found)


@pytest.mark.parametrize("pieces", [1, 60])
def test_who_talks_in_a_placed_call_has_no_other_that_begins_meanwhile(history: History, pieces: int) -> None:
    """Others have; before and afterwards they all have."""
    on = unit(history)
    on.happen(NOW + HOUR)
    place(on, NOW + HOUR, talk=3600)
    for piece in range(1, 2 * pieces + 1):
        on.happen(NOW + HOUR + HOUR / pieces * piece)
    for at, there in ((0, True), (1, False), (2, True)):
        found = calls(history, NOW + at * HOUR, NOW + (at + 1) * HOUR)
        assert len(found) > 30
        assert [taking_part(found, number) > 5 for number in ("1001", "1002")] == [there, there]
        assert taking_part(found, "1003") > 5


def test_who_talks_in_a_placed_call_is_busy_for_a_colleague(history: History) -> None:
    """Of whose calls none is answered there."""
    on = unit(history)
    place(on, talk=3 * 3600)
    on.happen(NOW + 3 * HOUR)
    found = [call for call in calls(history, NOW, NOW + 3 * HOUR) if call.kind == "Internal"]
    called = [call.shape for call in found if call.dialled in ("1001", "1002")]
    assert called.count("busy") > 20
    assert not any(one.number in ("1001", "1002") and one.role == "extension" for call in found for one in call.talks)


def test_the_channels_of_placed_calls_are_taken(history: History) -> None:
    """All of them: who calls outside meets congestion, nobody calls from there, and calls inside go on."""
    on = unit(history)
    on.happen(NOW + HOUR)
    for _ in range(2):
        place(on, NOW + HOUR, to="3125550123", talk=3600)
    on.happen(NOW + 4 * HOUR)
    before, during, after = (calls(history, NOW + at * HOUR, NOW + (at + 1) * HOUR) for at in range(3))
    placed = [call for call in during if call.ended - call.began == 3600 * SECOND]
    assert len(placed) <= 2
    during = [call for call in during if call not in placed]
    assert over_the_trunk(during) == 0 < 20 < min(over_the_trunk(before), over_the_trunk(after))
    assert sum(call.shape == "congestion" for call in during) > 10
    assert any(call.kind == "Internal" for call in during)


def test_a_call_that_is_placed_for_later_takes_its_lines_then(history: History) -> None:
    """Not before; also where the clock has gone on meanwhile, and none where it went over its beginning."""
    for skipped in (False, True):
        on = unit(history)
        place(on, at=(NOW + 2 * HOUR).isoformat(), talk=3600)
        place(on, at=(NOW + 0.4 * HOUR).isoformat(), **{"from": "1003", "to": "1004"}, talk=7200)
        on.happen(NOW + 0.2 * HOUR)
        if skipped:
            on.skip(NOW + HOUR)
        on.happen(NOW + 4 * HOUR)
        first, second = (calls(history, NOW + at * HOUR, NOW + (at + 1) * HOUR) for at in (1, 2))
        assert taking_part(first, "1001") > 5
        assert taking_part(second, "1001") == 0
        assert (taking_part(first, "1003") > 5) is skipped
        history = History.open(Path(":memory:"), durable=False)
    history.close()


def test_a_restart_lets_go_of_the_lines_of_placed_calls(history: History) -> None:
    """But for those that begin after it."""
    on = unit(history, restarts=[(NOW + HOUR).isoformat()])
    place(on, talk=4 * 3600)
    place(on, at=(NOW + 2 * HOUR).isoformat(), **{"from": "1003", "to": "1004"}, talk=3600)
    on.happen(NOW + 4 * HOUR)
    first, second, third = (calls(history, NOW + at * HOUR, NOW + (at + 1) * HOUR) for at in range(3))
    assert taking_part(first, "1001") == 0
    assert min(taking_part(second, "1001"), taking_part(second, "1003"), taking_part(third, "1001")) > 5
    assert taking_part(third, "1003") == 0


def test_lines_stay_taken_where_the_clock_goes_on_after_a_restart(history: History) -> None:
    """Those of calls that began since: a restart that was ends them no second time."""
    on = unit(history, restarts=[(NOW + HOUR).isoformat()])
    on.happen(NOW + 2 * HOUR)
    place(on, NOW + 2 * HOUR, talk=4 * 3600)
    on.happen(NOW + 2.1 * HOUR)
    on.skip(NOW + 3 * HOUR)
    on.happen(NOW + 7 * HOUR)
    during, after = calls(history, NOW + 3 * HOUR, NOW + 6 * HOUR), calls(history, NOW + 6.1 * HOUR, NOW + 7 * HOUR)
    assert taking_part(during, "1001") == 0
    assert min(taking_part(during, "1003"), taking_part(after, "1001")) > 5


def test_a_restart_in_a_time_that_is_left_out_lets_go_of_lines(history: History) -> None:
    """It ends what is up then, as it would have."""
    on = unit(history, restarts=[(NOW + HOUR).isoformat()])
    place(on, talk=4 * 3600)
    on.happen(NOW + 0.5 * HOUR)
    on.skip(NOW + 2 * HOUR)
    on.happen(NOW + 3 * HOUR)
    assert taking_part(calls(history, NOW + 2 * HOUR, NOW + 3 * HOUR), "1001") > 5


def test_a_call_that_does_not_end_holds_its_lines_until_the_end(history: History) -> None:
    """As its channel is up for ever."""
    on = unit(history)
    place(on, shape="unfinished")
    on.happen(NOW + 3 * HOUR)
    found = calls(history, NOW, NOW + 3 * HOUR)
    assert (taking_part(found, "1001"), taking_part(found, "1003") > 5) == (0, True)


SHAPES_PLACED = ("answered", "held", "ring-group", "queue", "parked", "attended-transfer", "conference")


def some_call(chance: Random, now: datetime) -> Wish:
    """Return a wish for a call of some shape and kind, now or later."""
    one, other = chance.sample(("1001", "1002", "1003", "1004", "1005", "1006"), 2)
    ends = chance.choice([(one, other), ("3125550199", other), (one, "3125550123")])
    at = now + timedelta(seconds=chance.choice([0, chance.randint(1, 4000)]))
    return wished(
        {"shape": chance.choice(SHAPES_PLACED), "from": ends[0], "to": ends[1], "at": at.isoformat(),
         "talk": chance.randint(30, 2000)},
        now,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_placed_nobody_on_it_is_in_a_call_that_begins_later(history: History, seed: int) -> None:
    """Nor where the unit restarts, and the clock leaps on."""
    chance, now, placed = Random(seed), NOW, set[int]()
    on = unit(
        history, extensions={"first": 1001, "count": 6}, restarts=[(NOW + at * HOUR).isoformat() for at in (1, 3)]
    )
    while now < NOW + 6 * HOUR:
        now += timedelta(seconds=chance.choice((1, 30, 300, 900)))
        on.happen(now)
        if chance.random() < 0.4:
            with suppress(FieldRefused):  # not every shape is of every kind
                placed.update(call.start for call in on.place(some_call(chance, now)))
        if chance.random() < 0.05:
            now += timedelta(seconds=chance.randint(1, 1200))
            on.skip(now)
    on.happen(now + 12 * HOUR)
    found = [told.truth for told in history.ledger.calls()]
    held = [
        (number, call.began, talk.until)
        for call in found
        if call.began in placed
        for talk in call.talks
        for number in {call.caller, talk.number if talk.role == "extension" else call.caller}
        if call.kind != "Inbound" or number != call.caller
    ]
    assert len(held) > 20
    later = [call for call in found if call.began not in placed]
    assert len(later) > 500
    for number, since, until in held:
        assert not any(since <= call.began < until and taking_part([call], number) for call in later), (number, since)


def test_lines_are_held_whether_or_not_there_are_any() -> None:
    """From then on, and each as long as it says; more than there are leave none to spare."""
    lines = Lines({"trunk_1": 1})
    lines.hold(10, 20, "trunk_1", "trunk_1", "1001")
    lines.hold(30, 40, "1001")
    assert lines.seize(5, 12, "trunk_1")
    assert [lines.taken("trunk_1", at) for at in (9, 10, 12, 19, 20)] == [1, 3, 2, 2, 0]
    assert [lines.taken("1001", at) for at in (10, 20, 30)] == [1, 0, 1]


@pytest.mark.parametrize(("besides", "later"), [(10, 1), (29, 1), (30, 0), (5, 1)])
def test_lines_that_are_up_keep_what_holds_them_later(besides: int, later: int) -> None:
    """Unless that would have begun in a time that is left out."""
    lines = Lines()
    lines.hold(5, 50, "1002")
    lines.hold(30, 40, "1001")
    up = lines.up(10, besides)
    assert [up.taken("1002", 10), up.taken("1001", 29), up.taken("1001", 35)] == [1, 0, later]
