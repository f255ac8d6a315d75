"""The journal of one PBX: events come in, the latest are kept in memory, all of them on disk where that is asked for.

Touched in the reactor thread only; what takes long is a function that is returned, to be run in the worker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Self

from ucmsim.journal.inquiry import Inquiry, Search
from ucmsim.journal.passwords import Passwords
from ucmsim.journal.ring import Ring
from ucmsim.journal.spill import Spill
from ucmsim.settings import Journal as Settings

ENTRIES, ROOM = 50_000, 8 << 20
"""Events that are kept in memory, and bytes of them."""


class Journal:
    """Keeps events; *spill* is where all of them go as well, None for nowhere. `hears` is called with each new one.

    *mark* tells it apart from any other, whose ids mean other events, where somebody set it. What became a password only
    after an event was written is taken out of it when it is told. *marks* is how often each was set, also on events that are
    kept no more; after a restart it counts anew.
    """

    def __init__(self, entries: int = ENTRIES, room: int = ROOM, spill: Spill | None = None) -> None:
        self._spill = spill
        self._ring = Ring(entries, room, spill.last if spill else 0)
        self._spilt = self._ring.last
        self.hears: Callable[[], object] | None = None
        self.mark = ""
        self.marks: Counter[str] = Counter()
        self.passwords = Passwords()

    def __len__(self) -> int:
        return len(self._ring)

    @classmethod
    def of(cls, settings: Settings, spill: Spill | None = None) -> Self:
        """Return an empty journal as the *settings* ask for it."""
        return cls(settings.entries, settings.megabytes << 20, spill)

    @property
    def size(self) -> int:
        """The bytes that the events in memory take."""
        return self._ring.size

    @property
    def spills(self) -> bool:
        """Whether anything goes to disk."""
        return self._spill is not None

    def add(self, entry: dict[str, Any]) -> int:
        """Take *entry* in; return its id, which counts from 1."""
        if self.hears is not None:
            self.hears()
        self.marks.update(entry.get("marks", ()))
        return self._ring.add(entry)

    @property
    def last(self) -> int:
        """The id of the latest event there ever was, 0 without any."""
        return self._ring.last

    def entries(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """Yield what is in memory, in order, with ids above *after*."""
        return self._ring.kept_after(after).after(after)

    def flushing(self) -> Callable[[], None] | None:
        """Return what writes to disk whatever is not there yet, for the worker; None when there is nothing to do.

        It may raise `sqlite3.Error`, and what it could not write is for the next one. What the ring drops before it is
        written is lost: that takes longer than a second of the worker's and as many events as the ring has.
        """
        spill = self._spill
        if spill is None or self._spilt == self._ring.last:
            return None
        kept, after = self._ring.kept_after(self._spilt), self._spilt

        def flush() -> None:
            spill.write(kept.after(after))
            # In the worker, one after another: events have been written up to here, whatever else is.
            self._spilt = max(self._spilt, kept.last)

        return flush

    def inquiring(self, inquiry: Inquiry) -> Search:
        """Return what looks for the answer to *inquiry* as of now, step by step, in the worker."""
        flush, spill = self.flushing(), self._spill
        if spill is None:
            kept, first = self._ring.kept_after(inquiry.after), self._ring.first
            entries = kept.after(inquiry.after) if inquiry.last is None else kept.backwards()
            return Search(self.passwords.veiled(entries), inquiry, lambda: (first, kept.last))
        return Search(
            self.passwords.veiled(_on_disk(spill, flush, inquiry)), inquiry, lambda: (spill.first, spill.last)
        )

    def clear(self) -> None:
        """Forget everything, also on disk; ids begin again."""
        self._ring.clear()
        self.marks.clear()
        self._spilt = 0
        if self._spill is not None:
            self._spill.clear()

    def close(self) -> None:
        """Write what is not written yet, and close the file."""
        flush = self.flushing()
        if self._spill is not None:
            try:
                if flush is not None:
                    flush()
            finally:
                self._spill.close()


def _on_disk(spill: Spill, flush: Callable[[], None] | None, inquiry: Inquiry) -> Iterator[dict[str, Any]]:
    if flush is not None:
        flush()
    yield from spill.find(inquiry)
