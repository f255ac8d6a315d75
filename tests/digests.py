"""`python -m tests.digests`: the same seed, configuration and fixed start give the same bytes, whatever else is different.

Every digest is taken in a process of its own, with a hash seed, a time zone and a folder of its own: of what
`ucmsim generate` writes, and of the history of a PBX whose calls go on live.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ucmsim.progress import watched

_PBX: Mapping[str, Any] = {
    "personality": "ucm6510",
    "time_zone": "America/Chicago",
    "clock": {"start": "2026-03-09T18:00:00Z", "rate": 0},
    "api": {"enable": True, "tls_bind_address": "127.0.0.1:0"},
    "history": {"days": 3, "calls_per_day": 300},
    "traffic": {"live": True},
}
_LIVE = "live"
LIVE = """
import hashlib, sys
from datetime import timedelta
from pathlib import Path
from tests.offices import generate
from ucmsim.calls import Firmware, Office
from ucmsim.calls.locales import Locales
from ucmsim.configuration import read
from tests.filled import fill
from ucmsim.store.history import History
from ucmsim.assembling.living import Living
from ucmsim.streams import stream
settings = read(Path(sys.argv[1]))
how, pieces = sys.argv[2:]
pbx, hours = settings.pbxs["hq"], 24
since = pbx.clock.start
until = since + timedelta(hours=hours)
if how == "bulk":  # the calls of the live streams, made up at once as for a history
    chance, recorder = (stream(settings.seed, "hq", "live", what) for what in ("traffic", "recording"))
    office = Office.of(pbx, *(stream(settings.seed, "hq", what) for what in ("people", "groups")), Locales())
    firmware = Firmware.of(pbx.register, pbx.time_zone)
    made = generate(office, firmware, chance, recorder, until=until, days=hours // 24,
                    calls_per_day=pbx.history.calls_per_day)
    told = [(*record.row[1:], record.truth) for record in made]
else:
    history = History.open(Path(":memory:"), durable=False)
    if how == "after-history":
        fill(history, "hq", pbx, seed=settings.seed, until=since)
    before = len(history)
    living = Living("hq", pbx, history, seed=settings.seed, since=since)
    for piece in range(1, int(pieces) + 1):
        living.happen(since + timedelta(hours=hours) * piece / int(pieces))
    cut = 0 if how == "after-history" else 1  # AcctIds go on behind a history
    truths = [truth for _, truth in history.ledger.legs()]
    told = [(*row[cut:], truth) for row, truth in zip(history.rows(), truths, strict=True)]
    assert len(told) > before + 100
    history.close()
