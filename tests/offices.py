"""Makes an office with its people, in which a test lets calls happen. No Twisted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache, partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from ucmsim.calls import Firmware, Office, before
from ucmsim.calls.locales import Locales
from ucmsim.calls.people import People
from ucmsim.instants import microseconds
from ucmsim.settings import Extensions, Recording, Traffic, Trunk
from ucmsim.store.records import Record


def office_of(
    extensions: Extensions,
    trunks: tuple[Trunk, ...],
    recording: Recording,
    traffic: Traffic,
    zone: ZoneInfo,
    seed: int = 1,
) -> Office:
    """Return the office that these settings describe, with the people of a *seed*."""
    return Office(extensions, trunks, recording, traffic, zone, partial(_people, extensions, trunks, traffic, seed))


@cache
def _people(extensions: Extensions, trunks: tuple[Trunk, ...], traffic: Traffic, seed: int) -> People:
    """Return the people of a *seed*: values, whose names take longer to make up than a day of their calls."""
    return People.of(extensions, trunks, traffic, Random(seed), Random(seed), locales=Locales())


def generate(
    office: Office, firmware: Firmware, chance: Random, recording: Random, *, until: datetime, **more: Any
) -> Iterator[Record]:
    """Yield the records of the world `before` *until*, as they were written; all of their legs ended by then."""
    return before(office, firmware, chance, recording, until=until, **more).records(microseconds(until))
