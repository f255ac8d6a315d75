"""What the control plane can do: its routes, a table, and a handler for each. Knows nothing of HTTP but statuses.

A handler gets the names in the path and the decoded body and returns a value, or raises `ApiError` or `FieldRefused`;
`ucmsim.controlsite` serves it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from ucmsim import __version__
from ucmsim.announce import described
from ucmsim.assembly import slow_defects
from ucmsim.callquery import sought
from ucmsim.configuration import read_pbx
from ucmsim.errors import BindError, ConfigurationError, NameTaken, Problem, did_you_mean
from ucmsim.faults import KINDS, FaultRefused, NotArmed
from ucmsim.fields import or_listed
from ucmsim.fleet import Fleet, PbxService
from ucmsim.journal import Inquiry
from ucmsim.journal.inquiry import ANY, no_fault
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings import load_clock_change, name_objection
from ucmsim.wishes import described_call, wished, wished_each


class ApiError(Exception):
    """What the caller did wrong: an HTTP status, a code for programs, a sentence for people, and the field."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "field": field}}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the value that is sent as JSON; None sends no body."""

    value: Any
    status: int = 200


class Handlers:
    """What each route does; one method a route, its arguments named as in the path, *body* where there is one."""

    _log = Logger()

    def __init__(self, fleet: Fleet, instance: str, ready: Callable[[], bool]) -> None:
        self._fleet = fleet
        self._instance = instance
        self._ready = ready

    def health(self) -> Answer:
        return Answer({"status": "ok"})

    def readiness(self) -> Answer:
        ready = self._ready()
        return Answer({"status": "ready" if ready else "starting", "instance": self._instance}, 200 if ready else 503)

    def status(self) -> Answer:
        names = [service.name for service in self._fleet]
        return Answer({"instance": self._instance, "version": __version__, "pbxs": names})

    def pbxs(self) -> Answer:
        return Answer(_listed([_pbx(service) for service in self._fleet]))

    def pbx(self, pbx: str) -> Answer:
        return Answer(_pbx(self._find(pbx)))

    async def create_pbx(self, body: dict[str, Any]) -> Answer:
        name = body.pop("name", "")
        try:
            return Answer(_pbx(await self._fleet.create(name, _settings(name, body))), 201)
        except ConfigurationError as error:
            raise _invalid(error) from None
        except NameTaken as error:
            raise ApiError(409, "exists", str(error), "name") from None
        except BindError as error:
            raise ApiError(409, "bind", str(error), "api.tls_bind_address") from None

    async def delete_pbx(self, pbx: str) -> Answer:
        self._find(pbx)
        await self._fleet.remove(pbx)
        self._log.info("{pbx}: stopped and forgotten", pbx=pbx)
        return Answer(None, 204)

    def clock(self, pbx: str) -> Answer:
        return Answer(_clock(self._find(pbx)))

    async def change_clock(self, pbx: str, body: dict[str, Any]) -> Answer:
        service = self._find(pbx)
        try:
            change = load_clock_change(body)
        except ConfigurationError as error:
            raise _invalid(error) from None
        await service.calls.catch_up()  # what was over before is not touched
        service.appliance.pbx.change_clock(change, service.wall)
        await service.calls.clock_changed(leaps=change.now is not None)
        await service.calls.catch_up()
        told, asked = _clock(service), change.model_dump(mode="json", exclude_none=True)
        said = ", ".join(f"{key} {value}" for key, value in asked.items())
        self._log.info("{pbx}: the clock says {now} at rate {rate} ({said})", pbx=pbx, said=said, **told)
        return Answer(told)

    async def delete_cdrs(self, pbx: str) -> Answer:
        deleted = await self._find(pbx).calls.delete_rows()
        self._log.info("{pbx}: deleted all {count} CDRs", pbx=pbx, count=deleted)
        return Answer({"deleted": deleted})

    async def calls(self, pbx: str, query: Mapping[str, list[str]]) -> Answer:
        service = self._find(pbx)
        items, after = await service.calls.told(sought(query))
        return Answer(_listed([one.as_json() for one in items], after))

    async def place_call(self, pbx: str, body: dict[str, Any] | list[Any]) -> Answer:
        service = self._find(pbx)
        many, now = isinstance(body, list), service.calls.now
        if isinstance(body, list):
            stories = await service.calls.place_each(wished_each(body, now))
        else:
            stories = [await service.calls.place(wished(body, now))]
        await service.calls.catch_up()
        shapes = ", ".join(dict.fromkeys(story[0].shape for story in stories))
        self._log.info("{pbx}: placed {count} of shape {shapes}", pbx=pbx, count=len(stories), shapes=shapes)
        told = list(map(described_call, stories))
        return Answer(_listed(told) if many else told[0], 201)

    def faults(self, pbx: str) -> Answer:
        service = self._find(pbx)
        armed = service.appliance.pbx.faults.listed(service.when)
        return Answer(_listed([one.as_json() for one in armed]))

    async def arm_fault(self, pbx: str, body: dict[str, Any]) -> Answer:
        await self._prepare(pbx, body)
        service = self._find(pbx)
        try:
            armed = service.appliance.pbx.faults.arm(body, service.wall)
        except FaultRefused as refused:
            raise _refused(refused) from None
        self._log.info("{pbx}: armed {name} ({kind})", pbx=pbx, name=armed.arming.name, kind=armed.arming.kind.id)
        return Answer(armed.as_json(), 201)

    async def change_fault(self, pbx: str, name: str, body: dict[str, Any]) -> Answer:
        await self._prepare(pbx, body)
        service = self._find(pbx)
        try:
            armed = service.appliance.pbx.faults.change(name, body, service.wall)
        except NotArmed as missing:
            raise ApiError(404, "not-found", f"PBX '{pbx}': {missing}") from None
        except FaultRefused as refused:
            raise _refused(refused) from None
        self._log.info("{pbx}: changed {name}: {keys}", pbx=pbx, name=name, keys=", ".join(body))
        return Answer(armed.as_json())

    def disarm_fault(self, pbx: str, name: str) -> Answer:
        try:
            self._find(pbx).appliance.pbx.faults.disarm(name)
        except NotArmed as missing:
            raise ApiError(404, "not-found", f"PBX '{pbx}': {missing}") from None
        self._log.info("{pbx}: disarmed {name}", pbx=pbx, name=name)
        return Answer(None, 204)

    def clear_faults(self, pbx: str) -> Answer:
        count = self._find(pbx).appliance.pbx.faults.clear()
        self._log.info("{pbx}: disarmed all {count} faults", pbx=pbx, count=count)
        return Answer(None, 204)

    async def _prepare(self, pbx: str, spec: dict[str, Any]) -> None:
        """Mint what the fault *spec* shows and takes long to mint."""
        if slow_defects([spec]):
            service = self._find(pbx)
            await self._fleet.work(lambda: service.appliance.prepare([spec], service.wall))

    async def journal(self, pbx: str, query: Mapping[str, Sequence[str]]) -> Answer:
        service, inquiry = self._find(pbx), Inquiry.of(query)
        await self._known_fault(service, inquiry.fault)
        return Answer((await service.journal.inquire(inquiry)).as_json())

    @staticmethod
    async def _known_fault(service: PbxService, name: str | None) -> None:
        """Raise `FieldRefused` unless a fault, or a kind, is called *name*."""
        names, kinds = service.appliance.pbx.faults.names, [kind.id for kind in KINDS]
        if name in (None, ANY, *names, *kinds):
            return
        # It may have been armed long ago, or before a restart, and still stand in the journal.
        if not (await service.journal.inquire(Inquiry(fault=name, limit=1))).items:
            raise no_fault(str(name), names, kinds)

    def _find(self, name: str) -> PbxService:
        try:
            return self._fleet[name]
        except KeyError:
            known = [str(service.name) for service in self._fleet]
            raise ApiError(404, "not-found", f"there is no PBX '{name}'; {or_listed(name, known)}") from None


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: `{name}` in the path is an argument, *handler* names a method, *open* needs no token.

    The handler gets what stands in the *query*, if the route has one; its body may be one of *many*, a list.
    """

    method: str
    path: str
    handler: str
    statement: str
    open: bool = False
    query: bool = False
    many: bool = False

    def matches(self, path: str) -> dict[str, str] | None:
        """Return the names in *path*, None if this is not its route."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None

    def like(self, path: str) -> str:
        """Return the path of this route with the names that stand in *path* where this has its own."""
        pairs = zip_longest(self.path.split("/"), path.split("/")[: self.path.count("/") + 1], fillvalue="")
        return "/".join((there or own) if own.startswith("{") else own for own, there in pairs)


