"""Looks at credentials for what is careless about them, and says where some may stand; keeps none. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from ucmsim.authentication.authorization import fields, is_digest

USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")
"""The user:password@ of a URL. RFC 3986, 3.2.1."""

_SECRET = re.compile(
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|cookie|credentials?|authorization|signature|(?:api|access|private)key"
    r"|^(?:pass|auth|key|sid|session(?:id|key)?|jwt|sig))$"
)
"""Names of parameters whose values let somebody in, in lower case and without the marks between their words."""
_LOOKS = re.compile(
    "pass|pwd|secret|token|cookie|credential|auth|signature|key|sid|session|jwt|sig|user|login|response"
    "|//|%(?:25)?2f|(?:^|&)[^=&]*%"
)
"""What stands in every query that has a secret, an encoded name or an inner URL, in the same writing."""
_SEPARATORS = str.maketrans("", "", "-_.+ ")
_TELLING = ("user", "username", "login", "response")
_LONGEST = 3 * 64
_NONCE = 32
"""Letters of a nonce by which it is known: the PBX's own have eight."""
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{1,16}")


@dataclass(frozen=True, slots=True)
class Digest:
    """The *nonce* of Digest credentials, its *count* (None without qop or where it is no number), and whether they have *qop*."""

    nonce: str
    count: int | None
    qop: bool


def digest_of(authorization: str) -> Digest | None:
    """Return the Digest credentials of an Authorization header, None when there are none that can be read."""
    found = fields(authorization) if is_digest(authorization) else {}
    if not found.get("nonce"):
        return None
    qop = bool(found.get("qop"))
    number = _HEXADECIMAL.match(found.get("nc", ""))
    return Digest(found["nonce"][:_NONCE].lower(), int(number[0], 16) if qop and number else None, qop)


def may_tell(query: str) -> bool:
    """Return whether anything in *query* may be a secret by its looks: a quick no for nearly all there are."""
    return _LOOKS.search(query.lower().translate(_SEPARATORS)) is not None


def is_telling(name: str) -> bool:
    """Return whether a parameter of this *name* is called a secret, or says who somebody is."""
    return is_secret(name) or unquote_plus(name).lower() in _TELLING


def is_secret(name: str) -> bool:
    """Return whether a parameter of this *name*, encoded or not, is called a secret."""
    if len(name) > _LONGEST:
        return False
    plain = unquote_plus(name) if "%" in name else name
    return _SECRET.search(plain.lower().translate(_SEPARATORS)) is not None


def has_userinfo(text: str) -> bool:
    """Return whether a URL with user:password@ stands in *text*, as it is or encoded once or twice."""
    for _ in range(3):
        if USERINFO.search(text):
            return True
        if "40" not in text:  # %40 is the encoded @, %2540 that once more
            return False
        text = unquote(text)
    return False


def in_url(target: str) -> bool:
    """Return whether a request *target* has user:password@, or a parameter that is called a secret and has a value."""
    if has_userinfo(target):
        return True
    query = target.partition("?")[2]
    if not may_tell(query):
        return False
    pieces = (piece.partition("=") for piece in query.split("&"))
    return any(value and is_secret(name) for name, _, value in pieces)
