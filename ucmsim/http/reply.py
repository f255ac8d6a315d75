"""A reply as a value: what goes on the wire, decided before a byte of it is written.

Pure. `ucmsim.sockets.wire` is the only code that performs a `Reply`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import chain
from typing import Protocol

from ucmsim.http.extents import Carries
from ucmsim.http.served import Served
from ucmsim.refusals import Refusal

PIECE = 65536
"""Bytes handed to the transport at a time; measured best for Twisted's TLS."""


class CutShort(Exception):
    """A body cannot be made to its end; the sentence says why. What was made of it stands."""


class Body(Protocol):
    """Bytes that need not exist yet: a page, a recording, a tar, a directory listing."""

    @property
    def length(self) -> int:
        """The whole length in bytes, known before the first one is made."""

    def slice(self, start: int, stop: int) -> Body:
        """Return bytes *start* to *stop* of this body as a body of their own."""

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        """Make the bytes, at most *size* at a time. Raises `CutShort`."""


def gathered(parts: Iterable[bytes | memoryview], size: int = PIECE) -> Iterator[bytes]:
    """Yield *parts* one after another in pieces of *size* bytes, and what is left; also before a `CutShort` of theirs."""
    waiting: list[bytes | memoryview] = []
    room = size
    try:
        for part in parts:
            if len(part) < room:  # lines come by the thousand
                waiting.append(part)
                room -= len(part)
                continue
            rest = memoryview(part)
            while len(rest) >= room:
                yield b"".join((*waiting, rest[:room]))
                rest = rest[room:]
                waiting, room = [], size
            if rest:
                waiting.append(rest)
                room -= len(rest)
    except CutShort:
        if room < size:
            yield b"".join(waiting)
        raise
    if room < size:
        yield b"".join(waiting)


def within(first: int, last: int, start: int, stop: int) -> tuple[int, int]:
    """Return where bytes *start* to *stop* of a body are that is itself what lies from *first* to *last* in something."""
    begin = min(first + start, last)
    return begin, max(begin, min(first + stop, last))


@dataclass(frozen=True, slots=True)
class Bytes:
    """A body that is already there."""

    data: bytes = b""

    @property
    def length(self) -> int:
        return len(self.data)

    def slice(self, start: int, stop: int) -> Bytes:
        return Bytes(self.data[start:stop])

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        if len(self.data) <= size:
            return iter((self.data,) if self.data else ())
        view = memoryview(self.data)
        return (bytes(view[at : at + size]) for at in range(0, len(view), size))


@dataclass(frozen=True, slots=True)
class Joined:
    """Bodies one after another."""

    parts: tuple[Body, ...]

    @property
    def length(self) -> int:
        return sum(part.length for part in self.parts)

    def slice(self, start: int, stop: int) -> Joined:
        kept, at = [], 0
        for part in self.parts:
            first, last = max(start - at, 0), min(stop - at, part.length)
            if first < last:
                kept.append(part if last - first == part.length else part.slice(first, last))
            at += part.length
        return Joined(tuple(kept))

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        return gathered(chain.from_iterable(part.chunks(size) for part in self.parts), size)


class Ending(Enum):
    """How a connection ends under TLS."""

    NOTIFY = "close_notify, then FIN"
    FIN = "FIN without close_notify"
    RESET = "RST"


@dataclass(frozen=True, slots=True)
class SendHead:
    """Send the status line and the headers as they stand in the reply."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send *body* at the pace of the peer."""

    body: Body


@dataclass(frozen=True, slots=True)
class Wait:
    """Send nothing for *seconds* of wall-clock time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drip:
    """Send *body* in pieces of so many bytes, with *seconds* of wall-clock time between."""

    body: Body
    piece: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Stay:
    """Send nothing more, for ever; the connection stays open until the client ends it."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the connection; nothing after it is performed."""

    how: Ending = Ending.NOTIFY


Step = SendHead | Send | Wait | Drip | Stay | HangUp
"""What can be done on the wire, in the order in which it is done."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything that one exchange puts on the wire.

    *headers* is the whole head after the status line, in order and letter case. *steps* end with `HangUp` unless the
    connection is kept. What is never sent stands beside it: *rows* counts the CDR rows in the body, *note* is the
    sentence for the log, *refusal* says why it is an error page or an empty container, *faults* are the names of those
    that fired, *served* says which rows there are, *carries* where they, or recordings, stand in the body that was made of
    them. *extra_line* is one more empty line at the end of the head, *start* its first line
    if that is no status line.
    """

    status: int
    title: str
    headers: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    rows: int | None = None
    note: str = ""
    faults: tuple[str, ...] = ()
    extra_line: bool = False
    refusal: Refusal | None = None
    served: Served | None = None
    start: str | None = None
    carries: Carries | None = None

    @property
    def head(self) -> bytes:
        start = f"HTTP/1.1 {self.status} {self.title}" if self.start is None else self.start
        lines = [start, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        if self.extra_line:
            lines.append("")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")

    @property
    def keeps(self) -> bool:
        """Whether the connection stays open for another request after the last step."""
        return not any(isinstance(step, HangUp) for step in self.steps)

    @property
    def odd_ending(self) -> str:
        """How the connection ends if not as it should, "" if it does."""
        ways = (step.how for step in self.steps if isinstance(step, HangUp) and step.how is not Ending.NOTIFY)
        return next((f"ended with {way.value}" for way in ways), "")

    @property
    def body(self) -> bytes:
        """All body bytes that the steps send, joined: for tests and small bodies."""
        return b"".join(piece for step in self.steps if isinstance(step, Send | Drip) for piece in step.body.chunks())

    def first(self, *steps: Step) -> Reply:
        """Return this reply with *steps* in front of all others."""
        return replace(self, steps=(*steps, *self.steps))


@dataclass(frozen=True, slots=True)
class Content:
    """What a handler wants to answer; `ucmsim.http.head` dresses it with the device's head and makes it a `Reply`.

    *headers* are the handler's own lines (Content-type, WWW-authenticate); *static* content is sent without
    Cache-Control. *rows*, *note*, *refusal*, *served* and *carries* are those of the reply. Spec 2.3.
    """

    status: int
    title: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = field(default_factory=Bytes)
    static: bool = False
    rows: int | None = None
    note: str = ""
    refusal: Refusal | None = None
    served: Served | None = None
    carries: Carries | None = None

    def refused(self, refusal: Refusal, note: str | None = None) -> Content:
        """Return this content with the *refusal* that explains it; *note* is its sentence unless said otherwise."""
        return replace(self, refusal=refusal, note=refusal.sentence if note is None else note)
