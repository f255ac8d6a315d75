"""What came of a scenario: a list of what passed and what failed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ucmsim.scenarios.judging import Finding


@dataclass(frozen=True, slots=True)
class Outcome:
    """The *findings* of a run of the *scenario* called so, and *notes* of what could not be seen."""

    scenario: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing failed; what could not be judged has not."""
        return not self.failed

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of what failed."""
        return tuple(one.name for one in self.findings if one.passed is False)

    def __str__(self) -> str:
        every, count, unknown = (
            len(self.findings),
            len(self.failed),
            [one for one in self.findings if one.passed is None],
        )
        verdict = f"{count} of {every} failed" if count else f"{every - len(unknown)} of {every} passed"
        verdict += f", {len(unknown)} not judged" if unknown else ""
        lines = [f"scenario {self.scenario}: {verdict}", *(f"  {one}" for one in self.findings)]
        return "\n".join([*lines, *(f"  note: {one}" for one in self.notes)])

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        findings = [one.as_json() for one in self.findings]
        return {"scenario": self.scenario, "passed": self.passed, "findings": findings, "notes": list(self.notes)}
