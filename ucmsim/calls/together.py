"""How calls go in which a feature rings many phones, or many join: groups, queues, pages and conferences. Spec 5.6. Pure."""

from __future__ import annotations

from ucmsim.calls.events import What
from ucmsim.calls.plays import ANSWER, DIAL, ENTER, HANG_UP, NO_ANSWER, RING, TALK, by_ivr, given, talked
from ucmsim.calls.stage import Phase, Script, Stage


def conference(stage: Stage, kind: str) -> tuple[Script, ...]:
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
    script.wait(ring - rung).then(ANSWER, given(stage.taker))
    return script.wait(stage.lasts(TALK)).then(HANG_UP)


def ring_group(stage: Stage, kind: str) -> Script:
    """Play a call to a ring group, from outside by the DID."""
    group = stage.features.group
    caller, callee = (stage.outside, stage.features.did) if kind == "Inbound" else (stage.inside[0], group)
    return _together(Script(stage, kind, caller, callee).then(ENTER, group), stage)


def ivr_ring_group(stage: Stage, kind: str) -> Script:
    """Play a call that a key takes on from the IVR to a ring group."""
    return _together(by_ivr(stage, kind).then(What.KEY, keys="1").then(ENTER, stage.features.group), stage)


def _queued(stage: Stage, kind: str) -> Script:
    """Return the script of a call in a queue when the taker's phone begins to ring; the agents before were rung in vain."""
    features, taker = stage.features, given(stage.taker)
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.queue).wait(stage.lasts(Phase.QUEUE))
    for at, agent in enumerate(stage.phones[: stage.phones.index(taker)]):
        phase, what = (Phase.BUSY, What.BUSY) if agent in stage.engaged else (NO_ANSWER, What.GIVE_UP)
        script.then(DIAL, agent).wait(stage.lasts(phase, at)).then(what, agent)
    return script.then(DIAL, taker)


def queue(stage: Stage, kind: str) -> Script:
    """Play a call in a queue whose taker answers."""
    return talked(_queued(stage, kind), stage, given(stage.taker))


def abandoned(stage: Stage, kind: str) -> Script:
    """Play a call in a queue that the caller leaves while the taker's phone rings."""
    return _queued(stage, kind).wait(stage.lasts(NO_ANSWER, len(stage.phones))).then(HANG_UP)


def paging(stage: Stage, kind: str) -> Script:
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
