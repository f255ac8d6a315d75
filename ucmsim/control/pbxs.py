"""The PBXs themselves: told, begun, and taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from ucmsim.assembling.changes import Change, merge, put
from ucmsim.assembling.hidden import told_settings
from ucmsim.certificates.authority import export
from ucmsim.configuration import read_pbx
from ucmsim.control.answer import Answer, ApiError, invalid, listed, unbound
from ucmsim.control.plane import Plane
from ucmsim.errors import BindError, ConfigurationError, NameTaken, Problem
from ucmsim.service.announce import described
from ucmsim.service.pbxservice import PbxService
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings import name_objection

_log = Logger()
_PLACE = "api.tls_bind_address"


def pbxs(plane: Plane) -> Answer:
    """Answer every PBX."""
    return Answer(listed(map(as_json, plane.fleet)))


def pbx(plane: Plane, pbx: str) -> Answer:
    """Answer one PBX."""
    return Answer(as_json(plane.find(pbx, failed=True)))


async def create_pbx(plane: Plane, body: dict[str, Any]) -> Answer:
    """Begin a PBX."""
    name = body.pop("name", "")
    settings = await _read(plane, name, body)
    async with plane.fleet.turn(name):
        return Answer(as_json(await _created(plane, name, settings)), 201)


async def put_pbx(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Let a PBX be as the body says, which may be that there is one; one that comes or goes is waited for."""
    async with plane.fleet.turn(pbx):
        if pbx in plane.fleet:
            return await _changed(plane.fleet[pbx], lambda before: put(before, body, Path.cwd()))
        settings = await _read(plane, pbx, body)
        made = as_json(await _created(plane, pbx, settings))
        return Answer({"created": True, "changed": [], "pbx": made}, 201)


async def change_pbx(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Change settings of a PBX, as a JSON merge patch says."""
    return await _changed(plane.find(pbx, failed=True), lambda before: merge(before, body, Path.cwd()))


async def _created(plane: Plane, name: str, settings: PbxSettings) -> PbxService:
    try:
        return await plane.fleet.create(name, settings)
    except ConfigurationError as error:
        raise invalid(error) from None
    except NameTaken as error:
        raise ApiError(409, "exists", str(error), "name") from None
    except BindError as error:
        raise unbound(error, _PLACE) from None


async def _changed(service: PbxService, make: Callable[[PbxSettings], Change]) -> Answer:
    try:
        change = await service.change(make)
    except ConfigurationError as error:
        raise invalid(error) from None
    except BindError as error:
        raise unbound(error, _PLACE) from None
    return Answer({"created": False, "changed": list(change.keys), "pbx": as_json(service)})


async def reset_pbx(plane: Plane, pbx: str, body: dict[str, Any]) -> Answer:
    """Let a PBX begin a new universe."""
    service = plane.find(pbx, failed=True)
    if body:
        raise ApiError(400, "invalid", "a reset takes nothing; send {} or no body", next(iter(body)))
    await service.reset()
    return Answer(as_json(service))


async def delete_pbx(plane: Plane, pbx: str) -> Answer:
    """Stop a PBX and forget it; one that comes is given up."""
    async with plane.fleet.last_turn(pbx) as given_up:
        if not given_up:
            plane.find(pbx, failed=True)
            await plane.fleet.remove(pbx)
    _log.info("{pbx}: stopped and forgotten", pbx=pbx)
    return Answer(None, 204)


def as_json(service: PbxService) -> Mapping[str, Any]:
    """Return what is told of a PBX: where it is, its rows and its settings, without their secrets."""
    pbx = service.appliance.pbx
    settings = told_settings(pbx.settings.model_dump(mode="json", by_alias=True))
    if settings["history"]["import"] is not None:  # with which the others do not go
        settings["history"] = {"import": settings["history"]["import"]}
    told = described(service)
    del told["password"]  # the ready report has it, and whoever created the PBX
    return {
        "name": pbx.name,
        **told,
        "ca_pem": export(service.appliance.identities.good.trust, "pem").decode(),  # for who cannot read that file
        "rows": len(pbx.history),
        "warnings": [*filter(None, [service.failure]), *service.appliance.warnings],
        "settings": settings,
    }


async def _read(plane: Plane, name: Any, body: Mapping[str, Any]) -> PbxSettings:
    """Return `_settings`, which the worker reads: the files that are named are looked at."""
    plane.fleet.still_running(name)
    return await plane.fleet.work(lambda: _settings(name, body))


def _settings(name: Any, body: Mapping[str, Any]) -> PbxSettings:
    """Return the settings of a new PBX. Raises `ApiError` with all that is wrong with them and with its *name*."""
    said = name_objection(name)
    problems = [Problem("name", *said)] if said else []
    try:
        settings = read_pbx(body, Path.cwd(), beside=("name",))
    except ConfigurationError as error:
        raise invalid(ConfigurationError([*problems, *error.problems])) from None
    if problems:
        raise invalid(ConfigurationError(problems))
    return settings
