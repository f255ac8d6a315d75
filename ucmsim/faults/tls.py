"""Faults on the tls plane: `Handshake` in, `Handshake` out; what a client is shown when its ClientHello is there."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from ucmsim.errors import did_you_mean
from ucmsim.faults import greetings
from ucmsim.faults.fields import Seconds, SomeBytes
from ucmsim.faults.kind import Kind
from ucmsim.faults.planes import Flight, Handshake, Moment, Suite
from ucmsim.faults.said import Said
from ucmsim.verdicts import ALERTS

Version = Literal["1.0", "1.1", "1.2", "1.3"]
_NUMBERS = MappingProxyType({name: number for number, name in ALERTS.items()})


@dataclass(frozen=True, slots=True)
class Certificate:
    """Show the certificate with the named *defect* (`ucmsim show defects`) instead of the good one."""

    defect: str

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, defect=self.defect)

    def objections(self, defects: Collection[str]) -> Iterator[Said]:
        """Yield why the defect cannot be shown; in a mapping *defects* has the reason for each that cannot."""
        if self.defect not in defects:
            hint = did_you_mean(self.defect, defects) or "'ucmsim show defects' lists them all"
            yield Said(("defect",), f"there is no defect '{self.defect}'", hint)
        elif isinstance(defects, Mapping) and (why := defects[self.defect]):
            yield Said(("defect",), f"the defect '{self.defect}' cannot be shown", why)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Show so many good certificates in turn, one a connection: the PBX's own, and others for new keys."""

    certificates: Annotated[int, Field(ge=2, le=100, strict=True)] = 2
    turn: int = field(default=1, metadata={"drawn": True})

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def numbered(self, number: int) -> Rotation:
        """Return it for the match of that *number*, from 1."""
        return replace(self, turn=number)

    def __call__(self, handshake: Handshake) -> Handshake:
        turn = (self.turn - 1) % self.certificates
        return replace(handshake, variant=f"another-{turn}" if turn else "")


def _is_alert(given: object) -> object:
    """Return *given*, the name or the number of an alert; said before the types are looked at, which would say each its own."""
    if isinstance(given, str) and given not in _NUMBERS:
        due = "RFC 8446, 6 names them, and a number is written without quotes"
        raise ValueError(f"there is no alert '{given}'; {did_you_mean(given, _NUMBERS) or due}")
    if not isinstance(given, str) and (type(given) is not int or not 0 <= given <= 255):
        said = json.dumps(given) if given is None or isinstance(given, int | float) else "this"
        raise ValueError(f"{said} is no alert; it is a name of RFC 8446, 6, or a whole number from 0 to 255")
    return given


