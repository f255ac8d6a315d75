"""Another appliance in the place of one that runs: made ready beside it, and put there once it has stopped.

No Twisted. Both halves run in the worker. The first touches nothing of the appliance that runs, and does what may fail or
takes long; only where a change lets a history that was empty be filled does the second do that, for it is the one that runs.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Protocol

from ucmsim import schedule
from ucmsim.assembling.assembly import Appliance, armed, opened_journal, put_together, slow_defects
from ucmsim.assembling.changes import Change
from ucmsim.assembling.fileswap import FileSwap, belonging, erase
from ucmsim.assembling.identities import Identities
from ucmsim.assembling.statefolder import HISTORY, JOURNAL
from ucmsim.certificates.keyring import Keyring
from ucmsim.clock import PbxClock
from ucmsim.errors import ConfigurationError, HistoryError, RenewalFailed
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.steps import Steps
from ucmsim.store.history import History

_COMING = f"{HISTORY}.new"


class Renewal(Protocol):
    """An appliance that is ready to take the place of another, with these *settings* and *identities*.

    *goes_on* says that it is the same universe.
    """

    goes_on: ClassVar[bool]

    @property
    def settings(self) -> PbxSettings: ...
    @property
    def identities(self) -> Identities: ...

    def keep(self) -> None:
        """Keep what may fail to be kept, while there is a way back. Raises `RenewalFailed`."""

    def let_go(self, before: Appliance) -> None:
        """Switch the one *before* off."""

    def taking_place(self, wall: float) -> Steps[Appliance]:
        """Return it, at *wall* seconds, in steps; the other must be let go. Where it fails nothing new is left open."""

    def put_back(self) -> None:
        """Put back what gave way to it, which must be closed. Raises `OSError` or `ConfigurationError`."""

    def settle(self) -> None:
        """Discard what gave way to it."""

    def abandon(self) -> None:
        """Leave nothing behind of it."""


@dataclass(frozen=True, slots=True)
class Afresh:
    """A new universe: a history is made already, in a file beside that of the one before."""

    before: Appliance
    clock: PbxClock
    warnings: tuple[str, ...]
    swap: FileSwap = field(default_factory=FileSwap)

    goes_on: ClassVar[bool] = False

    @property
    def settings(self) -> PbxSettings:
        return self.before.pbx.settings

    @property
    def identities(self) -> Identities:
        return self.before.identities

    def keep(self) -> None: ...

    def let_go(self, before: Appliance) -> None:
        before.close()

    def taking_place(self, wall: float) -> Steps[Appliance]:
        before, home, settings = self.before, self.before.home, self.settings
        self.swap.away(*belonging(home / HISTORY), *belonging(home / JOURNAL))
        self.swap.put(home / _COMING, home / HISTORY)
        with ExitStack() as undoing:
            history = History.open(home / HISTORY, durable=before.premises.durable)
            undoing.callback(history.close)
            yield  # where there are many rows, each half of this takes a while
            journal = opened_journal(settings, home)
            undoing.callback(journal.close)
            appliance = put_together(
                before.pbx.name, settings, before.premises, history=history, journal=journal,
                identities=before.identities, clock=self.clock, wall=wall, warnings=self.warnings,
            )  # fmt: skip
            appliance.pbx.remember(before.pbx)
            undoing.pop_all()
        return appliance

    def put_back(self) -> None:
        home = self.before.home
        self.swap.undo(*belonging(home / HISTORY)[1:], *belonging(home / JOURNAL))
        self.abandon()

    def settle(self) -> None:
        self.swap.settle()

    def abandon(self) -> None:
        erase(self.before.home / _COMING)


def afresh(before: Appliance, wall: float) -> Steps[Afresh]:
    """Return a new universe of the PBX *before*, begun at *wall* seconds, as its settings make it, a step a record.

    Raises `HistoryError`, and then leaves nothing behind.
    """
    name, settings, premises = before.pbx.name, before.pbx.settings, before.premises
    clock = PbxClock.of(settings.clock, wall)
    begun = clock.world(wall)
    coming = before.home / _COMING
    erase(coming)  # of a process that ended in the middle of this
    try:
        history = History.open(coming, durable=premises.durable)
        try:
            odd = yield from premises.filling(history, name, settings, begun)
        finally:
            history.close()
    except BaseException:
        erase(coming)
        raise
    return Afresh(before, clock, tuple(odd))


@dataclass(frozen=True, slots=True)
class Changed:
    """The same universe under other settings, as after a restart of the unit: its rows, journal, faults, clock and what is placed ahead go on.

    What the *keys* that changed are about is as the settings say.
    """

    before: Appliance
    settings: PbxSettings
    identities: Identities
    keys: tuple[str, ...]

    goes_on: ClassVar[bool] = True

    def keep(self) -> None:
        keep(self.before, self.identities)

    def let_go(self, before: Appliance) -> None:
        before.leave()

    def taking_place(self, wall: float) -> Steps[Appliance]:
        before, settings, old = self.before, self.settings, self.before.pbx
        clock = PbxClock.of(settings.clock, wall) if self._is_about("clock") else old.clock
        journal, faults = old.journal, old.faults
        with ExitStack() as undoing:
            if self._is_about("journal"):
                journal.close()
                journal = opened_journal(settings, before.home)
                undoing.callback(journal.close)
            if self._is_about("faults"):
                faults = armed(old.name, settings, before.premises.seed, wall)
            warnings = yield from self._made(clock.world(wall))
            appliance = put_together(
                old.name, settings, before.premises, history=old.history, journal=journal, identities=self.identities,
                clock=clock, wall=wall, warnings=warnings, kept=len(old.history) > 0, faults=faults,
            )  # fmt: skip
            yield from appliance.living.keep(before.living.ahead)
            appliance.pbx.go_on(old)
            undoing.pop_all()
        return appliance

    def put_back(self) -> None:
        if self.identities is not self.before.identities:
            Keyring(self.before.home, self.before.pbx.name).keep(self.before.identities.good)

    def settle(self) -> None: ...

    def abandon(self) -> None: ...

    def _is_about(self, group: str) -> bool:
        return any(key == group or key.startswith(f"{group}.") for key in self.keys)

    def _made(self, begun: datetime) -> Steps[list[str]]:
        """Return warnings about the history, which is filled now if it never was."""
        pbx = self.before.pbx
        try:
            return (yield from self.before.premises.filling(pbx.history, pbx.name, self.settings, begun))
        except HistoryError as error:  # it is empty, else nobody would fill it
            return [*schedule.warnings(self.settings, begun), str(error)]


def changed(before: Appliance, change: Change, wall: float) -> Changed:
    """Return the PBX *before* as it is after a *change* of its settings at *wall* seconds.

    Raises `UcmsimError`.
    """
    pbx, settings = before.pbx, change.settings
    identities = before.identities.under(settings, pbx.settings, pbx.clock.at(wall).pbx, change.uploads)
    if settings.journal != pbx.settings.journal:
        opened_journal(settings, before.home).close()
    identities.prepare(slow_defects(settings.faults), pbx.clock.at(wall).pbx)
    return Changed(before, settings, identities, change.keys)


def keep(before: Appliance, identities: Identities) -> None:
    """Keep on disk what the PBX *before* is to serve with. Raises `RenewalFailed`, and then nothing has changed."""
    if identities is before.identities:
        return
    try:
        Keyring(before.home, before.pbx.name).keep(identities.good)
    except ConfigurationError as error:
        why = "; ".join(str(replace(one, key="")) for one in error.problems)
        said = f"PBX '{before.pbx.name}' goes on as before, because its new certificate could not be kept: {why}"
        raise RenewalFailed(said) from error


def back(before: Appliance, wall: float) -> Steps[Appliance]:
    """Return the PBX *before*, which was let go, as it goes on after a restart of the unit, from its files.

    Raises `HistoryError` or `OSError`.
    """
    old, home = before.pbx, before.home
    if not (home / HISTORY).exists():  # to open it would make an empty one
        raise HistoryError(f"there is no '{home / HISTORY}'")
    with ExitStack() as undoing:
        with suppress(Exception):
            old.history.close()
        history = History.open(home / HISTORY, durable=before.premises.durable)
        undoing.callback(history.close)
        yield
        journal = old.journal
        if journal.spills:
            with suppress(Exception):
                journal.close()
            journal = opened_journal(old.settings, home)
            undoing.callback(journal.close)
            journal.mark = old.journal.mark
        appliance = put_together(
            old.name, old.settings, before.premises, history=history, journal=journal, identities=before.identities,
            clock=old.clock, wall=wall, warnings=before.begun_with, kept=True, faults=old.faults,
        )  # fmt: skip
        yield from appliance.living.keep(before.living.ahead)
        appliance.begun_with = tuple(dict.fromkeys(appliance.begun_with))
        appliance.pbx.go_on(old)
        undoing.pop_all()
    return appliance
