"""The tcp plane: a gate with real decisions over sockets in memory, and on real sockets where the socket is the point."""

from __future__ import annotations

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from twisted.internet.task import Clock

from tests.faulting import refused
from tests.makers import BEGAN, CLIENT, make_pbx
from tests.rawclient import Answer, Ended, RawSocket, RawTls, talk
from tests.test_socketplane import HELLO, Caller, Port, Socket
from tests.tlswire import Server
from ucmsim.faults import Traffic
from ucmsim.pytest_plugin import Ucm, UcmFleet
from ucmsim.sockets.throttle import SETTLE, WAITING, Throttle

GET = b"GET /cdrapi HTTP/1.1\r\n\r\n"


def port(fault: str, **fields: Any) -> Port:
    """Return a gate in front of a PBX with one fault."""
    return Port(make_pbx(faults=[{"fault": fault, **fields}], api={"permitted_ips": ["0.0.0.0/0"]}))


def connected(gate: Port, *data: bytes) -> Caller:
    caller = gate.connect(*data)
    assert caller is not None
    return caller


def told(gate: Port, caller: Caller) -> dict[str, Any]:
    """Return the journal's entry of the connection, which is lost now."""
    caller.lose()
    assert gate.timers == 0
    return list(gate.pbx.journal.entries())[-1]


# Endings


@pytest.mark.parametrize(
    ("fault", "calls"),
    [("tcp.close", ["half-close"]), ("tcp.reset", ["abort"]), ("tcp.half-close", ["half-close"]), ("tcp.mute", [])],
)
def test_a_connection_is_cut_right_after_accept(fault, calls):
    """The socket is ended as the fault says, nothing is sent, and the ClientHello is looked at no more."""
    gate = port(fault)
    caller = connected(gate, HELLO)
    assert (caller.socket.calls, caller.socket.value(), caller.above.got) == (calls, b"", [])
    gate.clock.advance(1e6 if fault in ("tcp.half-close", "tcp.mute") else 1)
    assert caller.socket.calls == calls
    entry = told(gate, caller)
    assert (entry["kinds"], entry["refusal"]["code"], entry["verdict"]) == ([fault], "cut-by-fault", "undecided")


@pytest.mark.parametrize(
    ("fault", "calls"),
    [("tcp.close", ["half-close"]), ("tcp.reset", ["abort"]), ("tcp.half-close", ["half-close"]), ("tcp.mute", [])],
)
def test_a_connection_is_cut_after_some_bytes(fault, calls):
    """So many bytes go out, TLS's own included, then the socket is ended; what is above can do nothing about it."""
    gate = port(fault, bytes=10)
    caller = connected(gate, HELLO)
    caller.below.write(b"0123456")
    assert caller.socket.calls == []
    caller.below.write(b"789abc")
    caller.below.finish()
    gate.clock.advance(SETTLE)
    assert (caller.socket.value(), caller.socket.calls) == (b"0123456789", calls)
    caller.below.write(b"more")
    caller.below.finish()
    caller.below.loseConnection()
    caller.below.abortConnection()
    caller.below.dataReceived(b"more")
    gate.clock.advance(1)
    assert (caller.socket.value(), caller.socket.calls) == (b"0123456789", calls)
    assert told(gate, caller)["kinds"] == [fault]


@pytest.mark.parametrize("fault", ["tcp.half-close", "tcp.mute"])
def test_who_stays_goes_when_the_client_does(fault):
    """A FIN of the client ends it."""
    caller = connected(port(fault), HELLO)
    caller.below.writeConnectionLost()
    before = list(caller.socket.calls)
    caller.below.readConnectionLost()
    assert caller.socket.calls == [*before, "close"]


