"""JSON Schemas of what the control plane is sent: made from the models that read it, and from the tables behind them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ucmsim import wishes
from ucmsim.answerschemas import REFERRED, Schema
from ucmsim.calls.shapes import SHAPES
from ucmsim.defects import DEFECTS
from ucmsim.faults.kind import Kind
from ucmsim.faults.kinds import KINDS
from ucmsim.faults.terms import Terms
from ucmsim.settings import HIDDEN, ClockChange, Pbx

INSTANT: Mapping[str, Any] = MappingProxyType(
    {"type": "string", "format": "date-time", "description": "ISO instant with its zone"}
)
Components = MutableMapping[str, Schema]


def referred(name: str) -> Schema:
    """Return what refers to the component called *name*."""
    return {"$ref": f"{REFERRED}{name}"}


def settings(components: Components) -> Schema:
    """Return the schema of a PBX's settings, as under `pbxs:` of sim.yaml."""
    if "Settings" not in components:
        _model(Pbx, "Settings", components, "settings")
        properties = components["Settings"]["properties"]
        properties["faults"]["items"] = fault(components)
        password = components["settings.Api"]["properties"]["tls_authentication_password"]
        del password["writeOnly"]  # an answer has it too, and not what it is
        password["description"] += f"; told as {HIDDEN}, which keeps it where it is sent back"
        components["settings.Quirks"], properties["quirks"] = properties["quirks"], referred("settings.Quirks")
    return referred("Settings")


def new_pbx(components: Components) -> Schema:
    """Return the schema of a PBX that is begun: its settings, and its name."""
    settings(components)
    plain = components["Settings"]
    name = {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "lower-case letters, digits and hyphens"}
    components["NewPbx"] = {
        **plain,
        "description": "One simulated appliance, and its name.",
        "properties": {"name": name, **plain["properties"]},
        "required": ["name", *plain.get("required", ())],
    }
    return referred("NewPbx")


def settings_patch(components: Components) -> Schema:
    """Return the schema of a JSON merge patch over a PBX's settings."""
    settings(components)
    components["SettingsPatch"] = {
        "type": "object",
        "description": "JSON merge patch (RFC 7396) over the settings; null takes a key back to its default.",
        "properties": {name: {} for name in components["Settings"]["properties"]},
        "additionalProperties": False,
    }
    return referred("SettingsPatch")


def clock_change(components: Components) -> Schema:
    """Return the schema of a change of the clock."""
    schema = _model(ClockChange, "ClockChange", components)
    found = components["ClockChange"]
    found["properties"]["now"] = {**INSTANT, "description": found["properties"]["now"]["description"]}
    found["description"] = "One of now, advance and step; rate and time_zone go with each of them."
    found["minProperties"] = 1
    return schema


def call(components: Components) -> Schema:
    """Return the schema of a call that is wished for."""
    number = {"type": "string", "pattern": f"^{wishes.NUMBER.pattern}$"}
    seconds = {"type": "number", "minimum": 0, "maximum": wishes.LONGEST, "description": "seconds"}
    known: dict[str, Schema] = {
        "shape": {"enum": [one.id for one in SHAPES], "description": "how the call goes; 'ucmsim show shapes' says it"},
        "from": {**number, "description": "who calls"},
        "to": {**number, "description": "who is called"},
        "target": {**number, "description": "whom the call goes on to"},
        "trunk": {
            "type": "string",
            "minLength": 1,
            "description": "the name of the trunk behind which who is outside is",
        },
        "code": {"type": "string", "pattern": f"^{wishes.CODE.pattern}$", "description": "an account code or a PIN"},
        "at": {**INSTANT, "description": "when it begins, in the world's time; now if left out"},
        "ring": seconds,
        "talk": seconds,
        "phones": {"type": "integer", "minimum": 1, "maximum": wishes.MOST_PHONES},
        "recorded": {"anyOf": [{"type": "boolean"}, {"const": wishes.AMI}]},
    }
    components["CallWish"] = {
        "type": "object",
        "description": "A call that is wished for.",
        "properties": {key: known[key] for key in wishes.KEYS},
        "required": ["shape", "from", "to"],
        "additionalProperties": False,
    }
    return referred("CallWish")


def fault(components: Components) -> Schema:
    """Return the schema of a fault: one of its kinds, whose own fields stand beside the terms on which it acts."""
    if "NewFault" in components:
        return referred("NewFault")
    terms = _terms(components)
    for kind in KINDS:
        components[f"fault.{kind.id}"] = _of_kind(kind, terms)
    components["NewFault"] = {
        "description": "A fault and the terms on which it acts; fault names its kind.",
        "oneOf": [referred(f"fault.{kind.id}") for kind in KINDS],
        "discriminator": {
            "propertyName": "fault",
            "mapping": {kind.id: f"{REFERRED}fault.{kind.id}" for kind in KINDS},
        },
    }
    return referred("NewFault")


