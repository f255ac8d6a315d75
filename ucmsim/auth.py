"""Digest authentication as Asterisk's HTTP manager does it, and Basic where a quirk accepts it. Spec 2.7, 0b.

The sentences quote nothing of what a client sent: they go to the log. Pure but for one thing: `Nonces` remembers what it issued. It is touched in the reactor thread only, at decide.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import md5
from random import Random

REALM = "asterisk"
NONCE_LIFE = 62.0
"""Seconds of wall-clock time a nonce is good for, from its issue."""
NONCE_LIMIT = 4096

_KEYS = ("username", "realm", "nonce", "uri", "domain", "response", "cnonce", "opaque", "algorithm", "qop", "nc")
_PAIR = re.compile(rf'({"|".join(_KEYS)})=(?:"((?:[^"\\]|\\.)*)"?|([^,]*))', re.IGNORECASE | re.DOTALL)
_HEX = re.compile(r"\s*(?:0x)?([0-9a-f]{1,16})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Account:
    """The one user name and password of a PBX, and whether Basic is accepted."""

    username: str
    password: str
    basic: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the credentials pass; if not, whether only the nonce was at fault (*stale*), and the sentence why."""

    granted: bool
    stale: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The fields of a Digest `Authorization` value that take part in the computation."""

    username: str
    nonce: int
    uri: str
    response: str
    cnonce: str
    nc: str
    count: int
    qop: bool


class Nonces:
    """The nonces one PBX has issued: when (wall clock), and the highest nonce count each was used with."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._issued: OrderedDict[int, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._issued)

    def issue(self, wall: float) -> str:
        """Return a new nonce; when the table is full the oldest one is forgotten."""
        nonce = 0
        while not nonce or nonce in self._issued:
            nonce = self._chance.getrandbits(31)
        if len(self._issued) >= NONCE_LIMIT:
            self._issued.popitem(last=False)
        self._issued[nonce] = (wall, -1)
        return f"{nonce:08x}"

    def spend(self, nonce: int, count: int, wall: float, *, accept_unknown: bool) -> Verdict:
        """Judge one use of *nonce* with that nonce *count*, and remember it if it is good."""
        known = self._issued.get(nonce)
        if known is None:
            if not accept_unknown:
                return Verdict(False, why="the nonce was never issued by this PBX, or is long forgotten")
            if len(self._issued) >= NONCE_LIMIT:
                self._issued.popitem(last=False)
            known = (wall, -1)
        issued, highest = known
        if wall - issued > NONCE_LIFE:
            return Verdict(False, stale=True, why=f"the nonce is older than {NONCE_LIFE:.0f} seconds")
        if count <= highest:
            return Verdict(False, stale=True, why="the nonce count was used before (nc must increase)")
        self._issued[nonce] = (issued, count)
        return Verdict(True)


def judge(
    authorization: str | None,
    method: str,
    account: Account,
    nonces: Nonces,
    wall: float,
    *,
    accept_unknown: bool = False,
) -> Verdict:
    """Judge the value of the `Authorization` header of a request with *method* at *wall* seconds."""
    if not authorization:
        return Verdict(False, why="there are no credentials yet")
    if authorization[:6].lower() == "basic ":
        return _judge_basic(authorization[6:], account)
    credentials = parse(authorization)
    if isinstance(credentials, str):
        return Verdict(False, why=credentials)
    known_user = _same(credentials.username.lower(), account.username.lower())
    right = _same(credentials.response[:32].lower(), response(credentials, method, account))
    if not (known_user and right):
        return Verdict(False, why="the user name is unknown" if not known_user else "the Digest response is wrong")
    return nonces.spend(credentials.nonce, credentials.count, wall, accept_unknown=accept_unknown)


def parse(authorization: str) -> Credentials | str:
    """Return the Digest credentials in *authorization*, or the sentence that says why there are none."""
    if authorization.lstrip()[:7].lower() != "digest ":
        return "the credentials are not Digest"
    found: dict[str, str] = {}
    at = len(authorization) - len(authorization.lstrip()) + 7
    while at < len(authorization):
        if authorization[at] in " \t":
            at += 1
        elif pair := _PAIR.match(authorization, at):
            quoted = pair[2] is not None
            found[pair[1].lower()] = re.sub(r"\\(.)", r"\1", pair[2]) if quoted else pair[3]
            at = pair.end() + (0 if quoted else 1)
        else:
            comma = authorization.find(",", at)
            at = len(authorization) if comma < 0 else comma + 1
    if missing := [key for key in ("realm", "nonce", "username", "uri", "response") if not found.get(key)]:
        return f"the Digest credentials lack {', '.join(missing)}"
    if found.get("algorithm", "MD5").upper() != "MD5":
        return "the Digest algorithm is not MD5"
    qop = found.get("qop", "").lower() == "auth"
    counted = _HEX.match(found["nc"]) if "nc" in found else None
    if "nc" in found and counted is None:
        return "the nonce count is not a hexadecimal number"
    if qop and not (found.get("cnonce") and found.get("nc")):
        return "the Digest credentials say qop=auth but lack cnonce or nc"
    nonce = _HEX.match(found["nonce"])
    if nonce is None:
        return "the nonce is not a hexadecimal number"
    return Credentials(
        username=found["username"],
        nonce=int(nonce[1], 16),
        uri=found["uri"],
        response=found["response"],
        cnonce=found.get("cnonce", ""),
        nc=found.get("nc", ""),
        count=int(counted[1], 16) if qop and counted else 0,
        qop=qop,
    )


def response(credentials: Credentials, method: str, account: Account) -> str:
    """Return the response that is right for *credentials*: RFC 2617 with qop, RFC 2069 without.

    A1 has the server's own realm, A2 the real method and the uri as the client wrote it.
    """
    a1 = _md5(f"{account.username}:{REALM}:{account.password}")
    a2 = _md5(f"{method}:{credentials.uri}")
    nonce = f"{credentials.nonce:08x}"
    if credentials.qop:
        return _md5(f"{a1}:{nonce}:{credentials.nc}:{credentials.cnonce}:auth:{a2}")
    return _md5(f"{a1}:{nonce}:{a2}")


def _judge_basic(encoded: str, account: Account) -> Verdict:
    if not account.basic:
        return Verdict(False, why="Basic credentials are refused: this device speaks Digest")
    try:
        username, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return Verdict(False, why="the Basic credentials cannot be decoded")
    right = _same(username, account.username) & _same(password, account.password)
    return Verdict(right, why="" if right else "the Basic user name or password is wrong")


def _md5(text: str) -> str:
    return md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape"))
