"""Takes credentials out of what is told: of targets, headers, and sentences that quote them. Pure."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from ucmsim.auth import Account

_USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")
_TELLING = (
    "password", "passwd", "pass", "pwd", "secret", "token", "user", "username",
    "authorization", "auth", "credentials", "response",
)  # fmt: skip
_HIDDEN = "***"
_SHORT = 4


@dataclass(frozen=True, slots=True)
class Discretion:
    """Takes credentials out of what is told; *secrets* are the PBX's own, *paths* are told whatever they spell."""

    secrets: tuple[str, ...]
    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, account: Account, paths: tuple[str, ...]) -> Discretion:
        """Return what keeps the password of *account* secret, and the same as Basic credentials."""
        if not account.password:
            return cls((), paths)
        basic = b64encode(f"{account.username}:{account.password}".encode("utf-8", "surrogateescape")).decode()
        return cls((account.password, basic.rstrip("=")), paths)

    def word(self, word: str) -> str:
        """Return *word*, unless a secret stands in it in any letter case."""
        folded = Discretion(tuple(secret.upper() for secret in self.secrets))
        return _HIDDEN if folded.hides(word.upper()) else word

    def target(self, target: str) -> str:
        """Return the request *target* without user:password@, values of telling parameters, and the secrets."""
        path, mark, query = _USERINFO.sub("***@", target).partition("?")
        known = path.lower().removesuffix("/") in self.paths
        if self.hides(path) and not known:
            path = _HIDDEN
        told = "&".join(self._piece(piece) for piece in query.split("&"))
        # A secret with a separator in it is caught only as a whole.
        if self.hides(told) or (self.hides(path + mark + told) and not self.hides(path)):
            return f"{path}{mark}{_HIDDEN}" if known else _HIDDEN
        return f"{path}{mark}{told}"

    def note(self, note: str, params: Iterable[tuple[str, str]]) -> str:
        """Return the sentence *note* without what it quotes, if a secret was among the *params* or is in it."""
        if not any(self.hides(name) or self.hides(value) for name, value in params) and not self.hides(note):
            return note
        first, last = note.find("'"), note.rfind("'")
        told = f"{note[: first + 1]}{_HIDDEN}{note[last:]}" if 0 <= first < last else note
        return _HIDDEN if self.hides(told) else told

    def hides(self, text: str) -> bool:
        """Return whether a secret stands in *text*, however often it is encoded; short ones only as the whole of it."""
        if not self.secrets:
            return False
        forms = {text}
        if "%" in text or "+" in text:
            for _ in range(2):
                forms |= {decode(form) for form in forms for decode in (unquote, unquote_plus)}
        return any(
            secret in form if len(secret) >= _SHORT else secret == form for secret in self.secrets for form in forms
        )

    def _piece(self, piece: str) -> str:
        name, equals, value = piece.partition("=")
        telling = unquote_plus(name).lower() in _TELLING
        return (
            f"{_HIDDEN if self.hides(name) else name}{equals}"
            f"{_HIDDEN if value and (telling or self.hides(value)) else value}"
        )