def nearest(method: str, path: str) -> str:
    """Return what is said of a *path* where there is nothing: the one most like it, or one of what *method* can be used on."""
    if path.endswith("/") and (there := further(method, path.removesuffix("/"))):
        return f"{method} goes to one of these: {there}"
    return did_you_mean(path, [route.like(path) for route in ROUTES])


def further(method: str, path: str) -> str:
    """Return where *method* can be used that cannot at *path*: on one of what is listed there; "" if nowhere."""
    found = (route for route in ROUTES if route.method == method and route.path.endswith("}"))
    return next((route.like(path) for route in found if route.matches(f"{path}/x")), "")


# fmt: off
ROUTES = (
    Route("GET",    "/healthz", "health", "the process answers", open=True),
    Route("GET",    "/readyz", "readiness", "everything listens; the instance id", open=True),
    Route("GET",    "/v1/status", "status", "instance, version, names of the PBXs"),
    Route("GET",    "/v1/pbxs", "pbxs", "every PBX"),
    Route("POST",   "/v1/pbxs", "create_pbx", "a new PBX: as in sim.yaml, plus name"),
    Route("GET",    "/v1/pbxs/{pbx}", "pbx", "one PBX"),
    Route("DELETE", "/v1/pbxs/{pbx}", "delete_pbx", "stop a PBX and erase its keys and history on disk"),
    Route("GET",    "/v1/pbxs/{pbx}/clock", "clock", "the PBX clock: now in UTC, the same in the PBX's zone, rate, and the world's time"),
    Route("PUT",    "/v1/pbxs/{pbx}/clock", "change_clock", "move the PBX clock: now, advance or step, and rate, time_zone"),
    Route("GET",    "/v1/pbxs/{pbx}/calls", "calls", "what really happened in each call that is over, in microseconds of UTC, with its rows, page by page", query=True),
    Route("POST",   "/v1/pbxs/{pbx}/calls", "place_call", "let a call happen, or a list of them: shape, from, to, and at, ring, talk, phones, target, trunk, code, recorded", many=True),
    Route("DELETE", "/v1/pbxs/{pbx}/cdrs", "delete_cdrs", "delete every CDR, as on the device's own page; recordings stay"),
    Route("GET",    "/v1/pbxs/{pbx}/faults", "faults", "the armed faults with their counters"),
    Route("POST",   "/v1/pbxs/{pbx}/faults", "arm_fault", "arm a fault"),
    Route("DELETE", "/v1/pbxs/{pbx}/faults", "clear_faults", "disarm every fault"),
    Route("PATCH",  "/v1/pbxs/{pbx}/faults/{name}", "change_fault", "change fields or terms of a fault; its counters go on"),
    Route("DELETE", "/v1/pbxs/{pbx}/faults/{name}", "disarm_fault", "disarm a fault"),
    Route("GET",    "/v1/pbxs/{pbx}/journal", "journal", "connections and exchanges, with filters and paging", query=True),
)
# fmt: on


