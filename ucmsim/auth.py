"""Digest authentication as Asterisk's HTTP manager does it, and Basic where a quirk accepts it. Spec 2.7, 0b.

The sentences quote nothing of what a client sent: they go to the log. Pure but for one thing: `Nonces` remembers what
it issued. It is touched in the reactor thread only, at decide.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from hashlib import md5
from random import Random

from ucmsim.refusals import Code, Refusal
from ucmsim.register import Quirks
from ucmsim.settings import Api

_KEYS = ("username", "realm", "nonce", "uri", "domain", "response", "cnonce", "opaque", "algorithm", "qop", "nc")
_PAIR = re.compile(rf'({"|".join(_KEYS)})=(?:"((?:[^"\\]|\\.)*)"?|([^,]*))', re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_HEX = re.compile(r"\s*(?:0x)?([0-9a-f]{1,16})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Account:
    """The one user name and password of a PBX, the realm they are hashed with, and what credentials may be like.

    *basic*: Basic is accepted. *plain*: a Digest without qop is, as in RFC 2069. *uri_checked*: its uri must be the target
    of the request, *realm_checked*: its realm that of the challenge, *exact_user*: its user name the same letter for
    letter. *any_algorithm* that they name is taken for MD5.
    """

    username: str
    password: str
    basic: bool = False
    realm: str = "asterisk"
    plain: bool = True
    uri_checked: bool = False
    realm_checked: bool = False
    exact_user: bool = False
    any_algorithm: bool = False

    @classmethod
    def of(cls, api: Api, quirks: Quirks) -> Account:
        return cls(
            api.tls_authentication_name or "",
            api.tls_authentication_password or "",
            basic=quirks["basic-auth"] == "accept",
            realm=str(quirks["realm"]),
            plain=quirks["digest-without-qop"] == "accept",
            uri_checked=quirks["digest-uri"] == "checked",
            realm_checked=quirks["client-realm"] == "checked",
            exact_user=quirks["user-case"] == "exact",
            any_algorithm=quirks["digest-algorithm"] == "any",
        )

    def is_user(self, username: str) -> bool:
        """Return whether Digest credentials that name *username* are this user's."""
        if self.exact_user:
            return _same(username, self.username)
        return _same(username.lower(), self.username.lower())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the credentials pass; if not, whether only the nonce was at fault (*stale*), and why."""

    granted: bool
    stale: bool = False
    refusal: Refusal | None = None

    @classmethod
    def no(cls, code: Code, sentence: str, hint: str = "", *, stale: bool = False) -> Verdict:
        """Return the verdict that refuses."""
        return cls(False, stale, Refusal.of(code, sentence, hint))

    @property
    def why(self) -> str:
        """The sentence that says why they do not pass, "" when they do."""
        return self.refusal.sentence if self.refusal else ""


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


class Nonces:
    """The nonces one PBX has issued: when (wall clock), and the highest nonce count each was used with.

    *lifetime* is in seconds from the issue (None = for ever). A nonce is good for any count unless it is *counted*, and
    one that was never issued is refused unless *accept_unknown*. *limit* is how many are remembered.
    """

    def __init__(
        self,
        chance: Random,
        *,
        lifetime: int | None = 62,
        counted: bool = True,
        accept_unknown: bool = False,
        limit: int = 4096,
    ) -> None:
        self.counted = counted
        self._chance = chance
        self._lifetime = lifetime
        self._accept_unknown = accept_unknown
        self._limit = limit
        self._issued: OrderedDict[int, tuple[float, int]] = OrderedDict()

    @classmethod
    def of(cls, chance: Random, quirks: Quirks) -> Nonces:
        """Return the empty table of a PBX with those *quirks*."""
        return cls(
            chance,
            lifetime=quirks.number("nonce-lifetime"),
            counted=quirks["nonce-count"] == "checked",
            accept_unknown=quirks["unknown-nonce"] == "accept",
            limit=int(quirks["nonce-table"]),
        )

    def __len__(self) -> int:
        return len(self._issued)

    def with_lifetime(self, seconds: int) -> Nonces:
        """Return the same table in which nonces are good for so many *seconds*."""
        return self._seen_as(lifetime=seconds, counted=self.counted, accept_unknown=self._accept_unknown)

    def under(self, quirks: Quirks) -> Nonces:
        """Return the same table as a register of other *quirks* has it judged."""
        return self._seen_as(
            lifetime=quirks.number("nonce-lifetime"),
            counted=quirks["nonce-count"] == "checked",
            accept_unknown=quirks["unknown-nonce"] == "accept",
        )

    def _seen_as(self, *, lifetime: int | None, counted: bool, accept_unknown: bool) -> Nonces:
        other = Nonces(
            self._chance, lifetime=lifetime, counted=counted, accept_unknown=accept_unknown, limit=self._limit
        )
        other._issued = self._issued
        return other

    def forget(self) -> None:
        """Know none of the nonces any more."""
        self._issued.clear()

    def issue(self, wall: float) -> str:
        """Return a new nonce; when the table is full the oldest one is forgotten."""
        nonce = 0
        while not nonce or nonce in self._issued:
            nonce = self._chance.getrandbits(31)
        self._remember(nonce, wall, -1)
        return f"{nonce:08x}"

    def spend(self, nonce: int, count: int, wall: float) -> Verdict:
        """Judge one use of *nonce* with that nonce *count*, and remember it if it is good."""
        known = self._issued.get(nonce)
        if known is None:
            if not self._accept_unknown:
                said = "the nonce was never issued by this PBX, or is long forgotten"
                return Verdict.no(Code.NONCE_UNKNOWN, said, "use the nonce of the last 401")
            known = (wall, -1)
        issued, highest = known
        if self._lifetime is not None and wall - issued > self._lifetime:
            said = f"the nonce is older than {self._lifetime} seconds"
            hint = "take the new nonce of this 401 and send the request again"
            return Verdict.no(Code.NONCE_OLD, said, hint, stale=True)
        if self.counted and count <= highest:
            said = "the nonce count was used before (nc must increase)"
            return Verdict.no(Code.NONCE_COUNT, said, "add 1 to nc for each request with the same nonce", stale=True)
        self._remember(nonce, issued, count)
        return Verdict(True)

    def _remember(self, nonce: int, issued: float, count: int) -> None:
        if nonce not in self._issued and len(self._issued) >= self._limit:
            self._issued.popitem(last=False)
        self._issued[nonce] = (issued, count)


def judge(
    authorization: str | None, method: str, account: Account, nonces: Nonces, wall: float, *, target: str = ""
) -> Verdict:
    """Judge the value of the `Authorization` header of a request with *method* for *target* at *wall* seconds.

    Where the account has no user name nothing passes; a PBX that lets everybody in then does not ask.
    """
    if not account.username:
        said = "no user name is set, so nobody is let in (quirk blank-name: refuse)"
        return Verdict.no(Code.NO_USER_SET, said, "set api.tls_authentication_name")
    if not authorization:
        said = "there are no credentials yet"
        return Verdict.no(Code.NO_CREDENTIALS, said, "answer the challenge in WWW-authenticate with Digest credentials")
    if is_basic(authorization):
        return _judge_basic(authorization[6:], account)
    credentials = parse(authorization, counted=nonces.counted, any_algorithm=account.any_algorithm)
    if isinstance(credentials, Refusal):
        return Verdict(False, refusal=credentials)
    if not (credentials.qop or account.plain):
        said = "the Digest credentials have no qop (quirk digest-without-qop: refuse)"
        return Verdict.no(Code.NO_QOP, said, "send qop=auth with cnonce and nc, as the challenge asks")
    if account.uri_checked and credentials.uri != target:
        said = "the uri of the Digest credentials is not what was asked for (quirk digest-uri: checked)"
        return Verdict.no(Code.DIGEST_URI, said, "uri is the target as it stands in the request line")
    if account.realm_checked and credentials.realm != account.realm:
        said = "the realm of the Digest credentials is not that of the challenge (quirk client-realm: checked)"
        return Verdict.no(Code.DIGEST_REALM, said, "send the realm of the challenge")
    right = _same(credentials.response[:32].lower(), response(credentials, method, account))
    if not account.is_user(credentials.username):
        return Verdict.no(Code.USER_UNKNOWN, "the user name is unknown", "it is the TLS Authentication Name of the PBX")
    if not right:
        return Verdict.no(
            Code.RESPONSE_WRONG, "the Digest response is wrong", _mistake(credentials, method, account, target)
        )
    return nonces.spend(credentials.nonce, credentials.count, wall)


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


def response(credentials: Credentials, method: str, account: Account) -> str:
    """Return the response that is right for *credentials*: RFC 2617 with qop, RFC 2069 without.

    A1 has the server's own realm, A2 the real method and the uri as the client wrote it.
    """
    a1 = _md5(f"{account.username}:{account.realm}:{account.password}")
    a2 = _md5(f"{method}:{credentials.uri}")
    nonce = f"{credentials.nonce:08x}"
    if credentials.qop:
        return _md5(f"{a1}:{nonce}:{credentials.nc}:{credentials.cnonce}:auth:{a2}")
    return _md5(f"{a1}:{nonce}:{a2}")


def _mistake(credentials: Credentials, method: str, account: Account, target: str) -> str:
    """Return what the client hashed wrongly, if its response is right for something near; else what is hashed."""
    given = credentials.response[:32].lower()
    if _same(given, response(credentials, method, replace(account, realm=credentials.realm))):
        return f"it was made with another realm: hash '{account.realm}', that of the challenge"
    if _same(given, response(replace(credentials, uri=target), method, account)):
        return "it was made with the target of the request, but the field uri says something else"
    for other in {"GET", "HEAD", "POST"} - {method}:
        if _same(given, response(credentials, other, account)):
            return f"it was made for the method {other}, and this is {method}"
    return "check the password; A1 is user:realm:password, A2 method:uri, each hashed with MD5"


def _judge_basic(encoded: str, account: Account) -> Verdict:
    if not account.basic:
        said = "Basic credentials are refused: this device speaks Digest"
        hint = "send none at first, then answer the challenge (curl: --digest, requests: HTTPDigestAuth)"
        return Verdict.no(Code.BASIC, said, hint)
    try:
        username, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        said = "the Basic credentials cannot be decoded"
        return Verdict.no(Code.BASIC_UNREADABLE, said, "they are user:password in UTF-8 and Base64")
    right = _same(username, account.username) & _same(password, account.password)
    return Verdict(True) if right else Verdict.no(Code.BASIC_WRONG, "the Basic user name or password is wrong")


def _md5(text: str) -> str:
    return md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape"))
