"""What is shipped: the Twisted plugin, light imports, package data, and archives without secrets."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from email.parser import BytesParser
from pathlib import Path

import pytest

from tests.makers import GUIDE_CSV

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ucmsim"

A_KEY = re.compile(rb"PRIVATE KEY-----\s+(?:[\w-]+:[^\n]*\n)*\s*[A-Za-z0-9+/=]{16}")
"""The first line of a key, with something like a key behind it; code that only names the line is no key."""
BLOCK = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n-----END PRIVATE KEY-----\n"


def said_by(program: str, *arguments: str, cwd: Path = ROOT) -> object:
    """Return the JSON that *program* prints when a Python of its own runs it, warnings being errors."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def would_run(tests: str) -> list[str]:
    """Return the lines that `make test` would run with these *tests*."""
    # What an outer make was told is none of this one's business.
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "-n", "test", f"TESTS={tests}"]
    said = subprocess.run(command, cwd=ROOT, env=mine, capture_output=True, text=True, check=True).stdout
    return said.splitlines()


def test_what_the_makefile_leaves_unmeasured_is_there() -> None:
    """The tests that run beside the measured ones are files, and none of the measured run is one of them."""
    measured, unmeasured = (line.split() for line in would_run("") if "-m pytest" in line)
    named = [word for word in unmeasured if word.startswith("tests/")]
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert "tests/test_golden.py" in named
    assert [f"--ignore={name}" for name in named] == [word for word in measured if word.startswith("--ignore=")]


def test_some_tests_alone_are_not_measured() -> None:
    """What the whole suite must cover, one file never does: it would fail although its tests pass."""
    assert any("--fail-under" in line for line in would_run(""))
    lines = would_run("tests/test_cli.py")
    assert lines[-1].endswith("tests/test_cli.py")
    assert not any("coverage" in line for line in lines)


# The Twisted plugin

LISTED = """
import json, sys, warnings
warnings.simplefilter("ignore")  # what other packages' plugins do is not ours to judge
from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
names = [maker.tapname for maker in getPlugins(IServiceMaker)]
print(json.dumps([names.count("ucmsim"), sorted(name for name in sys.modules if name.startswith("ucmsim"))]))
"""


def test_twisted_lists_ucmsim_once_without_loading_it():
    """The plugin is found exactly once, and finding it imports nothing of the package."""
    assert said_by(LISTED) == [1, []]


def test_there_is_no_package_below_twisted():
    """An __init__.py there would hide Twisted itself, or its plugins."""
    assert list((ROOT / "twisted").rglob("__init__.py")) == []


def test_the_plugin_file_is_one_import_and_one_expression():
    """Which copy of the file ran must never matter, and every other twistd user imports it."""
    doc, imported, made = ast.parse((ROOT / "twisted" / "plugins" / "ucmsim_plugin.py").read_text()).body
    assert isinstance(doc, ast.Expr)
    assert ast.unparse(imported) == "from twisted.application.service import ServiceMaker"
    assert isinstance(made, ast.Assign)


# Imports


def test_the_package_itself_imports_nothing():
    """Every pytest run of every project where ucmsim is installed imports it."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    assert [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)] == []


IMPORT_ALL = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps("twisted.internet.reactor" in sys.modules))
"""


def test_importing_everything_installs_no_reactor():
    """A reactor belongs to whoever runs it, so no module of ours may choose one."""
    files = (file.relative_to(ROOT).with_suffix("") for file in PACKAGE.rglob("*.py"))
    names = sorted(".".join(file.parts).removesuffix(".__init__") for file in files)
    names.remove("ucmsim.__main__")
    assert len(names) > 40
    assert said_by(IMPORT_ALL, str(ROOT), *names) is False


# Two copies, one text


@pytest.mark.parametrize(
    ("shown", "shipped"), [("sim.yaml", "demo.yaml"), ("guide-2013.csv", "guide-2013.csv")], ids=["sim", "guide"]
)
def test_a_fixture_is_what_is_shipped(shown, shipped):
    """The files people look at are byte for byte those that the package carries."""
    assert (ROOT / "fixtures" / shown).read_bytes() == (PACKAGE / "data" / shipped).read_bytes()


# The archives

LEFT_OUT = ("*.pyc", "__pycache__", ".git", ".venv", ".*_cache", ".hypothesis", ".coverage*", "ucmsim-state", "results")
PLANTED = {
    "certs/private.pem": BLOCK,
    "certs/hq.key": BLOCK,
    "ucmsim/data/private.pem": BLOCK,
    "ucmsim-state/hq/private.pem": BLOCK,
    "ucmsim-state/control-token": "secret\n",
    "twisted/plugins/dropin.cache": "cache",
}
"""What a checkout that was worked in holds, and no archive may."""


