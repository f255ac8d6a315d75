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


def shortage(limit: int, pbxs: int, *, durable: bool, spilling: int = 0) -> str | None:
    """Return what is said where a *limit* is too low for so many *pbxs*; None where it is not.

    *durable* says that their histories are kept, *spilling* how many of them keep a journal too.
    """
    each, spilled = (_DURABLE, 3) if durable else (_TEMPORARY, 1)
    held = _OTHERS + pbxs * each + spilling * spilled
    if limit == resource.RLIM_INFINITY or held + _CLIENTS <= limit:
        return None
    few = (
        "some of them cannot start" if held > limit else f"only about {limit - held} clients can be connected at a time"
    )
    return (
        f"this process may have {limit} files and connections open, and {pbxs} PBXs need about {held}: {few}; "
        f"raise its hard limit (ulimit -Hn) to {held + _CLIENTS} or more, or let there be fewer PBXs"
    )
