"""What a shape of call is played with: who takes part, the features of the PBX, and how long each phase takes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, Protocol

from ucmsim.calls.events import KINDS, Call, CallerId, Event, Party, Role, What


def _feature(role: Role, number: str) -> Party:
    return Party(number, "", number, role=role)


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a PBX, each with the number that the unit gives the first of its kind. Spec 5.1, 5.6."""

    did: Party
    ivr: Party
    submenu: Party
    group: Party
    queue: Party
    room: Party
    slot: Party
    paging: Party
    fax: Party
    disa: Party
    code: Party
    menu: Party
    callback: Party

    @classmethod
    def usual(cls) -> Features:
        """Return those of a unit on which nobody changed a number; those of paging, fax, DISA and callback are assumed."""
        return cls(
            did=_feature(Role.DID, "3125550100"),
            ivr=_feature(Role.IVR, "7000"),
            submenu=_feature(Role.IVR, "7001"),
            group=_feature(Role.GROUP, "6400"),
            queue=_feature(Role.QUEUE, "6500"),
            room=_feature(Role.CONFERENCE, "6300"),
            slot=_feature(Role.SLOT, "71"),
            paging=_feature(Role.PAGING, "6700"),
            fax=_feature(Role.FAX, "6800"),
            disa=_feature(Role.DISA, "7100"),
            code=_feature(Role.CODE, "*77"),
            menu=_feature(Role.MESSAGES, "*97"),
            callback=_feature(Role.CALLBACK, "3125550199"),
        )


class Phase(Enum):
    """A part of a call that takes time; the value is the key of `traffic:` that says how much."""

    RING = "ring.answered"
    NO_ANSWER = "ring.no_answer"
    RING_OUT = "ring.no_answer.longest"
    BUSY = "ring.busy"
    FAIL = "ring.failed"
    TALK = "talk"
    HOLD = "phases.hold"
    CONSULT = "phases.consult"
    PARKED = "phases.parked"
    KEYS = "phases.keys"
    CHOICE = "phases.choice"
    IVR = "phases.ivr"
    QUEUE = "phases.queue"
    MESSAGE = "phases.message"
    MENU = "phases.menu"
    CODE = "phases.code"
    FAX = "phases.fax"
    PAGE = "phases.page"
    PAGE_ANSWER = "phases.page_answer"
    JOIN = "phases.join"
    CALLBACK = "phases.callback"

    __hash__ = object.__hash__  # there is one of each, and that of Enum takes four times as long


TALKED = frozenset({
    Phase.TALK, Phase.HOLD, Phase.CONSULT, Phase.IVR, Phase.MESSAGE, Phase.MENU, Phase.CODE, Phase.FAX, Phase.PAGE,
})  # fmt: skip
"""Phases in which somebody or something is through to the caller to the end; in the others somebody waits."""


class Lasts(Protocol):
    """Says how many microseconds a *phase* of one call lasts, that *time* that it comes, from 0 on: always the same."""

    def __call__(self, phase: Phase, time: int = 0, /) -> int: ...


class Stage(NamedTuple):
    """Who takes part in a call that begins at *start*, after *made* channels, and how long each phase *lasts*.

    *inside* are extensions of which the first ones take part, *outside* the number beyond a trunk, *beyond* another one
    that can be called. A feature with many *phones* rings those; the *engaged* among them are busy, and *taker* takes the
    call. *target* is where a call goes on to, an extension or a number outside, of whose trunk no channel may be free: then
    it is *congested*. *line* is an analogue line.
    Calls of the *recorded* kinds are. *prefix* is dialled before a number outside, *account* or *pin* with it.
    """

    inside: tuple[Party, ...]
    outside: Party
    beyond: Party
    start: int
    made: int
    lasts: Lasts
    phones: tuple[Party, ...] = ()
    taker: Party | None = None
    engaged: tuple[Party, ...] = ()
    target: Party | None = None
    congested: bool = False
    line: Party | None = None
    recorded: Collection[str] = ()
    prefix: str = ""
    account: str = ""
    pin: str = ""
    features: Features = Features.usual()


