"""The stored CDR rows of one PBX, and what it recorded: one SQLite file. Spec 5; design: "SQLite is the durable truth".

Knows rows and pages, nothing of HTTP or of how rows come to be. A `History` may be handed from thread to thread but
is used by one at a time.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from ucmsim.cdr.matching import NUMBERED, select
from ucmsim.cdr.query import Query
from ucmsim.cdr.sight import Gap
from ucmsim.columns import NAMES, Row
from ucmsim.register import Quirks
from ucmsim.steps import Steps, finished
from ucmsim.store.delivered import Delivered
from ucmsim.store.imported import Imported
from ucmsim.store.ledger import Ledger
from ucmsim.store.recordings import Recordings
from ucmsim.store.records import Numbered, Record, Recording
from ucmsim.store.schema import opened, unopened

_BATCH = 200
"""Rows that are written, or read, at a time: more at a time leave the processor's caches before they are written."""
_QUOTED = ", ".join(f'"{name}"' for name in NAMES)
_BLOCK = f"SELECT {NUMBERED} FROM cdr WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608
_INSERT = f"INSERT INTO cdr (id, {_QUOTED}) VALUES (?, {', '.join('?' * len(NAMES))})"  # noqa: S608
_ROW = "row"
"""The counter of row ids, which are not given twice: whoever reads page by page would miss what has an old one."""
_BOOTS = "boots"
"""The counter of how often a PBX began with the history."""


def _taken(records: Iterator[Record], most: int) -> Steps[list[Record]]:
    """Return the next of *records*, at most so many, a step each."""
    taken = []
    for record in islice(records, most):
        taken.append(record)
        yield
    return taken