@pytest.fixture(scope="module")
def archives(tmp_path_factory) -> Mapping[str, Mapping[str, bytes]]:
    """Return the files of a wheel and of an sdist, both built from a copy of the tree with secrets lying about."""
    work = tmp_path_factory.mktemp("build")
    tree = work / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    for name, text in PLANTED.items():
        file = tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(work / "dist")]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (wheel,), (sdist,) = (work / "dist").glob("*.whl"), (work / "dist").glob("*.tar.gz")
    assert wheel.name.endswith("-py3-none-any.whl")
    return {"wheel": wheel_files(wheel.read_bytes()), "sdist": sdist_files(sdist.read_bytes())}


def wheel_files(data: bytes) -> dict[str, bytes]:
    """Return the files of a wheel by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def sdist_files(data: bytes) -> dict[str, bytes]:
    """Return the files of an sdist by name, without the folder that holds them all."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as sdist:
        opened = {member.name: sdist.extractfile(member) for member in sdist if member.isfile()}
        return {name.partition("/")[2]: file.read() for name, file in opened.items() if file is not None}


BOTH = pytest.mark.parametrize("kind", ["wheel", "sdist"])


@BOTH
def test_an_archive_holds_no_private_key(archives, kind):
    """No file of an archive holds a key, whatever it is called, and no key file is there."""
    files = archives[kind]
    assert [name for name, content in files.items() if A_KEY.search(content)] == []
    assert [name for name in files if name.endswith((".pem", ".key", ".p12", ".der"))] == []


def test_a_key_would_be_found():
    """The search that finds no key in the archives finds one where there is one."""
    assert A_KEY.search(BLOCK.encode())
    assert not A_KEY.search(b"it must hold a block -----BEGIN PRIVATE KEY-----, and that is all")


@BOTH
def test_an_archive_holds_nothing_that_work_left_behind(archives, kind):
    """Plugin caches, state folders, tokens and byte code stay at home."""
    left = ("dropin.cache", "control-token", ".pyc", ".sqlite", ".coverage", ".env")
    assert [name for name in archives[kind] if name.endswith(left) or "ucmsim-state" in name] == []


@BOTH
def test_an_archive_holds_what_runs(archives, kind):
    """The plugin file, the typing marker and the package data are there, byte for byte."""
    files = archives[kind]
    for name in ("twisted/plugins/ucmsim_plugin.py", "ucmsim/py.typed", "ucmsim/data/demo.yaml"):
        assert files[name] == (ROOT / name).read_bytes()
    assert files["ucmsim/data/guide-2013.csv"] == GUIDE_CSV
    assert not [name for name in files if name.startswith("twisted/") and name.endswith("__init__.py")]


def test_the_wheel_holds_every_module_and_nothing_else(archives):
    """What is installed is the package and the plugin file; tests and fixtures are not."""
    modules = {file.relative_to(ROOT).as_posix() for file in PACKAGE.rglob("*.py")}
    installed = {name for name in archives["wheel"] if ".dist-info/" not in name}
    assert modules < installed
    assert {name.partition("/")[0] for name in installed} == {"ucmsim", "twisted"}
    assert [name for name in installed if name.startswith("twisted/")] == ["twisted/plugins/ucmsim_plugin.py"]


def test_the_wheels_metadata_is_whole(archives):
    """The Python it needs, the command and the pytest plugin are declared."""
    wheel = {name.partition(".dist-info/")[2]: data for name, data in archives["wheel"].items() if ".dist-info" in name}
    metadata = BytesParser().parsebytes(wheel["METADATA"])
    assert (metadata["Name"], metadata["Requires-Python"]) == ("ucmsim", ">=3.11")
    points = wheel["entry_points.txt"].decode()
    assert "[console_scripts]\nucmsim = ucmsim.cli:main\n" in points
    assert "[pytest11]\nucmsim = ucmsim.pytest_plugin\n" in points


@BOTH
def test_an_archive_names_no_place_of_this_machine(archives, kind):
    """No file of an archive holds the path that it was built from."""
    assert [name for name, content in archives[kind].items() if str(ROOT).encode() + b"/" in content] == []


def test_the_sdist_can_be_tested(archives):
    """Whoever has the sdist has the tests and the fixtures as well."""
    assert {"tests/test_packaging.py", "fixtures/sim.yaml", "fixtures/guide-2013.csv", "README.md", "LICENSE"} <= set(
        archives["sdist"]
    )


def test_a_python_that_is_not_used_is_said(tmp_path):
    """What is asked for once .venv is there comes too late, and no run is the wrong one in silence."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))
    }

    def said(*words: str) -> str:
        command = ["make", "-n", "run", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stderr

    assert said() == ""
    assert said(f"PYTHON={sys.executable}") == ""
    assert "made with another Python than PYTHON=no-such-python, which is not used: 'make clean'" in said(
        "PYTHON=no-such-python"
    )
