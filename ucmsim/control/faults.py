"""Faults: listed, armed, changed and disarmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.logger import Logger

from ucmsim.asking.faultquery import asks_for_gone
from ucmsim.assembling.assembly import slow_defects
from ucmsim.assembling.hidden import told_fault
from ucmsim.control.answer import Answer, ApiError, listed
from ucmsim.control.plane import Plane
from ucmsim.faults import FaultNameTaken, FaultRefused, NotArmed, Said

_log = Logger()


def faults(plane: Plane, pbx: str, query: Mapping[str, Sequence[str]]) -> Answer:
    """Answer what is armed, or what is no more."""
    gone, service = asks_for_gone(query), plane.find(pbx)
    book = service.appliance.pbx.faults
    found = book.over(service.when) if gone else book.listed(service.when)
    return Answer(listed(told_fault(one.as_json()) for one in found))


async def arm_fault(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Arm a fault."""
    await _prepare(plane, pbx, body)
    service = plane.find(pbx)
    try:
        armed = service.appliance.pbx.faults.arm(body, service.wall)
    except FaultNameTaken as taken:
        raise ApiError(409, "exists", _sentence(taken.said[0]), "name") from None
    except FaultRefused as refused:
        raise _refused(refused) from None
    _log.info("{pbx}: armed {name} ({kind})", pbx=pbx, name=armed.arming.name, kind=armed.arming.kind.id)
    return Answer(told_fault(armed.as_json()), 201)


async def change_fault(plane: Plane, pbx: str, name: str, body: dict[str, Any]) -> Answer:
    """Change fields or terms of a fault."""
    await _prepare(plane, pbx, body)
    service = plane.find(pbx)
    try:
        armed = service.appliance.pbx.faults.change(name, body, service.wall)
    except NotArmed as missing:
        raise ApiError(404, "not-found", f"PBX '{pbx}': {missing}") from None
    except FaultRefused as refused:
        raise _refused(refused) from None
    _log.info("{pbx}: changed {name}: {keys}", pbx=pbx, name=name, keys=", ".join(body))
    return Answer(told_fault(armed.as_json()))


def disarm_fault(plane: Plane, pbx: str, name: str) -> Answer:
    """Disarm a fault."""
    try:
        plane.find(pbx).appliance.pbx.faults.disarm(name)
    except NotArmed as missing:
        raise ApiError(404, "not-found", f"PBX '{pbx}': {missing}") from None
    _log.info("{pbx}: disarmed {name}", pbx=pbx, name=name)
    return Answer(None, 204)


def clear_faults(plane: Plane, pbx: str) -> Answer:
    """Disarm every fault."""
    count = plane.find(pbx).appliance.pbx.faults.clear()
    _log.info("{pbx}: disarmed all {count} faults", pbx=pbx, count=count)
    return Answer(None, 204)


async def _prepare(plane: Plane, pbx: str, spec: dict[str, Any]) -> None:
    """Mint what the fault *spec* shows and takes long to mint."""
    if slow_defects([spec]):
        service = plane.find(pbx)
        await plane.fleet.work(lambda: service.appliance.prepare([spec], service.wall))


def _refused(refused: FaultRefused) -> ApiError:
    paths = [".".join(map(str, one.path)) for one in refused.said]
    several = len(paths) > 1  # of one alone the field says where it stands
    told = (
        (f"{path}: " if several and path else "") + _sentence(one)
        for path, one in zip(paths, refused.said, strict=True)
    )
    return ApiError(400, "invalid", "; ".join(told), paths[0] or None)


def _sentence(said: Said) -> str:
    return said.wrong + (f"; {said.right}" if said.right else "")
