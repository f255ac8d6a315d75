"""One request and what became of it, as a value and as an event of the journal. Pure.

Credentials never get here: `ucmsim.journal.redaction` takes them out first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ucmsim.clock import When
from ucmsim.journal.lines import HEADER, LINE, PRINTABLE, TARGET, WORD, plain, readable
from ucmsim.journal.times import instants
from ucmsim.journal.visits import kinds_of, refusal_json
from ucmsim.refusals import Refusal

Lines = tuple[tuple[str, str], ...]
"""Names and values of headers."""

SERVED = "served"
"""The check of an exchange that passed all."""


def end_of(ended: str, left: float | None) -> str:
    """Return how an exchange ended that was cut short, or that its client ended its side meanwhile; "" for any other."""
    return ended or ("" if left is None else f"the client ended its side after {left:.3f} s")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it.

    *bytes* are those of the body that were handed to the transport, *seconds* wall-clock time from the complete
    request to the last of them, *note* the sentence of the log, *ended* how it was cut short ("" when it was not), and
    *by_client* says that this was the client's doing. *left* is when, on the same clock, the client said that it sends no
    more; it may still read: None where it had not by then.
    *began* is when the request was complete, *connection* the number of its `Visit`, *port* the peer's. *headers* and
    *form* are the request's, *headers_left_out* how many more there were, *title* and *reply_headers* the reply's, whose head had *head_bytes*. *refusal* says why it
    is an error page or an empty container, *acctids* which rows were served, *delivered* how many of these were whole in what was handed over, *marks* what was careless about it.
    """

    pbx: str
    peer: str
    method: str
    target: str
    status: int
    rows: int | None
    bytes: int
    seconds: float
    note: str = ""
    faults: tuple[str, ...] = ()
    ended: str = ""
    by_client: bool = False
    left: float | None = None
    began: When | None = None
    connection: int = 0
    port: int = 0
    version: str = ""
    headers: Lines = ()
    headers_left_out: int = 0
    form: str = ""
    title: str = ""
    reply_headers: Lines = ()
    head_bytes: int = 0
    refusal: Refusal | None = None
    acctids: str = ""
    delivered: int | None = None
    marks: tuple[str, ...] = ()

    @property
    def check(self) -> str:
        """The check that ended it, `SERVED` when all were passed, "" when there was no answer."""
        if self.refusal is not None:
            return self.refusal.code.check
        return SERVED if self.status else ""

    def fields(self) -> dict[str, str]:
        """Return the fields of the access line as texts."""
        told = f" - {self.note}" if self.note else ""
        told += f" [faults: {', '.join(self.faults)}]" if self.faults else ""
        end = end_of(self.ended, self.left)
        told += f" [{end}]" if end else ""
        return {
            "pbx": self.pbx,
            "peer": self.peer,
            "method": plain(self.method, WORD),
            "target": plain(self.target, WORD),
            "status": str(self.status or "-"),
            "rows": "-" if self.rows is None else str(self.rows),
            "bytes": str(self.bytes),
            "milliseconds": f"{self.seconds * 1000:.1f}",
            "told": plain(told, PRINTABLE),
        }

    def __str__(self) -> str:
        return LINE.format(**self.fields())

    def as_entry(self) -> dict[str, Any]:
        """Return its event, which happened when the request was complete."""
        return {
            "kind": "exchange",
            "pbx": self.pbx,
            "connection": self.connection,
            "peer": self.peer,
            "port": self.port,
            **(instants(self.began) if self.began else {"wall": "", "pbx_clock": ""}),
            "seconds": round(self.seconds, 6),
            "request": {
                "method": readable(self.method, 64),
                "target": plain(self.target, WORD, longest=TARGET),
                "version": readable(self.version, 64),
                "headers": [[readable(name, 64), readable(value, HEADER)] for name, value in self.headers],
                "headers_left_out": self.headers_left_out,
                "form": plain(self.form, WORD, longest=TARGET),
            },
            "reply": {
                "status": self.status,
                "title": self.title,
                "headers": [[name, readable(value, HEADER)] for name, value in self.reply_headers],
            },
            "check": self.check,
            "refusal": refusal_json(self.refusal),
            "note": readable(self.note, 512),
            "faults": list(self.faults),
            "kinds": kinds_of(self.faults),
            "rows": self.rows,
            "acctids": self.acctids,
            "delivered": self.delivered,
            "head_bytes": self.head_bytes,
            "bytes": self.bytes,
            "marks": list(self.marks),
            "ended": readable(self.ended, 512),
            "left": None if self.left is None else round(self.left, 6),
        }
