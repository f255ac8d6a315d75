"""What the report of a failed test tells of each PBX that the test used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ucmsim.client import ControlError
from ucmsim.contract.answers import Entry, Fault
from ucmsim.testing.asserting import lines
from ucmsim.testing.fleet import UcmFactory
from ucmsim.testing.pbx import Ucm

TAIL = 30
"""Events that are shown, the latest."""


def used(factories: Iterable[UcmFactory], fixtures: Iterable[object]) -> list[Ucm]:
    """Return every PBX that a test used, once: what *factories* started for it, and those that its *fixtures* are."""
    started = [ucm for factory in factories for ucm in factory.started]
    return [*started, *(value for value in fixtures if isinstance(value, Ucm) and value not in started)]


def section(ucm: Ucm) -> tuple[str, str]:
    """Return title and text about *ucm*; of a PBX that is gone what it has logged. Nothing is raised."""
    try:
        told = list(_told(ucm))
    except ControlError as error:
        told = [f"seed {ucm.seed}; its journal is gone: {error}", *_logged(ucm)]
    return f"ucmsim: {ucm.name}", "\n".join(told)


def _told(ucm: Ucm) -> Iterator[str]:
    settings = ucm.settings
    yield f"{settings['personality']} at {ucm.url or 'no port'}, seed {ucm.seed}; its clock shows {ucm.clock.now.isoformat()}"
    yield from _faults(ucm.faults, ucm.journal(fault="any"))
    told = ucm.journal(brief="yes", last=TAIL)
    yield f"the last {len(told)} events of its journal:" if told else "its journal is empty: no client came"
    yield from (f"  {line}" for line in lines(told))


def _logged(ucm: Ucm) -> Iterator[str]:
    """Yield the last of what *ucm* has logged, where that can be read."""
    try:
        logged = ucm.log[-TAIL:]
    except (LookupError, OSError):
        return
    yield f"the last {len(logged)} lines of its log:"
    yield from (f"  {line}" for line in logged)


def _faults(armed: list[Fault], entries: list[Entry]) -> Iterator[str]:
    """Yield a line about each fault that is *armed* or has left its trace in *entries*."""
    for fault in armed:
        yield f"fault {fault.name} ({fault.kind}) is armed and has fired {_times(fault.fired)}"
    # One of tcp or tls is told of a connection and of what came over it.
    fired = {
        (name, kind, entry.connection if kind.startswith(("tcp.", "tls.")) and entry.connection else -entry.id)
        for entry in entries
        for name, kind in zip(entry.faults, entry.kinds, strict=True)
    }
    counts = Counter((name, kind) for name, kind, _ in fired)
    for (name, kind), count in sorted(counts.items()):
        if name not in {fault.name for fault in armed}:
            yield f"fault {name} ({kind}) fired {_times(count)}"


def _times(count: int) -> str:
    return f"{count} time{'' if count == 1 else 's'}"
