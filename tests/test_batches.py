"""Calls that are placed together: what a batch costs, and that whoever waits beside it has a turn before it is done."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.appliances import NOW
from ucmsim.asking.wishes import Placed, wished, wished_each
from ucmsim.assembling.assembly import Appliance
from ucmsim.assembling.living import Living
from ucmsim.service import worker as worker_module
from ucmsim.service.happenings import Happenings
from ucmsim.service.worker import Worker
from ucmsim.settings import load_pbx
from ucmsim.steps import finished
from ucmsim.store.history import History


def batch(count: int, apart: timedelta = timedelta()) -> list[dict[str, Any]]:
    """Calls over the trunk, each so long after the one before."""
    return [
        {"shape": "answered", "from": str(1000 + n % 50), "to": "3125550123", "at": (NOW + n * apart).isoformat()}
        for n in range(count)
    ]


def living(history: History) -> Living:
    return Living("hq", load_pbx({"time_zone": "UTC"}, Path()), history, seed=1, since=NOW)


def together(on: Living, bodies: list[Any]) -> list[Placed]:
    return finished(on.foretold(finished(on.place_each(wished_each(bodies, NOW)))))


def counted(work: Callable[[], Any]) -> int:
    """Return how often *work* calls a function, or goes on with a generator."""
    events: list[str] = []
    sys.setprofile(lambda _frame, event, _what: events.append(event))
    try:
        work()
    finally:
        sys.setprofile(None)
    return events.count("call")


@pytest.mark.parametrize("apart", [timedelta(), timedelta(minutes=1)], ids=["at once", "one after another"])
def test_a_batch_of_twice_as_many_calls_is_twice_the_work(apart: timedelta) -> None:
    """Where each looked through all others, it would be nearly four times as much."""

    def cost(calls: int) -> int:
        history = History.open(Path(":memory:"), durable=False)
        on = living(history)
        on.place(wished(batch(1)[0], NOW))  # which makes up the people, once
        found = counted(lambda: together(on, batch(calls, apart)))
        history.close()
        return found

    assert 1.9 < cost(400) / cost(200) < 2.2


def test_a_batch_is_told_and_written_as_its_calls_alone() -> None:
    """One beside another, out of order, with some that do not end: all that is told of them afterwards is the same."""
    bodies = [*batch(8, timedelta(minutes=1)), *batch(8), *({**one, "shape": "unfinished"} for one in batch(2))]
    found = []
    for alone in (False, True):
        history = History.open(Path(":memory:"), durable=False)
        on = living(history)
        if alone:
            for body in bodies:
                on.place(wished(body, NOW))
        else:
            together(on, bodies)
        on.happen(NOW + timedelta(days=1))
        on.stop()
        found.append((list(history.ledger.calls()), on.channels))
        history.close()
    assert found[0] == found[1]
    assert len(found[0][0]) == len(bodies)


class Reactor(Clock):
    """A clock that does what the worker's thread tells it to, when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Queue[Callable[[], None]] = Queue()

    def callFromThread(self, function: Callable[..., Any], *values: Any) -> None:
        self.told.put(lambda: function(*values))

    def go(self, until: Deferred[Any]) -> None:
        while not until.called:
            self.told.get(timeout=20)()


@pytest.fixture
def reactor() -> Reactor:
    return Reactor()


@pytest.fixture
def worker(reactor: Reactor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker whose long work rests wherever it can when anybody waits."""
    monkeypatch.setattr(worker_module, "SLICE", 0)
    made = Worker(reactor)
    yield made
    made.stop()


def asked(appliance: Appliance, reactor: Reactor, worker: Worker, bodies: list[Any], done: list[Any]) -> Deferred[Any]:
    """Ask for a batch, for what is over by now and for three pages of a neighbour; tell what is *done*, fire at the end."""
    calls = Happenings(appliance, reactor, worker.ahead, worker, worker.slowly)
    calls.startService()
    begun, goes_on = threading.Event(), threading.Event()
    worker(lambda: (begun.set(), goes_on.wait(20)))
    begun.wait(20)

    def ended(rows: list[int | None] | Failure) -> None:
        done.append(rows.getErrorMessage() if isinstance(rows, Failure) else sum(filter(None, rows)))

    Deferred.fromCoroutine(calls.place_each(lambda now: wished_each(bodies, now), lambda one: one.rows)).addBoth(ended)
    caught_up = Deferred.fromCoroutine(calls.catch_up())
    caught_up.addCallback(lambda written: done.append(f"{written} rows"))
    for page in ("page 1", "page 2", "page 3"):
        worker(lambda page=page: page).addCallback(done.append)
    goes_on.set()
    return caught_up.addCallback(lambda _: calls.stopService())


def test_pages_of_a_neighbour_are_answered_before_a_batch_that_came_first(
    appliance: Appliance, reactor: Reactor, worker: Worker
) -> None:
    """All that wait when it rests; what is over by now waits for all of its calls."""
    done: list[Any] = []
    reactor.go(asked(appliance, reactor, worker, batch(40), done))
    assert done == ["page 1", "page 2", "page 3", 40, "0 rows"]
    appliance.living.happen(NOW + timedelta(hours=1))
    assert len(appliance.pbx.history) == 40


def test_a_batch_that_is_refused_behind_a_rest_places_nothing(
    appliance: Appliance, reactor: Reactor, worker: Worker
) -> None:
    """The calls before the one that cannot be have been looked at by then, and none was let happen."""
    done: list[Any] = []
    reactor.go(asked(appliance, reactor, worker, [*batch(40), {**batch(1)[0], "from": "1"}], done))
    assert done[:3] == ["page 1", "page 2", "page 3"]
    said = "neither '1' nor '3125550123' is an extension of this PBX (1000 to 1049)"
    assert done[3] == f"[40].from: {said}; no call was placed"
    assert not appliance.living.goes_on
