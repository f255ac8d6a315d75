"""`ucmsim scenario`: lists the bad days, shows one, and plays one on a running ucmsim beside the client that is judged."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from ucmsim.client import ControlClient, ControlError
from ucmsim.commands import completing, printing
from ucmsim.commands.configured import unwritable
from ucmsim.commands.exits import USAGE, exiting
from ucmsim.commands.outeroptions import LocatedCommand, located
from ucmsim.commands.report import as_zip, gathered
from ucmsim.commands.seconds import Seconds
from ucmsim.commands.whereabouts import Whereabouts
from ucmsim.errors import UcmsimError
from ucmsim.privatefile import check, put
from ucmsim.remote import Reached, Remote
from ucmsim.scenarios import shipped
from ucmsim.scenarios.bridge import Bridge
from ucmsim.scenarios.doing import remains
from ucmsim.scenarios.language import LONGEST, Scenario
from ucmsim.scenarios.outcome import Outcome
from ucmsim.scenarios.performing import Performance
from ucmsim.scenarios.running import directions, ended_by_signals, environment, reading, stage, watched

_JSON = click.option("--json", "as_json", is_flag=True, help="Print it for programs.")


def _completed(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    return [name for name in shipped.names() if name.startswith(begun)]


_NAME = click.argument("name", metavar="NAME|FILE", shell_complete=_completed)


@click.group(short_help="Bad days, played beside a client that is judged.")
def scenario() -> None:
    """Bad days, played on a running PBX: what happens, and what a correct client makes of it."""


@scenario.command("list")
@_JSON
def list_(as_json: bool) -> None:
    """The scenarios that there are."""
    rows = [{"id": one.name, "title": one.title} for one in shipped.every()]
    if as_json:
        printing.for_programs(rows)
    else:
        printing.table(("id", "title"), (row.values() for row in rows))


@scenario.command("show", short_help="What happens in a scenario, and what a correct client does.")
@_NAME
@_JSON
def show(name: str, as_json: bool) -> None:
    """What happens in the scenario NAME, or in FILE, what a correct client does, and what is expected of it.

    A FILE is validated on the way; exit 2 with every mistake in it.
    """
    with exiting(USAGE):
        chosen = shipped.found(name)
    if as_json:
        printing.for_programs(described(chosen))
        return
    printing.lines([f"{chosen.name}: {chosen.title}", *lines_of(chosen)])


@scenario.command(
    "run", cls=LocatedCommand, short_help="Play a scenario beside a client; exit 0 when all passed, else 1."
)
@_NAME
@located
@click.option(
    "--pbx", "-p", shell_complete=completing.pbxs,
    help="Play it on this PBX, which has the settings that it needs; else on one of its own.",
)  # fmt: skip
@click.option(
    "--bind", help="Where its own PBX listens; default: 127.0.0.1:0, and where ucmsim is on another machine 0.0.0.0:0."
)
@click.option(
    "--permit",
    multiple=True,
    help="Who may ask its own PBX: address/netmask; default: 127.0.0.0/8, and where ucmsim is on another machine everybody.",
)
@click.option(
    "--env",
    "env_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write UCM_URL, UCM_USER, UCM_PASSWORD and UCM_CA to this file.",
)
@click.option(
    "--patience",
    type=Seconds(0, LONGEST),
    help="Seconds that each step, and at the end the client, is waited for; default: the scenario's.",
)
@click.option(
    "--kept",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of the AcctIds that the client keeps, one a line.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=as_zip,
    help="Write the verdict and the evidence to this zip, as ucmsim report does.",
)
@_JSON
def run(
    name: str,
    *,
    where: Whereabouts,
    pbx: str | None,
    bind: str | None,
    permit: Sequence[str],
    env_file: Path | None,
    patience: float | None,
    kept: Path | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Play the scenario NAME, or the one in FILE, on a running ucmsim, beside the client that is to be judged.

    It says where to point the client, and each step. It ends when nothing more is waited for, or on Ctrl-C, SIGTERM or SIGHUP:
    what came by then is judged. Exit 0 when all passed, 1 when something failed or could not be judged, 2 for what was asked wrongly, 3 when no ucmsim answers.
    """
    with exiting(USAGE):
        chosen = shipped.found(name)
        for file in (env_file, report):
            if file is not None:
                _writable(file)
    if kept is not None and all(one.kept is None for one in chosen.expectations):
        printing.aside(f"warning: nothing is expected of what the client keeps: {kept} is not looked at")
        kept = None
    asked = {"tls_bind_address": bind, "permitted_ips": list(permit)}
    with exiting(), ended_by_signals(), _folder(env_file) as folder:
        client = where.client()
        remote = Remote.at(client.url, folder)
        page = {key: value for key, value in asked.items() if value}
        with stage(client, remote, chosen, pbx, page, say=said) as place:
            bridge = Bridge(client, place.name)
            if differing := bridge.differing(chosen.pbx):
                raise click.UsageError(f"PBX '{place.name}' is another: {'; '.join(differing)}")
            if not as_json:
                printing.lines([f"{chosen.name}: {chosen.title}", *lines_of(chosen)])
            performance = Performance(
                chosen,
                bridge,
                chosen.patience if patience is None else patience,
                said,
                kept=reading(kept) if kept else None,
                ready=lambda: _let_in(place, env_file, as_json=as_json),
            )
            outcome = watched(performance)
            if pbx is not None and (stays := remains(performance.done, pbx)):
                printing.aside(stays)
            if kept is not None and not kept.exists():
                printing.aside(f"warning: there is no file {kept}, so nothing is known of what the client kept")
            if report is not None:
                _report(client, place, where, report, played=chosen, outcome=outcome)
    with printing.while_somebody_looks(sys.__stdout__):
        printing.either(str(outcome), outcome.account(chosen), as_json=as_json)
    raise SystemExit(outcome.exit)


