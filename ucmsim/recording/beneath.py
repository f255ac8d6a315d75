"""Opens what lies beneath a folder and nothing else: no link is followed, no name leads out, nothing but files is read.

Each directory on the way is opened by the one above it, and what is judged is what was opened, so that nothing can be
swapped between check and use. Names are bytes to the system, whatever its locale.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ucmsim.http.reply import PIECE, CutShort, within

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOCTTY
_INSIDE = _DIRECTORY | os.O_NOFOLLOW
# Without O_NONBLOCK opening a pipe waits for somebody who writes into it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY

_NOTHING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO})
"""What the system says where there is nothing to serve: no such name, a link, a socket. All else is told."""


class Unreadable(Exception):
    """Something is there, and the system does not let it be read; the text says why."""


class OpenFile:
    """An open file as it is at this moment; closed when the last body that reads it goes.

    *written* is when it was written in seconds of the epoch. Another file, or this one after a change, has another
    *identity*, even if it has the number, the length and the time of one that was removed.
    """

    __slots__ = ("_descriptor", "_state", "identity", "is_regular", "length", "written")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        found = os.fstat(descriptor)
        self.is_regular = stat.S_ISREG(found.st_mode)
        self.length = found.st_size
        self.written = int(found.st_mtime)
        self._state = _state(found)
        self.identity = (found.st_dev, found.st_ino, found.st_ctime_ns, *self._state)

    def read(self, at: int, size: int) -> bytes:
        """Return at most *size* bytes from *at* on. Raises `CutShort` when they need not be those of the file it was."""
        try:
            data = os.pread(self._descriptor, size, at)
            same = _state(os.fstat(self._descriptor)) == self._state
        except OSError as error:
            raise CutShort(f"the file could not be read to its end: {error.strerror}") from error
        if not same or not data:
            raise CutShort("the file was changed while it was sent")
        return data

    def __del__(self) -> None:
        os.close(self._descriptor)


def _state(found: os.stat_result) -> tuple[int, int]:
    # The time of the last change to the inode would be stricter, but a file that is removed has a new one too.
    return found.st_size, found.st_mtime_ns


@dataclass(frozen=True, slots=True)
class FileBody:
    """The bytes *start* to *stop* of an open file; one that is changed while it is sent cuts the body short.

    A file that is removed, or that another takes the place of, stays what it was for whoever has it open.
    """

    file: OpenFile
    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    def slice(self, start: int, stop: int) -> FileBody:
        return FileBody(self.file, *within(self.start, self.stop, start, stop))

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        at = self.start
        while at < self.stop:
            piece = self.file.read(at, min(size, self.stop - at))
            at += len(piece)
            yield piece


@dataclass(frozen=True, slots=True)
class FileLater:
    """The bytes of a file that is opened again when its turn comes; any other in its place cuts the body short.

    *identity* is that of the file which is meant. Until then nothing is held open.
    """

    root: Path
    parts: tuple[str, ...]
    identity: tuple[int, ...]
    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    def slice(self, start: int, stop: int) -> FileLater:
        first, last = within(self.start, self.stop, start, stop)
        return FileLater(self.root, self.parts, self.identity, first, last)

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        path = "/".join(self.parts)
        try:
            file = opened(self.root, self.parts)
        except Unreadable as error:
            raise CutShort(f"'{path}' cannot be read any more: {error}") from error
        if file is None or file.identity != self.identity:
            raise CutShort(f"'{path}' is gone, or is another file now")
        yield from FileBody(file, self.start, self.stop).chunks(size)


class Entry(NamedTuple):
    """One entry of a directory: its name, whether it is a directory, and when it was written in seconds of the epoch.

    *written* is 0 where nobody asked for it.
    """

    name: str
    is_directory: bool
    written: int = 0


def opened(root: Path, parts: Sequence[str]) -> OpenFile | None:
    """Return the regular file at *parts* beneath *root*, None when there is none. Raises `Unreadable`."""
    if not parts:
        return None
    with _NothingThere(), _directory(root, parts[:-1]) as above:
        name = _name(parts[-1])
        # To open a pipe or a device can do something to it; the answer may be outdated, and is judged again below.
        if stat.S_ISREG(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
            file = OpenFile(os.open(name, _FILE, dir_fd=above))
            return file if file.is_regular else None
    return None


def is_directory(root: Path, parts: Sequence[str]) -> bool:
    """Return whether there is a directory at *parts* beneath *root*. Raises `Unreadable`."""
    with _NothingThere(), _directory(root, parts):
        return True
    return False


def entries(root: Path, parts: Sequence[str], *, dated: bool = False) -> Iterator[Entry]:
    """Yield the entries of the directory at *parts* beneath *root*, in no order, none when there is none.

    Raises `Unreadable`.
    """
    with _NothingThere(), _directory(root, parts) as directory, os.scandir(directory) as found:
        for item in found:
            yield _entry(item, dated=dated)


def make(root: Path, parts: Sequence[str]) -> None:
    """Make the directory at *parts* beneath *root*, and those above it, unless something else stands in the way."""
    for depth in range(len(parts)):
        with _NothingThere(errno.EEXIST), _directory(root, parts[:depth]) as above:
            os.mkdir(_name(parts[depth]), 0o700, dir_fd=above)


def _entry(item: os.DirEntry[str], *, dated: bool) -> Entry:
    name = os.fsencode(item.name).decode("utf-8", "surrogateescape")
    try:
        is_a_directory = item.is_dir(follow_symlinks=False)
        return Entry(name, is_a_directory, int(item.stat(follow_symlinks=False).st_mtime) if dated else 0)
    except OSError:  # it went meanwhile
        return Entry(name, is_directory=False)


class _NothingThere:
    """Ends a block where nothing is found, also for the reasons *more*; raises `Unreadable` where the system fails."""

    def __init__(self, *more: int) -> None:
        self._errors = _NOTHING.union(more)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> bool:
        if isinstance(error, OSError) and error.errno not in self._errors:
            raise Unreadable(error.strerror or str(error)) from error
        return isinstance(error, OSError | ValueError)  # a name that no entry can have


@contextmanager
def _directory(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """Open the directory at *parts* beneath *root*, which itself may be a link: it is the user's own choice."""
    descriptor = os.open(root, _DIRECTORY)
    try:
        for part in parts:
            inner = os.open(_name(part), _INSIDE, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _name(part: str) -> bytes:
    """Return *part* as the system has it, if it names an entry of a directory and nothing else; `ValueError` if not."""
    if part in ("", ".", "..") or "/" in part:
        raise ValueError(f"{part!r} names no entry")
    return part.encode("utf-8", "surrogateescape")
