"""What a firmware records of a leg: calls, conferences and voicemail messages. Spec 5.8, 6.5."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ucmsim.calls import filenames
from ucmsim.calls.events import Call, Role, talks
from ucmsim.calls.legs import DIAL, MEETME, PARK, VOICEMAIL, Leg
from ucmsim.calls.naming import Naming
from ucmsim.calls.timing import Timing
from ucmsim.instants import SECOND
from ucmsim.recording.audio import RATE
from ucmsim.register import Quirks
from ucmsim.store.records import MESSAGES, Recording

_RECORDED = (DIAL, MEETME, PARK)
_PEOPLE = (Role.EXTENSION, Role.OUTSIDE, Role.CONFERENCE)
_UNHEARD = (Role.SLOT,)
_TALKING = (*_PEOPLE, Role.HELPER)
"""What is recorded: talks of people, also when the call was fetched from a slot, but not while it waits there."""


def over_ami(story: tuple[Call, ...]) -> tuple[Call, ...]:
    """Return *story* with the calls that would have been recorded recorded over AMI, by a program, not by the unit."""
    return tuple(call._replace(recorded=False, monitored=call.recorded) for call in story)


def recordable(story: tuple[Call, ...]) -> bool:
    """Return whether somebody talks in *story* who is recorded where the PBX was told to."""
    return any(talk.to.role in _TALKING for call in story for talk in talks(call))


@dataclass(frozen=True, slots=True)
class Recorder:
    """The recorder of one firmware."""

    naming: Naming
    timing: Timing
    answer: bool
    """Names have the second of the answer; else the one after somebody began to be rung."""
    dated: bool
    """Names of conferences end with the second in which they began."""
    monthly: bool
    """Recordings stand in a directory of their month."""
    billed: bool
    """Recordings are as long as what is billed; else as the talk."""
    texts: bool
    """There is a text beside each message."""
    agents: bool
    """The recording of a group's call names who took it."""
    whole: bool
    """What is begun over AMI is named by the whole channel; else without its technology."""

    @classmethod
    def of(cls, quirks: Quirks, naming: Naming, timing: Timing) -> Recorder:
        """Return what the register says."""
        return cls(
            naming,
            timing,
            answer=quirks["recording-epoch"] == "answer",
            dated=quirks["conference-recording-name"] == "epoch",
            monthly=quirks["recording-directory"] == "month",
            billed=quirks["recording-length"] == "billsec",
            agents=quirks["group-recording-name"] == "group-and-agent",
            texts=quirks["voicemail-text"] == "written",
            whole=quirks["ami-recordings"] == "whole-channel",
        )

    def recordings(self, leg: Leg, messages: int) -> tuple[Recording, ...]:
        """Return what the PBX has recorded of *leg*; the callee's mailbox has so many *messages* already."""
        if leg.lastapp == VOICEMAIL:
            return self._message(leg, messages)
        call = leg.call
        if not (call.recorded or call.monitored) or not leg.answered:
            return ()
        if leg.lastapp not in _RECORDED or leg.reached.role in _UNHEARD:
            return ()
        if call.monitored:
            return self._monitored(leg)
        directory, name = self._place(leg)
        return (Recording(directory, name, leg.end // SECOND, self._samples(leg)),)

    def _monitored(self, leg: Leg) -> tuple[Recording, ...]:
        """Return what a program had recorded over AMI of the caller's channel, once that ends: all talk of people on it."""
        real = leg.real or leg
        call, ended = real.call, real.end
        if call.ended != ended:
            return ()
        since = next((talk.since for talk in talks(call) if talk.to.role in _PEOPLE), real.turn)
        name = filenames.of_channel(self.naming.channel(call), whole=self.whole)
        return (Recording(filenames.MONITOR, name, leg.end // SECOND, (ended - since) * RATE // SECOND),)

    def _place(self, leg: Leg) -> tuple[str, str]:
        """Return directory and name of the recording of a call."""
        call, caller = leg.call, self.naming.source(leg.call)
        if leg.lastapp == MEETME:
            began = leg.start // SECOND if self.dated else None
            return filenames.MEETME, filenames.conference(leg.reached.number, self.naming.uniqueid(leg), began)
        rung = leg.start if leg.rung is None else leg.rung
        began = leg.turn // SECOND if self.answer else rung // SECOND + 1
        if leg.of and leg.dials:
            agent = f"#{leg.reached.number}" if self.agents else ""
            name = filenames.call(f"{began}{agent}", caller, leg.of.number)
        else:
            prefix = call.prefix if leg.reached.trunk else ""  # of the legs that go outside
            name = filenames.call(str(began), caller, f"{prefix}{leg.reached.number}")
        if not self.monthly:
            return filenames.MONITOR, name
        return filenames.of_month(self.timing.month(began * SECOND)), name

    def _samples(self, leg: Leg) -> int:
        if self.billed:  # by the true call: to correct a clock makes no sound longer
            return self.timing.billsec(leg.real or leg) * RATE
        return leg.talked * RATE // SECOND

    def _message(self, leg: Leg, messages: int) -> tuple[Recording, ...]:
        """Return the message that was left, and the text beside it; a full mailbox takes none."""
        if messages >= MESSAGES:
            return ()
        directory, name = filenames.mailbox(leg.reached.number), filenames.message(messages)
        ended = leg.end // SECOND
        sound = Recording(directory, f"{name}.wav", ended, self._samples(leg))
        if not self.texts:
            return (sound,)
        return sound, Recording(directory, f"{name}.txt", ended, text=self._about_message(leg))

    def _about_message(self, leg: Leg) -> str:
        """Return the text beside a voicemail message. Asterisk apps/app_voicemail.c."""
        call, naming, began = leg.call, self.naming, leg.start // SECOND
        date = datetime.fromtimestamp(began, UTC)
        return (
            ";\n; Message Information file\n;\n[message]\n"
            f"origmailbox={leg.reached.number}\ncontext={naming.context(leg)}\nmacrocontext=\n"
            f"exten={leg.reached.number}\nrdnis=unknown\npriority=1\ncallerchan={naming.channel(call)}\n"
            f"callerid={naming.clid(naming.caller_id(leg))}\norigdate={_asterisk_date(date)}\norigtime={began}\n"
            f"category=\nflag=\nduration={leg.talked // SECOND}\n"
        )


def _asterisk_date(date: datetime) -> str:
    hour = date.hour % 12 or 12
    half = "AM" if date.hour < 12 else "PM"
    return f"{date:%a %b} {date.day:2} {hour:02}:{date:%M:%S} {half} UTC {date.year}"
