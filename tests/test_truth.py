"""What really happened, as it is stored beside the CDRs, against what the firmware wrote."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.makers import another_row
from ucmsim.assembling.filling import made_up
from ucmsim.columns import NAMES, Row
from ucmsim.instants import SECOND
from ucmsim.personalities import PERSONALITIES, Personality
from ucmsim.register import Quirks
from ucmsim.settings import load_pbx
from ucmsim.store.history import History
from ucmsim.store.ledger import Sought, ToldCall
from ucmsim.store.records import Numbered, Record
from ucmsim.store.schema import SCHEMA_VERSION
from ucmsim.store.truth import CallTruth, Truth

UNTIL = datetime(2026, 11, 3, 12, tzinfo=UTC)
TALK = Truth("answered", "Inbound", "1", "1001", "carrier-a", "", 1_500_000, 2_250_000, 9_000_000)


def kept(path: Path = Path(":memory:"), personality: str = "ucm6200") -> History:
    """Return a history over the end of summer time in Chicago."""
    history = History.open(path, durable=False)
    days, shapes = {"days": 4, "calls_per_day": 200}, {"shapes": BEGUN}
    settings = load_pbx({"personality": personality, "history": days, "traffic": shapes}, Path())
    history.keep(made_up("hq", settings, seed=42, until=UNTIL))
    return history


def by_name(row: Row) -> dict[str, str]:
    return dict(zip(NAMES, row, strict=True))


def test_a_truth_stays_with_its_row() -> None:
    """Rows with and without one keep theirs, in several goes."""
    history = History.open(Path(":memory:"), durable=False)
    history.keep([Record(another_row(AcctId="1")), Record(another_row(AcctId="2"), truth=TALK)])
    history.keep([Record(another_row(AcctId="3"), truth=TALK._replace(answered=None))])
    history.extend([another_row(AcctId="4")])
    assert list(history.ledger.legs()) == [(2, TALK), (3, TALK._replace(answered=None))]
    history.close()


CALL = CallTruth("answered", "Inbound", "1", "1001", "caller", 1_500_000, 9_000_000, "hung up")


def test_pages_of_calls_are_all_of_them() -> None:
    """Whatever their size, whether they have rows or not, in the order in which they ended."""
    history = kept()
    calls = Numbered(9_999, CALL), Numbered(10_000, CALL._replace(shape="held"))
    history.keep([Record(another_row(AcctId="99", uniqueid="1.2", session="3-4"), (), TALK, None, calls[0], calls)])
    whole = list(history.ledger.calls())
    assert len(whole) > 500
    assert [one.over for one in whole] == list(range(1, len(whole) + 1))
    ends = [one.truth.ended for one in whole[:-2]]
    assert ends == sorted(ends)
    for limit in (37, len(whole) - 1, len(whole), len(whole) + 1):
        found: list[ToldCall] = []
        after: int | None = 0
        while after is not None:
            items, after = history.ledger.page(Sought(after, limit))
            assert len(items) == limit or after is None
            found += items
        assert found == whole
    (last,), _ = history.ledger.page(Sought(uniqueid="1.2"))
    assert (last.rows[0].acct_id, last.rows[0].session, last.rows[0].truth, last.truth) == ("99", "3-4", TALK, CALL)
    assert [one.truth.shape for one in whole[-2:]] == ["answered", "held"]
    assert whole[-1].rows == ()
    history.close()


def test_the_time_of_talk_is_what_is_answered() -> None:
    """A leg that nobody took has none."""
    assert (TALK.talked, TALK._replace(answered=None).talked) == (6_750_000, 0)


def test_a_record_that_cannot_be_written_leaves_no_truth() -> None:
    """All of one transaction or nothing."""
    history = History.open(Path(":memory:"), durable=False)
    with pytest.raises(sqlite3.Error):
        history.keep([Record(another_row(), truth=TALK), Record(another_row()[:3])])
    assert (len(history), list(history.ledger.legs())) == (0, [])
    history.close()


def billed(truth: Truth, lastapp: str, register: Quirks) -> int:
    """Return the microseconds that are billed: of a group's winner the ringing too or not, of ForkCDR all or none. Spec 5.6."""
    if lastapp == "ForkCDR" and register["ring-group-entry"] == "unbilled":
        return 0
    if register["ring-group-winner"] == "talk":
        return truth.talked
    whole = lastapp == "Page" or (truth.shape in ("ring-group", "ivr-ring-group", "queue") and lastapp == "Dial")
    return truth.ended - truth.began if whole and truth.answered else truth.talked


BEGUN = {"api_call": 40, "callback": 30, "helper_channel": 30, "pin_group": 30}
"""Weights by which shapes with channels of the unit's own happen often enough."""


def direction(truth: Truth, row: dict[str, str]) -> str:
    """Return what userfield is: Inbound for what the unit began over a trunk, Internal for a helper. Https-api 5.2."""
    if truth.kind == "Helper":
        return "Internal"
    if truth.shape in ("api-call", "callback") and row["channel_ext"].startswith("trunk"):
        return "Inbound"
    if truth.trunk_in:
        return "External" if truth.trunk_out else "Inbound"
    return "Outbound" if truth.trunk_out else "Internal"  # also where it went on outside


