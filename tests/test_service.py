"""The real process: how it starts, what it keeps, and with what exit code it ends."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.processes import GUIDE, LIMIT, RUNNERS, TWIST, TWISTD, Process, config, failed, names, reached
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.store.history import History

# --- start and end -------------------------------------------------------------------------------------------------


@RUNNERS
def test_report_to_a_pipe_and_sigterm_at_once(tmp_path: Path, runner: list[str]) -> None:
    """The report goes to a pipe in one write; SIGTERM right then is 143 too, and leaves no temporary folder."""
    reads, writes = os.pipe()
    try:
        options = ["--config", config(tmp_path), "--ready-file", f"/dev/fd/{writes}"]
        with Process(tmp_path, *options, runner=runner, pipes=(writes,)) as process:
            assert select.select([reads], [], [], LIMIT)[0], process.out + process.err
            data = os.read(reads, 1 << 16)
            report = json.loads(data)
            assert data.endswith(b"\n")
            assert (report["pid"], report["control"]) == (process.pid, None)
            assert Path(report["pbxs"]["hq"]["ca"]).read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
            assert process.stop() == 143
            assert names(tmp_path / "tmp") == []
    finally:
        os.close(reads)
        os.close(writes)


@RUNNERS
def test_sigterm(tmp_path: Path, runner: list[str]) -> None:
    """A process that has served a while ends with 143 on SIGTERM, says so, and leaves no temporary folder."""
    with Process(tmp_path, "--config", config(tmp_path), runner=runner) as process:
        (pbx,) = process.report()["pbxs"].values()
        assert names(tmp_path / "tmp") == [Path(pbx["ca"]).parent.parent.name]
        reached(pbx)
        assert process.stop() == 143
        assert names(tmp_path / "tmp") == []
        assert "SIGTERM" in process.out
        assert "Traceback" not in process.out + process.err


MANY = {"days": 3660, "calls_per_day": 1000}
"""More calls than can be made up while a test waits."""


@RUNNERS
@pytest.mark.parametrize(
    ("sent", "code"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)],
    ids=["SIGTERM", "SIGINT", "SIGHUP"],
)
def test_signal_while_calls_are_made_up(tmp_path: Path, runner: list[str], sent: signal.Signals, code: int) -> None:
    """Before the reactor runs a signal ends the process with its code and a sentence; no temporary folder is left."""
    with Process(tmp_path, "--config", config(tmp_path, history=MANY), runner=runner, measured=False) as process:
        filling(process, tmp_path / "tmp")
        os.kill(process.pid, sent)
        assert process.ended() == code
        said = ["hq: making up 3660 days of calls", f"stopped by {sent.name} before everything listened"]
        assert process.err.splitlines() == said
        assert names(tmp_path / "tmp") == []
        assert "Traceback" not in process.out


def test_signal_while_a_kept_history_is_filled(tmp_path: Path) -> None:
    """What was there before stays, what was begun goes: the next start fills the history anew."""
    file = config(tmp_path, json.dumps({"state": "kept", "pbxs": {"hq": {"history": MANY}, "old": {"history": GUIDE}}}))
    before = StateFolder.open(tmp_path / "kept")
    before.pbx("old")
    before.close()
    with Process(tmp_path, "--config", file, measured=False) as process:
        filling(process, tmp_path / "kept")
        assert process.stop() == 143
        assert [name for name in names(tmp_path / "kept") if "." not in name] == ["old"]


def filling(process: Process, folder: Path) -> None:
    """Wait until rows are being written somewhere in *folder*."""
    until = time.monotonic() + LIMIT
    databases = ("history.sqlite", "history.sqlite-wal")
    while not any(file.stat().st_size > 1 << 20 for name in databases for file in folder.rglob(name)):
        assert process.runs_on(0.05), process.out + process.err
        assert time.monotonic() < until


def test_end_of_the_parent_ends_it(tmp_path: Path) -> None:
    """A process that was told to watch a pipe ends when its other end closes, and cleans up."""
    watched, alive = os.pipe()
    try:
        with Process(
            tmp_path, "--config", config(tmp_path), "--parent-pipe", str(watched), pipes=(watched,)
        ) as process:
            process.report()
            os.write(alive, b"still there")
            assert process.runs_on(0.3)
            os.close(alive)
            assert process.ended() == 0
            assert names(tmp_path / "tmp") == []
    finally:
        os.close(watched)


def test_end_of_the_parent_ends_the_start(tmp_path: Path) -> None:
    """Nobody waits for a history that nobody will ask for: it is given up, and nothing of it is left."""
    watched, alive = os.pipe()
    try:
        made = tmp_path / "ucmsim-child-made"
        made.mkdir()
        with Process(
            tmp_path,
            "--config",
            config(tmp_path, history=MANY),
            "--parent-pipe",
            str(watched),
            "--parent-folder",
            made,
            pipes=(watched,),
            measured=False,
        ) as process:
            filling(process, tmp_path / "tmp")
            os.close(alive)
            assert process.ended() == 1
            assert not made.exists()
            assert process.err.splitlines()[1:] == ["ucmsim stops, and does not go on with that"]
            assert names(tmp_path / "tmp") == []
    finally:
        os.close(watched)


def test_a_parent_that_is_none(tmp_path: Path) -> None:
    """A number that is no descriptor, or one of a file, is refused before anything is begun."""
    with (tmp_path / "file").open("wb") as file:
        for fd, said in (
            (77, "is no open file descriptor"),
            (-1, "is no open file descriptor"),
            (file.fileno(), "is neither a pipe nor a socket"),
        ):
            with Process(tmp_path, f"--parent-pipe={fd}", pipes=(file.fileno(),)) as process:
                assert process.ended() == 1
                assert (
                    f"--parent-pipe {fd} {said}; give the number of one that was inherited" in process.out + process.err
                )
                assert names(tmp_path / "tmp") == []


def test_the_folder_of_a_parent_goes_with_it(tmp_path: Path) -> None:
    """It is the parent's while that is there, also where somebody else ends the process, and is removed by nobody else when it is gone."""
    for gone in (True, False):
        watched, alive = os.pipe()
        made = tmp_path / "ucmsim-child-made"
        made.mkdir()
        (made / "log").touch()
        words: list[str | Path] = ["--config", config(tmp_path), "--parent-pipe", str(watched), "--parent-folder", made]
        try:
            with Process(tmp_path, *words, pipes=(watched,)) as process:
                process.report()
                if gone:
                    os.close(alive)
                    assert process.ended() == 0
                else:
                    assert process.stop() == 143
                    os.close(alive)
                assert made.exists() is not gone
        finally:
            os.close(watched)


