"""What the control plane answers, as values: of its clients, and of the OpenAPI document. Standard library only.

Instants of calls are microseconds of UTC since 1970, all others are aware datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from ucmsim.entry import Entry

T = TypeVar("T")

__all__ = [
    "Api", "Call", "Clock", "Deleted", "Delivery", "Entry", "Fault", "Health", "Identity", "JournalPage", "LedgerCall",
    "LedgerRow", "Listed", "Page", "Pbx", "PlacedCall", "PutPbx", "Readiness", "RecordingDelivered", "Row", "Snapshot",
    "Status", "Talk", "Trunk",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Health:
    """That the process answers."""

    status: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether everything listens, and which start of ucmsim this is."""

    status: str
    instance: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the process is, the seed of its configuration, the names of its PBXs, and the *versions* of what it runs on."""

    instance: str
    version: str
    seed: int
    pbxs: tuple[str, ...]
    versions: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """All there are of something, in order."""

    items: tuple[T, ...]
    next: None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a long list: *next* is what the next page is after, None for the last."""

    items: tuple[T, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Pbx:
    """One PBX: where it is, who may log in, the file of its CA, how many CDRs it has, and its settings without the password.

    *url* is None where nothing listens, *warnings* are sentences about settings that are odd.
    """

    name: str
    url: str | None
    username: str | None
    ca: str
    rows: int
    warnings: tuple[str, ...]
    settings: Mapping[str, Any] = field(hash=False, metadata={"schema": "Settings"})


@dataclass(frozen=True, slots=True)
class PutPbx:
    """A PBX as it was asked for: whether it was *created*, and the dotted keys of the settings that *changed*."""

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

    What a broken certificate does not tell is None.
    """

    defect: str | None
    certificate: str
    subject: str | None
    names: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    sha256: str
    ca: str


@dataclass(frozen=True, slots=True)
class Clock:
    """What the PBX clock shows, in UTC and in the PBX's zone, its rate, and the world's time, in which calls happen."""

    now: datetime
    local: datetime
    rate: float
    world: datetime


@dataclass(frozen=True, slots=True)
class Talk:
    """Who, or what, was through to the caller, and from when to when."""

    number: str
    role: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Trunk:
    """What a trunk carried of a call, to or from a number outside; *answered* is None where nobody took it."""

    trunk: str
    place: str
    direction: str
    number: str
    since: int
    answered: int | None
    until: int


@dataclass(frozen=True, slots=True)
class Row:
    """A CDR of a call, and the truth of its leg; what the CDR says is None where that was deleted."""

    row: int
    acctid: str | None = field(metadata={"key": "AcctId"})
    uniqueid: str | None
    session: str | None
    caller: str
    reached: str
    trunk_in: str
    trunk_out: str
    began: int
    answered: int | None
    ended: int


@dataclass(frozen=True, slots=True)
class Call:
    """What really happened in a call that is over: the *call*-th that was, its talks, what trunks carried, its CDRs."""

    call: int
    shape: str
    kind: str
    caller: str
    dialled: str
    begun_by: str
    began: int
    ended: int
    ending: str
    talks: tuple[Talk, ...]
    trunks: tuple[Trunk, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A response that carried something: the id of its exchange in the journal, when, to whom, and whether to the end."""

    exchange: int
    wall: datetime
    peer: str
    whole: bool


@dataclass(frozen=True, slots=True)
class RecordingDelivered:
    """A recording of a call, and the responses that carried it; *bytes* is None where it is there no more.

    *named* says that a CDR of the call has it in `recordfiles`, or had, where one was deleted: of messages, and of what a
    program records over AMI, none tells.
    """

    path: str
    bytes: int | None
    named: bool
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A CDR of a call, the truth of its leg, and the responses that carried it; of an imported one instants are None."""

    row: int
    acctid: str | None = field(metadata={"key": "AcctId"})
    uniqueid: str | None
    session: str | None
    caller: str
    reached: str
    trunk_in: str
    trunk_out: str
    began: int | None
    answered: int | None
    ended: int | None
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class LedgerCall:
    """What really happened in a call, what of it was delivered, and how often its least delivered CDR went out whole.

    Rows that were imported are of kind ``imported``: of them nobody knows the call, nor when it began and ended.
    """

    call: int | None
    shape: str
    kind: str
    caller: str
    dialled: str
    begun_by: str
    began: int | None
    ended: int | None
    ending: str
    talks: tuple[Talk, ...]
    trunks: tuple[Trunk, ...]
    rows: tuple[LedgerRow, ...]
    recordings: tuple[RecordingDelivered, ...]
    delivered: int


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call that was let happen: its number, and how many CDRs it will write; *ends* is None while nobody knows."""

    shape: str
    kind: str
    begins: datetime
    ends: datetime | None
    call: int | None
    rows: int | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many CDRs were deleted."""

    deleted: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is armed: its kind, its terms, how often its conditions matched, and how often it acted.

    *told* is all of it, its kind's own fields too.
    """

    told: Mapping[str, Any] = field(hash=False, repr=False, metadata={"whole": True, "open": True})
    name: str
    kind: str = field(metadata={"key": "fault"})
    when: Mapping[str, Any] = field(hash=False)
    times: int | None
    chance: float
    matched: int
    fired: int
    after: Mapping[str, str] | None = field(default=None, hash=False)
    until: Mapping[str, str] | None = field(default=None, hash=False)
    ramp: float | None = None
    ttl: float | None = None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Some of the journal, in order: *first* and *last* are the ids of the earliest that is kept and of the latest."""

    items: tuple[Entry, ...]
    next: int | None
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A PBX that was written to a file: where that is, its size, and how many CDRs are in it."""

    file: str
    bytes: int
    rows: int
