"""One PBX from its creation to its end: started, stopped, and changed as a whole, one change after another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.logger import Logger

from ucmsim.assembling import renewal
from ucmsim.assembling.assembly import Appliance
from ucmsim.assembling.changes import Change
from ucmsim.assembling.identities import Identities
from ucmsim.assembling.renewal import Renewal
from ucmsim.assembling.restoring import Taken, restored, state_of, taking
from ucmsim.certificates.authority import Identity, moved
from ucmsim.certificates.defects import Shown
from ucmsim.certificates.keyring import Keyring
from ucmsim.clock import When
from ucmsim.errors import BindError, RenewalFailed
from ucmsim.service.happenings import Happenings, Stopped
from ucmsim.service.keeping import JournalKeeper
from ucmsim.service.running import Running, judge
from ucmsim.service.worker import Worker
from ucmsim.settings import Address
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.sockets.listening import Place
from ucmsim.sockets.ports import OpenPort, closed


class PbxService(Service):
    """One PBX on its port, whatever universe it is in by now.

    *failure* says why it is in none, where one could not take the place of another, nor the other come back.
    """

    _log = Logger()

    def __init__(self, appliance: Appliance, reactor: Any, worker: Worker) -> None:
        self.setName(appliance.pbx.name)
        self._reactor = reactor
        self._worker = worker
        self._now = Running(appliance, reactor, worker)
        self._turn = DeferredLock()  # one change of all of it after another
        self._left: Place | None = None
        self._listened: tuple[Address, Address] | None = None  # what was set, and where it was, when it was disabled
        self.failure = ""

    @property
    def appliance(self) -> Appliance:
        """The appliance that it is by now."""
        return self._now.appliance

    @property
    def calls(self) -> Happenings:
        """Its calls while it runs."""
        return self._now.calls

    @property
    def journal(self) -> JournalKeeper:
        """Its journal while it runs."""
        return self._now.journal

    @property
    def wall(self) -> float:
        """The wall clock's now, in seconds of the epoch."""
        return float(self._reactor.seconds())

    @property
    def when(self) -> When:
        """Now, on both clocks."""
        return self.appliance.pbx.clock.at(self.wall)

    @property
    def address(self) -> Address | None:
        """Where it listens; None when it does not."""
        return self._now.listening.address

    def startService(self) -> None:
        """Open the port, unless the API is disabled; raises `BindError`."""
        super().startService()
        self._now.start()

    def stopService(self) -> Deferred[None]:
        """Close the port, cut what is open, close the history."""
        super().stopService()
        stopping: Deferred[None] = self._turn.run(self._stopped)
        return stopping

    def _stopped(self) -> Deferred[Any]:
        if self._left is not None:
            return succeed(None)
        return self._now.stop()  # whichever it is when it comes to that

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Wait until nothing else changes all of it, and let neither that nor, for a moment, a page come between."""
        async with self._turn:
            with self._worker.held():
                yield

    async def reset(self) -> None:
        """Begin a new universe, as the settings make it; the port and the identity stay. Raises `UcmsimError`."""
        async with self._alone():
            self._still_running()
            await self._renewed(await self._worker.slowly(renewal.afresh(self.appliance, self.wall)))
        self._log.info("{pbx}: reset, with {rows} rows", pbx=self.name, rows=len(self.appliance.pbx.history))

    async def snapshot(self, file: Path) -> Taken:
        """Write it to *file*. Raises `SnapshotError`."""

        def begin() -> Deferred[Taken]:
            state = state_of(self.appliance, self.wall)
            return self._worker.slowly(taking(self.appliance, state, file))

        async with self._alone():
            self._still_running()
            found = await self.calls.still(begin)
        self._log.info("{pbx}: written to {file}, with {rows} rows", pbx=self.name, file=found.file, rows=found.rows)
        return found

    async def restore(self, file: Path) -> None:
        """Go on as the snapshot in *file* has it; port and identity stay. Raises `UcmsimError`."""
        async with self._alone():
            self._still_running()
            await self._renewed(await self._worker.slowly(restored(self.appliance, file, self.wall)))
        rows = len(self.appliance.pbx.history)
        self._log.info("{pbx}: restored from {file}, with {rows} rows", pbx=self.name, file=str(file), rows=rows)

    async def show(
        self,
        *,
        defect: str | None,
        instead: Identity | None,
        valid_for: float | None = None,
        ends: datetime | None = None,
    ) -> Identity | Shown:
        """Show a *defect*, or another good identity, which *ends* or not, in place of its own from the next handshake on, with neither its own.

        Return that. A fault goes before it. What is costly to mint is minted first. Raises `ConfigurationError`.
        """
        async with self._alone():
            self._still_running()
            appliance = self.appliance
            if valid_for is not None:
                now = appliance.pbx.clock.at(self.wall).pbx
                ends = moved(now, timedelta(seconds=valid_for)).replace(microsecond=0)
                instead = await self._worker.ahead(partial(appliance.identities.ending, ends, now))
                self._still_running()
            if instead is not None:
                judge(instead, appliance.pbx.settings)
            minted = None
            if defect is not None:
                minted = await self._worker.ahead(lambda: appliance.identity(defect, self.wall))
                self._still_running()
            appliance.identities.show(defect=defect, instead=instead, ends=ends)
            appliance.pbx.shows, appliance.pbx.ends = defect, ends
            shown = minted or appliance.identities.own
        said = (
            f"the defect {defect}"
            if defect
            else f"a certificate that ends at {ends}"
            if ends
            else "a certificate that was given"
            if instead
            else "its own certificate"
        )
        self._log.info("{pbx}: shows {said}", pbx=self.name, said=said)
        return shown

    async def change(self, make: Callable[[PbxSettings], Change]) -> Change:
        """Go by other settings, as the worker *makes* them of those that hold by now. Raises `UcmsimError`, and changes nothing."""
        async with self._alone():
            await self._revived()
            appliance, wall = self.appliance, self.wall

            def prepare() -> tuple[
                Change, Identities | Renewal | None
            ]:  # in one turn of the worker's, which is waited for
                pbx, change = appliance.pbx, make(appliance.pbx.settings)
                if change.of_the_page:
                    now = pbx.clock.at(wall).pbx
                    return change, appliance.identities.under(change.settings, pbx.settings, now, change.uploads)
                return change, renewal.changed(appliance, change, wall) if change.keys else None

            change, coming = await self._worker.ahead(prepare)
            if isinstance(coming, Identities):
                await self._configured(change.settings, coming)
            elif coming is not None:
                await self._renewed(coming)
        if change.keys:
            self._log.info("{pbx}: changed {keys}", pbx=self.name, keys=", ".join(change.keys))
        return change

    async def _configured(self, settings: PbxSettings, identities: Identities) -> None:
        """Let what the device's own page says take effect, and *identities* with it; what was decided before stays."""
        appliance, listening = self.appliance, self._now.listening
        before = appliance.pbx.settings
        other = identities is not appliance.identities
        if other:
            judge(identities.good, settings)
        moves = self._moves(before, settings)
        port = await self._coming(settings) if moves and settings.api.enable else None
        try:
            if other:
                await self._worker.ahead(lambda: Keyring(appliance.home, appliance.pbx.name).keep(identities.good))
            self._still_running()
        except BaseException:
            await listening.give_back(port)
            raise
        self._now.configure(settings, identities)
        self._note_place(before)
        if moves:
            listening.move(port)
        if not settings.api.enable:
            self._now.gate.abort_all()

    def _moves(self, before: PbxSettings, after: PbxSettings) -> bool:
        """Return whether it is to listen somewhere else *after* that, or nowhere any more."""
        return after.api.place not in (before.api.place, self.address)

    def _note_place(self, before: PbxSettings) -> None:
        """Remember where it listens as the settings *before* had it."""
        if self.address is not None:
            self._listened = (Address(*before.api.tls_bind_address), self.address)

    async def _coming(self, settings: PbxSettings) -> OpenPort:
        """Return a port that is open as *settings* have it, the one it had before where that can be; raises `BindError`."""
        bind, listening = Address(*settings.api.tls_bind_address), self._now.listening
        if self.address is None and self._listened is not None and self._listened[0] == bind:
            with suppress(BindError):  # somebody else may have it by now
                return await listening.coming(self._listened[1])
        return await listening.coming(bind)

    async def _renewed(self, coming: Renewal) -> None:
        """Put what is *coming*, as the worker has prepared it, in the place of what is; until then what fails changes nothing.

        Whoever connects meanwhile waits, and is served by the new one.
        """
        old, before, port = self._now, self.appliance, None
        try:
            judge(coming.identities.good, coming.settings)
            moves = self._moves(before.pbx.settings, coming.settings)
            if moves and coming.settings.api.enable:
                port = await self._coming(coming.settings)
            if coming.identities is not self.appliance.identities:
                await self._worker.ahead(coming.keep)
            self._still_running()
        except BaseException:
            await old.listening.give_back(port)
            coming.abandon()
            raise
        self._note_place(before.pbx.settings)
        place = self._left or old.listening.give_up()
        there = place.moved(port) if moves else place
        now = None
        try:
            if self._left is None:
                await old.stop(coming.let_go)
            appliance = await self._worker.slowly(coming.taking_place(self.wall))
            now = Running(appliance, self._reactor, self._worker)
            now.start(there if coming.goes_on else there.forgotten)
        except Exception as error:  # noqa: BLE001 - whatever it is, what was before shall go on
            if self.running:  # else it was given up, because everything ends
                self._log.failure("{pbx}: what was to take its place could not", pbx=self.name)
            await self._taken_back(now, port)
            await self._gone_back(before, coming, place, error)
        else:
            self._now, self._left, self.failure = now, None, ""
            if moves:
                place.close()
            if not coming.goes_on:  # nobody has to wait for it
                self._worker.ahead(coming.settle).addErrback(lambda _: None)

    async def _taken_back(self, now: Running | None, port: OpenPort | None) -> None:
        """Switch off what has begun *now*, and close the *port* that it was to have."""
        if now is not None:
            now.listening.give_up()
            try:
                await now.stop()
            except Exception:  # noqa: BLE001 - it is gone anyway
                self._log.failure("{pbx}: nor could that be stopped", pbx=self.name)
        await closed(port)

    async def _gone_back(self, before: Appliance, coming: Renewal, place: Place, error: Exception) -> NoReturn:
        """Go on as *before* at its *place*, or not at all, and say so. Raises `RenewalFailed`."""
        why = f"PBX '{self.name}' could not be renewed ({error})"
        try:
            await self._worker.ahead(coming.put_back)
            await self._resumed(before, place)
        except Exception as further:  # noqa: BLE001 - whatever it is, it is told
            self._log.failure("{pbx}: nor could it go on as before", pbx=self.name)
            self._left = place.left
            place.close()
            self.failure = (
                f"{why}, nor go on as before ({further}), so nothing listens; see to that, then PUT it, reset it, or restore "
                f"a snapshot; its files are in '{before.home}'"
            )
            raise RenewalFailed(self.failure) from error
        raise RenewalFailed(f"{why}, and goes on as before, after a restart; see to that, and ask again") from error

    async def _resumed(self, before: Appliance, place: Place) -> None:
        """Let the PBX *before*, which was let go, listen at *place* again."""
        appliance = await self._worker.slowly(renewal.back(before, self.wall))
        now = None
        try:
            now = Running(appliance, self._reactor, self._worker)
            now.start(place)
        except BaseException:
            if now is None:
                appliance.close()
            await self._taken_back(now, None)
            raise
        self._now, self._left, self.failure = now, None, ""

    async def _revived(self) -> None:
        """Go on as before something failed, if that can be by now. Raises `RenewalFailed`."""
        self._still_running()
        if self._left is None:
            return
        try:
            await self._resumed(self.appliance, self._left)
        except Exception:  # noqa: BLE001 - whatever it is, it is as it was
            self._log.failure("{pbx}: it still cannot go on", pbx=self.name)
            raise RenewalFailed(self.failure) from None
        self._log.info("{pbx}: it goes on", pbx=self.name)

    def _still_running(self) -> None:
        if not self.running:
            raise Stopped(f"PBX '{self.name}' was stopped")
