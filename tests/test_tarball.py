"""A tar that is made while it is sent, as other programs read it."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest

from tests.spools import WRITTEN, ask, pbx_on, put
from ucmsim.http.reply import PIECE, Bytes
from ucmsim.recording.tarball import Member, tar

NAMES = [
    "auto-1414771234-1000-1004.wav", "ü-ñ-日本.wav", "\udcff\udcfe.wav", "a,b.wav", "a'b\"c`$x.wav", "-rf", "x" * 99, "x" * 100,
    "x" * 101, "é" * 50, "é" * 51, "x" * 255, "é" * 127, "auto-1#203-01632960096-6400.wav",
]  # fmt: skip
SIZES = [0, 1, 44, 511, 512, 513, 1024, 5120, 10240, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7]


def member(name: str, content: bytes = b"content", written: int = WRITTEN) -> Member:
    return Member(name, written, Bytes(content))


def made(*members: Member) -> bytes:
    """Return the bytes of a tar; its length is what was told."""
    body = tar(members)
    data = b"".join(body.chunks())
    assert len(data) == body.length
    return data


def read_back(data: bytes) -> list[tuple[str, bytes]]:
    """Return name and content of every member, as Python's tarfile reads them."""
    with tarfile.open(fileobj=BytesIO(data), mode="r:") as archive:
        assert all(info.isreg() for info in archive)
        return [(info.name, archive.extractfile(info).read()) for info in archive]  # type: ignore[union-attr]


def extracted(data: bytes, folder: Path) -> dict[str, bytes]:
    """Return the files that GNU tar makes of *data* in *folder*."""
    folder.mkdir()
    ran = subprocess.run(["tar", "-x", "-C", str(folder)], input=data, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        os.fsencode(path.relative_to(folder)).decode("utf-8", "surrogateescape"): path.read_bytes() for path in files
    }


# The format


def test_a_header_is_that_of_ustar() -> None:
    """Every field of the 512 bytes before a member stands where POSIX has it."""
    data = made(member("a.wav", b"12345", 0o12345670123))
    assert data[:100] == b"a.wav".ljust(100, b"\0")
    assert data[100:108] == b"0000644\0"
    assert data[108:124] == b"0000000\0" * 2
    assert data[124:136] == b"00000000005\0"
    assert data[136:148] == b"12345670123\0"
    assert data[156:257] == b"0" + bytes(100)
    assert data[257:265] == b"ustar\x0000"
    assert data[265:329] == b"root".ljust(32, b"\0") * 2
    assert data[329:512] == bytes(183)
    checksum = sum(data[:148]) + 8 * 32 + sum(data[156:512])
    assert data[148:156] == b"%06o\0 " % checksum


def test_a_tar_ends_as_one_of_gnu_tar() -> None:
    """Members are padded to blocks of 512, and the whole, with two blocks of zeros, to records of 10240."""
    data = made(member("a", b"12345"), member("b", b"x" * 512))
    assert len(data) == 10240
    assert data[512:1024] == b"12345".ljust(512, b"\0")
    assert data[1536:2048] == b"x" * 512
    assert data[2048:] == bytes(8192)


@pytest.mark.parametrize(("size", "whole"), [(0, 10240), (8704, 10240), (8705, 20480), (10240, 20480), (18944, 20480)])
def test_the_last_record_holds_the_end(size: int, whole: int) -> None:
    """Two blocks of zeros fit in it, or there is one more."""
    data = made(member("a", b"x" * size))
    assert len(data) == whole
    assert data.endswith(bytes(1024))


def test_a_tar_of_nothing_is_an_end() -> None:
    """It is one record of zeros."""
    assert made() == bytes(10240)


def test_time_before_the_epoch_is_the_epoch() -> None:
    """A field of octal digits has no sign."""
    assert made(member("a", written=-5))[136:148] == b"00000000000\0"


# Read back


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_come_back(tmp_path: Path, name: str) -> None:
    """Python and GNU tar read the name that was written, whatever its letters and its length."""
    data = made(member(name, b"one"), member("after", b"two"))
    assert read_back(data) == [(name, b"one"), ("after", b"two")]
    assert extracted(data, tmp_path / "out") == {name: b"one", "after": b"two"}


@pytest.mark.parametrize("length", [100, 101, 155, 255, 256, 257, 600])
def test_paths_come_back(tmp_path: Path, length: int) -> None:
    """A path longer than a name can be is one too."""
    path = "/".join(["d" * 40] * 20)[: length - 5].rstrip("/") + "/a.wa"
    data = made(member(path), member("after"))
    assert read_back(data) == [(path, b"content"), ("after", b"content")]
    assert set(extracted(data, tmp_path / "out")) == {path, "after"}


