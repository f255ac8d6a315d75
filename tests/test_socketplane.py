"""Below TLS: what a whole ClientHello is, who is counted and closed at accept, and how sockets end."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure

from tests.makers import spool_of
from ucmsim.appliance.hello import hello_is_whole
from ucmsim.appliance.pbx import Pbx
from ucmsim.certificates.authority import Authority, Identity, export, self_signed
from ucmsim.clock import PbxClock
from ucmsim.configuration import DEFECT_IDS
from ucmsim.faults import Admission, Handshake
from ucmsim.http.reply import Bytes, Ending, HangUp, Reply, Send, SendHead
from ucmsim.journal import Visit
from ucmsim.journal.hello import offered
from ucmsim.settings import load_pbx
from ucmsim.sockets.gate import Gate
from ucmsim.sockets.socketplane import LINGER, Below
from ucmsim.sockets.tls import DeviceTls, TlsFactory
from ucmsim.sockets.wire import Progress, TlsLine, perform
from ucmsim.store.history import History

PEER = "192.0.2.7"
INACTIVITY = 30.0
ENDED = Failure(ConnectionDone())


def client_hello() -> bytes:
    """Return a real ClientHello."""
    out = ssl.MemoryBIO()
    context = ssl.create_default_context()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="pbx").do_handshake()
    return out.read()


HELLO = client_hello()


class Socket(StringTransport):
    """A TCP transport that writes down what is called, in order."""

    def __init__(self) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", PEER, 40000))
        self.calls: list[str] = []

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.nodelay = enabled

    def loseWriteConnection(self) -> None:
        self.calls.append("half-close")

    def loseConnection(self) -> None:
        self.calls.append("close")

    def abortConnection(self) -> None:
        self.calls.append("abort")


class Plain(Protocol):
    """What stands above the shim: remembers what reaches it."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.lost = False
        self.shown: Handshake | None = None

    def connectionMade(self) -> None:
        self.shown = getattr(self.transport, "handshake", None)

    def dataReceived(self, data: bytes) -> None:
        self.got.append(data)

    def connectionLost(self, reason: Failure = ENDED) -> None:
        self.lost = True


@dataclass
class FakePbx:
    """A PBX that serves whom it is told to, and remembers what it was asked."""

    name: str = "hq"
    serve: Callable[[str, int], Admission] = lambda _peer, _others: Admission()
    admitted: list[tuple[str, int]] = field(default_factory=list)
    handshakes: list[str] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    closed: list[Visit] = field(default_factory=list)

    def admit(self, peer: str, others: int, wall: float) -> Admission:
        self.admitted.append((peer, others))
        return self.serve(peer, others)

    def arrived(self, peer: str, port: int, admission: Admission, wall: float) -> Visit:
        return Visit(len(self.admitted), peer, port)

    def closing(self, visit: Visit) -> None:
        self.closed.append(visit)

    def left(self, visit: Visit, wall: float) -> None:
        self.visits.append(visit)

    def handshake(self, peer: str, wall: float) -> Handshake:
        self.handshakes.append(peer)
        return Handshake(defect=f"number {len(self.handshakes)}")


class Port:
    """A gate on a clock of the test's own, and connections to it."""

    def __init__(self, pbx: Any = None, *, inactivity: float | None = INACTIVITY) -> None:
        self.clock = Clock()
        self.pbx = pbx or FakePbx()
        self.gate = Gate(self.pbx, Factory.forProtocol(Plain), self.clock, inactivity=inactivity)

    def connect(self, *data: bytes) -> Caller | None:
        """Connect and send *data*, piece by piece; None when the connection was closed at accept."""
        below = self.gate.buildProtocol(IPv4Address("TCP", PEER, 40000))
        if below is None:
            return None
        caller = Caller(below, self.clock)
        for piece in data:
            below.dataReceived(piece)
        return caller

    @property
    def timers(self) -> int:
        return len(self.clock.getDelayedCalls())


class Caller:
    """One connection that was accepted."""

    def __init__(self, below: Below, clock: Clock) -> None:
        self.below, self.socket, self._clock = below, Socket(), clock
        below.makeConnection(self.socket)

    @property
    def above(self) -> Plain:
        plain = self.below.wrappedProtocol
        assert isinstance(plain, Plain)
        return plain

    def lose(self) -> None:
        self.below.connectionLost(ENDED)


