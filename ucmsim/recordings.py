"""The recordings that a PBX has made, as a table beside its CDRs: names and lengths, no sound. Spec 5.8, 6.4.

What they sound like is `ucmsim.audio`'s; where they are served, `ucmsim.spool`'s.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

RECORDING_TABLE = """
CREATE TABLE recording (
    directory TEXT NOT NULL, name TEXT NOT NULL, written INTEGER NOT NULL, samples INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (directory, name)
) WITHOUT ROWID;
"""

_PAGE = "SELECT name, written FROM recording WHERE directory = ? AND name > ? ORDER BY name LIMIT 1000"
_HOLDS = "SELECT 1 FROM recording WHERE directory = ? OR (directory > ? AND directory < ?) LIMIT 1"


class Recording(NamedTuple):
    """One file that the PBX made: a WAV of *samples*, or the *text* that stands beside a voicemail message.

    *directory* is its path in the spool, *written* when it was finished, in seconds of the epoch.
    """

    directory: str
    name: str
    written: int
    samples: int = 0
    text: str = ""

    @property
    def path(self) -> str:
        return f"{self.directory}/{self.name}"


class Recordings:
    """The table of one PBX; *lock* is held whenever *database* is used, which it is by one thread at a time."""

    def __init__(self, database: sqlite3.Connection, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock

    def insert(self, recordings: Iterable[Recording]) -> None:
        """Write *recordings* within the caller's transaction and lock; one of the same name takes the place of the other."""
        self._database.executemany("INSERT OR REPLACE INTO recording VALUES (?, ?, ?, ?, ?)", recordings)

    def delete(self, before: int) -> None:
        """Forget what was written *before* a second of the epoch, within the caller's transaction and lock."""
        self._database.execute("DELETE FROM recording WHERE written < ?", (before,))

    def __len__(self) -> int:
        return int(self._asked("SELECT count(*) FROM recording")[0][0])

    def find(self, directory: str, name: str) -> Recording | None:
        """Return the recording called *name* in *directory*."""
        found = self._asked("SELECT * FROM recording WHERE directory = ? AND name = ?", directory, name)
        return Recording(*found[0]) if found else None

    def within(self, directory: str) -> Iterator[tuple[str, int]]:
        """Yield name and time of every recording in *directory*, by name, a page of them at a time."""
        last = ""
        while page := self._asked(_PAGE, directory, last):
            yield from page
            last = page[-1][0]

    def holds(self, directory: str) -> bool:
        """Return whether a recording is in *directory* or below it; "" is the spool itself."""
        # A slash is followed by 0.
        below = (f"{directory}/", f"{directory}0") if directory else ("", chr(0x10FFFF))
        return bool(self._asked(_HOLDS, directory, *below))

    def directories(self) -> list[str]:
        """Return every directory that has a recording."""
        # Loose index scan: the number of directories counts, not that of recordings.
        found, last = [], ""
        while row := self._asked("SELECT min(directory) FROM recording WHERE directory > ?", last)[0][0]:
            found.append(last := str(row))
        return found

    def _asked(self, sql: str, *values: object) -> list[Any]:
        try:
            with self._lock:
                return self._database.execute(sql, values).fetchall()
        except UnicodeEncodeError:  # a name that is no text is in no table
            return []
