"""Ten thousand damaged requests against a real PBX: it stays up, its memory stays flat, and it answers as the device."""

from __future__ import annotations

import contextlib
import random
import re
import ssl
import time
from collections import Counter
from typing import Self

from tests.hostile import (
    ALL,
    FLAT,
    GET,
    REQUEST,
    SETTINGS,
    asked,
    growth,
    listed,
    own_server,
    posted,
    resident,
    together,
)
from tests.rawclient import Answer, Ended, RawTls, digest_header, exchange
from ucmsim.pytest_plugin import Ucm

# Ten thousand mutants

CHALLENGE = b'\r\nWWW-authenticate: Digest algorithm=MD5, realm="asterisk", nonce="5f3a9c21", opaque="5f3a9c21"\r\n'
SAMPLES = (
    REQUEST,
    asked(b"/cdrapi?format=JSON&numRecords=1&offset=1"),
    asked(b"/cdrapi?format=XML&caller=5300,6300-6399&callee=5@"),
    asked(b"/cdrapi?startTime=2013-12-03T14:01:41-06:00&endTime=2013-12-03T14:02:23-06:00&minDur=0&maxDur=9"),
    asked(b"/cdrapi?startTime=1386100901&endTime=now&caller=@53@&caller=_3__&answeredby=5301"),
    asked(b"/cdrapi/?caller=" + listed(b"0-9", 400, b"5300")),
    b"HEAD /cdrapi?numRecords=2 HTTP/1.0\r\nUser-Agent: curl/7\r\nAccept: */*\r\n\r\n",
    posted(b"caller=5300&format=json&startTime=2013-12-03T20:01:41%2B00:00"),
    asked(b"/foo?caller=5300"),
    b"DELETE /cdrapi HTTP/1.1\r\nHost: pbx\r\n\r\n",
    GET + b"".join(b"X-%d: y\r\n" % at for at in range(98)) + b"\r\n",
    GET + digest_header("GET", "/cdrapi", "cdrapi", "cdrapi123", CHALLENGE) + b"\r\n",
)
SPICE = (
    *(b"\0", b"\r\n", b"\n\n", b"%", b"%00", b"&", b"=", b"?", b"-", b",", b"@", b"_", b"+", b" ", b":", b'"', b"\\"),
    *(b"'", b"\xff", b"\xc3\xa9", b"9" * 25, b"Content-Length: 1024\r\n", b"5300-5301,", b"HTTP/1.1", b"x" * 5000),
)
WELL_FORMED = re.compile(
    rb"HTTP/1\.1 (200 OK|400 Bad Request|401 Unauthorized|404 Not Found|413 Request Entity Too Large|"
    rb"501 Not Implemented)\r\nServer: Asterisk/1\.8\.9\.2\r\nDate: Tue, 03 Dec 2013 20:10:00 GMT\r\n"
    rb"Connection: close\r\nCache-Control: no-cache, no-store\r\nContent-Length: (\d+)\r\n"
    rb'(?:WWW-authenticate: Digest algorithm=MD5, realm="asterisk", nonce="[0-9a-f]{8}", qop="auth", '
    rb'opaque="[0-9a-f]{8}"(?:, stale=true)?\r\n)?'
    rb"(?:Content-type: (?:text/(?:html|csv|xml)|application/json)\r\n)?\r\n(.*)",
    re.DOTALL,
)


