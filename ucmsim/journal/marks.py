"""Client hygiene: what a client does carelessly, marked on the event in which it shows. Pure.

Who the client is, is its address and its User-Agent: several programs on one machine are told apart by that. What is
remembered of each is little, and of the longest silent ones nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TypeVar

from ucmsim.authentication.authorization import is_basic
from ucmsim.entry import UNVERIFIED
from ucmsim.http.request import ApiRequest
from ucmsim.http.served import Served
from ucmsim.journal.credentials import Digest, digest_of, in_url
from ucmsim.journal.entries import Exchange
from ucmsim.journal.polling import Polls
from ucmsim.journal.visits import Visit

K = TypeVar("K")
V = TypeVar("V")

CLIENTS, NONCES = 512, 4096
"""Clients, and nonces, of which something is remembered."""
ERRORS, PAUSE = 3, 1.0
"""Errors in a row that are too many when no pause of so many seconds is between them."""
DENIALS, WITHIN = 5, 10.0
"""Denials that are hammering when they come within so many seconds."""
_PERMITTED = "permitted-ips"
"""The check of a denial at accept; what else is turned away there is an error."""
_DENIED = (401, 403)
"""Statuses of a denial; a 401 to a request without credentials is none."""
_NO_ERRORS = (401, 403, 404)
"""Statuses above 400 that no pause would mend: who is denied hammers, and what is not there is an answer."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One row: what was careless, and what would have been right.

    *paced*: it hangs on how fast things happened on the wall clock, which no run repeats.
    """

    id: str
    statement: str
    right: str
    paced: bool = False


# fmt: off
MARKS = (
    Mark(UNVERIFIED, "A request came over a connection that was shown a certificate which a careful client refuses.",
         "verify the certificate, and stop when it is bad"),
    Mark("basic-before-challenge", "Basic credentials were sent although no challenge had asked for any: the password itself went out.",
         "send none, and answer the Digest challenge"),
    Mark("credentials-in-url", "A password, a token or user:password@ stood in the target, where logs and proxies keep it.",
         "send credentials in the Authorization header only"),
    Mark("nc-not-increasing", "The nonce count was not greater than the last one with the same nonce.",
         "add 1 to nc for each request with a nonce, or take a new nonce"),
    Mark("no-qop", "Digest credentials had no qop although the challenge offered auth: they can be replayed.",
         "send qop=auth with nc and cnonce"),
    Mark("watermark-without-overlap", "A poll began where the rows of the last one ended: calls that began earlier and ended later are missed.",
         "read again some hours back, and know what was read already"),
    Mark("page-size-mistaken-for-end", "A full page was taken for the last one because it looked short; the rest was never asked for.",
         "go on with the next offset until a page is empty"),
    Mark("no-back-off", "Three errors in a row, answers that were cut short and handshakes that failed among them, with less than a second between.",
         "wait after an error, longer each time", paced=True),
    Mark("hammering-while-denied", "Five denials within ten seconds.",
         "stop and tell somebody: who is denied will not be let in by asking again", paced=True),
    Mark("parallel-connections", "One client had more connections open at a time than the setting journal.connections allows.",
         "use few connections: the device takes 100 in all", paced=True),
)
# fmt: on


@dataclass(slots=True)
class Client:
    """What is remembered of one client: challenges it has not answered, its last errors and denials, and its polls."""

    challenged: bool = False
    errors: int = 0
    failed_at: float = 0.0
    denials: list[float] = field(default_factory=list)
    polls: Polls = field(default_factory=Polls)


class Hygiene:
    """Marks what the clients of one PBX do.

    *refusable* are the certificate defects that a careful client refuses, *connections* is how many of one peer's are
    all right.
    """

    def __init__(self, refusable: frozenset[str] = frozenset(), connections: int = 4) -> None:
        self._refusable = refusable
        self._connections = connections
        self._clients: OrderedDict[tuple[str, str], Client] = OrderedDict()
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._open: dict[str, set[int]] = {}

    def arrived(self, visit: Visit, wall: float) -> None:
        """Count the connection *visit*, which was refused at accept if it has ended already at *wall*."""
        if visit.ended:
            # No request tells who it is, so that a peer that is turned away is one client.
            client = self._client(visit.peer, "")
            if visit.refusal is not None and visit.refusal.code.check != _PERMITTED:
                if _erred(client, wall, wall):
                    visit.marks.append("no-back-off")
            elif self._denied(client, wall):
                visit.marks.append("hammering-while-denied")
            return
        still = self._open.setdefault(visit.peer, set())
        still.add(visit.number)
        if len(still) > self._connections:
            visit.marks.append("parallel-connections")

    def closing(self, visit: Visit) -> None:
        """Count a connection that was served no more: the device has closed it, or it is gone."""
        still = self._open.get(visit.peer, set())
        still.discard(visit.number)
        if not still:
            self._open.pop(visit.peer, None)

    def left(self, visit: Visit, wall: float) -> None:
        """Count the end of a connection that was served, which may have come to no request."""
        self.closing(visit)
        client = self._client(visit.peer, "")
        if visit.requests:
            client.errors = 0
        elif visit.failed and visit.began is not None and _erred(client, visit.began.wall, wall):
            visit.marks.append("no-back-off")

    def marks(
        self, exchange: Exchange, request: ApiRequest, served: Served | None, defect: str | None, *, secret: bool
    ) -> tuple[str, ...]:
        """Return what is careless about *exchange*, which answered *request* over a connection shown *defect*.

        *secret* says that the PBX's password stands in the target.
        """
        client = self._client(exchange.peer, request.header("user-agent") or "")
        found = [
            (UNVERIFIED, defect in self._refusable),
            ("credentials-in-url", secret or in_url(request.target)),
            *self._of_credentials(client, request),
            *client.polls.judged(exchange, request, served),
            *self._of_pace(client, exchange, request),
        ]
        client.challenged = exchange.status == 401 or (client.challenged and not request.header("authorization"))
        return tuple(name for name, holds in found if holds)

    def _of_credentials(self, client: Client, request: ApiRequest) -> list[tuple[str, bool]]:
        given = request.header("authorization") or ""
        digest = digest_of(given)
        return [
            ("basic-before-challenge", is_basic(given) and not client.challenged),
            ("nc-not-increasing", digest is not None and self._repeats(digest)),
            ("no-qop", digest is not None and not digest.qop),
        ]

    def _repeats(self, digest: Digest) -> bool:
        """Return whether the nonce count of *digest* does not increase, and remember it."""
        if digest.count is None:
            return False
        last = self._counts.get(digest.nonce)
        _remember(self._counts, digest.nonce, max(digest.count, last or 0), NONCES)
        return last is not None and digest.count <= last

    def _of_pace(self, client: Client, exchange: Exchange, request: ApiRequest) -> list[tuple[str, bool]]:
        if exchange.began is None:
            return []
        began = exchange.began.wall
        _paused(client, began)
        if exchange.status == 401 and not request.header("authorization"):
            # The challenge is one half of asking again, and no answer to it.
            return []
        cut = bool(exchange.ended) and not exchange.by_client
        failed = cut or (exchange.status >= 400 and exchange.status not in _NO_ERRORS)
        if not failed:
            client.errors = 0
        too_many = failed and _erred(client, began, began + exchange.seconds)
        denied = exchange.status in _DENIED
        # A nonce that is too old, or used, is renewed by the next request: that is no denial.
        renewed = exchange.refusal is not None and exchange.refusal.code.name in ("NONCE_OLD", "NONCE_COUNT")
        return [
            ("no-back-off", too_many),
            ("hammering-while-denied", denied and not renewed and self._denied(client, began)),
        ]

    def _denied(self, client: Client, wall: float) -> bool:
        """Count a denial at *wall*; return whether they are too many."""
        client.denials = [*(at for at in client.denials[-DENIALS:] if wall - at < WITHIN), wall]
        return len(client.denials) >= DENIALS

    def _client(self, peer: str, agent: str) -> Client:
        key = (peer, agent[:128])
        return _remember(self._clients, key, self._clients.get(key) or Client(), CLIENTS)


def _paused(client: Client, began: float) -> None:
    """Forget errors that what *began* now is far enough from."""
    if began - client.failed_at >= PAUSE:
        client.errors = 0


def _erred(client: Client, began: float, ended: float) -> bool:
    """Count an error; return whether it is one too many without a pause."""
    _paused(client, began)
    client.errors += 1
    client.failed_at = ended
    return client.errors >= ERRORS


def _remember(known: OrderedDict[K, V], key: K, value: V, most: int) -> V:
    known[key] = value
    known.move_to_end(key)
    if len(known) > most:
        known.popitem(last=False)
    return value
