"""Bodies of files that lie beneath a folder: slices, descriptors, and files that change or fail while they are sent."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.folders import descriptors
from tests.spools import put, standing_in
from ucmsim.http.reply import PIECE, CutShort
from ucmsim.recording import beneath
from ucmsim.recording.beneath import FileBody, FileLater, OpenFile


def later(root: Path, parts: tuple[str, ...], size: int | None = None) -> FileLater:
    """Return the body of the file at *parts* for somebody who reads it later."""
    file = beneath.opened(root, parts)
    assert file is not None
    return FileLater(root, parts, file.identity, 0, file.length if size is None else size)


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A folder with a file of five pieces and a bit."""
    return put(tmp_path / "spool", {"long": bytes(range(256)) * 1281})


BODIES: list[Callable[[Path], FileBody | FileLater]] = [
    lambda root: FileBody(opened_long(root), 0, opened_long(root).length),
    lambda root: later(root, ("long",)),
]
both = pytest.mark.parametrize("made", BODIES, ids=["open", "later"])


def opened_long(root: Path) -> OpenFile:
    file = beneath.opened(root, ("long",))
    assert file is not None
    return file


@both
@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 0), (0, 1), (5, 70000), (100000, 100000), (327935, 327936), (300000, 10**9), (10**9, 10**9), (9, 3)],
)
def test_a_slice_is_that_part_of_the_body(long: Path, made: Callable[[Path], FileBody], start: int, stop: int) -> None:
    """Whatever the bounds, a slice has the bytes that a slice of bytes would have, and a slice of it too."""
    whole = (long / "long").read_bytes()
    part = made(long).slice(start, stop)
    due = whole[start:stop]
    assert part.length == len(due)
    assert b"".join(part.chunks(1000)) == due
    assert b"".join(part.slice(1, 5).chunks()) == due[1:5]


@both
def test_pieces_are_of_the_size_that_is_asked_for(long: Path, made: Callable[[Path], FileBody]) -> None:
    """All are full but the last."""
    assert [len(piece) for piece in made(long).chunks()] == [PIECE] * 5 + [256]
    assert {len(piece) for piece in made(long).chunks(100)} == {100, 36}


def test_a_body_for_later_holds_nothing_open(long: Path) -> None:
    """A thousand of them take no descriptor, and one that is read gives its own back."""
    before = descriptors()
    bodies = [later(long, ("long",)) for _ in range(1000)]
    assert descriptors() == before
    pieces = bodies[0].chunks()
    next(pieces)
    assert descriptors() == before + 1
    del pieces
    assert descriptors() == before


def test_an_open_body_gives_its_descriptor_back(long: Path) -> None:
    """It does so when the last that reads it is gone, half-way or not."""
    before = descriptors()
    body = FileBody(opened_long(long), 0, 10)
    part = body.slice(1, 5)
    pieces = part.chunks(1)
    next(pieces)
    del body, part
    assert descriptors() == before + 1
    del pieces
    assert descriptors() == before


def rewrite(file: Path) -> None:
    file.write_bytes(b"X" * file.stat().st_size)


def outgrow(file: Path) -> None:
    file.write_bytes(b"X" * (file.stat().st_size + 1000))


def shrink(file: Path) -> None:
    os.truncate(file, PIECE + 10)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def append(file: Path) -> None:
    with file.open("ab") as more:
        more.write(b"X")


def replace_by_rename(file: Path) -> None:
    other = put(file.parent, {"other": b"X" * file.stat().st_size}) / "other"
    other.rename(file)


def replace_by_link(file: Path) -> None:
    outside = put(file.parent.parent, {"outside": b"X" * file.stat().st_size}) / "outside"
    file.unlink()
    file.symlink_to(outside)


def remove(file: Path) -> None:
    file.unlink()


def imitate(file: Path) -> None:
    size = file.stat().st_size
    file.unlink()
    put(file.parent, {file.name: b"X" * size})  # most file systems use the number of the inode again


CHANGES = [rewrite, outgrow, shrink, empty, append]
"""What changes the file that is open."""
REPLACEMENTS = [replace_by_rename, replace_by_link, remove, imitate]
"""What leaves it as it was for whoever has it open."""


@both
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_changed_while_it_is_sent_cuts_the_body_short(
    long: Path, made: Callable[[Path], FileBody], change: Callable[[Path], None]
) -> None:
    """What came before stands, and no byte of what was written since comes."""
    whole = (long / "long").read_bytes()
    pieces = made(long).chunks()
    assert next(pieces) == whole[:PIECE]
    change(long / "long")
    with pytest.raises(CutShort, match="the file was changed while it was sent"):
        next(pieces)


@both
@pytest.mark.parametrize("change", REPLACEMENTS)
def test_a_file_that_is_replaced_while_it_is_sent_is_sent_to_its_end(
    long: Path, made: Callable[[Path], FileBody], change: Callable[[Path], None]
) -> None:
    """As on the device, whoever has it open has it until it is closed."""
    whole = (long / "long").read_bytes()
    pieces = made(long).chunks()
    first = next(pieces)
    change(long / "long")
    assert first + b"".join(pieces) == whole


@pytest.mark.parametrize("change", [*CHANGES, *REPLACEMENTS])
def test_a_file_that_is_changed_before_its_turn_has_no_byte_sent(long: Path, change: Callable[[Path], None]) -> None:
    """A body for later is of the file that was looked up, not of one that has come in its place."""
    pieces = later(long, ("long",)).chunks()
    change(long / "long")
    with pytest.raises(CutShort, match="'long' is gone, or is another file now"):
        next(pieces)


def test_a_file_that_is_unreadable_at_its_turn_cuts_the_body_short(long: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why."""

    def fail(*_args: object, **_more: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    pieces = later(long, ("long",)).chunks()
    monkeypatch.setattr(beneath, "os", standing_in(open=fail))
    with pytest.raises(CutShort, match="'long' cannot be read any more: Too many open files"):
        next(pieces)


@both
def test_a_disk_that_fails_cuts_the_body_short(
    long: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], FileBody]
) -> None:
    """It says why."""

    def fail(*_args: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    pieces = made(long).chunks()
    next(pieces)
    monkeypatch.setattr(beneath, "os", standing_in(pread=fail))
    with pytest.raises(CutShort, match="the file could not be read to its end: Input/output error"):
        next(pieces)
