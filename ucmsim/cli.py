"""The `ucmsim` command: judge a configuration, show what exists, drive what runs, fill or dump a history, export a CA.

Output is a table for people, `--json` for programs. Exit codes: 0, 1 for what could not be done, 2 for what was asked
wrongly (an invalid configuration among it).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TextIO

import click

from ucmsim import __version__, configuration
from ucmsim.ctl import ctl
from ucmsim.errors import ConfigurationError, Problem, UcmsimError, listed, shortened
from ucmsim.journalcommand import journal
from ucmsim.reportcommand import report
from ucmsim.scenariocommand import scenario
from ucmsim.settings import Pbx, Settings
from ucmsim.show import show

_FORMS = click.Choice(["csv", "json", "xml"])
_CONFIG = click.option(
    "--config", "-c", "config", type=click.Path(path_type=Path), help="The configuration file; default: the demo."
)
_KEPT = click.option(
    "--config", "-c", "config", type=click.Path(path_type=Path), required=True,
    help="The configuration file, which must have a 'state:'.",
)  # fmt: skip
_FORM = click.option("--format", "form", type=_FORMS, help="Default: by the suffix of --out; csv on standard output.")
_PBX = click.option("--pbx", "-p", "name", help="The PBX; may be left out when there is only one.")


@contextmanager
def _told() -> Iterator[None]:
    """Turn ucmsim's errors into their sentence and an exit code."""
    try:
        yield
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    except UcmsimError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ucmsim")
def main() -> None:
    """A simulated Grandstream UCM. Run it with: twistd -n ucmsim --config sim.yaml."""


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print errors and warnings as a list of objects.")
def check(file: Path, as_json: bool) -> None:
    """Validate a configuration; name every error at once. Exit 0 if it is good, perhaps with warnings, 2 if not."""
    try:
        settings = configuration.read(file)
    except ConfigurationError as error:
        if as_json:
            click.echo(json.dumps([_object("error", one) for one in error.problems], indent=2))
        else:
            click.echo(str(error), err=True)
            click.echo(f"{len(error.problems)} to mend", err=True)
        raise SystemExit(2) from None
    warnings = list(configuration.warnings(settings, time.time()))
    if as_json:
        found = [_object("warning", Problem(f"pbxs.{name}", said, file=str(file))) for name, said in warnings]
        click.echo(json.dumps(found, indent=2))
        return
    alike: dict[str, list[str]] = {}
    for name, said in warnings:
        alike.setdefault(said, []).append(name)
    for said, names in alike.items():
        for one in [f"{names[0]} and {len(names) - 1} more"] if len(names) > _MANY else names:
            click.echo(f"warning: {one}: {said}", err=True)
    click.echo(f"{file} is good: {_enumerated(list(settings.pbxs))}")


_MANY = 10
"""Names of PBXs that are still written out."""


def _enumerated(names: list[str]) -> str:
    """Return the *names* of PBXs, of many the first and the last."""
    if len(names) > _MANY:
        return f"{len(names)} PBXs, {', '.join(names[:3])} ... {names[-1]}"
    return ", ".join(names) or "no PBX"


def _object(level: str, problem: Problem) -> dict[str, Any]:
    """Return *problem* for programs: where it is, the sentence, and its halves; line 0 is no line of its own."""
    return {"level": level, "message": str(replace(problem, file="", line=0, key="")), **asdict(problem)}


main.add_command(show)
main.add_command(journal)
main.add_command(report)
main.add_command(scenario)
main.add_command(ctl)


# --- histories -----------------------------------------------------------------------------------------------------


def _chosen(config: Path | None, name: str | None) -> tuple[Settings, str, Pbx]:
    settings = configuration.read(config)
    if name is None and len(settings.pbxs) == 1:
        name = next(iter(settings.pbxs))
    if name is None or name not in settings.pbxs:
        known = _enumerated(list(settings.pbxs))
        said = "say which PBX with --pbx" if name is None else f"there is no PBX '{name}'"
        raise click.UsageError(f"{said}; the configuration has {known}")
    return settings, name, settings.pbxs[name]


