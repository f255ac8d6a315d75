"""The shapes that calls have: the table of them, one small declaration each. Spec 5.6, 5.7; https-api 5.2. Pure.

To add a shape, add a function to `plays`, `together`, `onward` or `begun`, and its row here. What firmware writes about it follows
from the events; what of that is assumed is a row of the quirk register.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ucmsim.calls import begun, onward, plays, together
from ucmsim.calls.events import KINDS, Call
from ucmsim.calls.stage import Phase, Script, Stage
from ucmsim.errors import did_you_mean

Story = tuple[Call, ...]
"""The calls that one shape is made of; most are one."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One row: *kinds* are the kinds of call that have this shape, *confidence* is that of its rows on the device.

    *turns* is what becomes of the call: ANSWERED, NO ANSWER, BUSY or FAILED. It *needs* so many extensions, with *phones*
    as many as there are to be, and one at least; these are those of a ring group, a queue, a page or a conference, as that
    key of `traffic.phones` says. A call that *goes on* to somebody may go outside. Whoever is outside *has_number* that can be
    dialled, whatever the kind. An account code or a PIN is *coded* with it. It comes from an *analogue* line.
    """

    id: str
    statement: str
    kinds: tuple[str, ...]
    source: str
    confidence: str
    play: Callable[[Stage, str], Script | tuple[Script, ...]]
    turns: str = "ANSWERED"
    needs: int = 1
    phones: str = ""
    goes_on: bool = False
    has_number: bool = False
    coded: bool = False
    analogue: bool = False

    def story(self, stage: Stage, kind: str = "") -> Story:
        """Return the calls of this shape, of *kind* or of the first it can be."""
        played = self.play(stage, kind or self.kinds[0])
        if isinstance(played, Script):
            return (played.call(self.id),)
        return tuple(script.call(self.id) for script in played)


_ANY = KINDS
_INWARD = ("Inbound", "Internal")

SHAPES = (
    Shape("answered", "Somebody is called and takes the call.", _ANY, "spec 5.6", "seen", plays.answered),
    Shape("held", "A call with a part on hold, of which no CDR tells.", _ANY, "spec 5.6", "inferred", plays.held),
    Shape("no-answer", "Nobody takes the call until the caller gives up.", _ANY, "spec 5.6, https-api 5.2", "seen", plays.no_answer,
          "NO ANSWER"),
    Shape("busy", "The callee is busy.", _ANY, "https-api 5.2", "seen", plays.busy, "BUSY"),
    Shape("failed", "The call cannot be placed and a prompt says so.", _ANY, "https-api 5.2", "seen",
          plays.fails_with("Playback", "ss-noservice"), "FAILED"),
    Shape("congestion", "The trunk takes no more calls.", _ANY, "https-api 5.2", "seen", plays.fails_with(*plays.CONGESTED), "FAILED"),
    Shape("hung-up", "The dialplan ends the call.", _ANY, "spec 5.4, https-api 5.2", "seen", plays.fails_with("Hangup"), "FAILED"),
    Shape("unregistered", "The phone is not there.", _INWARD, "spec 5.6", "assumed", plays.fails_with("Dial"), "FAILED"),
    Shape("unfinished", "A call that is still up when the unit is switched off: no row.", _ANY, "spec 7 #23", "inferred",
          plays.unfinished),
    Shape("analogue", "A call from an analogue line that tells no number.", ("Inbound",), "spec 5.6", "documented", plays.analogue,
          analogue=True),
    Shape("prefix", "An outside line is dialled before the number, and the trunk shows its caller ID.", ("Outbound",), "spec 5.1, 5.6",
          "seen", plays.prefixed),
    Shape("account-code", "An account code is dialled with the number.", ("Outbound",), "spec 5.1, 9 Q23", "assumed",
          plays.coded, coded=True),
    Shape("pin-group", "The outbound route asks for a PIN first.", ("Outbound",), "spec 5.1, 5.4, 9 Q23", "assumed", plays.pin_group,
          coded=True),
    Shape("voicemail", "Nobody answers and the mailbox takes the call.", _INWARD, "spec 5.6, https-api 5.2", "seen", plays.voicemail,
          "NO ANSWER"),
    Shape("voicemail-direct", "A mailbox is called.", ("Internal",), "spec 5.6", "assumed",
          plays.entering("mailbox", Phase.MESSAGE), needs=2),
    Shape("voicemail-menu", "Somebody listens to messages.", ("Internal",), "spec 5.4", "seen", plays.entering("menu", Phase.MENU)),
    Shape("ivr", "An IVR takes the call, and the caller hangs up.", ("Inbound",), "spec 5.6", "seen",
          plays.entering("ivr", Phase.IVR)),
    Shape("ivr-choice", "An IVR takes the call, and the caller dials an extension.", ("Inbound",), "https-api 5.2", "seen",
          plays.ivr_choice),
    Shape("ivr-menus", "A second menu of the IVR is chosen, and in that an extension.", ("Inbound",), "spec 5.6", "inferred",
          plays.ivr_menus),
    Shape("ring-group", "A ring group's phones ring together: one answers, others may be busy.", _INWARD, "spec 5.6", "seen",
          together.ring_group, needs=2, phones="ring_group"),
    Shape("ivr-ring-group", "By an IVR to a ring group.", ("Inbound",), "spec 5.6", "seen", together.ivr_ring_group,
          needs=1, phones="ring_group"),
    Shape("queue", "A queue rings one agent after another until one answers.", ("Inbound",), "spec 5.6", "assumed", together.queue,
          needs=1, phones="queue"),
    Shape("queue-abandoned", "The caller leaves the queue before an agent answers.", ("Inbound",), "spec 5.6", "assumed",
          together.abandoned, "NO ANSWER", needs=1, phones="queue"),
    Shape("conference", "Others join who opened the conference room; that call is recorded.", ("Internal",), "spec 5.6", "assumed",
          together.conference, needs=2, phones="conference"),
    Shape("paging", "A page to several phones.", ("Internal",), "spec 5.6", "assumed", together.paging, needs=2, phones="paging"),
    Shape("fax", "A fax is received.", ("Inbound",), "spec 5.6", "assumed", plays.entering("fax", Phase.FAX)),
    Shape("disa", "From outside to outside by DISA.", ("Inbound",), "spec 5.6", "assumed", onward.disa),
    Shape("feature-code", "A feature code is dialled.", ("Internal",), "spec 5.6", "seen", plays.entering("code", Phase.CODE)),
    Shape("forward-always", "The callee has forwarded all calls.", _INWARD, "spec 5.6", "assumed",
          onward.forwarded("always"), needs=3, goes_on=True),
    Shape("forward-busy", "The callee has forwarded calls when busy.", _INWARD, "spec 5.6", "assumed",
          onward.forwarded("busy"), needs=3, goes_on=True),
    Shape("forward-no-answer", "The callee has forwarded calls without an answer.", _INWARD, "spec 5.6", "assumed",
          onward.forwarded("no answer"), needs=3, goes_on=True),
    Shape("follow-me", "Another phone of the callee is rung after the first.", _INWARD, "spec 5.6", "assumed",
          onward.follow_me, needs=3, goes_on=True),
    Shape("blind-transfer", "The callee transfers the caller without a word.", _INWARD, "spec 5.6", "assumed",
          onward.blind_transfer, needs=3, goes_on=True),
    Shape("attended-transfer", "The callee asks a colleague first.", _INWARD, "spec 5.6", "assumed",
          onward.attended_transfer, needs=3, goes_on=True),
    Shape("parked", "The callee parks the caller, and a colleague fetches the call.", _INWARD, "spec 5.6", "seen",
          onward.parked, needs=3),
    Shape("helper-channel", "Another phone of the callee is rung by a Local/ channel, which has a row of its own.", _INWARD,
          "spec 5.2", "assumed", begun.helped, needs=3),
    Shape("callback", "The PBX does not take a call from outside, but calls back.", ("Inbound",), "spec 5.6", "assumed",
          begun.called_back, has_number=True),
    Shape("api-call", "The API has the PBX call somebody, and then whom they are to talk with.", ("Inbound", "Outbound", "Internal"),
          "https-api 5.2", "seen", begun.by_api, has_number=True),
)  # fmt: skip
"""Every shape."""

_ALL = "'ucmsim show shapes' lists them all"

BY_ID: Mapping[str, Shape] = MappingProxyType({shape.id: shape for shape in SHAPES})


def no_shape(name: str) -> str:
    """Return what is said of the *name* of a shape that there is not, wherever it stands: a call, a query, a fault's condition."""
    return f"there is no shape '{name}'; {did_you_mean(name, BY_ID) or _ALL}"
