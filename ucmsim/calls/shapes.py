"""The shapes that calls have: one small declaration each, its events in order. Spec 5.6, 5.7; https-api 5.2. Pure.

To add a shape, add a function and its row. What firmware writes about it follows from the events; what of that is
assumed is a row of the quirk register.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ucmsim.calls import begun
from ucmsim.calls.events import KINDS, Call, Party, Role, What
from ucmsim.calls.legs import FOLLOWED
from ucmsim.calls.stage import Phase, Script, Stage

Story = tuple[Call, ...]
"""The calls that one shape is made of; most are one."""

DIAL, ANSWER, ENTER, HANG_UP = What.DIAL, What.ANSWER, What.ENTER, What.HANG_UP
RING, NO_ANSWER, TALK = Phase.RING, Phase.NO_ANSWER, Phase.TALK


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


def _talked(script: Script, stage: Stage, who: Party, time: int = 0) -> Script:
    """Return *script* when *who*, who rings already, has taken the call, talked, and it is over."""
    return script.wait(stage.lasts(RING, time)).then(ANSWER, who).wait(stage.lasts(TALK, time)).then(HANG_UP)


CONGESTED = ("Congestion", "10")
"""The application and its data where a trunk takes no more calls. Https-api 5.3."""


# --- two parties ------------------------------------------------------------------------------------------------------


def _answered(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    return _talked(script, stage, callee)


def _no_answer(stage: Stage, kind: str) -> Script:
    script, _ = _plain(stage, kind)
    return script.wait(stage.lasts(NO_ANSWER)).then(HANG_UP)


def _busy(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    return script.wait(stage.lasts(Phase.BUSY)).then(What.BUSY, callee).then(HANG_UP)


def _fails_with(app: str, data: str = "") -> Callable[[Stage, str], Script]:
    def play(stage: Stage, kind: str) -> Script:
        script = Script(stage, kind, *_ends(stage, kind)).wait(stage.lasts(Phase.FAIL))
        return script.then(What.FAIL, app=app, data=data).then(HANG_UP)

    return play


def _held(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    talk = stage.lasts(TALK)
    hold = min(stage.lasts(Phase.HOLD), talk // 2)
    before = (talk - hold) // 2
    script.wait(stage.lasts(RING)).then(ANSWER, callee).wait(before).then(What.HOLD, callee).wait(hold)
    return script.then(What.RESUME, callee).wait(talk - before - hold).then(HANG_UP)


def _unfinished(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    return script.wait(stage.lasts(RING)).then(ANSWER, callee)


def _analogue(stage: Stage, kind: str) -> Script:
    line, callee = _given(stage.line), stage.inside[0]
    return _talked(Script(stage, kind, line, callee).then(DIAL, callee), stage, callee)


def _given(party: Party | None) -> Party:
    """Return *party*, whom the stage of this shape must have."""
    if party is None:
        raise ValueError("the stage does not say who that is")
    return party


# --- to the outside ---------------------------------------------------------------------------------------------------

_OUTSIDE_LINE = "9"
"""What is dialled for an outside line where the trunk asks for nothing else."""
_CODE = "1234"


def _prefixed(stage: Stage, kind: str) -> Script:
    return _answered(stage._replace(prefix=stage.prefix or _OUTSIDE_LINE), kind)


def _coded(stage: Stage, kind: str) -> Script:
    stage = stage._replace(account=stage.account or _CODE)
    script = Script(stage, kind, *_ends(stage, kind)).then(What.KEY, keys=stage.account).then(DIAL, stage.outside)
    return _talked(script, stage, stage.outside)


def _pin_group(stage: Stage, kind: str) -> Script:
    stage = stage._replace(account="", pin=stage.account or _CODE)
    script = Script(stage, kind, *_ends(stage, kind)).wait(stage.lasts(Phase.KEYS))
    script.then(What.KEY, keys=stage.pin).then(DIAL, stage.outside)
    return _talked(script, stage, stage.outside)


# --- the PBX takes the call -------------------------------------------------------------------------------------------


def _mailbox(party: Party) -> Party:
    return party._replace(role=Role.MAILBOX)


def _voicemail(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    script.wait(stage.lasts(Phase.RING_OUT)).then(ENTER, _mailbox(callee))
    return script.wait(stage.lasts(Phase.MESSAGE)).then(HANG_UP)


def _entering(feature: str, phase: Phase) -> Callable[[Stage, str], Script]:
    """Return what plays a call that a *feature* takes for one *phase*; from outside it is called by the DID."""

    def play(stage: Stage, kind: str) -> Script:
        party: Party = _mailbox(stage.inside[1]) if feature == "mailbox" else getattr(stage.features, feature)
        caller, callee = (stage.outside, stage.features.did) if kind == "Inbound" else (stage.inside[0], party)
        return Script(stage, kind, caller, callee).then(ENTER, party).wait(stage.lasts(phase)).then(HANG_UP)

    return play


def _by_ivr(stage: Stage, kind: str) -> Script:
    """Return the script of a call from outside when the IVR has been heard."""
    script = Script(stage, kind, stage.outside, stage.features.did).then(ENTER, stage.features.ivr)
    return script.wait(stage.lasts(Phase.CHOICE))


def _ivr_choice(stage: Stage, kind: str) -> Script:
    callee = stage.inside[0]
    return _talked(_by_ivr(stage, kind).then(What.KEY, keys=callee.number).then(DIAL, callee), stage, callee)


def _ivr_menus(stage: Stage, kind: str) -> Script:
    callee = stage.inside[0]
    script = _by_ivr(stage, kind).then(What.KEY, keys="2").then(ENTER, stage.features.submenu)
    script.wait(stage.lasts(Phase.CHOICE, 1)).then(What.KEY, keys=callee.number).then(DIAL, callee)
    return _talked(script, stage, callee)


# --- many phones ------------------------------------------------------------------------------------------------------


def _conference(stage: Stage, kind: str) -> tuple[Script, ...]:
    """Return the call of who opens the room, and of those who join; they leave with the others, or before."""
    room, joined = stage.features.room, 0
    talk = stage.lasts(TALK)
    scripts = [Script(stage, kind, stage.inside[0], room).then(ENTER, room).wait(talk).then(HANG_UP)]
    for at, party in enumerate(stage.phones):
        joined = min(joined + stage.lasts(Phase.JOIN, at), talk // 2)
        script = Script(stage, kind, party, room, after=joined, made=at + 1, recorded=False).then(ENTER, room)
        scripts.append(script.wait(min(stage.lasts(TALK, at + 1), talk - joined)).then(HANG_UP))
    return tuple(scripts)


def _together(script: Script, stage: Stage) -> Script:
    """Return *script* when all phones have rung: who is busy has said so, and one has taken the call and talked."""
    ring, rung = stage.lasts(RING), 0
    for phone in stage.phones:
        script.then(DIAL, phone)
    says = sorted((min(stage.lasts(Phase.BUSY, at), ring), at) for at in range(len(stage.engaged)))
    for after, at in says:
        script.wait(after - rung).then(What.BUSY, stage.engaged[at])
        rung = after
    script.wait(ring - rung).then(ANSWER, _given(stage.taker))
    return script.wait(stage.lasts(TALK)).then(HANG_UP)


def _ring_group(stage: Stage, kind: str) -> Script:
    group = stage.features.group
    caller, callee = (stage.outside, stage.features.did) if kind == "Inbound" else (stage.inside[0], group)
    return _together(Script(stage, kind, caller, callee).then(ENTER, group), stage)


def _ivr_ring_group(stage: Stage, kind: str) -> Script:
    return _together(_by_ivr(stage, kind).then(What.KEY, keys="1").then(ENTER, stage.features.group), stage)


def _queued(stage: Stage, kind: str) -> Script:
    """Return the script of a call in a queue when the taker's phone begins to ring; the agents before were rung in vain."""
    features, taker = stage.features, _given(stage.taker)
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.queue).wait(stage.lasts(Phase.QUEUE))
    for at, agent in enumerate(stage.phones[: stage.phones.index(taker)]):
        phase, what = (Phase.BUSY, What.BUSY) if agent in stage.engaged else (NO_ANSWER, What.GIVE_UP)
        script.then(DIAL, agent).wait(stage.lasts(phase, at)).then(what, agent)
    return script.then(DIAL, taker)


