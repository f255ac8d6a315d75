"""The grammar of `/cdrapi`: parameters in, a typed `Query` or a `Refusal` out; it never raises. Spec 3.

A refusal is never sent: the device answers 200 with an empty container. It is told on the side, in the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from ucmsim.errors import did_you_mean
from ucmsim.quirks import Quirks
from ucmsim.request import Absent, Params
from ucmsim.times import ImpossibleTime, NotATime, bound

MOST_ROWS = 1000
GREATEST = 2**63 - 1

D = TypeVar("D", int, None)


class Format(Enum):
    """How the rows are rendered; the value is the Content-type."""

    CSV = "text/csv"
    XML = "text/xml"
    JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Literal:
    """Values equal to *text*."""

    text: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Values that *text* describes as a whole: ``@`` any run of characters, ``_`` exactly one; ASCII case ignored."""

    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """Values whose leading digits, 0 if there are none, lie between *low* and *high* inclusive."""

    low: int
    high: int


Item = Literal | Pattern | Range
"""One member of an extension list; a list matches where one of its items does."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a request asks for. Empty lists and None do not filter. Times are PBX-local text, durations seconds."""

    format: Format = Format.CSV
    limit: int = MOST_ROWS
    offset: int = 0
    caller: tuple[Item, ...] = ()
    callee: tuple[Item, ...] = ()
    answeredby: tuple[Item, ...] = ()
    earliest: str | None = None
    latest: str | None = None
    shortest: int | None = None
    longest: int | None = None


class Code(Enum):
    """Why a request is answered with an empty container; the value names the row of spec 3.4 it stands for."""

    CHARACTER = "E1"
    TIME_FORM = "E1 time form"
    IMPOSSIBLE_TIME = "E1 impossible time"
    NUMBER = "E2"
    FORMAT = "E3"
    HYPHENS = "E4"
    EMPTY_VALUE = "E5"
    NO_VALUE = "E5 without ="
    EMPTY_ITEM = "E6"
    UNKNOWN = "E7"
    UNNAMED = "E7 without a name"
    EMPTY_QUERY = "E7 nothing after ?"
    TRAILING_AMPERSAND = "E8"
    DOUBLED_AMPERSAND = "E8 doubled &"
    REPEATED = "E9"
    DATABASE = "E10"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing is found: a code, the parameter, a sentence, and a hint at what would have been right.

    *format* is the container the wire shows instead.
    """

    code: Code
    parameter: str
    sentence: str
    hint: str
    format: Format

    def __str__(self) -> str:
        return f"{self.sentence} ({self.hint})" if self.hint else self.sentence


class _Refused(Exception):
    def __init__(self, code: Code, parameter: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.code, self.parameter, self.sentence, self.hint = code, parameter, sentence, hint


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the meaning of a query depends on besides its text: the register, the PBX's zone and its present instant."""

    quirks: Quirks
    zone: tzinfo
    now: datetime


_NAMES: Mapping[str, str] = MappingProxyType(
    {
        name.lower(): name
        for name in (
            "format",
            "numRecords",
            "offset",
            "caller",
            "callee",
            "answeredby",
            "startTime",
            "endTime",
            "minDur",
            "maxDur",
        )
    }
)
_REPEATABLE = ("caller", "callee")
_EXTENSION = re.compile(r"[A-Za-z0-9+*#.@_-]*", re.ASCII)
_DIGITS = re.compile(r"[0-9]+")
_TIME_CHARACTERS = re.compile(r"[0-9A-Za-z:.+-]*", re.ASCII)
_LEADING_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")


def parse(params: Params, circumstances: Circumstances) -> Query | Refusal:
    """Return what *params*, in the order in which they were sent, ask for."""
    form = _format(params)
    try:
        return _query(_collected(params, circumstances.quirks), form or Format.CSV, circumstances)
    except _Refused as refused:
        return Refusal(refused.code, refused.parameter, refused.sentence, refused.hint, form or Format.CSV)


def as_integer(text: str) -> int:
    """Return what SQLite makes of ``CAST(text AS INTEGER)``: leading blanks, sign and digits, else 0, in 64 bits."""
    match = _LEADING_NUMBER.match(text)
    return _saturated(match[1]) if match else 0


def _format(params: Params) -> Format | None:
    """Return the container, from wherever `format` stands; None when it is wrong or repeated. Spec 3.4."""
    given = [value for name, value in params if name.lower() == "format"]
    if not given:
        return Format.CSV
    return _known_format(given[0]) if len(given) == 1 else None


def _known_format(value: str) -> Format | None:
    return {"csv": Format.CSV, "xml": Format.XML, "json": Format.JSON}.get(value.lower())


def _collected(params: Params, quirks: Quirks) -> dict[str, str]:
    """Return the value of every parameter under its lower-case name, the lists of caller and callee joined."""
    refused = "answeredby" if quirks["answeredby"] == "unknown" else None
    values: dict[str, str] = {}
    for at, (written, value) in enumerate(params):
        name = written.lower()
        if not written and not value:
            raise _unnamed(params, at)
        if name not in _NAMES or name == refused:
            raise _unknown(written, [known for known in _NAMES.values() if known.lower() != refused])
        if not value and not (name in ("starttime", "endtime") and quirks["empty-time"] == "open"):
            raise _empty(written, value)
        if name in values and name not in _REPEATABLE:
            raise _Refused(Code.REPEATED, written, f"'{written}' is given twice", "only caller and callee may repeat")
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _empty(written: str, value: str) -> _Refused:
    if isinstance(value, Absent):
        return _Refused(Code.NO_VALUE, written, f"'{written}' has no '=' and so no value", f"write {written}=...")
    return _Refused(Code.EMPTY_VALUE, written, f"'{written}' is empty", "leave it out, or give it a value")


