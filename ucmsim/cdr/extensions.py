"""Extension lists, the values of caller, callee and answeredby: items, and the grammar that spells them. Spec 3.2, 3.3.

Says what an item means; `ucmsim.cdr.matching` says so in SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ucmsim.cdr.integers import GREATEST, LEAST, as_integer, beyond
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

_MOST, _LONGEST = 8192, 16_384
"""Items of a list, and characters of a pattern, that can be looked for: what the device's own limits let through is far
less, and SQLite takes no more than some tens of thousands of either.
"""


@dataclass(frozen=True, slots=True)
class Grammar:
    """How one PBX reads extension lists, settled once: a list can have hundreds of items.

    The characters *wild* are wildcards in patterns, which describe a part of a value where *within*, and may have a
    *hyphen*. Where *skips_empty*, empty items are passed over, where *skips_last* one that a comma at the end makes.
    *strict* lists have the usual characters only. A range of *several_hyphens* is passed over, one that is *open* at an
    end has none there, one that is *turned* the other way round, and numbers must *fit* into 63 bits, where so said.
    """

    wild: str
    within: bool
    hyphen: bool
    skips_empty: bool
    skips_last: bool
    strict: bool
    several_hyphens: bool
    open: bool
    turned: bool
    fit: bool

    @classmethod
    def of(cls, quirks: Quirks) -> Grammar:
        """Return what the register says."""
        wildcards = {"@": quirks["at-sign"], "_": quirks["underscore"]}
        return cls(
            wild="".join(character for character, meaning in wildcards.items() if meaning == "wildcard"),
            within=quirks["pattern-match"] == "part",
            hyphen=quirks["pattern-hyphen"] == "literal",
            skips_empty=quirks["empty-item"] == "skip",
            skips_last=quirks["trailing-comma"] == "ignore",
            strict=quirks["list-characters"] == "strict",
            several_hyphens=quirks["several-hyphens"] == "skip",
            open=quirks["open-range"] == "open",
            turned=quirks["reversed-range"] == "turned",
            fit=quirks["integer-limit"] == "refuse",
        )

    def items(self, text: str, name: str) -> tuple[Item, ...]:
        """Return the items of the list *text*, the value of the parameter *name*. Raises `Refused`.

        Where items are passed over there may be none left, and a list without items matches nothing.
        """
        pieces = text.split(",")
        if self.skips_empty:
            pieces = [piece for piece in pieces if piece]
        elif not pieces[-1] and self.skips_last:
            pieces.pop()
        if len(pieces) > _MOST:
            said = f"'{name}' has {len(pieces)} items, and ucmsim looks for {_MOST} at most"
            raise Refused(Code.TOO_LONG, name, said, "ask for fewer at a time")
        found = (self._item(piece, name) for piece in pieces)
        return tuple(item for item in found if item is not None)

    def _item(self, piece: str, name: str) -> Item | None:
        """Return the item that *piece* is, None when it is passed over."""
        if not piece:
            said = f"'{name}' has an empty item: a comma leads it, ends it, or follows another comma"
            raise Refused(Code.EMPTY_ITEM, name, said, "separate items with single commas")
        usual = _CHARACTERS.fullmatch(piece)
        if not usual and self.strict:
            hint = (
                "a '+' decodes to a space: send %2B" if " " in piece else "letters, digits, + * # . @ _ - are allowed"
            )
            raise Refused(Code.CHARACTER, name, f"'{name}' has a character that is not allowed: '{shown(piece)}'", hint)
        is_pattern = ("@" in piece and "@" in self.wild) or ("_" in piece and "_" in self.wild)
        if "-" in piece:
            if not is_pattern:
                return self._range(piece, name)
            if not self.hyphen:
                said = f"'{name}' has a hyphen beside a wildcard: '{shown(piece)}'"
                raise Refused(Code.HYPHENS, name, said, "a range has no wildcard (quirk pattern-hyphen: refuse)")
        if is_pattern and len(piece) > _LONGEST:
            said = f"'{name}' has a pattern of {len(piece)} characters, and ucmsim takes {_LONGEST} at most"
            raise Refused(Code.TOO_LONG, name, said, "write a shorter one")
        if not usual and _NO_UTF_8.search(piece):
            return None  # no value has such bytes, and SQLite takes no such text
        return Pattern(piece, self.wild, self.within) if is_pattern else Literal(piece)

    def _range(self, piece: str, name: str) -> Range | None:
        low, _, high = piece.partition("-")
        if "-" in high:
            if self.several_hyphens:
                return None
            said = f"'{name}' has a range with more than one hyphen: '{shown(piece)}'"
            raise Refused(Code.HYPHENS, name, said, "a range is lowest-highest")
        if self.fit and (beyond(low) or beyond(high)):
            said = f"'{name}' has a number beyond 63 bits: '{shown(piece)}'"
            raise Refused(Code.NUMBER, name, said, "write a smaller one (quirk integer-limit: refuse)")
        first = LEAST if self.open and not low else as_integer(low)
        last = GREATEST if self.open and not high else as_integer(high)
        if first > last and self.turned:
            first, last = last, first
        return Range(first, last)
