"""Calls by how often they were delivered are looked up: what is kept of it always agrees with what carried their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.makers import another_row
from tests.openfiles import open_below
from ucmsim.asking.wishes import wished
from ucmsim.assembling.living import Living
from ucmsim.errors import HistoryError
from ucmsim.http.extents import Rows
from ucmsim.settings import load_pbx
from ucmsim.store.accounts import HOWS, Accounting
from ucmsim.store.deliveries import Delivery, Sent
from ucmsim.store.history import History
from ucmsim.store.ledger import Sought
from ucmsim.store.records import Record
from ucmsim.store.schema import SCHEMA_VERSION

SINCE = datetime(2026, 3, 2, 12, tzinfo=UTC)
BUSY = {"history": {"days": 0, "calls_per_day": 600}, "traffic": {"live": True}}


def delivery(exchange: int, rows: list[int], read: int, *, corrects: bool = False) -> Delivery:
    """Return what carried *rows* of a hundred bytes each, so many bytes of which could be read."""
    ends = [100 * at for at in range(1, len(rows) + 1)]
    return Delivery(exchange, float(exchange), "192.0.2.1", Sent(Rows(rows, ends), read), cut=False, corrects=corrects)


def told(history: History, how: str | None = None) -> list[object]:
    """Return all that the ledger tells, of the calls that were delivered *how* often, a few a page."""
    found: list[object] = []
    after: int | None = 0
    while after is not None:
        accounting = Accounting(history, Sought(after, 7), how)  # type: ignore[arg-type]
        found += [one.as_json() for one in accounting.whole()]
        after = accounting.next
    return found


def agrees(history: History) -> dict[str, int]:
    """Return how many calls there are of each kind, when those that are looked up are those that are so."""
    every = [one for page in [Accounting(history, Sought(limit=10_000))] for one in page.whole()]
    for how in HOWS:
        assert told(history, how) == [one.as_json() for one in every if one.matches(how)], how  # type: ignore[arg-type]
    return {how: sum(one.matches(how) for one in every) for how in HOWS}  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_it_agrees(history: History, tmp_path: Path, seed: int) -> None:
    """Calls that end after their first rows went out, calls without rows, pages in pieces, corrections, imported and deleted rows."""
    chance = Random(seed)
    history.extend([another_row(AcctId=str(at), session=f"s{at // 2}") for at in range(6)])
    living = Living("hq", load_pbx(BUSY, tmp_path), history, seed=seed, since=SINCE)
    now, sent = SINCE, dict[int, list[int]]()
    for exchange in range(1, 60):
        if chance.random() < 0.3:
            now += timedelta(minutes=chance.randrange(1, 30))
            living.place(wished({"shape": "blind-transfer", "from": "3125550123", "to": "1001"}, now))
            living.happen(now)
        if chance.random() < 0.05:
            history.empty()
        if sent and chance.random() < 0.2:
            which = chance.choice(list(sent))
            again = delivery(which, sent[which], chance.randrange(100 * len(sent[which])), corrects=True)
            history.delivered.write([again])
            continue
        first = chance.randrange(1, history.high_water + 1)
        rows = list(range(first, min(history.high_water, first + chance.randrange(40)) + 1))
        if chance.random() < 0.3:
            rows = sorted(chance.sample(rows, max(1, len(rows) // 2)))
        sent[exchange] = rows
        read = chance.choice([100 * len(rows), chance.randrange(100 * len(rows))])
        history.delivered.write([delivery(exchange, rows, read)])
        agrees(history)
    living.stop()

    assert all(agrees(history).values())


def test_many_exchanges_of_the_same_rows_agree(history: History) -> None:
    """Where what is no longer told one by one is only counted, a row stays delivered again, and so it does without the last of them."""
    history.extend([another_row(AcctId=str(at), session=f"s{at}") for at in range(4)])
    history.delivered.write([delivery(exchange, [1, 2], 200) for exchange in range(1, 2500)])
    history.delivered.write([delivery(2499, [1, 2], 0, corrects=True)])

    assert agrees(history) == {"never": 2, "once": 0, "again": 2}


def test_nothing_is_known_of_what_was_forgotten(history: History, tmp_path: Path) -> None:
    """After that every call was never delivered."""
    living = Living("hq", load_pbx(BUSY, tmp_path), history, seed=1, since=SINCE)
    living.happen(SINCE + timedelta(hours=2))
    rows = list(range(1, history.high_water + 1))
    history.delivered.write([delivery(1, rows, 100 * len(rows))])
    before = agrees(history)
    history.delivered.forget()

    assert (before["never"], agrees(history)) == (0, {"never": before["once"], "once": 0, "again": 0})


def of_version_7(history: History, file: Path, folder: Path) -> dict[str, int]:
    """Make of *history* in the *file* one that kept no count; return how often its calls were delivered."""
    living = Living("hq", load_pbx(BUSY, folder), history, seed=1, since=SINCE)
    living.happen(SINCE + timedelta(hours=2))
    history.delivered.write([delivery(1, list(range(1, 20)), 1900), delivery(2, [3, 4, 7, 8, 9], 500)])
    wanted = agrees(history)
    history.close()
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            "DROP TABLE reach; DROP INDEX call_delivered; ALTER TABLE call DROP COLUMN delivered; PRAGMA user_version = 7;"
        )
    assert all(wanted.values())
    return wanted


def test_history_that_kept_no_count_is_counted_when_it_is_opened(history: History, tmp_path: Path) -> None:
    """What it tells of deliveries says how often its calls were delivered."""
    file = tmp_path / "history.sqlite"
    wanted = of_version_7(history, file, tmp_path)
    again = History.open(file, durable=False)

    assert agrees(again) == wanted
    assert again._database.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    again.close()


@pytest.mark.parametrize(
    ("wrong", "raised"),
    [(sqlite3.OperationalError("disk I/O error"), HistoryError), (KeyboardInterrupt(), KeyboardInterrupt)],
    ids=["failed", "ended"],
)
def test_history_that_could_not_be_counted_is_counted_the_next_time(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: BaseException, raised: type[BaseException]
) -> None:
    """It stays as it was until all of it is counted, and is left to whoever opens it next."""
    file = tmp_path / "history.sqlite"
    wanted = of_version_7(history, file, tmp_path)
    with monkeypatch.context() as patch:

        def fails(*_: object) -> Iterator[tuple[int, int]]:
            raise wrong

        patch.setattr("ucmsim.store.reach._runs", fails)
        with pytest.raises(raised):
            History.open(file, durable=True)
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (7,)
    assert open_below(tmp_path) == []

    again = History.open(file, durable=True)
    assert agrees(again) == wanted
    again.close()


def test_history_without_its_rows_is_none(history: History, tmp_path: Path) -> None:
    """What calls itself one, and cannot be read, is told as what it is, and not left open."""
    history._database.execute("DROP TABLE cdr")
    history.close()
    with pytest.raises(HistoryError, match="cannot be opened as a history: no such table: cdr"):
        History.open(tmp_path / "history.sqlite", durable=False)
    assert open_below(tmp_path) == []


@pytest.mark.parametrize("times", range(len(HOWS)))
def test_calls_are_looked_up_and_not_looked_for(history: History, times: int) -> None:
    """A page of a hundred among a million costs what it costs among a hundred: the index has them in their order."""
    conditions, values = zip(*Sought(times=times).conditions(), strict=True)
    sql = f"EXPLAIN QUERY PLAN SELECT over, id FROM call WHERE {' AND '.join(conditions)} ORDER BY over LIMIT 100"
    plan = [one[-1] for one in history._database.execute(sql, values)]

    assert plan == ["SEARCH call USING COVERING INDEX call_delivered (delivered=? AND over>?)"]


def test_rows_that_were_imported_are_looked_for_where_they_may_be(history: History, tmp_path: Path) -> None:
    """Rows of which nobody knows what they are about are found wherever they stand, also when none was found before."""
    living = Living("hq", load_pbx(BUSY, tmp_path), history, seed=1, since=SINCE)
    living.happen(SINCE + timedelta(hours=2))
    assert agrees(history)["never"] > 10
    history.keep([Record(another_row(session="late"))])
    history.delivered.write([delivery(1, [history.high_water], 100)])

    assert agrees(history)["once"] == 1
