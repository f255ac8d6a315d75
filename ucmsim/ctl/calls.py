"""`ucmsim ctl calls` and `ucmsim ctl ledger`: let calls happen, and see what really happened."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import click

from ucmsim.client import ControlClient
from ucmsim.ctl import completing, showing
from ucmsim.ctl.asking import asks_one
from ucmsim.ctl.showing import Columns
from ucmsim.outeroptions import group

_COLUMNS: Columns = MappingProxyType({
    "call": lambda call: call.call,
    "shape": lambda call: call.shape,
    "kind": lambda call: call.kind,
    "from": lambda call: call.caller,
    "to": lambda call: call.dialled,
    "began": lambda call: showing.moment(call.began),
    "ended": lambda call: showing.moment(call.ended),
    "rows": lambda call: [row.acctid or "deleted" for row in call.rows],
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
        click.option("--since", help="Calls that ended then or later: an ISO instant with its zone."),
        click.option("--until", help="Calls that ended before then."),
        click.option("--session", help="The session of one of its CDRs."),
        click.option("--uniqueid", help="The uniqueid of one of its CDRs."),
        click.option("--shape", shell_complete=completing.shapes, help="How the call went."),
    )):  # fmt: skip
        command = option(command)
    return command


def _given(which: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in which.items() if value is not None}


@group("Calls: place, list.")
def calls() -> None:
    """Calls that are let happen, and what really happened in those that are over."""


@calls.command()
@click.argument("shape", shell_complete=completing.shapes)
@click.argument("caller", metavar="FROM")
@click.argument("callee", metavar="TO")
@click.option("--at", help="When it begins, in the world's time: an ISO instant with its zone; now if left out.")
@click.option("--ring", type=float, help="Seconds for which it rings.")
@click.option("--talk", type=float, help="Seconds for which is talked.")
@click.option("--phones", type=int, help="How many phones a group rings.")
@click.option("--target", help="Whom the call goes on to.")
@click.option("--trunk", help="The trunk of who is outside.")
@click.option("--code", help="An account code or a PIN.")
@click.option("--recorded", is_flag=True, help="It is recorded.")
@asks_one
def place(
    client: ControlClient, pbx: str, *, shape: str, caller: str, callee: str, recorded: bool, as_json: bool, **how: Any
) -> None:
    """Let a call happen; its rows come when it ends. 'ucmsim show shapes' has the shapes."""
    wish = {"shape": shape, "from": caller, "to": callee, **_given(how), **({"recorded": True} if recorded else {})}
    told = client.place_call(pbx, wish)
    number = "" if told.call is None else f" {told.call}"
    ends = f"ends {told.ends.isoformat()}" if told.ends else "ends when somebody ends it"
    rows = "" if told.rows is None else f", {told.rows} row{'' if told.rows == 1 else 's'}"
    showing.done(f"call{number} begins {told.begins.isoformat()}, {ends}{rows}", as_json=as_json, value=told)


@calls.command("list")
@_which
@asks_one
def listed(client: ControlClient, pbx: str, *, as_json: bool, **which: Any) -> None:
    """What really happened in each call that is over, times in UTC."""
    showing.listed(client.calls(pbx, **_given(which)), _COLUMNS, as_json=as_json, nothing="no call is over")


@click.command(short_help="Every call, and which responses carried its rows.")
@_which
@click.option("--delivered", type=click.Choice(["never", "once", "again"]), help="Only calls that went out so often.")
@asks_one
def ledger(client: ControlClient, pbx: str, *, as_json: bool, **which: Any) -> None:
    """Every call that is over, how often its least delivered row went out whole, and how often each recording did."""
    showing.listed(client.ledger(pbx, **_given(which)), _DELIVERED, as_json=as_json, nothing="no such call is over")
