"""Where a page is cut so that the cut hurts: between records, inside fields, tokens or characters. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Literal

Where = Literal["byte", "record", "field", "token", "character"]

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.){2,}"|[0-9]{2,}|null')
_LINE, _COMMA, _TAG = b"\n", b",", b"</"
_XML_ROW = re.compile(rb"</cdr>\n?")
_JSON_ROW = re.compile(rb"^\{ ?\".*\n?", re.MULTILINE)
_CSV_ROW = re.compile(rb"(?<=\n).*\n?")
_COMPACT = b"},{"
"""What parts the entries of JSON that has no lines."""


def place(data: bytes, near: int, where: Where) -> int:
    """Return how many bytes of *data* are left when it is cut *near* a byte, at the kind of place that *where* names.

    ``record``: after the last row that is whole, a line where rows are lines; ``field``: where the last field before has just begun; ``token``: in the
    middle of a JSON text or number; ``character``: after the first byte of a character of several. Where there is no such
    place it is the byte itself.
    """
    return _PLACES[where](data, min(near, len(data)))


def behind(data: bytes, rows: int) -> int:
    """Return where the first so many *rows* of the page *data* end, rows of JSON being its entries; all of it has fewer."""
    start = data.lstrip()[:1]
    if start == b"<":
        ends = [row.end() for row in _XML_ROW.finditer(data)]
    elif start in (b"{", b"["):
        lines = [row.end() for row in _JSON_ROW.finditer(data)]
        ends = lines if len(lines) > 1 else [row.start() + 2 for row in re.finditer(re.escape(_COMPACT), data)]
    else:
        ends = [row.end() for row in _CSV_ROW.finditer(data) if row[0]]
    return ends[rows - 1] if rows <= len(ends) else len(data)


def _record(data: bytes, near: int) -> int:
    if data.lstrip().startswith(b"<"):
        return max((row.end() for row in _XML_ROW.finditer(data, 0, near)), default=near)
    line, entry = data.rfind(_LINE, 0, near), data.rfind(_COMPACT, 0, near)
    if line < 0 <= entry:
        return entry + 2  # its comma too, as the end of a line comes behind one
    return line + 1 or near


def _field(data: bytes, near: int) -> int:
    comma, tag = data.rfind(_COMMA, 0, near), data.rfind(_TAG, 0, near)
    return max(comma + 1, tag) if comma >= 0 or tag > 0 else near


def _token(data: bytes, near: int) -> int:
    found = _TOKEN.search(data, data.rfind(_LINE, 0, near) + 1)
    while found and found.end() <= near:
        found = _TOKEN.search(data, found.end())
    return (found.start() + found.end()) // 2 if found else near


def _character(data: bytes, near: int) -> int:
    found = _LEAD.search(data, near) or _LEAD.search(data)
    return found.start() + 1 if found else near


_LEAD = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_PLACES: MappingProxyType[Where, Callable[[bytes, int], int]] = MappingProxyType(
    {"byte": lambda _data, near: near, "record": _record, "field": _field, "token": _token, "character": _character}
)
