"""`ucmsim ctl`, run on the control plane that the environment tells of: what it prints, and what a shell completes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from tests.controlling import GUIDE, Control, api
from ucmsim.cli import main
from ucmsim.commands.whereabouts import PBX, READY_FILE, TOKEN, URL

MADE = "2026-03-02T14:00:00Z"


@pytest.fixture
def pbx(control: Control, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a PBX whose control plane the environment tells of."""
    monkeypatch.setenv(URL, control.client.url)
    monkeypatch.setenv(TOKEN, control.client.token)
    return str(control.create(history=GUIDE, clock={"start": MADE, "rate": 0}, api=api()).json["name"])


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own says where a control plane is."""
    for name in (URL, TOKEN, READY_FILE, PBX):
        monkeypatch.delenv(name, raising=False)
    return


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["ctl", *words], input=stdin)


def said(*words: str, code: int = 0, stdin: str | None = None) -> str:
    """Return what a command prints, on standard error where it fails with *code*."""
    result = run(*words, stdin=stdin)
    assert result.exit_code == code, result.output
    assert (result.stderr == "") == (code == 0)
    return (result.stderr if code else result.stdout).rstrip("\n")


def told(*words: str) -> Any:
    """Return the JSON that a command prints."""
    return json.loads(said(*words, "--json"))


def completions(*words: str) -> list[str]:
    """Return what a shell would offer for the last of *words*."""
    return offered("ctl", *words)


def offered(*words: str) -> list[str]:
    """Return the same for the last of *words* behind ``ucmsim``."""
    *typed, begun = words
    found = ShellComplete(main, {}, "ucmsim", "_UCMSIM_COMPLETE").get_completions(typed, begun)
    return [one.value for one in found]
