"""Connects to a PBX on a clock of the test's own, over a TLS that is only a string, and reads what it writes and logs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, execute
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.logger import formatEvent
from twisted.python.failure import Failure

from tests.below import StringTls
from tests.errorpages import error_page
from tests.makers import spool_of
from ucmsim.appliance.pbx import Pbx
from ucmsim.clock import PbxClock
from ucmsim.columns import row
from ucmsim.configuration import DEFECT_IDS
from ucmsim.http.reply import PIECE, Reply
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


SERVER_ERROR = answer(
    "500 Server Error",
    "Content-type: text/html",
    body=error_page("500 Server Error", "Internal Server Error (out of memory)\n"),
)
TIMEOUT = answer("400 Bad Request", "Content-type: text/html", body=error_page("400 Bad Request", "Timeout"))
EMPTY = answer("200 OK", "Content-type: application/json", body=b'{\n"cdr":\n[\n]\n}\n')


class Connection:
    """One connection to a PBX over a TLS that is only a string; *worker* runs the lookups, at once by default."""

    def __init__(self, pbx: Pbx, clock: Clock, worker: Callable[..., Deferred[Reply]] = execute) -> None:
        self.clock = clock
        self.tls = StringTls()
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


def statuses(data: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d+)", data)
