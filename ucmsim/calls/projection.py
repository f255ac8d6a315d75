"""What a firmware writes about a leg: its CDR and its recordings. Spec 5; https-api 5.2 (ucm6200).

Instants become text here and nowhere else. Every oddity of a firmware is a column of its personality or a quirk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from zoneinfo import ZoneInfo

from ucmsim.audio import RATE
from ucmsim.calls import filenames
from ucmsim.calls.legs import DIAL, MEETME, SECOND, TAKEN, VOICEMAIL, Call, Leg, Party
from ucmsim.columns import NAMES, Row
from ucmsim.personalities import Personality
from ucmsim.recordings import Recording
from ucmsim.register import Quirks

_ZEROS = "0000-00-00 00:00:00"
_in_order = itemgetter(*NAMES)


@dataclass(frozen=True, slots=True)
class Firmware:
    """One firmware in one time zone, and the quirks of what it writes."""

    personality: Personality
    quirks: Quirks
    zone: ZoneInfo

    @property
    def one_row(self) -> bool:
        """Whether a call that voicemail takes is one row, written when the mailbox has it."""
        return not self._modern or self.quirks["voicemail-row"] == "none"

    def row(self, leg: Leg, recorded: tuple[Recording, ...]) -> Row:
        """Return the CDR of *leg*, of which *recorded* was kept; without AcctId, which is given when it is written."""
        call, quirks = leg.call, self.quirks
        caller, callee = call.caller, call.callee
        technology = str(quirks["channel-technology"])
        if leg.action == TAKEN and self.one_row:
            leg = self._whole(leg)
        answer, end = self._answer_and_end(leg)
        extensions = (caller.place, callee.place) if quirks["chanext"] == "extensions" else ("", "")
        found: Row = _in_order({
            "AcctId": "", "accountcode": "", "src": caller.number, "dst": callee.number,
            "dcontext": self._context(call), "clid": self._caller_id(caller),
            "channel": _channel(technology, caller, call.made), "dstchannel": self._far_channel(leg, technology),
            "lastapp": leg.lastapp, "lastdata": self._lastdata(leg, technology),
            "start": self.local(leg.start), "answer": answer, "end": end,
            "duration": str(self._duration(leg)), "billsec": str(self._billsec(leg)),
            "disposition": self._disposition(leg), "amaflags": quirks["amaflags"], "uniqueid": self._uniqueid(leg),
            "userfield": "EXT" if quirks["userfield"] == "ext" else call.kind,  # EXT for calls over trunks is assumed
            "channel_ext": caller.place, "dstchannel_ext": callee.place, "service": quirks["service"], "caller_name": caller.name,
            "recordfiles": self._recordfiles(recorded), "dstanswer": callee.number if leg.answered else "",
            "chanext": extensions[0], "dstchanext": extensions[1], "session": self._session(call),
            "action_owner": caller.number, "action_type": leg.action,
            "src_trunk_name": caller.trunk, "dst_trunk_name": callee.trunk,
        })  # fmt: skip
        return found

    def local(self, instant: int) -> str:
        """Return the wall clock at *instant*."""
        return datetime.fromtimestamp(instant // SECOND, self.zone).isoformat(" ")[:19]

    def month(self, instant: int) -> str:
        """Return the month of the wall clock at *instant*, YYYY-MM."""
        local = datetime.fromtimestamp(instant // SECOND, self.zone)
        return f"{local.year:04}-{local.month:02}"

    # --- recordings ------------------------------------------------------------------------------------------------

    def recordings(self, leg: Leg, messages: int) -> tuple[Recording, ...]:
        """Return what the PBX has recorded of *leg*; the callee's mailbox has so many *messages* already."""
        if leg.action == TAKEN:
            return self._message(leg, messages)
        if not (leg.call.recorded and leg.answered):
            return ()
        directory, name = self._place(leg)
        return (Recording(directory, name, leg.end // SECOND, self._samples(leg)),)

    def _place(self, leg: Leg) -> tuple[str, str]:
        """Return directory and name of the recording of a call."""
        call = leg.call
        if leg.lastapp == MEETME:
            began = leg.start // SECOND
            return filenames.MEETME, filenames.conference(call.callee.number, self._uniqueid(leg), began)
        began = leg.turn // SECOND if self.quirks["recording-epoch"] == "answer" else leg.start // SECOND + 1
        name = filenames.call(began, call.caller.number, call.callee.number)
        if self.quirks["recording-directory"] == "flat":
            return filenames.MONITOR, name
        return filenames.of_month(self.month(began * SECOND)), name

    def _recordfiles(self, recorded: tuple[Recording, ...]) -> str:
        if not recorded:
            return ""
        names = [name for made in recorded if (name := filenames.in_monitor(made.directory, made.name))]
        return "".join(f"{name}@" for name in names) if self.quirks["recordfiles-end"] == "each" else "@".join(names)

    def _samples(self, leg: Leg) -> int:
        if self.quirks["recording-length"] == "billsec":
            return self._billsec(leg) * RATE
        return leg.talked * RATE // SECOND

    def _message(self, leg: Leg, messages: int) -> tuple[Recording, ...]:
        """Return the message that was left, and the text beside it; a full mailbox takes none."""
        if messages >= filenames.MESSAGES:
            return ()
        directory, name = filenames.mailbox(leg.call.callee.number), filenames.message(messages)
        ended = leg.end // SECOND
        return (
            Recording(directory, f"{name}.wav", ended, self._samples(leg)),
            Recording(directory, f"{name}.txt", ended, text=self._about_message(leg)),
        )

    def _about_message(self, leg: Leg) -> str:
        """Return the text beside a voicemail message. Asterisk apps/app_voicemail.c."""
        call, began = leg.call, leg.start // SECOND
        date = datetime.fromtimestamp(began, UTC)
        channel = _channel(str(self.quirks["channel-technology"]), call.caller, call.made)
        return (
            ";\n; Message Information file\n;\n[message]\n"
            f"origmailbox={call.callee.number}\ncontext={self._context(call)}\nmacrocontext=\n"
            f"exten={call.callee.number}\nrdnis=unknown\npriority=1\ncallerchan={channel}\n"
            f"callerid={self._caller_id(call.caller)}\norigdate={_asterisk_date(date)}\norigtime={began}\n"
            f"category=\nflag=\nduration={leg.talked // SECOND}\n"
        )

    # --- columns ---------------------------------------------------------------------------------------------------

    @property
    def _modern(self) -> bool:
        return self.personality.generation >= "G3"

    def _whole(self, leg: Leg) -> Leg:
        """Return the leg of a mailbox together with the ringing before it: what one row tells of both.

        The UCM62xx has Dial there (https-api 5.2); Asterisk before its forked CDRs has what ran last.
        """
        return leg._replace(start=leg.call.start, lastapp=DIAL if self._modern else VOICEMAIL)

    def _duration(self, leg: Leg) -> int:
        if leg.disposition == "BUSY" and self.quirks["busy-duration"] == "zero":
            return 0
        return self._seconds(leg.start, leg.end)

    def _billsec(self, leg: Leg) -> int:
        return self._seconds(leg.turn, leg.end) if leg.answered else 0

    def _seconds(self, start: int, end: int) -> int:
        if self.quirks["duration-rounding"] == "displayed":
            return end // SECOND - start // SECOND
        return (end - start) // SECOND

    def _answer_and_end(self, leg: Leg) -> tuple[str, str]:
        unanswered = self.quirks["unanswered"]
        missing = _ZEROS if self.quirks["missing-time"] == "zeros" else ""
        emptied = unanswered == "busy-blank" and leg.disposition in ("BUSY", "FAILED")
        end = missing if emptied else self.local(leg.end)
        if leg.answered:
            return self.local(leg.turn), end
        return missing if unanswered == "blank" else end, end

    def _disposition(self, leg: Leg) -> str:
        congested = leg.lastapp == "Congestion" and self.quirks["congestion"] == "CONGESTION"
        return "CONGESTION" if congested else leg.disposition

    def _caller_id(self, caller: Party) -> str:
        if not caller.name and self.quirks["clid-without-name"] == "bare":
            return caller.number
        return f'"{caller.name}" <{caller.number}>'

    def _context(self, call: Call) -> str:
        if call.kind == "Inbound":
            return f"ext-did-{call.caller.place.removeprefix('trunk_')}"
        if call.kind == "Outbound" and self._modern:
            return f"outbound-route-{call.callee.place.removeprefix('trunk_')}"
        return "from-internal"

    def _far_channel(self, leg: Leg, technology: str) -> str:
        if leg.lastapp != DIAL or leg.action == TAKEN:  # the PBX itself answered, or nothing was dialled
            return ""
        callee = leg.call.callee
        if leg.call.kind == "Outbound" and self.quirks["outbound-channel"] == "number":
            return f"{technology}/{callee.place}/{callee.number}"
        return _channel(technology, callee, leg.call.made + 1)

    def _lastdata(self, leg: Leg, technology: str) -> str:
        text = self._dial(leg.call.callee, technology) if leg.lastapp == DIAL else leg.lastdata
        return text[: self.quirks.number("lastdata-limit")]

    def _dial(self, callee: Party, technology: str) -> str:
        modern, number = self._modern, callee.number
        if callee.trunk:
            told = f"{number}@{callee.place},,b(callee-handler^s^1)" if modern else f"{callee.place}/{number},,"
            return f"{technology}/{told}"
        contact = f"/sip:{number}@{_phone(number)}:5060" if modern else ""
        return f"{technology}/{number}{contact},60,{'zb(callee-handler^s^1)' if modern else ''}"

    def _uniqueid(self, leg: Leg) -> str:
        began, made = leg.call.start, leg.call.made
        if leg.start != began and self.quirks["voicemail-uniqueid"] == "own":
            began, made = leg.start, made + 1
        # In steps of 4 and 2, as seen; not by the quirk, which is about the names of channels.
        return f"{began // SECOND}.{made * (2 if self.personality.technology == 'PJSIP' else 1)}"

    def _session(self, call: Call) -> str:
        microseconds = call.start % SECOND
        told = f"{microseconds:06}" if self.quirks["session-microseconds"] == "padded" else str(microseconds)
        return f"{call.start // SECOND}{told}-{call.caller.number}"


def _channel(technology: str, party: Party, made: int) -> str:
    return f"{technology}/{party.place}-{made:08x}"


def _phone(number: str) -> str:
    """Return an address in a private network for the phone of extension *number*."""
    at = int(number)
    return f"192.168.{1 + at // 250 % 250}.{1 + at % 250}"


def _asterisk_date(date: datetime) -> str:
    hour = date.hour % 12 or 12
    half = "AM" if date.hour < 12 else "PM"
    return f"{date:%a %b} {date.day:2} {hour:02}:{date:%M:%S} {half} UTC {date.year}"
