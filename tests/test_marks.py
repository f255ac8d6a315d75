"""Client hygiene: what sets each mark, and what comes near it and does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.makers import ACCOUNT, CLIENT, another_row, at, digest, make_pbx, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.columns import Row
from ucmsim.faults import Admission
from ucmsim.http.reply import Reply
from ucmsim.journal import MARKS, Exchange, Visit
from ucmsim.journal.hello import Offered
from ucmsim.journal.marks import CLIENTS, DENIALS, NONCES
from ucmsim.journal.polling import SERIES
from ucmsim.refusals import Code, Refusal

GONE = "the client went away"
BASIC = "Basic Y2RyYXBpOmNkcmFwaTEyMw=="


class Caller:
    """A client of a PBX of its own: asks, has it written down, and is told the marks."""

    def __init__(self, pbx: Pbx | None = None, agent: str = "billing/1", **settings: Any) -> None:
        self.pbx = pbx or make_pbx(**settings)
        self.agent = agent
        self.visit: Visit | None = None
        self.reply: Reply | None = None

    def ask(self, target: str = "/cdrapi", *, seconds: float = 0.0, ended: str = "", **headers: str) -> tuple[str, ...]:
        """Ask for *target* so many *seconds* after the start; return the marks of the exchange."""
        asked = request(target, user_agent=self.agent, **headers)
        when = at(seconds)
        self.reply = reply = self.pbx.answer(asked, when)
        one = Exchange(
            self.pbx.name, CLIENT, "GET", target, reply.status, reply.rows, len(reply.body), 0.01,
            began=when, refusal=reply.refusal, ended=ended, by_client=ended == GONE,
        )  # fmt: skip
        return self.pbx.record(one, asked, self.visit, reply.served).marks

    def every(self, *targets: str, pause: float = 3600.0) -> list[tuple[str, ...]]:
        """Ask for *targets*, one after another with a *pause* between."""
        return [self.ask(target, seconds=number * pause) for number, target in enumerate(targets)]

    def login(
        self, *, nc: int = 1, seconds: float = 0.0, change: Callable[[str], str] = str, ended: str = ""
    ) -> tuple[str, ...]:
        """Answer the challenge that came last, with changed credentials."""
        assert self.reply is not None
        if self.reply.status == 401:
            self.challenge = self.reply
        value = digest(self.challenge, "/cdrapi", nc=nc)
        return self.ask(seconds=seconds, authorization=change(value), ended=ended)


def calls(*starts: str, **more: str) -> list[Row]:
    """Return a call at each of *starts* on the day of the guide."""
    return [another_row(AcctId=str(at), start=f"2013-12-03 {start}", **more) for at, start in enumerate(starts, 100)]


def busy(rows: Iterable[Row], **settings: Any) -> Caller:
    """Return a caller of a PBX that has only *rows*."""
    caller = Caller(**settings)
    caller.pbx.history._database.execute("DELETE FROM cdr")
    caller.pbx.history.extend(rows)
    return caller


# --- what sets each mark, and what does not: the exchanges' marks, of which the last ones are looked at --------------


def shown(defect: str | None) -> list[tuple[str, ...]]:
    caller = Caller()
    caller.pbx.books.hygiene._refusable = frozenset({"expired"})
    caller.visit = Visit(1, CLIENT, defect=defect)
    return [caller.ask()]


def basic(*, first: bool) -> list[tuple[str, ...]]:
    caller = Caller(api=ACCOUNT)
    return [*([] if first else [caller.ask()]), caller.ask(authorization=BASIC)]


def counted(*counts: int) -> list[tuple[str, ...]]:
    caller = Caller(api=ACCOUNT)
    caller.ask()
    return [caller.login(nc=nc) for nc in counts]


def two_nonces() -> list[tuple[str, ...]]:
    caller = Caller(api=ACCOUNT)
    caller.ask()
    caller.login()
    caller.ask(seconds=1)
    return [caller.login(seconds=1)]


def fields_in_the_uri() -> list[tuple[str, ...]]:
    """The uri, which comes last, has parameters that are called like fields of the credentials."""
    caller = Caller(api=ACCOUNT)
    caller.ask()
    line = 'Digest username="a", realm="asterisk", nonce="4a", qop=auth, nc={:08x}, cnonce="c", response="0", uri="/?nc=1&qop="'
    return [caller.ask(authorization=line.format(count)) for count in (1, 2)]


def qop(change: Callable[[str], str]) -> list[tuple[str, ...]]:
    caller = Caller(api=ACCOUNT)
    caller.ask()
    return [caller.login(change=change)]


def without_qop(value: str) -> str:
    return re.sub(r", (qop|nc|cnonce)=[^,]*", "", value)


def polls(second: str, **settings: Any) -> list[tuple[str, ...]]:
    """A poll that saw calls until 14:02:23, and the next one an hour later."""
    caller = Caller(**settings)
    return caller.every("/cdrapi?startTime=2013-12-03T11:00:00", f"/cdrapi?{second}")


def quiet(since: str) -> list[tuple[str, ...]]:
    """A call that ended at 10:30, a poll at 11:46:50, and an hour later one that asks from *since* on."""
    caller = busy(calls("10:00:00", end="2013-12-03 10:30:00"))
    return caller.every("/cdrapi?startTime=2013-12-03T09:00:00", f"/cdrapi?startTime=2013-12-03T{since}")


MANY = [f"11:{number // 60:02}:{number % 60:02}" for number in range(20)]


def pages(*targets: str, **settings: Any) -> list[tuple[str, ...]]:
    caller = busy(calls(*MANY), quirks={"page-limit": 10, "numrecords-over-limit": "clamp"}, **settings)
    return caller.every(*targets)


def sessions(second: str) -> list[tuple[str, ...]]:
    """Pages of ten rows that are five sessions."""
    rows = [
        another_row(AcctId=str(n), start=f"2013-12-03 {start}", session=f"s{n // 2}") for n, start in enumerate(MANY)
    ]
    caller = busy(rows, personality="ucm6510", quirks={"page-limit": 10})
    return caller.every("/cdrapi?format=json", second)


def exactly(count: int, *targets: str, by_sessions: bool = False) -> list[tuple[str, ...]]:
    """Pages of ten rows, or sessions of two, of a PBX that has so many."""
    starts = [f"11:{number // 60:02}:{number % 60:02}" for number in range(count * (1 + by_sessions))]
    rows = [
        another_row(AcctId=str(n), start=f"2013-12-03 {start}", session=f"s{n // (1 + by_sessions)}")
        for n, start in enumerate(starts)
    ]
    quirks: dict[str, Any] = {"page-limit": 10, "numrecords-over-limit": "clamp"}
    if by_sessions:
        quirks["paging-unit"] = "entries"
    return busy(rows, personality="ucm6510", quirks=quirks).every(*targets)


ANEW = ("/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000&startTime=2013-12-03T12:00:00")
ANEW_JSON = tuple(target.replace("?", "?format=json&") for target in ANEW)


def cut(*moments: float, ended: str) -> list[tuple[str, ...]]:
    caller = Caller()
    return [caller.ask(seconds=moment, ended=ended) for moment in moments]


def failing(*moments: float, status: int = 501) -> list[tuple[str, ...]]:
    caller = Caller()
    found = []
    for moment in moments:
        asked = request("/cdrapi", "DELETE", user_agent="x")
        one = Exchange("hq", CLIENT, "DELETE", "/cdrapi", status, None, 0, 0.01, began=at(moment))
        found.append(caller.pbx.record(one, asked).marks)
    return found


def challenged_each_time(*moments: float) -> list[tuple[str, ...]]:
    """A client that asks anew for a challenge before each request, all of which fail: what curl does."""
    caller = Caller(api=ACCOUNT)
    found = []
    for moment in moments:
        caller.ask(seconds=moment)
        found.append(caller.login(seconds=moment + 0.1, ended="ended with RST"))
    return found


def denied(*moments: float) -> list[tuple[str, ...]]:
    caller = Caller(faults=[{"fault": "api.deny"}])
    return [caller.ask(seconds=moment) for moment in moments]


def dropped(*moments: float) -> list[tuple[str, ...]]:
    pbx = make_pbx()
    visits = [pbx.arrived(CLIENT, 1, Admission(serve=False), at(moment).wall) for moment in moments]
    return [tuple(visit.marks) for visit in visits]


def turned_away(code: Code, *moments: float) -> list[tuple[str, ...]]:
    """Closed at accept for another reason than that nobody may come from there."""
    pbx = make_pbx()
    admission = Admission.refused(Refusal.of(code, "no"))
    visits = [pbx.arrived(CLIENT, 1, admission, at(moment).wall) for moment in moments]
    return [tuple(visit.marks) for visit in visits]


def handshakes(
    *moments: float, why: Code | None = Code.UNTRUSTED_ISSUER, hello: bool = True, served: int = -1
) -> list[tuple[str, ...]]:
    """Connections of a tenth of a second that fail by *why*; the one called *served* has a request."""
    pbx, visits = make_pbx(), []
    for number, moment in enumerate(moments):
        visit = pbx.arrived(CLIENT, 1, Admission(), at(moment).wall)
        visit.offered = Offered((0x0303,), (0xC02B,)) if hello else None
        visit.refusal = Refusal.of(why, "no") if why and number != served else None
        visit.requests = int(number == served)
        pbx.left(visit, at(moment + 0.1).wall)
        visits.append(visit)
    return [tuple(visit.marks) for visit in visits]


def wrong_passwords(times: int) -> list[tuple[str, ...]]:
    caller = Caller(api=ACCOUNT)
    found = []
    for number in range(times):
        caller.ask(seconds=number)
        found.append(caller.login(seconds=number, change=lambda value: value.replace("response=", "response=0")))
    return found


def stale(times: int) -> list[tuple[str, ...]]:
    """One nonce that is used again and again, as if it were new."""
    caller = Caller(api=ACCOUNT)
    caller.ask()
    return [caller.login(nc=1, seconds=number * 0.1) for number in range(times)]


def connections(count: int, limit: int = 4, *, leaving: bool = False, closing: bool = False) -> list[tuple[str, ...]]:
    pbx = make_pbx(journal={"connections": limit})
    visits = []
    for _ in range(count):
        visits.append(pbx.arrived(CLIENT, 1, Admission(), at().wall))
        if leaving:
            pbx.left(visits[-1], at().wall)
        if closing:
            pbx.closing(visits[-1])
    return [tuple(visit.marks) for visit in visits]


Story = Callable[[], list[tuple[str, ...]]]

# fmt: off
SET: dict[str, list[Story]] = {
    "unverified-certificate": [lambda: shown("expired")],
    "basic-before-challenge": [lambda: basic(first=True)],
    "credentials-in-url": [
        lambda: [Caller().ask("/cdrapi?password=x")],
        lambda: [Caller().ask("https://joe:letmein@pbx/cdrapi")],
        lambda: [Caller(api=ACCOUNT).ask("/cdrapi?caller=cdrapi123")],
        lambda: [Caller().ask("/cdrapi?api_key=x")],
        lambda: [Caller().ask("/cdrapi?next=https%3A%2F%2Fjoe%3Aletmein%40x")],
    ],
    "nc-not-increasing": [lambda: counted(1, 1), lambda: counted(5, 4)],
    "no-qop": [lambda: qop(without_qop)],
    "watermark-without-overlap": [
        lambda: polls("startTime=2013-12-03T14:02:23"), lambda: polls("startTime=2013-12-03T14:02:24"),
        lambda: polls("startTime=2013-12-03T14:30:00&endTime=now&format=json"),
        lambda: quiet("10:30:01"), lambda: quiet("11:46:50"),
    ],
    "page-size-mistaken-for-end": [
        lambda: pages("/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000&startTime=2013-12-03T12:00:00"),
        lambda: pages("/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000"),
        lambda: sessions("/cdrapi?format=json&startTime=2013-12-03T12:00:00"),
        lambda: exactly(11, *ANEW), lambda: exactly(11, "/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000"),
        lambda: exactly(11, *ANEW_JSON, by_sessions=True),
        lambda: exactly(21, "/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000&offset=10", ANEW[1]),
    ],
    "no-back-off": [lambda: failing(0, 0.5, 1.0), lambda: failing(0, 0.9, 1.5, status=500), lambda: cut(0, 0.1, 0.2, ended="ended with RST"),
                    lambda: challenged_each_time(0, 0.3, 0.6), lambda: handshakes(0, 0.5, 1.0),
                    lambda: handshakes(0, 0.5, 1.0, why=Code.PLAIN_HTTP, hello=False), lambda: turned_away(Code.SESSION_CAP, 0, 0.5, 1)],
    "hammering-while-denied": [
        lambda: denied(0, 1, 2, 3, 4), lambda: dropped(0, 1, 2, 3, 4), lambda: wrong_passwords(5),
    ],
    "parallel-connections": [lambda: connections(5), lambda: connections(2, limit=1)],
}
"""What sets a mark, on the last event of each."""

NOT_SET: dict[str, list[Story]] = {
    "unverified-certificate": [lambda: shown(None), lambda: shown("a flaw that is a matter of policy")],
    "basic-before-challenge": [lambda: basic(first=False)],
    "credentials-in-url": [
        lambda: [Caller().ask("/cdrapi?caller=5300@")], lambda: [Caller().ask("/cdrapi?password=")],
        lambda: [Caller().ask("/cdrapi?user=joe")], lambda: [Caller().ask("/cdrapi?author=joe")], lambda: [Caller().ask("/cdrapi?caller=cdrapi123")],
    ],
    "nc-not-increasing": [lambda: counted(1, 2, 3), two_nonces, fields_in_the_uri],
    "no-qop": [lambda: qop(str), fields_in_the_uri, lambda: basic(first=False)],
    "watermark-without-overlap": [
        lambda: polls("startTime=2013-12-03T14:02:22"),  # a second back
        lambda: polls("startTime=2013-12-03T14:30:00&caller=5300"),  # another question
        lambda: polls("offset=3&startTime=2013-12-03T14:30:00"),  # no new poll
        lambda: quiet("10:30:02"), lambda: quiet("11:46:49"),  # nobody has called since, and it goes back behind the last poll
        lambda: Caller().every("/cdrapi?startTime=2013-12-03T11:00:00&endTime=2013-12-03T11:30:00", "/cdrapi?startTime=2013-12-03T11:46:40"),
        lambda: Caller().every("/cdrapi?startTime=2013-12-03T14:02:23", "/cdrapi?startTime=2013-12-03T14:02:23"),  # a repetition
    ],
    "page-size-mistaken-for-end": [
        lambda: pages("/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000&offset=10"),
        lambda: pages("/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000&startTime=2013-12-03T11:00:09"),  # goes on by time
        lambda: pages("/cdrapi?numRecords=10", "/cdrapi?numRecords=10&startTime=2013-12-03T12:00:00"),  # it did not look short
        lambda: pages("/cdrapi?numRecords=5000&startTime=2013-12-03T11:00:15", "/cdrapi?numRecords=5000&startTime=2013-12-03T12:00:00"),  # nor full
        lambda: sessions("/cdrapi?format=json&offset=10"),
        lambda: exactly(10, *ANEW), lambda: exactly(10, "/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000"),  # it was all there is
        lambda: exactly(10, *ANEW_JSON, by_sessions=True),
        lambda: exactly(20, "/cdrapi?numRecords=5000", "/cdrapi?numRecords=5000&offset=10", ANEW[1]),
        lambda: exactly(11, ANEW_JSON[0], "/cdrapi?format=json&numRecords=5000&offset=10", by_sessions=True),
    ],
    "no-back-off": [
        lambda: failing(0, 0.5), lambda: failing(0, 0.5, 1.6), lambda: failing(0, 0.5, 1.0, status=404), lambda: denied(0, 0.1, 0.2),
        lambda: cut(0, 0.1, 0.2, ended=GONE), lambda: challenged_each_time(0, 0.3, 1.5),
        lambda: handshakes(0, 0.5, 1.7), lambda: handshakes(0, 0.2, 0.4, 0.6, served=2), lambda: handshakes(0, 0.5, 1.0, why=None),
        lambda: handshakes(0, 0.5, 1.0, why=Code.NO_HANDSHAKE, hello=False), lambda: handshakes(0, 0.5, 1.0, why=Code.NO_REQUEST),
        lambda: dropped(0, 0.1, 0.2),
    ],
    "hammering-while-denied": [
        lambda: denied(0, 1, 2, 3), lambda: denied(0, 3, 6, 9, 12), lambda: dropped(0, 1, 2, 3), lambda: wrong_passwords(4), lambda: stale(9),
        lambda: turned_away(Code.SESSION_CAP, 0, 1, 2, 3, 4, 5),
    ],
    "parallel-connections": [lambda: connections(4), lambda: connections(9, leaving=True), lambda: connections(9, closing=True)],
}
"""What comes near a mark and does not set it, on any event."""
# fmt: on


def stories(table: dict[str, list[Story]]) -> list[Any]:
    return [
        pytest.param(name, story, id=f"{name}-{number}")
        for name, several in table.items()
        for number, story in enumerate(several)
    ]


@pytest.mark.parametrize(("mark", "story"), stories(SET))
def test_it_is_marked(mark: str, story: Story) -> None:
    """The last event has the mark; the ones before it, which were all right, have not."""
    *before, last = story()
    assert mark in last
    assert not [marks for marks in before if mark in marks]


@pytest.mark.parametrize(("mark", "story"), stories(NOT_SET))
def test_what_comes_near_is_not_marked(mark: str, story: Story) -> None:
    """None of the events has the mark."""
    assert not [marks for marks in story() if mark in marks]


def test_every_mark_is_tested_both_ways() -> None:
    """The tables have every row of the register of marks."""
    names = [mark.id for mark in MARKS]
    assert names == list(SET) == list(NOT_SET)
    assert all(mark.statement.endswith(".") and mark.right for mark in MARKS)


def test_a_careful_client_has_no_mark() -> None:
    """Digest with a new count each time, pages to the end, an hour of overlap: nothing to say."""
    caller = Caller(api=ACCOUNT)
    found = [caller.ask()]
    found += [caller.login(nc=nc, seconds=nc) for nc in (1, 2, 3)]
    found += Caller().every(
        "/cdrapi?numRecords=2&startTime=2013-12-03T10:00:00",
        "/cdrapi?numRecords=2&offset=2&startTime=2013-12-03T10:00:00",
        "/cdrapi?numRecords=2&offset=4&startTime=2013-12-03T10:00:00",
        "/cdrapi?numRecords=2&startTime=2013-12-03T13:00:00",
    )
    assert found == [()] * 8


def test_programs_on_one_machine_are_told_apart() -> None:
    """The User-Agent is part of who a client is."""
    one = Caller(faults=[{"fault": "api.deny"}])
    other = Caller(one.pbx, "other/2")
    for second in range(DENIALS - 1):
        assert one.ask(seconds=second) == other.ask(seconds=second) == ()
    assert one.ask(seconds=4.5) == ("hammering-while-denied",)


def test_an_exchange_that_was_cut_short_is_no_page() -> None:
    """Whoever asks again for a page that did not arrive whole does right."""
    caller = busy(calls(*MANY), quirks={"page-limit": 10, "numrecords-over-limit": "clamp"})
    assert caller.ask("/cdrapi?numRecords=99", ended="the client went away") == ()
    assert caller.ask("/cdrapi?numRecords=99") == ()


def test_little_is_remembered() -> None:
    """However many clients and nonces there are, only the latest are remembered, and nothing at its length."""
    pbx = make_pbx(api=ACCOUNT)
    for number in range(CLIENTS + 10):
        Caller(pbx, f"agent/{number}").ask(f"/cdrapi?caller={number}")
    caller = Caller(pbx)
    for number in range(50):
        caller.ask(f"/cdrapi?caller={number}")
    open_pbx = Caller()
    for number in range(50):
        open_pbx.ask(f"/cdrapi?caller={number:04000}")
    (polls,) = (client.polls for client in open_pbx.pbx.books.hygiene._clients.values())
    assert len(polls.series) == SERIES
    assert all(len(known) == len(one.target) == 16 for known, one in polls.series.items())
    hygiene = pbx.books.hygiene
    assert len(hygiene._clients) == CLIENTS
    tail = "z" * 4000
    for number in range(NONCES + 10):
        caller.ask(
            authorization=f'Digest username="a", realm="b", nonce="{number:x}{tail}", uri="/", response="0", qop=auth, nc=1, cnonce="x"'
        )
    assert len(hygiene._counts) == NONCES
    assert max(map(len, hygiene._counts)) == 32
