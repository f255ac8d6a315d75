"""What exchanges delivered: which rows, and which recordings, left whole. Values, and the queue of what is not written yet. Pure.

A row, or a file, is *whole* when all of its bytes were handed out as the history has them, and a client that keeps to HTTP
can read them: `read_of` says how far that goes. What a fault altered is not, nor what a client was kept from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from ucmsim.faults.bodies import InChunks
from ucmsim.faults.replies import body_of, header_of
from ucmsim.http.extents import Carries, Rows
from ucmsim.http.reply import PIECE, Reply

if TYPE_CHECKING:
    from ucmsim.journal import Exchange

RECORD = 16_384
"""Bytes in a record of TLS: of one that did not come to its end nothing can be read."""
_CLOSE_NOTIFY = 2
"""Bytes of the alert by which a connection ends in order, before TLS adds to its record. RFC 8446, 6.1."""
MOST = 10_000
"""Deliveries that wait to be written, at most."""
TOGETHER = 50
"""Deliveries that are written in one turn of the worker's, so that nobody waits for a second's worth of them."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a reply *carries*, and how many bytes of its body could be *read* by its client.

    *framed* says that these are nothing unless all of them come. So many bytes went out *before*, above TCP.
    """

    carries: Carries
    read: int
    framed: bool = False
    before: int = 0

    @property
    def rows(self) -> int:
        """How many CDRs are whole in what could be read; none where these are recordings."""
        return self.carries.count_whole(self.read) if isinstance(self.carries, Rows) else 0

    @classmethod
    def of(cls, reply: Reply, count: int, before: int = 0) -> Sent | None:
        """Return what went out of *reply* with the first *count* bytes of its body; None where there was nothing in it.

        The answer to HEAD has no body, so nothing is in it.
        """
        if reply.carries is None or body_of(reply) is None:
            return None
        framed = header_of(reply, "Transfer-Encoding") is not None
        return cls(reply.carries, read_of(reply, count), framed, before)


def read_of(reply: Reply, count: int) -> int:
    """Return how many bytes of what *reply* carries could be read, of *count* bytes of body that were handed out.

    None without status 200 and a status line, none where the head says that the body is packed and it is not, and of chunks
    only what comes with all of them in order. What comes after Content-Length is nobody's.
    """
    body = body_of(reply)
    if body is None or reply.status != 200 or reply.start is not None:
        return 0
    if header_of(reply, "Content-Encoding") is not None:
        return 0
    if header_of(reply, "Transfer-Encoding") is not None:
        right = isinstance(body, InChunks) and body.how == "right" and count >= body.length
        return body.body.length if right and isinstance(body, InChunks) else 0
    told = header_of(reply, "Content-Length")
    return min(count, int(told)) if told is not None and told.isdecimal() else count


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the exchange with the journal's id *exchange* delivered to *peer*; it began at *wall* seconds of the epoch.

    *head* and *body* are how many bytes of these were handed out, *cut* says that it did not come to its end. *corrects*
    says that it takes the place of what was said of it before.
    """

    exchange: int
    wall: float
    peer: str
    sent: Sent
    cut: bool
    head: int = 0
    body: int = 0
    corrects: bool = False

    def out_of(self, came: int, lost: int, added: int) -> Delivery | None:
        """Return what it was after all, when so many bytes of TLS *came* and those behind them were *lost*.

        TLS has *added* so many to each record. None where all came, but for its close_notify. The head of a long body has a
        record of its own; of a reply that was handed over in small pieces more may have been readable, for those have too.
        """
        if lost <= 0 and not self.cut:
            return None
        apart = self.body >= PIECE
        came -= self.head + added if apart else 0
        total = self.body if apart else self.head + self.body
        if came >= total + added * -(-total // RECORD):
            behind = lost - (0 if self.cut else added + _CLOSE_NOTIFY)
            return self._with(self.body - behind) if behind > 0 else None
        return self._with(came // (RECORD + added) * RECORD - (0 if apart else self.head))

    def _with(self, body: int) -> Delivery:
        """Return it with so many bytes of its *body*."""
        read = 0 if self.sent.framed else min(self.sent.read, max(0, body))
        return replace(self, sent=replace(self.sent, read=read), corrects=True)


class Deliveries:
    """What waits to be written; *write* does it, in the worker. Everything else is asked in the reactor thread.

    *hears* is called when there is something to write again. *lost* counts those that were forgotten before they were written.
    """

    def __init__(self, write: Callable[[Sequence[Delivery]], None]) -> None:
        self._write = write
        self._waiting: list[Delivery] = []
        self._lock = Lock()  # of what waits, which the worker takes away while the reactor's thread adds to it
        self.lost = 0
        self.hears: Callable[[], object] = lambda: None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, delivery: Delivery) -> None:
        """Take *delivery* in; beyond `MOST` the oldest go, which happens only where nobody writes."""
        with self._lock:
            self._waiting.append(delivery)
            self._forget_the_oldest()
        self.hears()

    def take(self, number: int, exchange: Exchange, sent: Sent | None) -> Delivery | None:
        """Take in what was *sent* in *exchange*, the journal's *number*; return that, None where it was nothing."""
        if sent is None or exchange.began is None:
            return None
        delivery = Delivery(
            number,
            exchange.began.wall,
            exchange.peer,
            sent,
            cut=bool(exchange.ended),
            head=exchange.head_bytes,
            body=exchange.bytes,
        )
        self.add(delivery)
        return delivery

    def flush(self, most: int | None = None) -> None:
        """Write what waits, at most so many: for the worker. It may raise `sqlite3.Error`, and what was not written is for the next time."""
        with self._lock:
            written, self._waiting = self._waiting[:most], [] if most is None else self._waiting[most:]
        if not written:
            return
        try:
            self._write(written)
        except BaseException:
            with self._lock:
                self._waiting[:0] = written
                self._forget_the_oldest()
            raise

    def _forget_the_oldest(self) -> None:
        if len(self._waiting) > MOST:
            self.lost += len(self._waiting) - MOST // 2
            del self._waiting[: -MOST // 2]
