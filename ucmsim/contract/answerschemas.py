"""JSON Schemas of the control plane's answers, made from the dataclasses that its clients read. Pure."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any, Union, get_args, get_origin

from ucmsim.contract.mapped import hints_of, is_due, is_whole, key_of

Schema = dict[str, Any]

REFERRED = "#/components/schemas/"
"""Where components stand in an OpenAPI document."""
_PLAIN: Mapping[Any, Schema] = types.MappingProxyType({
    str: {"type": "string"}, bool: {"type": "boolean"}, int: {"type": "integer"}, float: {"type": "number"},
    type(None): {"type": "null"}, datetime: {"type": "string", "format": "date-time"}, Any: {},
})  # fmt: skip


def schema_of(form: Any, components: MutableMapping[str, Schema]) -> Schema:
    """Return the schema of a *form* that is answered; what it refers to is added to *components*."""
    origin = get_origin(form)
    if isinstance(form, str):  # a component that somebody else makes
        return {"$ref": f"{REFERRED}{form}"}
    if form in _PLAIN:
        return dict(_PLAIN[form])
    if dataclasses.is_dataclass(origin or form):
        name = named(form)
        if name not in components:
            components[name] = {}  # it may refer to itself
            components[name] = _object(form, components)
        return {"$ref": f"{REFERRED}{name}"}
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(one, components) for one in get_args(form)]}
    if origin is tuple:
        return {"type": "array", "items": schema_of(get_args(form)[0], components)}
    return {"type": "object"}


def named(form: Any) -> str:
    """Return what the component of *form* is called: `PbxPage` for a page of PBXs."""
    origin = get_origin(form)
    return str(form.__name__) if origin is None else f"{named(get_args(form)[0])}{origin.__name__}"


def _object(form: Any, components: MutableMapping[str, Schema]) -> Schema:
    origin, hints = get_origin(form) or form, hints_of(form)
    fields = [field for field in dataclasses.fields(origin) if not is_whole(field)]
    described = " ".join(str(origin.__doc__).split()).replace("*", "").replace("`", "").replace("None", "null")
    return {
        "type": "object",
        "description": described,
        "properties": {
            key_of(field): schema_of(field.metadata.get("schema", hints[field.name]), components) for field in fields
        },
        "required": [key_of(field) for field in fields if is_due(field)],
        "additionalProperties": any(field.metadata.get("open", False) for field in dataclasses.fields(origin)),
    }
