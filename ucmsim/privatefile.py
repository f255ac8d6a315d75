"""Writes files in one step and with no more rights than they may have. Knows nothing of what is in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from itertools import count
from pathlib import Path
from stat import S_ISREG
from typing import IO

SECRET = 0o600
PUBLIC = 0o644
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL
_PREFIX, _ENDING = ".ucmsim-", ".new"
_OURS = re.compile(rf"{re.escape(_PREFIX)}[0-9]+-[0-9]+{re.escape(_ENDING)}")
_NUMBERS = count()
"""Of files that stand beside others for a while: no name is given twice, so nobody removes what is another's by now."""


def put(path: Path, content: bytes, mode: int = SECRET) -> None:
    """Put *content* at *path* at once or not at all, never with more rights than *mode*; raises `OSError`."""
    with replacing(path, mode) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, mode: int = SECRET) -> Iterator[IO[bytes]]:
    """Yield a new file that stands at *path* once all of it is written; where that fails nothing is left. Raises `OSError`."""
    with _new_beside(path, mode) as (opened, fresh):
        with os.fdopen(opened, "w+b") as file:  # buffered, which writes all of it or raises
            yield file
        fresh.replace(path)


@contextmanager
def beside(path: Path, content: bytes, mode: int = SECRET) -> Iterator[Path]:
    """Yield a file with *content* beside *path*, to be put in its place; one that is not is gone then. Raises `OSError`."""
    with _new_beside(path, mode) as (opened, fresh):
        with os.fdopen(opened, "wb") as file:
            file.write(content)
        yield fresh


def remove_unfinished(folder: Path) -> None:
    """Remove what processes that were killed were writing in *folder*; what one is writing now stays, and what cannot be told."""
    for fresh in folder.glob(f"{_PREFIX}*{_ENDING}"):
        if _OURS.fullmatch(fresh.name):
            with suppress(OSError):
                _remove_forsaken(fresh)


def check(path: Path) -> None:
    """Raise the `OSError` that would keep `put` from writing to *path*, of which nothing is touched."""
    opened, fresh = _opened_beside(path, SECRET)
    fresh.unlink()
    os.close(opened)


@contextmanager
def _new_beside(path: Path, mode: int) -> Iterator[tuple[int, Path]]:
    """Yield the descriptor of a new file beside *path*, to be closed, and where that stands; unless it is moved it is gone then."""
    lock, fresh = _opened_beside(path, mode)
    try:
        yield os.dup(lock), fresh
    finally:
        with suppress(OSError):
            fresh.unlink()
        os.close(lock)


def _opened_beside(path: Path, mode: int) -> tuple[int, Path]:
    """Open a new file beside *path*, with rights *mode* at most; return its descriptor and where it stands.

    It is nobody else's, and locked while it is open; its name is short, however long that of *path*. Raises `OSError`.
    """
    while True:
        fresh = path.with_name(f"{_PREFIX}{os.getpid()}-{next(_NUMBERS)}{_ENDING}")
        with suppress(FileExistsError):  # somebody was interrupted who had that number too
            opened = os.open(fresh, _NEW, mode)
            if _is_ours(opened):
                return opened, fresh
            os.close(opened)


def _is_ours(opened: int) -> bool:
    """Lock a new file; return whether nobody took it for one that is forsaken, who came between."""
    try:
        flock(opened, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # on a file system without locks nobody removes what is another's
        return True
    return os.fstat(opened).st_nlink > 0


def _remove_forsaken(fresh: Path) -> None:
    """Remove a file that nobody writes. A number in its name would not tell: in a container each process has that of the last."""
    opened = os.open(fresh, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        flock(opened, LOCK_EX | LOCK_NB)
        found = os.fstat(opened)
        if S_ISREG(found.st_mode) and found.st_nlink:
            fresh.unlink()
    finally:
        os.close(opened)
