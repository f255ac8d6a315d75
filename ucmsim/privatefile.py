"""Writes files in one step and with no more rights than they may have. Knows nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path

SECRET = 0o600
PUBLIC = 0o644


def put(path: Path, content: bytes, mode: int = SECRET) -> None:
    """Put *content* at *path* at once or not at all, never with more rights than *mode*; raises `OSError`."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    fresh.replace(path)
