"""Writes files in one step and with no more rights than they may have. Knows nothing of what is in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO

SECRET = 0o600
PUBLIC = 0o644
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL
_PREFIX, _ENDING = ".ucmsim-", ".new"
_NUMBERS = count()
"""Of files that stand beside others for a while: no name is given twice, so nobody removes what is another's by now."""


def put(path: Path, content: bytes, mode: int = SECRET) -> None:
    """Put *content* at *path* at once or not at all, never with more rights than *mode*; raises `OSError`."""
    with replacing(path, mode) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, mode: int = SECRET) -> Iterator[IO[bytes]]:
    """Yield a new file that stands at *path* once all of it is written; where that fails nothing is left. Raises `OSError`."""
    opened, fresh = _opened_beside(path, mode)
    try:
        with os.fdopen(opened, "w+b") as file:  # buffered, which writes all of it or raises
            yield file
        fresh.replace(path)
    except BaseException:
        _remove(fresh)
        raise


def beside(path: Path, content: bytes, mode: int = SECRET) -> Path:
    """Write *content* to a file beside *path*, to be put in its place, and return that; raises `OSError` and leaves nothing."""
    opened, fresh = _opened_beside(path, mode)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
    except BaseException:
        _remove(fresh)
        raise
    return fresh


def remove_unfinished(folder: Path, *, shared: bool = False) -> None:
    """Remove what a process that was killed was writing in *folder*, in which nobody writes, or where it is *shared* somebody may.

    What another's number stands on that is a process by now is left then.
    """
    for fresh in folder.glob(f"{_PREFIX}*{_ENDING}"):
        if not (shared and _lives(fresh.name.removeprefix(_PREFIX).partition("-")[0])):
            _remove(fresh)


def _lives(number: str) -> bool:
    """Return whether there is a process of that *number*."""
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def check(path: Path) -> None:
    """Raise the `OSError` that would keep `put` from writing to *path*, of which nothing is touched."""
    opened, fresh = _opened_beside(path, SECRET)
    os.close(opened)
    fresh.unlink()


def _opened_beside(path: Path, mode: int) -> tuple[int, Path]:
    """Open a new file beside *path*, with rights *mode* at most; return its descriptor and where it stands.

    It is nobody else's, and its name is short, however long that of *path*. Raises `OSError`.
    """
    while True:
        fresh = path.with_name(f"{_PREFIX}{os.getpid()}-{next(_NUMBERS)}{_ENDING}")
        with suppress(FileExistsError):  # somebody was interrupted who had that number too
            return os.open(fresh, _NEW, mode), fresh


def _remove(fresh: Path) -> None:
    with suppress(OSError):
        fresh.unlink()
