"""`ucmsim journal`: what happened on a running PBX, a line an exchange, as it happens where that is asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from ucmsim import configuration
from ucmsim.answers import Entry
from ucmsim.client import ControlClient, ControlError, url_objection
from ucmsim.errors import ConfigurationError
from ucmsim.following import Follower
from ucmsim.journal import digest as digests
from ucmsim.journal import exports
from ucmsim.journal.inquiry import CLOCKS, KINDS, MOST, PARAMETERS
from ucmsim.journal.replay import Place, curl
from ucmsim.journal.telling import told
from ucmsim.settings import TOKEN_FILE

_STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType({
    "time": {"dim": True}, "who": {"dim": True}, "what": {"bold": True}, "good": {"fg": "green"}, "asked": {"fg": "yellow"},
    "bad": {"fg": "red"}, "figures": {}, "refusal": {"fg": "yellow"}, "fault": {"fg": "magenta"}, "mark": {"fg": "cyan"},
    "end": {"fg": "red"},
})  # fmt: skip


def _filter(name: str, **more: Any) -> Callable[[Any], Any]:
    return click.option(f"--{name}", help=f"{PARAMETERS[name][0].upper()}{PARAMETERS[name][1:]}.", **more)


@click.command("journal", short_help="What happened on a running PBX, and why.")
@click.option("--config", "-c", type=click.Path(path_type=Path), help="The configuration that ucmsim runs with.")
@click.option("--ready", type=click.Path(path_type=Path), help="Or its ready report (twistd's --ready-file).")
@click.option("--url", envvar="UCMSIM_CONTROL_URL", help="Or the control plane's URL; UCMSIM_CONTROL_URL.")
@click.option("--token", envvar="UCMSIM_CONTROL_TOKEN", help="And its token; UCMSIM_CONTROL_TOKEN.")
@click.option("--pbx", "-p", "name", help="The PBX; may be left out when there is only one.")
@click.option("--follow", "-f", is_flag=True, help="Begin with the last ones, and go on as they happen.")
@click.option("--all", "every", is_flag=True, help="Also connections that served their requests.")
@click.option("--json", "as_json", is_flag=True, help="Print every event as a line of JSON.")
@click.option("--har", "as_har", is_flag=True, help="Print the exchanges as an HTTP Archive.")
@click.option("--curl", "as_curl", is_flag=True, help="Print each exchange as a curl command.")
@click.option("--digest", "as_digest", is_flag=True, help="Print the SHA-256 of what two equal runs have in common.")
@_filter("kind", type=click.Choice(KINDS))
@_filter("since")
@_filter("until")
@_filter("clock", type=click.Choice(CLOCKS))
@_filter("peer")
@_filter("path")
@_filter("status")
@_filter("fault")
@_filter("refusal")
@_filter("mark")
@_filter("last", type=click.IntRange(1, MOST))
def journal(
    *,
    config: Path | None,
    ready: Path | None,
    url: str | None,
    token: str | None,
    name: str | None,
    follow: bool,
    every: bool,
    as_json: bool,
    as_har: bool,
    as_curl: bool,
    as_digest: bool,
    **filters: Any,
) -> None:
    """What happened on a running PBX: one line an exchange, with the reason for every refusal.

    Connections are told where no exchange tells of them. Times of day are those of the wall clock, in UTC.
    """
    forms = [
        form
        for form, wanted in zip(("json", "har", "curl", "digest"), (as_json, as_har, as_curl, as_digest), strict=True)
        if wanted
    ]
    if len(forms) > 1:
        raise click.UsageError(f"--{forms[0]} and --{forms[1]} cannot be had at once")
    form = forms[0] if forms else "lines"
    if follow and form in ("har", "digest"):
        raise click.UsageError(f"--{form} is of a whole, and --follow has no end")
    if form in ("har", "curl"):
        if (kind := filters["kind"] or "exchange") != "exchange":
            raise click.UsageError(
                f"--{form} is of exchanges, so it finds nothing with --kind {kind}; --json is of all"
            )
        filters["kind"] = kind
    try:
        connect = partial(control_client, config, ready, url, token)
        client = connect()
        chosen = {key: value for key, value in filters.items() if value is not None}
        if form == "lines" and not every and "kind" not in chosen:
            chosen["brief"] = "yes"
        pbx = _chosen(client, name)
        place = _place(client, pbx) if form == "curl" else Place()
        if not follow:
            _printed(client.journal(pbx, **chosen), form, place)
            return
        for entry in Follower(connect, pbx, chosen).events():
            _printed([entry], form, place)
    except ControlError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2 if error.status == 400 else 1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def control_client(config: Path | None, ready: Path | None, url: str | None, token: str | None) -> ControlClient:
    """Return who to ask: by URL and token, by a ready report, or by the configuration and its state folder."""
    if ready is not None:
        control = _read_ready(ready)
        return ControlClient(control["url"], control["token"])
    if url is not None:
        if token is None:
            raise click.UsageError("--url goes with --token")
        if said := url_objection(url):
            raise click.UsageError(said)
        return ControlClient(url, token)
    if config is None:
        raise click.UsageError("say where ucmsim runs: --config FILE, --ready FILE, or --url and --token")
    try:
        settings = configuration.read(config)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from None
    if settings.control is None:
        raise click.UsageError(f"{config} has no control plane; add 'control: {{}}' to it")
    if not settings.control.bind.port:
        raise click.UsageError(f"{config} lets the system choose the control port; use --ready with its ready report")
    token = token or settings.control.token or _kept_token(settings.state)
    return ControlClient(f"http://{settings.control.bind}", token)


def _read_ready(path: Path) -> Mapping[str, str]:
    try:
        control = json.loads(path.read_text("utf-8"))["control"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.UsageError(f"{path} is no ready report: {error}") from None
    if control is None:
        raise click.UsageError(f"{path} says that there is no control plane; add 'control: {{}}' to the configuration")
    return dict(control)


def _kept_token(state: Path | None) -> str:
    if state is None:
        raise click.UsageError("the configuration has no 'state:', so its token is in the ready report: use --ready")
    try:
        return (state / TOKEN_FILE).read_text("ascii").strip()
    except OSError as error:
        raise click.UsageError(f"the token cannot be read: {error}; does ucmsim run?") from None


def _chosen(client: ControlClient, name: str | None) -> str:
    if name is not None:
        return name
    names = client.status().pbxs
    if len(names) != 1:
        raise click.UsageError(f"say which PBX with --pbx; there are {', '.join(names) or 'none'}")
    return names[0]


def _place(client: ControlClient, pbx: str) -> Place:
    told = client.pbx(pbx)
    return Place(told.url or "", told.ca, told.username or "")


def _printed(found: list[Entry], form: str, place: Place) -> None:
    entries = [entry.told for entry in found]
    match form:
        case "json":
            for line in exports.json_lines(entries):
                click.echo(line)
        case "har":
            click.echo(json.dumps(exports.har(entries), indent=2))
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
    return "  ".join(click.style(text, **_STYLES[manner]) for manner, text in told(entry))
