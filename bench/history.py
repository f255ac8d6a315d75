"""The histories that the benchmark serves: made up by ucmsim itself, the same rows on every machine and day."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_LIMIT = 120.0


def made(home: Path, *, days: int = 30, calls_per_day: int = 400) -> Path:
    """Write the calls of some days to a device CSV file in *home* and return it: 12,768 rows for the demo month."""
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
