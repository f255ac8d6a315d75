"""What the JSON Schemas of bodies are put together from: references, models as components, closed objects, instants. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from ucmsim.contract.answerschemas import REFERRED, Schema

INSTANT: Mapping[str, Any] = MappingProxyType(
    {"type": "string", "format": "date-time", "description": "ISO instant with its zone"}
)
Components = MutableMapping[str, Schema]
_SAID = frozenset({"description", "default"})


def referred(name: str) -> Schema:
    """Return what refers to the component called *name*."""
    return {"$ref": f"{REFERRED}{name}"}


def closed(properties: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object that has these *properties*, all of them and no others."""
    return {
        "type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def unsaid(schema: Schema) -> Schema:
    """Return *schema* without its description and its default."""
    return {key: value for key, value in schema.items() if key not in _SAID}


def model(kind: type[BaseModel], name: str, components: Components, prefix: str = "") -> Schema:
    """Add the schema of a model to the *components*, what it refers to with a *prefix*."""
    schema = kind.model_json_schema(by_alias=True)
    for inner, one in schema.pop("$defs", {}).items():
        components[f"{prefix}.{inner}"] = placed(one, prefix)
    components[name] = placed(schema, prefix)
    return referred(name)


def placed(schema: Any, prefix: str) -> Any:
    """Return *schema* as a component: references lead to others, titles that only repeat a key are left out."""
    if isinstance(schema, list):
        return [placed(one, prefix) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        key: placed(value, prefix) for key, value in schema.items() if key != "title" or not isinstance(value, str)
    }
    if isinstance(found.get("$ref"), str):
        found["$ref"] = re.sub(r"^#/\$defs/", f"{REFERRED}{prefix}.", found["$ref"])
    return found
