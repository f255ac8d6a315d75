"""The PBX clock: what it shows, and how it is moved."""

from __future__ import annotations

from typing import Any

from twisted.logger import Logger

from ucmsim.control.answer import Answer, ApiError, invalid
from ucmsim.control.plane import Plane
from ucmsim.errors import ConfigurationError
from ucmsim.instants import NoInstant
from ucmsim.service.pbxservice import PbxService
from ucmsim.settings import load_clock_change

_log = Logger()


def clock(plane: Plane, pbx: str) -> Answer:
    """Answer what the clock shows."""
    return Answer(_told(plane.find(pbx)))


async def change_clock(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Move the clock, and let happen what happens in the time that passes."""
    service = plane.find(pbx)
    try:
        change = load_clock_change(body)
    except ConfigurationError as error:
        raise invalid(error) from None
    try:
        await service.calls.change_clock(change)
    except NoInstant as none:
        raise ApiError(400, "invalid", str(none), "step") from None
    told, asked = _told(service), change.model_dump(mode="json", exclude_none=True)
    said = ", ".join(f"{key} {value}" for key, value in asked.items())
    _log.info("{pbx}: the clock says {now} at rate {rate} ({said})", pbx=pbx, said=said, **told)
    return Answer(told)


def _told(service: PbxService) -> dict[str, Any]:
    pbx, wall = service.appliance.pbx, service.wall
    when, world = pbx.clock.at(wall), pbx.clock.world(wall)
    local = when.pbx.astimezone(when.zone or pbx.settings.time_zone)
    return {"now": when.pbx.isoformat(), "local": local.isoformat(), "rate": pbx.clock.rate, "world": world.isoformat()}
