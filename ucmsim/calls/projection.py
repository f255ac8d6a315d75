"""What a firmware writes about a leg: its CDR and its recordings. Spec 5; https-api 5.2 (ucm6200).

Every oddity of a firmware is a quirk, read once when the firmware is built; what a personality has of its own comes in
with the register.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ucmsim.calls import filenames
from ucmsim.calls.dialplan import legs
from ucmsim.calls.events import Call, Role
from ucmsim.calls.legs import (
    APP_DIAL,
    BY_DISA,
    CALLED_BACK,
    CONFERENCE,
    DIAL,
    FAXED,
    FOLLOWED,
    FORK,
    FORWARDED,
    PAGED,
    QUEUED,
    TRANSFERRED,
    VOICEMAIL,
    Leg,
)
from ucmsim.calls.naming import Naming
from ucmsim.calls.recorder import Recorder
from ucmsim.calls.timing import Timing
from ucmsim.columns import Row
from ucmsim.register import Quirks
from ucmsim.store.records import Recording

_DIRECTIONS = ("Internal", "Inbound", "Outbound", "External")
_NUMBERED = (Role.IVR, Role.GROUP, Role.QUEUE, Role.CONFERENCE, Role.PAGING, Role.DISA)
"""What an action names with its number. Spec 5.5."""

_PROMPT = "ss-noservice"
"""What is played to who calls a phone that is not there; assumed."""

_ANALOGUE, _CALLBACK = Role.ANALOGUE, Role.CALLBACK


@dataclass(frozen=True, slots=True)
class Firmware:
    """One firmware in one time zone: the *quirks* of what it writes, read once."""

    quirks: Quirks
    naming: Naming
    timing: Timing
    recorder: Recorder
    one_row: bool
    """A call that voicemail takes has one row, written when the mailbox has it, not two."""
    one_row_lastapp: str
    """What lastapp is in that row."""
    userfields: Mapping[str, str]
    """What userfield says, by the direction of a leg."""
    repeats: bool
    """Chanext and dstchanext repeat the extensions; else they are empty."""
    unnumbered: frozenset[str]
    """Actions that lack the number of their feature."""
    congested: str
    """The disposition of a call that met congestion."""
    amaflags: str
    service: str
    at_each: str
    """What ends every name in recordfiles."""
    at_between: str
    """What parts the names there."""
    tells: bool
    """Recordfiles names what was begun over AMI too."""
    hidden: frozenset[str]
    """Data of ForkCDR whose legs have no row."""
    bare: bool
    """Dst leaves out the prefix of an outside line."""
    analogue_service: str
    two_sessions: bool
    """A parked call goes on in the session of the call that fetched it."""
    external: str
    """The direction of a leg from trunk to trunk."""
    actions: Mapping[str, str]
    """What actions are called, where that is not their own name."""
    agents: str
    """The action of the legs that ring a queue's agents."""
    unregistered: str
    """The application in which a call ends whose phone is not there."""
    unwritten: frozenset[Role]
    """Features whose part of a call has no row."""
    helpers: bool
    """Legs of helper channels have rows."""
    asks: bool
    """A call that asks for a callback has a row."""
    first: bool
    """The first party of a call that the API began has a row."""
    pin: bool
    """A PIN stands in accountcode."""

    @classmethod
    def of(cls, quirks: Quirks, zone: ZoneInfo) -> Firmware:
        """Return what the register says."""
        naming, timing = Naming.of(quirks), Timing.of(quirks, zone)
        ext = {"Internal"} if quirks["trunk-userfield"] == "direction" else _DIRECTIONS
        told = ext if quirks["userfield"] == "ext" else ()
        each = quirks["recordfiles-end"] == "each"
        numbers = {CONFERENCE: "conference-action", PAGED: "page-action", BY_DISA: "disa-action"}
        return cls(
            quirks,
            naming,
            timing,
            Recorder.of(quirks, naming, timing),
            one_row=quirks["voicemail-row"] == "none",
            one_row_lastapp=str(quirks["one-row-lastapp"]),
            userfields={kind: "EXT" if kind in told else kind for kind in _DIRECTIONS},
            repeats=quirks["chanext"] == "extensions",
            unnumbered=frozenset(action for action, quirk in numbers.items() if quirks[quirk] == "plain")
            | {CALLED_BACK},
            congested=str(quirks["congestion"]),
            amaflags=str(quirks["amaflags"]),
            service=str(quirks["service"]),
            at_each="@" if each else "",
            at_between="" if each else "@",
            tells=quirks["ami-recordfiles"] == "named",
            hidden=frozenset(
                {"ae", "are"} if quirks["fork-rows"] == "hidden" else {"ae"} if quirks["did-row"] == "none" else ()
            ),
            bare=quirks["dialled-prefix"] == "stripped",
            analogue_service=str(quirks["analogue-service"]),
            external="External" if quirks["external-calls"] == "external" else "Outbound",
            two_sessions=quirks["parked-call"] == "two-sessions",
            actions={
                TRANSFERRED: str(quirks["transfer-row"]),
                FORWARDED: str(quirks["forward-row"]),
                FOLLOWED: str(quirks["follow-me-row"]),
                FAXED: str(quirks["fax-row"]),
                CALLED_BACK: str(quirks["callback-action"]),
            },
            agents=str(quirks["queue-agent-row"]),
            unregistered=str(quirks["unregistered-row"]),
            unwritten=frozenset(
                role
                for role, quirk in ((Role.QUEUE, "queue-row"), (Role.CODE, "feature-codes"))
                if quirks[quirk] == "none"
            ),
            helpers=quirks["helper-channels"] == "shown",
            asks=quirks["callback-row"] == "two",
            first=quirks["api-call-row"] == "two",
            pin=quirks["pin-code"] == "shown",
        )

    def recordings(self, leg: Leg, messages: int) -> tuple[Recording, ...]:
        """Return what the PBX has recorded of *leg*; the callee's mailbox has so many *messages* already."""
        return self.recorder.recordings(leg, messages)

    def writes(self, leg: Leg) -> bool:
        """Return whether *leg* has a row of its own."""
        if leg.lastapp == FORK:
            return leg.lastdata not in self.hidden
        asks, first = leg.call.callee.role is _CALLBACK, leg.lastapp == APP_DIAL
        if (asks and not self.asks) or (first and not self.first) or (leg.call.helps is not None and not self.helpers):
            return False
        return not (leg.continues and self.one_row) and leg.reached.role not in self.unwritten

    def row(self, leg: Leg, recorded: tuple[Recording, ...], acctid: str = "") -> Row:
        """Return the CDR of *leg*, of which *recorded* was kept, with the *acctid* that it is given when it is written."""
        call, naming, timing = leg.call, self.naming, self.timing
        caller, reached = call.caller, leg.reached
        source = naming.source(call)
        if leg.lastapp == VOICEMAIL and self.one_row and leg.start != call.start:
            # The ringing before it is told with it.
            leg = leg._replace(start=call.start, lastapp=self.one_row_lastapp)
        if leg.lastapp == DIAL and leg.disposition == "FAILED" and self.unregistered != DIAL:
            leg = leg._replace(lastapp=self.unregistered, lastdata=_PROMPT)
        answer, end = timing.answer_and_end(leg)
        place, shown = naming.place(caller), naming.caller_id(leg)
        # A plain tuple, as there is one for every row: those of the columns, in their order.
        return (
            acctid,
            call.account or (call.pin if self.pin else ""),
            source,
            self._dialled(leg),
            naming.context(leg),
            naming.clid(shown),
            naming.channel(call),
            naming.far_channel(leg),
            leg.lastapp,
            naming.lastdata(leg),
            timing.local(leg.start),
            answer,
            end,
            str(timing.duration(leg)),
            str(timing.billsec(leg)),
            self._disposition(leg),
            self.amaflags,
            naming.uniqueid(leg),
            self.userfields[self._direction(leg)],
            place,  # channel_ext
            reached.place,  # dstchannel_ext
            self.analogue_service if caller.role is _ANALOGUE else self.service,
            shown.name,
            "" if call.monitored and not self.tells else self._recordfiles(recorded),
            reached.number if leg.answered else "",  # dstanswer
            place if self.repeats else "",
            reached.place if self.repeats else "",
            naming.session((leg.fetched if self.two_sessions else None) or call),
            source,  # action_owner
            self._action(leg),
            caller.trunk,
            reached.trunk,
        )

    def _recordfiles(self, recorded: tuple[Recording, ...]) -> str:
        if not recorded:
            return ""
        names = [name for made in recorded if (name := filenames.in_monitor(made.directory, made.name))]
        return self.at_between.join([f"{name}{self.at_each}" for name in names])

    def _direction(self, leg: Leg) -> str:
        """Return the direction of *leg* by its trunks, whatever its call's is. Spec 5.1, https-api 5.2."""
        came_in, goes_out = leg.call.caller.trunk, leg.reached.trunk
        if came_in:
            return self.external if goes_out else "Inbound"
        return "Outbound" if goes_out else "Internal"

    def _disposition(self, leg: Leg) -> str:
        return self.congested if leg.lastapp == "Congestion" else leg.disposition

    def _action(self, leg: Leg) -> str:
        of = leg.of or leg.reached
        if leg.action == QUEUED and leg.lastapp == DIAL and self.agents != QUEUED:
            return self.agents
        numbered = of.role in _NUMBERED and leg.action not in self.unnumbered
        return f"{leg.action}[{of.number}]" if numbered else self.actions.get(leg.action, leg.action)

    def _dialled(self, leg: Leg) -> str:
        """Return dst: what was dialled, as it was dialled; s where an analogue line tells nothing. Spec 5.1."""
        caller, reached = leg.call.caller, leg.reached
        if caller.role is _ANALOGUE and not caller.number:
            return "s"
        return f"{leg.call.prefix}{reached.number}" if reached.trunk and not self.bare else reached.number


def written(story: tuple[Call, ...], firmware: Firmware) -> Iterator[Row]:
    """Yield the rows that *firmware* writes of the calls of *story* on an empty unit, in the order in which they end."""
    found = [leg for call in story for leg in legs(call, story)]
    for number, leg in enumerate(sorted(filter(firmware.writes, found), key=lambda leg: leg.end), 1):
        yield firmware.row(leg, firmware.recordings(leg, 0), str(number))
