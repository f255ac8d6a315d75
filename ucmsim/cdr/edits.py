"""Pages whose columns are other than the firmware's: one is missing, or null, or one too many. Pure; runs in the worker."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Csv, Layout, rendered
from ucmsim.cdr.sight import Edit
from ucmsim.columns import AT, Row

_MARK = "\ue000"
"""Stands in place of a value that is to be null, or before a session, which is the key of its entry as well."""
_MARKED = r"(?:\ue000|\\ue000)"
_SESSION = AT["session"]


def rendered_with(
    form: Format, layout: Layout, rows: Sequence[Row], ids: Sequence[str], edits: Sequence[Edit]
) -> bytes:
    """Return the page with *rows*, which were found under the AcctIds *ids*, after all *edits*.

    A column that it does not have cannot be dropped, or be null.
    """
    # By AcctId rows are told apart when one has a column too many.
    edits = sorted(edits, key=lambda edit: edit.how == "drop" and edit.column == "AcctId")
    if form is Format.CSV:
        return _csv(layout.csv, rows, ids, edits).encode("utf-8", "surrogateescape")
    marked = [_marked(row, acctid, edits) for row, acctid in zip(rows, ids, strict=True)]
    text = rendered(form, layout, marked).decode("utf-8", "surrogateescape")
    for edit in edits:
        text = _xml(text, edit) if form is Format.XML else _json(text, edit)
    text = re.sub(_MARKED, "", text)  # the keys of sessions have it too
    return text.encode("utf-8", "surrogateescape")


def _marked(row: Row, acctid: str, edits: Sequence[Edit]) -> Row:
    """Return *row* with marks where some rows, and this one among them, have a null."""
    values = list(row)
    for edit in edits:
        if edit.how == "null" and edit.about is not None and acctid in edit.about:
            at = AT[edit.column]
            values[at] = _MARK + (row[at] if at == _SESSION else "")
    return tuple(values)


def _csv(csv: Csv, rows: Sequence[Row], ids: Sequence[str], edits: Sequence[Edit]) -> str:
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
                records = [
                    [*record[:at], edit.value, *record[at + 1 :]]
                    if edit.about is None or acctid in edit.about
                    else record
                    for record, acctid in zip(records, ids, strict=True)
                ]
    return csv.written(names, records)


def _xml(text: str, edit: Edit) -> str:
    if edit.how == "add":
        return re.sub(r"(\n?)</cdr>", rf"\1<{edit.column}>{edit.value}</{edit.column}>\1</cdr>", text)
    kept = "" if edit.how == "drop" else rf"<{edit.column}/>\1"
    mark = "" if edit.about is None else _MARK
    return re.sub(rf"<{edit.column}>{mark}.*?</{edit.column}>(\n?)", kept, text, flags=re.DOTALL)


def _json(text: str, edit: Edit) -> str:
    if edit.how == "add":
        return re.sub(r'("AcctId":( ?)(?:"[^"]*"|-?\d+|null))', rf'\1,\2"{edit.column}":\2"{edit.value}"', text)
    # What is not escaped, as a quirk has it, goes on to the quotation mark that ends a member.
    value = r'(?>"(?:[^"\\]|\\.)*"(?=,? ?["}])|".*?"(?=,? ?["}])|-?[0-9.]+|null)'
    if edit.about is not None:
        value = rf'"{_MARKED}[^"]*"'
    if edit.how == "null":
        return re.sub(rf'("{edit.column}": ?){value}', r"\1null", text)
    text = re.sub(rf'"{edit.column}": ?{value}, ?', "", text)
    return re.sub(rf', ?"{edit.column}": ?{value}', "", text)
