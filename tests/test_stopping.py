"""How a running ucmsim ends: SIGTERM, SIGINT, and a parent that is gone, in the middle of all that may be going on."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.processes import API, GUIDE, LIMIT, Process, names
from ucmsim.client import ControlClient, ControlError
from ucmsim.service.stopping import within
from ucmsim.store.history import History

MANY = {"days": 3660, "calls_per_day": 1000}
"""More calls than can be made up while a test waits."""
FAULTS = [
    {"fault": "http.drip", "bytes": 1, "seconds": 0.2, "when": {"path": "/recapi"}},
    {"fault": "http.stall", "when": {"path": "/cdrapi"}},
    {"fault": "tcp.mute", "when": {"client": "127.0.0.2"}},
]


def terminated(process: Process, _alive: int) -> None:
    os.kill(process.pid, signal.SIGTERM)


def interrupted(process: Process, _alive: int) -> None:
    os.kill(process.pid, signal.SIGINT)


def hung_up(process: Process, _alive: int) -> None:
    """As a shell and then the kernel do, when a terminal is closed."""
    os.kill(process.pid, signal.SIGHUP)
    with suppress(ProcessLookupError):
        while process.runs_on(0.01) and "(SIGHUP)" not in process.out:
            pass
        os.kill(process.pid, signal.SIGHUP)


def orphaned(_process: Process, alive: int) -> None:
    os.close(alive)


@contextmanager
def running(folder: Path, **top: Any) -> Iterator[tuple[Process, int]]:
    """Run ucmsim with a control plane and a PBX that does everything slowly; yield it, and the pipe that its parent holds."""
    watched, alive = os.pipe()
    pbx = {"api": API, "history": GUIDE, "faults": FAULTS, "journal": {"spill": 1000}}
    (folder / "sim.yaml").write_text(json.dumps({"control": {"bind": "127.0.0.1:0"}, "pbxs": {"hq": pbx}, **top}))
    options = ["--config", folder / "sim.yaml", "--parent-pipe", str(watched)]
    try:
        with Process(folder, *options, pipes=(watched,), measured=False) as process:
            yield process, alive
    finally:
        os.close(watched)
        with suppress(OSError):  # the test has closed it
            os.close(alive)


def asked(pbx: dict[str, Any], path: str, left: ExitStack) -> ssl.SSLSocket:
    """Return a connection on which *path* was asked for and the head of the answer has come."""
    place = urlsplit(pbx["url"])
    plain = left.enter_context(socket.create_connection((place.hostname, place.port), LIMIT))
    context = ssl.create_default_context(cafile=pbx["ca"])
    tls = left.enter_context(context.wrap_socket(plain, server_hostname=place.hostname))
    tls.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
    tls.recv(1)
    return tls


def ended(connection: socket.socket) -> bool:
    """Wait for the end of a connection, whichever it is; False when none comes."""
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def creating(control: ControlClient, found: list[object]) -> threading.Thread:
    """Create a PBX with more history than there is time for, in a thread; what comes of it goes to *found*."""

    def create() -> None:
        try:
            found.append(control.create_pbx("coming", {"history": MANY}))
        except ControlError as error:
            found.append(error)

    thread = threading.Thread(target=create, daemon=True)
    thread.start()
    return thread


def filled(process: Process, history: Path) -> None:
    """Wait until rows are being written to *history*."""
    until = time.monotonic() + LIMIT
    files = (history, history.with_name(f"{history.name}-wal"))
    while not any(file.exists() and file.stat().st_size > 1 << 20 for file in files):
        assert process.runs_on(0.02), process.out + process.err
        assert time.monotonic() < until


ENDINGS = pytest.mark.parametrize(
    ("end", "code"),
    [(terminated, 143), (interrupted, 130), (hung_up, 0), (orphaned, 0)],
    ids=["SIGTERM", "SIGINT", "SIGHUP", "parent"],
)


@ENDINGS
@pytest.mark.parametrize("kept", [False, True], ids=["temporary", "kept"])
def test_it_ends_in_the_middle_of_everything(
    tmp_path: Path, end: Callable[[Process, int], None], code: int, kept: bool
) -> None:
    """A download that drips, a stalled answer, a mute connection, and a PBX that is being created: all of it ends.

    Ports are closed, connections cut, histories closed, nothing temporary is left, and nothing of the PBX that was coming.
    """
    state = tmp_path / "kept"
    with ExitStack() as left, running(tmp_path, **({"state": "kept"} if kept else {})) as (process, alive):
        report = process.report()
        pbx, home = report["pbxs"]["hq"], Path(report["pbxs"]["hq"]["ca"]).parent
        place = urlsplit(pbx["url"])
        mute = left.enter_context(
            socket.create_connection((place.hostname, place.port), LIMIT, source_address=("127.0.0.2", 0))
        )
        connections = [asked(pbx, "/recapi", left), asked(pbx, "/cdrapi?format=JSON", left), mute]
        found: list[object] = []
        thread = creating(ControlClient(report["control"]["url"], report["control"]["token"]), found)
        filled(process, home.parent / "coming" / "history.sqlite")
        end(process, alive)
        assert process.ended() == code
        assert all(map(ended, connections))
        thread.join(LIMIT)
        assert len(found) == 1
        assert isinstance(found[0], ControlError)
        assert "still at work" not in process.out
        assert "Traceback" not in process.out + process.err
        assert names(tmp_path / "tmp") == []
        for url in (pbx["url"], report["control"]["url"]):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), LIMIT)
    if kept:
        assert [one for one in names(state) if "." not in one and one != "control-token"] == ["hq"]
        assert not [one for one in names(home) if one.endswith(("-wal", "-shm", "-journal"))], "a history is not closed"
        with closing(History.open(home / "history.sqlite", durable=True)) as history:
            assert len(history) == 3
        told = [(one["kind"], *one["kinds"], one["ended"]) for one in told_in(home / "journal.sqlite")]
        assert sorted(told) == [
            ("connection", "tcp.mute", "the device reset it"),
            ("connection", "the device reset it"),
            ("connection", "the device reset it"),
            ("exchange", "http.drip", "the PBX was switched off"),
            ("exchange", "http.stall", "the PBX was switched off"),
        ]


def told_in(journal: Path) -> list[dict[str, Any]]:
    """Return the events in a journal on disk."""
    with closing(sqlite3.connect(journal)) as database:
        return [json.loads(one) for (one,) in database.execute("SELECT json FROM event ORDER BY id")]


def test_what_does_not_end_is_not_waited_for_for_ever() -> None:
    """After the limit it is told, and the end goes on; what comes later is passed over."""
    clock, work, said = Clock(), Deferred(), []
    done = within(5, work, clock, lambda: said.append("late"))
    clock.advance(4.9)
    assert not done.called
    clock.advance(0.1)
    assert (done.called, said) == (True, ["late"])
    work.callback("too late")


def test_what_ends_in_time_is_not_late() -> None:
    """Then nothing waits any more."""
    clock, work, said = Clock(), Deferred(), []
    done = within(5, work, clock, lambda: said.append("late"))
    work.errback(ValueError("whatever"))
    assert done.called
    clock.advance(10)
    assert (said, clock.getDelayedCalls()) == ([], [])
