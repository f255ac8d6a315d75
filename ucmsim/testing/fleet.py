"""The processes that PBXs of tests live in: one of the session's own, or one that runs already."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from ucmsim.child import Child
from ucmsim.client import ControlClient, ControlError, ControlNotFound, ControlStopped, ControlUnreachable
from ucmsim.freename import made
from ucmsim.overlay import over
from ucmsim.remote import Reached, Remote
from ucmsim.testing.chosen import default
from ucmsim.testing.pbx import Ucm
from ucmsim.testing.session import Session
from ucmsim.testing.trust import UcmCa

__tracebackhide__ = True


@dataclass(slots=True)
class UcmFleet:
    """The process in which all PBXs of the session live, with their *ca*.

    *log* and *ca* are None, and *pid* 0, where pytest did not start it; it may be *remote* then. Else *session* keeps it there:
    where it has ended, whoever starts a PBX finds another.
    """

    control: ControlClient
    pid: int = 0
    log: Path | None = None
    seed: int | None = None
    ca: UcmCa | None = None
    remote: Remote | None = None
    session: Session | None = field(default=None, repr=False)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    @classmethod
    def of(cls, session: Session, seed: int) -> UcmFleet:
        """Return the fleet in the process of a *session*, made up from *seed*."""
        child = session.child
        return cls(_control(child), child.pid, child.log, seed, UcmCa(str(session.ca)), session=session)

    def renew(self) -> None:
        """Go on in another process where this one has ended, without the PBXs that were in it."""
        if self.session is not None and self.session.renewed():
            child = self.session.child
            self.control, self.pid, self.log = _control(child), child.pid, child.log

    def start(self, settings: Mapping[str, Any], name: str | None = None) -> Ucm:
        """Start a PBX with *settings* over the defaults of the fixture; raises `ucmsim.client.ControlError`.

        What is made up follows from the seed and the *name*, which gets a number where there is such a PBX already.
        """
        self.renew()
        there = self.remote
        chosen = over(over(default(), {} if there is None else there.settings()), settings)
        wanted = name or f"test-{next(self._numbers)}"
        try:
            pbx = made(self.control, wanted, chosen)
        except ControlError as error:
            if not self._ended(error):
                raise
            self.renew()
            pbx = made(self.control, wanted, chosen)
        password = chosen["api"].get("tls_authentication_password")
        at = (
            Reached(pbx.name, pbx.url or "", pbx.username, password, pbx.ca)
            if there is None
            else there.reached(pbx, password)
        )
        return Ucm(at.name, at.url, at.user, at.password, at.ca, self.control, self.log, self.seed)

    def stop(self, ucm: Ucm) -> None:
        """Stop a PBX and forget its state."""
        self.control.delete_pbx(ucm.name)

    def end(self, ucm: Ucm) -> None:
        """Stop *ucm*, which is done where it is stopped already, or its whole process has ended."""
        try:
            with suppress(ControlNotFound, ControlStopped):
                self.stop(ucm)
        except ControlUnreachable as error:
            if not _unanswered(error):
                raise
            self._ended(error)

    def loss(self) -> str:
        """Return how the session's process was lost since this was asked last, "" where it was not."""
        return "" if self.session is None else self.session.loss()

    def _ended(self, error: ControlError) -> bool:
        """Return whether an *error* came of the end of the session's process; one that has begun is waited for."""
        return self.session is not None and _unanswered(error) and self.session.ending()


@dataclass(slots=True)
class UcmFactory:
    """Starts PBXs for one test, as many as it asks for: ``ucm_factory(personality="ucm6510")``; they end with the test.

    *settings* is asked what a PBX is made with that the test says some settings of. *found* says how a process was lost
    before the test had a PBX, which nobody can blame on it.
    """

    fleet: UcmFleet
    name: str
    settings: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(repr=False)
    started: list[Ucm] = field(default_factory=list)
    found: str = ""
    _asked: bool = False

    def __call__(self, **settings: Any) -> Ucm:
        """Start a PBX; *settings* are laid over those of markers and options. Raises `ucmsim.client.ControlError`."""
        self._asked = True
        ucm = self.fleet.start(self.settings(settings), self.name)
        if not self.started and (said := self.fleet.loss()):
            self.found = f"before this test {said}; this test has another process"
        self.started.append(ucm)
        return ucm

    def end(self) -> None:
        """Stop every PBX that was started here, the others too where one does not stop; raises what the last such one did."""
        with ExitStack() as stack:
            for ucm in self.started:
                stack.callback(self.fleet.end, ucm)

    def loss(self) -> str:
        """Return how a process was lost that this test had PBXs in, or was to have one, "" where none was."""
        said = self.fleet.loss() if self._asked else ""
        return said and f"{said}, those of this test too; the next test gets another process"


def _unanswered(error: ControlError) -> bool:
    """Return whether nothing was there to answer, or what answered was about to end."""
    gone = isinstance(error, ControlUnreachable) and isinstance(error.__cause__, ConnectionError)
    return gone or isinstance(error, ControlStopped)


def _control(child: Child) -> ControlClient:
    told = child.ready["control"]
    return ControlClient(told["url"], told["token"])


def name_for(file: str, test: str) -> str:
    """Return how the PBX of a *test* in *file* is called: the same in every run, whatever runs beside it."""
    words = re.sub(r"[^a-z0-9]+", "-", test.lower()).strip("-")
    return f"{words[:40] or 'test'}-{hashlib.sha256(f'{file}::{test}'.encode()).hexdigest()[:4]}"
