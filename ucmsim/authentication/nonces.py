"""The nonces that one PBX has issued, and what a use of one of them is worth. Spec 2.7, 0b.

Pure but for what it remembers; touched in the reactor thread only, at decide.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from random import Random

from ucmsim.refusals import Code, Refusal
from ucmsim.register import Quirks


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
        self.chance = chance
        self._lifetime = lifetime
        self._accept_unknown = accept_unknown
        self._limit = limit
        self.issued: OrderedDict[int, tuple[float, int]] = OrderedDict()

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
        return len(self.issued)

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
            self.chance, lifetime=lifetime, counted=counted, accept_unknown=accept_unknown, limit=self._limit
        )
        other.issued = self.issued
        return other

    def forget(self) -> None:
        """Know none of the nonces any more."""
        self.issued.clear()

    def issue(self, wall: float) -> str:
        """Return a new nonce; when the table is full the oldest one is forgotten."""
        nonce = 0
        while not nonce or nonce in self.issued:
            nonce = self.chance.getrandbits(31)
        self._remember(nonce, wall, -1)
        return f"{nonce:08x}"

    def spend(self, nonce: int, count: int, wall: float) -> Verdict:
        """Judge one use of *nonce* with that nonce *count*, and remember it if it is good."""
        known = self.issued.get(nonce)
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
        if nonce not in self.issued and len(self.issued) >= self._limit:
            self.issued.popitem(last=False)
        self.issued[nonce] = (issued, count)
