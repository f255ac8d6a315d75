"""What a PBX writes and records when a leg of a call ends, as values; where they are kept is the history's matter. Spec 5."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ucmsim.columns import Row
from ucmsim.store.truth import CallTruth, Truth

MESSAGES = 9999
"""The messages that a folder of a mailbox holds. Asterisk apps/app_voicemail.c (MAXMSGLIMIT)."""
GREETING = "unavail"
"""The name of a greeting, without extension; spec 5.8. The cleaner of a unit leaves these alone."""


class Recording(NamedTuple):
    """One file that the PBX made: a WAV of *samples*, or the *text* that stands beside a voicemail message.

    *directory* is its path in the spool, *written* when it was finished, in seconds of the epoch. *sound* is the path that
    it had when it was recorded, if that was another one: it sounds the same wherever it goes.
    """

    directory: str
    name: str
    written: int
    samples: int = 0
    text: str = ""
    sound: str = ""

    @property
    def path(self) -> str:
        return f"{self.directory}/{self.name}"


class Numbered(NamedTuple):
    """The *truth* of a call, and its *number*: calls are counted as they begin."""

    number: int
    truth: CallTruth


class Record(NamedTuple):
    """What a PBX wrote when a leg ended: its CDR, what it recorded, and the truth behind both, where it is known.

    *moved* are two directories: what is in the one by then is put behind what is in the other. *call* is the call that it
    is of, as that will have happened in the end; *over* are calls that were over since the record before, in order.
    """

    row: Row
    recordings: Iterable[Recording] = ()
    truth: Truth | None = None
    moved: tuple[str, str] | None = None
    call: Numbered | None = None
    over: tuple[Numbered, ...] = ()
