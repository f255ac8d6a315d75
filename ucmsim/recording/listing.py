"""Listings that cost no memory, however long: what is too much to hold is sorted and kept in files without a name.

A listing is taken at one moment and sent over many, and its length is told before its first line.
"""

from __future__ import annotations

import heapq
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import IO, Any, TypeVar

from ucmsim.http.reply import Body, Bytes, gathered
from ucmsim.recording.beneath import FileBody, OpenFile

T = TypeVar("T")

_RUN = 8192
_BLOCK = 256
"""Items that are sorted at a time, and items of each run that are at hand when runs are merged."""


def body_of(lines: Iterable[bytes]) -> Body:
    """Return *lines*, each with its end, one after another."""
    pieces = gathered(lines)
    first = next(pieces, b"")
    second = next(pieces, None)
    if second is None:
        return Bytes(first)
    with _nameless() as file:
        for piece in chain((first, second), pieces):
            file.write(piece)
        file.flush()
        kept = OpenFile(os.dup(file.fileno()))
    return FileBody(kept, 0, kept.length)


def in_order(items: Iterable[T], key: Callable[[T], Any] | None = None) -> Iterator[T]:
    """Yield *items* sorted by *key*, or as they are, of which few are in memory at a time."""
    waiting = iter(items)
    run = sorted(islice(waiting, _RUN), key=key)  # type: ignore[type-var,arg-type]  # without a key they can be compared
    if len(run) < _RUN:
        yield from run
        return
    with _nameless() as file:
        runs = []
        while run:
            runs.append(_kept(file, run))
            run = sorted(islice(waiting, _RUN), key=key)  # type: ignore[type-var,arg-type]
        yield from heapq.merge(*(_read(file, blocks) for blocks in runs), key=key)


def _kept(file: IO[bytes], run: list[Any]) -> list[tuple[int, int]]:
    """Write *run* to the end of *file*; return where its blocks begin and how long they are."""
    blocks = []
    for at in range(0, len(run), _BLOCK):
        data = pickle.dumps(run[at : at + _BLOCK])
        blocks.append((file.tell(), len(data)))
        file.write(data)
    file.flush()
    return blocks


def _read(file: IO[bytes], blocks: Iterable[tuple[int, int]]) -> Iterator[Any]:
    for at, length in blocks:
        yield from pickle.loads(os.pread(file.fileno(), length, at))  # noqa: S301 - this process wrote it


def _nameless() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="ucmsim-listing-")
