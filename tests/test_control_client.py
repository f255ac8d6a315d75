"""The client of the standard library, and the exceptions that both clients have."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path

import ucmsim
from ucmsim.client import ControlNotFound, ControlRefused, ControlStopped, ControlUnauthorised

SOURCE = Path(ucmsim.__file__).parent


def test_every_code_is_listed() -> None:
    """The exceptions list the codes that the control plane answers with, each with its status, and no others."""
    there = {(literal_eval(call.args[0]), literal_eval(call.args[1])) for call in _calls_of("ApiError")}
    listed = set[tuple[int, str]]()
    for kind in (ControlRefused, ControlUnauthorised, ControlNotFound, ControlStopped):
        for codes, status in re.findall(r"((?:``[a-z-]+``(?:,| and)?\s+)+)\((\d+)", str(kind.__doc__)):
            listed |= {(int(status), code) for code in re.findall("``([a-z-]+)``", codes)}
    assert listed == there


def _calls_of(name: str) -> Iterator[ast.Call]:
    """Yield each call of what is imported by *name*, wherever in the package it is."""
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield node


def test_the_client_needs_the_standard_library_only() -> None:
    """Whoever drives a ucmsim elsewhere imports nothing else with it."""
    code = (
        "import sys, ucmsim.client, ucmsim.contract.answers; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'__main__'}))"
    )
    found = subprocess.run(
        [sys.executable, "-S", "-c", code], env=_found_here(), capture_output=True, text=True, timeout=60
    )
    assert (found.stdout, found.stderr) == ("['ucmsim']\n", "")


def _found_here() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parent.parent)}
