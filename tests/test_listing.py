"""Long listings: sorted and kept outside of memory, and the same bytes as short ones."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.makers import another_row
from tests.spools import ask, pbx_on, put, standing_in
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reply import PIECE, Bytes
from ucmsim.recording import beneath, listing
from ucmsim.recording.beneath import Entry
from ucmsim.recording.listing import body_of, in_order
from ucmsim.store.records import Record, Recording

MANY = 100_000
MOST = 8e6
"""Bytes that a listing may take, however long it is; the names alone of the many are 9 MB as texts."""


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


# The body


@pytest.mark.parametrize("lines", [[], [b""], [b"a\n"], [b"a\n", b"\xff,\n\n"], [b"x" * 10] * 6000, [b"x" * PIECE]])
def test_a_short_body_is_in_memory(lines: list[bytes]) -> None:
    """What fills no more than one piece needs no file."""
    body = body_of(lines)
    assert isinstance(body, Bytes)
    assert (body.length, body.data) == (len(b"".join(lines)), b"".join(lines))


@pytest.mark.parametrize("count", [PIECE // 16 + 1, 20_000, 100_000])
def test_a_long_body_has_the_same_bytes(count: int) -> None:
    """It is what its lines are, joined, and so is every slice."""
    due = b"".join(b"line %010d\n" % number for number in range(count))
    body = body_of(b"line %010d\n" % number for number in range(count))
    assert body.length == len(due)
    assert b"".join(body.chunks()) == due
    assert b"".join(body.slice(70_000, 70_100).chunks(7)) == due[70_000:70_100]


def test_a_long_body_is_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left where temporary files are, and its descriptor goes with it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = descriptors()
    body = body_of(b"x" * 100 for _ in range(10_000))
    assert list(tmp_path.iterdir()) == []
    assert descriptors() == before + 1
    pieces = body.chunks()
    next(pieces)
    del body
    assert descriptors() == before + 1
    assert sum(map(len, pieces)) == 1_000_000 - PIECE
    del pieces
    assert descriptors() == before


def test_lines_that_end_in_an_error_leave_nothing_open() -> None:
    """What fails in the middle has no body, and no descriptor."""
    before = descriptors()

    def lines() -> Iterator[bytes]:
        yield b"x" * PIECE
        yield b"x" * PIECE
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        body_of(lines())
    assert descriptors() == before


# The order


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 199, 200, 201, 1000, 1050])
@pytest.mark.parametrize("key", [None, lambda number: -number, lambda number: number % 7])
def test_items_come_in_order(monkeypatch: pytest.MonkeyPatch, count: int, key: Callable[[int], int] | None) -> None:
    """Sorted in runs and merged they are as `sorted` has them, equal ones in the order in which they came."""
    monkeypatch.setattr(listing, "_RUN", 100)
    monkeypatch.setattr(listing, "_BLOCK", 8)
    items = [Random(count).randrange(500) for _ in range(count)]
    assert list(in_order(items, key)) == sorted(items, key=key)


def test_entries_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are the same after they were in a file, whatever their names."""
    monkeypatch.setattr(listing, "_RUN", 10)
    entries = [Entry(f"\udcff,\n{number}é\U0001f600", number % 2 == 0, number) for number in range(100)]
    assert list(in_order(entries)) == sorted(entries)


def test_an_order_that_is_given_up_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the runs goes with the iterator."""
    monkeypatch.setattr(listing, "_RUN", 10)
    before = descriptors()
    items = in_order(range(100))
    next(items)
    assert descriptors() == before + 1
    del items
    assert descriptors() == before


# A hundred thousand


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spool with a hundred thousand files in one directory."""
    root = put(tmp_path_factory.mktemp("crowded"), {"monitor/first": b""})
    directory = os.open(root / "monitor", os.O_RDONLY)
    for number in range(MANY - 1):
        os.mknod(f"auto-{number:06}.wav", dir_fd=directory)
    os.close(directory)
    return root


def listed(pbx: Pbx, query: str) -> tuple[int, list[bytes], int]:
    """Return how many lines a listing has, its first two and its last, and the memory that it took at most.

    Its Content-Length is right.
    """
    tracemalloc.start()
    try:
        reply = ask(pbx, query)
        length = dict(reply.headers)["Content-Length"]
        sent, lines, first, last = 0, 0, b"", b""
        for step in reply.steps:
            for piece in step.body.chunks() if hasattr(step, "body") else ():
                sent += len(piece)
                lines += piece.count(b"\n")
                first = (first + piece)[:60]
                last = (last + piece)[-60:]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert int(length) == sent
    ends = [*first.split(b"\n")[:2], last.split(b"\n")[-2]]
    return lines, ends, peak


@pytest.mark.parametrize("quirks", [{}, {"listing-order": "newest"}], ids=["by name", "newest first"])
def test_a_hundred_thousand_files_are_listed_in_little_memory(crowded: Path, quirks: dict[str, str]) -> None:
    """Every one of them is on a line, the length is right, and memory does not grow with their number."""
    if quirks:
        os.utime(crowded / "monitor/first", (2**32, 2**32))
        os.utime(crowded / "monitor/auto-000007.wav", (1, 1))
    lines, ends, peak = listed(pbx_on(crowded, quirks=quirks), "filedir=monitor")
    assert lines == 1 + MANY
    if quirks:
        assert ends == [b"Directory,Filename", b"monitor,first", b"monitor,auto-000007.wav"]
    else:
        assert ends == [b"Directory,Filename", b"monitor,auto-000000.wav", b"monitor,first"]
    assert peak < MOST


def test_a_hundred_thousand_recordings_are_listed_in_little_memory(tmp_path: Path) -> None:
    """Those that the PBX made itself are no dearer than a user's."""
    pbx = pbx_on(tmp_path)
    made = (Recording("monitor/2013-12", f"auto-{number:06}.wav", number, 8000) for number in range(MANY))
    pbx.history.keep([Record(another_row(), made)])
    lines, ends, peak = listed(pbx, "filedir=monitor")
    assert lines == 2 + MANY
    assert ends == [b"Directory,Filename", b"monitor,2013-12", b"monitor/2013-12,auto-099999.wav"]
    assert peak < MOST


def test_a_directory_that_is_named_again_is_not_read_again(crowded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five hundred times the same, spelled in three ways, are read once; each is on the wire."""
    read = []
    monkeypatch.setattr(
        beneath, "os", standing_in(scandir=lambda directory: read.append(directory) or os.scandir(directory))
    )
    reply = ask(pbx_on(crowded), "filedir=" + "@".join(["monitor", "./monitor", "monitor//"] * 160))
    assert len(read) == 1
    once = len(ask(pbx_on(crowded), "filedir=monitor").body)
    header = len("Directory,Filename\n")
    assert dict(reply.headers)["Content-Length"] == str(header + 480 * (once - header))
