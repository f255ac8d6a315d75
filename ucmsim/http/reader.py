"""Reads requests the way the device's Asterisk does: lines of `fgets`, C strings, lenient words.

Pure: feed it bytes, get an `Incoming` or the page to answer with when there is one. Spec 2.2, 0b; the order of the
checks is that of Asterisk 1.8.32 and 11.25, main/http.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from ucmsim.http import pages
from ucmsim.http.reply import Content
from ucmsim.http.request import AS_USUAL, BOUND, Head, Reading, text
from ucmsim.refusals import Code, Refusal

_BLANKS = bytes(range(1, 33))

_OVERHEAD = 32
"""What a header counts for beside its bytes where they are bounded, as in HTTP/2 (RFC 9113, 6.5.2)."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request that is complete; *form* is None when there is no form, or when it never arrived whole."""

    head: Head
    form: bytes | None = None


class _Stage(Enum):
    REQUEST_LINE = auto()
    HEADERS = auto()
    FORM = auto()
    DONE = auto()


class RequestReader:
    """Reads one request as *reading* says; what follows it is kept for `again` if *pipelined*, else thrown away.

    However far the quirks lift the limits, it keeps no more than `BOUND` bytes of a line, of headers and of a form:
    what is longer is treated as what is over the limit.
    """

    def __init__(self, reading: Reading = AS_USUAL, *, pipelined: bool = False) -> None:
        self._reading = reading
        self._pipelined = pipelined
        self._buffer = bytearray()
        self._begin()

    def _begin(self) -> None:
        self._stage = _Stage.REQUEST_LINE
        self._method = self._target = self._version = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._kept = 0
        self._head = Head(b"", b"", ())
        self._form_length = 0

    def feed(self, data: bytes) -> Incoming | Content | None:
        """Take *data*; return the request or the error page as soon as the device would act, else None."""
        if self._stage is _Stage.DONE:
            if self._pipelined:
                self._buffer += data
            return None
        self._buffer += data
        outcome = self._advance()
        if outcome is not None:
            self._stage = _Stage.DONE
            if not self._pipelined:
                self._buffer.clear()
        return outcome

    @property
    def begun(self) -> tuple[str, str]:
        """The method and the target of the request that is being read, as far as they have come."""
        return text(self._method), text(self._target)

    @property
    def backlog(self) -> int:
        """Bytes that wait for `again`, or for the rest of their line."""
        return len(self._buffer)

    def again(self) -> Incoming | Content | None:
        """Begin the next request on the same connection, with the bytes that are already there."""
        self._begin()
        return self.feed(b"")

    def ended(self, *, silent: bool = False) -> Incoming | Content | None:
        """Return what the device does when no more bytes come, by end of file, or *silent* by inactivity. Spec 2.2, 0b.

        Silence before the end of the request line, 400 Timeout inside the headers, unless an end of file is their end
        too; a form that stays incomplete counts as none.
        """
        outcome: Incoming | Content | None = None
        if self._stage is _Stage.HEADERS:
            outcome = self._cut() if self._reading.cut_is_end and not silent else pages.TIMEOUT
        elif self._stage is _Stage.FORM:
            outcome = Incoming(self._head)
        self._stage = _Stage.DONE
        return outcome

    def _cut(self) -> Incoming | Content:
        """Take what there is of a line for a header, as `fgets` does at an end of file, and the headers for whole."""
        line = self._taken(len(self._buffer))
        too_many = self._header(line) if line.rstrip(_BLANKS) else None
        return too_many or self._headers_end() or Incoming(self._head)

    def _advance(self) -> Incoming | Content | None:
        while self._stage is not _Stage.FORM:
            line = self._line()
            if line is None:
                return None
            outcome = self._request_line(line) if self._stage is _Stage.REQUEST_LINE else self._header(line)
            if outcome is not None:
                return outcome
        return self._form()

    def _line(self) -> bytes | None:
        """Return what one `fgets` would: up to a line feed or as many bytes as a line may have, as a C string."""
        limit = self._reading.line_limit
        ending = self._reading.line_end
        end = self._buffer.find(ending, 0, limit) + len(ending)
        if end < len(ending):
            if len(self._buffer) < limit:
                return None
            end = limit
        return self._taken(end)

    def _taken(self, end: int) -> bytes:
        line = bytes(self._buffer[:end])
        del self._buffer[:end]
        return line.partition(b"\0")[0]

    def _request_line(self, line: bytes) -> Content | None:
        self._method, rest = _word(line)
        self._target, rest = _word(rest)
        self._version = rest.strip(_BLANKS)
        self._stage = _Stage.HEADERS
        return None if self._target else pages.INVALID_REQUEST

    def _header(self, line: bytes) -> Incoming | Content | None:
        line = line.rstrip(_BLANKS)
        if not line:
            return self._headers_end()
        name, colon, value = line.partition(b":")
        value = value.lstrip(_BLANKS)
        if not colon and not self._reading.bare_headers:
            said = "a header line has no colon (quirk bare-header: refused)"
            refusal = Refusal.of(Code.HEADER_WITHOUT_COLON, said, "write Name: value")
            return pages.INVALID_REQUEST.refused(refusal)
        if not colon or not name or not value:
            return None
        limit = self._reading.header_limit
        if len(self._headers) == limit:
            return pages.too_many_headers(f"{limit} headers")
        self._kept += len(line) + _OVERHEAD
        if self._kept > BOUND:
            return pages.too_many_headers(f"{BOUND} bytes of headers, all that ucmsim keeps")
        self._headers.append((name.rstrip(_BLANKS), value))
        return None

    def _headers_end(self) -> Incoming | Content | None:
        self._head = Head(self._method, self._target, tuple(self._headers), self._version)
        if wrong := self._reading.objection(self._head):
            return pages.INVALID_REQUEST.refused(wrong)
        self._form_length = self._reading.form_length(self._head)
        if 0 < self._form_length <= self._reading.form_limit:
            self._stage = _Stage.FORM
            return None
        return Incoming(self._head)

    def _form(self) -> Incoming | Content | None:
        length = self._form_length
        if len(self._buffer) < length:
            return None
        form = bytes(self._buffer[:length])
        del self._buffer[:length]
        if wrong := self._reading.escape_objection(form):
            return pages.INVALID_REQUEST.refused(wrong)
        return Incoming(self._head, form)


def _word(line: bytes) -> tuple[bytes, bytes]:
    """Return the first word of *line* and what follows it; words are parted by anything up to a space."""
    line = line.lstrip(_BLANKS)
    for at, byte in enumerate(line):
        if byte < 33:
            return line[:at], line[at + 1 :]
    return line, b""
