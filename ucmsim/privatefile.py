"""Writes files in one step and with no more rights than they may have. Knows nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path

SECRET = 0o600
PUBLIC = 0o644
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def put(path: Path, content: bytes, mode: int = SECRET) -> None:
    """Put *content* at *path* at once or not at all, never with more rights than *mode*; raises `OSError`."""
    beside(path, content, mode).replace(path)


def beside(path: Path, content: bytes, mode: int = SECRET) -> Path:
    """Write *content* to a file beside *path*, to be put in its place, and return that; raises `OSError` and leaves nothing."""
    fresh = _fresh(path)
    opened = _opened(fresh, mode)
    try:
        with os.fdopen(opened, "wb") as file:  # buffered, which writes all of it or raises
            file.write(content)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def check(path: Path) -> None:
    """Raise the `OSError` that would keep `put` from writing to *path*, of which nothing is touched."""
    fresh = _fresh(path)
    os.close(_opened(fresh, SECRET))
    fresh.unlink()


def _fresh(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _opened(fresh: Path, mode: int) -> int:
    try:
        return os.open(fresh, _NEW, mode)
    except FileExistsError:  # somebody was interrupted
        fresh.unlink()
        return os.open(fresh, _NEW, mode)