def _settings(name: Any, body: Mapping[str, Any]) -> PbxSettings:
    """Return the settings of a new PBX. Raises `ConfigurationError` with all that is wrong with them and with its *name*."""
    said = name_objection(name)
    problems = [Problem("name", *said)] if said else []
    try:
        settings = read_pbx(body, Path.cwd(), beside=("name",))
    except ConfigurationError as error:
        raise ConfigurationError([*problems, *error.problems]) from None
    if problems:
        raise ConfigurationError(problems)
    return settings


def _invalid(error: ConfigurationError) -> ApiError:
    first, *others = error.problems
    said = map(str, error.problems) if others else [str(replace(first, key=""))]  # the field says it then
    return ApiError(400, "invalid", "; ".join(said), first.key or None)


def _refused(refused: FaultRefused) -> ApiError:
    paths = [".".join(map(str, one.path)) for one in refused.said]
    several = len(paths) > 1  # of one alone the field says where it stands
    told = (
        (f"{path}: " if several and path else "") + one.wrong + (f"; {one.right}" if one.right else "")
        for path, one in zip(paths, refused.said, strict=True)
    )
    return ApiError(400, "invalid", "; ".join(told), paths[0] or None)


def _listed(items: list[Any], after: int | None = None) -> dict[str, Any]:
    return {"items": items, "next": after}


def _pbx(service: PbxService) -> Mapping[str, Any]:
    pbx = service.appliance.pbx
    settings = pbx.settings.model_dump(mode="json", by_alias=True, exclude={"api": {"tls_authentication_password"}})
    told = described(service)
    del told["password"]  # the ready report has it, and whoever created the PBX
    return {"name": pbx.name, **told, "rows": len(pbx.history), "settings": settings}


def _clock(service: PbxService) -> dict[str, Any]:
    pbx, wall = service.appliance.pbx, service.wall
    when, world = pbx.clock.at(wall), pbx.clock.world(wall)
    local = when.pbx.astimezone(when.zone or pbx.settings.time_zone)
    return {"now": when.pbx.isoformat(), "local": local.isoformat(), "rate": pbx.clock.rate, "world": world.isoformat()}
