"""What a scenario sees of the client comes from the journal and the ledger of a running PBX, and nothing is counted twice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.until import until
from ucmsim.scenarios.bridge import Bridge, named
from ucmsim.scenarios.seen import Request, Row, Seen, Visit
from ucmsim.testing import Ucm


def ask(ucm: Ucm, target: str = "/cdrapi", method: str = "GET") -> None:
    """Ask, and do not mind what comes of it."""
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    with suppress(requests.RequestException):
        requests.request(method, ucm.url + target, auth=login, verify=ucm.ca, timeout=20)


def seen(ucm: Ucm, connections: int) -> Seen:
    """Return what is seen once so many connections have been told."""
    bridge, found = Bridge(ucm.control, ucm.name), Seen()
    while len(found.visits) < connections:
        page = bridge.events(found.last)
        found = found.more(page)
    return found


def test_requests_and_connections_are_told_apart(ucm):
    """Each challenge and each answer is a request, each connection a visit; a page that was cut is not whole."""
    ask(ucm)
    with ucm.fault("http.truncate", name="cut"):
        ask(ucm, "/cdrapi?numRecords=2")
    ask(ucm, "/cdrapi?numRecords=1", "HEAD")
    found = seen(ucm, 6)
    assert [(one.status, one.path, one.rows, one.whole, one.faults, one.refusal) for one in found.requests] == [
        (401, "/cdrapi", 0, False, (), "no-credentials"),
        (200, "/cdrapi", 3, True, (), None),
        (401, "/cdrapi", 0, False, (), "no-credentials"),
        (200, "/cdrapi", 2, False, ("cut",), None),
        (401, "/cdrapi", 0, False, (), "no-credentials"),
        (200, "/cdrapi", 1, False, (), None),
    ]
    assert (found.rows, found.fired(0)) == (3, {"cut"})
    assert [one.verdict for one in found.visits] == ["accepted"] * 6
    assert str(found.requests[3]) == "GET /cdrapi?numRecords=2 answered with 200"


def test_rows_that_a_cut_page_brought_are_counted(ucm):
    """Those that are whole in what went out, however right the head is about its length; the others are not."""
    with ucm.fault("http.truncate", rows=2, length="matching"):
        ask(ucm)
    assert seen(ucm, 2).rows == 2
    with ucm.fault("http.truncate", share=0.1, length="matching"):
        ask(ucm)
    assert seen(ucm, 4).rows == 2
    ask(ucm)
    ask(ucm, "/cdrapi", "HEAD")
    assert seen(ucm, 8).rows == 5


def test_rows_of_a_connection_that_is_over_are_those_that_were_not_taken_back():
    """One that is still open has those that were handed over, unless its answer was cut: then nobody knows yet."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    one = Request(1, 0.0, at, "", "/cdrapi", "/cdrapi", 200, None, (), (), (), 5, True, delivered=5, connection=1)
    cut = replace(one, id=2, whole=False, delivered=4, connection=2, cut=True)
    over = Visit(3, None, "accepted", None, (), (), number=2, delivered=3)

    assert Seen((one, cut)).rows == 5
    assert Seen((one, cut), (over,)).rows == 8
    assert Seen((one, cut), (over, replace(over, id=4, number=1, delivered=0))).rows == 3


def test_a_page_whose_end_was_a_reset_is_not_whole(ucm):
    """Though all of its bytes were handed out: what the client got of them nobody knows."""
    with ucm.fault("http.truncate", share=1.0, ending="reset"):
        ask(ucm)
    assert [(one.status, one.whole) for one in seen(ucm, 2).requests] == [(401, False), (200, False)]


@pytest.mark.parametrize("kind", ["tcp.refuse", "api.disabled"])
def test_a_fault_that_closes_the_port_is_seen(ucm, kind):
    """Though who finds it closed leaves no trace; that it opens again is another matter."""
    bridge = Bridge(ucm.control, ucm.name)
    before = Seen.behind(bridge.end())
    with ucm.fault(kind, name="shut"):
        found = before
        while not found.closings:
            found = found.more(bridge.events(found.last))
    assert (before.fired(0), found.fired(before.last)) == (frozenset(), {"shut"})
    until(lambda: bridge.end().last > found.last)
    again = found.more(bridge.events(found.last))
    assert again.fired(found.last) == frozenset()