# --- the ClientHello -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"", False),
        (b"\x16", False),
        (b"\x16\x03", False),
        (b"\x16\x03\x01", False),
        (b"\x16\x03\x01\x00\x02", False),
        (b"\x16\x03\x01\x00\x02\x01", False),
        (b"\x16\x03\x01\x00\x02\x02\x00", True),
        (b"\x16\x03\x01\x00\x02\x01\x00", False),
        (b"\x16\x03\x01\x00\x04\x01\x00\x00\x00", True),
        (b"\x16\x03\x01\x00\x04\x01\xff\xff\xff", True),
        (b"\x16\x03\x01\xff\xff\x01" + bytes(18_431), True),
        (b"\x16\x03\x01\x00\x00", True),
        (b"\x16\x03\x01\x00\x02\x01\x00more", True),
        (b"\x16\x02\x00", True),
        (b"G", True),
        (b"GET / HTTP/1.1\r\n", True),
        (b"\x80\x2e\x01", True),
        (b"\x15\x03\x01\x00\x02\x02\x28", True),
        (b"\x16\x03\x01\xff\xff" + bytes(17_000), False),
        (b"\x16\x03\x01\xff\xff" + bytes(18_432), True),
        (HELLO[:-1], False),
        (HELLO, True),
    ],
)
def test_hello_is_whole(data: bytes, whole: bool) -> None:
    """A hello is whole when its message is; what is no TLS handshake, or too long for one, is not waited for."""
    assert hello_is_whole(data) is whole


@pytest.mark.parametrize("size", [1, 3, 4, 100, 200])
def test_a_hello_in_many_records_is_held_and_read_as_one(size: int) -> None:
    """However small its records are, the PBX decides when all of it is there, and the journal knows what it offers."""
    body = HELLO[5:]
    records = [body[at : at + size] for at in range(0, len(body), size)]
    whole = b"".join(HELLO[:3] + len(one).to_bytes(2) + one for one in records)
    assert not hello_is_whole(whole[:-1])
    assert hello_is_whole(whole)
    caller = Port().connect(whole)
    assert caller.below.visit.offered == offered(HELLO)
    assert caller.below.visit.verdict.word == "refused"


def test_a_resumption_is_seen_behind_a_retry() -> None:
    """A HelloRetryRequest says nothing of it, the ServerHello that follows does; later flights are not looked at."""
    caller = Port().connect(HELLO)
    visit, retry = caller.below.visit, bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    session, suite, version = b"\0", b"\x13\x01\0", b"\0\x2b\0\2\3\4"
    told = []
    for random, extensions in ((retry, version), (bytes(32), version + b"\0\x29\0\2\0\0"), (bytes(32), version)):
        hello = b"\3\3" + random + session + suite + len(extensions).to_bytes(2) + extensions
        message = b"\2" + len(hello).to_bytes(3) + hello
        caller.below.write(b"\x16\3\3" + len(message).to_bytes(2) + message)
        told.append(visit.resumed)
    assert told == [None, True, True]


@given(st.binary(max_size=80), st.integers(0, 80))
def test_a_whole_hello_stays_whole(data: bytes, at: int) -> None:
    """More bytes never make a whole hello incomplete."""
    if hello_is_whole(data[:at]):
        assert hello_is_whole(data)


@pytest.mark.parametrize("size", [1, 2, 5, 100, len(HELLO)])
def test_hello_is_held_until_it_is_whole(size: int) -> None:
    """TLS sees nothing before the ClientHello is whole, and then all of it at once; the PBX decides in between."""
    port = Port()
    caller = port.connect(*(HELLO[at : at + size] for at in range(0, len(HELLO) - size, size)))
    assert (caller.above.connected, caller.above.got, port.pbx.handshakes) == (0, [], [])
    caller.below.dataReceived(HELLO[-(len(HELLO) % size or size) :])
    assert (caller.above.connected, caller.above.got, port.pbx.handshakes) == (1, [HELLO], [PEER])
    caller.below.dataReceived(b"more")
    assert caller.above.got == [HELLO, b"more"]
    assert (port.pbx.handshakes, port.timers) == ([PEER], 0)


def test_handshake_is_decided_for_each_connection() -> None:
    """Each ClientHello has a decision of its own, at the gate when TLS begins."""
    port = Port()
    seen = [port.connect(HELLO).above.shown.defect for _ in range(2)]  # type: ignore[union-attr]
    assert seen == ["number 1", "number 2"]


def test_what_is_no_tls_goes_up_at_once() -> None:
    """Plain HTTP is not held: OpenSSL answers it as it does."""
    assert Port().connect(b"GET / HTTP/1.1\r\n").above.got == [b"GET / HTTP/1.1\r\n"]


