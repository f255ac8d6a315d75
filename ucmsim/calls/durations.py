"""What becomes of calls, and how long they ring and talk. Pure: chance comes in as an argument.

Call centres' talk times are lognormal (Brown et al. 2005, "Statistical Analysis of a Telephone Call Center"); the other
times are taken to be so too. Where the figures come from stands with the settings, `ucmsim.settings.traffic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import erf, exp, log, sqrt
from random import Random
from typing import NamedTuple

from ucmsim.calls.odds import Odds
from ucmsim.instants import SECOND
from ucmsim.settings import Traffic
from ucmsim.settings.traffic import Times

DISPOSITIONS = {"ANSWERED": "answered", "NO ANSWER": "no_answer", "BUSY": "busy", "FAILED": "failed"}
"""What CDRs call the dispositions, and what the settings do."""


@dataclass(frozen=True, slots=True)
class Lognormal:
    """A duration whose logarithm is normal, cut at *longest*: draws beyond it are *longest*.

    Half of the draws exceed *median*; two of three lie between median / spread and median * spread. All in seconds.
    """

    median: float
    spread: float
    longest: float

    @classmethod
    def of(cls, times: Times) -> Lognormal:
        return cls(times.median, times.spread, times.longest)

    @property
    def mean(self) -> float:
        """The mean of the draws in seconds, the cut ones included."""
        sigma, cut = log(self.spread), log(self.longest / self.median)
        if not sigma:
            return min(self.median, self.longest)
        below = self.median * exp(sigma**2 / 2) * _normal(cut / sigma - sigma)
        return below + self.longest * (1 - _normal(cut / sigma))

    def draw(self, chance: Random) -> int:
        """Return a duration in microseconds."""
        # Times the median, not plus its logarithm: where there is no spread, the median is met exactly.
        return int(min(self.median * chance.lognormvariate(0, log(self.spread)), self.longest) * SECOND)


def _normal(x: float) -> float:
    """Return how much of the standard normal distribution lies below *x*."""
    return (1 + erf(x / sqrt(2))) / 2


class Outcome(NamedTuple):
    """What became of a call, and for how many microseconds it rang and was talked."""

    disposition: str
    rang: int
    talked: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How often calls turn out how, how long they ring by how they do, and how long the answered ones are talked."""

    dispositions: Odds[str]
    ring: Mapping[str, Lognormal]
    talk: Lognormal

    @classmethod
    def of(cls, traffic: Traffic) -> Outcomes:
        shares = {name: getattr(traffic.dispositions, key) for name, key in DISPOSITIONS.items()}
        ring = {name: Lognormal.of(getattr(traffic.ring, key)) for name, key in DISPOSITIONS.items()}
        return cls(Odds.of(shares), ring, Lognormal.of(traffic.talk))

    def draw(self, chance: Random) -> Outcome:
        """Return the outcome of one call."""
        disposition = self.dispositions.draw(chance)
        rang = self.ring[disposition].draw(chance)
        return Outcome(disposition, rang, self.talk.draw(chance) if disposition == "ANSWERED" else 0)