def test_a_bad_certificate_that_was_refused_is_seen(ucm):
    """By its defect, and by how the client took it."""
    with ucm.identity("expired"):
        ask(ucm)
        (visit,) = seen(ucm, 1).visits
    assert (visit.defect, visit.verdict) == ("expired", "refused")


@pytest.mark.ucmsim(journal={"entries": 4})
def test_what_was_dropped_is_counted(ucm):
    """A journal that keeps little loses events before they are read."""
    for _ in range(5):
        ask(ucm)
    bridge = Bridge(ucm.control, ucm.name)
    page = bridge.events(0)
    assert page.dropped == page.entries[0].id - 1 > 0
    assert bridge.events(page.last - 1).dropped == 0


def basic(ucm: Ucm) -> None:
    """Ask with a password that nobody has asked for, which is marked."""
    requests.get(ucm.url + "/cdrapi", auth=(ucm.username or "", ucm.password or ""), verify=ucm.ca, timeout=20)


@pytest.mark.ucmsim(journal={"entries": 4})
def test_marks_of_what_was_dropped_are_known(ucm):
    """Less those of events that were told; a reset counts on."""
    bridge = Bridge(ucm.control, ucm.name)
    found = Seen.behind(bridge.end())
    basic(ucm)
    for _ in range(5):
        ask(ucm)
    found = found.more(bridge.events(found.last))
    assert found.dropped > 0
    assert not any(one.marks for one in found.requests)
    assert (found.untold, found.counted_anew) == ({"basic-before-challenge": 1}, False)
    bridge.reset(found)
    basic(ucm)
    found = found.more(bridge.events(found.last))
    assert [one.marks for one in found.requests[-1:]] == [("basic-before-challenge",)]
    assert (found.untold, found.counted_anew) == ({"basic-before-challenge": 1}, False)


@pytest.mark.ucmsim(history={"days": 0}, time_zone="Europe/Berlin")
def test_calls_are_known_by_when_they_begin(ucm):
    """Those of one placing have one name, with how often each row went out whole."""
    bridge = Bridge(ucm.control, ucm.name)
    ucm.clock.freeze()
    call = {"name": "two", "shape": "answered", "from": "1001", "to": "1002", "talk": 10, "count": 2, "every": 30}
    placed = dict.fromkeys(bridge.place(call), "two")
    ucm.place_call("busy", "1003", "1004", ring=1)
    assert len(placed) == 2
    ucm.clock.advance(120)
    ask(ucm)
    told = named(bridge.calls(), placed)
    assert sorted((one.name, one.shape) for one in told) == [("", "busy"), ("two", "answered"), ("two", "answered")]
    assert {row for one in told for row in one.rows} == {Row("1", 1), Row("2", 1), Row("3", 1)}


@pytest.mark.ucmsim(history={"days": 0}, clock={"start": "2026-03-02T14:00:00Z", "rate": 1000})
def test_calls_of_one_placing_are_apart_while_the_clock_runs(ucm):
    """By so much as the scenario says, from when they are placed on."""
    call = {"shape": "answered", "from": "1001", "to": "1002", "talk": 10, "count": 3, "every": 0.5}
    first, *later = Bridge(ucm.control, ucm.name).place(call)
    assert later == [first + 500_000, first + 1_000_000]


@pytest.mark.ucmsim(time_zone="Europe/Berlin")
def test_the_time_of_day_is_that_of_the_pbx(ucm):
    """Of its day and in its zone; the clock stands then."""
    ucm.clock.set(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    Bridge(ucm.control, ucm.name).set_time_of_day("12:00")
    assert (ucm.clock.now, ucm.clock.rate) == (datetime(2026, 7, 2, 10, tzinfo=UTC), 0.0)


def test_a_reset_counts_on(ucm):
    """The journal begins anew, and what is seen goes on behind what was."""
    ask(ucm)
    bridge, found = Bridge(ucm.control, ucm.name), seen(ucm, 2)
    bridge.reset(found)
    ask(ucm)
    more = found.more(bridge.events(found.last))
    assert [one.status for one in more.requests] == [401, 200, 401, 200]
    assert [one.id for one in more.requests] == sorted({one.id for one in more.requests})
    assert bridge.end().last >= more.requests[-1].id
