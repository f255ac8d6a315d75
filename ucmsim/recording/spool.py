"""The recording directories of one PBX: what it recorded itself, made when it is read, and what a user put there.

Knows paths and files, nothing of HTTP. A user's file is served in place of a recording of the same name. What the
system does not let ucmsim read counts as not there, and is told to whoever asks. Spec 6.3, 6.4.
"""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path

from ucmsim.http.reply import Body, Bytes
from ucmsim.recording import beneath
from ucmsim.recording.audio import Voices, gsm, wav
from ucmsim.recording.beneath import Entry, FileBody, FileLater, OpenFile, Unreadable
from ucmsim.recording.listing import in_order
from ucmsim.recording.paths import Parts, parts_of
from ucmsim.store.recordings import Recordings
from ucmsim.store.records import Recording

Told = Callable[[str], None]
"""Takes a sentence about what cannot be read."""

_MONTH = re.compile(r"\d{4}-\d\d", re.ASCII)

FOLDERS = ("monitor", "meetme", "voicemail/default")
"""The directories that a new spool has. Spec 6.4."""


def untold(_sentence: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the spool: where it is, when it was written in seconds of the epoch, and its bytes."""

    path: Parts
    written: int
    body: Body


def _made(root: Path, path: str) -> None:
    """Make the directories of *path* in a *root* that is new, so that nothing in it can lead elsewhere."""
    for part in parts_of(path):
        root /= part
        root.mkdir(0o700)


class Spool:
    """The spool of one PBX: a folder, the recordings beside it, and how they sound.

    *sound* gives the seed of a recording by its path. A folder that does not exist holds nothing.
    """

    def __init__(self, root: Path, recordings: Recordings, voices: Voices, sound: Callable[[str], int]) -> None:
        self._root = root
        self._recordings = recordings
        self._voices = voices
        self._sound = sound

    @classmethod
    def begun(cls, root: Path, recordings: Recordings, voices: Voices, sound: Callable[[str], int]) -> Spool:
        """Return the spool in the folder *root*, with the usual directories in it."""
        try:
            root.mkdir(mode=0o700, parents=True)
        except FileExistsError:  # with a user's files and links in it, or a link that leads nowhere yet
            for path in FOLDERS:
                with suppress(Unreadable):
                    beneath.make(root, parts_of(path))
        else:
            for path in FOLDERS:
                _made(root, path)
        return cls(root, recordings, voices, sound)

    # --- files -----------------------------------------------------------------------------------------------------

    def find(self, path: Parts, told: Told = untold, *, later: bool = False) -> Found | None:
        """Return the file at *path*, None when there is none.

        Whoever reads it *later*, after other things, gets a body that holds nothing open until then.
        """
        if not path:
            return None
        file = self._opened(path, told)
        if file is not None:
            return Found(path, file.written, self._put_off(path, file) if later else FileBody(file, 0, file.length))
        recording = self._recordings.find("/".join(path[:-1]), path[-1])
        return Found(path, recording.written, self._made(recording)) if recording else None

    def _opened(self, path: Parts, told: Told) -> OpenFile | None:
        try:
            return beneath.opened(self._root, path)
        except Unreadable as error:
            told(_unread(path, error))
            return None

    def _put_off(self, path: Parts, file: OpenFile) -> Body:
        return FileLater(self._root, path, file.identity, 0, file.length)

    def _made(self, recording: Recording) -> Body:
        if recording.text:
            return Bytes(recording.text.encode())
        if recording.name.endswith(".gsm"):
            return gsm(recording.samples)
        return wav(self._voices, self._sound(recording.sound or recording.path), recording.samples)

    def months(self, directory: Parts, told: Told = untold) -> list[str]:
        """Return the names of the directories of months, YYYY-MM, in *directory*, the latest first."""
        found = {entry.name for entry in self._users(directory, told) if entry.is_directory}
        found |= self._recorded().get(directory, set())
        return sorted(filter(_MONTH.fullmatch, found), reverse=True)

    def why_not(self, path: Parts) -> str:
        """Return what is to be said of a *path* at which nothing was found, "" if nothing is.

        It may be outdated when it is said, and nothing is opened because of it.
        """
        # Not Path.is_symlink: that raises where a name is too long, or its folder cannot be read.
        at = str(self._root)
        for depth, part in enumerate(path, 1):
            at = f"{at}/{part}"
            if os.path.islink(at):  # noqa: PTH114
                return f"'{'/'.join(path[:depth])}' is a link, and links are not followed"
            if not os.path.isdir(at):  # noqa: PTH112
                break
        return ""

    # --- directories -----------------------------------------------------------------------------------------------

    def exists(self, directory: Parts, told: Told = untold) -> bool:
        """Return whether there is such a directory."""
        try:
            if beneath.is_directory(self._root, directory):
                return True
        except Unreadable as error:
            told(_unread(directory, error))
        return self._recordings.holds("/".join(directory))

    def directories(self, told: Told = untold) -> Iterator[Parts]:
        """Yield every directory of the spool but itself, sorted as the texts that they are."""
        recorded = ("/".join(path) for path in self._recorded() if path)
        for path, _ in groupby(in_order(chain(self._walked(told), recorded))):
            yield tuple(path.split("/"))

    def _walked(self, told: Told) -> Iterator[str]:
        waiting: list[Parts] = [()]
        while waiting:
            above = waiting.pop()
            for entry in self._users(above, told):
                if entry.is_directory:
                    waiting.append((*above, entry.name))
                    yield "/".join(waiting[-1])

    def listing(
        self,
        directory: Parts,
        told: Told = untold,
        *,
        recursive: bool,
        newest_first: bool = False,
        files_only: bool = False,
    ) -> Iterator[tuple[Parts, str]]:
        """Yield directory and name of every entry of *directory*, then, if *recursive*, of those below it, depth first.

        A directory that does not exist has none. Directories are entries too, unless *files_only*.
        """
        recorded = self._recorded()
        waiting = [directory]
        while waiting:
            at = waiting.pop()
            inside = self._entries(at, sorted(recorded.get(at, ())), told, dated=newest_first)
            below = []
            for entry in in_order(inside, _newest) if newest_first else inside:
                if not (files_only and entry.is_directory):
                    yield at, entry.name
                if entry.is_directory:
                    below.append((*at, entry.name))
            if recursive:
                waiting += reversed(below)

    def _entries(self, directory: Parts, inner: list[str], told: Told, *, dated: bool) -> Iterator[Entry]:
        """Yield what *directory* holds, by name: the user's files, the recordings, and *inner* directories of these."""
        by_name = attrgetter("name")
        entries = heapq.merge(
            in_order(self._users(directory, told, dated=dated), by_name),
            (Entry(name, is_directory=True) for name in inner),
            (Entry(name, False, written) for name, written in self._recordings.within("/".join(directory))),
            key=by_name,
        )
        for _, same in groupby(entries, by_name):
            first, *others = same
            yield first._replace(is_directory=True) if any(other.is_directory for other in others) else first

    def _users(self, directory: Parts, told: Told, *, dated: bool = False) -> Iterator[Entry]:
        """Yield what the user has put into *directory*, in no order."""
        try:
            yield from beneath.entries(self._root, directory, dated=dated)
        except Unreadable as error:
            told(_unread(directory, error))

    def _recorded(self) -> dict[Parts, set[str]]:
        """Return the directories that recordings stand in: the names of the inner ones by the path of the outer one."""
        found: dict[Parts, set[str]] = {}
        for known in self._recordings.directories():
            path = parts_of(known)
            found.setdefault(path, set())
            for depth, name in enumerate(path):
                found.setdefault(path[:depth], set()).add(name)
        return found


def _newest(entry: Entry) -> tuple[int, str]:
    return -entry.written, entry.name


def _unread(path: Parts, error: Unreadable) -> str:
    return f"'{'/'.join(path) or '.'}' cannot be read: {error}"
