"""The types of the fields that faults and their arming have, with the ranges that are allowed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ucmsim.acl import parse_entry, peer_address
from ucmsim.clock import When
from ucmsim.errors import did_you_mean
from ucmsim.instants import FORM, at_microseconds, microseconds, within_time

_CLOCKS = ("wall", "pbx")
_PER_CLOCK = "{pbx: ...}, or {wall: ...}"

STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)

LONGEST = 86_400
"""Seconds that a wait can be told to last."""

Seconds = Annotated[float, Field(ge=0, le=LONGEST, strict=True, allow_inf_nan=False)]
Bytes = Annotated[int, Field(ge=0, le=1 << 40, strict=True)]
SomeBytes = Annotated[int, Field(ge=1, le=1 << 40, strict=True)]
Piece = Annotated[int, Field(ge=1, le=1 << 20, strict=True)]
Numbers = tuple[Annotated[int, Field(ge=1)], ...]


def _is_entry(text: str) -> str:
    parse_entry(text)
    return text


AddressEntry = Annotated[str, AfterValidator(_is_entry)]


def concerns(entry: str | None, peer: str) -> bool:
    """Return whether the address/netmask *entry* covers *peer*; without an entry every peer is covered."""
    if entry is None:
        return True
    rule = parse_entry(entry)
    return rule.matches(peer_address(peer)) == rule.permit


def some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return *values*, of which there must be one."""
    if not values:
        raise ValueError("an empty list matches nothing; leave it out to match everything")
    return values


class Point(BaseModel):
    """An instant on one of the two clocks; text alone means the PBX's."""

    model_config = STRICT

    clock: Literal["wall", "pbx"]
    at: datetime

    def is_past(self, when: When) -> bool:
        """Return whether that clock has come so far."""
        return self.seconds(when) >= 0

    def seconds(self, when: When) -> float:
        """Return how many seconds of its clock have passed since, less than 0 before it."""
        if self.clock == "wall":
            return when.wall - microseconds(self.at) / 1_000_000
        return (microseconds(when.pbx) - microseconds(self.at)) / 1_000_000

    def as_json(self) -> dict[str, str]:
        return {self.clock: self.at.isoformat()}


def _point(given: object) -> object:
    """Return the point that is written as an instant, or as one under the name of its clock."""
    if given is None or isinstance(given, Point):
        return given
    named = given if isinstance(given, Mapping) else {"pbx": given}
    if len(named) == 1 and isinstance(word := next(iter(named)), str) and word not in _CLOCKS:
        raise ValueError(f"there is no clock '{word}'; {did_you_mean(word, _CLOCKS) or f'there are {_PER_CLOCK}'}")
    if len(named) != 1 or next(iter(named)) not in _CLOCKS:
        raise ValueError(f"it is {FORM} on the PBX clock, or {_PER_CLOCK}")
    ((clock, text),) = named.items()
    return Point(clock=clock, at=at_microseconds(microseconds(within_time(text))))


PointField = Annotated[Point | None, BeforeValidator(_point)]
