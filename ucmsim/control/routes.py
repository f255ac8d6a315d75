"""The table of routes, and which of them a path that is none is near to."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import zip_longest

from ucmsim.certificates.keyfiles import LIMIT
from ucmsim.control import (
    api,
    calls,
    clock,
    events,
    faults,
    identity,
    journal,
    ledger,
    metrics,
    pbxs,
    process,
    snapshots,
)
from ucmsim.control.answer import Answer
from ucmsim.errors import did_you_mean
from ucmsim.service.journalstream import JournalStream

Handler = Callable[..., Answer | Awaitable[Answer]]
"""Takes the `Plane`, the names in the path, and `body` and `query` where the route has them, each by its name."""

BODY = 1 << 20
"""Bytes that a body may have."""
UPLOADS = 2 * (LIMIT + LIMIT // 8)
"""Those of one with a key and a certificate: JSON writes each of their line ends in two letters."""


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: `{name}` in the path is an argument of its *handler*, *open* needs no token.

    The handler gets what stands in the *query*, if the route has one; its body may be one of *many*, a list, and may be
    left out where it is *bare*. *events* answers, with a stream, who accepts server-sent events. More than *limit* bytes of
    a body are not taken.
    """

    method: str
    path: str
    handler: Handler
    statement: str
    open: bool = False
    query: bool = False
    many: bool = False
    bare: bool = False
    events: Callable[..., Awaitable[JournalStream]] | None = None
    limit: int = BODY
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Every second part is a name, and what stands between them means itself.
        parts = re.split(r"\{(\w+)\}", self.path)
        spelt = "".join(f"(?P<{part}>[^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
        object.__setattr__(self, "_pattern", re.compile(spelt))

    def matches(self, path: str) -> dict[str, str] | None:
        """Return the names in *path*, None if this is not its route."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None

    def like(self, path: str) -> str:
        """Return the path of this route with the names that stand in *path* where this has its own."""
        pairs = zip_longest(self.path.split("/"), path.split("/")[: self.path.count("/") + 1], fillvalue="")
        return "/".join((there or own) if own.startswith("{") else own for own, there in pairs)


def nearest(method: str, path: str) -> str:
    """Return what is said of a *path* where there is nothing: the one most like it, or one of what *method* can be used on."""
    if path.endswith("/") and (there := further(method, path.removesuffix("/"))):
        return f"{method} goes to one of these: {there}"
    return did_you_mean(path, [route.like(path) for route in ROUTES])


def further(method: str, path: str) -> str:
    """Return where *method* can be used that cannot at *path*: on one of what is listed there; "" if nowhere."""
    found = (route for route in ROUTES if route.method == method and route.path.endswith("}"))
    return next((route.like(path) for route in found if route.matches(f"{path}/x")), "")


# fmt: off
ROUTES = (
    Route("GET",    "/healthz", process.health, "the process answers", open=True),
    Route("GET",    "/readyz", process.readiness, "everything listens; the instance id", open=True),
    Route("GET",    "/metrics", metrics.metrics, "what every PBX has counted, as Prometheus reads it"),
    Route("GET",    "/v1/status", process.status, "instance, version, seed, names of the PBXs, and the time of its machine"),
    Route("GET",    "/v1/openapi.json", process.openapi, "this interface as an OpenAPI 3.1 document"),
    Route("GET",    "/v1/pbxs", pbxs.pbxs, "every PBX"),
    Route("POST",   "/v1/pbxs", pbxs.create_pbx, "a new PBX: as in sim.yaml, plus name"),
    Route("GET",    "/v1/pbxs/{pbx}", pbxs.pbx, "one PBX"),
    Route("PUT",    "/v1/pbxs/{pbx}", pbxs.put_pbx, "a PBX as in sim.yaml, what is left out being the default: made or changed; the same again changes nothing"),
    Route("PATCH",  "/v1/pbxs/{pbx}", pbxs.change_pbx, "change settings of a PBX by a JSON merge patch"),
    Route("DELETE", "/v1/pbxs/{pbx}", pbxs.delete_pbx, "stop a PBX and erase its keys and history on disk"),
    Route("POST",   "/v1/pbxs/{pbx}/reset", pbxs.reset_pbx, "a new universe as its settings make it; port and identity stay", bare=True),
    Route("POST",   "/v1/pbxs/{pbx}/snapshot", snapshots.snapshot, "write a PBX to a file, an absolute path: settings, history, spool, clock, faults, nonces"),
    Route("POST",   "/v1/pbxs/{pbx}/restore", snapshots.restore, "let a PBX go on as it is in such a file; port and identity stay"),
    Route("GET",    "/v1/pbxs/{pbx}/api", api.api, "the device's API Configuration page, without the password"),
    Route("PATCH",  "/v1/pbxs/{pbx}/api", api.change_api, "change settings of that page, at once; key and certificate as files or as PEM text", limit=UPLOADS),
    Route("GET",    "/v1/pbxs/{pbx}/identity", identity.identity, "what is shown in a handshake: certificate, names, validity, defect"),
    Route("PUT",    "/v1/pbxs/{pbx}/identity", identity.show_identity, "show a defect, or a certificate with its key, or one that ends soon, or with {} the good one, from the next handshake on", limit=UPLOADS),
    Route("GET",    "/v1/pbxs/{pbx}/clock", clock.clock, "the PBX clock: now in UTC, the same in the PBX's zone, rate, and the world's time"),
    Route("PUT",    "/v1/pbxs/{pbx}/clock", clock.change_clock, "move the PBX clock: now, advance or step, and rate, time_zone"),
    Route("GET",    "/v1/pbxs/{pbx}/calls", calls.calls, "what really happened in each call that is over, in microseconds of UTC, with its rows, page by page", query=True),
    Route("POST",   "/v1/pbxs/{pbx}/calls", calls.place_call, "let a call happen, or a list of them: shape, from, to, and at or delay, ring, talk, phones, target, trunk, code, recorded", many=True),
    Route("DELETE", "/v1/pbxs/{pbx}/cdrs", calls.delete_cdrs, "delete every CDR, as on the device's own page; recordings stay"),
    Route("GET",    "/v1/pbxs/{pbx}/faults", faults.faults, "the armed faults with their counters, or with gone=yes those that no longer are", query=True),
    Route("POST",   "/v1/pbxs/{pbx}/faults", faults.arm_fault, "arm a fault"),
    Route("DELETE", "/v1/pbxs/{pbx}/faults", faults.clear_faults, "disarm every fault"),
    Route("PATCH",  "/v1/pbxs/{pbx}/faults/{name}", faults.change_fault, "change fields or terms of a fault; its counters go on"),
    Route("DELETE", "/v1/pbxs/{pbx}/faults/{name}", faults.disarm_fault, "disarm a fault"),
    Route("GET",    "/v1/pbxs/{pbx}/ledger", ledger.ledger, "the same calls, and which exchanges carried each row and recording, whole or not; with imported rows", query=True),
    Route("GET",    "/v1/pbxs/{pbx}/journal", journal.journal, "connections and exchanges, with filters and paging, or as server-sent events", query=True, events=events.events),
)
# fmt: on
