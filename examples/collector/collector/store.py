"""Keeps rows, recordings and how far we are, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from collector.rows import Row, billable, key_of, recordings_of

_TABLES = """
CREATE TABLE IF NOT EXISTS cdr (acctid TEXT, uniqueid TEXT, start TEXT, row TEXT NOT NULL,
    PRIMARY KEY (acctid, uniqueid, start)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recording (path TEXT PRIMARY KEY, bytes INTEGER, missed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS progress (only INTEGER PRIMARY KEY CHECK (only = 1), polled TEXT NOT NULL);
"""


class Store:
    """The collector's memory at *path*; one program uses it at a time."""

    def __init__(self, path: Path | str) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(_TABLES)

    def close(self) -> None:
        self._database.close()

    def keep(self, rows: Iterable[Row]) -> int:
        """Keep *rows*, and the paths of their recordings, all or none; return how many were new."""
        new = 0
        with self._database:
            for row in rows:
                values = (*key_of(row), json.dumps(row))
                done = self._database.execute("INSERT OR IGNORE INTO cdr VALUES (?, ?, ?, ?)", values)
                new += done.rowcount
                for path in recordings_of(row):
                    self._database.execute("INSERT OR IGNORE INTO recording (path) VALUES (?)", (path,))
        return new

    @property
    def polled(self) -> datetime | None:
        """What the device's clock said when all was read the last time."""
        found = self._database.execute("SELECT polled FROM progress").fetchone()
        return datetime.fromisoformat(found[0]) if found else None

    def reached(self, date: datetime) -> None:
        """Note that all was read that the device had at *date* of its clock."""
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO progress VALUES (1, ?)", (date.isoformat(),))

    @property
    def rows(self) -> list[Row]:
        """Every row, by start."""
        found = self._database.execute("SELECT row FROM cdr ORDER BY start, uniqueid, acctid")
        return [json.loads(text) for (text,) in found]

    @property
    def wanted(self) -> list[str]:
        """Recordings that are not here yet."""
        found = self._database.execute("SELECT path FROM recording WHERE bytes IS NULL ORDER BY path")
        return [path for (path,) in found]

    @property
    def missed(self) -> dict[str, int]:
        """How often a recording was asked for that the device did not have, of those that are still not here."""
        found = self._database.execute(
            "SELECT path, missed FROM recording WHERE bytes IS NULL AND missed ORDER BY path"
        )
        return dict(found)

    def fetched(self, path: str, size: int) -> None:
        with self._database:
            self._database.execute("UPDATE recording SET bytes = ? WHERE path = ?", (size, path))

    def missing(self, path: str) -> None:
        with self._database:
            self._database.execute("UPDATE recording SET missed = missed + 1 WHERE path = ?", (path,))

    def invoice(self) -> dict[str, int]:
        """Return the billable seconds of each caller."""
        seconds: dict[str, int] = {}
        for caller, _, talked in filter(None, map(billable, self.rows)):
            seconds[caller] = seconds.get(caller, 0) + talked
        return seconds
