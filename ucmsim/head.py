"""Dresses what a handler answers with the device's response head: names, order and letter case. Spec 2.3."""

from __future__ import annotations

from datetime import UTC, datetime

from ucmsim.pages import SIGNATURE, Page
from ucmsim.reply import Content, HangUp, Reply, Send, SendHead, Step

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def dressed(
    content: Content,
    *,
    server: str,
    order: int,
    now: datetime,
    head_only: bool = False,
    keep: bool = False,
    extra_line: bool = False,
    bare_errors: bool = False,
    signature: str = SIGNATURE,
) -> Reply:
    """Return *content* as the reply of a device with that *server* string and head *order* (11 or 13).

    *now* is PBX time. *head_only* is a HEAD request: below 400 the body stays away, from 400 on it is sent all the
    same, unless *bare_errors*. *keep* leaves the connection open and the Connection header out. *extra_line* puts an
    empty line between head and body that Content-Length does not count. *signature* is the address line of error pages.
    Spec 2.3, 2.4, 2.5.
    """
    body = content.body.signed(signature) if isinstance(content.body, Page) else content.body
    front = [("Server", server), ("Date", http_date(now))]
    if not keep:
        front.append(("Connection", "close"))
    if not content.static:
        front.append(("Cache-Control", "no-cache, no-store"))
    length = ("Content-Length", str(body.length))
    headers = (*front, length, *content.headers) if order < 13 else (*front, *content.headers, length)
    steps: list[Step] = [SendHead()]
    if body.length and not (head_only and (bare_errors or content.status < 400)):
        steps.append(Send(body))
    if not keep:
        steps.append(HangUp())
    return Reply(
        content.status, content.title, headers, tuple(steps), content.rows, content.note, extra_line=extra_line
    )


def http_date(now: datetime) -> str:
    """Return *now* as the Date header has it, in English whatever the locale."""
    utc = now.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02} {month} {utc.year:04} {utc:%H:%M:%S} GMT"
