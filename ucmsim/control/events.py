"""The journal as it grows: server-sent events, for whoever accepts these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ucmsim.contract.fields import FieldRefused, whole_number
from ucmsim.control.journal import known_fault
from ucmsim.control.plane import Plane
from ucmsim.journal import Inquiry
from ucmsim.service.journalstream import JournalStream

MEDIA_TYPE = "text/event-stream"
_LARGEST = 10**18


async def events(plane: Plane, pbx: str, query: Mapping[str, Sequence[str]], resumes: str | None) -> JournalStream:
    """Return the stream of events after the id that *resumes* says, else after `after`, else from now on."""
    service, inquiry = plane.find(pbx), Inquiry.of(query)
    for name in ("limit", "last"):
        if name in query:
            raise FieldRefused(f"'{name}' does not go with {MEDIA_TYPE}, which has no end; leave it out", name)
    await known_fault(service, inquiry.fault)
    if resumes is not None:
        inquiry = replace(inquiry, after=whole_number(resumes, "Last-Event-ID", 0, _LARGEST))
    elif "after" not in query:
        inquiry = replace(inquiry, after=service.journal.last)
    return JournalStream(service.journal, inquiry)
