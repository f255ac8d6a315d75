"""The one worker thread: in its turn, ahead of all that waits, or in steps, and whoever waits is told what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ucmsim.errors import Stopped
from ucmsim.service.worker import AHEAD, Worker
from ucmsim.steps import Steps


class Reactor:
    """Runs what threads call, when the test lets it."""

    def __init__(self) -> None:
        self.calls: Queue[Callable[[], None]] = Queue()

    def callFromThread(self, function: Callable[..., Any], *values: Any) -> None:
        self.calls.put(lambda: function(*values))

    def turn(self) -> None:
        self.calls.get(timeout=20)()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, what is urgent is ahead of what waits, up to its number."""
    monkeypatch.setattr("ucmsim.service.worker.AHEAD_FOR", 1000.0)


@pytest.fixture
def reactor() -> Reactor:
    return Reactor()


@pytest.fixture
def worker(reactor: Reactor) -> Iterator[Worker]:
    made = Worker(reactor)
    yield made
    made.stop()


def test_urgent_work_goes_ahead_of_what_waits(worker: Worker, reactor: Reactor) -> None:
    """What is under way is done first, then all that is urgent, then the rest, each in the order in which it was asked for."""
    done: list[str] = []
    goes_on = threading.Event()
    begun = threading.Event()

    def first() -> None:
        begun.set()
        goes_on.wait(20)

    worker(first)
    begun.wait(20)
    for name in ("page 1", "page 2"):
        worker(lambda name=name: name).addCallback(done.append)
    for name in ("ledger", "journal"):
        worker.ahead(lambda name=name: name).addCallback(done.append)
    goes_on.set()
    for _ in range(5):
        reactor.turn()

    assert done == ["ledger", "journal", "page 1", "page 2"]


def test_what_waits_has_a_turn_however_much_is_urgent(worker: Worker, reactor: Reactor) -> None:
    """Where urgent work never ends, as on a machine that is too slow for the calls of its PBXs, pages are answered all the same."""
    done: list[str] = []
    goes_on = threading.Event()
    worker.ahead(lambda: goes_on.wait(20))
    for name in ("page 1", "page 2"):
        worker(lambda name=name: name).addCallback(done.append)
    for _ in range(3 * AHEAD):
        worker.ahead(lambda: "calls").addCallback(done.append)
    goes_on.set()
    for _ in range(3 * AHEAD + 3):
        reactor.turn()

    assert [at for at, name in enumerate(done) if name != "calls"] == [AHEAD - 1, 2 * AHEAD]


def test_who_comes_late_has_a_turn_too(worker: Worker, reactor: Reactor) -> None:
    """Also when more was urgent, one after another, than goes ahead of anybody who waits, and it does not end."""
    done: list[str] = []
    begun, goes_on = threading.Event(), threading.Event()
    for _ in range(AHEAD + 1):
        worker.ahead(lambda: None)

    def last() -> None:
        begun.set()
        goes_on.wait(20)

    worker.ahead(last)
    begun.wait(20)
    worker(lambda: "page").addCallback(done.append)
    for _ in range(3):
        worker.ahead(lambda: "calls").addCallback(done.append)
    goes_on.set()
    for _ in range(AHEAD + 6):
        reactor.turn()

    assert done == ["page", "calls", "calls", "calls"]


