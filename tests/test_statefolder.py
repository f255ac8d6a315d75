"""The state folder: one process at a time, emptied only when it is ucmsim's own, gone with the process if temporary."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE

import pytest

from ucmsim.assembling.statefolder import StateFolder
from ucmsim.errors import ConfigurationError, StateInUse
from ucmsim.privatefile import replacing
from ucmsim.settings import TLS_FOLDER


@contextmanager
def opened(path: Path | None, *, fresh: bool = False) -> Iterator[StateFolder]:
    """Open a state folder for a while."""
    folder = StateFolder.open(path, fresh=fresh)
    try:
        yield folder
    finally:
        folder.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state"


def used(path: Path) -> Path:
    """Use the folder *path* once, with a PBX and something of the user's in its spool; return that file."""
    with opened(path) as folder:
        file = folder.pbx("hq") / "spool" / "call.wav"
        file.parent.mkdir()
        file.write_bytes(b"RIFF")
    return file


def test_folder_is_made_for_its_owner_only(state: Path) -> None:
    """A folder that is not there is made, with the folders above it; nobody else may look inside."""
    with opened(state) as folder:
        assert (folder.path, folder.temporary) == (state, False)
        assert S_IMODE(state.stat().st_mode) == 0o700
        assert S_IMODE(folder.pbx("hq").stat().st_mode) == 0o700
        assert folder.pbx("hq") == state / "hq"


def test_what_is_kept_is_there_again(state: Path) -> None:
    """Opening a folder again finds everything as it was."""
    file = used(state)
    with opened(state) as folder:
        assert file.read_bytes() == b"RIFF"
        assert folder.pbx("hq") == file.parent.parent


def test_what_a_killed_process_was_writing_is_gone(state: Path) -> None:
    """It may be half a key; what the user has put there stays."""
    used(state)
    (state / "hq" / ".ucmsim-4711-0.new").write_bytes(b"-----BEGIN PRIV")
    (state / "hq" / "notes.new").write_text("mine")
    with opened(state) as folder:
        assert sorted(one.name for one in folder.pbx("hq").iterdir()) == ["notes.new", "spool"]


def test_what_was_being_written_beside_the_pbxs_is_gone(state: Path) -> None:
    """The token, or the key of the control plane's CA, of any process, and of one that had the number of this one."""
    used(state)
    (state / TLS_FOLDER).mkdir()
    for name in (".ucmsim-4711-0.new", f".ucmsim-{os.getpid()}-7.new", f"{TLS_FOLDER}/.ucmsim-1-12.new"):
        (state / name).write_bytes(b"-----BEGIN PRIV")
    with replacing(state / "ready.json") as file:  # somebody else may write there
        with opened(state):
            (being_written,) = state.rglob(".ucmsim-*")
        file.write(b"{}")
    assert not being_written.exists()
    assert (state / "ready.json").read_bytes() == b"{}"


def test_one_process_at_a_time(state: Path) -> None:
    """A folder that is open cannot be opened again, until it is closed; the sentence names it."""
    with opened(state), pytest.raises(StateInUse, match=rf"{state} is in use by another ucmsim; stop it, or choose"):
        StateFolder.open(state)
    with opened(state):
        pass


def test_another_process_is_kept_out(state: Path) -> None:
    """The lock is one between processes."""
    program = "import sys, pathlib, ucmsim.assembling.statefolder as s; s.StateFolder.open(pathlib.Path(sys.argv[1]))"
    with opened(state):
        ran = subprocess.run([sys.executable, "-c", program, str(state)], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, "StateInUse" in ran.stderr) == (1, True)


