"""What the quirk register comes to on one PBX: its defaults, the personality's, and what is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ucmsim.errors import did_you_mean
from ucmsim.personalities import Personality
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
        """Return the register's defaults, overridden by the *personality*, overridden by what is *chosen*."""
        defaults = {row.id: row.default for row in QUIRKS}
        values = {**defaults, **dict(personality.quirks), **(chosen or {})}
        decides = personality.decides
        return cls(
            MappingProxyType({key: decides[key] if value == PERSONALITY else value for key, value in values.items()})
        )


def objection(quirk_id: str, value: object) -> tuple[str, str] | None:
    """Return what is wrong with setting *quirk_id* to *value* and what would be right, or None."""
    row = BY_ID.get(quirk_id)
    if row is None:
        hint = did_you_mean(quirk_id, BY_ID) or "'ucmsim show quirks' lists them all"
        return f"there is no quirk '{quirk_id}'", hint
    if row.setting:
        return f"quirk '{quirk_id}' is not switched here", f"it is the setting {row.setting}"
    if row.later:
        return f"quirk '{quirk_id}' cannot be switched yet", f"it waits for {row.later}"
    if not row.accepts(value):
        if row.text and isinstance(value, int | float) and not isinstance(value, bool):
            return f"text is due as the value of quirk '{quirk_id}', not the number {value}", f'quote it: "{value}"'
        return f"'{value}' is not a value of quirk '{quirk_id}'", f"the values are {row.allowed}"
    return None
