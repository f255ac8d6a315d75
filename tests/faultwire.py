"""A PBX with faults, and connections to its HTTP over a TLS that is only a string, on a clock of the test's own."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import execute
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.below import below
from tests.makers import BEGAN, CLIENT, make_pbx
from ucmsim.appliance.pbx import Pbx
from ucmsim.journal import Visit
from ucmsim.sockets.channel import DeviceFactory


class Tls(StringTransport):
    """A TLS that is only a string; *ended* says how the device ended it."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = ""
        self.transport = below(lambda: self._end("fin"))

    def write(self, data: bytes) -> None:
        if not self.ended:
            super().write(data)

    def loseConnection(self) -> None:
        self._end("notify")
        super().loseConnection()

    def abortConnection(self) -> None:
        self._end("reset")

    def _end(self, how: str) -> None:
        self.ended = self.ended or how


class Wire:
    """A PBX with *faults* from the start, asked over connections of one request each."""

    def __init__(self, *faults: dict[str, Any], pbx: Pbx | None = None, **settings: Any) -> None:
        self.pbx = pbx or make_pbx(faults=list(faults), **settings)
        self.clock = Clock()
        self.clock.advance(BEGAN)
        self._factory = DeviceFactory(self.pbx, self.clock, execute)

    def open(self, target: str = "/cdrapi", method: str = "GET", *, headers: str = "", peer: str = CLIENT) -> Open:
        """Send a request on a new connection; what comes later comes when the clock is moved."""
        tls = Tls()
        channel = self._factory.buildProtocol(IPv4Address("TCP", peer, 40000))
        channel.makeConnection(tls)
        channel.dataReceived(f"{method} {target} HTTP/1.1\r\nHost: pbx\r\n{headers}\r\n".encode())
        return Open(tls, channel)

    def ask(self, target: str = "/cdrapi", method: str = "GET", **more: str) -> Open:
        """Send a request on a new connection that must end by itself at once."""
        opened = self.open(target, method, **more)
        assert opened.ended, f"the connection is open after {opened.raw!r}"
        opened.vanish()
        return opened

    @property
    def journal(self) -> list[dict[str, Any]]:
        """The entries of the journal so far."""
        return list(self.pbx.journal.entries())


class Open:
    """One connection with its request under way."""

    def __init__(self, tls: Tls, channel: Any) -> None:
        self._tls = tls
        self._channel = channel

    @property
    def raw(self) -> bytes:
        return self._tls.value()

    @property
    def ended(self) -> str:
        """How the device ended it: notify, fin, reset, or "" while it is open."""
        return self._tls.ended

    @property
    def visit(self) -> Visit:
        """The account of the connection."""
        return self._tls.transport.visit

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])

    def header(self, name: str) -> str | None:
        lines = [line.decode().partition(": ") for line in self.head.split(b"\r\n")[1:]]
        return next((value for key, _, value in lines if key.lower() == name.lower()), None)

    def fin(self) -> None:
        """Send no more."""
        self._channel.inputEnded()

    def vanish(self) -> None:
        """Take the connection away under the channel, as its end does."""
        self._channel.connectionLost(Failure(ConnectionDone()))
