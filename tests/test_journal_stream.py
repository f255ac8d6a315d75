"""The journal as server-sent events: what comes, from where it goes on, how it ends, and that a slow reader costs nothing."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from twisted.internet.defer import Deferred, execute
from twisted.web.server import Request

from tests.controlling import Control, api
from tests.faultwire import Wire
from ucmsim.control.eventsending import streamed
from ucmsim.journal import Found, Inquiry
from ucmsim.pytest_plugin import Ucm
from ucmsim.service.journalstream import HEARTBEAT, JournalStream
from ucmsim.service.keeping import JournalKeeper

NO_PASSWORD: dict[str, Any] = {"history": {"days": 0}, "api": {"tls_authentication_name": None}}


@contextmanager
def following(
    control: Control, pbx: str, query: str = "", headers: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    """Open a stream."""
    place = urlsplit(control.client.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    sent = {"Authorization": f"Bearer {control.client.token}", "Accept": "text/event-stream", **(headers or {})}
    connection.request("GET", f"/v1/pbxs/{pbx}/journal{query}", headers=sent)
    response = connection.getresponse()
    yield response
    response.close()
    connection.close()


def event(response: http.client.HTTPResponse) -> dict[str, str]:
    """Return the fields of the next event; comments are passed over."""
    fields: dict[str, str] = {}
    while True:
        line = response.readline().decode().rstrip("\n")
        if not line and fields:
            return fields
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value


def ask(ucm: Ucm, times: int = 1) -> None:
    """Let as many connections be told that say nothing."""
    place = urlsplit(ucm.url)
    for _ in range(times):
        socket.create_connection((place.hostname, place.port), timeout=20).close()


def settled(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit


@pytest.mark.ucmsim(**NO_PASSWORD)
def test_events_come_as_they_happen(ucm: Ucm, control: Control) -> None:
    """Each event comes with its id, its kind and the entry as the journal has it."""
    with following(control, ucm.name) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream")
        ask(ucm)
        found = event(response)

    (entry,) = control("GET", f"/v1/pbxs/{ucm.name}/journal").json["items"]
    assert (found["id"], found["event"], json.loads(found["data"])) == ("1", "connection", entry)


@pytest.mark.ucmsim(**NO_PASSWORD)
def test_stream_resumes_where_it_was_left(ucm: Ucm, control: Control) -> None:
    """`Last-Event-ID`, and without it `after`, says from where on; without both it begins with what happens now."""
    ask(ucm, 4)
    settled(lambda: len(control("GET", f"/v1/pbxs/{ucm.name}/journal").json["items"]) == 4)

    with following(control, ucm.name, "?after=1") as response:
        assert event(response)["id"] == "2"
    with following(control, ucm.name, "?after=1", {"Last-Event-ID": "3"}) as response:
        assert event(response)["id"] == "4"
    with following(control, ucm.name) as response:
        ask(ucm)
        assert event(response)["id"] == "5"
    with following(control, ucm.name, headers={"Last-Event-ID": "99"}) as response:
        assert event(response)["id"] == "1"  # ids have begun anew since


@pytest.mark.ucmsim(**NO_PASSWORD)
def test_stream_has_the_filters_of_the_query(ucm: Ucm, control: Control) -> None:
    """Only what the query leaves comes; what cannot be asked of a stream is refused in the one error shape."""
    with following(control, ucm.name, "?kind=exchange&after=0") as response:
        ask(ucm)
        requests.get(f"{ucm.url}/cdrapi", verify=str(ucm.ca), timeout=20)
        assert event(response)["event"] == "exchange"
    for query, field in (("limit=5", "limit"), ("last=5", "last"), ("knd=exchange", "knd")):
        with following(control, ucm.name, f"?{query}") as response:
            assert (response.status, json.loads(response.read())["error"]["field"]) == (400, field)
    with following(control, ucm.name, headers={"Last-Event-ID": "no id"}) as response:
        assert (response.status, json.loads(response.read())["error"]["field"]) == (400, "Last-Event-ID")


def test_stream_ends_when_the_pbx_does(control: Control) -> None:
    """When a PBX is deleted, who follows it gets the orderly end of the stream."""
    made = control.create(api=api()).json
    with following(control, made["name"], "?after=0") as response:
        assert response.readline().startswith(b":")
        control("DELETE", f"/v1/pbxs/{made['name']}")
        assert response.read().strip() == b""


def test_stream_ends_with_a_universe(control: Control) -> None:
    """When a PBX is reset, who follows the old one gets the end, and whoever resumes gets the new one from its first event on."""
    made = control.create(api=api()).json
    with following(control, made["name"], "?after=0") as response:
        assert response.readline().startswith(b":")
        control("POST", f"/v1/pbxs/{made['name']}/reset", {})
        assert response.read().strip() == b""
    with following(control, made["name"], headers={"Last-Event-ID": "7"}) as response:
        place = urlsplit(made["url"])
        socket.create_connection((place.hostname, place.port), timeout=20).close()
        assert event(response)["id"] == "1"


# --- without a network ---------------------------------------------------------------------------------------------


class Watching(Wire):
    """A PBX whose journal is kept, asked over a wire of its own."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.keeper = JournalKeeper("hq", self.pbx.journal, self.clock, execute)
        self.keeper.startService()


