"""Prints what the control plane answers: tables for people, JSON for programs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from ucmsim import tables
from ucmsim.contract.mapped import written
from ucmsim.instants import at_microseconds

Columns = Mapping[str, Callable[[Any], Any]]
"""The headings of a table, and what gets the value under each from an item."""


def listed(items: Sequence[Any], columns: Columns, *, as_json: bool, nothing: str) -> None:
    """Print *items*: a table with these *columns*, or *nothing*."""
    if as_json:
        click.echo(json.dumps(written(list(items)), indent=2))
    elif items:
        lines = [list(columns), *([cell(of(item)) for of in columns.values()] for item in items)]
        _echoed(tables.table(lines, width()))
    else:
        click.echo(nothing)


def one(item: Any, *, as_json: bool, without: Iterable[str] = ()) -> None:
    """Print an *item* as lines ``name: value``; what people need not see is left out for them."""
    told = written(item)
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    shown = {name: value for name, value in told.items() if name not in without}
    _echoed(tables.blocks(list(shown), [list(map(cell, shown.values()))], width()))


def done(sentence: str, *, as_json: bool, value: Any = None) -> None:
    """Print that something was done: a *sentence* for people, a *value* for programs."""
    click.echo(json.dumps(written(value), indent=2) if as_json else sentence)


def cell(value: Any) -> str:
    """Return a *value* as people read it."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat()
        case dict():
            return json.dumps(value) if value else "-"
        case list() | tuple():
            return ", ".join(map(cell, value)) or "-"
    return str(value)


def moment(microseconds: int | None) -> str:
    """Return an instant of a call, in UTC, to the second."""
    return "-" if microseconds is None else f"{at_microseconds(microseconds):%Y-%m-%d %H:%M:%S}"


def width() -> int | None:
    """Return how wide the terminal is; None when it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _echoed(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
