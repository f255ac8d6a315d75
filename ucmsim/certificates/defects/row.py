"""What a row of the gallery is, and what it is made of and makes. RFC numbers in rows are the reference unless said."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from ucmsim.certificates.authority import Authority, Key
from ucmsim.certificates.defects.keybank import KeyBank

Careful = Literal["refuse", "accept", "policy"]
"""What a careful client does: it must refuse, it must accept, or what it does is a matter of its policy."""

Manner = Literal["served", "scripted", "unavailable"]
"""How a client is shown it: by OpenSSL, by a handshake of TLS 1.2 that is written out here, or not at all."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a defect is made for: the CA that the client trusts, the PBX's good *names*, and the PBX clock's *now*.

    *key* is given where it must be of a kind that the unit's ciphers can serve with, *bank* has the other keys.
    """

    authority: Authority
    names: tuple[str, ...]
    now: datetime
    bank: KeyBank = field(default_factory=KeyBank)
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """How a scripted handshake departs from a right one.

    *message* is the body of its Certificate message, None for one that is made of the certificates; a spoilt proof is a
    wrong signature over the key exchange.
    """

    message: bytes | None = None
    spoils_proof: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """That the client show a certificate of its own, and go on without one unless *required*.

    *named* are the certificates (DER) of the CAs whose names it is told, *trusted* those of the CAs that may have
    issued it.
    """

    required: bool = False
    named: tuple[bytes, ...] = ()
    trusted: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What a client is shown in place of the good identity; certificates are DER, since no parser takes them all.

    *certificates* begin with the leaf. Who trusts *trust* finds nothing wrong but the defect. *staple* is an OCSP
    response for clients that ask for one. *script* makes the handshake a scripted one. With *modern* the ciphers are
    those of the modern profile, because those of old firmware cannot serve it.
    """

    key_pem: bytes = field(repr=False)
    certificates: tuple[bytes, ...]
    trust: bytes
    staple: bytes = b""
    demand: Demand | None = None
    script: Script | None = None
    modern: bool = False

    @property
    def certificate_pem(self) -> bytes:
        return b"".join(map(pem, self.certificates))


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    """Return *der* in PEM, whatever it is."""
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(der) + f"-----END {label}-----\n".encode()


def _unmade(_scene: Scene) -> Shown:
    raise LookupError("an unavailable defect cannot be made")


@dataclass(frozen=True, slots=True)
class Defect:
    """One row: its class *group*, what is wrong, what a careful client does, where that is said, how it is made.

    *manner* says whether it can be *served*; of an unavailable one *made* is the reason. *slow* ones take seconds the
    first time. *unless* names clients that do otherwise, and the rule of theirs by which they do.
    """

    group: str
    id: str
    careful_client: Careful
    statement: str
    reference: str
    made: str
    make: Callable[[Scene], Shown] = _unmade
    manner: Manner = "served"
    slow: bool = False
    unless: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def available(self) -> bool:
        return self.manner != "unavailable"
