"""Where the truth of what happened is kept: tables beside the CDRs, which no deletion of CDRs touches. The ledger's beginning.

`call`, `talk` and `carried` have what happened in each call, `truth` what each row of `cdr` is about.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ucmsim.store.reach import ROWLESS
from ucmsim.store.records import Numbered, Record
from ucmsim.store.truth import CUT, CallTruth, Carried, Talked, Truth

TRUTH_TABLE_4 = """
CREATE TABLE truth (
    row INTEGER PRIMARY KEY, shape TEXT NOT NULL, kind TEXT NOT NULL, caller TEXT NOT NULL, reached TEXT NOT NULL,
    trunk_in TEXT NOT NULL, trunk_out TEXT NOT NULL, began INTEGER NOT NULL, answered INTEGER, ended INTEGER NOT NULL
);
"""
"""As it was from the third version of a history's schema to the fourth."""
LEDGER_UPWARDS_4 = """
ALTER TABLE truth ADD COLUMN call INTEGER REFERENCES call;
CREATE INDEX truth_call ON truth (call);
CREATE TABLE call (
    id INTEGER PRIMARY KEY, over INTEGER UNIQUE, shape TEXT NOT NULL, kind TEXT NOT NULL, caller TEXT NOT NULL,
    dialled TEXT NOT NULL, begun_by TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL, ending TEXT NOT NULL
);
CREATE TABLE talk (
    call INTEGER NOT NULL REFERENCES call, at INTEGER NOT NULL, number TEXT NOT NULL, role TEXT NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (call, at)
) WITHOUT ROWID;
CREATE TABLE carried (
    call INTEGER NOT NULL REFERENCES call, at INTEGER NOT NULL, trunk TEXT NOT NULL, place TEXT NOT NULL,
    direction TEXT NOT NULL, number TEXT NOT NULL, since INTEGER NOT NULL, answered INTEGER, until INTEGER NOT NULL,
    PRIMARY KEY (call, at)
) WITHOUT ROWID;
"""
LEDGER_TABLES = TRUTH_TABLE_4 + LEDGER_UPWARDS_4
"""`over` counts calls as they end, from 1 on. It is null while one is up: what is known of that is what will happen."""

_LEG = "shape, kind, caller, reached, trunk_in, trunk_out, began, answered, ended"
_CALL = "shape, kind, caller, dialled, begun_by, began, ended, ending"
_TALK = "number, role, since, until"
_CARRIED = "trunk, place, direction, number, since, answered, until"
_OF = "WHERE call IN (SELECT value FROM json_each(?)) ORDER BY call, at"
_INSERT = (
    f"INSERT INTO call (id, over, {_CALL}, delivered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "  # noqa: S608
    f"CASE WHEN EXISTS (SELECT 1 FROM truth WHERE truth.call = ?1) THEN NULL ELSE {ROWLESS} END) ON CONFLICT (id) DO UPDATE "
    "SET over = excluded.over, ended = excluded.ended, ending = excluded.ending"
)
_UNDELIVERED = "UPDATE call SET delivered = NULL WHERE id = ? AND delivered IS NOT NULL"
_BY_CDR = "id IN (SELECT truth.call FROM truth JOIN cdr ON cdr.id = truth.row WHERE cdr.{} = ?)"


class ToldRow(NamedTuple):
    """The id of a *row*, what its CDR says of which call it is of, as it is sent, and the *truth* of its leg.

    What the CDR says is None where that was deleted.
    """

    row: int
    acct_id: str | None
    uniqueid: str | None
    session: str | None
    truth: Truth

    def as_json(self) -> dict[str, Any]:
        """Return it flat; columns of the CDR have the names that they have there. Shape and kind are the call's."""
        leg = self.truth._asdict()
        del leg["shape"], leg["kind"]
        return {"row": self.row, "AcctId": self.acct_id, "uniqueid": self.uniqueid, "session": self.session, **leg}


