"""Every row is collected and billed once, whatever happens meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from collector import Moved

pytestmark = pytest.mark.ucmsim(personality="ucm6510", history={"days": 0})
"""Most of these PBXs have no calls but those that the tests place."""
MINUTE = timedelta(minutes=1)


def call(ucm, caller="1001", minutes=1):
    """Let *caller* call somebody outside for so many minutes."""
    ucm.place_call("answered", caller, "3125550123", ring=0, talk=60 * minutes)


def calls(ucm, count):
    """Let so many calls happen, one after another, each of a minute."""
    for _ in range(count):
        call(ucm)
        ucm.clock.advance(2 * MINUTE)


def truth(ucm):
    """Return what each caller talked to somebody outside, by what really happened."""
    talked = {}
    for one in ucm.calls:
        seconds = sum(talk.until - talk.since for talk in one.talks if talk.role == "number outside")
        talked[one.caller] = talked.get(one.caller, 0) + round(seconds / 1e6)
    return talked


@pytest.fixture
def ucm(ucm):
    """A PBX whose time passes only when a test says so."""
    ucm.clock.freeze()
    return ucm


def test_every_call_is_collected_and_billed(ucm, collector):
    """Seven calls on pages of three are seven rows, and the invoice is what was talked."""
    calls(ucm, 7)
    assert collector.collect().rows == 7
    assert len(collector.store.rows) == 7
    assert collector.store.invoice() == truth(ucm) == {"1001": 420}


def test_nothing_is_billed_twice(ucm, collector):
    """What is read again is not billed again."""
    calls(ucm, 4)
    collector.collect()
    assert collector.collect().rows == 0
    calls(ucm, 1)
    assert collector.collect().rows == 1
    assert collector.store.invoice() == truth(ucm) == {"1001": 300}


def test_a_call_that_was_up_during_a_poll(ucm, collector):
    """It began before rows that were read by then, and is read when it is over."""
    call(ucm, "1002", minutes=90)
    calls(ucm, 3)
    assert collector.collect().rows == 3
    ucm.clock.advance(120 * MINUTE)
    assert collector.collect().rows == 1
    assert collector.store.invoice() == truth(ucm) == {"1001": 180, "1002": 5400}


def test_a_call_that_ends_between_two_pages(ucm, collector):
    """Its row comes in before the first page, so that all others move: none is lost, none is billed twice."""
    call(ucm, "1002", minutes=30)
    calls(ucm, 5)
    poll = collector.polling()
    assert next(poll) == 3
    ucm.clock.advance(30 * MINUTE)
    assert sum(poll) == 2
    assert collector.collect().rows == 1
    assert collector.store.invoice() == truth(ucm) == {"1001": 300, "1002": 1800}


def test_rows_that_go_away_between_two_pages(ucm, collector):
    """The page that comes then is not the next one, so the poll begins anew, and nothing is passed over."""
    calls(ucm, 9)
    gone = ucm.fault("data.delete", rows=3, when={"nth": [2]}, times=1)
    collector.collect()
    assert gone.fired == 1
    assert collector.store.invoice() == truth(ucm) == {"1001": 540}


def test_a_device_that_repeats_a_page(ucm, collector):
    """It is no end: the poll fails, and how far we are stays where it was."""
    calls(ucm, 7)
    with ucm.fault("data.repeat"), pytest.raises(Moved, match="at 2 is the page that was before it"):
        collector.collect()
    assert collector.store.polled is None
    collector.collect()
    assert collector.store.invoice() == truth(ucm) == {"1001": 420}


def test_rows_that_come_twice(ucm, collector):
    """A device that sends each row twice is billed for one."""
    calls(ucm, 7)
    with ucm.fault("data.duplicate"):
        collector.collect()
    assert collector.store.invoice() == truth(ucm) == {"1001": 420}


def test_an_error_that_looks_like_no_calls(ucm, collector):
    """A database that is locked answers with an empty page: that is no evidence that there is nothing before now."""
    calls(ucm, 3)
    ucm.clock.advance(timedelta(days=2))
    with ucm.fault("api.locked-database"):
        assert collector.collect().rows == 0
    assert collector.collect().rows == 3


@pytest.mark.ucmsim(quirks={"acctid-after-delete": "restart"})
def test_acctids_that_begin_anew(ucm, collector):
    """Once somebody deleted all CDRs, the next one is 1 again, and another call."""
    calls(ucm, 2)
    collector.collect()
    ucm.delete_cdrs()
    calls(ucm, 2)
    assert collector.collect().rows == 2
    assert [row["AcctId"] for row in collector.store.rows] == ["1", "2", "1", "2"]
    assert collector.store.invoice() == truth(ucm) == {"1001": 240}


def test_the_legs_of_one_call(ucm, collector):
    """A ring group's rows share their uniqueid; each is a row, and the device's sum of them is none."""
    ucm.place_call("ring-group", "3125550123", "1001", talk=60)
    ucm.clock.advance(10 * MINUTE)
    collector.collect()
    (only,) = ucm.calls
    assert len(collector.store.rows) == len(only.rows) > 2
    assert len({row["uniqueid"] for row in collector.store.rows}) == 1
