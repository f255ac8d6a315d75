"""Files that are written at once or not at all: what was there stays whole, and nothing is left beside it."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ucmsim.privatefile import check, put, replacing

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
