"""What `docs/scenarios.md` shows is so: its test file passes, and its scenario is played."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest

from tests.collectors import Collector, Watermark
from tests.doc_tables import ROOT

README = ROOT / "README.md"
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


@pytest.mark.ucmsim(history={"days": 0})
def test_the_readme_shows_what_is_seen(ucm) -> None:
    """The steps as they are told, and the list for a client that does not look back."""
    (shown,) = re.findall(r"\$ ucmsim scenario run .*?```", README.read_text(), re.DOTALL)
    said: list[str] = []
    day, collector = ucm.play("dst-night", patience=5, say=said.append), Watermark(ucm)
    with suppress(AssertionError), day:
        while day.running:
            collector.poll()
    assert f"...\n{day.outcome}\n```" in shown
    steps = [line for line in re.findall(r"(?<=Z  ).*", shown) if not line.startswith("waits: ")]
    assert [line for line in said if not line.startswith("waits: ")][: len(steps)] == steps
