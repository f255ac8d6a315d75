"""`ucmsim journal`: what happened on a running PBX, a line an exchange, as it happens where that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any

import click

from ucmsim.client import ControlClient
from ucmsim.commands import completing, printing
from ucmsim.commands.asking import About, asks, given
from ucmsim.commands.following import Follower
from ucmsim.commands.instant import INSTANT
from ucmsim.commands.outeroptions import LocatedCommand, for_programs
from ucmsim.commands.said import where_said
from ucmsim.contract.answers import Entry
from ucmsim.journal import digest as digests
from ucmsim.journal import exports
from ucmsim.journal.inquiry import CLOCKS, KINDS, MOST, PARAMETERS
from ucmsim.journal.replay import Place, curl
from ucmsim.journal.telling import parts
from ucmsim.remote import has_ca

_STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType({
    "time": {"dim": True}, "who": {"dim": True}, "what": {"bold": True}, "good": {"fg": "green"}, "asked": {"fg": "yellow"},
    "bad": {"fg": "red"}, "figures": {}, "refusal": {"fg": "yellow"}, "fault": {"fg": "magenta"}, "mark": {"fg": "cyan"},
    "end": {"fg": "red"},
})  # fmt: skip


def _filter(name: str, **more: Any) -> Callable[[Any], Any]:
    return click.option(f"--{name}", help=f"{PARAMETERS[name][0].upper()}{PARAMETERS[name][1:]}.", **more)


def _in_form(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* its argument `form`, by the options for one; what does not go together is said before anybody is asked."""

    @for_programs("every event as a line of JSON")
    @click.option("--har", "as_har", is_flag=True, help="Print the exchanges as an HTTP Archive.")
    @click.option("--curl", "as_curl", is_flag=True, help="Print each exchange as a curl command.")
    @click.option(
        "--digest", "as_digest", is_flag=True, help="Print the SHA-256 of what two equal runs have in common."
    )
    @wraps(command)
    def formed(*, as_json: bool, as_har: bool, as_curl: bool, as_digest: bool, **given: Any) -> None:
        wanted = {"json": as_json, "har": as_har, "curl": as_curl, "digest": as_digest}
        forms = [form for form, is_wanted in wanted.items() if is_wanted]
        if len(forms) > 1:
            raise click.UsageError(f"--{forms[0]} and --{forms[1]} cannot be had at once")
        form = forms[0] if forms else "lines"
        if given["follow"] and form in ("har", "digest"):
            raise click.UsageError(f"--{form} is of a whole, and --follow has no end")
        if form in ("har", "curl"):
            if (kind := given["kind"] or "exchange") != "exchange":
                said = f"--{form} is of exchanges, so it finds nothing with --kind {kind}; --json is of all"
                raise click.UsageError(said)
            given["kind"] = kind
        command(form=form, **given)

    return formed


@click.command("journal", cls=LocatedCommand, short_help="What happened on a running PBX, and why.")
@_in_form
@asks(About.WORD, programs=False)
@click.option("--follow", "-f", is_flag=True, help="Begin with the last ones, and go on as they happen.")
@click.option("--all", "every", is_flag=True, help="Also connections that served their requests.")
@_filter("kind", type=click.Choice(KINDS))
@_filter("since", type=INSTANT)
@_filter("until", type=INSTANT)
@_filter("clock", type=click.Choice(CLOCKS))
@_filter("peer")
@_filter("path")
@_filter("status")
@_filter("fault", shell_complete=completing.armed)
@_filter("refusal", shell_complete=completing.refusals)
@_filter("mark", shell_complete=completing.marks)
@_filter("last", type=click.IntRange(1, MOST))
def journal(client: ControlClient, pbx: str, *, form: str, follow: bool, every: bool, **filters: Any) -> None:
    """What happened on a running PBX: one line an exchange, with the reason for every refusal.

    Connections are told where no exchange tells of them. Times of day are those of the wall clock, in UTC.
    """
    narrowed = given(filters)
    if form == "lines" and not every and "kind" not in narrowed:
        narrowed["brief"] = "yes"
    place = _place(client, pbx) if form == "curl" else Place()
    if not follow:
        _printed(client.journal(pbx, **narrowed), form, place)
        return
    for entry in Follower(where_said(click.get_current_context()).client, pbx, narrowed).events():
        _printed([entry], form, place)


def _place(client: ControlClient, pbx: str) -> Place:
    """Return where *pbx* is asked again; the file of its CA may be on another machine."""
    told = client.pbx(pbx)
    ca = told.ca if has_ca(told) else ""
    due = f"name a file with the CA of {pbx}, made with: ucmsim ctl pbxs show {pbx} --json | jq -r .ca_pem > {pbx}.pem"
    return Place(told.url or "", ca, told.username or "", due)


def _printed(found: list[Entry], form: str, place: Place) -> None:
    entries = [entry.raw for entry in found]
    match form:
        case "json":
            for line in exports.json_lines(entries):
                click.echo(line)
        case "har":
            printing.for_programs(exports.har(entries))
        case "digest":
            click.echo(digests.digest(entries))
        case "curl":
            for entry in entries:
                if entry["kind"] == "exchange":
                    click.echo(curl(entry, place))
        case _:
            for entry in entries:
                click.echo(_line(entry), color=False if os.environ.get("NO_COLOR") else None)


def _line(entry: Mapping[str, Any]) -> str:
    return "  ".join(click.style(text, **_STYLES[manner]) for manner, text in parts(entry))
