"""What a firmware calls the things of a call: contexts, channels, dial strings, callers, ids. Spec 5.1 to 5.6."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ucmsim.calls.events import Call, CallerId, Party, Role
from ucmsim.calls.legs import DIAL, MEETME, PAGE, QUEUE, VOICEMAIL, Leg, Where
from ucmsim.instants import SECOND
from ucmsim.register import Quirks

_INSIDE = "from-internal"
_FIRST_IVR = 7000
"""The number that the unit's first IVR has."""
_API = "api"
"""Who calls where the API had the PBX call. Https-api 5.2."""
_HANDLER = "b(callee-handler^s^1)"
_RECORD_CHECK = "M(record-check,StartMonitor)"
_DIALS = (DIAL, PAGE)
# Members that every row asks for: to look one up in its enumeration takes longer than to compare it.
_ANALOGUE, _HELPER, _EXTENSION = Role.ANALOGUE, Role.HELPER, Role.EXTENSION
_ENTRY, _IVR = Where.ENTRY, Where.IVR


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one firmware."""

    contexts: Mapping[str, str]
    """The context of each kind of call, with braces for the number of the trunk."""
    places: Mapping[Where, str]
    """The contexts of other parts of the dialplan."""
    features: Mapping[str, str]
    """The contexts of features, by application."""
    analogue: str
    """What stands before the port of an analogue line."""
    by_trunk: bool
    """The channel_ext of an analogue line is its trunk's, not its port."""
    technology: str
    """What channels begin with."""
    numbered: bool
    """The channel of an outbound leg ends with the number that was dialled."""
    undialled: frozenset[str]
    """Dispositions without a second channel."""
    pseudo: bool
    """Conferences have a second channel, a pseudo one."""
    contact: bool
    """A phone is dialled by its contact, with a callee-handler."""
    checks: bool
    """Where it is, the dial string tells of recording."""
    options: str
    """The options before that."""
    reason: str
    """What ends that which VoiceMail is told."""
    limit: int | None
    """The most characters that are shown of lastdata."""
    bare: bool
    """A caller without a name is shown without brackets."""
    api: bool
    """Where the API began a call, it is the API that calls."""
    over_trunks: bool
    """Calls over a trunk show its caller ID."""
    everywhere: bool
    """An extension's own caller ID is shown in all calls, not in outbound ones alone."""
    told: bool
    """That caller ID ends the session."""
    step: int
    """What uniqueids count a channel as."""
    own: bool
    """A mailbox has a uniqueid of its own."""
    padded: bool
    """Microseconds in sessions have six digits."""

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
            places={
                Where.INSIDE: _INSIDE,
                Where.IVR_EXIT: str(quirks["ivr-exit-context"]),
                Where.TRANSFER: str(quirks["transfer-context"]),
            },
            features={QUEUE: "ext-queues", MEETME: "ext-meetme"}
            if quirks["feature-context"] == "ext"
            else {MEETME: _INSIDE},
            analogue="o" if quirks["analogue-channel"] == "o1" else "",
            by_trunk=quirks["analogue-extension"] == "trunk",
            technology=str(quirks["channel-technology"]),
            numbered=quirks["outbound-channel"] == "number",
            undialled=frozenset(disposition for disposition, blank in undialled.items() if blank),
            pseudo=quirks["conference-channel"] == "pseudo",
            contact=quirks["dial-string"] == "contact",
            checks=quirks["recorded-dial-string"] == "shown",
            options=str(quirks["dial-options"]) if quirks["dial-string"] == "contact" else "",
            reason="u" if quirks["voicemail-reason"] == "option-u" else "n",
            limit=quirks.number("lastdata-limit"),
            bare=quirks["clid-without-name"] == "bare",
            api=quirks["api-call"] == "api",
            over_trunks=quirks["outbound-caller-id"] == "trunk",
            everywhere=quirks["own-caller-id-calls"] == "all",
            told=quirks["own-caller-id"] == "session",
            step=int(quirks["uniqueid-step"]),
            own=quirks["voicemail-uniqueid"] == "own",
            padded=quirks["session-microseconds"] == "padded",
        )

    # --- where -----------------------------------------------------------------------------------------------------

    def context(self, leg: Leg) -> str:
        """Return the context of the dialplan; a conference room is no extension, whatever calls between these have."""
        if leg.lastapp in self.features:
            return self.features[leg.lastapp]
        call, reached, where = leg.call, leg.reached, leg.where
        if call.helps is not None:
            return _INSIDE
        if where is _IVR:
            return f"ivr-{max(int(reached.number) - _FIRST_IVR, 0) + 1}"
        if where is not _ENTRY and not reached.trunk:
            return self.places[where]
        kind = "Outbound" if reached.trunk else call.kind
        outside = call.caller if kind == "Inbound" else reached
        return self.contexts[kind].format(outside.place.removeprefix("trunk_"))

    def channel(self, call: Call) -> str:
        """Return the channel of the caller."""
        return self._channel(call.caller, call.made, 2)

    def far_channel(self, leg: Leg) -> str:
        """Return the channel of the callee, "" where there is none: the PBX itself answered, or nothing was dialled."""
        call = leg.call
        if leg.lastapp == MEETME:
            return f"DAHDI/pseudo-{call.made + 1}" if self.pseudo else ""
        if not leg.channel or leg.disposition in self.undialled:
            return ""
        reached = leg.reached
        if reached.trunk and self.numbered:
            return f"{self.technology}/{reached.place}/{reached.number}"
        return self._channel(reached, call.made + leg.channel)

    def _channel(self, party: Party, made: int, end: int = 1) -> str:
        """Return a channel; a helper has two ends, the second one of which calls. Asterisk channels/chan_local.c."""
        if party.role is _ANALOGUE:
            return f"DAHDI/{self.analogue}{party.port}-1"
        if party.role is _HELPER:
            return f"{_helper(party)}-{made:08x};{end}"
        return f"{self.technology}/{party.place}-{made:08x}"

    def place(self, party: Party) -> str:
        """Return what stands in channel_ext for *party*."""
        at_port = party.role is _ANALOGUE and not self.by_trunk
        return f"{self.analogue}{party.port}" if at_port else party.place

    # --- what is dialled -------------------------------------------------------------------------------------------

    def lastdata(self, leg: Leg) -> str:
        """Return what the last application was told."""
        if leg.lastapp in _DIALS:
            text = self._dial(leg, leg.dials or (leg.reached,))
        elif leg.lastapp == VOICEMAIL:
            text = f"{leg.reached.number}@default,{self.reason}"
        else:
            text = leg.lastdata
        return text[: self.limit]

    def _dial(self, leg: Leg, targets: Iterable[Party]) -> str:
        """Return a dial string for *targets*: phones, of which there may be many, or one number over a trunk."""
        check = _RECORD_CHECK if self.contact and self.checks and leg.call.recorded else ""
        handler = _HANDLER if self.contact else ""
        for target in targets:
            if target.trunk:
                options = f"{check and f'TKX{check}'}{handler}"
                return f"{self.technology}/{self._over_trunk(target)},,{options}"
        phones = "&".join([self._phone(target) for target in targets])
        return f"{phones},60,{self.options}{check}{handler}"

    def _over_trunk(self, target: Party) -> str:
        return f"{target.number}@{target.place}" if self.contact else f"{target.place}/{target.number}"

    def _phone(self, target: Party) -> str:
        if target.role is _HELPER:
            return _helper(target)
        number = target.number
        contact = f"/sip:{number}@{_address(number)}:5060" if self.contact else ""
        return f"{self.technology}/{number}{contact}"

    # --- who and which ---------------------------------------------------------------------------------------------

    def source(self, call: Call) -> str:
        """Return the number of who calls."""
        return _API if self._by_api(call) else call.caller.number

    def _by_api(self, call: Call) -> bool:
        return call.begun == "api" and self.api

    def caller_id(self, leg: Leg) -> CallerId:
        """Return who is said to call: an extension with a caller ID of its own, then the trunk's, then the caller."""
        caller, over = leg.call.caller, leg.reached
        if self._by_api(leg.call):
            return CallerId(_API, caller.number)
        shown = self._own(leg.call) or (over.shown if over.trunk and self.over_trunks else None)
        if shown is None:
            return CallerId(caller.number, caller.name)
        return CallerId(shown.number or caller.number, shown.name or caller.name)

    def _own(self, call: Call) -> CallerId | None:
        caller = call.caller
        if caller.shown is None or caller.role is not _EXTENSION:
            return None
        return caller.shown if self.everywhere or call.kind == "Outbound" else None

    def clid(self, shown: CallerId) -> str:
        """Return what clid has where *shown* is who is said to call."""
        number, name = shown
        return number if not name and self.bare else f'"{name}" <{number}>'

    def uniqueid(self, leg: Leg) -> str:
        """Return the id of the caller's channel."""
        began, made = leg.call.start, leg.call.made
        if leg.lastapp == VOICEMAIL and leg.start != began and self.own:
            began, made = leg.start, made + 1
        return f"{began // SECOND}.{made * self.step}"

    def session(self, call: Call) -> str:
        """Return what the rows of *call* have in common."""
        start = call.start if call.helps is None else call.helps
        microseconds = start % SECOND
        told = f"{microseconds:06}" if self.padded else str(microseconds)
        own = self._own(call) if self.told and not self._by_api(call) else None
        return f"{start // SECOND}{told}-{own.number if own else self.source(call)}"


def _helper(party: Party) -> str:
    return f"Local/{party.place}@{_INSIDE}"


def _address(number: str) -> str:
    """Return an address in a private network for the phone of extension *number*."""
    at = int(number)
    return f"192.168.{1 + at // 250 % 250}.{1 + at % 250}"