def _queue(stage: Stage, kind: str) -> Script:
    return _talked(_queued(stage, kind), stage, _given(stage.taker))


def _abandoned(stage: Stage, kind: str) -> Script:
    return _queued(stage, kind).wait(stage.lasts(NO_ANSWER, len(stage.phones))).then(HANG_UP)


def _paging(stage: Stage, kind: str) -> Script:
    """Return a page: it lasts from the first phone on that takes it by itself, and nobody comes to it later."""
    paging, phones = stage.features.paging, stage.phones
    takes = {at: stage.lasts(Phase.PAGE_ANSWER, at) for at, phone in enumerate(phones) if phone not in stage.engaged}
    busy = {at: stage.lasts(Phase.BUSY, at) for at in range(len(phones)) if at not in takes}
    ends = min(takes.values()) + stage.lasts(Phase.PAGE)
    script = Script(stage, kind, stage.inside[0], paging).then(ENTER, paging)
    for phone in phones:
        script.then(DIAL, phone)
    passed = 0
    for after, at in sorted((min(after, ends), at) for at, after in (takes | busy).items()):
        script.wait(after - passed).then(ANSWER if at in takes else What.BUSY, phones[at])
        passed = after
    return script.wait(ends - passed).then(HANG_UP)


# --- elsewhere --------------------------------------------------------------------------------------------------------


