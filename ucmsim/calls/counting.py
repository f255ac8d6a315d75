"""Counts the channels that a unit makes, in the order in which it does, from 0 on after each restart. Pure.

A call knows which of its own channels is which; the numbers they have depend on what other calls make meanwhile, and
are there once the unit has come that far. Spec 5.1, 5.2; https-api 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from ucmsim.calls.events import What
from ucmsim.calls.legs import Leg
from ucmsim.calls.shapes import Story

Numbers = dict[int, int]
"""What each channel of a story, counted within it, is counted as by the unit."""

_DIAL = What.DIAL
_FIRST = 0
"""What the first channel of a story is counted as within it."""


class Channels:
    """The channel counter of one unit that restarts at *restarts*, instants in order."""

    def __init__(self, restarts: Iterable[int] = ()) -> None:
        self._restarts = list(reversed(list(restarts)))
        self._expected: list[tuple[int, int, int, Numbers]] = []
        self._order = self._next = 0

    def expect(self, story: Story) -> Numbers:
        """Take note of the channels that *story* will make; return what their numbers will be found in."""
        numbers: Numbers = {}
        expected, order = self._expected, self._order
        for call in story:
            channel = call.made
            heappush(expected, (call.start, order, channel, numbers))
            order += 1
            for event in call.events:
                if event.what is _DIAL:
                    channel += 1
                    if not event.channel:
                        heappush(expected, (event.at, order, channel, numbers))
                        order += 1
        self._order = order
        return numbers

    def drop(self, since: int, until: int) -> list[Numbers]:
        """Expect no channel of stories that begin after *since* and not after *until*; return what was to be found in."""
        gone = {
            id(numbers): numbers
            for at, _, channel, numbers in self._expected
            if channel == _FIRST and since < at <= until
        }
        self._expected = [entry for entry in self._expected if id(entry[3]) not in gone]
        heapify(self._expected)
        return list(gone.values())

    def restart(self, at: int) -> None:
        """Count from 0 again at the instant *at*; what had begun to be counted makes no more channels."""
        self.count(at - 1)
        self._expected = [entry for entry in self._expected if not entry[3]]
        heapify(self._expected)
        self._next = 0

    def made(self, until: int) -> int:
        """Return how many channels were made until the instant *until* since the unit began to count."""
        self.count(until)
        return self._next

    def count_on(self, made: int, at: int) -> None:
        """Count on behind so many channels that were made until the instant *at*, and since the last restart."""
        while self._restarts and self._restarts[-1] <= at:
            self._restarts.pop()
        self._next = made

    def count(self, until: int) -> None:
        """Count all channels that are made until the instant *until*, that included."""
        expected = self._expected
        while expected and expected[0][0] <= until:
            at, _, channel, numbers = heappop(expected)
            while self._restarts and self._restarts[-1] <= at:
                self._restarts.pop()
                self._next = 0
            numbers[channel] = self._next
            self._next += 1


def numbered(leg: Leg, numbers: Numbers) -> Leg:
    """Return *leg* with the numbers that its channels have on the unit.

    What was never dialled made no channel: where one is told of all the same, it has the number after the caller's.
    """
    call = leg.call
    made = numbers[call.made]
    channel = numbers.get(call.made + leg.channel, made + 1) - made if leg.channel else 0
    return leg.over(call.after(made), channel)
