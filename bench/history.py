"""The histories that the benchmark serves: made up by ucmsim itself, the same rows on every machine and day."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_LIMIT = 120.0
_TIME = "2026-03-01 12:00:00"


def made(home: Path, *, days: int = 30, calls_per_day: int = 400) -> Path:
    """Write the calls of some days to a device CSV file in *home* and return it: about 12,700 rows for the demo month."""
    home.mkdir()
    clock = {"start": "2026-03-01T00:00:00Z", "rate": 0}
    pbx = {"personality": "ucm6200", "clock": clock, "history": {"days": days, "calls_per_day": calls_per_day}}
    configuration, file = home / "sim.yaml", home / "history.csv"
    configuration.write_text(json.dumps({"seed": 42, "pbxs": {"bench": pbx}}))
    command = [sys.executable, "-P", "-m", "ucmsim", "generate", "--config", str(configuration), "--out", str(file)]
    subprocess.run(command, cwd=home, check=True, timeout=_LIMIT, stdout=subprocess.DEVNULL)
    return file


def first_rows(file: Path, count: int) -> Path:
    """Write the header and the first *count* rows of *file* to a file beside it and return that."""
    few = file.with_name(f"first-{count}.csv")
    with file.open(encoding="utf-8", newline="") as lines:
        few.write_text("".join(line for _, line in zip(range(count + 1), lines, strict=False)), encoding="utf-8")
    return few


def recorded(file: Path, like: Path, calls: Iterable[tuple[int, list[str]]]) -> Path:
    """Write a device JSON file of recorded *calls* to *file* and return it.

    Each is seconds of talk and the names of its recordings, which ucmsim makes up. The columns are those of the device
    CSV file *like*.
    """
    with like.open(encoding="utf-8", newline="") as lines:
        columns = next(lines).strip().split(",")
    blank = dict.fromkeys(columns, "") | dict.fromkeys(("start", "answer", "end"), _TIME)
    known = {"src": "1000", "dst": "1001", "disposition": "ANSWERED"}
    rows = []
    for number, (talk, names) in enumerate(calls, 1):
        lengths = {"duration": str(talk), "billsec": str(talk)}
        rows.append(
            {**blank, **known, **lengths, "AcctId": str(number), "recordfiles": "".join(f"{n}@" for n in names)}
        )
    file.write_text(json.dumps({"cdr": rows}))
    return file
