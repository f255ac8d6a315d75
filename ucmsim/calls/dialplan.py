"""What the device's dialplan makes of the events of a call: its legs, a leg for each CDR. Spec 5.4 to 5.7. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ucmsim.calls.events import Call, Event, Party, Role, What
from ucmsim.calls.legs import (
    APP_DIAL,
    BY_DISA,
    CALLED_BACK,
    CONFERENCE,
    DIAL,
    DIALLED,
    FAXED,
    FORK,
    FORWARDED,
    MEETME,
    PAGE,
    PAGED,
    PARK,
    PARKED,
    QUEUE,
    QUEUED,
    TAKEN,
    TRANSFERRED,
    VOICEMAIL,
    Leg,
    Where,
)

_FEATURES: Mapping[Role, tuple[str, str]] = MappingProxyType({
    Role.IVR: ("ReadExten", "IVR"),
    Role.GROUP: (FORK, "RINGGROUP"),
    Role.QUEUE: (QUEUE, QUEUED),
    Role.CONFERENCE: (MEETME, CONFERENCE),
    Role.MAILBOX: (VOICEMAIL, TAKEN),
    Role.MESSAGES: ("VoiceMailMain", TAKEN),
    Role.SLOT: (PARK, PARKED),
    Role.PARKED: ("ParkedCall", DIALLED),
    Role.PAGING: (PAGE, PAGED),
    Role.FAX: ("ReceiveFAX", FAXED),
    Role.DISA: ("DISA", BY_DISA),
    Role.CODE: ("Playback", DIALLED),
})  # fmt: skip
"""The application that a feature runs in, and its action."""

_TOLD: Mapping[Role, str] = MappingProxyType({
    Role.IVR: "KEY,record/welcome,,,",
    Role.QUEUE: "{number},",
    Role.CONFERENCE: "{number},",
    Role.MESSAGES: "{caller}@default",
    Role.SLOT: "default:{number}",
    Role.PARKED: "default,{number}",
    Role.FAX: "fax/{number}.tif",
    Role.DISA: "no-password,from-internal",
    Role.CODE: "activated",
})  # fmt: skip
"""What the application is told. Spec 5.4, 5.6; those of queue, fax, DISA and codes are assumed."""

_RING_TOGETHER = (Role.GROUP, Role.QUEUE, Role.PAGING)
_PHONES = (Role.EXTENSION, Role.OUTSIDE)
_CALLS = (DIAL, PAGE)
_FORKED = (Role.IVR, Role.GROUP)
"""Features whose part of a call is told by a ForkCDR when it goes on elsewhere."""


def legs(call: Call, story: tuple[Call, ...] = ()) -> list[Leg]:
    """Return the legs of *call* that have ended, in that order; *story* are the calls that it belongs to."""
    dialplan, callee = _Dialplan(call, story), call.callee
    for event in call.events:
        step = _STEPS.get(event.what)
        if step is not None:  # no CDR tells of keys, nor of what is on hold
            step(dialplan, event, event.to or callee)
    return dialplan.ended


class _Rung(NamedTuple):
    """Somebody whom the PBX rings: since when by the CDR, the call's channel for it, and since when really if that is later."""

    who: Party
    since: int
    channel: int
    really: int | None = None


