"""How often the rows of a PBX went out whole, as far as anybody asks: never, once, or more often; and the least of each call.

What follows from `delivery` is kept beside it, so that calls that were never delivered are looked up and not looked for.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from ucmsim.store.settling import runs_of

MOST = 2
"""Times that are told apart: that stands for more too."""
ROWLESS = -1
"""Stands for a call without rows, of which there is nothing to deliver."""

REACH_TABLES = """
CREATE TABLE reach (row INTEGER PRIMARY KEY, times INTEGER NOT NULL);
ALTER TABLE call ADD COLUMN delivered INTEGER;
CREATE INDEX call_delivered ON call (delivered, over);
"""
"""A row that never went out whole is not in `reach`. `delivered` is null for never, as it is for a call that has just happened."""
REACH_UPWARDS_8 = f"""
{REACH_TABLES}
UPDATE call SET delivered = {ROWLESS} WHERE NOT EXISTS (SELECT 1 FROM truth WHERE truth.call = call.id);
"""  # noqa: S608

_FULL = f"SELECT count(*) FROM reach WHERE row BETWEEN ? AND ? AND times = {MOST}"  # noqa: S608
_WHOLE = "SELECT first, last, rows, count(*) FROM delivery WHERE whole AND last >= ? AND first <= ? GROUP BY first, last, rows"
_LEAST = (
    "UPDATE call SET delivered = (SELECT nullif(min(coalesce(reach.times, 0)), 0) FROM truth "
    "LEFT JOIN reach ON reach.row = truth.row WHERE truth.call = call.id) "
    "WHERE id IN (SELECT call FROM truth WHERE row IN (SELECT value FROM json_each(?)))"
)


class Reach:
    """What *database* has of it; all that is done here is within the caller's transaction and lock."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def spoilt(self, exchanges: Iterable[tuple[int, float]]) -> set[tuple[int, int]]:
        """Return the runs of rows that *exchanges* carried whole, by what is about to be corrected."""
        sql = "SELECT first, last, rows FROM delivery WHERE exchange = ? AND wall = ? AND whole"
        return {run for one in exchanges for told in self._database.execute(sql, one) for run in _runs(*told)}

    def added(self, deliveries: Iterable[tuple[int, int, str]]) -> set[tuple[int, int]]:
        """Return the runs of rows of whole *deliveries* that have not gone out as often as is told apart."""
        every = {run for told in deliveries for run in _runs(*told)}
        return {run for run in every if self._database.execute(_FULL, run).fetchone()[0] <= run[1] - run[0]}

    def recount(self, runs: Iterable[tuple[int, int]]) -> None:
        """Count anew, by the deliveries that there are, how often rows in *runs* went out, and what that makes of their calls."""
        wanted = sorted({row for first, last in runs for row in range(first, last + 1)})
        if not wanted:
            return
        span = (wanted[0], wanted[-1])
        steps = [0] * (len(wanted) + 1)
        for first, last, told, count in self._database.execute(_WHOLE, span):
            for low, high in _runs(first, last, told):
                steps[bisect_left(wanted, low)] += count
                steps[bisect_right(wanted, high)] -= count
        before = dict(self._database.execute("SELECT row, times FROM reach WHERE row BETWEEN ? AND ?", span))
        counted = zip(wanted, accumulate(steps[:-1]), strict=True)
        changed = [(row, min(count, MOST)) for row, count in counted if min(count, MOST) != before.get(row, 0)]
        self._database.executemany("INSERT OR REPLACE INTO reach VALUES (?, ?)", [one for one in changed if one[1]])
        self._database.executemany("DELETE FROM reach WHERE row = ?", [(row,) for row, times in changed if not times])
        self._database.execute(_LEAST, (json.dumps([row for row, _ in changed]),))

    def recount_all(self) -> None:
        """Count anew how often each row went out."""
        whole = self._database.execute("SELECT DISTINCT first, last, rows FROM delivery WHERE whole").fetchall()
        self.recount({run for told in whole for run in _runs(*told)})

    def forget(self) -> None:
        """Know of nothing that went out."""
        self._database.execute("DELETE FROM reach")
        self._database.execute("UPDATE call SET delivered = NULL WHERE delivered > 0")


def _runs(first: int, last: int, told: str) -> Iterator[tuple[int, int]]:
    """Yield the runs of what `delivery` has."""
    yield from runs_of(told) if told else ((first, last),)
