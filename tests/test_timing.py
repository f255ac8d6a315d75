"""Local times as a firmware writes them: each instant by itself, whatever was asked before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ucmsim.calls.timing import Timing
from ucmsim.instants import SECOND, microseconds
from ucmsim.personalities import personality
from ucmsim.register import Quirks

ZONES = ("UTC", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Monrovia")


def timing(zone: str) -> Timing:
    return Timing.of(Quirks.of(personality("ucm6510-1.0.10")), ZoneInfo(zone))


def local(instant: datetime, zone: str) -> str:
    """Return the local text of *instant* in *zone*, by counting from the offset that the zone had then."""
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return str(instant.replace(tzinfo=None, microsecond=0) + offset)


@given(
    zone=st.sampled_from(ZONES), days=st.lists(st.integers(-60_000, 60_000), min_size=1), seconds=st.integers(0, 86_399)
)
def test_local_text_of_every_instant(zone: str, days: list[int], seconds: int) -> None:
    clock = timing(zone)
    for day in days:
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=seconds, microseconds=day % 1_000_000)
        assert clock.local(microseconds(instant)) == local(instant, zone)
        assert clock.month(microseconds(instant)) == local(instant, zone)[:7]


def test_pbxs_of_one_zone_share_what_is_remembered_of_minutes() -> None:
    """Hundreds of them would keep the same minutes hundreds of times."""
    first, second = (timing("Europe/Berlin") for _ in range(2))
    assert first.minute is second.minute
    assert first.minute is not timing("Asia/Kathmandu").minute


def test_local_text_where_clocks_were_seconds_off() -> None:
    """Before its first zone, Chicago was 5:50:36 behind; Monrovia was 44:30 behind until 1972."""
    assert (
        timing("America/Chicago").local(microseconds(datetime(1880, 1, 1, 12, 0, 10, tzinfo=UTC)))
        == "1880-01-01 06:09:34"
    )
    last = microseconds(datetime(1972, 1, 7, 0, 44, 29, tzinfo=UTC))
    assert [timing("Africa/Monrovia").local(last + at * SECOND) for at in (0, 1)] == [
        "1972-01-06 23:59:59",
        "1972-01-07 00:44:30",
    ]
