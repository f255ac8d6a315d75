"""A PBX in a file: a zip with its history, its spool, and `snapshot.json`, which has all the rest.

Members are stored and not packed, so that none can be larger than the file; each has its length and its SHA-256 in
`snapshot.json`. Whoever reads one believes nothing of it that was not looked at.
"""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from ucmsim import regularfile
from ucmsim.assembling.statefolder import HISTORY, SPOOL
from ucmsim.errors import UcmsimError
from ucmsim.privatefile import remove_unfinished, replacing
from ucmsim.steps import Steps

FORMAT = 1
_MANIFEST = "snapshot.json"
_KIND = "ucmsim snapshot"
_LARGEST = 64 << 20
"""Bytes of `snapshot.json`, at most."""
_PIECE = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""What the zip says of the age of each member: their times stand in `snapshot.json`."""
_UNREADABLE = (zipfile.BadZipFile, ValueError, RuntimeError)
"""What `zipfile` raises for a file that is none; RuntimeError where a member is encrypted, or packed as it cannot unpack."""


class SnapshotError(UcmsimError):
    """A file is no snapshot that can be restored, or none can be written there."""


@dataclass(frozen=True, slots=True)
class Written:
    """A snapshot that was written: how many *bytes* it has."""

    bytes: int


def writing(file: Path, state: Mapping[str, Any], history: Path, spool: Path, *, outside: Path) -> Steps[Written]:
    """Write *state* with the *history*, a database that nobody uses, and the *spool* to *file*, wholly or not at all.

    It must be *outside* that folder, of which it would pack itself. A step is a piece of a file, or a member. It is
    readable by its owner only. Raises `SnapshotError`.
    """
    try:
        said = _no_place(file, outside)
    except OSError as error:
        raise SnapshotError(f"'{file}' cannot be written: {error.strerror}; name another file") from error
    if said:
        raise SnapshotError(said)
    try:
        remove_unfinished(file.parent)  # of a snapshot, which is as large as it
        with replacing(file) as opened:
            with zipfile.ZipFile(opened, "w", zipfile.ZIP_STORED) as archive:
                members = [(yield from _put(archive, HISTORY, history)), *(yield from _put_below(archive, spool))]
                told = {"kind": _KIND, "format": FORMAT, **state, "members": members}
                archive.writestr(zipfile.ZipInfo(_MANIFEST, _EPOCH), json.dumps(told))
            opened.flush()
            os.fsync(opened.fileno())
            size = opened.seek(0, os.SEEK_END)
    except OSError as error:
        raise SnapshotError(f"{file} cannot be written: {error.strerror or error}") from error
    return Written(size)


def _no_place(file: Path, outside: Path) -> str:
    """Return why no snapshot can be written to *file*, "" if one can; raises `OSError` where that cannot be seen."""
    if not file.is_absolute():
        return f"'{file}' is no absolute path; begin it with /"
    if not file.parent.is_dir():
        return f"there is no folder '{file.parent}'"
    if file.is_dir():
        return f"'{file}' is a folder; name a file in it"
    if file.parent.resolve().is_relative_to(outside.resolve()):
        return f"'{file}' is in the state folder, which belongs to what is written; name a file elsewhere"
    if file.exists() and not _is_snapshot(file):
        return f"'{file}' is there already and is no snapshot; name another file"
    return ""


def _is_snapshot(file: Path) -> bool:
    try:
        Snapshot.of(file)
    except SnapshotError:
        return False
    return True


def _put(archive: zipfile.ZipFile, name: str, file: Path) -> Steps[dict[str, Any]]:
    """Store *file* under *name*; return what is told of it."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        digest, size = sha256(), 0
        with archive.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as member:
            # One that somebody goes on writing is as long as it was.
            while piece := opened.read(min(_PIECE, found.st_size - size)):
                digest.update(piece)
                size += member.write(piece)
                yield
    return {"name": name, "bytes": size, "sha256": digest.hexdigest(), "written": found.st_mtime_ns}


def _put_below(archive: zipfile.ZipFile, spool: Path) -> Steps[list[dict[str, Any]]]:
    """Store what is in the *spool*, and follow no link; return what is told of each."""
    told: list[dict[str, Any]] = []
    for folder, folders, files in os.walk(spool):
        folders.sort()
        place = PurePosixPath(SPOOL, *Path(folder).relative_to(spool).parts)
        if not folders and not files:
            archive.writestr(zipfile.ZipInfo(f"{_named(place)}/", _EPOCH), b"")
            told.append({"name": f"{place}/", "bytes": 0, "sha256": sha256().hexdigest(), "written": 0})
            yield
        for name in sorted(files):
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):
                told.append((yield from _put(archive, _named(place / name), path)))
                yield  # which an empty file has not
    return told