class Reader:
    """A request that is answered by a stream, and the transport below it."""

    def __init__(self) -> None:
        self.data = b""
        self.producer: Any = None
        self.is_over = self.is_broken_off = False
        self._gone: Deferred[None] = Deferred()

    def setHeader(self, _name: str, _value: str) -> None: ...

    def notifyFinish(self) -> Deferred[None]:
        return self._gone

    def registerProducer(self, producer: Any, _streaming: bool) -> None:
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def write(self, data: bytes) -> None:
        self.data += data

    def finish(self) -> None:
        self.is_over = True

    def loseConnection(self) -> None:
        self.is_broken_off = True

    def vanish(self) -> None:
        self._gone.errback(ConnectionError())


def follow(watching: Watching, inquiry: Inquiry | None = None) -> tuple[Reader, Deferred[None]]:
    reader: Any = Reader()
    request: Request = reader
    return reader, Deferred.fromCoroutine(streamed(request, JournalStream(watching.keeper, inquiry or Inquiry())))


def test_marks_are_those_of_what_is_told() -> None:
    """What comes while the journal is looked through is neither told yet nor counted."""
    watching, found = Watching(), list[Found]()
    journal = watching.pbx.journal
    careless = {"kind": "listening", "wall": "", "refusal": None, "faults": [], "marks": ["no-qop"]}

    def meanwhile(step: Callable[[], Any]) -> Deferred[Any]:
        journal.add(careless)
        return execute(step)

    keeper = JournalKeeper("hq", journal, watching.clock, meanwhile)
    keeper.startService()
    for _ in range(2):
        Deferred.fromCoroutine(keeper.inquire(Inquiry(last=1))).addCallback(found.append)
    assert [(one.last, dict(one.marks)) for one in found] == [(0, {}), (1, {"no-qop": 1})]


def test_silence_is_told_by_a_comment() -> None:
    """While nothing happens a comment comes now and then, so that both sides know that the other is there."""
    watching = Watching()
    reader, _ = follow(watching)
    begun = reader.data

    watching.clock.advance(HEARTBEAT)
    watching.clock.advance(HEARTBEAT)

    assert reader.data == begun + b": nothing happened\n\n" * 2


def test_slow_reader_holds_no_events() -> None:
    """While the transport takes no more nothing is written for it, however much happens; then it goes on without a gap."""
    watching = Watching()
    reader, _ = follow(watching)
    watching.ask()
    watching.clock.advance(1)
    reader.producer.pauseProducing()
    for _ in range(500):
        watching.ask()
        watching.clock.advance(0.1)
    held = len(reader.data)
    reader.producer.resumeProducing()
    watching.clock.advance(1)

    assert held < 10_000
    assert reader.data.count(b"\nevent: exchange\n") == 501
    assert reader.data.rpartition(b"id: ")[2].startswith(b"501\n")


def test_events_that_are_kept_no_more_are_told_by_a_comment() -> None:
    """Where the journal has dropped events before they were sent, a comment says how many."""
    watching = Watching(journal={"entries": 100})
    for _ in range(200):
        watching.ask()

    reader, _ = follow(watching)

    first = watching.journal[0]["id"]
    assert f": {first - 1} events before {first} are kept no more\n\nid: {first}\n".encode() in reader.data


def test_reader_that_vanished_is_forgotten() -> None:
    """When its client is gone the stream ends, and nobody in the journal waits for it any more."""
    watching = Watching()
    reader, done = follow(watching)
    over: list[object] = []
    done.addCallback(over.append)

    reader.vanish()

    assert (over, reader.is_over, watching.pbx.journal.hears, watching.clock.getDelayedCalls()) == (
        [None], False, None, [],
    )  # fmt: skip


def test_paused_reader_that_vanished_is_forgotten_too() -> None:
    """Also one that had stopped reading."""
    watching = Watching()
    reader, done = follow(watching)
    reader.producer.pauseProducing()
    watching.ask()
    watching.clock.advance(1)
    over: list[object] = []
    done.addCallback(over.append)

    reader.producer.stopProducing()
    reader.vanish()

    assert (over, watching.pbx.journal.hears, watching.clock.getDelayedCalls()) == ([None], None, [])


def test_stream_that_cannot_be_read_on_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the file of the journal cannot be used its client does not wait for ever, nor take it for the end."""
    watching = Watching()
    reader, done = follow(watching)
    wrong: list[Any] = []
    done.addErrback(wrong.append)

    def fails(_inquiry: Inquiry) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(watching.pbx.journal, "inquiring", fails)
    watching.ask()
    watching.clock.advance(1)

    assert (reader.is_broken_off, reader.is_over, reader.producer) == (True, False, None)
    assert [failure.type for failure in wrong] == [sqlite3.OperationalError]


def test_stream_of_a_pbx_that_stops_ends() -> None:
    """When the keeper of the journal stops, streams end in order."""
    watching = Watching()
    reader, _ = follow(watching)

    watching.keeper.stopService()

    assert (reader.is_over, watching.clock.getDelayedCalls()) == (True, [])
