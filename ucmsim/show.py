"""`ucmsim show`: prints what exists, a table for people or `--json` for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from ucmsim import catalogue, personalities
from ucmsim.errors import did_you_mean
from ucmsim.personalities import Personality
from ucmsim.quirks import CONFIDENCES
from ucmsim.settings import Settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")


@click.group()
def show() -> None:
    """Print what exists."""


def _shows(what: str, rows: Callable[[], Iterable[dict[str, Any]]], summary: str) -> None:
    """Add ``show`` *what*, which prints *rows*."""

    @show.command(what, help=summary)
    @_JSON
    def command(as_json: bool) -> None:
        _printed(list(rows()), as_json)


_shows("faults", catalogue.fault_rows, "The kinds of faults.")
_shows("defects", catalogue.defect_rows, "The certificate defects.")
_shows("columns", catalogue.column_rows, "The CDR columns.")


@show.command("personalities")
@_JSON
def show_personalities(as_json: bool) -> None:
    """The appliances that can be simulated, and everything that differs between them.

    The last lines show how each writes down an outbound call that was recorded.
    """
    rows = list(catalogue.personality_rows())
    if as_json:
        _printed(rows, as_json)
    else:
        _table([[key, *(_cell(row[key]) for row in rows)] for key in rows[0]])


def _personality(_context: click.Context, _option: click.Parameter, name: str | None) -> Personality | None:
    if name is None:
        return None
    try:
        return personalities.personality(name)
    except KeyError:
        known = personalities.names()
        hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise click.BadParameter(f"there is no personality '{name}'; {hint}") from None


@show.command("quirks")
@_JSON
@click.option("--personality", callback=_personality, help="Only what this one shows, with its own defaults.")
@click.option("--confidence", type=click.Choice(CONFIDENCES), help="Only rows whose default is so well known.")
def show_quirks(as_json: bool, personality: Personality | None, confidence: str | None) -> None:
    """The quirk register: behaviours, their sources and switches."""
    rows = list(catalogue.quirk_rows(personality, confidence))
    if not as_json:
        for row in rows:
            del row["changes"]  # for whoever works on ucmsim
    _printed(rows, as_json)


@show.command()
@click.option("--json", "_as_json", is_flag=True, help="It is JSON anyway.")
def schema(_as_json: bool) -> None:
    """The JSON Schema of the configuration file."""
    document = Settings.model_json_schema(by_alias=True)
    click.echo(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **document}, indent=2))


def _printed(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        _table([list(rows[0]), *(list(map(_cell, row.values())) for row in rows)])


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(lines: Sequence[Sequence[str]]) -> None:
    """Print *lines*, the headings first."""
    from rich.console import Console
    from rich.table import Table

    wide = Console()
    console = wide if wide.is_terminal else Console(width=200)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in lines[0]:
        table.add_column(name, overflow="fold")
    for line in lines[1:]:
        table.add_row(*line)
    console.print(table, markup=False)
