"""`python -m tests.matrix`: the pytest plugin beside others, each neighbour in a venv and a process of its own.

Every venv has the wheel, pytest and requests from one base and its neighbour of its own, and is kept by what went into it
below `.venv/matrix`, so that a second run begins at once. Exits with 1 when a run is not what was expected.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEPT = ROOT / ".venv" / "matrix"
FILES = Path(__file__).parent / "neighbours"
BLOCKING = 11
"""Tests in `blocking.py`."""

COLLECTING = """
import sys, pytest
status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *sys.argv[1:]])
names = [name for name in sys.modules if name.partition(".")[0] in ("twisted", "zope", "treq", "pydantic", "OpenSSL")]
ours = [name for name in sys.modules if name.partition(".")[0] == "ucmsim"]
print(int(status), "others:", names, "ours:", ours)
"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What stands beside the plugin: *packages*, how pytest is called, and which files, whose tests are *passed*."""

    name: str
    packages: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    files: tuple[str, ...] = ("blocking",)
    passed: int = BLOCKING
    off: tuple[str, ...] = ()
    """Arguments with which collection imports no Twisted; one that brings its own has to be told so."""


NEIGHBOURS = (
    Neighbour("plain"),
    Neighbour("anyio", ("anyio", "trio", "httpx"), (), ("blocking", "under_anyio"), BLOCKING + 6),
    Neighbour("asyncio", ("pytest-asyncio", "httpx"), ("-o", "asyncio_default_fixture_loop_scope=function"), ("blocking", "under_asyncio"), BLOCKING + 3),
    Neighbour("twisted", ("pytest-twisted",), (), ("blocking", "under_twisted"), BLOCKING + 2, ("-p", "no:twisted", "blocking")),
    Neighbour("xdist", ("pytest-xdist",), ("-n", "4"), ("blocking",)),
)  # fmt: skip


def python_of(venv: Path) -> Path:
    return venv / "bin" / "python"


def digest_of(*parts: str | bytes) -> str:
    found = hashlib.sha256()
    for part in (*parts, sys.version):
        found.update(part if isinstance(part, bytes) else part.encode())
        found.update(b"\0")
    return found.hexdigest()[:16]


def made(folder: Path, name: str, *commands: list[str]) -> Path:
    """Return the venv *name* below *folder*, made by *commands* unless it is there whole."""
    venv = folder / name
    if not (venv / "made").exists():
        shutil.rmtree(venv, ignore_errors=True)
        for command in commands:
            subprocess.run([part.replace("VENV", str(venv)) for part in command], check=True)
        (venv / "made").touch()
    return venv


def base(wheel: Path, folder: Path) -> Path:
    """Return a venv with the wheel, pytest and requests."""
    name = f"base-{digest_of(wheel.read_bytes())}"
    make = [sys.executable, "-m", "venv", "VENV"]
    install = ["VENV/bin/python", "-m", "pip", "install", "--quiet", str(wheel), "pytest", "requests"]
    return made(folder, name, make, install)


def beside(neighbour: Neighbour, below: Path, folder: Path) -> Path:
    """Return the venv of *neighbour*, which sees what is in the venv *below* it."""
    packages = subprocess.run(
        [python_of(below), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    name = f"{neighbour.name}-{digest_of(str(below), below.joinpath('pyvenv.cfg').read_bytes(), *neighbour.packages)}"
    make = [sys.executable, "-m", "venv", "--without-pip", "VENV"]
    link = [sys.executable, "-c", f"{LINK}({packages!r}, 'VENV')"]
    install = [
        str(python_of(below)),
        "-m",
        "pip",
        "--python",
        "VENV/bin/python",
        "install",
        "--quiet",
        *neighbour.packages,
    ]
    return made(folder, name, make, link, *([install] if neighbour.packages else []))


LINK = (
    "(lambda packages, venv: next(__import__('pathlib').Path(venv).glob('lib/python*/site-packages'))"
    ".joinpath('base.pth').write_text(packages))"
)


def collected(neighbour: Neighbour, python: Path, folder: Path) -> str:
    """Return what is wrong with what collection imports, "" where nothing is."""
    files = [f"test_{name}.py" for name in neighbour.files]
    words = [f"test_{word}.py" if word == "blocking" else word for word in neighbour.off] or files
    command = [python, "-c", COLLECTING, *neighbour.arguments, *words]
    found = run(command, folder)
    *_, last = ["", *found.stdout.splitlines()]
    expected = f"0 others: [] ours: {['ucmsim', 'ucmsim.pytest_plugin', 'ucmsim.pytest_options']}"
    return "" if last == expected else f"collection was to end with {expected!r}:\n{found.stdout}{found.stderr}"


def run(command: list[object], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run *command* in *folder* as a user would: with nothing of this process' environment that is Python's."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "UCMSIM"))
    }
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)


def tried(neighbour: Neighbour, venv: Path) -> str:
    """Run the tests of *neighbour*; return what is wrong, "" where nothing is."""
    with tempfile.TemporaryDirectory(prefix="ucmsim-matrix-") as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
        for file in neighbour.files:
            shutil.copyfile(FILES / f"{file}.py", folder / f"test_{file}.py")
        if said := collected(neighbour, python_of(venv), folder):
            return said
        command = [python_of(venv), "-m", "pytest", "-q", "-p", "no:cacheprovider", *neighbour.arguments]
        found = run(command, folder)
        if found.returncode or not re.search(rf"^{neighbour.passed} passed in", found.stdout, re.MULTILINE):
            return found.stdout + found.stderr
    return ""


def wheel_of(folder: Path) -> Path:
    """Build the wheel of this checkout into *folder*."""
    command = [sys.executable, "-m", "build", "--quiet", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> int:
    """Run the matrix, or the neighbours that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.name for one in NEIGHBOURS))
    parser.add_argument("--base", type=Path, help="a venv that has the wheel, pytest and requests already")
    parser.add_argument("--kept", type=Path, default=KEPT, help=f"where venvs are kept ({KEPT})")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    options = parser.parse_args()
    if unknown := set(options.names) - {one.name for one in NEIGHBOURS}:
        parser.error(f"there is no neighbour {', '.join(sorted(unknown))}")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        below = options.base.absolute() if options.base else base(wheel_of(Path(folder)), options.kept)
        for one in NEIGHBOURS:
            if options.names and one.name not in options.names:
                continue
            began = time.monotonic()
            venv = beside(one, below, options.kept)
            ready = time.monotonic()
            wrong = tried(one, venv)
            results[one.name] = wrong
            if not options.json:
                said = f"{one.passed} passed" if not wrong else f"FAILED\n{wrong}"
                print(
                    f"{one.name:8} venv {ready - began:5.1f} s, tests {time.monotonic() - ready:5.1f} s: {said}",
                    flush=True,
                )
    if options.json:
        print(json.dumps(results, indent=2))
    return 1 if any(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