def test_small_packets_are_not_delayed() -> None:
    """Nagle's algorithm is off from the start."""
    assert Port().connect().socket.nodelay is True


# --- the gate ------------------------------------------------------------------------------------------------------


def test_gate_counts_who_is_served() -> None:
    """A connection counts from accept until it is lost."""
    port = Port()
    first, second = port.connect(HELLO), port.connect()
    port.connect()
    assert port.pbx.admitted == [(PEER, 0), (PEER, 1), (PEER, 2)]
    first.lose()
    second.lose()
    port.connect()
    assert port.pbx.admitted[-1] == (PEER, 1)


def test_connection_that_the_device_has_closed_counts_no_more() -> None:
    """A socket that only lingers is not one of the device's connections any more."""
    port = Port()
    caller = port.connect(HELLO)
    caller.below.finish()
    port.connect()
    assert port.pbx.admitted[-1] == (PEER, 0)
    caller.lose()
    port.connect()
    assert port.pbx.admitted[-1] == (PEER, 1)


def test_refused_peer_is_closed_at_accept_and_told() -> None:
    """Who is not served gets no protocol at all, so not a byte; the log has peer and reason."""
    port = Port(FakePbx(serve=lambda peer, _others: Admission(serve=False, why=f"{peer} is not welcome")))
    with capturedLogs() as events:
        assert port.connect() is None
    assert [formatEvent(event) for event in events] == [f"hq {PEER} closed at accept - {PEER} is not welcome"]
    assert (port.gate.protocols, port.timers) == ({}, 0)


def test_peer_that_is_refused_is_not_counted() -> None:
    """Refused connections take no place."""
    port = Port(FakePbx(serve=lambda _peer, others: Admission(serve=others < 2)))
    assert [port.connect() is not None for _ in range(5)] == [True, True, False, False, False]
    assert port.pbx.admitted[-1] == (PEER, 2)


@pytest.fixture
def pbx(tmp_path: Path) -> Iterator[Callable[..., Pbx]]:
    histories = []

    def make(**settings: Any) -> Pbx:
        history = History.open(tmp_path / f"{len(histories)}.sqlite", durable=False)
        histories.append(history)
        chosen = load_pbx(settings, tmp_path)
        return Pbx(
            "hq", chosen, history, spool_of(history), PbxClock.starting(None, 1.0, 0.0), seed=1, defects=DEFECT_IDS
        )

    yield make
    for history in histories:
        history.close()


@pytest.mark.quirk("session-cap")
@pytest.mark.parametrize(("chosen", "cap"), [({}, 100), ({"session-cap": 2}, 2)])
def test_session_cap(pbx: Callable[..., Pbx], chosen: dict[str, int], cap: int) -> None:
    """One connection more than the cap is closed at accept; when one of the others goes there is room again."""
    port = Port(pbx(quirks=chosen))
    callers = [port.connect() for _ in range(cap)]
    assert None not in callers
    with capturedLogs() as events:
        assert port.connect() is None
    assert "session-cap" in formatEvent(events[0])
    callers[0].lose()
    assert port.connect() is not None
    assert port.connect() is None


@pytest.mark.quirk("session-cap")
def test_no_session_cap(pbx: Callable[..., Pbx]) -> None:
    """Without a cap every connection is served."""
    port = Port(pbx(quirks={"session-cap": "none"}))
    assert all(port.connect() for _ in range(150))


@pytest.mark.quirk("acl-denial")
@pytest.mark.parametrize(
    ("entries", "served"), [([], False), (["192.0.2.0/24"], True), (["192.0.2.0/24", "!192.0.2.7"], False)]
)
def test_acl_can_drop(pbx: Callable[..., Pbx], entries: list[str], served: bool) -> None:
    """With acl-denial: drop a peer outside Permitted IPs is closed at accept; without it that is left to the page."""
    drops = Port(pbx(quirks={"acl-denial": "drop"}, api={"permitted_ips": entries}))
    assert (drops.connect() is not None) is served
    assert Port(pbx(api={"permitted_ips": entries})).connect() is not None


def test_fault_can_drop(pbx: Callable[..., Pbx]) -> None:
    """The fault api.deny with drop closes at accept, as often as it is armed for."""
    fault = {"fault": "api.deny", "how": "drop", "address": "192.0.2.0/24", "times": 2}
    port = Port(pbx(faults=[fault], api={"permitted_ips": ["0.0.0.0/0"]}))
    assert [port.connect() is not None for _ in range(3)] == [False, False, True]


