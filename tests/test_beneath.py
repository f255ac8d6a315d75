"""What lies beneath a folder is opened, and nothing else: not by a name, not by a link, not by a swap in between."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.spools import WRITTEN, ask, pbx_on, put, standing_in
from ucmsim.http.reply import PIECE, CutShort, Send
from ucmsim.recording import beneath
from ucmsim.recording.beneath import Entry, FileBody, FileLater, OpenFile, Unreadable

INSIDE = b"inside"
CANARY = b"canary"
PATH = ("monitor", "2013-12", "a.wav")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file, and outside of it the same tree with another one."""
    put(tmp_path / "outside", {"/".join(PATH): CANARY, "monitor/2013-12/canary": CANARY, "a.wav": CANARY})
    return put(tmp_path / "spool", {"/".join(PATH): INSIDE})


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def read(root: Path, parts: tuple[str, ...]) -> bytes | None:
    """Return what the file at *parts* holds, None when there is none."""
    file = beneath.opened(root, parts)
    return None if file is None else b"".join(FileBody(file, 0, file.length).chunks())


def later(root: Path, parts: tuple[str, ...], size: int | None = None) -> FileLater:
    """Return the body of the file at *parts* for somebody who reads it later."""
    file = beneath.opened(root, parts)
    assert file is not None
    return FileLater(root, parts, file.identity, 0, file.length if size is None else size)


def names(root: Path, parts: tuple[str, ...]) -> set[str]:
    return {entry.name for entry in beneath.entries(root, parts)}


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


# Swaps


class swapping:
    """Within it, *swap* is done once: at the call number *at*, or right *before* or *after* the call of that description.

    Even numbers are before a call, odd ones after it. As a context it is the descriptions of the calls that were made.
    """

    WATCHED = ("open", "stat", "fstat", "scandir", "pread", "close")

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        swap: Callable[[], object],
        *,
        at: int = -1,
        before: str = "",
        after: str = "",
    ) -> None:
        self._monkeypatch, self._swap = monkeypatch, swap
        self._at, self._before, self._after = at, before, after
        self._calls: list[str] = []
        self.done = False

    def __enter__(self) -> list[str]:
        self._monkeypatch.setattr(beneath, "os", standing_in(**{name: self._watched(name) for name in self.WATCHED}))
        return self._calls

    def __exit__(self, *_error: object) -> None:
        self._monkeypatch.undo()

    def _watched(self, name: str) -> Callable[..., Any]:
        call = getattr(os, name)

        def watched(*args: Any, **more: Any) -> Any:
            what = "directory" if isinstance(args[0], int) else os.fsdecode(args[0]).rpartition("/")[2]
            told = f"{name} of {what}"
            number = 2 * len(self._calls)
            self._calls.append(told)
            self._maybe(self._at == number or self._before == told)
            try:
                return call(*args, **more)
            finally:
                self._maybe(self._at == number + 1 or self._after == told)

        return watched

    def _maybe(self, due: bool) -> None:
        if due and not self.done:
            self.done = True
            self._swap()


def swap_for_link(root: Path, place: Path) -> Callable[[], None]:
    """Return what puts a link to the same place outside *root* where *place* is."""

    def swap() -> None:
        place.rename(place.with_name("moved away"))
        place.symlink_to(root.parent / "outside" / place.relative_to(root))

    return swap


def swap_for_other(root: Path, place: Path) -> Callable[[], None]:
    """Return what puts a link in and the true one back again, so that a check before and one after see nothing."""

    def swap() -> None:
        swap_for_link(root, place)()
        place.unlink()
        place.with_name("moved away").rename(place)

    return swap


def reads_the_file(root: Path) -> bytes:
    return read(root, PATH) or b""


def reads_it_later(root: Path) -> bytes:
    file = beneath.opened(root, PATH)
    try:
        return b"".join(FileLater(root, PATH, file.identity, 0, file.length).chunks()) if file else b""
    except CutShort:
        return b""


