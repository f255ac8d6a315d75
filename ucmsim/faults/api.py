"""Faults on the api plane: `Situation` in, `Situation` out; what a request sees of the PBX, or a peer at accept."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from ucmsim import personalities
from ucmsim.faults.fields import AddressEntry, Seconds, concerns
from ucmsim.faults.kind import Kind
from ucmsim.faults.planes import Admission, Moment, PortState, Situation
from ucmsim.faults.said import Said
from ucmsim.quirks import GROUPS
from ucmsim.refusals import Code, Refusal
from ucmsim.register import BY_ID, objection
from ucmsim.settings.keys import no_placeholder

Text = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]

EARLIER = frozenset({
    "session-cap", "inactivity-timeout", "stalled-reader", "keep-alive", "line-end", "bare-header", "request-line",
    "line-limit", "headers-cut", "header-limit", "form-limit", "head", "post", "post-type", "post-parameters", "path-match",
    "bad-escape", "plus", "acl-denial", "nonce-table", "unknown-path", "static-path",
})  # fmt: skip
"""Quirks that have done what they do before a request is decided."""
WRITTEN = frozenset(row.id for row in GROUPS["How a call is written down"] if row.id != "columns")
"""Quirks of the rows that are written already."""


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


@dataclass(frozen=True, slots=True)
class Disabled:
    """Have the API disabled, as on the device's own page: nothing listens, and what is connected is cut."""

    moment: ClassVar[Moment] = Moment.LISTEN

    def __call__(self, _state: PortState) -> PortState:
        return PortState(is_open=False, cuts=True)


@dataclass(frozen=True, slots=True)
class Cap:
    """Close connections at accept as if the session cap were reached, however few there are."""

    moment: ClassVar[Moment] = Moment.ADMIT

    def __call__(self, admission: Admission) -> Admission:
        said = "one connection too many: a fault has the session cap reached"
        return Admission.refused(Refusal.of(Code.SESSION_CAP, said, "wait until others have closed theirs"))


@dataclass(frozen=True, slots=True)
class Credentials:
    """Have another user name or password (null = as it was), as if somebody had changed it on the device's own page."""

    username: Text | None = None
    password: Annotated[Text, AfterValidator(no_placeholder)] | None = field(
        default="changed", repr=False, metadata={"secret": True}
    )

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, username=self.username or seen.username, password=self.password or seen.password)


@dataclass(frozen=True, slots=True)
class NonceLifetime:
    """Let nonces be good for so many *seconds* of wall-clock time, 0 = not even for one request."""

    seconds: Annotated[int, Field(ge=0, le=86_400, strict=True)] = 0

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, nonce_lifetime=self.seconds or -1)


@dataclass(frozen=True, slots=True)
class Realm:
    """Challenge with another *realm* than the one that the PBX hashes with, so that no response is right."""

    realm: Text = "somewhere-else"

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, realm=self.realm)


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart in the middle of the request: every connection is reset, and the port is closed for so many *seconds*.

    Nonces are forgotten, what is up of calls ends without rows, and channels are counted from 0 again.
    """

    seconds: Seconds = 5.0

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, restart=max(self.seconds, seen.restart or 0.0))


@dataclass(frozen=True, slots=True)
class SlowDatabase:
    """Let a search in the CDRs take so many *seconds* longer; what does not search is as fast as ever."""

    seconds: Seconds = 5.0

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, search_takes=seen.search_takes + self.seconds)


@dataclass(frozen=True, slots=True)
class LockedDatabase:
    """Let a search in the CDRs fail because somebody else has the database."""

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, search_fails="database is locked")


@dataclass(frozen=True, slots=True)
class Quirk:
    """Answer as if the quirk *id* had another *value*; rows stay as they were written."""

    id: str
    value: Annotated[int, Field(strict=True)] | Annotated[str, Field(strict=True)]

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, chosen=(*seen.chosen, (self.id, self.value)))

    def objections(self, _defects: Collection[str]) -> Iterator[Said]:
        """Yield why there is no such quirk, or why it would change nothing."""
        if self.id in EARLIER:
            yield Said(
                ("id",), f"the quirk '{self.id}' has its effect before a request is decided", "set it under quirks"
            )
        elif self.id in WRITTEN:
            yield Said(
                ("id",), f"the quirk '{self.id}' is about how rows are written, which they are", "set it under quirks"
            )
        elif wrong := objection(self.id, self.value):
            yield Said(("value" if self.id in BY_ID else "id",), *wrong)


def _known(name: str) -> str:
    try:
        return personalities.personality(name).id
    except KeyError:
        raise ValueError("; ".join(personalities.objection(name))) from None


@dataclass(frozen=True, slots=True)
class Personality:
    """Answer as the personality *id* does; rows stay as they were written."""

    id: Annotated[str, AfterValidator(_known)]

    moment: ClassVar[Moment] = Moment.DECIDE

    def __call__(self, seen: Situation) -> Situation:
        return replace(seen, personality=self.id)


_DECIDE = "when the request is decided"
_EVERY = "when the request is decided, challenges included"

# fmt: off
KINDS = (
    Kind("api.deny", Deny, "how: page or drop; address: an address/netmask entry, null = every peer",
         "page: when the request is decided, before authentication; drop: at accept",
         "The peer is denied: the 403 page without a challenge, or the connection closed before TLS."),
    Kind("api.disabled", Disabled, "", "at once, for as long as it is armed and its time has come",
         "The API is disabled: connections are cut, and nothing listens."),
    Kind("api.cap", Cap, "", "at accept",
         "The session cap counts as reached: connections are closed at accept."),
    Kind("api.credentials", Credentials, "username: text, null = as it was; password: text, null = as it was", _EVERY,
         "The credentials are others than those the client has.", challenges=True),
    Kind("api.nonce-lifetime", NonceLifetime, "seconds: wall-clock seconds, whole, 0 = expired at once", _EVERY,
         "Nonces expire early, and the client is told that its own is stale.", challenges=True),
    Kind("api.realm", Realm, "realm: text", _EVERY,
         "The challenge names a realm that the PBX does not hash with, so that no response is right.", challenges=True),
    Kind("api.restart", Restart, "seconds: of wall-clock time that the port is closed, 0 to 86400", _DECIDE,
         "The PBX restarts: connections are reset, the port is closed for a while or until the fault is taken away, nonces are forgotten, calls that are up end without rows, channels count from 0 again."),
    Kind("api.slow-database", SlowDatabase, "seconds: wall-clock seconds, 0 to 86400", _DECIDE,
         "A search in the CDRs takes longer; other requests do not."),
    Kind("api.locked-database", LockedDatabase, "", _DECIDE,
         "A search in the CDRs fails, as the quirk database-failure has it."),
    Kind("api.quirk", Quirk, "id: of the register; value: one that it takes", _DECIDE + ", before authentication",
         "The request is answered as if a quirk had another value; rows stay as they were written."),
    Kind("api.personality", Personality, "id: of a personality", _DECIDE + ", before authentication",
         "The request is answered as another model would; rows stay as they were written."),
)
# fmt: on
