"""Answers `/recapi` from the spool: listings, files, tars, and the 404 page. Spec 6. Runs in the worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import chain
from types import MappingProxyType
from typing import TypeGuard

from ucmsim.clock import When
from ucmsim.http import pages
from ucmsim.http.extents import Files as Carried
from ucmsim.http.reply import Body, Bytes, Content, Joined
from ucmsim.http.request import ApiRequest
from ucmsim.recording.listing import body_of
from ucmsim.recording.listingform import Listing
from ucmsim.recording.media import Media, Twist
from ucmsim.recording.paths import Parts, parts_of
from ucmsim.recording.recapi import Contents, Directories, Files, Wanted, parse, parted, passed_over
from ucmsim.recording.spool import Found, Spool
from ucmsim.recording.tarball import Member, measured
from ucmsim.refusals import Code, Refusal
from ucmsim.register import Quirks

_BINARY = "application/octet-stream"
_TYPES: Mapping[str, str] = MappingProxyType({
    "mp3": "audio/mpeg", "png": "image/png", "jpg": "image/jpeg", "gif": "image/gif",
    "svg": "image/svg+xml", "svgz": "image/svg+xml", "js": "application/x-javascript", "htm": "text/html",
    "cnf": "text/plain", "cfg": "text/plain", "": "text/plain", "bin": _BINARY, "sbn": _BINARY, "ld": _BINARY,
})  # fmt: skip
"""By extension, except wav; any other is text/ and the extension. Asterisk main/http.c."""

_TOLD = 5
"""Sentences about a request that are told one by one."""


class RecApi:
    """The handler of `/recapi` on one PBX, whose local time is that of *zone*."""

    def __init__(self, spool: Spool, quirks: Quirks, zone: tzinfo) -> None:
        self._spool = spool
        self._quirks = quirks
        self._listing = Listing.of(quirks)
        self._zone = zone

    def __call__(self, request: ApiRequest, when: When) -> Content | Retrieval:
        asked = parse(request.params, self._quirks)
        ignored = passed_over(request.params, self._quirks)
        if isinstance(asked, Refusal):
            return _not_found([asked.sentence, *ignored], self._quirks, asked)
        return Retrieval(self._spool, asked, self._quirks, self._listing, when.pbx, when.zone or self._zone, ignored)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What is looked for in a spool, asked for at the PBX time *now*, whose local time is that of *zone*.

    *ignored* are sentences about what counts for nothing in the request, *twist* is what faults make of the files.
    """

    spool: Spool
    wanted: Wanted
    quirks: Quirks
    listing: Listing
    now: datetime
    zone: tzinfo
    ignored: tuple[str, ...] = ()
    twist: Twist | None = None

    def content(self) -> Content:
        """Look it up: what the worker is given to do."""
        match self.wanted:
            case Directories():
                return self._directories()
            case Contents(directories):
                return self._contents(directories)
            case Files(directories, names, skipped):
                return self._files(directories, names, skipped)

    # --- listings --------------------------------------------------------------------------------------------------

    def _directories(self) -> Content:
        notes = [*self.ignored]
        second = ("",) if self.listing.wide else ()
        header = self.listing.header if self.listing.wide else self.listing.header[:1]
        paths = self.spool.directories(notes.append)
        records = chain([header], (("/".join(path), *second) for path in paths))
        return self._listed(body_of(self.listing.lines(records)), notes)

    def _contents(self, directories: tuple[Parts | None, ...]) -> Content:
        notes = [*self.ignored]
        there = [path for path in dict.fromkeys(directories) if self._exists(path, notes)]
        refusal = None
        if not set(directories) <= set(there):
            said = parted(notes[len(self.ignored)])
            refusal = Refusal(Code.NO_SUCH_DIRECTORY, "filedir", said[0], said[1] or "/recapi lists the directories")
            if self.quirks["recapi-missing-directory"] == 404:
                return _not_found(notes, self.quirks, refusal)
        # One that is named again is sent again, not read again.
        places: dict[Parts | None, tuple[int, int]] = {}
        lines = body_of(self._placed(there, places, notes))
        parts = [lines.slice(*places.get(path, (0, 0))) for path in directories]
        header = Bytes(b"".join(self.listing.lines([self.listing.header])))
        if self.listing.each and parts:
            parts = [part for listed in parts for part in (header, listed)]
        else:
            parts.insert(0, header)
        listed = self._listed(Joined(tuple(parts)), notes)
        return listed.refused(refusal, listed.note) if refusal and not there else listed

    def _exists(self, directory: Parts | None, notes: list[str]) -> TypeGuard[Parts]:
        if directory is None:
            notes.append("a directory would lead out of the spool")
            return False
        told = len(notes)
        exists = self.spool.exists(directory, notes.append)
        if not exists and told == len(notes):
            notes.append(_link(self.spool, directory, notes) or f"there is no directory '{'/'.join(directory)}'")
        return exists

    def _placed(
        self, directories: Iterable[Parts], places: dict[Parts | None, tuple[int, int]], notes: list[str]
    ) -> Iterator[bytes]:
        """Yield the lines of *directories*, and note where those of each begin and end in *places*."""
        at = 0
        for directory in directories:
            begun = at
            for line in self._lines(directory, notes):
                at += len(line)
                yield line
            places[directory] = begun, at

    def _lines(self, directory: Parts, notes: list[str]) -> Iterator[bytes]:
        form = self.listing
        found = self.spool.listing(
            directory,
            notes.append,
            recursive=form.recursive,
            newest_first=form.newest_first,
            files_only=form.files_only,
        )
        return form.lines(("/".join(path[-1:] if form.name_only else path) or ".", name) for path, name in found)

    def _listed(self, body: Body, notes: list[str]) -> Content:
        kind = "text/csv" if self.quirks["content-type"] == "own" else "text/plain"
        return Content(200, "OK", (("Content-type", kind),), body, note=_said(notes))

    # --- files -----------------------------------------------------------------------------------------------------

    def _files(
        self, directories: tuple[Parts | None, ...], names: tuple[Parts, ...], skipped: tuple[str, ...]
    ) -> Content:
        notes = [*self.ignored, *skipped]
        search = _Search(self.spool, directories, self.quirks, notes, several=len(names) > 1)
        found = [file for file in map(search.find, names) if file]
        media, altered = self._media(found), frozenset[str]()
        if self.twist is not None:
            media = self.twist(media)
            altered = _altered(found, media.files)
            kept = {file.path for file in media.files}
            notes += (f"a fault has '{file.path[-1]}' missing" for file in found if file.path not in kept)
            if media.page is not None:
                return self._sent(Bytes(media.page), media.kind or "text/html", (), notes)
            found = list(media.files)
        if not found or (len(found) < len(names) and self.quirks["recapi-missing-member"] == 404):
            told = notes if names or skipped else [*notes, "no file is asked for"]
            code = Code.NO_SUCH_FILE if names or not skipped else Code.NAME_NOT_ALLOWED
            sentence, hint = parted(told[len(self.ignored)])
            hint = hint or "/recapi?filedir=... lists what a directory holds"
            return _not_found(told, self.quirks, Refusal(code, "filename", sentence, hint))
        wanted_one = len(names) + len(skipped) == 1
        if len(found) == 1 and (wanted_one or self.quirks["recapi-one-found"] == "file"):
            kind = media.kind or _type_of(found[0].path[-1], self.quirks)
            carries = Carried((_path(found[0]),), (found[0].body.length,), altered)
            return self._sent(found[0].body, kind, (), notes, carries)
        return self._tar(found, notes, media.kind, altered)

    def _media(self, found: Sequence[Found]) -> Media:
        return Media(tuple(found), self.now.timestamp(), self._neighbour)

    def _neighbour(self, file: Found) -> Found | None:
        """Return the recording after *file* in its directory, round to the first, None if it is the only one."""
        directory, suffix = file.path[:-1], file.path[-1].rpartition(".")[2]
        listed = self.spool.listing(directory, recursive=False, files_only=True)
        names = [name for _, name in listed if name.rpartition(".")[2] == suffix]
        at = names.index(file.path[-1]) if file.path[-1] in names else 0
        other = names[(at + 1) % len(names)] if names else file.path[-1]
        return None if other == file.path[-1] else self.spool.find((*directory, other), later=True)

    def _tar(self, files: list[Found], notes: list[str], kind: str | None, altered: frozenset[str]) -> Content:
        whole = self.quirks["tar-member-name"] == "path"
        members = [Member("/".join(file.path) if whole else file.path[-1], file.written, file.body) for file in files]
        form = self.quirks["tar-name"]
        epoch = str(int(self.now.timestamp()))
        stamp = f"{self.now.astimezone(self.zone):%Y%m%d%H%M%S}" if form == "date" else epoch
        named = () if form == "none" else (("Content-Disposition", f'attachment; filename="{stamp}.tar"'),)
        body, ends = measured(members, gnu=self.quirks["tar-format"] == "gnu")
        carries = Carried(tuple(map(_path, files)), ends, altered)
        return self._sent(body, kind or str(self.quirks["tar-type"]), named, notes, carries)

    def _sent(
        self,
        body: Body,
        kind: str,
        more: tuple[tuple[str, str], ...],
        notes: list[str],
        carries: Carried | None = None,
    ) -> Content:
        static = self.quirks["recapi-cache-control"] == "omitted"
        headers = (("Content-type", kind), *more)
        return Content(200, "OK", headers, body, static=static, note=_said(notes), carries=carries)


