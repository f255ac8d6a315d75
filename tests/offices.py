"""Makes an office with its people, in which a test lets calls happen. No Twisted."""

from __future__ import annotations

from random import Random
from zoneinfo import ZoneInfo

from ucmsim.calls import Office
from ucmsim.calls.people import People
from ucmsim.settings import Extensions, Recording, Traffic, Trunk


def office_of(
    extensions: Extensions,
    trunks: tuple[Trunk, ...],
    recording: Recording,
    traffic: Traffic,
    zone: ZoneInfo,
    seed: int = 1,
) -> Office:
    """Return the office that these settings describe, with the people of a *seed*."""
    return Office(extensions, trunks, recording, traffic, zone, People.of(extensions, trunks, traffic, Random(seed)))
