"""A client of the control plane for Twisted programs, over treq: the operations of `ucmsim.client`, as Deferreds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from treq.client import HTTPClient
from twisted.internet.defer import CancelledError, Deferred
from twisted.web.client import Agent
from twisted.web.http_headers import Headers

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
from ucmsim.contract.errors import ControlUnreachable
from ucmsim.contract.eventstream import EventStream
from ucmsim.contract.methods import ControlMethods
from ucmsim.contract.operations import Asked, Asking, late, unreachable
from ucmsim.treqaddress import Ready, trusting
from ucmsim.treqbody import PulledBody, WholeBody
from ucmsim.treqfailures import NETWORK, cause_of

__all__ = ["TreqControlClient"]

T = TypeVar("T")
R = TypeVar("R")
_NONE: Mapping[str, Any] = MappingProxyType({})
_OK = 200


class TreqControlClient(ControlMethods):
    """Talks to the control plane at *url* with its *token*; every Deferred may fail with a `ControlError`.

    Its methods are those of `ucmsim.client.ControlClient`, and what they return comes in a Deferred; `follow_journal` alone
    returns what ``async for`` goes over. A Deferred that is cancelled fails with `CancelledError`. *timeout* is in seconds
    of the *reactor*. With https *ca* is the file of the CA to trust, None for those that the system trusts. With an *http* client
    of the caller's own, connections are kept or not, and servers trusted, as that one does.
    """

    def __init__(
        self,
        reactor: Any,
        url: str,
        token: str,
        *,
        timeout: float = 60.0,
        ca: str | None = None,
        http: HTTPClient | None = None,
    ) -> None:
        if ca is not None and http is not None:
            raise TypeError("an http client trusts whom it trusts; give it the CA, or leave it out")
        self._reactor = reactor
        self._url = url
        self._token = token
        self._timeout = timeout
        self._ca = ca
        self._http = http

    def __repr__(self) -> str:
        return f"TreqControlClient({self._url!r})"

    # --- the process ------------------------------------------------------------------------------------------------

    def health(self) -> Deferred[Health]:
        return self._ask(operations.HEALTH.ask())

    def readiness(self) -> Deferred[Readiness]:
        return self._ask(operations.READINESS.ask())

    def status(self) -> Deferred[Status]:
        return self._ask(operations.STATUS.ask())

    def openapi(self) -> Deferred[Mapping[str, Any]]:
        return self._ask(operations.OPENAPI.ask())

    def metrics(self) -> Deferred[str]:
        return self._ask(operations.METRICS.ask())

    # --- PBXs -------------------------------------------------------------------------------------------------------

    def pbxs(self) -> Deferred[list[Pbx]]:
        return self._listed(operations.PBXS.ask())

    def pbx(self, pbx: str) -> Deferred[Pbx]:
        return self._ask(operations.PBX.ask(pbx))

    def create_pbx(self, name: str, settings: Mapping[str, Any] = _NONE) -> Deferred[Pbx]:
        return self._ask(operations.CREATE_PBX.ask(body=operations.with_name(settings, name)))

    def put_pbx(self, pbx: str, settings: Mapping[str, Any]) -> Deferred[PbxChange]:
        return self._ask(operations.PUT_PBX.ask(pbx, body=settings))

    def change_pbx(self, pbx: str, changes: Mapping[str, Any]) -> Deferred[PbxChange]:
        return self._ask(operations.CHANGE_PBX.ask(pbx, body=changes))

    def delete_pbx(self, pbx: str) -> Deferred[None]:
        return self._ask(operations.DELETE_PBX.ask(pbx))

    def reset(self, pbx: str) -> Deferred[Pbx]:
        return self._ask(operations.RESET.ask(pbx))

    def snapshot(self, pbx: str, file: str) -> Deferred[Snapshot]:
        return self._ask(operations.SNAPSHOT.ask(pbx, body={"file": file}))

    def restore(self, pbx: str, file: str) -> Deferred[Pbx]:
        return self._ask(operations.RESTORE.ask(pbx, body={"file": file}))

    # --- what it looks like to its clients --------------------------------------------------------------------------

    def api(self, pbx: str) -> Deferred[Api]:
        return self._ask(operations.API.ask(pbx))

    def change_api(self, pbx: str, changes: Mapping[str, Any]) -> Deferred[Api]:
        return self._ask(operations.CHANGE_API.ask(pbx, body=changes))

    def identity(self, pbx: str) -> Deferred[Identity]:
        return self._ask(operations.IDENTITY.ask(pbx))

    def show_identity(self, pbx: str, identity: Mapping[str, Any] = _NONE) -> Deferred[Identity]:
        return self._ask(operations.SHOW_IDENTITY.ask(pbx, body=dict(identity)))

    # --- its clock --------------------------------------------------------------------------------------------------

    def clock(self, pbx: str) -> Deferred[Clock]:
        return self._ask(operations.CLOCK.ask(pbx))

    def change_clock(self, pbx: str, change: Mapping[str, Any]) -> Deferred[Clock]:
        return self._ask(operations.CHANGE_CLOCK.ask(pbx, body=change))

    # --- calls ------------------------------------------------------------------------------------------------------

    def calls(self, pbx: str, **which: str | int | datetime) -> Deferred[list[Call]]:
        return self._through(operations.all_calls(pbx, which)).addCallback(list)

    def place_call(self, pbx: str, call: Mapping[str, Any]) -> Deferred[PlacedCall]:
        return self._ask(operations.PLACE_CALL.ask(pbx, body=call))

    def place_calls(self, pbx: str, calls: Sequence[Mapping[str, Any]]) -> Deferred[list[PlacedCall]]:
        return self._listed(operations.PLACE_CALLS.ask(pbx, body=calls))

    def delete_cdrs(self, pbx: str) -> Deferred[int]:
        return self._ask(operations.DELETE_CDRS.ask(pbx)).addCallback(lambda answer: answer.deleted)

    def ledger(self, pbx: str, **which: str | int | datetime) -> Deferred[list[LedgerCall]]:
        return self._through(operations.all_in_ledger(pbx, which)).addCallback(list)

    def ledger_page(self, pbx: str, **which: str | int | datetime) -> Deferred[Page[LedgerCall]]:
        return self._ask(operations.LEDGER.ask(pbx, query=which))

    # --- faults -----------------------------------------------------------------------------------------------------

    def faults(self, pbx: str, **which: str) -> Deferred[list[Fault]]:
        return self._listed(operations.FAULTS.ask(pbx, query=which))

    def arm_fault(self, pbx: str, fault: Mapping[str, Any]) -> Deferred[Fault]:
        return self._ask(operations.ARM_FAULT.ask(pbx, body=fault))

    def change_fault(self, pbx: str, name: str, changes: Mapping[str, Any]) -> Deferred[Fault]:
        return self._ask(operations.CHANGE_FAULT.ask(pbx, name, body=changes))

    def clear_faults(self, pbx: str) -> Deferred[None]:
        return self._ask(operations.CLEAR_FAULTS.ask(pbx))

    def disarm_fault(self, pbx: str, name: str) -> Deferred[None]:
        return self._ask(operations.DISARM_FAULT.ask(pbx, name))

    # --- the journal ------------------------------------------------------------------------------------------------

    def journal_page(self, pbx: str, **filters: Any) -> Deferred[JournalPage]:
        return self._ask(operations.JOURNAL.ask(pbx, query=filters))

    def journal(self, pbx: str, **filters: Any) -> Deferred[list[Entry]]:
        return self._through(operations.all_events(pbx, filters)).addCallback(list)

    async def follow_journal(
        self, pbx: str, *, after: int | None = None, dropped: Callable[[int], object] | None = None, **filters: Any
    ) -> AsyncGenerator[Entry, None]:
        asked, headers = operations.following(pbx, after, filters)
        response = await self._in_time(asked, self._sent(asked, headers))
        if response.code != _OK:
            asked.answered(self._url, response.code, await self._in_time(asked, self._whole(response)))
        stream, event = EventStream(dropped), operations.events_of(self._url)
        body = PulledBody(self._reactor, max(self._timeout, operations.SILENCE))
        response.deliverBody(body)
        try:
            while piece := await self._reached(Deferred.fromCoroutine(body.piece())):
                for data in stream.more(piece):
                    yield event(data)
        finally:
            body.close()

    # --- carrying it out --------------------------------------------------------------------------------------------

    def _ask(self, asked: Asked[T]) -> Deferred[T]:
        return self._in_time(asked, self._answer(asked))

    def _in_time(self, asked: Asked[Any], answering: Coroutine[Any, Any, R]) -> Deferred[R]:
        """Let *answering* what is *asked* take no longer than the timeout; fails with `ControlTimeout`."""

        def unanswered(_failure: Any, seconds: float) -> Any:
            raise late(self._url, asked, seconds)

        return Deferred.fromCoroutine(answering).addTimeout(self._timeout, self._reactor, unanswered)

    def _listed(self, asked: Asked[Page[T]]) -> Deferred[list[T]]:
        return self._ask(asked).addCallback(lambda answer: list(answer.items))

    def _through(self, asking: Asking[T]) -> Deferred[T]:
        async def each() -> T:
            try:
                asked = next(asking)
                while True:
                    asked = asking.send(await self._ask(asked))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]

        return Deferred.fromCoroutine(each())

    async def _answer(self, asked: Asked[T]) -> T:
        response = await self._sent(asked, _NONE)
        return asked.answered(self._url, response.code, await self._whole(response))

    async def _whole(self, response: Any) -> bytes:
        """Return the body of a *response*; raises what `_reached` does."""
        body = WholeBody()
        response.deliverBody(body)
        return await self._reached(body.whole)

    async def _sent(self, asked: Asked[Any], headers: Mapping[str, str]) -> Any:
        """Send what is *asked* and return the response as soon as its head is there; raises `ControlUnreachable`."""
        if said := operations.objection(self._url, self._token):
            raise ControlUnreachable(said)
        sent, place = {**asked.headers(self._token), **headers}, urlsplit(self._url)
        self._http = self._http or HTTPClient(Agent(self._reactor, trusting(self._ca)))
        return await self._reached(
            self._http.request(
                asked.method,
                Ready.from_text(f"{place.scheme}://{place.netloc}{asked.at(self._url)}"),
                headers=Headers({name: [value] for name, value in sent.items()}),
                data=asked.body,
                allow_redirects=False,
                unbuffered=True,
                reactor=self._reactor,
            )
        )

    async def _reached(self, waiting: Deferred[T]) -> T:
        """Wait for what comes over the network; raises `ControlUnreachable`, and `CancelledError` where nobody waits any more."""
        given_up = False

        def give_up(_watched: Any) -> None:
            nonlocal given_up
            given_up = True
            waiting.cancel()  # which fails with something else in each stage of a request

        watched: Deferred[T] = Deferred(give_up)
        waiting.chainDeferred(watched)
        try:
            return await watched
        except NETWORK as error:
            if given_up:
                raise CancelledError from error
            raise unreachable(self._url, cause_of(error)) from error
