"""The time forms of `startTime` and `endTime`, turned into what the device compares: PBX-local text. Spec 3.2, 3.3, 0b.

The device stores, compares and sorts local wall-clock text, so a bound becomes such a text first. Both hours of a
clock change are therefore one and the same here, as they are there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from ucmsim.register import Quirks

_FORM = re.compile(
    r"""(?:(?P<date>(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)) (?P<date_zone>Z|[+-]\d\d:\d\d)? (?P<t>[T ])?)?
        (?:(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d+)?)?
           (?P<zone>Z|[+-]\d\d:\d\d)?)?""",
    re.VERBOSE | re.ASCII,
)
_EPOCH = re.compile(r"(\d{10})(\d{3})?", re.ASCII)
_PARTS = ("year", "month", "day", "hour", "minute", "second")
_DEFAULT = datetime(2000, 1, 1)  # noqa: DTZ001 - wall-clock text has no zone


class NotATime(Exception):
    """The text has none of the time forms; *hint* says what the caller may have meant."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


class ImpossibleTime(Exception):
    """The text has a time form, and there is no such time."""


def bound(text: str, zone: tzinfo, now: datetime, quirks: Quirks) -> str:
    """Return the PBX-local text that the device compares `start` with when it is given *text*.

    *zone* is the PBX's, *now* its present instant. Raises `NotATime` or `ImpossibleTime`.
    """
    if text == "now" or (text.lower() == "now" and quirks["now-case"] == "any"):
        return local_text(now, zone)
    epoch = _EPOCH.fullmatch(text)
    if epoch and (epoch[2] is None or quirks["epoch-digits"] == "milliseconds"):
        kept = f".{epoch[2]}" if epoch[2] and quirks["time-fraction"] == "keep" else ""
        return local_text(datetime.fromtimestamp(int(epoch[1]), UTC), zone) + kept
    match = _FORM.fullmatch(text)
    if not text or match is None or not _has_form(match, quirks):
        raise NotATime(_hint(text))
    try:
        parts = {part: int(match[part]) for part in _PARTS if match[part]}
        day = _day(match, zone, now, quirks)
        when = _carried(day, parts) if quirks["impossible-time"] == "carry" else day.replace(tzinfo=None, **parts)
        offset = _offset(match["zone"] or match["date_zone"])
    except (ValueError, OverflowError) as error:
        raise ImpossibleTime(str(error)) from None
    fraction = (match["fraction"] or "") if quirks["time-fraction"] == "keep" else ""
    is_local = quirks["naive-time"] == "local" if match["hour"] else quirks["date-only"] == "local"
    if offset is None and is_local:
        return _text(when) + fraction
    return local_text(when.replace(tzinfo=offset or UTC), zone) + fraction


def _has_form(match: re.Match[str], quirks: Quirks) -> bool:
    """Return whether date, T and time of day stand together as they should, and the fraction has its digits."""
    if match["date_zone"] and (match["hour"] or quirks["date-zone"] == "refuse"):
        return False
    between = (match["t"] or "") if match["date"] else ""
    if between == " " and quirks["space-for-t"] == "refuse":
        return False
    if match["fraction"] and len(match["fraction"]) != 4 and quirks["fraction-digits"] == "three":
        return False
    return bool(between) == bool(match["date"] and match["hour"])


def _day(match: re.Match[str], zone: tzinfo, now: datetime, quirks: Quirks) -> datetime:
    """Return midnight of the day that is meant where there is no date."""
    if match["date"] or quirks["missing-date"] == "2000-01-01":
        return _DEFAULT
    return datetime.fromisoformat(local_text(now, zone)[:10])


def _carried(day: datetime, parts: dict[str, int]) -> datetime:
    """Return the time that *parts* come to as in C's mktime: 13 months are a year and a month, 25 hours a day and one."""
    months = parts.get("year", day.year) * 12 + parts.get("month", day.month) - 1
    first = day.replace(tzinfo=None, year=months // 12, month=months % 12 + 1, day=1)
    clock = {f"{part}s": parts[part] for part in ("hour", "minute", "second") if part in parts}
    return first + timedelta(days=parts.get("day", day.day) - 1, **clock)


def _offset(zone: str | None) -> tzinfo | None:
    """Return the offset that ``Z`` or ``+HH:MM`` spells; `ValueError` from 24 hours or 60 minutes on."""
    if zone is None or zone == "Z":
        return UTC if zone else None
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError("there is no such zone offset")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if zone[0] == "-" else ahead)


def local_text(instant: datetime, zone: tzinfo) -> str:
    """Return *instant* as local text; instants beyond the years 1 to 9999 saturate."""
    try:
        return _text(instant.astimezone(zone))
    except OverflowError:
        return "0000-12-31 23:59:59" if instant.year < 5000 else "9999-12-31 23:59:59"


def _text(when: datetime) -> str:
    return f"{when.year:04}-{when:%m-%d %H:%M:%S}"


def _hint(text: str) -> str:
    if re.search(r":\d\d(\.\d+)? \d\d:\d\d$", text):
        return "a '+' in the zone decoded to a space: send %2B"
    if re.match(r"\d{4}-\d\d-\d\d \d", text):
        return "a space stands where the letter T is due"
    return "write YYYY-MM-DD, YYYY-MM-DDTHH:MM[:SS[.sss]][zone], HH:MM[:SS[.sss]][zone], now, or ten digits of epoch"
