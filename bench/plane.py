"""`python -m bench.plane`: how long the control plane takes while clients pull full pages and others are stalled by a fault.

One ucmsim with one PBX that clients pull from, and one beside it that comes and goes. Each route is asked in turn, one
request at a time on a new connection, as a test would.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.faulted import HELD, holding
from ucmsim.child import Child
from ucmsim.client import ControlClient
from ucmsim.progress import watched

CLIENTS, STALLED, ASKED = 8, 500, 200
_LIMIT = 120.0
WANTED = 100.0
"""Milliseconds that 99 of 100 requests to the control plane may take."""
PAGE = "/cdrapi?format=json&numRecords=1000"
_PULLING = str(Path(__file__).with_name("pulling.py"))
_SETTINGS = {
    "personality": "ucm6510",
    "clock": {"start": "2026-03-01T00:00:00Z", "rate": 0},
    "history": {"days": 4, "calls_per_day": 400},
    "quirks": {"session-cap": "none"},
    "api": {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]},
}
_BESIDE = {**_SETTINGS, "history": {"days": 0, "calls_per_day": 400}, "traffic": {"live": True}}
_OTHER = {**_BESIDE, "quirks": {"session-cap": "none", "acctid-gaps": 2}}
_FAULT = {"fault": "http.latency", "seconds": 0.0, "name": "bench", "when": {"client": "192.0.2.1"}}
_CALL = {"shape": "answered", "from": "1001", "to": "1002", "talk": 10}


class Route(NamedTuple):
    """What is asked by a *name*; a *whole* PBX begins with it, stands anew, is written or ends, which is long by nature."""

    name: str
    method: str
    path: str
    body: object = None
    whole: bool = False


def routes(folder: str) -> Sequence[Route]:
    """Return all that is asked, in order; snapshots go to *folder*."""
    pulled, beside = "/v1/pbxs/bench", "/v1/pbxs/beside"
    return (
        Route("status", "GET", "/v1/status"),
        Route("pbx", "GET", pulled),
        Route("arm a fault", "POST", f"{pulled}/faults", _FAULT),
        Route("disarm it", "DELETE", f"{pulled}/faults/bench"),
        Route("clock", "GET", f"{pulled}/clock"),
        Route("identity", "GET", f"{pulled}/identity"),
        Route("place a call", "POST", f"{pulled}/calls", _CALL),
        Route("journal, 100", "GET", f"{pulled}/journal?limit=100"),
        Route("journal, last 10", "GET", f"{pulled}/journal?last=10"),
        Route("calls, 100", "GET", f"{pulled}/calls?limit=100"),
        Route("ledger, 100", "GET", f"{pulled}/ledger?limit=100"),
        Route("ledger, never", "GET", f"{pulled}/ledger?limit=100&delivered=never"),
        Route("metrics", "GET", "/metrics"),
        Route("snapshot of a PBX", "POST", f"{pulled}/snapshot", {"file": f"{folder}/bench.zip"}, whole=True),
        Route("create a PBX", "POST", "/v1/pbxs", {"name": "beside", **_BESIDE}, whole=True),
        Route("put the same", "PUT", beside, _BESIDE),
        Route("put it changed", "PUT", beside, _OTHER, whole=True),
        Route("patch its API page", "PATCH", beside, {"api": {"permitted_ips": ["127.0.0.0/8", "192.0.2.1"]}}),
        Route("show a defect", "PUT", f"{beside}/identity", {"defect": "expired"}),
        Route("clock, an hour on", "PUT", f"{beside}/clock", {"advance": 3600}),
        Route("reset a PBX", "POST", f"{beside}/reset", whole=True),
        Route("delete a PBX", "DELETE", beside, whole=True),
    )


def measured(*, asked: int = ASKED, stalled: int = STALLED, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the milliseconds of each route, and of all of them together."""
    tell("a PBX that clients pull from")
    child = Child()
    try:
        where = child.ready["control"]
        client = ControlClient(where["url"], where["token"])
        place = client.create_pbx("bench", _SETTINGS)
        port = urlsplit(place.url or "").port or 0
        client.arm_fault("bench", {"fault": "http.stall", "when": {"client": HELD}})
        tell(f"{stalled} connections to be stalled")
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ucmsim-bench-plane-"))
            stack.enter_context(holding(port, stalled, PAGE))
            pages = stack.enter_context(_pulling(port, place.ca))
            every = routes(folder)
            tell(f"{CLIENTS} clients pull full pages, and {len(every)} requests are made {asked} times")
            began = time.monotonic()
            took = _by_turns(client, every, asked)
            seconds = time.monotonic() - began
            pulled = pages()
    finally:
        child.stop()
    all_of_it = [one for times in took for one in times]
    short = [one for route, times in zip(every, took, strict=True) if not route.whole for one in times]
    return {
        "clients": CLIENTS,
        "stalled": stalled,
        "pages_per_second": round(pulled / seconds, 1),
        "routes": [
            {"route": route.name, "whole": route.whole, **_figures(times)}
            for route, times in zip(every, took, strict=True)
        ],
        "short": _figures(short),
        "all": _figures(all_of_it),
        "wanted_ms": WANTED,
        "met": _p99(all_of_it) <= WANTED,
        "met_but_whole": _p99(short) <= WANTED,
    }


