"""Instants: aware datetimes, and whole microseconds of the epoch, in which calls are counted. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
"""Microseconds."""

# A day within what a datetime can hold, so that each moment has a local time in every zone.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)

FORM = "an ISO instant with its zone, such as 2026-03-29T00:30:00Z"
"""What `instant` takes, in words."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """Return *instant*, which has a zone, in microseconds of the epoch."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def at_microseconds(instant: int) -> datetime:
    """Return the *instant* in microseconds of the epoch as one of UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def instant(text: object) -> datetime | None:
    """Return the instant that *text* stands for, in UTC; None if it is none, or beyond `EARLIEST` and `LATEST`."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            return None
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if EARLIEST <= found <= LATEST else None
