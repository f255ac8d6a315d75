"""Dresses what a handler answers with the device's response head: names, order and letter case. Spec 2.3."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ucmsim.http.pages import SIGNATURE, Page
from ucmsim.http.reply import Content, HangUp, Reply, Send, SendHead, Step
from ucmsim.register import Quirks

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Heading:
    """How one PBX dresses an answer: its *server* string and head *order* (11 or 13), and what is odd about it.

    *extra_line* puts an empty line between head and body that Content-Length does not count. *bare_errors* leaves the
    body of an error away when only the head was asked for. *signature* is the address line of error pages. Names of
    headers are *canonical*, or as the device writes them. Spec 2.3 to 2.5.
    """

    server: str
    order: int = 11
    extra_line: bool = False
    bare_errors: bool = False
    signature: str = SIGNATURE
    canonical: bool = False

    @classmethod
    def of(cls, quirks: Quirks) -> Heading:
        """Return what the register says."""
        return cls(
            server=str(quirks["server"]),
            order=int(quirks["head-order"]),
            extra_line=quirks["extra-line"] == "one",
            bare_errors=quirks["head-error-body"] == "omitted",
            signature=str(quirks["error-signature"]),
            canonical=quirks["header-case"] == "canonical",
        )

    def dressed(self, content: Content, now: datetime, *, head_only: bool = False, keep: bool = False) -> Reply:
        """Return *content* as a reply at the PBX time *now*.

        *head_only* is a HEAD request: below 400 the body stays away, from 400 on it is sent all the same. *keep* leaves
        the connection open and the Connection header out.
        """
        body = content.body.signed(self.signature) if isinstance(content.body, Page) else content.body
        front = [("Server", self.server), ("Date", http_date(now))]
        if not keep:
            front.append(("Connection", "close"))
        if not content.static:
            front.append(("Cache-Control", "no-cache, no-store"))
        length = ("Content-Length", str(body.length))
        own = content.headers
        if self.canonical:
            own = tuple((name.title().replace("Www", "WWW"), value) for name, value in own)
        headers = (*front, length, *own) if self.order < 13 else (*front, *own, length)
        steps: list[Step] = [SendHead()]
        if body.length and not (head_only and (self.bare_errors or content.status < 400)):
            steps.append(Send(body))
        if not keep:
            steps.append(HangUp())
        return Reply(
            content.status,
            content.title,
            headers,
            tuple(steps),
            content.rows,
            content.note,
            extra_line=self.extra_line,
            refusal=content.refusal,
            served=content.served,
            carries=content.carries,
        )


def http_date(now: datetime) -> str:
    """Return *now* as the Date header has it, in English whatever the locale."""
    utc = now.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02} {month} {utc.year:04} {utc:%H:%M:%S} GMT"
