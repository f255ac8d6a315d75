"""What every command has in common: whom it asks, about which PBX, and whether people or programs read the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from ucmsim.client import ControlClient
from ucmsim.commands import completing
from ucmsim.commands.exits import exiting
from ucmsim.commands.outeroptions import for_programs, located
from ucmsim.commands.said import pbx_said
from ucmsim.commands.whereabouts import Whereabouts, chosen

Command = Callable[..., None]

NAME = click.argument("pbx", metavar="PBX", shell_complete=completing.pbxs)
"""A PBX that must be named, because what happens to it cannot be taken back."""
WORDS = "[KEY=VALUE]..."


class About(Enum):
    """How it is said which PBX a command is about: the only one, where it is not said."""

    NONE = "it is about none, or names it by an argument of its own"
    OPTION = "by --pbx alone, before the command or behind it: the command has other arguments"
    WORD = "by --pbx, or as its only argument"
    FILE = "by --pbx, or as an argument before the other one, which is the command's argument `file`"


_ONE = click.option(
    "--pbx", "-p", shell_complete=completing.pbxs, help="The PBX; may be left out when there is only one."
)
_OPTIONS: Mapping[About, tuple[Callable[[Any], Any], ...]] = MappingProxyType({
    About.NONE: (),
    About.OPTION: (_ONE,),
    About.WORD: (_ONE, click.argument("named", metavar="[PBX]", required=False, shell_complete=completing.pbxs)),
    About.FILE: (
        _ONE,
        click.argument(
            "pbx_and_file", metavar="[PBX] FILE", nargs=-1, required=True, shell_complete=completing.pbx_or_file
        ),
    ),
})  # fmt: skip


def asks(about: About, *, programs: bool = True) -> Callable[[Command], Command]:
    """Give a command the client that it asks, first, then the name of the PBX that it is *about*, and the options of all commands.

    Without *programs* it is told by itself whether programs read the answer.
    """

    def giving(command: Command) -> Command:
        @located
        @wraps(command)
        def asked(*, where: Whereabouts, **typed: Any) -> None:
            with exiting():
                client = where.client()
                if about is About.NONE:
                    _unheeded(typed)
                    command(client, **typed)
                else:
                    command(client, _pbx(client, typed), **typed)

        for option in reversed(_OPTIONS[about]):
            asked = option(asked)
        return for_programs("JSON")(asked) if programs else asked

    return giving


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those *options* that somebody gave."""
    return {key: value for key, value in options.items() if value is not None}


def _unheeded(typed: Mapping[str, Any]) -> None:
    """Raise `click.UsageError` where ``--pbx`` was said before a command that does not heed it."""
    context = click.get_current_context()
    if pbx_said(context.parent) is not None:
        instead = f"name the PBX behind it: {context.info_name} PBX" if "pbx" in typed else "leave it out"
        raise click.UsageError(f"'{context.info_name}' heeds no --pbx; {instead}")


def _pbx(client: ControlClient, typed: dict[str, Any]) -> str:
    """Return the PBX that is meant, and take out of what was *typed* what said so; raises `click.UsageError`."""
    named = [typed.pop("named", None)]
    if "pbx_and_file" in typed:
        *named, file = typed.pop("pbx_and_file")
        typed["file"] = Path(file)
    if len(named) > 1:
        raise click.UsageError(f"there are {len(named) + 1} words; give a FILE, or a PBX and a FILE")
    return chosen(client, typed.pop("pbx") or pbx_said(click.get_current_context()), *named)
