"""What lies beneath a folder is opened or made, and nothing else: not by a name, and not by a link."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import folders
from tests.folders import INSIDE, PATH, descriptors, names, read, swapping
from tests.spools import WRITTEN, put, standing_in
from ucmsim.recording import beneath
from ucmsim.recording.beneath import Entry, Unreadable

root = folders.root  # a fixture

# What is found


def test_a_file_is_opened(root: Path) -> None:
    """A regular file is read as it is, and its length and time are known."""
    file = beneath.opened(root, PATH)
    assert file is not None
    assert (file.length, file.written) == (len(INSIDE), WRITTEN)
    assert file.read(2, 3) == INSIDE[2:5]


def test_entries_of_a_directory(root: Path) -> None:
    """Names come with whether they are directories, and with their times when these are asked for."""
    put(root, {"monitor/b.wav": b""})
    os.utime(root / "monitor/2013-12", (7, 7))
    found = {Entry("2013-12", True), Entry("b.wav", False)}
    assert set(beneath.entries(root, ("monitor",))) == found
    dated = {Entry("2013-12", True, 7), Entry("b.wav", False, WRITTEN)}
    assert set(beneath.entries(root, ("monitor",), dated=True)) == dated


@pytest.mark.parametrize(
    "parts",
    [
        (), ("monitor",), ("no",), ("monitor", "no"), ("no", "a.wav"), ("monitor", "2013-12", "a.wav", "b"),
        ("..", "outside", "a.wav"), (".", *PATH), ("monitor", "..", *PATH), ("monitor/2013-12", "a.wav"), ("/", *PATH),
        ("monitor", "", "2013-12", "a.wav"), (*PATH, ""), (*PATH, "."), ("a\0b",), ("n" * 256,), ("\ud800",),
        ("monitor", "2013-12", "a.wav\0"), ("../outside/a.wav",),
    ],
)  # fmt: skip
def test_what_is_no_file_is_none(root: Path, parts: tuple[str, ...]) -> None:
    """A directory, a name that is not there, and what names no entry are all nothing."""
    assert beneath.opened(root, parts) is None


@pytest.mark.parametrize(
    ("parts", "there"),
    [((), True), (("monitor",), True), (PATH[:2], True), (PATH, False), (("no",), False), (("..",), False),
     (("monitor", ".."), False), ((".",), False), (("",), False), (("..", "outside"), False)],
)  # fmt: skip
def test_directories_are_told_from_all_else(root: Path, parts: tuple[str, ...], there: bool) -> None:
    """A file is none, nor is anything that leads out; what is none has no entries."""
    assert beneath.is_directory(root, parts) is there
    assert bool(names(root, parts)) is there


@pytest.mark.parametrize(
    "name", ["ü.wav", "\udcff\udcfe.wav", "a,b\n.wav", " ", "-rf", "a#b+c%20", "\U0001f600", "x" * 255]
)
def test_names_are_bytes(root: Path, name: str) -> None:
    """A name that is no text, or has letters that mean something elsewhere, is one like any other."""
    raw = name.encode("utf-8", "surrogateescape")
    Path(os.fsdecode(os.fsencode(root) + b"/monitor/" + raw)).write_bytes(INSIDE)
    assert name in names(root, ("monitor",))
    assert read(root, ("monitor", name)) == INSIDE


def test_names_are_bytes_in_every_locale(root: Path) -> None:
    """Where the system's own encoding is ASCII, names are the same."""
    put(root, {"monitor/ü.wav": INSIDE})
    code = (
        "import sys; from pathlib import Path; from ucmsim.recording import beneath; assert sys.getfilesystemencoding() == 'ascii'\n"
        "root = Path(sys.argv[1]); print({e.name for e in beneath.entries(root, ('monitor',))} == {'2013-12', '\\xfc.wav'})"
        "; print(beneath.opened(root, ('monitor', '\\xfc.wav')).length)"
    )
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = subprocess.run([sys.executable, "-c", code, str(root)], env=plain, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("True\n6\n", "")


def test_the_folder_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    """Where a spool is, is the user's own choice."""
    (tmp_path / "elsewhere").symlink_to(root)
    assert read(tmp_path / "elsewhere", PATH) == INSIDE
    assert names(tmp_path / "elsewhere", ()) == {"monitor"}


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    """It is no error that there is no folder, or that something else is in its place."""
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "gone", tmp_path / "file"):
        assert beneath.opened(root, PATH) is None
        assert not beneath.is_directory(root, ())
        assert names(root, ()) == set()


# Links, and what is no file


