"""Keeps the journal of one PBX: writes it to disk once a second where that is asked for, and looks things up in it.

All of it is done in the worker, so that neither waits for the disk with the reactor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ucmsim.errors import stopped
from ucmsim.journal import Found, Inquiry, Journal

_PERIOD = 1.0
_TOGETHER = 0.05
"""Seconds in which what happens is told to who follows at once."""


class JournalKeeper(Service):
    """The journal of the PBX called *pbx* while it runs."""

    _log = Logger()

    def __init__(
        self, pbx: str, journal: Journal, reactor: Any, worker: Callable[[Callable[[], Any]], Deferred[Any]]
    ) -> None:
        self._pbx = pbx
        self._journal = journal
        self._worker = worker
        self._loop = LoopingCall(self._flush)
        self._loop.clock = reactor
        self._reactor = reactor
        self._waiting: list[Deferred[bool]] = []
        self._telling: Any = None

    @property
    def last(self) -> int:
        """The id of the latest event there ever was, 0 without any."""
        return self._journal.last

    def startService(self) -> None:
        super().startService()
        if self._journal.spills:
            self._loop.start(_PERIOD, now=False)

    def stopService(self) -> Deferred[None]:
        """End, and fire when everything is written."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        self.wake()
        return maybeDeferred(self._flush)

    async def changed(self, seconds: float) -> bool:
        """Wait for an event, or for `wake`, at most so many *seconds*; return whether it came. Raises `Stopped`."""
        self._still_running()
        waiting: Deferred[bool] = Deferred()
        self._waiting.append(waiting)
        self._journal.hears = self._hear
        waited = self._reactor.callLater(seconds, self._wake, [waiting], happened=False)
        try:
            return await waiting
        finally:
            if waited.active():
                waited.cancel()

    def wake(self) -> None:
        """Let everybody who waits for a change look again."""
        if self._telling is not None and self._telling.active():
            self._telling.cancel()
        self._wake(self._waiting[:], happened=True)

    def _hear(self) -> None:
        if self._telling is None or not self._telling.active():
            self._telling = self._reactor.callLater(_TOGETHER, self.wake)

    def _wake(self, waiting: list[Deferred[bool]], *, happened: bool) -> None:
        self._waiting = [one for one in self._waiting if one not in waiting]
        if not self._waiting:
            self._journal.hears = None
        for one in waiting:
            one.callback(happened)

    async def inquire(self, inquiry: Inquiry) -> Found:
        """Return what *inquiry* finds by now; raises `sqlite3.Error` when the file cannot be used.

        Pages are read between the steps of a long search.
        """
        self._still_running()
        # Counted now, of the events up to the last that is told: while it looks there may come more.
        search, marks = self._journal.inquiring(inquiry), dict(self._journal.marks)
        while True:
            found: Found | None = await self._worker(search.step)
            if found is not None:
                return replace(found, marks=marks)

    def _still_running(self) -> None:
        if not self.running:
            raise stopped(self._pbx)

    def _flush(self) -> Deferred[None]:
        flush = self._journal.flushing()
        if flush is None:
            return succeed(None)
        writing: Deferred[None] = self._worker(flush)
        return writing.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("{pbx}: the journal could not be written", failure, pbx=self._pbx)
