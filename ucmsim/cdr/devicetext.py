"""The text of a device file, from its bytes, piece by piece: all of a large one at once keeps every other thread waiting. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

STEP = 1 << 20
"""Bytes, or letters, that are worked on at once."""


def decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of *pieces*, with a line feed for each CR and LF; bytes that are not UTF-8 are surrogates in it."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    kept = ""
    for piece in pieces:
        text = kept + decoder.decode(piece)
        kept = "\r" if text.endswith("\r") else ""  # its line feed may come with the next
        yield text[: len(text) - len(kept)].replace("\r\n", "\n")
    yield kept + decoder.decode(b"", final=True)


def unmarked(texts: Iterable[str]) -> Iterator[str]:
    """Yield *texts* without the byte order mark that they may begin with, and without empty ones."""
    every = filter(None, texts)
    for first in every:
        yield first.removeprefix("\ufeff")
        break
    yield from every


def lines(texts: Iterable[str]) -> Iterator[str]:
    """Yield what stands between the line feeds of *texts*, as `str.split` has it of all of them together."""
    parts = [""]
    for text in texts:
        first, *others = text.split("\n")
        parts.append(first)
        for line in others:
            yield "".join(parts)
            parts = [line]
    yield "".join(parts)


class Window:
    """The part of *texts* that is looked at: what is behind it is forgotten, and what comes is added when it is wanted."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.text = ""
        self.at = 0
        """Where in `text` the next thing is."""
        self.line = 1
        """Of that place."""
        self._texts = iter(texts)
        self._forgotten = 0
        self._line_begins = 0  # counted from the first letter of all, as what is forgotten

    def more(self) -> bool:
        """Forget what is passed, and add as much as remains, or all there is; return False, and forget nothing, if that is nothing."""
        remains = len(self.text) - self.at
        parts = list[str]()
        for text in self._texts:
            parts.append(text)
            remains -= len(text)
            if remains <= 0:
                break
        if parts:
            self._forgotten += self.at
            self.text, self.at = "".join((self.text[self.at :], *parts)), 0
        return bool(parts)

    def go(self, to: int) -> None:
        """Go on to the place *to* of `text`."""
        self.line, self._line_begins = self._line_of(to)
        self.at = to

    def where(self, at: int) -> str:
        """Tell a place of `text` that is not passed as `json` does, counted in all there was."""
        line, begins = self._line_of(at)
        return f"line {line} column {self._forgotten + at - begins + 1} (char {self._forgotten + at})"

    def _line_of(self, at: int) -> tuple[int, int]:
        last = self.text.rfind("\n", self.at, at)
        if last < 0:
            return self.line, self._line_begins
        return self.line + self.text.count("\n", self.at, at), self._forgotten + last + 1
