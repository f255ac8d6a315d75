"""The recordings that a PBX has made, as a table beside its CDRs: names and lengths, no sound. Spec 5.8, 6.4.

What they sound like is `ucmsim.recording.audio`'s; where they are served, `ucmsim.recording.spool`'s.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from ucmsim.store.records import GREETING, MESSAGES, Recording

RECORDING_TABLE = """
CREATE TABLE recording (
    directory TEXT NOT NULL, name TEXT NOT NULL, written INTEGER NOT NULL, samples INTEGER NOT NULL, text TEXT NOT NULL,
    sound TEXT NOT NULL DEFAULT '', PRIMARY KEY (directory, name)
) WITHOUT ROWID;
"""
RECORDING_TABLE_2 = RECORDING_TABLE.replace(" sound TEXT NOT NULL DEFAULT '',", "")
"""As it was in the second version of a history's schema, and in the third."""
RECORDING_UPWARDS_3 = "ALTER TABLE recording ADD COLUMN sound TEXT NOT NULL DEFAULT '';"

_MESSAGE = "name GLOB 'msg[0-9][0-9][0-9][0-9].*'"
_NUMBER = "CAST(substr(name, 4, 4) AS INTEGER)"
_SPAN = f"SELECT min({_NUMBER}), max({_NUMBER}) FROM recording WHERE directory = ? AND {_MESSAGE}"  # noqa: S608
_MOVE = (
    f"UPDATE recording SET directory = ?, name = printf('msg%04d%s', {_NUMBER} + ?, substr(name, 8)), "  # noqa: S608
    f"sound = CASE sound WHEN '' THEN directory || '/' || name ELSE sound END WHERE directory = ? AND {_MESSAGE}"
)
_FORGET = f"DELETE FROM recording WHERE directory = ? AND {_MESSAGE} AND {_NUMBER} < ?"  # noqa: S608

_PAGE = "SELECT name, written FROM recording WHERE directory = ? AND name > ? ORDER BY name LIMIT 1000"
_HOLDS = "SELECT 1 FROM recording WHERE directory = ? OR (directory > ? AND directory < ?) LIMIT 1"


class Recordings:
    """The table of one PBX; *lock* is held whenever *database* is used, which it is by one thread at a time."""

    def __init__(self, database: sqlite3.Connection, lock: threading.Lock) -> None:
        self._database = database
        self._lock = lock

    def insert(self, recordings: Iterable[Recording]) -> None:
        """Write *recordings* within the caller's transaction and lock; one of the same name takes the place of the other."""
        self._database.executemany("INSERT OR REPLACE INTO recording VALUES (?, ?, ?, ?, ?, ?)", recordings)

    def delete(self, before: int) -> int:
        """Forget what was written *before* a second of the epoch, within the caller's transaction and lock; return how many.

        Greetings are no recordings of calls, and stay.
        """
        kept = f"{GREETING}.*"
        sentence = "DELETE FROM recording WHERE written < ? AND NOT name GLOB ?"
        return self._database.execute(sentence, (before, kept)).rowcount

    def move(self, directory: str, to: str, most: int = MESSAGES) -> None:
        """Put the voicemail messages in *directory* behind those in the other, within the caller's transaction and lock.

        Of more than *most* the oldest go.
        """
        first, last = self._span(directory)
        if first is None or last is None:
            return
        low, high = self._span(to)
        begins = 0 if high is None else high + 1
        if low is not None and (beyond := begins + last - first + 1 - most) > 0:
            self._database.execute(_FORGET, (to, beyond))
            self._database.execute(_MOVE, (to, -beyond, to))
            begins -= beyond
        self._database.execute(_MOVE, (to, begins - first, directory))

    def _span(self, directory: str) -> tuple[int | None, int | None]:
        """Return the number of the first and of the last message in *directory*."""
        first, last = self._database.execute(_SPAN, (directory,)).fetchone()
        return first, last

    def next_message(self, directory: str) -> int:
        """Return the number of the message that *directory* gets next: the one after the last."""
        last = self._asked(_SPAN, directory)[0][1]
        return 0 if last is None else int(last) + 1

    def insert_all(self, recordings: Iterable[Recording]) -> None:
        """Write *recordings* in a transaction of their own."""
        with self._lock:
            self._database.execute("BEGIN")
            self.insert(recordings)
            self._database.execute("COMMIT")

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
