"""`python -m bench.faulted`: what a thousand connections under a fault cost, beside a thousand that nothing is wrong with.

Each fault has a ucmsim in a new process, and all have one beside them that no fault was ever armed on and as many connections
are held to. The fault is for those that are held; another client asks meanwhile, one small question after another on new
connections, this one and the one beside it by turns.
"""

from __future__ import annotations

import argparse
import http.client
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.proc import cpu_ms, rss_mb
from ucmsim.child import Child
from ucmsim.client import ControlClient

HELD = "127.0.0.2"
CONNECTIONS, ASKED, ARMED = 1000, 200, 20
SMALL = "/cdrapi?format=json&numRecords=1"
MOST_ARMING = 100.0
"""Milliseconds that arming or clearing may take while all are held."""
UNFAULTED = "no fault"

FAULTS: Mapping[str, tuple[dict[str, Any] | None, str]] = {
    UNFAULTED: (None, "idle"),
    "no fault, and nobody reads": (None, "/cdrapi?format=json"),
    "tcp.mute": ({"fault": "tcp.mute"}, "hello"),
    "tls.slow-flight": ({"fault": "tls.slow-flight", "bytes": 1, "seconds": 60}, "hello"),
    "http.latency": ({"fault": "http.latency", "seconds": 600}, SMALL),
    "http.stall": ({"fault": "http.stall"}, "/cdrapi?format=json"),
    "http.drip": ({"fault": "http.drip", "bytes": 1, "seconds": 1}, "/cdrapi?format=json"),
}
"""What is armed for those that are held, and what they do; those without a fault have shaken hands and say nothing, or
have asked for a page of 600 kB and do not read it, of which the kernel takes what it can."""

_SETTINGS = {
    "clock": {"start": "2026-03-01T00:00:00Z", "rate": 0},
    "history": {"days": 3, "calls_per_day": 400},
    "quirks": {"session-cap": "none"},
    "api": {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]},
}
_LIMIT = 120.0
_LOOK = 0.5
_HOLDING = str(Path(__file__).with_name("holding.py"))


@dataclass(frozen=True, slots=True)
class Held:
    """One server with its *connections* held, megabytes of it *before*, while and *after* they are there and armed.

    *p50* and *p99* are milliseconds of a small question asked meanwhile, *beside* the median of the server beside it, *cpu* this server's milliseconds for each,
    *arming* and *clearing* the median milliseconds of a request to the control plane that does it.
    """

    fault: str
    connections: int
    before: float
    held: float
    after: float
    p50: float
    p99: float
    beside: float
    cpu: float
    arming: float
    clearing: float

    @property
    def each(self) -> float:
        """The kilobytes that each connection takes."""
        return (self.held - self.before) * 1024 / self.connections


def measured(*, connections: int = CONNECTIONS, tell: Callable[[str], None]) -> list[Held]:
    """Return a measurement of every fault, the unfaulted one first."""
    found = []
    with _running() as (_, _, beside), holding(_port(beside), connections, "idle"):
        for fault, (spec, manner) in FAULTS.items():
            tell(f"{connections} connections: {fault}")
            found.append(_measured(fault, spec, manner, connections, beside))
    return found


class Asked(NamedTuple):
    """Where a PBX is asked: its URL, and the file to trust."""

    url: str
    ca: str


@contextmanager
def _running() -> Iterator[tuple[Child, ControlClient, Asked]]:
    """Run a ucmsim with one PBX that has been asked already, so that nothing is measured that happens once."""
    child = Child()
    try:
        where = child.ready["control"]
        control = ControlClient(where["url"], where["token"])
        place = control.create_pbx("bench", _SETTINGS)
        asked = Asked(place.url or "", place.ca)
        _by_turns(20, asked)
        yield child, control, asked
    finally:
        child.stop()


def _measured(fault: str, spec: dict[str, Any] | None, manner: str, connections: int, beside: Asked) -> Held:
    with _running() as (child, control, place):
        before = rss_mb(child.pid)
        if spec is not None:
            control.arm_fault("bench", {**spec, "when": {"client": HELD}})
        with holding(_port(place), connections, manner) as close:
            _calm(child.pid)
            used = cpu_ms(child.pid)
            took, others = _by_turns(ASKED, place, beside)
            used = (cpu_ms(child.pid) - used) / ASKED
            arming, clearing = _armed(control, spec)
            held = rss_mb(child.pid)
            close()
        _calm(child.pid)
        after = rss_mb(child.pid)
    p50, p99 = median(took), quantiles(took, n=100)[98]
    pace = (median(arming), median(clearing))
    return Held(fault, connections, before, held, after, p50, p99, median(others), used, *pace)


