"""The state of a PBX that stands in no file, as JSON and back: its clock, what is armed, its nonces, its counters.

Moments on the wall clock are kept as ages, so that what is restored goes on where it was, whenever that is. What cannot
be read back raises `ValueError`, `TypeError` or `KeyError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from functools import partial
from math import isfinite
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from ucmsim.authentication.nonces import Nonces
from ucmsim.clock import PbxClock
from ucmsim.configuration import DEFECT_IDS
from ucmsim.corrections import Correction, Corrections
from ucmsim.errors import ConfigurationError
from ucmsim.faults import Armed, FaultBook, FaultRefused, arming
from ucmsim.settings import load_clock_change
from ucmsim.streams import stream


def clock_json(clock: PbxClock, wall: float) -> dict[str, Any]:
    """Return *clock* as it stands at *wall* seconds."""
    made = [
        {"at": one.at, "step": one.step, "zone": one.zone and one.zone.key, "scheduled": one.scheduled}
        for one in clock.corrections.made
    ]
    return {"world": clock.world(wall).isoformat(), "rate": clock.rate, "corrections": made}


def clock_of(told: Mapping[str, Any], wall: float) -> PbxClock:
    """Return the clock that goes on from there at *wall* seconds."""
    made = tuple(
        Correction(
            int(one["at"]), int(one["step"]), ZoneInfo(one["zone"]) if one["zone"] else None, bool(one["scheduled"])
        )
        for one in told["corrections"]
    )
    # What no clock can be set to is none that was kept.
    try:
        kept = load_clock_change({"now": told["world"], "rate": told["rate"]})
    except ConfigurationError as error:
        raise ValueError(f"its clock cannot be set: {error}") from None
    if kept.now is None or kept.rate is None:
        raise ValueError("this is no clock")
    return PbxClock(kept.now.astimezone(UTC), wall, kept.rate, Corrections(made))


def faults_json(book: FaultBook, wall: float) -> list[dict[str, Any]]:
    """Return what is armed at *wall* seconds, in order, with counters and what chance has come to."""
    book.expire(wall)
    return [
        {
            "spec": one.arming.as_json(),
            "age": wall - one.since,
            "matched": one.matched,
            "fired": one.fired,
            "id": one.id,
            "drawn": one.drawn,
            "chance": one.chance.getstate(),
        }
        for one in book.armed.values()
    ]


def faults_of(told: Sequence[Mapping[str, Any]], name: str, seed: int, wall: float) -> FaultBook:
    """Return the book of the PBX *name* in which that is armed, as it was, at *wall* seconds."""
    book = FaultBook(partial(stream, seed, name, "fault"), DEFECT_IDS)
    for one in told:
        try:
            found = arming(one["spec"], defects=DEFECT_IDS, taken=book.armed)
        except FaultRefused as refused:
            raise ValueError(str(refused)) from None
        drawn = None if one["drawn"] is None else _finite(one["drawn"])
        armed = Armed(found, _chance(one["chance"]), wall - _finite(one["age"]), int(one["matched"]), int(one["fired"]))
        armed.drawn = drawn
        armed.id = int(one["id"]) if "id" in one else book.number(wall)  # older snapshots have none
        book.armed[found.name] = armed
        book.names[found.name] = None
    return book


def nonces_json(nonces: Nonces, wall: float) -> dict[str, Any]:
    """Return the nonces that are known at *wall* seconds, and what chance has come to."""
    issued = [[nonce, wall - at, count] for nonce, (at, count) in nonces.issued.items()]
    return {"issued": issued, "chance": nonces.chance.getstate()}


def nonces_into(told: Mapping[str, Any], wall: float) -> Callable[[Nonces], None]:
    """Return what makes a table of nonces that one at *wall* seconds."""
    chance = _chance(told["chance"])
    issued = [(int(nonce), (wall - _finite(age), int(count))) for nonce, age, count in told["issued"]]

    def take(nonces: Nonces) -> None:
        nonces.chance.setstate(chance.getstate())
        nonces.issued.clear()
        nonces.issued.update(issued)

    return take


def _finite(value: Any) -> float:
    """Return the number that *value* is: JSON is read with Infinity and NaN in it, which are no ages."""
    if not isfinite(number := float(value)):
        raise ValueError(f"{value} is no number that was kept")
    return number


def _chance(state: Sequence[Any]) -> Random:
    version, numbers, gauss = state
    chance = Random()
    chance.setstate((version, tuple(numbers), gauss))
    return chance
