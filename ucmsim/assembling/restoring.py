"""A PBX written to a snapshot, and one that was restored from it in the place of another. Both in the worker.

What stands in it is said by `taken`; the port and the identity of a PBX are never in it.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from ucmsim import __version__
from ucmsim.assembling import snapshots
from ucmsim.assembling.assembly import Appliance, opened_journal, put_together, slow_defects
from ucmsim.assembling.fileswap import FileSwap, belonging, erase
from ucmsim.assembling.frozen import clock_json, clock_of, faults_json, faults_of, nonces_into, nonces_json
from ucmsim.assembling.identities import Identities
from ucmsim.assembling.snapshots import Snapshot, SnapshotError
from ucmsim.assembling.statefolder import HISTORY, SPOOL
from ucmsim.authentication.nonces import Nonces
from ucmsim.clock import PbxClock
from ucmsim.configuration import read_pbx, written
from ucmsim.errors import ConfigurationError, HistoryError
from ucmsim.faults import FaultBook
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.steps import Steps
from ucmsim.store.history import History

_COMING = f"{HISTORY}.restored"
_SPOOL = f"{SPOOL}.restored"
_OF_THE_PLACE = ("enable", "tls_bind_address", "tls_private_key", "tls_cert")
"""What of the device's page belongs to port and identity, which stay."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot in *file*: its size, and how many *rows* are in it."""

    file: str
    bytes: int
    rows: int


def state_of(appliance: Appliance, wall: float) -> dict[str, Any]:
    """Return what of a PBX stands in no file, as JSON, at *wall* seconds; in the reactor thread."""
    pbx = appliance.pbx
    return {
        "version": __version__,
        "pbx": pbx.name,
        "seed": appliance.premises.seed,
        "settings": written(pbx.settings),
        "clock": clock_json(pbx.clock, wall),
        "faults": faults_json(pbx.faults, wall),
        "nonces": nonces_json(pbx.nonces, wall),
        "journal": pbx.journal.mark,
    }


def taking(appliance: Appliance, state: dict[str, Any], file: Path) -> Steps[Taken]:
    """Write the PBX with that *state* to *file*; nothing else must happen in it meanwhile. Raises `SnapshotError`."""
    pbx, backup = appliance.pbx, appliance.home / f"{HISTORY}.backup"
    appliance.living.happen(datetime.fromisoformat(state["clock"]["world"]))
    pbx.deliveries.flush()
    try:
        erase(backup)
        pbx.history.backup(backup)
        copy = History.open(backup, durable=False)
        try:
            copy.keep((), appliance.living.up)
        finally:
            copy.close()
        state = {**state, "channels": appliance.living.channels}
        rows = len(pbx.history)
        written = yield from snapshots.writing(
            file, state, backup, appliance.home / SPOOL, outside=appliance.premises.folder.path
        )
    except sqlite3.Error as error:
        raise SnapshotError(f"the history cannot be copied: {error}") from error
    finally:
        erase(backup)
    return Taken(str(file), written.bytes, rows)


@dataclass(frozen=True, slots=True)
class Restored:
    """The universe of a snapshot: its files are there already, beside those of the PBX *before*."""

    before: Appliance
    settings: PbxSettings
    identities: Identities
    clock: Callable[[float], PbxClock]
    faults: FaultBook
    nonces: Callable[[Nonces], None]
    channels: int
    journal: str
    warnings: tuple[str, ...]
    swap: FileSwap = field(default_factory=FileSwap)

    goes_on: ClassVar[bool] = False

    def keep(self) -> None: ...

    def let_go(self, before: Appliance) -> None:
        try:
            before.leave()
        finally:
            before.pbx.history.close()

    def taking_place(self, wall: float) -> Steps[Appliance]:
        before, home, settings, old = self.before, self.before.home, self.settings, self.before.pbx
        self.swap.away(*belonging(home / HISTORY), home / SPOOL)
        self.swap.put(home / _SPOOL, home / SPOOL)
        self.swap.put(home / _COMING, home / HISTORY)  # last: by it is known how far it came
        journal = old.journal
        with ExitStack() as undoing:
            if settings.journal != old.settings.journal:
                journal.close()
                journal = opened_journal(settings, home)
                undoing.callback(journal.close)
            history = History.open(home / HISTORY, durable=before.premises.durable)
            undoing.callback(history.close)
            if journal.mark != self.journal:
                history.delivered.forget()  # the journal that tells of it is another
            yield  # where there are many rows, each half of this takes a while
            appliance = put_together(
                old.name, settings, before.premises, history=history, journal=journal, identities=self.identities,
                clock=self.clock(wall), wall=wall, warnings=self.warnings, kept=True, faults=self.faults,
            )  # fmt: skip
            appliance.living.count_channels(self.channels)
            self.nonces(appliance.pbx.nonces)
            appliance.pbx.go_on(old)
            undoing.pop_all()
        return appliance

    def put_back(self) -> None:
        self.swap.undo(*belonging(self.before.home / HISTORY)[1:])
        self.abandon()

    def settle(self) -> None:
        self.swap.settle()

    def abandon(self) -> None:
        _clear(self.before.home)


