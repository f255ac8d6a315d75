"""Faults on the api plane: `Situation` in, `Situation` out; a dropped peer is settled at accept already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from ucmsim.faults.fields import AddressEntry, concerns
from ucmsim.faults.kind import Kind
from ucmsim.faults.planes import Admission, Moment, Situation
from ucmsim.refusals import Code, Refusal


def _refusal(sentence: str) -> Refusal:
    return Refusal.of(Code.DENIED_BY_FAULT, sentence, "disarm it, or let the client bear it")


@dataclass(frozen=True, slots=True)
class Deny:
    """Deny the peers that *address* covers (null = every peer): with the 403 page, or by closing right after accept."""

    how: Literal["page", "drop"] = "page"
    address: AddressEntry | None = None

    @property
    def moment(self) -> Moment:
        return Moment.ADMIT if self.how == "drop" else Moment.DECIDE

    def __call__(self, seen: Situation | Admission) -> Situation | Admission:
        why = "denied by the fault api.deny"
        if isinstance(seen, Admission):
            return Admission.refused(_refusal(why))
        said = f"{seen.peer} is {why}"
        return replace(seen, permitted=False, why=said, refusal=_refusal(said))

    def concerns(self, peer: str) -> bool:
        """Return whether *peer* is one of those this fault is about."""
        return concerns(self.address, peer)


@dataclass(frozen=True, slots=True)
class ChallengeLoop:
    """Send the Digest challenge to whoever asks, whatever the credentials."""

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, challenged="new")


@dataclass(frozen=True, slots=True)
class StaleLoop:
    """Call every nonce stale, so that a client that answers the challenge gets another."""

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, challenged="stale")


# fmt: off
KINDS = (
    Kind("api.deny", Deny, "how: page or drop; address: an address/netmask entry, null = every peer",
         "page: when the request is decided, before authentication; drop: at accept",
         "The peer is denied: the 403 page without a challenge, or the connection closed before TLS."),
)
# fmt: on
