"""What really happened, as values: the beginning of the ledger; where they are kept is that of `ucmsim.store.ledger`.

A CDR says what the firmware wrote; this says who talked with whom from when to when, to the microsecond and in UTC.
"""

from __future__ import annotations

from typing import NamedTuple

HUNG_UP, CUT = "hung up", "cut"
"""How a call ended: as calls do, or because the unit restarted or was switched off."""


class Talked(NamedTuple):
    """Who, or what, was through to the caller: a *number*, what has it, and when, in microseconds of UTC."""

    number: str
    role: str
    since: int
    until: int


class Carried(NamedTuple):
    """What a *trunk* carried of a call: to or from a *number* outside, ``in`` or ``out``, in microseconds of UTC.

    *place* is the trunk's, such as ``trunk_1``, or the port of an analogue line, which takes no channel of the trunk. It
    was taken from *since* on, *answered* or not.
    """

    trunk: str
    place: str
    direction: str
    number: str
    since: int
    answered: int | None
    until: int


class CallTruth(NamedTuple):
    """One call, which is one channel that came in, or that the PBX made: all that a bill can be held against.

    *kind* is Internal, Inbound or Outbound as it really was, or Helper for a channel that helps another call; *begun_by*
    is ``caller``, or ``api`` or ``callback`` where the PBX called the caller first. *talks* are one after another.
    Instants are microseconds of UTC from the epoch on.
    """

    shape: str
    kind: str
    caller: str
    dialled: str
    begun_by: str
    began: int
    ended: int
    ending: str
    talks: tuple[Talked, ...] = ()
    trunks: tuple[Carried, ...] = ()

    def cut(self, at: int) -> CallTruth:
        """Return what happened of it until *at*, or until it began, if it was cut then."""
        at = min(max(at, self.began), self.ended)
        talks = (one._replace(until=min(one.until, at)) for one in self.talks if one.since < at)
        trunks = (
            one._replace(
                until=min(one.until, at),
                answered=one.answered if one.answered is not None and one.answered < at else None,
            )
            for one in self.trunks
            if one.since < at
        )
        return self._replace(ended=at, ending=CUT, talks=tuple(talks), trunks=tuple(trunks))


class Truth(NamedTuple):
    """One leg: the *shape* and *kind* of its call, who called and who or what was reached, over which trunks, and when.

    Instants are microseconds of UTC from the epoch on; *answered* is None when nobody, and nothing, took the leg.
    """

    shape: str
    kind: str
    caller: str
    reached: str
    trunk_in: str
    trunk_out: str
    began: int
    answered: int | None
    ended: int

    @property
    def talked(self) -> int:
        """Microseconds for which the leg was up, 0 when it was not answered."""
        return 0 if self.answered is None else self.ended - self.answered
