"""Templates: one entry of `pbxs:` that stands for many PBXs, as ``site-{n}: {count: 500, ...}``.

Pure, from what was written to what might have been written: knows neither models nor lines. Wherever a text of a template
has ``{n}``, its PBX has its number, from 1 on; where it has ``{n+20000}``, its number and that many more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MARK = "{n}"
MOST = 5000
"""PBXs of one template."""
_MARKS = re.compile(r"\{n(?:\+([0-9]{1,9}))?\}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Template:
    """The template *name*, of which there are *count* PBXs, and what it says of each but how many there are."""

    name: str
    count: int
    body: Mapping[str, Any]

    @property
    def numbers(self) -> range:
        return range(1, self.count + 1)

    @property
    def varies(self) -> bool:
        """Whether its PBXs differ in more than their names."""
        return _marked(self.body)

    def named(self, number: int) -> str:
        """Return the name of the PBX with this *number*."""
        return self.name.replace(MARK, str(number))


@dataclass(frozen=True, slots=True)
class Member:
    """A PBX that there will be: its *name*, the *entry* that it comes from, and its *number* if that is a template."""

    name: str
    entry: str
    number: int | None = None

    @property
    def where(self) -> str:
        """What is said behind a sentence about this PBX of a template; "" of another one."""
        return "" if self.number is None else f", where {MARK} is {self.number}"


def is_template(name: str) -> bool:
    """Return whether *name* is meant as that of a template."""
    return "{" in name or "}" in name


def templates_in(pbxs: Mapping[str, Any]) -> dict[str, Template]:
    """Return what is meant as a template among *pbxs*, by name; a count that is none is taken for 1."""
    found = {}
    for name, written in pbxs.items():
        if is_template(name) and isinstance(written, Mapping):
            body = {key: value for key, value in written.items() if key != "count"}
            found[name] = Template(name, _count(written.get("count")), body)
    return found


def _count(written: object) -> int:
    """Return the count that is *written*, 1 for one that is none."""
    return written if isinstance(written, int) and not isinstance(written, bool) and 1 <= written <= MOST else 1


def firsts(pbxs: Mapping[str, Any], templates: Mapping[str, Template]) -> dict[str, Any]:
    """Return *pbxs* with the settings of its first PBX in the place of each template, under the template's name."""
    return {name: filled(templates[name].body, 1) if name in templates else pbx for name, pbx in pbxs.items()}


def members(pbxs: Mapping[str, Any], templates: Mapping[str, Template]) -> Iterator[Member]:
    """Yield every PBX that there will be, in order."""
    for entry in pbxs:
        if template := templates.get(entry):
            yield from (Member(template.named(number), entry, number) for number in template.numbers)
        else:
            yield Member(entry, entry)


def filled(value: Any, number: int) -> Any:
    """Return *value* with *number* wherever a text in it has a place for it; keys stay as they are."""
    if isinstance(value, str):
        return _MARKS.sub(lambda mark: str(number + int(mark[1] or 0)), value) if "{n" in value else value
    if isinstance(value, Mapping):
        return {key: filled(inner, number) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [filled(inner, number) for inner in value]
    return value


def _marked(value: Any) -> bool:
    """Return whether a text in *value* has a place for a number."""
    if isinstance(value, str):
        return _MARKS.search(value) is not None
    if isinstance(value, Mapping):
        return any(map(_marked, value.values()))
    return isinstance(value, list | tuple) and any(map(_marked, value))
