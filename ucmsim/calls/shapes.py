"""The shapes that calls have: one small declaration each, its events in order. Spec 5.6, 5.7; https-api 5.2. Pure.

To add a shape, add a function and its row. What firmware writes about it follows from the events; what of that is
assumed is a row of the quirk register.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ucmsim.calls import begun
from ucmsim.calls.events import Call, Party, Role, What
from ucmsim.calls.legs import FOLLOWED
from ucmsim.calls.stage import Script, Stage
from ucmsim.instants import SECOND

Story = tuple[Call, ...]
"""The calls that one shape is made of; most are one."""

DIAL, ANSWER, ENTER, HANG_UP = What.DIAL, What.ANSWER, What.ENTER, What.HANG_UP


@dataclass(frozen=True, slots=True)
class Shape:
    """One row: *kinds* are the kinds of call that have this shape, *confidence* is that of its rows on the device.

    *turns* is what becomes of the call: ANSWERED, NO ANSWER, BUSY or FAILED. Its first phone *rings_out*: as long as the
    unit lets it ring. It *needs* so many extensions. Whoever is outside *has_number* that can be dialled, whatever the
    kind. An account code or a PIN is *coded* with it.
    """

    id: str
    statement: str
    kinds: tuple[str, ...]
    source: str
    confidence: str
    play: Callable[[Stage, str], Script | Story]
    turns: str = "ANSWERED"
    rings_out: bool = False
    needs: int = 1
    has_number: bool = False
    coded: bool = False

    def story(self, stage: Stage, kind: str = "") -> Story:
        """Return the calls of this shape, of *kind* or of the first it can be."""
        played = self.play(stage, kind or self.kinds[0])
        return (played.call(self.id),) if isinstance(played, Script) else played


def _ends(stage: Stage, kind: str) -> tuple[Party, Party]:
    """Return who calls and who is called in a plain call of *kind*."""
    first = stage.inside[0]
    if kind == "Internal":
        return first, stage.inside[1]
    return (stage.outside, first) if kind == "Inbound" else (first, stage.outside)


def _plain(stage: Stage, kind: str) -> tuple[Script, Party]:
    """Return the script of a plain call of *kind* when the callee begins to ring, and the callee."""
    caller, callee = _ends(stage, kind)
    return Script(stage, kind, caller, callee).then(DIAL, callee), callee


# --- two parties ------------------------------------------------------------------------------------------------------


def _answered(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    return script.wait(stage.ring).then(ANSWER, callee).wait(stage.talk).then(HANG_UP)


def _no_answer(stage: Stage, kind: str) -> Script:
    script, _ = _plain(stage, kind)
    return script.wait(stage.patience).then(HANG_UP)


def _busy(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    return script.wait(stage.ring).then(What.BUSY, callee).then(HANG_UP)


def _fails_with(application: str, data: str) -> Callable[[Stage, str], Script]:
    def play(stage: Stage, kind: str) -> Script:
        script = Script(stage, kind, *_ends(stage, kind)).wait(stage.ring)
        return script.then(What.FAIL, told=(application, data)).then(HANG_UP)

    return play


def _unregistered(stage: Stage, kind: str) -> Script:
    script = Script(stage, kind, *_ends(stage, kind)).wait(SECOND)
    return script.then(What.FAIL, told=("Dial", "")).then(HANG_UP)


def _held(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    script.wait(stage.ring).then(ANSWER, callee).wait(stage.talk // 2).then(What.HOLD, callee)
    return script.wait(stage.talk // 4).then(What.RESUME, callee).wait(stage.talk // 4).then(HANG_UP)


def _unfinished(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    return script.wait(stage.ring).then(ANSWER, callee)


def _analogue(stage: Stage, kind: str) -> Script:
    line = Party("", "", stage.outside.place, stage.outside.trunk, Role.ANALOGUE, port="1")
    callee = stage.inside[0]
    script = Script(stage, kind, line, callee).then(DIAL, callee)
    return script.wait(stage.ring).then(ANSWER, callee).wait(stage.talk).then(HANG_UP)


# --- to the outside ---------------------------------------------------------------------------------------------------

_OUTSIDE_LINE = "9"
"""What is dialled for an outside line where the trunk asks for nothing else."""
_CODE = "1234"


def _prefixed(stage: Stage, kind: str) -> Script:
    return _answered(replace(stage, prefix=stage.prefix or _OUTSIDE_LINE), kind)


def _coded(stage: Stage, kind: str) -> Script:
    stage = replace(stage, account=stage.account or _CODE)
    script = Script(stage, kind, *_ends(stage, kind)).then(What.KEY, told=(stage.account, "")).then(DIAL, stage.outside)
    return script.wait(stage.ring).then(ANSWER, stage.outside).wait(stage.talk).then(HANG_UP)


def _pin_group(stage: Stage, kind: str) -> Script:
    stage = replace(stage, account="", pin=stage.account or _CODE)
    script = Script(stage, kind, *_ends(stage, kind)).wait(stage.patience)
    script.then(What.KEY, told=(stage.pin, "")).then(DIAL, stage.outside)
    return script.wait(stage.ring).then(ANSWER, stage.outside).wait(stage.talk).then(HANG_UP)


# --- the PBX takes the call -------------------------------------------------------------------------------------------


def _mailbox(party: Party) -> Party:
    return party._replace(role=Role.MAILBOX)


def _voicemail(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    return script.wait(stage.patience).then(ENTER, _mailbox(callee)).wait(stage.talk).then(HANG_UP)


def _entering(feature: str, *, did: bool = False, longest: int = 24 * 3600) -> Callable[[Stage, str], Script]:
    """Return what plays a call that a *feature* takes for *longest* seconds at most; an inbound one by the DID if *did*."""

    def play(stage: Stage, kind: str) -> Script:
        party: Party = _mailbox(stage.inside[1]) if feature == "mailbox" else getattr(stage.features, feature)
        caller = stage.outside if kind == "Inbound" else stage.inside[0]
        callee = stage.features.did if did and kind == "Inbound" else party
        return (
            Script(stage, kind, caller, callee).then(ENTER, party).wait(min(stage.talk, longest * SECOND)).then(HANG_UP)
        )

    return play


def _conference(stage: Stage, kind: str) -> Story:
    room, calls = stage.features.room, []
    for at, party in enumerate(stage.inside[:3]):
        joins = at * stage.ring
        script = Script(stage, kind, party, room, after=joins, made=at).then(ENTER, room)
        call = script.wait(stage.talk + (2 - at) * stage.ring).then(HANG_UP).call("conference")
        calls.append(call._replace(recorded=call.recorded and at == 0))
    return tuple(calls)


def _ivr_choice(stage: Stage, kind: str) -> Script:
    features, callee = stage.features, stage.inside[0]
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.ivr).wait(stage.patience)
    script.then(What.KEY, told=(callee.number, "")).then(DIAL, callee)
    return script.wait(stage.ring).then(ANSWER, callee).wait(stage.talk).then(HANG_UP)


# --- many phones ------------------------------------------------------------------------------------------------------


def _ring_group(stage: Stage, kind: str) -> Script:
    features, (first, second, third) = stage.features, stage.inside[1:4]
    caller, callee = (stage.outside, features.did) if kind == "Inbound" else (stage.inside[0], features.group)
    script = Script(stage, kind, caller, callee).then(ENTER, features.group).then(DIAL, first, second, third)
    script.wait(stage.ring // 2).then(What.BUSY, third)
    return script.wait(stage.ring - stage.ring // 2).then(ANSWER, second).wait(stage.talk).then(HANG_UP)


def _ivr_ring_group(stage: Stage, kind: str) -> Script:
    features, (first, second) = stage.features, stage.inside[1:3]
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.ivr).wait(stage.patience)
    script.then(What.KEY, told=("1", "")).then(ENTER, features.group).then(DIAL, first, second)
    return script.wait(stage.ring).then(ANSWER, first).wait(stage.talk).then(HANG_UP)


def _queue(stage: Stage, kind: str) -> Script:
    features, (first, second) = stage.features, stage.inside[1:3]
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.queue).wait(stage.patience)
    script.then(DIAL, first).wait(stage.ring).then(What.GIVE_UP, first).then(DIAL, second)
    return script.wait(stage.ring).then(ANSWER, second).wait(stage.talk).then(HANG_UP)


def _abandoned(stage: Stage, kind: str) -> Script:
    features, agent = stage.features, stage.inside[1]
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.queue).wait(stage.ring)
    return script.then(DIAL, agent).wait(stage.patience).then(HANG_UP)


def _paging(stage: Stage, kind: str) -> Script:
    features, phones = stage.features, stage.inside[1:4]
    script = Script(stage, kind, stage.inside[0], features.paging).then(ENTER, features.paging).then(DIAL, *phones)
    return script.wait(SECOND).then(ANSWER, *phones).wait(stage.talk).then(HANG_UP)


# --- elsewhere --------------------------------------------------------------------------------------------------------


def _forwarded(first: str) -> Callable[[Stage, str], Script]:
    """Return what plays a call that goes on to another phone: *always*, when *busy*, or after *no answer*."""

    def play(stage: Stage, kind: str) -> Script:
        caller, callee = _ends(stage, kind)
        target, script = stage.inside[2], Script(stage, kind, caller, callee)
        if first != "always":
            script.then(DIAL, callee).wait(stage.ring if first == "busy" else stage.patience)
        if first == "busy":
            script.then(What.BUSY, callee)
        script.then(What.FORWARD, target).then(DIAL, target)
        return script.wait(stage.ring).then(ANSWER, target).wait(stage.talk).then(HANG_UP)

    return play


def _follow_me(stage: Stage, kind: str) -> Script:
    script, _ = _plain(stage, kind)
    target = stage.inside[2]
    script.wait(stage.patience).then(What.FORWARD, target, told=(FOLLOWED, "")).then(DIAL, target)
    return script.wait(stage.ring).then(ANSWER, target).wait(stage.talk).then(HANG_UP)


def _blind_transfer(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    target = stage.inside[2]
    script.wait(stage.ring).then(ANSWER, callee).wait(stage.talk).then(What.TRANSFER, target).then(DIAL, target)
    return script.wait(stage.ring).then(ANSWER, target).wait(stage.talk).then(HANG_UP)


def _attended_transfer(stage: Stage, kind: str) -> Story:
    first, consult = _plain(stage, kind)
    transferrer, target = consult, stage.inside[2]
    first.wait(stage.ring).then(ANSWER, transferrer).wait(stage.talk).then(What.HOLD, transferrer)
    asked = Script(stage, "Internal", transferrer, target, after=first.now - stage.start, made=2).then(DIAL, target)
    asked.wait(stage.ring).then(ANSWER, target).wait(stage.talk // 4).then(HANG_UP)
    first.wait(asked.now - first.now).then(What.TRANSFER, target).then(DIAL, target, told=("3", "")).then(
        ANSWER, target
    )
    return first.wait(stage.talk).then(HANG_UP).call("attended-transfer"), asked.call("attended-transfer")


def _parked(stage: Stage, kind: str) -> Story:
    features, retriever = stage.features, stage.inside[2]
    script, callee = _plain(stage, kind)
    script.wait(stage.ring).then(ANSWER, callee).wait(stage.talk).then(What.PARK, features.slot).wait(stage.patience)
    slot = features.slot._replace(role=Role.PARKED)
    fetching = Script(stage, "Internal", retriever, slot, after=script.now - stage.start, made=2).then(ENTER, slot)
    script.then(What.PICK_UP, retriever, told=("1", "2")).wait(stage.talk).then(HANG_UP)
    fetching.wait(stage.talk).then(HANG_UP)
    return script.call("parked"), fetching.call("parked")


def _disa(stage: Stage, kind: str) -> Script:
    features, target = stage.features, stage.beyond
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.disa).wait(stage.patience)
    script.then(What.KEY, told=(target.number, "")).then(DIAL, target)
    return script.wait(stage.ring).then(ANSWER, target).wait(stage.talk).then(HANG_UP)


def _by_api(stage: Stage, kind: str) -> Story:
    return begun.by_api(stage, kind, *_ends(stage, kind))


def _helped(stage: Stage, kind: str) -> Story:
    return begun.helped(stage, kind, *_ends(stage, kind))


_ANY = ("Internal", "Inbound", "Outbound")
_INWARD = ("Inbound", "Internal")

SHAPES = (
    Shape("answered", "Somebody is called and takes the call.", _ANY, "spec 5.6", "seen", _answered),
    Shape("held", "A call with a part on hold, of which no CDR tells.", _ANY, "spec 5.6", "inferred", _held),
    Shape("no-answer", "Nobody takes the call until the caller gives up.", _ANY, "spec 5.6, https-api 5.2", "seen", _no_answer,
          "NO ANSWER"),
    Shape("busy", "The callee is busy.", _ANY, "https-api 5.2", "seen", _busy, "BUSY"),
    Shape("failed", "The call cannot be placed and a prompt says so.", _ANY, "https-api 5.2", "seen",
          _fails_with("Playback", "ss-noservice"), "FAILED"),
    Shape("congestion", "The trunk takes no more calls.", _ANY, "https-api 5.2", "seen", _fails_with("Congestion", "10"), "FAILED"),
    Shape("hung-up", "The dialplan ends the call.", _ANY, "spec 5.4, https-api 5.2", "seen", _fails_with("Hangup", ""), "FAILED"),
    Shape("unregistered", "The phone is not there.", _INWARD, "spec 5.6", "assumed", _unregistered, "FAILED"),
    Shape("unfinished", "A call that is still up when the unit is switched off: no row.", _ANY, "spec 7 #23", "inferred",
          _unfinished),
    Shape("analogue", "A call from an analogue line that tells no number.", ("Inbound",), "spec 5.6", "documented", _analogue),
    Shape("prefix", "An outside line is dialled before the number, and the trunk shows its caller ID.", ("Outbound",), "spec 5.1, 5.6",
          "seen", _prefixed),
    Shape("account-code", "An account code is dialled with the number.", ("Outbound",), "spec 5.1, 9 Q23", "assumed", _coded, coded=True),
    Shape("pin-group", "The outbound route asks for a PIN first.", ("Outbound",), "spec 5.1, 5.4, 9 Q23", "assumed", _pin_group,
          coded=True),
    Shape("voicemail", "Nobody answers and the mailbox takes the call.", _INWARD, "spec 5.6, https-api 5.2", "seen", _voicemail,
          "NO ANSWER", rings_out=True),
    Shape("voicemail-direct", "A mailbox is called.", ("Internal",), "spec 5.6", "assumed", _entering("mailbox"), needs=2),
    Shape("voicemail-menu", "Somebody listens to messages.", ("Internal",), "spec 5.4", "seen", _entering("menu")),
    Shape("ivr", "An IVR takes the call, and the caller hangs up.", ("Inbound",), "spec 5.6", "seen",
          _entering("ivr", did=True, longest=40)),
    Shape("ivr-choice", "An IVR takes the call, and the caller dials an extension.", ("Inbound",), "https-api 5.2", "seen",
          _ivr_choice),
    Shape("ring-group", "A ring group's phones ring together: one answers, one is busy.", _INWARD, "spec 5.6", "seen",
          _ring_group, needs=4),
    Shape("ivr-ring-group", "By an IVR to a ring group.", ("Inbound",), "spec 5.6", "seen", _ivr_ring_group, needs=3),
    Shape("queue", "A queue rings one agent, then another, who answers.", ("Inbound",), "spec 5.6", "assumed", _queue, needs=3),
    Shape("queue-abandoned", "The caller leaves the queue before an agent answers.", ("Inbound",), "spec 5.6", "assumed",
          _abandoned, "NO ANSWER", needs=2),
    Shape("conference", "Three are in the conference room; who opens it is recorded.", ("Internal",), "spec 5.6", "assumed", _conference, needs=2),
    Shape("paging", "A page to several phones.", ("Internal",), "spec 5.6", "assumed", _paging, needs=4),
    Shape("fax", "A fax is received.", ("Inbound",), "spec 5.6", "assumed", _entering("fax", did=True)),
    Shape("disa", "From outside to outside by DISA.", ("Inbound",), "spec 5.6", "assumed", _disa),
    Shape("feature-code", "A feature code is dialled.", ("Internal",), "spec 5.6", "seen", _entering("code", longest=4)),
    Shape("forward-always", "The callee has forwarded all calls.", _INWARD, "spec 5.6", "assumed", _forwarded("always"), needs=3),
    Shape("forward-busy", "The callee has forwarded calls when busy.", _INWARD, "spec 5.6", "assumed", _forwarded("busy"), needs=3),
    Shape("forward-no-answer", "The callee has forwarded calls without an answer.", _INWARD, "spec 5.6", "assumed",
          _forwarded("no answer"), needs=3),
    Shape("follow-me", "Another phone of the callee is rung after the first.", _INWARD, "spec 5.6", "assumed", _follow_me, needs=3),
    Shape("blind-transfer", "The callee transfers the caller without a word.", _INWARD, "spec 5.6", "assumed", _blind_transfer, needs=3),
    Shape("attended-transfer", "The callee asks a colleague first.", _INWARD, "spec 5.6", "assumed", _attended_transfer, needs=3),
    Shape("parked", "The callee parks the caller, and a colleague fetches the call.", _INWARD, "spec 5.6", "seen", _parked, needs=3),
    Shape("helper-channel", "Another phone of the callee is rung by a Local/ channel, which has a row of its own.", _INWARD,
          "spec 5.2", "assumed", _helped, needs=3),
    Shape("callback", "The PBX does not take a call from outside, but calls back.", ("Inbound",), "spec 5.6", "assumed",
          begun.called_back, has_number=True),
    Shape("api-call", "The API has the PBX call somebody, and then whom they are to talk with.", ("Inbound", "Outbound", "Internal"),
          "https-api 5.2", "seen", _by_api, has_number=True),
)  # fmt: skip
"""Every shape."""

BY_ID: Mapping[str, Shape] = MappingProxyType({shape.id: shape for shape in SHAPES})
