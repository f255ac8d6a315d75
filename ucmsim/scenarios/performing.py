"""Plays a scenario on a running PBX: looks, lets `course` decide, and does what is due over the control plane."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from ucmsim.client import ControlRefused, ControlUnauthorised
from ucmsim.scenarios.bridge import Bridge, named
from ucmsim.scenarios.course import Course, Due, Moment, Never, Waiting, in_words, judged, needs_calls, needs_clock
from ucmsim.scenarios.doing import Doing
from ucmsim.scenarios.evidence import Done, Evidence
from ucmsim.scenarios.judging import Finding
from ucmsim.scenarios.language import Expectation, Scenario, Step
from ucmsim.scenarios.outcome import Outcome, StepDone
from ucmsim.scenarios.seen import Call, Seen

PERIOD = 0.1
"""Seconds between two looks at the journal."""
REMINDER = 15.0
"""Seconds after which it is said again what is waited for."""
GRACE = 1.0
"""Seconds in which what the client has done is still told, once it has left: connections are told when they are closed."""
_REST = 4.0
"""So many times as long as the ledger took to read it is let alone."""
_ABOUT_CALLS = ("delivered", "fetched", "kept")


def quiet(_sentence: str) -> None:
    """Say nothing."""


def _nobody_waits() -> None:
    """The client is there already."""


@dataclass(slots=True)
class Performance:
    """One run of *scenario* on the PBX behind *bridge*.

    *patience*, in seconds, is for each step and for the end. *say* is told what happens. *ready* is called, once, when all is
    as the client is to find it: before the first step that waits, or when there are no more steps. *left* is set by whoever knows
    that the client is gone, *over* once nothing more is waited for. *kept* returns the AcctIds that the client says it kept,
    None while it has said nothing; without it nobody will say it, and it is not waited for.
    """

    scenario: Scenario
    bridge: Bridge
    patience: float
    say: Callable[[str], object] = quiet
    left: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)
    kept: Callable[[], Sequence[str] | None] | None = None
    ready: Callable[[], object] = _nobody_waits
    _let_in: bool = False
    _seen: Seen = field(default_factory=Seen)
    _course: Course = field(init=False)
    _doing: Doing = field(init=False)
    _began: float = 0.0
    _placed: dict[int, str] = field(default_factory=dict)
    _calls: list[Call] = field(default_factory=list)
    _calls_due: float = 0.0
    _notes: list[str] = field(default_factory=list)
    _done: list[StepDone] = field(default_factory=list)
    _left_at: float | None = None
    _waits_for: Step | None = None
    _told_at: float = 0.0
    _stopped: bool = False

    def __post_init__(self) -> None:
        self._course = Course(self.scenario, self.patience)
        self._doing = Doing(self.bridge)

    def run(self) -> Outcome:
        """Play it to its end; raises `ucmsim.client.ControlError` where that cannot be asked, or has no such PBX any more."""
        try:
            self._seen = Seen.behind(self.bridge.end())
            self._began = time.monotonic()
            self._steps()
            findings = self._settled()
        finally:
            try:
                self._tidy()
            finally:
                self.over.set()
        every = (*self._course.findings, *findings)
        return Outcome(self.scenario.name, every, tuple(self._notes), tuple(self._done))

    def stop(self) -> None:
        """Wait for nothing more, because who watches it has had enough."""
        self._stopped = True
        self.left.set()

    @property
    def done(self) -> tuple[Step, ...]:
        """The steps that were done by now."""
        return self.scenario.steps[: len(self._done)]

    @property
    def _real(self) -> float:
        return time.monotonic() - self._began

    def _steps(self) -> None:
        """Do the steps, until all are done or one never came."""
        while self._course.at < len(self.scenario.steps):
            step = self.scenario.steps[self._course.at]
            moment = self._look(calls=needs_calls(step), clock=needs_clock(step))
            match self._course.decide(moment):
                case Due(step=step):
                    self.say(in_words(step))
                    self._do(step)
                case Never() as never:
                    self._stop(never)
                case Waiting() as waiting if self._gone():
                    in_vain = f"the client had left before it came (waiting {waiting.left:.0f} s more was in vain)"
                    stopped = f"you stopped it, {waiting.left:.0f} s before its time"
                    self._stop(self._course.never(stopped if self._stopped else in_vain))
                case Waiting() as waiting:
                    self._let_client_in()
                    self._say_waiting(step, waiting.left)
                    self._pause(PERIOD)

    def _let_client_in(self) -> None:
        if not self._let_in:
            self._let_in = True
            self.ready()

    def _stop(self, never: Never) -> None:
        """Do no more steps, because of one that was *never* done."""
        self.say(f"{never.finding.says}: {never.finding.why}")
        self._course = self._course.stopped(never)

    def _say_waiting(self, step: Step, left: float) -> None:
        if self._waits_for is not step:
            self._waits_for = step
            self._say_and_note(f"waits: {in_words(step)}")
        self._remind(in_words(step), left)

    def _say_and_note(self, sentence: str) -> None:
        self._told_at = self._real
        self.say(sentence)

    def _remind(self, awaited: str, left: float) -> None:
        """Say now and then that something is still waited for: who forgot to start the client sees it."""
        if self._real - self._told_at >= REMINDER:
            somebody = self._seen.visits or self._seen.requests or self._seen.dropped
            idle = "" if somebody else "; nobody has asked this PBX yet"
            self._say_and_note(f"still waits, up to {max(left, 0):.0f} s: {awaited}{idle}")

    def _settled(self) -> tuple[Finding, ...]:
        """Return what came of what is expected at the end, once nothing more may come of it."""
        at_the_end = "what is expected at the end"
        self._let_client_in()
        self._say_and_note(f"waits: {at_the_end}")
        until = self._real + (0.0 if self._course.broken_off else self.patience)
        anew = False
        while True:
            findings = self._judged(self.scenario.expect, anew=anew)
            waits = any(one.open and one.passed is not True and not self._in_vain(one) for one in findings)
            over = not waits or self._real >= until or self._gone()
            if over and anew:
                return findings
            if not over:
                self._remind(at_the_end, until - self._real)
                self._pause(PERIOD)
            anew = over  # what is said at last is said by what is known then, and not a moment ago

    def _in_vain(self, finding: Finding) -> bool:
        """Return whether it is open only for what nobody will say."""
        return finding.silent and self.kept is None

    def _judged(self, expectations: Sequence[Expectation], *, anew: bool = True) -> tuple[Finding, ...]:
        about_calls = any(getattr(one, kind) is not None for one in expectations for kind in _ABOUT_CALLS)
        if anew:
            self._calls_due = 0.0
        return judged(expectations, self._look(calls=about_calls).evidence)

    def _gone(self) -> bool:
        """Return whether the client has left, and its last deeds were told."""
        if not self.left.is_set():
            return False
        if self._left_at is None:
            self._left_at = self._real
        return self._real - self._left_at >= GRACE

    def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until the client leaves."""
        if self.left.is_set():
            time.sleep(min(seconds, PERIOD))
        else:
            self.left.wait(seconds)

    def _look(self, *, calls: bool = False, clock: bool = False) -> Moment:
        """Return what there is to be known by now."""
        page = self.bridge.events(self._seen.last)
        if page.dropped:
            self._notes.append(f"{page.dropped} events were dropped from the journal before they could be read")
        self._seen = self._seen.more(page)
        if calls and self._real >= self._calls_due:
            self._read_calls()
        placed = Counter(self._placed.values())
        evidence = Evidence(self._seen, self._calls, placed, self._course.steps, self.kept() if self.kept else None)
        return Moment(self._real, self.bridge.now() if clock else None, evidence)

    def _read_calls(self) -> None:
        """Read what became of the calls. A long history takes long to read, and is not read all the time."""
        begun = self._real
        self._calls = named(self.bridge.calls(), self._placed)
        self._calls_due = self._real + _REST * (self._real - begun)

    # --- what a step does ------------------------------------------------------------------------------------------

    def _do(self, step: Step) -> None:
        """Do what *step* does. What the client does meanwhile counts as behind it."""
        done = Done(self._seen.last, self.bridge.wall(), self.bridge.now() if step.name else None)
        try:
            armed = self._act(step)
        except ControlUnauthorised:
            raise
        except ControlRefused as error:
            self._stop(self._course.never(f"it was refused: {error}"))
            return
        self._done.append(StepDone(in_words(step), done.wall, done.pbx))
        self._course = self._course.done(self._real, done, armed)
        if step.expect is not None:
            self._course = self._course.found(*self._judged(step.expect))

    def _act(self, step: Step) -> str | None:
        """Do what *step* does; return the name of the fault that it armed."""
        armed = self._doing.do(step)
        for call in step.place or ():
            self._place(call)
        if step.reset is not None:
            self._look()  # what is not read by now is gone
            self.bridge.reset(self._seen)
            self._placed.clear()
        if step.wait is not None:
            self._wait(step.wait)
        return armed

    def _tidy(self) -> None:
        """Take away what the scenario has broken and not mended: the PBX may be somebody's, who is told what could not be."""
        for failed in self._doing.undo():
            self.say(failed)
            self._notes.append(failed)

    def _place(self, call: Mapping[str, Any]) -> None:
        named_so = call.get("name") or f"call {len(self._placed) + 1}"
        for began in self.bridge.place(call):
            self._placed[began] = named_so

    def _wait(self, seconds: float) -> None:
        """Let *seconds* of real time pass; the client may leave meanwhile, and its absence is part of it."""
        self._let_client_in()
        until = self._real + seconds
        while (rest := until - self._real) > 0 and not self._gone():
            self._pause(min(rest, PERIOD))
