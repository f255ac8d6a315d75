"""A tar made while it is sent: the device's answer to several files. Spec 6.6. The headers are the standard library's."""

from __future__ import annotations

import tarfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from ucmsim.http.reply import PIECE, Body, Bytes, Joined, gathered


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a tar; *written* in seconds of the epoch."""

    name: str
    written: int
    body: Body


def tar(members: Iterable[Member], *, gnu: bool = False) -> Body:
    """Return *members*, in order, as a ustar of whole records, as GNU tar writes them; or in the *gnu* format."""
    return measured(members, gnu=gnu)[0]


def measured(members: Iterable[Member], *, gnu: bool = False) -> tuple[Body, array[int]]:
    """Return what `tar` does, and where in it the bytes of each member end."""
    kept, ends, so_far = tuple(members), array("Q"), 0
    for member in kept:
        so_far += len(_header(member, gnu)) + member.body.length
        ends.append(so_far)
        so_far += _padding(member)
    ending = 2 * tarfile.BLOCKSIZE
    ending += -(so_far + ending) % tarfile.RECORDSIZE
    return _Tar(kept, gnu, ending, so_far + ending), ends


@dataclass(frozen=True, slots=True)
class _Tar:
    """*members* and an *ending* of so many zeros; headers are made when their turn comes, for there may be thousands."""

    members: tuple[Member, ...]
    gnu: bool
    ending: int
    length: int

    def slice(self, start: int, stop: int) -> Body:
        return Joined(tuple(self._parts())).slice(start, stop)

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        return gathered(chain.from_iterable(part.chunks(size) for part in self._parts()), size)

    def _parts(self) -> Iterator[Body]:
        for member in self.members:
            yield Bytes(_header(member, self.gnu))
            yield member.body
            yield Bytes(bytes(_padding(member)))
        yield Bytes(bytes(self.ending))


def _padding(member: Member) -> int:
    return -member.body.length % tarfile.BLOCKSIZE


def _header(member: Member, gnu: bool) -> bytes:
    info = tarfile.TarInfo(member.name)
    info.size = member.body.length
    info.mtime = max(member.written, 0)
    info.uname = info.gname = "root"
    try:
        return info.tobuf(tarfile.GNU_FORMAT if gnu else tarfile.USTAR_FORMAT, "utf-8", "surrogateescape")
    except ValueError:  # a name too long, or a file too large for ustar
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
