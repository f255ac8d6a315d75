"""One simulated appliance: asked at three moments, it decides, and somebody else performs.

No Twisted, no sockets, and it never looks at a clock: every moment comes in as `When`. Everything that changes (nonces,
fault counters, totals, the PBX clock) is touched at `admit`, `handshake`, `decide`, `record` and `change_clock`, which
run in the reactor thread; what runs in the worker is a `Lookup`, which carries all it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from ucmsim import pages
from ucmsim.asked import Asked
from ucmsim.auth import judge
from ucmsim.cdrapi import Search
from ucmsim.clock import PbxClock, When
from ucmsim.face import Face, Work
from ucmsim.faults import NOTHING, Admission, Armed, Facts, FaultBook, Handshake, Moment, PortState, Settled, Situation
from ucmsim.faults.api import Restart
from ucmsim.history import History
from ucmsim.journal import Discretion, Exchange, Hygiene, Journal, Opening, Visit
from ucmsim.journal.masking import masked
from ucmsim.journal.visits import CLOSED_AT_ACCEPT
from ucmsim.nonces import Nonces
from ucmsim.personalities import personality
from ucmsim.refusals import Code, Refusal
from ucmsim.reply import Content, Ending, HangUp, Reply, Wait
from ucmsim.request import ApiRequest, Reading
from ucmsim.retrieval import Retrieval
from ucmsim.served import Served
from ucmsim.settings import ClockChange
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.sight import Twists
from ucmsim.spool import Spool
from ucmsim.streams import stream

Dress = Callable[[Content], Reply]
"""Makes a `Reply` of what a handler answers; knows the request's circumstances."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Work for the worker thread, and how what it answers is dressed."""

    work: Work
    dress: Dress

    def reply(self) -> Reply:
        """Look up and dress: what the worker is given to do."""
        return self.dress(self.work.content())


_CHALLENGED = Refusal.of(
    Code.CHALLENGED_BY_FAULT,
    "the credentials are good, and a fault asks for them again",
    "give up after the second 401",
)

_FACES = 32
"""Faces beside its own that a PBX keeps; they are built anew when they are seen again."""
_RESTARTS = Refusal.of(Code.CUT_BY_FAULT, "the PBX restarts", "wait, and ask again")


@dataclass(slots=True)
class Totals:
    """What has happened since the PBX began."""

    exchanges: int = 0
    rows: int = 0
    refused: int = 0


