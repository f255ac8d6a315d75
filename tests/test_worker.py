"""The one worker thread: in its turn, or ahead of all that waits, and whoever waits is told what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest

from ucmsim.worker import Worker


class Reactor:
    """Runs what threads call, when the test lets it."""

    def __init__(self) -> None:
        self.calls: Queue[Callable[[], None]] = Queue()

    def callFromThread(self, function: Callable[..., Any], *values: Any) -> None:
        self.calls.put(lambda: function(*values))

    def turn(self) -> None:
        self.calls.get(timeout=20)()


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
