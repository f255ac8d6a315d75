"""What becomes of a unit whose CDRs are deleted: of AcctId, of what is read page by page, and of recordings."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.makers import another_row
from tests.test_live import EMPTY, rows
from ucmsim.asking.wishes import wished
from ucmsim.assembling.living import Living
from ucmsim.columns import AT
from ucmsim.pytest_plugin import Ucm, UcmFleet
from ucmsim.settings import load_pbx
from ucmsim.store.history import History

BEGAN = datetime.fromisoformat("2026-03-02T14:00:00+00:00")
UNIT: dict[str, Any] = {"time_zone": "UTC", "history": {"days": 0}, "personality": "ucm6510"}


class Unit:
    """A unit on *history* in which a call a minute ends; it is switched off and on with `again`."""

    def __init__(self, history: History, **settings: Any) -> None:
        self.history, self.settings, self.minute = history, load_pbx({**UNIT, **settings}, Path()), 0
        self.again()

    def again(self) -> None:
        self.living = Living("hq", self.settings, self.history, seed=1, since=self.now)

    @property
    def now(self) -> datetime:
        return BEGAN + timedelta(minutes=self.minute)

    def calls(self, count: int) -> list[str]:
        """Let that many calls happen; return every AcctId there is."""
        for _ in range(count):
            self.living.place(wished({"shape": "answered", "from": "1001", "to": "1002", "talk": 10}, self.now))
            self.minute += 1
            self.living.happen(self.now)
        return [str(row[AT["AcctId"]]) for row in self.history.rows()]


@pytest.mark.quirk("acctid-after-delete")
@pytest.mark.parametrize(("value", "after"), [("restart", ["1", "2"]), ("continue", ["4", "5"])])
@pytest.mark.parametrize("off_and_on", [False, True])
def test_acctid_after_all_rows_were_deleted(
    history: History, value: str, after: list[str], *, off_and_on: bool
) -> None:
    """It begins at 1 again, or goes on; also when the unit was switched off before the next call."""
    unit = Unit(history, quirks={"acctid-after-delete": value})
    assert unit.calls(3) == ["1", "2", "3"]
    assert (unit.living.delete_rows(), len(history), list(history.rows())) == (3, 0, [])
    if off_and_on:
        unit.again()
    assert unit.calls(2) == after
    unit.again()
    assert unit.calls(1)[-1] == str(int(after[-1]) + 1)


@pytest.mark.quirk("acctid-after-delete")
@pytest.mark.parametrize("value", ["restart", "continue"])
def test_acctid_goes_on_while_a_row_is_left(history: History, value: str) -> None:
    """Also where the row that was counted last is gone, and the unit was switched off."""
    unit = Unit(history, quirks={"acctid-after-delete": value}, retention={"rows": 1})
    unit.living.place(wished({"shape": "answered", "from": "1003", "to": "1004", "talk": 86_000}, unit.now))
    unit.calls(3)
    unit.minute = 1437
    unit.calls(1)
    assert unit.calls(0) == ["1", "2", "3", "4", "5"]
    unit.minute = 1441
    unit.living.happen(unit.now)
    assert unit.calls(0) == ["2", "3", "5"]
    unit.minute = 3 * 1440
    unit.living.happen(unit.now)
    unit.again()
    first = "6" if value == "continue" else "1"
    assert unit.calls(1) == [first]


@pytest.mark.quirk("acctid-after-delete")
@pytest.mark.parametrize(("value", "after"), [("restart", ["1", "2"]), ("continue", ["4", "5"])])
@pytest.mark.parametrize("off_and_on", [False, True])
def test_acctid_after_retention_left_no_row(
    history: History, value: str, after: list[str], *, off_and_on: bool
) -> None:
    """It is as after somebody deleted them all: no row tells by whom the others went."""
    unit = Unit(history, quirks={"acctid-after-delete": value}, retention={"rows": 1})
    assert unit.calls(3) == ["1", "2", "3"]
    unit.minute = 3 * 1440
    unit.living.happen(unit.now)
    assert unit.calls(0) == []
    if off_and_on:
        unit.again()
    assert unit.calls(2) == after


@pytest.mark.parametrize("value", ["restart", "continue"])
def test_a_row_id_is_not_given_twice(history: History, tmp_path: Path, value: str) -> None:
    """Whoever reads a page as of a highest id gets what is written after a deletion."""
    unit = Unit(history, quirks={"acctid-after-delete": value})
    unit.calls(3)
    assert history.high_water == 3
    unit.living.delete_rows()
    assert history.high_water == 3
    unit.calls(2)
    assert [row for row, _ in history.ledger.legs()] == [1, 2, 3, 4, 5]
    unit.living.delete_rows()
    again = History.open(tmp_path / "history.sqlite", durable=False)
    assert (again.high_water, len(again)) == (5, 0)
    again.extend([another_row()])
    assert again.high_water == 6
    again.close()


@pytest.mark.ucmsim(**EMPTY)
def test_rows_are_deleted_over_the_control_plane(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """All that were written by now, no recording and no truth; a call that is up has its row later, as the first."""
    assert ucm.delete_cdrs() == 0
    ucm.place_call("answered", "1001", "1002", talk=2, recorded=True)
    ucm.place_call("answered", "1003", "1004", talk=600)
    ucm.clock.advance(60)
    (row,) = rows(ucm)
    assert ucm.delete_cdrs() == 1
    assert (rows(ucm), ucm_fleet.control.pbx(ucm.name).rows) == ([], 0)
    (call,) = ucm.calls
    (gone,) = call.rows
    assert (gone.acctid, gone.uniqueid, gone.session) == (None, None, None)
    assert (gone.row, call.talks[0].until - call.talks[0].since) == (1, 2_000_000)
    ucm.clock.advance(600)
    (other,) = rows(ucm)
    assert (other["src"], other["AcctId"]) == ("1003", "1")
    assert [[(one.row, one.acctid) for one in call.rows] for call in ucm.calls] == [[(1, None)], [(2, "1")]]
    assert row["recordfiles"]
    assert any("deleted all 1 CDRs" in line for line in ucm.log)