class Pbx:
    """One appliance: settings, personality, clock, history, spool and faults, and the decisions they lead to."""

    def __init__(
        self,
        name: str,
        settings: PbxSettings,
        history: History,
        spool: Spool,
        clock: PbxClock,
        *,
        seed: int,
        defects: Collection[str],
        refusable: Collection[str] = (),
        journal: Journal | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.history = history
        self._clock = clock
        self.totals = Totals()
        # Not by its truth: one without events is none.
        self.journal = Journal.of(settings.journal) if journal is None else journal
        self._hygiene = Hygiene(frozenset(refusable), settings.journal.connections)
        self._visits = 0
        self.quirks = settings.register
        self.faults = FaultBook(partial(stream, seed, name, "fault"), defects)
        self.reading = Reading.of(self.quirks)
        self._spool = spool
        self._face = Face.of(settings, history, spool)
        self._others: dict[tuple[object, ...], Face] = {}
        self._nonces = Nonces.of(stream(seed, name, "nonces"), self.quirks)
        self._down_until = float("-inf")
        self._down_by: tuple[Armed, ...] = ()
        self.went_down: Callable[[], object] = lambda: None
        self._discretion = Discretion.of(self._face.account, tuple(f"/{name}" for name in self._face.handlers))
        for spec in settings.faults:
            self.faults.arm(spec, clock.began)

    @property
    def clock(self) -> PbxClock:
        """What the appliance believes the time to be, until it is changed."""
        return self._clock

    def change_clock(self, change: ClockChange, wall: float) -> None:
        """Move the PBX clock as *change* has it, at *wall* seconds; what was decided before keeps its moment."""
        self._clock = self._clock.changed(change, wall)
        self.faults.changed()  # with the clock come and go those that keep its hours

    def port(self, wall: float) -> tuple[PortState, Settled]:
        """Return whether the port is open at *wall* seconds, and the faults that keep it closed.

        `went_down` is called when it closes because of a restart.
        """
        settled = self.faults.settle(Moment.LISTEN, self._known(""), self._clock.at(wall))
        state, names = settled.applied(PortState()), settled.names
        # Who takes the fault away that had it restart has it up again.
        if wall < self._down_until and (down_by := [one for one in self._down_by if self.faults.holds(one)]):
            state, names = PortState(is_open=False, cuts=True), (*names, *(one.fired_name for one in down_by))
        return replace(state, faults=names), settled

    def turned(self, opening: Opening, wall: float) -> None:
        """Take into the journal that the port closed, or opened again, at *wall* seconds."""
        self.journal.add(opening.as_entry(self.name, self._clock.at(wall)))

    # --- at accept -------------------------------------------------------------------------------------------------

    def admit(self, peer: str, others: int, wall: float) -> Admission:
        """Decide at *wall* seconds whether the connection of *peer* is served while *others* are open. Spec 0b: session cap, ACL."""
        cap = self.quirks.number("session-cap")
        if cap is not None and others >= cap:
            said = f"{peer} is one connection too many: {cap} are open (quirk session-cap)"
            return Admission.refused(Refusal.of(Code.SESSION_CAP, said, "close connections, or open fewer at a time"))
        if self.quirks["acl-denial"] == "drop":
            passes, why = self._face.access.permitted(peer)
            if not passes:
                return Admission.refused(self._face.access.refusal(why), f"{why} (quirk acl-denial: drop)")
        settled = self.faults.settle(Moment.ADMIT, self._known(peer), self._clock.at(wall))
        settled.count()
        return replace(settled.applied(Admission(others=others)), faults=settled.names)

    def arrived(self, peer: str, port: int, admission: Admission, wall: float) -> Visit:
        """Begin the account of a connection that was accepted at *wall*, or refused, as *admission* has it."""
        self._visits += 1
        visit = Visit(self._visits, peer, port, self._clock.at(wall), faults=admission.faults)
        if not admission.serve:
            visit.refusal, visit.ended = admission.refusal, CLOSED_AT_ACCEPT
        self._hygiene.arrived(visit, wall)
        if not admission.serve:
            self.journal.add(visit.as_entry(self.name, self._clock.at(wall)))
        return visit

    def closing(self, visit: Visit) -> None:
        """Learn that the device has closed a connection, though its socket may linger."""
        self._hygiene.closing(visit)

    def left(self, visit: Visit, wall: float) -> None:
        """Take the account of a connection that ended at *wall* into the journal."""
        self._hygiene.left(visit, wall)
        self.journal.add(visit.as_entry(self.name, self._clock.at(wall)))

    # --- at the ClientHello ----------------------------------------------------------------------------------------

    def handshake(self, peer: str, wall: float) -> Handshake:
        """Decide what the client *peer* is shown at its ClientHello, at *wall* seconds."""
        settled = self.faults.settle(Moment.HANDSHAKE, self._known(peer), self._clock.at(wall))
        settled.count()
        handshake = Handshake(tickets=not self.faults.any_at(Moment.HANDSHAKE), faults=settled.names)
        return settled.applied(handshake)

    # --- when the request is there ---------------------------------------------------------------------------------

    def decide(self, request: ApiRequest, when: When) -> Reply | Lookup:
        """Decide what *request* gets: a reply, or a lookup whose `reply` is made in the worker.

        The order of the checks is that of spec 2.9, unless unknown paths are checked like the others.
        """
        # Where the device looks for a handler first, what is armed in front of one never touches an unknown path.
        checked = (request.handler or "") in self._face.handlers or not self._face.nowhere_first
        facts = self._known(request.peer, request, when)
        api = self.faults.settle(Moment.DECIDE, facts, when) if checked else NOTHING
        face, situation = self._seen(request.peer, api)
        if situation.restart is not None:
            api.count()
            return self._restarted(when.wall, situation.restart, api)
        decided = self._checked(request, when, face, situation)
        if isinstance(decided, Content) and decided.status == 401:
            api = api.about_authentication()
            api.count()
            return self._dress(request, when.pbx, face, before=(api,))(decided)
        api.count()
        data: tuple[Settled, ...] = ()
        if isinstance(decided, Search):
            data = self._settled(facts, when, Moment.SEARCH, Moment.PAGE)
        elif isinstance(decided, Retrieval):
            data = self._settled(facts, when, Moment.MEDIA)
        dress = self._dress(request, when.pbx, face, before=(api, *data), replying=self._replying(facts, when))
        if isinstance(decided, Content):
            return dress(decided)
        if isinstance(decided, Search):
            sees, found = data
            twists = Twists(sees.applied, found.applied) if sees.acting or found.acting else None
            search = replace(decided, failure=situation.search_fails, twists=twists)
            return Lookup(search, _later(dress, situation.search_takes))
        if isinstance(decided, Retrieval) and data[0].acting:
            return Lookup(replace(decided, twist=data[0].applied), dress)
        return Lookup(decided, dress)

    def answer(self, request: ApiRequest, when: When) -> Reply:
        """Decide and look up in one go: what tests call."""
        decided = self.decide(request, when)
        return decided.reply() if isinstance(decided, Lookup) else decided

    def malformed(self, page: Content, peer: str, when: When) -> Reply:
        """Return the reply to bytes that never became a request, *page* being the device's."""
        return self._dress(None, when.pbx, self._face, replying=self._replying(self._known(peer), when))(page)

    def record(
        self,
        exchange: Exchange,
        request: ApiRequest | None = None,
        visit: Visit | None = None,
        served: Served | None = None,
    ) -> Exchange:
        """Take *exchange* into the journal, and return it as it is told there: marked, and without credentials.

        *request* is what it answers, None if it never became one, *visit* the connection that it was on, *served* the
        page that it got.
        """
        marks: tuple[str, ...] = ()
        if visit is not None:
            visit.requests += 1
        if request is not None:
            secret = self._discretion.hides(request.target.partition("?")[2])
            defect = visit.defect if visit else None
            marks = self._hygiene.marks(exchange, request, served, defect, secret=secret)
        self.totals.exchanges += 1
        self.totals.rows += exchange.rows or 0
        self.totals.refused += bool(exchange.note)
        told = masked(
            exchange,
            request,
            self._discretion,
            connection=visit.number if visit else exchange.connection,
            port=visit.port if visit else exchange.port,
            acctids=served.acctids if served else "",
            marks=marks,
        )
        self.journal.add(told.as_entry())
        return told

    def _known(self, peer: str, request: ApiRequest | None = None, when: When | None = None) -> Facts:
        """Return what faults can know of *peer*, and of its *request* that is decided *when*."""
        personality = self.settings.personality.id
        if request is None or when is None or not self.faults.armed:
            return Facts(peer, personality)
        asked = Asked(request, self.history, self.quirks, self.settings.time_zone, when)
        return Facts(peer, personality, request.handler, asked)

    # --- the checks, in order --------------------------------------------------------------------------------------

    def _seen(self, peer: str, faults: Settled) -> tuple[Face, Situation]:
        """Return the face that a request of *peer* sees, and its situation."""
        face = self._face
        situation = faults.applied(self._situation(peer, face))
        if situation.personality is not None or situation.chosen:
            face = self._other_face(situation)
            situation = faults.applied(self._situation(peer, face))
        return face, situation

    def _situation(self, peer: str, face: Face) -> Situation:
        passes, why = face.access.permitted(peer)
        return Situation(peer, passes, why, None if passes else face.access.refusal(why))

    def _other_face(self, situation: Situation) -> Face:
        """Return the face of the PBX with what the *situation* has chosen; built when it is first seen."""
        key = (situation.personality, *situation.chosen)
        if key not in self._others:
            if len(self._others) >= _FACES:
                self._others.clear()
            settings = self.settings
            changes: dict[str, Any] = {"quirks": {**settings.quirks, **dict(situation.chosen)}}
            if situation.personality is not None:
                changes["personality"] = personality(situation.personality)
            self._others[key] = Face.of(settings.model_copy(update=changes), self.history, self._spool)
        return self._others[key]

    def _checked(self, request: ApiRequest, when: When, face: Face, situation: Situation) -> Content | Work:
        handler = face.handlers.get(request.handler or "")
        if handler is None and (page := self._nowhere(request.handler, face)):
            return page
        if not situation.permitted:
            return pages.DENIED.refused(situation.refusal or face.access.refusal(situation.why))
        methods = self.reading.methods
        unknown_method = request.method not in methods
        if not (unknown_method and face.method_first) and (face.authenticates or situation.challenged):
            challenge = self._challenge(request, when, face, situation)
            if challenge is not None:
                return challenge
        if unknown_method:
            return pages.NOT_IMPLEMENTED.refused(
                Refusal.of(Code.METHOD, f"the method is none of {', '.join(methods)}", "send GET")
            )
        if handler is None:
            return pages.NOT_FOUND
        if request.form_too_large:
            return pages.form_too_large(self.reading.form_limit)
        return handler(request, when)

    def _nowhere(self, path: str | None, face: Face) -> Content | None:
        """Return the page for a *path* that nobody serves, None if it comes after the checks. Spec 2.6."""
        if face.static_denied and path is not None and (path == "static" or path.startswith("static/")):
            return pages.NOTHING_STATIC
        return pages.NOT_FOUND if face.nowhere_first else None

    def _challenge(self, request: ApiRequest, when: When, face: Face, seen: Situation) -> Content | None:
        account, nonces = face.account, self._nonces
        if seen.username is not None or seen.password is not None:
            username, password = seen.username or account.username, seen.password or account.password
            account = replace(account, username=username, password=password)
        if face is not self._face:
            nonces = nonces.under(face.quirks)
        if seen.nonce_lifetime is not None:
            nonces = nonces.with_lifetime(seen.nonce_lifetime)
        given, always = request.header("authorization"), seen.challenged
        verdict = judge(given, request.method, account, nonces, when.wall, target=request.target)
        if verdict.granted and not always:
            return None
        stale = always == "stale" if always else verdict.stale
        page = pages.unauthorized(seen.realm or account.realm, nonces.issue(when.wall), stale=stale)
        return page.refused(verdict.refusal or _CHALLENGED)

    def _restarted(self, wall: float, seconds: float, faults: Settled) -> Reply:
        """Go down for so many *seconds* in the middle of a request, which gets a reset."""
        self._down_until = wall + seconds
        self._down_by = tuple(one.armed for one in faults.acting if isinstance(one.acts, Restart))
        self._nonces.forget()
        self.went_down()
        return Reply(
            0, "", (), (HangUp(Ending.RESET),), note=_RESTARTS.sentence, faults=faults.names, refusal=_RESTARTS
        )

    # --- the head --------------------------------------------------------------------------------------------------

    def _replying(self, facts: Facts, when: When) -> tuple[Settled, Settled]:
        """Settle and count what is done to the content of a reply, and to the reply."""
        contents, http = self._settled(facts, when, Moment.CONTENT, Moment.REPLY)
        return contents, http

    def _settled(self, facts: Facts, when: When, *moments: Moment) -> tuple[Settled, ...]:
        """Settle and count the faults of *moments*."""
        settled = tuple(self.faults.settle(moment, facts, when) for moment in moments)
        for one in settled:
            one.count()
        return settled

    def _dress(
        self,
        request: ApiRequest | None,
        now: datetime,
        face: Face,
        *,
        before: tuple[Settled, ...] = (),
        replying: tuple[Settled, Settled] = (NOTHING, NOTHING),
    ) -> Dress:
        contents, http = replying
        names = tuple(name for one in (*before, contents, http) for name in one.names)
        dress = partial(
            face.heading.dressed,
            now=now,
            head_only=request is not None and request.method == "HEAD",
            keep=self._keeps(request),
        )
        return partial(_finish, dress, contents, http, names)

    def _keeps(self, request: ApiRequest | None) -> bool:
        """Return whether the connection stays open after *request*: a quirk, and only as Asterisk 13 would."""
        if request is None or request.unread or self.quirks.number("keep-alive") is None:
            return False
        return (request.header("connection") or "").lower() != "close"


def _later(dress: Dress, seconds: float) -> Dress:
    """Return *dress*, whose replies wait so many *seconds* first."""
    return (lambda content: dress(content).first(Wait(seconds))) if seconds else dress


def _finish(dress: Dress, contents: Settled, http: Settled, names: tuple[str, ...], content: Content) -> Reply:
    """Dress *content*, after the faults about content had it, then let those of the http plane at it."""
    reply = http.applied(dress(contents.applied(content)))
    return replace(reply, faults=names) if names else reply
