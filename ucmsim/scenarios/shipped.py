"""The scenarios that come with ucmsim, and how one is found by its name or its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path

from ucmsim.errors import UcmsimError, did_you_mean
from ucmsim.scenarios.language import Scenario
from ucmsim.scenarios.reading import read

__tracebackhide__ = True
_SUFFIXES = (".yaml", ".yml")


class NoScenario(UcmsimError):
    """There is no scenario of that name."""


def names() -> list[str]:
    """Return the names of the shipped scenarios, sorted."""
    return sorted(Path(one.name).stem for one in _folder().iterdir() if Path(one.name).suffix in _SUFFIXES)


def every() -> Iterator[Scenario]:
    """Yield the shipped scenarios in the order of their names."""
    return map(found, names())


def found(name: str) -> Scenario:
    """Return the scenario called *name*, or in the file *name*, which has a suffix or a slash.

    Raises `ConfigurationError`, and `NoScenario` where there is none.
    """
    if name.endswith(_SUFFIXES) or "/" in name:
        return read(Path(name))
    if name not in (known := names()):
        hint = did_you_mean(name, known) or f"there are {', '.join(known)}; a file has .yaml at its end"
        raise NoScenario(f"there is no scenario '{name}'; {hint}")
    with file(name) as path:
        return read(path)


def file(name: str) -> AbstractContextManager[Path]:
    """Return a context in which the file of the shipped scenario called *name* is there."""
    return as_file(_folder() / f"{name}.yaml")


def _folder() -> Traversable:
    return files("ucmsim") / "data" / "scenarios"
