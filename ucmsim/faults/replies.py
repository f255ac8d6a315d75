"""What the faults of the http plane do to a `Reply` in common: its body, its headers, its end. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ucmsim.reply import Body, Bytes, Ending, HangUp, Reply, Send, SendHead, Step

How = Literal["notify", "fin", "reset"]
"""How a connection ends: close_notify and FIN, FIN alone, or RST."""

_ENDINGS = {"notify": Ending.NOTIFY, "fin": Ending.FIN, "reset": Ending.RESET}


def ending(how: How) -> HangUp:
    """Return the step that ends the connection *how* it is said."""
    return HangUp(_ENDINGS[how])


def body_of(reply: Reply) -> Body | None:
    """Return the body that *reply* sends, None when it sends none."""
    return next((step.body for step in reply.steps if isinstance(step, Send)), None)


def with_body(reply: Reply, *steps: Step) -> Reply:
    """Return *reply* with *steps* in place of sending its body; what sends none stays as it is."""
    changed: list[Step] = []
    for step in reply.steps:
        changed += steps if isinstance(step, Send) else [step]
    return replace(reply, steps=tuple(changed))


def with_end(reply: Reply, *steps: Step) -> Reply:
    """Return *reply* with *steps* in place of its end, and after all else if its connection is kept."""
    return replace(reply, steps=(*(step for step in reply.steps if not isinstance(step, HangUp)), *steps))


def with_header(reply: Reply, name: str, value: str | None) -> Reply:
    """Return *reply* with one header *name*: in its place, or at the end if there was none, or without it for None."""
    headers, placed = [], False
    for known, old in reply.headers:
        if known.lower() != name.lower():
            headers.append((known, old))
        elif value is not None and not placed:
            headers.append((known, value))
            placed = True
    if value is not None and not placed:
        headers.append((name, value))
    return replace(reply, headers=tuple(headers))


def header_of(reply: Reply, name: str) -> str | None:
    """Return the value of the first header called *name*, in any letter case."""
    return next((value for known, value in reply.headers if known.lower() == name.lower()), None)


def with_content(reply: Reply, body: Body, *, length: int | None = None) -> Reply:
    """Return *reply* with another *body*, sent whole, and its length, or the one that is told."""
    told = with_header(reply, "Content-Length", str(body.length if length is None else length))
    if body_of(reply) is None:
        return told
    return with_body(told, *([Send(body)] if body.length else []))


def small(body: Body, most: int = 64 << 20) -> bytes | None:
    """Return the bytes of a *body* that is there already, None of one that is made while it is sent, or too long."""
    return body.data if isinstance(body, Bytes) and body.length <= most else None


def only_end(reply: Reply, how: How) -> Reply:
    """Return *reply* without a byte, just its end."""
    return replace(reply, steps=(ending(how),))


HEAD = SendHead()