@contextmanager
def _pulling(port: int, ca: str) -> Iterator[Callable[[], int]]:
    """Let clients pull pages while this lasts; what is yielded ends them and returns how many they had."""
    command = [sys.executable, _PULLING, str(port), ca, str(CLIENTS), PAGE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
        assert clients.stdin is not None
        assert clients.stdout is not None
        if clients.stdout.readline() != "all were answered\n":
            raise SystemExit("bench: the clients that pull pages were not answered")
        inlet, outlet = clients.stdin, clients.stdout

        def ended() -> int:
            inlet.close()
            return int(outlet.readline())

        try:
            yield ended
        finally:
            clients.terminate()


def _by_turns(client: ControlClient, every: Sequence[Route], count: int) -> list[list[float]]:
    """Ask for each of *every* so often, and show how far that is on a terminal; return the milliseconds of each."""
    took: list[list[float]] = [[] for _ in every]
    for _ in watched(range(count), "asking for everything", count):
        for route, times in zip(every, took, strict=True):
            times.append(_asked(client, route.method, route.path, route.body))
    return took


def _asked(client: ControlClient, method: str, path: str, body: object) -> float:
    """Ask on a new connection, and return the milliseconds until all of the answer is there; what it says is not read."""
    place, headers = urlsplit(client.url), {"Authorization": f"Bearer {client.token}"}
    began = time.perf_counter()
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_LIMIT)
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    with connection.getresponse() as answer:
        answer.read()
        if answer.status >= 400:
            raise SystemExit(f"bench: {method} {path} was answered {answer.status}")
    connection.close()
    return (time.perf_counter() - began) * 1000


def _figures(times: list[float]) -> dict[str, float]:
    return {"p50": round(median(times), 1), "p99": round(_p99(times), 1), "most": round(max(times), 1)}


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100, method="inclusive")[98] if len(times) > 1 else times[0]


COLUMNS = ["control plane, asked for", "p50 ms", "p99 ms", "most ms", "wanted ms"]


def rows(found: Mapping[str, Any]) -> list[list[str]]:
    """Return the cells of a table of what `measured` gave."""
    verdicts = [
        f"<= {found['wanted_ms']:.0f} ({'met' if found[key] else 'missed'})" for key in ("met_but_whole", "met")
    ]
    told = [
        *({**one, "route": f"{one['route']} *" if one["whole"] else one["route"]} for one in found["routes"]),
        {"route": "all but those with *", **found["short"]},
        {"route": f"all, while {found['pages_per_second']} pages a second are pulled", **found["all"]},
    ]
    cells = [[one["route"], f"{one['p50']:.1f}", f"{one['p99']:.1f}", f"{one['most']:.1f}", ""] for one in told]
    cells[-2][-1], cells[-1][-1] = verdicts
    return cells


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.plane", description=__doc__)
    parser.add_argument("--asked", type=int, default=ASKED, help="how often each route is asked")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    measurement = measured(asked=options.asked, tell=lambda what: print(f"bench: {what}", file=sys.stderr))
    if options.json:
        print(json.dumps(measurement, indent=2))
    else:
        from bench.report import aligned

        print(aligned(COLUMNS, rows(measurement)))
