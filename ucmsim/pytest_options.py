"""What the pytest plugin can be told beside fixtures and markers, where it was told, and how pytest's header shows it.

pytest imports this module in every run of every project where ucmsim is installed, so there is nothing in it but pytest
and the standard library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ucmsim import __version__

SEED = 42
"""The seed where none is given, as in sim.yaml."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something that can be told: on the command line, in the ini file, or by the environment *variable*."""

    name: str
    metavar: str
    meaning: str
    variable: str

    @property
    def flag(self) -> str:
        return f"--ucmsim-{self.name}"

    @property
    def ini(self) -> str:
        return f"ucmsim_{self.name}"


OPTIONS = (
    Option("seed", "N", f"what everything that is made up follows from; {SEED} without it", "UCMSIM_SEED"),
    Option("personality", "ID", "model and firmware of PBXs that a test says nothing of", "UCMSIM_PERSONALITY"),
    Option("config", "FILE", "YAML file with settings of every PBX: the keys below pbxs.<name> in sim.yaml", "UCMSIM_CONFIG"),
    Option("url", "URL", "control plane of a running ucmsim, for ucm_noproc", "UCMSIM_CONTROL_URL"),
    Option("token", "TOKEN", "its token", "UCMSIM_CONTROL_TOKEN"),
    Option("ca", "FILE", "with an https URL, the CA that its control plane is trusted by; the system's without it", "UCMSIM_CONTROL_CA"),
)  # fmt: skip
_OF_PBXS = ("config", "personality")
"""The options that say something of a PBX; of one source the second is the stronger."""
_BY_NAME = tuple((option.name, option) for option in OPTIONS)


@dataclass(frozen=True, slots=True)
class Given:
    """What was told, where, and the folder that a path in it is relative to."""

    value: str
    source: str
    folder: Path


def add(parser: pytest.Parser) -> None:
    """Let pytest take the options."""
    group = parser.getgroup("ucmsim", "simulated Grandstream UCMs")
    for option in OPTIONS:
        said = f"{option.meaning} (ini {option.ini}, or {option.variable})"
        group.addoption(option.flag, dest=option.ini, metavar=option.metavar, default=None, help=said)
        parser.addini(option.ini, option.meaning, default=None)


def given(config: pytest.Config, name: str) -> Iterator[Given]:
    """Yield what was told of the option *name*, the strongest last: environment, ini, command line."""
    option = dict(_BY_NAME)[name]
    here = config.invocation_params.dir
    if value := os.environ.get(option.variable):
        yield Given(value, option.variable, here)
    if value := config.getini(option.ini):
        yield Given(str(value), f"ini {option.ini}", config.inipath.parent if config.inipath else config.rootpath)
    if value := config.getoption(option.ini):
        yield Given(str(value), option.flag, here)


def strongest(config: pytest.Config, name: str) -> Given | None:
    """Return what counts of what was told of the option *name*."""
    return next(iter(reversed(list(given(config, name)))), None)


def settings(config: pytest.Config) -> Iterator[tuple[str, Given]]:
    """Yield what was told of the settings of PBXs, with the name of its option, the weakest first: each is laid over those before it.

    Of one source the personality is stronger than the file, which may have one too.
    """
    ranked = [(_rank(one), name, one) for name in _OF_PBXS for one in given(config, name)]
    for _, name, one in sorted(ranked, key=lambda found: found[:2]):
        yield name, one


def _rank(given: Given) -> int:
    return 2 if given.source.startswith("--") else 1 if given.source.startswith("ini ") else 0


def seed(config: pytest.Config) -> int:
    """Return the seed; raises `pytest.UsageError` where it is no number."""
    given = strongest(config, "seed")
    if given is None:
        return SEED
    try:
        return int(given.value)
    except ValueError:
        raise pytest.UsageError(
            f"{given.source}: '{given.value}' is no seed; it is a whole number, such as 42"
        ) from None


def header(config: pytest.Config) -> str:
    """Return the line that pytest shows at the start: what counts, and where it was told. The token is not shown."""
    said = [f"seed {seed(config)} ({_source(config, 'seed')})"]
    of_pbxs = list(settings(config))
    if personality := _personality(of_pbxs):
        said.append(f"personality {personality}")
    if files := [f"{one.value} ({one.source})" for name, one in of_pbxs if name == "config"]:
        said.append(f"settings of {', over them those of '.join(files)}")
    if url := strongest(config, "url"):
        said.append(f"control plane {urlsplit(url.value).netloc.rpartition('@')[2]} ({url.source})")
    return f"ucmsim {__version__}: {', '.join(said)}"


def _personality(told: Sequence[tuple[str, Given]]) -> str:
    """Return the personality that counts of what was *told*, and where; "" where a file that may say so cannot be used."""
    for name, one in reversed(told):
        if name == "personality":
            return f"{one.value} ({one.source})"
        in_file = _in_file(one.folder / one.value)
        if in_file is None:
            return ""
        if "personality" in in_file:
            said = in_file["personality"]
            return f"{said} ({one.value}, {one.source})" if isinstance(said, str) else ""
    return "ucm6100 (default)"


def _in_file(file: Path) -> dict[str, Any] | None:
    """Return the settings that stand in a *file*; None where it cannot be used, which the first test is told that needs them.

    What reads it then says all that is wrong with it, and takes a third of a second to import.
    """
    import yaml

    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return found if isinstance(found, dict) and "pbxs" not in found else None


def _source(config: pytest.Config, name: str) -> str:
    given = strongest(config, name)
    return given.source if given else "default"
