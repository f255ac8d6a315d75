"""What a firmware writes about a leg: its CDR and its recordings. Spec 5; https-api 5.2 (ucm6200).

Every oddity of a firmware is a quirk, read once when the firmware is built; what a personality has of its own comes in
with the register.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
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
from ucmsim.columns import NAMES, Row
from ucmsim.records import Recording
from ucmsim.register import Quirks

_DIRECTIONS = ("Internal", "Inbound", "Outbound", "External")
_NUMBERED = (Role.IVR, Role.GROUP, Role.QUEUE, Role.CONFERENCE, Role.PAGING, Role.DISA)
"""What an action names with its number. Spec 5.5."""

_PROMPT = "ss-noservice"
"""What is played to who calls a phone that is not there; assumed."""

_in_order = itemgetter(*NAMES)


@dataclass(frozen=True, slots=True)
class Firmware:
    """One firmware in one time zone, and the *quirks* of what it writes.

    *naming*, *timing* and *recorder* are its parts. A call that voicemail takes is *one_row*, written when the mailbox
    has it, with *one_row_lastapp*. *userfields* has what each kind of call says there. *repeats* fills chanext and
    dstchanext, actions that are *unnumbered* lack the number of their feature, *congested* is the disposition of a call that met
    congestion. *at_each* ends every name in recordfiles with an @, *at_between* parts them; what was begun over AMI is
    named there where the unit *tells* of it. Legs of ForkCDR whose data are *hidden* have no row, nor what a feature that
    is *unwritten* has. *bare* leaves an outside line's prefix out of dst. *helpers* have rows, as do the call that *asks*
    for a callback and the *first* party of one that the API began; a *pin* stands in accountcode. A parked call is in
    *two_sessions*; one from trunk to trunk is *external*; *actions* are called otherwise, those of a queue's agents are
    *agents*. A phone that is not there ends the call in *unregistered*.
    """

    quirks: Quirks
    naming: Naming
    timing: Timing
    recorder: Recorder
    one_row: bool
    one_row_lastapp: str
    userfields: Mapping[str, str]
    repeats: bool
    unnumbered: frozenset[str]
    congested: str
    amaflags: str
    service: str
    at_each: str
    at_between: str
    tells: bool
    hidden: frozenset[str]
    bare: bool
    analogue_service: str
    two_sessions: bool
    external: str
    actions: Mapping[str, str]
    agents: str
    unregistered: str
    unwritten: frozenset[Role]
    helpers: bool
    asks: bool
    first: bool
    pin: bool

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
        asks, first = leg.call.callee.role is Role.CALLBACK, leg.lastapp == APP_DIAL
        if (asks and not self.asks) or (first and not self.first) or (leg.call.helps is not None and not self.helpers):
            return False
        return not (leg.continues and self.one_row) and leg.reached.role not in self.unwritten

    def row(self, leg: Leg, recorded: tuple[Recording, ...]) -> Row:
        """Return the CDR of *leg*, of which *recorded* was kept; without AcctId, which is given when it is written."""
        call, naming, timing = leg.call, self.naming, self.timing
        caller, reached = call.caller, leg.reached
        rung = leg.start != call.start
        source = naming.source(call)
        account = call.account or (call.pin if self.pin else "")
        if leg.lastapp == VOICEMAIL and self.one_row and rung:  # the ringing before it is told with it
            leg = leg._replace(start=call.start, lastapp=self.one_row_lastapp)
        if leg.lastapp == DIAL and leg.disposition == "FAILED" and self.unregistered != DIAL:
            leg = leg._replace(lastapp=self.unregistered, lastdata=_PROMPT)
        answer, end = timing.answer_and_end(leg)
        extensions = (naming.place(caller), reached.place) if self.repeats else ("", "")
        found: Row = _in_order({
            "AcctId": "", "accountcode": account, "src": source, "dst": self._dialled(leg),
            "dcontext": naming.context(leg), "clid": naming.clid(leg),
            "channel": naming.channel(call), "dstchannel": naming.far_channel(leg),
            "lastapp": leg.lastapp, "lastdata": naming.lastdata(leg),
            "start": timing.local(leg.start), "answer": answer, "end": end,
            "duration": str(timing.duration(leg)), "billsec": str(timing.billsec(leg)),
            "disposition": self._disposition(leg), "amaflags": self.amaflags, "uniqueid": naming.uniqueid(leg),
            "userfield": self.userfields[self._direction(leg)],
            "channel_ext": naming.place(caller), "dstchannel_ext": reached.place, "service": self.analogue_service if caller.role is Role.ANALOGUE else self.service, "caller_name": naming.caller_id(leg).name,
            "recordfiles": "" if call.monitored and not self.tells else self._recordfiles(recorded), "dstanswer": reached.number if leg.answered else "",
            "chanext": extensions[0], "dstchanext": extensions[1], "session": naming.session((leg.fetched if self.two_sessions else None) or call),
            "action_owner": source, "action_type": self._action(leg),
            "src_trunk_name": caller.trunk, "dst_trunk_name": reached.trunk,
        })  # fmt: skip
        return found

    def _recordfiles(self, recorded: tuple[Recording, ...]) -> str:
        names = [name for made in recorded if (name := filenames.in_monitor(made.directory, made.name))]
        return self.at_between.join(f"{name}{self.at_each}" for name in names)

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
        if caller.role is Role.ANALOGUE and not caller.number:
            return "s"
        return f"{leg.call.prefix}{reached.number}" if reached.trunk and not self.bare else reached.number


def written(story: tuple[Call, ...], firmware: Firmware) -> Iterator[Row]:
    """Yield the rows that *firmware* writes of the calls of *story* on an empty unit, in the order in which they end."""
    found = [leg for call in story for leg in legs(call, story)]
    for number, leg in enumerate(sorted(filter(firmware.writes, found), key=lambda leg: leg.end), 1):
        row = firmware.row(leg, firmware.recordings(leg, 0))
        yield (str(number), *row[1:])
