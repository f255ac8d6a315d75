"""Which files this process has open: what was left open by something that failed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def open_below(folder: Path) -> list[str]:
    """Return the names of the files below *folder* that are open, once for each time, without what SQLite adds to them."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the listing itself
            target = descriptor.readlink()
            if target.is_relative_to(folder) and not target.name.endswith(("-wal", "-shm", "-journal")):
                found.append(target.name)
    return sorted(found)
