"""Takes credentials out of what is told: of targets, headers, and sentences that quote them. Pure."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from urllib.parse import unquote, unquote_plus

from ucmsim.journal.credentials import USERINFO, has_userinfo, is_telling, may_tell
from ucmsim.journal.disguises import disguises, octets_of
from ucmsim.refusals import Refusal
from ucmsim.secrecy import HIDDEN

_SECRETIVE = re.compile("auth|cookie|credential|key|pass|pwd|secret|session|signature|token")
"""What headers are called that may hold a secret: their words are not to be told apart, and nobody asks by them."""
_SCHEMES = frozenset(
    ("apikey", "basic", "bearer", "digest", "dpop", "hoba", "mutual", "negotiate", "ntlm", "oauth", "token", "vapid")
)
"""Schemes of credentials, most of them IANA's. What is none of these may be a secret without a scheme."""
_FIELD = re.compile(r'\b(\w++)\s*+=\s*+("(?:[^"\\]|\\.)*"?|[^,\s]*)')
_SHOWN = ("realm", "nonce", "opaque", "algorithm", "qop", "nc")
_FORM = 4096
"""Characters of a form that are told."""
_HEADERS = 32
"""Header lines, and fields of credentials, that are told."""
_SHORT = 4
"""Characters of a secret that is looked for inside of texts; a shorter one stands in many words by chance."""


