"""`ucmsim ctl clock`: what the PBX believes the time to be, shown and moved."""

from __future__ import annotations

import math
from typing import Any

import click

from ucmsim.client import ControlClient
from ucmsim.commands import completing
from ucmsim.commands.asking import About, asks
from ucmsim.commands.ctl import showing
from ucmsim.commands.instant import INSTANT
from ucmsim.commands.outeroptions import group
from ucmsim.commands.seconds import SECONDS


def _rate(text: str) -> float:
    """Return the finite number that *text* is; raises `click.BadParameter`."""
    try:
        if math.isfinite(rate := float(text)):
            return rate
    except ValueError:
        pass
    raise click.BadParameter(f"'{text}' is no number, such as 60 for a minute in each second")


@group("The PBX clock: show, set, advance, step, rate, zone.")
def clock() -> None:
    """What a PBX believes the time to be."""


def _moves(
    name: str, key: str, form: Any, metavar: str, said: str, *, completed: completing.Complete | None = None
) -> None:
    """Add ``clock`` *name*, which sets *key* of a change."""

    # So that seconds may be less than 0; and -1h is an hour back, not -h for help behind an option -1 that there is not.
    @clock.command(
        name,
        help=said,
        short_help=f"{said.partition(';')[0].rstrip('.')}.",
        context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    )
    @click.argument("value", metavar=metavar, type=form, shell_complete=completed)
    @asks(About.OPTION)
    def command(client: ControlClient, pbx: str, *, value: Any, as_json: bool) -> None:
        showing.one(client.change_clock(pbx, {key: value}), as_json=as_json)


@clock.command()
@asks(About.WORD)
def show(client: ControlClient, pbx: str, *, as_json: bool) -> None:
    """What it shows, how fast it runs, and the world's time."""
    showing.one(client.clock(pbx), as_json=as_json)


_moves("set", "now", INSTANT, "INSTANT", "Set it to an ISO instant with its zone; what lies between does not happen.")
_moves("advance", "advance", SECONDS, "SECONDS", "Let time pass, with all that happens in it.")
_moves("step", "step", SECONDS, "SECONDS", "Correct it, forward or back, as NTP does; in the world no time passes.")
_moves("rate", "rate", _rate, "RATE", "Let it run so many times as fast as real time; 0 freezes it.")
_moves(
    "zone", "time_zone", str, "ZONE", "Let the unit believe in an IANA zone, such as Europe/Berlin.",
    completed=completing.zones,
)  # fmt: skip
