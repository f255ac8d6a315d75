"""The journal on disk: complete, bounded, readable by anybody with SQLite, and there again after a restart."""

from __future__ import annotations

import json
import sqlite3
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from tests.appliances import assembled
from tests.journal_memory import play
from tests.makers import make_pbx, request
from tests.openfiles import open_below
from tests.test_journal import exchange
from ucmsim.errors import HistoryError
from ucmsim.journal import Inquiry, Journal, Spill
from ucmsim.journal.ring import OVERHEAD


def event(number: int, **more: Any) -> dict[str, Any]:
    """Return an event as small as one can be."""
    usual: dict[str, Any] = {
        "kind": "exchange", "connection": number, "wall": f"2026-01-01T00:00:{number % 60:02}.000000+00:00",
        "pbx_clock": "2013-12-03T00:00:00.000000+00:00", "peer": "127.0.0.1", "refusal": None, "faults": [], "marks": [],
        "reply": {"status": 200}, "request": {"target": "/cdrapi"}, "requests": 1,
    }  # fmt: skip
    return {**usual, **more}


def found(journal: Journal, **parameters: str) -> list[int]:
    """Return the ids that an inquiry finds."""
    inquiry = Inquiry.of({name: [value] for name, value in parameters.items()})
    return [one["id"] for one in journal.inquiring(inquiry).whole().items]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def test_everything_is_there_that_memory_has_dropped(path: Path) -> None:
    """The ring has the last ones, the file all of them, and an inquiry sees the file."""
    journal = Journal(10, 1 << 20, Spill.open(path, 1000))
    for number in range(8):
        journal.add(event(number))
    flush = journal.flushing()
    assert flush is not None
    flush()
    assert journal.flushing() is None
    for number in range(8):
        journal.add(event(number))
    assert len(journal) == 10
    assert found(journal) == list(range(1, 17))
    assert found(journal, last="3") == [14, 15, 16]
    journal.close()


def test_it_goes_on_after_a_restart(path: Path) -> None:
    """Ids continue, and what was before can still be asked for; what was not written yet is, at the end."""
    first = Journal(10, 1 << 20, Spill.open(path, 1000))
    first.add(event(1))
    first.close()
    second = Journal(10, 1 << 20, Spill.open(path, 1000))
    assert second.add(event(2)) == 2
    assert found(second) == [1, 2]
    second.clear()
    assert (found(second), second.add(event(3))) == ([], 1)
    second.close()


def test_the_oldest_go(path: Path) -> None:
    """The file never has more events than it may."""
    journal = Journal(1000, 1 << 20, Spill.open(path, 100))
    for number in range(450):
        journal.add(event(number))
        if number % 60 == 0:
            assert len(found(journal, limit="1000")) <= 100
    answer = journal.inquiring(Inquiry(limit=1000)).whole()
    assert [one["id"] for one in answer.items] == list(range(351, 451))
    assert (answer.first, answer.last) == (351, 450)
    journal.close()


def test_pages_of_a_large_file(path: Path) -> None:
    """More rows than are read at once are found whole, forwards and backwards."""
    journal = Journal(10_000, 1 << 24, Spill.open(path, 10_000))
    for number in range(1700):
        journal.add(event(number, marks=["no-qop"] if number % 7 == 0 else []))
    assert found(journal, limit="1000") == list(range(1, 1001))
    assert found(journal, mark="no-qop", limit="1000") == list(range(1, 1701, 7))
    assert found(journal, mark="no-qop", last="300") == list(range(1, 1701, 7))
    assert found(journal, mark="any", after="1690") == [1695]
    assert found(journal, last="1000") == list(range(701, 1701))
    journal.close()


def test_anybody_can_read_it(path: Path) -> None:
    """A row has what it is sought by in columns, and the whole event as JSON."""
    journal = Journal(10, 1 << 20, Spill.open(path, 100))
    refusal = {"code": "unknown-parameter", "parameter": "caler", "sentence": "x", "hint": "y"}
    journal.add(event(1, refusal=refusal, faults=["slow"], marks=["no-qop", "no-back-off"]))
    journal.close()
    with sqlite3.connect(path) as database:
        sql = "SELECT kind, peer, status, refusal, faults, marks, json_extract(json, '$.refusal.parameter') FROM event"
        row = database.execute(sql).fetchone()
    database.close()
    assert row == ("exchange", "127.0.0.1", 200, "unknown-parameter", " slow ", " no-qop  no-back-off ", "caler")


def test_a_file_that_is_no_journal_is_refused(path: Path, tmp_path: Path) -> None:
    """The error names the file, which is not left open."""
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 20)
    with pytest.raises(HistoryError, match=r"journal\.sqlite cannot be used as a journal") as raised:
        Spill.open(path, 10)
    assert (open_below(path.parent), raised.type) == ([], HistoryError)
    newer = tmp_path / "newer.sqlite"
    database = sqlite3.connect(newer)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(HistoryError, match="version that is not known"):
        Spill.open(newer, 10)


def test_a_disk_that_fails_is_told_to_whoever_asks(path: Path) -> None:
    """Writing raises what SQLite says, the journal goes on in memory, and writes all of it once the disk takes it."""
    spill = Spill.open(path, 10)
    journal = Journal(10, 1 << 20, spill)
    journal.add(event(1))
    spill._database.execute("ALTER TABLE event RENAME TO elsewhere")
    with pytest.raises(sqlite3.Error):
        found(journal)
    assert journal.add(event(2)) == 2
    assert len(list(journal.entries())) == 2
    spill._database.execute("ALTER TABLE elsewhere RENAME TO event")
    assert found(journal) == [1, 2]
    assert journal.flushing() is None


def test_a_pbx_keeps_its_journal_over_a_restart(tmp_path: Path) -> None:
    """What the setting asks for is on disk when the PBX ends, and the next one of its name goes on with it."""
    for number in (1, 2):
        with assembled(tmp_path, {"history": {"days": 0}, "journal": {"spill": 100}}) as appliance:
            assert appliance.pbx.journal.spills
            assert found(appliance.pbx.journal) == list(range(1, number))
            appliance.pbx.record(exchange(), request("/cdrapi"))


# --- how much memory it takes -----------------------------------------------------------------------------------------

EXCHANGE_LIMIT = 700
"""Bytes that a usual exchange and its connection may take together."""


def test_an_exchange_takes_little() -> None:
    """An exchange and its connection take some hundred bytes, so that millions of them fit where thousands would."""
    pbx = make_pbx()
    play(pbx, 500)
    assert pbx.journal.size / 500 < EXCHANGE_LIMIT
    assert len(pbx.journal) == 1000


def test_memory_is_bounded_whatever_happens() -> None:
    """What the journal of a PBX takes for good is what it may, and does not grow with what goes through it."""
    pbx = make_pbx(journal={"megabytes": 1, "entries": 1_000_000})
    play(pbx, 2500)
    assert pbx.journal.size > (1 << 20) - 2 * EXCHANGE_LIMIT
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        play(pbx, 2500)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # All of the ring was replaced, so that everything in it is traced now.
    assert pbx.journal.size <= 1 << 20
    assert grown < 1.25 * (1 << 20)
    kept = list(pbx.journal.entries())
    assert len(kept) == len(pbx.journal)
    assert pbx.journal.size / len(kept) > OVERHEAD
    assert json.dumps(kept[-1])
