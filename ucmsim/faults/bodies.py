"""Faults on the http plane that change which body comes, and what is told of its length."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ucmsim.faults.cuts import Where, behind, place
from ucmsim.faults.fields import Bytes as BytesField
from ucmsim.faults.fields import Piece
from ucmsim.faults.planes import Moment
from ucmsim.faults.replies import How, body_of, ending, small, with_body, with_end, with_header, with_length
from ucmsim.faults.said import Said
from ucmsim.http.reply import PIECE, Body, Bytes, Joined, Reply, gathered

Length = Literal["large", "matching", "missing", "small"]
_HALF = 0.5
_Share = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Truncate:
    """Cut the body after a *share* of it, or after so many *bytes* or *rows*, at the next place of the kind *at*.

    Without all three it is half. Content-Length is *large*, that of the whole body, *matching*, *missing*, or *small*, half of what is sent. The
    connection ends as *ending* says.
    """

    share: _Share | None = None
    bytes: BytesField | None = None
    rows: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = None
    at: Where = "byte"
    length: Length = "large"
    ending: How = "notify"

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        body = body_of(reply)
        if body is None:
            return reply
        data = small(body) if self.at != "byte" or self.rows is not None else None
        near = min(_near(self, body, data), body.length)
        kept = body.slice(0, near if data is None else place(data, near, self.at))
        told = {"large": body.length, "matching": kept.length, "missing": None, "small": kept.length // 2}[self.length]
        return with_end(with_length(with_body(reply, kept), told), ending(self.ending))

    def objections(self, _defects: Collection[str]) -> Iterator[Said]:
        first, *others = [name for name in ("share", "bytes", "rows") if getattr(self, name) is not None] or [""]
        for other in others:
            yield Said((other,), f"'{other}' does not go with '{first}'", "keep one of the two; null takes one away")


def _near(fault: Truncate, body: Body, data: bytes | None) -> int:
    """Return the byte that *body* is cut near; its *data* are there where rows are looked for, if they can be."""
    if fault.rows is not None:
        return body.length if data is None else behind(data, fault.rows)
    if fault.bytes is not None:
        return fault.bytes
    return int(body.length * (_HALF if fault.share is None else fault.share))


@dataclass(frozen=True, slots=True)
class Twice:
    """Send the body twice; Content-Length is that of *one* or of *both*."""

    length: Literal["one", "both"] = "one"

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        body = body_of(reply)
        if body is None:
            return reply
        twice = Joined((body, body))
        return with_length(with_body(reply, twice), body.length if self.length == "one" else twice.length)


@dataclass(frozen=True, slots=True)
class Chunked:
    """Send the body in chunks of so many *bytes*, though no client asked for it, and wrongly.

    *bad-size*: the second chunk has a size that is no number; *wrong-size*: the last chunk with data is announced longer
    than it is; *unfinished*: the chunk of length 0 is missing; *right*: all of it is as it should be.
    """

    how: Literal["bad-size", "wrong-size", "unfinished", "right"] = "unfinished"
    bytes: Piece = 1024

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        body = body_of(reply)
        if body is None:
            return reply
        told = with_header(with_header(reply, "Content-Length", None), "Transfer-Encoding", "chunked")
        return with_body(told, InChunks(body, self.how, self.bytes))


@dataclass(frozen=True, slots=True)
class InChunks:
    """*body* with its framing; one chunk at least."""

    body: Body
    how: str
    size: int

    @property
    def length(self) -> int:
        # Reckoned, not counted: a recording in chunks of a byte has millions of them.
        total, size = self.body.length, self.size
        count = -(-total // size)
        whole = len(f"{size:x}")
        sizes = max(count - 1, 0) * whole
        if count:
            last = len(f"{total - (count - 1) * size + (self.how == 'wrong-size'):x}")
            sizes += last
            if self.how == "bad-size":
                sizes += len("zz") - (whole if count > 2 else last)
        return sizes + 4 * count + (0 if self.how == "unfinished" else len("0\r\n\r\n")) + total

    def slice(self, start: int, stop: int) -> Body:
        return Bytes(b"".join(self.chunks())[start:stop])

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        return gathered(self._parts(), size)

    def _parts(self) -> Iterator[bytes]:
        # The body is made in its own pieces, and not once a chunk: a chunk can be one byte.
        framing, held = self._framing(), b""
        for piece in self.body.chunks():
            held, at = held + piece, 0
            while len(held) - at >= self.size:
                yield next(framing)
                yield held[at : at + self.size]
                at += self.size
            held = held[at:]
        if held:
            yield next(framing)
            yield held
        yield from framing

    def _framing(self) -> Iterator[bytes]:
        """Yield what stands before each chunk's data, and after the last."""
        total, end = self.body.length, b""
        for number, at in enumerate(range(0, total, self.size)):
            held = min(self.size, total - at)
            if self.how == "wrong-size" and at + self.size >= total:
                held += 1
            bad = self.how == "bad-size" and number == min(1, (total - 1) // self.size)
            yield end + (b"zz" if bad else b"%x" % held) + b"\r\n"
            end = b"\r\n"
        yield end if self.how == "unfinished" else end + b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Gzip:
    """Say that the body is packed with gzip, which it is not."""

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        return with_header(reply, "Content-Encoding", "gzip")
