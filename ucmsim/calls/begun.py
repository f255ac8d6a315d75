"""Shapes of calls with channels that the PBX makes of itself: a callback, a call by the API, a helper. Pure.

Spec 5.2, 5.6; https-api 5.2.
"""

from __future__ import annotations

from ucmsim.calls.events import Call, Party, Role, What
from ucmsim.calls.legs import FOLLOWED
from ucmsim.calls.stage import Script, Stage
from ucmsim.instants import SECOND

_LONGEST = 40 * SECOND
"""How long somebody who was called back stays in the IVR at most."""


def called_back(stage: Stage, _kind: str) -> tuple[Call, ...]:
    """Return a call from outside that the PBX does not take, and that by which it calls back, into an IVR."""
    features, outside = stage.features, stage.outside
    asking = Script(stage, "Inbound", outside, features.callback).wait(SECOND)
    asking.then(What.FAIL, told=("Hangup", "")).then(What.HANG_UP)
    later = asking.now - stage.start + stage.patience
    back = Script(stage, "Inbound", outside, features.ivr, after=later, made=1).wait(stage.ring).then(What.TAKE_UP)
    back.then(What.ENTER, features.ivr).wait(min(stage.talk, _LONGEST)).then(What.HANG_UP)
    return asking.call("callback"), back.call("callback")._replace(begun="callback")


def by_api(stage: Stage, kind: str, caller: Party, callee: Party) -> tuple[Call, ...]:
    """Return a call of *kind* that the API has the PBX begin: it calls the *caller*, then the *callee* for them."""
    script = Script(stage, kind, caller, callee).wait(stage.ring).then(What.TAKE_UP).then(What.DIAL, callee)
    script.wait(stage.ring).then(What.ANSWER, callee).wait(stage.talk).then(What.HANG_UP)
    return (script.call("api-call")._replace(begun="api"),)


def helped(stage: Stage, kind: str, caller: Party, callee: Party) -> tuple[Call, ...]:
    """Return a call that goes on to another phone of the callee, and the helper channel by which that is rung."""
    target = stage.inside[2]
    through = target._replace(role=Role.HELPER)
    call = Script(stage, kind, caller, callee).then(What.DIAL, callee).wait(stage.patience)
    call.then(What.FORWARD, target, told=(FOLLOWED, ""))
    after, made = call.now - stage.start, 2
    end = Party(caller.number, caller.name, target.place, role=Role.HELPER)
    helper = Script(stage, "Internal", end, target, after=after, made=made).then(What.DIAL, target)
    call.then(What.DIAL, through, told=(str(made), ""))
    for script, who in ((call, through), (helper, target)):
        script.wait(stage.ring).then(What.ANSWER, who).wait(stage.talk).then(What.HANG_UP)
    return call.call("helper-channel"), helper.call("helper-channel")._replace(helps=stage.start, recorded=False)