class ToldCall(NamedTuple):
    """A call that is over, the *over*-th that was, and its rows; it was the *number*-th to begin."""

    over: int
    truth: CallTruth
    rows: tuple[ToldRow, ...]
    number: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it with its talks, trunks and rows as lists of objects."""
        return {
            "call": self.over,
            **self.truth._asdict(),
            "talks": [one._asdict() for one in self.truth.talks],
            "trunks": [one._asdict() for one in self.truth.trunks],
            "rows": [one.as_json() for one in self.rows],
        }


@dataclass(frozen=True, slots=True)
class Sought:
    """Which calls are asked for: at most *limit* of those that were over *after* so many, and of these what the rest says.

    *began* is when a call began; *since* and *until* are about when calls ended, the one included and the other not; *session* and *uniqueid* stand in
    a CDR of the call; *times* is how often its least delivered row went out whole, 2 for more too. None is no condition.
    """

    after: int = 0
    limit: int = 1000
    began: int | None = None
    since: int | None = None
    until: int | None = None
    session: str | None = None
    uniqueid: str | None = None
    shape: str | None = None
    times: int | None = None

    def conditions(self) -> Iterator[tuple[str, object]]:
        """Yield a condition on `call`, and its value, for each that there is."""
        yield "over > ?", self.after
        if self.times is not None:
            yield "delivered IS ?", self.times or None
        for condition, value in (
            ("began = ?", self.began),
            ("ended >= ?", self.since),
            ("ended < ?", self.until),
            (_BY_CDR.format("session"), self.session),
            (_BY_CDR.format("uniqueid"), self.uniqueid),
            ("shape = ?", self.shape),
        ):
            if value is not None:
                yield condition, value


class Ledger:
    """The tables of one PBX; *lock* is held whenever *database* is used, which it is by one thread at a time."""

    def __init__(self, database: sqlite3.Connection, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock

    # --- writing, within the caller's transaction and lock ----------------------------------------------------------

    def insert(self, numbered: Iterable[tuple[int, Record]]) -> None:
        """Write the truth of records, each with the id of its row, and of the calls that they are of, or that were over."""
        legs: list[tuple[object, ...]] = []
        calls: dict[int, CallTruth] = {}
        over: list[Numbered] = []
        for row, record in numbered:
            over += record.over
            if record.call is not None:
                calls[record.call.number] = record.call.truth
            if record.truth is not None:
                legs.append((row, *record.truth, record.call and record.call.number))
        self._database.executemany("INSERT INTO truth VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", legs)
        self._database.executemany(_UNDELIVERED, {(leg[-1],) for leg in legs})
        self._write(calls, over)

    def end(self, over: Iterable[Numbered]) -> None:
        """Write calls that are over, in the order in which they ended."""
        self._write({}, list(over))

    def cut_off(self) -> None:
        """Let the calls end that an earlier start left up: they were cut when it wrote something last, at the latest."""
        up = self._database.execute("SELECT id FROM call WHERE over IS NULL ORDER BY id").fetchall()
        if up:
            last, ids = self._last_end(), [number for (number,) in up]
            cut = [Numbered(number, truth.cut(last)) for number, truth in zip(ids, self._calls(ids), strict=True)]
            self._write({}, sorted(cut, key=lambda one: one.truth.ended))

    def _write(self, calls: Mapping[int, CallTruth], over: Sequence[Numbered]) -> None:
        database = self._database
        (last,) = database.execute("SELECT coalesce(max(over), 0) FROM call").fetchone()
        places = {one.number: at for at, one in enumerate(over, last + 1)}
        written = {**calls, **dict(over)}
        cut = [(one.number,) for one in over if one.truth.ending == CUT]
        for table in ("talk", "carried"):  # what was going to happen in a call, if it had not been cut
            database.executemany(f"DELETE FROM {table} WHERE call = ?", cut)  # noqa: S608
        database.executemany(_INSERT, [(number, places.get(number), *one[:8]) for number, one in written.items()])
        database.executemany(
            "INSERT OR REPLACE INTO talk VALUES (?, ?, ?, ?, ?, ?)",
            [(number, at, *talk) for number, one in written.items() for at, talk in enumerate(one.talks)],
        )
        database.executemany(
            "INSERT OR REPLACE INTO carried VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(number, at, *trunk) for number, one in written.items() for at, trunk in enumerate(one.trunks)],
        )

    # --- reading ----------------------------------------------------------------------------------------------------

    def known(self) -> int:
        """Return the highest number of a call, 0 without any."""
        with self._lock:
            return int(self._database.execute("SELECT coalesce(max(id), 0) FROM call").fetchone()[0])

    def count(self) -> int:
        """Return how many calls are over."""
        with self._lock:
            return int(self._database.execute("SELECT coalesce(max(over), 0) FROM call").fetchone()[0])

    def starts(self, since: int) -> list[int]:
        """Return when calls began, from the instant *since* on."""
        with self._lock:
            found = self._database.execute("SELECT began FROM call WHERE began >= ?", (since,)).fetchall()
        return [began for (began,) in found]

    def last_end(self) -> int:
        """Return the instant at which the last of the known calls ended; 0 without any."""
        with self._lock:
            return self._last_end()

    def _last_end(self) -> int:
        legs = "SELECT coalesce(max(ended), 0) FROM truth"
        calls = "SELECT coalesce(max(ended), 0) FROM call WHERE over IS NOT NULL"
        return int(self._database.execute(f"SELECT max(({legs}), ({calls}))").fetchone()[0])

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
            sql = f"SELECT row, {_LEG} FROM truth WHERE row > ? ORDER BY row LIMIT ?"  # noqa: S608
            with self._lock:
                page = self._database.execute(sql, (last, batch)).fetchall()
            if not page:
                return
            for last, *values in page:
                yield last, Truth(*values)

    def calls(self, batch: int = 1000) -> Iterator[ToldCall]:
        """Yield every call that is over, in the order in which they ended."""
        after: int | None = 0
        while after is not None:
            page, after = self.page(Sought(after, batch))
            yield from page

    def page(self, sought: Sought) -> tuple[list[ToldCall], int | None]:
        """Return what is *sought*, in the order in which it was over, and after which of these the next page begins.

        That is None after the last.
        """
        conditions, values = zip(*sought.conditions(), strict=True)
        sql = f"SELECT over, id FROM call WHERE {' AND '.join(conditions)} ORDER BY over LIMIT ?"  # noqa: S608
        with self._lock:
            found = self._database.execute(sql, (*values, sought.limit + 1)).fetchall()
            shown = found[: sought.limit]
            numbers = [number for _, number in shown]
            calls, rows = self._calls(numbers), self._rows(numbers)
        items = [
            ToldCall(over, call, tuple(rows[number]), number)
            for (over, number), call in zip(shown, calls, strict=True)
        ]  # fmt: skip
        return items, items[-1].over if len(found) > len(shown) else None

    def _calls(self, numbers: Sequence[int]) -> list[CallTruth]:
        """Return the calls that have these *numbers*, in that order."""
        ask, ids = self._database.execute, (json.dumps(numbers),)
        talks: dict[int, list[Talked]] = defaultdict(list)
        trunks: dict[int, list[Carried]] = defaultdict(list)
        for number, *values in ask(f"SELECT call, {_TALK} FROM talk {_OF}", ids):  # noqa: S608
            talks[number].append(Talked(*values))
        for number, *values in ask(f"SELECT call, {_CARRIED} FROM carried {_OF}", ids):  # noqa: S608
            trunks[number].append(Carried(*values))
        sql = f"SELECT id, {_CALL} FROM call WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
        found = {
            number: CallTruth(*values)._replace(talks=tuple(talks[number]), trunks=tuple(trunks[number]))
            for number, *values in ask(sql, ids)
        }  # fmt: skip
        return [found[number] for number in numbers]

    def _rows(self, numbers: Sequence[int]) -> Mapping[int, list[ToldRow]]:
        """Return the rows of calls with these *numbers*, in the order in which they were written."""
        leg = ", ".join(f"truth.{column}" for column in _LEG.split(", "))
        sql = (
            f"SELECT truth.call, truth.row, cdr.AcctId, cdr.uniqueid, cdr.session, {leg} FROM truth "  # noqa: S608
            "LEFT JOIN cdr ON cdr.id = truth.row WHERE truth.call IN (SELECT value FROM json_each(?)) ORDER BY truth.row"
        )
        rows: dict[int, list[ToldRow]] = defaultdict(list)
        for number, row, acct_id, uniqueid, session, *values in self._database.execute(sql, (json.dumps(numbers),)):
            told = None if acct_id is None else str(acct_id)
            rows[number].append(ToldRow(row, told, uniqueid, session, Truth(*values)))
        return rows
