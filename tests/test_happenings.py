"""How calls happen beside everything else: in slices, one change after another, and to an end when the PBX stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.appliances import assembled
from ucmsim import errors
from ucmsim.asking.wishes import wished
from ucmsim.assembling.assembly import Appliance
from ucmsim.errors import Stopped
from ucmsim.service.happenings import Happenings
from ucmsim.settings import ClockChange
from ucmsim.store.ledger import Sought

BUSY = {
    "clock": {"start": "2026-03-02T00:00:00Z", "rate": 0},
    "history": {"days": 0, "calls_per_day": 12_000},
    "traffic": {"live": True},
}


class Worker:
    """A worker that does one thing when it is told to: what is *asked* of it waits."""

    def __init__(self) -> None:
        self.asked: list[tuple[Callable[[], Any], Deferred[Any]]] = []

    def __call__(self, work: Callable[[], Any]) -> Deferred[Any]:
        self.asked.append((work, Deferred()))
        return self.asked[-1][1]

    def go(self) -> Any:
        """Do what was asked first; return what came of it."""
        work, done = self.asked.pop(0)
        result = work()
        done.callback(result)
        return result


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    with assembled(tmp_path / "state", BUSY) as made:
        yield made


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def calls(appliance: Appliance, worker: Worker) -> Happenings:
    """The calls of a PBX for which a day has passed at once."""
    made = Happenings(appliance, Clock(), worker)
    made.startService()
    appliance.pbx.change_clock(ClockChange(advance=86_400), 0.0)
    return made


def test_what_takes_long_is_written_in_slices(calls: Happenings, worker: Worker, appliance: Appliance) -> None:
    """The worker is free for others in between; the sum is told when all of it is there."""
    told: list[int] = []
    Deferred.fromCoroutine(calls.catch_up()).addCallback(told.append)
    slices = []
    while not told:
        slices.append(worker.go())
    assert set(slices[:-1]) == {200}
    assert len(slices) > 50
    assert slices[-1] < 200
    assert told == [sum(slices)] == [len(appliance.pbx.history)]


def test_slices_of_two_are_not_mixed(calls: Happenings, worker: Worker, appliance: Appliance) -> None:
    """A change waits until what was begun before it is written whole."""
    done: list[str] = []
    Deferred.fromCoroutine(calls.catch_up()).addCallback(lambda _: done.append("caught up"))
    Deferred.fromCoroutine(calls.change_clock(ClockChange(rate=0))).addCallback(lambda _: done.append("changed"))
    while worker.asked:
        assert len(worker.asked) == 1
        worker.go()
    assert done == ["caught up", "changed"]


def test_what_happened_is_read_by_the_worker(calls: Happenings, worker: Worker, appliance: Appliance) -> None:
    """Nothing is read before it comes to it, and then no more than a page."""
    appliance.living.happen(calls.now)
    told: list[Any] = []
    Deferred.fromCoroutine(calls.page(Sought(limit=7))).addCallback(told.append)
    assert (told, len(worker.asked)) == ([], 1)
    items, after = worker.go()
    assert (told, [one.over for one in items], after) == ([(items, 7)], [1, 2, 3, 4, 5, 6, 7], 7)


def test_stopping_waits_for_what_is_read_and_nothing_is_asked_afterwards(calls: Happenings, worker: Worker) -> None:
    """A page that was asked for before is there; whoever asks too late is told that the PBX was stopped."""
    read: list[Any] = []
    Deferred.fromCoroutine(calls.page(Sought())).addBoth(read.append)
    stopped: list[object] = []
    calls.stopService().addCallback(stopped.append)
    assert not stopped
    assert worker.go() == ([], None)
    assert (read, stopped) == ([([], None)], [None])
    refused: list[Any] = []
    for late in (calls.page(Sought()), calls.delete_rows(), calls.change_clock(ClockChange(rate=0))):
        Deferred.fromCoroutine(late).addBoth(refused.append)
    assert [(failure.type, str(failure.value)) for failure in refused] == [(Stopped, str(errors.stopped("hq")))] * 3
    assert not worker.asked


def test_stopping_waits_for_the_slice_that_is_written_and_no_longer(calls: Happenings, worker: Worker) -> None:
    """What is not written by then is not."""
    Deferred.fromCoroutine(calls.catch_up())
    stopped: list[object] = []
    calls.stopService().addCallback(stopped.append)
    assert not stopped
    assert worker.go() == 200
    assert stopped == [None]
    assert not worker.asked


def test_nothing_is_asked_of_the_worker_while_nothing_can_happen(appliance: Appliance, worker: Worker) -> None:
    """Between calls, twice a second for each of hundreds of PBXs, that would be all the worker does."""
    clock = Clock()
    calls = Happenings(appliance, clock, worker)
    calls.startService()
    appliance.pbx.change_clock(ClockChange(rate=1), 0.0)
    clock.advance(0.5)
    worker.go()
    quiet = appliance.living.due / 1_000_000 - appliance.pbx.clock.start.timestamp()
    assert quiet > 2
    while clock.seconds() + 0.5 < quiet:
        clock.advance(0.5)
        assert not worker.asked
    clock.advance(0.5)
    assert len(worker.asked) == 1


def test_what_is_up_is_cut_when_the_pbx_stops_and_not_when_it_was_looked_at_last(
    appliance: Appliance, worker: Worker
) -> None:
    """Nobody looks while nothing can happen, yet time has passed."""
    clock = Clock()
    calls = Happenings(appliance, clock, worker)
    calls.startService()
    appliance.pbx.change_clock(ClockChange(rate=1), 0.0)
    living, history = appliance.living, appliance.pbx.history
    living.place(wished({"shape": "answered", "from": "1001", "to": "1002", "talk": 80_000}, calls.now))
    clock.advance(0.5)
    worker.go()
    clock.advance(1.25)
    assert not worker.asked
    stopped: list[object] = []
    calls.stopService().addCallback(stopped.append)
    assert stopped == [None]
    living.stop()
    cut = [call.truth for call in history.ledger.calls() if call.truth.caller == "1001"]
    assert [(truth.ending, truth.ended - truth.began) for truth in cut] == [("cut", 1_750_000)]