class _Search:
    """Looks for the files of one request; nothing is looked up twice, however often it is named.

    Of *several* none is held open: there may be more than the system lets a process have.
    """

    def __init__(
        self, spool: Spool, directories: Iterable[Parts | None], quirks: Quirks, notes: list[str], *, several: bool
    ) -> None:
        self._spool = spool
        self._directories = [path for path in dict.fromkeys(directories) if path is not None]
        self._by_month = quirks["recapi-month-search"] == "search"
        self._default = parts_of(str(quirks["recapi-default-directory"]))
        self._usual = (("monitor",), self._default)
        self._notes = notes
        self._several = several
        self._months: dict[Parts, list[str]] = {}
        self._known: dict[Parts, Found | None] = {}

    def find(self, name: Parts) -> Found | None:
        if name not in self._known:
            told = len(self._notes)
            self._known[name] = found = self._look(name)
            if found is None and told == len(self._notes):
                self._notes.append(self._missing(name))
        return self._known[name]

    def _missing(self, name: Parts) -> str:
        """Return what is said of a *name* that nothing has."""
        for directory in self._directories:
            if link := _link(self._spool, (*directory, *name), self._notes):
                return link
        said = f"there is no '{'/'.join(name)}'"
        twice = next((path for path in self._directories if path and name[: len(path)] == path), None)
        if twice is None:
            return said
        why = "filedir's default" if twice == self._default else "looked in already"
        return f"{said}; '{'/'.join(twice)}' is {why}, so leave it out of the name"

    def _look(self, name: Parts) -> Found | None:
        places = chain.from_iterable(self._places(directory, name) for directory in self._directories)
        found = (self._spool.find(place, self._notes.append, later=self._several) for place in places)
        return next(filter(None, found), None)

    def _places(self, directory: Parts, name: Parts) -> Iterator[Parts]:
        """Yield where *name* may be: in *directory*, and a bare name in the months of the usual one. Spec 6.5."""
        yield (*directory, *name)
        if self._by_month and len(name) == 1 and directory in self._usual:
            if directory not in self._months:
                self._months[directory] = self._spool.months(directory, self._notes.append)
            yield from ((*directory, month, *name) for month in self._months[directory])


