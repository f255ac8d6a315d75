"""What `docs/scenarios.md` shows is so: its test file passes, and its scenario is played."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.collectors import Collector
from tests.doc_tables import ROOT

PAGE = ROOT / "docs" / "scenarios.md"


def block(language: str) -> str:
    """Return the one fenced block of *language* in the page."""
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(text)


def test_the_test_file_passes(pytester: pytest.Pytester) -> None:
    """As it stands: a client that looks back gets through the night, one that does not is found out."""
    pytester.makepyfile(test_night=block("python"))
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:twisted", "-W", "error", timeout=120)
    ran.assert_outcomes(passed=2)


@pytest.mark.ucmsim(history={"days": 0})
def test_the_scenario_is_played(ucm, tmp_path: Path) -> None:
    """A client that has one connection at a time passes it."""
    file = tmp_path / "slow-second-page.yaml"
    file.write_text(block("yaml"))
    collector = Collector(ucm)
    with ucm.play(str(file), patience=60) as day:
        while day.running:
            collector.poll()
    assert [(one.name, one.passed) for one in day.outcome.findings] == [("nothing-lost", True), ("patient", True)]
