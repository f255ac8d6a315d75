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


def lines(text: str) -> Iterator[str]:
    """Yield what stands between the line feeds of *text*, as `str.split` has it, but one after another."""
    at = 0
    while (end := text.find("\n", at)) >= 0:
        yield text[at:end]
        at = end + 1
    yield text[at:]
