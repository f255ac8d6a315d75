"""Long work in one PBX keeps neither its neighbours waiting nor whoever asks the PBX itself, and is given up when the process ends.

It is work that no test could wait for: whoever is answered at all is answered before it is done.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.processes import API, GUIDE, LIMIT, Process
from ucmsim.client import ControlClient, ControlError

FROZEN = {"start": "2026-03-04T12:00:00Z", "rate": 0}
NEVER_DONE = {"days": 3650, "calls_per_day": 1000}
"""A history that takes longer to make up than any test."""
CALL = {"shape": "answered", "from": "1001", "to": "1002", "talk": 30}


class Rig:
    """A process with a PBX that has three rows, and what happened in it, in order."""

    def __init__(self, process: Process) -> None:
        report = process.report()
        self.process, self.happened = process, list[str]()
        self.control = ControlClient(report["control"]["url"], report["control"]["token"])
        self.home = Path(report["pbxs"]["hq"]["ca"]).parent.parent
        self._threads: list[threading.Thread] = []

    def begin(self, what: str, work: Callable[[], object]) -> None:
        """Let a thread do the *work*, and note when it is done, or that it was not."""

        def done() -> None:
            try:
                work()
            except ControlError:
                self.happened.append(f"{what} given up")
            else:
                self.happened.append(what)

        self._threads.append(threading.Thread(target=done, daemon=True))
        self._threads[-1].start()

    def joined(self) -> list[str]:
        """Wait until all that was begun has come to an end; return what happened."""
        for thread in self._threads:
            thread.join(LIMIT)
        return self.happened

    def until(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + LIMIT
        while not condition():
            assert self.process.runs_on(0.02), self.process.out + self.process.err
            assert time.monotonic() < until

    def grows(self, file: str) -> None:
        """Wait until rows are being written to a *file* in the state folder."""
        there = self.home / file
        self.until(lambda: there.exists() and there.stat().st_size > 1 << 19)

    def page(self, name: str) -> None:
        """Pull a page of a PBX, and note it."""
        pbx = self.control.pbx(name)
        context = ssl.create_default_context(cafile=pbx.ca)
        with urlopen(f"{pbx.url}/cdrapi?format=CSV", timeout=LIMIT, context=context) as answer:
            assert answer.status == 200
            answer.read()
        self.happened.append(f"page of {name}")

    def ask(self, what: str, name: str) -> None:
        """Ask the control plane of a PBX, and note it."""
        {
            "call": lambda: self.control.place_call(name, CALL),
            "ledger": lambda: self.control.ledger_page(name, limit=3),
            "defect": lambda: self.control.show_identity(name, {"defect": "expired"}),
        }[what]()
        self.happened.append(f"{what} of {name}")

    def stop(self) -> None:
        """End the process in order, with nothing left at work."""
        assert self.process.stop() == 143
        assert "still at work" not in self.process.out
        assert "Traceback" not in self.process.out + self.process.err


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    pbx = {"api": API, "history": GUIDE, "clock": FROZEN}
    (tmp_path / "sim.yaml").write_text(json.dumps({"control": {"bind": "127.0.0.1:0"}, "pbxs": {"hq": pbx}}))
    with Process(tmp_path, "--config", tmp_path / "sim.yaml") as process:
        yield Rig(process)


def test_a_history_is_made_up_while_neighbours_are_asked(rig: Rig) -> None:
    """A page, a ledger, a placed call, a handshake's defect and another new PBX of few rows: none waits until it is done."""
    rig.begin("history", lambda: rig.control.create_pbx("coming", {"api": API, "clock": FROZEN, "history": NEVER_DONE}))
    rig.grows("coming/history.sqlite")
    rig.page("hq")
    for what in ("ledger", "call", "defect"):
        rig.ask(what, "hq")
    rig.control.create_pbx("other", {"api": API, "clock": FROZEN, "history": {"days": 2, "calls_per_day": 50}})
    rig.page("other")
    assert rig.happened == ["page of hq", "ledger of hq", "call of hq", "defect of hq", "page of other"]
    rig.stop()
    assert rig.joined()[5:] == ["history given up"]


def test_a_pbx_is_reset_while_all_are_asked(rig: Rig) -> None:
    """The PBX itself answers with its old rows until the new ones are there; a neighbour goes on as ever."""
    rig.control.create_pbx("long", {"api": API, "clock": FROZEN, "history": {"days": 0}})
    rig.control.change_pbx("long", {"history": NEVER_DONE})
    rig.begin("reset", lambda: rig.control.reset("long"))
    rig.grows("long/history.sqlite.new")
    rig.page("hq")
    rig.page("long")
    rig.ask("ledger", "long")
    rig.ask("call", "hq")
    assert rig.happened == ["page of hq", "page of long", "ledger of long", "call of hq"]
    rig.stop()
    assert rig.joined()[4:] == ["reset given up"]


def test_a_clock_is_advanced_while_all_are_asked(rig: Rig) -> None:
    """Rows come slice by slice, and pages are read between two of them, of the PBX itself too."""
    live = {"api": API, "clock": FROZEN, "history": {"days": 0, "calls_per_day": 1000}, "traffic": {"live": True}}
    rig.control.create_pbx("long", live)
    rig.begin("advance", lambda: rig.control.change_clock("long", {"advance": 3650 * 86_400}))
    rig.until(lambda: rig.control.pbx("long").rows > 200)
    rig.page("hq")
    rig.page("long")
    rig.ask("ledger", "long")
    rig.ask("call", "hq")
    assert rig.happened == ["page of hq", "page of long", "ledger of long", "call of hq"]
    rig.stop()
    assert len(rig.joined()) == 5  # the answer to who advanced it may still get out, or not


def test_the_first_history_of_a_pbx_is_made_up_while_neighbours_are_asked(rig: Rig, tmp_path: Path) -> None:
    """Where a file gave nothing and settings give a history after all, the port of that PBX waits, and nobody else."""
    head = Path(GUIDE["import"]).read_text().splitlines()[0]
    (tmp_path / "none.csv").write_text(f"{head}\nno row\n")
    settings = {"api": API, "clock": FROZEN, "history": {"import": str(tmp_path / "none.csv")}}
    rig.control.create_pbx("late", settings)
    rig.begin("history", lambda: rig.control.change_pbx("late", {"history": {"import": None, **NEVER_DONE}}))
    rig.grows("late/history.sqlite")
    rig.page("hq")
    rig.ask("call", "hq")
    assert rig.happened == ["page of hq", "call of hq"]
    rig.stop()
    assert rig.joined()[2:] == ["history given up"]