def test_the_folder_of_no_parent(tmp_path: Path) -> None:
    """Without a parent to watch it would never be removed."""
    with Process(tmp_path, "--parent-folder", tmp_path / "made") as process:
        assert process.ended() == 1
        assert "--parent-folder needs --parent-pipe, which says when" in process.out + process.err


def test_no_other_folder_is_removed(tmp_path: Path) -> None:
    """One that no parent of ours has made, such as the home folder, is refused before anything is begun."""
    (tmp_path / "home").mkdir()
    watched, alive = os.pipe()
    try:
        words = (f"--parent-pipe={watched}", f"--parent-folder={tmp_path / 'home'}")
        with Process(tmp_path, *words, pipes=(watched,)) as process:
            assert process.ended() == 1
            said = "--parent-folder is removed, so its name must begin with ucmsim-child-"
            assert said in process.out + process.err
    finally:
        os.close(watched)
        os.close(alive)
    assert (tmp_path / "home").exists()


def test_nobody_need_read_the_banner(tmp_path: Path) -> None:
    """A process whose standard output nobody reads starts and serves all the same."""
    reads, writes = os.pipe()
    os.close(reads)
    runner = [*TWISTD, f"--logfile={tmp_path / 'log'}"]
    try:
        with Process(tmp_path, "--config", config(tmp_path), runner=runner, stdout=writes) as process:
            (pbx,) = process.report()["pbxs"].values()
            reached(pbx)
            assert process.stop() == 143
    finally:
        os.close(writes)