def test_every_connection_can_be_cut() -> None:
    """Before TLS, in it or lingering after it: every socket is aborted, and what was not over knows why."""
    port = Port()
    callers = [port.connect(), port.connect(HELLO), port.connect(HELLO)]
    callers[2].below.finish()
    assert port.pbx.closed == [callers[2].below.visit]
    port.gate.abort_all(("fault",))
    assert [caller.socket.calls[-1] for caller in callers] == ["abort"] * 3
    told = [(caller.below.visit.cut, caller.below.visit.faults) for caller in callers]
    assert told == [("a fault cut the connection", ("fault",))] * 2 + [("", ())]
    stopped = port.connect(HELLO)
    port.gate.abort_all()
    assert stopped.below.visit.cut == "the PBX was switched off"


# --- time before TLS -----------------------------------------------------------------------------------------------


@pytest.mark.quirk("inactivity-timeout")
@pytest.mark.parametrize("data", [b"", HELLO[:-1]])
def test_connection_without_a_hello_is_given_up(data: bytes) -> None:
    """A peer that never completes its ClientHello is closed when the inactivity limit has passed."""
    port = Port()
    caller = port.connect(data)
    port.clock.advance(INACTIVITY - 0.1)
    assert caller.socket.calls == []
    port.clock.advance(0.2)
    assert (caller.socket.calls, port.timers) == (["close"], 0)


@pytest.mark.quirk("inactivity-timeout")
def test_without_a_limit_nobody_is_given_up() -> None:
    """With the quirk at none nothing waits on the clock, before TLS and after the end."""
    port = Port(inactivity=None)
    port.connect()
    port.connect(HELLO).below.finish()
    assert port.timers == 0


def test_end_of_input_before_tls_closes() -> None:
    """A peer that ends its side before its ClientHello is closed."""
    caller = Port().connect(HELLO[:9])
    caller.below.readConnectionLost()
    assert caller.socket.calls == ["close"]


def test_connection_lost_before_tls_leaves_nothing() -> None:
    """A peer that goes before its ClientHello leaves no timer, takes no place, and TLS never hears of it."""
    port = Port()
    caller = port.connect(HELLO[:9])
    caller.lose()
    assert (port.timers, port.gate.protocols, caller.above.lost) == (0, {}, False)


def test_connection_lost_in_tls_is_told_above() -> None:
    """A connection that is lost later is told to what stands above."""
    port = Port()
    caller = port.connect(HELLO)
    above = caller.above
    caller.lose()
    assert (port.timers, port.gate.protocols, above.lost) == (0, {}, True)


def test_end_of_input_in_tls_is_told_to_the_channel() -> None:
    """After the ClientHello the end of the input goes to the channel above TLS, and the socket stays open for a reply."""
    caller, heard = Port().connect(HELLO), []
    caller.above.wrappedProtocol = SimpleNamespace(inputEnded=lambda: heard.append(True))
    caller.below.readConnectionLost()
    assert (heard, caller.socket.calls) == ([True], [])


def test_end_of_input_without_a_channel_closes() -> None:
    """When TLS has lost its channel there is nobody left to answer."""
    caller = Port().connect(HELLO)
    caller.below.readConnectionLost()
    assert caller.socket.calls == ["close"]


# --- the end -------------------------------------------------------------------------------------------------------


def ending() -> tuple[Port, Caller]:
    """Return a connection whose end the device has begun."""
    port = Port()
    caller = port.connect(HELLO)
    caller.below.finish()
    return port, caller


def test_end_is_a_half_close() -> None:
    """The device sends its FIN and reads on, without looking at what it reads, so that no RST destroys the reply."""
    _, caller = ending()
    caller.below.dataReceived(b"unread input")
    assert (caller.socket.calls, caller.above.got) == (["half-close"], [HELLO])


def test_end_happens_once() -> None:
    """Ending twice sends one FIN."""
    _, caller = ending()
    caller.below.finish()
    assert caller.socket.calls == ["half-close"]


def test_end_after_the_connection_is_lost_is_nothing() -> None:
    """A connection that is gone is not ended again."""
    port = Port()
    caller = port.connect(HELLO)
    caller.lose()
    caller.below.finish()
    assert (caller.socket.calls, port.timers) == ([], 0)


