"""Which extensions and trunk channels are taken, and until when. Pure; time comes in as an argument.

Nothing is released: a line is free again when its time has come. Calls that happen whatever is taken hold theirs from
when they begin. Each seizure costs O(log n) of those that go on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from heapq import heapify, heappop, heappush


class Lines:
    """So many calls at a time as *channels* says by place, such as ``trunk_1``; a place not named there holds one.

    Instants are whole microseconds. Questions about one place come in the order of time: the past is forgotten.
    """

    def __init__(self, channels: Mapping[str, int] | None = None) -> None:
        self._channels = dict(channels or {})
        self._ends: defaultdict[str, list[int]] = defaultdict(list)
        self._asked: dict[str, int] = {}
        self._held: list[tuple[int, int, str]] = []

    def taken(self, place: str, at: int) -> int:
        """Return how many calls *place* holds at the instant *at*; a call that ends then is over.

        Raises `ValueError` when *place* was asked about a later instant before.
        """
        if at < self._asked.get(place, at):
            raise ValueError(f"{place} was asked about an instant {self._asked[place] - at} us later")
        self._asked[place] = at
        if self._held:
            self._begin(at)
        ends = self._ends[place]
        while ends and ends[0] <= at:
            heappop(ends)
        return len(ends)

    def _begin(self, at: int) -> None:
        """Take the lines that are held from the instant *at* on, or from an earlier one."""
        while self._held and self._held[0][0] <= at:
            _, until, place = heappop(self._held)
            heappush(self._ends[place], until)

    def free(self, place: str, at: int, lines: int = 1) -> bool:
        """Return whether *place* has so many *lines* to spare at the instant *at*."""
        return self.taken(place, at) + lines <= self._channels.get(place, 1)

    def hold(self, since: int, until: int, *places: str) -> None:
        """Let a line of each of *places* be taken from *since* until *until*, whether or not it has one to spare then."""
        for place in places:
            heappush(self._held, (since, until, place))

    def emptied(self, at: int) -> Lines:
        """Return these lines when whatever took them has let go at the instant *at*, but for what holds them from then on."""
        found = Lines(self._channels)
        found._held = [held for held in self._held if held[0] >= at]
        heapify(found._held)
        return found

    def up(self, at: int, besides: int) -> Lines:
        """Return the lines as they are taken at the instant *at*, to be asked about any instant from then on.

        What would hold one from later on, but not after *besides*, does not.
        """
        self._begin(at)
        found = self.emptied(max(at, besides) + 1)
        for place, ends in self._ends.items():
            if going_on := [end for end in ends if end > at]:
                found._ends[place] = sorted(going_on)  # which is a heap
        return found

    def seize(self, since: int, until: int, *places: str) -> bool:
        """Take a line of each of *places* from *since* until *until*, or none if one of them has none to spare.

        A place that is named twice gives two lines. Return whether they were taken.
        """
        ends, channels = self._ends, self._channels
        wanted = dict.fromkeys(places, 1)
        if len(wanted) < len(places):
            wanted = Counter(places)
        for place, lines in wanted.items():
            if self.taken(place, since) + lines > channels.get(place, 1):
                return False
        for place in places:
            heappush(ends[place], until)
        return True
