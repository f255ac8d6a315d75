"""What is known of the client: its exchanges and connections, as the journal tells them, and what they delivered. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ucmsim.contract.answers import Entry
from ucmsim.entry import among
from ucmsim.http.request import handler_of
from ucmsim.scenarios.language import Which


@dataclass(frozen=True, slots=True)
class Request:
    """An exchange: its *id* in the journal, when it began on both clocks, how it was answered, and the rows it carried.

    *delivered* of these were whole in what was handed over; of one that was *cut* short it is said once its *connection* is over.
    """

    id: int
    wall: float
    pbx: datetime
    peer: str
    target: str
    path: str
    status: int
    refusal: str | None
    faults: tuple[str, ...]
    kinds: tuple[str, ...]
    marks: tuple[str, ...]
    rows: int
    whole: bool
    delivered: int = 0
    connection: int = 0
    cut: bool = False

    def __str__(self) -> str:
        return f"GET {self.target} answered with {self.status or 'nothing'}"

    @property
    def is_challenge(self) -> bool:
        """Whether it did nothing but ask for credentials."""
        return self.status == 401

    def is_of(self, which: Which) -> bool:
        """Return whether it is one of those that *which* means."""
        return (
            (which.path is None or handler_of(which.path) == handler_of(self.path))
            and (which.status is None or which.status in (self.status, f"{self.status // 100}xx"))
            and among(which.refusal, () if self.refusal is None else (self.refusal,))
            and among(which.fault, (*self.faults, *self.kinds))
            and among(which.mark, self.marks)
            and (which.rows is None or self.rows >= which.rows)
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """A connection that has ended: its *id* in the journal, what it was shown, and how the client took it.

    On that *number* so many CDRs were *delivered*.
    """

    id: int
    defect: str | None
    verdict: str
    refusal: str | None
    marks: tuple[str, ...]
    faults: tuple[str, ...]
    number: int = 0
    delivered: int = 0


@dataclass(frozen=True, slots=True)
class Closing:
    """That *faults* have closed the port: its *id* in the journal, and their names."""

    id: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """Events of the journal that came later, the id of the *last* that there is, and how many were *dropped* unread.

    *marks* is how often each was set up to that one, also on what was dropped.
    """

    entries: Sequence[Entry]
    last: int
    dropped: int = 0
    marks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that the journal has told since the run began, in order, and how many events it has *dropped* untold.

    *marks* is how often each was set by now, *told* how often it was before the run and on the events that were told since: what
    there is more was set on those that were dropped. They were *counted_anew* meanwhile where there are less.
    """

    requests: tuple[Request, ...] = ()
    visits: tuple[Visit, ...] = ()
    last: int = 0
    dropped: int = 0
    marks: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)
    counted_anew: bool = False
    closings: tuple[Closing, ...] = ()

    @classmethod
    def behind(cls, page: Events) -> Seen:
        """Return what is known when the run begins, behind a *page* of the journal."""
        return cls(last=page.last, marks=page.marks, told=page.marks)

    def more(self, page: Events) -> Seen:
        """Return what is known once a *page* was told as well."""
        requests = tuple(_request(entry) for entry in page.entries if entry.kind == "exchange")
        visits = tuple(_visit(entry) for entry in page.entries if entry.kind == "connection")
        closings = (Closing(entry.id, entry.faults) for entry in page.entries if entry.listens is False)
        return Seen(
            (*self.requests, *requests) if requests else self.requests,
            (*self.visits, *visits) if visits else self.visits,
            page.last,
            self.dropped + page.dropped,
            page.marks,
            Counter(self.told) + Counter(mark for entry in page.entries for mark in entry.marks),
            self.counted_anew or any(page.marks.get(mark, 0) < count for mark, count in self.marks.items()),
            (*self.closings, *closings),
        )

    @property
    def untold(self) -> Mapping[str, int]:
        """How often each mark was set on events that were dropped untold, as far as it was counted."""
        return Counter(self.marks) - Counter(self.told) if self.dropped else {}

    def fired(self, since: int) -> frozenset[str]:
        """Return the names of the faults that fired behind the event *since*.

        What a request was told with, a restart, may close the port, and what closes that cuts connections: these tell of it
        once more when they are over.
        """
        told = {(one.connection, name) for one in self.requests for name in one.faults}
        by_requests = {name for _, name in told}
        closing = {name for one in self.closings for name in one.faults}
        found = {name for one in self.requests if one.id > since for name in one.faults}
        found.update(name for one in self.closings if one.id > since for name in one.faults if name not in by_requests)
        for one in self.visits:
            if one.id > since:
                found.update(name for name in one.faults if name not in closing and (one.number, name) not in told)
        return frozenset(found)

    @property
    def rows(self) -> int:
        """How many CDRs went out whole, each as often as it did: what came of a connection is known for sure when it is over."""
        over = {one.number for one in self.visits}
        by_now = sum(one.delivered for one in self.requests if not one.cut and one.connection not in over)
        return by_now + sum(one.delivered for one in self.visits)


@dataclass(frozen=True, slots=True)
class Row:
    """A CDR: its AcctId, and how often it went out whole."""

    acctid: str
    delivered: int


@dataclass(frozen=True, slots=True)
class File:
    """A recording: its *path* in the spool, and how often it went out whole."""

    path: str
    fetched: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is over: when it *began*, in microseconds of UTC, and what became of its rows and recordings.

    *name* is what the scenario calls it, "" where it did not place it.
    """

    began: int
    rows: tuple[Row, ...]
    files: tuple[File, ...] = ()
    name: str = ""
    shape: str = field(default="", compare=False)


def _request(entry: Entry) -> Request:
    return Request(
        entry.id,
        entry.wall.timestamp(),
        entry.pbx_clock,
        entry.peer or "",
        entry.target or "",
        entry.path or "",
        entry.status or 0,
        entry.refusal.code if entry.refusal else None,
        entry.faults,
        entry.kinds,
        entry.marks,
        entry.rows or 0,
        _is_whole(entry),
        entry.delivered or 0,
        entry.connection or 0,
        bool(entry.ended),
    )


def _is_whole(entry: Entry) -> bool:
    """Return whether the client got all of an answer: the body that its head promised."""
    headers = entry.reply.headers if entry.reply else ()
    promised = next((value for name, value in headers if name.lower() == "content-length"), "")
    whole = not promised.isdecimal() or int(promised) == entry.bytes
    return entry.status == 200 and not entry.ended and whole and entry.method != "HEAD"


def _visit(entry: Entry) -> Visit:
    return Visit(
        entry.id,
        entry.tls.defect if entry.tls else None,
        entry.verdict or "",
        entry.refusal.code if entry.refusal else None,
        entry.marks,
        entry.faults,
        entry.connection or 0,
        entry.delivered or 0,
    )
