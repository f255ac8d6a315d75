"""`ucmsim ctl calls` and `ucmsim ctl ledger`: what really happened in the calls that are over."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import click

from ucmsim.client import ControlClient
from ucmsim.commands import completing
from ucmsim.commands.asking import About, asks, given
from ucmsim.commands.ctl import showing
from ucmsim.commands.ctl.placing import place
from ucmsim.commands.ctl.showing import Columns
from ucmsim.commands.instant import INSTANT
from ucmsim.commands.outeroptions import LocatedCommand, group

_COLUMNS: Columns = MappingProxyType({
    "call": lambda call: call.call,
    "shape": lambda call: call.shape,
    "kind": lambda call: call.kind,
    "from": lambda call: call.caller,
    "to": lambda call: call.dialled,
    "began": lambda call: showing.moment(call.began),
    "ended": lambda call: showing.moment(call.ended),
    "AcctIds": lambda call: [row.acctid or "deleted" for row in call.rows],
})  # fmt: skip
_DELIVERED: Columns = MappingProxyType({
    **_COLUMNS,
    "delivered": lambda call: call.delivered,
    "recordings": lambda call: [
        f"{one.path} ({sum(delivery.whole for delivery in one.deliveries)})" for one in call.recordings
    ],
})  # fmt: skip


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give *command* what narrows a list of calls."""
    for option in reversed((
        click.option("--began", type=click.IntRange(0), help="The call that began then, as 'ctl calls place' tells it."),
        click.option("--since", type=INSTANT, help="Calls that ended then or later: an ISO instant with its zone."),
        click.option("--until", type=INSTANT, help="Calls that ended before then."),
        click.option("--session", help="The session of one of its CDRs."),
        click.option("--uniqueid", help="The uniqueid of one of its CDRs."),
        click.option("--shape", shell_complete=completing.shapes, help="How the call went."),
    )):  # fmt: skip
        command = option(command)
    return command


@group("Calls: place, list.")
def calls() -> None:
    """Calls that are let happen, and what really happened in those that are over."""


calls.add_command(place)


@calls.command("list")
@_which
@asks(About.WORD)
def listed(client: ControlClient, pbx: str, *, as_json: bool, **which: Any) -> None:
    """What really happened in each call that is over, times in UTC."""
    showing.listed(client.calls(pbx, **given(which)), _COLUMNS, as_json=as_json, nothing="no call is over")


@click.command(cls=LocatedCommand, short_help="Every call, and which responses carried its rows.")
@_which
@click.option("--delivered", type=click.Choice(["never", "once", "again"]), help="Only calls that went out so often.")
@asks(About.WORD)
def ledger(client: ControlClient, pbx: str, *, as_json: bool, **which: Any) -> None:
    """Every call that is over, how often its least delivered row went out whole, and how often each recording did."""
    showing.listed(client.ledger(pbx, **given(which)), _DELIVERED, as_json=as_json, nothing="no such call is over")
