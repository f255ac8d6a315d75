"""What docs/architecture.md calls by name is there: files, modules, and what stands in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = re.sub(r"(?s)^```.*?^```", "", (ROOT / "docs" / "architecture.md").read_text(), flags=re.MULTILINE)
NAMES = sorted(set(re.findall("`([^`\n]+)`", PAGE)))
ELSEWHERE = {"DELETE", "Date", "Protocol", "twisted.web"}
"""Names of HTTP and of Twisted."""


def _files(*folders: str) -> set[str]:
    """Return the files and folders below *folders*, as paths from the root on."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


FILES = _files("ucmsim", "tests", "docs", "fixtures")


def _named(file: Path) -> Iterator[str]:
    """Yield what the module in *file* and its classes have at their top level."""
    tree = ast.parse(file.read_text())
    for node in (tree, *(one for one in ast.walk(tree) if isinstance(one, ast.ClassDef))):
        for one in node.body:
            if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield one.name
            elif isinstance(one, ast.Assign | ast.AnnAssign):
                targets = one.targets if isinstance(one, ast.Assign) else [one.target]
                yield from (target.id for target in targets if isinstance(target, ast.Name))


MODULES: dict[str, set[str]] = {}
"""What each module of the package has, by the last part of its name, and each package by its own."""
for _path in sorted((ROOT / "ucmsim").rglob("*.py")):
    MODULES.setdefault(_path.parent.name, set()).add(_path.stem)
    MODULES.setdefault(_path.stem, set()).update(_named(_path))
ANYWHERE = {name for names in MODULES.values() for name in names}


def _is_file(path: str) -> bool:
    return path in FILES or any(file.endswith(f"/{path}") for file in FILES)


def is_there(name: str) -> bool:
    """Return whether *name* is a file, a module, something in one or in a class, or a folder, which is called by all of its path."""
    path = re.sub(r"\(.*\)$", "", name)
    if path.endswith("/"):
        return not FILES.isdisjoint((path.rstrip("/"), f"ucmsim/{path.rstrip('/')}"))
    if _is_file(path):
        return True
    folder, _, dotted = path.rpartition("/")
    first, *others = dotted.split(".")
    if folder and not _is_file(f"{folder}/{first}.py"):
        return False
    if first in MODULES and others:
        return others[0] in MODULES[first] and ANYWHERE.issuperset(others[1:])
    return (first in MODULES or first in ANYWHERE) and ANYWHERE.issuperset(others)


@pytest.mark.parametrize("name", [one for one in NAMES if re.fullmatch(r"[\w./()-]+", one) and not one.startswith("/")])
def test_what_is_named_is_there(name: str) -> None:
    """Whoever reads the page finds it; what is no name, a path on the device or a command, is passed over."""
    assert name in ELSEWHERE or is_there(name)


@pytest.mark.parametrize(
    "name", ["controlmethods.py", "gate.Gates", "journal/mark.MARKS", "Nothing.of", "pbx.admits", "ctl/"]
)
def test_what_has_moved_is_found(name: str) -> None:
    """The check can fail."""
    assert not is_there(name)