@pytest.mark.parametrize("device", PERSONALITIES, ids=[row.id for row in PERSONALITIES])
def test_rows_are_floors_of_the_truth(device: Personality) -> None:
    """Local seconds of start and end, whole seconds of duration and billsec, who called and who was reached."""
    history = kept(personality=device.id)
    register = Quirks.of(device)
    by_api = register["api-call"] == "api"
    told, rows = list(history.ledger.legs(batch=100)), list(history.rows())
    assert [row for row, _ in told] == list(range(1, len(rows) + 1))
    assert len(rows) > 700
    zone = load_pbx({}, Path()).time_zone
    for (_, truth), values in zip(told, rows, strict=True):
        row = by_name(values)
        one_row = device.generation < "G3" and truth.shape == "voicemail" and row["disposition"] == "ANSWERED"
        if not one_row:  # a single row of voicemail begins with the ringing
            assert row["start"] == str(datetime.fromtimestamp(truth.began // SECOND, zone))[:19]
            assert int(row["duration"]) == (truth.ended - truth.began) // SECOND
        assert int(row["billsec"]) == billed(truth, row["lastapp"], register) // SECOND
        stopped = (
            truth.shape in ("ring-group", "ivr-ring-group", "queue", "queue-abandoned", "paging")
            and row["disposition"] == "BUSY"
        )  # says when it began, where it is stamped
        ends = [truth.began, truth.ended] if stopped else [truth.ended]
        assert row["end"] in ("", *(str(datetime.fromtimestamp(end // SECOND, zone))[:19] for end in ends))
        if truth.shape != "api-call":
            assert row["src"] == truth.caller
        else:  # who was called first, where nobody is called api
            assert row["src"] == ("api" if by_api else truth.reached if truth.caller == "api" else truth.caller)
        assert row["dst"] == f"{'9' if truth.shape == 'prefix' else ''}{truth.reached}"
        assert (row["disposition"] == "ANSWERED") is (truth.answered is not None)
        assert row["userfield"] in (direction(truth, row), "EXT")
    history.close()


def test_the_truth_is_the_same_whatever_the_zone_and_the_firmware() -> None:
    """What happens does not depend on who writes it down, as long as they write of the same legs."""
    found = []
    for personality, zone in (("ucm6200", "America/Chicago"), ("ucm6510", "America/Chicago")):
        settings = load_pbx(
            {"personality": personality, "time_zone": zone, "history": {"days": 2}, "quirks": {"did-row": "none"}},
            Path(),
        )
        found.append([record.truth for record in made_up("hq", settings, seed=42, until=UNTIL)])
    assert found[0] == found[1]


def test_an_older_history_is_taken_over_without_truth(tmp_path: Path) -> None:
    """Its rows stay, new ones have theirs."""
    file = tmp_path / "history.sqlite"
    history = History.open(file, durable=True)
    history.extend([another_row()])
    history.close()
    with sqlite3.connect(file) as database:
        database.executescript(
            "DROP INDEX recording_sound; DROP TABLE delivery; DROP TABLE fetch; DROP TABLE recorded; DROP TABLE counted; DROP TABLE reach; "
            "DROP TABLE truth; DROP TABLE call; DROP TABLE talk; DROP TABLE carried; DROP TABLE counter; "
            "ALTER TABLE recording DROP COLUMN sound; PRAGMA user_version = 2;"
        )
    database.close()
    opened = History.open(file, durable=True)
    opened.keep([Record(another_row(), truth=TALK)])
    assert list(opened.ledger.legs()) == [(2, TALK)]
    opened.close()
    with sqlite3.connect(file) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    database.close()


def test_legs_of_an_older_history_stay_and_calls_are_told_from_now_on(tmp_path: Path) -> None:
    """What was said of a leg does not say what happened in its call; that is kept of new calls, also where it has two rows."""
    file = tmp_path / "history.sqlite"
    history = History.open(file, durable=False)
    history.keep([Record(another_row(), truth=TALK)])
    history.close()
    with sqlite3.connect(file) as database:
        database.executescript(
            "DROP INDEX recording_sound; DROP TABLE delivery; DROP TABLE fetch; DROP TABLE recorded; DROP TABLE counted; DROP TABLE reach; "
            "DROP INDEX truth_call; ALTER TABLE truth DROP COLUMN call; DROP TABLE call; DROP TABLE talk; "
            "DROP TABLE carried; PRAGMA user_version = 4;"
        )
    database.close()
    opened = History.open(file, durable=False)
    assert (list(opened.ledger.legs()), list(opened.ledger.calls()), opened.ledger.last_end()) == (
        [(1, TALK)],
        [],
        TALK.ended,
    )
    call = Numbered(1, CALL)
    opened.keep([Record(another_row(), (), TALK, None, call)])
    assert list(opened.ledger.calls()) == []
    opened.keep([Record(another_row(), (), TALK, None, call, (call,))])
    (told,) = opened.ledger.calls()
    assert ([row.row for row in told.rows], told.truth) == ([2, 3], CALL)
    opened.close()
