"""Turns the calls that happen into what a PBX writes and records, in the order in which it does. Pure.

Channels are counted as they are made, AcctIds and voicemail messages as legs end. A restart of the unit ends what is up
without a row, as does the end of the world, when nobody asks any more. Spec 5.2, 7 #23. The truth of each call is told with
its first record, and once more when it is over.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ucmsim.calls import filenames
from ucmsim.calls.counting import Channels, Numbers, numbered
from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import OVER, Call, Role, cut
from ucmsim.calls.legs import VOICEMAIL, Leg
from ucmsim.calls.projection import Firmware
from ucmsim.calls.shapes import Story
from ucmsim.calls.starts import Starts
from ucmsim.calls.truths import of_call, of_leg
from ucmsim.columns import GENERATIONS, NAMES
from ucmsim.corrections import Corrections
from ucmsim.instants import NEVER
from ucmsim.store.records import Numbered, Record


class Past(NamedTuple):
    """What a unit has counted: the last AcctId and the local month it was of, and by mailbox the number of the next message."""

    number: int = 0
    month: str = ""
    messages: Mapping[str, int] = MappingProxyType({})


class Known(NamedTuple):
    """What is known of calls that happened before: how many there were, and the instants, from now on, at which they began."""

    calls: int = 0
    starts: Iterable[int] = ()


_MENU = Role.MESSAGES
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
        self.clock = clock
        self._firmware = firmware
        self.go_on(stories)
        self._going_on: list[_Happening] = []
        self._begun = self._at = 0
        self._calls, self._starts = known.calls, Starts(known.starts)
        self._told: dict[int, Numbered] = {}
        self._over: list[Numbered] = []
        self._restarts = restarts
        self._channels = Channels(restarts)
        quirks = firmware.quirks
        self._width = len(GENERATIONS[str(quirks["columns"])].columns)
        self._blank = ("",) * (len(NAMES) - self._width)
        self._monthly, self._gap = quirks["acctid"] == "monthly", quirks.number("acctid-gaps")
        self._number, self._month = past.number, past.month
        self._messages = dict(past.messages)
        self._moves = quirks["heard-messages"] == "old"
        self._elsewhere: dict[str, Firmware] = {}

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
    def counted(self) -> Past:
        """What the unit has counted so far."""
        return Past(self._number, self._month, self._messages)

    def count_on(self, past: Past) -> None:
        """Count on from *past*, because something was deleted."""
        self._number, self._month, self._messages = past.number, past.month, dict(past.messages)

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

        No call begins at the instants *starts*.
        """
        gone = {id(numbers) for numbers in self._channels.drop(since, until)}
        self._going_on = [entry for entry in self._going_on if id(entry[3]) not in gone]
        heapify(self._going_on)
        self._at = until
        self._starts.take(starts)

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

    def places_of(self, calls: Iterable[Call]) -> list[int | None]:
        """Return of each of *calls* how many of those that are known will have been over when it is, itself among them.

        None where it is not known when it ends, or where it is over already. All are looked up at once: each time costs
        what all that are known cost.
        """
        ending = sorted(entry[:3] for entry in self._going_on if isinstance(entry[2], Call) and entry[0] != NEVER)
        places = {id(call): place for place, (_, _, call) in enumerate(ending, len(self._over) + 1)}
        return [places.get(id(call)) for call in calls]

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
                yield self._record(numbered(what, numbers), call)

    def _record(self, leg: Leg, call: Numbered) -> Record:
        happened, mailbox = of_leg(leg), leg.reached.number
        firmware = self._firmware
        if self.clock:
            firmware, leg = self._by_zone(self.clock.zone(leg.end)), _seen(leg, self.clock)
        recordings = firmware.recordings(leg, self._messages.get(mailbox, 0))
        if leg.lastapp == VOICEMAIL:
            self._messages[mailbox] = self._messages.get(mailbox, 0) + 1
        # Later, not different: a clock that goes back over the end of a month does not begin the old one again.
        if self._monthly and (now := firmware.timing.month(leg.end)) > self._month:
            self._number, self._month = 0, now
        self._number += 1
        if self._gap and self._number % self._gap == 0:
            self._number += 1
        row = firmware.row(leg, recordings, str(self._number))
        if self._blank:
            row = row[: self._width] + self._blank
        return Record(row, recordings, happened, self._heard(leg), call, tuple(self.over()))

    def _heard(self, leg: Leg) -> tuple[str, str] | None:
        """Return where the messages of a mailbox go whose owner has heard them on *leg*. Asterisk apps/app_voicemail.c."""
        owner = leg.call.caller.number
        if leg.reached.role is not _MENU or not self._moves or not self._messages.pop(owner, 0):
            return None
        return filenames.mailbox(owner), filenames.heard(owner)

    def _by_zone(self, zone: ZoneInfo | None) -> Firmware:
        """Return the firmware of the unit while it believes in *zone*: it writes all times of a row in the same one."""
        if zone is None:
            return self._firmware
        if zone.key not in self._elsewhere:
            self._elsewhere[zone.key] = Firmware.of(self._firmware.quirks, zone)
        return self._elsewhere[zone.key]


def _seen(leg: Leg, clock: Corrections) -> Leg:
    """Return *leg* as the unit's *clock* showed it."""

    def call_seen(call: Call) -> Call:
        helps = None if call.helps is None else clock.shown(call.helps)
        return call._replace(start=clock.shown(call.start), helps=helps)

    start, turn, end = (clock.shown(instant) for instant in (leg.start, leg.turn, leg.end))
    return leg._replace(
        call=call_seen(leg.call),
        start=start,
        turn=turn,
        end=end,
        rung=None if leg.rung is None else clock.shown(leg.rung),
        fetched=leg.fetched and call_seen(leg.fetched),
        real=leg,
    )
