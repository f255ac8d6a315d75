"""Takes secrets out of what is put into a report, however they are written. Pure.

The journal has no credentials in it; this is a second look, and the only one at settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ucmsim.journal.credentials import USERINFO, is_secret
from ucmsim.journal.disguises import disguises, in_any_case, percent_encoded
from ucmsim.secrecy import HIDDEN

_SHORTEST = 4
"""Characters of a secret that is looked for inside of texts; a shorter one stands everywhere, and is hidden as a whole only."""

_KEY_MATERIAL = re.compile(
    r"PRIVATE(?:\s|%20|\+|%2[bB])KEY"  # PEM, as it is and in a form
    r"|UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW"  # the same in base64, wherever it begins
    r"|50524956415445204[bB]4559"  # and in hexadecimal
    r"|(?<![A-Za-z0-9+/])M[ICH][A-Za-z0-9+/]{62}"  # DER in base64, which begins with the length of a sequence
)


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Hides *secrets* wherever they stand, and whatever is called a secret or looks like a private key."""

    secrets: tuple[str, ...]
    _looks: re.Pattern[str] = field(init=False)
    _short: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        long = [secret for secret in self.secrets if len(secret) >= _SHORTEST]
        forms = {form for secret in long for form in (secret, *percent_encoded(secret), *disguises(secret))}
        by_length = sorted(forms, key=len, reverse=True)
        spelt = "|".join(
            (*(in_any_case(secret) for secret in long if not secret.isascii()), *map(re.escape, by_length))
        )
        object.__setattr__(self, "_looks", re.compile(f"(?i:{spelt})" if spelt else r"(?!)"))
        short = {form for one in self.secrets if 0 < len(one) < _SHORTEST for form in (one, *percent_encoded(one))}
        whole = "|".join(map(re.escape, sorted(short, key=len, reverse=True)))
        object.__setattr__(self, "_short", re.compile(f"(?<![^/?&=])(?:{whole})(?![^/?&=])" if whole else r"(?!)"))

    def text(self, text: str) -> str:
        """Return *text* without secrets; what has key material in it is hidden as a whole."""
        return self._short.sub(HIDDEN, self._name(text))

    def value(self, value: Any) -> Any:
        """Return *value*, decoded JSON, without secrets."""
        match value:
            case Mapping():
                return {self._name(name): self.value(one) for name, one in value.items()}
            case list() | tuple():
                return [self.value(one) for one in value]
            case str():
                return self.text(value)
            case _:
                return value

    def _name(self, name: str) -> str:
        """Return the *name* of a value as `text` does, but with short secrets: they are words such as ``id`` there."""
        if _KEY_MATERIAL.search(name):
            return HIDDEN
        return self._looks.sub(HIDDEN, USERINFO.sub(f"{HIDDEN}@", name))

    def settings(self, value: Any, key: str = "") -> Any:
        """Return the setting *value* that stands under *key* without secrets, by their names too; that one is set can be seen."""
        match value:
            case Mapping():
                return {name: self.settings(one, name) for name, one in value.items()}
            case list() | tuple():
                return [self.settings(one, key) for one in value]
            case str() if value and is_secret(key):
                return HIDDEN
            case _:
                return self.value(value)
