"""A PBX that is still being made when somebody removes it: it is given up, with all that was to come before its removal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure

from tests.makers import VOICES
from tests.test_running import LIVE, Machine
from ucmsim.assembling.assembly import Appliance, Premises, assembling
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.errors import Unwanted
from ucmsim.service.fleet import Fleet
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings import load_pbx
from ucmsim.steps import Steps, finished, unless

NO_MORE = Unwanted("no more")
LONG = {**LIVE, "history": {"days": 3650, "calls_per_day": 1000}}
"""A PBX whose history takes longer to make up than any test."""


class Steady:
    """Steps that write down what becomes of them."""

    def __init__(self, count: int, *, minds: bool = False) -> None:
        self.told, self._count, self._minds = list[str](), count, minds

    def steps(self) -> Steps[str]:
        for number in range(self._count):
            self.told.append(f"step {number}")
            try:
                yield
            except Unwanted as error:
                self.told.append(f"undone: {error}")
                if self._minds:
                    return "done all the same"
                raise
        return "done"


def test_steps_that_are_wanted_come_to_their_end() -> None:
    """With what comes of them, and a rest at each."""
    steady, asked = Steady(3), list[int]()
    steps = unless(steady.steps(), lambda: asked.append(1))  # type: ignore[func-returns-value]
    assert finished(steps) == "done"
    assert (steady.told, len(asked)) == (["step 0", "step 1", "step 2"], 3)


@pytest.mark.parametrize("minds", [False, True])
def test_steps_are_given_up_where_they_rest(minds: bool) -> None:
    """They are told why, and may undo what they did; what comes of it is theirs."""
    steady = Steady(1000, minds=minds)
    steps = unless(steady.steps(), lambda: NO_MORE if len(steady.told) == 2 else None)
    if minds:
        assert finished(steps) == "done all the same"
    else:
        with pytest.raises(Unwanted, match="no more"):
            finished(steps)
    assert steady.told == ["step 0", "step 1", "undone: no more"]


class Rig:
    """A fleet that runs, and what was asked of it."""

    def __init__(self, folder: StateFolder) -> None:
        self.host, self.path = Machine(), folder.path
        premises = Premises(folder, VOICES, 1)
        self.fleet = Fleet(self.host, lambda name, settings: assembling(name, settings, premises, self.host.seconds()))
        self.fleet.startService()

    def create(self, **settings: Any) -> Deferred[Any]:
        """Ask for a PBX as the control plane does."""

        async def created() -> str:
            async with self.fleet.turn("hq"):
                await self.fleet.create("hq", load_pbx({**LONG, **settings}, Path()))
                return "made"

        return self._told(created())

    def remove(self) -> Deferred[Any]:
        """Ask for its removal as the control plane does."""

        async def removed() -> str:
            async with self.fleet.last_turn("hq") as given_up:
                if given_up:
                    return "given up"
                await self.fleet.remove("hq")
                return "removed"

        return self._told(removed())

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the worker go on until something is so."""

        async def waited() -> None:
            while not condition():
                await self.fleet.work(lambda: None)

        self.host.come_to(Deferred.fromCoroutine(waited()))

    def come_to(self, *asked: Deferred[Any]) -> list[str]:
        """Return what came of all that was *asked*."""
        (told,) = self.host.come_to(gatherResults(asked))
        return list(told)

    def _told(self, asking: Any) -> Deferred[Any]:
        def refused(failure: Failure) -> str:
            return f"{failure.type.__name__}: {failure.value}"

        return Deferred.fromCoroutine(asking).addErrback(refused)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    folder = StateFolder.open(tmp_path / "state")
    made = Rig(folder)
    yield made
    made.host.come_to(made.fleet.stopService())
    folder.close()


GIVEN_UP = "Unwanted: PBX 'hq' was deleted while it was being made; ask again if it is to be there"
EMPTY = {"history": {"days": 0}}


def test_what_is_being_made_is_given_up(rig: Rig) -> None:
    """Nothing is left of it, and another of its name can be made; nobody who removes that is told otherwise."""
    made = rig.create()
    rig.until((rig.path / "hq" / "history.sqlite").exists)
    assert rig.come_to(made, rig.remove()) == [GIVEN_UP, "given up"]
    assert not (rig.path / "hq").exists()
    assert rig.come_to(rig.create(**EMPTY), rig.remove(), rig.remove()) == ["made", "removed", "KeyError: 'hq'"]


def test_what_was_to_come_before_its_removal_is_given_up_too(rig: Rig) -> None:
    """In the order in which it was asked for: what was asked for later is made."""
    asked = [rig.create(), rig.create(), rig.remove(), rig.create(**EMPTY)]
    assert rig.come_to(*asked) == [GIVEN_UP, GIVEN_UP, "given up", "made"]
    assert "hq" in rig.fleet


def test_what_was_made_in_spite_of_it_is_removed(rig: Rig) -> None:
    """One that takes no steps is there before anybody looks."""
    assert rig.come_to(rig.create(), rig.create(**EMPTY), rig.remove()) == [GIVEN_UP, "made", "removed"]
    assert not (rig.path / "hq").exists()


def test_what_another_process_left_of_it_is_removed_as_well(rig: Rig) -> None:
    """As of one that was there: keys and history are erased, also those of a process that ended while it made it."""
    (rig.path / "hq").mkdir()
    (rig.path / "hq" / "crl.pem").touch()
    made = rig.create()
    rig.until((rig.path / "hq" / "history.sqlite").exists)
    assert rig.come_to(made, rig.remove()) == [GIVEN_UP, "given up"]
    assert not (rig.path / "hq").exists()


def test_what_fails_by_itself_leaves_what_was_there(tmp_path: Path) -> None:
    """Only who removes it erases a folder that was there before."""
    folder = StateFolder.open(tmp_path / "state")
    (folder.path / "hq").mkdir()
    (file := tmp_path / "hq.csv").touch()
    settings: PbxSettings = load_pbx({**LIVE, "history": {"import": str(file)}}, tmp_path)
    file.unlink()
    steps: Steps[Appliance] = assembling("hq", settings, Premises(folder, VOICES, 1), 0.0)
    with pytest.raises(Exception, match=r"hq\.csv cannot be read"):
        finished(steps)
    assert (folder.path / "hq").exists()
    folder.close()
