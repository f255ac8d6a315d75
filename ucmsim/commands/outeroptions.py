"""Options that may stand before a command or behind it: where the control plane is, which PBX, that programs read the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from ucmsim.commands import completing
from ucmsim.commands.lazily import LazyGroup
from ucmsim.commands.said import WHERE, programs_said, where_said
from ucmsim.commands.seconds import Seconds
from ucmsim.commands.whereabouts import CA, READY_FILE, TIMEOUT, TOKEN, URL

F = TypeVar("F", bound=Callable[..., Any])


class _Where(click.Option):
    """An option that help has under a heading of its own."""


_OPTIONS = (
    click.option("--url", cls=_Where, help=f"The control plane's URL; else {URL}."),
    click.option("--token", cls=_Where, help=f"And its token; else {TOKEN}."),
    click.option(
        "--ready-file", "--ready", "ready", cls=_Where, type=click.Path(path_type=Path),
        help=f"Or the ready report that twistd's --ready-file wrote; else {READY_FILE}.",
    ),
    click.option(
        "--config", "-c", cls=_Where, type=click.Path(path_type=Path), help="Or the configuration that ucmsim runs with."
    ),
    click.option(
        "--ca", cls=_Where, type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help=f"With https, the CA to trust; else {CA}, what the report or the configuration says, or the system's.",
    ),
    click.option(
        "--timeout", cls=_Where, type=Seconds(above=0), metavar="SECONDS",
        help=f"How long an answer is waited for; default: {TIMEOUT:g}.",
    ),
)  # fmt: skip


class LocatedCommand(click.Command):
    """A command that is `located`: its help begins with the options that are its own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own, where = list[tuple[str, str]](), list[tuple[str, str]]()
        for one in self.get_params(ctx):
            if not isinstance(one, click.Argument) and (record := one.get_help_record(ctx)) is not None:
                (where if isinstance(one, _Where) else own).append(record)
        for heading, records in (("Options", own), ("Where ucmsim runs", where)):
            with formatter.section(heading):
                formatter.write_dl(records)


class LocatedGroup(LazyGroup, LocatedCommand):
    """A group of such commands; each of them, and each group of them, heeds what was said before it."""

    command_class = LocatedCommand
    group_class = type


def located(command: F) -> F:
    """Give *command* the options that say where the control plane is, all together as its argument `where`."""

    @click.pass_context
    @wraps(command)
    def placed(context: click.Context, /, **given: Any) -> Any:
        return command(where=where_said(context), **{key: value for key, value in given.items() if key not in WHERE})

    for option in reversed(_OPTIONS):
        placed = option(placed)
    return cast("F", placed)


def for_programs(what: str) -> Callable[[F], F]:
    """Give a command the option ``--json``, which prints *what*, as its argument `as_json`."""

    def given(command: F) -> F:
        @click.option("--json", "as_json", is_flag=True, help=f"Print {what}.")
        @click.pass_context
        @wraps(command)
        def printing(context: click.Context, /, **given: Any) -> Any:
            given["as_json"] = programs_said(context)
            return command(**given)

        return cast("F", printing)

    return given


def group(short_help: str) -> Callable[[Callable[[], None]], LocatedGroup]:
    """Make a group of what only describes it; the options of its commands may stand before these, too."""

    def made(describing: Callable[[], None]) -> LocatedGroup:
        @click.group(describing.__name__, cls=LocatedGroup, short_help=short_help)
        @click.option(
            "--pbx", "-p", shell_complete=completing.pbxs, help="The PBX; may be left out when there is only one."
        )
        @for_programs("JSON")
        @located
        @wraps(describing)
        def grouping(**_heeded_by_its_commands: Any) -> None:
            """Do nothing."""

        return grouping

    return made
