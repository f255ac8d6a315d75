"""The OpenAPI document of the control plane, made from the routes, what their bodies are read by, and what clients read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_origin

from ucmsim import __version__
from ucmsim.asking import bodyschemas, faultschemas
from ucmsim.asking.queryschemas import parameters
from ucmsim.asking.schemaparts import Components
from ucmsim.contract import operations
from ucmsim.contract.answerschemas import REFERRED, Schema, schema_of
from ucmsim.contract.operations import OPERATIONS, Operation
from ucmsim.control.events import MEDIA_TYPE as EVENTS

if TYPE_CHECKING:
    from ucmsim.control.routes import Route

_SAID: Mapping[int, str] = MappingProxyType({
    200: "it is so", 201: "it is made", 204: "it is gone", 400: "what was sent is wrong", 401: "the token is missing or wrong",
    404: "there is no such PBX or fault", 409: "it does not go with what there is", 413: "the body is too large",
    414: "the first line is too long", 415: "the body is no JSON", 431: "first line and headers are too long together",
    500: "ucmsim failed; the message, or its log, says why", 503: "a PBX, or ucmsim, was stopped meanwhile",
})  # fmt: skip
_ALSO: Mapping[int, str] = MappingProxyType({201: _SAID[201], 503: "not everything listens"})
"""What is an answer, and no refusal, beside the first."""
_SHARED: Mapping[int, str] = MappingProxyType({414: "TargetTooLong", 431: "HeadersTooLarge"})
"""What is answered before anybody knows which operation is meant: one response for all of them, by its name."""
_NAMES: Mapping[str, str] = MappingProxyType({"pbx": "the name of a PBX", "name": "the name of an armed fault"})
_JSON = "application/json"
_RESUMES: Mapping[str, Any] = MappingProxyType({
    "name": "Last-Event-ID", "in": "header", "schema": {"type": "string"},
    "description": f"with Accept: {EVENTS}, the id of the event after which the stream goes on",
})  # fmt: skip

_ERROR: Mapping[str, Any] = MappingProxyType({_JSON: {"schema": {"$ref": f"{REFERRED}Error"}}})

_Body = Callable[[Components], Schema]
_BODIES: Mapping[str, _Body] = MappingProxyType({
    "create_pbx": bodyschemas.new_pbx,
    "put_pbx": bodyschemas.settings,
    "change_pbx": bodyschemas.settings_patch,
    "change_api": bodyschemas.api_changes,
    "show_identity": bodyschemas.identity,
    "change_clock": bodyschemas.clock_change,
    "arm_fault": faultschemas.fault,
    "change_fault": faultschemas.fault_changes,
    "snapshot": bodyschemas.file,
    "restore": bodyschemas.file,
})  # fmt: skip


def _error() -> Schema:
    """Return the schema of what every refusal is."""
    fields = {"code": {"type": "string"}, "message": {"type": "string"}, "field": {"type": ["string", "null"]}}
    told = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return {
        "type": "object",
        "description": "What the caller did wrong: a code for programs, a sentence for people, and the field, if it is one.",
        "properties": {"error": told},
        "required": ["error"],
        "additionalProperties": False,
    }


_EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType({
    "create_pbx": {"name": "branch", "personality": "ucm6510", "history": {"days": 0}},
    "put_pbx": {"personality": "ucm6510", "time_zone": "Europe/Berlin", "history": {"days": 0}},
    "change_pbx": {"time_zone": "America/Denver", "quirks": {"order": "desc"}},
    "change_api": {"permitted_ips": ["127.0.0.0/8"]},
    "show_identity": {"defect": "expired"},
    "change_clock": {"advance": 3600},
    "place_call": {"shape": "answered", "from": "1001", "to": "3125550123", "talk": 60},
    "arm_fault": {"fault": "http.latency", "seconds": 2, "times": 1},
    "change_fault": {"times": 3},
    "snapshot": {"file": "/srv/hq.zip"},
    "restore": {"file": "/srv/hq.zip"},
})  # fmt: skip


def document(routes: Iterable[Route]) -> Schema:
    """Return the document of these *routes*; each operation's id is the method of a client."""
    components: dict[str, Schema] = {"Error": _error()}
    paths: dict[str, Schema] = {}
    for route in routes:
        operation = _operation(route)
        paths.setdefault(route.path, {})[route.method.lower()] = _told(route, operation, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ucmsim control plane",
            "version": __version__,
            "description": "Drives a running ucmsim: its PBXs, their clocks, calls and faults, and what happened.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "http://127.0.0.1:8444"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "the control token of this start"}
            },
            "responses": {name: _response(_SAID[status], _ERROR) for status, name in _SHARED.items()},
            "schemas": dict(sorted(components.items())),
        },
    }


