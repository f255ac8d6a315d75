"""A leg of a call: the part of it that becomes one CDR. Spec 5.4 to 5.7.

`ucmsim.calls.dialplan` makes legs of a call's events; which oddities a firmware writes about them is the projection's
matter.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ucmsim.calls.events import Call, Party

DIAL, MEETME, VOICEMAIL, FORK, QUEUE, PAGE, PARK = "Dial", "MeetMe", "VoiceMail", "ForkCDR", "Queue", "Page", "Park"
APP_DIAL = "AppDial"
"""Applications of the dialplan that legs end in, beside those of other features and of failures. Spec 5.4."""
DIALLED, TAKEN, CONFERENCE, FORWARDED, TRANSFERRED = "DIAL", "VM", "CONFERENCE", "CFWD", "TRANSFER"
PARKED, FAXED, CALLED_BACK, FOLLOWED = "PARKEDCALL", "FAX", "CALLBACK", "FOLLOWME"
QUEUED, PAGED, BY_DISA = "QUEUE", "PAGE", "DISA"
"""The actions of a leg that rang somebody, that a mailbox or a conference room took, and so on. Spec 5.5."""


class Where(Enum):
    """The part of the dialplan that a leg was in. Spec 5.3."""

    ENTRY = "where calls of its kind come in"
    INSIDE = "among the extensions"
    IVR = "in an IVR"
    IVR_EXIT = "out of an IVR by a key"
    TRANSFER = "transferred, or parked"


class Leg(NamedTuple):
    """One leg of *call*, which becomes one CDR.

    *turn* is when it was answered, or given up by the caller or the PBX; *action* how later firmware names the leg;
    *continues* says that the call goes on in another leg where this one ends. *reached* is whom or what it is about, over
    the call's channel number *channel*; 0 stands for none. *where* is the part of the dialplan that it
    was in, *of* the party or feature that it was for. *dials* are all who were rung with it, which began when it did, or
    as late as *rung*, where a PIN was asked for first. *fetched* is the call that
    fetched it from a parking slot. Where instants are those of a clock that was corrected, *real* is the leg with the
    true ones.
    """

    call: Call
    reached: Party
    start: int
    turn: int
    end: int
    disposition: str
    lastapp: str
    action: str
    lastdata: str = ""
    continues: bool = False
    channel: int = 1
    where: Where = Where.ENTRY
    of: Party | None = None
    dials: tuple[Party, ...] = ()
    rung: int | None = None
    fetched: Call | None = None
    real: Leg | None = None

    def over(self, call: Call, channel: int) -> Leg:
        """Return the same leg as one of *call*, over its *channel*."""
        # What `_replace` does takes three times as long, and every row asks for it.
        return Leg._make((call, *self[1:_CHANNEL], channel, *self[_CHANNEL + 1 :]))

    @property
    def answered(self) -> bool:
        return self.disposition == "ANSWERED"

    @property
    def talked(self) -> int:
        """Microseconds of talk."""
        leg = self.real or self
        return leg.end - leg.turn if leg.answered else 0


_CHANNEL = Leg._fields.index("channel")
