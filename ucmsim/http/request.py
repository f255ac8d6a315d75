"""A request as the PBX sees it, and how the device takes a URI apart. Pure.

Bytes become text here and nowhere else: as UTF-8 with surrogate escapes, so that what a client sent can be put back
together byte for byte (a Digest is computed over it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from ucmsim.refusals import Code, Refusal
from ucmsim.register import Quirks

Params = tuple[tuple[str, str], ...]


class Absent(str):
    """The empty value of a parameter without ``=``: the same to the device, another thing to explain."""

    __slots__ = ()


_ABSENT = Absent()
_NOTHING = ("", _ABSENT)

BOUND = 1 << 19
"""Bytes of a line, of headers, and of form, that are kept of one request when a quirk lifts the limits of the device.

It must hold the 100 headers of 4095 bytes that the device itself takes. Beyond that memory and time decide: a form or
a query of many short parameters takes 60 times its size, and half a second in which nobody else is served.
"""

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")

_VERSIONS = (b"HTTP/1.0", b"HTTP/1.1")
_NO_VERSION = Refusal.of(
    Code.HTTP_VERSION,
    "the HTTP version is neither 1.0 nor 1.1 (quirk request-line: strict)",
    "end the request line with HTTP/1.1",
)
_NO_HOST = Refusal.of(
    Code.NO_HOST, "there is no Host header (quirk request-line: strict)", "send a Host header with HTTP/1.1"
)
_BAD_PERCENT = Refusal.of(
    Code.BAD_ESCAPE, "a % without two hexadecimal digits (quirk bad-escape: refused)", "write a % that is meant as %25"
)
_FORM_TYPE = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one PBX reads requests, as its quirks have it; the defaults are those of the register.

    *line_limit* is a number of bytes, at most `BOUND`, *header_limit* of headers (None = `BOUND` bytes of them),
    *form_limit* of bytes, at most `BOUND`. *line_end* ends a line; *bare_headers*: one without colon is ignored. *cut_is_end*: headers end where the input does. *strict*: HTTP version, Host
    and letter case of the method count. *escapes_checked*: a bad ``%`` is an error. *heads*: HEAD is taken. *posts*: POST is taken and its form
    read, *any_type*: whatever its Content-Type. *joins*: its parameters follow those of the URI. *exact_paths*: no
    other letter case, no slash at the end. *plus_is_space*: ``+`` is decoded.
    """

    line_limit: int = 4095
    header_limit: int | None = 100
    form_limit: int = 1024
    line_end: bytes = b"\n"
    bare_headers: bool = True
    cut_is_end: bool = False
    strict: bool = False
    escapes_checked: bool = False
    heads: bool = True
    posts: bool = True
    any_type: bool = False
    joins: bool = False
    exact_paths: bool = False
    plus_is_space: bool = True

    @classmethod
    def of(cls, quirks: Quirks) -> Reading:
        """Return what the register says."""
        return cls(
            line_limit=min(quirks.number("line-limit") or BOUND, BOUND),
            header_limit=quirks.number("header-limit"),
            form_limit=min(quirks.number("form-limit") or BOUND, BOUND),
            line_end=b"\r\n" if quirks["line-end"] == "crlf" else b"\n",
            bare_headers=quirks["bare-header"] == "ignored",
            cut_is_end=quirks["headers-cut"] == "answer",
            strict=quirks["request-line"] == "strict",
            escapes_checked=quirks["bad-escape"] == "refused",
            heads=quirks["head"] == "accept",
            posts=quirks["post"] == "accept",
            any_type=quirks["post-type"] == "any",
            joins=quirks["post-parameters"] == "join",
            exact_paths=quirks["path-match"] == "exact",
            plus_is_space=quirks["plus"] == "space",
        )

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that known paths take. Spec 2.5."""
        return ("GET", *(("HEAD",) if self.heads else ()), *(("POST",) if self.posts else ()))

    def method(self, head: Head) -> str:
        """Return the method of *head* as it is known: in upper case unless the letter case counts."""
        return text(head.method if self.strict else head.method.upper())

    def form_length(self, head: Head) -> int:
        """Return the bytes of form that *head* announces; 0 when the device would read none. Spec 2.5."""
        if not self.posts or self.method(head) != "POST":
            return 0
        kind = head.first(b"content-type")
        if kind is not None and kind.lower() != _FORM_TYPE and not self.any_type:
            return 0
        digits = re.match(rb"\s*[+]?(\d+)", head.first(b"content-length") or b"")
        return int(digits[1].lstrip(b"0")[:12] or 0) if digits else 0

    def objection(self, head: Head) -> Refusal | None:
        """Return why *head* is no request to this PBX, None when it is one."""
        if self.strict:
            if head.version not in _VERSIONS:
                return _NO_VERSION
            if head.version == b"HTTP/1.1" and head.first(b"host") is None:
                return _NO_HOST
        return self.escape_objection(head.target)

    def escape_objection(self, raw: bytes) -> Refusal | None:
        """Return why the escapes in *raw*, a target or a form, are refused, None when they are not."""
        return _BAD_PERCENT if self.escapes_checked and _BAD_ESCAPE.search(raw) else None


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
    """The request line and the headers, cut up as the device does it but not yet understood.

    *version* is all that follows the target.
    """

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    version: bytes = b""

    def first(self, name: bytes) -> bytes | None:
        """Return the value of the first header called *name*, in any letter case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True)
class ApiRequest:
    """One request: *target* as it was sent, *path* decoded, *params* in order with their names and values decoded.

    *form_too_large* says that a form was announced which the device does not read, *unread* that body bytes follow
    which nobody took, *exact_path* that the path is compared as it stands. *version* is what follows the target, *form*
    the body as it was sent.
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
    version: str = ""
    form: str = ""

    @classmethod
    def of(cls, peer: str, head: Head, form: bytes | None = None, reading: Reading = AS_USUAL) -> ApiRequest:
        """Return the request that *head* and the *form* body make; a form's parameters replace those of the URI."""
        path, mark, query = head.target.partition(b"?")
        plus = reading.plus_is_space
        method = reading.method(head)
        params = pairs(query, plus_is_space=plus) if mark else ()
        if method == "POST":
            posted = pairs(form, plus_is_space=plus) if form else ()
            params = params + posted if reading.joins else posted
        return cls(
            peer=peer,
            method=method,
            target=text(head.target),
            path=text(decoded(path, plus_is_space=plus)),
            params=params,
            headers=tuple((text(name), text(value)) for name, value in head.headers),
            form_too_large=reading.form_length(head) > reading.form_limit,
            unread=form is None and head.first(b"content-length") not in (None, b"0"),
            exact_path=reading.exact_paths,
            version=text(head.version),
            form=text(form) if form else "",
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