def _unnamed(params: Params, at: int) -> _Refused:
    if len(params) == 1:
        return _Refused(Code.EMPTY_QUERY, "", "nothing follows the '?'", "leave the '?' out")
    if at == len(params) - 1:
        return _Refused(Code.TRAILING_AMPERSAND, "", "the query ends with '&'", "leave the last '&' out")
    return _Refused(Code.DOUBLED_AMPERSAND, "", "there is nothing before an '&'", "part parameters with one '&' each")


def _unknown(written: str, known: Iterable[str]) -> _Refused:
    if not written:
        return _Refused(Code.UNNAMED, "", "a value has no name before its '='", "name the parameter")
    hint = did_you_mean(written, known)
    return _Refused(Code.UNKNOWN, written, f"'{_shown(written)}' is not a parameter of /cdrapi", hint)


def _query(values: dict[str, str], form: Format, circumstances: Circumstances) -> Query:
    if "format" in values and _known_format(values["format"]) is None:
        raise _Refused(Code.FORMAT, "format", f"'{_shown(values['format'])}' is not a format", "it is csv, xml or json")
    quirks = circumstances.quirks
    return Query(
        format=form,
        limit=min(_number(values, "numrecords", MOST_ROWS), MOST_ROWS),
        offset=_number(values, "offset", 0),
        caller=_items(values, "caller", quirks),
        callee=_items(values, "callee", quirks),
        answeredby=_items(values, "answeredby", quirks),
        earliest=_time(values, "starttime", circumstances),
        latest=_time(values, "endtime", circumstances),
        shortest=_number(values, "mindur", None),
        longest=_number(values, "maxdur", None),
    )


def _number(values: dict[str, str], name: str, default: D) -> int | D:
    if name not in values:
        return default
    if not _DIGITS.fullmatch(values[name]):
        said = f"'{_NAMES[name]}' has a character that is no digit: '{_shown(values[name])}'"
        raise _Refused(Code.NUMBER, _NAMES[name], said, "write digits only")
    return _saturated(values[name])


def _items(values: dict[str, str], name: str, quirks: Quirks) -> tuple[Item, ...]:
    if name not in values:
        return ()
    pieces = values[name].split(",")
    if len(pieces) > 1 and not pieces[-1] and quirks["trailing-comma"] == "ignore":
        pieces.pop()
    return tuple(_item(piece, name) for piece in pieces)


def _item(piece: str, name: str) -> Item:
    if not piece:
        said = f"'{name}' has an empty item: a comma leads it or two commas follow each other"
        raise _Refused(Code.EMPTY_ITEM, name, said, "separate items with single commas")
    if not _EXTENSION.fullmatch(piece):
        hint = "a '+' decodes to a space: send %2B" if " " in piece else "letters, digits, + * # . @ _ - are allowed"
        raise _Refused(Code.CHARACTER, name, f"'{name}' has a character that is not allowed: '{_shown(piece)}'", hint)
    if "@" in piece or "_" in piece:
        return Pattern(piece)
    if "-" not in piece:
        return Literal(piece)
    low, _, high = piece.partition("-")
    if "-" in high:
        said = f"'{name}' has a range with more than one hyphen: '{piece}'"
        raise _Refused(Code.HYPHENS, name, said, "a range is lowest-highest")
    return Range(as_integer(low), as_integer(high))


def _time(values: dict[str, str], name: str, circumstances: Circumstances) -> str | None:
    text = values.get(name)
    if not text:
        return None
    shown, quirks = _NAMES[name], circumstances.quirks
    try:
        return bound(
            text,
            circumstances.zone,
            circumstances.now,
            naive_utc=quirks["naive-time"] == "utc",
            keep_fraction=quirks["time-fraction"] == "keep",
        )
    except NotATime as error:
        code = Code.TIME_FORM if _TIME_CHARACTERS.fullmatch(text) else Code.CHARACTER
        raise _Refused(code, shown, f"'{shown}' has none of the time forms: '{_shown(text)}'", error.hint) from None
    except ImpossibleTime as error:
        raise _Refused(Code.IMPOSSIBLE_TIME, shown, f"'{shown}' is no time that exists: {error}") from None


def _saturated(digits: str) -> int:
    # 25 characters are more than 63 bits ever need, and int() refuses thousands of digits.
    sign = "-" if digits.startswith("-") else ""
    number = int(sign + (digits.lstrip("+-").lstrip("0")[:25] or "0"))
    return max(-GREATEST - 1, min(number, GREATEST))


def _shown(text: str) -> str:
    """Return *text* fit for a sentence in a log: short, printable."""
    plain = text.encode("ascii", "backslashreplace").decode().encode("unicode_escape").decode()
    return plain if len(plain) <= 60 else plain[:57] + "..."
