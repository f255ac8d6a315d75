"""The world of the calls of some days before an instant, which a history begins with. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from random import Random

from ucmsim.calls.projection import Firmware
from ucmsim.calls.shapes import Story
from ucmsim.calls.traffic import Office, Traffic
from ucmsim.calls.world import CallWorld
from ucmsim.corrections import Corrections
from ucmsim.instants import SECOND, microseconds

_DAY = 24 * 3600 * SECOND
_AHEAD = 128
"""Stories that are made up at a time: with one at a time, a row takes a tenth longer."""


def before(
    office: Office,
    firmware: Firmware,
    chance: Random,
    recording: Random,
    *,
    until: datetime,
    days: int,
    calls_per_day: int,
    clock: Corrections = Corrections(),  # noqa: B008 - a frozen value
) -> CallWorld:
    """Return the world of *calls_per_day* calls a day on average, in the *days* before *until*, an instant with its zone.

    *chance* decides what happens, whatever the firmware; *recording* which calls are recorded, so that this shifts no
    call. *clock* is what the unit's clock shows beside it.
    """
    last = microseconds(until)
    traffic = Traffic(office, calls_per_day, chance, recording)
    stories = _ahead(traffic.stories(last - days * _DAY, last))
    return CallWorld(firmware, stories, clock=clock, restarts=office.restarts)


def _ahead(stories: Iterator[Story]) -> Iterator[Story]:
    """Yield *stories*, of which some are made up ahead: one kind of work at a time keeps the processor's caches warm."""
    while some := list(islice(stories, _AHEAD)):
        yield from some
