"""Files that are written at once or not at all: what was there stays whole, and nothing is left beside it."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ucmsim import privatefile
from ucmsim.privatefile import beside, check, put, remove_unfinished, replacing

WHOLE, OTHER = b"what was there before", b"what would be there now"


@contextmanager
def full_behind(count: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, as on a disk that is full: the first write ends there, and the next one fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("times", [1, 10_000], ids=["short", "long"])
def test_a_disk_that_gets_full_loses_nothing(tmp_path: Path, times: int) -> None:
    """What could be written only in part takes the place of nothing, it is an error, and no part is left."""
    file = tmp_path / "key.pem"
    put(file, WHOLE)
    with full_behind(10), pytest.raises(OSError, match="File too large") as raised:
        put(file, OTHER * times)

    assert raised.value.errno == errno.EFBIG
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (WHOLE, [file])
    put(file, OTHER * times)
    assert (file.read_bytes(), list(tmp_path.iterdir())) == (OTHER * times, [file])


def test_what_cannot_take_its_place_is_not_left(tmp_path: Path) -> None:
    """A folder stands there: it is an error, and the folder is all there is."""
    folder = tmp_path / "key.pem"
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        put(folder, OTHER)

    assert list(tmp_path.iterdir()) == [folder]


def test_a_file_of_the_users_with_nearly_that_name_stays(tmp_path: Path) -> None:
    """Whoever looks whether a file can be written, and writes it, touches no other."""
    mine = tmp_path / "run.zip.new"
    mine.write_bytes(b"mine")
    check(tmp_path / "run.zip")
    assert list(tmp_path.iterdir()) == [mine]

    put(tmp_path / "run.zip", OTHER)
    assert mine.read_bytes() == b"mine"
    assert sorted(tmp_path.iterdir()) == [tmp_path / "run.zip", mine]


def test_what_somebody_else_writes_there_stays(tmp_path: Path) -> None:
    """Two that write to one file at a time are not in each other's way: it is that of the last, and whole."""
    key = tmp_path / "key.pem"
    with replacing(key) as file:
        put(key, WHOLE)
        file.write(OTHER)
        assert key.read_bytes() == WHOLE
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [OTHER]


def test_a_name_may_be_as_long_as_names_are(tmp_path: Path) -> None:
    """What it has before it stands at its place needs no longer one."""
    file = tmp_path / ("x" * 255)
    check(file)
    put(file, WHOLE)
    assert file.read_bytes() == WHOLE


def test_what_nobody_writes_any_more_is_removed(tmp_path: Path) -> None:
    """Of whatever process it was; what has nearly such a name may be the user's, and so is what is no file."""
    forsaken = [f".ucmsim-{number}.new" for number in ("1-0", "4711-12", f"{os.getpid()}-999999")]
    stays = [".ucmsim-notes.new", ".ucmsim-1-0.new.bak", ".ucmsim-1-.new", "ucmsim-1-0.new", ".ucmsim-1-0-0.new"]
    for name in (*forsaken, *stays):
        (tmp_path / name).write_bytes(WHOLE)
    (tmp_path / ".ucmsim-2-0.new").symlink_to(tmp_path / stays[0])
    (tmp_path / ".ucmsim-3-0.new").mkdir()
    os.mkfifo(tmp_path / ".ucmsim-4-0.new")
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*stays, *(f".ucmsim-{at}-0.new" for at in (2, 3, 4))}
    remove_unfinished(tmp_path / "not there")


def test_what_somebody_writes_stays_whatever_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a process in another container is no process here."""
    monkeypatch.setattr(os, "getpid", lambda: 1 << 30)
    with replacing(tmp_path / "run.zip") as file:
        remove_unfinished(tmp_path)
        file.write(WHOLE)
    assert (tmp_path / "run.zip").read_bytes() == WHOLE
    with beside(tmp_path / "key.pem", OTHER) as fresh:
        remove_unfinished(tmp_path)
        assert fresh.read_bytes() == OTHER
    assert [path.name for path in tmp_path.iterdir()] == ["run.zip"]


def test_what_is_taken_for_forsaken_before_it_is_locked_is_written_under_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who looks for such files may come between a file's making and its lock."""
    real, removed = privatefile.flock, list[bool]()

    def late(descriptor: int, how: int) -> None:
        if not removed:
            removed.append(True)
            remove_unfinished(tmp_path)
        real(descriptor, how)

    monkeypatch.setattr(privatefile, "flock", late)
    put(tmp_path / "key.pem", WHOLE)
    assert removed
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [WHOLE]


def test_without_locks_files_are_written_and_none_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There nobody can tell whether another writes."""

    def none(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(privatefile, "flock", none)
    (tmp_path / ".ucmsim-1-0.new").write_bytes(OTHER)
    put(tmp_path / "key.pem", WHOLE)
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".ucmsim-1-0.new", "key.pem"}
