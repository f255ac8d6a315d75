"""Reads server-sent events, piece by piece, and the comment that says what was lost of them. Pure. Source: WHATWG HTML, 9.2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_LOST = re.compile(r": (\d+) events before \d+ are kept no more")


def lost(count: int, first: int) -> str:
    """Return the comment that *count* events before the id *first* are kept no more."""
    return f": {count} events before {first} are kept no more\n\n"


@dataclass(slots=True)
class EventStream:
    """What has come of the event that is being read; other comments, and what is no data, are passed over.

    *dropped* is told of how many events a comment says that they are kept no more.
    """

    dropped: Callable[[int], object] | None = None
    _rest: bytes = b""
    _data: list[str] = field(default_factory=list)

    def more(self, piece: bytes) -> Iterator[str]:
        """Take a *piece* of the stream, which may end anywhere; yield the data of each event that ends in it."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if (data := self._line(line)) is not None:
                yield data

    def _line(self, line: bytes) -> str | None:
        """Take a *line*; return the data of the event that it ends, None if it ends none."""
        text = line.decode("utf-8", "replace").rstrip("\r")
        if not text:
            data, self._data = self._data, []
            return "\n".join(data) if data else None
        name, _, value = text.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        elif self.dropped is not None and (found := _LOST.fullmatch(text)):
            self.dropped(int(found[1]))
        return None
