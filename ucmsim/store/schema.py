"""The SQLite file that a history is: how it is opened, its tables, and what makes them of those of earlier versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ucmsim.cdr.matching import FUNCTIONS
from ucmsim.columns import COLUMNS
from ucmsim.errors import HistoryError, telling_no_room
from ucmsim.store.delivered import COUNTED_TABLE, DELIVERY_TABLES
from ucmsim.store.ledger import LEDGER_TABLES, LEDGER_UPWARDS_4, TRUTH_TABLE_4
from ucmsim.store.reach import REACH_TABLES, REACH_UPWARDS_8, Reach
from ucmsim.store.recordings import RECORDING_TABLE, RECORDING_TABLE_2, RECORDING_UPWARDS_3

SCHEMA_VERSION = 8
_COUNTLESS = 7
"""The last version that did not count how often rows went out."""
_KEPT = 8
"""Compiled statements that are kept; those of the longest lists take a megabyte each (see `matching`)."""

CACHE = 128
"""KiB of pages that SQLite keeps of a history, where it would keep 2,000: a gigabyte for 500 PBXs. What the system keeps
of the file is as fast to read, and what writing takes longer, 4 us a row, is a hundredth of making the row up."""

_MEMORY = Path(":memory:")
"""What SQLite takes for no file."""
_APPLICATION_ID = 0x55434D53  # "UCMS"

_FIELDS = ", ".join(f'"{column.name}" {"INTEGER" if column.number else "TEXT"} NOT NULL' for column in COLUMNS)
_COUNTER_TABLE = "CREATE TABLE counter (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
_SCHEMA = f"""
BEGIN;
CREATE TABLE cdr (id INTEGER PRIMARY KEY, {_FIELDS});
CREATE INDEX cdr_start ON cdr (start, AcctId, id);
CREATE INDEX cdr_src ON cdr (src);
CREATE INDEX cdr_dst ON cdr (dst);
CREATE TABLE made_with (key TEXT PRIMARY KEY, value TEXT NOT NULL);
{RECORDING_TABLE}
{LEDGER_TABLES}
{DELIVERY_TABLES}
{COUNTED_TABLE}
{REACH_TABLES}
{_COUNTER_TABLE}
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""
_UPWARDS: Mapping[int, str] = MappingProxyType({
    1: RECORDING_TABLE_2,
    2: TRUTH_TABLE_4,
    3: RECORDING_UPWARDS_3 + _COUNTER_TABLE,
    4: LEDGER_UPWARDS_4,
    5: DELIVERY_TABLES,
    6: COUNTED_TABLE,
    7: REACH_UPWARDS_8,
})  # fmt: skip
"""What makes the next schema of an older one: 1 had no recordings, 2 no truth, in 3 nothing was moved or deleted, in 4 legs had no call,
until 5 nobody wrote down what was delivered, in 6 every delivery was kept, and in 7 nobody kept count of them by call."""


def opened(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open the file at *path*, or begin one there.

    Raises `HistoryError` when the file is something else or was written by another version.
    """
    try:
        if not durable and path != _MEMORY and not path.exists():
            path.write_bytes(_blank())
        with ExitStack() as undoing, telling_no_room():
            database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=_KEPT)
            undoing.callback(database.close)
            journal, synchronous = ("WAL", "FULL") if durable else ("MEMORY", "OFF")
            database.execute(f"PRAGMA journal_mode = {journal}")
            database.execute(f"PRAGMA synchronous = {synchronous}")
            database.execute(f"PRAGMA cache_size = -{CACHE}")
            _settle(database, path)
            for name, function in FUNCTIONS.items():
                database.create_function(name, 1, function, deterministic=True)
            undoing.pop_all()
    except (sqlite3.Error, OSError) as error:
        raise unopened(path, error) from error
    return database


def unopened(path: Path, error: Exception) -> HistoryError:
    """Return what is said of the file at *path* where an *error* kept it from being opened."""
    return HistoryError(f"{path} cannot be opened as a history: {error}")


def _settle(database: sqlite3.Connection, path: Path) -> None:
    """Bring *database* to the schema of this version."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        database.executescript(_SCHEMA)
        return
    if application != _APPLICATION_ID:
        raise HistoryError(f"{path} is a SQLite file, but not a history of ucmsim")
    while version in _UPWARDS:
        # What fails before the end, or is ended, leaves the schema that there was: closing the file undoes the rest.
        database.executescript(f"BEGIN; {_UPWARDS[version]}")
        if version == _COUNTLESS:
            Reach(database).recount_all()
        version += 1
        database.execute(f"PRAGMA user_version = {version}")
        database.execute("COMMIT")
    if version != SCHEMA_VERSION:
        raise HistoryError(
            f"{path} has history schema {version}, and this ucmsim knows schemas 1 to {SCHEMA_VERSION}; "
            "move the file away, or use the version that wrote it"
        )


@cache
def _blank() -> bytes:
    """Return the file that a history without rows is: to write it takes a tenth of what it takes SQLite to make it."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        database.executescript(_SCHEMA)
        return database.serialize()
    finally:
        database.close()
