"""Faults on the media plane: `Media` in, `Media` out; the recordings that a request gets, one or a tar of several.

Each is about the files that `when` chooses by name, else about all that were asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field

from ucmsim.faults.fields import Bytes as BytesField
from ucmsim.faults.fields import Piece, Seconds
from ucmsim.faults.heads import Line
from ucmsim.faults.kind import Kind
from ucmsim.faults.planes import Moment
from ucmsim.faults.replies import body_of, with_steps
from ucmsim.http.reply import Body, Bytes, Drip, Joined, Reply
from ucmsim.recording.media import Media
from ucmsim.recording.spool import Found

_HEADER = 44
"""Bytes of a WAV's header, the last four of which are the length of the sound, and the second four that of the rest."""
_FLIPPED = 64
"""Bytes of a member that are damaged."""

_PAGE = b"<!DOCTYPE html>\n<html><head><title>Login</title></head><body><h1>Session expired</h1></body></html>\n"

Number = Annotated[int, Field(ge=1, le=100_000, strict=True)]


def _changed(media: Media, change: Callable[[Found], Found | None]) -> Media:
    """Return *media* with what *change* makes of each file that the fault is about; None takes it away."""
    about = media.about
    found = (change(file) if about is None or file.path[-1] in about else file for file in media.files)
    return replace(media, files=tuple(file for file in found if file is not None))


def _bodied(media: Media, change: Callable[[Body], Body]) -> Media:
    return _changed(media, lambda file: replace(file, body=change(file.body)))


@dataclass(frozen=True, slots=True)
class Missing:
    """Do not find the file; with `times` it is there later."""

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return _changed(media, lambda _file: None)


@dataclass(frozen=True, slots=True)
class Late:
    """Find the file no sooner than so many *seconds* of PBX time after it was written."""

    seconds: Seconds = 60.0

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return _changed(media, lambda file: file if media.now - file.written >= self.seconds else None)


@dataclass(frozen=True, slots=True)
class Empty:
    """Have nothing in the file."""

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return _bodied(media, lambda _body: Bytes())


@dataclass(frozen=True, slots=True)
class Cut:
    """Have no more than so many *bytes* in the file, and say so."""

    bytes: BytesField = 1000

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return _bodied(media, lambda body: body.slice(0, min(self.bytes, body.length)))


@dataclass(frozen=True, slots=True)
class Other:
    """Have the sound of another recording of the same directory under the name."""

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        def swapped(file: Found) -> Found:
            other = media.neighbour(file)
            return file if other is None else replace(file, body=other.body)

        return _changed(media, swapped)


@dataclass(frozen=True, slots=True)
class Header:
    """Have a WAV whose header says that it is so many *bytes* longer than it is, shorter if less than 0."""

    bytes: Annotated[int, Field(ge=-(1 << 31), le=1 << 31, strict=True)] = 16_000

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return _bodied(media, lambda body: _told_off(body, self.bytes))


def _told_off(body: Body, by: int) -> Body:
    """Return the WAV *body* with a header whose lengths are off *by* so many bytes; what is no WAV stays."""
    head = b"".join(body.slice(0, _HEADER).chunks())
    if len(head) < _HEADER or head[:4] != b"RIFF":
        return body
    lengths = (int.from_bytes(head[at : at + 4], "little") + by for at in (4, _HEADER - 4))
    riff, sound = (min(max(length, 0), 0xFFFF_FFFF).to_bytes(4, "little") for length in lengths)
    told = head[:4] + riff + head[8 : _HEADER - 4] + sound
    return Joined((Bytes(told), body.slice(_HEADER, body.length)))


@dataclass(frozen=True, slots=True)
class ContentType:
    """Say that the file is of the type *value*."""

    value: Line = "text/plain"

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return replace(media, kind=self.value)


@dataclass(frozen=True, slots=True)
class Page:
    """Send an HTML page with 200 in place of the file."""

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return replace(media, page=_PAGE, kind="text/html")


@dataclass(frozen=True, slots=True)
class Slow:
    """Send the file so many *bytes* at a time, with *seconds* between."""

    bytes: Piece = 8000
    seconds: Seconds = 1.0

    moment: ClassVar[Moment] = Moment.REPLY
    of_recordings: ClassVar[bool] = True

    def __call__(self, reply: Reply) -> Reply:
        body = body_of(reply)
        if body is None or reply.refusal is not None:  # a page that says why there is no recording
            return reply
        return with_steps(reply, Drip(body, self.bytes, self.seconds))


def _member(media: Media, number: int, change: Callable[[Found], Found | None]) -> Media:
    """Return *media* with its file *number*, from 1, changed, if there are several and so many."""
    if len(media.files) < 2:
        return media
    files = [change(file) if at == number else file for at, file in enumerate(media.files, 1)]
    return replace(media, files=tuple(file for file in files if file is not None))


@dataclass(frozen=True, slots=True)
class MemberMissing:
    """Leave one *member* out of a tar."""

    member: Number = 1

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return _member(media, self.member, lambda _file: None)


@dataclass(frozen=True, slots=True)
class MemberDamaged:
    """Spoil bytes in the middle of one *member* of a tar, whose length stays."""

    member: Number = 1

    moment: ClassVar[Moment] = Moment.MEDIA
    of_recordings: ClassVar[bool] = True

    def __call__(self, media: Media) -> Media:
        return _member(media, self.member, lambda file: replace(file, body=_damaged(file.body)))


def _damaged(body: Body) -> Body:
    first = max(body.length // 2 - _FLIPPED // 2, 0)
    last = min(first + _FLIPPED, body.length)
    spoilt = bytes(octet ^ 0xFF for piece in body.slice(first, last).chunks() for octet in piece)
    return Joined((body.slice(0, first), Bytes(spoilt), body.slice(last, body.length)))


_ASKED = "when a request for recordings is decided"

# fmt: off
KINDS = (
    Kind("media.missing", Missing, "", _ASKED,
         "The recording is not there: 404, or a tar without it. With times it is there later."),
    Kind("media.late", Late, "seconds: of PBX time, 0 to 86400", _ASKED,
         "The recording is there only a while after it was written."),
    Kind("media.empty", Empty, "", _ASKED,
         "The recording has no bytes."),
    Kind("media.cut", Cut, "bytes: how many are there", _ASKED,
         "The recording ends early, and its Content-Length is that of what is there."),
    Kind("media.other", Other, "", _ASKED,
         "The sound is that of another recording in the same directory."),
    Kind("media.header", Header, "bytes: how much longer the header says it is, negative = shorter", _ASKED,
         "The header of a WAV has the wrong length."),
    Kind("media.content-type", ContentType, "value: text", _ASKED,
         "The Content-type is wrong."),
    Kind("media.page", Page, "", _ASKED,
         "An HTML page comes with 200 in place of the recording."),
    Kind("media.slow", Slow, "bytes: at a time, 1048576 at most; seconds: wall-clock seconds between", _ASKED,
         "The recording comes slowly; pages and listings do not."),
    Kind("media.member-missing", MemberMissing, "member: which, from 1", _ASKED,
         "A tar lacks one member; of two, the other is sent as it is (quirk recapi-one-found)."),
    Kind("media.member-damaged", MemberDamaged, "member: which, from 1", _ASKED,
         "A tar has one member with spoilt bytes in the middle."),
)
# fmt: on