class History:
    """The rows of one PBX, in the order in which they were written; the row id is the store's own.

    *high_water* is the highest row id so far, 0 when there is none; neither it nor `len` ever waits for a query.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._lock = threading.Lock()
        self.recordings = Recordings(database, self._lock)
        self.ledger = Ledger(database, self._lock)
        self.imported = Imported(database, self._lock)
        self.delivered = Delivered(database, self._lock)
        found = database.execute("SELECT coalesce(max(id), 0), count(*) FROM cdr").fetchone()
        known = database.execute("SELECT value FROM counter WHERE name = ?", (_ROW,)).fetchone()
        self.high_water, self._count = max(int(found[0]), int(known[0]) if known else 0), int(found[1])

    @classmethod
    def open(cls, path: Path, *, durable: bool) -> History:
        """Open the history at *path*, or begin one there.

        A *durable* one survives a power cut (WAL, full synchronisation); the others are throw-away and fast.
        Raises `HistoryError` when the file is something else or was written by another version.
        """
        database = opened(path, durable=durable)
        try:
            return cls(database)
        except sqlite3.Error as error:
            database.close()
            raise unopened(path, error) from error

    def close(self) -> None:
        """Close the file; the history cannot be used afterwards."""
        with self._lock:
            self._database.close()

    def backup(self, path: Path) -> None:
        """Copy all of it to *path*, as it is now. Raises `sqlite3.Error`."""
        copy = sqlite3.connect(path)
        try:
            with self._lock:
                self._database.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, whatever it is here
        finally:
            copy.close()

    def extend(self, rows: Iterable[Row]) -> int:
        """Write *rows* in one transaction; return how many. Nothing is written when one of them cannot be."""
        return self.keep(Record(row) for row in rows)

    def keep(self, records: Iterable[Record], over: Iterable[Numbered] = ()) -> int:
        """Write rows, each with what was recorded and what is known of the truth, in one transaction; return how many.

        Calls that are *over* after the last of them are written then. Nothing is written when one of them cannot be.
        """
        return finished(self.keeping(records, over))

    def keeping(self, records: Iterable[Record], over: Iterable[Numbered] = ()) -> Steps[int]:
        """Do what `keep` does, a step a record. Until the last step nobody else may use the history."""
        written, waiting = 0, iter(records)
        with self._transaction():
            while batch := (yield from _taken(waiting, _BATCH)):
                numbered = list(enumerate(batch, self.high_water + written + 1))
                self._database.executemany(_INSERT, [(number, *record.row) for number, record in numbered])
                self._keep_recordings(batch)
                self.delivered.record(batch)
                self.ledger.insert(numbered)
                written += len(batch)
            self.ledger.end(over)
        self.high_water, self._count = self.high_water + written, self._count + written
        return written

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do what follows in one transaction, or none of it."""
        with self._lock:
            self._database.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _keep_recordings(self, batch: Iterable[Record]) -> None:
        waiting: list[Recording] = []
        for record in batch:
            waiting += record.recordings
            if record.moved:
                self.recordings.insert(waiting)
                self.recordings.move(*record.moved)
                waiting.clear()
        self.recordings.insert(waiting)

    def __len__(self) -> int:
        return self._count

    def page(self, query: Query, quirks: Quirks, *, up_to: int, gaps: Iterable[Gap] = ()) -> list[Row]:
        """Return the rows that *query* asks for, as they stood when the highest row id was *up_to*.

        What lies in *gaps* is left out. Raises `sqlite3.Error`; the device answers that with an empty container (E10).
        """
        return [row[:-1] for row in self.numbered_page(query, quirks, up_to=up_to, gaps=gaps)]

    def numbered_page(self, query: Query, quirks: Quirks, *, up_to: int, gaps: Iterable[Gap] = ()) -> list[Row]:
        """Return what `page` does, and behind the columns of each row its id, a number."""
        sql, values = select(query, quirks, up_to=up_to, gaps=gaps)
        with self._lock:
            return self._database.execute(sql, values).fetchall()

    def rows(self, batch: int = _BATCH) -> Iterator[Row]:
        """Yield every row in the order in which it was written."""
        last = 0
        while True:
            with self._lock:
                found = self._database.execute(_BLOCK, (last, batch))
                block = found.fetchall()
            if not block:
                return
            for *values, last in block:  # noqa: B007 - the last id of the block begins the next one
                yield tuple(values)

    def clean(self, *, rows_before: str = "", recordings_before: int = 0) -> tuple[int, int]:
        """Delete rows that began before a local time, text like `start`, and recordings from before a second of the epoch.

        A row without a start is of no age, and stays. Return how many rows went, and how many recordings.
        """
        with self._transaction():
            gone = self._delete("start < ? AND start <> ''", rows_before)
            recordings = self.recordings.delete(recordings_before)
        self._count -= gone
        return gone, recordings

    def empty(self) -> int:
        """Delete every row and no recording; return how many went."""
        with self._transaction():
            gone = self._delete("TRUE")
        self._count -= gone
        return gone

    def _delete(self, condition: str, *values: object) -> int:
        """Delete the rows that meet a *condition*, and no truth, within the caller's transaction and lock."""
        gone = self._database.execute(f"DELETE FROM cdr WHERE {condition}", values).rowcount  # noqa: S608
        if gone:
            self._database.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (_ROW, str(self.high_water)))
        return gone

    def count(self, counters: Mapping[str, str]) -> None:
        """Remember what *counters* of the unit stand at now: rows that told so were deleted."""
        with self._transaction():
            self._database.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?)", list(counters.items()))

    def cut_off(self) -> None:
        """Let the calls end that an earlier start left up."""
        with self._transaction():
            self.ledger.cut_off()

    def begin(self) -> int:
        """Take note that a PBX begins with this history; return how often one did before."""
        with self._lock:
            found = self._database.execute("SELECT value FROM counter WHERE name = ?", (_BOOTS,)).fetchone()
            boots = int(found[0]) if found else 0
            self._database.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (_BOOTS, str(boots + 1)))
            return boots

    def counted(self) -> Mapping[str, str]:
        """Return what `count` was told, if no row was written since."""
        with self._lock:
            known = dict(self._database.execute("SELECT name, value FROM counter").fetchall())
        known.pop(_BOOTS, None)
        return known if known.pop(_ROW, None) == str(self.high_water) else {}

    def highest(self, *, monthly: bool = False) -> tuple[int, str]:
        """Return the highest AcctId, and the local month, such as ``2026-03``, of the last row; (0, "") without rows.

        Where AcctIds begin anew with each month, *monthly*, it is the highest of that month.
        """
        month = "substr(coalesce(nullif(end, ''), start), 1, 7)"
        with self._lock:
            (last,) = self._database.execute(f"SELECT max({month}) FROM cdr").fetchone()  # noqa: S608
            where, values = (f"WHERE {month} = ?", (last,)) if monthly else ("", ())
            found = self._database.execute(f"SELECT max(CAST(AcctId AS INTEGER)) FROM cdr {where}", values)  # noqa: S608
            return int(found.fetchone()[0] or 0), last or ""

    def made_with(self) -> Mapping[str, str]:
        """Return what the history was filled with, as `note` left it."""
        with self._lock:
            return dict(self._database.execute("SELECT key, value FROM made_with").fetchall())

    def note(self, facts: Mapping[str, str]) -> None:
        """Remember what the history is made with."""
        with self._transaction():  # one wait for the disk, not one a fact
            self._database.executemany("INSERT OR REPLACE INTO made_with VALUES (?, ?)", list(facts.items()))
