"""`ucmsim report`: what a collector did and what it got, in one zip with a page that a vendor can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ucmsim import configuration
from ucmsim.assembling.hidden import secrets_of
from ucmsim.client import ControlClient
from ucmsim.commands import completing, printing
from ucmsim.commands.exits import REFUSED, exiting
from ucmsim.commands.outeroptions import LocatedCommand, located
from ucmsim.commands.whereabouts import Whereabouts, ready_report

if TYPE_CHECKING:
    from ucmsim.report.bundle import Report


def as_zip(_context: click.Context, _parameter: click.Parameter, out: Path | None) -> Path | None:
    """Return *out*, which is to end in .zip, for a page is looked for in anything else."""
    if out is not None and out.suffix.lower() != ".zip":
        raise click.BadParameter(f"the suffix of {out} is not that of a zip; let it be .zip")
    return out


@click.command(
    "report", cls=LocatedCommand, short_help="What a collector did and got, as a zip with a page for people."
)
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    callback=as_zip,
    help="The zip to write, which ends in .zip.",
)
@located
@click.option(
    "--pbx", "-p", "names", multiple=True, shell_complete=completing.pbxs,
    help="A PBX, as often as there are some to tell of; default: all.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def report(
    *,
    where: Whereabouts,
    out: Path,
    names: tuple[str, ...],
    as_json: bool,
) -> None:
    """What a collector did and what it got: every call and whether it was delivered, what was careless, what went wrong.

    The zip has one page, report.html, that needs nothing else, and beside it the figures, and of each PBX the settings, the
    journal and the ledger, without secrets. The exit code is 0 whatever was found, 1 where it could
    not be gathered, 3 when nobody answers.
    """
    with exiting():
        client = where.client()
        chosen = list(dict.fromkeys(names)) or list(client.status().pbxs)
        made = gathered(client, where, chosen, out)
    if made is None:
        raise SystemExit(REFUSED)
    if as_json:
        click.echo(json.dumps(made.as_json()))
        return
    for finding in made.findings:
        style = {"good": "green", "bad": "red", "open": "yellow"}[finding.level]
        click.echo(f"{click.style(f'{finding.level:5}', fg=style)} {finding.pbx}: {finding.title}")
    click.echo(f"{out}: open report.html in it")


def gathered(
    client: ControlClient,
    where: Whereabouts,
    names: Sequence[str],
    out: Path,
    *,
    secrets: Iterable[str] = (),
    outcome: Mapping[str, Any] | None = None,
) -> Report | None:
    """Write the report of the PBXs *names* to the zip *out*, and return it; None where it cannot be written, which is said.

    *secrets* stand nowhere in it, nor do those that can be known by *where* the *client* asks. *outcome* is what came of
    a scenario. Raises `ucmsim.client.ControlError`.
    """
    from ucmsim.progress import watched
    from ucmsim.report.bundle import bundle
    from ucmsim.report.scrubbing import Scrubber

    scrubber = Scrubber((client.token, *secrets, *_known_secrets(where.settled())))
    try:
        return bundle(client, names, out, scrubber, watched, outcome=outcome)
    except OSError as error:
        printing.aside(f"{out} cannot be written: {error.strerror or error}")
        return None


def _known_secrets(where: Whereabouts) -> Iterator[str]:
    """Yield the passwords that a ready report or a configuration has, so that nobody tells them again."""
    if where.ready is not None:
        yield from ready_report(where.ready).passwords
    elif where.config is not None and where.url is None:
        for pbx in configuration.read(where.config).pbxs.values():
            yield from secrets_of(configuration.written(pbx))
