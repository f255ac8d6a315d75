"""`ucmsim import`, `export` and `generate`: fill, dump or make up a history, with device files at the other end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from ucmsim.commands.configured import CONFIG, KEPT, PBX, chosen, unwritable
from ucmsim.commands.exits import exiting
from ucmsim.errors import UcmsimError, listed, shortened

_FORMS = click.Choice(["csv", "json", "xml"])
_FORM = click.option("--format", "form", type=_FORMS, help="Default: by the suffix of --out; csv on standard output.")


@contextmanager
def _kept_history(config: Path, name: str | None, *, begin: bool = True) -> Iterator[Any]:
    """Open and lock the state folder of a configuration and yield one PBX's settings and its history.

    A history that is not there is begun, or said to be missing.
    """
    from ucmsim.assembling.statefolder import HISTORY, StateFolder
    from ucmsim.store.history import History

    settings, name, pbx = chosen(config, name)
    if settings.state is None:
        raise click.UsageError("this configuration keeps no state; add 'state: FOLDER' to it")
    missing = UcmsimError(
        f"PBX '{name}' has never run, and nothing was imported: {settings.state} has no history of it"
    )
    if not begin and not settings.state.is_dir():
        raise missing
    folder = StateFolder.open(settings.state)
    try:
        if not begin and not (folder.path / name).is_dir():
            raise missing
        file = folder.pbx(name) / HISTORY
        if not begin and not file.exists():
            raise missing
        history = History.open(file, durable=True)
        try:
            yield pbx, history
        finally:
            history.close()
    finally:
        folder.close()


@click.command("import", short_help="Add the rows of a device file to a kept history.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@KEPT
@PBX
@click.option("--format", "form", type=_FORMS, help="Default: by the file's name and first character.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as an object.")
def import_(file: Path, config: Path, name: str | None, form: str | None, as_json: bool) -> None:
    """Add the rows of a device CSV, JSON or XML FILE to a kept history.

    Rows that are there already are not looked for: a file imported twice is there twice. Rows that cannot be read are
    reported by line, the others taken; exit 1 when there were such rows.
    """
    from ucmsim.assembling.filling import import_file
    from ucmsim.progress import watched

    with exiting(), _kept_history(config, name) as (pbx, history):
        filled = import_file(history, file, form, zone=pbx.time_zone, watch=watched)
    if as_json:
        bad = [{"line": one.line, "why": one.why} for one in filled.bad]
        click.echo(json.dumps({"rows": filled.rows, "bad": bad}))
    else:
        for said in (
            *shortened((f"{file}, {one}" for one in filled.bad), "{} more rows could not be read"),
            *filled.warnings,
        ):
            click.echo(said, err=True)
        click.echo(f"{filled.rows} rows imported, {len(filled.bad)} left out")
    raise SystemExit(1 if filled.bad else 0)


@click.command()
@KEPT
@PBX
@_FORM
@click.option("--generation", type=click.Choice(["G1", "G2", "G3"]), default="G3", show_default=True)
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def export(config: Path, name: str | None, form: str | None, generation: str, out: Path | None) -> None:
    """Write a kept history as a device CSV, JSON or XML file.

    JSON and XML read back as they were; rows that a CSV cannot tell are reported, and then the exit code is 1.
    """
    from ucmsim.progress import watched

    form = _form(form, out)
    with exiting(), _kept_history(config, name, begin=False) as (_, history), _opened(out) as stream:
        rows = watched(history.rows(), "writing", len(history))
        bad = _written(stream, form, generation, rows)
    raise SystemExit(1 if bad else 0)


@click.command(short_help="Write made-up calls as a device file.")
@CONFIG
@PBX
@_FORM
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def generate(config: Path | None, name: str | None, form: str | None, out: Path | None) -> None:
    """Make up the calls that a configuration describes, and write them as a device file; nothing is kept.

    Rows that a CSV cannot tell are reported, as some names have commas; JSON and XML read back as they were.
    """
    from ucmsim.assembling.filling import covering, made_up
    from ucmsim.clock import PbxClock
    from ucmsim.progress import watched

    form = _form(form, out)
    with exiting():
        settings, name, pbx = chosen(config, name)
        if pbx.history.import_ is not None:
            raise click.UsageError(
                f"the history of PBX '{name}' is imported from {pbx.history.import_.name}, so no calls are made up; "
                "leave 'history.import' out to have some"
            )
        now = PbxClock.of(pbx.clock, time.time()).start
        made = made_up(name, pbx, seed=settings.seed, until=now)
        rows = (record.row for record in watched(made, "making up calls", *covering(pbx, now)))
        with _opened(out) as stream:
            _written(stream, form, str(pbx.register["columns"]), rows)


def _form(chosen: str | None, out: Path | None) -> str:
    """Return the form of what is written: the one that was *chosen*, else what the suffix of *out* says."""
    suffix = "csv" if out is None else out.suffix.lower().removeprefix(".")
    if chosen is None and suffix not in _FORMS.choices:
        said = f"the suffix of {out} says no form" if suffix else f"{out} has no suffix that says the form"
        right = listed(f".{one}" for one in _FORMS.choices)
        raise click.UsageError(f"{said}; let it be {right}, or give --format")
    return chosen or suffix


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        raise unwritable(out, error) from error


class _Counted:
    """Passes rows on and counts them."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Any]:
        for row in self._rows:
            self.count += 1
            yield row


def _written(stream: TextIO, form: str, generation: str, rows: Iterable[Any]) -> int:
    """Write *rows* to the *stream*, complain of those that would not read back the same, and return how many these are."""
    from ucmsim.cdr.devicefile import BadLine, write
    from ucmsim.columns import GENERATIONS

    bad, counted = set(), _Counted(rows)

    def complaints() -> Iterator[str]:
        for piece in write(form, GENERATIONS[generation], counted):
            if isinstance(piece, BadLine):
                bad.add(piece.line)
                yield piece.why
            else:
                stream.write(piece)

    for said in shortened(complaints()):
        click.echo(said, err=True)
    if bad:
        rather = "; JSON and XML keep them" if form == "csv" else ""
        click.echo(f"{len(bad)} of {counted.count} rows would not read back as they are{rather}", err=True)
    if stream is not sys.stdout:
        click.echo(f"{counted.count} rows in {stream.name}", err=True)
    return len(bad)