@pytest.mark.parametrize(
    "target", ["{outside}/a.wav", "../../outside/a.wav", "2013-12/a.wav", "{root}/monitor/2013-12/a.wav", "b.wav", "/etc/passwd"]
)  # fmt: skip
def test_a_link_to_a_file_is_not_followed(root: Path, target: str) -> None:
    """Out, in, or in a circle: the name is listed, and nothing is read."""
    (root / "monitor/b.wav").symlink_to(target.format(outside=root.parent / "outside", root=root))
    assert beneath.opened(root, ("monitor", "b.wav")) is None
    assert Entry("b.wav", is_directory=False) in set(beneath.entries(root, ("monitor",)))


@pytest.mark.parametrize(
    "target", ["{outside}/monitor", "../outside/monitor", "monitor", "{root}/monitor", "linked", "/", "."]
)
def test_a_link_to_a_directory_is_not_followed(root: Path, target: str) -> None:
    """Nothing is found behind it, and it is no directory."""
    (root / "linked").symlink_to(target.format(outside=root.parent / "outside", root=root))
    assert beneath.opened(root, ("linked", *PATH[1:])) is None
    assert not beneath.is_directory(root, ("linked",))
    assert names(root, ("linked",)) == names(root, ("linked", "2013-12")) == set()
    assert Entry("linked", is_directory=False) in set(beneath.entries(root, ()))


def test_nothing_but_files_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, a socket and a device are listed, and not even opened: that alone could do something to them."""
    os.mkfifo(root / "monitor/pipe")
    monkeypatch.chdir(root / "monitor")  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    assert names(root, ("monitor",)) == {"2013-12", "pipe", "socket"}
    before = descriptors()
    with swapping(monkeypatch, lambda: None, at=-1) as calls:
        assert beneath.opened(root, ("monitor", "pipe")) is None
        assert beneath.opened(root, ("monitor", "socket")) is None
        assert beneath.opened(Path("/dev"), ("null",)) is None
    assert [call for call in calls if call in {"open of pipe", "open of socket", "open of null"}] == []
    assert descriptors() == before


def test_a_pipe_that_takes_the_place_of_a_file_does_not_hold_anybody_up(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged to be a file and then opened as a pipe, it is closed again."""
    before = descriptors()

    def swap() -> None:
        (root / "/".join(PATH)).unlink()
        os.mkfifo(root / "/".join(PATH))

    with swapping(monkeypatch, swap, before="open of a.wav"):
        assert beneath.opened(root, PATH) is None
    assert descriptors() == before


# What cannot be read


FAILURES = (errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.ESTALE)


@pytest.mark.parametrize("number", FAILURES, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["stat", "open", "fstat", "scandir"])
def test_what_the_system_does_not_let_be_read_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """It is not taken for missing: whoever asks learns why, and no descriptor is left."""
    before = descriptors()

    def fail(*_args: object, **_more: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(beneath, "os", standing_in(**{call: fail}))
    with pytest.raises(Unreadable, match=os.strerror(number)):
        list(beneath.entries(root, ("monitor",))) if call == "scandir" else beneath.opened(root, PATH)
    if call == "open":
        with pytest.raises(Unreadable):
            beneath.is_directory(root, ("monitor",))
    monkeypatch.undo()
    assert descriptors() == before


def test_an_entry_that_goes_while_it_is_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is listed, without a time."""
    put(root, {"monitor/b.wav": b""})

    @contextmanager
    def read_and_gone(directory: int) -> Iterator[list[os.DirEntry[str]]]:
        with os.scandir(directory) as found:
            read = list(found)
            (root / "monitor/b.wav").unlink()
            yield read

    monkeypatch.setattr(beneath, "os", standing_in(scandir=read_and_gone))
    assert Entry("b.wav", False, 0) in set(beneath.entries(root, ("monitor",), dated=True))


# Making directories


def test_directories_are_made(tmp_path: Path) -> None:
    """All that are missing on the way, for nobody else to see."""
    beneath.make(tmp_path, ("voicemail", "default"))
    beneath.make(tmp_path, ("voicemail", "default"))
    assert (tmp_path / "voicemail/default").is_dir()
    assert (tmp_path / "voicemail/default").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("make", [lambda at, _out: at.write_bytes(b""), lambda at, out: at.symlink_to(out)])
def test_no_directory_is_made_behind_what_is_none(tmp_path: Path, make: Callable[[Path, Path], object]) -> None:
    """A file or a link that stands in the way is left as it is, and nothing is made outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "spool").mkdir()
    make(tmp_path / "spool/voicemail", outside)
    beneath.make(tmp_path / "spool", ("voicemail", "default"))
    assert list(outside.iterdir()) == []
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["voicemail"]
