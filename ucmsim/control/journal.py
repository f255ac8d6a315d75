"""The journal: what happened on the wire, asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ucmsim.control.answer import Answer
from ucmsim.control.plane import Plane
from ucmsim.entry import ANY
from ucmsim.faults import KINDS
from ucmsim.journal import Inquiry
from ucmsim.journal.inquiry import no_fault
from ucmsim.service.pbxservice import PbxService


async def journal(plane: Plane, pbx: str, query: Mapping[str, Sequence[str]]) -> Answer:
    """Answer a page of events."""
    service, inquiry = plane.find(pbx), Inquiry.of(query)
    await known_fault(service, inquiry.fault)
    return Answer((await service.asked(lambda at_work: at_work.journal.inquire(inquiry))).as_json())


async def known_fault(service: PbxService, name: str | None) -> None:
    """Raise `FieldRefused` unless a fault, or a kind, is called *name*."""
    names, kinds = service.appliance.pbx.faults.names, [kind.id for kind in KINDS]
    if name in (None, ANY, *names, *kinds):
        return
    # It may have been armed long ago, or before a restart, and still stand in the journal.
    if not (await service.asked(lambda at_work: at_work.journal.inquire(Inquiry(fault=name, limit=1)))).items:
        raise no_fault(str(name), names, kinds)
