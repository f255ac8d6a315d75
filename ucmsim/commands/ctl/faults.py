"""`ucmsim ctl faults`: armed, listed, changed and disarmed."""

from __future__ import annotations

from types import MappingProxyType

import click

from ucmsim.client import ControlClient
from ucmsim.commands import completing, printing
from ucmsim.commands.asking import WORDS, About, asks
from ucmsim.commands.ctl import showing
from ucmsim.commands.ctl.showing import Columns
from ucmsim.commands.ctl.words import nested
from ucmsim.commands.outeroptions import group
from ucmsim.contract.answers import Fault

_TERMS = ("name", "fault", "when", "times", "chance", "matched", "fired", "id", "after", "until", "ramp", "ttl")
_FIELDS = click.argument("words", metavar=WORDS, nargs=-1, shell_complete=completing.fields)
_NAMED = click.argument("name", shell_complete=completing.armed)


def _own(fault: Fault) -> str:
    """Return the fields of a fault's kind, and what limits it beside what has a column, as they are written."""
    own = {key: value for key, value in fault.raw.items() if key not in _TERMS}
    usual = {"chance": 1, "after": None, "until": None, "ramp": None, "ttl": None}
    limits = {key: value for key, default in usual.items() if (value := getattr(fault, key)) != default}
    return " ".join(f"{key}={printing.cell(value)}" for key, value in {**own, **limits}.items())


_COLUMNS: Columns = MappingProxyType({
    "name": lambda fault: fault.name,
    "fault": lambda fault: fault.kind,
    "fields": _own,
    "when": lambda fault: fault.when,
    "times": lambda fault: fault.times,
    "matched": lambda fault: fault.matched,
    "fired": lambda fault: fault.fired,
})  # fmt: skip


@group("Faults: arm, list, change, clear, disarm.")
def faults() -> None:
    """The faults that are armed on a PBX.

    Fields and terms are words such as seconds=3, times=1 or when.path=/cdrapi; a value that is JSON is read as such, anything
    else is text. 'ucmsim show faults' has the kinds.
    """


@faults.command("list", short_help="What is armed, and how often it acted.")
@click.option("--gone", is_flag=True, help="Those that no longer are.")
@asks(About.WORD)
def listed(client: ControlClient, pbx: str, *, gone: bool, as_json: bool) -> None:
    """What is armed, how often its conditions matched, and how often it acted."""
    found = client.faults(pbx, gone="yes") if gone else client.faults(pbx)
    showing.listed(found, _COLUMNS, as_json=as_json, nothing="no fault is gone" if gone else "no fault is armed")


@faults.command(short_help="Arm a fault of a KIND.")
@click.argument("kind", shell_complete=completing.kinds)
@_FIELDS
@asks(About.OPTION)
def arm(client: ControlClient, pbx: str, *, kind: str, words: tuple[str, ...], as_json: bool) -> None:
    """Arm a fault: ucmsim ctl faults arm http.latency seconds=3 times=1 when.nth=[2]."""
    _said(client.arm_fault(pbx, {**nested(words), "fault": kind}), "is armed", as_json=as_json)


@faults.command()
@_NAMED
@_FIELDS
@asks(About.OPTION)
def change(client: ControlClient, pbx: str, *, name: str, words: tuple[str, ...], as_json: bool) -> None:
    """Change fields or terms of a fault; its counters go on."""
    _said(client.change_fault(pbx, name, nested(words)), "is changed", as_json=as_json)


@faults.command()
@asks(About.WORD)
def clear(client: ControlClient, pbx: str, *, as_json: bool) -> None:
    """Disarm every fault."""
    client.clear_faults(pbx)
    showing.done("no fault is armed", as_json=as_json)


@faults.command()
@_NAMED
@asks(About.OPTION)
def disarm(client: ControlClient, pbx: str, *, name: str, as_json: bool) -> None:
    """Disarm a fault."""
    client.disarm_fault(pbx, name)
    showing.done(f"{name} is disarmed", as_json=as_json)


def _said(fault: Fault, what: str, *, as_json: bool) -> None:
    showing.done(f"{fault.name} {what}: {fault.kind} {_own(fault)}".rstrip(), as_json=as_json, value=fault)