def mutated(chance: random.Random, raw: bytes) -> bytes:
    """Return *raw* with one to four accidents."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        piece = slice(at, at + chance.choice((1, 1, 2, 8, 64)))
        match chance.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.randbytes(chance.choice((1, 3, 50)))
            case 2 | 3:
                data[at:at] = chance.choice(SPICE)
            case 4:
                del data[piece]
            case 5:
                data[at:at] = data[piece] * chance.choice((1, 2, 30))
            case _ if not chance.randrange(3):
                del data[at:]
    return bytes(data)


def complaint(answer: Answer) -> str:
    """Return what is wrong with *answer* to a mutant, an empty string if nothing is."""
    if answer.ended is not Ended.NOTIFY:
        return f"it ended with {answer.ended.value}"
    if not answer.data:
        return ""
    match = WELL_FORMED.fullmatch(answer.data)
    if match is None:
        return "the head is not the device's"
    if len(match[3]) != int(match[2]) and (match[3] or match[1] != b"200 OK"):
        return "the body has another length than Content-Length says"
    return "it names its library" if b"twisted" in answer.data.lower() else ""


class Attacker:
    """Sends mutants, one at a time, of its own chance; *wrong* tells what was not right with the answers."""

    def __init__(self, seed: int, open_pbx: Ucm, closed_pbx: Ucm) -> None:
        self.chance = random.Random(seed)
        self.targets = (open_pbx, open_pbx, open_pbx, closed_pbx)
        self.sessions: dict[str, ssl.SSLSession | None] = {}
        self.wrong: list[str] = []
        self.statuses: Counter[bytes] = Counter()

    def attack(self, count: int) -> Self:
        """Send *count* mutants, one in ten of them below TLS."""
        for at in range(count):
            ucm, raw = self.chance.choice(self.targets), self.chance.choice(SAMPLES)
            if at % 10 == 9:
                self._below(ucm, raw)
            else:
                self._inside(ucm, mutated(self.chance, raw))
        return self

    def _inside(self, ucm: Ucm, mutant: bytes) -> None:
        session = self.sessions.get(ucm.name) if self.chance.randrange(4) else None
        with RawTls(ucm, session=session) as client:
            piece = self.chance.choice((None, None, None, len(mutant) // 3 + 1))
            with contextlib.suppress(OSError):
                client.send(mutant, piece=piece)
                client.notify() if self.chance.randrange(2) else client.fin()
            answer = client.read()
            self.sessions[ucm.name] = client.session
        self.statuses[answer.data[9:12]] += 1
        if said := complaint(answer):
            self.wrong.append(f"{said}: {mutant!r} got {answer.data[:300]!r}")

    def _below(self, ucm: Ucm, raw: bytes) -> None:
        """Mutate the ClientHello, or the records of a request."""
        shake = bool(self.chance.randrange(2))
        with RawTls(ucm, shake=shake) as client:
            mutant = mutated(self.chance, client.records(raw) if shake else client.hello())
            with contextlib.suppress(OSError):
                client.below(mutant)
                client.fin()
            answer = client.read() if shake else client.read_below()
        if shake:
            right = not answer.data or WELL_FORMED.fullmatch(answer.data)
        else:
            right = answer.data[:1] in (b"", b"\x15", b"\x16") and b"HTTP/" not in answer.data
        if not right or answer.ended is Ended.TIMEOUT:
            self.wrong.append(f"below TLS: {mutant!r} got {answer.data[:300]!r}, {answer.ended.value}")


def test_ten_thousand_mutants():
    """10,000 damaged requests, eight at a time: device answers only, memory stays flat, right answers afterwards."""
    with own_server() as alone:
        pbx = alone.start(SETTINGS)
        closed = alone.start({**SETTINGS, "api": {}, "tls_profile": "device", "quirks": {"unknown-nonce": "accept"}})
        expected = [exchange(pbx, raw) for raw in SAMPLES]

        def run(first: int, mutants: int) -> list[Attacker]:
            attackers = [Attacker(seed, pbx, closed) for seed in range(first, first + 8)]
            return together(lambda attacker: attacker.attack(mutants // 8), attackers)

        run(100, 800)
        before, began = resident(alone), time.monotonic()
        attackers = run(0, 10_000)
        print(f"{time.monotonic() - began:.1f} seconds")
        grown = growth(alone, before)
        wrong = [said for attacker in attackers for said in attacker.wrong]
        statuses = sum((attacker.statuses for attacker in attackers), Counter())
        print(dict(statuses))
        assert not wrong, "\n".join(wrong[:20])
        assert set(statuses) == {b"", b"200", b"400", b"401", b"404", b"413", b"501"}
        assert grown < FLAT
        assert [exchange(pbx, raw) for raw in SAMPLES] == expected
        assert expected[0] == ALL
        assert alone.control.status().pbxs
