"""The progress bar: when it is shown, where, and how far it says the work has come."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator

import pytest

from ucmsim import progress
from ucmsim.progress import narrated, watched


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True

    @property
    def percentages(self) -> list[int]:
        """What was shown, one after another."""
        return [int(found) for found in re.findall(r"(\d+)%", self.getvalue())]


def begun(monkeypatch: pytest.MonkeyPatch, patience: float) -> Terminal:
    """Return what standard error is from now on; no fixture, because pytest takes it back after the setup."""
    made = Terminal()
    monkeypatch.setattr(progress, "PATIENCE", patience)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", made)
    return made


def slowly(count: int, seconds: float) -> Iterator[int]:
    """Yield numbers from 1 on, all of them in about so many *seconds*."""
    for number in range(1, count + 1):
        if number % 256 == 0:
            time.sleep(seconds * 256 / count)
        yield number


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar that is gone before it can be read would only flicker."""
    terminal = begun(monkeypatch, 2.0)
    assert list(watched(range(5000), "counting", 5000)) == list(range(5000))
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is no place for a bar, however long the work takes."""
    monkeypatch.setattr(progress, "PATIENCE", 0)
    monkeypatch.setattr("sys.stderr", error := io.StringIO())
    assert list(watched(slowly(2048, 0.3), "counting", 2048)) == list(range(1, 2049))
    assert error.getvalue() == ""


def test_items_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another measure the bar is as far as the number of items is."""
    terminal = begun(monkeypatch, 0)
    assert list(watched(slowly(8192, 1.2), "counting", 8192)) == list(range(1, 8193))
    assert "counting" in terminal.getvalue()
    assert terminal.percentages == sorted(terminal.percentages)
    assert any(20 <= shown <= 80 for shown in terminal.percentages)


def test_the_bar_is_as_far_as_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a measure of its own it is that, whatever the number of items: all of these cover a quarter."""
    terminal = begun(monkeypatch, 0)
    for _ in watched(slowly(8192, 1.2), "covering", 30, lambda item: 7.5 * item / 8192):
        pass
    assert max(terminal.percentages) in range(20, 26)


def test_the_bar_goes_when_the_work_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when whoever takes the items fails; the cursor is there again."""
    terminal = begun(monkeypatch, 0)
    items = watched(slowly(8192, 1.2), "counting", 8192)
    for item in items:
        if item > 3000:
            break
    items.close()  # type: ignore[attr-defined]
    assert terminal.getvalue().endswith("\x1b[2K") or "\x1b[?25h" in terminal.getvalue()


def test_a_log_is_told_what_begins_and_what_came_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody looks there is a line before long work, and one after it; on a terminal the bar says it."""
    monkeypatch.setattr("sys.stderr", io.StringIO())
    said: list[str] = []
    for made in narrated(said.append)(iter(range(3)), "making up 2 days of calls", 2.0):
        assert (said, made < 3) == (["making up 2 days of calls"], True)
    assert re.fullmatch(r"making up 2 days of calls: 3 rows in \d\.\d s", said[1])
    said.clear()
    assert list(narrated(said.append)(iter(()), "making up 0 days of calls", 0.0)) == []
    assert list(narrated(said.append)(range(3), "importing calls.csv")) == [0, 1, 2]
    assert said == []
    monkeypatch.setattr(progress, "PATIENCE", 0)
    assert list(narrated(said.append)(range(3), "importing calls.csv")) == [0, 1, 2]
    assert (said[0], len(said)) == ("importing calls.csv", 2)
    said.clear()
    begun(monkeypatch, 2.0)
    assert list(narrated(said.append)(range(3), "making up 2 days of calls", 2.0)) == [0, 1, 2]
    assert said == []