def test_peer_that_closes_too_ends_the_lingering() -> None:
    """When the peer's own FIN comes the socket is closed, without waiting."""
    port, caller = ending()
    caller.below.writeConnectionLost()
    caller.below.readConnectionLost()
    assert caller.socket.calls == ["half-close", "close"]
    caller.lose()
    assert port.timers == 0


def test_peer_that_never_closes_is_closed() -> None:
    """A peer has a few seconds to close after the device's FIN is out."""
    port, caller = ending()
    caller.below.writeConnectionLost()
    port.clock.advance(LINGER - 0.1)
    assert caller.socket.calls == ["half-close"]
    port.clock.advance(0.2)
    assert (caller.socket.calls, port.timers) == (["half-close", "close"], 0)


@pytest.mark.quirk("inactivity-timeout")
def test_peer_that_never_reads_the_end_is_cut() -> None:
    """When the last bytes and the FIN cannot be sent the socket is aborted after the inactivity limit."""
    port, caller = ending()
    port.clock.advance(INACTIVITY + 0.1)
    assert (caller.socket.calls, port.timers) == (["half-close", "abort"], 0)


# --- what a client sees of the three endings -----------------------------------------------------------------------

BODY = bytes(range(256)) * 40


@pytest.fixture(scope="module", params=["modern", "device"])
def identity(request: pytest.FixtureRequest) -> Identity:
    """What a PBX of each TLS profile serves with."""
    now = datetime.now(UTC)
    if request.param == "device":
        return self_signed(["localhost"], now, rsa_bits=2048)
    return Authority.mint("hq", now).issue(["localhost"], now)


class Session:
    """A TLS connection in memory between a real client and a port, whose socket is open until its FIN."""

    def __init__(self, identity: Identity) -> None:
        self.clock = Clock()
        device = identity.trust == identity.certificate
        tls = DeviceTls(lambda *_: identity, ("1.2", "1.2"), identity.trust, device_profile=device)
        wrapped = TlsFactory(tls, False, Factory.forProtocol(Plain), clock=self.clock)
        gate = Gate(FakePbx(), wrapped, self.clock, inactivity=INACTIVITY)
        self.caller = Caller(gate.buildProtocol(IPv4Address("TCP", PEER, 40000)), self.clock)
        self._to_client, self._to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cadata=export(identity.trust, "der"))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # Python 3.11.2 sets it, and takes any end for an orderly one
        self._client = context.wrap_bio(self._to_client, self._to_server, server_hostname="localhost")
        for _ in range(4):
            with suppress(ssl.SSLWantReadError):
                self._client.do_handshake()
            if self._to_server.pending:
                self.caller.below.dataReceived(self._to_server.read())
            self.pump()
        assert self._client.version() == "TLSv1.2"

    def pump(self) -> None:
        """Hand to the client what the server has sent."""
        self._to_client.write(self.caller.socket.value())
        self.caller.socket.clear()

    def end(self, how: Ending) -> None:
        """Send a body and end the connection."""
        above = self.caller.below.wrappedProtocol
        reply = Reply(200, "OK", (), (SendHead(), Send(Bytes(BODY)), HangUp(how)))
        with suppress(StopIteration):
            perform(reply, TlsLine(above), self.clock, Progress(lambda _: None)).send(None)

    def read(self) -> tuple[bytes, str]:
        """Return what the client reads, and how it ends."""
        self.pump()
        if "half-close" in self.caller.socket.calls:
            self._to_client.write_eof()
        got = b""
        try:
            while piece := self._client.read(65536):
                got += piece
        except ssl.SSLZeroReturnError:
            return got, "close_notify"
        except ssl.SSLWantReadError:
            return got, "open"
        except ssl.SSLError as wrong:  # Python 3.11.2 has no class of its own for it
            return got, "end of file" if wrong.reason == "UNEXPECTED_EOF_WHILE_READING" else str(wrong)
        return got, "close_notify"


@pytest.mark.parametrize(("how", "seen"), [(Ending.NOTIFY, "close_notify"), (Ending.FIN, "end of file")])
def test_client_sees_everything_and_the_ending(identity: Identity, how: Ending, seen: str) -> None:
    """Before the FIN every byte of the reply is on its way, with close_notify behind it or without."""
    session = Session(identity)
    session.end(how)
    assert session.caller.socket.calls == ["half-close"]
    got, end = session.read()
    assert got.endswith(BODY)
    assert end == seen


def test_reset_goes_past_everything(identity: Identity) -> None:
    """A reset aborts the socket at once."""
    session = Session(identity)
    session.end(Ending.RESET)
    assert session.caller.socket.calls == ["abort"]
