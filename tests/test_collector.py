"""The example collector: its own tests find each mistake that is made in it on purpose. That they pass without one, `.ci/run` tells.

There they run outside the checkout, with the wheel, and warnings are errors.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "collector"
PLAIN = ("-p", "no:cacheprovider", "-p", "ucmsim.pytest_plugin", "-q")


class Mistake(NamedTuple):
    """What somebody might write instead of a line of *file*, and the tests that must object."""

    file: str
    right: str
    wrong: str
    tests: str


MISTAKES = {
    "no look-back": Mistake("collecting", "polled - LOOK_BACK if polled else None", "polled", "test_rows.py"),
    "no de-duplication": Mistake("store", ",\n    PRIMARY KEY (acctid, uniqueid, start)) WITHOUT ROWID", ")", "test_rows.py"),
    "AcctId for a key": Mistake("rows", 'return row["AcctId"], row["uniqueid"], row["start"]', 'return row["AcctId"], "", ""', "test_rows.py"),
    "uniqueid for a key": Mistake("rows", 'return row["AcctId"], row["uniqueid"], row["start"]', 'return "", row["uniqueid"], ""', "test_rows.py"),
    "the device's sums": Mistake("rows", 'entry[f"sub_cdr_{number}"]', 'entry["main_cdr"]', "test_rows.py"),
    "pages that are not laid over each other": Mistake("collecting", "max(1, len(known) - 1)", "len(known)", "test_rows.py"),
    "rows that went away": Mistake("collecting", "if not keys & known:", "if False:", "test_rows.py"),
    "a page that comes again": Mistake("collecting", "if keys == known and len(keys) > 1:", "if False:", "test_rows.py"),
    "an empty page for an end": Mistake("collecting", "if not known:\n            return", "if not known:\n            self.store.reached(began)\n            return", "test_rows.py"),
    "no verification": Mistake("device", "verify=self.ca", "verify=False", "test_bad_days.py::test_a_certificate_that_is_not_to_be_trusted"),
    "asking again whatever it is": Mistake("patience", "PASSING = (Broken, Denied, Unreachable)", "PASSING = Exception", "test_bad_days.py::test_a_certificate_that_is_not_to_be_trusted"),
    "never asking again": Mistake("patience", "PASSING = (Broken, Denied, Unreachable)", "PASSING = ()", "test_bad_days.py::test_a_slow_page"),
    "no back-off": Mistake("patience", "self.first * 2 ** (attempt - 1)", "0", "test_bad_days.py::test_a_denial"),
    "a page that is not read through": Mistake("device", "(ValueError, KeyError, TypeError, AttributeError)", "KeyError", "test_bad_days.py::test_a_truncated_page"),
    "a redirection": Mistake("device", "allow_redirects=False", "allow_redirects=True", "test_bad_days.py::test_an_answer_that_is_none"),
    "half a recording": Mistake("device", 'if len(sound) != 8 + int.from_bytes(sound[4:8], "little"):', "if False:", "test_recordings.py"),
    "a recording that is forgotten": Mistake("collecting", "self.store.missing(path)", "self.store.fetched(path, 0)", "test_recordings.py"),
}  # fmt: skip


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*PLAIN, *arguments, timeout=120)


@pytest.fixture
def copied(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder with a copy of the example, which has nothing of the checkout around it, and no other plugin."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return pytester.path


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found(pytester, copied, name):
    """Its tests fail, and warn of nothing that would hide why."""
    mistake = MISTAKES[name]
    file = copied / "collector" / f"{mistake.file}.py"
    text = file.read_text()
    assert text.count(mistake.right) == 1
    file.write_text(text.replace(mistake.right, mistake.wrong))
    result = run(pytester, "-W", "ignore", "-x", f"tests/{mistake.tests}")
    outcomes = result.parseoutcomes()
    assert (outcomes.get("failed"), outcomes.get("errors")) == (1, None)
