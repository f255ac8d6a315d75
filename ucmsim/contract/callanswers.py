"""What the control plane answers about calls, as values. Standard library only.

Instants that are numbers are microseconds of UTC since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


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
class _Row:
    """What is told of a CDR in both lists; instants are None where nobody knows the call."""

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


@dataclass(frozen=True, slots=True)
class _Call:
    """What is told of a call in both lists; its number and instants are None where nobody knows it."""

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
    rows: tuple[_Row, ...]


@dataclass(frozen=True, slots=True)
class Row(_Row):
    """A CDR of a call, and the truth of its leg; what the CDR says is None where that was deleted."""

    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class Call(_Call):
    """What really happened in a call that is over: the *call*-th that was, its talks, what trunks carried, its CDRs."""

    call: int
    began: int
    ended: int
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
class LedgerRow(_Row):
    """A CDR of a call, the truth of its leg, and the responses that carried it; of an imported one instants are None."""

    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class LedgerCall(_Call):
    """What really happened in a call, what of it was delivered, and how often its least delivered CDR went out whole.

    Rows that were imported are of kind ``imported``: of them nobody knows the call, nor when it began and ended.
    """

    rows: tuple[LedgerRow, ...]
    recordings: tuple[RecordingDelivered, ...]
    delivered: int


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call that was let happen: when it *began*, by which the ledger has it, and how many CDRs it will write.

    *began* is an integer, in microseconds of UTC since 1970, which no other call of the PBX has. *ends* and *rows* are None
    while nobody knows.
    """

    shape: str
    kind: str
    begins: datetime
    ends: datetime | None
    began: int
    rows: int | None
