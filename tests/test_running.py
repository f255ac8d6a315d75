"""An appliance at work, from one start to one stop: what goes wrong leaves nothing behind, and is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from tests.appliances import assembled
from tests.test_listening import Host
from ucmsim.assembling.assembly import Appliance
from ucmsim.errors import BindError
from ucmsim.service.fleet import Fleet
from ucmsim.service.running import Running
from ucmsim.service.stopping import within
from ucmsim.service.worker import Worker

LIVE = {
    "api": {"enable": True, "tls_bind_address": "127.0.0.1:8443", "permitted_ips": ["127.0.0.0/8"]},
    "history": {"days": 0},
    "traffic": {"live": True},
    "journal": {"spill": 1_000_000},
}


class Machine(Host):
    """Such a system with threads: what they call is done when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: Queue[Callable[[], object]] = Queue()

    def callFromThread(self, function: Callable[..., object], *values: object) -> None:
        self._calls.put(lambda: function(*values))

    def come_to(self, ended: Deferred[Any]) -> list[Any]:
        """Do what threads call until that has *ended*; return what came of it."""
        result: list[Any] = []
        ended.addBoth(result.append)
        while not result:
            self._calls.get(timeout=20)()
        return result


@pytest.fixture
def host() -> Machine:
    return Machine()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Return what is told in the log, with what went wrong."""
    told: list[str] = []

    def observe(event: LogEvent) -> None:
        failure = event.get("log_failure")
        told.append(f"{formatEvent(event)}: {failure.value}" if failure else formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield told
    globalLogPublisher.removeObserver(observe)


@pytest.fixture
def worker(host: Machine) -> Iterator[Worker]:
    made = Worker(host)
    yield made
    made.stop()


@pytest.fixture
def appliance(tmp_path: Path, host: Machine) -> Iterator[Appliance]:
    with assembled(tmp_path / "state", LIVE, host.seconds()) as made:
        yield made


def test_busy_port_leaves_nothing_at_work(host: Machine, worker: Worker, appliance: Appliance) -> None:
    """A PBX that cannot listen lets no calls happen and writes no journal: its history is closed by whoever made it."""
    host.taken = True
    with pytest.raises(BindError):
        Running(appliance, host, worker).start()

    assert host.getDelayedCalls() == []


def fails(sentence: str) -> Callable[[], Deferred[None]]:
    return lambda: fail(RuntimeError(sentence))


def test_what_fails_at_the_end_is_told_and_the_rest_is_done(
    host: Machine, worker: Worker, appliance: Appliance, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever does not end as it should, the log says what, and the journal and the history are closed all the same."""
    running = Running(appliance, host, worker)
    running.start()
    monkeypatch.setattr(running.gate, "empty", fails("one holds on"))
    monkeypatch.setattr(running.calls, "stopService", fails("calls could not be cut"))
    closed: list[str] = []
    monkeypatch.setattr(Appliance, "close", lambda one: closed.append(one.pbx.name))
    del logged[:]

    assert host.come_to(running.stop()) == [None]

    assert closed == ["hq"]
    assert [line for line in logged if "hq: its" in line] == [
        "hq: its calls did not end as it should: calls could not be cut",
        "hq: its connections did not end as it should: one holds on",
    ]


def test_no_call_happens_while_it_ends(
    host: Machine, worker: Worker, appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its calls come to their end before its port: of hundreds of PBXs the worker would write some all the while."""
    running = Running(appliance, host, worker)
    running.start()
    closing: Deferred[None] = Deferred()
    monkeypatch.setattr(running.listening, "close", lambda: closing)
    happened: list[object] = []
    monkeypatch.setattr(appliance.living, "happen", lambda *until: happened.append(until))

    ended = running.stop()
    host.advance(3600)
    host.come_to(worker(lambda: None))
    closing.callback(None)
    host.come_to(ended)

    assert happened == []


def test_it_is_closed_by_the_worker(host: Machine, worker: Worker, appliance: Appliance) -> None:
    """Calls that are cut and what was delivered are written then, which takes its time; what fails is told to who let it go."""
    running = Running(appliance, host, worker)
    running.start()
    threads: list[threading.Thread] = []

    def let_go(_appliance: Appliance) -> None:
        threads.append(threading.current_thread())
        raise OSError("the disk is full")

    (failure,) = host.come_to(running.stop(let_go))

    assert str(failure.value) == "the disk is full"
    assert threading.main_thread() not in threads
    assert len(threads) == 1


def test_a_failure_of_the_whole_end_is_told(logged: list[str]) -> None:
    """It ends the process as it would have ended, and the log says why it was in no order."""
    done = within(5, fail(RuntimeError("no end")), Clock(), lambda: None)

    assert done.called
    assert logged == ["Something failed while everything stopped: no end"]


def test_a_pbx_is_forgotten_by_the_worker_and_gives_way(
    host: Machine, appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand recordings take a second to remove: neither the reactor nor a page waits for that."""
    fleet = Fleet(host, lambda *_: pytest.fail("nothing else begins"))
    fleet.startService()
    fleet.add(appliance)
    for number in range(3):
        (appliance.home / "spool" / "monitor" / f"{number}.wav").touch()
    unlinked: list[threading.Thread] = []
    right = Path.unlink

    def unlink(file: Path, **more: bool) -> None:
        if file.suffix == ".wav":
            unlinked.append(threading.current_thread())
        right(file, **more)

    monkeypatch.setattr(Path, "unlink", unlink)
    try:
        host.come_to(Deferred.fromCoroutine(fleet.remove("hq")))
    finally:
        fleet.stop_worker()

    assert not appliance.home.exists()
    assert len(unlinked) == 3
    assert threading.main_thread() not in unlinked
