"""What a firmware calls the things of a call: contexts, channels, dial strings, callers, ids. Spec 5.1 to 5.6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ucmsim.calls.legs import DIAL, MEETME, SECOND, TAKEN, VOICEMAIL, Call, Leg, Party
from ucmsim.register import Quirks

_INSIDE = "from-internal"
_HANDLER = "b(callee-handler^s^1)"
_RECORD_CHECK = "M(record-check,StartMonitor)"


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one firmware.

    *contexts* has the context of each kind of call, with braces for the number of the trunk. *technology* begins
    channels; *numbered* ends that of an outbound leg with the number that was dialled. *undialled* are dispositions
    without a second channel, *pseudo* gives conferences one. *contact* dials a phone by its contact, with a callee-handler,
    and *checks* then tells of recording. *reason* ends what VoiceMail is told, *limit* is the most that is shown of it.
    *bare* leaves out brackets around a caller without a name. *step* is what uniqueids count a channel as; a mailbox has
    one of its *own*. Microseconds in sessions are *padded*.
    """

    contexts: Mapping[str, str]
    technology: str
    numbered: bool
    undialled: frozenset[str]
    pseudo: bool
    contact: bool
    checks: bool
    reason: str
    limit: int | None
    bare: bool
    step: int
    own: bool
    padded: bool

    @classmethod
    def of(cls, quirks: Quirks) -> Naming:
        """Return what the register says."""
        inbound, outbound = str(quirks["inbound-context"]), str(quirks["outbound-context"])
        undialled = {
            "FAILED": quirks["failed-channel"] == "blank",
            "BUSY": quirks["busy-channel"] == "blank",
        }
        return cls(
            contexts={
                "Internal": str(quirks["internal-context"]),
                "Inbound": "ext-did-{}" if inbound == "ext-did" else inbound,
                "Outbound": "outbound-route-{}" if outbound == "outbound-route" else outbound,
            },
            technology=str(quirks["channel-technology"]),
            numbered=quirks["outbound-channel"] == "number",
            undialled=frozenset(disposition for disposition, blank in undialled.items() if blank),
            pseudo=quirks["conference-channel"] == "pseudo",
            contact=quirks["dial-string"] == "contact",
            checks=quirks["recorded-dial-string"] == "shown",
            reason="u" if quirks["voicemail-reason"] == "option-u" else "n",
            limit=quirks.number("lastdata-limit"),
            bare=quirks["clid-without-name"] == "bare",
            step=int(quirks["uniqueid-step"]),
            own=quirks["voicemail-uniqueid"] == "own",
            padded=quirks["session-microseconds"] == "padded",
        )

    # --- where -----------------------------------------------------------------------------------------------------

    def context(self, leg: Leg) -> str:
        """Return the context of the dialplan; a conference room is no extension, whatever calls between these have."""
        if leg.lastapp == MEETME:
            return _INSIDE
        call = leg.call
        outside = call.caller if call.kind == "Inbound" else call.callee
        return self.contexts[call.kind].format(outside.place.removeprefix("trunk_"))

    def channel(self, call: Call) -> str:
        """Return the channel of the caller."""
        return self._channel(call.caller, call.made)

    def far_channel(self, leg: Leg) -> str:
        """Return the channel of the callee, "" where there is none: the PBX itself answered, or nothing was dialled."""
        call = leg.call
        if leg.lastapp == MEETME:
            return f"DAHDI/pseudo-{call.made + 1}" if self.pseudo else ""
        if leg.action == TAKEN or leg.disposition in self.undialled:
            return ""
        if call.kind == "Outbound" and self.numbered:
            return f"{self.technology}/{call.callee.place}/{call.callee.number}"
        return self._channel(call.callee, call.made + 1)

    def _channel(self, party: Party, made: int) -> str:
        return f"{self.technology}/{party.place}-{made:08x}"

    # --- what is dialled -------------------------------------------------------------------------------------------

    def lastdata(self, leg: Leg) -> str:
        """Return what the last application was told."""
        if leg.lastapp == DIAL:
            text = self._dial(leg.call) if self.contact else self._plain_dial(leg.call.callee)
        elif leg.lastapp == VOICEMAIL:
            text = f"{leg.call.callee.number}@default,{self.reason}"
        else:
            text = leg.lastdata
        return text[: self.limit]

    def _plain_dial(self, callee: Party) -> str:
        if callee.trunk:
            return f"{self.technology}/{callee.place}/{callee.number},,"
        return f"{self.technology}/{callee.number},60,"

    def _dial(self, call: Call) -> str:
        callee, number = call.callee, call.callee.number
        check = _RECORD_CHECK if call.recorded and self.checks else ""
        if callee.trunk:
            return f"{self.technology}/{number}@{callee.place},,{check and f'TKX{check}'}{_HANDLER}"
        return f"{self.technology}/{number}/sip:{number}@{_phone(number)}:5060,60,z{check}{_HANDLER}"

    # --- who and which ---------------------------------------------------------------------------------------------

    def caller_id(self, caller: Party) -> str:
        """Return name and number of *caller*."""
        if not caller.name and self.bare:
            return caller.number
        return f'"{caller.name}" <{caller.number}>'

    def uniqueid(self, leg: Leg) -> str:
        """Return the id of the caller's channel."""
        began, made = leg.call.start, leg.call.made
        if leg.start != began and self.own:
            began, made = leg.start, made + 1
        return f"{began // SECOND}.{made * self.step}"

    def session(self, call: Call) -> str:
        """Return what the rows of *call* have in common."""
        microseconds = call.start % SECOND
        told = f"{microseconds:06}" if self.padded else str(microseconds)
        return f"{call.start // SECOND}{told}-{call.caller.number}"


def _phone(number: str) -> str:
    """Return an address in a private network for the phone of extension *number*."""
    at = int(number)
    return f"192.168.{1 + at // 250 % 250}.{1 + at % 250}"
