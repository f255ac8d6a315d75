"""Lets the process have as many files and connections open as it may, and says when that is too few for its PBXs.

A PBX has a port and a history open all the time, and a socket for each of its clients.
"""

from __future__ import annotations

import resource
from contextlib import suppress

_OTHERS = 64
"""Descriptors that the process has besides: logs, pipes, the control plane, what is read and written in passing."""
_CLIENTS = 100
"""Connections for which there should be room besides, which is what one device serves at a time."""
_TEMPORARY, _DURABLE = 2, 4
"""Descriptors of a PBX: the port, and its history, which has two more files where it is kept (WAL)."""


def raise_limit() -> int:
    """Let the process have as many descriptors open as its hard limit allows; return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # macOS calls it unlimited, and does not mean it
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft


class Room:
    """What a *limit* has room for; *durable* says that the histories of the PBXs are kept."""

    def __init__(self, limit: int, *, durable: bool) -> None:
        self._limit, self._durable = limit, durable
        self._few = self._full = False

    def news(self, pbxs: int, spilling: int = 0) -> str | None:
        """Return what is to be said now that there are so many *pbxs*, *spilling* of which keep a journal too.

        None where there is room enough, and where the same was said of fewer.
        """
        held = _held(pbxs, durable=self._durable, spilling=spilling)
        few = self._limit != resource.RLIM_INFINITY and held + _CLIENTS > self._limit
        full = few and held > self._limit
        known = (few, full) == (self._few, self._full)
        self._few, self._full = few, full
        if known or not few:
            return None
        said = (
            "some of them cannot start"
            if full
            else f"only about {self._limit - held} clients can be connected at a time"
        )
        return (
            f"this process may have {self._limit} files and connections open, and {pbxs} PBXs need about {held}: {said}; "
            f"raise its hard limit (ulimit -Hn) to {held + _CLIENTS} or more, or let there be fewer PBXs"
        )


def _held(pbxs: int, *, durable: bool, spilling: int) -> int:
    """Return about how many descriptors so many *pbxs* hold by themselves, with what the process holds besides."""
    each, spilled = (_DURABLE, 3) if durable else (_TEMPORARY, 1)
    return _OTHERS + pbxs * each + spilling * spilled
