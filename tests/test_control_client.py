"""The client of the standard library, and the exceptions that both clients have."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import ucmsim
from ucmsim.client import ControlNotFound, ControlRefused, ControlUnauthorised

SOURCE = Path(ucmsim.__file__).parent


def test_every_code_is_listed() -> None:
    """The exceptions list the codes that the control plane answers with, each with its status, and no others."""
    there = set[tuple[str, str]]()
    for file in [*SOURCE.glob("control*.py"), *SOURCE.glob("control/*.py")]:
        there |= {(code, status) for status, code in re.findall(r'ApiError\(\s*(\d+),\s*"([a-z-]+)"', file.read_text())}
    listed = set[tuple[str, str]]()
    for kind in (ControlRefused, ControlUnauthorised, ControlNotFound):
        for codes, status in re.findall(r"((?:``[a-z-]+``(?:,| and)?\s+)+)\((\d+)", str(kind.__doc__)):
            listed |= {(code, status) for code in re.findall("``([a-z-]+)``", codes)}
    assert listed == there


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
