"""Tells an event in one clear line for people, in pieces that each have a manner. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from ucmsim.journal.entries import end_of
from ucmsim.journal.lines import PRINTABLE, plain

Entry = Mapping[str, Any]

Manner = Literal["time", "who", "what", "good", "asked", "bad", "figures", "refusal", "fault", "mark", "end"]
"""What a piece of a line tells, which decides its colour."""

_BYTES = ((1 << 20, "MB"), (1 << 10, "kB"))


def parts(entry: Entry, *, pbx: bool = False) -> list[tuple[Manner, str]]:
    """Return the pieces of the line about *entry*, whose PBX is named where there are several."""
    kind = entry["kind"]
    who = entry["address"] if kind == "listening" else f"{entry['peer']}:{entry['port']}"
    pieces: list[tuple[Manner, str]] = [
        ("time", _clock(entry["wall"])),
        ("who", f"{entry['pbx']} {who}" if pbx else who),
    ]
    pieces += _exchange(entry) if kind == "exchange" else _connection(entry) if kind == "connection" else _port(entry)
    if refusal := entry["refusal"]:
        hint = f" ({refusal['hint']})" if refusal["hint"] else ""
        pieces.append(("refusal", f"{refusal['code']}: {refusal['sentence']}{hint}"))
    elif entry.get("note"):
        pieces.append(("refusal", entry["note"]))
    if entry["faults"]:
        pieces.append(("fault", f"[{', '.join(entry['faults'])}]"))
    pieces += [("mark", f"!{mark}") for mark in entry["marks"]]
    if kind == "exchange" and (end := end_of(entry["ended"], entry.get("left"))):
        pieces.append(("end", end))
    return [(manner, plain(text, PRINTABLE, longest=2048)) for manner, text in pieces]


def noteworthy(entry: Entry) -> bool:
    """Return whether *entry* tells more than others do: a connection that served its requests is told by these."""
    if entry["kind"] != "connection":
        return True
    return not entry["requests"] or bool(entry["refusal"]) or bool(entry["marks"])


def _exchange(entry: Entry) -> Iterator[tuple[Manner, str]]:
    request, status = entry["request"], entry["reply"]["status"]
    yield "what", f"{request['method']} {request['target']}"
    yield _manner(status), str(status or "no answer")
    rows = "" if entry["rows"] is None else f"{entry['rows']} row{'' if entry['rows'] == 1 else 's'}, "
    yield "figures", f"{rows}{_size(entry['bytes'])}, {entry['seconds'] * 1000:.1f} ms"


def _manner(status: int) -> Manner:
    return "asked" if status == 401 else "good" if 0 < status < 400 else "bad"


def _connection(entry: Entry) -> Iterator[tuple[Manner, str]]:
    tls = entry["tls"]
    agreed = f"{tls['version']} {tls['cipher']}" if tls and tls["version"] else "no TLS"
    yield "what", f"connection {entry['connection']}: {agreed}"
    defect = f", shown {tls['defect']}: {entry['verdict']}" if tls and tls["defect"] else ""
    yield "figures", f"{entry['requests']} request{'' if entry['requests'] == 1 else 's'}{defect}, {entry['ended']}"


def _port(entry: Entry) -> Iterator[tuple[Manner, str]]:
    if entry["listens"]:
        yield "good", "the port is open again"
        yield "figures", f"closed for {entry['seconds']:.1f} s"
    else:
        yield "bad", "the port is closed"


def _clock(wall: str) -> str:
    """Return the time of day of an instant in UTC, to the millisecond."""
    return f"{wall[11:23]}Z" if wall else "-"


def _size(count: int) -> str:
    for unit, name in _BYTES:
        if count >= 10 * unit:
            return f"{count // unit} {name}"
    return f"{count} B"
