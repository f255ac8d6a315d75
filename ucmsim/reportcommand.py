"""`ucmsim report`: what a collector did and what it got, in one zip with a page that a vendor can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from ucmsim import configuration
from ucmsim.outeroptions import LocatedCommand, located
from ucmsim.whereabouts import Whereabouts, ready_report, told


@click.command(
    "report", cls=LocatedCommand, short_help="What a collector did and got, as a zip with a page for people."
)
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The zip to write.")
@located
@click.option("--pbx", "-p", "names", multiple=True, help="A PBX, as often as there are some to tell of; default: all.")
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
    from ucmsim.progress import watched
    from ucmsim.report.bundle import bundle
    from ucmsim.report.scrubbing import Scrubber

    with told():
        client = where.client()
        chosen = list(dict.fromkeys(names)) or list(client.status().pbxs)
        scrubber = Scrubber((client.token, *known_secrets(where.settled())))
        try:
            made = bundle(client, chosen, out, scrubber, watched)
        except OSError as error:
            click.echo(f"{out} cannot be written: {error.strerror or error}", err=True)
            raise SystemExit(1) from None
    if as_json:
        click.echo(json.dumps(made.as_json()))
        return
    for finding in made.findings:
        style = {"good": "green", "bad": "red", "open": "yellow"}[finding.level]
        click.echo(f"{click.style(f'{finding.level:5}', fg=style)} {finding.pbx}: {finding.title}")
    click.echo(f"{out}: open report.html in it")


def known_secrets(where: Whereabouts) -> Iterator[str]:
    """Yield the passwords that a ready report or a configuration has, so that nobody tells them again."""
    if where.ready is not None:
        yield from ready_report(where.ready).passwords
    elif where.config is not None and where.url is None:
        for pbx in configuration.read(where.config).pbxs.values():
            given = [pbx.api.tls_authentication_password, *(spec.get("password") for spec in pbx.faults)]
            yield from (one for one in given if isinstance(one, str) and one)
