"""Plays the steps of a script against a PBX, through its gate and its channel, and writes down every byte that passed.

TLS is left out: the transport is a string, and both clocks stand still but for what a script waits.
"""

from __future__ import annotations

import hashlib
import re
from hashlib import md5

from twisted.internet.address import IPv4Address
from twisted.internet.defer import execute
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.below import StringTls
from tests.golden.scripts import Ask, Basic, Connect, End, Follow, Login, Send, Step, Wait
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reader import Incoming, RequestReader
from ucmsim.http.reply import Reply
from ucmsim.http.request import ApiRequest
from ucmsim.sockets.channel import DeviceFactory

USER, PASSWORD = "cdrapi", "cdrapi123"
BEGAN = 1662033600.0
"""The wall clock's start: 2022-09-01 12:00 UTC, a day after the end of a month."""


class Player:
    """Plays steps on one PBX and keeps the transcript."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._wall = Clock()
        self._wall.rightNow = BEGAN
        self._factory = DeviceFactory(pbx, self._wall, execute)
        self._line: Line | None = None
        self._challenges: list[bytes] = []
        self._last = b""
        self._told: list[str] = []

    def play(self, steps: tuple[Step, ...]) -> str:
        """Return the transcript of *steps*."""
        for step in steps:
            self._step(step)
        self._part()
        return "".join(self._told)

    def _step(self, step: Step) -> None:
        match step:
            case Connect(peer, others):
                self._connect(peer, others)
            case Send(data):
                self._send(data)
            case End():
                self._end()
            case Wait(seconds):
                self._told.append(f"* {seconds} seconds pass\n")
                self._wall.advance(seconds)
                self._hear()
            case Login():
                self._send(_get(step.target, self._credentials("GET", step)))
            case Basic(target, encoded):
                self._send(_get(target, b"Authorization: Basic " + encoded + b"\r\n"))
            case Ask():
                self._ask(step)
            case Follow():
                for directory, name in _A_RECORDING.findall(self._last)[:1]:
                    self._ask(Ask(f"/recapi?filedir={directory.decode()}&filename={name.decode()}"))

    def _ask(self, ask: Ask) -> None:
        """Ask, and after a challenge, which is not written down, once more on a connection of its own."""
        header = b""
        if challenge := self._challenge(ask):
            self._challenges.append(challenge)
            header = self._credentials(ask.method, Login(ask.target))
        self._connect(ask.peer, 0)
        self._send(ask.raw(header))
        self._part()

    def _challenge(self, ask: Ask) -> bytes:
        """Return the headers of the challenge that *ask* gets without credentials, nothing if it gets another reply.

        The PBX itself is asked: what its channel makes of a reply shows when *ask* is played.
        """
        pbx = self._pbx
        pbx.handshake(ask.peer, BEGAN)
        asked = RequestReader(pbx.reading).feed(ask.raw())
        if not isinstance(asked, Incoming):
            return b""
        request = ApiRequest.of(ask.peer, asked.head, asked.form, pbx.reading)
        reply = pbx.decide(request, pbx.clock.at(self._wall.seconds()))
        if not isinstance(reply, Reply) or reply.status != 401:
            return b""
        return "".join(f"{name}: {value}\r\n" for name, value in reply.headers).encode()

    def _connect(self, peer: str, others: int) -> None:
        self._part()
        self._told.append(f"* {peer} connects" + (f" while {others} others are connected\n" if others else "\n"))
        admission = self._pbx.admit(peer, others, BEGAN)
        if not admission.serve:
            self._told.append("* closed before TLS\n")
            return
        self._line = Line(self._pbx, self._factory, peer)

    def _send(self, data: bytes) -> None:
        self._told.append(_shown(">", _NONCES.sub(b"\\1(that of the challenge)", data)))
        if self._line is not None:
            self._line.send(data)
            self._wall.advance(0)  # a connection that is kept turns to its next request a little later
        self._hear()

    def _end(self) -> None:
        self._told.append("* the client ends its input\n")
        if self._line is not None:
            self._line.end()
        self._hear()

    def _hear(self) -> None:
        if self._line is not None and (got := self._line.heard()):
            if got.startswith(b"HTTP/1.1 401 "):
                self._challenges.append(got)
            self._last = got
            self._told.append(_response(got))

    def _part(self) -> None:
        """Tell how the connection stands, and leave it."""
        if self._line is not None:
            self._hear()
            self._told.append(f"* {self._line.fate}\n")
            self._line.vanish()
            self._line = None

    def _credentials(self, method: str, login: Login) -> bytes:
        """Return the Authorization header that answers a challenge as *login* says; none without that challenge."""
        if len(self._challenges) <= login.back:
            return b""
        challenge = self._challenges[-1 - login.back]
        fields = dict(re.findall(rb'(\w+)="([^"]*)"', challenge.partition(b": Digest ")[2]))
        realm, given = fields[b"realm"].decode(), login.nonce or fields[b"nonce"].decode()
        api = self._pbx.settings.api
        user = api.tls_authentication_name or ""
        a1 = _hashed(f"{user}:{realm}:{api.tls_authentication_password or ''}")
        uri = login.uri or login.target
        a2 = _hashed(f"{method.upper()}:{uri}")
        count = f"{login.nc:08x}:c:auth:" if login.qop else ""
        response = _hashed(f"{a1}:{given}:{count}{a2}")
        qop = f'qop=auth, nc={login.nc:08x}, cnonce="c", ' if login.qop else ""
        algorithm = f"algorithm={login.algorithm}, " if login.algorithm else ""
        return (
            f'Authorization: Digest {algorithm}username="{login.user or user}", realm="{login.realm or realm}", nonce="{given}", '
            f'uri="{uri}", {qop}response="{response}"\r\n'
        ).encode()


class Line:
    """One connection to a PBX."""

    def __init__(self, pbx: Pbx, factory: DeviceFactory, peer: str) -> None:
        pbx.handshake(peer, BEGAN)
        self._tls = StringTls()
        self._channel = factory.buildProtocol(IPv4Address("TCP", peer, 40000))
        self._channel.makeConnection(self._tls)
        self._read = 0

    def send(self, data: bytes) -> None:
        if not self._tls.disconnecting:
            self._channel.dataReceived(data)

    def end(self) -> None:
        """End the client's side."""
        if not self._tls.disconnecting:
            self._channel.inputEnded()

    def heard(self) -> bytes:
        """Return what has come back since the last time."""
        whole = self._tls.value()
        new, self._read = whole[self._read :], len(whole)
        return new

    @property
    def fate(self) -> str:
        if not self._tls.disconnecting:
            return "the connection stays open"
        return "reset" if self._tls.disconnected else "closed with close_notify"

    def vanish(self) -> None:
        self._tls.connected = False
        self._channel.connectionLost(Failure(ConnectionDone()))


