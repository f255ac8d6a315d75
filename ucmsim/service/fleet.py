"""The running PBXs, their worker and their lifetimes.

Ports are opened synchronously while the service starts, so that a busy one stops the start: once the reactor runs,
nothing can change the exit code any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredLock, maybeDeferred

from ucmsim.assembling.assembly import Appliance
from ucmsim.errors import NameTaken, Stopped, TooManyOpen, UcmsimError, Unwanted, too_many_open
from ucmsim.service.pbxservice import PbxService
from ucmsim.service.worker import Worker
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.steps import Steps, unless

T = TypeVar("T")


class Fleet(MultiService):
    """All PBXs of one process, and the one worker thread that reads and renders for them.

    One thread, because more only made the reactor late at equal throughput. A new PBX comes of the steps of *assembling*.
    """

    def __init__(self, reactor: Any, assembling: Callable[[str, PbxSettings], Steps[Appliance]]) -> None:
        super().__init__()
        self._reactor = reactor
        self._assembling = assembling
        self._turns: dict[str, DeferredLock] = {}
        self._leaving = Counter[str]()  # names under which nothing is to come until the turn of who removes it
        self._given_up = set[str]()
        self._worker = Worker(reactor)

    def __iter__(self) -> Iterator[PbxService]:
        return iter(service for service in self.services if isinstance(service, PbxService))

    def __getitem__(self, name: str) -> PbxService:
        found = self.namedServices.get(name)
        if not isinstance(found, PbxService):
            raise KeyError(name)
        return found

    def __contains__(self, name: str) -> bool:
        return isinstance(self.namedServices.get(name), PbxService)

    @property
    def wall(self) -> float:
        """The wall clock's now, in seconds of the epoch, which its PBXs share."""
        return float(self._reactor.seconds())

    def work(self, function: Callable[[], T]) -> Deferred[T]:
        """Run *function* in the worker thread, before what waits there."""
        return self._worker.ahead(function)

    def add(self, appliance: Appliance) -> PbxService:
        """Take *appliance* in; it starts with the fleet, at once if that runs.

        Raises `UcmsimError` when it cannot; whatever is raised, the appliance is then the caller's again, to close or abandon.
        """
        service = PbxService(appliance, self._reactor, self._worker)
        try:
            service.setServiceParent(self)
        except BaseException:
            self.services.remove(service)
            self.namedServices.pop(service.name, None)
            service.parent = None
            raise
        return service

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait until no PBX called *name* comes or goes, and let none do so meanwhile but by the caller."""
        turns = self._turns.setdefault(name, DeferredLock())
        await turns.acquire()
        try:
            yield
        finally:
            turns.release()
            # Whoever waited may be done already, and have left no turns of that name, or others.
            if not turns.locked and self._turns.get(name) is turns:
                del self._turns[name]

    @asynccontextmanager
    async def last_turn(self, name: str) -> AsyncIterator[bool]:
        """Have a `turn`, before which what comes under that *name* is given up; yield whether that is all that there was of it."""
        self._leaving[name] += 1
        async with self.turn(name):
            self._leaving -= Counter((name,))
            given_up = name in self._given_up
            self._given_up.discard(name)
            yield given_up and name not in self

    async def create(self, name: str, settings: PbxSettings) -> PbxService:
        """Assemble a new PBX in the worker and start it, in the caller's `turn`.

        Raises `NameTaken`, `Unwanted`, `TooManyOpen` and other `UcmsimError`s.
        """
        if name in self:
            raise NameTaken(f"there is a PBX '{name}' already")
        self.still_running(name)
        coming = unless(self._assembling(name, settings), lambda: self._unwanted(name))
        try:
            with self._worker.held():
                appliance = await self._worker.slowly(coming)
        except Unwanted:
            self._given_up.add(name)
            raise
        except UcmsimError as error:  # which names the file that happened to be the first
            if too_many_open(error):
                raise TooManyOpen(f"PBX '{name}' cannot begin") from error
            raise
        try:
            self.still_running(name)
            return self.add(appliance)
        except BaseException:
            await self._worker.ahead(appliance.abandon)
            raise

    async def remove(self, name: str) -> None:
        """Stop the PBX called *name* and forget what is kept of it, in the caller's `turn`; raises `KeyError`."""
        service = self[name]
        with self._worker.held():
            await maybeDeferred(service.disownServiceParent)
            await self._worker.slowly(service.appliance.forgetting())

    def _unwanted(self, name: str) -> Unwanted | None:
        """Return what is said to who made a PBX called *name* if somebody waits to remove it; asked in the worker."""
        if name not in self._leaving:
            return None
        return Unwanted(f"PBX '{name}' was deleted while it was being made; ask again if it is to be there")

    def still_running(self, name: str) -> None:
        """Raise `Stopped` where a PBX called *name* cannot begin any more."""
        if not self.running:
            raise Stopped(f"ucmsim stops, and '{name}' does not begin any more")

    def startService(self) -> None:
        """Open every port; when one cannot be opened, close the others again. Raises `BindError`."""
        try:
            super().startService()
        except BaseException:
            for service in list(self):
                service.stopService()
            raise

    def stopService(self) -> Deferred[Any]:
        """Stop every PBX, then the worker, when it has nothing to do any more."""
        stopping: Deferred[Any] = super().stopService()
        # What is still coming is abandoned before that is answered.
        stopping.addBoth(lambda _: Deferred.fromCoroutine(self._worker.quiet()))
        stopping.addBoth(self._stopped)
        return stopping

    def stop_worker(self) -> None:
        """End the worker thread; a fleet that was started does it when it stops."""
        self._worker.stop()

    def _stopped(self, result: T) -> T:
        self.stop_worker()
        return result
