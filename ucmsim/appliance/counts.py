"""What has happened on one PBX, in numbers: a fold of the events of its journal, from when it began. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ucmsim.http.request import handler_of

Event = Mapping[str, Any]

_PATHS = ("cdrapi", "recapi")
OTHER = "other"
"""The path of every request for something that the device does not serve."""
_PORT = ("tcp.refuse", "api.disabled")
"""Kinds of faults that keep the port closed: they fire when it closes, whoever is cut by that."""
_AT_ACCEPT = ("tcp", "tls")
"""Planes whose faults fire once a connection, however many requests are on it."""
_DROPS = "api.deny"
"""Fires at accept too, and then there is no request."""


@dataclass(slots=True)
class Counts:
    """Numbers of events: *requests* by path and status, *refusals* by code, *faults* that fired by kind, *verdicts* by word.

    *rows* are those of the pages that were made and answered with a body, however much of it went out, *delivered* those that went
    out whole on *connections* that are over, *bytes* those of heads and bodies that were handed out.
    """

    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    delivered: int = 0
    bytes: int = 0
    connections: int = 0

    def take(self, event: Event) -> None:
        """Count *event*."""
        if (refusal := event["refusal"]) is not None:
            self.refusals[refusal["code"]] += 1
        self.faults.update(_fired(event))
        match event["kind"]:
            case "exchange":
                self.requests[path_of(event["request"]["target"]), str(event["reply"]["status"])] += 1
                self.bytes += event["head_bytes"] + event["bytes"]
                self.rows += (event["rows"] or 0) if event["bytes"] else 0
            case "connection":
                self.connections += 1
                self.delivered += event.get("delivered") or 0  # one of an older journal has none
                self.verdicts[event["verdict"]] += 1


def path_of(target: str) -> str:
    """Return the path of a *target* as it is counted: one that the device serves, or `OTHER`, so that there are few."""
    handler = handler_of(target.partition("?")[0])
    return f"/{handler}" if handler in _PATHS else OTHER


def _fired(event: Event) -> Iterator[str]:
    """Yield the kind of each fault that fired with *event*: an exchange names those of its connection as well."""
    for kind in event["kinds"]:
        at_accept = kind.partition(".")[0] in _AT_ACCEPT
        match event["kind"]:
            case "exchange":
                fired = not at_accept and kind not in _PORT
            case "connection":
                fired = (at_accept and kind not in _PORT) or kind == _DROPS
            case _:
                fired = kind in _PORT and not event["listens"]
        if fired:
            yield kind