def _onward(script: Script, stage: Stage, target: Party) -> Script:
    """Return *script* when the call has gone on to *target*, who talks, or to whom no channel is free."""
    if stage.congested:
        return (
            script.wait(stage.lasts(Phase.FAIL))
            .then(What.FAIL, target, app=CONGESTED[0], data=CONGESTED[1])
            .then(HANG_UP)
        )
    return _talked(script.then(DIAL, target), stage, target, 1)


def _forwarded(first: str) -> Callable[[Stage, str], Script]:
    """Return what plays a call that goes on to another phone: *always*, when *busy*, or after *no answer*."""

    def play(stage: Stage, kind: str) -> Script:
        caller, callee = _ends(stage, kind)
        target, script = _given(stage.target), Script(stage, kind, caller, callee)
        if first != "always":
            script.then(DIAL, callee).wait(stage.lasts(Phase.BUSY if first == "busy" else NO_ANSWER))
        if first == "busy":
            script.then(What.BUSY, callee)
        return _onward(script.then(What.FORWARD, target), stage, target)

    return play


def _follow_me(stage: Stage, kind: str) -> Script:
    script, _ = _plain(stage, kind)
    target = _given(stage.target)
    script.wait(stage.lasts(NO_ANSWER)).then(What.FORWARD, target, action=FOLLOWED)
    return _onward(script, stage, target)


def _blind_transfer(stage: Stage, kind: str) -> Script:
    script, callee = _plain(stage, kind)
    target = _given(stage.target)
    script.wait(stage.lasts(RING)).then(ANSWER, callee).wait(stage.lasts(TALK)).then(What.TRANSFER, target)
    return _onward(script, stage, target)


def _attended_transfer(stage: Stage, kind: str) -> tuple[Script, ...]:
    first, transferrer = _plain(stage, kind)
    target = _given(stage.target)
    first.wait(stage.lasts(RING)).then(ANSWER, transferrer).wait(stage.lasts(TALK)).then(What.HOLD, transferrer)
    way = "Outbound" if target.trunk else "Internal"
    asked = Script(stage, way, transferrer, target, after=first.now - stage.start, made=2)
    if stage.congested:  # the colleague outside cannot be asked, and the callee comes back
        asked.wait(stage.lasts(Phase.FAIL)).then(What.FAIL, app=CONGESTED[0], data=CONGESTED[1]).then(HANG_UP)
        first.wait(asked.now - first.now).then(What.RESUME, transferrer)
    else:
        asked.then(DIAL, target).wait(stage.lasts(RING, 1)).then(ANSWER, target)
        asked.wait(stage.lasts(Phase.CONSULT)).then(HANG_UP)
        first.wait(asked.now - first.now).then(What.TRANSFER, target).then(DIAL, target, channel=3).then(ANSWER, target)
    return first.wait(stage.lasts(TALK, 1)).then(HANG_UP), asked


