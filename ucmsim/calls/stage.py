"""What a shape of call is played with: who takes part, the features of the PBX, and how long each part takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from ucmsim.calls.events import Call, CallerId, Event, Party, Role, What


def _feature(role: Role, number: str) -> Party:
    return Party(number, "", number, role=role)


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a PBX, each with the number that the unit gives the first of its kind. Spec 5.1, 5.6."""

    did: Party
    ivr: Party
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


@dataclass(frozen=True, slots=True)
class Stage:
    """Who takes part in a call that begins at *start*, after *made* channels, and for how long each part lasts.

    *inside* are extensions of which the first ones take part, *outside* the number beyond a trunk, *beyond* another one
    that can be called. Times are in microseconds: *ring* until somebody answers, *talk* from then on, *patience* until
    somebody gives up. *prefix* is dialled before a number outside, *account* or *pin* with it.
    """

    inside: tuple[Party, ...]
    outside: Party
    beyond: Party
    start: int
    made: int
    ring: int
    talk: int
    patience: int
    recorded: bool = False
    prefix: str = ""
    account: str = ""
    pin: str = ""
    features: Features = field(default_factory=Features.usual)


def example() -> Stage:
    """Return what documentation and golden rows are played with: an instant, people, and times to the microsecond.

    The times are those of CAP22's outbound call; 07700 900xxx, 01632 960xxx and 555-01xx are numbers that belong to nobody.
    """
    names = ("Ann Lee", "Bob Roy", "Cyd Poe", "Dee Fox", "Eve Kay")
    inside = tuple(Party(str(1001 + at), name, str(1001 + at)) for at, name in enumerate(names))
    shown = CallerId("01632960401", "Example Ltd")
    outside = Party("07700900699", "", "trunk_2", "carrier-b", Role.OUTSIDE, shown)
    beyond = outside._replace(number="07700900123")
    return Stage(inside, outside, beyond, 1661157838_067640, 1260, 14_300_000, 420_600_000, 9_100_000, recorded=True)


class Script:
    """Writes down the events of one call, one after another; `call` ends it."""

    def __init__(self, stage: Stage, kind: str, caller: Party, callee: Party, *, after: int = 0, made: int = 0) -> None:
        self._stage = stage
        self._kind, self._caller, self._callee = kind, caller, callee
        self._start = self.now = stage.start + after
        self._made = stage.made + made
        self._events: list[Event] = []

    def then(self, what: What, *parties: Party, told: tuple[str, str] = ("", "")) -> Script:
        """Let *what* happen now, to each of *parties*."""
        self._events += [Event(self.now, what, party, told) for party in parties or (None,)]
        return self

    def wait(self, microseconds: int) -> Script:
        """Let time pass."""
        self.now += microseconds
        return self

    def call(self, shape: str) -> Call:
        """Return the call with all that was written down."""
        stage, outbound = self._stage, self._kind == "Outbound"
        outside = self._callee.trunk or any(
            event.what is What.DIAL and event.to and event.to.trunk for event in self._events
        )
        return Call(
            self._kind, self._caller, self._callee, self._start, self._made, stage.recorded, shape, tuple(self._events),
            prefix=stage.prefix if outside else "", account=stage.account if outbound else "", pin=stage.pin if outbound else "",
        )  # fmt: skip
