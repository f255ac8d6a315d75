"""`python -m tests.golden --write` makes the transcripts anew, `--changes` the register's word on who changes which."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from tests.golden.patterns import REGISTER, measured, rewritten
from tests.golden.shapes import HOME as SHAPES_HOME
from tests.golden.shapes import shape_files
from tests.golden.stage import GOLDEN, Stage
from ucmsim.personalities import PERSONALITIES
from ucmsim.progress import watched


def main() -> None:
    """Write the transcripts, or the changes."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--changes", action="store_true")
    options = parser.parse_args()
    if options.changes:
        changes = dict(watched(measured(), "flipping", None))
        REGISTER.write_text(rewritten(REGISTER.read_text("utf-8"), changes), "utf-8")
        return
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        _write(stage)
        stage.close()
    shutil.rmtree(SHAPES_HOME, ignore_errors=True)
    _write_shapes()


def _write(stage: Stage) -> None:
    for personality in PERSONALITIES:
        home = GOLDEN / personality.id
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name, transcript in stage.play(personality.id).items():
            (home / f"{name}.txt").write_text(transcript, "ascii")


def _write_shapes() -> None:
    for name, shape, rows in shape_files():
        file = SHAPES_HOME / name / f"{shape}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(rows)


if __name__ == "__main__":
    main()
