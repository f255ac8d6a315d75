"""Faults on the http plane that change the head of a reply: its status, its type, where it leads, how long it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ucmsim.faults.planes import Moment
from ucmsim.faults.replies import header_of, with_header, with_length, without_body
from ucmsim.http import pages
from ucmsim.http.reply import Content, Reply

Line = Annotated[str, Field(max_length=8192, pattern=r"^[^\r\n\x00]*$")]
_Status = Annotated[int, Field(ge=400, le=599, strict=True)]


@dataclass(frozen=True, slots=True)
class Status:
    """Answer with *status* and the page that the device has for it, or would have."""

    status: _Status = 500

    moment: ClassVar[Moment] = Moment.CONTENT

    def __call__(self, content: Content) -> Content:
        return pages.with_status(self.status)


@dataclass(frozen=True, slots=True)
class StatusLine:
    """Begin the head with *line* in place of a status line."""

    line: Line = "ICY 200 OK"

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        return replace(reply, start=self.line)


@dataclass(frozen=True, slots=True)
class ContentType:
    """Say that the body is of the type *value*, null = say nothing."""

    value: Line | None = "text/html"

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        return with_header(reply, "Content-type", self.value)


@dataclass(frozen=True, slots=True)
class Charset:
    """Say that the text is in *charset*; it is in UTF-8."""

    charset: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]+$", max_length=64)] = "utf-16"

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        kind = (header_of(reply, "Content-type") or "text/plain").partition(";")[0]
        return with_header(reply, "Content-type", f"{kind}; charset={self.charset}")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the client to *location*; where that is what it asked for, it goes round in circles."""

    location: Line
    status: Literal[301, 302, 303, 307, 308] = 302

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        title = {301: "Moved Permanently", 302: "Found", 303: "See Other", 307: "Temporary Redirect"}
        elsewhere = replace(reply, status=self.status, title=title.get(self.status, "Permanent Redirect"))
        unframed = with_header(without_body(elsewhere), "Transfer-Encoding", None)
        return with_header(with_length(unframed, 0), "Location", self.location)


@dataclass(frozen=True, slots=True)
class Header:
    """Add a *header* whose value is so many *bytes* long."""

    bytes: Annotated[int, Field(ge=1, le=64 << 20, strict=True)] = 65_536
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$", max_length=64)] = "X-Padding"

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        return replace(reply, headers=(*reply.headers, (self.header, "x" * self.bytes)))