@scenario.command("schema")
def schema() -> None:
    """The JSON Schema of a scenario's file."""
    printing.for_programs(Scenario.model_json_schema())


def _let_in(place: Reached, env_file: Path | None, *, as_json: bool) -> None:
    """Tell whoever sets up the client where to point it."""
    if env_file is not None:
        try:
            put(env_file, environment(place).encode())
        except OSError as error:
            raise unwritable(env_file, error) from error
    if not as_json:
        with printing.while_somebody_looks(sys.__stdout__):
            printing.lines(directions(place))


def _writable(file: Path) -> None:
    """Raise `UcmsimError` where *file* cannot be written: a day is too long to learn it at its end."""
    try:
        check(file)
    except OSError as error:
        raise UcmsimError(f"{file} cannot be written: {error.strerror}") from None


@contextmanager
def _folder(env_file: Path | None) -> Iterator[Path]:
    """Yield where files for the client are written: beside *env_file*, else in a folder that goes with the run."""
    if env_file is not None:
        yield env_file.absolute().parent
        return
    with TemporaryDirectory(prefix="ucmsim-") as folder:
        yield Path(folder)


def _report(
    client: ControlClient, place: Reached, where: Whereabouts, out: Path, *, played: Scenario, outcome: Outcome
) -> None:
    """Write the *outcome*, and what the client did and got, to the zip *out*, while the PBX is there; what cannot be written is said."""
    secrets = [*([place.password] if place.password else ()), *played.secrets]
    try:
        if gathered(client, where, [place.name], out, secrets=secrets, outcome=outcome.account(played)):
            printing.aside(f"{out}: open report.html in it")
    except ControlError as error:  # what came of the day is told all the same
        printing.aside(f"{out} cannot be written: {error}")


def said(sentence: str) -> None:
    """Tell what happens, as it happens."""
    printing.aside(f"{datetime.now(UTC):%H:%M:%SZ}  {sentence}")


def described(chosen: Scenario) -> dict[str, Any]:
    """Return a scenario for programs, without its steps."""
    expected = [{"name": one.name, "says": one.says} for one in chosen.expectations]
    return {
        "id": chosen.name, "title": chosen.title, "story": chosen.story, "correct": chosen.correct,
        "pbx": dict(chosen.pbx), "patience": chosen.patience, "expect": expected,
    }  # fmt: skip


def lines_of(chosen: Scenario) -> Iterator[str]:
    """Yield the lines of a scenario for people."""
    for heading, text in (("what happens", chosen.story), ("a correct client", chosen.correct)):
        yield f"  {heading}:"
        yield from textwrap.wrap(text, 96, initial_indent="    ", subsequent_indent="    ")
    yield "  expected:"
    for one in chosen.expectations:
        yield from textwrap.wrap(f"{one.name}: {one.says}", 96, initial_indent="    ", subsequent_indent="      ")
