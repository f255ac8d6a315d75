"""The group `ucmsim ctl`, and what is about a whole PBX or the process."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from ucmsim.client import ControlClient
from ucmsim.commands.asking import About, asks
from ucmsim.commands.ctl import showing
from ucmsim.commands.outeroptions import group
from ucmsim.contract.errors import ControlError


@group("Drive a running ucmsim.")
def ctl() -> None:
    """Drive a running ucmsim: its PBXs, their clocks, calls and faults.

    Where it runs is said by options, before the command or behind it, or by the environment. Exit codes: 0, 1 when it was
    refused, 2 when it was asked wrongly, 3 when nobody answers.

    For completion of commands and of names in them, put this into ~/.bashrc, with zsh_source for zsh and fish_source for
    fish:

        eval "$(_UCMSIM_COMPLETE=bash_source ucmsim)"
    """


@ctl.command()
@asks(About.NONE)
def status(client: ControlClient, *, as_json: bool) -> None:
    """What runs: the instance, its version and seed, its PBXs."""
    showing.one(client.status(), as_json=as_json)


@ctl.command()
@asks(About.NONE)
def metrics(client: ControlClient, *, as_json: bool) -> None:
    """What every PBX has counted, as Prometheus reads it."""
    told = client.metrics()
    showing.done(told.rstrip("\n"), as_json=as_json, value=told)


@ctl.command(short_help="Let a PBX begin anew as its settings make it.")
@asks(About.WORD)
def reset(client: ControlClient, pbx: str, *, as_json: bool) -> None:
    """Let a PBX begin anew as its settings make it; its port, what it shows as certificate and its API page stay."""
    told = client.reset(pbx)
    stays = "" if as_json else _stays(client, pbx)
    showing.done(f"{pbx} begins anew, with {told.rows} rows{stays}", as_json=as_json, value=told)


def _stays(client: ControlClient, pbx: str) -> str:
    """Return what is said of a certificate that a reset has left; nothing where that cannot be asked, for the reset is done."""
    with suppress(ControlError):
        shown = client.identity(pbx)
        kept = (
            f"the defect {shown.defect}" if shown.defect else "the certificate that it was given" if shown.given else ""
        )
        return f"; it goes on to show {kept} ('ucmsim ctl identity set' shows its own again)" if kept else ""
    return ""


@ctl.command(short_help="Write a PBX to a file.")
@asks(About.FILE)
def snapshot(client: ControlClient, pbx: str, *, file: Path, as_json: bool) -> None:
    """Write a PBX to a file on the machine where ucmsim runs."""
    told = client.snapshot(pbx, str(file.absolute()))
    showing.done(f"{pbx} is in {told.file}: {told.bytes} bytes, {told.rows} rows", as_json=as_json, value=told)


@ctl.command(short_help="Let a PBX be what a snapshot has.")
@asks(About.FILE)
def restore(client: ControlClient, pbx: str, *, file: Path, as_json: bool) -> None:
    """Let a PBX be what a snapshot has; its port and certificate stay."""
    told = client.restore(pbx, str(file.absolute()))
    showing.done(f"{pbx} is as in {file}, with {told.rows} rows", as_json=as_json, value=told)


ctl.elsewhere = MappingProxyType(
    {
        "pbxs": "ucmsim.commands.ctl.pbxs:pbxs",
        "calls": "ucmsim.commands.ctl.calls:calls",
        "ledger": "ucmsim.commands.ctl.calls:ledger",
        "faults": "ucmsim.commands.ctl.faults:faults",
        "clock": "ucmsim.commands.ctl.clock:clock",
        "identity": "ucmsim.commands.ctl.page:identity",
        "api": "ucmsim.commands.ctl.page:api",
        "journal": "ucmsim.commands.journal:journal",
    }
)
