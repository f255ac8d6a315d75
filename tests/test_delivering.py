"""The keeper of what was delivered: all that waits is written, however much at once, and whatever went wrong before."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, Logger, formatEvent

from ucmsim.http.extents import Files
from ucmsim.service.delivering import DeliveryKeeper
from ucmsim.store.deliveries import MOST, TOGETHER, Deliveries, Delivery, Sent

LATER = 60
"""Seconds of the reactor's clock behind which everything has had its time."""


class Kept:
    """A keeper at work: what it *wrote*, by exchange, what it *logged*, and a worker that works when it is told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.wrote: list[int] = []
        self.logged: list[LogEvent] = []
        self.wrong: Exception | None = None
        self.clock = Clock()
        self.tasks: list[tuple[Callable[[], object], Deferred[Any]]] = []
        self.deliveries = Deliveries(self._write)
        patch.setattr(DeliveryKeeper, "_log", Logger(observer=self.logged.append))
        self.keeper = DeliveryKeeper("hq", self.deliveries, self.clock, self._worker)
        self.keeper.startService()

    @property
    def said(self) -> list[str]:
        """What the log says, without how it went wrong."""
        return [formatEvent(event) for event in self.logged]

    def deliver(self, *numbers: int) -> None:
        """Let exchanges with these *numbers* deliver something."""
        for number in numbers:
            self.deliveries.add(Delivery(number, 1.0, "192.0.2.1", Sent(Files(("a",), (1,)), 1), cut=False))

    def work(self) -> None:
        """Let the worker do all that it is asked for."""
        while self.tasks:
            function, done = self.tasks.pop(0)
            try:
                done.callback(function())
            except sqlite3.Error:
                done.errback()

    def pass_time(self) -> None:
        """Let time pass, second by second, while the worker works."""
        for _ in range(LATER):
            self.clock.advance(1)
            self.work()

    def _write(self, deliveries: Sequence[Delivery]) -> None:
        if self.wrong is not None:
            raise self.wrong
        self.wrote += [one.exchange for one in deliveries]

    def _worker(self, function: Callable[[], object]) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.tasks.append((function, done))
        return done


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    return Kept(monkeypatch)


@pytest.mark.parametrize("count", [1, TOGETHER - 1, TOGETHER, TOGETHER + 20, 3 * TOGETHER])
def test_all_that_waits_is_written(kept: Kept, count: int) -> None:
    """Also the rest that is less than what is written in one turn; then nothing is asked of anybody."""
    kept.deliver(*range(count))
    kept.pass_time()

    assert kept.wrote == [*range(count)]
    assert kept.clock.getDelayedCalls() == []


def test_what_comes_while_it_is_written_is_written_next(kept: Kept) -> None:
    """One write at a time waits for the worker, and what came meanwhile needs nothing else to come."""
    kept.deliver(1)
    kept.clock.advance(LATER)
    kept.deliver(2)
    kept.clock.advance(LATER)

    assert len(kept.tasks) == 1
    kept.pass_time()
    assert kept.wrote == [1, 2]


def test_what_could_not_be_written_is_tried_again(kept: Kept) -> None:
    """Without anything being delivered behind it; that it fails is told once, however often it does."""
    kept.wrong = sqlite3.OperationalError("disk I/O error")
    kept.deliver(1, 2)
    kept.pass_time()
    assert kept.wrote == []

    kept.wrong = None
    kept.pass_time()
    assert kept.wrote == [1, 2]
    assert [event["log_failure"].value.args for event in kept.logged] == [("disk I/O error",)]


def test_what_fails_again_is_told_again(kept: Kept) -> None:
    """Where it was written meanwhile."""
    for number in range(2):
        kept.wrong = sqlite3.OperationalError("disk I/O error")
        kept.deliver(number)
        kept.pass_time()
        kept.wrong = None
        kept.pass_time()

    assert len(kept.logged) == 2


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_forgotten_is_told(kept: Kept, fails: bool) -> None:
    """Once while it goes on, whether writing fails or is too slow, and at the end how much it was."""
    kept.wrong = sqlite3.OperationalError("disk I/O error") if fails else None
    kept.deliver(*range(MOST))
    if fails:
        kept.pass_time()
    assert [said for said in kept.said if "forgotten" in said] == []

    kept.deliver(*range(MOST, 2 * MOST))
    forgotten = MOST + 2  # the oldest half twice, each time with the one that is too many
    assert kept.deliveries.lost == forgotten == 2 * MOST - len(kept.deliveries)
    if fails:
        kept.pass_time()
    kept.keeper.stopService()
    assert [said for said in kept.said if "forgotten" in said] == [
        "hq: more than 10000 deliveries wait to be written, so the oldest are forgotten: the ledger tells of fewer than there were",
        f"hq: {forgotten} deliveries were forgotten before they could be written",
    ]


def test_nothing_is_told_of_where_nothing_is_forgotten(kept: Kept) -> None:
    """As nearly always."""
    kept.deliver(*range(MOST))
    kept.pass_time()
    kept.keeper.stopService()

    assert (len(kept.wrote), kept.deliveries.lost, kept.said) == (MOST, 0, [])


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_written_behind_its_end(kept: Kept, fails: bool) -> None:
    """It ends when the worker has written, and what waits then is for whoever closes the history."""
    kept.deliver(*range(TOGETHER + 1))
    kept.clock.advance(LATER)
    kept.wrong = sqlite3.OperationalError("disk I/O error") if fails else None
    ended: list[None] = []
    kept.keeper.stopService().addCallback(ended.append)
    assert ended == []
    kept.work()
    assert (ended, len(kept.deliveries)) == ([None], TOGETHER + 1 if fails else 1)

    kept.deliver(TOGETHER + 1)
    assert (kept.tasks, kept.clock.getDelayedCalls()) == ([], [])