class _Dialplan:
    """Follows a call through its events and keeps the legs that have *ended*."""

    def __init__(self, call: Call, story: tuple[Call, ...]) -> None:
        self.ended: list[Leg] = []
        self._call = call
        self._story = story
        self._channels = 0
        called_back = call.begun == "callback" or call.callee.role is Role.CALLBACK
        self._action, self._of, self._where = CALLED_BACK if called_back else DIALLED, call.callee, Where.ENTRY
        self._feature: Party | None = None
        self._entered = call.start, Where.ENTRY  # when and where the feature, or the PBX before it, got the call
        self._ringing: dict[Party, _Rung] = {}
        self._dials: tuple[Party, ...] = ()
        self._through: list[tuple[_Rung, int]] = []  # who has answered, and when
        self._application = DIAL, ""
        self._fetched: Call | None = None

    # --- phones ----------------------------------------------------------------------------------------------------

    def _dial(self, event: Event, whom: Party) -> None:
        self._leave(event.at)
        self._channels += 1
        # The first CDR begins with the channel: a PIN is asked for before anybody is rung.
        first = not (self.ended or self._through or self._feature)
        since = self._call.start if first else event.at
        self._ringing[whom] = _Rung(
            whom, since, event.channel or self._channels, None if since == event.at else event.at
        )
        self._dials = tuple(self._ringing)

    def _answer(self, event: Event, who: Party) -> None:
        rung = self._ringing.pop(who)
        if self._of.role is not Role.PAGING:
            self._stop_all(event.at)
        self._through.append((rung, event.at))

    def _fail(self, event: Event, _to: Party) -> None:
        since, _ = self._entered
        channel = None if event.to is None and self._call.callee.role in _PHONES else 0
        self._write(since, event.at, event.at, "FAILED", (event.app, event.data), event.to, channel)

    def _take_up(self, event: Event, _to: Party) -> None:
        """Go on with the call that the PBX began; what the API began has a leg of its own until then."""
        call = self._call
        if call.begun == "api":
            first = call.caller._replace(trunk="", place=call.caller.number)  # its trunk stands on the caller's side
            self._where = Where.ENTRY if call.caller.trunk else Where.INSIDE
            self._write(call.start, event.at, event.at, "ANSWERED", (APP_DIAL, "(Outgoing Line)"), first, 0)
        self._where = Where.ENTRY
        self._entered = event.at, self._where

    def _stop(self, at: int, who: Party, disposition: str) -> None:
        rung = self._ringing.pop(who)
        self._write(rung.since, at, at, disposition, (DIAL, ""), who, rung.channel, rung.really)

    def _stop_all(self, at: int) -> None:
        for who in tuple(self._ringing):
            self._stop(at, who, "NO ANSWER")

    def _end_talks(self, at: int) -> None:
        for rung, answered in self._through:
            self._write(rung.since, answered, at, "ANSWERED", self._application, rung.who, rung.channel, rung.really)
        self._through.clear()

    # --- features --------------------------------------------------------------------------------------------------

    def _enter(self, event: Event, feature: Party) -> None:
        at = event.at
        self._stop_all(at)
        if feature.role is Role.MAILBOX and self.ended:
            self.ended[-1] = self.ended[-1]._replace(continues=True)
        if self._call.callee.role is Role.DID and self._feature is None:
            self._write(at, at, at, "NO ANSWER", (FORK, "ae"))
        if self._feature and self._feature.role is Role.IVR and feature.role in (Role.GROUP, Role.QUEUE):
            self._where = Where.IVR_EXIT  # the row of the group has the time in the IVR
            self._entered = self._entered[0], self._where
        else:
            self._leave(at)
            self._where = Where.IVR if feature.role is Role.IVR else self._where
            self._entered = at, self._where
        self._feature = self._of = feature
        application, action = _FEATURES[feature.role]
        self._action = self._action if self._action == CALLED_BACK else action
        if feature.role is Role.PAGING:
            self._application = application, ""

    def _leave(self, at: int) -> None:
        """Let the call go on from the feature that has it, and write its part; a queue keeps the call to its end."""
        feature = self._feature
        if feature is None or feature.role is Role.PAGING:
            return
        if feature.role is not Role.QUEUE:
            self._write_feature(feature, at, (FORK, "are") if feature.role in _FORKED else None)
            self._feature = None
        self._where = Where.IVR_EXIT if feature.role is Role.IVR else Where.INSIDE

    def _write_feature(self, feature: Party, at: int, instead: tuple[str, str] | None = None) -> None:
        since, _ = self._entered
        start = self._call.start if self._call.begun and not self.ended else since
        self._write(start, since, at, "ANSWERED", instead or self._told(feature), feature, 0)

    def _told(self, feature: Party) -> tuple[str, str]:
        told = _TOLD.get(feature.role, "").format(number=feature.number, caller=self._call.caller.number)
        return _FEATURES[feature.role][0], told

    # --- going elsewhere -------------------------------------------------------------------------------------------

    def _forward(self, event: Event, _to: Party) -> None:
        since, where = self._entered
        if not self._ringing and not self.ended:
            self._write(since, event.at, event.at, "NO ANSWER", (DIAL, ""), None, 0)
        self._stop_all(event.at)
        self._action, self._entered = event.action or FORWARDED, (event.at, where)

    def _let_go(self, at: int, slot: Party | None, action: str) -> None:
        self._end_talks(at)
        self._where, self._action, self._feature = Where.TRANSFER, action, slot
        self._entered = at, self._where
        self._of = slot or self._call.callee

    def _pick_up(self, event: Event, who: Party) -> None:
        if self._feature is not None:
            self._write_feature(self._feature, event.at)
        self._feature, self._application, self._fetched = None, (PARK, "default"), self._story[event.fetching]
        self._through.append((_Rung(who, event.at, event.channel), event.at))

    def _hang_up(self, at: int) -> None:
        answered = self._through[0][1] if self._through else None
        self._end_talks(at)
        self._stop_all(at)
        feature = self._feature
        if feature is None or feature.role is Role.PAGING:
            return
        if feature.role is Role.QUEUE:
            since, self._where = self._entered
            disposition, turn = ("NO ANSWER", at) if answered is None else ("ANSWERED", answered)
            self._write(since, turn, at, disposition, self._told(feature), feature, 0)
        else:
            self._write_feature(feature, at)

    def _write(  # noqa: PLR0917 - a leg has that many parts
        self,
        start: int,
        turn: int,
        end: int,
        disposition: str,
        application: tuple[str, str],
        far: Party | None = None,
        channel: int | None = None,
        rung: int | None = None,
    ) -> None:
        lastapp, lastdata = application
        together = self._of.role in _RING_TOGETHER and lastapp in _CALLS
        self.ended.append(
            Leg(
                self._call,
                far or self._call.callee,
                start,
                turn,
                end,
                disposition,
                lastapp,
                self._action,
                lastdata,
                channel=(0 if lastapp == FORK else 1) if channel is None else channel,
                where=self._where,
                of=self._of,
                dials=self._dials if together else (),
                rung=rung,
                fetched=self._fetched,
            )
        )


_STEPS: Mapping[What, Callable[[_Dialplan, Event, Party], None]] = MappingProxyType({
    What.DIAL: _Dialplan._dial,
    What.ANSWER: _Dialplan._answer,
    What.BUSY: lambda self, event, to: self._stop(event.at, to, "BUSY"),
    What.GIVE_UP: lambda self, event, to: self._stop(event.at, to, "NO ANSWER"),
    What.FAIL: _Dialplan._fail,
    What.TAKE_UP: _Dialplan._take_up,
    What.ENTER: _Dialplan._enter,
    What.FORWARD: _Dialplan._forward,
    What.TRANSFER: lambda self, event, _to: self._let_go(event.at, None, TRANSFERRED),
    What.PARK: lambda self, event, to: self._let_go(event.at, to, PARKED),
    What.PICK_UP: _Dialplan._pick_up,
    What.HANG_UP: lambda self, event, _to: self._hang_up(event.at),
})  # fmt: skip
"""How the call goes on at each kind of event."""
