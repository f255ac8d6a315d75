"""How calls go that have channels of which the PBX makes the first: a callback, a call by the API, a helper. Pure.

Spec 5.2, 5.6; https-api 5.2.
"""

from __future__ import annotations

from ucmsim.calls.events import Party, Role, What
from ucmsim.calls.legs import FOLLOWED
from ucmsim.calls.plays import ends
from ucmsim.calls.stage import Phase, Script, Stage


def called_back(stage: Stage, _kind: str) -> tuple[Script, ...]:
    """Return the call from outside that the PBX does not take, and that by which it calls back, into an IVR."""
    features, outside, lasts = stage.features, stage.outside, stage.lasts
    asking = Script(stage, "Inbound", outside, features.callback).wait(lasts(Phase.FAIL))
    asking.then(What.FAIL, app="Hangup").then(What.HANG_UP)
    later = asking.now - stage.start + lasts(Phase.CALLBACK)
    back = Script(stage, "Inbound", outside, features.ivr, after=later, made=1, begun="callback")
    back.wait(lasts(Phase.RING)).then(What.TAKE_UP).then(What.ENTER, features.ivr).wait(lasts(Phase.IVR))
    return asking, back.then(What.HANG_UP)


def by_api(stage: Stage, kind: str) -> Script:
    """Play a call that the API has the PBX begin: it calls the caller, then the callee for them."""
    caller, callee = ends(stage, kind)
    script = Script(stage, kind, caller, callee, begun="api").wait(stage.lasts(Phase.RING)).then(What.TAKE_UP)
    script.then(What.DIAL, callee).wait(stage.lasts(Phase.RING, 1)).then(What.ANSWER, callee)
    return script.wait(stage.lasts(Phase.TALK)).then(What.HANG_UP)


def helped(stage: Stage, kind: str) -> tuple[Script, ...]:
    """Return a call that goes on to another phone of the callee, and the helper channel by which that is rung."""
    (caller, callee), target = ends(stage, kind), stage.inside[2]
    through = target._replace(role=Role.HELPER)
    call = Script(stage, kind, caller, callee).then(What.DIAL, callee).wait(stage.lasts(Phase.NO_ANSWER))
    call.then(What.FORWARD, target, action=FOLLOWED)
    after, made = call.now - stage.start, 2
    end = Party(caller.number, caller.name, target.place, role=Role.HELPER)
    helper = Script(stage, "Internal", end, target, after=after, made=made, helps=stage.start, recorded=False)
    helper.then(What.DIAL, target)
    call.then(What.DIAL, through, channel=made)
    for script, who in ((call, through), (helper, target)):
        script.wait(stage.lasts(Phase.RING)).then(What.ANSWER, who).wait(stage.lasts(Phase.TALK)).then(What.HANG_UP)
    return call, helper
