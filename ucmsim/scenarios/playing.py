"""Plays a scenario beside a test: `ucm.play("dst-night")`. Its steps run in a thread, the client in the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event, Thread
from types import TracebackType
from typing import Self

from ucmsim.client import ControlClient
from ucmsim.errors import UcmsimError
from ucmsim.scenarios.bridge import Bridge
from ucmsim.scenarios.outcome import Outcome
from ucmsim.scenarios.performing import Performance, quiet
from ucmsim.scenarios.shipped import found

__tracebackhide__ = True


class WrongPbx(UcmsimError):
    """The PBX has not the settings that the scenario needs."""


@dataclass(slots=True)
class Play:
    """A scenario that is played, as a context manager: at its end what is expected is judged.

    It is entered once the steps before the first that waits are done: no client meets the PBX as it was before them. Where one
    of them could not be asked, that is raised here.
    Leaving it raises `AssertionError` with the list of what passed and failed, unless all passed; *outcome* has it as well.
    """

    _performance: Performance = field(repr=False)
    _ready: Event = field(repr=False)
    outcome: Outcome | None = None
    _error: BaseException | None = None
    _thread: Thread | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Whether there is still something for the client to do: ``while play.running: collector.poll()``."""
        return not self._performance.over.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until there is nothing more to do for the client, so many *seconds* at most; return whether that is so."""
        return self._performance.over.wait(seconds)

    def kept(self, acctids: Iterable[str | int]) -> None:
        """Say the AcctIds of all rows that the client kept, each as often as it kept it."""
        said = [str(one) for one in acctids]
        self._performance.kept = lambda: said

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._run, name=f"ucmsim scenario {self._performance.scenario.name}", daemon=True)
        self._thread.start()
        try:
            self._ready.wait()
        except BaseException:  # a Ctrl-C: what is not entered is not left either
            self._leave()
            raise
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave()
        if error is not None:  # the test's own failure says more
            if self._error is not None:
                error.add_note(f"the scenario had ended before: {type(self._error).__name__}: {self._error}")
            return
        if self._error is not None:
            raise self._error
        if self.outcome is not None and not self.outcome.passed:
            raise AssertionError(str(self.outcome))

    def _leave(self) -> None:
        self._performance.left.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self.outcome = self._performance.run()
        except BaseException as error:  # noqa: BLE001 - it is raised in the test's thread
            self._error = error
        finally:
            self._ready.set()


def play(
    control: ControlClient,
    pbx: str,
    scenario: str,
    patience: float | None = None,
    say: Callable[[str], object] = quiet,
) -> Play:
    """Return the *scenario*, by name or file, to be played on the PBX called *pbx*.

    *patience* is seconds that each step, and at the end the client, is waited for, instead of the scenario's own. *say* is
    told what happens, in a thread of its own. Raises `ucmsim.errors.UcmsimError`, and `ucmsim.client.ControlError`.
    """
    chosen, bridge = found(scenario), Bridge(control, pbx)
    if differing := bridge.differing(chosen.pbx):
        raise WrongPbx(f"scenario '{chosen.name}' cannot be played on PBX '{pbx}': {'; '.join(differing)}; start it so")
    waits, ready = chosen.patience if patience is None else patience, Event()
    return Play(Performance(chosen, bridge, waits, say, kept=_nothing_yet, ready=ready.set), ready)


def _nothing_yet() -> None:
    return None
