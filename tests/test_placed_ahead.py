"""Calls that were placed ahead of a restart of the unit: they happen all the same, but for those that it was too late for."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from tests.appliances import EMPTY, NOW
from ucmsim.asking.wishes import wished
from ucmsim.assembling import renewal
from ucmsim.assembling.assembly import Appliance
from ucmsim.assembling.changes import merge
from ucmsim.assembling.living import Living
from ucmsim.pytest_plugin import Ucm
from ucmsim.service.happenings import Happenings
from ucmsim.settings import load_pbx
from ucmsim.steps import finished
from ucmsim.store.history import History

HOUR = timedelta(hours=1)


def living(history: History, since: datetime) -> Living:
    return Living("hq", load_pbx(EMPTY, Path()), history, seed=1, since=since)


def place(on: Living, at: datetime = NOW, **call: Any) -> None:
    on.place(wished({"shape": "answered", "from": "1001", "to": "1002", **call}, at))


@pytest.mark.ucmsim(**EMPTY)
@pytest.mark.parametrize("by", ["PATCH", "PUT"])
def test_a_change_of_settings_keeps_what_is_placed_ahead(ucm: Ucm, by: str) -> None:
    """A call that is up is cut as by any restart; a second change keeps it as the first does."""
    ucm.place_call("answered", 1001, 1002, talk=600)
    ucm.clock.advance(minutes=1)
    ucm.place_call("attended-transfer", 1001, 1002, target=1003, talk=5, at=ucm.clock.world + HOUR)
    for order in ("desc", "asc"):
        if by == "PATCH":
            ucm.control.change_pbx(ucm.name, {"quirks": {"order": order}})
        else:
            settings = dict(ucm.control.pbx(ucm.name).settings)
            ucm.control.put_pbx(ucm.name, {**settings, "quirks": {"order": order}})
    ucm.clock.advance(hours=2)
    assert [(one.shape, one.ending) for one in ucm.calls] == [
        ("answered", "cut"),
        ("attended-transfer", "hung up"),
        ("attended-transfer", "hung up"),
    ]


@pytest.mark.ucmsim(**EMPTY)
def test_a_reset_keeps_nothing_of_what_is_placed_ahead(ucm: Ucm) -> None:
    """It is another universe."""
    ucm.place_call("answered", 1001, 1002, talk=5, at=ucm.clock.world + HOUR)
    ucm.reset()
    ucm.clock.advance(hours=2)
    assert ucm.calls == []


def test_what_is_kept_happens_as_it_would_have() -> None:
    """Each channel begins and ends when it would, in the same order, whatever was up when the unit restarted."""
    found = []
    for restarts in (False, True):
        file = History.open(Path(":memory:"), durable=False)
        on = living(file, NOW)
        for at, shape in [
            (2, "answered"),
            (1, "blind-transfer"),
            (2, "ring-group"),
            (1, "unfinished"),
            (2, "answered"),
        ]:
            to = {"to": "6400"} if shape == "ring-group" else {}
            place(on, NOW + at * HOUR, shape=shape, **to)
        if restarts:
            on.happen(NOW + HOUR / 2)
            on.stop()
            before, on = on, living(file, NOW + HOUR / 2)
            finished(on.keep(before.ahead))
        on.happen(NOW + 3 * HOUR)
        on.stop()
        found.append(list(file.ledger.calls()))
        file.close()
    assert found[0] == found[1]


def test_what_it_is_too_late_for_is_told(history: History) -> None:
    """What began a microsecond before the clock's instant after the restart does not happen, what begins then does."""
    on = living(history, NOW)
    for at in (HOUR - timedelta(microseconds=1), HOUR, HOUR / 2):
        place(on, NOW + at)
    on.stop()
    after = living(history, NOW + HOUR)
    finished(after.keep(on.ahead))
    assert after.news() == ["2 placed calls did not happen: its world's time went on beyond that as it restarted"]
    after.happen(NOW + 2 * HOUR)
    assert len(history) == 1


def test_a_clock_that_is_changed_passes_over_what_is_placed_ahead(appliance: Appliance, tmp_path: Path) -> None:
    """As the clock that is set does; what is behind its new instant happens, and it is told as the PBX begins."""
    for at in (HOUR, 3 * HOUR):
        place(appliance.living, NOW + at)
    change = merge(appliance.pbx.settings, {"clock": {"start": (NOW + 2 * HOUR).isoformat()}}, tmp_path)
    coming = renewal.changed(appliance, change, 0.0)
    coming.let_go(appliance)
    after = finished(coming.taking_place(0.0))
    calls = Happenings(after, Clock(), lambda work: succeed(work()))
    with capturedLogs() as events:
        calls.startService()
        calls.stopService()
    assert [formatEvent(event) for event in events] == [
        "hq: a placed call did not happen: its world's time went on beyond that as it restarted"
    ]
    after.living.happen(NOW + 4 * HOUR)
    assert len(after.pbx.history) == 1


def test_what_comes_back_after_a_failure_keeps_what_is_placed_ahead(appliance: Appliance) -> None:
    """As it keeps the rows."""
    place(appliance.living, NOW + HOUR)
    appliance.leave()
    after = finished(renewal.back(appliance, 0.0))
    after.living.happen(NOW + 2 * HOUR)
    assert len(after.pbx.history) == 1
    after.close()
