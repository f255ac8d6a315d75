"""What becomes of calls in a history while they happen: slice by slice, over changes of the clock, after an import."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.filled import fill
from ucmsim.asking.wishes import wished
from ucmsim.assembling.living import Living
from ucmsim.columns import AT, NAMES
from ucmsim.contract.fields import FieldRefused
from ucmsim.corrections import Correction, Corrections
from ucmsim.instants import SECOND, microseconds
from ucmsim.settings import load_pbx
from ucmsim.steps import finished
from ucmsim.store.history import History
from ucmsim.store.ledger import Sought
from ucmsim.store.truth import Truth

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
BUSY: dict[str, Any] = {"live": True, "hourly": [1] * 24, "weekdays": [1] * 7}


def living(history: History, **settings: Any) -> Living:
    return Living("hq", load_pbx({"time_zone": "UTC", **settings}, Path()), history, seed=1, since=NOW)


def place(on: Living, now: datetime = NOW, **call: Any) -> Any:
    return on.place(wished({"shape": "answered", "from": "1001", "to": "1002", **call}, now))


def truths(history: History) -> list[Truth]:
    return [truth for _, truth in history.ledger.legs()]


def test_the_people_of_a_history_are_those_who_go_on_and_those_who_are_placed(history: History) -> None:
    """An extension has one name in all rows, and people outside call again."""
    settings = load_pbx({"time_zone": "UTC", "history": {"days": 3, "calls_per_day": 300}, "traffic": BUSY}, Path())
    fill(history, "hq", settings, seed=1, until=NOW)
    before = len(history)
    on = Living("hq", settings, history, seed=1, since=NOW)
    placed = place(on, talk=60)
    on.happen(NOW + timedelta(days=3))
    names: dict[str, set[str]] = {}
    outside: tuple[set[str], set[str]] = (set(), set())
    for at, (row, truth) in enumerate(zip(history.rows(), truths(history), strict=True)):
        if (truth.shape, truth.kind) == ("answered", "Internal"):
            names.setdefault(row[AT["src"]], set()).add(row[AT["clid"]])
        elif truth.kind == "Inbound":
            outside[at >= before].add(row[AT["src"]])
    assert len(history) > before + 300
    assert [number for number, told in names.items() if len(told) > 1] == []
    assert placed[0].caller.name in next(iter(names["1001"]))
    assert len(outside[0] & outside[1]) > len(outside[0]) / 4


TOLD = "{} carries {} calls at once and can carry {}: a placed call happens whatever lines are taken"


def test_a_placed_call_for_which_a_trunk_has_no_channel_happens_and_is_told(history: History) -> None:
    """Once a trunk, or port, and a run; calls one after another, or inside, take no channel too many."""
    trunks = [{"name": "carrier", "channels": 2}, {"name": "pstn", "channels": 4, "kind": "analogue"}]
    on = living(history, trunks=trunks)
    for second in (0, 65, 130):  # each begins when the one before has ended
        place(on, to="3125550123", talk=60, at=(NOW + timedelta(seconds=second)).isoformat())
    place(on, to="3125550123", talk=200)
    place(on, to="1002", talk=200)
    assert on.news() == []
    place(on, to="3125550123", talk=1, at=(NOW + timedelta(seconds=64)).isoformat())  # while the second begins
    assert on.news() == [TOLD.format("trunk 'carrier'", 3, 2)]
    place(on, to="3125550123", talk=1, at=(NOW + timedelta(seconds=140)).isoformat())
    assert on.news() == []
    place(on, to="1002", **{"from": "3125550124"}, shape="unfinished", at=(NOW + timedelta(days=2)).isoformat())
    later = {"shape": "disa", "from": "3125550124", "to": "7100", "at": (NOW + timedelta(days=3)).isoformat()}
    finished(on.place_each(wished(later, NOW) for _ in range(2)))
    assert on.news() == []
    for _ in range(2):
        place(on, shape="analogue", **{"from": "3125550124"}, to="1001")
    assert on.news() == [TOLD.format("port 1 of trunk 'pstn'", 2, 1)]
    on.happen(NOW + timedelta(days=4))
    assert len(history) == 15  # all of them happened; of the one without an end there is no row


def test_two_channels_that_one_placed_call_takes_are_told(history: History) -> None:
    """In and out over the same trunk, while one is up that does not end."""
    on = living(history, trunks=[{"name": "carrier", "channels": 2}])
    place(on, shape="unfinished", to="3125550123")
    assert on.news() == []
    finished(on.place_each([wished({"shape": "disa", "from": "3125550124", "to": "7100"}, NOW + timedelta(days=3))]))
    assert on.news() == [TOLD.format("trunk 'carrier'", 3, 2)]


def test_calls_that_go_on_are_told_with_those_that_are_placed(history: History) -> None:
    """A call of the traffic that has the only channel is one of two then."""
    crowd = {"trunks": [{"name": "carrier", "channels": 1}], "traffic": BUSY, "history": {"calls_per_day": 20_000}}
    on = Living("hq", load_pbx({"time_zone": "UTC", **crowd}, Path()), history, seed=1, since=NOW)
    later = NOW + timedelta(hours=2, minutes=1)
    on.happen(later)
    place(on, to="3125550123", talk=1, at=later.isoformat())
    assert on.news() == [TOLD.format("trunk 'carrier'", 2, 1)]


def test_rows_that_cannot_be_written_are_written_the_next_time(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk loses none, and takes no AcctId away."""
    on = living(history)
    for at in range(3):
        place(on, at=(NOW + timedelta(seconds=at)).isoformat(), talk=10)
    keep = history.keep

    def full(records: Any, _over: Any) -> int:
        list(records)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(history, "keep", full)
    with pytest.raises(sqlite3.OperationalError):
        on.happen(NOW + timedelta(minutes=1), 2)
    monkeypatch.setattr(history, "keep", keep)
    assert [on.happen(NOW + timedelta(minutes=1), 2) for _ in range(2)] == [2, 1]
    assert [row[AT["AcctId"]] for row in history.rows()] == ["1", "2", "3"]
    assert [[row.row for row in call.rows] for call in history.ledger.calls()] == [[1], [2], [3]]