def test_sizes_come_back(tmp_path: Path) -> None:
    """Empty, a multiple of a block or not, shorter and longer than a piece: each has its bytes."""
    contents = {f"{size}.wav": bytes(range(1, 256)) * (size // 255) + b"z" * (size % 255) for size in SIZES}
    data = made(*(member(name, content) for name, content in contents.items()))
    assert read_back(data) == list(contents.items())
    assert extracted(data, tmp_path / "out") == contents


def test_a_large_member_and_a_late_one_have_a_header(tmp_path: Path) -> None:
    """What octal digits cannot say is said as GNU tar says it."""

    class Large:
        length = 9 * 2**30

    data = b"".join(list(tar([Member("large", 2**36, Large())]).slice(0, 512).chunks()))  # type: ignore[arg-type]
    with tarfile.open(fileobj=BytesIO(data), mode="r:") as archive:
        info = archive.next()
        assert info is not None
        assert (info.name, info.size, info.mtime) == ("large", 9 * 2**30, 2**36)


def test_a_slice_is_that_part_of_the_tar() -> None:
    """Across headers, members and the end."""
    body = tar([member("a", b"x" * 700), member("b" * 150, b"y" * 70_000)])
    data = b"".join(body.chunks())
    for start, stop in [
        (0, 10),
        (500, 520),
        (1200, 1300),
        (3000, 75_000),
        (80_000, body.length),
        (0, body.length),
        (5, 5),
    ]:
        part = body.slice(start, stop)
        assert part.length == stop - start
        assert b"".join(part.chunks(1000)) == data[start:stop]


# From a spool


def test_members_are_in_the_order_in_which_they_are_asked_for(tmp_path: Path) -> None:
    """The order of the request, not that of the directory; one that is named twice is there twice."""
    names = ["c", "a", "d", "b", "a"]
    root = put(tmp_path / "spool", {f"monitor/{name}": name.encode() for name in names})
    assert read_back(ask(pbx_on(root), f"filename={'@'.join(names)}").body) == [(name, name.encode()) for name in names]


def test_equal_base_names_are_both_there(tmp_path: Path) -> None:
    """Two months have a file of the same name: both are members, of that name."""
    root = put(tmp_path / "spool", {"monitor/2013-11/a.wav": b"old", "monitor/2013-12/a.wav": b"new"})
    data = ask(pbx_on(root), "filename=2013-11/a.wav@2013-12/a.wav").body
    assert read_back(data) == [("a.wav", b"old"), ("a.wav", b"new")]
    assert extracted(data, tmp_path / "out") == {"a.wav": b"new"}


def test_twenty_members_are_streamed(tmp_path: Path) -> None:
    """Twenty files of a megabyte make a tar of twenty, and memory holds a piece of it."""
    contents = {f"monitor/{number:02}.wav": os.urandom(2**20 + number) for number in range(20)}
    pbx = pbx_on(put(tmp_path / "spool", contents))
    tracemalloc.start()
    reply = ask(pbx, "filename=" + "@".join(path.partition("/")[2] for path in contents))
    with (tmp_path / "all.tar").open("wb") as file:
        for step in reply.steps:
            for piece in step.body.chunks() if hasattr(step, "body") else ():
                file.write(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6
    data = (tmp_path / "all.tar").read_bytes()
    assert len(data) == int(dict(reply.headers)["Content-Length"])
    assert {f"monitor/{name}": content for name, content in read_back(data)} == contents
    assert {f"monitor/{name}": content for name, content in extracted(data, tmp_path / "out").items()} == contents


def test_a_member_has_the_time_of_its_file(tmp_path: Path) -> None:
    """It is when the file was written."""
    pbx = pbx_on(put(tmp_path / "spool", {"monitor/a": b"", "monitor/b": b""}))
    os.utime(tmp_path / "spool/monitor/b", (5, 5))
    with tarfile.open(fileobj=BytesIO(ask(pbx, "filename=a@b").body)) as archive:
        assert [info.mtime for info in archive] == [WRITTEN, 5]


@pytest.mark.quirk("tar-format")
def test_the_headers_of_a_tar_are_ustar_or_old_gnu(tmp_path: Path) -> None:
    """The magic tells them apart; in either format the members read back."""
    put(tmp_path, {"monitor/a.wav": b"a", "monitor/b.wav": b"bb"})
    for value, magic in (("ustar", b"ustar\x0000"), ("gnu", b"ustar  \0")):
        body = ask(pbx_on(tmp_path, quirks={"tar-format": value}), "filename=a.wav@b.wav").body
        assert body[257:265] == magic
        with tarfile.open(fileobj=BytesIO(body)) as read:
            assert [(member.name, member.size) for member in read] == [("a.wav", 1), ("b.wav", 2)]