def _path(file: Found) -> str:
    return "/".join(file.path)


def _altered(before: Iterable[Found], after: Iterable[Found]) -> frozenset[str]:
    """Return the paths of those files that a fault gave other bytes."""
    known = {file.path: file.body for file in before}
    return frozenset(_path(file) for file in after if known.get(file.path) is not file.body)


def _link(spool: Spool, path: Parts, notes: list[str]) -> str:
    """Return what is said of a link on the way to *path*; it is not looked for when nobody would read that."""
    return spool.why_not(path) if len(notes) < _TOLD else ""


def _type_of(name: str, quirks: Quirks) -> str:
    extension = name.rpartition(".")[2] if "." in name else ""
    if extension.lower() == "wav":
        return str(quirks["wav-type"])
    return _TYPES.get(extension.lower(), f"text/{extension}") if quirks["file-type"] == "by-name" else _BINARY


def _said(notes: Iterable[str]) -> str:
    """Return *notes* as one sentence, of many the first ones."""
    told = list(dict.fromkeys(notes))
    more = [f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
    return "; ".join(told[:_TOLD] + more)


def _not_found(notes: Iterable[str], quirks: Quirks, refusal: Refusal) -> Content:
    page = pages.NOT_FOUND.refused(refusal, _said(notes))
    return replace(page, status=200, title="OK") if quirks["recapi-not-found"] == 200 else page
