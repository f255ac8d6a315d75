"""`python -m bench`: measure, and print what was measured beside what is wanted. Slow is no failure: it exits with 0."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from bench import faulted, fleet, history, making, plane, recordings, serving, startup
from bench.machine import Cores, described
from bench.report import report, table
from bench.servers import NotStarted


def main() -> None:
    """Run every part in a temporary folder."""
    options = _options()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled once, not at each start
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _: sys.exit(128 + caught))
    count, seconds, starts, demos = (1, 1, 1, 1) if options.quick else (5, 2, 5, 3)
    notes: list[str] = []
    cores = Cores.chosen(notes)
    facts = described()
    facts["cores"] = "shared" if cores.server is None else f"servers on {cores.server}, clients on {cores.client}"
    facts["run"] = (
        f"{count} rounds of {seconds} s, {starts} starts, {demos} demo months, {demos} times the downloads and the rows"
    )
    try:
        with tempfile.TemporaryDirectory(prefix="ucmsim-bench-") as folder:
            home = Path(folder)
            _tell("making up a history")
            month = history.made(home / "history")
            served = serving.measured(home, month, cores, count=count, seconds=seconds, notes=notes, tell=_tell)
            recorded = recordings.measured(
                home / "recordings", month, cores, count=count, seconds=seconds, repeats=demos, notes=notes, tell=_tell
            )
            few = history.first_rows(month, 200)
            started = startup.measured(home, few, cores, count=starts, demos=demos, tell=_tell)
            held = faulted.measured(connections=100 if options.quick else faulted.CONNECTIONS, tell=_tell)
            controlled = plane.measured(
                asked=5 if options.quick else plane.ASKED, stalled=50 if options.quick else plane.STALLED, tell=_tell
            )
            sessions, further, fleets = (1, 5, 1) if options.quick else (5, 100, 3)
            many = fleet.measured(home / "fleet", few, sessions=sessions, further=further, fleets=fleets, tell=_tell)
            _tell("making up 10^5 rows")
            made = [making.measured(home / f"made-{at}", days=4 if options.quick else 36) for at in range(demos)]
    except NotStarted as error:
        sys.exit(f"bench: {error}")
    found = report(facts, served, recorded, started, made, held, controlled, many, notes)
    print(json.dumps(found, indent=2) if options.json else table(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure ucmsim beside nginx and bare Twisted."
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it works")
    return parser.parse_args()


def _tell(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
