"""A port that faults close and let open again: what the journal says of it, which nobody can who finds it closed."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock

from tests.makers import BEGAN, make_pbx
from tests.rawclient import RawTls, talk
from tests.test_fault_tcp import open_ucm  # noqa: F401 - a fixture
from tests.test_journal_wire import within
from tests.test_journalcommand import command
from tests.test_socketplane import HELLO, Port
from ucmsim.appliance.pbx import Pbx
from ucmsim.cli import main
from ucmsim.errors import BindError
from ucmsim.journal import Inquiry, exports
from ucmsim.journal.digest import digest, normalised
from ucmsim.journal.telling import noteworthy, parts
from ucmsim.pytest_plugin import Ucm
from ucmsim.settings import Address, ClockChange, load_clock_change
from ucmsim.sockets.listening import LOOK, Listening

GET = b"GET /cdrapi HTTP/1.1\r\n\r\n"


class Host(Clock):
    """A clock, and a system that lets one listen unless somebody else has taken the port."""

    def __init__(self) -> None:
        super().__init__()
        self.advance(BEGAN)
        self.listens = self.taken = False

    def listenTCP(self, number: int, *_: object, **__: object) -> Any:
        if self.taken:
            raise CannotListenError("127.0.0.1", number, OSError(98, "Address already in use"))
        self.listens = True
        return self

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "127.0.0.1", 8443)

    def stopListening(self) -> None:
        self.listens = False


class Place:
    """The port of a PBX with *faults* on such a system."""

    def __init__(self, *faults: dict[str, Any], **settings: Any) -> None:
        self.pbx = make_pbx(faults=list(faults), api={"permitted_ips": ["0.0.0.0/0"]}, **settings)
        self.host = Host()
        self.gate = Port(self.pbx).gate
        self.listening = Listening(self.pbx, self.gate, self.host)
        self.listening.open(Address("127.0.0.1", 8443))

    @property
    def events(self) -> list[tuple[bool, list[str], list[str]]]:
        entries = self.pbx.journal.entries()
        return [(one["listens"], one["faults"], one["kinds"]) for one in entries if one["kind"] == "listening"]


@pytest.mark.fault("tcp.refuse", "api.disabled")
@pytest.mark.parametrize("kind", ["tcp.refuse", "api.disabled"])
def test_a_port_that_closes_and_comes_back_is_told(kind: str) -> None:
    """Both clocks, the address, the fault by name and kind; when it comes back also for how long it was closed."""
    place = Place()
    place.pbx.faults.arm({"fault": kind, "name": "mine"}, place.host.seconds())
    place.host.advance(2.5)
    place.pbx.faults.clear()
    closed, opened = place.pbx.journal.entries()
    at = datetime.fromtimestamp(BEGAN, UTC).isoformat(timespec="microseconds")
    assert closed == {
        "id": 1, "kind": "listening", "pbx": "hq", "wall": at, "pbx_clock": closed["pbx_clock"], "seconds": 0.0, "listens": False,
        "address": "127.0.0.1:8443", "refusal": None, "faults": ["mine"], "kinds": [kind], "marks": [],
    }  # fmt: skip
    assert (opened["listens"], opened["seconds"], opened["faults"]) == (True, 2.5, ["mine"])
    for clock in ("wall", "pbx_clock"):
        assert (datetime.fromisoformat(opened[clock]) - datetime.fromisoformat(closed[clock])).total_seconds() == 2.5
    assert place.host.listens


def test_a_second_fault_on_a_closed_port_is_told_and_counted_once() -> None:
    """Each says that it keeps the port closed, none twice, and all are named when it comes back."""
    place = Place({"fault": "tcp.refuse", "name": "one"})
    place.host.advance(1)
    place.pbx.faults.arm({"fault": "api.disabled", "name": "two"}, place.host.seconds())
    place.host.advance(1)
    assert [(one.matched, one.fired) for one in place.pbx.faults.armed.values()] == [(1, 1), (1, 1)]
    place.pbx.faults.disarm("one")
    place.pbx.faults.arm({"fault": "tcp.refuse", "name": "one"}, place.host.seconds())
    assert place.pbx.faults.armed["one"].fired == 1
    place.pbx.faults.clear()
    kinds = {"one": "tcp.refuse", "two": "api.disabled"}
    expected = [(False, ["one"]), (False, ["two"]), (False, ["one"]), (True, ["one", "two"])]
    assert place.events == [(listens, names, [kinds[name] for name in names]) for listens, names in expected]


def test_what_is_disabled_behind_a_port_that_refuses_cuts_all_the_same() -> None:
    """A connection that outlived the one fault does not outlive the other."""
    place = Place()
    gate = Port(place.pbx)
    listening = Listening(place.pbx, gate.gate, place.host)
    listening.open(Address("127.0.0.1", 8443))
    caller = gate.connect(HELLO)
    assert caller is not None
    place.pbx.faults.arm({"fault": "tcp.refuse"}, BEGAN)
    assert caller.socket.calls == []
    place.pbx.faults.arm({"fault": "api.disabled"}, BEGAN)
    assert caller.socket.calls == ["abort"]


def test_a_port_that_somebody_else_has_taken_is_told_when_it_is_had() -> None:
    """It is tried again and again, and comes back in the journal when it does; the log warns once."""
    place = Place({"fault": "tcp.refuse"})
    warned: list[str] = []
    place.listening._log = type("Log", (), {"warn": lambda _, said, **__: warned.append(said), "info": lambda *_, **__: None})()  # type: ignore[assignment]  # fmt: skip
    place.host.taken = True
    place.pbx.faults.clear()
    for _ in range(5):
        place.host.advance(LOOK)
    assert (len(place.events), len(warned)) == (1, 1)
    place.host.taken = False
    place.host.advance(LOOK)
    assert place.events[1:] == [(True, ["tcp-refuse"], ["tcp.refuse"])]


def test_a_fault_by_the_hours_of_the_pbx_goes_with_its_clock() -> None:
    """When the clock is moved the port opens at once, and not at the next look."""
    place = Place({"fault": "tcp.refuse", "until": "2090-01-01T00:00:00Z"}, clock={"rate": 0})
    assert not place.host.listens
    place.pbx.change_clock(load_clock_change({"now": "2090-01-01T00:00:00Z"}), BEGAN)
    assert place.host.listens
    assert place.pbx.clock.at(BEGAN).pbx.year == 2090
    place.pbx.change_clock(ClockChange(step=-5), BEGAN)
    assert not place.host.listens


class Street(Clock):
    """A clock, and a system on which who listens on all addresses has the port of each; *others* have theirs."""

    def __init__(self, *others: str) -> None:
        super().__init__()
        self.advance(BEGAN)
        self.listening, self._others = set[str](), others

    def listenTCP(self, number: int, *_: object, interface: str, **__: object) -> Any:
        taken = {*self.listening, *self._others}
        if interface in taken or (taken and "0.0.0.0" in (interface, *taken)):
            raise CannotListenError(interface, number, OSError(98, "Address already in use"))
        return House(self, interface, number)


class House:
    """A port there."""

    def __init__(self, street: Street, interface: str, number: int) -> None:
        self._street, self._at = street, IPv4Address("TCP", interface, number)
        self.factory = Factory()
        street.listening.add(interface)

    def getHost(self) -> IPv4Address:
        return self._at

    def stopListening(self) -> None:
        self._street.listening.discard(self._at.host)

    def stopReading(self) -> None: ...

    def startReading(self) -> None: ...


EVERYWHERE = Address("0.0.0.0", 8443)


def at_home(street: Street, pbx: Pbx | None = None) -> Listening:
    pbx = pbx or make_pbx(api={"permitted_ips": ["0.0.0.0/0"]})
    listening = Listening(pbx, Port(pbx).gate, street)
    listening.open(Address("127.0.0.1", 8443))
    return listening


def coming(listening: Listening) -> Any:
    """Return the port that listens on all addresses, or what was raised."""
    came: list[Any] = []
    Deferred.fromCoroutine(listening.coming(EVERYWHERE)).addBoth(came.append)
    return came[0]


def test_a_port_that_gave_way_comes_back() -> None:
    """What was to come in its place is closed again, and it listens where it did."""
    street = Street()
    listening = at_home(street)
    port = coming(listening)
    assert (street.listening, str(listening.address)) == ({"0.0.0.0"}, "127.0.0.1:8443")
    Deferred.fromCoroutine(listening.give_back(port))
    assert (street.listening, str(listening.address)) == ({"127.0.0.1"}, "127.0.0.1:8443")
    listening.move(coming(listening))
    assert (street.listening, str(listening.address)) == ({"0.0.0.0"}, "0.0.0.0:8443")


def test_faults_open_no_port_that_gave_way() -> None:
    """They are looked at again when it is known where it is to listen."""
    street, pbx = Street(), make_pbx(api={"permitted_ips": ["0.0.0.0/0"]})
    listening = at_home(street, pbx)
    port = coming(listening)
    pbx.faults.arm({"fault": "tcp.refuse"}, street.seconds())
    pbx.faults.clear()
    street.advance(LOOK)
    assert street.listening == {"0.0.0.0"}
    pbx.faults.arm({"fault": "tcp.refuse", "name": "mine"}, street.seconds())
    listening.move(port)
    assert (street.listening, str(listening.address)) == (set(), "0.0.0.0:8443")
    pbx.faults.clear()
    assert street.listening == {"0.0.0.0"}
    assert [(one["listens"], one["faults"]) for one in pbx.journal.entries()] == [(False, ["mine"]), (True, ["mine"])]


def test_a_port_that_gave_way_to_none_comes_back() -> None:
    """Where somebody else has one of the addresses all of them cannot be had, and it listens where it did."""
    street = Street("127.0.0.2")
    listening = at_home(street)
    assert coming(listening).type is BindError
    assert (street.listening, str(listening.address)) == ({"127.0.0.1"}, "127.0.0.1:8443")


# How it is asked, and told


def entries() -> list[dict[str, Any]]:
    place = Place({"fault": "tcp.refuse", "name": "mine"})
    place.host.advance(2.5)
    place.pbx.faults.clear()
    return list(place.pbx.journal.entries())


@pytest.mark.parametrize(
    ("filters", "count"),
    [({"fault": "mine"}, 2), ({"fault": "tcp.refuse"}, 2), ({"fault": "any"}, 2), ({"kind": "listening"}, 2), ({"brief": "yes"}, 2),
     ({"peer": "0.0.0.0/0"}, 0), ({"path": "/cdrapi"}, 0), ({"status": "2xx"}, 0), ({"refusal": "any"}, 0), ({"mark": "any"}, 0)],
)  # fmt: skip
def test_it_is_found_by_its_fault(filters: dict[str, str], count: int) -> None:
    """What is only of connections and exchanges leaves it out."""
    inquiry = Inquiry.of({name: [value] for name, value in filters.items()})
    assert len([one for one in entries() if inquiry.matches(one)]) == count


def test_it_is_told_in_a_line() -> None:
    """The address of the port, what happened, and the faults."""
    lines = ["  ".join(text for _, text in parts(one)) for one in entries()]
    assert lines[0].endswith("Z  127.0.0.1:8443  the port is closed  [mine]")
    assert lines[1].endswith("Z  127.0.0.1:8443  the port is open again  closed for 2.5 s  [mine]")
    assert all(map(noteworthy, entries()))


def test_an_archive_leaves_it_out_and_lines_of_json_do_not() -> None:
    """HAR has no place for what is no exchange."""
    assert exports.har(entries())["log"]["entries"] == []
    assert [json.loads(line) for line in exports.json_lines(entries())] == entries()


def test_its_digest_has_no_port_and_no_wall_clock() -> None:
    """That it closed, by which fault and when on the PBX clock is what two runs have in common."""
    closed, opened = normalised(entries())
    assert "wall" not in closed
    assert closed["address"] == opened["address"] == "127.0.0.1"
    other = [{**one, "wall": "z", "address": "127.0.0.1:1", "seconds": 9, "id": 7} for one in entries()]
    assert digest(other) == digest(entries())
    assert digest(entries()[:1]) != digest(entries())


# On real sockets


@pytest.fixture
def ucm(open_ucm: Any) -> Ucm:  # noqa: F811
    return open_ucm()


def refused(ucm: Ucm) -> bool:
    place = urlsplit(ucm.url)
    try:
        socket.create_connection((place.hostname or "", place.port or 0), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("spill", [None, 1000])
def test_it_is_there_for_whoever_asks(ucm_fleet: Any, spill: int | None) -> None:
    """In memory and on disk, over the control plane and by the command."""
    ucm = ucm_fleet.start({} if spill is None else {"journal": {"spill": spill}})
    with ucm.fault("tcp.refuse", name="gone"):
        assert refused(ucm)
    assert not refused(ucm)
    found = ucm.journal(fault="gone")
    assert [(one.kind, one.listens, one.address) for one in found] == [
        ("listening", listens, urlsplit(ucm.url).netloc) for listens in (False, True)
    ]
    lines = CliRunner().invoke(main, command(ucm, "--fault", "tcp.refuse")).stdout.splitlines()
    assert ["the port is closed" in lines[0], "the port is open again" in lines[1], len(lines)] == [True, True, 2]
    ucm_fleet.stop(ucm)


@pytest.mark.fault("api.disabled", "api.restart")
@pytest.mark.parametrize("kind", ["api.disabled", "api.restart"])
def test_what_is_connected_when_the_device_goes_down_says_why(ucm: Ucm, kind: str) -> None:
    """A connection that is cut, whether or not a request is under way on it, names the fault that cut it."""
    with RawTls(ucm) as waiting, RawTls(ucm) as asking:
        asking.send(GET[:-2])
        if kind == "api.disabled":
            ucm.fault(kind, name="down", ttl=0.2)
        else:
            ucm.fault(kind, name="down", seconds=0.2, times=1)
            talk(ucm, GET)
        waiting.read()
        asking.read()

    def both() -> list[dict[str, Any]]:
        found = ucm.journal(kind="connection", fault="down")
        return found if len(found) >= 2 else []

    cut = within(10, both)
    assert {(one.ended, one.refusal.code, *one.kinds) for one in cut} == {("the device reset it", "cut-by-fault", kind)}
    assert within(10, lambda: len(ucm.journal(kind="listening", fault="down")) == 2)
