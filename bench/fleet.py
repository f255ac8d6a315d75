"""`python -m bench.fleet`: what PBXs cost a test suite and a rig, beside Twisted's own web server in the same run.

A session's first PBX, each further one over the control plane, the end of the process, and many PBXs of one template.
"""

from __future__ import annotations

import argparse
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.request import urlopen

from bench import history
from bench.machine import Cores
from bench.proc import rss_mb
from bench.servers import NotStarted, bare_web
from ucmsim.child import Child
from ucmsim.client import ControlClient

MANY = 500
ROWS = 200
_LIMIT = 120.0
_API: Mapping[str, Any] = {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]}


class Goal(NamedTuple):
    """A figure: what it is called by programs and by people, its unit, and the most that it may be."""

    id: str
    label: str
    unit: str
    most: float


GOALS = (
    Goal("first", "first PBX of a session until it answers, above bare `twisted web`", "s", 0.6),
    Goal("up", f"a further PBX with {ROWS} imported rows, POST until 201", "ms", 30),
    Goal("down", "the same PBX, DELETE until 204", "ms", 20),
    Goal("end", "end of the child process", "ms", 200),
    Goal("many", f"{MANY} PBXs of a template, process start until the ready report", "s", 8),
    Goal("memory", f"{MANY} PBXs of a template, resident", "MB", 300),
)


@dataclass(slots=True)
class Figures:
    """What was measured, by the id of its goal, and the seconds of bare Twisted that the first PBX is compared with."""

    found: dict[str, list[float]] = field(default_factory=lambda: {goal.id: [] for goal in GOALS})
    bare: list[float] = field(default_factory=list)


def measured(
    home: Path, few: Path, *, sessions: int, further: int, fleets: int, tell: Callable[[str], None]
) -> Figures:
    """Measure everything in the folder *home*; the file *few* is what a PBX imports.

    Sessions and bare Twisted are started by turns; the first of each, which fills the file cache, does not count.
    """
    home.mkdir()
    figures = Figures()
    settings = {"api": _API, "history": {"import": str(few)}}
    for number in range(sessions + 1):
        tell(f"session {number} of {sessions}" if number else "session, not counted")
        with bare_web(home / f"web-{number}", Cores(None, None)) as server:
            bare = server.accepted
        session = _session(settings, further if number == sessions else 0)
        if number:
            figures.bare.append(bare)
            figures.found["first"].append(session.first - bare)
            figures.found["end"].append(session.end * 1000)
        figures.found["up"] += session.up
        figures.found["down"] += session.down
    for number in range(fleets):
        tell(f"{MANY} PBXs, {number + 1} of {fleets}")
        seconds, megabytes = _many(home / f"many-{number}")
        figures.found["many"].append(seconds)
        figures.found["memory"].append(megabytes)
    return figures


class _Session(NamedTuple):
    """Seconds until the first PBX answered and until the child was gone, milliseconds of each further PBX."""

    first: float
    up: list[float]
    down: list[float]
    end: float


def _session(settings: Mapping[str, Any], further: int) -> _Session:
    """Do what the pytest fixture does: a child, a PBX that is asked, *further* ones one after another, and the end."""
    began = time.monotonic()
    child = Child()
    try:
        control = ControlClient(child.ready["control"]["url"], child.ready["control"]["token"])
        pbx = control.create_pbx("first", settings)
        context = ssl.create_default_context(cafile=pbx.ca)
        urlopen(f"{pbx.url}/cdrapi?format=json&numRecords=1", timeout=_LIMIT, context=context).read()
        first = time.monotonic() - began
        up, down = [], []
        for number in range(further):
            since = time.monotonic()
            control.create_pbx(f"test-{number}", settings)
            up.append((time.monotonic() - since) * 1000)
            since = time.monotonic()
            control.delete_pbx(f"test-{number}")
            down.append((time.monotonic() - since) * 1000)
    finally:
        since = time.monotonic()
        child.stop()
        end = time.monotonic() - since
    return _Session(first, up, down, end)


def _many(home: Path) -> tuple[float, float]:
    """Start many PBXs of a template; return the seconds until all listen, and the megabytes that the process has then."""
    home.mkdir()
    sites = {"count": MANY, "api": {**_API, "tls_authentication_name": "user-{n}"}, "history": {"days": 0}}
    (home / "sim.yaml").write_text(json.dumps({"pbxs": {"site-{n}": sites}}))
    report, told = os.pipe()
    command = [
        sys.executable,
        "-P",
        "-m",
        "twisted",
        "ucmsim",
        "--config",
        "sim.yaml",
        "--ready-file",
        f"/dev/fd/{told}",
    ]
    began = time.monotonic()
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=home, stdout=output, stderr=output, pass_fds=(told,), env={**os.environ, "TMPDIR": str(home)}
        )
    os.close(told)
    try:
        with os.fdopen(report, "rb") as reading:
            line = reading.readline()
        seconds = time.monotonic() - began
        if len(json.loads(line or "{}").get("pbxs", ())) != MANY:
            raise NotStarted(f"the PBXs did not start:\n{(home / 'output').read_text(errors='replace')[-2000:]}")
        return seconds, rss_mb(process.pid)
    finally:
        process.terminate()
        process.wait(_LIMIT)


def as_json(figures: Figures) -> list[dict[str, Any]]:
    """Return each figure for programs: the median, the spread, what is wanted and whether that is met."""
    goals = [_shown(figures.found[goal.id], goal.id, goal.label, goal.unit, goal.most) for goal in GOALS]
    return [*goals, _shown(figures.bare, "bare", "bare `twisted web` until it accepts", "s")]


def _shown(values: list[float], id_: str, label: str, unit: str, most: float | None = None) -> dict[str, Any]:
    middle = median(values)
    return {
        "id": id_,
        "label": label,
        "unit": unit,
        "value": round(middle, 3),
        "lowest": round(min(values), 3),
        "highest": round(max(values), 3),
        "samples": len(values),
        "wanted": most,
        "met": None if most is None else middle <= most,
    }


COLUMNS = ["fleet", "median", "spread", "samples", "wanted"]


def rows(found: list[dict[str, Any]]) -> list[list[str]]:
    """Return the figures for people, as the cells of a table."""
    table = []
    for one in found:
        unit, digits = one["unit"], 2 if one["unit"] == "s" else 1
        wanted = "" if one["wanted"] is None else f"<= {one['wanted']:g} {unit} ({'met' if one['met'] else 'missed'})"
        spread = f"{one['lowest']:.{digits}f}-{one['highest']:.{digits}f}"
        table.append([one["label"], f"{one['value']:.{digits}f} {unit}", spread, str(one["samples"]), wanted])
    return table


def main() -> None:
    """Measure and print; slow is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of a table")
    parser.add_argument("--quick", action="store_true", help="one of each, to see that it works")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, not at each start
    sessions, further, fleets = (1, 5, 1) if options.quick else (5, 100, 3)
    before = os.getloadavg()[0]

    def tell(what: str) -> None:
        print(f"bench: {what}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="ucmsim-bench-") as folder:
        few = history.first_rows(history.made(Path(folder) / "history", days=1), ROWS)
        home = Path(folder) / "fleet"
        figures = measured(home, few, sessions=sessions, further=further, fleets=fleets, tell=tell)
    found = as_json(figures)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    from bench.report import aligned  # which has the tables of every part, this one's too

    print(aligned(COLUMNS, rows(found)))
    print(f"\nload average {before:.1f} before and {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
