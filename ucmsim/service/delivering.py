"""Writes what was delivered into the history of one PBX: in the worker, once a second while there is something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from ucmsim.store.deliveries import MOST, TOGETHER, Deliveries

_PERIOD = 1.0


class DeliveryKeeper(Service):
    """Writes the *deliveries* of the PBX called *pbx* while it runs; what waits when it stops is written as it is closed."""

    _log = Logger()

    def __init__(
        self, pbx: str, deliveries: Deliveries, reactor: Any, worker: Callable[[Callable[[], Any]], Deferred[Any]]
    ) -> None:
        self._pbx = pbx
        self._deliveries = deliveries
        self._reactor = reactor
        self._worker = worker
        self._call: Any = None
        self._writing: Deferred[None] | None = None
        self._failing = self._losing = False
        deliveries.hears = self._hear

    def stopService(self) -> Deferred[None]:
        """End, and fire when nothing is being written any more."""
        super().stopService()
        self._cancel()
        if lost := self._deliveries.lost:
            self._log.warn(
                "{pbx}: {lost} deliveries were forgotten before they could be written", pbx=self._pbx, lost=lost
            )
        # The worker does one thing after another: when it has done nothing, it has written.
        return self._worker(lambda: None) if self._writing is not None else succeed(None)

    def _hear(self) -> None:
        if self._deliveries.lost and not self._losing:
            self._losing = True
            self._log.warn(
                "{pbx}: more than {most} deliveries wait to be written, so the oldest are forgotten: the ledger tells of fewer "
                "than there were",
                pbx=self._pbx,
                most=MOST,
            )
        if self.running and self._call is None and self._writing is None:
            self._call = self._reactor.callLater(_PERIOD, self._due)

    def _due(self) -> None:
        self._call, self._writing = None, self._worker(lambda: self._deliveries.flush(TOGETHER))
        self._writing.addCallbacks(self._done, self._failed)

    def _done(self, _result: None) -> None:
        self._writing, self._failing = None, False
        if self.running and len(self._deliveries) >= TOGETHER:  # a second brought more than are written at once
            self._due()
        elif len(self._deliveries):
            self._hear()

    def _failed(self, failure: Failure) -> None:
        self._writing = None
        if not self._failing:
            self._log.failure("{pbx}: what was delivered could not be written", failure, pbx=self._pbx)
        self._failing = True
        self._hear()

    def _cancel(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
