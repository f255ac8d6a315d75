"""The truth of a call and of a leg, as it is kept: made of what happened, never of what a firmware writes. Pure."""

from __future__ import annotations

from types import MappingProxyType

from ucmsim.calls.events import OVER, Call, Party, Role, What, cut, talks
from ucmsim.calls.legs import APP_DIAL, Leg
from ucmsim.calls.trunks import carried
from ucmsim.instants import NEVER
from ucmsim.store.truth import CUT, HUNG_UP, CallTruth, Talked, Truth

_ROLES = MappingProxyType({role: role.value for role in Role})
"""What each role is called: to ask a member for its value takes as long as all the rest of a truth."""


def of_call(call: Call) -> CallTruth:
    """Return what really happened in *call*; one that does not end is cut at the end of time."""
    last = call.events[-1] if call.events else None
    if last is None or last.what not in OVER:
        return of_call(cut(call, NEVER))
    caller, callee = call.caller, call.callee
    return CallTruth(
        shape=call.shape,
        kind=_kind(call, callee),
        caller=caller.number,
        dialled=f"{call.prefix if callee.trunk else ''}{callee.number}",
        begun_by=call.begun or "caller",
        began=call.start,
        ended=last.at,
        ending=HUNG_UP if last.what is What.HANG_UP else CUT,
        talks=tuple([Talked(to.number, _ROLES[to.role], since, until) for to, since, until in talks(call)]),
        trunks=tuple(carried(call)),
    )


def of_leg(leg: Leg) -> Truth:
    """Return what really happened on *leg*. What happened on a helper's is told by the leg that it helps."""
    call, reached = leg.call, leg.reached
    trunk_in, trunk_out = call.caller.trunk, reached.trunk
    if call.begun:
        trunk_in, trunk_out = "", trunk_out or trunk_in
    return Truth(
        shape=call.shape,
        kind=_kind(call, reached),
        caller=call.begun if leg.lastapp == APP_DIAL else call.caller.number,
        reached=reached.number,
        trunk_in=trunk_in,
        trunk_out=trunk_out,
        began=leg.start,
        answered=leg.turn if leg.answered else None,
        ended=leg.end,
    )


def _kind(call: Call, far: Party) -> str:
    """Return of which kind *call* really is, as far as it is about who is *far* from the caller.

    What the PBX began goes out over the trunk of its caller, whatever a firmware makes of its direction.
    """
    if call.helps is not None:
        return "Helper"
    if call.begun:
        return "Outbound" if call.caller.trunk or far.trunk else "Internal"
    return call.kind
