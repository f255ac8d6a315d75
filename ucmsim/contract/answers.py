"""What the control plane answers, as values: of its clients, and of the OpenAPI document. Standard library only.

Instants of calls are microseconds of UTC since 1970, all others are aware datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from ucmsim.contract.callanswers import (
    Call,
    Delivery,
    LedgerCall,
    LedgerRow,
    PlacedCall,
    RecordingDelivered,
    Row,
    Talk,
    Trunk,
)
from ucmsim.entry import Entry

T = TypeVar("T")

__all__ = [
    "Api", "Call", "Clock", "Deleted", "Delivery", "Entry", "Fault", "Health", "Identity", "JournalPage", "LedgerCall",
    "LedgerRow", "Page", "Pbx", "PbxChange", "PlacedCall", "Readiness", "RecordingDelivered", "Row", "Snapshot",
    "Status", "Talk", "Trunk",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Health:
    """That the process answers."""

    status: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether everything listens, and which start of ucmsim this is: *status* is ready, starting, or failed where a PBX did."""

    status: str
    instance: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the process is, the seed of its configuration, the names of its PBXs, and the *versions* of what it runs on.

    *wall* is when it was told, by the clock of the machine that it runs on, as events of the journal have it.
    *failures* says of each PBX that could not be renewed, nor go on, why, and what to do.
    """

    instance: str
    version: str
    seed: int
    pbxs: tuple[str, ...]
    versions: Mapping[str, str] = field(hash=False)
    failures: Mapping[str, str] = field(hash=False)
    wall: datetime


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A list, or some of a long one, in order: *next* is what the next page is after, None where there is no more."""

    items: tuple[T, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Pbx:
    """One PBX: where it is, who may log in, its CA as a file over there and as PEM, how many CDRs it has, and its settings, with stars for each secret.

    *url* is None where nothing listens, *warnings* are sentences about settings that are odd.
    """

    name: str
    url: str | None
    username: str | None
    ca: str
    ca_pem: str
    rows: int
    warnings: tuple[str, ...]
    settings: Mapping[str, Any] = field(hash=False, metadata={"schema": "Settings"})


@dataclass(frozen=True, slots=True)
class PbxChange:
    """What came of asking for a PBX or a change of one: whether it was *created*, the dotted keys that *changed*, and what it is."""

    created: bool
    changed: tuple[str, ...]
    pbx: Pbx


@dataclass(frozen=True, slots=True)
class Api:
    """The device's API Configuration page: its seven settings, and of the password only whether one is set."""

    enable: bool
    tls_bind_address: str
    tls_private_key: str | None
    tls_cert: str | None
    tls_authentication_name: str | None
    permitted_ips: tuple[str, ...]
    password_set: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """The certificate that is shown: the *defect* it has, None for a good one, its chain as PEM, and the file of its CA.

    *given* says that `show_identity` was given it, or was told how long it is valid, and shows it again by its chain alone. What a broken certificate does not tell is None.
    """

    defect: str | None
    given: bool
    certificate: str
    subject: str | None
    names: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    sha256: str
    ca: str

    @property
    def again(self) -> Mapping[str, str]:
        """What `show_identity` takes to show it again, also where it has expired by then."""
        if self.given:
            return {"certificate": self.certificate}
        return {} if self.defect is None else {"defect": self.defect}


@dataclass(frozen=True, slots=True)
class Clock:
    """What the PBX clock shows, in UTC and in the PBX's zone, its rate, and the world's time, in which calls happen."""

    now: datetime
    local: datetime
    rate: float
    world: datetime


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many CDRs were deleted."""

    deleted: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is armed: its kind, its terms, how often its conditions matched, and how often it acted.

    *id* is that of no other arming, also where the name is. *raw* is all of it as decoded JSON, its kind's own fields too, with stars for a secret.
    """

    raw: Mapping[str, Any] = field(hash=False, repr=False, metadata={"whole": True, "open": True})
    name: str
    kind: str = field(metadata={"key": "fault"})
    when: Mapping[str, Any] = field(hash=False)
    times: int | None
    chance: float
    matched: int
    fired: int
    id: int
    after: Mapping[str, str] | None = field(default=None, hash=False)
    until: Mapping[str, str] | None = field(default=None, hash=False)
    ramp: float | None = None
    ttl: float | None = None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Some of the journal, in order: *first* and *last* are the ids of the earliest that is kept and of the latest.

    *marks* is how often each was set since the ids began, or ucmsim started, also on events that are kept no more.
    """

    items: tuple[Entry, ...]
    next: int | None
    first: int
    last: int
    marks: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A PBX that was written to a file: where that is, its size, and how many CDRs are in it."""

    file: str
    bytes: int
    rows: int
