"""Writes files in one step and with no more rights than they may have. Knows nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path

SECRET = 0o600
PUBLIC = 0o644
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def put(path: Path, content: bytes, mode: int = SECRET) -> None:
    """Put *content* at *path* at once or not at all, never with more rights than *mode*; raises `OSError`."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(fresh, _NEW, mode)
    except FileExistsError:  # somebody was interrupted
        fresh.unlink()
        descriptor = os.open(fresh, _NEW, mode)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        file.write(content)
    fresh.replace(path)
