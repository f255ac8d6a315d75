"""Digest authentication as Asterisk's HTTP manager does it, and Basic where a quirk accepts it. Spec 2.7, 0b.

The sentences quote nothing of what a client sent: they go to the log. Pure but for the nonces, which are spent.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from hashlib import md5

from ucmsim.authentication.authorization import Credentials, basic_of, is_basic, parse
from ucmsim.authentication.nonces import Nonces, Verdict
from ucmsim.refusals import Code, Refusal
from ucmsim.register import Quirks
from ucmsim.settings import Api


@dataclass(frozen=True, slots=True)
class Account:
    """The one user name and password of a PBX, the realm they are hashed with, and what credentials may be like.

    *basic*: Basic is accepted. *plain*: a Digest without qop is, as in RFC 2069. *uri_checked*: its uri must be the target
    of the request, *realm_checked*: its realm that of the challenge, *exact_user*: its user name the same letter for
    letter. *any_algorithm* that they name is taken for MD5. *challenges* is the realm that a fault has the challenge name,
    None for that which is hashed.
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
    challenges: str | None = None

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
        return _judge_basic(authorization, account)
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
        if credentials.realm == account.challenges:
            return f"a fault has the challenge name that realm, and the PBX hashes '{account.realm}': nothing is right for it"
        return f"it was made with another realm: hash '{account.realm}', that of the challenge"
    if _same(given, response(replace(credentials, uri=target), method, account)):
        return "it was made with the target of the request, but the field uri says something else"
    for other in {"GET", "HEAD", "POST"} - {method}:
        if _same(given, response(credentials, other, account)):
            return f"it was made for the method {other}, and this is {method}"
    return "check the password; A1 is user:realm:password, A2 method:uri, each hashed with MD5"


def _judge_basic(authorization: str, account: Account) -> Verdict:
    if not account.basic:
        said = "Basic credentials are refused: this device speaks Digest"
        hint = "send none at first, then answer the challenge (curl: --digest, requests: HTTPDigestAuth)"
        return Verdict.no(Code.BASIC, said, hint)
    pair = basic_of(authorization)
    if pair is None:
        said = "the Basic credentials cannot be decoded"
        return Verdict.no(Code.BASIC_UNREADABLE, said, "they are user:password in UTF-8 and Base64")
    right = _same(pair[0], account.username) & _same(pair[1], account.password)
    return Verdict(True) if right else Verdict.no(Code.BASIC_WRONG, "the Basic user name or password is wrong")


def _md5(text: str) -> str:
    return md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape"))
