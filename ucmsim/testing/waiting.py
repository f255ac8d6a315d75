"""Waits for a request that a client is to make, for a while that is bounded."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ucmsim.client import ControlClient
from ucmsim.contract.answers import Entry
from ucmsim.testing.asserting import SHOWN, lines

__tracebackhide__ = True
_BETWEEN = 0.02
"""Seconds between two looks into the journal."""
_CHALLENGED = "no-credentials"


class NothingCame(AssertionError):
    """What was waited for did not come in time; the text has what came instead."""


@dataclass(slots=True)
class Waiting:
    """Waits for requests to *pbx*, one after another: what one wait has returned, all later ones pass over."""

    _control: ControlClient = field(repr=False)
    _pbx: str
    _returned: set[int] = field(default_factory=set, repr=False)

    def request(self, within: float, filters: dict[str, Any]) -> Entry:
        """Return the first request that *filters* leave and no wait returned yet; raises `NothingCame`.

        One that only got the Digest challenge is the first half of another, and is passed over unless *filters* ask for a
        status or a refusal.
        """
        halves = not {"status", "refusal"} & set(filters)
        until, after = time.monotonic() + within, 0
        while True:
            last = time.monotonic() >= until
            for entry in self._control.journal(self._pbx, kind="exchange", after=after, **filters):
                after = entry.id
                half = halves and entry.refusal is not None and entry.refusal.code == _CHALLENGED
                if not half and entry.id not in self._returned:
                    self._returned.add(entry.id)
                    return entry
            if last:
                raise NothingCame(self._instead(within, filters))
            time.sleep(_BETWEEN)

    def again(self) -> None:
        """Begin with the first event, as in a journal that begins anew."""
        self._returned.clear()

    def _instead(self, within: float, filters: dict[str, Any]) -> str:
        wanted = " and ".join(f"{name} {value}" for name, value in filters.items())
        said = f"no request{f' with {wanted}' if wanted else ''} came within {within:g} seconds"
        there = self._control.journal(self._pbx, brief="yes")
        came = lines(entry for entry in there if entry.id not in self._returned)
        if not came:
            return f"{said}, and nothing else did"
        left = f"\n  (and {len(came) - SHOWN} before that)" if len(came) > SHOWN else ""
        return "\n  ".join((f"{said}; what came instead:{left}", *came[-SHOWN:]))
