"""One appliance after another at the place of a PBX: another begins where one has stopped, or that one goes on.

Whoever asks sees to it that only one thing at a time is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from ucmsim.assembling import renewal
from ucmsim.assembling.assembly import Appliance
from ucmsim.assembling.identities import Identities
from ucmsim.assembling.renewal import Renewal
from ucmsim.errors import BindError, RenewalFailed, Stopped
from ucmsim.service.running import Running, judge
from ucmsim.service.worker import Worker
from ucmsim.settings import Address
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.sockets.listening import Place
from ucmsim.sockets.ports import OpenPort, closed


class Succession:
    """The appliance of a PBX that is at work by now, or none, where *failure* says why.

    None is at work when one could not take the place of another, nor the other come back. What is under way is given up
    when the PBX is no longer *running*.
    """

    _log = Logger()

    def __init__(self, appliance: Appliance, reactor: Any, worker: Worker, running: Callable[[], bool]) -> None:
        self._name = appliance.pbx.name
        self._reactor = reactor
        self._worker = worker
        self._running = running
        self.now = Running(appliance, reactor, worker)
        self._left: Place | None = None
        self._listened: tuple[Address, Address] | None = None  # what was set, and where it was, when it was disabled
        self.failure = ""

    @property
    def appliance(self) -> Appliance:
        """The appliance that is at work, or was last."""
        return self.now.appliance

    @property
    def wall(self) -> float:
        """The wall clock's now, in seconds of the epoch."""
        return float(self._reactor.seconds())

    @property
    def address(self) -> Address | None:
        """Where it listens; None when it does not."""
        return self.now.listening.address

    def still_running(self) -> None:
        """Raise `Stopped` where the PBX no longer is."""
        if not self._running():
            raise Stopped(f"PBX '{self._name}' was stopped")

    def stop(self) -> Deferred[Any]:
        """Stop what is at work, if anything is."""
        return succeed(None) if self._left is not None else self.now.stop()

    async def configure(self, settings: PbxSettings, identities: Identities) -> None:
        """Let what the device's own page says take effect, and *identities* with it; what was decided before stays.

        Raises `BindError`, `ConfigurationError` or `RenewalFailed`, and then nothing has changed.
        """
        appliance, listening = self.appliance, self.now.listening
        before = appliance.pbx.settings
        other = identities is not appliance.identities
        if other:
            judge(identities.good, settings)
        moves = self._moves(before, settings)
        port = await self._coming(settings) if moves and settings.api.enable else None
        try:
            if other:
                await self._worker.ahead(lambda: renewal.keep(appliance, identities))
            self.still_running()
        except BaseException:
            await listening.give_back(port)
            raise
        self.now.configure(settings, identities)
        self._note_place(before)
        if moves:
            listening.move(port)
        if not settings.api.enable:
            self.now.gate.abort_all()

    def _moves(self, before: PbxSettings, after: PbxSettings) -> bool:
        """Return whether it is to listen somewhere else *after* that, or nowhere any more."""
        return after.api.place not in (before.api.place, self.address)

    def _note_place(self, before: PbxSettings) -> None:
        """Remember where it listens as the settings *before* had it."""
        if self.address is not None:
            self._listened = (Address(*before.api.tls_bind_address), self.address)

    async def _coming(self, settings: PbxSettings) -> OpenPort:
        """Return a port that is open as *settings* have it, the one it had before where that can be; raises `BindError`."""
        bind, listening = Address(*settings.api.tls_bind_address), self.now.listening
        if self.address is None and self._listened is not None and self._listened[0] == bind:
            with suppress(BindError):  # somebody else may have it by now
                return await listening.coming(self._listened[1])
        return await listening.coming(bind)

    async def renew(self, coming: Renewal) -> None:
        """Put what is *coming*, as the worker has prepared it, in the place of what is; until then what fails changes nothing.

        Whoever connects meanwhile waits, and is served by the new one.
        """
        old, before, port = self.now, self.appliance, None
        try:
            judge(coming.identities.good, coming.settings)
            moves = self._moves(before.pbx.settings, coming.settings)
            if moves and coming.settings.api.enable:
                port = await self._coming(coming.settings)
            if coming.identities is not self.appliance.identities:
                await self._worker.ahead(coming.keep)
            self.still_running()
        except BaseException:
            await old.listening.give_back(port)
            await self._abandoned(coming)
            raise
        self._note_place(before.pbx.settings)
        place = self._left or old.listening.give_up()
        there = place.moved(port) if moves else place
        now = None
        try:
            if self._left is None:
                await old.stop(coming.let_go)
            appliance = await self._worker.slowly(coming.taking_place(self.wall))
            now = await self._put_to_work(appliance)
            now.start(there if coming.goes_on else there.forgotten)
        except Exception as error:  # noqa: BLE001 - whatever it is, what was before shall go on
            if self._running():  # else it was given up, because everything ends
                self._log.failure("{pbx}: what was to take its place could not", pbx=self._name)
            await self._taken_back(now, port)
            await self._gone_back(before, coming, place, error)
        else:
            self.now, self._left, self.failure = now, None, ""
            if moves:
                place.close()
            if not coming.goes_on:  # nobody has to wait for it
                self._worker.ahead(coming.settle).addErrback(self._unsettled)

    async def _abandoned(self, coming: Renewal) -> None:
        """Leave nothing of what was *coming*; why not is told in the log, and what kept it from coming to who asked."""
        try:
            try:
                await self._worker.ahead(coming.abandon)
            except Stopped:  # everything ends, and nobody else is kept waiting by this
                coming.abandon()
        except Exception:  # noqa: BLE001 - whatever it is, the next start does it
            self._log.failure("{pbx}: what was not to take its place could not be discarded", pbx=self._name)

    async def _put_to_work(self, appliance: Appliance) -> Running:
        """Return the *appliance* at work, which is closed where it cannot be."""
        try:
            return Running(appliance, self._reactor, self._worker)
        except BaseException:
            try:
                await self._worker.ahead(appliance.close)
            except Exception:  # noqa: BLE001 - it is gone anyway
                self._log.failure("{pbx}: what could not be put to work could not be closed", pbx=self._name)
            raise

    def _unsettled(self, failure: Failure) -> None:
        if not failure.check(Stopped):  # then the next start does it
            self._log.failure("{pbx}: what gave way to it could not be discarded", failure, pbx=self._name)

    async def _taken_back(self, now: Running | None, port: OpenPort | None) -> None:
        """Switch off what has begun *now*, and close the *port* that it was to have."""
        if now is not None:
            now.listening.give_up()
            try:
                await now.stop()
            except Exception:  # noqa: BLE001 - it is gone anyway
                self._log.failure("{pbx}: nor could that be stopped", pbx=self._name)
        await closed(port)

    async def _gone_back(self, before: Appliance, coming: Renewal, place: Place, error: Exception) -> NoReturn:
        """Go on as *before* at its *place*, or not at all, and say so. Raises `RenewalFailed`."""
        why = f"PBX '{self._name}' could not be renewed ({error})"
        try:
            await self._worker.ahead(coming.put_back)
            await self._resumed(before, place)
        except Exception as further:  # noqa: BLE001 - whatever it is, it is told
            self._log.failure("{pbx}: nor could it go on as before", pbx=self._name)
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
        now = await self._put_to_work(await self._worker.slowly(renewal.back(before, self.wall)))
        try:
            now.start(place)
        except BaseException:
            await self._taken_back(now, None)
            raise
        self.now, self._left, self.failure = now, None, ""

    async def revive(self) -> None:
        """Go on as before something failed, if that can be by now. Raises `RenewalFailed`."""
        if self._left is None:
            return
        try:
            await self._resumed(self.appliance, self._left)
        except Exception:  # noqa: BLE001 - whatever it is, it is as it was
            self._log.failure("{pbx}: it still cannot go on", pbx=self._name)
            raise RenewalFailed(self.failure) from None
        self._log.info("{pbx}: it goes on", pbx=self._name)
