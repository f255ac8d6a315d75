"""The files that a request for recordings gets: a value that faults of the media plane change. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ucmsim.recording.spool import Found


@dataclass(frozen=True, slots=True)
class Media:
    """The *files* in the order in which they were asked for, at *now*, seconds of the epoch on the PBX clock.

    *neighbour* finds another recording beside one, None where there is none. *kind* is another Content-type, *page* is sent
    in place of everything. *about* are the names of the files that the fault at hand is about, None = all of them.
    """

    files: tuple[Found, ...]
    now: float
    neighbour: Callable[[Found], Found | None]
    kind: str | None = None
    page: bytes | None = None
    about: frozenset[str] | None = None


Twist = Callable[[Media], Media]
