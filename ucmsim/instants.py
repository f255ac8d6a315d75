"""Instants: aware datetimes, and whole microseconds of the epoch, in which calls are counted. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
"""Microseconds."""

# A day within what a datetime can hold, so that each moment has a local time in every zone.
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)

FORM = "an ISO instant with its zone, such as 2026-03-29T00:30:00Z"
"""What `read` takes, in words."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOUNDS = " and ".join(f"the {which} is {one.isoformat()}" for which, one in (("first", EARLIEST), ("last", LATEST)))


def microseconds(instant: datetime) -> int:
    """Return *instant*, which has a zone, in microseconds of the epoch."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def at_microseconds(instant: int) -> datetime:
    """Return the *instant* in microseconds of the epoch as one of UTC."""
    return _EPOCH + timedelta(microseconds=instant)


NEVER = microseconds(LATEST)
"""When something ends that has no end."""


class NoInstant(ValueError):
    """A value is no instant: *wrong* says what is with it, *right* what would be; half sentences."""

    def __init__(self, wrong: str, right: str = f"write {FORM}") -> None:
        super().__init__(f"{wrong}; {right}")
        self.wrong, self.right = wrong, right


def read(value: object, form: str = f"write {FORM}") -> datetime:
    """Return the instant that the text *value* stands for, in its own zone. Raises `NoInstant`; *form* says what is due."""
    if not isinstance(value, str):
        raise NoInstant(f"'{value}' is not an ISO instant", form)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise _no_iso(value, form) from None
    if found.tzinfo is None:
        raise NoInstant(f"'{value}' has no zone, so it is no instant", form)
    try:
        found.astimezone(UTC)
    except OverflowError:
        raise NoInstant(f"'{value}' lies outside the years 1 to 9999", form) from None
    return found


def within_time(value: object) -> datetime:
    """Return the instant that *value* stands for, in UTC, from `EARLIEST` to `LATEST`. Raises `NoInstant`."""
    found = read(value).astimezone(UTC)
    if not EARLIEST <= found <= LATEST:
        raise _too_near(f"'{value}' is")
    return found


def moved_within_time(instant: int, seconds: float) -> None:
    """Raise `NoInstant` where *seconds* further on than *instant*, in microseconds, is not from `EARLIEST` to `LATEST`."""
    if not microseconds(EARLIEST) <= instant + seconds * SECOND <= microseconds(LATEST):
        raise _too_near(f"{seconds:+.12g} s lead")


def _too_near(what: str) -> NoInstant:
    return NoInstant(f"{what} too near the end of the years 1 to 9999", f"of instants here {_BOUNDS}")


def _no_iso(text: str, form: str) -> NoInstant:
    """Return why *text* is no instant; one whose + was sent as such in a URL arrives with a blank."""
    before, blank, zone = text.rpartition(" ")
    try:
        meant = f"{before}+{zone}" if blank and datetime.fromisoformat(f"{before}+{zone}").tzinfo else ""
    except ValueError:
        meant = ""
    if meant:
        return NoInstant(f"'{text}' has a blank in place of its +", f"in a URL send %2B: {meant.replace('+', '%2B')}")
    return NoInstant(f"'{text}' is not an ISO instant", form)