@dataclass(frozen=True, slots=True)
class Discretion:
    """Takes credentials out of what is told; *secrets* are the PBX's own, *paths* are told whatever they spell."""

    secrets: tuple[str, ...]
    paths: tuple[str, ...] = ()
    _shortest: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_shortest", min(map(len, self.secrets), default=sys.maxsize))

    @classmethod
    def of(cls, accounts: Iterable[tuple[str, str]], paths: tuple[str, ...] = ()) -> Discretion:
        """Return what keeps the passwords of *accounts* secret, in whatever disguise, and the same as Basic credentials."""
        forms = (form for username, password in accounts if password for form in _forms(username, password))
        return cls(tuple(dict.fromkeys(forms)), paths)

    def about(self, texts: Iterable[str]) -> Discretion:
        """Return what is needed for *texts*: where no secret stands in any of them nobody has to look for one again."""
        if self._shortest < _SHORT or self.hides("\n".join(texts)):
            return self
        return replace(self, secrets=())

    def text(self, text: str) -> str:
        """Return *text*, unless a secret stands in it."""
        return HIDDEN if self.hides(text) else text

    def word(self, word: str) -> str:
        """Return *word*, unless a secret stands in it in any letter case."""
        if not self.secrets:
            return word
        return HIDDEN if _hides(word.upper(), [secret.upper() for secret in self.secrets]) else word

    def target(self, target: str) -> str:
        """Return the request *target* without user:password@, values of telling parameters, and the secrets."""
        path, mark, query = USERINFO.sub("***@", target).partition("?")
        known = path.lower().removesuffix("/") in self.paths
        hidden = self.hides(path)
        if hidden and not known:
            path, hidden = HIDDEN, False
        looks = bool(self.secrets) or may_tell(query)
        told = "&".join(self._piece(piece) for piece in query.split("&")) if looks else query
        # A secret with a separator in it is caught only as a whole.
        if self.hides(told) or (not hidden and self.hides(path + mark + told)):
            return f"{path}{mark}{HIDDEN}" if known else HIDDEN
        return f"{path}{mark}{told}"

    def note(self, note: str, params: Iterable[tuple[str, str]]) -> str:
        """Return the sentence *note* without what it quotes, if a secret was among the *params* or is in it."""
        if not any(self.hides(name) or self.hides(value) for name, value in params) and not self.hides(note):
            return note
        first, last = note.find("'"), note.rfind("'")
        told = f"{note[: first + 1]}{HIDDEN}{note[last:]}" if 0 <= first < last else note
        return HIDDEN if self.hides(told) else told

    @staticmethod
    def shown(lines: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Return the header *lines* that are told: of very many only the first."""
        return lines[:_HEADERS]

    def headers(self, lines: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return the header *lines* that are told without credentials."""
        told = [(name, self._header(name.lower(), value)) for name, value in self.shown(lines)]
        return tuple((HIDDEN, value) if self.hides(name) else (name, value) for name, value in told)

    def form(self, form: str) -> str:
        """Return the body of a form as `target` returns a query."""
        if len(form) > _FORM:
            # The last pieces may be cut, and of a secret that is cut nobody knows that it is one.
            form = "&".join([*form[:_FORM].split("&")[:-2], HIDDEN])
        return self.target(f"?{form}").removeprefix("?") if form else ""

    def refusal(self, refusal: Refusal | None, params: Iterable[tuple[str, str]]) -> Refusal | None:
        """Return *refusal* without what it quotes, as `note` does."""
        if refusal is None or not self.secrets:
            return refusal
        sentence = self.note(refusal.sentence, params if "'" in refusal.sentence else ())
        parameter = HIDDEN if self.hides(refusal.parameter) else refusal.parameter
        hint = HIDDEN if self.hides(refusal.hint) or parameter != refusal.parameter else refusal.hint
        return Refusal(refusal.code, parameter, sentence, hint)

    def _header(self, name: str, value: str) -> str:
        if name in ("authorization", "proxy-authorization"):
            return self._credentials(value)
        if _SECRETIVE.search(name):
            return HIDDEN
        if "://" in value:
            return self.target(value)
        return HIDDEN if self.hides(value) else value

    def _credentials(self, value: str) -> str:
        """Return the value of an Authorization header without what proves who somebody is."""
        scheme, blank, rest = value.partition(" ")
        if scheme.lower() not in _SCHEMES or self.hides(scheme):
            return HIDDEN
        if scheme.lower() != "digest":
            return f"{scheme}{blank}{HIDDEN if rest else ''}"
        told = (self._field(match[1], match[2]) for match in islice(_FIELD.finditer(rest), _HEADERS))
        return f"{scheme} {', '.join(told)}"

    def _field(self, name: str, value: str) -> str:
        """Return one field of Digest credentials; who it is, and what was made of the password, are left out."""
        if name.lower() == "uri":
            inner = value.strip('"')
            return f'{name}="{self.target(inner)}"'
        known = name.lower() in _SHOWN and not self.hides(value)
        return f"{name}={value}" if known else f'{HIDDEN if self.hides(name) else name}="{HIDDEN}"'

    def hides(self, text: str) -> bool:
        """Return whether a secret stands in *text*, however often it is encoded; short ones only as all of it or of a segment of a path."""
        # Decoding only shortens; most of what there is to look at is shorter than any password.
        return len(text) >= self._shortest and _hides(text, self.secrets)

    def _piece(self, piece: str) -> str:
        name, equals, value = piece.partition("=")
        hidden = is_telling(name) or self.hides(value) or has_userinfo(value.replace("://***@", ""))
        return f"{HIDDEN if self.hides(name) else name}{equals}{HIDDEN if value and hidden else value}"


def _forms(username: str, password: str) -> Iterator[str]:
    for octets in octets_of(password):
        # Bytes that are no UTF-8 are surrogates in a request, and escaped in what is told of it.
        yield from (octets.decode("utf-8", how) for how in ("surrogateescape", "backslashreplace"))
    for octets in octets_of(f"{username}:{password}"):
        yield b64encode(octets).decode().rstrip("=")
    yield from sorted(disguises(password))


def _hides(text: str, secrets: Iterable[str]) -> bool:
    """Return whether one of *secrets* stands in *text*, as it is or encoded once or twice."""
    if _stands(text, secrets):
        return True
    if "%" not in text and "+" not in text:
        return False
    forms = {text}
    for _ in range(2):
        forms = {decoded for form in forms for decoded in _decoded(form)}
        if any(_stands(form, secrets) for form in forms):
            return True
    return False


def _decoded(text: str) -> Iterator[str]:
    """Yield what *text* may be the encoding of, if it is one at all."""
    if "%" in text:
        yield unquote(text, errors="surrogateescape")
    if "+" in text:
        yield unquote_plus(text, errors="surrogateescape")


def _stands(text: str, secrets: Iterable[str]) -> bool:
    for secret in secrets:  # noqa: SIM110 - a generator would take three times as long, dozens of times a request
        if (secret in text) if len(secret) >= _SHORT else (f"/{secret}/" in f"/{text}/"):
            return True
    return False
