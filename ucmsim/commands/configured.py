"""Which PBX of a configuration a command is about, and why a file is not there."""

from __future__ import annotations

from pathlib import Path

import click

from ucmsim import configuration
from ucmsim.errors import UcmsimError
from ucmsim.settings import Pbx, Settings

CONFIG = click.option(
    "--config", "-c", "config", type=click.Path(path_type=Path), help="The configuration file; default: the demo."
)
KEPT = click.option(
    "--config", "-c", "config", type=click.Path(path_type=Path), required=True,
    help="The configuration file, which must have a 'state:'.",
)  # fmt: skip
PBX = click.option("--pbx", "-p", "name", help="The PBX; may be left out when there is only one.")
MANY = 10
"""Names of PBXs that are still written out."""


def chosen(config: Path | None, name: str | None) -> tuple[Settings, str, Pbx]:
    """Return the settings in *config*, and the PBX that is meant: the only one, where none is named. Raises `click.UsageError`."""
    settings = configuration.read(config)
    if name is None and len(settings.pbxs) == 1:
        name = next(iter(settings.pbxs))
    if name is None or name not in settings.pbxs:
        known = enumerated(list(settings.pbxs))
        said = "say which PBX with --pbx" if name is None else f"there is no PBX '{name}'"
        raise click.UsageError(f"{said}; the configuration has {known}")
    return settings, name, settings.pbxs[name]


def enumerated(names: list[str]) -> str:
    """Return the *names* of PBXs, of many the first and the last."""
    if len(names) > MANY:
        return f"{len(names)} PBXs, {', '.join(names[:3])} ... {names[-1]}"
    return ", ".join(names) or "no PBX"


def unwritable(out: Path, error: OSError) -> UcmsimError:
    """Return why *out* is not there."""
    return UcmsimError(f"{out} cannot be written: {error.strerror}")
