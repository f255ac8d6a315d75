"""The spool of a PBX: a user's folder laid over what the PBX recorded itself."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.makers import VOICES, another_row, crc_of, spool_of
from tests.spools import WRITTEN, put, standing_in
from ucmsim.http.reply import Body, CutShort
from ucmsim.recording import beneath
from ucmsim.recording.audio import wav
from ucmsim.recording.paths import parts_of
from ucmsim.recording.spool import FOLDERS, Spool
from ucmsim.store.history import History
from ucmsim.store.records import Record, Recording

CALL = Recording("monitor", "auto-1.wav", 1386000100, samples=8000)
MONTHS = (
    Recording("monitor/2013-11", "auto-2.wav", 1384000000, samples=80),
    Recording("monitor/2013-12", "auto-3.wav", 1386000300, samples=80),
)
MESSAGE = (
    Recording("voicemail/default/1000/INBOX", "msg0000.wav", 1386000400, samples=80),
    Recording("voicemail/default/1000/INBOX", "msg0000.txt", 1386000400, text="[message]\nduration=7\n"),
)


@pytest.fixture
def history(history: History) -> History:
    """That of the other tests, with recordings."""
    history.keep([Record(another_row(), (CALL, *MONTHS, *MESSAGE))])
    return history


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(history: History, root: Path) -> Spool:
    """A spool with the recordings, and a folder that does not exist yet."""
    return spool_of(history, root)


def content(body: Body) -> bytes:
    return b"".join(body.chunks())


def read(spool: Spool, path: str) -> bytes | None:
    """Return the bytes of the file at *path*, the same however it is read; None when there is none."""
    found, later = spool.find(parts_of(path)), spool.find(parts_of(path), later=True)
    assert bool(found) == bool(later)
    if not found or not later:
        return None
    assert (found.path, found.written, found.body.length) == (later.path, later.written, later.body.length)
    assert content(found.body) == content(later.body)
    return content(found.body)


def lines(spool: Spool, directory: str = ".", **how: Any) -> list[str]:
    """Return the lines of a listing, recursive if not said otherwise."""
    found = spool.listing(parts_of(directory), **{"recursive": True, **how})
    return [f"{'/'.join(path) or '.'},{name}" for path, name in found]


def directories(spool: Spool) -> list[str]:
    return ["/".join(path) for path in spool.directories()]


@pytest.mark.parametrize(
    ("path", "parts"),
    [("", ()), (".", ()), ("/", ()), ("a", ("a",)), ("a/b", ("a", "b")), ("//a/./b//", ("a", "b")), ("a/../b", ("a", "..", "b"))],
)  # fmt: skip
def test_a_path_comes_apart_as_the_file_system_reads_it(path: str, parts: tuple[str, ...]) -> None:
    """Doubled slashes and single dots mean nothing; two dots stay, and lead nowhere."""
    assert parts_of(path) == parts


# What the PBX recorded


def test_a_recording_is_made_when_it_is_read(spool: Spool) -> None:
    """It is the WAV of its seed and its samples."""
    assert read(spool, "monitor/auto-1.wav") == content(wav(VOICES, crc_of("monitor/auto-1.wav"), 8000))
    found = spool.find(("monitor", "auto-1.wav"))
    assert found is not None
    assert (found.path, found.written, found.body.length) == (("monitor", "auto-1.wav"), 1386000100, 44 + 16000)


def test_the_text_beside_a_message_is_as_it_was_written(spool: Spool) -> None:
    """It is a file like any other."""
    assert read(spool, "voicemail/default/1000/INBOX/msg0000.txt") == b"[message]\nduration=7\n"


@pytest.mark.parametrize(
    "path", ["", "monitor", "voicemail/default", "no.wav", "monitor/auto-2.wav", "monitor/../monitor/auto-1.wav"]
)
def test_what_is_not_there_is_none(spool: Spool, path: str) -> None:
    """A directory is no file, nor is one of another directory."""
    assert read(spool, path) is None


def test_recordings_are_listed_without_a_folder(spool: Spool) -> None:
    """They need no file, and their directories none of the user's."""
    assert lines(spool) == [
        ".,monitor", ".,voicemail",
        "monitor,2013-11", "monitor,2013-12", "monitor,auto-1.wav",
        "monitor/2013-11,auto-2.wav", "monitor/2013-12,auto-3.wav",
        "voicemail,default", "voicemail/default,1000", "voicemail/default/1000,INBOX",
        "voicemail/default/1000/INBOX,msg0000.txt", "voicemail/default/1000/INBOX,msg0000.wav",
    ]  # fmt: skip
    assert directories(spool) == [
        "monitor", "monitor/2013-11", "monitor/2013-12",
        "voicemail", "voicemail/default", "voicemail/default/1000", "voicemail/default/1000/INBOX",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "there"),
    [(".", True), ("monitor", True), ("monitor/2013-11", True), ("voicemail", True), ("voicemail/default", True), ("voice", False),
     ("monitor/2013", False), ("monitor/auto-1.wav", False), ("meetme", False), ("monitor/2013-11/x", False), ("..", False)],
)  # fmt: skip
def test_directories_of_recordings_exist(spool: Spool, path: str, there: bool) -> None:
    """So do those above them, and no other whose name begins alike."""
    assert spool.exists(parts_of(path)) is there


