"""Asks a PBX of its own for pages, with one quirk after another, and compares them to the byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.asking import HEADER_LINE
from tests.errorpages import error_page
from tests.makers import another_row, at, header, make_pbx, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.columns import Row
from ucmsim.http.reply import Reply
from ucmsim.quirks import PERSONALITY, Value
from ucmsim.register import BY_ID

BAD_REQUEST = error_page("400 Bad Request", "Invalid Request")

ALL = "62 63 64"
"""The calls of the guide, all from 5300 to 5301 on 2013-12-03: at 11:46:40, 14:01:41 and 14:02:23 local time, UTC-6."""


def pbx_with(rows: Iterable[Row] | None = None, quirks: Mapping[str, Value] | None = None, **settings: Any) -> Pbx:
    """Return a PBX that has *rows* instead of those of the guide."""
    pbx = make_pbx(quirks=dict(quirks or {}), **settings)
    if rows is not None:
        pbx.history._database.execute("DELETE FROM cdr")
        pbx.history.extend(rows)
    return pbx


def get(pbx: Pbx, query: str | None, method: str = "GET", *, seconds: float = 0.0) -> Reply:
    """Return what *pbx* answers to one *query*, which None leaves out together with its question mark."""
    return pbx.answer(request("/cdrapi" if query is None else f"/cdrapi?{query}", method), at(seconds))


def csv(rows: Iterable[Row]) -> bytes:
    """Return *rows* as the CSV page of a G1 device: a comma between any two of its 22 columns, nothing quoted."""
    return HEADER_LINE + "".join(",".join(row[:22]) + "\n" for row in rows).encode()


def outcome(pbx: Pbx, query: str | None, *, seconds: float = 0.0) -> str:
    """Return the AcctIds on a CSV page, or ``refused: `` and why; the reply is the page of these rows to the byte."""
    reply = get(pbx, query, seconds=seconds)
    found = [line.partition(",")[0] for line in reply.body.decode().split("\n")[1:-1]]
    by_id = {row[0]: row for row in pbx.history.rows()}
    assert (reply.status, reply.title, reply.rows) == (200, "OK", len(found))
    assert reply.body == csv(by_id[acctid] for acctid in found)
    assert header(reply, "Content-type") == "text/csv"
    assert header(reply, "Content-Length") == str(len(reply.body))
    if not reply.note:
        return " ".join(found)
    assert not found
    assert reply.note.encode() not in reply.head + reply.body
    return f"refused: {reply.note}"


def each_way(
    quirk: str,
    query: str | None,
    expected: Mapping[Value, str],
    rows: Iterable[Row] | None = None,
    others: Mapping[str, Value] | None = None,
    *,
    seconds: float = 0.0,
    **settings: Any,
) -> None:
    """Compare the outcome with what is *expected* of every value of *quirk*, and of its default, with *others* set."""
    row, kept = BY_ID[quirk], None if rows is None else tuple(rows)
    assert set(expected) >= {value for value in row.values if value != PERSONALITY}
    wanted = {value: (expected[value], {quirk: value}) for value in expected}
    for answer, chosen in (*wanted.values(), (expected[row.default], {})):
        pbx = pbx_with(kept, {**(others or {}), **chosen}, **settings)
        assert outcome(pbx, query, seconds=seconds) == answer, chosen


def calls_from(*sources: str) -> list[Row]:
    """Return a call from each of *sources*; their AcctIds are 1, 2, 3, ..., their starts are in that order."""
    return [
        another_row(AcctId=str(number), src=source, start=f"2013-12-03 14:00:{number:02}")
        for number, source in enumerate(sources, 1)
    ]


def calls_at(*starts: str) -> list[Row]:
    """Return a call that began at each of *starts*; their AcctIds are 1, 2, 3, ..."""
    return [another_row(AcctId=str(number), start=start) for number, start in enumerate(starts, 1)]
