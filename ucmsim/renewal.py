"""Another appliance in the place of one that runs: made ready beside it, and put there once it has stopped.

No Twisted. Both halves run in the worker: what may fail or takes long is in the first, which touches nothing of the
appliance that runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ucmsim import schedule
from ucmsim.assembly import HISTORY, JOURNAL, Appliance, opened_journal, put_together
from ucmsim.clock import PbxClock
from ucmsim.filling import fill
from ucmsim.history import History

_COMING = f"{HISTORY}.new"
_BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to the name of a file for those that belong to it."""


class Renewal(Protocol):
    """An appliance that is ready to take the place of another."""

    def take_place(self, wall: float) -> Appliance:
        """Return it, at *wall* seconds; the other must be closed."""

    def abandon(self) -> None:
        """Leave nothing behind of it."""


@dataclass(frozen=True, slots=True)
class Afresh:
    """A new universe: a history is made already, in a file beside that of the one before."""

    before: Appliance
    clock: PbxClock
    warnings: tuple[str, ...]

    def take_place(self, wall: float) -> Appliance:
        before, home, settings = self.before, self.before.home, self.before.pbx.settings
        _erase(home / HISTORY)
        (home / _COMING).replace(home / HISTORY)
        _erase(home / JOURNAL)
        history = History.open(home / HISTORY, durable=before.premises.durable)
        return put_together(
            before.pbx.name, settings, before.premises, history=history, journal=opened_journal(settings, home),
            identities=before.identities, clock=self.clock, wall=wall, warnings=self.warnings,
        )  # fmt: skip

    def abandon(self) -> None:
        _erase(self.before.home / _COMING)


def afresh(before: Appliance, wall: float) -> Afresh:
    """Return a new universe of the PBX *before*, begun at *wall* seconds, as its settings make it.

    Raises `HistoryError`, and then leaves nothing behind.
    """
    name, settings, premises = before.pbx.name, before.pbx.settings, before.premises
    clock = PbxClock.of(settings.clock, wall)
    begun = clock.world(wall)
    coming = before.home / _COMING
    _erase(coming)  # of a process that ended in the middle of this
    try:
        history = History.open(coming, durable=premises.durable)
        try:
            filled = fill(history, name, settings, seed=premises.seed, until=begun, watch=premises.watch)
        finally:
            history.close()
    except BaseException:
        _erase(coming)
        raise
    return Afresh(before, clock, (*schedule.warnings(settings, begun), *filled.warnings))


def _erase(database: Path) -> None:
    """Remove a *database* that nobody has open, and all that belongs to it."""
    for ending in _BESIDE:
        database.with_name(database.name + ending).unlink(missing_ok=True)
