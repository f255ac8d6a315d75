"""The `ucmsim` command, run in the folder of a test: for the tests of all its parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from ucmsim.cdr.devicefile import READERS
from ucmsim.cli import main
from ucmsim.columns import Row
from ucmsim.store.history import History

FIXTURES = Path(__file__).parent.parent / "fixtures"
GUIDE = FIXTURES / "guide-2013.csv"
SMALL = (
    "personality: ucm6510, history: {days: 6, calls_per_day: 12}, clock: {start: '2026-03-02T12:00:00Z'}, "
    "traffic: {awkward: 0}"  # a name with a comma in it cannot be read back from the device's CSV
)
KEPT = f"state: kept\npbxs:\n  hq: {{{SMALL}}}\n"


class Command:
    """The command, run in the folder of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def config(self, text: str = KEPT) -> str:
        """Write a configuration and return the file's name."""
        file = self.folder / "sim.yaml"
        file.write_text(text)
        return str(file)

    def __call__(self, *words: str | Path, code: int = 0) -> Result:
        """Run the command; it must exit with *code*, and never with a traceback."""
        ran = CliRunner().invoke(main, [str(word) for word in words])
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        assert ran.exit_code == code, ran.output
        return ran

    def json(self, *words: str | Path, code: int = 0) -> Any:
        """Run the command and read its standard output as JSON."""
        return json.loads(self(*words, code=code).stdout)

    def rows(self, form: str, file: Path) -> list[Row]:
        """Read a device file back; every row of it must be good."""
        found = list(READERS[form]([file.read_bytes().decode()]))
        assert all(isinstance(one, tuple) for one in found)
        return found

    def kept(self, name: str = "hq") -> list[Row]:
        """Return the rows of a kept history."""
        history = History.open(self.folder / "kept" / name / "history.sqlite", durable=True)
        try:
            return list(history.rows())
        finally:
            history.close()


BAD = "sed: 1\npbxs:\n  hq:\n    time_zone: 5\n    api: {tls_authentication_name: 0123}\n"
