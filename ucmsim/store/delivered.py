"""Where it is kept what was delivered: tables beside the CDRs that say which exchange carried which row, and which file.

`delivery` has two rows an exchange at most: one of the rows of a page that went out whole, one of the others. Where enough
exchanges are told of a row already, a later one is not kept, some sixty bytes each, and `counted` counts it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ucmsim.http.extents import Files, Rows
from ucmsim.store.carriers import Carrier, Carriers, Tally
from ucmsim.store.deliveries import Delivery
from ucmsim.store.reach import Reach
from ucmsim.store.records import Record, Recording
from ucmsim.store.settling import NAMED, Settling, runs, runs_of

DELIVERY_TABLES = """
CREATE TABLE delivery (
    exchange INTEGER NOT NULL, wall REAL NOT NULL, peer TEXT NOT NULL, whole INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, rows TEXT NOT NULL
);
CREATE INDEX delivery_last ON delivery (last, first);
CREATE INDEX delivery_exchange ON delivery (exchange);
CREATE TABLE fetch (
    exchange INTEGER NOT NULL, wall REAL NOT NULL, peer TEXT NOT NULL, whole INTEGER NOT NULL, path TEXT NOT NULL
);
CREATE INDEX fetch_path ON fetch (path);
CREATE INDEX fetch_exchange ON fetch (exchange);
CREATE TABLE recorded (
    call INTEGER NOT NULL REFERENCES call, path TEXT NOT NULL, written INTEGER NOT NULL, PRIMARY KEY (call, path)
) WITHOUT ROWID;
CREATE INDEX recording_sound ON recording (sound) WHERE sound <> '';
"""
"""`rows` are runs of ids such as ``7-9,12``, "" for all from the first to the last. `recorded` has which files are of a call, by
the paths that they had when they were made."""
COUNTED_TABLE = "CREATE TABLE counted (row INTEGER PRIMARY KEY, change INTEGER NOT NULL);"
"""How many exchanges more carried a *row* whole than the one before it, of those that `delivery` does not tell."""

YOUNG = 1000
"""Of so many exchanges all is kept: what is known of one is corrected when its connection ends."""

_TOLD = "SELECT whole, first, last, rows FROM delivery WHERE rowid <= ? AND last >= ? AND first <= ?"
_UNSETTLED = "SELECT rowid, whole, first, last, rows FROM delivery WHERE rowid > ? AND rowid <= ? ORDER BY rowid"
_COUNT = "INSERT INTO counted VALUES (?, ?) ON CONFLICT (row) DO UPDATE SET change = change + excluded.change"
_COUNTED = (
    "SELECT ?1, coalesce(sum(change), 0) FROM counted WHERE row <= ?1 "
    "UNION ALL SELECT row, change FROM counted WHERE row > ?1 AND row <= ?2"
)
_UNTOLD_FILES = (
    "DELETE FROM fetch WHERE rowid > ? AND rowid <= ? AND (SELECT count(*) FROM (SELECT 1 FROM fetch AS earlier WHERE "  # noqa: S608
    f"earlier.path = fetch.path AND earlier.whole = fetch.whole AND earlier.rowid < fetch.rowid LIMIT {NAMED})) = {NAMED}"
)
_OVERLAPPING = (
    "SELECT exchange, wall, peer, whole, first, last, rows FROM delivery WHERE last >= ? AND first <= ? ORDER BY rowid"
)
_FETCHED = (
    "SELECT path, exchange, wall, peer, whole FROM fetch WHERE path IN (SELECT value FROM json_each(?)) ORDER BY rowid"
)
_RECORDED = (
    "SELECT call, path, written FROM recorded WHERE call IN (SELECT value FROM json_each(?)) ORDER BY call, path"
)
_NAMED = (
    "SELECT truth.call, cdr.recordfiles FROM truth LEFT JOIN cdr ON cdr.id = truth.row "
    "WHERE truth.call IN (SELECT value FROM json_each(?)) AND cdr.recordfiles IS NOT ''"
)
_THERE = "SELECT * FROM recording WHERE directory = ? AND name = ? AND sound = '' AND written = ?"
_MOVED = "SELECT * FROM recording WHERE sound = ? AND sound <> '' AND written = ?"


_Row = tuple[int, float, str, int, int, int, str]
"""A row of `delivery`."""


class Delivered:
    """The tables of one PBX; *lock* is held whenever *database* is used, which it is by one thread at a time."""

    def __init__(self, database: sqlite3.Connection, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock
        self._reach = Reach(database)

    def record(self, records: Iterable[Record]) -> None:
        """Write which recordings are of which calls, within the caller's transaction and lock."""
        files = (
            (record.call.number, file.path, file.written)
            for record in records
            if record.call is not None
            for file in record.recordings
            if file.samples
        )
        self._database.executemany("INSERT OR IGNORE INTO recorded VALUES (?, ?, ?)", files)

    def forget(self) -> None:
        """Know of no delivery any more."""
        with self._lock:
            for table in ("delivery", "fetch", "counted"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608
            self._reach.forget()

    def write(self, deliveries: Sequence[Delivery]) -> None:
        """Write *deliveries* in one transaction."""
        latest = {(one.exchange, one.wall): one for one in deliveries}  # what corrects another comes after it
        rows: list[_Row] = []
        files: list[tuple[object, ...]] = []
        for one in latest.values():
            if isinstance(one.sent.carries, Files):
                files += _files(one, one.sent.carries)
            else:
                rows += _rows(one, one.sent.carries)
        wrong = [key for key, one in latest.items() if one.corrects]
        with self._lock:
            self._database.execute("BEGIN")
            try:
                spoilt = self._reach.spoilt(wrong)
                for table in ("delivery", "fetch"):
                    self._database.executemany(f"DELETE FROM {table} WHERE exchange = ? AND wall = ?", wrong)  # noqa: S608
                for table, written, settle in (
                    ("delivery", rows, self._settle_rows), ("fetch", files, self._settle_files),
                ):  # fmt: skip
                    if not written:
                        continue
                    before, blanks = self._settled(table), ", ".join("?" * len(written[0]))
                    self._database.executemany(f"INSERT INTO {table} VALUES ({blanks})", written)  # noqa: S608
                    after = self._settled(table)
                    if after > before:
                        settle(before, after)
                self._reach.recount(spoilt | self._reach.added(one[4:] for one in rows if one[3]))
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _settled(self, table: str) -> int:
        """Return up to which row of *table* deliveries are settled: from time to time, and never the latest."""
        (last,) = self._database.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()  # noqa: S608
        return max(0, int(last) // YOUNG - 1) * YOUNG

    def _settle_rows(self, after: int, until: int) -> None:
        """Keep of each delivery behind the row *after*, until another, only what is told of it, and count the rest."""
        found = [
            (number, bool(whole), runs_of(told) if told else [(first, last)])
            for number, whole, first, last, told in self._database.execute(_UNSETTLED, (after, until))
        ]
        if not found:
            return
        lowest, highest = min(one[0][0] for _, _, one in found), max(one[-1][1] for _, _, one in found)
        settling = Settling(lowest, highest)
        for whole, first, last, told in self._database.execute(_TOLD, (after, lowest, highest)):
            settling.take(runs_of(told) if told else [(first, last)], whole=bool(whole))
        for number, whole, there in found:
            kept = settling.settle(there, whole=whole)
            if not kept:
                self._database.execute("DELETE FROM delivery WHERE rowid = ?", (number,))
            elif len(kept) < sum(last + 1 - first for first, last in there):
                sentence = "UPDATE delivery SET first = ?, last = ?, rows = ? WHERE rowid = ?"
                self._database.execute(sentence, (*_span(kept), number))
        self._database.executemany(_COUNT, [step for step in settling.steps.items() if step[1]])
        self._database.execute("DELETE FROM counted WHERE change = 0")

    def _settle_files(self, after: int, until: int) -> None:
        """Forget each fetch behind the row *after*, until another, of a file of which enough are told."""
        self._database.execute(_UNTOLD_FILES, (after, until))

    def of_rows(self, rows: Collection[int]) -> Mapping[int, Carriers]:
        """Return which exchanges carried each of *rows*."""
        wanted = sorted(set(rows))
        if not wanted:
            return {}
        with self._lock:
            overlapping = self._database.execute(_OVERLAPPING, (wanted[0], wanted[-1])).fetchall()
            counted = self._database.execute(_COUNTED, (wanted[0], wanted[-1])).fetchall()
        tally = Tally(len(wanted))
        for exchange, wall, peer, whole, first, last, told in overlapping:
            carrier = Carrier(exchange, wall, peer, bool(whole))
            for low, high in runs_of(told) if told else ((first, last),):
                tally.take(carrier, bisect_left(wanted, low), bisect_right(wanted, high))
        for row, change in counted:
            tally.count(bisect_left(wanted, row), change)
        return {row: carriers for row, carriers in zip(wanted, tally.carriers(), strict=True) if carriers.named}

    def of_files(self, paths: Collection[str]) -> Mapping[str, list[Carrier]]:
        """Return which exchanges carried each of the files at *paths*, the first ones of each."""
        found: dict[str, list[Carrier]] = defaultdict(list)
        with self._lock:
            fetched = self._database.execute(_FETCHED, (json.dumps(list(paths)),)).fetchall()
        for path, exchange, wall, peer, whole in fetched:
            if sum(one.whole == bool(whole) for one in found[path]) < NAMED:
                found[path].append(Carrier(exchange, wall, peer, bool(whole)))
        return found

    def recordings(self, calls: Collection[int]) -> Mapping[int, list[tuple[str, Recording | None]]]:
        """Return the recordings of calls with these numbers: the path at which each was made, and what it is by now.

        That is None where it is there no more.
        """
        found: dict[int, list[tuple[str, Recording | None]]] = defaultdict(list)
        with self._lock:
            for call, path, written in self._database.execute(_RECORDED, (json.dumps(list(calls)),)).fetchall():
                directory, _, name = path.rpartition("/")
                there = self._database.execute(_THERE, (directory, name, written)).fetchone()
                there = there or self._database.execute(_MOVED, (path, written)).fetchone()
                found[call].append((path, Recording(*there) if there else None))
        return found

    def named(self, calls: Collection[int]) -> Mapping[int, list[str | None]]:
        """Return what the CDRs of calls with these numbers have in `recordfiles`, None for one that was deleted."""
        found: dict[int, list[str | None]] = defaultdict(list)
        with self._lock:
            for call, recordfiles in self._database.execute(_NAMED, (json.dumps(list(calls)),)).fetchall():
                found[call].append(recordfiles)
        return found


def _rows(delivery: Delivery, carries: Rows) -> Iterator[_Row]:
    told = (delivery.exchange, delivery.wall, delivery.peer)
    if carries.keys and carries.is_whole(delivery.sent.read):  # as nearly all pages are
        keys = set(carries.keys)
        first, last = min(keys), max(keys)
        if last - first == len(keys) - 1:
            yield *told, 1, first, last, ""
            return
    for whole, ids in zip((1, 0), carries.within(delivery.sent.read), strict=True):
        if ids:
            yield *told, whole, *_span(ids)


def _span(ids: Sequence[int]) -> tuple[int, int, str]:
    """Return sorted *ids* as `delivery` has them."""
    return ids[0], ids[-1], "" if ids[-1] - ids[0] == len(ids) - 1 else runs(ids)


def _files(delivery: Delivery, carries: Files) -> Iterator[tuple[object, ...]]:
    for whole, paths in zip((1, 0), carries.within(delivery.sent.read), strict=True):
        for path in paths:
            if path.isprintable():  # else it is no recording of the PBX, and may be no text at all
                yield delivery.exchange, delivery.wall, delivery.peer, whole, path