def _parked(stage: Stage, kind: str) -> tuple[Script, ...]:
    features, retriever = stage.features, stage.inside[2]
    script, callee = _plain(stage, kind)
    script.wait(stage.lasts(RING)).then(ANSWER, callee).wait(stage.lasts(TALK)).then(What.PARK, features.slot)
    script.wait(stage.lasts(Phase.PARKED))
    slot = features.slot._replace(role=Role.PARKED)
    fetching = Script(stage, "Internal", retriever, slot, after=script.now - stage.start, made=2).then(ENTER, slot)
    script.then(What.PICK_UP, retriever, fetching=1, channel=2).wait(stage.lasts(TALK, 1)).then(HANG_UP)
    return script, fetching.wait(stage.lasts(TALK, 1)).then(HANG_UP)


def _disa(stage: Stage, kind: str) -> Script:
    features, target = stage.features, stage.beyond
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.disa).wait(stage.lasts(Phase.KEYS))
    return _talked(script.then(What.KEY, keys=target.number).then(DIAL, target), stage, target)


def _by_api(stage: Stage, kind: str) -> Script:
    return begun.by_api(stage, kind, *_ends(stage, kind))


def _helped(stage: Stage, kind: str) -> tuple[Script, ...]:
    return begun.helped(stage, kind, *_ends(stage, kind))


_ANY = KINDS
_INWARD = ("Inbound", "Internal")

