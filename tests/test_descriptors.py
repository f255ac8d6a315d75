"""How many descriptors the process may have open, and when that is said to be too few."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.processes import TWISTD, Process, config
from ucmsim.client import ControlClient, ControlRefused
from ucmsim.errors import HistoryError, too_many_open
from ucmsim.journal.spill import Spill
from ucmsim.service.descriptors import Room
from ucmsim.store.history import History


@pytest.mark.parametrize(
    ("limit", "pbxs", "more", "said"),
    [
        (1164, 500, {"durable": False}, None),
        (1163, 500, {"durable": False}, "about 1064: only about 99 clients can be connected at a time; raise its"),
        (1063, 500, {"durable": False}, "about 1064: some of them cannot start; raise its hard limit"),
        (2163, 500, {"durable": True}, "500 PBXs need about 2064: only about 99 clients"),
        (2164, 500, {"durable": True}, None),
        (2164, 500, {"durable": True, "spilling": 10}, "about 2094: only about 70 clients"),
        (1164, 500, {"durable": False, "spilling": 1}, "(ulimit -Hn) to 1165 or more, or let there be fewer PBXs"),
        (resource.RLIM_INFINITY, 5000, {"durable": True}, None),
        (1024, 3, {"durable": True}, None),
    ],
)
def test_what_is_too_few(limit, pbxs, more, said):
    """What PBXs hold by themselves must fit, and as many clients as one device serves."""
    room = Room(limit, durable=more["durable"])
    found = room.news(pbxs, more.get("spilling", 0))
    assert found is None if said is None else said in found


def test_the_same_is_said_once():
    """PBXs that are created one by one would repeat it each time; what is worse, or comes again, is said."""
    room = Room(200, durable=False)
    said = [room.news(pbxs) for pbxs in (17, 18, 19, 20, 68, 69, 70, 68, 17, 18)]
    assert [bool(one) for one in said] == [False, False, True, False, False, True, False, True, False, False]
    assert "only about 98 clients" in said[2]
    assert "some of them cannot start" in said[5]


def test_the_limit_is_raised_to_what_the_process_may_have():
    """A soft limit below the hard one is that of an ordinary shell."""
    code = (
        "import json, resource as r; r.setrlimit(r.RLIMIT_NOFILE, (200, 300)); from ucmsim.service.descriptors import raise_limit; "
        "print(json.dumps([raise_limit(), raise_limit(), *r.getrlimit(r.RLIMIT_NOFILE)]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [300, 300, 300, 300]


def test_too_few_are_told_of_at_the_start(tmp_path):
    """On standard error, before any PBX is put together; what fits starts all the same."""
    runner = ["sh", "-c", 'ulimit -n 150 && exec "$@"', "sh", *TWISTD]
    with Process(tmp_path, "--config", config(tmp_path), runner=runner) as process:
        process.report()
        assert process.err.startswith(
            "this process may have 150 files and connections open, and 1 PBXs need about 66: "
        )
        assert process.stop() == 143


@pytest.mark.parametrize("limit", [163, 164, 165, 166])
@pytest.mark.parametrize("state", [None, "kept"])
def test_too_few_are_told_of_when_pbxs_are_created(tmp_path, limit, state):
    """The refusal of the first that cannot start says so, and blames neither address nor file.

    Each PBX holds two, or four where its state is kept, so that the last one is wanted for another thing with each limit.
    """
    runner = ["sh", "-c", f'ulimit -n {limit} && exec "$@"', "sh", *TWISTD]
    listens = {"api": {"enable": True, "tls_bind_address": "127.0.0.1:0"}, "history": {"days": 0}}
    file = config(tmp_path, json.dumps({"state": state, "control": {"bind": "127.0.0.1:0"}, "pbxs": {}}))
    with Process(tmp_path, "--config", file, runner=runner) as process:
        at = process.report()["control"]
        control = ControlClient(at["url"], at["token"])
        refusal: ControlRefused | None = None
        for number in range(164):
            try:
                control.create_pbx(f"pbx-{number}", listens)
            except ControlRefused as error:
                refusal = error
                break
        assert refusal is not None
        assert (refusal.status, refusal.code, refusal.field) == (409, "conflict", None)
        assert "this process has as many files and connections open as it may; raise its hard" in str(refusal)
        assert process.stop() == 143
        assert process.out.count("some of them cannot start") == 1


def test_that_there_will_be_too_few_is_told_before(tmp_path):
    """At the first PBX that leaves less room than clients may want, and once."""
    runner = ["sh", "-c", 'ulimit -n 164 && exec "$@"', "sh", *TWISTD]
    file = config(tmp_path, '{"control": {"bind": "127.0.0.1:0"}, "pbxs": {}}')
    with Process(tmp_path, "--config", file, runner=runner) as process:
        at = process.report()["control"]
        assert process.err == ""
        for name in ("one", "two"):
            ControlClient(at["url"], at["token"]).create_pbx(name, {"history": {"days": 0}})
        assert process.stop() == 143
        assert process.out.count("only about 98 clients can be connected at a time") == 1


def test_a_port_that_wants_a_descriptor_names_no_other_address():
    """Another address or port would not help."""
    code = (
        "import resource as r; from ucmsim.sockets.ports import OpenPort, of_pbx; from ucmsim.settings import Address; "
        "from ucmsim.errors import BindError; from twisted.internet import reactor; from twisted.internet.protocol import Factory; "
        "import os; r.setrlimit(r.RLIMIT_NOFILE, (os.dup(0), r.getrlimit(r.RLIMIT_NOFILE)[1]))\n"
        "try: OpenPort.open(reactor, Address('127.0.0.1', 0), Factory(), of_pbx('hq'))\n"
        "except BindError as error: print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("PBX 'hq' cannot listen on 127.0.0.1:0: this process has as many files")


@contextmanager
def left(count):
    """Let the process open so many more files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as undoing:
        undoing.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        taken = [os.dup(0)]
        undoing.callback(lambda: [os.close(one) for one in taken])
        resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 50, hard))
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))
        for _ in range(count):
            os.close(taken.pop())
        yield


@pytest.mark.parametrize("count", range(6))
@pytest.mark.parametrize(
    "opens",
    [
        lambda path: History.open(path, durable=True),
        lambda path: History.open(path, durable=False),
        lambda path: Spill.open(path, 10),
    ],
    ids=["kept", "thrown away", "journal"],
)
def test_a_database_that_wants_a_descriptor_says_so(tmp_path, count, opens):
    """Whichever of its files it is that cannot be opened, though there is room when the others are closed; else it opens."""
    opened, error = None, None
    with left(count):
        try:
            opened = opens(tmp_path / "file.sqlite")
        except HistoryError as failed:
            error = failed
    if opened:
        opened.close()
    assert too_many_open(error) == (opened is None)
    assert opened is not None or count < 4


def test_a_file_that_cannot_be_opened_otherwise_is_no_want_of_descriptors(tmp_path):
    """SQLite has one name for both."""
    with pytest.raises(HistoryError, match="unable to open database file") as raised:
        Spill.open(tmp_path / "not there" / "file.sqlite", 10)
    assert not too_many_open(raised.value)
