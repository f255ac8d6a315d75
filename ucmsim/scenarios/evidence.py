"""What an expectation is judged by: what was seen, what was placed, when steps were done, and what the client kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ucmsim.scenarios.language import EVERY, PLACED
from ucmsim.scenarios.seen import Call, Row, Seen


@dataclass(frozen=True, slots=True)
class Done:
    """When a step was done: on the *wall* of the machine that has the journal, in seconds of the epoch, and on the PBX clock.

    *id* is the last event of the journal before it.
    """

    id: int
    wall: float
    pbx: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an expectation is judged by.

    *calls* are those that are over, *placed* the names of all that the scenario placed, each as often as there are calls
    of it, *steps* when each step that has a name was done, *kept* the AcctIds of the rows that the client says it kept.
    """

    seen: Seen = field(default_factory=Seen)
    calls: Sequence[Call] = ()
    placed: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, Done] = field(default_factory=dict)
    kept: Sequence[str] | None = None

    def of(self, names: Sequence[str]) -> Iterator[Call]:
        """Yield the calls that *names* mean and that are over."""
        for call in self.calls:
            if EVERY in names or call.name in names or (PLACED in names and call.name in self.placed):
                yield call

    def rows(self, names: Sequence[str]) -> list[tuple[Call, Row]]:
        """Return the CDRs of the calls that *names* mean, each with its call."""
        return [(call, row) for call in self.of(names) for row in call.rows]

    def up(self, names: Sequence[str]) -> list[str]:
        """Return the names of the calls that *names* mean and that are not all over yet."""
        over = [call.name for call in self.calls]
        wanted = self.placed if {EVERY, PLACED} & {*names} else [name for name in names if name in self.placed]
        return [name for name in wanted if over.count(name) < self.placed[name]]
