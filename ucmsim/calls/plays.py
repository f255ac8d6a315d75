"""How plain calls go: between two parties, to the outside, and those that the PBX takes itself. Spec 5.6; https-api 5.2. Pure.

A play writes the events of a call in order, with the people and times of a stage; `ucmsim.calls.shapes` names it.
"""

from __future__ import annotations

from collections.abc import Callable

from ucmsim.calls.events import Party, Role, What
from ucmsim.calls.stage import Phase, Script, Stage

DIAL, ANSWER, ENTER, HANG_UP = What.DIAL, What.ANSWER, What.ENTER, What.HANG_UP
RING, NO_ANSWER, TALK = Phase.RING, Phase.NO_ANSWER, Phase.TALK


def ends(stage: Stage, kind: str) -> tuple[Party, Party]:
    """Return who calls and who is called in a plain call of *kind*."""
    first = stage.inside[0]
    if kind == "Internal":
        return first, stage.inside[1]
    return (stage.outside, first) if kind == "Inbound" else (first, stage.outside)


def plain(stage: Stage, kind: str) -> tuple[Script, Party]:
    """Return the script of a plain call of *kind* when the callee begins to ring, and the callee."""
    caller, callee = ends(stage, kind)
    return Script(stage, kind, caller, callee).then(DIAL, callee), callee


def talked(script: Script, stage: Stage, who: Party, time: int = 0) -> Script:
    """Return *script* when *who*, who rings already, has taken the call, talked, and it is over."""
    return script.wait(stage.lasts(RING, time)).then(ANSWER, who).wait(stage.lasts(TALK, time)).then(HANG_UP)


CONGESTED = ("Congestion", "10")
"""The application and its data where a trunk takes no more calls. Https-api 5.3."""


# --- two parties ------------------------------------------------------------------------------------------------------


def answered(stage: Stage, kind: str) -> Script:
    """Play a call that the callee takes."""
    script, callee = plain(stage, kind)
    return talked(script, stage, callee)


def no_answer(stage: Stage, kind: str) -> Script:
    """Play a call whose caller gives up."""
    script, _ = plain(stage, kind)
    return script.wait(stage.lasts(NO_ANSWER)).then(HANG_UP)


def busy(stage: Stage, kind: str) -> Script:
    """Play a call whose callee says to be busy."""
    script, callee = plain(stage, kind)
    return script.wait(stage.lasts(Phase.BUSY)).then(What.BUSY, callee).then(HANG_UP)


def fails_with(app: str, data: str = "") -> Callable[[Stage, str], Script]:
    """Return what plays a call that ends in the application *app* before anybody is rung."""

    def play(stage: Stage, kind: str) -> Script:
        script = Script(stage, kind, *ends(stage, kind)).wait(stage.lasts(Phase.FAIL))
        return script.then(What.FAIL, app=app, data=data).then(HANG_UP)

    return play


def held(stage: Stage, kind: str) -> Script:
    """Play a call whose callee puts the caller on hold for at most half of the talk, in its middle."""
    script, callee = plain(stage, kind)
    talk = stage.lasts(TALK)
    hold = min(stage.lasts(Phase.HOLD), talk // 2)
    before = (talk - hold) // 2
    script.wait(stage.lasts(RING)).then(ANSWER, callee).wait(before).then(What.HOLD, callee).wait(hold)
    return script.then(What.RESUME, callee).wait(talk - before - hold).then(HANG_UP)


def unfinished(stage: Stage, kind: str) -> Script:
    """Play a call that goes on."""
    script, callee = plain(stage, kind)
    return script.wait(stage.lasts(RING)).then(ANSWER, callee)


def analogue(stage: Stage, kind: str) -> Script:
    """Play a call from the line of the stage, which it must have."""
    line, callee = given(stage.line), stage.inside[0]
    return talked(Script(stage, kind, line, callee).then(DIAL, callee), stage, callee)


def given(party: Party | None) -> Party:
    """Return *party*, whom the stage of this shape must have."""
    if party is None:
        raise ValueError("the stage does not say who that is")
    return party


# --- to the outside ---------------------------------------------------------------------------------------------------

_OUTSIDE_LINE = "9"
"""What is dialled for an outside line where the trunk asks for nothing else."""
_CODE = "1234"


def prefixed(stage: Stage, kind: str) -> Script:
    """Play a call with what is dialled for an outside line before the number."""
    return answered(stage._replace(prefix=stage.prefix or _OUTSIDE_LINE), kind)


def coded(stage: Stage, kind: str) -> Script:
    """Play a call with an account code: it is dialled with the number, and takes no time of its own."""
    stage = stage._replace(account=stage.account or _CODE)
    script = Script(stage, kind, *ends(stage, kind)).then(What.KEY, keys=stage.account).then(DIAL, stage.outside)
    return talked(script, stage, stage.outside)


def pin_group(stage: Stage, kind: str) -> Script:
    """Play a call that waits for a PIN before the number outside is rung."""
    stage = stage._replace(account="", pin=stage.account or _CODE)
    script = Script(stage, kind, *ends(stage, kind)).wait(stage.lasts(Phase.KEYS))
    script.then(What.KEY, keys=stage.pin).then(DIAL, stage.outside)
    return talked(script, stage, stage.outside)


# --- the PBX takes the call -------------------------------------------------------------------------------------------


def _mailbox(party: Party) -> Party:
    return party._replace(role=Role.MAILBOX)


def voicemail(stage: Stage, kind: str) -> Script:
    """Play a call that the mailbox takes when the PBX stops ringing."""
    script, callee = plain(stage, kind)
    script.wait(stage.lasts(Phase.RING_OUT)).then(ENTER, _mailbox(callee))
    return script.wait(stage.lasts(Phase.MESSAGE)).then(HANG_UP)


def entering(feature: str, phase: Phase) -> Callable[[Stage, str], Script]:
    """Return what plays a call that a *feature* takes for one *phase*; from outside it is called by the DID."""

    def play(stage: Stage, kind: str) -> Script:
        party: Party = _mailbox(stage.inside[1]) if feature == "mailbox" else getattr(stage.features, feature)
        caller, callee = (stage.outside, stage.features.did) if kind == "Inbound" else (stage.inside[0], party)
        return Script(stage, kind, caller, callee).then(ENTER, party).wait(stage.lasts(phase)).then(HANG_UP)

    return play


def by_ivr(stage: Stage, kind: str) -> Script:
    """Return the script of a call from outside when the IVR has been heard."""
    script = Script(stage, kind, stage.outside, stage.features.did).then(ENTER, stage.features.ivr)
    return script.wait(stage.lasts(Phase.CHOICE))


def ivr_choice(stage: Stage, kind: str) -> Script:
    """Play a call that the caller takes on from the IVR to an extension."""
    callee = stage.inside[0]
    return talked(by_ivr(stage, kind).then(What.KEY, keys=callee.number).then(DIAL, callee), stage, callee)


def ivr_menus(stage: Stage, kind: str) -> Script:
    """Play the same by a second menu."""
    callee = stage.inside[0]
    script = by_ivr(stage, kind).then(What.KEY, keys="2").then(ENTER, stage.features.submenu)
    script.wait(stage.lasts(Phase.CHOICE, 1)).then(What.KEY, keys=callee.number).then(DIAL, callee)
    return talked(script, stage, callee)
