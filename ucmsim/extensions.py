"""Extension lists, the values of caller, callee and answeredby: items, and the grammar that spells them. Spec 3.2, 3.3.

Says what an item means; `ucmsim.matching` says so in SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ucmsim.integers import GREATEST, LEAST, as_integer, beyond
from ucmsim.refusals import Code, Refused, shown
from ucmsim.register import Quirks


@dataclass(frozen=True, slots=True)
class Literal:
    """Values equal to *text*."""

    text: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Values that *text* describes: ``@`` is any run of characters, ``_`` exactly one, if they are among the *wild* ones.

    The whole value is described, or, if *within*, a part of it.
    """

    text: str
    wild: str = "@_"
    within: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """Values that, counted as a number, lie between *low* and *high* inclusive."""

    low: int
    high: int


Item = Literal | Pattern | Range
"""One member of an extension list; a list matches where one of its items does."""

_CHARACTERS = re.compile(r"[A-Za-z0-9+*#.@_-]*", re.ASCII)
_NO_UTF_8 = re.compile("[\ud800-\udfff]")


def items(text: str, name: str, quirks: Quirks) -> tuple[Item, ...]:
    """Return the items of the list *text*, the value of the parameter *name*. Raises `Refused`.

    Where items are passed over there may be none left, and a list without items matches nothing.
    """
    pieces = text.split(",")
    if quirks["empty-item"] == "skip":
        pieces = [piece for piece in pieces if piece]
    elif not pieces[-1] and quirks["trailing-comma"] == "ignore":
        pieces.pop()
    found = (_item(piece, name, quirks) for piece in pieces)
    return tuple(item for item in found if item is not None)


def _item(piece: str, name: str, quirks: Quirks) -> Item | None:
    """Return the item that *piece* is, None when it is passed over."""
    if not piece:
        said = f"'{name}' has an empty item: a comma leads it, ends it, or follows another comma"
        raise Refused(Code.EMPTY_ITEM, name, said, "separate items with single commas")
    usual = _CHARACTERS.fullmatch(piece)
    if not usual and quirks["list-characters"] == "strict":
        hint = "a '+' decodes to a space: send %2B" if " " in piece else "letters, digits, + * # . @ _ - are allowed"
        raise Refused(Code.CHARACTER, name, f"'{name}' has a character that is not allowed: '{shown(piece)}'", hint)
    wild = _wild(quirks)
    is_pattern = any(character in piece for character in wild)
    if "-" in piece:
        if not is_pattern:
            return _range(piece, name, quirks)
        if quirks["pattern-hyphen"] == "refuse":
            said = f"'{name}' has a hyphen beside a wildcard: '{shown(piece)}'"
            raise Refused(Code.HYPHENS, name, said, "a range has no wildcard (quirk pattern-hyphen: refuse)")
    if not usual and _NO_UTF_8.search(piece):
        return None  # no value has such bytes, and SQLite takes no such text
    return Pattern(piece, wild, quirks["pattern-match"] == "part") if is_pattern else Literal(piece)


def _wild(quirks: Quirks) -> str:
    """Return the characters that are wildcards."""
    return "@" * (quirks["at-sign"] == "wildcard") + "_" * (quirks["underscore"] == "wildcard")


def _range(piece: str, name: str, quirks: Quirks) -> Range | None:
    low, _, high = piece.partition("-")
    if "-" in high:
        if quirks["several-hyphens"] == "skip":
            return None
        said = f"'{name}' has a range with more than one hyphen: '{shown(piece)}'"
        raise Refused(Code.HYPHENS, name, said, "a range is lowest-highest")
    if quirks["integer-limit"] == "refuse" and any(map(beyond, (low, high))):
        said = f"'{name}' has a number beyond 63 bits: '{shown(piece)}'"
        raise Refused(Code.NUMBER, name, said, "write a smaller one (quirk integer-limit: refuse)")
    is_open = quirks["open-range"] == "open"
    first = LEAST if is_open and not low else as_integer(low)
    last = GREATEST if is_open and not high else as_integer(high)
    if first > last and quirks["reversed-range"] == "turned":
        first, last = last, first
    return Range(first, last)
