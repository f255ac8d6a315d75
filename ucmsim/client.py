"""A client of the control plane for synchronous programs: standard library only, no Twisted."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ucmsim.contract import operations
from ucmsim.contract.answers import (
    Api,
    Call,
    Clock,
    Entry,
    Fault,
    Health,
    Identity,
    JournalPage,
    LedgerCall,
    Page,
    Pbx,
    PbxChange,
    PlacedCall,
    Readiness,
    Snapshot,
    Status,
)
from ucmsim.contract.errors import (
    ControlError,
    ControlNotFound,
    ControlRefused,
    ControlStopped,
    ControlTimeout,
    ControlUnauthorised,
    ControlUnreachable,
)
from ucmsim.contract.eventstream import EventStream
from ucmsim.contract.methods import ControlMethods
from ucmsim.contract.operations import Asked, Asking, late, unreachable, url_objection
from ucmsim.deadline import TimelySocket

__all__ = [
    "ControlClient",
    "ControlError",
    "ControlNotFound",
    "ControlRefused",
    "ControlStopped",
    "ControlTimeout",
    "ControlUnauthorised",
    "ControlUnreachable",
    "url_objection",
]
__tracebackhide__ = True
"""A test that fails in here is shown by pytest where its own code asked."""

T = TypeVar("T")
_NONE: Mapping[str, Any] = MappingProxyType({})
_PIECE = 1 << 16
"""Bytes of a stream that are read at once, at most."""


@dataclass(frozen=True, slots=True)
class ControlClient(ControlMethods):
    """Talks to the control plane at *url* with its *token*; every call may raise `ControlError`.

    *timeout* is in seconds, from the asking to the end of the answer. With https *ca* is the file of the CA to trust, None for those that the system trusts.
    """

    url: str
    token: str = field(repr=False)
    timeout: float = 60.0
    ca: str | None = None

    # --- the process ------------------------------------------------------------------------------------------------

    def health(self) -> Health:
        return self._ask(operations.HEALTH.ask())

    def readiness(self) -> Readiness:
        return self._ask(operations.READINESS.ask())

    def status(self) -> Status:
        return self._ask(operations.STATUS.ask())

    def openapi(self) -> Mapping[str, Any]:
        return self._ask(operations.OPENAPI.ask())

    def metrics(self) -> str:
        return self._ask(operations.METRICS.ask())

    # --- PBXs -------------------------------------------------------------------------------------------------------

    def pbxs(self) -> list[Pbx]:
        return list(self._ask(operations.PBXS.ask()).items)

    def pbx(self, pbx: str) -> Pbx:
        return self._ask(operations.PBX.ask(pbx))

    def create_pbx(self, name: str, settings: Mapping[str, Any] = _NONE) -> Pbx:
        return self._ask(operations.CREATE_PBX.ask(body=operations.with_name(settings, name)))

    def put_pbx(self, pbx: str, settings: Mapping[str, Any]) -> PbxChange:
        return self._ask(operations.PUT_PBX.ask(pbx, body=settings))

    def change_pbx(self, pbx: str, changes: Mapping[str, Any]) -> PbxChange:
        return self._ask(operations.CHANGE_PBX.ask(pbx, body=changes))

    def delete_pbx(self, pbx: str) -> None:
        self._ask(operations.DELETE_PBX.ask(pbx))

    def reset(self, pbx: str) -> Pbx:
        return self._ask(operations.RESET.ask(pbx))

    def snapshot(self, pbx: str, file: str) -> Snapshot:
        return self._ask(operations.SNAPSHOT.ask(pbx, body={"file": file}))

    def restore(self, pbx: str, file: str) -> Pbx:
        return self._ask(operations.RESTORE.ask(pbx, body={"file": file}))

    # --- what it looks like to its clients --------------------------------------------------------------------------

    def api(self, pbx: str) -> Api:
        return self._ask(operations.API.ask(pbx))

    def change_api(self, pbx: str, changes: Mapping[str, Any]) -> Api:
        return self._ask(operations.CHANGE_API.ask(pbx, body=changes))

    def identity(self, pbx: str) -> Identity:
        return self._ask(operations.IDENTITY.ask(pbx))

    def show_identity(self, pbx: str, identity: Mapping[str, Any] = _NONE) -> Identity:
        return self._ask(operations.SHOW_IDENTITY.ask(pbx, body=dict(identity)))

    # --- its clock --------------------------------------------------------------------------------------------------

    def clock(self, pbx: str) -> Clock:
        return self._ask(operations.CLOCK.ask(pbx))

    def change_clock(self, pbx: str, change: Mapping[str, Any]) -> Clock:
        return self._ask(operations.CHANGE_CLOCK.ask(pbx, body=change))

    # --- calls ------------------------------------------------------------------------------------------------------

    def calls(self, pbx: str, **which: str | int | datetime) -> list[Call]:
        return list(self._through(operations.all_calls(pbx, which)))

    def place_call(self, pbx: str, call: Mapping[str, Any]) -> PlacedCall:
        return self._ask(operations.PLACE_CALL.ask(pbx, body=call))

    def place_calls(self, pbx: str, calls: Sequence[Mapping[str, Any]]) -> list[PlacedCall]:
        return list(self._ask(operations.PLACE_CALLS.ask(pbx, body=calls)).items)

    def delete_cdrs(self, pbx: str) -> int:
        return self._ask(operations.DELETE_CDRS.ask(pbx)).deleted

    def ledger(self, pbx: str, **which: str | int | datetime) -> list[LedgerCall]:
        return list(self._through(operations.all_in_ledger(pbx, which)))

    def ledger_page(self, pbx: str, **which: str | int | datetime) -> Page[LedgerCall]:
        return self._ask(operations.LEDGER.ask(pbx, query=which))

    # --- faults -----------------------------------------------------------------------------------------------------

    def faults(self, pbx: str, **which: str) -> list[Fault]:
        return list(self._ask(operations.FAULTS.ask(pbx, query=which)).items)

    def arm_fault(self, pbx: str, fault: Mapping[str, Any]) -> Fault:
        return self._ask(operations.ARM_FAULT.ask(pbx, body=fault))

    def change_fault(self, pbx: str, name: str, changes: Mapping[str, Any]) -> Fault:
        return self._ask(operations.CHANGE_FAULT.ask(pbx, name, body=changes))

    def clear_faults(self, pbx: str) -> None:
        self._ask(operations.CLEAR_FAULTS.ask(pbx))

    def disarm_fault(self, pbx: str, name: str) -> None:
        self._ask(operations.DISARM_FAULT.ask(pbx, name))

    # --- the journal ------------------------------------------------------------------------------------------------

    def journal_page(self, pbx: str, **filters: Any) -> JournalPage:
        return self._ask(operations.JOURNAL.ask(pbx, query=filters))

    def journal(self, pbx: str, **filters: Any) -> list[Entry]:
        return list(self._through(operations.all_events(pbx, filters)))

    def follow_journal(
        self, pbx: str, *, after: int | None = None, dropped: Callable[[int], object] | None = None, **filters: Any
    ) -> Generator[Entry, None, None]:
        asked, headers = operations.following(pbx, after, filters)
        stream, event = EventStream(dropped), operations.events_of(self.url)
        with self._answer(asked, headers) as (response, line):
            if response.status != http.client.OK:
                asked.answered(self.url, response.status, response.read())
            line.allow(max(self.timeout, operations.SILENCE))
            while piece := _piece(response):
                for data in stream.more(piece):
                    yield event(data)

    # --- carrying it out --------------------------------------------------------------------------------------------

    def _ask(self, asked: Asked[T]) -> T:
        with self._answer(asked) as (response, _):
            status, data = response.status, response.read()
        return asked.answered(self.url, status, data)

    def _through(self, asking: Asking[T]) -> T:
        try:
            asked = next(asking)
            while True:
                asked = asking.send(self._ask(asked))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    @contextmanager
    def _answer(
        self, asked: Asked[Any], headers: Mapping[str, str] = _NONE
    ) -> Iterator[tuple[http.client.HTTPResponse, TimelySocket]]:
        """Send what is *asked*; hand over the answer and its socket. Raises `ControlUnreachable`, also while it is being read.

        What was sent and is not answered in time is another error than what could not be sent.
        """
        if said := operations.objection(self.url, self.token):
            raise ControlUnreachable(said)
        place, context = urlsplit(self.url), self._trusted()
        host, port = place.hostname or "", place.port or (443 if context else 80)
        try:
            line = TimelySocket(host, port, self.timeout, context)
        except OSError as error:
            raise unreachable(self.url, error) from error
        connection = http.client.HTTPConnection(host, port)
        connection.sock = line
        sent = {**asked.headers(self.token), **headers, "Connection": "close"}
        encoded = {name: value.encode() for name, value in sent.items()}  # as treq does; by itself it would be Latin-1
        try:
            connection.request(asked.method, asked.at(self.url), asked.body, encoded)
            with connection.getresponse() as response:
                yield response, line
        except TimeoutError as error:
            raise late(self.url, asked, self.timeout) from error
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(self.url, error) from error
        finally:
            connection.close()

    def _trusted(self) -> ssl.SSLContext | None:
        """Return what trusts whom this client does, None where it speaks no TLS; raises `ControlUnreachable`."""
        if urlsplit(self.url).scheme == "http":
            return None
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise ControlUnreachable(f"{self.ca} holds no CA to trust: {error}") from error


def _piece(response: http.client.HTTPResponse) -> bytes:
    """Return what comes next of a stream, b"" when all has come; raises `ConnectionError` where it broke off, or is silent."""
    try:
        piece = response.read1(_PIECE)
    except TimeoutError as error:
        raise ConnectionAbortedError("the stream of events was silent for too long") from error
    except http.client.IncompleteRead as error:
        raise ConnectionResetError("the stream of events has ended") from error
    if not piece and not response.chunked:  # who ends like this may have lost the rest
        raise ConnectionResetError("the stream of events has ended")
    return piece
