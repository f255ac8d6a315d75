"""What a search sees of the store, and the rows that it found: values that faults of the data plane change. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ucmsim.columns import Row
from ucmsim.query import Query


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one column when rows are written down: it is dropped, added with a value, or null."""

    how: Literal["drop", "add", "null"]
    column: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Unseen:
    """What of the store is not there: *acctids*, each *every*-th AcctId, and what ended after local time *ended_by*."""

    acctids: frozenset[str] = frozenset()
    every: int | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What is looked for by *query*, and what is *unseen*; *now* is the present as PBX-local text.

    *about* are the AcctIds that the fault at hand is about, None if it is about no row in particular.
    """

    query: Query
    now: str
    unseen: Unseen = Unseen()
    about: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The *rows* of a page, and what becomes of their columns when they are written down; *about* as in `Sight`."""

    rows: tuple[Row, ...]
    edits: tuple[Edit, ...] = ()
    about: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Twists:
    """What faults make of a search: of what it *sees*, and of what it *found*."""

    sees: Callable[[Sight], Sight]
    found: Callable[[Found], Found]


EVERYTHING = Unseen()