def test_a_spool_without_anything_is_empty(tmp_path: Path) -> None:
    """There is nothing to list, and its own folder does not exist."""
    history = History.open(Path(":memory:"), durable=False)
    empty = spool_of(history, tmp_path / "gone")
    assert (lines(empty), directories(empty), empty.exists(()), empty.months(("monitor",))) == ([], [], False, [])
    history.close()


# What the user put there


def test_a_users_file_takes_the_place_of_a_recording(spool: Spool, root: Path) -> None:
    """Its bytes and its time are those of the user's, and it is listed once."""
    put(root, {"monitor/auto-1.wav": b"mine"})
    assert read(spool, "monitor/auto-1.wav") == b"mine"
    found = spool.find(("monitor", "auto-1.wav"))
    assert found is not None
    assert found.written == WRITTEN
    assert lines(spool, "monitor").count("monitor,auto-1.wav") == 1
    (root / "monitor/auto-1.wav").unlink()
    assert read(spool, "monitor/auto-1.wav") == content(wav(VOICES, crc_of("monitor/auto-1.wav"), 8000))


def test_what_is_no_file_takes_no_recordings_place(spool: Spool, root: Path) -> None:
    """A directory, a pipe, or a link of the same name leaves the recording where it is."""
    for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/etc/passwd")):
        shutil.rmtree(root, ignore_errors=True)
        put(root, {"monitor/x": b""})
        make(root / "monitor/auto-1.wav")
        assert read(spool, "monitor/auto-1.wav") == content(wav(VOICES, crc_of("monitor/auto-1.wav"), 8000))


def test_what_is_no_directory_hides_no_recordings(spool: Spool, root: Path) -> None:
    """A file or a link in the place of a directory with recordings leaves them to be listed and read."""
    put(root, {"monitor/2013-11": b"", "x": b""})
    (root / "voicemail").symlink_to("/")
    assert {"monitor/2013-11,auto-2.wav", "voicemail/default,1000"} <= set(lines(spool))
    assert read(spool, "monitor/2013-11/auto-2.wav")


def test_both_are_listed_together(spool: Spool, root: Path) -> None:
    """Sorted by name, as if they were all of one kind; subdirectories follow, depth first."""
    put(
        root,
        {
            "monitor/auto-0.wav": b"",
            "monitor/auto-9.wav": b"",
            "monitor/2013-12/a": b"",
            "monitor/2013-12/sub/b": b"",
            "monitor/A": b"",
        },
    )
    assert lines(spool, "monitor") == [
        "monitor,2013-11", "monitor,2013-12", "monitor,A", "monitor,auto-0.wav", "monitor,auto-1.wav", "monitor,auto-9.wav",
        "monitor/2013-11,auto-2.wav",
        "monitor/2013-12,a", "monitor/2013-12,auto-3.wav", "monitor/2013-12,sub",
        "monitor/2013-12/sub,b",
    ]  # fmt: skip
    assert lines(spool, "monitor", recursive=False) == lines(spool, "monitor")[:6]


def test_the_newest_comes_first(spool: Spool, root: Path) -> None:
    """Files and recordings by the time they were written, those of the same second by name, directory by directory."""
    put(root, {"monitor/b": b"", "monitor/a": b"", "monitor/2013-12/x": b""})
    os.utime(root / "monitor/2013-12", (WRITTEN + 200, WRITTEN + 200))
    assert lines(spool, "monitor", newest_first=True) == [
        "monitor,2013-12", "monitor,auto-1.wav", "monitor,a", "monitor,b", "monitor,2013-11",
        "monitor/2013-12,auto-3.wav", "monitor/2013-12,x",
        "monitor/2013-11,auto-2.wav",
    ]  # fmt: skip


