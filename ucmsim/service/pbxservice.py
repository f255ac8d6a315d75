"""One PBX from its creation to its end: started, stopped, and changed as a whole, one change after another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger

from ucmsim.assembling import renewal
from ucmsim.assembling.assembly import Appliance
from ucmsim.assembling.changes import Change
from ucmsim.assembling.curlconfig import renew_curl_config
from ucmsim.assembling.identities import Identities
from ucmsim.assembling.renewal import Renewal
from ucmsim.assembling.restoring import Taken, restored, state_of, taking
from ucmsim.certificates.authority import Identity, moved
from ucmsim.certificates.defects import Shown
from ucmsim.clock import When
from ucmsim.errors import Stopped
from ucmsim.service.happenings import Happenings
from ucmsim.service.keeping import JournalKeeper
from ucmsim.service.running import Running, judge
from ucmsim.service.succession import Succession
from ucmsim.service.worker import Worker
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
        self._at_work = Succession(appliance, reactor, worker, lambda: bool(self.running))
        self._turn = DeferredLock()  # one change of all of it after another

    @property
    def appliance(self) -> Appliance:
        """The appliance that it is by now."""
        return self._at_work.appliance

    @property
    def failure(self) -> str:
        """Why no appliance is at work, where one could not take the place of another, nor the other come back."""
        return self._at_work.failure

    @property
    def calls(self) -> Happenings:
        """Its calls while it runs."""
        return self._at_work.now.calls

    @property
    def journal(self) -> JournalKeeper:
        """Its journal while it runs."""
        return self._at_work.now.journal

    async def asked(self, ask: Callable[[Running], Awaitable[T]]) -> T:
        """Return what whatever is at work answers, or where that gives way to another before it does, that one.

        Nothing of what is asked may be done where it raises `Stopped`, which is raised here once there is nobody to ask.
        """
        while True:
            at_work = self._at_work.now
            try:
                return await ask(at_work)
            except Stopped:
                await self._turn.run(lambda: None)  # by the end of which another is there, or never will be
                self._at_work.still_running()
                if self._at_work.now is at_work:
                    raise

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
        return self._at_work.address

    def startService(self) -> None:
        """Open the port, unless the API is disabled; raises `BindError`."""
        super().startService()
        self._at_work.now.start()

    def stopService(self) -> Deferred[None]:
        """Close the port, cut what is open, close the history."""
        super().stopService()
        stopping: Deferred[None] = self._turn.run(self._at_work.stop)  # whichever it is when it comes to that
        return stopping

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Wait until nothing else changes all of it, and let neither that nor, for a moment, a page come between. Raises `Stopped`."""
        async with self._turn:
            self._at_work.still_running()
            with self._worker.held():
                yield

    async def reset(self) -> None:
        """Begin a new universe, as the settings make it; the port and the identity stay. Raises `UcmsimError`."""
        async with self._alone():
            await self._at_work.renew(await self._worker.slowly(renewal.afresh(self.appliance, self.wall)))
        self._log.info("{pbx}: reset, with {rows} rows", pbx=self.name, rows=len(self.appliance.pbx.history))

    async def snapshot(self, file: Path) -> Taken:
        """Write it to *file*. Raises `SnapshotError`."""

        def begin() -> Deferred[Taken]:
            state = state_of(self.appliance, self.wall)
            return self._worker.slowly(taking(self.appliance, state, file))

        async with self._alone():
            found = await self.calls.still(begin)
        self._log.info("{pbx}: written to {file}, with {rows} rows", pbx=self.name, file=found.file, rows=found.rows)
        return found

    async def restore(self, file: Path) -> None:
        """Go on as the snapshot in *file* has it; port and identity stay. Raises `UcmsimError`."""
        async with self._alone():
            await self._at_work.renew(await self._worker.slowly(restored(self.appliance, file, self.wall)))
            await self._worker.ahead(self._with_other_credentials)
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
            appliance = self.appliance
            if valid_for is not None:
                now = appliance.pbx.clock.at(self.wall).pbx
                ends = moved(now, timedelta(seconds=valid_for)).replace(microsecond=0)
                instead = await self._worker.ahead(partial(appliance.identities.ending, ends, now))
                self._at_work.still_running()
            if instead is not None:
                judge(instead, appliance.pbx.settings)
            minted = None
            if defect is not None:
                minted = await self._worker.ahead(lambda: appliance.identity(defect, self.wall))
                self._at_work.still_running()
            appliance.identities.show(defect=defect, instead=instead, ends=ends)
            appliance.pbx.shows, appliance.pbx.ends = defect, ends
            shown = minted or appliance.identities.own
        said = _shown_as(defect=defect, ends=ends, given=instead is not None)
        self._log.info("{pbx}: shows {said}", pbx=self.name, said=said)
        return shown

    async def change(self, make: Callable[[PbxSettings], Change]) -> Change:
        """Go by other settings, as the worker *makes* them of those that hold by now. Raises `UcmsimError`, and changes nothing."""
        async with self._alone():
            await self._at_work.revive()
            appliance, wall = self.appliance, self.wall

            # In one turn of the worker's, which is waited for.
            def prepare() -> tuple[Change, Identities | Renewal | None]:
                pbx, change = appliance.pbx, make(appliance.pbx.settings)
                if change.of_the_page:
                    now = pbx.clock.at(wall).pbx
                    return change, appliance.identities.under(change.settings, pbx.settings, now, change.uploads)
                return change, renewal.changed(appliance, change, wall) if change.keys else None

            change, coming = await self._worker.ahead(prepare)
            if isinstance(coming, Identities):
                await self._at_work.configure(change.settings, coming)
            elif coming is not None:
                await self._at_work.renew(coming)
            if any(key.startswith("api.") for key in change.keys):
                await self._worker.ahead(self._with_other_credentials)
        if change.keys:
            self._log.info("{pbx}: changed {keys}", pbx=self.name, keys=", ".join(change.keys))
        return change

    def _with_other_credentials(self) -> None:
        """Let the curl command that was printed at the start work on; without that file everything else goes on all the same."""
        try:
            renew_curl_config(self.appliance)
        except OSError:
            self._log.failure("{pbx}: its curl.conf could not be written anew", pbx=self.name)


def _shown_as(*, defect: str | None, ends: datetime | None, given: bool) -> str:
    """Return what the log says of a certificate that is shown."""
    if defect:
        return f"the defect {defect}"
    if ends:
        return f"a certificate that ends at {ends}"
    return "a certificate that was given" if given else "its own certificate"
