"""Where the truth of what happened is kept: a table beside the CDRs, the beginning of the ledger."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ucmsim.truth import Truth

TRUTH_TABLE = """
CREATE TABLE truth (
    row INTEGER PRIMARY KEY, shape TEXT NOT NULL, kind TEXT NOT NULL, caller TEXT NOT NULL, reached TEXT NOT NULL,
    trunk_in TEXT NOT NULL, trunk_out TEXT NOT NULL, began INTEGER NOT NULL, answered INTEGER, ended INTEGER NOT NULL
);
"""
_COLUMNS = "shape, kind, caller, reached, trunk_in, trunk_out, began, answered, ended"


class Told(NamedTuple):
    """A *truth*, the id of its *row*, and what its CDR says of which call it is of: columns as they are sent."""

    row: int
    acct_id: str
    uniqueid: str
    session: str
    truth: Truth

    def as_json(self) -> dict[str, Any]:
        """Return it flat; columns of the CDR have the names that they have there."""
        cdr = {"AcctId": self.acct_id, "uniqueid": self.uniqueid, "session": self.session}
        return {"row": self.row, **cdr, **self.truth._asdict()}


@dataclass(frozen=True, slots=True)
class Sought:
    """Which truths are asked for: at most *limit* of rows *after* an id, and of these what the rest says.

    *since* and *until* are about when legs ended, the one included and the other not; None is no condition.
    """

    after: int = 0
    limit: int = 1000
    since: int | None = None
    until: int | None = None
    session: str | None = None
    uniqueid: str | None = None
    shape: str | None = None

    def conditions(self) -> Iterator[tuple[str, object]]:
        """Yield a condition on `truth` and `cdr`, and its value, for each that there is."""
        yield "truth.row > ?", self.after
        for condition, value in (
            ("truth.ended >= ?", self.since),
            ("truth.ended < ?", self.until),
            ("cdr.session = ?", self.session),
            ("cdr.uniqueid = ?", self.uniqueid),
            ("truth.shape = ?", self.shape),
        ):
            if value is not None:
                yield condition, value


class Ledger:
    """The table of one PBX; *lock* is held whenever *database* is used, which it is by one thread at a time."""

    def __init__(self, database: sqlite3.Connection, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock

    def insert(self, truths: Iterable[tuple[int, Truth]]) -> None:
        """Write *truths*, each with the id of its row, within the caller's transaction and lock."""
        self._database.executemany(
            "INSERT INTO truth VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ((row, *truth) for row, truth in truths)
        )

    def last_end(self) -> int:
        """Return the instant at which the last of the known calls ended; 0 without any."""
        with self._lock:
            return int(self._database.execute("SELECT coalesce(max(ended), 0) FROM truth").fetchone()[0])

    def of_shape(self, shapes: Collection[str], acctids: Collection[str]) -> frozenset[str]:
        """Return those of *acctids* that belong to a call of one of *shapes*."""
        sql = (
            "SELECT DISTINCT cdr.AcctId FROM cdr JOIN truth ON truth.row = cdr.id WHERE CAST(cdr.AcctId AS TEXT) IN "
            "(SELECT value FROM json_each(?)) AND truth.shape IN (SELECT value FROM json_each(?))"
        )
        with self._lock:
            found = self._database.execute(sql, (json.dumps(list(acctids)), json.dumps(list(shapes)))).fetchall()
        return frozenset(str(acct) for (acct,) in found)

    def legs(self, batch: int = 1000) -> Iterator[tuple[int, Truth]]:
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

    def page(self, sought: Sought) -> tuple[list[Told], int | None]:
        """Return what is *sought*, in the order of the rows, and after which id the next page begins, None after the last."""
        conditions, values = zip(*sought.conditions(), strict=True)
        told = ", ".join(f"truth.{column}" for column in _COLUMNS.split(", "))
        sql = (
            f"SELECT truth.row, cdr.AcctId, cdr.uniqueid, cdr.session, {told} FROM truth JOIN cdr ON cdr.id = truth.row "  # noqa: S608
            f"WHERE {' AND '.join(conditions)} ORDER BY truth.row LIMIT ?"
        )
        with self._lock:
            found = self._database.execute(sql, (*values, sought.limit + 1)).fetchall()
        items = [Told(row, str(acct), uid, session, Truth(*rest)) for row, acct, uid, session, *rest in found]
        more = len(items) > sought.limit
        return items[: sought.limit], items[sought.limit - 1].row if more else None
