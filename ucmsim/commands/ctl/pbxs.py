"""`ucmsim ctl pbxs`: told, begun, changed and taken away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from ucmsim.client import ControlClient
from ucmsim.commands import completing, printing
from ucmsim.commands.asking import NAME, WORDS, About, asks
from ucmsim.commands.ctl import showing
from ucmsim.commands.ctl.showing import Columns
from ucmsim.commands.ctl.words import settings_of
from ucmsim.commands.outeroptions import group
from ucmsim.contract.answers import PbxChange

_COLUMNS: Columns = MappingProxyType({
    "name": lambda pbx: pbx.name,
    "personality": lambda pbx: pbx.settings.get("personality"),
    "url": lambda pbx: pbx.url,
    "rows": lambda pbx: pbx.rows,
    "warnings": lambda pbx: len(pbx.warnings) or "",
})  # fmt: skip
_LONG = ("settings",)


def _settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give *command* its settings, from a file and from words."""
    command = click.argument("words", metavar=WORDS, nargs=-1, shell_complete=completing.settings)(command)
    return click.option(
        "--file", "-f", type=click.Path(path_type=Path), help="A YAML file of them; - for standard input."
    )(command)


@group("The PBXs: list, show, create, put, patch, delete.")
def pbxs() -> None:
    """The PBXs of a running ucmsim.

    Settings are those under pbxs.<name> of sim.yaml: from a file, or as words such as personality=ucm6510 or
    history.days=3; a value that is JSON is read as such, anything else is text, and so is everything where a text is due.
    Where a list is due one value is a list of one.
    """


@pbxs.command("list")
@asks(About.NONE)
def listed(client: ControlClient, *, as_json: bool) -> None:
    """Every PBX, and what is odd about the settings of each."""
    found = client.pbxs()
    showing.listed(found, _COLUMNS, as_json=as_json, nothing="there is no PBX")
    if not as_json:
        printing.lines(f"{one.name}: {warning}" for one in found for warning in one.warnings)


@pbxs.command()
@asks(About.WORD)
def show(client: ControlClient, pbx: str, *, as_json: bool) -> None:
    """One PBX; --json has its settings too."""
    showing.one(client.pbx(pbx), as_json=as_json, without=_LONG)


@pbxs.command()
@click.argument("name")
@_settings
@asks(About.NONE)
def create(client: ControlClient, *, name: str, file: Path | None, words: tuple[str, ...], as_json: bool) -> None:
    """Begin a PBX."""
    showing.one(client.create_pbx(name, settings_of(file, words)), as_json=as_json, without=_LONG)


@pbxs.command(short_help="Let there be a PBX with exactly these settings.")
@NAME
@_settings
@asks(About.NONE)
def put(client: ControlClient, *, pbx: str, file: Path | None, words: tuple[str, ...], as_json: bool) -> None:
    """Let there be a PBX with exactly these settings, all others as they are by default; asked twice, nothing happens."""
    _changed(client.put_pbx(pbx, settings_of(file, words)), as_json=as_json)


@pbxs.command()
@NAME
@_settings
@asks(About.NONE)
def patch(client: ControlClient, *, pbx: str, file: Path | None, words: tuple[str, ...], as_json: bool) -> None:
    """Change settings of a PBX; null takes one back to its default."""
    _changed(client.change_pbx(pbx, settings_of(file, words)), as_json=as_json)


@pbxs.command()
@NAME
@asks(About.NONE)
def delete(client: ControlClient, *, pbx: str, as_json: bool) -> None:
    """Stop a PBX, and erase its keys and history."""
    client.delete_pbx(pbx)
    showing.done(f"{pbx} is gone", as_json=as_json)


def _changed(told: PbxChange, *, as_json: bool) -> None:
    changed = f"changed: {', '.join(told.changed)}" if told.changed else "nothing changed"
    showing.done(f"{told.pbx.name} is created" if told.created else changed, as_json=as_json, value=told)
