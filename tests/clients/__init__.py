"""Clients that exist in the world: where they are, and the scripts that make them page through a history or download.

Each script takes the PBX's url, the user name, the password and the file to trust as its arguments. One that pages asks
for 1000 rows at a time until a page has fewer, and prints the AcctId of every row on a line of its own. One that is called
`download` takes `filedir` (empty for none) and `filename` too, builds the URL as such clients do, and prints the body.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
MODULES = ("requests", "treq")
LACKS_CURL = ["-r", "exit(extension_loaded('curl') ? 0 : 1);"]


def client(name: str) -> str:
    """Return the program that runs the client *name*; a missing one skips the test, or fails it where all are due."""
    program = sys.executable if name in MODULES else shutil.which(name)
    missing = program is None or (name in MODULES and find_spec(name) is None)
    if name == "php" and program is not None:
        missing = subprocess.run([program, *LACKS_CURL]).returncode != 0
    if missing or program is None:
        due = os.environ.get("UCMSIM_REQUIRE_CLIENTS") == "1"
        (pytest.fail if due else pytest.skip)(f"the client {name} is not installed")
    return program
