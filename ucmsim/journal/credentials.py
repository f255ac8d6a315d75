"""Looks at credentials for what is careless about them; keeps none. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

_USERINFO = re.compile(r"://[^/?#\s]*@")
_FIELDS = re.compile(r'\b(nonce|qop|nc)\s*=\s*"?([^",\s]*)', re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{1,16}")
_LONGEST = 3 * len("authorization")
_TELLING = ("password", "passwd", "pass", "pwd", "secret", "token", "authorization", "credentials")


@dataclass(frozen=True, slots=True)
class Digest:
    """The *nonce* of Digest credentials, its *count* (None without qop or where it is no number), and whether they have *qop*."""

    nonce: str
    count: int | None
    qop: bool


def is_basic(authorization: str) -> bool:
    """Return whether the value of an Authorization header has Basic credentials."""
    return authorization[:6].lower() == "basic "


def digest_of(authorization: str) -> Digest | None:
    """Return the Digest credentials of an Authorization header, None when there are none that can be read."""
    if authorization.lstrip()[:7].lower() != "digest ":
        return None
    found = {name.lower(): value for name, value in _FIELDS.findall(authorization)}
    if not found.get("nonce"):
        return None
    qop = bool(found.get("qop"))
    number = _HEXADECIMAL.match(found.get("nc", ""))
    return Digest(found["nonce"].lower(), int(number[0], 16) if qop and number else None, qop)


def in_url(target: str) -> bool:
    """Return whether a request *target* has user:password@, or a parameter that is called a secret and has a value."""
    path, _, query = target.partition("?")
    if _USERINFO.search(path) or _USERINFO.search(query):
        return True
    pieces = (piece.partition("=") for piece in query.split("&"))
    return any(value and len(name) <= _LONGEST and unquote_plus(name).lower() in _TELLING for name, _, value in pieces)