def test_the_earliest_of_two_cuts_wins():
    """In whatever order they are armed."""
    for first, second in (("tcp.reset", "tcp.close"), ("tcp.close", "tcp.reset")):
        faults = [{"fault": first, "bytes": 20 if first == "tcp.close" else 10}]
        faults += [{"fault": second, "bytes": 20 if second == "tcp.close" else 10}]
        assert make_pbx(faults=faults).admit(CLIENT, 0, BEGAN).traffic == Traffic(limit=10, ending="reset")


# Time


@pytest.mark.fault("tcp.latency")
def test_a_connection_is_taken_late():
    """The socket is not read before; from then on everything is as ever."""
    gate = port("tcp.latency", seconds=3)
    caller = connected(gate)
    assert caller.socket.producerState == "paused"
    gate.clock.advance(2.9)
    assert caller.socket.producerState == "paused"
    gate.clock.advance(0.1)
    assert caller.socket.producerState == "producing"
    caller.below.dataReceived(HELLO)
    assert caller.above.got == [HELLO]
    assert told(gate, caller)["kinds"] == ["tcp.latency"]


@pytest.mark.fault("tcp.bandwidth")
def test_bytes_go_no_faster_than_the_rate():
    """After each second so many more are out, and the end comes after the last."""
    gate = port("tcp.bandwidth", rate=1000)
    caller = connected(gate, HELLO)
    caller.below.write(bytes(2500))
    caller.below.finish()
    out = []
    for _ in range(3):
        gate.clock.pump([0.01] * 100)
        out.append(len(caller.socket.value()))
    assert [abs(sent - due) <= 50 for sent, due in zip(out, (1000, 2000, 2500), strict=True)] == [True] * 3
    assert caller.socket.calls == ["half-close"]
    assert told(gate, caller)["kinds"] == ["tcp.bandwidth"]


def test_what_goes_out_slowly_goes_out_whole():
    """Neither the time that a peer has to take the end of a reply nor that for reading it is over before all is out."""
    gate = port("tcp.bandwidth", rate=100)
    caller = connected(gate, HELLO)
    caller.below.write(bytes(5000))
    caller.below.finish()
    for _ in range(60):
        gate.clock.pump([0.05] * 20)
    assert (caller.socket.calls, len(caller.socket.value())) == (["half-close"], 5000)
    told(gate, caller)


@pytest.mark.parametrize("fault", [{"fault": "tcp.bandwidth", "rate": 100}, {"fault": "tcp.slicer"}])
def test_nothing_waits_for_a_connection_that_is_gone(fault):
    """Neither what was held back nor what TLS says of the end itself."""
    server = Server(fault)
    client = server.connect()
    client.shake()
    server.clock.pump([0.05] * 20)
    client.lose()  # which finds a timer that is left


def test_who_reads_nothing_of_what_goes_out_slowly_is_given_up():
    """Where the socket is full it is the peer that is waited for, and for no longer than usual."""
    gate = port("tcp.bandwidth", rate=100)
    caller = connected(gate, HELLO)
    caller.below.write(bytes(5000))
    caller.below.finish()
    gate.clock.pump([0.05] * 20)
    caller.socket.producer.pauseProducing()
    gate.clock.advance(31)
    assert caller.socket.calls == ["abort"]
    told(gate, caller)


def test_a_slow_wire_is_not_taken_for_a_client_that_reads_nothing():
    """A long handshake and a long reply come to their end at any rate, and the journal blames nobody."""
    server = Server({"fault": "tcp.bandwidth", "rate": 20})
    client = server.connect()
    while client.shake() == "waits":
        server.clock.pump([0.05] * 20)
        assert client.caller.socket.calls == []
    client.tls.write(GET)
    while not client.caller.socket.calls:
        server.clock.pump([0.05] * 20)
        client.pump()
    assert client.caller.socket.calls == ["half-close"]
    assert server.journal[0]["ended"] == ""
    client.lose()


