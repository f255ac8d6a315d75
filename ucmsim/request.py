"""A request as the PBX sees it, and how the device takes a URI apart. Pure.

Bytes become text here and nowhere else: as UTF-8 with surrogate escapes, so that what a client sent can be put back
together byte for byte (a Digest is computed over it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

Params = tuple[tuple[str, str], ...]


class Absent(str):
    """The empty value of a parameter without ``=``: the same to the device, another thing to explain."""

    __slots__ = ()


_ABSENT = Absent()

HEADER_LIMIT = 100
"""Headers the device takes; one more is answered with 413. Spec 0b."""

FORM_LIMIT = 1024
"""Bytes of form body the device reads; above that it answers 413 without a page. Spec 2.5."""

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


def text(data: bytes) -> str:
    """Return *data* as text from which the same bytes can be made again."""
    return data.decode("utf-8", "surrogateescape")


def data(text: str) -> bytes:
    """Return the bytes that `text` was given."""
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Head:
    """The request line and the headers, cut up as the device does it but not yet understood."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def first(self, name: bytes) -> bytes | None:
        """Return the value of the first header called *name*, in any letter case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def form_length(self) -> int:
        """Bytes of the form body that this head announces; 0 when the device would read none. Spec 2.5."""
        if self.method.upper() != b"POST":
            return 0
        kind = self.first(b"content-type")
        if kind is not None and kind.lower() != b"application/x-www-form-urlencoded":
            return 0
        digits = re.match(rb"\s*[+]?(\d+)", self.first(b"content-length") or b"")
        return int(digits[1][:12]) if digits else 0


@dataclass(frozen=True)
class ApiRequest:
    """One request: *target* as it was sent, *path* decoded, *params* in order with their names and values decoded.

    *form_too_large* says that a form was announced which the device does not read, *unread* that body bytes follow
    which nobody took.
    """

    peer: str
    method: str
    target: str
    path: str
    params: Params
    headers: tuple[tuple[str, str], ...] = ()
    form_too_large: bool = False
    unread: bool = False

    @classmethod
    def of(cls, peer: str, head: Head, form: bytes | None = None) -> ApiRequest:
        """Return the request that *head* and the *form* body make; a form's parameters replace those of the URI."""
        path, mark, query = head.target.partition(b"?")
        params = pairs(query) if mark else ()
        if head.method.upper() == b"POST":
            params = pairs(form) if form else ()
        return cls(
            peer=peer,
            method=text(head.method).upper(),
            target=text(head.target),
            path=text(decoded(path)),
            params=params,
            headers=tuple((text(name), text(value)) for name, value in head.headers),
            form_too_large=head.form_length > FORM_LIMIT,
            unread=form is None and head.first(b"content-length") not in (None, b"0"),
        )

    @cached_property
    def handler(self) -> str | None:
        """The path as handlers are registered; None when the target is no path at all."""
        return handler_of(self.path)

    def header(self, name: str) -> str | None:
        """Return the value of the first header called *name* (given in lower case)."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def handler_of(path: str) -> str | None:
    """Return *path* without its first slash and one trailing one, in lower case: how handlers are found. Spec 2.6."""
    return path[1:].removesuffix("/").lower() if path.startswith("/") else None


def pairs(query: bytes) -> Params:
    """Split a query or a form as the device does: on ``&``, then at the first ``=``, then decode. Spec 2.6.

    An empty piece is a parameter with an empty name; a piece without ``=`` has an empty value.
    """
    split = (piece.partition(b"=") for piece in query.split(b"&"))
    return tuple((text(decoded(name)), text(decoded(value)) if equals else _ABSENT) for name, equals, value in split)


def decoded(raw: bytes) -> bytes:
    """Return *raw* with ``+`` as a space and ``%XX`` as a byte; a bad ``%`` is kept; text ends at a NUL, as in C."""
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), raw)
    return raw.partition(b"\0")[0]
