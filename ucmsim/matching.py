"""A `Query` as SQL over the history: filters, order, page. Spec 3.3, 4.5, 0b. Pure.

The device's own store is SQLite, and its matching rules are those of SQLite's CAST and LIKE, so they are asked for
here by name rather than imitated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ucmsim.columns import COLUMNS, Generation
from ucmsim.query import Item, Literal, Pattern, Query, Range

SELECTED = ", ".join(f"CAST({column.name} AS TEXT)" if column.number else f'"{column.name}"' for column in COLUMNS)
"""Every column as text, in the order of a `Row`."""

T = TypeVar("T")

Clause = tuple[str, list[object]]


def select(query: Query, generation: Generation, *, up_to: int, newest_first: bool = False) -> Clause:
    """Return the statement and its parameters that yield the page of *query*.

    Rows above the row id *up_to* are not there yet: a page shows the history as it was when it was asked for.
    """
    where, values = _where(query, generation)
    way = "DESC" if newest_first else "ASC"
    order = ", ".join(f"{name} {way}" for name in ("start", "AcctId", "id"))
    sql = f"SELECT {SELECTED} FROM cdr WHERE {' AND '.join(['id <= ?', *where])} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
    return sql, [up_to, *values, query.limit, query.offset]


def _where(query: Query, generation: Generation) -> tuple[list[str], list[object]]:
    answered = "dstanswer"
    if "dstanswer" not in generation.columns:
        answered = "CASE disposition WHEN 'ANSWERED' THEN dstchannel_ext ELSE '' END"
    clauses = [
        _any_of("src", query.caller),
        _any_of("dst", query.callee),
        _any_of(answered, query.answeredby),
        _bound("start >= ?", query.earliest),
        _bound("start <= ?", query.latest),
        _bound("billsec >= ?", query.shortest),
        _bound("billsec <= ?", query.longest),
    ]
    given = [clause for clause in clauses if clause is not None]
    return [sql for sql, _ in given], [value for _, values in given for value in values]


def _bound(sql: str, value: object) -> Clause | None:
    return None if value is None else (sql, [value])


def _any_of(column: str, items: Sequence[Item]) -> Clause | None:
    """Return the clause that one of *items* matches *column*; lists of about one length make one and the same SQL.

    SQLite keeps compiled statements by their text, and a long one is a megabyte: so the kinds of items stand in a fixed
    order, and each is filled up to a power of two with repetitions of its last.
    """
    if not items:
        return None
    literals = _filled([item.text for item in items if isinstance(item, Literal)])
    ranges = _filled([[item.low, item.high] for item in items if isinstance(item, Range)])
    patterns = _filled([[item.text.replace("@", "%")] for item in items if isinstance(item, Pattern)])
    clauses: list[Clause] = [(f"{column} IN ({', '.join('?' * len(literals))})", list(literals))] if literals else []
    clauses += [(f"CAST({column} AS INTEGER) BETWEEN ? AND ?", list(bounds)) for bounds in ranges]
    clauses += [(f"{column} LIKE ?", list(pattern)) for pattern in patterns]
    return _either(clauses)


def _filled(values: list[T]) -> list[T]:
    """Return *values* with the last one repeated until there are 1, 2, 4, 8, ... of them."""
    length = 1 << (len(values) - 1).bit_length() if values else 0
    return values + values[-1:] * (length - len(values))


def _either(clauses: Sequence[Clause]) -> Clause:
    """Join *clauses* by OR as a balanced tree: SQLite refuses expressions more than 1000 deep, and lists can be long."""
    if len(clauses) == 1:
        return clauses[0]
    half = len(clauses) // 2
    (left, first), (right, second) = _either(clauses[:half]), _either(clauses[half:])
    return f"({left} OR {right})", [*first, *second]