@pytest.mark.fault("tcp.slicer")
def test_bytes_go_in_slices():
    """So many at a time, with a pause after each."""
    gate = port("tcp.slicer", bytes=4, seconds=0.5)
    caller = connected(gate, HELLO)
    caller.below.write(b"0123456789")
    out = []
    for _ in range(4):
        out.append(caller.socket.value())
        gate.clock.advance(0.5)
    assert out == [b"0123", b"01234567", b"0123456789", b"0123456789"]
    assert told(gate, caller)["kinds"] == ["tcp.slicer"]


class Producer:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")


def test_who_makes_the_bytes_waits_for_a_slow_wire():
    """A producer is paused when too much waits, and resumed when all of it is out."""
    gate = port("tcp.bandwidth", rate=1_000_000)
    caller = connected(gate, HELLO)
    producer = Producer()
    caller.below.registerProducer(producer, True)
    caller.below.write(bytes(WAITING * 2 + 100_000))
    assert producer.calls == ["pause"]
    gate.clock.pump([0.01] * 100)
    assert producer.calls == ["pause", "resume"]
    told(gate, caller)


def test_a_peer_that_reads_slowly_holds_the_throttle_up():
    """What the socket pauses, goes on when the socket resumes it."""
    gate = port("tcp.slicer", bytes=1, seconds=0)
    caller = connected(gate, HELLO)
    caller.below.write(b"abc")
    caller.socket.producer.pauseProducing()
    gate.clock.pump([0.1] * 5)
    assert caller.socket.value() == b"a"
    caller.socket.producer.resumeProducing()
    gate.clock.pump([0.1] * 5)
    assert caller.socket.value() == b"abc"
    assert caller.socket.producer is None
    told(gate, caller)


