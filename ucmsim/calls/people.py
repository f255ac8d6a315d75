"""Who there is on a PBX: those who can call, whom they call, and the codes that they dial. Pure.

The same people make the calls of a history, those that go on live, and those that are placed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from ucmsim.calls.contacts import Contacts
from ucmsim.calls.events import Party
from ucmsim.calls.parties import parties
from ucmsim.settings import Extensions, Traffic, Trunk


@dataclass(frozen=True, slots=True)
class People:
    """The people of one PBX: the *extensions* in the order of their numbers, their *contacts*, and *codes* in use."""

    extensions: tuple[Party, ...]
    contacts: Contacts
    codes: tuple[str, ...]

    @classmethod
    def of(cls, extensions: Extensions, trunks: Sequence[Trunk], traffic: Traffic, chance: Random) -> People:
        """Return the people that the settings describe, as *chance* makes them up."""
        everybody = parties(chance, extensions, trunks, traffic)
        contacts = Contacts.of(everybody, traffic, chance)
        return cls(
            everybody.extensions, contacts, tuple(f"{chance.randrange(10_000):04}" for _ in range(traffic.codes))
        )