def test_lock_goes_with_the_process(state: Path) -> None:
    """A process that was killed leaves a lock file and no lock."""
    program = (
        "import os, sys, pathlib, ucmsim.assembling.statefolder as s\n"
        "s.StateFolder.open(pathlib.Path(sys.argv[1])).pbx('hq')\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(state)], timeout=30)
    assert (state / "hq").is_dir()
    with opened(state):
        pass


def test_fresh_empties_a_folder_of_ours(state: Path) -> None:
    """A folder that ucmsim has used is emptied whatever is in it, and is locked all the while."""
    used(state)
    (state / "control-token").write_text("x")
    (state / "link").symlink_to(state.parent)
    with opened(state, fresh=True), pytest.raises(StateInUse):
        StateFolder.open(state)
    assert [item.name for item in state.iterdir() if item.is_dir() or item.name == "control-token"] == []
    assert state.parent.is_dir()


def test_fresh_does_not_empty_a_folder_in_use(state: Path) -> None:
    """The second process finds the folder locked before it deletes anything."""
    file = used(state)
    with opened(state), pytest.raises(StateInUse):
        StateFolder.open(state, fresh=True)
    assert file.exists()


@pytest.mark.parametrize("there", [False, True])
def test_fresh_takes_an_empty_folder(state: Path, there: bool) -> None:
    """A folder that is empty, or not there yet, is fresh already."""
    if there:
        state.mkdir(parents=True)
    with opened(state, fresh=True) as folder:
        assert folder.pbx("hq").is_dir()


@pytest.mark.parametrize("name", ["thesis.txt", ".git", "hq"])
def test_fresh_refuses_a_foreign_folder(state: Path, name: str) -> None:
    """A folder with files of somebody else is not emptied, and the sentence says what to name instead."""
    (state / name).mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"state: .* holds files of somebody else; name an empty folder, or"):
        StateFolder.open(state, fresh=True)
    assert [item.name for item in state.iterdir()] == [name]


def test_fresh_refuses_a_foreign_folder_that_was_used_once(state: Path) -> None:
    """A folder stays somebody else's when ucmsim has run in it: what it did not make itself is never deleted."""
    state.mkdir(parents=True)
    thesis = state / "thesis.txt"
    thesis.write_text("years of work")
    used(state)
    with pytest.raises(ConfigurationError, match="holds files of somebody else"):
        StateFolder.open(state, fresh=True)
    assert thesis.read_text() == "years of work"


def test_forget_removes_one_pbx(state: Path) -> None:
    """What is kept of one PBX goes; the others and a PBX that never was are left alone."""
    file = used(state)
    with opened(state) as folder:
        other = folder.pbx("branch")
        folder.forget("hq")
        folder.forget("nobody")
        assert (file.parent.parent.exists(), other.is_dir()) == (False, True)


def test_temporary_folder_goes_when_it_is_closed() -> None:
    """Without a folder of the user's own there is a private one, as long as it is open."""
    with opened(None) as folder:
        assert folder.temporary
        assert S_IMODE(folder.path.stat().st_mode) == 0o700
        (folder.pbx("hq") / "private.pem").write_text("x")
    assert not folder.path.exists()


def test_temporary_folders_are_apart() -> None:
    """Two processes without a folder of their own do not meet."""
    with opened(None) as one, opened(None) as other:
        assert one.path != other.path


@pytest.mark.parametrize("name", ["file", "file/below"])
@pytest.mark.parametrize("fresh", [False, True])
def test_folder_that_cannot_be_used_is_said(tmp_path: Path, name: str, fresh: bool) -> None:
    """A file in the way is a sentence about the setting, not a traceback."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"state: .* cannot be used as the state folder: .*; name a folder"):
        StateFolder.open(tmp_path / name, fresh=fresh)


def test_folder_of_a_pbx_that_cannot_be_used_is_said(state: Path) -> None:
    """The same, one folder below."""
    with opened(state) as folder:
        (state / "hq").write_bytes(b"")
        with pytest.raises(
            ConfigurationError, match=r"state: .*hq cannot be used as the folder of PBX 'hq': .*; name a"
        ):
            folder.pbx("hq")


@pytest.mark.parametrize("pbxs", [1, 100])
def test_a_temporary_folder_goes_with_all_that_is_in_it(tmp_path: Path, pbxs: int) -> None:
    """However much that is, and what links in it lead to stays."""
    folder = StateFolder.open(None)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.wav").write_bytes(b"x")
    for number in range(pbxs):
        home = folder.pbx(f"site-{number}")
        (home / "spool" / "voicemail").mkdir(parents=True)
        (home / "history.sqlite").write_bytes(b"x")
        (home / "spool" / "folder").symlink_to(tmp_path / "elsewhere")
        (home / "spool" / "file.wav").symlink_to(tmp_path / "elsewhere" / "mine.wav")
    folder.close()
    assert not folder.path.exists()
    assert (tmp_path / "elsewhere" / "mine.wav").read_bytes() == b"x"
