"""Rows of which nobody knows what they are about: those that were imported, and those from before there was a ledger."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable
from typing import Any, NamedTuple

from ucmsim.store.ledger import Sought

KIND = "imported"
"""What kind of call they are of."""

_UNKNOWN = "FROM cdr LEFT JOIN truth ON truth.row = cdr.id WHERE truth.call IS NULL"
_FIRST = f"SELECT cdr.id {_UNKNOWN} AND cdr.id > ? ORDER BY cdr.id LIMIT 1"
_GROUPS = (
    "SELECT min(cdr.id) AS first, cdr.session FROM cdr LEFT JOIN truth ON truth.row = cdr.id "
    "LEFT JOIN reach ON reach.row = cdr.id WHERE truth.call IS NULL AND cdr.id >= ?6 "
    "AND (?2 IS NULL OR cdr.session = ?2) AND (?3 IS NULL OR cdr.uniqueid = ?3) "
    "GROUP BY CASE cdr.session WHEN '' THEN cdr.id ELSE cdr.session END "
    "HAVING first > ?1 AND (?5 IS NULL OR min(coalesce(reach.times, 0)) = ?5) ORDER BY first LIMIT ?4"
)
_COLUMNS = "cdr.id, CAST(cdr.AcctId AS TEXT), cdr.uniqueid, cdr.session, cdr.src, cdr.dst, cdr.recordfiles"
_OF_GROUPS = "(cdr.id IN (SELECT value FROM json_each(?)) OR cdr.session <> '' AND cdr.session IN (SELECT value FROM json_each(?)))"
_ROWS = f"SELECT {_COLUMNS} {_UNKNOWN} AND {_OF_GROUPS} ORDER BY cdr.id"


class UnknownRow(NamedTuple):
    """The id of a *row*, and what its CDR says."""

    row: int
    acct_id: str
    uniqueid: str
    session: str
    caller: str
    reached: str
    recordfiles: str

    def as_json(self) -> dict[str, Any]:
        """Return it as a row of a call is told; of what nobody knows it has null."""
        return {
            "row": self.row, "AcctId": self.acct_id, "uniqueid": self.uniqueid, "session": self.session,
            "caller": self.caller, "reached": self.reached, "trunk_in": "", "trunk_out": "",
            "began": None, "answered": None, "ended": None,
        }  # fmt: skip


class UnknownCall(NamedTuple):
    """The rows of one session, or one row that has none; one at least."""

    rows: tuple[UnknownRow, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as a call is told; of what nobody knows it has null, or nothing."""
        first = self.rows[0]
        return {
            "call": None, "shape": "", "kind": KIND, "caller": first.caller, "dialled": first.reached, "begun_by": "",
            "began": None, "ended": None, "ending": "", "talks": [], "trunks": [],
            "rows": [row.as_json() for row in self.rows],
        }  # fmt: skip


class Imported:
    """Finds them in *database*; *lock* is held whenever that is used, which it is by one thread at a time."""

    def __init__(self, database: sqlite3.Connection, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock
        self._known = 0

    def page(self, sought: Sought, after: int, limit: int) -> list[UnknownCall]:
        """Return at most so many, in the order of their first rows, whose ids are above *after*.

        None where calls of a shape, or from a time, are *sought*: of these rows nobody knows either.
        """
        if any(one is not None for one in (sought.began, sought.since, sought.until, sought.shape)):
            return []
        # A uniqueid chooses some of the rows of a session, and all of them say how often it was delivered.
        times = sought.times if sought.uniqueid is None else None
        with self._lock:
            first = self._first()
            if first is None:
                return []
            values = (after, sought.session, sought.uniqueid, limit, times, first)
            groups = self._database.execute(_GROUPS, values).fetchall()
            firsts, sessions = json.dumps([first for first, _ in groups]), json.dumps([name for _, name in groups])
            rows = [UnknownRow(*values) for values in self._database.execute(_ROWS, (firsts, sessions))]
        return _grouped(rows)

    def _first(self) -> int | None:
        """Return the first of these rows, None without any; where there was none none will be, and nobody looks again."""
        if found := self._database.execute(_FIRST, (self._known,)).fetchone():
            return int(found[0])
        (last,) = self._database.execute("SELECT coalesce(max(id), 0) FROM cdr").fetchone()
        self._known = last
        return None


def _grouped(rows: Iterable[UnknownRow]) -> list[UnknownCall]:
    groups: dict[str | int, list[UnknownRow]] = {}
    for row in rows:
        groups.setdefault(row.session or row.row, []).append(row)
    return [UnknownCall(tuple(group)) for group in groups.values()]
