"""What the quirk register comes to on one PBX: its defaults, those of the personality, and what is chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ucmsim.errors import did_you_mean, did_you_mean_or, kind_of, quoted
from ucmsim.personalities import PERSONALITIES, Personality
from ucmsim.quirks import PERSONALITY, QUIRKS, Quirk, Value

BY_ID: Mapping[str, Quirk] = MappingProxyType({row.id: row for row in QUIRKS})


@dataclass(frozen=True, slots=True)
class Quirks:
    """The value of every register row for one PBX: `quirks["acl-denial"]`."""

    values: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, quirk_id: str) -> Value:
        return self.values[quirk_id]

    def number(self, quirk_id: str) -> int | None:
        """Return the number that a row is set to, None when it is set to a word (``none``, ``personality``)."""
        value = self.values[quirk_id]
        return value if isinstance(value, int) else None

    @classmethod
    def of(cls, personality: Personality, chosen: Mapping[str, Value] | None = None) -> Quirks:
        """Return the register's defaults, overridden by what is *chosen*; the *personality* decides the rest."""
        usual = _USUAL[personality.id]
        if not chosen:
            return usual
        decides = personality.decides
        given = {key: decides[key] if value == PERSONALITY else value for key, value in chosen.items()}
        return cls(MappingProxyType({**usual.values, **given}))


def _usual(personality: Personality) -> Quirks:
    """Return what the register comes to on a *personality* where nothing is chosen."""
    values, decides = {row.id: row.default for row in QUIRKS}, personality.decides
    return Quirks(
        MappingProxyType({key: decides[key] if value == PERSONALITY else value for key, value in values.items()})
    )


_USUAL: Mapping[str, Quirks] = MappingProxyType({row.id: _usual(row) for row in PERSONALITIES})


_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")


def objection(quirk_id: str, value: object, written: str | None = None) -> tuple[str, str] | None:
    """Return what is wrong with setting *quirk_id* to *value* and what would be right, or None.

    *written* is how the value stands in a file of YAML, None where it comes from elsewhere.
    """
    row = BY_ID.get(quirk_id)
    if row is None:
        hint = did_you_mean(quirk_id, BY_ID) or "'ucmsim show quirks' lists them all"
        return f"there is no quirk '{quirk_id}'", hint
    if row.setting:
        return f"quirk '{quirk_id}' is not switched here", f"set {row.setting} instead"
    if row.later:
        return f"quirk '{quirk_id}' is not simulated yet", f"it comes with {row.later}"
    if row.fixed and value != row.default:
        return f"quirk '{quirk_id}' is always {row.default}", row.fixed
    return None if row.accepts(value) else _misfit(row, value, written)


def _misfit(row: Quirk, value: object, written: str | None) -> tuple[str, str]:
    """Return what is said of a *value* that the *row*, which can be switched, does not accept."""
    quirk, due = f"quirk '{row.id}'", f"the values are {row.allowed}"
    shown = str(value).lower() if written is None else written
    match value:
        case None:
            reads = f": YAML reads {written} as nothing" if written else ""
            return f"{quirk} is given no value{reads}", due
        case bool():
            is_one = f"{shown} is" if written is None else f"YAML reads {written} as"
            return f"{is_one} a truth value, which {quirk} does not take", f'quote it: "{shown}"' if row.text else due
        case int() | float() if row.text:
            return f"text is due as the value of {quirk}, not the number {shown}", f'quote it: "{shown}"'
        case int() | float():
            return f"{shown} is not a value of {quirk}", due
        case str() if _NUMBER.fullmatch(value) and row.accepts(int(value)):
            return f"{quoted(value)} is text, and {quirk} takes a whole number", f"remove the quotes: {value}"
        case str():
            words = [word for word in row.values if isinstance(word, str)]
            return f"{quoted(value)} is not a value of {quirk}", did_you_mean_or(due, value, words)
    return f"{kind_of(value)} is not a value of {quirk}", due
