"""Writes about legs as they end, and counts what a unit counts of them: AcctIds, and voicemail messages. Pure. Spec 5.2, 7 #23."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ucmsim.calls import filenames
from ucmsim.calls.events import Call, Role
from ucmsim.calls.legs import VOICEMAIL, Leg
from ucmsim.calls.projection import Firmware
from ucmsim.calls.truths import of_leg
from ucmsim.columns import GENERATIONS, NAMES
from ucmsim.corrections import Corrections
from ucmsim.store.records import Numbered, Record

_MENU = Role.MESSAGES


class Past(NamedTuple):
    """What a unit has counted: the last AcctId and the local month it was of, and by mailbox the number of the next message."""

    number: int = 0
    month: str = ""
    messages: Mapping[str, int] = MappingProxyType({})


class Writer:
    """Writes as *firmware* does, from where the *past* had come to, and shows the unit's *clock*, which can be corrected."""

    def __init__(self, firmware: Firmware, past: Past, clock: Corrections) -> None:
        self.clock = clock
        self._firmware = firmware
        quirks = firmware.quirks
        self._width = len(GENERATIONS[str(quirks["columns"])].columns)
        self._blank = ("",) * (len(NAMES) - self._width)
        self._monthly, self._gap = quirks["acctid"] == "monthly", quirks.number("acctid-gaps")
        self._number, self._month = past.number, past.month
        self._messages = dict(past.messages)
        self._moves = quirks["heard-messages"] == "old"
        self._elsewhere: dict[str, Firmware] = {}

    @property
    def counted(self) -> Past:
        """What the unit has counted so far."""
        return Past(self._number, self._month, self._messages)

    def count_on(self, past: Past) -> None:
        """Count on from *past*, because something was deleted."""
        self._number, self._month, self._messages = past.number, past.month, dict(past.messages)

    def record(self, leg: Leg, call: Numbered, over: tuple[Numbered, ...]) -> Record:
        """Return what is written of *leg*, the next that ends, with the truth of its *call*, and of those that were *over* before."""
        happened, mailbox = of_leg(leg), leg.reached.number
        firmware = self._firmware
        if self.clock:
            firmware, leg = self._by_zone(self.clock.zone(leg.end)), _seen(leg, self.clock)
        recordings = firmware.recordings(leg, self._messages.get(mailbox, 0))
        if leg.lastapp == VOICEMAIL:
            self._messages[mailbox] = self._messages.get(mailbox, 0) + 1
        # Later, not different: a clock that goes back over the end of a month does not begin the old one again.
        if self._monthly and (now := firmware.timing.month(leg.end)) > self._month:
            self._number, self._month = 0, now
        self._number += 1
        if self._gap and self._number % self._gap == 0:
            self._number += 1
        row = firmware.row(leg, recordings, str(self._number))
        if self._blank:
            row = row[: self._width] + self._blank
        return Record(row, recordings, happened, self._heard(leg), call, over)

    def _heard(self, leg: Leg) -> tuple[str, str] | None:
        """Return where the messages of a mailbox go whose owner has heard them on *leg*. Asterisk apps/app_voicemail.c."""
        owner = leg.call.caller.number
        if leg.reached.role is not _MENU or not self._moves or not self._messages.pop(owner, 0):
            return None
        return filenames.mailbox(owner), filenames.heard(owner)

    def _by_zone(self, zone: ZoneInfo | None) -> Firmware:
        """Return the firmware of the unit while it believes in *zone*: it writes all times of a row in the same one."""
        if zone is None:
            return self._firmware
        if zone.key not in self._elsewhere:
            self._elsewhere[zone.key] = Firmware.of(self._firmware.quirks, zone)
        return self._elsewhere[zone.key]


def _seen(leg: Leg, clock: Corrections) -> Leg:
    """Return *leg* as the unit's *clock* showed it."""

    def call_seen(call: Call) -> Call:
        helps = None if call.helps is None else clock.shown(call.helps)
        return call._replace(start=clock.shown(call.start), helps=helps)

    start, turn, end = (clock.shown(instant) for instant in (leg.start, leg.turn, leg.end))
    return leg._replace(
        call=call_seen(leg.call),
        start=start,
        turn=turn,
        end=end,
        rung=None if leg.rung is None else clock.shown(leg.rung),
        fetched=leg.fetched and call_seen(leg.fetched),
        real=leg,
    )
