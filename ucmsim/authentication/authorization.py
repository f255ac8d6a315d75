"""Reads the value of an `Authorization` header as Asterisk's HTTP manager does: what it says, not what it is worth. Pure."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from ucmsim.refusals import Code, Refusal

_KEYS = ("username", "realm", "nonce", "uri", "domain", "response", "cnonce", "opaque", "algorithm", "qop", "nc")
_PAIR = re.compile(rf'({"|".join(_KEYS)})=(?:"((?:[^"\\]|\\.)*)"?|([^,]*))', re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_HEX = re.compile(r"\s*(?:0x)?([0-9a-f]{1,16})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The fields of a Digest `Authorization` value that are looked at."""

    username: str
    realm: str
    nonce: int
    uri: str
    response: str
    cnonce: str
    nc: str
    count: int
    qop: bool


def is_basic(authorization: str) -> bool:
    """Return whether the value of an `Authorization` header has Basic credentials."""
    return authorization[:6].lower() == "basic "


def is_digest(authorization: str) -> bool:
    """Return whether the value of an `Authorization` header has Digest credentials."""
    return authorization.lstrip()[:7].lower() == "digest "


def fields(authorization: str) -> dict[str, str]:
    """Return the fields of Digest credentials that the device knows, by their names in lower case; the last counts."""
    found: dict[str, str] = {}
    at = len(authorization) - len(authorization.lstrip()) + 7
    while at < len(authorization):
        if authorization[at] in " \t":
            at += 1
        elif pair := _PAIR.match(authorization, at):
            quoted = pair[2] is not None
            value = pair[2] if quoted else pair[3]
            found[pair[1].lower()] = _ESCAPED.sub(r"\1", value) if quoted and "\\" in value else value
            at = pair.end() + (0 if quoted else 1)
        else:
            comma = authorization.find(",", at)
            at = len(authorization) if comma < 0 else comma + 1
    return found


def parse(authorization: str, *, counted: bool = True, any_algorithm: bool = False) -> Credentials | Refusal:
    """Return the Digest credentials in *authorization*, or why there are none.

    Unless nonce counts are *counted*, theirs may be anything and is taken for 0. *any_algorithm* is taken for MD5.
    """
    if not is_digest(authorization):
        return Refusal.of(Code.NOT_DIGEST, "the credentials are not Digest", "begin with: Authorization: Digest")
    found = fields(authorization)
    if missing := [key for key in ("realm", "nonce", "username", "uri", "response") if not found.get(key)]:
        said = f"the Digest credentials lack {', '.join(missing)}"
        return Refusal.of(Code.DIGEST_INCOMPLETE, said, "RFC 2617, 3.2.2 lists what they must have")
    if found.get("algorithm", "MD5").upper() != "MD5" and not any_algorithm:
        return Refusal.of(
            Code.DIGEST_ALGORITHM, "the Digest algorithm is not MD5", "the device knows no other than MD5"
        )
    qop = found.get("qop", "").lower() == "auth"
    number = _HEX.match(found.get("nc", "")) if counted else None
    if counted and number is None and "nc" in found:
        said = "the nonce count is not a hexadecimal number"
        return Refusal.of(Code.NONCE_COUNT_UNREADABLE, said, "nc is eight hexadecimal digits, 00000001 at first")
    if qop and not (found.get("cnonce") and found.get("nc")):
        said = "the Digest credentials say qop=auth but lack cnonce or nc"
        return Refusal.of(Code.DIGEST_INCOMPLETE, said, "with qop both must be sent")
    nonce = _HEX.match(found["nonce"])
    if nonce is None:
        return Refusal.of(
            Code.NONCE_UNREADABLE, "the nonce is not a hexadecimal number", "send the nonce of the challenge"
        )
    return Credentials(
        username=found["username"],
        realm=found["realm"],
        nonce=int(nonce[1], 16),
        uri=found["uri"],
        response=found["response"],
        cnonce=found.get("cnonce", ""),
        nc=found.get("nc", ""),
        count=int(number[1], 16) if qop and number else 0,
        qop=qop,
    )


def basic_of(authorization: str) -> tuple[str, str] | None:
    """Return user name and password of Basic credentials, None where they cannot be decoded."""
    try:
        username, _, password = base64.b64decode(authorization[6:].strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    return username, password


def user_of(authorization: str) -> str | None:
    """Return whom the credentials name, right or wrong, None where they name nobody."""
    if is_digest(authorization):
        return fields(authorization).get("username")
    pair = basic_of(authorization) if is_basic(authorization) else None
    return pair and pair[0]
