"""Faults on the http plane: `Reply` in, `Reply` out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ucmsim.faults.fields import Seconds
from ucmsim.faults.planes import Moment
from ucmsim.reply import Reply, Wait


@dataclass(frozen=True, slots=True)
class Latency:
    """Wait *seconds* of wall-clock time before the first byte of the head."""

    seconds: Seconds

    moment: ClassVar[Moment] = Moment.REPLY

    def __call__(self, reply: Reply) -> Reply:
        return reply.first(Wait(self.seconds))
