"""JSON Schemas of faults that are armed and changed: made from their records, and from the terms on which they act. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from ucmsim.asking.schemaparts import INSTANT, Components, closed, model, placed, referred, unsaid
from ucmsim.certificates.defects import DEFECTS
from ucmsim.contract.answerschemas import REFERRED, Schema
from ucmsim.faults.kind import Kind
from ucmsim.faults.kinds import KINDS
from ucmsim.faults.terms import Terms
from ucmsim.settings import HIDDEN


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
    fields: dict[str, list[Schema]] = {name: [] for name in sorted({name for kind in KINDS for name in kind.fields})}
    for name, given in fields.items():
        for kind in KINDS:
            one = unsaid(components[f"fault.{kind.id}"]["properties"][name]) if name in kind.fields else None
            if one is not None and one not in given:
                given.append(one)
    components["FaultChanges"] = {
        "type": "object",
        "description": "Fields of the fault's kind, and terms; what is not given stays.",
        "properties": {
            **{name: {"anyOf": given} if given[1:] else given[0] for name, given in fields.items()},
            **terms,
        },
        "minProperties": 1,
        "additionalProperties": False,
    }
    return referred("FaultChanges")


def _terms(components: Components) -> Mapping[str, Schema]:
    """Return what refers to the schemas of the terms of a fault, by name."""
    model(Terms, "fault.Terms", components, "fault")
    terms: dict[str, Schema] = components.pop("fault.Terms")["properties"]
    terms |= {"after": _point(), "until": _point()}
    components.pop("fault.Point")
    components.update({f"fault.terms.{name}": one for name, one in terms.items()})
    return {name: referred(f"fault.terms.{name}") for name in terms}


def _point() -> Schema:
    """Return the schema of an instant on one of the two clocks."""
    named = [closed({name: dict(INSTANT)}) for name in ("pbx", "wall")]
    said = "an instant on the PBX clock, or on one of the two by its name"
    return {"description": said, "anyOf": [{"type": "null"}, dict(INSTANT), *named]}


def _of_kind(kind: Kind, terms: Mapping[str, Schema]) -> Schema:
    own = TypeAdapter[Any](kind.record).json_schema()
    written = {name: placed(own["properties"][name], "fault") for name in kind.fields}
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