print(hashlib.sha256(repr(told).encode()).hexdigest())
"""
"""Prints the digest of rows and truths of a day: live, in so many *pieces*, or at once."""


class Case(NamedTuple):
    """One digest: of the configuration with *changes* of the PBX and of the *top*; *same* says whose it must be, or not be."""

    id: str
    what: str
    same: str
    differs: bool = False
    pbx: Mapping[str, Any] = {}
    top: Mapping[str, Any] = {}
    live: tuple[str, str] | None = None
    environment: Mapping[str, str] = {}


def _case(name: str, what: str, same: str = "base", **more: Any) -> Case:
    return Case(name, what, same, **more)


_FAULT = {"name": "slow", "fault": "http.latency", "seconds": 3}
CASES = (
    _case("base", "as it is", environment={"PYTHONHASHSEED": "1"}),
    _case("again", "in another process", environment={"PYTHONHASHSEED": "1"}),
    _case("hash-seed", "with another hash seed", environment={"PYTHONHASHSEED": "4711"}),
    _case("machine", "in another time zone and language", environment={"TZ": "Asia/Tokyo", "LC_ALL": "C"}),
    _case("fault", "with a fault armed", pbx={"faults": [_FAULT]}),
    _case("quirk", "with quirks of other planes", pbx={"quirks": {"realm": "pbx", "order": "desc", "listing": "flat"}}),
    _case("control", "with a control port", top={"control": {"bind": "127.0.0.1:0"}}),
    _case("access", "with a password and an ACL",
          pbx={"api": {"enable": True, "tls_bind_address": "127.0.0.1:0", "tls_authentication_name": "cdrapi",
                       "tls_authentication_password": "cdrapi123", "permitted_ips": ["10.0.0.0/8"]}}),
    _case("not-live", "without live traffic", pbx={"traffic": {"live": False}}),
    _case("state", "with a state folder", top={"state": "kept"}),
    _case("seed", "with another seed", differs=True, top={"seed": 43}),
    _case("start", "with another start", differs=True, pbx={"clock": {"start": "2026-03-09T19:00:00Z", "rate": 0}}),
    _case("row-quirk", "with a quirk of the rows", differs=True, pbx={"quirks": {"missing-time": "zeros", "unanswered": "blank"}}),
    _case("live", "a day, live, at once", _LIVE, live=("live", "1")),
    _case("live-pieces", "a day, live, in 1000 pieces", _LIVE, live=("live", "1000"), environment={"PYTHONHASHSEED": "99"}),
    _case("live-bulk", "the same calls made up as for a history", _LIVE, live=("bulk", "1")),
    _case("live-fault", "live, with a fault and a control port", _LIVE, live=("live", "7"), pbx={"faults": [_FAULT]},
          top={"control": {"bind": "127.0.0.1:0"}}),
    _case("live-seed", "live, with another seed", _LIVE, differs=True, live=("live", "1"), top={"seed": 43}),
    _case("after", "a history and a day live behind it, at once", "after", live=("after-history", "1")),
    _case("after-pieces", "the same in 333 pieces", "after", live=("after-history", "333"), environment={"PYTHONHASHSEED": "3"}),
)  # fmt: skip


def digest(case: Case, folder: Path) -> str:
    """Return the digest of *case*, taken by a process that runs in *folder*."""
    file = folder / "sim.yaml"
    file.write_text(json.dumps({"seed": 42, **case.top, "pbxs": {"hq": {**_PBX, **case.pbx}}}))
    command = [sys.executable, "-c", LIVE, str(file), *case.live] if case.live else [
        sys.executable, "-m", "ucmsim", "generate", "--config", str(file), "--format", "json"
    ]  # fmt: skip
    root = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": "random", **case.environment}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{case.id}: {done.stderr.decode(errors='replace')[-2000:]}")
    if case.live:
        return done.stdout.decode().strip()
    assert len(done.stdout) > 100_000, len(done.stdout)
    return hashlib.sha256(done.stdout).hexdigest()


def digests(cases: Iterable[Case] = CASES) -> Iterator[tuple[Case, str]]:
    """Yield each case with its digest."""
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="ucmsim-digest-") as folder:
            yield case, digest(case, Path(folder))


def judged(found: Iterable[tuple[Case, str]]) -> list[dict[str, Any]]:
    """Return a row for each digest: whether it is the one that it must be, or another where it must be another."""
    known: dict[str, str] = {}
    rows = []
    for case, value in found:
        known[case.id] = value
        as_due = (value == known[case.same]) is not case.differs
        due = "other than" if case.differs else "as"
        rows.append({"id": case.id, "what": case.what, "digest": value, "due": f"{due} {case.same}", "good": as_due})
    return rows


def main() -> None:
    """Print a line a digest; exit with 1 when one is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.digests", description="Compare histories by their digests.")
    parser.add_argument("--json", action="store_true", help="print a list of objects")
    chosen = parser.parse_args()
    rows = judged(watched(digests(), "running processes", len(CASES)))
    if chosen.json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            print(f"{row['digest'][:32]}  {row['what']:45}  {row['due']:17}  {'good' if row['good'] else 'BAD'}")
    sys.exit(not all(row["good"] for row in rows))


if __name__ == "__main__":
    main()
