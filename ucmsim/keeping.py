"""Keeps the journal of one PBX: writes it to disk once a second where that is asked for, and looks things up in it.

All of it is done in the worker, so that neither waits for the disk with the reactor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ucmsim.journal import Found, Inquiry, Journal

_PERIOD = 1.0


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

    def startService(self) -> None:
        super().startService()
        if self._journal.spills:
            self._loop.start(_PERIOD, now=False)

    def stopService(self) -> Deferred[None]:
        """End, and fire when everything is written."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        return maybeDeferred(self._flush)

    async def inquire(self, inquiry: Inquiry) -> Found:
        """Return what *inquiry* finds by now; raises `sqlite3.Error` when the file cannot be used.

        Pages are read between the steps of a long search.
        """
        search = self._journal.inquiring(inquiry)
        while True:
            found: Found | None = await self._worker(search.step)
            if found is not None:
                return found

    def _flush(self) -> Deferred[None]:
        flush = self._journal.flushing()
        if flush is None:
            return succeed(None)
        writing: Deferred[None] = self._worker(flush)
        return writing.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self._log.failure("{pbx}: the journal could not be written", failure, pbx=self._pbx)
