"""Pages whose columns are other than the firmware's: one is missing, or null, or one too many. Pure; runs in the worker."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ucmsim.columns import Row
from ucmsim.query import Format
from ucmsim.render import Csv, Layout, rendered
from ucmsim.sight import Edit


def rendered_with(form: Format, layout: Layout, rows: Sequence[Row], edits: Sequence[Edit]) -> bytes:
    """Return the page with *rows*, after all *edits*; a column that it does not have cannot be dropped, or be null."""
    if form is Format.CSV:
        return _csv(layout.csv, rows, edits).encode("utf-8", "surrogateescape")
    text = rendered(form, layout, rows).decode("utf-8", "surrogateescape")
    for edit in edits:
        text = _xml(text, edit) if form is Format.XML else _json(text, edit)
    return text.encode("utf-8", "surrogateescape")


def _csv(csv: Csv, rows: Sequence[Row], edits: Sequence[Edit]) -> str:
    names, records = csv.names, [list(record) for record in csv.records(rows)]
    for edit in edits:
        if edit.how == "add":
            names = (*names, edit.column)
            records = [[*record, edit.value] for record in records]
        elif edit.column in names:
            at = names.index(edit.column)
            if edit.how == "drop":
                names = (*names[:at], *names[at + 1 :])
                records = [[*record[:at], *record[at + 1 :]] for record in records]
            else:
                records = [[*record[:at], edit.value, *record[at + 1 :]] for record in records]
    return csv.written(names, records)


def _xml(text: str, edit: Edit) -> str:
    if edit.how == "add":
        return re.sub(r"(\n?)</cdr>", rf"\1<{edit.column}>{edit.value}</{edit.column}>\1</cdr>", text)
    kept = "" if edit.how == "drop" else rf"<{edit.column}/>\1"
    return re.sub(rf"<{edit.column}>[^<]*</{edit.column}>(\n?)", kept, text)


def _json(text: str, edit: Edit) -> str:
    if edit.how == "add":
        return re.sub(r'("AcctId":( ?)(?:"[^"]*"|\d+|null))', rf'\1,\2"{edit.column}":\2"{edit.value}"', text)
    value = r'(?:"(?:[^"\\]|\\.)*"|-?[0-9.]+|null)'
    if edit.how == "null":
        return re.sub(rf'("{edit.column}": ?){value}', r"\1null", text)
    text = re.sub(rf'"{edit.column}": ?{value}, ?', "", text)
    return re.sub(rf', ?"{edit.column}": ?{value}', "", text)