def test_pages_wait_while_they_are_held(worker: Worker, reactor: Reactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done for one request in many turns goes on between two of them without a page in its way."""
    monkeypatch.setattr("ucmsim.service.worker.HELD", 60)
    done: list[str] = []
    with worker.held():
        worker(lambda: "page").addCallback(done.append)
        for name in ("close", "open"):
            worker.ahead(lambda name=name: name).addCallback(done.append)
            reactor.turn()
        worker.slowly(Held("fill", 0, []).steps()).addCallback(done.append)
        reactor.turn()
    reactor.turn()

    assert done == ["close", "open", "fill", "page"]


def test_pages_are_not_held_for_ever(worker: Worker, reactor: Reactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long what is asked for takes, or however many ask for something one after another."""
    monkeypatch.setattr("ucmsim.service.worker.HELD", 0.01)
    done: list[str] = []
    with worker.held():
        worker(lambda: "page").addCallback(done.append)
        reactor.turn()

    assert done == ["page"]


def test_the_end_holds_no_page_back(reactor: Reactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for is done, also while something was to be done without it."""
    monkeypatch.setattr("ucmsim.service.worker.HELD", 60)
    worker = Worker(reactor)
    done: list[str] = []
    with worker.held():
        worker(lambda: "page").addCallback(done.append)
        worker.stop()
        reactor.turn()

    assert done == ["page"]


def test_what_waits_has_a_turn_when_what_is_urgent_took_long(
    worker: Worker, reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few that were: where hundreds of PBXs have their first calls, a page does not wait for the people of all."""
    monkeypatch.setattr("ucmsim.service.worker.AHEAD_FOR", 1e-9)
    done: list[str] = []
    goes_on = threading.Event()
    worker.ahead(lambda: goes_on.wait(20))
    for name in ("page 1", "page 2"):
        worker(lambda name=name: name).addCallback(done.append)
    for name in ("calls 1", "calls 2"):
        worker.ahead(lambda name=name: name).addCallback(done.append)
    goes_on.set()
    for _ in range(5):
        reactor.turn()

    assert done == ["page 1", "calls 1", "page 2", "calls 2"]


def test_what_goes_wrong_is_told(worker: Worker, reactor: Reactor) -> None:
    """Whoever asked gets the error, and the worker goes on."""
    wrong: list[Any] = []
    done: list[int] = []
    worker(lambda: 1 // 0).addErrback(wrong.append)
    worker(lambda: 2).addCallback(done.append)
    reactor.turn()
    reactor.turn()

    assert ([failure.type for failure in wrong], done) == ([ZeroDivisionError], [2])


def test_who_waits_no_more_hears_nothing(worker: Worker, reactor: Reactor) -> None:
    """Work whose result was given up is done, and nobody is disturbed by it."""
    wrong: list[Any] = []
    waiting = worker(lambda: 2)
    waiting.addErrback(wrong.append)
    waiting.cancel()
    reactor.turn()

    assert [failure.type.__name__ for failure in wrong] == ["CancelledError"]


class Held:
    """Steps that are noted as they are done; before each the worker waits until the test lets it go on."""

    def __init__(self, name: str, count: int, noted: list[str]) -> None:
        self.begun, self._goes_on = threading.Semaphore(0), threading.Semaphore(0)
        self._name, self._count, self._noted = name, count, noted

    def steps(self) -> Steps[str]:
        for number in range(1, self._count + 1):
            self.begun.release()
            self._goes_on.acquire(timeout=20)
            self._noted.append(f"{self._name} {number}")
            yield
        return self._name

    def wait(self) -> None:
        assert self.begun.acquire(timeout=20)

    def go_on(self, times: int = 1) -> None:
        self._goes_on.release(times)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits has his turn after each step."""
    monkeypatch.setattr("ucmsim.service.worker.SLICE", 0)


@pytest.mark.usefixtures("impatient")
def test_long_work_gives_way_to_what_waits(worker: Worker, reactor: Reactor) -> None:
    """Between two of its steps all is done that is urgent by then, and one page, so that neither waits long for the other."""
    noted: list[str] = []
    done: list[str] = []
    long = Held("step", 3, noted)
    worker.slowly(long.steps()).addCallback(done.append)
    long.wait()
    for name in ("page 1", "page 2"):
        worker(lambda name=name: noted.append(name))
    worker.ahead(lambda: noted.append("ledger"))
    long.go_on()
    long.wait()
    worker(lambda: noted.append("page 3"))
    long.go_on(2)
    for _ in range(5):
        reactor.turn()

    assert noted == ["step 1", "ledger", "page 1", "step 2", "page 2", "step 3", "page 3"]
    assert done == ["step"]


@pytest.mark.usefixtures("impatient")
def test_long_work_takes_turns_with_long_work(worker: Worker, reactor: Reactor) -> None:
    """Of two histories that are made up, a short one is not kept waiting by a long one."""
    noted: list[str] = []
    done: list[str] = []
    long, short = Held("long", 4, noted), Held("short", 2, noted)
    worker.slowly(long.steps()).addCallback(done.append)
    long.wait()
    worker.slowly(short.steps()).addCallback(done.append)
    long.go_on(4)
    short.go_on(2)
    reactor.turn()
    reactor.turn()

    assert noted == ["long 1", "short 1", "long 2", "short 2", "long 3", "long 4"]
    assert done == ["short", "long"]


def test_long_work_that_nobody_waits_behind_goes_on(worker: Worker, reactor: Reactor) -> None:
    """What it returns is told, and so is what it raises."""

    def broken() -> Steps[None]:
        yield
        raise ValueError("no more")

    done: list[Any] = []
    worker.slowly(Held("nothing", 0, []).steps()).addCallback(done.append)
    reactor.turn()
    worker.slowly(broken()).addErrback(lambda failure: done.append(str(failure.value)))
    reactor.turn()

    assert done == ["nothing", "no more"]


def test_what_is_asked_after_the_end_fails_at_once(reactor: Reactor) -> None:
    """Whoever waits for it waits for nothing: whatever kind of work it is."""
    worker = Worker(reactor)
    worker.stop()
    wrong: list[Any] = []
    for asked in (worker(lambda: 1), worker.ahead(lambda: 2), worker.slowly(Held("long", 0, []).steps())):
        asked.addErrback(wrong.append)

    assert [str(failure.value) for failure in wrong] == ["ucmsim stops, and does nothing more of what it is asked"] * 3
    assert [failure.type for failure in wrong] == [Stopped] * 3


@pytest.mark.usefixtures("impatient")
def test_what_was_asked_before_the_end_is_done(reactor: Reactor) -> None:
    """Also the steps of long work that would have given way."""
    worker = Worker(reactor)
    done: list[str] = []
    noted: list[str] = []
    long = Held("long", 3, noted)
    worker.slowly(long.steps()).addCallback(done.append)
    long.wait()
    worker(lambda: "short").addCallback(done.append)
    ending = threading.Thread(target=worker.stop)
    ending.start()
    refused: list[Any] = []
    limit = time.monotonic() + 20
    while not refused:
        assert time.monotonic() < limit
        worker(lambda: None).addErrback(refused.append)
    long.go_on(3)
    ending.join(20)
    while len(done) < 2:
        reactor.turn()

    assert sorted(done) == ["long", "short"]


@pytest.mark.usefixtures("impatient")
def test_it_is_quiet_when_the_last_step_is_done(worker: Worker, reactor: Reactor) -> None:
    """Not when those who waited had their turn between two steps."""
    noted: list[str] = []
    long = Held("step", 2, noted)
    worker.slowly(long.steps()).addCallback(noted.append)
    long.wait()
    Deferred.fromCoroutine(worker.quiet()).addCallback(lambda _: noted.append("quiet"))
    long.go_on()
    long.wait()
    reactor.turn()  # what looks whether it is quiet was done between
    long.go_on()
    while "quiet" not in noted:
        reactor.turn()

    assert noted == ["step 1", "step 2", "step", "quiet"]
