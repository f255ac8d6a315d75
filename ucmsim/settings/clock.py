"""The keys of `clock:` and `restarts:`, and what is asked of a clock while it runs: zones, instants, corrections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import Field, PlainSerializer, PlainValidator

from ucmsim.errors import did_you_mean
from ucmsim.instants import FORM, NoInstant, read, within_time
from ucmsim.settings.keys import AS_TEXT, Keys, numbers_due, schema_text, text_due, wrong

LONGEST_ADVANCE = 3660 * 86_400
"""Seconds that a clock is advanced at once: as many days as a history can have."""
FASTEST = 100_000
"""PBX seconds in a wall-clock second, at most."""


_OF_THE_MACHINE, _FOLDERS = ("localtime", "posixrules"), ("posix/", "right/")
"""Files that Linux has beside those of zones: they are others on another machine, or count leap seconds."""


def _zone(value: object) -> ZoneInfo:
    name = text_due(value)
    try:
        found = None if name in _OF_THE_MACHINE or name.startswith(_FOLDERS) else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found = None
    if found is None:
        hint = did_you_mean(name, zone_names())
        raise wrong(f"there is no time zone '{name}'", hint or "write an IANA name such as America/Chicago")
    return found


def zone_names() -> set[str]:
    """Return the names of the zones that a clock may have."""
    return available_timezones() - {*_OF_THE_MACHINE}


def _start(value: object) -> datetime | None:
    return None if value == "now" else _instant(value, f"write 'now' or {FORM}")


def _instant(value: object, form: str = f"write {FORM}") -> datetime:
    try:
        found = read(text_due(value), form)
        within_time(value)
    except NoInstant as none:
        raise wrong(none.wrong, none.right) from None
    return found


Zone = Annotated[ZoneInfo, PlainValidator(_zone), AS_TEXT, schema_text(examples=["America/Chicago"])]
Start = Annotated[
    datetime | None,
    PlainValidator(_start),
    PlainSerializer(lambda start: start.isoformat() if start else "now", return_type=str),
    schema_text(examples=["now", "2026-03-29T00:30:00Z"]),
]
Instant = Annotated[
    datetime | None,
    PlainValidator(_instant),
    PlainSerializer(lambda instant: instant and instant.isoformat(), return_type=str | None),
    schema_text(examples=["2026-03-29T00:30:00Z"]),
]
"""None is a default only, and cannot be written."""
Moment = Annotated[
    datetime,
    PlainValidator(_instant),
    PlainSerializer(datetime.isoformat, return_type=str),
    schema_text(examples=["2026-03-29T00:30:00Z"]),
]


class Correction(Keys):
    """One scheduled change of what the clock shows: *step* seconds further ahead, or another zone from then on."""

    at: Moment = Field(description="ISO instant with its zone, in the world's time")
    step: float | None = Field(
        None, allow_inf_nan=False, strict=False, description="seconds by which the clock is corrected, also back"
    )
    time_zone: Zone | None = Field(None, description="IANA name of the zone that the unit believes in from then on")

    def __str__(self) -> str:
        what = f"{self.step:+g} s" if self.step is not None else str(self.time_zone)
        return f"{what} at {self.at.isoformat()}"

    _numbers = numbers_due("step")


class Clock(Keys):
    """What the appliance believes the time to be: where it starts and how fast it runs against the wall clock."""

    start: Start = Field(
        None,
        description="'now', or an ISO instant with its zone; certificates are minted for it, not for the real date",
        json_schema_extra={"default": "now"},
    )
    rate: float = Field(
        1.0, ge=0, le=FASTEST, strict=False, description="PBX seconds per wall-clock second; 0 = frozen"
    )
    corrections: tuple[Correction, ...] = Field(
        (), strict=False, description="what becomes of the clock by itself: at an instant, a step (NTP) or a time_zone"
    )

    _numbers = numbers_due("rate")


class ClockChange(Keys):
    """What becomes of a PBX clock while it runs: one of *now*, *advance* and *step*; beside it *rate* and *time_zone*.

    `rules.broken_in_clock_change` says what does not go together; None is what was not asked for.
    """

    now: Instant = Field(None, description="the clock is set to this ISO instant with its zone")
    rate: float | None = Field(
        None, ge=0, le=FASTEST, strict=False, description="PBX seconds per wall-clock second from now on; 0 = frozen"
    )
    advance: float | None = Field(
        None,
        ge=0,
        le=LONGEST_ADVANCE,
        allow_inf_nan=False,
        strict=False,
        description="seconds that pass, with all that happens in them",
    )
    step: float | None = Field(
        None, allow_inf_nan=False, strict=False, description="seconds by which the clock is corrected, also back"
    )
    time_zone: Zone | None = Field(None, description="IANA name of the zone that the unit believes in from now on")

    _numbers = numbers_due("rate", "advance", "step")
