"""When calls began is what they are known by: no two of a PBX begin in one microsecond, whatever becomes of its clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ucmsim.asking.wishes import wished
from ucmsim.assembling.living import Living
from ucmsim.settings import load_pbx
from ucmsim.store.history import History

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
BUSY: dict[str, Any] = {"live": True, "hourly": [1] * 24, "weekdays": [1] * 7}


def living(history: History, settings: dict[str, Any], boot: int = 0) -> Living:
    return Living("hq", load_pbx({"time_zone": "UTC", **settings}, Path()), history, seed=1, since=NOW, boot=boot)


def place(on: Living, caller: str = "1001", after: int = 0, **call: Any) -> int:
    """Return when a call began that was placed for so many seconds *after* the start."""
    at = (NOW + timedelta(seconds=after)).isoformat()
    return on.place(wished({"shape": "answered", "from": caller, "to": "1002", "at": at, **call}, NOW))[0].start


def test_a_clock_that_is_set_back(history: History) -> None:
    """Neither where one has ended, nor where one is up that began long before many others, and has no row yet."""
    on = living(history, {"history": {"days": 0}})
    begun = [place(on, talk=7200), *(place(on, after=second, ring=1, talk=1) for second in range(1, 200))]
    on.happen(NOW + timedelta(hours=1))
    on.skip(NOW)
    begun += [place(on, after=second) for second in (0, 5)]
    on.happen(NOW + timedelta(hours=3))
    assert sorted(call.truth.began for call in history.ledger.calls()) == sorted(begun)
    assert len(set(begun)) == 202


@pytest.mark.parametrize("live", [False, True])
def test_a_restart_at_the_same_instant_with_a_history_that_was_kept(tmp_path: Path, live: bool) -> None:
    """Each call that was placed, before or after, is found as the only one that began then, among traffic too."""
    settings = {"traffic": {**BUSY, "live": live}, "history": {"days": 0, "calls_per_day": 5000}}
    begun: dict[int, str] = {}
    for boot in range(2):
        kept = History.open(tmp_path / "history.sqlite", durable=True)
        on = living(kept, settings, boot)
        for caller, talk in (("1001", 600), ("1003", 30), ("1005", 10)):
            begun[place(on, caller, talk=talk)] = caller
        on.happen(NOW + timedelta(minutes=5))
        on.stop()
        told = [(call.truth.began, call.truth.caller) for call in kept.ledger.calls()]
        kept.close()
    assert len(begun) == 6
    assert sorted(one for one in told if one[0] in begun) == sorted(begun.items())
    assert (len(told) > 12) is live
