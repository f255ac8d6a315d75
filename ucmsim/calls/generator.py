"""The calls of the days before an instant, and what a PBX wrote and recorded of them. Spec 5; https-api 5.2 (ucm6200)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random

from ucmsim.calls.projection import Firmware
from ucmsim.calls.traffic import Office, Traffic
from ucmsim.calls.world import CallWorld
from ucmsim.corrections import Corrections
from ucmsim.instants import SECOND, microseconds
from ucmsim.records import Record

_DAY = 24 * 3600 * SECOND


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
    stories = traffic.stories(last - days * _DAY, last)
    return CallWorld(firmware, stories, clock=clock, restarts=office.restarts)


def generate(
    office: Office,
    firmware: Firmware,
    chance: Random,
    recording: Random,
    *,
    until: datetime,
    days: int,
    calls_per_day: int,
    clock: Corrections = Corrections(),  # noqa: B008 - a frozen value
) -> Iterator[Record]:
    """Yield the records of the world `before` *until*, as they were written; all of their legs ended by then."""
    world = before(
        office, firmware, chance, recording, until=until, days=days, calls_per_day=calls_per_day, clock=clock
    )
    return world.records(microseconds(until))
