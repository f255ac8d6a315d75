"""One simulated appliance: asked at three moments, it decides, and somebody else performs.

No Twisted, no sockets, no clock of its own: every moment comes in as `When`. Everything that changes (nonces, fault
counters, totals) is touched at `admit`, `handshake`, `decide` and `record`, which run in the reactor thread; what
runs in the worker is a `Lookup`, which carries all it needs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ucmsim import pages
from ucmsim.acl import permitted
from ucmsim.auth import REALM, Account, Nonces, judge
from ucmsim.clock import PbxClock, When
from ucmsim.columns import GENERATIONS, Generation, Row
from ucmsim.faults import Admission, FaultBook, Handshake, Moment, Situation
from ucmsim.faults.arming import Settled
from ucmsim.head import dressed
from ucmsim.history import History
from ucmsim.journal import Discretion, Exchange
from ucmsim.query import Circumstances, Code, Format, Query, Refusal, parse
from ucmsim.render import rendered
from ucmsim.reply import Bytes, Content, Reply
from ucmsim.request import ApiRequest, Params
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.streams import stream

Dress = Callable[[Content], Reply]
"""Makes a `Reply` of what a handler answers; knows the request's circumstances."""


@dataclass(frozen=True, slots=True)
class Page:
    """The rows a lookup found, or why the device would have found none."""

    rows: tuple[Row, ...]
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What a lookup looks for, and where: the history as it was up to the row id *up_to*."""

    history: History
    query: Query
    generation: Generation
    up_to: int
    newest_first: bool
    shift: bool


@dataclass(frozen=True, slots=True)
class Lookup:
    """Work for the worker thread: read the page and render it. Carries everything, changes nothing."""

    search: Search
    dress: Dress

    def reply(self) -> Reply:
        """Read and render: what the worker is given to do."""
        return self.render(self.run())

    def run(self) -> Page:
        """Read the page; a database that fails is a refusal (E10), not an error."""
        search = self.search
        try:
            rows = search.history.page(
                search.query, search.generation, up_to=search.up_to, newest_first=search.newest_first
            )
        except sqlite3.Error as error:
            said = f"the database failed: {error}"
            return Page((), Refusal(Code.DATABASE, "", said, "", search.query.format))
        return Page(tuple(rows))

    def render(self, page: Page) -> Reply:
        """Return the reply that shows *page*."""
        form = self.search.query.format
        body = rendered(form, self.search.generation, page.rows, shift=self.search.shift)
        return self.dress(_shown(form, body, len(page.rows), page.refusal))


Handler = Callable[[ApiRequest, When], Content | Search]
"""Answers the requests for one path, once all checks have passed."""


@dataclass(slots=True)
class Totals:
    """What has happened since the PBX began."""

    exchanges: int = 0
    rows: int = 0
    refused: int = 0


class Pbx:
    """One appliance: settings, personality, clock, history and faults, and the decisions they lead to."""

    def __init__(
        self,
        name: str,
        settings: PbxSettings,
        history: History,
        clock: PbxClock,
        *,
        seed: int,
        defects: Collection[str],
    ) -> None:
        self.name = name
        self.settings = settings
        self.history = history
        self.clock = clock
        self.totals = Totals()
        self.quirks = settings.register
        self.generation = GENERATIONS[settings.personality.generation]
        self.faults = FaultBook(partial(stream, seed, name, "fault"), defects)
        self._nonces = Nonces(stream(seed, name, "nonces"))
        api = settings.api
        self._account = Account(
            api.tls_authentication_name or "",
            api.tls_authentication_password or "",
            basic=self.quirks["basic-auth"] == "accept",
        )
        self._handlers: dict[str, Handler] = {"cdrapi": self._cdrapi}
        self._discretion = Discretion.of(self._account, tuple(f"/{name}" for name in self._handlers))
        for spec in settings.faults:
            self.faults.arm(spec)

    # --- at accept -------------------------------------------------------------------------------------------------

    def admit(self, peer: str, others: int) -> Admission:
        """Decide whether the connection of *peer* is served while *others* are open. Spec 0b: session cap, ACL."""
        cap = self.quirks.number("session-cap")
        if cap is not None and others >= cap:
            return Admission(serve=False, why=f"{peer} is one connection too many: {cap} are open (quirk session-cap)")
        if self.quirks["acl-denial"] == "drop":
            passes, why = permitted(self.settings.api.entries, peer)
            if not passes:
                return Admission(serve=False, why=f"{why} (quirk acl-denial: drop)")
        settled = self.faults.settle(Moment.ADMIT, peer)
        settled.count()
        return settled.applied(Admission())

    # --- at the ClientHello ----------------------------------------------------------------------------------------

    def handshake(self, peer: str) -> Handshake:
        """Decide what the client *peer* is shown at its ClientHello."""
        settled = self.faults.settle(Moment.HANDSHAKE, peer)
        settled.count()
        handshake = Handshake(tickets=not self.faults.any_at(Moment.HANDSHAKE), faults=settled.names)
        return settled.applied(handshake)

    # --- when the request is there ---------------------------------------------------------------------------------

    def decide(self, request: ApiRequest, when: When) -> Reply | Lookup:
        """Decide what *request* gets: a reply, or a lookup whose `reply` is made in the worker.

        The order of the checks is that of spec 2.9.
        """
        handler = self._handlers.get(request.handler or "")
        # The device looks for a handler first, so what stands in front of one never touches an unknown path.
        api = self.faults.settle(Moment.DECIDE, request.peer, request.handler) if handler else Settled()
        decided = self._checked(handler, request, when, api) if handler else pages.NOT_FOUND
        if isinstance(decided, Content) and decided.status == 401:
            return self._dress(request, when.pbx, Settled(), Settled())(decided)
        api.count()
        http = self.faults.settle(Moment.REPLY, request.peer, request.handler)
        http.count()
        dress = self._dress(request, when.pbx, api, http)
        return Lookup(decided, dress) if isinstance(decided, Search) else dress(decided)

    def answer(self, request: ApiRequest, when: When) -> Reply:
        """Decide and look up in one go: what tests call."""
        decided = self.decide(request, when)
        return decided.reply() if isinstance(decided, Lookup) else decided

    def malformed(self, page: Content, peer: str, when: When) -> Reply:
        """Return the reply to bytes that never became a request, *page* being the device's."""
        http = self.faults.settle(Moment.REPLY, peer)
        http.count()
        return self._dress(None, when.pbx, Settled(), http)(page)

    def record(self, exchange: Exchange, params: Params = ()) -> Exchange:
        """Count *exchange*, whose request had *params*, and return it without the PBX's secrets."""
        self.totals.exchanges += 1
        self.totals.rows += exchange.rows or 0
        self.totals.refused += bool(exchange.note)
        discreet = self._discretion
        return replace(
            exchange,
            method=discreet.word(exchange.method),
            target=discreet.target(exchange.target),
            note=discreet.note(exchange.note, params),
        )

    # --- the checks, in order --------------------------------------------------------------------------------------

    def _checked(self, handler: Handler, request: ApiRequest, when: When, faults: Settled) -> Content | Search:
        situation = self._situation(request.peer, faults)
        if not situation.permitted:
            return replace(pages.DENIED, note=situation.why)
        if request.method not in ("GET", "HEAD", "POST"):
            return pages.NOT_IMPLEMENTED
        if self.settings.api.authenticates:
            challenge = self._challenge(request, when)
            if challenge is not None:
                return challenge
        if request.form_too_large:
            return pages.FORM_TOO_LARGE
        return handler(request, when)

    def _situation(self, peer: str, faults: Settled) -> Situation:
        return faults.applied(Situation(peer, *permitted(self.settings.api.entries, peer)))

    def _challenge(self, request: ApiRequest, when: When) -> Content | None:
        accept_unknown = self.quirks["unknown-nonce"] == "accept"
        verdict = judge(
            request.header("authorization"),
            request.method,
            self._account,
            self._nonces,
            when.wall,
            accept_unknown=accept_unknown,
        )
        if verdict.granted:
            return None
        page = pages.unauthorized(REALM, self._nonces.issue(when.wall), stale=verdict.stale)
        return replace(page, note=verdict.why)

    def _cdrapi(self, request: ApiRequest, when: When) -> Content | Search:
        query = parse(request.params, Circumstances(self.quirks, self.settings.time_zone, when.pbx))
        if isinstance(query, Refusal):
            return _shown(query.format, rendered(query.format, self.generation, ()), 0, query)
        return Search(
            self.history,
            query,
            self.generation,
            up_to=self.history.high_water,
            newest_first=self.quirks["order"] == "desc",
            shift=self.quirks["group-shift"] == "one",
        )

    # --- the head --------------------------------------------------------------------------------------------------

    def _dress(self, request: ApiRequest | None, now: datetime, api: Settled, http: Settled) -> Dress:
        dress = partial(
            dressed,
            server=str(self.quirks["server"]),
            order=int(self.quirks["head-order"]),
            now=now,
            head_only=request is not None and request.method == "HEAD",
            keep=self._keeps(request),
        )
        return partial(_finish, dress, http, api.names + http.names)

    def _keeps(self, request: ApiRequest | None) -> bool:
        """Return whether the connection stays open after *request*: a quirk, and only as Asterisk 13 would."""
        if request is None or request.unread or self.quirks.number("keep-alive") is None:
            return False
        return (request.header("connection") or "").lower() != "close"


def _shown(form: Format, body: bytes, rows: int, refusal: Refusal | None) -> Content:
    headers = (("Content-type", form.value),)
    return Content(200, "OK", headers, Bytes(body), rows=rows, note=str(refusal or ""))


def _finish(dress: Dress, http: Settled, names: tuple[str, ...], content: Content) -> Reply:
    """Dress *content*, then let the faults of the http plane at it."""
    reply = http.applied(dress(content))
    return replace(reply, faults=names) if names else reply
