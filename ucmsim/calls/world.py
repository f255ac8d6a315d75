"""Turns the calls that happen into what a PBX writes and records, in the order in which it does. Pure.

Channels are counted as they are made; what legs leave when they end `writing` counts and writes. A restart of the unit ends
what is up without a row, as does the end of the world, when nobody asks any more. Spec 5.2, 7 #23. The truth of each call is
told with its first record, and once more when it is over.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain
from typing import NamedTuple

from ucmsim.calls.counting import Channels, Numbers, numbered
from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import OVER, Call, cut
from ucmsim.calls.legs import Leg
from ucmsim.calls.projection import Firmware
from ucmsim.calls.shapes import Story
from ucmsim.calls.starts import Starts
from ucmsim.calls.truths import of_call
from ucmsim.calls.writing import Past, Writer
from ucmsim.corrections import Corrections
from ucmsim.instants import NEVER
from ucmsim.store.records import Numbered, Record


class Known(NamedTuple):
    """What is known of calls that happened before: how many there were, and the instants, from now on, at which they began."""

    calls: int = 0
    starts: Iterable[int] = ()


_Happening = tuple[int, int, Leg | Call, Numbers, int]
"""A leg or a call that will be over: when, in which order, which, and the numbers of its channels and of the call."""


class CallWorld:
    """The calls of one PBX as its *firmware* writes about them; *stories* come in the order in which they begin.

    What is written shows the unit's *clock*, which can be corrected. The unit restarts at *restarts*, in order.
    """

    def __init__(
        self,
        firmware: Firmware,
        stories: Iterator[Story],
        past: Past = Past(),  # noqa: B008 - a frozen value
        *,
        clock: Corrections = Corrections(),  # noqa: B008 - a frozen value
        restarts: Sequence[int] = (),
        known: Known = Known(),  # noqa: B008 - a frozen value
    ) -> None:
        self.writer = Writer(firmware, past, clock)
        self._firmware = firmware
        self.go_on(stories)
        self._going_on: list[_Happening] = []
        self._begun = self._at = 0
        self._calls, self._starts = known.calls, Starts(known.starts)
        self._told: dict[int, Numbered] = {}
        self._over: list[Numbered] = []
        self._restarts = restarts
        self._channels = Channels(restarts)

    @property
    def goes_on(self) -> bool:
        """Whether a call is up, or will be."""
        return bool(self._going_on) or self._next is not None

    @property
    def due(self) -> int:
        """The instant before which nothing is over, and no call begins that has come from the stories already."""
        over = self._going_on[0][0] if self._going_on else NEVER
        return over if self._next is None else min(over, self._next[0].start)

    @property
    def channels(self) -> int:
        """How many channels were made up to where the unit has come, since it began to count."""
        return self._channels.made(self._at - 1)

    def count_channels(self, made: int, at: int) -> None:
        """Count on behind so many channels that were made until the instant *at*."""
        self._channels.count_on(made, at)

    def go_on(self, stories: Iterator[Story]) -> None:
        """Take what happens from now on from *stories*."""
        self._stories = stories
        self._next = next(stories, None)

    def place(self, story: Story) -> Story:
        """Let the calls of *story* happen, which must not begin before what was written already ended.

        Return what will happen of them: they begin a little later where others begin in the same microsecond, and a
        restart of the unit cuts them off.
        """
        story = self._starts.own(story)
        if self._restarts:
            story = self._cut_off(story)
        numbers = self._channels.expect(story)
        for call in story:
            self._calls += 1
            for leg in legs(call, story):
                self._push(leg.end, leg, numbers)
            last = call.events[-1] if call.events else None
            self._push(last.at if last and last.what in OVER else NEVER, call, numbers)
        return story

    def meanwhile(self, calls: Sequence[Call]) -> Iterator[Call]:
        """Yield the calls that are known to be up while *calls* are, those among them."""
        since = min(call.start for call in calls)
        until = max(NEVER if call.ended is None else call.ended for call in calls)
        for end, _, what, _, _ in self._going_on:
            if isinstance(what, Call) and what.start < until and end > since:
                yield what

    def _push(self, end: int, what: Leg | Call, numbers: Numbers) -> None:
        heappush(self._going_on, (end, self._begun, what, numbers, self._calls))
        self._begun += 1

    def drop(self, since: int, until: int, starts: Iterable[int] = ()) -> None:
        """Let nothing happen of stories that would begin after *since* and not after *until*, where the world goes on.

        No call begins at the instants *starts*, nor where one began that is up: the clock may have gone back to before it.
        """
        gone = {id(numbers) for numbers in self._channels.drop(since, until)}
        self._going_on = [entry for entry in self._going_on if id(entry[3]) not in gone]
        heapify(self._going_on)
        self._at = until
        up = (what.start for _, _, what, _, _ in self._going_on if isinstance(what, Call))
        self._starts.take(chain(starts, up))

    def restart(self, at: int) -> None:
        """Let the unit restart at the instant *at*, up to which everything has happened and been asked for."""
        self._channels.restart(at)
        self._going_on = [entry for one in self._going_on for entry in self._outlives(one, at)]
        heapify(self._going_on)

    def _outlives(self, one: _Happening, at: int) -> Iterator[_Happening]:
        """Yield what a restart at the instant *at* makes of what would be over later: of what is up only the truth is left."""
        _, order, what, numbers, number = one
        if not numbers:  # no channel of it was made, so it has not begun
            yield one
        elif isinstance(what, Call) and what.start < at:
            self._told.pop(number, None)
            yield at, order, cut(what, at), numbers, number

    def rows_of(self, story: Story) -> int | None:
        """Return how many rows will be written of *story*, None while nobody knows how its calls end."""
        if any(call.ended is None for call in story):
            return None
        return sum(self._firmware.writes(leg) for call in story for leg in legs(call, story))

    def over(self) -> list[Numbered]:
        """Return the calls that are over since this was asked, or since the last record, in order."""
        over, self._over = self._over, []
        return over

    def up(self) -> list[Numbered]:
        """Return the calls that are up where the unit has come to, as they are if they are cut there."""
        at, going_on = self._at, sorted(self._going_on)
        found = [(number, what) for _, _, what, _, number in going_on if isinstance(what, Call) and what.start < at]
        return [Numbered(number, of_call(cut(call, at))) for number, call in found]

    def ahead(self) -> list[Story]:
        """Return the stories that begin where the unit has come to, or later, in the order in which they were placed."""
        stories: dict[int, list[Call]] = {}
        for _, what, numbers in sorted((entry[1], entry[2], entry[3]) for entry in self._going_on):
            if isinstance(what, Call):
                stories.setdefault(id(numbers), []).append(what)
        return [tuple(story) for story in stories.values() if min(call.start for call in story) >= self._at]

    def switch_off(self) -> None:
        """Cut whatever is up where the unit has come to; nothing happens any more."""
        self._over += self.up()
        self._going_on = []
        self.go_on(iter(()))

    def _cut_off(self, story: Story) -> Story:
        """Return what happens of *story* before the unit restarts."""
        at = bisect_right(self._restarts, min(call.start for call in story))
        if at == len(self._restarts):
            return story
        restart = self._restarts[at]
        return tuple(cut(call, restart) for call in story if call.start < restart)

    def records(self, until: int) -> Iterator[Record]:
        """Yield what is written of the legs that end before *until*, in that order; ask again for those after it.

        Stories that had come to an end may go on when it is asked again.
        """
        if self._next is None:
            self._next = next(self._stories, None)
        while True:
            while self._next is not None and self._next[0].start < until:
                if self._going_on and self._going_on[0][0] <= self._next[0].start:
                    break
                self.place(self._next)
                self._next = next(self._stories, None)
            if not self._going_on or self._going_on[0][0] >= until:
                self._at = max(self._at, until)
                return
            self._at, _, what, numbers, number = heappop(self._going_on)
            if isinstance(what, Call):
                told = self._told.pop(number, None)
                self._over.append(Numbered(number, of_call(what)) if told is None else told)
                self._starts.forget(self._at)
            elif self._firmware.writes(what):
                self._channels.count(what.end)
                call = self._told.get(number)
                if call is None:
                    call = self._told[number] = Numbered(number, of_call(what.call))
                yield self.writer.record(numbered(what, numbers), call, tuple(self.over()))