_A_RECORDING = re.compile(rb"^([^,\r\n]*),(auto-\d[^\r\n]*)", re.MULTILINE)
_NONCES = re.compile(rb"(Authorization: Digest )[^\r]*")


def _get(target: str, header: bytes = b"") -> bytes:
    return Ask(target).raw(header)


def _hashed(text: str) -> str:
    return md5(text.encode("utf-8", "surrogateescape")).hexdigest()


def _response(got: bytes) -> str:
    """Return responses as they are written down: the head, and the body unless it is sound or a tar."""
    head, blank, body = got.partition(b"\r\n\r\n")
    if b"\0" not in body:
        return _shown("<", got)
    digest = hashlib.sha256(body).hexdigest()
    return _shown("<", head + blank) + f"< ({len(body)} bytes, SHA-256 {digest})\n"


def _shown(way: str, data: bytes) -> str:
    r"""Return *data* line by line: printable ASCII as it is, all else escaped, so that bytes can be told apart."""
    *lines, last = _UNPRINTABLE.sub(_escaped, data).decode("ascii").split("\n")
    told = "".join(f"{way} {line}\\n\n" for line in lines)
    return f"{told}{way} {last}\n" if last else told


def _escaped(found: re.Match[bytes]) -> bytes:
    return _ESCAPES[found[0]]


_UNPRINTABLE = re.compile(rb"[^\n -\[\]-~]")
_ESCAPES = {bytes((code,)): b"\\x%02x" % code for code in range(256)} | {b"\r": b"\\r", b"\\": b"\\\\"}
