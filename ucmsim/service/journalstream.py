"""Follows the journal of one PBX as it grows: what `GET .../journal` sends to who asks for server-sent events.

Nothing is kept here: events are read from the journal, a few at a time, when whoever follows can take more.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ucmsim.contract.eventstream import lost
from ucmsim.journal import Inquiry
from ucmsim.service.keeping import JournalKeeper

AT_ONCE = 100
"""Events that are read at a time."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment says that the stream lives."""


class JournalStream:
    """The events that *inquiry* asks for, those after its `after` first."""

    def __init__(self, keeper: JournalKeeper, inquiry: Inquiry) -> None:
        self._keeper = keeper
        # Ids begin anew with a new universe, and where nothing is kept on disk with each start.
        after = inquiry.after if inquiry.after <= keeper.last else 0
        self._inquiry = replace(inquiry, after=after, limit=AT_ONCE)
        self._ended = False

    async def more(self) -> bytes:
        """Return the next events, or a comment after a silence, as they are sent; b"" when there will be no more."""
        while not self.has_ended:
            found = await self._keeper.inquire(self._inquiry)
            missed = found.first - self._inquiry.after - 1 if found.last else 0
            self._inquiry = replace(self._inquiry, after=found.last if found.next is None else found.next)
            if found.items:
                told = lost(missed, found.first) if missed > 0 else ""
                return (told + "".join(map(_sent, found.items))).encode()
            if self._keeper.last == self._inquiry.after and not await self._keeper.changed(HEARTBEAT):
                return b": nothing happened\n\n"
        return b""

    @property
    def has_ended(self) -> bool:
        """Whether nobody follows any more."""
        return self._ended

    def end(self) -> None:
        """Let `more` return that there is no more."""
        self._ended = True
        self._keeper.wake()


def _sent(entry: dict[str, Any]) -> str:
    return f"id: {entry['id']}\nevent: {entry['kind']}\ndata: {json.dumps(entry)}\n\n"
