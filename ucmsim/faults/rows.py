"""Faults on the data plane that change the rows of a page, or their columns: `Found` in, `Found` out.

Each is about the rows that `when` chooses by AcctId or shape, whatever their AcctIds have become, else about all of the
page; the order of rows and the columns that there are belong to the whole page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from ucmsim.cdr.sight import Edit, Found
from ucmsim.columns import AT, NAMES, Row
from ucmsim.errors import did_you_mean, listed
from ucmsim.faults.planes import Moment

_TIME = "%Y-%m-%d %H:%M:%S"
_ACCTID, _START, _SESSION = AT["AcctId"], AT["start"], AT["session"]
_TIMES = (AT["start"], AT["answer"], AT["end"])
_DURATIONS = (AT["duration"], AT["billsec"])


def _is_column(name: str) -> str:
    if name not in AT:
        raise ValueError(f"there is no column '{name}'; {did_you_mean(name, NAMES) or listed(NAMES)}")
    return name


ColumnName = Annotated[str, AfterValidator(_is_column)]
Text = Annotated[str, Field(max_length=1024, pattern=r"^[^<>&\"\\\x00-\x1f]*$")]
Some = Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)]


def changed(found: Found, change: Callable[[Row], Iterable[Row]]) -> Found:
    """Return *found* with what *change* makes of each of the rows that the fault is about."""
    about = found.about
    pairs: list[tuple[Row, str]] = []
    for row, acctid in zip(found.rows, found.ids, strict=True):
        pairs += ((one, acctid) for one in (change(row) if about is None or acctid in about else (row,)))
    return _of_pairs(found, pairs)


def _of_pairs(found: Found, pairs: Sequence[tuple[Row, str]]) -> Found:
    """Return *found* with these rows, each beside the AcctId under which it was found."""
    return replace(found, rows=tuple(row for row, _ in pairs), ids=tuple(acctid for _, acctid in pairs))


def _with(row: Row, *values: tuple[int, str]) -> Row:
    found = list(row)
    for at, value in values:
        found[at] = value
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Send each row once more so many *times*, right behind itself."""

    copies: Annotated[int, Field(ge=1, le=100, strict=True)] = 1

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        return changed(found, lambda row: (row,) * (self.copies + 1))


@dataclass(frozen=True, slots=True)
class Reorder:
    """Send the rows of a page in another order: *reverse*, or *shuffle* by chance."""

    how: Literal["reverse", "shuffle"] = "shuffle"
    seed: int = field(default=0, metadata={"drawn": True})

    moment: ClassVar[Moment] = Moment.PAGE

    def drawn(self, chance: Random) -> Reorder:
        return replace(self, seed=chance.getrandbits(64))

    def __call__(self, found: Found) -> Found:
        pairs = list(zip(found.rows, found.ids, strict=True))
        if self.how == "reverse":
            pairs.reverse()
        else:
            Random(self.seed).shuffle(pairs)
        return _of_pairs(found, pairs)


@dataclass(frozen=True, slots=True)
class EqualTimes:
    """Let all rows have begun when the first of the page did."""

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        first = found.rows[0][_START] if found.rows else ""
        return changed(found, lambda row: (_with(row, (_START, first)),))


@dataclass(frozen=True, slots=True)
class ClockJump:
    """Have the clock stepped by so many *seconds*, back if less than 0, while rows were written: all their times are off."""

    seconds: Annotated[int, Field(ge=-(10**9), le=10**9, strict=True)] = -3600

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        return changed(found, lambda row: (_with(row, *((at, self._moved(row[at])) for at in _TIMES)),))

    def _moved(self, text: str) -> str:
        try:
            moved = datetime.strptime(text, _TIME) + timedelta(seconds=self.seconds)  # noqa: DTZ007 - local text
        except (ValueError, OverflowError):
            return text
        return moved.strftime(_TIME)


@dataclass(frozen=True, slots=True)
class AcctIdReset:
    """Let AcctIds count from *first* again on every page, as after a reset of the counter."""

    first: Some = 1

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        numbers = iter(range(self.first, self.first + len(found.rows)))
        return changed(found, lambda row: (_with(row, (_ACCTID, str(next(numbers)))),))


@dataclass(frozen=True, slots=True)
class AcctIdReuse:
    """Let AcctIds be *less* by so many, so that they are those of older rows: a backup was restored."""

    less: Some = 100

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        return changed(found, lambda row: (_with(row, (_ACCTID, self._older(row[_ACCTID]))),))

    def _older(self, acctid: str) -> str:
        return str(max(int(acctid) - self.less, 1)) if acctid.isdecimal() else acctid


@dataclass(frozen=True, slots=True)
class Duration:
    """Let duration and billsec be so many *seconds*, negative or huge as they may be."""

    seconds: Annotated[int, Field(ge=-(2**63), le=2**63 - 1, strict=True)] = -1

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        return changed(found, lambda row: (_with(row, *((at, str(self.seconds)) for at in _DURATIONS)),))


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Spoil a *column*: letters in a number or a number in a text, bytes that are no UTF-8, another sign, 4096 characters."""

    column: ColumnName = "billsec"
    how: Literal["type", "encoding", "sign", "length"] = "type"

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        at = AT[self.column]
        return changed(found, lambda row: (_with(row, (at, self._spoilt(row[at]))),))

    def _spoilt(self, text: str) -> str:
        match self.how:
            case "type":
                return "n/a" if text.lstrip("-").isdecimal() or not text else "12345"
            case "encoding":
                return text + "\udcff\udcc3"
            case "sign":
                return text.removeprefix("-") if text.startswith("-") else f"-{text}"
            case "length":
                return (text or "x") * (4096 // len(text or "x") + 1)


@dataclass(frozen=True, slots=True)
class Ungroup:
    """Let each row have a session of its own, so that what belongs together falls apart."""

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        numbers = iter(range(1, len(found.rows) + 1))
        return changed(found, lambda row: (_with(row, (_SESSION, f"{row[_SESSION]}-{next(numbers)}")),))


@dataclass(frozen=True, slots=True)
class ColumnMissing:
    """Leave a *column* out of every page."""

    column: ColumnName = "billsec"

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        return replace(found, edits=(*found.edits, Edit("drop", self.column)))


@dataclass(frozen=True, slots=True)
class ColumnExtra:
    """Have a column that nobody knows: *name* it, and its *value*."""

    column: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)] = "extra"
    value: Text = "1"

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        return replace(found, edits=(*found.edits, Edit("add", self.column, self.value)))


@dataclass(frozen=True, slots=True)
class Null:
    """Let a *column* be null: JSON's null, an empty element, and in CSV a *word*."""

    column: ColumnName = "billsec"
    word: Text = ""

    moment: ClassVar[Moment] = Moment.PAGE

    def __call__(self, found: Found) -> Found:
        return replace(found, edits=(*found.edits, Edit("null", self.column, self.word, found.about)))