def _operation(route: Route) -> Operation[Any]:
    return next(one for one in OPERATIONS if (one.method, one.path) == (route.method, route.path))


def _told(route: Route, operation: Operation[Any], components: dict[str, Schema]) -> Schema:
    told: Schema = {
        "operationId": operation.id,
        "summary": route.statement,
        "parameters": [
            {"name": name, "in": "path", "required": True, "description": _NAMES[name], "schema": {"type": "string"}}
            for name in operation.names
        ] + (parameters(operation.id) if route.query else []) + ([dict(_RESUMES)] if route.events else []),
        "responses": _responses(route, operation, components),
    }  # fmt: skip
    if (body := _body(route, operation, components)) is not None:
        shown = {"example": dict(_EXAMPLES[operation.id])} if operation.body else {}
        told["requestBody"] = {"required": not route.bare, "content": {_JSON: {"schema": body, **shown}}}
    if route.open:
        told["security"] = []
    return told


def _body(route: Route, operation: Operation[Any], components: dict[str, Schema]) -> Schema | None:
    if route.many:
        call = bodyschemas.call(components)
        return {"anyOf": [call, {"type": "array", "items": call, "minItems": 1}]}
    if route.bare:
        return {"type": "object", "maxProperties": 0}
    return _BODIES[operation.id](components) if operation.body else None


def _responses(route: Route, operation: Operation[Any], components: dict[str, Schema]) -> Schema:
    bodied = route.method in ("POST", "PUT", "PATCH")
    wrong = [400] + [401] * (not route.open) + [404] * bool(operation.names)
    wrong += [409] * (route.method != "GET") + [413, 415] * bodied + [500] + [503] * (not route.open)
    answer = _content(operation, route, components)
    found = {operation.status: _response(_SAID[operation.status], answer)}
    found |= {operation.also: _response(_ALSO[operation.also], answer)} if operation.also else {}
    found |= {status: _response(_SAID[status], _ERROR) for status in wrong}
    found |= {status: {"$ref": f"#/components/responses/{name}"} for status, name in _SHARED.items()}
    return {str(status): found[status] for status in sorted(found)}


def _response(said: str, content: Mapping[str, Any]) -> Schema:
    return {"description": said, **({"content": dict(content)} if content else {})}


def _content(operation: Operation[Any], route: Route, components: dict[str, Schema]) -> Schema:
    """Return what an *operation* is answered with, by its media type."""
    if operation.form is type(None):
        return {}
    if operation.form is str:
        return {"text/plain": {"schema": {"type": "string"}}}
    if get_origin(operation.form) is Mapping or operation is operations.OPENAPI:
        return {_JSON: {"schema": {"type": "object"}}}
    if "Settings" not in components:
        bodyschemas.settings(components)
    schema = schema_of(operation.form, components)
    if route.many:
        schema = {"anyOf": [schema, schema_of(operations.PLACE_CALLS.form, components)]}
    stream = {EVENTS: {"schema": {"type": "string"}}} if route.events else {}
    return {_JSON: {"schema": schema}, **stream}
