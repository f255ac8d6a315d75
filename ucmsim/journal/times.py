"""Both clocks as texts of the journal. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from ucmsim.clock import When


def instants(when: When) -> dict[str, str]:
    """Return *when* on both clocks, ISO 8601 in UTC to the microsecond."""
    return {"wall": wall_text(when.wall), "pbx_clock": when.pbx.astimezone(UTC).isoformat(timespec="microseconds")}


def wall_text(wall: float) -> str:
    """Return *wall* seconds of the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="microseconds")


def seconds_between(began: When | None, ended: When) -> float:
    """Return the wall-clock seconds from *began* to *ended*, to the microsecond."""
    return 0.0 if began is None else round(ended.wall - began.wall, 6)
