"""Writes configuration files in a line or two, and reads back the settings in them or what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ucmsim.errors import ConfigurationError, Problem
from ucmsim.settings import Pbx, Settings, load

FOLDER = Path("/srv/somebody/sims")

# What YAML makes of words that are not quoted.
TRAPS = {
    "0123": "83",
    "22:30": "1350",
    "0x1F": "31",
    "0b11": "3",
    "1_000": "1000",
    "off": "false",
    "no": "false",
    "Yes": "true",
    "ON": "true",
    "true": "true",
    "1.10": "1.1",
    "1.2": "1.2",
    "1000": "1000",
    "-5": "-5",
    "1_0.5": "10.5",
    "22:30.5": "1350.5",
}


def settings(text: str) -> Settings:
    """Return the settings in *text*."""
    return load(text, FOLDER / "sim.yaml", "sim.yaml")[0]


def problems(text: str) -> list[Problem]:
    """Return everything that is wrong with *text*; each problem says where, and what."""
    with pytest.raises(ConfigurationError) as raised:
        settings(text)
    found = list(raised.value.problems)
    assert found
    assert all(problem.file == "sim.yaml" and problem.line >= 1 and problem.wrong for problem in found)
    return found


def outcome(text: str) -> tuple[Problem, ...]:
    """Return the problems of *text*, none when it can be read; anything else is an exception."""
    try:
        settings(text)
    except ConfigurationError as error:
        return error.problems
    return ()


def places(text: str) -> list[tuple[int, str]]:
    """Return line and key of everything that is wrong with *text*, in the order in which it is named."""
    return [(problem.line, problem.key) for problem in problems(text)]


def only(text: str, key: str) -> str:
    """Return the sentence of the one problem in *text*, which must be about *key*."""
    assert [problem.key for problem in problems(text)] == [key]
    (problem,) = problems(text)
    return f"{problem.wrong}; {problem.right}"


def hq(*lines: str) -> str:
    """Return a file with one PBX called hq, whose settings are *lines*; the first of them stands on line 3."""
    return "pbxs:\n  hq:\n" + "".join(f"    {line}\n" for line in lines or ("{}",))


def pbx(*lines: str) -> Pbx:
    """Return the settings of a PBX given by *lines*."""
    return settings(hq(*lines)).pbxs["hq"]


def api(**keys: str) -> str:
    """Return a line with the API configuration that *keys* hold as YAML."""
    return "api: {" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def at(key: str, value: str) -> str:
    """Return a file of one or two lines in which *key*, such as ``pbxs.hq.trunks[0].name``, is the YAML *value*."""
    root, *inner = key.replace("[0]", ".[").split(".")
    for part in reversed(inner):
        value = f"[{value}]" if part == "[" else f"{{{part}: {value}}}"
    return f"{root}: {value}\n" + ("" if root == "pbxs" else "pbxs: {hq: {}}\n")
