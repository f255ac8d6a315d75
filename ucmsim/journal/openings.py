"""The port of a PBX that closes, and opens again, as an event: who finds it closed leaves none of their own. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ucmsim.clock import When
from ucmsim.journal.times import instants
from ucmsim.journal.visits import kinds_of


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the port at *address* *listens* from now on.

    *faults* are the names of those that close it, or have kept it closed; *seconds* is for how long it was closed.
    """

    listens: bool
    address: str
    faults: tuple[str, ...]
    seconds: float = 0.0

    def as_entry(self, pbx: str, when: When) -> dict[str, Any]:
        """Return its event, which happened *when* it changed."""
        return {
            "kind": "listening",
            "pbx": pbx,
            **instants(when),
            "seconds": round(self.seconds, 6),
            "listens": self.listens,
            "address": self.address,
            "refusal": None,
            "faults": list(self.faults),
            "kinds": kinds_of(self.faults),
            "marks": [],
        }
