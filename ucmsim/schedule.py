"""What is scheduled on a unit in words: what has just come, and what will show in no call. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from ucmsim.corrections import Correction, Corrections
from ucmsim.instants import EARLIEST, NEVER, SECOND, at_microseconds
from ucmsim.settings import Pbx

_RESTARTED = "calls that are up end without rows, channels count from 0 again"


def come(clock: Corrections, restarts: Iterable[int], since: int, until: int) -> Iterator[str]:
    """Yield a sentence for each scheduled correction of the *clock* and each restart after *since*, until *until*.

    They come in the order of time. Instants are microseconds of the epoch, in the world's time.
    """
    found = [(one.at, _corrected(clock, one)) for one in clock.made if one.scheduled]
    found += [(at, f"the unit restarts at {_iso(at)}: {_RESTARTED}") for at in restarts]
    yield from (said for at, said in sorted(found) if since < at <= until)


def due(clock: Corrections, restarts: Iterable[int], since: int) -> int:
    """Return the instant of what `come` tells of first after *since*."""
    made = (one.at for one in clock.made if one.scheduled)
    return min((at for at in (*made, *restarts) if at > since), default=NEVER)


def _corrected(clock: Corrections, made: Correction) -> str:
    if made.zone is not None:
        return f"the unit believes in the zone {made.zone} from {_iso(made.at)} on, as clock.corrections has it"
    step = f"{made.step / SECOND:+g} s at {_iso(made.at)}"
    return f"the clock is corrected by {step}, as clock.corrections has it, and shows {_iso(clock.shown(made.at))}"


def warnings(pbx: Pbx, begun: datetime) -> Iterator[str]:
    """Yield a sentence for each correction and restart of *pbx* that no call shows coming when the world is at *begun*.

    Before the calls that are made up there is nothing to see it; after the beginning time must pass.
    """
    source = pbx.history
    days = 0 if source.import_ is not None else source.days
    first = begun - min(timedelta(days=days), begun - EARLIEST)
    where = "before the calls that are made up begin" if days else "before the PBX begins"
    for at, one in enumerate(pbx.clock.corrections):
        if one.at <= first:
            what = f"the step of {one.step:+g} s" if one.step is not None else f"the zone {one.time_zone}"
            held = f"no call shows it coming, {what} holds from the first one on"
            yield f"clock.corrections[{at}] is at {_at(one.at)}, {where}, at {_at(first)}: {held}"
        elif one.at > begun and not pbx.clock.rate:
            yield f"clock.corrections[{at}] is at {_at(one.at)}, and {_frozen(begun)}"
    for at, restart in enumerate(pbx.restarts):
        if restart <= first:
            yield f"restarts[{at}] is at {_at(restart)}, {where}, at {_at(first)}: nothing comes of it"
        elif restart > begun and not pbx.clock.rate:
            yield f"restarts[{at}] is at {_at(restart)}, and {_frozen(begun)}"


def _frozen(begun: datetime) -> str:
    return f"the clock is frozen at {_at(begun)} (rate 0): it comes only when the clock is moved on"


def _iso(instant: int) -> str:
    return _at(at_microseconds(instant))


def _at(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
