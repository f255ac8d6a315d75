"""Seconds on the command line: what is typed, what it is, and what is said of what it cannot be."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from ucmsim.cli import main
from ucmsim.commands.seconds import SECONDS, Seconds

NOWHERE = ("--url", "http://127.0.0.1:1", "--token", "x")


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("3", 3), ("0.5", 0.5), (".5", 0.5), ("-5", -5), ("1e3", 1000), ("90s", 90), ("5m", 300), ("1.5h", 5400),
     ("-1h", -3600), ("2d", 172_800)],
)  # fmt: skip
def test_what_is_typed(typed: str, seconds: float) -> None:
    """A number is seconds, a unit behind it counts."""
    assert SECONDS.convert(typed, None, None) == seconds


@pytest.mark.parametrize("typed", ["nan", "inf", "-inf", "1e999", "soon", "", "5x", "1h30m", "h"])
def test_what_is_no_time(typed: str) -> None:
    """Neither what is no number nor what is none that can be waited for."""
    with pytest.raises(
        click.BadParameter, match=f"'{typed}' is no number of seconds, such as 3600, or 90s, 5m, 1h or 2d"
    ):
        SECONDS.convert(typed, None, None)


@pytest.mark.parametrize(
    ("bounds", "typed", "sentence"),
    [
        (Seconds(0, 60), "-1", "'-1' is too short; it must be 0 seconds or more"),
        (Seconds(0, 60), "2m", "'2m' is too long; it must be 60 seconds or less"),
        (Seconds(above=0), "0", "'0' is too short; it must be above 0 seconds"),
    ],
)
def test_bounds(bounds: Seconds, typed: str, sentence: str) -> None:
    """What is out of them is said with the bound."""
    with pytest.raises(click.BadParameter, match=sentence):
        bounds.convert(typed, None, None)


@pytest.mark.parametrize(
    "words",
    [
        ("--timeout", "nan", "status"),
        ("calls", "place", "answered", "1001", "1002", "--count", "2", "--every", "nan"),
        ("calls", "place", "answered", "1001", "1002", "--talk", "nan"),
        ("calls", "place", "answered", "1001", "1002", "--delay", "inf"),
        ("identity", "set", "--valid-for", "nan"),
        ("clock", "advance", "nan"),
        ("clock", "rate", "nan"),
        ("clock", "rate", "fast"),
    ],
    ids=" ".join,
)
def test_what_is_no_number_is_asked_wrongly(words: tuple[str, ...]) -> None:
    """Wherever seconds or a rate are due: a sentence, before anybody is asked, and 2."""
    ran = CliRunner().invoke(main, ["ctl", *NOWHERE, *words])
    assert (ran.exit_code, "is no number" in ran.stderr) == (2, True), ran.output


def test_a_unit_is_taken_where_seconds_are_due() -> None:
    """It comes as far as the control plane, which nobody is here."""
    ran = CliRunner().invoke(
        main, ["ctl", *NOWHERE, "calls", "place", "answered", "1", "2", "--talk", "1m", "-p", "hq"]
    )
    assert ran.exit_code == 3, ran.output


def test_an_hour_back_is_no_question_for_help() -> None:
    """-h stands for help elsewhere, and is the end of -1h here."""
    ran = CliRunner().invoke(main, ["ctl", *NOWHERE, "clock", "step", "-1h"])
    assert ran.exit_code == 3
    assert "Usage" not in ran.output