class Buffered(Socket):
    """A socket whose buffer pauses its producer when it is full, and that empties it when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = b""
        self.paused = False

    def write(self, data: bytes) -> None:
        if "half-close" in self.calls:  # what comes after the end is lost
            return
        super().write(data)
        if self.producer is not None and len(self.value()) > WAITING and not self.paused:
            self.paused = True
            self.producer.pauseProducing()

    def flush(self) -> None:
        self.arrived += self.value()
        self.clear()
        if self.producer is not None and self.paused:
            self.paused = False
            self.producer.resumeProducing()


class Pump(Producer):
    """Writes what it has whenever it may."""

    def __init__(self, throttle: Throttle, pieces: int) -> None:
        super().__init__()
        self.throttle, self.left, self.running = throttle, pieces, False

    def pauseProducing(self) -> None:
        self.running = False

    def resumeProducing(self) -> None:
        self.running = True
        while self.running and self.left:
            self.left -= 1
            self.throttle.write(bytes(16_384))
        if not self.left:
            self.throttle.unregisterProducer()
            self.throttle.loseWriteConnection()


@pytest.mark.parametrize(
    "traffic", [Traffic(delay=1), Traffic(piece=1000), Traffic(rate=10_000_000), Traffic(limit=10**7)]
)
@pytest.mark.parametrize("pieces", [6, 8, 100])
def test_a_long_body_comes_through_to_its_end(traffic, pieces):
    """However often the socket is full, what waits goes on when there is room, and the end comes after the last byte."""
    clock, transport = Clock(), Buffered()
    throttle = Throttle(transport, traffic, clock, lambda: None)
    pump = Pump(throttle, pieces)
    throttle.registerProducer(pump, True)
    pump.resumeProducing()
    most = 0
    for _ in range(5000):
        most = max(most, len(transport.value()))
        transport.flush()
        clock.advance(0.01)
    assert len(transport.arrived) == pieces * 16_384
    assert transport.calls == ["half-close"]
    assert most < 4 * WAITING
    assert (transport.producer, clock.getDelayedCalls()) == (None, [])


@pytest.mark.fault("tcp.limit")
def test_one_connection_too_many():
    """It is closed at accept, and the journal says by which fault."""
    gate = port("tcp.limit", connections=2)
    assert [gate.connect() is not None for _ in range(3)] == [True, True, False]
    entry = list(gate.pbx.journal.entries())[-1]
    assert (entry["kinds"], entry["refusal"]["code"], entry["ended"]) == (
        ["tcp.limit"],
        "session-cap",
        "closed at accept",
    )


@pytest.mark.parametrize(
    "terms", [{"times": 1}, {"chance": 0.5}, {"ramp": 5}, {"when": {"client": CLIENT}}, {"when": {"nth": [1]}}]
)
def test_what_is_about_the_port_has_no_other_conditions_than_time(terms):
    """Nobody has come yet when a port does not listen."""
    assert refused({"fault": "tcp.refuse", **terms})


# On real sockets


@pytest.fixture
def open_ucm(ucm_fleet: UcmFleet) -> Any:
    started = []

    def start(*faults: dict[str, Any]) -> Ucm:
        started.append(ucm_fleet.start({"faults": list(faults), "api": {"tls_authentication_name": None}}))
        return started[-1]

    yield start
    for ucm in started:
        ucm_fleet.stop(ucm)


@pytest.mark.fault("tcp.close", "tcp.reset")
@pytest.mark.parametrize(("fault", "how"), [("tcp.close", Ended.EOF), ("tcp.reset", Ended.RESET)])
@pytest.mark.parametrize("count", [0, 1000])
def test_fin_and_rst_on_the_socket(open_ucm, fault, how, count):
    """What the kernel of the client sees, with the ClientHello unread and with bytes under way."""
    ucm = open_ucm({"fault": fault, "bytes": count})
    try:
        with RawTls(ucm, shake=False) as client:
            if count:
                client.handshake()
                client.send(GET)
            else:
                client.below(HELLO)
            answer = client.read_below()
    except ConnectionResetError:  # already while it connects, or sends
        answer = Answer(b"", Ended.RESET)
    assert answer.ended is how
    assert len(answer.data) <= count


@pytest.mark.fault("tcp.half-close", "tcp.mute")
@pytest.mark.parametrize(("fault", "how"), [("tcp.half-close", Ended.EOF), ("tcp.mute", Ended.TIMEOUT)])
def test_half_closed_and_mute_on_the_socket(open_ucm, fault, how):
    """The one sends its FIN and stays, the other just stays: both take what the client sends, and go when it goes."""
    ucm = open_ucm({"fault": fault})
    with RawSocket(ucm, timeout=1.0) as client:
        client.send(HELLO)
        assert client.read().ended is how
    with RawSocket(ucm, timeout=5.0) as client:
        for _ in range(3):
            client.send(b"more")
            time.sleep(0.05)
        client.fin()
        assert client.read().ended is Ended.EOF


@pytest.mark.fault("tcp.refuse")
def test_a_port_that_refuses_comes_back(open_ucm):
    """While it is armed connections are refused; open ones stay; disarmed, the same port listens again."""
    ucm = open_ucm()
    place = urlsplit(ucm.url)

    def state() -> str:
        try:
            socket.create_connection((place.hostname, place.port), timeout=5).close()
        except ConnectionRefusedError:
            return "refused"
        return "open"

    with RawTls(ucm) as client:
        fault = ucm.fault("tcp.refuse")
        assert state() == "refused"
        client.send(GET)
        assert client.read().data.startswith(b"HTTP/1.1 200")
    assert fault.fired == 1
    fault.disarm()
    assert state() == "open"
    ucm.fault("tcp.refuse", ttl=0.3)
    assert state() == "refused"
    time.sleep(0.8)
    assert state() == "open"


def test_a_whole_reply_through_a_throttle(open_ucm):
    """Slices and a rate change nothing of what arrives."""
    good = talk(open_ucm(), GET)
    slow = talk(
        open_ucm({"fault": "tcp.slicer", "bytes": 50, "seconds": 0}, {"fault": "tcp.bandwidth", "rate": 200_000}), GET
    )
    assert (slow.ended, slow.data.partition(b"Cache")[2]) == (good.ended, good.data.partition(b"Cache")[2])
