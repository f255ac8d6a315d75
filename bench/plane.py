"""`python -m bench.plane`: how long the control plane takes while clients pull full pages and others are stalled by a fault.

One ucmsim with one PBX. Each route is asked in turn, one request at a time on a new connection, as a test would.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from bench.faulted import HELD, holding
from ucmsim.child import Child
from ucmsim.client import ControlClient

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
_FAULT = {"fault": "http.latency", "seconds": 0.0, "name": "bench", "when": {"client": "192.0.2.1"}}
_CALL = {"shape": "answered", "from": "1001", "to": "1002", "talk": 10}


ROUTES: Mapping[str, tuple[str, str, object]] = {
    "status": ("GET", "/v1/status", None),
    "pbx": ("GET", "/v1/pbxs/bench", None),
    "arm a fault": ("POST", "/v1/pbxs/bench/faults", _FAULT),
    "disarm it": ("DELETE", "/v1/pbxs/bench/faults/bench", None),
    "clock": ("GET", "/v1/pbxs/bench/clock", None),
    "place a call": ("POST", "/v1/pbxs/bench/calls", _CALL),
    "journal, 100": ("GET", "/v1/pbxs/bench/journal?limit=100", None),
    "journal, last 10": ("GET", "/v1/pbxs/bench/journal?last=10", None),
    "ledger, 100": ("GET", "/v1/pbxs/bench/ledger?limit=100", None),
    "ledger, never": ("GET", "/v1/pbxs/bench/ledger?limit=100&delivered=never", None),
    "metrics": ("GET", "/metrics", None),
}
"""What is asked, by its name: method, path and body."""


def measured(*, asked: int = ASKED, stalled: int = STALLED, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the milliseconds of each route, and of all of them together."""
    child = Child()
    try:
        where = child.ready["control"]
        client = ControlClient(where["url"], where["token"])
        place = client.create_pbx("bench", _SETTINGS)
        port = urlsplit(place.url or "").port or 0
        client.arm_fault("bench", {"fault": "http.stall", "when": {"client": HELD}})
        tell(f"{stalled} connections stalled, {CLIENTS} clients pulling full pages")
        with holding(port, stalled, PAGE), _pulling(port, place.ca) as pages:
            began = time.monotonic()
            took = _by_turns(client, asked)
            seconds = time.monotonic() - began
            pulled = pages()
    finally:
        child.stop()
    every = [one for times in took.values() for one in times]
    return {
        "clients": CLIENTS,
        "stalled": stalled,
        "pages_per_second": round(pulled / seconds, 1),
        "routes": [{"route": name, **_figures(times)} for name, times in took.items()],
        "all": _figures(every),
        "wanted_ms": WANTED,
        "met": _p99(every) <= WANTED,
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


def _by_turns(client: ControlClient, count: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in ROUTES}
    for _ in range(count):
        for name, (method, path, body) in ROUTES.items():
            took[name].append(_asked(client, method, path, body))
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
    return quantiles(times, n=100)[98] if len(times) > 1 else times[0]


COLUMNS = ["control plane, asked for", "p50 ms", "p99 ms", "most ms", "wanted ms"]


def rows(found: Mapping[str, Any]) -> list[list[str]]:
    """Return the cells of a table of what `measured` gave."""
    wanted = f"<= {found['wanted_ms']:.0f} ({'met' if found['met'] else 'missed'})"
    told = [
        *found["routes"],
        {"route": f"all, while {found['pages_per_second']} pages a second are pulled", **found["all"]},
    ]
    cells = [[one["route"], f"{one['p50']:.1f}", f"{one['p99']:.1f}", f"{one['most']:.1f}", ""] for one in told]
    cells[-1][-1] = wanted
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
