"""One connection of the device: what is answered, when it is given up, and the one line that tells of it."""

from __future__ import annotations

import base64
import gc
import hashlib
import re
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, execute
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.python.failure import Failure

from tests.below import below
from tests.makers import spool_of
from ucmsim.appliance.pbx import Pbx
from ucmsim.clock import PbxClock
from ucmsim.columns import row
from ucmsim.configuration import DEFECT_IDS
from ucmsim.http.reply import PIECE, Bytes, Content, CutShort, Reply
from ucmsim.settings import load_pbx
from ucmsim.sockets.channel import DeviceChannel, DeviceFactory
from ucmsim.store.history import History

PEER = "127.0.0.9"
USER, PASSWORD = "cdrapi", "s3cr3t-pass"
GET = b"GET /cdrapi?format=JSON HTTP/1.1\r\nHost: pbx\r\n\r\n"
CALL = {
    "AcctId": "62", "src": "5300", "dst": "5301", "start": "2013-11-27 11:02:38", "duration": "7", "billsec": "0",
    "disposition": "NO ANSWER",
}  # fmt: skip
WIDE = {**CALL, "lastdata": "x" * 9000}


def answer(status: str, *lines: str, body: bytes) -> bytes:
    """Return the whole response of the device to a one-off request at the epoch."""
    head = [
        f"HTTP/1.1 {status}",
        "Server: Asterisk/1.8.9.2",
        "Date: Thu, 01 Jan 1970 00:00:00 GMT",
        "Connection: close",
        "Cache-Control: no-cache, no-store",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, *lines, "", ""]).encode() + body


def page(title: str, heading: str, text: str) -> bytes:
    """Return one of the device's error pages."""
    lines = [
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">',
        f"<html><head>\r\n<title>{title}</title>\r\n</head><body>",
        f"<h1>{heading}</h1>\r\n<p>{text}</p>\r\n<hr />",
        "<address>Asterisk Server</address>\r\n</body></html>\r\n",
    ]
    return "\r\n".join(lines).encode()


SERVER_ERROR = answer(
    "500 Server Error",
    "Content-type: text/html",
    body=page("500 Server Error", "Server Error", "Internal Server Error (out of memory)\n"),
)
TIMEOUT = answer("400 Bad Request", "Content-type: text/html", body=page("400 Bad Request", "Bad Request", "Timeout"))
EMPTY = answer("200 OK", "Content-type: application/json", body=b'{\n"cdr":\n[\n]\n}\n')


class Tls(StringTransport):
    """A TLS that is only a string; like the real one it drops what is written after the end."""

    def __init__(self) -> None:
        super().__init__()
        self.transport = below()

    def write(self, data: bytes) -> None:
        if not self.disconnecting or self.producer is not None:
            super().write(data)


class Connection:
    """One connection to a PBX over a TLS that is only a string; *worker* runs the lookups, at once by default."""

    def __init__(self, pbx: Pbx, clock: Clock, worker: Callable[..., Deferred[Reply]] = execute) -> None:
        self.clock = clock
        self.tls = Tls()
        channel = DeviceFactory(pbx, clock, worker).buildProtocol(IPv4Address("TCP", PEER, 40000))
        assert isinstance(channel, DeviceChannel)
        self.channel = channel
        channel.makeConnection(self.tls)

    def send(self, data: bytes) -> bytes:
        """Send *data*; return all that has come back so far."""
        self.channel.dataReceived(data)
        return self.got

    def vanish(self) -> None:
        """Take the connection away under the channel."""
        self.tls.connected = False
        self.channel.connectionLost(Failure(ConnectionDone()))

    @property
    def got(self) -> bytes:
        return self.tls.value()

    @property
    def fate(self) -> str:
        """How the connection stands."""
        if not self.tls.disconnecting:
            return "open"
        return "reset" if self.tls.disconnected else "closed"


class Device:
    """A PBX at the epoch on a clock of the test's own, with the log it makes."""

    def __init__(self, folder: Path, events: list[dict[str, Any]]) -> None:
        self.clock, self.events = Clock(), events
        self._folder = folder
        self._histories: list[History] = []

    def pbx(self, rows: int = 0, call: dict[str, str] = CALL, **settings: Any) -> Pbx:
        """Return a PBX with so many *rows* like *call*; *settings* are keys of its API page, or whole groups."""
        history = History.open(self._folder / f"{len(self._histories)}.sqlite", durable=False)
        self._histories.append(history)
        history.extend([row(call)] * rows)
        groups = {name: settings.pop(name) for name in ("quirks", "faults") if name in settings}
        chosen = load_pbx({"api": {"permitted_ips": ["127.0.0.0/8"], **settings}, **groups}, Path())
        return Pbx(
            "hq", chosen, history, spool_of(history), PbxClock.starting(None, 1.0, 0.0), seed=1, defects=DEFECT_IDS
        )

    def connect(
        self, *, to: Pbx | None = None, worker: Callable[..., Deferred[Reply]] = execute, **settings: Any
    ) -> Connection:
        """Connect to the PBX *to*, or to a new one with these settings."""
        return Connection(to or self.pbx(**settings), self.clock, worker)

    @property
    def access(self) -> list[dict[str, Any]]:
        """The access lines so far."""
        return [event for event in self.events if "told" in event]

    @property
    def line(self) -> dict[str, Any]:
        """The one access line."""
        (event,) = self.access
        return event

    @property
    def failures(self) -> list[Failure]:
        """What was logged as unexpected."""
        return [event["log_failure"] for event in self.events if "log_failure" in event]

    @property
    def text(self) -> str:
        """The whole log as it would be printed."""
        return "\n".join(formatEvent(event) for event in self.events)

    def close(self) -> None:
        for history in self._histories:
            history.close()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    with capturedLogs() as events:
        made = Device(tmp_path, events)
        yield made
        made.close()