@dataclass(frozen=True, slots=True)
class Alert:
    """Answer the ClientHello with a fatal *alert*, named or numbered, and close."""

    alert: Annotated[int | str, BeforeValidator(_is_alert)] = 40

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        number = _NUMBERS[self.alert] if isinstance(self.alert, str) else self.alert
        return replace(handshake, answer=greetings.alert(number), ending="fin")


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection when the ClientHello is there, without a byte."""

    ending: Literal["fin", "reset"] = "fin"

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, answer=b"", ending=self.ending)


@dataclass(frozen=True, slots=True)
class SlowFlight:
    """Send the first flight so many *bytes* at a time, with *seconds* between; the rest goes as fast as ever."""

    bytes: SomeBytes = 100
    seconds: Seconds = 0.5

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, flight=Flight(self.bytes, self.seconds))


@dataclass(frozen=True, slots=True)
class Plain:
    """Answer the ClientHello with HTTP that is not encrypted."""

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, answer=greetings.plain_http(), ending="fin")


@dataclass(frozen=True, slots=True)
class Garbage:
    """Answer the ClientHello with so many *bytes* that are no record."""

    bytes: Annotated[int, Field(ge=1, le=1 << 20, strict=True)] = 512
    seed: int = field(default=0, metadata={"drawn": True})

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def drawn(self, chance: Random) -> Garbage:
        return replace(self, seed=chance.getrandbits(64))

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, answer=greetings.garbage(self.bytes, Random(self.seed)), ending="fin")


@dataclass(frozen=True, slots=True)
class Oversize:
    """Answer the ClientHello with a record of so many *bytes*; 18432 are the most that one may have."""

    bytes: Annotated[int, Field(ge=18_433, le=65_535, strict=True)] = 20_000

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, answer=greetings.oversize(self.bytes), ending="fin")


@dataclass(frozen=True, slots=True)
class Versions:
    """Speak no version below *low* and none above *high*."""

    low: Version = "1.0"
    high: Version = "1.1"

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, versions=(self.low, self.high))

    def objections(self, _defects: Collection[str]) -> Iterator[Said]:
        if self.low > self.high:
            yield Said(("low",), f"'{self.low}' is above 'high', which is {self.high}", "let it be below")


@dataclass(frozen=True, slots=True)
class Ciphers:
    """Offer no other cipher than those of one kind, in TLS 1.2 and below."""

    suite: Suite = "static-rsa"

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, suite=self.suite)


@dataclass(frozen=True, slots=True)
class Scripted:
    """Settle on a *version* and *suite* that OpenSSL has no more, in a ServerHello after which nothing comes."""

    version: Literal["ssl3", "1.0", "1.1", "1.2"] = "ssl3"
    suite: Literal["null-md5", "export-rc4-40", "rc4-md5", "rc4-sha", "export-des-40", "des", "3des", "anonymous"] = (
        "rc4-md5"
    )
    seed: int = field(default=0, metadata={"drawn": True})

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def drawn(self, chance: Random) -> Scripted:
        return replace(self, seed=chance.getrandbits(64))

    def __call__(self, handshake: Handshake) -> Handshake:
        hello = greetings.server_hello(self.version, self.suite, Random(self.seed))
        return replace(handshake, answer=hello, ending="stay")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Ask the client for a certificate of its own, by the PBX's CA, and end the handshake without one if it is *required*."""

    required: bool = True

    moment: ClassVar[Moment] = Moment.HANDSHAKE

    def __call__(self, handshake: Handshake) -> Handshake:
        return replace(handshake, asks="required" if self.required else "optional")


_HELLO = "at the ClientHello"

# fmt: off
KINDS = (
    Kind("tls.certificate", Certificate, "defect: an id of 'ucmsim show defects'", _HELLO,
         "The client is shown a certificate with a defect; session tickets are off while it is armed."),
    Kind("tls.rotation", Rotation, "certificates: how many take turns, 2 to 100", _HELLO,
         "Each connection is shown the next of several good certificates."),
    Kind("tls.alert", Alert, "alert: its name or number, such as unrecognized_name or 112", _HELLO,
         "The ClientHello is answered with a fatal alert."),
    Kind("tls.close", Close, "ending: fin or reset", _HELLO,
         "The connection ends when the ClientHello is there."),
    Kind("tls.slow-flight", SlowFlight, "bytes: at a time; seconds: wall-clock seconds between", _HELLO,
         "The first flight of the handshake comes slowly, in pieces."),
    Kind("tls.plain", Plain, "", _HELLO,
         "The ClientHello is answered with HTTP that is not encrypted."),
    Kind("tls.garbage", Garbage, "bytes: how many, 1 to 1048576", _HELLO,
         "The ClientHello is answered with bytes that are no record."),
    Kind("tls.oversize", Oversize, "bytes: of the record, 18433 to 65535", _HELLO,
         "The ClientHello is answered with a record that is longer than one may be."),
    Kind("tls.versions", Versions, "low: 1.0 to 1.3; high: 1.0 to 1.3", _HELLO,
         "Only some versions of TLS are spoken, and these really."),
    Kind("tls.ciphers", Ciphers, "suite: static-rsa, null or dhe-1024", _HELLO,
         "Only ciphers of one weak kind are offered, and these really work, in TLS 1.2 and below."),
    Kind("tls.scripted", Scripted, "version: ssl3, 1.0, 1.1 or 1.2; suite: null-md5, export-rc4-40, rc4-md5, rc4-sha, export-des-40, des, 3des or anonymous", _HELLO,
         "The ServerHello settles on a version and cipher that OpenSSL has no more; nothing comes after it."),
    Kind("tls.client-certificate", ClientCertificate, "required: true or false", _HELLO,
         "The client is asked for a certificate of its own, issued by the PBX's CA."),
)
# fmt: on
