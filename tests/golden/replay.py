"""Plays a script against a PBX, through its gate and its channel, and writes down every byte that passed.

TLS is left out: the transport is a string, and both clocks stand still but for what a script waits.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import execute
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from tests.golden.scripts import SCRIPTS, Ask, Basic, Connect, End, Follow, Login, Script, Send, Step, Wait
from tests.makers import VOICES, crc_of
from ucmsim.calls import Firmware
from ucmsim.calls.projection import written
from ucmsim.calls.shapes import SHAPES
from ucmsim.calls.stage import example
from ucmsim.channel import DeviceFactory
from ucmsim.clock import PbxClock
from ucmsim.columns import Row
from ucmsim.errors import ConfigurationError
from ucmsim.filling import fill
from ucmsim.history import History
from ucmsim.instants import SECOND
from ucmsim.pbx import Pbx
from ucmsim.quirks import ROWS
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings import load_pbx
from ucmsim.spool import Spool

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "fixtures" / "golden"
USER, PASSWORD = "cdrapi", "cdrapi123"
BEGAN = 1662033600.0
"""The wall clock's start: 2022-09-01 12:00 UTC, a day after the end of a month."""

_API = {
    "enable": True,
    "permitted_ips": ["127.0.0.0/28"],
    "tls_authentication_name": USER,
    "tls_authentication_password": PASSWORD,
}
_CLOCK = {"start": "2022-09-01T12:00:00Z"}

WORLDS: Mapping[str, Mapping[str, Any]] = {
    "imported": {"history": {"import": str(GOLDEN / "history.json")}},
    "failing": {},
    "shapes": {},
    "made-up": {
        "history": {"days": 1, "calls_per_day": 30},
        "extensions": {"first": 1000, "count": 6},
        "traffic": {
            "hourly": [1] * 24,
            "people": 12,
            "dispositions": {"answered": 6, "no_answer": 3, "busy": 1, "failed": 2},
            "talk": {"median": 240},
            "shapes": {"conference": 200},
        },
    },
    "corrected": {
        "clock": {**_CLOCK, "corrections": [{"at": "2022-08-31T19:00:00Z", "step": -18000.5}]},
        "history": {"days": 1, "calls_per_day": 10},
        "extensions": {"first": 1000, "count": 6},
        "traffic": {"hourly": [1] * 24, "people": 12, "talk": {"median": 9000}},
    },
}
"""What the histories hold: rows that no quirk of a call changes, nothing for a database that fails, a call of each shape,
a day of calls around the clock, many of which fail, and a few long calls in which the clock is corrected."""

SEED = 1881
"""That of the PBX, which its nonces follow from."""
CALLS_SEED = 2718
"""That of its calls, chosen so that the day has voicemail, conferences, busy, congestion, failures that take seconds, callers without a name,
and a recorded call that goes on when the month ends: it shows every quirk that is not about another shape."""

_WRITTEN = {"columns", *(row.id for row in ROWS)}
"""The quirks that decide what is stored."""


def user_files(root: Path) -> Path:
    """Put what a user has in a spool into *root*, with known times; return it."""
    files = {
        "monitor/note.txt": b"a note\n",
        "monitor/a+b.wav": b"RIFF plus",
        "monitor/a,b.wav": b"RIFF comma",
        "monitor/x#1.wav": b"RIFF hash",
        "monitor/unavail.gsm": b"gsm",
        "monitor/raw": b"no extension",
        "monitor/a b.wav": b"RIFF blank",
        "monitor/2022-07/auto-old.wav": b"RIFF old",
        f"monitor/2022-07/{'n' * 246}.wav": b"RIFF long name",
        "monitor/notes/deep.txt": b"deep",
        "monitor_local/local.wav": b"RIFF local",
        "meetme/room.wav": b"RIFF room",
    }
    for number, (name, data) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1662000000 + number, 1662000000 + number))
    for folder in [path for path in root.rglob("*") if path.is_dir()]:
        os.utime(folder, (1661000000, 1661000000))
    return root