@pytest.mark.parametrize("number", ["\ud800", "../../x", "a b", "1" * 41, "12\n", "é"])
def test_what_nobody_can_dial_is_refused(history: History, number: str) -> None:
    """A number goes into rows and into names of files."""
    with pytest.raises(FieldRefused, match="up to 40 letters, digits") as refused:
        place(living(history), **{"from": number})
    assert refused.value.field == "from"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("0001-01-01T00:00:00+14:00", "outside the years 1 to 9999"),
        ("9999-12-31T23:59:30Z", "too near the end of the years"),
        ("9999-12-25T00:00:00Z", "before 9999-11-30"),
        ("2026-03-02T13:59:59Z", "in the past"),
    ],
)
def test_an_instant_beyond_time_is_refused(history: History, at: str, said: str) -> None:
    on = living(history)
    with pytest.raises(FieldRefused, match=said):
        place(on, at=at)
    assert not on.goes_on


def test_what_a_clock_that_is_set_passes_over_does_not_happen(history: History) -> None:
    """Neither live nor placed, on or back; a call that is up goes on until its end, and numbers of channels have no gap."""
    on = living(history)
    for minutes, caller in ((0, "1001"), (60, "1003"), (180, "1005")):
        place(on, at=(NOW + timedelta(minutes=minutes)).isoformat(), talk=600, **{"from": caller, "to": "1007"})
    on.happen(NOW + timedelta(seconds=30))
    on.skip(NOW + timedelta(hours=2))
    on.happen(NOW + timedelta(hours=4))
    assert [truth.caller for truth in truths(history)] == ["1001", "1005"]
    channels = [row[AT[name]] for row in history.rows() for name in ("channel", "dstchannel")]
    assert [name.rpartition("-")[2] for name in channels] == ["00000000", "00000001", "00000002", "00000003"]


def test_a_call_that_a_restart_cuts_off_is_told_without_an_end(history: History) -> None:
    """Nobody waits for a row that will not come."""
    on = living(history, restarts=[(NOW + timedelta(seconds=30)).isoformat()])
    (call,) = place(on, talk=60)
    assert call.ended is None
    on.happen(NOW + timedelta(hours=1))
    assert len(history) == 0


def test_a_restart_that_comes_of_itself_does_what_a_scheduled_one_does(tmp_path: Path) -> None:
    """The same calls, rows, channels and ends of a busy day, whether it was known of the restart or not."""
    at = NOW + timedelta(hours=3, seconds=30)
    settings = {"time_zone": "UTC", "history": {"calls_per_day": 2000}, "traffic": BUSY}
    told = []
    for schedules in (True, False):
        kept = History.open(tmp_path / f"{schedules}.sqlite", durable=False)
        known = {**settings, "restarts": [at.isoformat()] if schedules else []}
        on = Living("hq", load_pbx(known, Path()), kept, seed=1, since=NOW)
        place(on, ring=5, talk=3600, at=(at - timedelta(seconds=60)).isoformat())
        place(on, ring=5, talk=60, at=(at + timedelta(seconds=20)).isoformat())
        on.happen(at)
        if not schedules:
            on.restart(at)
        on.happen(NOW + timedelta(hours=6))
        page, _ = kept.ledger.page(Sought(limit=1000))
        told.append((list(kept.rows()), sorted((call.truth, len(call.rows)) for call in page)))
        kept.close()
    assert len(told[0][0]) > 200
    assert {truth.ending for truth, _ in told[0][1]} >= {"hung up", "cut"}
    assert told[1] == told[0]


