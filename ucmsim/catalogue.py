"""What exists, as objects: what `ucmsim show` prints and the documentation's tables are made of. Every object has an id.

Reads the tables of the other modules and adds nothing that is not in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from ucmsim.calls.events import Call, Party, cut, talks
from ucmsim.calls.legs import Leg
from ucmsim.calls.projection import Firmware, written
from ucmsim.calls.shapes import SHAPES
from ucmsim.calls.stage import example
from ucmsim.calls.trunks import carried
from ucmsim.certificates.defects import DEFECTS
from ucmsim.columns import COLUMNS, GENERATIONS, NAMES
from ucmsim.faults import KINDS
from ucmsim.instants import NEVER, SECOND
from ucmsim.journal import MARKS
from ucmsim.personalities import ALIASES, PERSONALITIES, Personality
from ucmsim.quirks import QUIRKS, Quirk
from ucmsim.refusals import Code
from ucmsim.register import Quirks
from ucmsim.settings import Settings
from ucmsim.store.truth import Carried

ALWAYS = ("tls-version", "tls-keys", "acl-blank", "acl-denial")
"""What is told of every personality although it is the same for all of them so far."""

_BEGAN = 1662033600
_UNKNOWN = "an unknown number"


def configuration_schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file; what a fault's own fields are it leaves open."""
    schema = Settings.model_json_schema(by_alias=True)
    kinds = {"enum": [kind.id for kind in KINDS], "description": "what 'ucmsim show faults' lists"}
    for pbx in (schema["$defs"]["Pbx"], *schema["properties"]["pbxs"]["patternProperties"].values()):
        faults = pbx["properties"]["faults"]
        faults["items"] = {**faults["items"], "required": ["fault"], "properties": {"fault": kinds}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def personality_rows() -> Iterator[dict[str, Any]]:
    """Yield the personalities with everything that differs between them, and what a call looks like on each."""
    registers = {row.id: Quirks.of(row) for row in PERSONALITIES}
    told = [row.id for row in QUIRKS if row.id in ALWAYS or len({one[row.id] for one in registers.values()}) > 1]
    for row in PERSONALITIES:
        register = registers[row.id]
        yield {
            "id": row.id,
            "alias": [name for name, target in ALIASES.items() if target == row.id],
            "confidence": row.confidence,
            "interfaces": "/cdrapi /recapi",
            **{quirk: register[quirk] for quirk in told},
            "number of columns": len(GENERATIONS[row.generation].columns),
            **_sample(row, register),
        }


def _sample(personality: Personality, register: Quirks) -> dict[str, str]:
    """Return how an outbound call from 1001 to 5550123, recorded for a minute, is written down."""
    firmware = Firmware.of(register, ZoneInfo("UTC"))
    caller, callee = Party("1001", "Ann", "1001"), Party("5550123", "", "trunk_1", "carrier-a")
    call = Call("Outbound", caller, callee, _BEGAN * SECOND, 6, recorded=True)
    leg = Leg(call, callee, call.start, call.start + 3 * SECOND, call.start + 63 * SECOND, "ANSWERED", "Dial", "DIAL")
    recordings = firmware.recordings(leg, 0)
    row = dict(zip(NAMES, firmware.row(leg, recordings), strict=True))
    shown = GENERATIONS[personality.generation].columns
    return {
        **{name: row[name] for name in ("channel", "dstchannel", "uniqueid", "dcontext")},
        "recordfiles": row["recordfiles"] if "recordfiles" in shown else "(no such column)",
        "recording": recordings[0].path,
    }


def shape_rows(personality: Personality) -> Iterator[dict[str, Any]]:
    """Yield the shapes of calls: who was through to whom for how long, what trunks carried, the rows that are written."""
    firmware = Firmware.of(Quirks.of(personality), ZoneInfo("UTC"))
    shown = GENERATIONS[personality.generation].columns
    for shape in SHAPES:
        story = shape.story(example())
        ended = [cut(call, NEVER) for call in story]
        rows = [dict(zip(NAMES, row, strict=True)) for row in written(story, firmware)]
        yield {
            "id": shape.id,
            "kinds": list(shape.kinds),
            "confidence": shape.confidence,
            "source": shape.source,
            "statement": shape.statement,
            "truth": [
                f"{call.caller.number or _UNKNOWN} with {talk.to.number} {_for(talk.since, talk.until)}"
                for call in ended
                for talk in talks(call)
            ],
            "trunks": [_over(one) for call in ended for one in carried(call)],
            "rows": [{name: row[name] for name in shown} for row in rows],
        }


def _for(since: int, until: int) -> str:
    return "until the unit is switched off" if until == NEVER else f"for {(until - since) / SECOND:g} s"


def _over(one: Carried) -> str:
    """Return what a trunk carried, as a sentence has it."""
    number = one.number or _UNKNOWN
    way = f"in from {number}" if one.direction == "in" else f"out to {number}"
    answered = "never answered" if one.answered is None else f"answered {_for(one.answered, one.until)}"
    return f"{one.trunk} {way} {_for(one.since, one.until)}, {answered}"


def quirk_rows(personality: Personality | None = None, confidence: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the quirk register; only the rows a *personality* shows, with its values, and those of one *confidence*."""
    register = Quirks.of(personality) if personality else None
    for row in QUIRKS:
        if personality and register and not row.shows(personality.generation, register.values):
            continue
        if confidence and row.confidence != confidence:
            continue
        yield {
            "id": row.id,
            "default": register[row.id] if register else row.default,
            "values": _switch(row),
            "confidence": row.confidence,
            "personalities": row.shown,
            "source": row.source,
            "statement": row.statement,
            "changes": list(row.changes),
        }


def _switch(row: Quirk) -> str:
    """Return what the row can be set to, or why not here."""
    if row.setting:
        return f"set {row.setting} instead"
    if row.fixed:
        return f"always: {row.fixed}"
    return f"not simulated yet: comes with {row.later}" if row.later else row.allowed


def fault_rows() -> Iterator[dict[str, Any]]:
    """Yield the kinds of faults."""
    for kind in KINDS:
        yield {
            "id": kind.id,
            "plane": kind.plane,
            "fields": kind.told,
            "settled": kind.settled,
            "statement": kind.statement,
        }


def mark_rows() -> Iterator[dict[str, Any]]:
    """Yield the marks of client hygiene."""
    for mark in MARKS:
        yield {"id": mark.id, "right": mark.right, "statement": mark.statement}


def refusal_rows() -> Iterator[dict[str, Any]]:
    """Yield the codes of refusals: the check that gives each, and the row of the spec, the page or the fault it stands for."""
    for code in Code:
        yield {"id": code.slug, "check": code.check, "stands_for": code.row, "statement": code.statement}


def defect_rows(group: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the gallery of certificate defects, or one class of it; *unless* are the clients that do otherwise."""
    for defect in DEFECTS:
        if group in (None, defect.group):
            yield {
                "id": defect.id,
                "class": defect.group,
                "careful_client": defect.careful_client,
                "manner": defect.manner,
                "slow": defect.slow,
                "reference": defect.reference,
                "made": defect.made,
                "unless": [f"{client}: {why}" for client, why in defect.unless.items()],
                "statement": defect.statement,
            }


def column_rows() -> Iterator[dict[str, Any]]:
    """Yield the CDR columns."""
    for column in COLUMNS:
        yield {"id": column.name, "since": column.generation, "meaning": column.meaning}
