"""Who takes part in a made-up call: who calls whom, whose phones ring, who takes it, where it goes on to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from ucmsim.calls.events import Party
from ucmsim.calls.parties import analogue_lines, by_place
from ucmsim.calls.people import People
from ucmsim.calls.shapes import Shape
from ucmsim.calls.stage import Features, Lasts, Stage
from ucmsim.settings import Traffic, Trunk

OTHERS = 2
"""Extensions beside the first that a shape without many phones may need."""
_NOBODY = Party("", "", "")

Talks = Callable[[Party, int], bool]
"""Says whether somebody talks at an instant."""


@dataclass(frozen=True, slots=True)
class Casting:
    """Draws by *chance* who of the *people* takes part in calls, as *traffic* says.

    *lines* are analogue ones, *prefixes* are dialled before numbers behind trunks, by place.
    """

    people: People
    traffic: Traffic
    lines: tuple[Party, ...]
    prefixes: Mapping[str, str]
    features: Features
    chance: Random

    @classmethod
    def of(cls, people: People, trunks: Sequence[Trunk], traffic: Traffic, chance: Random) -> Casting:
        prefixes = {place: trunk.prefix for place, trunk in by_place(trunks).items() if trunk.prefix}
        return cls(people, traffic, analogue_lines(trunks), prefixes, Features.usual(), chance)

    def stage(
        self, start: int, kind: str, shape: Shape, lasts: Lasts, talks: Talks, *, recorded: Collection[str]
    ) -> Stage:
        """Return the stage of a call of *kind* and *shape* that begins at *start*; those of the *recorded* kinds are."""
        contacts, chance = self.people.contacts, self.chance
        first = contacts.active(chance)
        outside = beyond = _NOBODY
        if kind == "Inbound":
            outside = (contacts.callee if shape.has_number else contacts.caller)(first, chance)
            beyond = contacts.callee(first, chance, besides=outside)
        elif kind == "Outbound":
            outside = contacts.callee(first, chance)
        inside, phones = self._inside(first, kind, shape)
        engaged: tuple[Party, ...] = ()
        taker = None
        if phones:
            taker = self._taker([phone for phone in phones if not talks(phone, start)] or phones, shape)
            engaged = self._busy(phones, taker, talks, start)
        over = beyond if kind == "Inbound" else outside
        target = inside[2] if len(inside) > 2 else None
        if shape.goes_on and contacts.outside and chance.random() < self.traffic.outside:
            target = over = contacts.callee(first, chance, besides=outside)
        return Stage(
            inside, outside, beyond, start, 0, lasts, phones, taker, engaged, target,
            line=chance.choice(self.lines) if shape.analogue else None, recorded=recorded,
            prefix=self.prefixes.get(over.place, ""),
            account=chance.choice(self.people.codes) if shape.coded else "", features=self.features,
        )  # fmt: skip

    def _inside(self, first: int, kind: str, shape: Shape) -> tuple[tuple[Party, ...], tuple[Party, ...]]:
        """Return the extensions for a call of *kind* and *shape*, *first* before others, and whose phones a feature rings.

        These are the members of its group, without who calls; a conference has none, and whoever there is joins.
        """
        extensions = self.people.extensions
        caller = extensions[first]
        if shape.phones not in self.people.groups:
            size = self._size(kind, shape) if shape.phones else 0
            inside = (caller, *[extensions[at] for at in self._others(first, kind, shape, size)])
            return inside, inside[1 : size + 1]
        members = self.people.groups[shape.phones]
        if kind == "Inbound":
            return members, members
        if members == (caller,):  # who has the group for himself does not call it
            caller = extensions[self.people.contacts.colleague(first, self.chance)]
        rung = tuple([member for member in members if member != caller])
        return (caller, *rung), rung

    def _size(self, kind: str, shape: Shape) -> int:
        """Return how many extensions join a conference beside who calls, as far as there are extensions."""
        fewest, most = getattr(self.traffic.phones, shape.phones)
        there = len(self.people.extensions) - (kind == "Internal")
        return int(min(self.chance.randint(fewest, most), there))

    def _taker(self, phones: Sequence[Party], shape: Shape) -> Party:
        """Return which of *phones* that are free takes the call: of a queue the first that does, agent by agent."""
        chance, taken = self.chance, self.traffic.phones.taken
        if shape.phones == "queue":
            return next((phone for phone in phones[:-1] if chance.random() < taken), phones[-1])
        return chance.choice(phones)

    def _busy(self, phones: Sequence[Party], taker: Party, talks: Talks, at: int) -> tuple[Party, ...]:
        """Return which of *phones* are busy: who talks, and a share of the others."""
        chance, share = self.chance, self.traffic.phones.busy
        return tuple(phone for phone in phones if phone != taker and (talks(phone, at) or chance.random() < share))

    def _others(self, first: int, kind: str, shape: Shape, size: int) -> Sequence[int]:
        """Return other extensions, as many as *shape* may have parts for: a colleague, and whoever there is."""
        chance, count = self.chance, len(self.people.extensions)
        if count == 1 or (kind != "Internal" and shape.needs == 1 and not size):
            return ()
        second = self.people.contacts.colleague(first, chance)
        if shape.needs == 1 and not size:
            return (second,)
        most = max(OTHERS, size)
        spare = (at for at in chance.sample(range(count), min(count, most + 2)) if at not in (first, second))
        return (second, *islice(spare, most - 1))
