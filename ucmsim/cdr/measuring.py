"""Pages and what they carry: the bytes, and where in them each row ends. Pure; runs in the worker, in a fiftieth of its time."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, repeat
from operator import itemgetter

from ucmsim.cdr.pieces import Pieces, encoded
from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Layout
from ucmsim.cdr.sight import Found
from ucmsim.columns import Row
from ucmsim.http.extents import Rows

_id_of = itemgetter(-1)


def measured(form: Format, layout: Layout, rows: Sequence[Row]) -> tuple[bytes, Rows]:
    """Return the page with *rows*, behind whose columns their ids stand, and where they are in it.

    The rows of an entry of JSON end where it does: no parser gives out half of an object.
    """
    if form is Format.JSON and layout.json.grouping is not None:
        pieces, inside = layout.json.grouped(rows)
        data, ends = _encoded(pieces)
        gap = len(encoded(pieces.gap))
        whole = (pieces.first + end + at * gap for at, end in enumerate(ends))
        return data, Rows(
            _ids(chain.from_iterable(inside)),
            array("Q", chain.from_iterable(map(repeat, whole, map(len, inside)))),
        )
    pieces = layout.pieces(form, rows)
    data, ends = _encoded(pieces)
    return data, Rows(_ids(rows), ends, first=pieces.first, gap=len(encoded(pieces.gap)))


def unmeasured(data: bytes, rows: Sequence[Row]) -> Rows:
    """Return where *rows* are in a page whose columns were edited: nobody knows, so all of them end with it."""
    return Rows(_ids(rows), array("Q", repeat(len(data), len(rows))))


def altered(before: Iterable[Row], found: Found, columns: Collection[str]) -> frozenset[int]:
    """Return the ids of the rows that are not what they were *before* faults had them: a value or a column is another."""
    known = {_id_of(row): row for row in before}
    changed = {_id_of(row) for row in found.rows if known.get(_id_of(row)) != row}
    for edit in found.edits:
        if edit.how != "add" and edit.column in columns:
            changed.update(
                _id_of(row)
                for row, acctid in zip(found.rows, found.ids, strict=True)
                if edit.about is None or acctid in edit.about
            )
    return frozenset(changed)


def _encoded(pieces: Pieces) -> tuple[bytes, array[int]]:
    text = pieces.page
    return encoded(text), pieces.ends(ascii_only=text.isascii())


def _ids(rows: Iterable[Row]) -> array[int]:
    return array("Q", map(_id_of, rows))
