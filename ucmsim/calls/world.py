"""Turns the calls that happen into what a PBX writes and records, in the order in which it does. Pure.

Channels are counted as calls begin, AcctIds and voicemail messages as legs end. A call that is not over when nobody asks
any more leaves no row: a restart of the unit ends it so. Spec 5.2, 7 #23.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from types import MappingProxyType
from typing import NamedTuple

from ucmsim.calls.dialplan import legs
from ucmsim.calls.legs import VOICEMAIL, Leg, truth
from ucmsim.calls.projection import Firmware
from ucmsim.calls.shapes import Story
from ucmsim.columns import GENERATIONS, NAMES
from ucmsim.history import Record


class Past(NamedTuple):
    """What a unit has counted before: the last AcctId and the local month it was of, and the messages by mailbox."""

    number: int = 0
    month: str = ""
    messages: Mapping[str, int] = MappingProxyType({})


class CallWorld:
    """The calls of one PBX as its *firmware* writes about them; *stories* come in the order in which they begin."""

    def __init__(self, firmware: Firmware, stories: Iterator[Story], past: Past = Past()) -> None:  # noqa: B008
        self._firmware = firmware
        self.go_on(stories)
        self._going_on: list[tuple[int, int, Leg]] = []
        self._begun = 0
        quirks = firmware.quirks
        self._width = len(GENERATIONS[str(quirks["columns"])].columns)
        self._blank = ("",) * (len(NAMES) - self._width)
        self._monthly, self._gap = quirks["acctid"] == "monthly", quirks.number("acctid-gaps")
        self._number, self._month = past.number, past.month
        self._messages = Counter(past.messages)

    @property
    def goes_on(self) -> bool:
        """Whether a call is up, or will be."""
        return bool(self._going_on) or self._next is not None

    def go_on(self, stories: Iterator[Story]) -> None:
        """Take what happens from now on from *stories*."""
        self._stories = stories
        self._next = next(stories, None)

    def place(self, story: Story) -> None:
        """Let the calls of *story* happen; it must not begin before what was written already ended."""
        for call in story:
            for leg in legs(call, story):
                heappush(self._going_on, (leg.end, self._begun, leg))
                self._begun += 1

    def records(self, until: int) -> Iterator[Record]:
        """Yield what is written of the legs that end before *until*, in that order; ask again for those after it."""
        while True:
            while self._next is not None and self._next[0].start < until:
                if self._going_on and self._going_on[0][0] <= self._next[0].start:
                    break
                self.place(self._next)
                self._next = next(self._stories, None)
            if not self._going_on or self._going_on[0][0] >= until:
                return
            leg = heappop(self._going_on)[2]
            if self._firmware.writes(leg):
                yield self._record(leg)

    def _record(self, leg: Leg) -> Record:
        mailbox = leg.reached.number
        recordings = self._firmware.recordings(leg, self._messages[mailbox])
        if leg.lastapp == VOICEMAIL:
            self._messages[mailbox] += 1
        # Later, not different: a clock that goes back over the end of a month does not begin the old one again.
        if self._monthly and (now := self._firmware.timing.month(leg.end)) > self._month:
            self._number, self._month = 0, now
        self._number += 1
        if self._gap and self._number % self._gap == 0:
            self._number += 1
        row = (str(self._number), *self._firmware.row(leg, recordings)[1 : self._width], *self._blank)
        return Record(row, recordings, truth(leg))
