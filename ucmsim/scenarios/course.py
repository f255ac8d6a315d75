"""Which step of a scenario is due, which one waits, and which one was waited for in vain. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ucmsim.entry import among
from ucmsim.scenarios.evidence import Done, Evidence
from ucmsim.scenarios.judging import Finding, judge
from ucmsim.scenarios.language import ACTIONS, After, Connection, Scenario, Step
from ucmsim.scenarios.seen import Visit


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: seconds since the run began, what the PBX clock shows, and the evidence by now."""

    real: float
    pbx: datetime | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Due:
    """The step is to be done now."""

    step: Step


@dataclass(frozen=True, slots=True)
class Waiting:
    """The step waits, *left* seconds at most."""

    step: Step
    left: float


@dataclass(frozen=True, slots=True)
class Never:
    """A step was not done: what it waited for never came, or it was refused."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class Over:
    """Every step was done, or one never came."""


Decision = Due | Waiting | Never | Over


@dataclass(frozen=True, slots=True)
class Course:
    """How far a *scenario* has come.

    *patience* is in seconds. *at* is the next step, *since* the id of the last event of the journal when the step before
    was done, and *waits* since when its successor waits. *steps* are those done that have a name. It is *broken_off* where a step never came.
    *heeded* is the id behind which a fault of that name is waited for, *anew* that of all others.
    """

    scenario: Scenario
    patience: float
    at: int = 0
    since: int = 0
    waits: float = 0.0
    steps: Mapping[str, Done] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    broken_off: bool = False
    heeded: Mapping[str, int] = field(default_factory=dict)
    anew: int = 0

    def decide(self, now: Moment) -> Decision:
        """Return what is to be done."""
        if self.at >= len(self.scenario.steps):
            return Over()
        step = self.scenario.steps[self.at]
        if self._met(step, now):
            return Due(step)
        limit = self.patience if step.limit is None else step.limit
        left = limit - (now.real - self.waits)
        if isinstance(step.at, float):
            left = max(left, step.at - now.real)  # real time comes by itself
        if left > 0:
            return Waiting(step, left)
        return self.never(self._missed(step, now, limit))

    def never(self, why: str) -> Never:
        """Return that the next step is not done, and *why*."""
        return Never(Finding(f"step {self.at + 1}", in_words(self.scenario.steps[self.at]), False, why))

    def done(self, real: float, done: Done, armed: str | None = None) -> Course:
        """Return the course when the step that was due is *done*, at the second *real*, which has *armed* the fault of that name."""
        step = self.scenario.steps[self.at]
        steps = {**self.steps, step.name: done} if step.name else self.steps
        course = replace(self, at=self.at + 1, since=done.id, waits=real, steps=steps)
        if step.reset is not None:
            return replace(course, heeded={}, anew=done.id)
        waited_for = None if step.after is None else step.after.fault
        heeded = {name: done.id for name in (waited_for, armed) if name is not None}
        return replace(course, heeded={**self.heeded, **heeded})

    def found(self, *findings: Finding) -> Course:
        """Return the course with more *findings*."""
        return replace(self, findings=(*self.findings, *findings))

    def stopped(self, never: Never) -> Course:
        """Return the course when a step was *never* done: nor are those behind it."""
        left = len(self.scenario.steps) - self.at - 1
        more = f"; {left} steps behind it were not done" if left else ""
        return replace(
            self.found(replace(never.finding, why=never.finding.why + more)),
            at=len(self.scenario.steps),
            broken_off=True,
        )

    def _met(self, step: Step, now: Moment) -> bool:
        if isinstance(step.at, float):
            return now.real >= step.at
        if step.at is not None:
            return now.pbx is not None and now.pbx >= step.at
        return step.after is None or self._came(step.after, now)

    def _came(self, after: After, now: Moment) -> bool:
        evidence = now.evidence
        if after.request is not None or after.connection is not None:
            wanted = after.request or after.connection
            return wanted is not None and self._count(after, now) >= wanted.count
        if after.fault is not None:
            return after.fault in evidence.seen.fired(self.heeded.get(after.fault, self.anew))
        if after.rows is not None:
            return evidence.seen.rows >= after.rows
        if after.ended is not None:
            return not evidence.up((after.ended,))
        names = after.delivered or after.fetched or ()
        over = not evidence.up(names)
        if after.delivered is not None:
            return over and all(row.delivered for call in evidence.of(names) for row in call.rows)
        return over and all(file.fetched for call in evidence.of(names) for file in call.files)

    def _count(self, after: After, now: Moment) -> int:
        """Return how many exchanges, or connections, came since the step before."""
        seen = now.evidence.seen
        if after.request is not None:
            return sum(one.id > self.since and one.is_of(after.request) for one in seen.requests)
        wanted = after.connection
        return sum(wanted is not None and one.id > self.since and _is_of(one, wanted) for one in seen.visits)

    def _missed(self, step: Step, now: Moment, limit: float) -> str:
        came = [one for one in now.evidence.seen.requests if one.id > self.since]
        last = f", the last {came[-1]}" if came else ""
        counted = ""
        if step.after is not None and (step.after.request or step.after.connection):
            counted = f" ({self._count(step.after, now)} of them came)"
        said = f"{len(came)} requests came since the step before{last}"
        return f"it never came within {limit:g} s{counted}: {said}"


def needs_clock(step: Step) -> bool:
    """Return whether *step* waits for the PBX clock."""
    return isinstance(step.at, datetime)


def needs_calls(step: Step) -> bool:
    """Return whether *step* waits for what calls come to."""
    after = step.after
    return after is not None and (after.delivered or after.fetched or after.ended) is not None


def in_words(step: Step) -> str:
    """Return *step* in a few words: its name, or what it waits for and does."""
    if step.name:
        return step.name
    when = f"at {step.at} " if step.at is not None else ""
    if step.after is not None:
        when = f"after {_words(step.after.model_dump(exclude_none=True))} "
    return f"{when}{_done(step)}".strip() or "nothing"


def _done(step: Step) -> str:
    """Return what *step* does in a few words."""
    action = next((key for key in ACTIONS if getattr(step, key) is not None), "")
    value: Any = getattr(step, action) if action else ""
    match action:
        case "arm":
            what = value.get("name") or value["fault"]
        case "place":
            what = ", ".join(call.get("name") or call["shape"] for call in value)
        case "clock":
            what = _words(value.model_dump(mode="json", exclude_unset=True))
        case "identity":
            ends = f"valid for {value['valid_for']:g} s" if "valid_for" in value else "good"
            what = value.get("defect") or ends
        case "expect":
            what = ", ".join(one.name for one in value)
        case "api":
            what = ", ".join(value)
        case "clear" | "time_of_day" | "wait":
            what = f"{value:g} s" if action == "wait" else value
        case _:
            what = ""
    return f"{action.replace('_', ' ')} {what}".strip()


def judged(expectations: Sequence[Any], evidence: Evidence) -> tuple[Finding, ...]:
    """Return what came of each of *expectations*."""
    return tuple(judge(one, evidence) for one in expectations)


def _words(value: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key} ({_words(inner)})" if isinstance(inner, Mapping) else f"{key} {_listed(inner)}"
        for key, inner in value.items()
    )


def _listed(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _is_of(one: Visit, which: Connection) -> bool:
    return (
        (which.verdict is None or which.verdict == one.verdict)
        and among(which.defect, [one.defect] if one.defect else [])
        and among(which.refusal, [one.refusal] if one.refusal else [])
    )