def test_directories_are_sorted_as_texts(spool: Spool, root: Path) -> None:
    """One that begins like another stands where its letters put it."""
    put(root, {"monitor-old/x": b"", "monitor_local/x": b"", "monitor/2013-12/deep/er/x": b"", "meetme/x": b""})
    found = directories(spool)
    assert found == sorted(found)
    assert found == [
        "meetme", "monitor", "monitor-old", "monitor/2013-11", "monitor/2013-12", "monitor/2013-12/deep",
        "monitor/2013-12/deep/er", "monitor_local",
        "voicemail", "voicemail/default", "voicemail/default/1000", "voicemail/default/1000/INBOX",
    ]  # fmt: skip


def test_months_are_the_latest_first(spool: Spool, root: Path) -> None:
    """Those of recordings and those of the user, and nothing that is no month or no directory."""
    put(
        root,
        {
            f"monitor/{name}/x": b""
            for name in ("2014-01", "2013-12", "2013-1", "x2013-12", "2013-12x", "٢٠١٣-١٢", "0000-00")
        },
    )
    put(root, {"monitor/2014-02": b""})
    (root / "monitor/2014-03").symlink_to("2013-12")
    assert spool.months(("monitor",)) == ["2014-01", "2013-12", "2013-11", "0000-00"]
    assert spool.months(("meetme",)) == []


NAMES = ["ü.wav", "\udcff\udcfe.wav", "a,b\n.wav", "a b", "#+%", "\U0001f600"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_are_listed_as_they_are(spool: Spool, root: Path, name: str) -> None:
    """A name that is no text, and one that breaks its line, are names."""
    (root / "monitor").mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(root) + b"/monitor/" + name.encode("utf-8", "surrogateescape"))).write_bytes(b"x")
    assert f"monitor,{name}" in lines(spool, "monitor")
    assert read(spool, f"monitor/{name}") == b"x"


def test_a_directory_that_is_no_text_is_one_like_any_other(spool: Spool, root: Path) -> None:
    """It is listed, descended into, and asked for; one that is not there is missing."""
    put(root, {"monitor/\udcff/x": b"x"})
    assert "monitor/\udcff,x" in lines(spool, "monitor")
    assert "monitor/\udcff" in directories(spool)
    assert read(spool, "monitor/\udcff/x") == b"x"
    assert spool.exists(("monitor", "\udcff"))
    assert not spool.exists(("monitor", "\udcfe"))
    assert read(spool, "monitor/\udcff/y") is read(spool, "\udcff/x") is read(spool, "monitor/\udcff") is None
    assert lines(spool, "\udcfe") == spool.months(("\udcfe",)) == []


