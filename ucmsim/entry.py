"""An event of the journal as a value: a connection, an exchange, or the port closing and opening. Standard library only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

ANY = "any"
"""What matches every fault, refusal or mark where one of them is asked for by name."""
UNVERIFIED = "unverified-certificate"
"""The mark of a request over a connection that was shown a bad certificate."""


def among(wanted: str | None, names: Collection[str]) -> bool:
    """Return whether *wanted* is one of *names*: None always is, `ANY` where there are some."""
    return wanted is None or (bool(names) if wanted == ANY else wanted in names)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request got an error page or an empty container: its code, the parameter, a sentence, and what would be right."""

    code: str
    parameter: str
    sentence: str
    hint: str


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, credentials left out; headers are pairs in the order in which they came."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, ...], ...]
    headers_left_out: int
    form: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The head of what was answered; the status is 0 where there was no answer."""

    status: int
    title: str
    headers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Tls:
    """What was agreed on and offered in a handshake, and the defect of the certificate that was shown."""

    version: str | None
    cipher: str | None
    sni: str | None
    alpn: str | None
    resumed: bool | None
    offered: Mapping[str, Any] | None = field(hash=False)
    defect: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened on the wire, by its *kind*: a connection, an exchange, or listening.

    *raw* is all of it as it came, decoded JSON. *wall* and *pbx_clock* are when it began on each clock, *seconds* how long it took, all
    *faults* those that fired, by name, and *kinds* their kinds. An exchange has *request* and *reply*, a connection *tls* and
    the *verdict* on what it was shown; what another kind of entry does not have is None, or empty.
    """

    raw: Mapping[str, Any] = field(hash=False, repr=False, metadata={"whole": True})
    id: int
    kind: str
    pbx: str
    wall: datetime
    pbx_clock: datetime
    seconds: float
    refusal: Refusal | None
    faults: tuple[str, ...]
    kinds: tuple[str, ...]
    marks: tuple[str, ...]
    connection: int | None = None
    peer: str | None = None
    port: int | None = None
    ended: str = ""
    request: Request | None = None
    reply: Reply | None = None
    check: str = ""
    note: str = ""
    rows: int | None = None
    acctids: str = ""
    delivered: int | None = None
    head_bytes: int | None = None
    bytes: int | None = None
    left: float | None = None
    tls: Tls | None = None
    verdict: str | None = None
    alert: int | None = None
    requests: int | None = None
    received: int | None = None
    sent: int | None = None
    acknowledged: int | None = None
    listens: bool | None = None
    address: str | None = None

    @property
    def method(self) -> str | None:
        """The method of the request, None where there was none."""
        return self.request.method if self.request else None

    @property
    def target(self) -> str | None:
        """What the request line asks for, with its query."""
        return self.request.target if self.request else None

    @property
    def path(self) -> str | None:
        """The target without its query, percent signs decoded."""
        return unquote(self.request.target.partition("?")[0]) if self.request else None

    @property
    def status(self) -> int | None:
        """The status of the reply; None where nothing was answered."""
        return self.reply.status or None if self.reply else None
