"""The same seed, configuration and fixed start give the same bytes: every digest of `tests.digests`, and what it makes of others."""

from __future__ import annotations

import json
import sys

import pytest

from tests import digests
from tests.digests import CASES, Case, judged


@pytest.mark.parametrize("about", ["base", "live", "after"])
def test_digests_are_the_same_and_others_as_they_must_be(about: str) -> None:
    """In processes with other hash seeds, zones and folders; a fault, a quirk elsewhere or the control port changes nothing."""
    rows = judged(digests.digests(case for case in CASES if case.same == about))
    assert len(rows) > 1
    assert not [row for row in rows if not row["good"]]


def test_a_digest_that_is_not_as_it_must_be_is_told() -> None:
    """One that differs, and one that does not where it must."""
    cases = (Case("base", "", "base"), Case("a", "", "base"), Case("b", "", "base", differs=True))
    found = judged(zip(cases, ("1", "2", "1"), strict=True))
    assert [row["good"] for row in found] == [True, False, False]
    assert [row["due"] for row in found] == ["as base", "as base", "other than base"]


@pytest.mark.parametrize(("second", "status"), [("1", 0), ("2", 1)])
def test_the_command_tells_digests_and_exits_with_1_when_one_is_off(
    second: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line each, or objects for programs."""
    made = [(Case("base", "as it is", "base"), "1"), (Case("again", "once more", "base"), second)]
    monkeypatch.setattr(digests, "digests", lambda: iter(made))
    for options in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["digests", *options])
        with pytest.raises(SystemExit) as left:
            digests.main()
        assert bool(left.value.code) is bool(status)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == [second, "once", "more", "as", "base", "BAD" if status else "good"]
    assert [row["digest"] for row in json.loads("\n".join(lines[2:]))] == ["1", second]