def restored(before: Appliance, file: Path, wall: float) -> Steps[Restored]:
    """Return the PBX *before* as the snapshot in *file* has it, at *wall* seconds, in steps. Raises `SnapshotError`."""
    home, pbx = before.home, before.pbx
    snapshot = Snapshot.of(file)
    _clear(home)  # of a process that ended in the middle of this
    try:
        settings = _settings(snapshot, pbx.settings)
        state, name, seed = snapshot.state, pbx.name, before.premises.seed
        try:
            faults = faults_of(state["faults"], name, seed, wall)
            nonces, channels = nonces_into(state["nonces"], wall), int(state["channels"])
            clock, journal = state["clock"], str(state["journal"])
            clock_of(clock, wall)
        except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
            raise SnapshotError(f"'{file}' does not hold what a snapshot holds: {error}") from error
        yield from snapshot.extracting(home / _COMING, home / _SPOOL)
        _judge(file, home / _COMING, durable=before.premises.durable)
        identities = before.identities.under(settings, pbx.settings, pbx.clock.at(wall).pbx)
        identities.prepare(slow_defects([one["spec"] for one in state["faults"]]), clock_of(clock, wall).at(wall).pbx)
    except BaseException:
        _clear(home)
        raise
    said = []
    if (state.get("pbx"), state.get("seed")) != (name, seed):
        whose = f"the snapshot is that of PBX '{state.get('pbx')}' with seed {state.get('seed')}"
        said.append(f"{whose}: its recordings sound different here")
    if _credentials(settings) != _credentials(pbx.settings):
        said.append("user and password are those of the snapshot, no longer those that the ready report told")
    return Restored(
        before, settings, identities, lambda then: clock_of(clock, then), faults, nonces, channels, journal,
        tuple(said),
    )  # fmt: skip


def _credentials(settings: PbxSettings) -> tuple[str | None, str | None]:
    return settings.api.tls_authentication_name, settings.api.tls_authentication_password


def _settings(snapshot: Snapshot, now: PbxSettings) -> PbxSettings:
    """Return the settings in *snapshot*, with port and identity as they are *now*. Raises `SnapshotError`."""
    told, own = snapshot.state.get("settings"), written(now)
    if not isinstance(told, dict) or not isinstance(told.get("api", {}), dict):
        raise SnapshotError(f"'{snapshot.file}' holds no settings")
    api = _with(told.get("api", {}), own.get("api", {}), _OF_THE_PLACE)
    try:
        return read_pbx({**_with(told, own, ("tls_profile", "tls_names")), "api": api}, Path("/"), looks=False)
    except ConfigurationError as error:
        raise SnapshotError(f"'{snapshot.file}' holds settings that cannot be used: {error}") from error


def _with(told: Mapping[str, Any], own: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    rest = {key: value for key, value in told.items() if key not in keys}
    return {**rest, **{key: own[key] for key in keys if key in own}}


def _judge(file: Path, database: Path, *, durable: bool) -> None:
    """Raise `SnapshotError` unless the *database* is a whole history, with nothing in it that acts by itself."""
    try:
        with closing(sqlite3.connect(database)) as opened:
            kinds = {kind for (kind,) in opened.execute("SELECT DISTINCT type FROM sqlite_master")}
            whole = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
        if not kinds <= {"table", "index"} or whole != "ok":
            raise SnapshotError(
                f"'{file}' holds no history: {whole if kinds <= {'table', 'index'} else 'triggers or views'}"
            )
        History.open(database, durable=durable).close()
    except (sqlite3.Error, HistoryError) as error:
        raise SnapshotError(f"'{file}' holds no history that can be opened: {error}") from error


def _clear(home: Path) -> None:
    erase(home / _COMING)
    shutil.rmtree(home / _SPOOL, ignore_errors=True)