SHAPES = (
    Shape("answered", "Somebody is called and takes the call.", _ANY, "spec 5.6", "seen", _answered),
    Shape("held", "A call with a part on hold, of which no CDR tells.", _ANY, "spec 5.6", "inferred", _held),
    Shape("no-answer", "Nobody takes the call until the caller gives up.", _ANY, "spec 5.6, https-api 5.2", "seen", _no_answer,
          "NO ANSWER"),
    Shape("busy", "The callee is busy.", _ANY, "https-api 5.2", "seen", _busy, "BUSY"),
    Shape("failed", "The call cannot be placed and a prompt says so.", _ANY, "https-api 5.2", "seen",
          _fails_with("Playback", "ss-noservice"), "FAILED"),
    Shape("congestion", "The trunk takes no more calls.", _ANY, "https-api 5.2", "seen", _fails_with(*CONGESTED), "FAILED"),
    Shape("hung-up", "The dialplan ends the call.", _ANY, "spec 5.4, https-api 5.2", "seen", _fails_with("Hangup"), "FAILED"),
    Shape("unregistered", "The phone is not there.", _INWARD, "spec 5.6", "assumed", _fails_with("Dial"), "FAILED"),
    Shape("unfinished", "A call that is still up when the unit is switched off: no row.", _ANY, "spec 7 #23", "inferred",
          _unfinished),
    Shape("analogue", "A call from an analogue line that tells no number.", ("Inbound",), "spec 5.6", "documented", _analogue,
          analogue=True),
    Shape("prefix", "An outside line is dialled before the number, and the trunk shows its caller ID.", ("Outbound",), "spec 5.1, 5.6",
          "seen", _prefixed),
    Shape("account-code", "An account code is dialled with the number.", ("Outbound",), "spec 5.1, 9 Q23", "assumed",
          _coded, coded=True),
    Shape("pin-group", "The outbound route asks for a PIN first.", ("Outbound",), "spec 5.1, 5.4, 9 Q23", "assumed", _pin_group,
          coded=True),
    Shape("voicemail", "Nobody answers and the mailbox takes the call.", _INWARD, "spec 5.6, https-api 5.2", "seen", _voicemail,
          "NO ANSWER"),
    Shape("voicemail-direct", "A mailbox is called.", ("Internal",), "spec 5.6", "assumed",
          _entering("mailbox", Phase.MESSAGE), needs=2),
    Shape("voicemail-menu", "Somebody listens to messages.", ("Internal",), "spec 5.4", "seen", _entering("menu", Phase.MENU)),
    Shape("ivr", "An IVR takes the call, and the caller hangs up.", ("Inbound",), "spec 5.6", "seen",
          _entering("ivr", Phase.IVR)),
    Shape("ivr-choice", "An IVR takes the call, and the caller dials an extension.", ("Inbound",), "https-api 5.2", "seen",
          _ivr_choice),
    Shape("ivr-menus", "A second menu of the IVR is chosen, and in that an extension.", ("Inbound",), "spec 5.6", "inferred",
          _ivr_menus),
    Shape("ring-group", "A ring group's phones ring together: one answers, others may be busy.", _INWARD, "spec 5.6", "seen",
          _ring_group, needs=2, phones="ring_group"),
    Shape("ivr-ring-group", "By an IVR to a ring group.", ("Inbound",), "spec 5.6", "seen", _ivr_ring_group,
          needs=1, phones="ring_group"),
    Shape("queue", "A queue rings one agent after another until one answers.", ("Inbound",), "spec 5.6", "assumed", _queue,
          needs=1, phones="queue"),
    Shape("queue-abandoned", "The caller leaves the queue before an agent answers.", ("Inbound",), "spec 5.6", "assumed",
          _abandoned, "NO ANSWER", needs=1, phones="queue"),
    Shape("conference", "Others join who opened the conference room; that call is recorded.", ("Internal",), "spec 5.6", "assumed",
          _conference, needs=2, phones="conference"),
    Shape("paging", "A page to several phones.", ("Internal",), "spec 5.6", "assumed", _paging, needs=2, phones="paging"),
    Shape("fax", "A fax is received.", ("Inbound",), "spec 5.6", "assumed", _entering("fax", Phase.FAX)),
    Shape("disa", "From outside to outside by DISA.", ("Inbound",), "spec 5.6", "assumed", _disa),
    Shape("feature-code", "A feature code is dialled.", ("Internal",), "spec 5.6", "seen", _entering("code", Phase.CODE)),
    Shape("forward-always", "The callee has forwarded all calls.", _INWARD, "spec 5.6", "assumed",
          _forwarded("always"), needs=3, goes_on=True),
    Shape("forward-busy", "The callee has forwarded calls when busy.", _INWARD, "spec 5.6", "assumed",
          _forwarded("busy"), needs=3, goes_on=True),
    Shape("forward-no-answer", "The callee has forwarded calls without an answer.", _INWARD, "spec 5.6", "assumed",
          _forwarded("no answer"), needs=3, goes_on=True),
    Shape("follow-me", "Another phone of the callee is rung after the first.", _INWARD, "spec 5.6", "assumed",
          _follow_me, needs=3, goes_on=True),
    Shape("blind-transfer", "The callee transfers the caller without a word.", _INWARD, "spec 5.6", "assumed",
          _blind_transfer, needs=3, goes_on=True),
    Shape("attended-transfer", "The callee asks a colleague first.", _INWARD, "spec 5.6", "assumed",
          _attended_transfer, needs=3, goes_on=True),
    Shape("parked", "The callee parks the caller, and a colleague fetches the call.", _INWARD, "spec 5.6", "seen",
          _parked, needs=3),
    Shape("helper-channel", "Another phone of the callee is rung by a Local/ channel, which has a row of its own.", _INWARD,
          "spec 5.2", "assumed", _helped, needs=3),
    Shape("callback", "The PBX does not take a call from outside, but calls back.", ("Inbound",), "spec 5.6", "assumed",
          begun.called_back, has_number=True),
    Shape("api-call", "The API has the PBX call somebody, and then whom they are to talk with.", ("Inbound", "Outbound", "Internal"),
          "https-api 5.2", "seen", _by_api, has_number=True),
)  # fmt: skip
"""Every shape."""

BY_ID: Mapping[str, Shape] = MappingProxyType({shape.id: shape for shape in SHAPES})
