"""The page of a report: one HTML file that needs nothing else, for a screen and for paper. Pure.

Everything in it that clients sent is escaped; there is no script in it, and no address that it would load from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from ucmsim.journal import MARKS
from ucmsim.report.findings import Finding, careful
from ucmsim.report.summary import Summary

_TEMPLATE = files("ucmsim") / "data" / "report.html"


def page(
    run: Mapping[str, Any],
    summaries: Sequence[Summary],
    found: Sequence[Finding],
    settings: Mapping[str, str],
    outcome: Mapping[str, Any] | None = None,
) -> str:
    """Return the page about one *run*: what was *found*, and the *summaries* and *settings* of its PBXs.

    *outcome* is what came of the scenario that was played in it, None where none was.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text("utf-8"))
    marks = {mark.id: mark for mark in MARKS}
    return template.render(
        run=run, summaries=summaries, findings=found, settings=settings, marks=marks, outcome=outcome, careful=careful
    )
