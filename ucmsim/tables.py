"""Lays rows out as text: a table where they fit a terminal, blocks where they do not, a line a row for programs.

No word is ever cut, but names of recordings may be parted at a hyphen or a slash.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

Cells = Sequence[str]

_GAP = "  "
_ROOM, _NARROW = 40, 24
"""Letters that the last column has room for beside all the others, and beside a few of them."""
_LONG = 28
"""Letters of a word that may be parted at a hyphen or a slash: names of recordings."""


def table(lines: Sequence[Cells], width: int | None, shorter: Sequence[Cells] = ()) -> Iterator[str]:
    """Yield *lines*, the headings first, as a table for a terminal of that *width*, None for a line a row.

    Where the others leave the last column too little room, only those named in the first of *shorter* that fit are
    shown; where none do, each row is a block.
    """
    if width is None:
        yield from _lines(lines, [max(map(len, column)) for column in zip(*lines, strict=True)])
        return
    columns = [list(column) for column in zip(*lines, strict=True)]
    choices = [(lines[0], _ROOM), *((names, _NARROW) for names in shorter)]
    for names, least in choices:
        shown = [column for column in columns if column[0] in names]
        widths = _widths(shown, width)
        if widths and widths[-1] >= min(least, max(map(len, shown[-1]))):
            yield from _lines(list(zip(*shown, strict=True)), widths)
            return
    yield from blocks(lines[0], lines[1:], width)


def blocks(names: Cells, rows: Iterable[Cells], width: int | None) -> Iterator[str]:
    """Yield each of *rows* as lines ``name: value``, an empty line between two; *width* as for a table."""
    for at, row in enumerate(rows):
        if at:
            yield ""
        for name, value in zip(names, row, strict=True):
            yield from _wrapped(f"{name}: {value}".rstrip(), width, indent="  ")


def beside(lines: Sequence[Cells], width: int | None) -> Iterator[str]:
    """Yield a table whose columns are alike, the names of its *lines* in the first, as many beside each other as fit."""
    names, *columns = zip(*lines, strict=True)
    if width is None:
        yield from table(lines, None)
        return
    while columns:
        shown = next(
            (columns[:many] for many in range(len(columns), 1, -1) if _widths([names, *columns[:many]], width)),
            columns[:1],
        )
        columns = columns[len(shown) :]
        together = [names, *shown]
        widths = _widths(together, width) or [max(map(len, column)) for column in together]
        yield from _lines(list(zip(*together, strict=True)), widths)
        if columns:
            yield ""


def _widths(columns: Sequence[Cells], width: int) -> list[int] | None:
    """Return how wide each of *columns* is, so that together they have *width*; None when words would be cut.

    The first column, with the names, and those without blanks are as wide as they need; the others share what is left.
    """
    wanted = [max(map(len, column)) for column in columns]
    least = [wanted[0], *(max(len(word) for cell in column for word in ["", *_words(cell)]) for column in columns[1:])]
    left = width - len(_GAP) * (len(columns) - 1) - sum(least)
    if left < 0:
        return None
    while left and least != wanted:
        # The one that is worst off, in parts of what it wants.
        at = min(range(len(least)), key=lambda at: (least[at] >= wanted[at], least[at] / max(wanted[at], 1)))
        least[at] += 1
        left -= 1
    return least


def _lines(lines: Sequence[Cells], widths: Sequence[int]) -> Iterator[str]:
    for cells in lines:
        wrapped = [list(_wrapped(cell, width)) for cell, width in zip(cells, widths, strict=True)]
        for line in zip_longest(*wrapped, fillvalue=""):
            yield _GAP.join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def _wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    if width is None or len(text) <= width:
        return [text]
    joined = _Wrapper(width, subsequent_indent=indent, break_long_words=False)
    return joined.wrap(text) or [""]


class _Wrapper(textwrap.TextWrapper):
    """Parts a text at blanks, and only very long words elsewhere."""

    def _split(self, text: str) -> list[str]:
        return [piece for chunk in re.split(r"(\s+)", text) if chunk for piece in _pieces(chunk)]


def _words(text: str) -> list[str]:
    return [piece for word in text.split() for piece in _pieces(word)]


def _pieces(word: str) -> list[str]:
    """Return what a *word* may be parted into."""
    return [word] if len(word) <= _LONG else re.findall(r"[^-/]*[-/]+|[^-/]+", word)
