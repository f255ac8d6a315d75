"""How a secret can be written so that it is not seen at once, and can still be read by anybody. Pure."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from unicodedata import normalize
from urllib.parse import quote, quote_plus

_SHORTEST = 6
"""Bytes of a secret whose disguises are looked for: those of a shorter one stand everywhere by chance."""
_CHARSETS = ("latin-1", "cp1252")
"""What clients write that do not write UTF-8."""


def octets_of(secret: str) -> tuple[bytes, ...]:
    """Return *secret* in bytes, first as UTF-8; beyond ASCII also as other charsets have it, composed and not."""
    found = [secret.encode("utf-8", "surrogateescape")]
    if not secret.isascii():
        for spelt in dict.fromkeys((secret, normalize("NFC", secret), normalize("NFD", secret))):
            found += _encoded(spelt)
        found.append(found[0].decode("latin-1").encode())  # UTF-8 that was taken for Latin-1
    return tuple(dict.fromkeys(found))


def disguises(secret: str) -> frozenset[str]:
    """Return *secret* in hexadecimal, and in base64 wherever in what is encoded it begins; nothing of a short one."""
    return frozenset(form for octets in octets_of(secret) if len(octets) >= _SHORTEST for form in _disguises(octets))


def percent_encoded(secret: str) -> frozenset[str]:
    """Return *secret* as URLs and forms have it, and with each octet encoded."""
    return frozenset(
        form
        for octets in octets_of(secret)
        for form in (
            quote(octets, safe=""),
            quote(octets),
            quote_plus(octets),
            "".join(f"%{one:02x}" for one in octets),
        )
    )


def in_any_case(secret: str) -> str:
    """Return a pattern for *secret*, to be matched without regard to the case of ASCII, with each other character in any case.

    Each stands there as itself, percent-encoded, or as the journal has bytes that are no text, in whatever charset.
    """
    return "".join(re.escape(one) if one.isascii() else _spelt(one) for one in secret)


def _encoded(text: str) -> Iterator[bytes]:
    """Yield *text* in each charset that has all of it."""
    for charset in ("utf-8", *_CHARSETS):
        try:
            yield text.encode(charset)
        except UnicodeEncodeError:
            continue


def _disguises(octets: bytes) -> Iterator[str]:
    yield octets.hex()
    yield octets.hex().upper()
    for ahead in range(3):
        # The signs that octets before it and behind it have a part in are left out.
        first, end = -(-ahead * 8 // 6), (ahead + len(octets)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(ahead) + octets).decode()[first:end]


def _spelt(character: str) -> str:
    """Return a pattern for all that a *character* beyond ASCII can look like."""
    forms: set[str] = set()
    for one in (character, character.upper(), character.lower()):
        for octets in octets_of(one):
            forms |= {one, quote(octets, safe=""), octets.decode("utf-8", "surrogateescape")}
            forms.add(octets.decode("utf-8", "backslashreplace"))
    return f"(?:{'|'.join(map(re.escape, sorted(forms, key=lambda form: (-len(form), form))))})"
