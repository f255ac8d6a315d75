"""Files that somebody names to be read: regular ones, because a pipe may never end, and a device never does."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LARGEST = 1 << 30
"""Bytes of a file that is read whole, at most."""


def opened(path: Path) -> IO[bytes]:
    """Return the regular file at *path*, opened for reading. Raises `OSError`, and for a NUL in the path `ValueError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return os.fdopen(descriptor, "rb")


def pieces(path: Path, size: int) -> Iterator[bytes]:
    """Yield what is in the regular file at *path*, so many bytes at a time; raises as `opened` does, and for more than `LARGEST` bytes."""
    with opened(path) as file:
        there = os.fstat(file.fileno()).st_size
        if there > LARGEST:
            raise OSError(errno.EFBIG, f"it has {there} bytes, and {LARGEST} are the most", str(path))
        while piece := file.read(size):
            yield piece