BAD = "sed: 1\npbxs:\n  hq:\n    time_zone: America/Chikago\n    faults: [{fault: nonsense}]\n"


@RUNNERS
def test_bad_configuration(tmp_path: Path, runner: list[str]) -> None:
    """A configuration that is wrong ends the process with 1; everything is named on standard error, with its line."""
    code, said = failed(tmp_path, "--config", config(tmp_path, BAD), runner=runner)
    assert code == 1
    assert [line.split(": ")[0] for line in said] == [f"{tmp_path}/sim.yaml:{line}" for line in (1, 4, 5)]
    assert "'America/Chicago'" in said[1]


def test_missing_configuration(tmp_path: Path) -> None:
    """A file that is not there is a sentence too."""
    code, said = failed(tmp_path, "--config", "missing.yaml")
    assert (code, said) == (
        1,
        ["missing.yaml: it cannot be read: No such file or directory; name a configuration file"],
    )


@RUNNERS
@pytest.mark.parametrize("options", [["--fersh"], ["--parent-pipe", "x"], ["sim.yaml"]], ids=" ".join)
def test_unknown_option(tmp_path: Path, runner: list[str], options: list[str]) -> None:
    """What the command line does not know ends the process at once, and is named."""
    with Process(tmp_path, *options, runner=runner) as process:
        assert process.ended() == (64 if runner is TWIST else 1)
        assert "Traceback" not in process.out + process.err
        assert re.search("fersh|parent-pipe|sim.yaml|argument", process.out + process.err)


# --- what is kept --------------------------------------------------------------------------------------------------


def rows(folder: Path) -> list[Any]:
    """Return the rows of a kept history."""
    history = History.open(folder / "kept" / "hq" / "history.sqlite", durable=True)
    try:
        return list(history.rows())
    finally:
        history.close()


def test_life_of_a_state_folder(tmp_path: Path) -> None:
    """History and CA outlive a restart; changed settings are warned about; --fresh begins anew."""

    def run(seed: int, days: int, *options: str) -> tuple[list[Any], bytes, str]:
        top = {"state": "kept", "seed": seed}
        file = config(tmp_path, top=top, history={"days": days, "calls_per_day": 5})
        with Process(tmp_path, "--config", file, *options) as process:
            process.report()
            assert process.stop() == 143
            return rows(tmp_path), (tmp_path / "kept" / "hq" / "ca.pem").read_bytes(), process.out

    first, ca, out = run(1, 2)
    assert first
    assert f"\n  rows   {len(first)}\n" in out
    assert "the kept history was made with" not in out
    spooled = tmp_path / "kept" / "hq" / "left-by-the-user"
    spooled.write_text("x")
    again, same, out = run(2, 3)
    assert (again, same) == (first, ca)
    assert f"\n  rows   {len(first)}, kept from before (--fresh begins anew)\n" in out
    assert "hq: the kept history was made with seed '1', and the configuration says '2'" in out
    assert "'2 days of 5 calls', and the configuration says '3 days of 5 calls'" in out
    fresh, other, out = run(2, 3, "--fresh")
    assert fresh != first
    assert other != ca
    assert "the kept history was made with" not in out
    assert not spooled.exists()


def test_foreign_folder_is_not_emptied(tmp_path: Path) -> None:
    """--fresh leaves a folder alone that holds somebody else's files, and ends with 1."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "thesis.txt").write_text("years of work")
    code, said = failed(tmp_path, "--config", config(tmp_path, top={"state": "kept"}), "--fresh")
    assert (code, len(said)) == (1, 1)
    assert "holds files of somebody else" in said[0]
    assert names(tmp_path / "kept") == ["thesis.txt"]
