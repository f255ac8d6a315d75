"""Calls: what really happened, calls that are let happen, and the deletion of all CDRs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.logger import Logger

from ucmsim.asking.callquery import sought
from ucmsim.asking.wishes import described_call, wished, wished_each
from ucmsim.control.answer import Answer, listed
from ucmsim.control.plane import Plane

_log = Logger()


async def calls(plane: Plane, pbx: str, query: Mapping[str, list[str]]) -> Answer:
    """Answer a page of the calls that are over."""
    wanted = sought(query)
    items, after = await plane.find(pbx).asked(lambda at_work: at_work.calls.page(wanted))
    return Answer(listed((one.as_json() for one in items), after))


async def place_call(plane: Plane, pbx: str, body: dict[str, Any] | list[Any]) -> Answer:
    """Let a call happen, or a list of them, all or none."""
    service = plane.find(pbx)
    if isinstance(body, list):
        told = await service.asked(
            lambda at_work: at_work.calls.place_each(lambda now: wished_each(body, now), described_call)
        )
    else:
        told = [described_call(await service.asked(lambda at_work: at_work.calls.place(lambda now: wished(body, now))))]
    shapes = ", ".join(dict.fromkeys(one["shape"] for one in told))
    _log.info("{pbx}: placed {count} of shape {shapes}", pbx=pbx, count=len(told), shapes=shapes)
    return Answer(listed(told) if isinstance(body, list) else told[0], 201)


async def delete_cdrs(plane: Plane, pbx: str) -> Answer:
    """Delete every CDR."""
    deleted = await plane.find(pbx).asked(lambda at_work: at_work.calls.delete_rows())
    _log.info("{pbx}: deleted all {count} CDRs", pbx=pbx, count=deleted)
    return Answer({"deleted": deleted})
