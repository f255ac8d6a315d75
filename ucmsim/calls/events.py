"""What happens in a call: events, in order, over parties. The truth, before any firmware writes about it.

All else is a projection of it: the legs (`ucmsim.calls.legs`), their CDRs and recordings (`ucmsim.calls.projection`),
who talked how long (`talks`), and what that took of trunks (`ucmsim.calls.trunks`). Instants are whole microseconds of
UTC, counted from the epoch. Knows no clock, no chance and no firmware.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple


class Role(Enum):
    """What a party is."""

    EXTENSION = "extension"
    OUTSIDE = "number outside"
    ANALOGUE = "analogue line"
    DID = "number that is dialled from outside"
    IVR = "IVR"
    GROUP = "ring group"
    QUEUE = "queue"
    CONFERENCE = "conference room"
    MAILBOX = "mailbox"
    MESSAGES = "voicemail menu"
    SLOT = "parking slot"
    PARKED = "parked call"
    PAGING = "paging group"
    FAX = "fax"
    DISA = "DISA"
    CODE = "feature code"
    CALLBACK = "callback"
    HELPER = "helper channel"

    __hash__ = (
        object.__hash__
    )  # there is one of each, and that of Enum takes four times as long: parties are hashed often


KINDS = ("Internal", "Inbound", "Outbound")
"""Kinds of calls."""


class CallerId(NamedTuple):
    """What a call that goes out shows instead of the caller's own number and name; "" leaves that as it is."""

    number: str = ""
    name: str = ""


class Party(NamedTuple):
    """One end of a call, or a feature of the PBX that takes it.

    *place* stands in channels and in channel_ext: the extension, ``trunk_N`` of the trunk that is named *trunk*, or the
    number of the feature. *shown* is the caller ID that an extension has of its own, or that the trunk to a number
    outside has. An analogue line is that of a *port*.
    """

    number: str
    name: str
    place: str
    trunk: str = ""
    role: Role = Role.EXTENSION
    shown: CallerId | None = None
    port: str = ""


class What(Enum):
    """Kinds of events; *to* is whom or what they are about."""

    DIAL = "dial"
    """The PBX begins to ring *to*, over a channel of the call's own, or over the *channel* of its story that there is already."""
    ANSWER = "answer"
    """*to* takes the call; whoever else is ringing stops."""
    BUSY = "busy"
    """*to* is busy."""
    GIVE_UP = "give up"
    """The PBX stops ringing *to* and goes on."""
    FAIL = "fail"
    """The call cannot be placed, to *to* if somebody was meant but the callee; the PBX runs *app* with *data* instead."""
    ENTER = "enter"
    """The PBX itself takes the call, with the feature *to*."""
    KEY = "key"
    """The caller presses *keys*."""
    HOLD = "hold"
    """*to* puts the caller on hold."""
    RESUME = "resume"
    """*to* comes back."""
    TAKE_UP = "take up"
    """The caller, whom the PBX itself has called, takes that call and goes on to the callee."""
    FORWARD = "forward"
    """What was meant for the callee goes to *to* instead, by the *action* that firmware names so, or plainly."""
    TRANSFER = "transfer"
    """Whoever talks with the caller sends the caller to *to*."""
    PARK = "park"
    """Whoever talks with the caller leaves the caller in the slot *to*."""
    PICK_UP = "pick up"
    """*to* fetches the caller from the slot, by the call numbered *fetching* in its story, over *channel* of it."""
    HANG_UP = "hang up"
    """The caller's channel ends, and with it the call."""
    CUT = "cut"
    """The unit restarts, or is switched off: every channel ends, and no CDR is written of those that were up."""

    __hash__ = object.__hash__


class Event(NamedTuple):
    """One event: when, what, and about whom; `What` says which kind has which of the other fields.

    *channel* and *fetching* count within the story: its channels from 1 on, its calls from 0 on.
    """

    at: int
    what: What
    to: Party | None = None
    app: str = ""
    data: str = ""
    keys: str = ""
    action: str = ""
    channel: int = 0
    fetching: int = 0


class Call(NamedTuple):
    """One channel that came in, and all that happened to it until it ended.

    *kind* is Internal, Inbound or Outbound; *made* is how many channels the PBX had made before it. *callee* is who or
    what was dialled, after the *prefix* of an outside line. *recorded* says that the PBX was told to record it, should
    it be answered, *monitored* that a program beside it records it then, over AMI. *account* is the account code that was
    dialled, *pin* that of a PIN group. *shape* names how it went, *events* say so. *begun* is for what the PBX called the
    caller, ``api`` or ``callback``, "" where the caller did. The channel of a helper, on which nobody talks, *helps* the
    call that began at that instant.
    """

    kind: str
    caller: Party
    callee: Party
    start: int
    made: int
    recorded: bool = False
    shape: str = ""
    events: tuple[Event, ...] = ()
    prefix: str = ""
    account: str = ""
    monitored: bool = False
    pin: str = ""
    begun: str = ""
    helps: int | None = None

    def after(self, made: int) -> Call:
        """Return the same call, *made* channels after the unit began to count them."""
        # What `_replace` does takes three times as long, and every row asks for it.
        return Call._make((*self[:_MADE], made, *self[_MADE + 1 :]))

    @property
    def ended(self) -> int | None:
        """When the caller's channel ended, None while it is up, and where it was cut."""
        last = self.events[-1] if self.events else None
        return last.at if last and last.what is What.HANG_UP else None


_MADE = Call._fields.index("made")


class Talk(NamedTuple):
    """Somebody, or a feature of the PBX, was through to the caller from *since* until *until*."""

    to: Party
    since: int
    until: int


THROUGH = (What.ANSWER, What.ENTER, What.PARK, What.PICK_UP)
"""Events with which somebody, or a feature, is through to the caller."""
OVER = (What.HANG_UP, What.CUT)
"""Events with which a call ends."""
_APART = frozenset({*THROUGH, What.TRANSFER, *OVER})
_ANSWER, _PAGING = What.ANSWER, Role.PAGING


def cut(call: Call, at: int) -> Call:
    """Return what happens of *call* where the unit restarts, or is switched off, at that instant."""
    last = call.events[-1] if call.events else None
    if last and last.what in OVER and last.at < at:
        return call
    return call._replace(events=(*(event for event in call.events if event.at < at), Event(at, What.CUT)))


def talks(call: Call) -> Iterator[Talk]:
    """Yield who was through to the caller, one after another: the truth that a bill can be held against.

    Time on hold is time of the talk. Of many who answer a page the first one stands for all. A helper talks with nobody.
    """
    if call.helps is not None:
        return
    to: Party | None = None
    since = 0
    for event in call.events:
        what = event.what
        if what not in _APART or (to and what is _ANSWER and to.role is _PAGING):
            continue
        at = event.at
        if to:
            yield Talk(to, since, at)
        to, since = event.to if what in THROUGH else None, at
