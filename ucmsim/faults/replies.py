"""What the faults of the http plane do to a `Reply` in common: its body, its headers, its end. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from types import MappingProxyType
from typing import Literal

from ucmsim.http.reply import Body, Bytes, Drip, Ending, HangUp, Reply, Send, Step, Wait

How = Literal["notify", "fin", "reset"]
"""How a connection ends: close_notify and FIN, FIN alone, or RST."""

_ENDINGS = MappingProxyType({"notify": Ending.NOTIFY, "fin": Ending.FIN, "reset": Ending.RESET})


def ending(how: How) -> HangUp:
    """Return the step that ends the connection *how* it is said."""
    return HangUp(_ENDINGS[how])


def sending(reply: Reply) -> Send | Drip | None:
    """Return the step in which *reply* sends its body, at once or slowly, None when it sends none."""
    return next((step for step in reply.steps if isinstance(step, Send | Drip)), None)


def body_of(reply: Reply) -> Body | None:
    """Return the body that *reply* sends, None when it sends none."""
    step = sending(reply)
    return None if step is None else step.body


def with_steps(reply: Reply, *steps: Step) -> Reply:
    """Return *reply* with *steps* in place of sending its body; what sends none stays as it is."""
    changed: list[Step] = []
    for step in reply.steps:
        changed += steps if isinstance(step, Send | Drip) else [step]
    return replace(reply, steps=tuple(changed))


def with_body(reply: Reply, body: Body) -> Reply:
    """Return *reply* with another *body*, sent as fast or slowly as its own; an empty one is not sent at all."""
    step = sending(reply)
    if step is None:
        return reply
    return with_steps(reply, replace(step, body=body)) if body.length else without_body(reply)


def without_body(reply: Reply) -> Reply:
    """Return *reply* without its body, and so without the rows that stood in it."""
    return replace(with_steps(reply), rows=None, served=None, carries=None)


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


def with_length(reply: Reply, length: int | None) -> Reply:
    """Return *reply* with another Content-Length, None = without; one that comes in chunks has none. RFC 9112, 6.2."""
    if header_of(reply, "Transfer-Encoding") is not None:
        return reply
    return with_header(reply, "Content-Length", None if length is None else str(length))


def small(body: Body, most: int = 64 << 20) -> bytes | None:
    """Return the bytes of a *body* that is there already, None of one that is made while it is sent, or too long."""
    return body.data if isinstance(body, Bytes) and body.length <= most else None


def only_end(reply: Reply, how: How) -> Reply:
    """Return *reply* without a byte, just its end, and what it waits for before it begins."""
    waits = takewhile(lambda step: isinstance(step, Wait), reply.steps)
    return replace(without_body(reply), steps=(*waits, ending(how)))
