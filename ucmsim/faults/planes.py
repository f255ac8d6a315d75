"""The values that faults transform, one for each moment at which the PBX decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Literal, Protocol, Self

from ucmsim.refusals import Refusal

PLANES = MappingProxyType({
    "tcp": "how a connection is taken, and how its bytes go out",
    "tls": "what a client is shown in the handshake",
    "http": "the reply as it goes on the wire",
    "api": "what a request sees of the PBX",
    "data": "the rows that a search finds",
    "media": "the recordings that are asked for",
})  # fmt: skip
"""Where a fault acts, from the socket up."""


class Moment(Enum):
    """When a fault is settled. All but the first three are one moment of the PBX, before and after its own decision.

    They differ in the value: what a request sees, what a search sees and what it found, the files of a request, the content that answers
    it, the reply that is made of that.
    """

    LISTEN = "while it is armed"
    ADMIT = "at accept"
    HANDSHAKE = "at the ClientHello"
    DECIDE = "when the request is decided"
    SEARCH = "when a search is decided, before it is done"
    PAGE = "when a search is decided, its rows found"
    MEDIA = "when a request for recordings is decided, its files found"
    CONTENT = "when the request is decided, before its head is made"
    REPLY = "when the request is decided, its reply known"

    @property
    def knows_path(self) -> bool:
        return self not in (Moment.LISTEN, Moment.ADMIT, Moment.HANDSHAKE)


class Fault(Protocol):
    """A frozen record that is called with the value of its plane and returns another.

    It may have more: `concerns(peer)` says whom it is about, `drawn(chance)` returns it with what chance decides settled,
    `numbered(number)` with what depends on the number of the match,
    `of_recordings` that it is about requests for recordings only, `of_store` that the rows it is about are those on all
    pages, `objections(defects)` what is wrong with it beyond the types of its fields.
    """

    @property
    def moment(self) -> Moment:
        """When it is settled."""

    def __call__(self, value: Any, /) -> Any: ...


class Fired(str):
    """The name of a fault that acted, and its *kind*."""

    __slots__ = ("kind",)
    kind: str

    @classmethod
    def of(cls, name: str, kind: str) -> Self:
        fired = cls(name)
        fired.kind = kind
        return fired


Cut = Literal["fin", "reset", "half", "mute"]
"""How traffic is cut: by FIN, by RST, by FIN of one side that stays, or by silence."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How the bytes of one connection go out.

    Nothing is looked at before *delay* seconds. Out go no more than *rate* bytes a second, at most a *piece* at a time with
    *gap* seconds between, and after *limit* bytes the *ending*.
    """

    delay: float = 0.0
    rate: int | None = None
    piece: int | None = None
    gap: float = 0.0
    limit: int | None = None
    ending: Cut = "fin"


FREELY = Traffic()


@dataclass(frozen=True, slots=True)
class Admission:
    """What becomes of a connection at accept: served, or closed with the sentence *why* and the *refusal* it belongs to.

    *traffic* is how its bytes go out, *others* how many connections are open beside it, *faults* are the names of those
    that fired, for the journal.
    """

    serve: bool = True
    why: str = ""
    refusal: Refusal | None = None
    traffic: Traffic = FREELY
    others: int = field(default=0, compare=False)
    faults: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def refused(cls, refusal: Refusal, why: str = "") -> Admission:
        """Return the admission of a peer that is closed at accept; *why* is the refusal's sentence unless given."""
        return cls(serve=False, why=why or refusal.sentence, refusal=refusal)


Suite = Literal["static-rsa", "null", "dhe-1024"]
"""Kinds of ciphers that no careful client takes."""


@dataclass(frozen=True, slots=True)
class PortState:
    """Whether the port of a PBX *is_open*, and if not, whether that *cuts* what is connected.

    *faults* are the names of those that keep it closed, for the journal.
    """

    is_open: bool = True
    cuts: bool = False
    faults: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Flight:
    """How the first flight goes out: so many *bytes* at a time, with *seconds* between."""

    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client is shown at its ClientHello: the good identity or that of a *defect*, with or without *tickets*.

    *variant* is another good identity, such as ``another-2``. *versions* are the lowest and the highest, None for the
    PBX's own, *suite* the only kind of ciphers, *asks* whether a client's certificate is asked for. With an *answer* there
    is no handshake: these bytes are sent, and then the *ending*; *flight* slows the first bytes down. *faults* are the
    names of those that fired, for the log.
    """

    defect: str | None = None
    tickets: bool = True
    variant: str = ""
    versions: tuple[str, str] | None = None
    suite: Suite | None = None
    asks: Literal["", "optional", "required"] = ""
    answer: bytes | None = None
    ending: Literal["fin", "reset", "stay"] = "fin"
    flight: Flight | None = field(default=None, compare=False)
    faults: tuple[str, ...] = field(default=(), compare=False)

    @property
    def identity(self) -> str | None:
        """What is shown, None for the PBX's own good certificate."""
        return self.defect or self.variant or None

    @property
    def needs_rsa(self) -> bool:
        """Whether what is shown must be for an RSA key: the ciphers want one."""
        return self.suite in ("static-rsa", "dhe-1024")

    @property
    def shown(self) -> str | None:
        """The defect that the client gets to see, None where there is no handshake or no flaw in it."""
        return self.defect if self.answer is None else None


@dataclass(frozen=True, slots=True)
class Situation:
    """What one request sees of the PBX: whether its peer may pass, the sentence that says *why*, and the refusal.

    *challenged* says that it gets the Digest challenge whatever its credentials are, as one that is new or *stale*;
    *username*, *password*, *realm* and *nonce_lifetime* (seconds) are others than the PBX's own where they are given, and so
    are the *personality* and what is *chosen* of the quirks. *restart* are seconds that the PBX is down for, from now on. A
    search takes *search_takes* seconds longer, and fails if *search_fails* says why.
    """

    peer: str
    permitted: bool
    why: str
    refusal: Refusal | None = None
    challenged: Literal["", "new", "stale"] = ""
    username: str | None = None
    password: str | None = None
    realm: str | None = None
    nonce_lifetime: int | None = None
    personality: str | None = None
    chosen: tuple[tuple[str, int | str], ...] = ()
    restart: float | None = None
    search_takes: float = 0.0
    search_fails: str = ""
