"""Who calls whom: some extensions call more than others, and everybody has favourites. Pure.

Every extension has a contact book of its own: an order of its colleagues, and one of the people outside. Contact r is
called, and calls, 1/r**s as often as the first. An order is a stride through the list, and so takes no memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, log
from random import Random
from typing import NamedTuple

from ucmsim.calls.events import Party
from ucmsim.calls.odds import Odds
from ucmsim.calls.parties import Parties, dialable
from ucmsim.settings import Traffic


class Order(NamedTuple):
    """One order of so many things: the *first* of them, and the *stride* to the next."""

    first: int
    stride: int
    length: int

    @classmethod
    def drawn(cls, length: int, chance: Random) -> Order:
        """Return one of the orders of so many things; each thing is the first in as many of them."""
        first, stride = chance.randrange(length), 1 + chance.randrange(length)
        while gcd(stride, length) > 1:  # that stride would pass things by
            stride = 1 + chance.randrange(length)
        return cls(first, stride, length)

    def at(self, rank: int) -> int:
        """Return which thing stands at *rank*, from 0 on; behind the last comes the first again."""
        return (self.first + self.stride * rank) % self.length


@dataclass(frozen=True, slots=True)
class Books:
    """An order of the same things for every extension, and how often each rank is drawn."""

    ranks: Odds[int]
    _drawn: tuple[tuple[int, ...], ...]
    """The fields of each order, which weigh less."""

    @classmethod
    def of(cls, extensions: int, length: int, exponent: float, chance: Random) -> Books | None:
        """Return the books of so many extensions; None where there is nothing to order."""
        if not length:
            return None
        zipf = Odds(range(length), (1 / rank**exponent for rank in range(1, length + 1)))
        return cls(zipf, tuple(tuple(Order.drawn(length, chance)) for _ in range(extensions)))

    def order(self, extension: int) -> Order:
        """Return the order of *extension*."""
        return Order._make(self._drawn[extension])

    def draw(self, extension: int, chance: Random) -> int:
        """Return a thing that *extension* draws from its book."""
        return self.order(extension).at(self.ranks.draw(chance))


@dataclass(frozen=True, slots=True)
class Contacts:
    """Who of the *parties* calls whom. An extension is meant by its place in `Parties.extensions`.

    *colleagues* number the other extensions, leaving out the book's own.
    """

    parties: Parties
    extensions: Odds[int]
    colleagues: Books | None
    outside: Books | None

    @classmethod
    def of(cls, parties: Parties, traffic: Traffic, chance: Random) -> Contacts:
        """Return contacts that *chance* decides: as active and as faithful as *traffic* says."""
        count, sigma, exponent = len(parties.extensions), log(traffic.activity), traffic.contacts
        return cls(
            parties,
            Odds(range(count), [chance.lognormvariate(0, sigma) for _ in range(count)]),
            Books.of(count, count - 1, exponent, chance),
            Books.of(count, len(parties.outside), exponent, chance),
        )

    def active(self, chance: Random) -> int:
        """Return an extension that makes or takes a call."""
        return self.extensions.draw(chance)

    def colleague(self, extension: int, chance: Random) -> int:
        """Return another extension that *extension* calls; raise `LookupError` where it is the only one."""
        if self.colleagues is None:
            raise LookupError("there is no other extension")
        at = self.colleagues.draw(extension, chance)
        return at if at < extension else at + 1

    def caller(self, extension: int, chance: Random) -> Party:
        """Return somebody outside who calls *extension*; raise `LookupError` where nobody is."""
        if self.outside is None:
            raise LookupError("there is nobody outside")
        return self.parties.outside[self.outside.draw(extension, chance)]

    def callee(self, extension: int, chance: Random, besides: Party | None = None) -> Party:
        """Return somebody outside whom *extension* calls: in place of one without a number, the next in its book.

        So too in place of *besides*, unless nobody else is there. Raises `LookupError` where nobody is.
        """
        if self.outside is None:
            raise LookupError("there is nobody outside")
        people, order = self.parties.outside, self.outside.order(extension)
        rank = self.outside.ranks.draw(chance)
        for at in range(rank, rank + order.length):
            party = people[order.at(at)]
            if dialable(party) and party != besides:
                return party
        if besides is None:
            raise LookupError("there is nobody outside whom one can call")
        return besides
