"""What a request sees of a PBX, as its settings have it: who may pass, how pages look, what each path is answered with.

Built once for the PBX itself, and once more for each other register that faults let it be asked under. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from ucmsim.acl import AccessList
from ucmsim.authentication.auth import Account
from ucmsim.cdr.cdrapi import CdrApi
from ucmsim.clock import When
from ucmsim.faults import Settled, Situation
from ucmsim.http.head import Heading
from ucmsim.http.reply import Content
from ucmsim.http.request import ApiRequest
from ucmsim.personalities import personality
from ucmsim.recording.retrieval import RecApi
from ucmsim.recording.spool import Spool
from ucmsim.register import Quirks
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.store.history import History


class Work(Protocol):
    """What a handler leaves for the worker thread: carries everything, changes nothing."""

    def content(self) -> Content: ...


Handler = Callable[[ApiRequest, When], Content | Work]
"""Answers the requests for one path, once all checks have passed."""


@dataclass(frozen=True, slots=True)
class Face:
    """What follows from the *quirks* and the rest of the settings when a request is decided.

    *authenticates*: credentials are asked for, those of the *account*. *nowhere_first*: an unknown path is found out before
    all checks, *method_first*: an unknown method before authentication; *static_denied*: static paths have a page.
    """

    quirks: Quirks
    access: AccessList
    authenticates: bool
    account: Account
    handlers: Mapping[str, Handler]
    heading: Heading
    nowhere_first: bool
    method_first: bool
    static_denied: bool

    @classmethod
    def of(cls, settings: PbxSettings, history: History, spool: Spool) -> Face:
        """Return the face of a PBX with these *settings*."""
        quirks, zone = settings.register, settings.time_zone
        handlers: dict[str, Handler] = {"cdrapi": CdrApi(history, quirks, zone), "recapi": RecApi(spool, quirks, zone)}
        return cls(
            quirks=quirks,
            access=settings.access,
            authenticates=settings.authenticates,
            account=Account.of(settings.api, quirks),
            handlers=MappingProxyType(handlers),
            heading=Heading.of(quirks),
            nowhere_first=quirks["unknown-path"] == "first",
            method_first=quirks["method-check"] == "first",
            static_denied=quirks["static-path"] == 403,
        )


_MOST = 32
"""Faces beside its own that a PBX keeps; they are built anew when they are seen again."""


class Faces:
    """The PBX's *own* face, and those under which faults let it be asked."""

    def __init__(self, settings: PbxSettings, history: History, spool: Spool) -> None:
        self.own = Face.of(settings, history, spool)
        self._settings = settings
        self._history = history
        self._spool = spool
        self._others: dict[tuple[object, ...], Face] = {}

    def seen(self, peer: str, faults: Settled) -> tuple[Face, Situation]:
        """Return the face that a request of *peer* sees, and its situation."""
        face = self.own
        situation = faults.applied(_situation(peer, face))
        if situation.personality is not None or situation.chosen:
            face = self._other(situation)
            situation = faults.applied(_situation(peer, face))
        return face, situation

    def _other(self, situation: Situation) -> Face:
        """Return the face of the PBX with what the *situation* has chosen; built when it is first seen."""
        key = (situation.personality, *situation.chosen)
        if key not in self._others:
            if len(self._others) >= _MOST:
                self._others.clear()
            changes: dict[str, Any] = {"quirks": {**self._settings.quirks, **dict(situation.chosen)}}
            if situation.personality is not None:
                changes["personality"] = personality(situation.personality)
            self._others[key] = Face.of(self._settings.model_copy(update=changes), self._history, self._spool)
        return self._others[key]


def _situation(peer: str, face: Face) -> Situation:
    passes, why = face.access.permitted(peer)
    return Situation(peer, passes, why, None if passes else face.access.refusal(why))