class Late:
    """A worker that does its work when it is told to."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Deferred[Reply], Callable[[], Reply]]] = []

    def __call__(self, function: Callable[[], Reply]) -> Deferred[Reply]:
        deferred: Deferred[Reply] = Deferred()
        self._waiting.append((deferred, function))
        return deferred

    def finish(self) -> None:
        for deferred, function in self._waiting:
            deferred.callback(function())
        self._waiting.clear()


def digest(challenge: bytes, uri: str, *, password: str = PASSWORD, more: str = "") -> bytes:
    """Return the Authorization header that answers a *challenge* as RFC 2069 does."""
    nonce = re.search(rb'nonce="(\w+)"', challenge)[1].decode()
    a1, a2 = (hashlib.md5(text.encode()).hexdigest() for text in (f"{USER}:asterisk:{password}", f"GET:{uri}"))
    response = hashlib.md5(f"{a1}:{nonce}:{a2}".encode()).hexdigest()
    given = f'username="{USER}", realm="asterisk", nonce="{nonce}", uri="{uri}", response="{response}"{more}'
    return f"Authorization: Digest {given}\r\n".encode()


def request(target: str, *headers: bytes) -> bytes:
    """Return a GET for *target*."""
    return b"GET " + target.encode() + b" HTTP/1.1\r\n" + b"".join(headers) + b"\r\n"


# --- the access line -----------------------------------------------------------------------------------------------


def test_one_line_for_each_exchange(device: Device) -> None:
    """An exchange is told in one line with PBX, peer, method, path and query, status, rows, bytes and time."""
    got = device.connect(rows=3).send(GET)
    body = len(got.partition(b"\r\n\r\n")[2])
    assert formatEvent(device.line) == f'hq {PEER} "GET /cdrapi?format=JSON" 200 rows=3 bytes={body} 0.0 ms'
    expected = {"pbx": "hq", "peer": PEER, "method": "GET", "target": "/cdrapi?format=JSON", "status": "200"}
    told = {**expected, "rows": "3", "bytes": str(body), "milliseconds": "0.0", "told": ""}
    assert {name: device.line[name] for name in told} == told
    assert device.line["log_level"] is LogLevel.info


def test_line_counts_the_wall_clock(device: Device) -> None:
    """The milliseconds are those of the wall clock, from the complete request to the last byte."""
    late = Late()
    connection = device.connect(rows=1, worker=late)
    device.clock.advance(1.0)
    connection.send(GET)
    device.clock.advance(0.25)
    assert device.access == []
    late.finish()
    assert device.line["milliseconds"] == "250.0"


def test_line_tells_the_refusal(device: Device) -> None:
    """What the wire hides behind an empty container is told at the end of the line."""
    connection = device.connect(rows=1)
    assert connection.send(request("/cdrapi?format=JSON&calller=1")) == EMPTY
    assert (device.line["status"], device.line["rows"]) == ("200", "0")
    assert device.line["told"] == " - 'calller' is not a parameter of /cdrapi (did you mean 'caller'?)"


@pytest.mark.parametrize(
    ("target", "status", "told"),
    [
        ("/nowhere", "404", "no such path"),
        ("/recap", "404", "no such path (did you mean '/recapi'?)"),
        ("/cdrapi", "403", "127.0.0.9 is denied: blank Permitted IPs"),
    ],
)
def test_line_of_an_error_page(device: Device, target: str, status: str, told: str) -> None:
    """An error page has no rows, and the line says why it was sent."""
    device.connect(permitted_ips=[]).send(request(target))
    assert (device.line["status"], device.line["rows"]) == (status, "-")
    assert told in device.line["told"]


def test_line_of_bytes_that_are_no_request(device: Device) -> None:
    """What never became a request has a line too, with what was read of it and a dash for the rest."""
    device.connect().send(b"rubbish\r\n")
    assert (device.line["method"], device.line["target"], device.line["status"]) == ("rubbish", "-", "400")
    assert device.line["told"] == " - the request line has no URI"


def test_line_names_the_faults_that_fired(device: Device) -> None:
    """Faults are named in the line of the exchange they acted on."""
    slow = {"fault": "http.latency", "seconds": 0.5, "name": "slow"}
    device.connect(faults=[slow]).send(GET)
    device.clock.advance(0.5)
    assert device.line["told"] == " [faults: slow]"
    assert device.line["milliseconds"] == "500.0"


def test_challenge_and_answer_are_two_lines(device: Device) -> None:
    """The Digest challenge is an exchange like any other."""
    pbx = device.pbx(rows=2, tls_authentication_name=USER, tls_authentication_password=PASSWORD)
    challenge = device.connect(to=pbx).send(request("/cdrapi"))
    device.connect(to=pbx).send(request("/cdrapi", digest(challenge, "/cdrapi")))
    assert [(event["status"], event["rows"]) for event in device.access] == [("401", "-"), ("200", "2")]
    assert (pbx.books.totals.exchanges, pbx.books.totals.rows, pbx.books.totals.refused) == (2, 2, 1)


@pytest.mark.parametrize(
    "target",
    [
        "/cdrapi?username=cdrapi&password=hunter2",
        "/cdrapi?format=JSON&PASSWORD=hunter2&caller=1",
        "/cdrapi?caller=1&pwd=hunter2",
        "/cdrapi?passwd=hunter2",
        "/cdrapi?secret=hunter2",
        "/cdrapi?token=hunter2",
        "/cdrapi?pass%77ord=hunter2",
        "/nowhere?password=hunter2",
        "https://cdrapi:hunter2@pbx:8443/cdrapi",
        "https://cdrapi:hunter2@pbx/cdrapi?password=hunter2",
        "https://cdrapi:very@hunter2@pbx:8443/cdrapi",
        "HTTPS://hunter2@pbx/cdrapi",
    ],
)
def test_credentials_of_a_uri_stay_out_of_the_log(device: Device, target: str) -> None:
    """A password in the query or in an absolute URI is not told, whether it is the right one or not."""
    device.connect(tls_authentication_name=USER, tls_authentication_password=PASSWORD).send(request(target))
    device.connect().send(request(target))
    assert len(device.access) == 2
    assert "hunter2" not in device.text


@pytest.mark.parametrize(
    ("password", "spelled"),
    [(PASSWORD, PASSWORD), *(("p@ss w/rd", form) for form in ("p%40ss%20w%2Frd", "p@ss+w/rd", "p%40ss+w%2frd"))],
)
@pytest.mark.parametrize("target", ["/cdrapi?x={}", "/cdrapi?caller={}", "/cdrapi?format={}", "/cdrapi?{}=1", "/{}"])
def test_the_password_itself_is_known_everywhere(device: Device, password: str, spelled: str, target: str) -> None:
    """The PBX's own password is not told however it is spelled, in the refusal as little as in the target."""
    device.connect(tls_authentication_password=password).send(request(target.format(spelled)))
    assert len(device.access) == 1
    assert password not in device.text
    assert spelled not in device.text