def test_what_is_no_file_is_listed_and_not_read(spool: Spool, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The device lists whatever is there."""
    put(root, {"meetme/x": b""})
    monkeypatch.chdir(root / "meetme")  # the path of a socket must be short
    os.mkfifo("pipe")
    Path("link").symlink_to("x")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    assert lines(spool, "meetme") == ["meetme,link", "meetme,pipe", "meetme,socket", "meetme,x"]
    assert [read(spool, f"meetme/{name}") for name in ("link", "pipe", "socket", "x")] == [None, None, None, b""]


# While it runs


def test_a_folder_that_comes_and_goes(spool: Spool, root: Path) -> None:
    """What is in it is served as long as it is there, and the recordings always."""
    before = lines(spool), directories(spool)
    put(root, {"monitor/x": b"x"})
    assert read(spool, "monitor/x") == b"x"
    shutil.rmtree(root)
    assert read(spool, "monitor/x") is None
    assert (lines(spool), directories(spool)) == before
    assert read(spool, "monitor/auto-1.wav")


def unreadable(monkeypatch: pytest.MonkeyPatch, name: bytes | Path, call: str = "open") -> None:
    """Let the system refuse to *call* for *name*."""
    usual = getattr(os, call)

    def refusing(path: object, *args: Any, **more: Any) -> Any:
        if path == name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return usual(path, *args, **more)

    monkeypatch.setattr(beneath, "os", standing_in(**{call: refusing}))


def test_an_unreadable_folder_holds_nothing_and_that_is_told(
    spool: Spool, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recordings are served all the same."""
    before = lines(spool), directories(spool), spool.months(("monitor",))
    put(root, {"monitor/x": b"x", "monitor/2014-01/y": b"y"})
    unreadable(monkeypatch, root)
    told: list[str] = []
    assert [
        f"{'/'.join(path) or '.'},{name}" for path, name in spool.listing((), told.append, recursive=True)
    ] == before[0]
    assert ["/".join(path) for path in spool.directories(told.append)] == before[1]
    assert spool.months(("monitor",), told.append) == before[2]
    assert spool.find(("monitor", "x"), told.append) is None
    assert spool.find(("monitor", "auto-1.wav"), told.append)
    assert spool.exists(("monitor",), told.append)
    assert not spool.exists(("meetme",), told.append)
    assert set(told) == {
        f"'{path}' cannot be read: Permission denied"
        for path in (".", "monitor", "meetme", "monitor/x", "monitor/auto-1.wav", "monitor/2013-11", "monitor/2013-12",
                     "voicemail", "voicemail/default", "voicemail/default/1000", "voicemail/default/1000/INBOX")
    }  # fmt: skip


def test_one_unreadable_directory_hides_no_other(spool: Spool, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is listed itself, nothing below it is, and that is told once."""
    put(root, {"meetme/a/x": b"", "meetme/b/y": b"", "meetme/c/z": b""})
    unreadable(monkeypatch, b"b")
    told: list[str] = []
    found = [f"{'/'.join(path)},{name}" for path, name in spool.listing(("meetme",), told.append, recursive=True)]
    assert found == ["meetme,a", "meetme,b", "meetme,c", "meetme/a,x", "meetme/c,z"]
    assert told == ["'meetme/b' cannot be read: Permission denied"]


def test_a_file_that_is_read_later_is_the_one_that_was_found(spool: Spool, root: Path) -> None:
    """One that has come in its place is not sent."""
    put(root, {"monitor/x": b"first"})
    found = spool.find(("monitor", "x"), later=True)
    assert found is not None
    (root / "monitor/x").unlink()
    put(root, {"monitor/x": b"other"})
    with pytest.raises(CutShort, match="'monitor/x' is gone, or is another file now"):
        content(found.body)


# Its beginning


def test_a_new_spool_has_the_usual_directories(history: History, root: Path) -> None:
    """They are there for the user to put files into, for nobody else to see; what is there already stays."""
    put(root, {"monitor/x": b"x"})
    spool = Spool.begun(root, history.recordings, VOICES, crc_of)
    assert all((root / path).is_dir() for path in FOLDERS)
    assert (root / "voicemail").stat().st_mode & 0o777 == 0o700
    assert read(spool, "monitor/x") == b"x"


@pytest.mark.parametrize("place", ["spool", "spool/monitor", "spool/voicemail"])
@pytest.mark.parametrize(
    "make",
    [Path.touch, lambda path: path.symlink_to("nowhere"), lambda path: path.symlink_to(path.parents[1] / "outside")],
)
def test_what_stands_in_the_way_of_a_directory_stays(
    history: History, tmp_path: Path, place: str, make: Callable[[Path], None]
) -> None:
    """A PBX starts all the same, and nothing is made elsewhere, unless the spool as a whole is a link to there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / place).parent.mkdir(exist_ok=True)
    if place == "spool":
        outside = tmp_path.parent / "outside"
        outside.mkdir(exist_ok=True)
    make(tmp_path / place)
    spool = Spool.begun(tmp_path / "spool", history.recordings, VOICES, crc_of)
    assert read(spool, "monitor/auto-1.wav")
    if place != "spool":
        assert list(outside.iterdir()) == []


# What it costs


def test_the_work_grows_with_the_directories_and_not_with_their_square(history: History, root: Path) -> None:
    """A thousand mailboxes are listed with a few statements each."""
    boxes = (
        Recording(f"voicemail/default/{number}/INBOX", "msg0000.wav", 0, samples=80) for number in range(1000, 2000)
    )
    history.keep([Record(another_row(), boxes)])
    spool = spool_of(history, root)
    statements = Counter[str]()
    history._database.set_trace_callback(lambda sql: statements.update([sql[:30]]))
    assert len(lines(spool, "voicemail")) == 3002
    assert len(directories(spool)) == 2005
    history._database.set_trace_callback(None)
    assert statements.total() < 10_000


def test_recordings_are_read_a_page_at_a_time(history: History) -> None:
    """Every one of them comes once and by name, whether pages are full or not."""
    for count in (999, 1000, 1001, 2000, 2500):
        directory = f"meetme/{count}"
        history.keep([Record(another_row(), (Recording(directory, f"{number:05}", number) for number in range(count)))])
        assert list(history.recordings.within(directory)) == [(f"{number:05}", number) for number in range(count)]
