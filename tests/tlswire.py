"""A PBX with faults behind its gate and the real TLS, and clients of the real TLS, all in memory on a clock of their own."""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import execute
from twisted.internet.task import Clock

from tests.makers import BEGAN, CLIENT, make_pbx
from tests.test_socketplane import INACTIVITY, Caller
from ucmsim.certificates.authority import Authority, Identity, export
from ucmsim.certificates.defects import KeyBank
from ucmsim.sockets.channel import DeviceFactory
from ucmsim.sockets.gate import Gate
from ucmsim.sockets.tls import DeviceTls, TlsFactory

NOW = datetime.now(UTC)
AUTHORITY = Authority.mint("hq", NOW)
BANK = KeyBank()
GET = b"GET /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n"


def client_context(*, low: str = "", high: str = "", ciphers: str = "DEFAULT:@SECLEVEL=0") -> ssl.SSLContext:
    """Return what a client connects with that trusts the PBX and takes old things."""
    context = ssl.create_default_context(cadata=export(AUTHORITY.certificate, "der"))
    context.set_ciphers(ciphers)
    names = {"1.0": "TLSv1", "1.1": "TLSv1_1", "1.2": "TLSv1_2", "1.3": "TLSv1_3"}
    context.minimum_version = ssl.TLSVersion[names[low]] if low else ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion[names[high]] if high else ssl.TLSVersion.MAXIMUM_SUPPORTED
    return context


class Server:
    """The port of a PBX with *faults*."""

    def __init__(self, *faults: dict[str, Any]) -> None:
        self.clock = Clock()
        self.clock.advance(BEGAN)
        self.pbx = make_pbx(faults=list(faults))
        self._identities: dict[tuple[str | None, bool], Identity] = {}
        tls = DeviceTls(self._identity, ("1.0", "1.3"), AUTHORITY.certificate, device_profile=False)
        plain = DeviceFactory(self.pbx, self.clock, execute)
        self.gate = Gate(self.pbx, TlsFactory(tls, False, plain, clock=self.clock), self.clock, inactivity=INACTIVITY)

    def _identity(self, name: str | None, for_rsa: bool = False) -> Identity:
        if (name, for_rsa) not in self._identities:
            key = BANK.rsa() if for_rsa else None
            self._identities[name, for_rsa] = AUTHORITY.issue(["localhost"], NOW, key=key)
        return self._identities[name, for_rsa]

    def connect(self, context: ssl.SSLContext | None = None) -> Client:
        return Client(self, context or client_context())

    @property
    def journal(self) -> list[dict[str, Any]]:
        return list(self.pbx.journal.entries())


class Client:
    """One connection: what the client's TLS says of it is *seen*."""

    def __init__(self, server: Server, context: ssl.SSLContext) -> None:
        self.server = server
        below = server.gate.buildProtocol(IPv4Address("TCP", CLIENT, 40000))
        assert below is not None
        self.caller = Caller(below, server.clock)
        self._to_client, self._to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._to_client, self._to_server, server_hostname="localhost")
        self.raw = b""
        self._over = False

    def pump(self) -> None:
        """Hand over what either side has sent."""
        if self._to_server.pending:
            self.caller.below.dataReceived(self._to_server.read())
        data = self.caller.socket.value()
        self.raw += data
        if data:
            self._to_client.write(data)
        self.caller.socket.clear()
        if not self._over and {"half-close", "abort"} & set(self.caller.socket.calls):
            self._over = True
            self._to_client.write_eof()

    def shake(self) -> str:
        """Do the handshake as far as it goes; return "" or what the client objects to."""
        for _ in range(6):
            try:
                with suppress(ssl.SSLWantReadError):
                    self.tls.do_handshake()
                    self.pump()
                    return ""
            except ssl.SSLError as error:
                self.pump()
                return error.reason or str(error)
            self.pump()
        return "waits"

    def ask(self) -> bytes:
        """Send a request; return what comes back at once."""
        self.tls.write(GET)
        self.pump()
        self.pump()
        got = b""
        with suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
            while piece := self.tls.read(65536):
                got += piece
        return got

    def lose(self) -> dict[str, Any]:
        """Let the connection be gone; return its entry in the journal."""
        self.caller.lose()
        assert self.server.clock.getDelayedCalls() == []
        return next(entry for entry in reversed(self.server.journal) if entry["kind"] == "connection")
