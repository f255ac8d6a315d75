"""A request as the PBX sees it, and how the device takes a URI apart. Pure.

Bytes become text here and nowhere else: as UTF-8 with surrogate escapes, so that what a client sent can be put back
together byte for byte (a Digest is computed over it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ucmsim.register import Quirks

Params = tuple[tuple[str, str], ...]


class Absent(str):
    """The empty value of a parameter without ``=``: the same to the device, another thing to explain."""

    __slots__ = ()


_ABSENT = Absent()
_NOTHING = ("", _ABSENT)

BOUND = 1 << 19
"""Bytes of headers, and bytes of form, that are kept of one request when a quirk lifts the limits of the device.

It must hold the 100 headers of 4095 bytes that the device itself takes. Beyond that memory and time decide: a form of
many short parameters takes 60 times its size, and half a second in which nobody else is served.
"""

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Reading:
    """How one PBX reads requests, as its quirks have it; the defaults are those of the register.

    *header_limit* is a number of headers (None = `BOUND` bytes of them), *form_limit* of bytes, at most `BOUND`.
    *posts*: POST is taken and its form read. *joins*: its parameters follow those of the URI. *exact_paths*: no other
    letter case, no slash at the end. *plus_is_space*: ``+`` is decoded.
    """

    header_limit: int | None = 100
    form_limit: int = 1024
    posts: bool = True
    joins: bool = False
    exact_paths: bool = False
    plus_is_space: bool = True

    @classmethod
    def of(cls, quirks: Quirks) -> Reading:
        return cls(
            header_limit=quirks.number("header-limit"),
            form_limit=min(quirks.number("form-limit") or BOUND, BOUND),
            posts=quirks["post"] == "accept",
            joins=quirks["post-parameters"] == "join",
            exact_paths=quirks["path-match"] == "exact",
            plus_is_space=quirks["plus"] == "space",
        )

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that known paths take. Spec 2.5."""
        return ("GET", "HEAD", "POST") if self.posts else ("GET", "HEAD")


AS_USUAL = Reading()
"""How a PBX reads whose quirks are all at their defaults."""


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
    which nobody took, *exact_path* that the path is compared as it stands.
    """

    peer: str
    method: str
    target: str
    path: str
    params: Params
    headers: tuple[tuple[str, str], ...] = ()
    form_too_large: bool = False
    unread: bool = False
    exact_path: bool = False

    @classmethod
    def of(cls, peer: str, head: Head, form: bytes | None = None, reading: Reading = AS_USUAL) -> ApiRequest:
        """Return the request that *head* and the *form* body make; a form's parameters replace those of the URI."""
        path, mark, query = head.target.partition(b"?")
        plus = reading.plus_is_space
        params = pairs(query, plus_is_space=plus) if mark else ()
        if head.method.upper() == b"POST":
            posted = pairs(form, plus_is_space=plus) if form else ()
            params = params + posted if reading.joins else posted
        return cls(
            peer=peer,
            method=text(head.method).upper(),
            target=text(head.target),
            path=text(decoded(path, plus_is_space=plus)),
            params=params,
            headers=tuple((text(name), text(value)) for name, value in head.headers),
            form_too_large=head.form_length > reading.form_limit,
            unread=form is None and head.first(b"content-length") not in (None, b"0"),
            exact_path=reading.exact_paths,
        )

    @cached_property
    def handler(self) -> str | None:
        """The path as handlers are registered; None when the target is no path at all."""
        return handler_of(self.path, exact=self.exact_path)

    def header(self, name: str) -> str | None:
        """Return the value of the first header called *name* (given in lower case)."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def handler_of(path: str, *, exact: bool = False) -> str | None:
    """Return *path* without its first slash and one trailing one, in lower case: how handlers are found. Spec 2.6.

    Only its first slash goes when it is to match *exact*ly.
    """
    if not path.startswith("/"):
        return None
    return path[1:] if exact else path[1:].removesuffix("/").lower()


def pairs(query: bytes, *, plus_is_space: bool = True) -> Params:
    """Split a query or a form as the device does: on ``&``, then at the first ``=``, then decode. Spec 2.6.

    An empty piece is a parameter with an empty name; a piece without ``=`` has an empty value.
    """
    found: list[tuple[str, str]] = []
    for piece in query.split(b"&"):
        if not piece:
            found.append(_NOTHING)
            continue
        name, equals, value = piece.partition(b"=")
        given = text(decoded(value, plus_is_space=plus_is_space)) if equals else _ABSENT
        found.append((text(decoded(name, plus_is_space=plus_is_space)), given))
    return tuple(found)


def decoded(raw: bytes, *, plus_is_space: bool = True) -> bytes:
    """Return *raw* with ``+`` as a space and ``%XX`` as a byte; a bad ``%`` is kept; text ends at a NUL, as in C."""
    if plus_is_space and b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), raw)
    return raw.partition(b"\0")[0]
