"""The journal for other tools: JSON lines and HAR 1.2. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from ucmsim import __version__
from ucmsim.journal.replay import lacking

Entry = Mapping[str, Any]


def json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield each of *entries* as one line of JSON, without its end."""
    return (json.dumps(entry, ensure_ascii=False) for entry in entries)


def har(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return the exchanges among *entries* as an HTTP Archive; what HAR has no place for stands in ``_ucmsim``."""
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "ucmsim", "version": __version__},
            "entries": [_har_entry(entry) for entry in entries if entry["kind"] == "exchange"],
        }
    }


def _header(request: Mapping[str, Any], name: str) -> str | None:
    return next((value for key, value in request["headers"] if key.lower() == name), None)


def _har_entry(entry: Entry) -> dict[str, Any]:
    request, reply = entry["request"], entry["reply"]
    target, host = request["target"], _header(request, "host") or "pbx"
    milliseconds = entry["seconds"] * 1000
    posted = {
        "postData": {
            "mimeType": _header(request, "content-type") or "application/x-www-form-urlencoded",
            "text": request["form"],
            "params": [],
        }
    }
    return {
        "startedDateTime": entry["wall"] or "1970-01-01T00:00:00.000000+00:00",
        "time": milliseconds,
        "request": {
            "method": request["method"],
            "url": f"https://{host}{target}" if target.startswith("/") else target,
            "httpVersion": request["version"] or "HTTP/1.1",
            "cookies": [],
            "headers": _har_headers(request["headers"]),
            "queryString": [
                {"name": name, "value": value}
                for name, value in parse_qsl(
                    target.partition("?")[2], keep_blank_values=True, errors="backslashreplace"
                )
            ],
            "headersSize": -1,
            "bodySize": len(request["form"]),
            **(posted if request["form"] else {}),
        },
        "response": {
            "status": reply["status"],
            "statusText": reply["title"],
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _har_headers(reply["headers"]),
            "content": {
                "size": entry["bytes"],
                "mimeType": next((value for name, value in reply["headers"] if name.lower() == "content-type"), ""),
            },
            "redirectURL": "",
            "headersSize": entry["head_bytes"],
            "bodySize": entry["bytes"],
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "connection": str(entry["connection"]),
        "comment": _comment(entry),
        "_ucmsim": {key: entry.get(key) for key in _OWN},
    }


_OWN = (
    "id",
    "pbx_clock",
    "peer",
    "port",
    "check",
    "refusal",
    "faults",
    "kinds",
    "rows",
    "acctids",
    "delivered",
    "marks",
    "ended",
    "left",
)


def _har_headers(lines: Iterable[list[str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in lines]


def _comment(entry: Entry) -> str:
    """Return why it was refused, and what of the request is not in the archive: what is masked or cut is another request."""
    refusal, lacks = entry["refusal"], ", ".join(lacking(entry["request"]))
    said = [f"{refusal['code']}: {refusal['sentence']}"] if refusal else []
    return "; ".join([*said, f"not the whole request: {lacks}"] if lacks else said)
