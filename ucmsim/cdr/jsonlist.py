"""The entries of a JSON list that comes in pieces; no more of it is kept than the entry that is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any

from ucmsim.cdr.devicetext import Window

_BETWEEN = re.compile(r"[\s,]*")
_SETTLED = 16
"""Letters of which no more are needed to see how a number, a word or an escape goes on."""

_OF_NUMBERS = "0123456789+-.eE"


@dataclass(frozen=True, slots=True)
class NoJson:
    """What stands where an entry is due is none: the sentence *why*."""

    why: str


def entries(text: Window) -> Iterator[tuple[int, Any]]:
    """Yield the line and the value of each entry from where *text* is on, behind the bracket, to the bracket that ends the list.

    In place of one that is no JSON, and is left out with its line, or of a bracket that is missing, stands a `NoJson`.
    """
    decoder = JSONDecoder()
    while _is_another(text):
        if text.at == len(text.text):
            yield text.line, NoJson("the file ends inside the list")
            return
        entry: Any
        try:
            entry, stopped = decoder.raw_decode(text.text, text.at)
        except JSONDecodeError as error:
            # Of a string it tells where it begins, of all else how far it came.
            stopped = len(text.text) if error.msg.startswith("Unterminated string") else error.pos
            entry = NoJson(f"this is not JSON ({error.msg}: {text.where(error.pos)}); the line is left out")
        except (ValueError, RecursionError) as error:
            # Of a number too long, which may go on behind the window, or of what is too deep: it tells no place.
            stopped = len(text.text) if text.text[-1] in _OF_NUMBERS else text.at
            entry = NoJson(f"this is not JSON ({error}); the line is left out")
        if stopped + _SETTLED > len(text.text) and text.more():
            continue
        yield text.line, entry
        text.go(_end_of_line(text) if isinstance(entry, NoJson) else stopped)


def _is_another(text: Window) -> bool:
    """Go on to where the next entry is due; return whether the list does not end there."""
    while True:
        between = _BETWEEN.match(text.text, text.at)
        if between:  # always: it matches nothing at the least
            text.go(between.end())
        if text.at < len(text.text):
            return text.text[text.at] != "]"
        if not text.more():
            return True


def _end_of_line(text: Window) -> int:
    """Return where the line ends in which *text* is, or all of it."""
    while (end := text.text.find("\n", text.at)) < 0 and text.more():
        pass
    return end if end >= 0 else len(text.text)
