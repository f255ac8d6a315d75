"""One simulated appliance: asked at three moments, it decides, and somebody else performs.

No Twisted, no sockets, and it never looks at a clock: every moment comes in as `When`. Everything that changes (nonces,
fault counters, counts, the PBX clock) is touched at `admit`, `handshake`, `decide`, `record` and `change_clock`, which
run in the reactor thread; what runs in the worker is a `Lookup`, which carries all it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from ucmsim.appliance.asked import Asked
from ucmsim.appliance.bookkeeping import Bookkeeping
from ucmsim.appliance.checks import Checks
from ucmsim.appliance.downtime import Downtime
from ucmsim.appliance.face import Face, Faces
from ucmsim.appliance.lookup import Dress, Lookup, dressing, waiting
from ucmsim.authentication.nonces import Nonces
from ucmsim.cdr.cdrapi import Search
from ucmsim.cdr.sight import Twists
from ucmsim.clock import PbxClock, When
from ucmsim.faults import NOTHING, Admission, Arming, Facts, FaultBook, Handshake, Moment, PortState, Settled
from ucmsim.http.reply import Content, Ending, HangUp, Reply
from ucmsim.http.request import ApiRequest, Reading
from ucmsim.http.served import Served
from ucmsim.journal import Exchange, Hygiene, Journal, Opening, Visit
from ucmsim.recording.retrieval import Retrieval
from ucmsim.recording.spool import Spool
from ucmsim.refusals import Code, Refusal
from ucmsim.settings import ClockChange
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.store.deliveries import Deliveries, Sent
from ucmsim.store.history import History
from ucmsim.streams import stream

EXPIRED = "expired"
"""The defect of a certificate that was good until it ended."""
_A_SECOND = timedelta(seconds=1)
_RESTARTS = Refusal.of(Code.CUT_BY_FAULT, "the PBX restarts", "wait, and ask again")


class Pbx:
    """One appliance: settings, personality, clock, history, spool and faults, and the decisions they lead to.

    *faults* are those of a PBX that it goes on from; without them those of its settings are armed. What it *shows* is
    the defect of its certificate where no fault shows something else, and it has another from when that *ends*.
    """

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
        faults: FaultBook | None = None,
    ) -> None:
        self.name = name
        self.history = history
        self._clock = clock
        # Not by its truth: one without events is none.
        self.journal = Journal.of(settings.journal) if journal is None else journal
        self.deliveries = Deliveries(history.delivered.write)
        hygiene = Hygiene(frozenset(refusable), settings.journal.connections)
        self.books = Bookkeeping(name, self.journal, hygiene, self.deliveries)
        self.quirks = settings.register
        self.faults = FaultBook(partial(stream, seed, name, "fault"), defects) if faults is None else faults
        self.shows: str | None = None
        self.ends: datetime | None = None
        self.reading = Reading.of(self.quirks)
        self._spool = spool
        self.nonces = Nonces.of(stream(seed, name, "nonces"), self.quirks)
        self._downtime = Downtime(self.faults)
        self.went_down: list[Callable[[], object]] = []
        self.configure(settings)
        self.faults.learns = self._learns
        for one in self.faults.armed.values():
            self._learns(one.arming)
        if faults is None:
            for spec in settings.faults:
                self.faults.arm(spec, clock.began)

    def configure(self, settings: PbxSettings) -> None:
        """Go by *settings* from now on, which differ in the API Configuration page alone; what was decided before stays."""
        self.settings = settings
        self._faces = Faces(settings, self.history, self._spool)
        self._checks = Checks(self.reading, self._faces, self.nonces)
        self.journal.passwords.paths = tuple(f"/{name}" for name in self._faces.own.handlers)
        self.books.keep_secret(self._faces.own.account)

    def _learns(self, armed: Arming) -> None:
        self.books.keep_secret(self._faces.own.account, armed.secrets, getattr(armed.fault, "username", None))

    def go_on(self, before: Pbx) -> None:
        """Count on where the PBX *before* has left off, in the same universe."""
        self.books.go_on(before.books)
        self.remember(before)

    def remember(self, before: Pbx) -> None:
        """Keep secret what was a password of the PBX *before*: its clients may not have forgotten it."""
        self.books.remember(before.books)

    @property
    def clock(self) -> PbxClock:
        """What the appliance believes the time to be, until it is changed."""
        return self._clock

    def change_clock(self, change: ClockChange, wall: float) -> None:
        """Move the PBX clock as *change* has it, at *wall* seconds; what was decided before keeps its moment.

        Raises `ucmsim.instants.NoInstant` for a step that leads out of time.
        """
        self._clock.check(change, wall)
        self._clock = self._clock.changed(change, wall)
        self.faults.changed()  # with the clock come and go those that keep its hours

    def port(self, wall: float) -> tuple[PortState, Settled]:
        """Return whether the port is open at *wall* seconds, and the faults that keep it closed.

        All of `went_down` are called when it closes because of a restart.
        """
        settled = self.faults.settle(Moment.LISTEN, self._known(""), self._clock.at(wall))
        state, names = settled.applied(PortState()), settled.names
        if down_by := self._downtime.names(wall):
            state, names = PortState(is_open=False, cuts=True), (*names, *down_by)
        return replace(state, faults=names), settled

    def turned(self, opening: Opening, wall: float) -> None:
        """Take into the journal that the port closed, or opened again, at *wall* seconds."""
        self.books.tell(opening.as_entry(self.name, self._clock.at(wall)))

    # --- at accept -------------------------------------------------------------------------------------------------

    def admit(self, peer: str, others: int, wall: float) -> Admission:
        """Decide at *wall* seconds whether the connection of *peer* is served while *others* are open. Spec 0b: session cap, ACL."""
        cap = self.quirks.number("session-cap")
        if cap is not None and others >= cap:
            said = f"{peer} is one connection too many: {cap} are open (quirk session-cap)"
            return Admission.refused(Refusal.of(Code.SESSION_CAP, said, "close connections, or open fewer at a time"))
        if self.quirks["acl-denial"] == "drop":
            access = self._faces.own.access
            passes, why = access.permitted(peer)
            if not passes:
                return Admission.refused(access.refusal(why), f"{why} (quirk acl-denial: drop)")
        settled = self.faults.settle(Moment.ADMIT, self._known(peer), self._clock.at(wall))
        settled.count()
        return replace(settled.applied(Admission(others=others)), faults=settled.names)

    def arrived(self, peer: str, port: int, admission: Admission, wall: float) -> Visit:
        """Begin the account of a connection that was accepted at *wall*, or refused, as *admission* has it."""
        return self.books.arrived(peer, port, admission, self._clock.at(wall))

    def closing(self, visit: Visit) -> None:
        """Learn that the device has closed a connection, though its socket may linger."""
        self.books.hygiene.closing(visit)

    def left(self, visit: Visit, wall: float) -> None:
        """Take the account of a connection that ended at *wall* into the journal."""
        self.books.left(visit, self._clock.at(wall))

    # --- at the ClientHello ----------------------------------------------------------------------------------------

    def handshake(self, peer: str, wall: float) -> Handshake:
        """Decide what the client *peer* is shown at its ClientHello, at *wall* seconds."""
        settled = self.faults.settle(Moment.HANDSHAKE, self._known(peer), self._clock.at(wall))
        settled.count()
        # A session that is resumed never looks at the certificate.
        tickets = (self.shows or self.ends) is None and not self.faults.any_at(Moment.HANDSHAKE)
        handshake = settled.applied(Handshake(tickets=tickets, faults=settled.names))
        return handshake if handshake.identity else replace(handshake, defect=self.flaw(wall))

    def flaw(self, wall: float) -> str | None:
        """Return the defect of what is shown at *wall* seconds where no fault shows something else, None for a good one.

        Clients differ over the second in which a certificate ends: it is good until that is over.
        """
        ended = self.ends is not None and self._clock.at(wall).pbx >= self.ends + _A_SECOND
        return EXPIRED if ended else self.shows

    # --- when the request is there ---------------------------------------------------------------------------------

    def decide(self, request: ApiRequest, when: When) -> Reply | Lookup:
        """Decide what *request* gets: a reply, or a lookup whose `reply` is made in the worker.

        The order of the checks is that of spec 2.9, unless unknown paths are checked like the others.
        """
        # Where the device looks for a handler first, what is armed in front of one never touches an unknown path.
        own = self._faces.own
        checked = (request.handler or "") in own.handlers or not own.nowhere_first
        facts = self._known(request.peer, request, when)
        api = self.faults.settle(Moment.DECIDE, facts, when) if checked else NOTHING
        face, situation = self._faces.seen(request.peer, api)
        decided = self._checks.passed(request, when, face, situation)
        if isinstance(decided, Content) and decided.status == 401:
            api = api.about_authentication()
            api.count()
            return self._dress(request, when.pbx, face, before=(api,))(decided)
        api.count()
        if situation.restart is not None:
            return self._restarted(when.wall, situation.restart, api)
        facts = self._known(request.peer, request, when, face)
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
            return Lookup(search, waiting(dress, situation.search_takes))
        if isinstance(decided, Retrieval) and data[0].acting:
            return Lookup(replace(decided, twist=data[0].applied), dress)
        return Lookup(decided, dress)

    def answer(self, request: ApiRequest, when: When) -> Reply:
        """Decide and look up in one go: what tests call."""
        decided = self.decide(request, when)
        return decided.reply() if isinstance(decided, Lookup) else decided

    def malformed(self, page: Content, peer: str, when: When) -> Reply:
        """Return the reply to bytes that never became a request, *page* being the device's."""
        return self._dress(None, when.pbx, self._faces.own, replying=self._replying(self._known(peer), when))(page)

    def record(
        self,
        exchange: Exchange,
        request: ApiRequest | None = None,
        visit: Visit | None = None,
        served: Served | None = None,
        sent: Sent | None = None,
    ) -> Exchange:
        """Take *exchange* into the journal, and return it as it is told there: marked, and without credentials.

        *request* is what it answers, None if it never became one, *visit* the connection that it was on, *served* the
        page that it got, *sent* what of that, or of recordings, went out.
        """
        return self.books.record(exchange, request, visit, served, sent)

    def _known(
        self, peer: str, request: ApiRequest | None = None, when: When | None = None, face: Face | None = None
    ) -> Facts:
        """Return what faults can know of *peer*, and of its *request* that is decided *when*, as it is by a *face*."""
        personality = self.settings.personality.id
        if request is None or when is None or not self.faults.armed:
            return Facts(peer, personality)
        asked = Asked(request, self.history, (face or self._faces.own).quirks, self.settings.time_zone, when)
        return Facts(peer, personality, request.handler, asked)

    def _restarted(self, wall: float, seconds: float, faults: Settled) -> Reply:
        """Go down for so many *seconds* in the middle of a request, which gets a reset."""
        self._downtime.begin(wall, seconds, faults)
        self.nonces.forget()
        for hears in self.went_down:
            hears()
        why = _RESTARTS
        return Reply(0, "", (), (HangUp(Ending.RESET),), note=why.sentence, faults=faults.names, refusal=why)

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
        return dressing(face, request, now, before=before, replying=replying, keeps=self._keeps(request))

    def _keeps(self, request: ApiRequest | None) -> bool:
        """Return whether the connection stays open after *request*: a quirk, and only as Asterisk 13 would."""
        if request is None or request.unread or self.quirks.number("keep-alive") is None:
            return False
        return (request.header("connection") or "").lower() != "close"
