"""What came of a scenario: a list of what passed and what failed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ucmsim.scenarios.judging import Finding
from ucmsim.scenarios.language import Scenario


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step that was done: *what* it is, and when, in seconds of the wall and, where the step has a name, on the PBX clock."""

    what: str
    wall: float
    pbx: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.wall, UTC).isoformat(timespec="milliseconds")
        return {"what": self.what, "wall": at, "pbx_clock": None if self.pbx is None else self.pbx.isoformat()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The *findings* of a run of the *scenario* called so, *notes* of what could not be seen, and the *steps* that were done."""

    scenario: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    steps: tuple[StepDone, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all passed; what could not be judged has not."""
        return all(one.passed is True for one in self.findings)

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of what failed."""
        return tuple(one.name for one in self.findings if one.passed is False)

    @property
    def exit(self) -> int:
        """The exit code of the command that played it."""
        return 0 if self.passed else 1

    @property
    def verdict(self) -> str:
        """How many failed, or passed."""
        every, count = len(self.findings), len(self.failed)
        unknown = [one for one in self.findings if one.passed is None]
        said = f"{count} of {every} failed" if count else f"{every - len(unknown)} of {every} passed"
        return said + (f", {len(unknown)} not judged" if unknown else "")

    def __str__(self) -> str:
        lines = [f"scenario {self.scenario}: {self.verdict}", *(f"  {one}" for one in self.findings)]
        return "\n".join([*lines, *(f"  note: {one}" for one in self.notes)])

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        findings = [one.as_json() for one in self.findings]
        return {"scenario": self.scenario, "passed": self.passed, "findings": findings, "notes": list(self.notes)}

    def account(self, played: Scenario) -> dict[str, Any]:
        """Return it as JSON with what was *played*, so that it can be read without the scenario's file."""
        return {
            "title": played.title,
            "story": played.story,
            "correct": played.correct,
            "verdict": self.verdict,
            "exit": self.exit,
            **self.as_json(),
            "steps": [one.as_json() for one in self.steps],
        }
