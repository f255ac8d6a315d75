"""`ucmsim ctl calls place`: lets a call happen, the same one many times, or those that a file has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from ucmsim.asking.wishes import AMI, LONGEST
from ucmsim.client import ControlClient
from ucmsim.commands import completing
from ucmsim.commands.asking import About, asks, given
from ucmsim.commands.ctl import showing
from ucmsim.commands.ctl.words import calls_of
from ucmsim.commands.instant import INSTANT
from ucmsim.commands.outeroptions import LocatedCommand
from ucmsim.commands.seconds import SECONDS, Seconds
from ucmsim.contract.answers import PlacedCall
from ucmsim.instants import within_time

MOST = 1000
"""Calls that --count lets happen at most; what they are sent in is then well within what the control plane takes."""


@click.command(cls=LocatedCommand, short_help="Let a call happen, or many; rows come as they end.")
@click.argument("shape", required=False, shell_complete=completing.shapes)
@click.argument("caller", metavar="[FROM]", required=False)
@click.argument("callee", metavar="[TO]", required=False)
@click.option(
    "--at", type=INSTANT, help="When it begins, in the world's time: an ISO instant with its zone; now if left out."
)
@click.option("--delay", type=SECONDS, help="Or how many seconds from now it begins.")
@click.option("--ring", type=SECONDS, help="Seconds for which it rings.")
@click.option("--talk", type=SECONDS, help="Seconds for which is talked.")
@click.option("--phones", type=int, help="How many phones a group rings.")
@click.option("--target", help="Whom the call goes on to.")
@click.option("--trunk", help="The trunk of who is outside.")
@click.option("--code", help="An account code or a PIN.")
@click.option("--recorded", is_flag=True, help="It is recorded.")
@click.option("--ami", is_flag=True, help="It is recorded, and that begun over AMI, not by the unit.")
@click.option("--count", type=click.IntRange(1, MOST), help="So many such calls, all of them or none.")
@click.option(
    "--every",
    type=Seconds(0, LONGEST),
    help="Seconds from the beginning of one of these to that of the next; 0 if left out.",
)
@click.option(
    "--file", "-f", type=click.Path(path_type=Path), help="A YAML or JSON file of calls; - for standard input."
)
@asks(About.OPTION)
def place(
    client: ControlClient,
    pbx: str,
    *,
    count: int | None,
    every: float | None,
    file: Path | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Let a call of SHAPE happen, FROM a number TO another; its rows come when it ends.

    'ucmsim show shapes' has the shapes. Calls of a file happen all or none: a list of such as {shape: answered, from:
    "1001", to: "1002", talk: 60}, with keys as the options here, and recorded: true, or ami.
    """
    call = _call(**how)
    if file is not None:
        if call or count is not None or every is not None:
            raise click.UsageError("what stands in --file is all of it; leave out the other call, --count and --every")
        _told(client.place_calls(pbx, calls_of(file)), as_json=as_json)
        return
    if missing := [name for name, key in (("SHAPE", "shape"), ("FROM", "from"), ("TO", "to")) if key not in call]:
        raise click.UsageError(f"a call needs {', '.join(missing)}, as in 'place answered 1001 1002'; or give --file")
    if count is None:
        if every is not None:
            raise click.UsageError("--every is the time between the calls of --count; give that, too")
        told = client.place_call(pbx, call)
        showing.done(_sentence(told), as_json=as_json, value=told)
        return
    begins = [call] * count if not every else list(_apart(call, count, every))
    _told(client.place_calls(pbx, begins), as_json=as_json)


def _call(*, shape: str | None, caller: str | None, callee: str | None, recorded: bool, ami: bool, **how: Any) -> Any:
    """Return the call as the control plane is asked for it."""
    recording = AMI if ami else True if recorded else None
    return given({"shape": shape, "from": caller, "to": callee, **how, "recorded": recording})


def _apart(call: dict[str, Any], count: int, every: float) -> Iterator[dict[str, Any]]:
    """Yield *count* such calls; each begins *every* seconds after the one before.

    Where nobody says when, they count from when they are placed: a clock that is read before that runs on meanwhile.
    """
    if "at" not in call:
        first = call.get("delay", 0.0)
        yield from ({**call, "delay": first + number * every} for number in range(count))
        return
    begins = within_time(call["at"])
    try:
        for number in range(count):
            yield {**call, "at": (begins + timedelta(seconds=number * every)).isoformat()}
    except OverflowError:
        raise click.UsageError("the last of these calls would begin after the year 9999; let --every be less") from None


def _told(calls: list[PlacedCall], *, as_json: bool) -> None:
    showing.done("\n".join(map(_sentence, calls)), as_json=as_json, value=calls)


def _sentence(call: PlacedCall) -> str:
    ends = f"ends {call.ends.isoformat()}" if call.ends else "ends when somebody ends it"
    rows = "" if call.rows is None else f", {call.rows} row{'' if call.rows == 1 else 's'}"
    return f"call {call.began} begins {call.begins.isoformat()}, {ends}{rows}"