def header(**changes: str) -> str:
    """Return a Digest Authorization value with fields that are whole but wrong, some of them changed."""
    fields = {"username": "u", "realm": "asterisk", "nonce": "1", "uri": "/cdrapi", "response": "x", **changes}
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


@pytest.mark.parametrize(
    "value",
    [
        "Basic " + base64.b64encode(f"{USER}:hunter2".encode()).decode(),
        "Bearer hunter2",
        "hunter2",
        'Digest username="hunter2", realm="asterisk"',
        *(
            header(**{name: "hunter2"})
            for name in ("username", "realm", "nonce", "uri", "response", "cnonce", "opaque")
        ),
        *(header(**{name: "hunter2"}) for name in ("algorithm", "qop", "nc")),
    ],
)
def test_authorization_values_stay_out_of_the_log(device: Device, value: str) -> None:
    """No part of what an Authorization header says is told, however wrong it is."""
    connection = device.connect(tls_authentication_name=USER, tls_authentication_password=PASSWORD)
    connection.send(request("/cdrapi", f"Authorization: {value}\r\n".encode()))
    assert device.line["status"] == "401"
    assert value.removeprefix("Basic ") not in device.text
    assert "hunter2" not in device.text


def test_granted_credentials_stay_out_of_the_log(device: Device) -> None:
    """The right response is not told either."""
    pbx = device.pbx(tls_authentication_name=USER, tls_authentication_password=PASSWORD)
    granted = digest(device.connect(to=pbx).send(request("/cdrapi")), "/cdrapi")
    device.connect(to=pbx).send(request("/cdrapi", granted))
    assert device.access[1]["status"] == "200"
    assert re.search(rb'response="(\w+)"', granted)[1].decode() not in device.text


@pytest.mark.parametrize(
    "data",
    [
        request("/a%0d%0aforged"),
        *(request(f"/cdrapi?{name}=%0d%0aforged%1b[2J") for name in ("caller", "format", "numRecords", "startTime")),
        request("/cdrapi?%0aforged=1"),
        request('/a"forged'),
        b"GET /a\x7f\x80\xff\xe2\x80\xa8 HTTP/1.1\r\n\r\n",
        b'G\x80E"T /a HTTP/1.1\r\n\r\n',
        *(
            request("/cdrapi", b"Authorization: " + header(**{name: "\rx forged\x1b[2J"}).encode() + b"\r\n")
            for name in ("username", "realm", "nonce", "uri", "response", "algorithm", "nc")
        ),
    ],
)
def test_control_characters_cannot_forge_a_line(device: Device, data: bytes) -> None:
    """Whatever a client sends, an access line is one line of printable ASCII with its quotes in their place."""
    device.connect(tls_authentication_name=USER).send(data)
    device.connect().send(data)
    assert len(device.access) == 2
    for event in device.access:
        text = formatEvent(event)
        assert re.fullmatch(r"[ -~]+", text), ascii(text)
        assert re.match(rf'hq {PEER} "[^" ]+ [^" ]+" \d\d\d rows=\S+ bytes=\d+ [\d.]+ ms( - |$)', text), text


