"""The groups that are set up on a PBX: whose phones a ring group, a queue and a page ring, in which order. Pure.

Who is in a group is settled once, so that whoever reads many calls finds the same members again. A conference room is no
group: anybody joins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType

from ucmsim.calls.events import Party
from ucmsim.settings import Traffic

GROUPS = ("ring_group", "queue", "paging")
"""The groups, by their key in `traffic.phones`; there is one of each, whose numbers `ucmsim.calls.stage.Features` has."""

Groups = Mapping[str, tuple[Party, ...]]
"""The members of each group, in the order in which their phones ring: at least one, where there are extensions."""


def groups(extensions: Sequence[Party], traffic: Traffic, chance: Random) -> Groups:
    """Return groups of *extensions*, as *chance* makes them up: each as large as *traffic* says, as far as there are extensions."""
    found = {}
    for key in GROUPS:
        fewest, most = getattr(traffic.phones, key)
        found[key] = tuple(chance.sample(extensions, min(chance.randint(fewest, most), len(extensions))))
    return MappingProxyType(found)
