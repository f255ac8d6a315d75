"""Prints what the control plane answers: tables for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from ucmsim.commands import printing
from ucmsim.contract.mapped import written
from ucmsim.instants import at_microseconds

Columns = Mapping[str, Callable[[Any], Any]]
"""The headings of a table, and what gets the value under each from an item."""


def listed(items: Sequence[Any], columns: Columns, *, as_json: bool, nothing: str) -> None:
    """Print *items*: a table with these *columns*, or *nothing*."""
    if as_json:
        printing.for_programs(written(list(items)))
    elif items:
        printing.table(list(columns), ([of(item) for of in columns.values()] for item in items))
    else:
        click.echo(nothing)


def one(item: Any, *, as_json: bool, without: Iterable[str] = ()) -> None:
    """Print an *item* as lines ``name: value``; what people need not see is left out for them."""
    told = written(item)
    if as_json:
        printing.for_programs(told)
        return
    shown = {name: value for name, value in told.items() if name not in without}
    printing.blocks(list(shown), [shown.values()])


def done(sentence: str, *, as_json: bool, value: Any = None) -> None:
    """Print that something was done: a *sentence* for people, a *value* for programs."""
    printing.either(sentence, written(value), as_json=as_json)


def moment(microseconds: int | None) -> str:
    """Return an instant of a call, in UTC, to the second."""
    return "-" if microseconds is None else f"{at_microseconds(microseconds):%Y-%m-%d %H:%M:%S}"