_EXAMPLE: Mapping[Phase, tuple[int, ...]] = MappingProxyType({
    Phase.RING: (14_300_000, 6_200_000, 8_700_000),
    Phase.NO_ANSWER: (20_100_000, 17_400_000),
    Phase.RING_OUT: (60_000_000,),
    Phase.BUSY: (7_150_000, 5_250_000),
    Phase.FAIL: (1_350_000,),
    Phase.TALK: (420_600_000, 95_400_000, 61_700_000, 33_900_000),
    Phase.HOLD: (31_200_000,),
    Phase.CONSULT: (27_800_000,),
    Phase.PARKED: (35_900_000,),
    Phase.KEYS: (5_600_000,),
    Phase.CHOICE: (9_100_000, 4_300_000),
    Phase.IVR: (23_400_000,),
    Phase.QUEUE: (12_500_000,),
    Phase.MESSAGE: (15_700_000,),
    Phase.MENU: (48_600_000,),
    Phase.CODE: (2_300_000,),
    Phase.FAX: (73_100_000,),
    Phase.PAGE: (6_800_000,),
    Phase.PAGE_ANSWER: (900_000, 1_100_000, 1_600_000),
    Phase.JOIN: (11_900_000, 24_300_000, 7_700_000),
    Phase.CALLBACK: (9_800_000,),
})  # fmt: skip


def _example(phase: Phase, time: int = 0) -> int:
    known = _EXAMPLE[phase]
    return known[time % len(known)]


def example() -> Stage:
    """Return what documentation and golden rows are played with: an instant, people, and times to the microsecond.

    The times of ringing and talk are those of CAP22's outbound call, others are like those of its rows; 07700 900xxx,
    01632 960xxx and 555-01xx are numbers that belong to nobody.
    """
    names = ("Ann Lee", "Bob Roy", "Cyd Poe", "Dee Fox", "Eve Kay")
    inside = tuple(Party(str(1001 + at), name, str(1001 + at)) for at, name in enumerate(names))
    shown = CallerId("01632960401", "Example Ltd")
    outside = Party("07700900699", "", "trunk_2", "carrier-b", Role.OUTSIDE, shown)
    return Stage(
        inside,
        outside,
        beyond=outside._replace(number="07700900123"),
        start=1661157838_067640,
        made=1260,
        lasts=_example,
        phones=inside[1:4],
        taker=inside[2],
        engaged=inside[3:4],
        target=inside[2],
        line=Party("", "", "trunk_3", "pstn", Role.ANALOGUE, port="1"),
        recorded=KINDS,
    )


class Script:
    """Writes down the events of one call, one after another; `call` ends it.

    It begins *after* its story and *made* channels of it. *begun* and *helps* are those of the `Call`; a call that is
    not *recorded* is not, whatever the stage says.
    """

    __slots__ = (
        "_begun", "_callee", "_caller", "_events", "_helps", "_kind", "_made", "_recorded", "_stage", "_start", "now",
    )  # fmt: skip

    def __init__(
        self, stage: Stage, kind: str, caller: Party, callee: Party, *, after: int = 0, made: int = 0, begun: str = "",
        helps: int | None = None, recorded: bool = True,
    ) -> None:  # fmt: skip
        self._stage = stage
        self._kind, self._caller, self._callee = kind, caller, callee
        self._start = self.now = stage.start + after
        self._made = stage.made + made
        self._begun, self._helps, self._recorded = begun, helps, recorded
        self._events: list[Event] = []

    def then(
        self, what: What, to: Party | None = None, *, app: str = "", data: str = "", keys: str = "", action: str = "",
        channel: int = 0, fetching: int = 0,
    ) -> Script:  # fmt: skip
        """Let *what* happen now, *to* somebody; the rest are fields of its kind."""
        self._events.append(Event(self.now, what, to, app, data, keys, action, channel, fetching))
        return self

    def wait(self, microseconds: int) -> Script:
        """Let time pass."""
        self.now += microseconds
        return self

    def call(self, shape: str) -> Call:
        """Return the call with all that was written down, as one of *shape*."""
        stage, outbound = self._stage, self._kind == "Outbound"
        return Call(
            self._kind, self._caller, self._callee, self._start, self._made,
            self._kind in stage.recorded and self._recorded, shape, tuple(self._events),
            stage.prefix if stage.prefix and self._outside() else "",
            stage.account if outbound else "", False, stage.pin if outbound else "", self._begun, self._helps,
        )  # fmt: skip

    def _outside(self) -> bool:
        """Return whether the call went to a number outside."""
        dialled = [event.to for event in self._events if event.what is What.DIAL and event.to]
        return any(party.trunk for party in (self._callee, *dialled))
