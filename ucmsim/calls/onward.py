"""How calls go that go on to somebody else: forwarded, transferred, parked or by DISA. Spec 5.6. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ucmsim.calls.events import Party, Role, What
from ucmsim.calls.legs import FOLLOWED
from ucmsim.calls.plays import (
    ANSWER,
    CONGESTED,
    DIAL,
    ENTER,
    HANG_UP,
    NO_ANSWER,
    RING,
    TALK,
    ends,
    given,
    plain,
    talked,
)
from ucmsim.calls.stage import Phase, Script, Stage


def _onward(script: Script, stage: Stage, target: Party) -> Script:
    """Return *script* when the call has gone on to *target*, who talks, or to whom no channel is free."""
    if stage.congested:
        return (
            script.wait(stage.lasts(Phase.FAIL))
            .then(What.FAIL, target, app=CONGESTED[0], data=CONGESTED[1])
            .then(HANG_UP)
        )
    return talked(script.then(DIAL, target), stage, target, 1)


def forwarded(first: str) -> Callable[[Stage, str], Script]:
    """Return what plays a call that goes on to another phone: *always*, when *busy*, or after *no answer*."""

    def play(stage: Stage, kind: str) -> Script:
        caller, callee = ends(stage, kind)
        target, script = given(stage.target), Script(stage, kind, caller, callee)
        if first != "always":
            script.then(DIAL, callee).wait(stage.lasts(Phase.BUSY if first == "busy" else NO_ANSWER))
        if first == "busy":
            script.then(What.BUSY, callee)
        return _onward(script.then(What.FORWARD, target), stage, target)

    return play


def follow_me(stage: Stage, kind: str) -> Script:
    """Play a call that follows the callee to another phone."""
    script, _ = plain(stage, kind)
    target = given(stage.target)
    script.wait(stage.lasts(NO_ANSWER)).then(What.FORWARD, target, action=FOLLOWED)
    return _onward(script, stage, target)


def blind_transfer(stage: Stage, kind: str) -> Script:
    """Play a call that the callee passes on without a word."""
    script, callee = plain(stage, kind)
    target = given(stage.target)
    script.wait(stage.lasts(RING)).then(ANSWER, callee).wait(stage.lasts(TALK)).then(What.TRANSFER, target)
    return _onward(script, stage, target)


def attended_transfer(stage: Stage, kind: str) -> tuple[Script, ...]:
    """Return the call that is passed on, and the one by which the callee asks before."""
    first, transferrer = plain(stage, kind)
    target = given(stage.target)
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


def parked(stage: Stage, kind: str) -> tuple[Script, ...]:
    """Return the call that is parked, and the one that fetches it."""
    features, retriever = stage.features, stage.inside[2]
    script, callee = plain(stage, kind)
    script.wait(stage.lasts(RING)).then(ANSWER, callee).wait(stage.lasts(TALK)).then(What.PARK, features.slot)
    script.wait(stage.lasts(Phase.PARKED))
    slot = features.slot._replace(role=Role.PARKED)
    fetching = Script(stage, "Internal", retriever, slot, after=script.now - stage.start, made=2).then(ENTER, slot)
    script.then(What.PICK_UP, retriever, fetching=1, channel=2).wait(stage.lasts(TALK, 1)).then(HANG_UP)
    return script, fetching.wait(stage.lasts(TALK, 1)).then(HANG_UP)


def disa(stage: Stage, kind: str) -> Script:
    """Play a call that goes on from the PBX to a number outside."""
    features, target = stage.features, stage.beyond
    script = Script(stage, kind, stage.outside, features.did).then(ENTER, features.disa).wait(stage.lasts(Phase.KEYS))
    return talked(script.then(What.KEY, keys=target.number).then(DIAL, target), stage, target)