def test_line_is_bounded(device: Device) -> None:
    """A request line as long as the device reads makes a line that a log can bear."""
    device.connect().send(b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\n\r\n")
    assert len(formatEvent(device.line)) < 800
    assert device.line["target"].endswith("a...")


# --- what goes wrong -----------------------------------------------------------------------------------------------


def failing(*_arguments: Any) -> Any:
    """Fail as nothing should."""
    raise ZeroDivisionError("the rate")


@pytest.mark.parametrize("where", ["decide", "worker"])
def test_handler_that_raises_answers_the_devices_page(
    device: Device, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whatever fails, in the decision or in the worker, the device's own 500 page is sent and the failure logged."""
    pbx = device.pbx(rows=1)
    if where == "decide":
        monkeypatch.setattr(pbx, "decide", failing)
    else:
        monkeypatch.setattr("ucmsim.appliance.pbx.Lookup.reply", failing)
    connection = device.connect(to=pbx)
    assert connection.send(GET) == SERVER_ERROR
    assert connection.fate == "closed"
    assert device.line["status"] == "500"
    (failure,) = device.failures
    assert isinstance(failure.value, ZeroDivisionError)


def test_vanished_client_during_the_lookup(device: Device) -> None:
    """A client that goes while its page is looked up is told as such, and is no failure."""
    late = Late()
    connection = device.connect(rows=1, worker=late)
    connection.send(GET)
    connection.vanish()
    assert device.line["told"].endswith(" [the client went away]")
    assert (device.line["bytes"], device.failures) == ("0", [])
    assert device.line["status"] != "500", "no such page was sent, and none was due"
    assert not device.clock.getDelayedCalls()


def test_a_client_that_ends_its_side_during_a_delay(device: Device) -> None:
    """It is answered all the same, as it may read on; the line says when it sent no more."""
    connection = device.connect(rows=1, faults=[{"fault": "http.latency", "seconds": 60.0}])
    connection.send(GET)
    device.clock.advance(1.5)
    connection.channel.inputEnded()
    device.clock.advance(58.5)
    assert connection.got.startswith(b"HTTP/1.1 200 OK")
    assert device.line["told"] == " [faults: http-latency] [the client ended its side after 1.500 s]"


def test_vanished_client_during_a_delay(device: Device) -> None:
    """A client that goes while a fault delays its answer leaves nothing on the clock."""
    connection = device.connect(rows=1, faults=[{"fault": "http.latency", "seconds": 60.0}])
    connection.send(GET)
    device.clock.advance(1.5)
    connection.vanish()
    assert device.line["told"] == " [faults: http-latency] [the client went away]"
    assert (device.line["milliseconds"], device.line["bytes"]) == ("1500.0", "0")
    assert (device.clock.getDelayedCalls(), device.failures) == ([], [])


def test_vanished_client_in_the_middle_of_a_body(device: Device) -> None:
    """The line counts the bytes that were handed over before the client went."""
    connection = stalled(device)
    connection.vanish()
    assert device.line["told"] == " [the client went away]"
    assert (device.line["status"], device.line["bytes"]) == ("200", str(PIECE))
    assert (connection.tls.producer, device.clock.getDelayedCalls(), device.failures) == (None, [], [])


@pytest.mark.parametrize("sent", [b"", b"GET /cdr", b"GET /cdrapi HTTP/1.1\r\nHost"])
def test_client_that_vanishes_before_its_request_leaves_nothing(device: Device, sent: bytes) -> None:
    """A connection that goes before its request is complete has no exchange, and leaves nothing on the clock."""
    connection = device.connect()
    connection.send(sent)
    connection.vanish()
    assert (device.access, device.failures, device.clock.getDelayedCalls()) == ([], [], [])


# --- a body that cannot be made to its end -------------------------------------------------------------------------


class Made:
    """A body of *length* bytes that are made as they are sent; *why* makes what is raised when *stop* are there.

    *made* counts the bytes, *inside* tells that the body is being read: a file would be open.
    """

    def __init__(self, length: int, stop: int | None = None, why: Callable[[], Exception] | None = None) -> None:
        self.length, self.stop, self.why = length, length if stop is None else stop, why
        self.made, self.inside = 0, False

    def slice(self, start: int, stop: int) -> Bytes:
        raise AssertionError("whole bodies are sent here: nobody slices them")

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        self.inside = True
        try:
            while self.made < self.stop:
                piece = b"x" * min(size, self.stop - self.made)
                self.made += len(piece)
                yield piece
            if self.why:
                raise self.why()
        finally:
            self.inside = False


class Serving:
    """Work whose answer has the *body*, once."""

    def __init__(self, body: Made) -> None:
        self._bodies = [body]

    def content(self) -> Content:
        return Content(200, "OK", (("Content-type", "audio/x-wav"),), self._bodies.pop())


def serve(device: Device, monkeypatch: pytest.MonkeyPatch, body: Made, **settings: Any) -> Pbx:
    """Return a PBX that answers the next request with *body*."""
    pbx = device.pbx(**settings)
    works = [Serving(body)]
    own = pbx._faces.own
    face = replace(own, handlers={**own.handlers, "recapi": lambda request, when: works.pop()})
    monkeypatch.setattr(pbx._faces, "own", face)
    return pbx


RECAPI = b"GET /recapi?filename=a.wav HTTP/1.1\r\nHost: pbx\r\n\r\n"
CHANGED = "the file was changed while it was sent"


def cut() -> CutShort:
    return CutShort(CHANGED)


LENGTHS = pytest.mark.parametrize(
    ("length", "stop"),
    [
        pytest.param(1000, 700, id="short"),
        pytest.param(1000, 0, id="short, first byte"),
        pytest.param(5 * PIECE, 3 * PIECE + 9, id="long"),
        pytest.param(5 * PIECE, 0, id="long, first byte"),
    ],
)


def sound(length: int, made: int) -> bytes:
    """Return the response with a recording of that *length* of which only so many bytes were *made*."""
    whole = answer("200 OK", "Content-type: audio/x-wav", body=b"x" * length)
    return whole[: len(whole) - length + made]


@LENGTHS
def test_body_that_is_cut_short(device: Device, monkeypatch: pytest.MonkeyPatch, length: int, stop: int) -> None:
    """Head and what there is are sent, the connection ends in order, and the line says why and how far it came."""
    connection = device.connect(to=serve(device, monkeypatch, Made(length, stop, cut)))
    assert connection.send(RECAPI) == sound(length, stop)
    assert connection.fate == "closed"
    assert formatEvent(device.line) == (
        f'hq {PEER} "GET /recapi?filename=a.wav" 200 rows=- bytes={stop} 0.0 ms [{CHANGED}]'
    )
    assert (connection.tls.producer, device.failures, device.clock.getDelayedCalls()) == (None, [], [])


@pytest.mark.quirk("keep-alive")
@LENGTHS
def test_body_that_is_cut_short_is_the_last_of_its_connection(
    device: Device, monkeypatch: pytest.MonkeyPatch, length: int, stop: int
) -> None:
    """A connection that would be kept ends: the next response would be taken for the missing bytes."""
    pbx = serve(device, monkeypatch, Made(length, stop, cut), quirks={"keep-alive": 15})
    connection = device.connect(to=pbx)
    connection.send(RECAPI + GET)
    device.clock.pump([0] * 4)
    assert connection.got == sound(length, stop).replace(b"Connection: close\r\n", b"")
    assert (connection.fate, len(device.access), device.clock.getDelayedCalls()) == ("closed", 1, [])


def test_what_cut_a_body_short_is_one_printable_sentence(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file name in it cannot forge a line, and the password is not told."""
    said = f"'monitor/\x1b[2J\r\nforged {PASSWORD}.wav' is gone"
    pbx = serve(device, monkeypatch, Made(9, 3, lambda: CutShort(said)), tls_authentication_password=PASSWORD)
    device.connect(to=pbx).send(RECAPI)
    text = formatEvent(device.line)
    assert re.fullmatch(r"[ -~]+", text)
    assert text.endswith(" ms ['***' is gone]")


@pytest.mark.parametrize("length", [1000, 5 * PIECE])
def test_body_that_fails_is_told_and_resets(device: Device, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """What nobody foresaw is logged, and the connection neither stays open nor ends as if all were well."""
    connection = device.connect(to=serve(device, monkeypatch, Made(length, length - 1, ZeroDivisionError)))
    connection.send(RECAPI)
    assert connection.fate == "reset"
    (failure,) = device.failures
    assert isinstance(failure.value, ZeroDivisionError)
    assert device.line["told"] == " [ucmsim failed; the log says why below]"
    assert (connection.tls.producer, device.clock.getDelayedCalls()) == (None, [])


# --- a body and its client -----------------------------------------------------------------------------------------


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector away, so that what goes, goes at once."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def halted(device: Device, pbx: Pbx) -> Connection:
    """Return a connection whose client has stopped reading after one piece of the body."""
    connection = device.connect(to=pbx)
    write = connection.tls.write

    def one_piece(data: bytes) -> None:
        write(data)
        if len(data) == PIECE:
            connection.tls.producer.pauseProducing()

    connection.tls.write = one_piece
    connection.send(RECAPI)
    return connection


def test_client_that_stops_reading_stops_the_production(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """No piece of the body is made ahead of its client, however long that takes."""
    body = Made(5 * PIECE)
    connection = halted(device, serve(device, monkeypatch, body, quirks={"inactivity-timeout": "none"}))
    for pieces in range(1, 6):
        device.clock.pump([600.0] * 10)
        assert (body.made, connection.fate) == (pieces * PIECE, "open")
        connection.tls.producer.resumeProducing()
    assert (connection.got, connection.fate) == (sound(5 * PIECE, 5 * PIECE), "closed")
    assert not body.inside


@pytest.mark.quirk("transfer-limit")
def test_nothing_ends_a_long_answer(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads a piece every twenty seconds gets all 32 MiB of it, three hours later."""
    pieces = 512
    connection = halted(device, serve(device, monkeypatch, Made(pieces * PIECE)))
    for _ in range(pieces - 1):
        device.clock.advance(20)
        connection.tls.producer.resumeProducing()
    device.clock.advance(20)
    assert connection.fate == "open"
    connection.tls.producer.resumeProducing()
    assert connection.fate == "closed"
    assert (len(connection.got.partition(b"\r\n\r\n")[2]), device.line["told"]) == (pieces * PIECE, "")


def test_client_that_goes_away_releases_the_body(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body, and what it holds open, goes with its client, without waiting for anything."""
    body = Made(5 * PIECE)
    gone, pbx = weakref.ref(body), serve(device, monkeypatch, body)
    del body
    connection = halted(device, pbx)
    assert gone().inside
    with uncollected():
        connection.vanish()
        assert gone() is None
    assert (connection.tls.producer, device.clock.getDelayedCalls(), device.failures) == (None, [], [])
    assert (device.line["bytes"], device.line["told"]) == (str(PIECE), " [the client went away]")


def test_client_that_goes_away_before_the_body_releases_it(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that waits for its turn goes as well, though nothing of it was made."""
    body = Made(5 * PIECE)
    slow = {"fault": "http.latency", "seconds": 60.0}
    gone, pbx = weakref.ref(body), serve(device, monkeypatch, body, faults=[slow])
    del body
    connection = device.connect(to=pbx)
    connection.send(RECAPI)
    assert gone().made == 0
    with uncollected():
        connection.vanish()
        assert gone() is None
    assert device.clock.getDelayedCalls() == []


def test_client_that_goes_away_during_the_lookup_never_has_a_body(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the worker finds when nobody wants it any more is dropped."""
    body = Made(5 * PIECE)
    gone, late = weakref.ref(body), Late()
    connection = device.connect(to=serve(device, monkeypatch, body), worker=late)
    del body
    connection.send(RECAPI)
    connection.vanish()
    with uncollected():
        late.finish()
        assert gone() is None
    assert (device.failures, device.clock.getDelayedCalls()) == ([], [])


@pytest.mark.quirk("inactivity-timeout")
def test_client_that_stalls_loses_the_body_with_its_connection(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time is up the connection is reset, and the body goes with it."""
    body = Made(5 * PIECE)
    gone, pbx = weakref.ref(body), serve(device, monkeypatch, body)
    del body
    connection = halted(device, pbx)
    device.clock.advance(30.1)
    assert connection.fate == "reset"
    with uncollected():
        connection.vanish()
        assert gone() is None
    assert device.clock.getDelayedCalls() == []


def test_body_that_was_cut_short_is_released(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ended it does not hold it."""
    body = Made(5 * PIECE, PIECE, cut)
    gone, pbx = weakref.ref(body), serve(device, monkeypatch, body)
    del body
    with uncollected():
        device.connect(to=pbx).send(RECAPI)
        assert gone() is None


# --- inactivity ----------------------------------------------------------------------------------------------------


def stalled(device: Device, **settings: Any) -> Connection:
    """Return a connection in the middle of a long body that its client has stopped reading."""
    connection = device.connect(rows=40, call=WIDE, **settings)
    write = connection.tls.write

    def one_piece(data: bytes) -> None:
        write(data)
        if connection.tls.producer is not None and len(connection.got) > PIECE:
            connection.tls.producer.pauseProducing()

    connection.tls.write = one_piece
    connection.send(GET)
    assert connection.fate == "open"
    return connection


@pytest.mark.quirk("inactivity-timeout")
@pytest.mark.parametrize("sent", [b"", b"GET /cdrapi HTTP/1.1"])
def test_silence_before_the_request_line_ends_in_silence(device: Device, sent: bytes) -> None:
    """Thirty seconds without a byte before the end of the request line close the connection without a byte."""
    connection = device.connect()
    connection.send(sent)
    device.clock.advance(29.9)
    assert connection.fate == "open"
    device.clock.advance(0.2)
    assert (connection.got, connection.fate, device.access) == (b"", "closed", [])


@pytest.mark.quirk("inactivity-timeout")
@pytest.mark.parametrize("sent", [b"GET /cdrapi HTTP/1.1\r\n", b"GET /cdrapi HTTP/1.1\r\nHost: pbx\r\nX"])
def test_silence_inside_the_headers_is_answered(device: Device, sent: bytes) -> None:
    """Inside the headers the device answers its 400 page, Timeout."""
    connection = device.connect()
    connection.send(sent)
    device.clock.advance(30.1)
    assert connection.got.replace(b"00:00:30", b"00:00:00") == TIMEOUT
    assert (connection.fate, device.line["status"]) == ("closed", "400")


def test_form_that_never_comes_counts_as_none(device: Device) -> None:
    """A form that stays incomplete is given up after the same time, and the request is answered without it."""
    connection = device.connect()
    connection.send(b"POST /cdrapi HTTP/1.1\r\nContent-Length: 20\r\n\r\nformat=JSON")
    device.clock.advance(30.1)
    assert connection.got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"text/csv" in connection.got


@pytest.mark.quirk("inactivity-timeout")
def test_every_byte_counts_as_activity(device: Device) -> None:
    """The thirty seconds begin anew with every byte."""
    connection = device.connect()
    for at in range(len(GET)):
        assert connection.fate == "open"
        device.clock.advance(29.0)
        connection.send(GET[at : at + 1])
    assert connection.got.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.quirk("inactivity-timeout")
def test_inactivity_is_a_quirk(device: Device) -> None:
    """The quirk sets the seconds, or waits for ever."""
    short = device.connect(quirks={"inactivity-timeout": 2})
    device.clock.advance(2.1)
    assert short.fate == "closed"
    short.vanish()
    patient = device.connect(quirks={"inactivity-timeout": "none"})
    assert not device.clock.getDelayedCalls()
    device.clock.advance(86_400)
    assert patient.send(GET).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_slow_lookup_is_no_inactivity(device: Device) -> None:
    """While the device itself is at work nobody is given up."""
    late = Late()
    connection = device.connect(rows=1, worker=late)
    connection.send(GET)
    device.clock.advance(3600)
    assert connection.fate == "open"
    late.finish()
    assert b'"AcctId": "62"' in connection.got


def test_reader_that_stalls_is_given_up(device: Device) -> None:
    """A client that stops reading its page is reset after the same thirty seconds."""
    connection = stalled(device)
    device.clock.advance(29.9)
    assert connection.fate == "open"
    device.clock.advance(0.2)
    assert connection.fate == "reset"
    connection.vanish()
    assert device.line["told"] == " [reset: the client read nothing for 30 seconds (quirk stalled-reader)]"
    assert device.line["bytes"] == str(PIECE)


@pytest.mark.quirk("stalled-reader")
@pytest.mark.parametrize(("value", "fate"), [("reset", "reset"), ("kept", "open")])
def test_reader_that_stalls_may_be_waited_for(device: Device, value: str, fate: str) -> None:
    """With the quirk it may take for ever, and then gets the rest."""
    connection = stalled(device, quirks={"stalled-reader": value})
    device.clock.advance(3600)
    assert connection.fate == fate
    if fate == "open":
        while connection.fate == "open":
            connection.tls.producer.resumeProducing()
        assert connection.got.endswith(b"\n]\n}\n")
    connection.vanish()


def test_reader_that_goes_on_is_not_given_up(device: Device) -> None:
    """The time a slow reader takes begins anew whenever it reads."""
    connection = stalled(device)
    while connection.fate == "open":
        device.clock.advance(29.0)
        connection.tls.producer.resumeProducing()
    assert connection.fate == "closed"
    assert connection.got.endswith(b"\n]\n}\n")
    assert device.line["told"] == ""


# --- the end of the input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (b"", b""),
        (b"GET /cdrapi", b""),
        (b"GET /cdrapi HTTP/1.1\r\nHost", TIMEOUT),
    ],
)
def test_end_of_input_is_answered_like_inactivity(device: Device, sent: bytes, got: bytes) -> None:
    """A client that ends its side is answered at once what silence would have got it."""
    connection = device.connect()
    connection.send(sent)
    connection.channel.inputEnded()
    assert (connection.got, connection.fate) == (got, "closed")


@pytest.mark.quirk("headers-cut")
@pytest.mark.parametrize(("value", "got"), [("refuse", TIMEOUT), ("answer", EMPTY)])
@pytest.mark.parametrize("cut", [2, 4, 9])
def test_end_of_input_inside_the_headers(device: Device, value: str, got: bytes, cut: int) -> None:
    """It is answered with 400 Timeout like silence, or the request is taken as it is."""
    connection = device.connect(quirks={"headers-cut": value})
    connection.send(GET[:-cut])
    connection.channel.inputEnded()
    assert (connection.got, connection.fate) == (got, "closed")


@pytest.mark.quirk("headers-cut")
@pytest.mark.quirk("inactivity-timeout")
@pytest.mark.parametrize("value", ["refuse", "answer"])
def test_silence_inside_the_headers_is_a_timeout_either_way(device: Device, value: str) -> None:
    """Only the end of the input can be the end of the headers."""
    connection = device.connect(quirks={"headers-cut": value})
    connection.send(GET[:-2])
    device.clock.advance(30.1)
    assert connection.got.replace(b"00:00:30", b"00:00:00") == TIMEOUT
    assert connection.fate == "closed"


@pytest.mark.quirk("headers-cut")
@pytest.mark.quirk("keep-alive")
def test_end_of_input_inside_the_headers_of_a_second_request(device: Device) -> None:
    """It is answered too, and then the connection is closed."""
    connection = device.connect(quirks={"headers-cut": "answer", "keep-alive": 15})
    connection.send(GET + GET[:-2])
    connection.channel.inputEnded()
    device.clock.pump([0] * 4)
    assert (statuses(connection.got), connection.fate) == ([b"200"] * 2, "closed")


def test_end_of_input_lets_the_reply_finish(device: Device) -> None:
    """A client that ends its side after its request gets its answer all the same."""
    late = Late()
    connection = device.connect(rows=1, worker=late)
    connection.send(GET)
    connection.channel.inputEnded()
    assert connection.fate == "open"
    late.finish()
    assert b'"AcctId": "62"' in connection.got
    assert connection.fate == "closed"


# --- keep-alive ----------------------------------------------------------------------------------------------------

KEEPS = {"keep-alive": 15}


def statuses(data: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d+)", data)


@pytest.mark.quirk("keep-alive")
def test_one_request_for_each_connection(device: Device) -> None:
    """As the device is, a second request on the same connection is ignored and the connection closed."""
    connection = device.connect()
    connection.send(GET + GET)
    connection.send(GET)
    device.clock.advance(1)
    assert (statuses(connection.got), connection.fate, len(device.access)) == ([b"200"], "closed", 1)


@pytest.mark.quirk("keep-alive")
def test_keep_alive_answers_the_next_request(device: Device) -> None:
    """With the quirk the connection stays, the head does not say close, and every request has its line."""
    connection = device.connect(quirks=KEEPS)
    connection.send(GET)
    assert b"Connection:" not in connection.got
    assert connection.fate == "open"
    device.clock.advance(10)
    connection.send(GET[:9])
    connection.send(GET[9:])
    assert (statuses(connection.got), connection.fate, len(device.access)) == ([b"200"] * 2, "open", 2)


@pytest.mark.quirk("keep-alive")
def test_keep_alive_ends_in_silence(device: Device) -> None:
    """A kept connection on which nothing comes is closed after the quirk's seconds without a byte."""
    connection = device.connect(quirks=KEEPS)
    got = connection.send(GET)
    device.clock.pump([0, 14.9])
    assert connection.fate == "open"
    device.clock.advance(0.2)
    assert (connection.got, connection.fate) == (got, "closed")


@pytest.mark.quirk("keep-alive")
@pytest.mark.quirk("inactivity-timeout")
def test_keep_alive_is_over_with_the_next_byte(device: Device) -> None:
    """The quirk's seconds are those of waiting; once the next request has begun, inactivity counts as ever."""
    connection = device.connect(quirks=KEEPS)
    connection.send(GET)
    device.clock.advance(10)
    connection.send(b"GET /cdrapi HTTP/1.1\r\n")
    device.clock.advance(20)
    connection.send(b"\r\n")
    assert statuses(connection.got) == [b"200"] * 2


@pytest.mark.quirk("keep-alive")
def test_pipelined_requests_are_answered_in_order(device: Device) -> None:
    """Requests that come together are answered one after the other, however many they are."""
    connection = device.connect(quirks=KEEPS)
    connection.send(b"".join(request(f"/{number}") for number in range(50)))
    device.clock.pump([0] * 60)
    assert [event["target"] for event in device.access] == [f"/{number}" for number in range(50)]
    assert statuses(connection.got) == [b"404"] * 50


@pytest.mark.quirk("keep-alive")
@pytest.mark.parametrize(
    "data",
    [
        request("/cdrapi", b"Connection: close\r\n"),
        b"POST /cdrapi HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        b"rubbish\r\n",
    ],
)
def test_not_every_connection_is_kept(device: Device, data: bytes) -> None:
    """A client that says close, one whose body nobody read and one that makes no sense are hung up on."""
    connection = device.connect(quirks=KEEPS)
    assert b"\r\nConnection: close\r\n" in connection.send(data)
    assert connection.fate == "closed"


@pytest.mark.quirk("keep-alive")
def test_end_of_input_closes_a_kept_connection(device: Device) -> None:
    """A kept connection whose client has ended its side is closed when it has been answered."""
    connection = device.connect(quirks=KEEPS)
    connection.send(GET)
    device.clock.advance(0)
    connection.channel.inputEnded()
    assert connection.fate == "closed"


@pytest.mark.quirk("keep-alive")
def test_end_of_input_does_not_lose_requests_that_are_there(device: Device) -> None:
    """Requests that came before the end of the input are answered, the pipelined ones too."""
    connection = device.connect(quirks=KEEPS)
    connection.send(GET + GET)
    connection.channel.inputEnded()
    device.clock.pump([0] * 4)
    assert (statuses(connection.got), connection.fate) == ([b"200"] * 2, "closed")


# --- how requests are read -----------------------------------------------------------------------------------------


def posted(form: bytes, target: bytes = b"/cdrapi") -> bytes:
    """Return a POST of *form*."""
    return b"POST " + target + b" HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(form) + form


def quirk(name: str, value: str | int, data: bytes, usual: bytes, other: bytes) -> Any:
    """Return the case that *data* is answered with a beginning of *usual*, and with *other* under the quirk."""
    return pytest.param({name: value}, data, usual, other, id=f"{name}: {value}")


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.quirk("header-limit", "form-limit", "post", "path-match")
@pytest.mark.parametrize(
    ("quirks", "data", "usual", "other"),
    [
        quirk("header-limit", 1, b"GET /cdrapi\nA: b\nC: d\n\n", OK, b"HTTP/1.1 413 Request Entity Too Large\r\n"),
        quirk("header-limit", "none", GET[:-2] + b"A: b\n" * 101 + b"\n", b"HTTP/1.1 413", OK),
        quirk("form-limit", 3, posted(b"a=bc"), OK, b"HTTP/1.1 413 Request Entity Too Large\r\n"),
        quirk("form-limit", "none", posted(b"a" * 1025), b"HTTP/1.1 413", OK),
        quirk("post", "refuse", posted(b"format=xml"), OK, b"HTTP/1.1 501 Not Implemented\r\n"),
        quirk("path-match", "exact", request("/CdrApi/"), OK, b"HTTP/1.1 404 Not Found\r\n"),
    ],
)
def test_quirks_of_reading(device: Device, quirks: dict[str, Any], data: bytes, usual: bytes, other: bytes) -> None:
    """The bytes of one request are read as the quirks of the PBX have it, and the connection ends as ever."""
    for chosen, beginning in (({}, usual), (quirks, other)):
        connection = device.connect(quirks=chosen)
        assert connection.send(data).startswith(beginning)
        assert connection.fate == "closed"


@pytest.mark.quirk("post-parameters", "plus")
@pytest.mark.parametrize(
    ("quirks", "data", "usual", "other"),
    [
        quirk("post-parameters", "join", posted(b"numRecords=0", b"/cdrapi?format=xml"), b"text/csv", b"text/xml"),
        quirk("plus", "plus", request("/cdrapi?caller=+1&format=xml&startTime=2013-01-01T00:00:00+01:00"), b"", b""),
    ],
)
def test_quirks_of_parameters(device: Device, quirks: dict[str, Any], data: bytes, usual: bytes, other: bytes) -> None:
    """What is asked for is what the parameters are under the quirks of the PBX; the line tells a refusal."""
    usually, otherwise = (device.connect(rows=1, quirks=chosen).send(data) for chosen in ({}, quirks))
    assert usually.startswith(OK)
    assert usual in usually
    assert otherwise.startswith(OK)
    assert other in otherwise
    assert device.access[1]["told"] == ""
    assert (device.access[0]["told"] == "") is ("post-parameters" in quirks)


@pytest.mark.quirk("extra-line")
@pytest.mark.parametrize(("value", "between"), [("none", b""), ("one", b"\r\n")])
@pytest.mark.parametrize("data", [request("/cdrapi?format=JSON"), request("/nowhere"), b"\n"])
def test_an_extra_line(device: Device, value: str, between: bytes, data: bytes) -> None:
    """One more empty line stands before every body, or none does, and the line counts the bytes of the body alone."""
    usual, got = (device.connect(quirks=quirks).send(data) for quirks in ({}, {"extra-line": value}))
    head, _, body = usual.partition(b"\r\n\r\n")
    assert got == head + b"\r\n\r\n" + between + body
    assert [event["bytes"] for event in device.access] == [str(len(body))] * 2


# --- nothing of a library ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        GET,
        b"HEAD /cdrapi HTTP/1.1\r\n\r\n",
        b"BREW /cdrapi HTTP/9.9\r\nExpect: 100-continue\r\n\r\n",
        b"GET /cdrapi\n\n",
        b"GET  /%00%ff HTTP/1.1\r\nno colon\r\n\r\n",
        b"\x00\x00\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"POST /cdrapi HTTP/1.1\r\nContent-Length: 99999\r\n\r\n",
    ],
)
def test_no_byte_comes_from_a_library(device: Device, data: bytes) -> None:
    """Every answer is the device's: its Server header, and not a word of the library underneath."""
    got = device.connect().send(data)
    assert got.startswith(b"HTTP/1.1 ")
    assert b"\r\nServer: Asterisk/1.8.9.2\r\n" in got
    assert b"twisted" not in got.lower()
    assert len(device.access) == 1
