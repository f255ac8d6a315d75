"""`ucmsim check`: judges a configuration, without running it."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from ucmsim import configuration
from ucmsim.commands import printing
from ucmsim.commands.configured import MANY, enumerated
from ucmsim.errors import ConfigurationError, Problem


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print errors and warnings as a list of objects.")
def check(file: Path, as_json: bool) -> None:
    """Validate a configuration; name every error at once. Exit 0 if it is good, perhaps with warnings, 2 if not."""
    try:
        settings = configuration.read(file)
    except ConfigurationError as error:
        if as_json:
            printing.for_programs([_object("error", one) for one in error.problems])
        else:
            click.echo(str(error), err=True)
            click.echo(f"{len(error.problems)} to mend", err=True)
        raise SystemExit(2) from None
    warnings = list(configuration.warnings(settings, time.time()))
    if as_json:
        found = [_object("warning", Problem(f"pbxs.{name}", said, file=str(file))) for name, said in warnings]
        printing.for_programs(found)
        return
    alike: dict[str, list[str]] = {}
    for name, said in warnings:
        alike.setdefault(said, []).append(name)
    for said, names in alike.items():
        for one in [f"{names[0]} and {len(names) - 1} more"] if len(names) > MANY else names:
            click.echo(f"warning: {one}: {said}", err=True)
    click.echo(f"{file} is good: {enumerated(list(settings.pbxs))}")


def _object(level: str, problem: Problem) -> dict[str, Any]:
    """Return *problem* for programs: where it is, the sentence, and its halves; line 0 is no line of its own."""
    return {"level": level, "message": str(replace(problem, file="", line=0, key="")), **asdict(problem)}
