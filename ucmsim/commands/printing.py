"""Prints what commands tell: tables, blocks and lines for people, as wide as the terminal is, and JSON for programs."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TextIO

import click

from ucmsim import tables

Rows = Iterable[Iterable[Any]]
"""Values, in the order of their names."""


def table(names: Sequence[str], rows: Rows, shorter: Sequence[Sequence[str]] = ()) -> None:
    """Print *rows* below their *names*; a narrow terminal gets only those named in the first of *shorter* that fit."""
    lines(tables.table([list(names), *_cells(rows)], _width(), shorter))


def blocks(names: Sequence[str], rows: Rows) -> None:
    """Print each of *rows* as lines ``name: value``."""
    lines(tables.blocks(names, _cells(rows), _width()))


def beside(columns: Rows) -> None:
    """Print lines of values, the name of each line first, as many beside each other as fit."""
    lines(tables.beside(_cells(columns), _width()))


def lines(texts: Iterable[str]) -> None:
    """Print each of *texts*."""
    for text in texts:
        click.echo(text)


def aside(sentence: str) -> None:
    """Tell people a *sentence* beside the answer, on standard error, where somebody still looks."""
    with while_somebody_looks(sys.__stderr__):
        click.echo(sentence, err=True)


@contextmanager
def while_somebody_looks(stream: TextIO | None) -> Iterator[None]:
    """Let what the body prints to *stream* be lost where that is a terminal that was closed: what is done goes on."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO or error.filename is not None:
            raise
        silence(stream)


def silence(stream: TextIO | None) -> None:
    """Let go nowhere what is still to be written to *stream*, which the end of the process flushes."""
    if stream is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def for_programs(value: Any) -> None:
    """Print a *value* of JSON."""
    click.echo(json.dumps(value, indent=2))


def either(sentence: str, value: Any, *, as_json: bool) -> None:
    """Print a *sentence* for people, or a *value* for programs."""
    if as_json:
        for_programs(value)
    else:
        click.echo(sentence)


def _cells(rows: Rows) -> list[list[str]]:
    return [list(map(cell, row)) for row in rows]


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


def _width() -> int | None:
    """Return how wide the terminal is; None when it is none."""
    there = sys.stdout is not None and sys.stdout.isatty()  # it may be closed
    return shutil.get_terminal_size().columns if there else None
