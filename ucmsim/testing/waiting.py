"""Waits for a request that a client is to make, for a while that is bounded."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ucmsim.client import ControlClient
from ucmsim.contract.answers import Entry
from ucmsim.testing.asserting import SHOWN, lines

__tracebackhide__ = True
_BETWEEN = 0.02
"""Seconds between two looks into the journal."""
_CHALLENGED = "no-credentials"
_Which = tuple[int, datetime | None]
"""What an event is told by: its id, and when it began."""
_NONE: _Which = (0, None)


def _which(entry: Entry) -> _Which:
    return entry.id, entry.wall


class NothingCame(AssertionError):
    """What was waited for did not come in time; the text has what came instead."""


@dataclass(slots=True)
class Waiting:
    """Waits for requests to *pbx*, one after another: what one wait has returned, all later ones pass over.

    Whoever resets the PBX, ids begin with 1 again: an event is told from that of another universe by when it was.
    """

    _control: ControlClient = field(repr=False)
    _pbx: str
    _returned: set[_Which] = field(default_factory=set, repr=False)

    def request(self, within: float, filters: dict[str, Any]) -> Entry:
        """Return the first request that *filters* leave and no wait returned yet; raises `NothingCame`.

        One that only got the Digest challenge is the first half of another, and is passed over unless *filters* ask for a
        status or a refusal.
        """
        halves = not {"status", "refusal"} & set(filters)
        until, seen = time.monotonic() + within, _NONE
        while True:
            last = time.monotonic() >= until
            for entry in self._beyond(seen, filters):
                seen = _which(entry)
                half = halves and entry.refusal is not None and entry.refusal.code == _CHALLENGED
                if not half and seen not in self._returned:
                    self._returned.add(seen)
                    return entry
            if last:
                raise NothingCame(self._instead(within, filters))
            time.sleep(_BETWEEN)

    def _beyond(self, seen: _Which, filters: dict[str, Any]) -> list[Entry]:
        """Return the exchanges behind the one that was *seen* last: all there are, where the journal has it no more."""
        found = self._control.journal(self._pbx, kind="exchange", after=max(seen[0] - 1, 0), **filters)
        if seen == _NONE:
            return found
        if found and _which(found[0]) == seen:
            return found[1:]
        return self._control.journal(self._pbx, kind="exchange", after=0, **filters)

    def _instead(self, within: float, filters: dict[str, Any]) -> str:
        wanted = " and ".join(f"{name} {value}" for name, value in filters.items())
        said = f"no request{f' with {wanted}' if wanted else ''} came within {within:g} seconds"
        there = self._control.journal(self._pbx, brief="yes")
        came = lines(entry for entry in there if _which(entry) not in self._returned)
        if not came:
            return f"{said}, and nothing else did"
        left = f"\n  (and {len(came) - SHOWN} before that)" if len(came) > SHOWN else ""
        return "\n  ".join((f"{said}; what came instead:{left}", *came[-SHOWN:]))