@contextmanager
def _kept_history(config: Path, name: str | None, *, begin: bool = True) -> Iterator[Any]:
    """Open and lock the state folder of a configuration and yield one PBX's settings and its history.

    A history that is not there is begun, or said to be missing.
    """
    from ucmsim.history import History
    from ucmsim.statefolder import StateFolder

    settings, name, pbx = _chosen(config, name)
    if settings.state is None:
        raise click.UsageError("this configuration keeps no state; add 'state: FOLDER' to it")
    missing = UcmsimError(
        f"PBX '{name}' has never run, and nothing was imported: {settings.state} has no history of it"
    )
    if not begin and not settings.state.is_dir():
        raise missing
    folder = StateFolder.open(settings.state)
    try:
        if not begin and not (folder.path / name / "history.sqlite").exists():
            raise missing
        history = History.open(folder.pbx(name) / "history.sqlite", durable=True)
        try:
            yield pbx, history
        finally:
            history.close()
    finally:
        folder.close()


@main.command("import", short_help="Add the rows of a device file to a kept history.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_KEPT
@_PBX
@click.option("--format", "form", type=_FORMS, help="Default: by the file's name and first character.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as an object.")
def import_(file: Path, config: Path, name: str | None, form: str | None, as_json: bool) -> None:
    """Add the rows of a device CSV, JSON or XML FILE to a kept history.

    Rows that are there already are not looked for: a file imported twice is there twice. Rows that cannot be read are
    reported by line, the others taken; exit 1 when there were such rows.
    """
    from ucmsim.filling import import_file
    from ucmsim.progress import watched

    with _told(), _kept_history(config, name) as (pbx, history):
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


@main.command()
@_KEPT
@_PBX
@_FORM
@click.option("--generation", type=click.Choice(["G1", "G2", "G3"]), default="G3", show_default=True)
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def export(config: Path, name: str | None, form: str | None, generation: str, out: Path | None) -> None:
    """Write a kept history as a device CSV, JSON or XML file.

    JSON and XML read back as they were; rows that a CSV cannot tell are reported, and then the exit code is 1.
    """
    from ucmsim.progress import watched

    form = _form(form, out)
    with _told(), _kept_history(config, name, begin=False) as (_, history), _opened(out) as stream:
        rows = watched(history.rows(), "writing", len(history))
        bad = _written(stream, form, generation, rows)
    raise SystemExit(1 if bad else 0)


@main.command(short_help="Write made-up calls as a device file.")
@_CONFIG
@_PBX
@_FORM
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def generate(config: Path | None, name: str | None, form: str | None, out: Path | None) -> None:
    """Make up the calls that a configuration describes, and write them as a device file; nothing is kept.

    Rows that a CSV cannot tell are reported, as some names have commas; JSON and XML read back as they were.
    """
    from ucmsim.clock import PbxClock
    from ucmsim.filling import covering, made_up
    from ucmsim.progress import watched

    form = _form(form, out)
    with _told():
        settings, name, pbx = _chosen(config, name)
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
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> UcmsimError:
    return UcmsimError(f"{out} cannot be written: {error.strerror}")


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
    from ucmsim.columns import GENERATIONS
    from ucmsim.devicefile import BadLine, write

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


# --- certificates --------------------------------------------------------------------------------------------------


@main.group()
def ca() -> None:
    """What a client must trust."""


@ca.command("export", short_help="Write the CA of a PBX to a file.")
@_KEPT
@_PBX
@click.option(
    "--format", "form", type=click.Choice(["pem", "der", "p12"]), help="Default: what the suffix of --out says, or pem."
)
@click.option("--password", default="changeit", show_default=True, help="Of the PKCS#12 truststore.")
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def ca_export(config: Path, name: str | None, form: Any, password: str, out: Path | None) -> None:
    """Write the CA of a PBX as PEM, DER or PKCS#12 truststore; it is minted if the PBX never ran."""
    from ucmsim.assembly import trusted
    from ucmsim.authority import export as exported

    with _told():
        settings, name, pbx = _chosen(config, name)
        if settings.state is None:
            raise click.UsageError("this configuration keeps no state, so each start has a CA of its own; add 'state:'")
        suffix = out.suffix.lower() if out else ""
        form = form or {".p12": "p12", ".pfx": "p12", ".der": "der", ".cer": "der"}.get(suffix, "pem")
        data = exported(trusted(settings.state, name, pbx, wall=time.time()), form, password)
        if out is None:
            sys.stdout.buffer.write(data)
            return
        try:
            out.write_bytes(data)
        except OSError as error:
            raise _unwritable(out, error) from error
        click.echo(f"the CA of PBX '{name}' is in {out}")
