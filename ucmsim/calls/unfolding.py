"""The calls of traffic that goes on live: none is decided before its time has come. Pure.

Calls that are placed meanwhile take lines, and who begins to call after them is to find these taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from ucmsim.calls.shapes import Story
from ucmsim.calls.traffic import Traffic
from ucmsim.instants import NEVER


class Unfolding(Iterator[Story]):
    """The calls of *traffic* from the instant *since* on that begin before `until`; when that is moved, it goes on."""

    def __init__(self, traffic: Traffic, since: int) -> None:
        self._traffic = traffic
        self._starts = traffic.starts(since)
        self._start = next(self._starts, None)
        self.until = since

    @property
    def due(self) -> int:
        """The instant before which none of them begins."""
        return NEVER if self._start is None else self._start

    def __next__(self) -> Story:
        while self._start is not None and self._start < self.until:
            start, self._start = self._start, next(self._starts, None)
            if story := self._traffic.story(start):
                return story
        raise StopIteration