def _named(place: PurePosixPath) -> str:
    try:
        str(place).encode()
    except UnicodeEncodeError:
        shown = str(place).encode("utf-8", "backslashreplace").decode()
        raise SnapshotError(f"the name of '{shown}' is not UTF-8, which a snapshot cannot hold; rename it") from None
    return str(place)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot in a *file* whose outline was looked at: *state* is what `snapshot.json` says, *members* what is in it."""

    file: Path
    state: Mapping[str, Any]
    members: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, file: Path) -> Snapshot:
        """Return the snapshot in *file*. Raises `SnapshotError`."""
        if not file.is_absolute():
            raise SnapshotError(f"'{file}' is no absolute path; begin it with /")
        try:
            with regularfile.opened(file) as opened, zipfile.ZipFile(opened) as archive:
                return cls._outlined(file, archive, os.fstat(opened.fileno()).st_size)
        except OSError as error:
            raise SnapshotError(f"'{file}' cannot be read: {error.strerror or error}") from error
        except _UNREADABLE as error:
            raise SnapshotError(f"'{file}' is no zip file, or only a part of one: {error}") from error

    @classmethod
    def _outlined(cls, file: Path, archive: zipfile.ZipFile, size: int) -> Snapshot:
        infos = {info.filename: info for info in archive.infolist()}
        if _MANIFEST not in infos or infos[_MANIFEST].file_size > _LARGEST:
            raise SnapshotError(f"'{file}' is no snapshot of ucmsim: there is no {_MANIFEST} in it")
        if len(infos) < len(archive.infolist()):
            raise SnapshotError(f"'{file}' has two members of one name")
        for info in infos.values():
            _judge(file, info)
        if sum(info.file_size for info in infos.values()) > size:
            raise SnapshotError(f"'{file}' says that it holds more than there is in it")
        state = _manifest(file, archive.read(_MANIFEST))
        members = {one["name"]: one for one in state["members"]}
        if members.keys() != infos.keys() - {_MANIFEST} or HISTORY not in members:
            raise SnapshotError(f"'{file}' does not hold what its {_MANIFEST} says")
        if any(members[name]["bytes"] != infos[name].file_size for name in members):
            raise SnapshotError(f"'{file}' does not hold what its {_MANIFEST} says")
        return cls(file, state, members)

    def extracting(self, history: Path, spool: Path) -> Steps[None]:
        """Write its history and its spool there, where nothing must be, piece by piece; raises `SnapshotError` and leaves what it wrote."""
        try:
            spool.mkdir(mode=0o700)
            with regularfile.opened(self.file) as opened, zipfile.ZipFile(opened) as archive:
                for name, told in self.members.items():
                    place = history if name == HISTORY else spool.joinpath(*PurePosixPath(name).parts[1:])
                    if name.endswith("/"):
                        place.mkdir(mode=0o700, parents=True, exist_ok=True)
                    else:
                        yield from self._extract(archive, name, told, place)
                    yield
        except OSError as error:
            raise SnapshotError(f"'{self.file}' cannot be restored: {error.strerror or error}") from error
        except (*_UNREADABLE, EOFError) as error:
            raise SnapshotError(f"'{self.file}' is damaged: {error}") from error

    def _extract(self, archive: zipfile.ZipFile, name: str, told: Mapping[str, Any], place: Path) -> Steps[None]:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest = sha256()
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as written, archive.open(name) as member:
            while piece := member.read(_PIECE):
                digest.update(piece)
                written.write(piece)
                yield
        if digest.hexdigest() != told["sha256"]:
            raise SnapshotError(f"'{self.file}' is damaged: {name} is not what was written")
        os.utime(place, ns=(told["written"], told["written"]))


def _judge(file: Path, info: zipfile.ZipInfo) -> None:
    """Raise `SnapshotError` where a member is none that ucmsim writes."""
    name, parts = info.filename, info.filename.removesuffix("/").split("/")
    own = name in (_MANIFEST, HISTORY) or (parts[0] == SPOOL and (len(parts) > 1 or name.endswith("/")))
    odd = any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts)
    if not own or odd:
        shown = name.encode("unicode_escape").decode()
        raise SnapshotError(f"'{file}' holds '{shown}', which no snapshot does")
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
        raise SnapshotError(f"'{file}' holds packed or encrypted members, which no snapshot does")


def _manifest(file: Path, data: bytes) -> Mapping[str, Any]:
    """Return what `snapshot.json` says, with members that have what they must. Raises `SnapshotError`."""
    try:
        state = json.loads(data)
    except (ValueError, RecursionError):
        state = None
    if not isinstance(state, dict) or state.get("kind") != _KIND:
        raise SnapshotError(f"'{file}' is no snapshot of ucmsim: its {_MANIFEST} does not say so")
    if state.get("format") != FORMAT:
        said = f"'{file}' is a snapshot of format {state.get('format')}, and this ucmsim knows format {FORMAT}"
        raise SnapshotError(f"{said}; use the version that wrote it, {state.get('version')}")
    members = state.get("members")
    shape = {"name": str, "bytes": int, "sha256": str, "written": int}
    if not isinstance(members, list) or not all(
        isinstance(one, dict) and all(type(one.get(key)) is kind for key, kind in shape.items()) for one in members
    ):
        raise SnapshotError(f"'{file}' does not say what it holds")
    return state
