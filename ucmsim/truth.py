"""What really happened on each leg that has a CDR, as a table beside the CDRs: the beginning of the ledger.

A CDR says what the firmware wrote; this says who talked with whom from when to when, to the microsecond and in UTC.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from typing import NamedTuple

TRUTH_TABLE = """
CREATE TABLE truth (
    row INTEGER PRIMARY KEY, shape TEXT NOT NULL, kind TEXT NOT NULL, caller TEXT NOT NULL, reached TEXT NOT NULL,
    trunk_in TEXT NOT NULL, trunk_out TEXT NOT NULL, began INTEGER NOT NULL, answered INTEGER, ended INTEGER NOT NULL
);
"""
_COLUMNS = "shape, kind, caller, reached, trunk_in, trunk_out, began, answered, ended"


class Truth(NamedTuple):
    """One leg: the *shape* and *kind* of its call, who called and who or what was reached, over which trunks, and when.

    Instants are microseconds of UTC from the epoch on; *answered* is None when nobody, and nothing, took the leg.
    """

    shape: str
    kind: str
    caller: str
    reached: str
    trunk_in: str
    trunk_out: str
    began: int
    answered: int | None
    ended: int

    @property
    def talked(self) -> int:
        """Microseconds for which the leg was up, 0 when it was not answered."""
        return 0 if self.answered is None else self.ended - self.answered


class Truths:
    """The table of one PBX; *lock* is held whenever *database* is used, which it is by one thread at a time."""

    def __init__(self, database: sqlite3.Connection, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock

    def insert(self, truths: Iterable[tuple[int, Truth]]) -> None:
        """Write *truths*, each with the id of its row, within the caller's transaction and lock."""
        self._database.executemany(
            "INSERT INTO truth VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ((row, *truth) for row, truth in truths)
        )

    def every(self, batch: int = 1000) -> Iterator[tuple[int, Truth]]:
        """Yield the id of each row whose truth is known, and that truth, in the order of the rows."""
        last = 0
        while True:
            sql = f"SELECT row, {_COLUMNS} FROM truth WHERE row > ? ORDER BY row LIMIT ?"  # noqa: S608
            with self._lock:
                page = self._database.execute(sql, (last, batch)).fetchall()
            if not page:
                return
            for last, *values in page:
                yield last, Truth(*values)
