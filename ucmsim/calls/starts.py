"""Gives every story an instant of its own: two calls of one microsecond would have one session. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ucmsim.calls.events import Call
from ucmsim.calls.shapes import Story

_FORGOTTEN_AT = 64
"""Instants that are kept, but for those that are still ahead: a hundred bytes each, and there may be hundreds of PBXs."""


class Starts:
    """The microseconds in which calls began, or will."""

    def __init__(self, taken: Iterable[int] = ()) -> None:
        self._after: dict[int, int] = {}  # by each that is taken, where to look for one that is free
        self.take(taken)
        self._most = max(_FORGOTTEN_AT, 2 * len(self._after))

    def take(self, instants: Iterable[int]) -> None:
        """Let no call begin at these *instants* any more."""
        for instant in instants:
            self._after.setdefault(instant, instant + 1)

    def own(self, story: Story) -> Story:
        """Return *story*, so many microseconds later that nothing else began when its calls do."""
        after, later = self._after, 0
        while taken := [at for call in story if (at := call.start + later) in after]:
            later += max(after[at] - at for at in taken)
        if later:
            for call in story:
                after[call.start] = call.start + later + 1
            story = tuple(_later(call, later) for call in story)
        for call in story:
            after.setdefault(call.start, call.start + 1)
        return story

    def forget(self, before: int) -> None:
        """Forget what began *before* an instant, now and then: nothing will begin there any more."""
        if len(self._after) > self._most:
            self._after = {at: later for at, later in self._after.items() if at >= before}
            self._most = max(_FORGOTTEN_AT, 2 * len(self._after))


def _later(call: Call, by: int) -> Call:
    events = tuple(event._replace(at=event.at + by) for event in call.events)
    helps = None if call.helps is None else call.helps + by
    return call._replace(start=call.start + by, events=events, helps=helps)
