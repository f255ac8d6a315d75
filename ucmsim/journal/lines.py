"""Tells an exchange in one line of printable ASCII: the access line of the log. Pure."""

from __future__ import annotations

LINE = '{pbx} {peer} "{method} {target}" {status} rows={rows} bytes={bytes} {milliseconds} ms{told}'
"""The access line, as a format with the names of `Exchange.fields`."""

_LONGEST = 512
PRINTABLE = frozenset(map(chr, range(32, 127)))
WORD = PRINTABLE - {" ", '"'}


def plain(text: str, good: frozenset[str]) -> str:
    """Return *text* with all but *good* letters escaped, cut to a length that a log can bear."""
    if len(text) <= _LONGEST and good.issuperset(text):
        return text
    shown = "".join(letter if letter in good else _escaped(letter) for letter in text[: _LONGEST + 1])
    return shown if len(text) <= _LONGEST else shown[:_LONGEST] + "..."


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))
