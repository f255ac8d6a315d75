"""Tells an exchange in one line of printable ASCII: the access line of the log. Pure."""

from __future__ import annotations

LINE = '{pbx} {peer} "{method} {target}" {status} rows={rows} bytes={bytes} {milliseconds} ms{told}'
"""The access line, as a format with the names of `Exchange.fields`."""

_LONGEST = 512
HEADER, TARGET = 4096, 3 * 4096
"""Characters of a header's value, and of a target or form whose bytes may all be percent-encoded, that an event has: all that
one line of a device can bring. Only where the quirk line-limit or form-limit lets in more is anything cut."""
CUT = "..."
"""What stands behind what was cut."""
PRINTABLE = frozenset(map(chr, range(32, 127)))
WORD = PRINTABLE - {" ", '"'}


def plain(text: str, good: frozenset[str], *, longest: int = _LONGEST) -> str:
    """Return *text* with all but *good* letters percent-encoded, cut to a length that a log can bear."""
    if len(text) <= longest and good.issuperset(text):
        return text
    shown = "".join(letter if letter in good else _escaped(letter) for letter in text[: longest + 1])
    return shown if len(text) <= longest else shown[:longest] + CUT


def readable(text: str, longest: int) -> str:
    """Return *text* as it is but for bytes that are no text, cut to *longest* characters."""
    if len(text) > longest:
        text = text[:longest] + CUT
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))
