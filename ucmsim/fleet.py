"""The running PBXs: their ports, their worker, their lifetimes, and nothing else.

Ports are opened synchronously while the service starts, so that a busy one stops the start: once the reactor runs,
nothing can change the exit code any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from ucmsim.assembly import Appliance
from ucmsim.channel import DeviceFactory
from ucmsim.clock import When
from ucmsim.errors import NameTaken, UcmsimError
from ucmsim.faults import Handshake, Moment
from ucmsim.gate import Gate
from ucmsim.happenings import Happenings
from ucmsim.keeping import JournalKeeper
from ucmsim.listening import Listening
from ucmsim.reply import Reply
from ucmsim.settings import Address
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.tls import DeviceTls, TlsFactory
from ucmsim.verdicts import verdict

T = TypeVar("T")


class PbxService(Service):
    """One appliance on its port."""

    _log = Logger()

    def __init__(
        self, appliance: Appliance, reactor: Any, worker: Callable[[Callable[[], Reply]], Deferred[Reply]]
    ) -> None:
        self.appliance = appliance
        self.setName(appliance.pbx.name)
        self._reactor = reactor
        pbx, settings = appliance.pbx, appliance.pbx.settings
        self._tls = DeviceTls(
            lambda name, for_rsa: appliance.identity(name, reactor.seconds(), for_rsa=for_rsa),
            settings.tls_range,
            appliance.ca,
            device_profile=settings.tls_profile == "device",
        )
        wrapped = TlsFactory(self._tls, False, DeviceFactory(pbx, reactor, worker), clock=reactor)
        self.calls = Happenings(appliance, reactor, worker)
        pbx.went_down.append(self.calls.restarted)
        self._gate = Gate(
            pbx, wrapped, reactor, inactivity=pbx.quirks.number("inactivity-timeout"), undecided=self._undecided
        )
        self.journal = JournalKeeper(pbx.name, pbx.journal, reactor, worker)
        self._listening = Listening(pbx, self._gate, reactor)
        self._tls.context(Handshake())  # a key that cannot be served with is found now, not by the first client

    def _undecided(self, peer: str) -> None:
        """Tell of a connection that ended before a defect could be shown on it."""
        pbx = self.appliance.pbx
        if pbx.faults.any_at(Moment.HANDSHAKE):
            self._log.info(
                "{pbx} {peer} was shown nothing: {verdict}",
                pbx=pbx.name, peer=peer, verdict=verdict(hello=False, heard=False),
            )  # fmt: skip

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
        return self._listening.address

    def startService(self) -> None:
        """Open the port, unless the API is disabled; raises `BindError`."""
        super().startService()
        api = self.appliance.pbx.settings.api
        for warning in self.appliance.warnings:
            self._log.warn("{pbx}: {warning}", pbx=self.appliance.pbx.name, warning=warning)
        self.calls.startService()
        self.journal.startService()
        if api.enable:  # if not, one of the warnings says so
            self._listening.open(api.tls_bind_address)

    def stopService(self) -> Deferred[None]:
        """Close the port, cut what is open, close the history."""
        super().stopService()
        stopping = self._listening.close()
        self._gate.abort_all()
        stopping.addBoth(lambda _: self.calls.stopService())
        stopping.addBoth(lambda _: self.journal.stopService())
        stopping.addBoth(lambda _: self.appliance.close())
        return stopping


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
