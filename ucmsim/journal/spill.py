"""The journal on disk: every event as a row of SQLite, the latest so many of them. Runs in the worker.

A row has the event as JSON, so that whoever opens the file with any tool can read it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ucmsim.entry import ANY
from ucmsim.errors import HistoryError, telling_no_room
from ucmsim.journal.inquiry import Inquiry

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, wall TEXT NOT NULL, pbx_clock TEXT NOT NULL, peer TEXT NOT NULL,
    status INTEGER, refusal TEXT, faults TEXT NOT NULL, marks TEXT NOT NULL, json TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_wall ON event (wall);
"""
_VERSION = 1
_PIECE = 500
"""Rows that are read at once."""


class Spill:
    """An open journal file with at most *most* events."""

    def __init__(self, database: sqlite3.Connection, most: int) -> None:
        self._database = database
        self._most = most

    @classmethod
    def open(cls, path: Path, most: int) -> Spill:
        """Open the file at *path*, making it if needed. Raises `HistoryError`."""
        try:
            with ExitStack() as undoing, telling_no_room():
                database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                undoing.callback(database.close)
                _begin(database, path)
                undoing.pop_all()
        except (sqlite3.Error, OSError) as error:
            raise HistoryError(f"{path} cannot be used as a journal: {error}") from error
        return cls(database, most)

    @property
    def first(self) -> int:
        """The id of the earliest event; one above the last when there is none."""
        found = self._database.execute("SELECT min(id) FROM event").fetchone()[0]
        return self.last + 1 if found is None else int(found)

    @property
    def last(self) -> int:
        """The id of the latest event, 0 when there is none."""
        return int(self._database.execute("SELECT max(id) FROM event").fetchone()[0] or 0)

    def write(self, entries: Iterable[dict[str, Any]]) -> None:
        """Keep *entries*, which have ids, and let the oldest go. Raises `sqlite3.Error`."""
        rows = [_row(entry) for entry in entries]
        if not rows:
            return
        with self._database:
            self._database.execute("BEGIN")
            self._database.executemany(f"INSERT OR REPLACE INTO event VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608 - no text of anybody
            self._database.execute("DELETE FROM event WHERE id <= ?", (rows[-1][0] - self._most,))

    def find(self, inquiry: Inquiry) -> Iterator[dict[str, Any]]:
        """Yield what *inquiry* may find, in order, or from the latest on where it asks for the last."""
        conditions, values = _conditions(inquiry)
        order = "ASC" if inquiry.last is None else "DESC"
        at = inquiry.after if inquiry.last is None else 1 << 62
        while True:
            paging = "id > ?" if inquiry.last is None else "id < ?"
            where = " AND ".join([paging, *conditions])
            sql = f"SELECT id, json FROM event WHERE {where} ORDER BY id {order} LIMIT {_PIECE}"  # noqa: S608 - no text of anybody
            rows = self._database.execute(sql, (at, *values)).fetchall()
            for number, told in rows:
                yield {"id": number, **json.loads(told)}
            if len(rows) < _PIECE:
                return
            at = rows[-1][0]

    def clear(self) -> None:
        """Forget everything."""
        self._database.execute("DELETE FROM event")

    def close(self) -> None:
        self._database.close()


def _begin(database: sqlite3.Connection, path: Path) -> None:
    """Make *database*, the file at *path*, the journal that it is not yet. Raises `HistoryError` or `sqlite3.Error`."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, _VERSION):
        raise HistoryError(f"{path} is a journal of a version that is not known here ({version})")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA cache_size = -128")  # KiB, of 2,000: hundreds of PBXs may have one
    database.executescript(_SCHEMA)
    database.execute(f"PRAGMA user_version = {_VERSION}")


def _row(entry: dict[str, Any]) -> tuple[Any, ...]:
    told = {key: value for key, value in entry.items() if key != "id"}
    refusal, reply = entry["refusal"], entry.get("reply")
    return (
        entry["id"],
        entry["kind"],
        entry["wall"],
        entry["pbx_clock"],
        entry.get("peer", ""),  # nobody came
        reply["status"] if reply else None,
        refusal["code"] if refusal else None,
        _words([*entry["faults"], *entry.get("kinds", ())]),
        _words(entry["marks"]),
        json.dumps(told, separators=(",", ":")),
    )


def _words(words: list[str]) -> str:
    return "".join(f" {word} " for word in words)


def _conditions(inquiry: Inquiry) -> tuple[list[str], list[str]]:
    """Return conditions, and their values, that leave a good deal of what is not looked for out."""
    found: list[tuple[str, str | None]] = [
        ("kind = ?", inquiry.kind),
        (f"{'wall' if inquiry.clock == 'wall' else 'pbx_clock'} >= ?", inquiry.since),
        (f"{'wall' if inquiry.clock == 'wall' else 'pbx_clock'} < ?", inquiry.until),
    ]
    for column, wanted in (("faults", inquiry.fault), ("marks", inquiry.mark)):
        found.append((f"{column} <> ?", "") if wanted == ANY else (f"instr({column}, ' ' || ? || ' ')", wanted))
    found.append(("refusal <> ?", "") if inquiry.refusal == ANY else ("refusal = ?", inquiry.refusal))
    chosen = [(condition, value) for condition, value in found if value is not None]
    if inquiry.last is not None and inquiry.after:
        chosen.append(("id > CAST(? AS INTEGER)", str(inquiry.after)))
    return [condition for condition, _ in chosen], [value for _, value in chosen]
