"""The ledger: what really happened in each call, and which exchanges carried its rows and recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ucmsim.asking.callquery import accounted
from ucmsim.control.answer import Answer, listed
from ucmsim.control.plane import Plane
from ucmsim.store.carriers import Carrier


async def ledger(plane: Plane, pbx: str, query: Mapping[str, Sequence[str]]) -> Answer:
    """Answer a page of the calls that are over, and then of rows that were imported."""
    sought, how = accounted(query)
    found = await plane.find(pbx).asked(lambda at_work: at_work.calls.accounted(sought, how))
    known: dict[Carrier, dict[str, Any]] = {}
    return Answer(listed((one.as_json(known) for one in found.items), found.next))
