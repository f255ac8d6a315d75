"""The parameters of the control plane's lists, as an OpenAPI document has them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ucmsim.asking import callquery, faultquery
from ucmsim.calls.shapes import SHAPES
from ucmsim.entry import ANY
from ucmsim.journal import inquiry
from ucmsim.journal.marks import MARKS
from ucmsim.refusals import Code
from ucmsim.store.accounts import HOWS

Schema = Mapping[str, Any]

_TEXT: Schema = MappingProxyType({"type": "string"})
_INSTANT: Schema = MappingProxyType({"type": "string", "format": "date-time"})


def _number(least: int, most: int) -> Schema:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most}


_CALLS: Mapping[str, tuple[Schema, str]] = MappingProxyType({
    "limit": (_number(1, callquery.LONGEST_PAGE), "calls in one answer"),
    "after": (_number(0, callquery.LARGEST), "a call: those that were over later"),
    "began": (_number(0, callquery.LARGEST), "the call that began then, in microseconds of UTC since 1970"),
    "since": (_INSTANT, "calls that ended then or later"),
    "until": (_INSTANT, "calls that ended before then"),
    "session": (_TEXT, "the session of one of its CDRs"),
    "uniqueid": (_TEXT, "the uniqueid of one of its CDRs"),
    "shape": ({"enum": [one.id for one in SHAPES]}, "how the call went"),
})  # fmt: skip
_DELIVERED: Mapping[str, tuple[Schema, str]] = MappingProxyType({
    "delivered": ({"enum": list(HOWS)}, "how often its least delivered CDR went out whole"),
})  # fmt: skip
_JOURNAL: Mapping[str, Schema] = MappingProxyType({
    "kind": {"enum": list(inquiry.KINDS)},
    "since": _INSTANT,
    "until": _INSTANT,
    "clock": {"enum": list(inquiry.CLOCKS)},
    "peer": _TEXT,
    "path": {"type": "string", "pattern": "^/"},
    "status": {"type": "string", "pattern": "^[0-9]([0-9]{2}|xx)$"},
    "fault": _TEXT,
    "refusal": {"enum": [ANY, *(code.slug for code in Code)]},
    "mark": {"enum": [ANY, *(mark.id for mark in MARKS)]},
    "brief": {"enum": ["yes", "no"]},
    "after": _number(0, 10**18),
    "limit": _number(1, inquiry.MOST),
    "last": _number(1, inquiry.MOST),
})  # fmt: skip
_FAULTS: Mapping[str, tuple[Schema, str]] = MappingProxyType({
    "gone": ({"enum": list(faultquery.GONE)}, "instead those that are armed no more, the latest 1000 of this universe"),
})  # fmt: skip
_OF: Mapping[str, Mapping[str, tuple[Schema, str]]] = MappingProxyType({
    "calls": _CALLS,
    "faults": _FAULTS,
    "ledger": {**_CALLS, **_DELIVERED},
    "journal": {name: (_JOURNAL[name], said) for name, said in inquiry.PARAMETERS.items()},
})  # fmt: skip


def parameters(operation: str) -> list[dict[str, Any]]:
    """Return the parameters of the query of an *operation*, by its id."""
    return [
        {"name": name, "in": "query", "description": said, "schema": dict(schema)}
        for name, (schema, said) in _OF[operation].items()
    ]
