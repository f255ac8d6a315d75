"""Who there is on a PBX: those who can call, whom they call, in which groups they are, and the codes that they dial. Pure.

The same people make the calls of a history, those that go on live, and those that are placed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from ucmsim.calls.contacts import Contacts
from ucmsim.calls.events import Party
from ucmsim.calls.groups import Groups, groups
from ucmsim.calls.locales import Locales
from ucmsim.calls.parties import parties
from ucmsim.settings import Extensions, Traffic, Trunk


@dataclass(frozen=True, slots=True)
class People:
    """The people of one PBX: the *extensions* in the order of their numbers, their *contacts*, *codes* in use, and *groups*."""

    extensions: tuple[Party, ...]
    contacts: Contacts
    codes: tuple[str, ...]
    groups: Groups

    @classmethod
    def of(
        cls,
        extensions: Extensions,
        trunks: Sequence[Trunk],
        traffic: Traffic,
        chance: Random,
        grouping: Random,
        *,
        locales: Locales,
    ) -> People:
        """Return the people that the settings describe, as *chance* makes them up with names of *locales*.

        *grouping* makes up their groups.
        """
        everybody = parties(chance, extensions, trunks, traffic, locales)
        contacts = Contacts.of(everybody, traffic, chance)
        codes = tuple(f"{chance.randrange(10_000):04}" for _ in range(traffic.codes))
        return cls(everybody.extensions, contacts, codes, groups(everybody.extensions, traffic, grouping))
