"""What a request to `/recapi` asks for: directories, their contents, or files. Spec 6.1, 6.2, 0b. Pure.

Whether any of it exists is found out by `ucmsim.recording.retrieval`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from ucmsim.errors import did_you_mean
from ucmsim.http.request import Params, data, text
from ucmsim.recording.paths import Parts, parts_of
from ucmsim.refusals import Code, Refusal, Refused, shown
from ucmsim.register import Quirks

SEPARATOR = "@"
NAMES = ("filedir", "filename")
"""The parameters."""

_TOLD = 5
"""Names of no parameter that are told."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Directories:
    """Case 1: every directory of the spool."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Case 2: what *directories* hold, in this order; None stands for a path that cannot lead anywhere."""

    directories: tuple[Parts | None, ...]


@dataclass(frozen=True, slots=True)
class Files:
    """Cases 3 and 4: the files *names*, each looked for in *directories* until one has it.

    A name that no file can have has an empty last part. *skipped* says of every name that was not allowed why.
    """

    directories: tuple[Parts | None, ...]
    names: tuple[Parts, ...]
    skipped: tuple[str, ...] = ()


Wanted = Directories | Contents | Files
"""What is looked for."""

Asked = Wanted | Refusal
"""What a request comes to; what is refused the device answers with 404."""


def parse(params: Params, quirks: Quirks) -> Asked:
    """Return what *params*, in the order in which they were sent, ask for."""
    try:
        return _asked(_collected(params, quirks), quirks)
    except Refused as refused:
        return Refusal(refused.code, refused.parameter, refused.sentence, refused.hint)


def _asked(values: dict[str, str], quirks: Quirks) -> Asked:
    if "filename" not in values:
        if "filedir" not in values:
            return Directories()
        directories = _directories(values["filedir"], quirks)
        if not directories and quirks["recapi-empty-list"] == 404:
            said = "'filedir' names no directory (quirk recapi-empty-list: 404)"
            raise Refused(Code.EMPTY_ITEM, "filedir", said, "leave it out to list the directories")
        return Contents(directories)
    directories = _directories(values.get("filedir", str(quirks["recapi-default-directory"])), quirks)
    if len(directories) != 1 and quirks["recapi-many-directories"] == 404:
        named = len(directories) or "none"
        said = f"files are looked for in one directory, and 'filedir' names {named}"
        raise Refused(Code.MANY_DIRECTORIES, "filedir", said, "ask for the files of each directory by themselves")
    names: list[Parts] = []
    skipped: list[str] = []
    for member in _members("filename", values["filename"], quirks):
        name = _cut(member, quirks)
        if wrong := _objection(name, quirks):
            skipped.append(f"'{name}' is not allowed: {wrong}")
        else:
            names.append(_file(name))
    if skipped and quirks["recapi-bad-name"] == 404:
        raise Refused(Code.NAME_NOT_ALLOWED, "filename", *parted(skipped[0]))
    if quirks["recapi-same-file"] == "once":
        names = list(dict.fromkeys(names))
    return Files(directories, tuple(names), tuple(skipped))


def _collected(params: Params, quirks: Quirks) -> dict[str, str]:
    """Return the value of each parameter that is known and not empty."""
    values: dict[str, str] = {}
    seen = set()
    any_case = quirks["parameter-case"] == "any"
    for written, value in params:
        name = written.lower() if any_case else written
        if name not in NAMES:
            if quirks["recapi-unknown-parameter"] == 404:
                said = f"'{written}' is not a parameter of /recapi"
                raise Refused(Code.UNKNOWN_PARAMETER, written, said, did_you_mean(written, NAMES))
            continue
        if name in seen and quirks["recapi-repeated-parameter"] == 404:
            hint = f"write one list, its members parted by '{SEPARATOR}'"
            raise Refused(Code.REPEATED, written, f"'{written}' is given twice", hint)
        seen.add(name)
        if not value and quirks["recapi-empty-parameter"] == 404:
            raise Refused(Code.EMPTY_VALUE, written, f"'{written}' is empty", "leave it out, or give it a value")
        if value:
            values.setdefault(name, value)
    return values


def passed_over(params: Params, quirks: Quirks) -> tuple[str, ...]:
    """Return a sentence for each of *params* that is no parameter and counts for nothing, at most a few."""
    if quirks["recapi-unknown-parameter"] == 404:
        return ()
    any_case = quirks["parameter-case"] == "any"
    others = [name for name, _ in params if name and (name.lower() if any_case else name) not in NAMES]
    return tuple(map(_ignored, islice(dict.fromkeys(others), _TOLD)))


def _ignored(written: str) -> str:
    hint = did_you_mean(written, NAMES)
    said = f"'{shown(written)}' is not a parameter of /recapi and is passed over"
    return f"{said}; {hint}" if hint else said


def parted(note: str) -> tuple[str, str]:
    """Return the sentence of a *note*, and the hint that follows its semicolon, "" if none does."""
    sentence, _, hint = note.partition("; ")
    return sentence, hint


def _members(parameter: str, value: str, quirks: Quirks) -> list[str]:
    """Return the members of a list; empty ones, as at the end of what `recordfiles` holds, are none."""
    members = value.split(SEPARATOR)
    if "" in members and quirks["recapi-empty-member"] == 404:
        hint = f"part members with one '{SEPARATOR}' each"
        raise Refused(Code.EMPTY_ITEM, parameter, f"'{parameter}' has an empty member", hint)
    return [member for member in members if member]


def _directories(value: str, quirks: Quirks) -> tuple[Parts | None, ...]:
    """Return where the directories of the list *value* are."""
    found = tuple(_directory(path, quirks) for path in _members("filedir", value, quirks))
    if None in found and quirks["recapi-bad-directory"] == 404:
        said = "'filedir' has a directory that would lead out of the spool (quirk recapi-bad-directory: 404)"
        raise Refused(Code.LEADS_OUT, "filedir", said, "write it as it stands in the list of directories")
    return found


def _directory(path: str, quirks: Quirks) -> Parts | None:
    """Return where *path* leads from the spool, None if it would lead out of it. Spec 6.3.

    The spool itself counts as missing where a quirk says so. Unlike the names of files those of directories may have any
    character.
    """
    if path.startswith("/") or ".." in path:
        return None
    parts = parts_of(path)
    return None if not parts and quirks["recapi-spool-directory"] == "missing" else parts


def _file(name: str) -> Parts:
    """Return where *name* leads; to the file system nothing that ends with a slash or a lone dot is a file."""
    return (*parts_of(name), "") if f"/{name}".endswith(("/", "/.")) else parts_of(name)


def _cut(name: str, quirks: Quirks) -> str:
    limit = quirks.number("recapi-name-limit")
    return name if limit is None or len(name) <= limit // 4 else text(data(name)[:limit])


def _objection(name: str, quirks: Quirks) -> str:
    """Return why the device does not look for *name*, "" if it does. Spec 0b."""
    if " " in name:
        return "there is a space in it; a '+' that is meant must be sent as %2B"
    if ".." in name:
        return "there are two dots in it"
    if name.startswith("/") or "\\" in name:
        return "it begins with a slash or has a backslash"
    if _CONTROL.search(name):
        return "there is a control character in it"
    if "/" in name and quirks["recapi-subdirectory"] == "refuse":
        return "there is a directory in it (quirk recapi-subdirectory)"
    return ""
