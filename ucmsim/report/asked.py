"""Which recordings clients have asked for by name, whatever they got. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from ucmsim.appliance.counts import path_of
from ucmsim.recording.recapi import SEPARATOR

MOST_NAMES = 100_000
"""Names that are remembered."""


@dataclass(slots=True)
class AskedFor:
    """The names that requests to /recapi had, without directories, which a client may leave out; *full* once there are more.

    A path is in it when its last part was asked for.
    """

    names: set[str] = field(default_factory=set)
    full: bool = False

    def __contains__(self, path: str) -> bool:
        return _name(path) in self.names

    def take(self, request: Mapping[str, Any]) -> None:
        """Take in a *request* of the journal: its target, and its form. Of HEAD nothing is expected."""
        target, _, query = request["target"].partition("?")
        if path_of(target) != "/recapi" or request["method"] == "HEAD":
            return
        for text in {way for sent in (query, request["form"]) for way in (sent, sent.replace("+", "%2B"))}:
            for parameter, value in parse_qsl(text):  # a plus is a blank, or itself: that is for the device to say
                if parameter.lower() == "filename":
                    self._add(name for member in value.split(SEPARATOR) if (name := _name(member)))

    def _add(self, names: Iterable[str]) -> None:
        for name in names:
            if len(self.names) < MOST_NAMES:
                self.names.add(name)
            elif name not in self.names:
                self.full = True


def _name(path: str) -> str:
    return path.rpartition("/")[2]
