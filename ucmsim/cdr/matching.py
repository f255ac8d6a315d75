"""A `Query` as SQL over the history: filters, order, page. Spec 3.3, 4.5, 0b. Pure.

The device's own store is SQLite, and its matching rules are those of SQLite's CAST and LIKE, so they are asked for
here by name rather than imitated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from ucmsim.cdr.extensions import Item, Literal, Pattern, Range
from ucmsim.cdr.integers import all_digits, leading_number
from ucmsim.cdr.query import Query
from ucmsim.cdr.sight import Chosen, Gap
from ucmsim.columns import COLUMNS, GENERATIONS
from ucmsim.register import Quirks

_SELECTED = ", ".join(f"CAST({column.name} AS TEXT)" if column.number else f'"{column.name}"' for column in COLUMNS)
"""Every column as text, in the order of a `Row`."""
NUMBERED = f"{_SELECTED}, id"
"""The same, and behind them the id of the row, the only number among them."""

FUNCTIONS: Mapping[str, Callable[[str], int | None]] = MappingProxyType(
    {"leading_number": leading_number, "all_digits": all_digits}
)
"""What the statements call beside what SQLite has itself: the store must know these by name."""

T = TypeVar("T")

Clause = tuple[str, list[object]]

_COUNTED = MappingProxyType(
    {
        ("leading", "non-numbers"): "CAST({} AS INTEGER)",
        ("leading", "zero"): "leading_number({})",
        ("all", "non-numbers"): "coalesce(all_digits({}), 0)",
        ("all", "zero"): "all_digits({})",
    }
)
"""What a value counts as in a range, by the quirks range-digits and zero-range."""


def select(query: Query, quirks: Quirks, *, up_to: int, gaps: Iterable[Gap] = ()) -> Clause:
    """Return the statement and its parameters that yield the page of *query*, each row with its id behind it.

    Rows above the row id *up_to* are not there yet: a page shows the history as it was when it was asked for. What
    lies in *gaps* is not there either.
    """
    where, values = _where(query, quirks)
    for sql, value in map(_seen, gaps):
        where.append(sql)
        values += value
    way = "DESC" if quirks["order"] == "desc" else "ASC"
    keys = ("AcctId", "start", "id") if quirks["sort-key"] == "acctid" else ("start", "AcctId", "id")
    order = ", ".join(f"{name} {way}" for name in keys)
    found = f"FROM cdr WHERE {' AND '.join(['id <= ?', *where])}"
    if counts_sessions(quirks):
        sql = _page_of_sessions(found, order, together=quirks["blank-session"] == "together")
    else:
        sql = f"SELECT {NUMBERED} {found} ORDER BY {order} LIMIT ? OFFSET ?"
    return sql, [up_to, *values, query.limit, query.offset]


def counts_sessions(quirks: Quirks) -> bool:
    """Return whether offset and limit of a query count sessions, and not rows."""
    return quirks["paging-unit"] == "entries" and quirks["json-groups"] == "sessions"


def _page_of_sessions(found: str, order: str, *, together: bool) -> str:
    """Return the statement for all rows of the sessions on a page.

    The rows without a session are one of their own each, or one *together*.
    """
    entry = "session" if together else "CASE session WHEN '' THEN id ELSE session END"
    return f"""
        WITH found AS (SELECT id, {entry} AS entry, row_number() OVER (ORDER BY {order}) AS place {found}),
        page AS (SELECT entry FROM found GROUP BY entry ORDER BY min(place) LIMIT ? OFFSET ?)
        SELECT {NUMBERED} FROM found JOIN cdr USING (id) WHERE entry IN page ORDER BY place"""  # noqa: S608


def _seen(gap: Gap) -> Clause:
    """Return the clause that leaves out what lies in *gap*."""
    clauses = [] if gap.chosen is None else list(_chosen(gap.chosen))
    if gap.every is not None:
        clauses.append(("CAST(AcctId AS INTEGER) % ? = 0", [gap.every]))
    if gap.ended_by is not None:
        clauses.append(("end > ?", [gap.ended_by]))
    values = [value for _, given in clauses for value in given]
    return f"NOT ({' AND '.join(sql for sql, _ in clauses)})", values


def _chosen(chosen: Chosen) -> Iterator[Clause]:
    if chosen.acctids is not None:
        yield "CAST(AcctId AS TEXT) IN (SELECT value FROM json_each(?))", [json.dumps(sorted(chosen.acctids))]
    if chosen.shapes is not None:
        sql = "id IN (SELECT row FROM truth WHERE shape IN (SELECT value FROM json_each(?)))"
        yield sql, [json.dumps(sorted(chosen.shapes))]


def _where(query: Query, quirks: Quirks) -> tuple[list[str], list[object]]:
    basis, compared = str(quirks["time-basis"]), str(quirks["duration-basis"])
    clauses = [
        _any_of("src", query.caller, quirks),
        _any_of("dst", query.callee, quirks),
        _any_of(_answered(quirks), query.answeredby, quirks),
        _bound(f'"{basis}" >= ?', query.earliest),
        _bound(f'"{basis}" {_at_most(quirks["time-bounds"])} ?', query.latest),
        _bound(f"{compared} >= ?", query.shortest),
        _bound(f"{compared} {_at_most(quirks['duration-bounds'])} ?", query.longest),
    ]
    given = [clause for clause in clauses if clause is not None]
    return [sql for sql, _ in given], [value for _, values in given for value in values]


def _at_most(bounds: object) -> str:
    return "<=" if bounds == "inclusive" else "<"


def _answered(quirks: Quirks) -> str:
    """Return what answeredby looks at: who answered, or on old generations whom the call reached."""
    if "dstanswer" in GENERATIONS[str(quirks["columns"])].columns:
        return "dstanswer"
    if quirks["answeredby-rows"] == "all":
        return "dstchannel_ext"
    return "CASE disposition WHEN 'ANSWERED' THEN dstchannel_ext ELSE '' END"


def _bound(sql: str, value: object) -> Clause | None:
    return None if value is None else (sql, [value])


def _any_of(column: str, items: Sequence[Item] | None, quirks: Quirks) -> Clause | None:
    """Return the clause that one of *items* matches *column*; lists of about one length make one and the same SQL.

    SQLite keeps compiled statements by their text, and a long one is a megabyte: so the kinds of items stand in a fixed
    order, and each is filled up to a power of two with repetitions of its last.
    """
    if items is None:
        return None
    if not items:
        return "0", []
    literals = _filled([item.text for item in items if isinstance(item, Literal)])
    ranges = _filled([[item.low, item.high] for item in items if isinstance(item, Range)])
    like, spelled = ("GLOB ?", _glob) if quirks["wildcard-case"] == "exact" else ("LIKE ? ESCAPE '\\'", _like)
    patterns = _filled([[spelled(item)] for item in items if isinstance(item, Pattern)])
    counted = _COUNTED[str(quirks["range-digits"]), str(quirks["zero-range"])].format(column)
    compared = f"{column} COLLATE NOCASE" if quirks["literal-case"] == "any" else column
    clauses: list[Clause] = [(f"{compared} IN ({', '.join('?' * len(literals))})", list(literals))] if literals else []
    clauses += [(f"{counted} BETWEEN ? AND ?", list(bounds)) for bounds in ranges]
    clauses += [(f"{column} {like}", list(pattern)) for pattern in patterns]
    return _either(clauses)


def _like(pattern: Pattern) -> str:
    """Return *pattern* for LIKE, which ignores the case of ASCII letters."""
    itself = r"[\\%]" if "_" in pattern.wild else r"[\\%_]"
    return _within(pattern, re.sub(itself, r"\\\g<0>", pattern.text), "%")


def _glob(pattern: Pattern) -> str:
    """Return *pattern* for GLOB, which compares letters exactly."""
    text = re.sub(r"[*?[]", r"[\g<0>]", pattern.text)
    return _within(pattern, text.replace("_", "?") if "_" in pattern.wild else text, "*")


def _within(pattern: Pattern, text: str, run: str) -> str:
    """Return *text* with its wildcard ``@`` as a *run* of characters, and one at either end if a part may match."""
    spelled = text.replace("@", run) if "@" in pattern.wild else text
    return f"{run}{spelled}{run}" if pattern.within else spelled


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
