"""What a search sees of the store, and the rows that it found: values that faults of the data plane change. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ucmsim.cdr.query import Query
from ucmsim.columns import AT, Row

_ACCTID = AT["AcctId"]


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one column when rows are written down: it is dropped, added with a value, or null.

    It is null in the rows that were found under the AcctIds *about*, None = in all.
    """

    how: Literal["drop", "add", "null"]
    column: str
    value: str = ""
    about: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of the store, on whatever page they are: those with *acctids*, of calls of *shapes*; None = of any."""

    acctids: frozenset[str] | None = None
    shapes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows of the store that are not there: of the *chosen* ones each *every*-th AcctId that ended after *ended_by*.

    That is PBX-local text; None = whatever it is.
    """

    chosen: Chosen | None = None
    every: int | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What is looked for by *query*, and the *gaps* in what is seen; *now* is the present as PBX-local text.

    *about* are the rows that the fault at hand is about, None if it is about no row in particular.
    """

    query: Query
    now: str
    gaps: tuple[Gap, ...] = ()
    about: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The *rows* of a page, and what becomes of their columns when they are written down.

    *ids* are the AcctIds under which they were found, whatever these are by now, *about* those of the rows that the fault
    at hand is about, None = all.
    """

    rows: tuple[Row, ...]
    ids: tuple[str, ...]
    edits: tuple[Edit, ...] = ()
    about: frozenset[str] | None = None

    @classmethod
    def of(cls, rows: tuple[Row, ...]) -> Found:
        """Return *rows* as they were found."""
        return cls(rows, tuple(row[_ACCTID] for row in rows))


@dataclass(frozen=True, slots=True)
class Twists:
    """What faults make of a search: of what it *sees*, and of what it *found*."""

    sees: Callable[[Sight], Sight]
    found: Callable[[Found], Found]
