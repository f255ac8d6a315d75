"""Paths in the spool, part by part. Pure."""

from __future__ import annotations

Parts = tuple[str, ...]
"""A path in the spool, part by part; () is the spool itself."""


def parts_of(path: str) -> Parts:
    """Return *path* part by part, as the file system reads it: doubled slashes and dots mean nothing."""
    return tuple(part for part in path.split("/") if part not in ("", "."))