class Stage:
    """Where scripts are played: a spool with a user's files, and the imported history."""

    def __init__(self, folder: Path) -> None:
        self._spool = user_files(folder)
        self._imported, self._failing = _in_memory(), _in_memory()
        self._failing.close()
        self._written: dict[tuple[object, ...], dict[str, History]] = {}
        self._fill(self._imported, _settings("imported", "ucm6100", {}, {}))

    def play(self, personality: str, quirks: Mapping[str, str | int] = MappingProxyType({})) -> dict[str, str]:
        """Return the transcript of every script, each on a new PBX of that *personality* with *quirks*."""
        written = {quirk: value for quirk, value in quirks.items() if quirk in _WRITTEN}
        key = (personality, *written.items())
        if key not in self._written:
            self._written[key] = self._histories(personality, written)
        histories = {"imported": self._imported, "failing": self._failing, **self._written[key]}
        try:
            return {script.name: self._played(script, personality, quirks, histories) for script in SCRIPTS}
        finally:
            if written:
                _closed(self._written.pop(key))

    def _histories(self, personality: str, quirks: Mapping[str, str | int]) -> dict[str, History]:
        """Return what a firmware with *quirks* writes; those without are kept for the next time."""
        made = {world: _in_memory() for world in ("made-up", "shapes", "corrected")}
        made["shapes"].extend(of_every_shape(_settings("shapes", personality, quirks, {})))
        for world in ("made-up", "corrected"):
            self._fill(made[world], _settings(world, personality, quirks, {}))
        return made

    def _played(
        self, script: Script, personality: str, quirks: Mapping[str, str | int], histories: Mapping[str, History]
    ) -> str:
        try:
            chosen = _settings(script.world, personality, quirks, script.api)
        except ConfigurationError as error:
            return f"* it does not start: {error.problems[0].key}: {error.problems[0].wrong}\n"
        history = histories[script.world]
        spool = Spool(self._spool, history.recordings, VOICES, crc_of)
        clock = PbxClock.of(chosen.clock, BEGAN)
        pbx = Pbx("hq", chosen, history, spool, clock, seed=SEED, defects=())
        return Player(pbx).play(script.steps)

    @staticmethod
    def _fill(history: History, chosen: PbxSettings) -> None:
        start = chosen.clock.start
        assert start is not None
        filled = fill(history, "hq", chosen, seed=CALLS_SEED, until=start)
        assert filled.rows
        assert not filled.bad

    def close(self) -> None:
        self._imported.close()
        for histories in self._written.values():
            _closed(histories)


def of_every_shape(settings: PbxSettings) -> Iterator[Row]:
    """Yield the rows of a call of every shape, an hour after each other, as the PBX of those *settings* writes them."""
    firmware = Firmware.of(settings.register, settings.time_zone)
    stage, number = replace(example(), prefix="9", account="1234"), 0
    for hour, shape in enumerate(SHAPES):
        story = shape.story(replace(stage, start=stage.start + hour * 3600 * SECOND, made=stage.made + 8 * hour))
        if shape.id == "answered":
            story = (*story, *shape.story(stage, "Outbound"))
        for row in written(story, firmware):
            number += 1
            yield (str(number), *row[1:])


def _closed(histories: Mapping[str, History]) -> None:
    for history in histories.values():
        history.close()


def _in_memory() -> History:
    return History.open(Path(":memory:"), durable=False)


def _settings(world: str, personality: str, quirks: Mapping[str, str | int], api: Mapping[str, Any]) -> PbxSettings:
    value = {"personality": personality, "clock": _CLOCK, "quirks": dict(quirks), **WORLDS[world]}
    return load_pbx({**value, "api": {**_API, **api}}, ROOT)


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
        silent = Line(self._pbx, self._factory, ask.peer)
        silent.send(ask.raw())
        got = silent.heard()
        silent.vanish()
        header = b""
        if got.startswith(b"HTTP/1.1 401 "):
            self._challenges.append(got)
            header = self._credentials(ask.method, Login(ask.target))
        self._connect(ask.peer, 0)
        self._send(ask.raw(header))
        self._part()

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


class _Tls(StringTransport):
    """A TLS that is only a string; like the real one it drops what is written after the end."""

    transport = SimpleNamespace(finish=lambda: None)

    def write(self, data: bytes) -> None:
        if not self.disconnecting or self.producer is not None:
            super().write(data)


class Line:
    """One connection to a PBX."""

    def __init__(self, pbx: Pbx, factory: DeviceFactory, peer: str) -> None:
        pbx.handshake(peer, BEGAN)
        self._tls = _Tls()
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
    lines = data.split(b"\n")
    texts = [_escaped(line) + "\\n" for line in lines[:-1]]
    if lines[-1]:
        texts.append(_escaped(lines[-1]))
    return "".join(f"{way} {text}\n" for text in texts)


def _escaped(data: bytes) -> str:
    return _UNPRINTABLE.sub(lambda found: _ESCAPES.get(found[0]) or b"\\x%02x" % found[0][0], data).decode("ascii")


_UNPRINTABLE = re.compile(rb"[^ -\[\]-~]")
_ESCAPES = {b"\r": b"\\r", b"\\": b"\\\\"}
