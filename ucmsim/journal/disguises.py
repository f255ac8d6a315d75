"""How a secret can be written so that it is not seen at once, and can still be read by anybody. Pure."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

_SHORTEST = 6
"""Bytes of a secret whose disguises are looked for: those of a shorter one stand everywhere by chance."""


def disguises(secret: str) -> frozenset[str]:
    """Return *secret* in hexadecimal, and in base64 wherever in what is encoded it begins; nothing of a short one."""
    octets = secret.encode("utf-8", "surrogateescape")
    if len(octets) < _SHORTEST:
        return frozenset()
    found = {octets.hex(), octets.hex().upper()}
    for ahead in range(3):
        # The signs that octets before it and behind it have a part in are left out.
        first, end = -(-ahead * 8 // 6), (ahead + len(octets)) * 8 // 6
        found |= {encode(bytes(ahead) + octets).decode()[first:end] for encode in (b64encode, urlsafe_b64encode)}
    return frozenset(found)


def percent_encoded(secret: str) -> frozenset[str]:
    """Return *secret* as URLs and forms have it, and with each octet encoded."""
    octets = secret.encode("utf-8", "surrogateescape")
    return frozenset(
        (quote(octets, safe=""), quote(octets), quote_plus(octets), "".join(f"%{one:02x}" for one in octets))
    )
