"""`ucmsim scenario`: lists the bad days, shows one, and plays one on a running ucmsim beside the client that is judged."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ucmsim import tables
from ucmsim.errors import UcmsimError
from ucmsim.scenarios import shipped
from ucmsim.scenarios.language import Scenario

_JSON = click.option("--json", "as_json", is_flag=True, help="Print it for programs.")


@click.group(short_help="Bad days, played beside a client that is judged.")
def scenario() -> None:
    """Bad days, played on a running PBX: what happens, and what a correct client makes of it."""


@scenario.command("list")
@_JSON
def list_(as_json: bool) -> None:
    """The scenarios that there are."""
    rows = [{"id": one.name, "title": one.title} for one in shipped.every()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in tables.table([("id", "title"), *((row["id"], row["title"]) for row in rows)], width):
        click.echo(line)


@scenario.command("show", short_help="What happens in a scenario, and what a correct client does.")
@click.argument("name", metavar="NAME|FILE")
@_JSON
def show(name: str, as_json: bool) -> None:
    """What happens in the scenario NAME, or in FILE, what a correct client does, and what is expected of it.

    A FILE is validated on the way; exit 2 with every mistake in it.
    """
    with refusing():
        chosen = shipped.found(name)
    if as_json:
        click.echo(json.dumps(described(chosen), indent=2))
        return
    click.echo(f"{chosen.name}: {chosen.title}")
    for line in told(chosen):
        click.echo(line)


@scenario.command("schema")
def schema() -> None:
    """The JSON Schema of a scenario's file."""
    click.echo(json.dumps(Scenario.model_json_schema(), indent=2))


def described(chosen: Scenario) -> dict[str, Any]:
    """Return a scenario for programs, without its steps."""
    expected = [{"name": one.name, "says": one.says} for one in chosen.expectations]
    return {
        "id": chosen.name, "title": chosen.title, "story": chosen.story, "correct": chosen.correct,
        "pbx": dict(chosen.pbx), "patience": chosen.patience, "expect": expected,
    }  # fmt: skip


def told(chosen: Scenario) -> Iterator[str]:
    """Yield the lines of a scenario for people."""
    for heading, text in (("what happens", chosen.story), ("a correct client", chosen.correct)):
        yield f"  {heading}:"
        yield from textwrap.wrap(text, 96, initial_indent="    ", subsequent_indent="    ")
    yield "  expected:"
    for one in chosen.expectations:
        yield from textwrap.wrap(f"{one.name}: {one.says}", 96, initial_indent="    ", subsequent_indent="      ")


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what is wrong with a scenario into its sentences and exit 2."""
    try:
        yield
    except UcmsimError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
