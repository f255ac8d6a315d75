"""One TCP connection to a PBX from accept to its end, and the event it leaves in the journal. Pure.

A `Visit` is what is known so far; it is filled in by who learns something, in the reactor thread, and told once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ucmsim.clock import When
from ucmsim.journal.hello import Offered
from ucmsim.journal.times import instants, seconds_between
from ucmsim.refusals import Code, Refusal
from ucmsim.store.deliveries import Delivery
from ucmsim.verdicts import Verdict, verdict

CLOSED_AT_ACCEPT = "closed at accept"
BY_DEVICE = "the device closed it"
BY_CLIENT = "the client closed it"
RESET_BY_DEVICE = "the device reset it"
RESET_BY_CLIENT = "the client reset it"
"""How a connection can end."""

BY_FAULT = "a fault cut the connection"
BY_STOP = "the PBX was switched off"
"""Why the device cut one, when it did."""


@dataclass(slots=True)
class Visit:
    """One connection: *number* counts those of the PBX since it began, from 1.

    *defect* is the certificate defect that was shown, *faults* are the names of those that fired at accept and at the
    ClientHello. *version* and *cipher* are what was agreed on, *shaken* that the handshake was done. *requests* counts
    what was answered, *heard* whether any byte of a request came, *cut* why the device cut it, "" where it did not, *alert* the
    one that the client sent. *received* and *written* are bytes above TCP; *sent* were handed to the kernel, *acknowledged*
    by the peer, None where the kernel does not tell. A peer that resets may have had more than it acknowledged. *delivered* is
    how many CDRs were whole in what was handed over, and *carried* what the last exchange on it delivered.
    """

    number: int = 0
    peer: str = ""
    port: int = 0
    began: When | None = None
    defect: str | None = None
    faults: tuple[str, ...] = ()
    offered: Offered | None = None
    shaken: bool = False
    version: str | None = None
    cipher: str | None = None
    resumed: bool | None = None
    requests: int = 0
    received: int = 0
    written: int = 0
    sent: int | None = None
    acknowledged: int | None = None
    refusal: Refusal | None = None
    ended: str = ""
    heard: bool = False
    cut: str = ""
    delivered: int = 0
    carried: Delivery | None = None
    alert: int | None = None
    marks: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """How the client took what it was shown in the handshake, as far as is known."""
        return verdict(hello=self.offered is not None or self.shaken, heard=self.heard, alert=self.alert)

    @property
    def failed(self) -> bool:
        """Whether it came to nothing although its client wanted something: one that says nothing looks only who is there."""
        if self.requests or self.refusal is None:
            return False
        if self.refusal.code is Code.NO_REQUEST:
            return False
        return self.offered is not None or self.refusal.code is not Code.NO_HANDSHAKE

    def count(self, handed: int, acknowledged: int) -> None:
        """Take what the kernel has counted, which counts a FIN as one byte."""
        self.sent = min(handed, self.written)
        self.acknowledged = min(acknowledged, self.written)

    @property
    def unacknowledged(self) -> int:
        """Bytes that were handed to the kernel and not acknowledged, 0 where it does not tell."""
        return (self.sent or 0) - (self.acknowledged or 0)

    @property
    def undelivered(self) -> Delivery | None:
        """What the last exchange delivered after all, None where it is what was said when its last byte was handed over.

        An exchange that was cut short delivered what the peer acknowledged, any other what the kernel was handed: a peer
        that has all of it may go without a word.
        """
        carried = self.carried
        if carried is None or self.sent is None or self.acknowledged is None:
            return None
        out = self.acknowledged if carried.cut else self.sent
        return carried.out_of(out - carried.sent.before, self.written - out, _added(self.version, self.cipher or ""))

    def as_entry(self, pbx: str, ended: When) -> dict[str, Any]:
        """Return its event, which happened at the end."""
        offered = self.offered
        return {
            "kind": "connection",
            "pbx": pbx,
            "connection": self.number,
            "peer": self.peer,
            "port": self.port,
            **instants(self.began or ended),
            "seconds": seconds_between(self.began, ended),
            "tls": None
            if offered is None and not self.shaken
            else {
                "version": self.version,
                "cipher": self.cipher,
                "sni": offered.name if offered else None,
                "alpn": None,  # the device negotiates none
                "resumed": self.resumed if self.shaken else None,
                # What the device has resumed was brought, whatever it looked like.
                "offered": offered.as_json() | ({"resumes": True} if self.resumed else {}) if offered else None,
                "defect": self.defect,
            },
            "verdict": self.verdict.word,
            "alert": self.verdict.alert,
            "requests": self.requests,
            "received": self.received,
            "sent": self.sent,
            "acknowledged": self.acknowledged,
            "delivered": self.delivered,
            "refusal": refusal_json(self.refusal),
            "faults": list(self.faults),
            "kinds": kinds_of(self.faults),
            "marks": list(self.marks),
            "ended": self.ended,
        }


def _added(version: str | None, cipher: str) -> int:
    """Return how many bytes TLS adds to each record; 0 where that is not the same for all. RFC 8446, 5.2; RFC 5288; RFC 7905."""
    if version == "TLSv1.3":
        return 22
    return 29 if "GCM" in cipher else 21 if "CHACHA20" in cipher else 0


def kinds_of(faults: Iterable[str]) -> list[str]:
    """Return the kinds of the *faults* that fired; a name that does not know its kind stands for itself."""
    return [getattr(fired, "kind", fired) for fired in faults]


def refusal_json(refusal: Refusal | None) -> dict[str, str] | None:
    """Return *refusal* as it is told."""
    if refusal is None:
        return None
    return {
        "code": refusal.code.slug,
        "parameter": refusal.parameter,
        "sentence": refusal.sentence,
        "hint": refusal.hint,
    }
