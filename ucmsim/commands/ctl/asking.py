"""What every command has in common: whom it asks, about which PBX, and whether people or programs read the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ucmsim.commands import completing
from ucmsim.commands.exits import exiting
from ucmsim.commands.outeroptions import for_programs, located
from ucmsim.commands.said import pbx_said
from ucmsim.commands.whereabouts import Whereabouts, chosen

Command = Callable[..., None]

NAME = click.argument("pbx", metavar="PBX", shell_complete=completing.pbxs)
"""A PBX that must be named, because what happens to it cannot be taken back."""
ONE = click.option(
    "--pbx", "-p", shell_complete=completing.pbxs, help="The PBX; may be left out when there is only one."
)
NAMED = click.argument("named", metavar="[PBX]", required=False, shell_complete=completing.pbxs)
WORDS = "[KEY=VALUE]..."


def asks(command: Command) -> Command:
    """Give *command*, which is about no PBX or names it, the client that it asks, first, and the options of all commands."""

    @wraps(command)
    def asked(client: Any, /, **given: Any) -> None:
        context = click.get_current_context()
        if pbx_said(context.parent) is not None:
            instead = f"name the PBX behind it: {context.info_name} PBX" if "pbx" in given else "leave it out"
            raise click.UsageError(f"'{context.info_name}' heeds no --pbx; {instead}")
        command(client, **given)

    return _asking(asked)


def _asking(command: Command) -> Command:
    """Give *command* the client that it asks, first, and the options that say where and how it answers."""

    @for_programs("JSON")
    @located
    @wraps(command)
    def asked(*, where: Whereabouts, **given: Any) -> None:
        with exiting():
            command(where.client(), **given)

    return asked


def asks_one(command: Command) -> Command:
    """Give *command* the client, the name of the PBX that ``--pbx`` means, and the option ``--json``."""

    @_asking
    @ONE
    @wraps(command)
    def asked(client: Any, /, *, pbx: str | None, **given: Any) -> None:
        command(client, chosen(client, pbx or pbx_said(click.get_current_context())), **given)

    return asked


def asks_with_file(command: Command) -> Command:
    """As `asks_about`, for a command with a file, which is its argument `file`, behind the PBX."""

    @_asking
    @ONE
    @click.argument("words", metavar="[PBX] FILE", nargs=-1, required=True, shell_complete=completing.pbx_or_file)
    @wraps(command)
    def asked(client: Any, /, *, pbx: str | None, words: tuple[str, ...], **given: Any) -> None:
        *named, file = words
        if len(named) > 1:
            raise click.UsageError(f"there are {len(words)} words; give a FILE, or a PBX and a FILE")
        there = chosen(client, pbx or pbx_said(click.get_current_context()), *named)
        command(client, there, file=Path(file), **given)

    return asked


def asks_about(command: Command) -> Command:
    """As `asks_one`, for a command without arguments of its own: there the PBX may stand without ``--pbx``."""

    @_asking
    @ONE
    @NAMED
    @wraps(command)
    def asked(client: Any, /, *, pbx: str | None, named: str | None, **given: Any) -> None:
        command(client, chosen(client, pbx or pbx_said(click.get_current_context()), named), **given)

    return asked