@pytest.mark.quirk("acctid")
@pytest.mark.parametrize(("acctid", "due"), [("continuous", 90), ("monthly", 31)])
def test_a_unit_goes_on_with_the_highest_acctid_of_an_import_in_any_order(
    history: History, acctid: str, due: int
) -> None:
    """A file from a device has the newest first, as some ask it to."""
    blank = dict.fromkeys(NAMES, "")
    days = [("02", number) for number in range(60, 90)] + [("03", number) for number in range(1, 31)]
    rows = [{**blank, "AcctId": str(number), "start": f"2026-{month}-01 10:00:00"} for month, number in days]
    history.extend(tuple(row[name] for name in NAMES) for row in reversed(rows))
    on = living(history, quirks={"acctid": acctid})
    place(on, talk=1)
    on.happen(NOW + timedelta(minutes=1))
    assert list(history.rows())[-1][AT["AcctId"]] == str(due)


def test_an_extension_calls_the_number_of_a_feature(history: History) -> None:
    """A conference is called by its number, or by naming somebody; who calls himself is refused."""
    on = living(history)
    place(on, shape="conference", to="6300", talk=30)
    on.happen(NOW + timedelta(hours=1))
    assert {(truth.kind, truth.reached) for truth in truths(history)} == {("Internal", "6300")}
    with pytest.raises(FieldRefused, match="an extension calls 6300 there"):
        place(on, NOW + timedelta(hours=1), shape="conference", to="6301")
    with pytest.raises(FieldRefused, match="'1001' does not call itself"):
        place(on, NOW + timedelta(hours=1), to="1001")


def test_no_live_call_happens_twice_when_a_unit_begins_again_at_the_same_instant(history: History) -> None:
    """Calls come once the clock is where the history ends, and they are others."""
    settings = load_pbx({"time_zone": "UTC", "history": {"days": 0, "calls_per_day": 3000}, "traffic": BUSY}, Path())
    ended, seen, firsts = 0, 0, []
    for boot, hours in enumerate((2, 4)):
        on = Living("hq", settings, history, seed=1, since=NOW, boot=boot)
        on.happen(NOW + timedelta(hours=hours))
        new = truths(history)[seen:]
        assert len(new) > 100
        assert all(truth.began >= ended for truth in new)
        firsts.append([(truth.caller, truth.reached) for truth in new[:20]])
        ended, seen = history.ledger.last_end(), seen + len(new)
    assert firsts[0] != firsts[1]
    assert (history.begin(), history.begin()) == (0, 1)
    assert history.counted() == {}


def test_a_clock_that_is_set_keeps_the_lines_of_calls_that_are_up(history: History) -> None:
    """However often, nobody talks twice at once; and what comes again at an instant are other calls."""
    settings = load_pbx(
        {
            "time_zone": "UTC",
            "extensions": {"count": 30},
            "history": {"days": 0, "calls_per_day": 3000},
            "traffic": BUSY,
        },
        Path(),
    )
    on = Living("hq", settings, history, seed=1, since=NOW)
    for minute in range(0, 240, 4):
        on.happen(NOW + timedelta(minutes=minute))
        on.skip(NOW + timedelta(minutes=minute, seconds=1))
    on.happen(NOW + timedelta(hours=6))
    talks: dict[str, list[tuple[int, int]]] = {}
    for truth in truths(history):
        if truth.shape == "answered" and truth.answered:
            for number in (truth.caller, truth.reached):
                if len(number) == 4:
                    talks.setdefault(number, []).append((truth.answered, truth.ended))
    assert sum(map(len, talks.values())) > 200
    for times in talks.values():
        times.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(times))


@pytest.mark.parametrize("step", [-3600, 3600])
def test_a_recording_lasts_as_long_as_the_talk_however_the_clock_is_corrected(history: History, step: int) -> None:
    """Also where its length is that of billsec, which goes wrong with the clock."""
    on = living(history, personality="ucm6510", quirks={"recording-length": "billsec"})
    place(on, ring=5, talk=60, recorded=True)
    on.correct(Corrections((Correction(microseconds(NOW) + 30 * SECOND, step * SECOND),)))
    on.happen(NOW + timedelta(hours=1))
    (directory,) = history.recordings.directories()
    ((name, _),) = history.recordings.within(directory)
    found = history.recordings.find(directory, name)
    assert found is not None
    assert found.samples == 60 * 8000
