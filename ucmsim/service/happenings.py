"""Lets the calls of a PBX happen as its clock goes: twice a second of real time, and whenever somebody asks.

All work is done in the worker, which is one thread, so that calls never happen while a page is read; what takes long
is done in slices, and those behind the first wait with the pages, so that these are read in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredLock, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ucmsim.asking.wishes import Placed, Wish
from ucmsim.assembling.assembly import Appliance
from ucmsim.calls.shapes import Story
from ucmsim.contract.fields import FieldRefused
from ucmsim.errors import stopped
from ucmsim.instants import microseconds
from ucmsim.settings import ClockChange
from ucmsim.steps import Steps, finished
from ucmsim.store.accounts import Accounting, How
from ucmsim.store.deliveries import TOGETHER
from ucmsim.store.ledger import Sought, ToldCall

T = TypeVar("T")

_PERIOD = 0.5
_SLICE = 200
"""Rows that are written at once, in two or three times what a page takes."""


Work = Callable[[Callable[[], Any]], Deferred[Any]]
InSteps = Callable[[Steps[Any]], Deferred[Any]]


class Happenings(Service):
    """The calls of one PBX while it runs: *worker* does what is asked at once, and *patiently* what others go before.

    What takes long and is waited for goes *slowly*, step by step: others have their turn between two.
    """

    _log = Logger()

    def __init__(
        self,
        appliance: Appliance,
        reactor: Any,
        worker: Work,
        patiently: Work | None = None,
        slowly: InSteps | None = None,
    ) -> None:
        self._appliance = appliance
        self._reactor = reactor
        self._worker = worker
        self._patiently = patiently or worker
        self._slowly = slowly or self._at_once
        self._loop = LoopingCall(self._tick)
        self._loop.clock = reactor
        self._turn = DeferredLock()  # the slices of one are not mixed with another
        self._reading = DeferredLock()
        self._due = 0

    @property
    def now(self) -> datetime:
        """The world's now: calls happen in its time, whatever the PBX clock shows."""
        return self._appliance.pbx.clock.world(self._reactor.seconds())

    def startService(self) -> None:
        """Begin, where there is traffic; otherwise when the first call is placed."""
        super().startService()
        self._tell()
        if self._appliance.living.goes_on:
            self._loop.start(_PERIOD, now=False)

    def stopService(self) -> Deferred[None]:
        """End where the clock has come to by now, and fire when nothing is being written or read any more."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        ending: Deferred[None] = self._turn.run(self._passed)
        return ending.addCallback(lambda _: self._reading.run(lambda: None))

    async def catch_up(self) -> int:
        """Let everything happen that is over by now; return the number of rows that were written."""
        now = self.now
        async with self._turn:
            return await self._caught_up(now)

    async def _caught_up(self, now: datetime, first: Work | None = None, then: Work | None = None) -> int:
        """Let everything happen that is over at *now*, a slice at a time: the *first* at once, the others patiently, if not by *then*."""
        total, written, work = 0, _SLICE, first or self._worker
        while self.running and written == _SLICE:
            written = await work(lambda: self._appliance.living.happen(now, _SLICE))
            total, work = total + written, then or self._patiently
        if written < _SLICE:
            self._due = self._appliance.living.due
        self._tell()
        return total

    def _tell(self) -> None:
        """Log what is new; in turn, so that the worker has it no more."""
        for said in self._appliance.living.news():
            self._log.info("{pbx}: {said}", pbx=self._appliance.pbx.name, said=said)

    async def change_clock(self, change: ClockChange) -> None:
        """Move the PBX clock, and let everything happen that is over then. Raises `Stopped`, and what `Pbx.change_clock` does.

        What was over before has happened before that; where the clock is set, nothing happens of what lies between.
        """
        pbx, living = self._appliance.pbx, self._appliance.living
        async with self._turn:
            self._still_running()
            before = self.now
            pbx.change_clock(change, self._reactor.seconds())
            now, corrections = self.now, pbx.clock.corrections

            def work() -> int | None:
                if living.happen(before, _SLICE) == _SLICE:
                    return None  # there is more, and others go before that
                living.correct(corrections)
                if change.now is not None:
                    living.skip(now)
                return living.happen(now, _SLICE)

            try:
                while (written := await self._worker(work)) is None:
                    await self._caught_up(before)
                    self._still_running()
            finally:
                self._due = 0
            if written == _SLICE:
                await self._caught_up(now, self._patiently)
            self._tell()

    def restarted(self) -> None:
        """Let the unit restart in its world too, as soon as what is over by now has happened."""
        Deferred.fromCoroutine(self._restarted(self.now)).addErrback(self._failed)

    async def _restarted(self, at: datetime) -> None:
        await self.catch_up()
        if self.running:
            await self._in_turn(lambda: self._appliance.living.restart(at))
            said = "it restarted: calls that were up have ended without rows, channels count from 0 again"
            self._log.info("{pbx}: {said}", pbx=self._appliance.pbx.name, said=said)

    async def place(self, wish: Callable[[datetime], Wish]) -> Placed:
        """Let the call happen that is the *wish* at an instant, now; raises `FieldRefused`."""

        def begin(now: datetime) -> Callable[[], Steps[list[Story]]]:
            wished = wish(now)

            def alone() -> Steps[list[Story]]:
                yield
                return [self._appliance.living.place(wished)]

            return alone

        (placed,) = await self._placed(begin, self._at_once, lambda placed: placed)
        return placed

    async def place_each(
        self, wishes: Callable[[datetime], Iterable[Wish | FieldRefused]], tell: Callable[[Placed], T]
    ) -> list[T]:
        """Let the calls happen that are the *wishes* at an instant, now, all or none of them; return what is to *tell* of each.

        Both are asked by the worker, for there may be many. Raises `FieldRefused`.
        """
        living = self._appliance.living
        return await self._placed(lambda now: lambda: living.place_each(wishes(now)), self._slowly, tell)

    def _at_once(self, steps: Steps[T]) -> Deferred[T]:
        return self._worker(lambda: finished(steps))

    async def _placed(
        self,
        begin: Callable[[datetime], Callable[[], Steps[list[Story]]]],
        work: InSteps,
        tell: Callable[[Placed], T],
    ) -> list[T]:
        """Let happen what *begin* makes of now, as soon as what is over has, in one turn of the worker's or in steps."""
        living = self._appliance.living
        async with self._turn:
            self._still_running()
            now = self.now
            place = begin(now)

            def steps() -> Steps[list[T] | None]:
                if living.happen(now, _SLICE) == _SLICE:
                    return None  # there is more, and others go before that
                told = []
                for placed in (yield from living.foretold((yield from place()))):
                    yield
                    told.append(tell(placed))
                living.happen(now, _SLICE)
                return told

            try:
                while (told := await work(steps())) is None:
                    await self._caught_up(now)
                    self._still_running()
            finally:
                self._due = 0
            self._tell()
        if self.running and not self._loop.running:
            self._loop.start(_PERIOD, now=False)
        found: list[T] = told
        return found

    async def still(self, begin: Callable[[], Deferred[T]]) -> T:
        """Wait for what *begin* begins when all is over that is by now; nothing happens meanwhile. Raises `Stopped`.

        It holds pages back, and so must not wait with them.
        """
        now = self.now
        async with self._turn:
            await self._caught_up(now, then=self._worker)
            self._still_running()
            return await begin()

    async def delete_rows(self) -> int:
        """Delete every CDR that there is by now; return how many went."""
        await self.catch_up()
        deleted: int = await self._in_turn(self._appliance.living.delete_rows)
        return deleted

    async def page(self, sought: Sought) -> tuple[list[ToldCall], int | None]:
        """Return a page of the calls that are over, which the worker reads, between slices too. Raises `Stopped`."""
        ledger = self._appliance.pbx.history.ledger
        async with self._reading:
            self._still_running()
            page: tuple[list[ToldCall], int | None] = await self._worker(lambda: ledger.page(sought))
        return page

    async def accounted(self, sought: Sought, how: How | None) -> Accounting:
        """Return a page of the ledger, which the worker reads step by step, pages of the device between. Raises `Stopped`."""
        pbx = self._appliance.pbx
        accounting = Accounting(pbx.history, sought, how)

        def step() -> bool:
            pbx.deliveries.flush(TOGETHER)  # in one with the reading: each turn of the worker's is waited for
            return not len(pbx.deliveries) and accounting.step()

        async with self._reading:
            self._still_running()
            while not await self._worker(step):
                self._still_running()
        return accounting

    def _tick(self) -> Deferred[int | None]:
        if microseconds(self.now) < self._due:  # of hundreds of PBXs nearly all have nothing to do
            return succeed(None)
        return Deferred.fromCoroutine(self.catch_up()).addErrback(self._failed)

    def _passed(self) -> None:
        """Let the time pass in which nothing happened, so that what is up is cut now and not where it was looked at last."""
        if microseconds(self.now) < self._due:
            self._appliance.living.happen(self.now)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("{pbx}: calls could not be written", failure, pbx=self._appliance.pbx.name)

    async def _in_turn(self, work: Callable[[], Any]) -> Any:
        """Let the worker do *work* when what was begun before is done. Raises `Stopped`."""
        async with self._turn:
            self._still_running()
            try:
                return await self._worker(work)
            finally:
                self._due = 0

    def _still_running(self) -> None:
        if not self.running:
            raise stopped(self._appliance.pbx.name)
