"""The running PBXs: their ports, their worker, their lifetimes, and nothing else.

Ports are opened synchronously while the service starts, so that a busy one stops the start: once the reactor runs,
nothing can change the exit code any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from ucmsim import renewal
from ucmsim.assembly import Appliance
from ucmsim.authority import Identity
from ucmsim.changes import Change
from ucmsim.clock import When
from ucmsim.errors import NameTaken, UcmsimError
from ucmsim.happenings import Happenings, Stopped
from ucmsim.keeping import JournalKeeper
from ucmsim.keyring import Keyring
from ucmsim.ports import closed
from ucmsim.renewal import Renewal
from ucmsim.running import Running, Worker
from ucmsim.settings import Address
from ucmsim.settings import Pbx as PbxSettings

T = TypeVar("T")


class PbxService(Service):
    """One PBX on its port, whatever universe it is in by now."""

    _log = Logger()

    def __init__(self, appliance: Appliance, reactor: Any, worker: Worker) -> None:
        self.setName(appliance.pbx.name)
        self._reactor = reactor
        self._worker = worker
        self._now = Running(appliance, reactor, worker)
        self._turn = DeferredLock()  # one change of all of it after another

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
        return self._now.stop()  # whichever it is when it comes to that

    async def reset(self) -> None:
        """Begin a new universe, as the settings make it; the port and the identity stay. Raises `UcmsimError`."""
        async with self._turn:
            await self._renewed(lambda: renewal.afresh(self.appliance, self.wall))
        self._log.info("{pbx}: reset, with {rows} rows", pbx=self.name, rows=len(self.appliance.pbx.history))

    async def show(self, *, defect: str | None, instead: Identity | None) -> None:
        """Show a *defect*, or another good identity, in place of its own from the next handshake on, with neither its own.

        A fault goes before it. What is costly to mint is minted first. Raises `ConfigurationError`.
        """
        async with self._turn:
            self._still_running()
            appliance = self.appliance
            if instead is not None:
                self._now.judge(instead)
            if defect is not None:
                await self._worker(lambda: appliance.identity(defect, self.wall))
                self._still_running()
            appliance.identities.show(defect=defect, instead=instead)
            appliance.pbx.shows = defect
        said = (
            f"the defect {defect}" if defect else "a certificate that was given" if instead else "its own certificate"
        )
        self._log.info("{pbx}: shows {said}", pbx=self.name, said=said)

    async def change(self, make: Callable[[PbxSettings], Change]) -> Change:
        """Go by other settings, as the worker *makes* them of those that hold by now. Raises `UcmsimError`, and changes nothing."""
        async with self._turn:
            self._still_running()
            change: Change = await self._worker(lambda: make(self.appliance.pbx.settings))
            if change.keys:
                await self._configured(change)
                self._log.info("{pbx}: changed {keys}", pbx=self.name, keys=", ".join(change.keys))
        return change

    async def _configured(self, change: Change) -> None:
        """Let what the device's own page says take effect; what was decided before stays."""
        appliance, listening, settings = self.appliance, self._now.listening, change.settings
        before, now = appliance.pbx.settings, self.when.pbx
        identities = await self._worker(lambda: appliance.identities.under(settings, before, now, change.uploads))
        other = identities is not appliance.identities
        if other:
            self._now.judge(identities.good)
        bind = settings.api.place
        moves = bind not in (before.api.place, listening.address)
        port = await listening.coming(bind) if moves and bind else None
        try:
            if other:
                await self._worker(lambda: Keyring(appliance.home, appliance.pbx.name).keep(identities.good))
            self._still_running()
        except UcmsimError:
            closed(port)
            raise
        self._now.configure(settings, identities)
        if moves:
            listening.move(port)
        if bind is None:
            self._now.gate.abort_all()

    async def _renewed(self, prepare: Callable[[], Renewal]) -> None:
        """Put what the worker has prepared in the place of what is; until then what fails changes nothing.

        Whoever connects meanwhile waits, and is served by the new one.
        """
        self._still_running()
        coming = await self._worker(prepare)
        try:
            self._still_running()
        except Stopped:
            coming.abandon()
            raise
        old = self._now
        place = old.listening.give_up()
        await old.stop()
        try:
            appliance = await self._worker(lambda: coming.take_place(self.wall))
            self._now = Running(appliance, self._reactor, self._worker)
            self._now.start(place)
        except BaseException:  # nothing is left to go back to
            place.close()
            raise

    def _still_running(self) -> None:
        if not self.running:
            raise Stopped(f"PBX '{self.name}' was stopped")


class Fleet(MultiService):
    """All PBXs of one process, and the one worker thread that reads and renders for them.

    One thread, because more only made the reactor late at equal throughput.
    """

    def __init__(self, reactor: Any, assemble: Callable[[str, PbxSettings], Appliance]) -> None:
        super().__init__()
        self._reactor = reactor
        self._assemble = assemble
        self._coming: set[str] = set()
        self._pool = ThreadPool(minthreads=0, maxthreads=1, name="ucmsim-worker")
        self._pool.start()

    def __iter__(self) -> Iterator[PbxService]:
        return iter(service for service in self.services if isinstance(service, PbxService))

    def __getitem__(self, name: str) -> PbxService:
        found = self.namedServices.get(name)
        if not isinstance(found, PbxService):
            raise KeyError(name)
        return found

    def __contains__(self, name: str) -> bool:
        return isinstance(self.namedServices.get(name), PbxService)

    def work(self, function: Callable[[], T]) -> Deferred[T]:
        """Run *function* in the worker thread."""
        return deferToThreadPool(self._reactor, self._pool, function)

    def add(self, appliance: Appliance) -> PbxService:
        """Take *appliance* in; it starts with the fleet, at once if that runs.

        Raises `UcmsimError` when it cannot; the appliance is then the caller's again, to close or abandon.
        """
        service = PbxService(appliance, self._reactor, self.work)
        try:
            service.setServiceParent(self)
        except UcmsimError:
            self.services.remove(service)
            self.namedServices.pop(service.name, None)
            service.parent = None
            raise
        return service

    async def create(self, name: str, settings: PbxSettings) -> PbxService:
        """Assemble a new PBX in the worker and start it; raises `NameTaken` and other `UcmsimError`s."""
        if name in self or name in self._coming:
            raise NameTaken(f"there is a PBX '{name}' already")
        self._coming.add(name)
        try:
            appliance = await self.work(lambda: self._assemble(name, settings))
            try:
                return self.add(appliance)
            except UcmsimError:
                appliance.abandon()
                raise
        finally:
            self._coming.discard(name)

    async def remove(self, name: str) -> None:
        """Stop the PBX called *name* and forget what is kept of it; raises `KeyError`."""
        service = self[name]
        await maybeDeferred(service.disownServiceParent)
        service.appliance.forget()

    def startService(self) -> None:
        """Open every port; when one cannot be opened, close the others again. Raises `BindError`."""
        try:
            super().startService()
        except UcmsimError:
            for service in list(self):
                service.stopService()
            raise

    def stopService(self) -> Deferred[Any]:
        """Stop every PBX, then the worker."""
        stopping: Deferred[Any] = super().stopService()
        stopping.addBoth(self._stopped)
        return stopping

    def stop_worker(self) -> None:
        """End the worker thread; a fleet that was started does it when it stops."""
        self._pool.stop()

    def _stopped(self, result: T) -> T:
        self.stop_worker()
        return result
