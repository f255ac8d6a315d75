"""Faults on the http plane that change when a reply comes, or whether: waits, drips, silence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import exp
from random import Random
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ucmsim.faults.fields import LONGEST, Bytes, Piece, Seconds
from ucmsim.faults.planes import Moment
from ucmsim.faults.replies import How, body_of, only_end, sending, with_body, with_end, with_steps
from ucmsim.http.reply import Drip as DripStep
from ucmsim.http.reply import Reply, Stay, Wait

_Share = Annotated[float, Field(ge=0, le=10, strict=True, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Latency:
    """Wait *seconds* of wall-clock time before the head or the body.

    They are *fixed*; or *uniform*, from none to twice as many; or *normal*, with a *deviation* that is a share of them;
    or *lognormal*, where they are the median and *deviation* is that of the logarithm.
    """

    seconds: Seconds
    spread: Literal["fixed", "uniform", "normal", "lognormal"] = "fixed"
    deviation: _Share = 0.25
    before: Literal["head", "body"] = "head"
    waits: float | None = field(default=None, metadata={"drawn": True})

    moment: ClassVar[Moment] = Moment.REPLY

    def drawn(self, chance: Random) -> Latency:
        """Return it with the wait that *chance* makes of its seconds."""
        match self.spread:
            case "fixed":
                return self
            case "uniform":
                waits = chance.uniform(0, 2 * self.seconds)
            case "normal":
                waits = chance.gauss(self.seconds, self.deviation * self.seconds)
            case "lognormal":
                waits = self.seconds * exp(chance.gauss(0, self.deviation))
        return replace(self, waits=min(max(waits, 0.0), LONGEST))

    def __call__(self, reply: Reply) -> Reply:
        wait = Wait(self.seconds if self.waits is None else self.waits)
        sent = sending(reply)
        if self.before == "head" or sent is None:
            return reply.first(wait)
        return with_steps(reply, wait, sent)


@dataclass(frozen=True, slots=True)
class Drip:
    """Send the body so many *bytes* at a time, with so many *seconds* between."""

    bytes: Piece = 1
    seconds: Seconds = 1.0

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        body = body_of(reply)
        return reply if body is None else with_steps(reply, DripStep(body, self.bytes, self.seconds))


@dataclass(frozen=True, slots=True)
class Stall:
    """Send so many *bytes* of the body, then nothing for ever; the connection stays open until the client ends it."""

    bytes: Bytes = 0

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        body = body_of(reply)
        part = reply if body is None else with_body(reply, body.slice(0, min(self.bytes, body.length)))
        return with_end(part, Stay())


@dataclass(frozen=True, slots=True)
class Empty:
    """End the connection without a byte, as *ending* says."""

    ending: How = "notify"

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        return only_end(reply, self.ending)