def fault_changes(components: Components) -> Schema:
    """Return the schema of changes of a fault: fields of its kind, whichever that is, and terms."""
    fault(components)
    terms = {name: referred(f"fault.terms.{name}") for name in Terms.model_fields if name != "name"}
    fields = sorted({name for kind in KINDS for name in kind.fields})
    components["FaultChanges"] = {
        "type": "object",
        "description": "Fields of the fault's kind, and terms; what is not given stays.",
        "properties": {**{name: {} for name in fields}, **terms},
        "minProperties": 1,
        "additionalProperties": False,
    }
    return referred("FaultChanges")


def api_changes(components: Components) -> Schema:
    """Return the schema of changes on the API Configuration page."""
    settings(components)
    page = components["settings.Api"]
    pem = {"description": "PEM text, under 2 MB; null for the minted one"}
    components["ApiChanges"] = {
        **page,
        "description": "Settings of the device's API Configuration page; what is not given stays.",
        "properties": {
            name: {**one, **(pem if name in ("tls_private_key", "tls_cert") else {})}
            for name, one in page["properties"].items()
        },
        "minProperties": 1,
    }
    return referred("ApiChanges")


def identity(components: Components) -> Schema:
    """Return the schema of the certificate that is to be shown."""
    pem = {"type": "string", "description": "PEM text"}
    components["NewIdentity"] = {
        "description": "A defect, or a certificate and its key, or neither: the good one.",
        "oneOf": [
            {"type": "object", "maxProperties": 0},
            _closed({"defect": {"enum": [*(one.id for one in DEFECTS), None]}}),
            _closed({"certificate": pem, "key": pem}),
        ],
    }
    return referred("NewIdentity")


def file(components: Components) -> Schema:
    """Return the schema of where a PBX is written to, or read from."""
    path = {"type": "string", "pattern": "^/", "description": "absolute path on the machine where ucmsim runs"}
    components["File"] = _closed({"file": path})
    return referred("File")


def _closed(properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _terms(components: Components) -> Mapping[str, Schema]:
    """Return what refers to the schemas of the terms of a fault, by name."""
    _model(Terms, "fault.Terms", components, "fault")
    terms: dict[str, Schema] = components.pop("fault.Terms")["properties"]
    terms |= {"after": _point(), "until": _point()}
    components.pop("fault.Point")
    components.update({f"fault.terms.{name}": one for name, one in terms.items()})
    return {name: referred(f"fault.terms.{name}") for name in terms}


def _point() -> Schema:
    """Return the schema of an instant on one of the two clocks."""
    named = [_closed({name: dict(INSTANT)}) for name in ("pbx", "wall")]
    said = "an instant on the PBX clock, or on one of the two by its name"
    return {"description": said, "anyOf": [{"type": "null"}, dict(INSTANT), *named]}


def _of_kind(kind: Kind, terms: Mapping[str, Schema]) -> Schema:
    own = TypeAdapter[Any](kind.record).json_schema()
    written = {name: _placed(own["properties"][name], "fault") for name in kind.fields}
    for name in kind.secrets:
        written[name] = {**written[name], "description": f"told as {HIDDEN}, which keeps it where it is sent back"}
    if "defect" in written:
        written["defect"] = {"enum": [one.id for one in DEFECTS]}
    return {
        "type": "object",
        "description": kind.statement,
        "properties": {"fault": {"const": kind.id}, **written, **terms},
        "required": ["fault", *(name for name in own.get("required", ()) if name in written)],
        "additionalProperties": False,
    }


def _model(kind: type[BaseModel], name: str, components: Components, prefix: str = "") -> Schema:
    """Add the schema of a model to the *components*, what it refers to with a *prefix*."""
    schema = kind.model_json_schema(by_alias=True)
    for inner, one in schema.pop("$defs", {}).items():
        components[f"{prefix}.{inner}"] = _placed(one, prefix)
    components[name] = _placed(schema, prefix)
    return referred(name)


def _placed(schema: Any, prefix: str) -> Any:
    """Return *schema* as a component: references lead to others, titles that only repeat a key are left out."""
    if isinstance(schema, list):
        return [_placed(one, prefix) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        key: _placed(value, prefix) for key, value in schema.items() if key != "title" or not isinstance(value, str)
    }
    if isinstance(found.get("$ref"), str):
        found["$ref"] = re.sub(r"^#/\$defs/", f"{REFERRED}{prefix}.", found["$ref"])
    return found
