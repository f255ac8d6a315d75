"""The grammar of `/cdrapi`: parameters in, a typed `Query` or a `Refusal` out; it never raises. Spec 3.

A refusal is never sent: the device answers 200 with an empty container. It is told on the side, in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

from ucmsim import refusals
from ucmsim.cdr.extensions import Grammar, Item
from ucmsim.cdr.integers import GREATEST, beyond, saturated
from ucmsim.cdr.parameters import collected, formats
from ucmsim.cdr.times import ImpossibleTime, NotATime, bound
from ucmsim.http.request import Params
from ucmsim.refusals import Code, Refused, shown
from ucmsim.register import Quirks

D = TypeVar("D", int, None)


class Format(Enum):
    """How the rows are rendered; the value is the Content-type."""

    CSV = "text/csv"
    XML = "text/xml"
    JSON = "application/json"


_FORMATS: Mapping[str, Format] = MappingProxyType({"csv": Format.CSV, "xml": Format.XML, "json": Format.JSON})


@dataclass(frozen=True, slots=True)
class Query:
    """What a request asks for. None does not filter; a list without items matches nothing.

    Times are PBX-local text, durations seconds.
    """

    format: Format = Format.CSV
    limit: int = 1000
    offset: int = 0
    caller: tuple[Item, ...] | None = None
    callee: tuple[Item, ...] | None = None
    answeredby: tuple[Item, ...] | None = None
    earliest: str | None = None
    latest: str | None = None
    shortest: int | None = None
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal(refusals.Refusal):
    """Why nothing is found; *format* is the container the wire shows instead."""

    format: Format = Format.CSV


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the meaning of a query depends on besides its text: the register, the PBX's zone and its present instant.

    *lists* is how extension lists are read.
    """

    quirks: Quirks
    lists: Grammar
    zone: tzinfo
    now: datetime


_DIGITS = re.compile(r"[0-9]*")
_TIME_CHARACTERS = re.compile(r"[0-9A-Za-z:.+-]*", re.ASCII)


def parse(params: Params, circumstances: Circumstances) -> Query | Refusal:
    """Return what *params*, in the order in which they were sent, ask for."""
    form = Format.CSV
    try:
        form = _format(formats(params, circumstances.quirks), circumstances.quirks)
        return _query(collected(params, circumstances.quirks), form, circumstances)
    except Refused as refused:
        container = Format.CSV if circumstances.quirks["error-container"] == "csv" else form
        return Refusal(refused.code, refused.parameter, refused.sentence, refused.hint, container)


def _format(given: list[str], quirks: Quirks) -> Format:
    """Return the container that the values *given* to `format` ask for, before anything else is read. Spec 3.4.

    It is that of CSV where `format` is empty or given twice, which is found wrong later. Raises `Refused`.
    """
    if not given:
        return _FORMATS[str(quirks["default-format"])]
    value = given[-1 if quirks["repeated-parameter"] == "last" else 0]
    if not value or (len(given) > 1 and quirks["repeated-parameter"] == "refuse"):
        return Format.CSV
    form = _FORMATS.get(value.lower() if quirks["format-case"] == "any" else value)
    if form is None:
        raise Refused(Code.FORMAT, "format", f"'{shown(value)}' is not a format", _format_hint(value))
    return form


def _format_hint(value: str) -> str:
    return "write it in lower case" if value.lower() in _FORMATS else "it is csv, xml or json"


def _query(values: dict[str, str], form: Format, circumstances: Circumstances) -> Query:
    quirks = circumstances.quirks
    offset = _number(values, "offset", 0, quirks)
    return Query(
        format=form,
        limit=_limit(values, quirks),
        offset=0 if quirks["offset"] == "ignored" else offset,
        caller=_items(values, "caller", circumstances.lists),
        callee=_items(values, "callee", circumstances.lists),
        answeredby=_items(values, "answeredby", circumstances.lists),
        earliest=_time(values, "startTime", circumstances),
        latest=_time(values, "endTime", circumstances),
        shortest=_number(values, "minDur", None, quirks),
        longest=_number(values, "maxDur", None, quirks),
    )


def _limit(values: dict[str, str], quirks: Quirks) -> int:
    most = min(int(quirks["page-limit"]), GREATEST)
    limit = _number(values, "numRecords", most, quirks)
    if limit > most and quirks["numrecords-over-limit"] == "refuse":
        said = f"'numRecords' is {shown(values['numRecords'])}, and a page has {most} rows at most"
        raise Refused(Code.OVER_LIMIT, "numRecords", said, f"ask for {most}, then for the next offset")
    return most if limit == 0 and quirks["numrecords-zero"] == "limit" else min(limit, most)


def _number(values: dict[str, str], name: str, default: D, quirks: Quirks) -> int | D:
    if name not in values:
        return default
    text = values[name]
    digits = _DIGITS.match(text)
    leading = digits[0] if digits else ""
    if leading != text and quirks["bad-number"] == "refuse":
        said = f"'{name}' has a character that is no digit: '{shown(text)}'"
        raise Refused(Code.NUMBER, name, said, "write digits only")
    if beyond(leading) and quirks["integer-limit"] == "refuse":
        said = f"'{name}' is beyond 63 bits: '{shown(text)}'"
        raise Refused(Code.NUMBER, name, said, "write a smaller number (quirk integer-limit: refuse)")
    return saturated(leading)


def _items(values: dict[str, str], name: str, lists: Grammar) -> tuple[Item, ...] | None:
    return lists.items(values[name], name) if name in values else None


def _time(values: dict[str, str], name: str, circumstances: Circumstances) -> str | None:
    text = values.get(name)
    if not text:
        return None
    try:
        return bound(text, circumstances.zone, circumstances.now, circumstances.quirks)
    except NotATime as error:
        code = Code.TIME_FORM if _TIME_CHARACTERS.fullmatch(text) else Code.CHARACTER
        raise Refused(code, name, f"'{name}' has none of the time forms: '{shown(text)}'", error.hint) from None
    except ImpossibleTime as error:
        raise Refused(Code.IMPOSSIBLE_TIME, name, f"'{name}' is no time that exists: {error}") from None
