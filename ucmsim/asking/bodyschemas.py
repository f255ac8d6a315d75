"""JSON Schemas of what the control plane is sent: made from the models that read it, and from the tables behind them.

Those of faults are in `faultschemas.py`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from types import MappingProxyType
from typing import Any

from ucmsim import configuration
from ucmsim.asking import identitywish, wishes
from ucmsim.asking.faultschemas import fault
from ucmsim.asking.schemaparts import INSTANT, Components, closed, model, referred, unsaid
from ucmsim.calls.shapes import SHAPES
from ucmsim.certificates.defects import DEFECTS
from ucmsim.contract.answerschemas import REFERRED, Schema
from ucmsim.settings import HIDDEN, ClockChange, Pbx

_NULL: Mapping[str, Any] = MappingProxyType({"type": "null"})


def settings(components: Components) -> Schema:
    """Return the schema of a PBX's settings, as under `pbxs:` of sim.yaml."""
    if "Settings" not in components:
        model(Pbx, "Settings", components, "settings")
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
    name = {
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9-]*$",
        "description": "lower-case letters, digits and hyphens",
    }
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
        "properties": {name: _patch(one, components) for name, one in components["Settings"]["properties"].items()},
        "additionalProperties": False,
    }
    return referred("SettingsPatch")


def _patch(schema: Schema, components: Components) -> Schema:
    """Return what a merge patch may have where *schema* stands: that, or null; of a group only some keys, each so."""
    target = str(schema.get("$ref", "")).removeprefix(REFERRED)
    if target and components[target].get("type") == "object":
        if f"patch.{target}" not in components:
            components[f"patch.{target}"] = {}  # while it is made: a group may stand in itself
            components[f"patch.{target}"] = _patched_group(components[target], components)
        return {"anyOf": [referred(f"patch.{target}"), dict(_NULL)]}
    own = _patched_group(schema, components) if schema.get("type") == "object" else schema
    kinds = own["anyOf"] if [*unsaid(own)] == ["anyOf"] else [unsaid(own)]
    return {"anyOf": [*(one for one in kinds if one != _NULL), dict(_NULL)]}


def _patched_group(group: Schema, components: Components) -> Schema:
    free = group.get("additionalProperties", True)
    return {
        **{key: value for key, value in unsaid(group).items() if key != "required"},
        "properties": {name: _patch(one, components) for name, one in group.get("properties", {}).items()},
        "additionalProperties": _patch(free, components) if isinstance(free, dict) else free,
    }


def clock_change(components: Components) -> Schema:
    """Return the schema of a change of the clock."""
    schema = model(ClockChange, "ClockChange", components)
    found = components["ClockChange"]
    for name in ("rate", "advance", "step"):
        found["properties"][name] = _without_null(found["properties"][name])
    found["properties"]["now"] = {**INSTANT, "description": found["properties"]["now"]["description"]}
    found["not"] = {"anyOf": [{"required": list(two)} for two in combinations(("now", "advance", "step"), 2)]}
    found["description"] = "One of now, advance and step; rate and time_zone go with each of them."
    found["minProperties"] = 1
    return schema


def _without_null(schema: Schema) -> Schema:
    """Return *schema* of a key that may be left out, and not be null."""
    said, (given, *_) = schema.get("description", ""), schema.get("anyOf", [schema])
    return {**given, "description": said}


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
        "delay": {**seconds, "maximum": wishes.LATEST, "description": "or how many seconds from now it begins"},
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
        "not": {"required": ["at", "delay"]},
        "additionalProperties": False,
    }
    return referred("CallWish")


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
    pem = {"type": "string", "minLength": 1, "description": "PEM text"}
    said = "seconds of the PBX clock, after which it has expired"
    seconds = {"type": "number", "minimum": 1, "maximum": identitywish.LONGEST, "description": said}
    shown = [one.id for one in DEFECTS if not configuration.DEFECT_IDS[one.id]]
    components["NewIdentity"] = {
        "description": "A defect, or a certificate and its key, or a good one that ends soon, or none of these: the good one. "
        "A certificate that was shown before needs no key.",
        "oneOf": [
            {"type": "object", "maxProperties": 0},
            closed({"defect": {"enum": [*shown, None]}}),
            {**closed({"certificate": pem, "key": pem}), "required": ["certificate"]},
            closed({"valid_for": seconds}),
        ],
    }
    return referred("NewIdentity")


def file(components: Components) -> Schema:
    """Return the schema of where a PBX is written to, or read from."""
    path = {"type": "string", "pattern": "^/", "description": "absolute path on the machine where ucmsim runs"}
    components["File"] = closed({"file": path})
    return referred("File")