def lists_everything(root: Path) -> bytes:
    found, waiting = [], [()]
    while waiting:
        path = waiting.pop()
        inside = list(beneath.entries(root, path, dated=True))
        found += [entry.name for entry in inside]
        waiting += [(*path, entry.name) for entry in inside if entry.is_directory]
    return "\n".join(found).encode()


def asks_for_directories(root: Path) -> bytes:
    return CANARY if beneath.is_directory(root, ("monitor", "canary")) else b""


def asks_a_pbx(root: Path) -> bytes:
    """Have the file served alone, as a member of a tar, and in a listing."""
    pbx, path = pbx_on(root), "/".join(PATH[1:])
    got = b""
    for query in (f"filename={path}", f"filename={path}@{path}", "filename=a.wav", "filedir=monitor@.", None):
        with suppress(CutShort):
            for piece in (
                piece for step in ask(pbx, query).steps if isinstance(step, Send) for piece in step.body.chunks()
            ):
                got += piece
    return got


PLACES = [PATH[: depth + 1] for depth in range(len(PATH))]


@pytest.mark.parametrize("swap", [swap_for_link, swap_for_other])
@pytest.mark.parametrize("place", PLACES, ids="/".join)
@pytest.mark.parametrize("act", [reads_the_file, reads_it_later, lists_everything, asks_for_directories, asks_a_pbx])
def test_a_swap_between_any_two_system_calls_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Path], bytes],
    place: tuple[str, ...], swap: Callable[[Path, Path], Callable[[], None]],
) -> None:  # fmt: skip
    """Before or after each call a part of the path becomes a link to outside: what comes is what was inside, or nothing."""
    before = descriptors()
    number, moments, swapped = 0, 1, 0
    seen: set[bytes] = set()
    while number < moments:
        folder = tmp_path / str(number)
        put(folder / "outside", {"/".join(PATH): CANARY, "monitor/canary/x": CANARY, "monitor/2013-12/canary": CANARY})
        root = put(folder / "spool", {"/".join(PATH): INSIDE})
        watched = swapping(monkeypatch, swap(root, root.joinpath(*place)), at=number)
        with watched as calls:
            got = act(root)
        moments = max(moments, 2 * len(calls))
        swapped += watched.done
        assert CANARY not in got
        seen.add(got)
        number += 1
    assert swapped == moments >= 4
    assert descriptors() == before
    if act in (reads_the_file, reads_it_later):
        assert INSIDE in seen
        assert seen <= {INSIDE, b""}


def test_the_check_can_fail(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that follows links at the last step reads the canary at one of these swaps."""
    monkeypatch.setattr(beneath, "_FILE", os.O_RDONLY)
    patched = pytest.MonkeyPatch()
    with swapping(patched, swap_for_link(root, root.joinpath(*PATH)), before="open of a.wav"):
        assert read(root, PATH) == CANARY


@pytest.mark.parametrize("place", PLACES, ids="/".join)
def test_a_race_leads_nowhere(root: Path, place: tuple[str, ...]) -> None:
    """While another thread swaps a part of the path for a link and back, all that is ever read is what was inside."""
    at = root.joinpath(*place)
    aside, link = at.with_name("aside"), at.with_name("link")
    link.symlink_to(root.parent / "outside" / "/".join(place))
    go, over = threading.Event(), threading.Event()

    def race() -> None:
        go.wait()
        for _ in range(400):
            at.rename(aside)
            link.rename(at)
            at.rename(link)
            aside.rename(at)
        over.set()

    racer = threading.Thread(target=race)
    racer.start()
    got: set[bytes | None] = set()
    listed: set[str] = set()
    go.set()
    while not over.is_set():
        got.add(read(root, PATH))
        listed |= names(root, PATH[:2])
    racer.join()
    assert got <= {INSIDE, None}
    assert listed <= {"a.wav", "aside", "link"}
    assert read(root, PATH) == INSIDE


# Bodies


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
