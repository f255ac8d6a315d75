"""What happened on one leg of a call: who, when, how it ended. The truth, before any firmware writes about it."""

from __future__ import annotations

from typing import NamedTuple

SECOND = 1_000_000
"""Instants are whole microseconds of UTC, counted from the epoch."""

DIAL, MEETME, VOICEMAIL = "Dial", "MeetMe", "VoiceMail"
"""Applications of the dialplan that a leg ends in, beside those that announce a failure."""
TAKEN = "VM"
"""The action of a leg that a mailbox took."""
CONFERENCE = "CONFERENCE"
"""The action of a leg in a conference room."""


class Party(NamedTuple):
    """One end of a call: an extension, a number behind *trunk* (whose *place* is ``trunk_N``), or a feature's number."""

    number: str
    name: str
    place: str
    trunk: str = ""


class Call(NamedTuple):
    """One call: *kind* is Internal, Inbound or Outbound; *made* is how many channels the PBX had made before it.

    *recorded* says that the PBX was told to record it, should it be answered.
    """

    kind: str
    caller: Party
    callee: Party
    start: int
    made: int
    recorded: bool = False


class Leg(NamedTuple):
    """One leg of *call*, which becomes one CDR.

    *turn* is when it was answered, or given up by the caller or the PBX; *action* how later firmware names the leg,
    without a number; *lastdata* is what the application was told, where that follows from neither call nor firmware.
    *continues* says that the call goes on in another leg where this one ends.
    """

    call: Call
    start: int
    turn: int
    end: int
    disposition: str
    lastapp: str
    action: str
    lastdata: str = ""
    continues: bool = False

    @property
    def answered(self) -> bool:
        return self.disposition == "ANSWERED"

    @property
    def talked(self) -> int:
        """Microseconds of talk."""
        return self.end - self.turn if self.answered else 0
