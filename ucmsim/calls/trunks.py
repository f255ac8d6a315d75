"""What trunks carried of a call, in and out, from when to when: the truth beside that of the talk. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import accumulate
from operator import attrgetter

from ucmsim.calls.events import OVER, THROUGH, Call, Event, Party, Role, What, cut
from ucmsim.instants import NEVER
from ucmsim.steps import Steps
from ucmsim.store.truth import Carried

_STOPS = (What.ANSWER, What.ENTER, What.FORWARD)
"""Where whoever still rings stops; who rings with others for a page goes on."""
_LEAVES = (What.TRANSFER, What.PARK)
"""Where whoever talks with the caller leaves."""
_GIVES_UP = (What.BUSY, What.GIVE_UP)
_since = attrgetter("since")
_TAKEN_UP = (What.TAKE_UP,)
_DIAL, _ANSWER, _ENTER, _HELPER = What.DIAL, What.ANSWER, What.ENTER, Role.HELPER


def carried(call: Call) -> Iterator[Carried]:
    """Yield what trunks carried of *call*: its caller, then whom the PBX called beyond a trunk, in that order.

    A trunk is taken from the first ring on. What is up still, in a call that is neither hung up nor cut, is left out, and
    so is what a helper's channel stands for: that channel is a call of its own.
    """
    last = call.events[-1] if call.events else None
    if call.caller.trunk and last and last.what in OVER:
        yield _carried(call.caller, "out" if call.begun else "in", call.start, _taken(call), last.at)
    for event in call.events:
        if event.to is not None and event.to.trunk:
            yield from sorted(_out(call), key=_since)
            return


def crowded(
    calls: Iterable[Call], up: Iterable[Call], channels: Mapping[str, int], besides: Container[str] = ()
) -> Steps[list[tuple[Carried, int]]]:
    """Return what *calls* have of each place that has too few *channels* for all that are *up* meanwhile, and how many need one.

    *channels* are by place, one where it does not say; *besides* are places that nobody asks about. A call without an end
    goes on for ever.
    """
    ours: dict[str, Carried] = {}
    for call in calls:
        ours |= {one.place: one for one in carried(cut(call, NEVER)) if one.place not in besides}
        yield
    turns: dict[str, list[tuple[int, int]]] = {place: [] for place in ours}
    for call in up if ours else ():
        for one in carried(cut(call, NEVER)):
            if one.place in ours:
                turns[one.place] += (one.since, 1), (one.until, -1)
        yield
    most = {place: max(accumulate(change for _, change in sorted(turns[place]))) for place in ours}
    return [(one, most[place]) for place, one in ours.items() if most[place] > channels.get(place, 1)]


def _carried(party: Party, direction: str, since: int, answered: int | None, until: int) -> Carried:
    return Carried(party.trunk, party.port or party.place, direction, party.number, since, answered, until)


def _taken(call: Call) -> int | None:
    """Return when the caller's own channel was answered: by whoever took the call, or, if the PBX called, by the caller."""
    taking = _TAKEN_UP if call.begun else THROUGH
    for event in call.events:
        if event.what in taking:
            return event.at
    return None


def _out(call: Call) -> Iterator[Carried]:
    """Yield what was carried out, of each number as it left."""
    up: dict[Party, tuple[int, int | None]] = {}  # who rings, and who has answered: since when
    paging = False
    for event in call.events:
        what, to = event.what, event.to
        if up:
            for party, (since, answered) in list(up.items()):
                if _left(event, party, answered, paging=paging):
                    del up[party]
                    yield _carried(party, "out", since, answered, event.at)
        if to is None or to.role is _HELPER:
            continue
        if what is _ENTER:
            paging = to.role is Role.PAGING
        elif what is _DIAL and to.trunk:
            up[to] = event.at, None
        elif what is _ANSWER and to in up:
            up[to] = up[to][0], event.at


def _left(event: Event, party: Party, answered: int | None, *, paging: bool) -> bool:
    """Return whether *party*, who *answered* or rings, leaves a call with *event*."""
    if event.what in OVER or (event.what in _GIVES_UP and event.to == party):
        return True
    if answered is None:
        return event.what in _STOPS and event.to != party and not (paging and event.what is What.ANSWER)
    return event.what in _LEAVES
