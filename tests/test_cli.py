"""The `ucmsim` command as a whole, and `ucmsim check`: what it prints, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import BAD, FIXTURES, Command
from ucmsim import __version__


@pytest.fixture
def ucmsim(tmp_path: Path) -> Command:
    return Command(tmp_path)


def test_version_and_help(ucmsim: Command) -> None:
    """The command says what it is, and what it can do, down to each part."""
    assert __version__ in ucmsim("--version").stdout
    text = ucmsim("-h").stdout
    for word in ("check", "show", "import", "export", "generate", "ca"):
        assert word in text
        assert "--help" in ucmsim(word, "-h").stdout
    for words in ((), ("show",), ("ca",)):
        listed = ucmsim(*words, "-h").stdout.partition("Commands:")[2]
        assert listed
        assert "..." not in listed  # a sentence that is cut off helps nobody


def test_check_good(ucmsim: Command) -> None:
    """A good configuration is said to be good; what is probably not meant is a warning on standard error."""
    ran = ucmsim("check", FIXTURES / "sim.yaml")
    assert (ran.stdout, ran.stderr) == (f"{FIXTURES / 'sim.yaml'} is good: hq\n", "")
    ran = ucmsim("check", ucmsim.config("pbxs: {hq: {}}"))
    assert ran.stdout.endswith(" is good: hq\n")
    assert ran.stderr.startswith("warning: hq: api.enable is false")


def test_check_good_as_json(ucmsim: Command) -> None:
    """A good configuration is an empty list, or its warnings."""
    assert ucmsim.json("check", FIXTURES / "sim.yaml", "--json") == []
    file = ucmsim.config("pbxs: {hq: {}}")
    (found,) = ucmsim.json("check", file, "--json")
    assert (found["level"], found["key"], found["file"], found["line"]) == ("warning", "pbxs.hq", file, 0)
    assert ucmsim("check", file).stderr == f"warning: hq: {found['message']}\n"


def test_check_warns_of_the_clock(ucmsim: Command) -> None:
    """A fixed clock far from now is said here, and not only at the start."""
    assert "warning: hq: the PBX clock says 2026-03-02" in ucmsim("check", ucmsim.config()).stderr


def test_check_bad(ucmsim: Command) -> None:
    """Everything that is wrong is named with file and line on standard error, and counted."""
    file = ucmsim.config(BAD)
    ran = ucmsim("check", file, code=2)
    assert ran.stdout == ""
    lines = ran.stderr.splitlines()
    for at, place in enumerate(("1: sed: ", "4: pbxs.hq.time_zone: ", "5: pbxs.hq.api.")):
        assert lines[at].startswith(f"{file}:{place}")
    assert 'quote it if it is text: "0123"' in lines[2]
    assert lines[3:] == ["3 to mend"]


def test_check_bad_as_json(ucmsim: Command) -> None:
    """As JSON each problem is an object, on standard output, and the exit code is the same."""
    found = ucmsim.json("check", ucmsim.config(BAD), "--json", code=2)
    assert [(one["line"], one["key"]) for one in found] == [
        (1, "sed"), (4, "pbxs.hq.time_zone"), (5, "pbxs.hq.api.tls_authentication_name"),
    ]  # fmt: skip
    assert all(set(one) == {"level", "message", "file", "line", "key", "wrong", "right"} for one in found)
    assert {one["level"] for one in found} == {"error"}
    assert found[0]["message"] == f"{found[0]['wrong']}; {found[0]['right']}"
    assert "'seed'" in found[0]["right"]


def test_check_of_no_file(ucmsim: Command) -> None:
    """A file that is not there is a problem like any other."""
    assert "cannot be read" in ucmsim("check", "missing.yaml", code=2).stderr
