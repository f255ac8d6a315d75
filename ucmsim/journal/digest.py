"""Whether two runs were the same: the journal without what no run repeats, and its SHA-256. Pure.

Left out are wall-clock times and the marks that hang on them, ports, and the bytes below HTTP, which keys and signatures
decide. That the port closed and opened is told first, between which connections is chance; these are told in the order of
their accept, each with its exchanges after it. That the device reset one is told, but not which end closed first, which
is chance as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from ucmsim.journal.marks import MARKS
from ucmsim.journal.visits import BY_CLIENT, BY_DEVICE, RESET_BY_CLIENT

Entry = Mapping[str, Any]

_CLOSED = (BY_DEVICE, BY_CLIENT, RESET_BY_CLIENT)
_PACED = frozenset(mark.id for mark in MARKS if mark.paced)
_AUTHORITY = re.compile(r"((?:\[[^\]]*\]|[^:]+)):\d*")
_URL = re.compile(r"(\bhttps?://(?:\[[^\]]*\]|[^\s/?#:]+)):\d+", re.IGNORECASE)
_CHANCE = ("id", "wall", "port", "seconds", "left", "received", "sent", "acknowledged", "delivered")


def normalised(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """Yield *entries* as far as two runs with the same seed, the same clock and the same client have them in common."""
    numbered = sorted(
        entries, key=lambda entry: (entry.get("connection", 0), entry["kind"] != "connection", entry["id"])
    )
    for entry in numbered:
        told = {key: value for key, value in entry.items() if key not in _CHANCE}
        told["marks"] = [mark for mark in entry["marks"] if mark not in _PACED]
        if "request" in told:
            told["request"] = _portless_request(told["request"])
        elif "address" in told:
            told["address"] = _portless(told["address"])
        elif told["ended"] in _CLOSED:
            told["ended"] = ""
        yield told


def digest(entries: Iterable[Entry]) -> str:
    """Return the SHA-256 of the normalised *entries*, in hexadecimal."""
    found = sha256()
    for entry in normalised(entries):
        found.update(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    return found.hexdigest()


def _portless_request(request: Entry) -> dict[str, Any]:
    """Return *request* without the port in Host and in URLs, such as a target in absolute form: the system may choose it."""
    lines = [
        [name, _portless(value) if name.lower() == "host" else _URL.sub(r"\1", value)]
        for name, value in request["headers"]
    ]
    return {**request, "target": _URL.sub(r"\1", request["target"]), "headers": lines}


def _portless(authority: str) -> str:
    """Return *authority*, a host with or without a port, without it; what is neither stays whole, an address without brackets too."""
    found = _AUTHORITY.fullmatch(authority)
    return found[1] if found else authority
