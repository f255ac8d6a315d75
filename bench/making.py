"""`python -m bench.making`: make up 10^5 rows and store them on disk, as the start of a PBX does, in one new process."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

_LIMIT = 300.0
_UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
_A_DAY = 2_200
_OFFICE = {"extensions": {"count": 200}, "trunks": [{"name": "carrier-a", "channels": 60}]}
"""An office in which hardly ever a line is taken: nearly every call happens."""


class Made(NamedTuple):
    """So many *rows*, and the *seconds* and seconds of *cpu* in which they were made up and stored, the imports among them."""

    rows: int
    seconds: float
    cpu: float

    @property
    def hundred_thousand(self) -> float:
        """The seconds that 10^5 rows take at this pace."""
        return self.seconds * 100_000 / self.rows


def measured(home: Path, *, days: int = 36) -> Made:
    """Return what a new process needs for the calls of so many *days*, about 2800 rows each, in the new folder *home*."""
    home.mkdir()
    command = [sys.executable, "-P", "-m", "bench.making", str(home / "history.sqlite"), str(days)]
    done = subprocess.run(command, check=True, timeout=_LIMIT, stdout=subprocess.PIPE, text=True)
    return Made(*json.loads(done.stdout))


def _make(file: Path, days: int) -> Made:
    began = time.monotonic()
    from ucmsim.assembling.filling import filling
    from ucmsim.calls.locales import Locales
    from ucmsim.settings import load_pbx
    from ucmsim.steps import finished
    from ucmsim.store.history import History

    settings = load_pbx({"history": {"days": days, "calls_per_day": _A_DAY}, **_OFFICE}, Path())
    history = History.open(file, durable=True)
    finished(filling(history, "bench", settings, seed=42, until=_UNTIL, locales=Locales()))
    rows = len(history)
    history.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Made(rows, time.monotonic() - began, used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(_make(Path(sys.argv[1]), int(sys.argv[2]))))
    else:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="ucmsim-bench-") as folder:
            made = measured(Path(folder) / "made")
        print(f"{made.rows} rows made up and stored: {made.seconds:.1f} s, {made.cpu:.1f} s of CPU")
