"""What a firmware writes about a leg: its CDR and its recordings. Spec 5; https-api 5.2 (ucm6200).

Every oddity of a firmware is a quirk, read once when the firmware is built; what a personality has of its own comes in
with the register.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from zoneinfo import ZoneInfo

from ucmsim.calls import filenames
from ucmsim.calls.legs import MEETME, TAKEN, Leg
from ucmsim.calls.naming import Naming
from ucmsim.calls.recorder import Recorder
from ucmsim.calls.timing import Timing
from ucmsim.columns import NAMES, Row
from ucmsim.recordings import Recording
from ucmsim.register import Quirks

_in_order = itemgetter(*NAMES)


@dataclass(frozen=True, slots=True)
class Firmware:
    """One firmware in one time zone, and the *quirks* of what it writes.

    *naming*, *timing* and *recorder* are its parts. A call that voicemail takes is *one_row*, written when the mailbox
    has it, with *one_row_lastapp*. *userfields* has what each kind of call says there. *repeats* fills chanext and
    dstchanext, *numbered* gives the action of a conference its number, *congested* is the disposition of a call that met
    congestion. *at_each* ends every name in recordfiles with an @, *at_between* parts them.
    """

    quirks: Quirks
    naming: Naming
    timing: Timing
    recorder: Recorder
    one_row: bool
    one_row_lastapp: str
    userfields: Mapping[str, str]
    repeats: bool
    numbered: bool
    congested: str
    amaflags: str
    service: str
    at_each: str
    at_between: str

    @classmethod
    def of(cls, quirks: Quirks, zone: ZoneInfo) -> Firmware:
        """Return what the register says."""
        naming, timing = Naming.of(quirks), Timing.of(quirks, zone)
        ext = {"Internal"} if quirks["trunk-userfield"] == "direction" else {"Internal", "Inbound", "Outbound"}
        told = ext if quirks["userfield"] == "ext" else ()
        each = quirks["recordfiles-end"] == "each"
        return cls(
            quirks,
            naming,
            timing,
            Recorder.of(quirks, naming, timing),
            one_row=quirks["voicemail-row"] == "none",
            one_row_lastapp=str(quirks["one-row-lastapp"]),
            userfields={kind: "EXT" if kind in told else kind for kind in ("Internal", "Inbound", "Outbound")},
            repeats=quirks["chanext"] == "extensions",
            numbered=quirks["conference-action"] == "numbered",
            congested=str(quirks["congestion"]),
            amaflags=str(quirks["amaflags"]),
            service=str(quirks["service"]),
            at_each="@" if each else "",
            at_between="" if each else "@",
        )

    def recordings(self, leg: Leg, messages: int) -> tuple[Recording, ...]:
        """Return what the PBX has recorded of *leg*; the callee's mailbox has so many *messages* already."""
        return self.recorder.recordings(leg, messages)

    def row(self, leg: Leg, recorded: tuple[Recording, ...]) -> Row:
        """Return the CDR of *leg*, of which *recorded* was kept; without AcctId, which is given when it is written."""
        call, naming, timing = leg.call, self.naming, self.timing
        caller, callee = call.caller, call.callee
        if leg.action == TAKEN and self.one_row:  # the ringing before it is told with it
            leg = leg._replace(start=call.start, lastapp=self.one_row_lastapp)
        answer, end = timing.answer_and_end(leg)
        extensions = (caller.place, callee.place) if self.repeats else ("", "")
        found: Row = _in_order({
            "AcctId": "", "accountcode": "", "src": caller.number, "dst": callee.number,
            "dcontext": naming.context(leg), "clid": naming.caller_id(caller),
            "channel": naming.channel(call), "dstchannel": naming.far_channel(leg),
            "lastapp": leg.lastapp, "lastdata": naming.lastdata(leg),
            "start": timing.local(leg.start), "answer": answer, "end": end,
            "duration": str(timing.duration(leg)), "billsec": str(timing.billsec(leg)),
            "disposition": self._disposition(leg), "amaflags": self.amaflags, "uniqueid": naming.uniqueid(leg),
            "userfield": self.userfields[call.kind],
            "channel_ext": caller.place, "dstchannel_ext": callee.place, "service": self.service, "caller_name": caller.name,
            "recordfiles": self._recordfiles(recorded), "dstanswer": callee.number if leg.answered else "",
            "chanext": extensions[0], "dstchanext": extensions[1], "session": naming.session(call),
            "action_owner": caller.number, "action_type": self._action(leg),
            "src_trunk_name": caller.trunk, "dst_trunk_name": callee.trunk,
        })  # fmt: skip
        return found

    def _recordfiles(self, recorded: tuple[Recording, ...]) -> str:
        names = [name for made in recorded if (name := filenames.in_monitor(made.directory, made.name))]
        return self.at_between.join(f"{name}{self.at_each}" for name in names)

    def _disposition(self, leg: Leg) -> str:
        return self.congested if leg.lastapp == "Congestion" else leg.disposition

    def _action(self, leg: Leg) -> str:
        return f"{leg.action}[{leg.call.callee.number}]" if leg.lastapp == MEETME and self.numbered else leg.action