def _port(place: Asked) -> int:
    return urlsplit(place.url).port or 0


@contextmanager
def holding(port: int, connections: int, manner: str) -> Iterator[Callable[[], None]]:
    """Hold *connections* to *port* as long as this lasts, or until what is yielded is called."""
    command = [sys.executable, _HOLDING, str(port), str(connections), manner]
    with ExitStack() as stack:
        clients = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(clients.terminate)
        assert clients.stdin is not None
        assert clients.stdout is not None
        said = clients.stdout.readline()
        if said != f"{connections} are open\n":
            raise SystemExit(f"bench: the connections were not opened: {said!r}")
        inlet, outlet = clients.stdin, clients.stdout

        def close() -> None:
            inlet.close()
            outlet.readline()

        yield close


def _by_turns(count: int, *places: Asked) -> list[list[float]]:
    """Ask each of *places* a small question so often, on a new connection each; return the milliseconds that each took."""
    contexts = [ssl.create_default_context(cafile=place.ca) for place in places]
    took: list[list[float]] = [[] for _ in places]
    for _ in range(count):
        for place, context, times in zip(places, contexts, took, strict=True):
            times.append(_asked(place, context))
    return took


def _asked(place: Asked, context: ssl.SSLContext) -> float:
    began, at = time.perf_counter(), urlsplit(place.url)
    connection = http.client.HTTPSConnection(at.hostname or "", at.port, timeout=_LIMIT, context=context)
    connection.request("GET", SMALL)
    with connection.getresponse() as answer:
        if answer.status != 200 or not answer.read():
            raise SystemExit(f"bench: a question beside the held connections was answered {answer.status}")
    connection.close()
    return (time.perf_counter() - began) * 1000


def _armed(control: ControlClient, spec: dict[str, Any] | None) -> tuple[list[float], list[float]]:
    """Arm one fault, and clear all that are armed, so often; return the milliseconds of each arming and each clearing."""
    arming, clearing = [], []
    for _ in range(ARMED):
        began = time.perf_counter()
        control.arm_fault("bench", {"fault": "http.status", **(spec or {}), "when": {"client": HELD}})
        armed = time.perf_counter()
        control.clear_faults("bench")
        arming.append((armed - began) * 1000)
        clearing.append((time.perf_counter() - armed) * 1000)
    return arming, clearing


def _calm(pid: int) -> None:
    """Wait until the server has done what it has to do: it is busy for less than a fifth of half a second."""
    until = time.monotonic() + _LIMIT
    while time.monotonic() < until:
        before = cpu_ms(pid)
        time.sleep(_LOOK)
        if cpu_ms(pid) - before < _LOOK * 1000 / 5:
            return


def as_json(found: list[Held]) -> list[dict[str, Any]]:
    """Return the measurements, each with its ratios: memory to the first, which is unfaulted."""
    first = found[0]
    return [
        {
            **{key: value if isinstance(value, str | int) else round(value, 2) for key, value in asdict(one).items()},
            "kb_each": round(one.each, 1),
            "memory_ratio": round(one.each / first.each, 2),
            "p50_ratio": round(one.p50 / one.beside, 2),
            "wanted_ms": MOST_ARMING,
            "met": max(one.arming, one.clearing) < MOST_ARMING,
        }
        for one in found
    ]


COLUMNS = ["connections held under", "KB each", "of no fault", "RSS MB before", "held", "after", "p50 ms", "of the one beside", "p99 ms",
           "CPU ms/answer", "arming ms", "clearing ms", "wanted ms"]  # fmt: skip


def rows(found: list[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of a table of what `as_json` gave."""
    return [
        [
            one["fault"], f"{one['kb_each']:.0f}", f"{one['memory_ratio']:.2f}", f"{one['before']:.0f}", f"{one['held']:.0f}",
            f"{one['after']:.0f}", f"{one['p50']:.1f}", f"{one['p50_ratio']:.2f}", f"{one['p99']:.1f}", f"{one['cpu']:.2f}",
            f"{one['arming']:.1f}", f"{one['clearing']:.1f}", f"< {one['wanted_ms']:.0f} ({'met' if one['met'] else 'missed'})",
        ]
        for one in found
    ]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.faulted", description=__doc__)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    measurements = as_json(
        measured(connections=options.connections, tell=lambda what: print(f"bench: {what}", file=sys.stderr))
    )
    if options.json:
        print(json.dumps(measurements, indent=2))
    else:
        from bench.report import aligned

        print(aligned(COLUMNS, rows(measurements)))
