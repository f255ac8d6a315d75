"""What is deleted of a history once it is old, as `retention:` says, once a day of the PBX. Knows nothing of calls."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ucmsim.corrections import Corrections
from ucmsim.instants import EARLIEST, NEVER, at_microseconds, microseconds
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.store.history import History

_A_DAY = timedelta(days=1)


class Cleaning:
    """Deletes what is old of a *history*, where the *settings* say so, for the first time at *since*."""

    def __init__(self, settings: PbxSettings, history: History, since: datetime) -> None:
        self._retention, self._time_zone, self._history = settings.retention, settings.time_zone, history
        self._cleaned = since - _A_DAY

    @property
    def goes_on(self) -> bool:
        """Whether anything is ever deleted."""
        return bool(self._retention.rows or self._retention.recordings)

    @property
    def due(self) -> int:
        """The instant at which something may be deleted next."""
        return microseconds(self._cleaned + _A_DAY) if self.goes_on else NEVER

    def is_due(self, now: datetime) -> bool:
        """Return whether a day is over since the last time, whatever the settings say."""
        return now - self._cleaned >= _A_DAY

    def leap(self, to: datetime) -> None:
        """Clean again at *to*, whichever day it was before."""
        self._cleaned = to - _A_DAY

    def clean(self, now: datetime, clock: Corrections) -> tuple[int, list[str]]:
        """Delete what is old at *now* by the unit's *clock*; return how many rows went, and a sentence for each kind that did."""
        self._cleaned = now
        retention, instant = self._retention, microseconds(now)
        shown, zone = at_microseconds(clock.shown(instant)), clock.zone(instant) or self._time_zone
        gone = _days_before(shown, retention.recordings) if retention.recordings else EARLIEST
        deleted, recordings = self._history.clean(
            rows_before=_local(_days_before(shown, retention.rows), zone) if retention.rows else "",
            recordings_before=math.floor(gone.timestamp()),
        )
        went = ((deleted, "CDRs", retention.rows), (recordings, "recordings", retention.recordings))
        return deleted, [
            f"retention: {what} older than {days} day{'' if days == 1 else 's'} were deleted: {count}"
            for count, what, days in went
            if count
        ]


def _days_before(shown: datetime, days: int) -> datetime:
    """Return the instant that many *days* before what the clock has *shown*, at the earliest the first there is."""
    return shown - timedelta(days=min(days, (shown - EARLIEST).days))


def _local(instant: datetime, zone: ZoneInfo) -> str:
    """Return an *instant* like `start`; in an hour that comes twice, one before it, so that nothing younger is meant."""
    local = instant.astimezone(zone)
    first, second = (local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return (local - max(first - second, timedelta())).replace(tzinfo=None).isoformat(" ")[:19]
