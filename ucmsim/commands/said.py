"""What was typed so far, before a command and behind it: of where ucmsim runs, of which PBX, and for whom it answers."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ucmsim.commands.whereabouts import Whereabouts

WHERE = ("url", "token", "ready", "config", "ca", "timeout")
"""The parameters that say where ucmsim runs, in the order of `Whereabouts`."""


def where_said(context: click.Context) -> Whereabouts:
    """Return what was typed, so far, of where the control plane is: what stands nearer to the command counts."""
    where = Whereabouts()
    for one in reversed(list(_outward(context))):
        where = Whereabouts(*(one.params.get(name) for name in WHERE)).over(where)
    return where


def pbx_said(context: click.Context | None) -> str | None:
    """Return the PBX that ``--pbx`` named in *context* or before it, the nearest to the command; None where none did."""
    return next((one.params["pbx"] for one in _outward(context) if one.params.get("pbx")), None)


def programs_said(context: click.Context) -> bool:
    """Return whether ``--json`` was typed in *context* or before it."""
    return any(one.params.get("as_json") for one in _outward(context))


def _outward(context: click.Context | None) -> Iterator[click.Context]:
    """Yield *context* and those around it."""
    around = context
    while around is not None:
        yield around
        around = around.parent
