"""Names as people of a locale write them. Pure; Faker makes them up, and is imported when the first is asked for.

For each name that it draws Faker adds up the weights of all that the locale has: nearly all of the time that it takes to
say who there is on a PBX. Here they are added up once; the same is drawn.
"""

from __future__ import annotations

from bisect import bisect
from collections import OrderedDict
from itertools import accumulate
from random import Random
from typing import Any


class Locales:
    """The locales by their names, each loaded when it is first asked for. Used by one thread at a time."""

    def __init__(self) -> None:
        self._loaded: dict[str, Locale] = {}

    def __getitem__(self, name: str) -> Locale:
        if name not in self._loaded:
            self._loaded[name] = Locale(name)
        return self._loaded[name]


class Locale:
    """The names of one locale, as *chance* makes them up; its *country* is the last part of its name."""

    def __init__(self, name: str) -> None:
        from faker import Faker

        self.country = name.partition("_")[2]
        # Of one provider, because the others take 0.1 s to load, and without the proxy, which is for many locales.
        (self._fake,) = Faker(name, providers=["faker.providers.person"]).factories
        _draw_faster(self._fake.get_providers()[0])

    def name(self, chance: Random) -> str:
        """Return a name as people of the locale write it."""
        self._fake.random = chance
        name: str = self._fake.name()
        return name

    def parts(self, chance: Random) -> dict[str, str]:
        """Return a first and a last name."""
        self._fake.random = chance
        return {"first": self._fake.first_name(), "last": self._fake.last_name()}


def _draw_faster(provider: Any) -> None:
    """Let Faker's *provider* draw from its tables of names and weights by sums that are known, with the same outcome.

    What it draws from something else, it draws as ever.
    """
    tables = [table for name in dir(provider) if isinstance(table := getattr(provider, name), OrderedDict)]
    # By identity: they are no keys, and stay as long as their provider does.
    known = {id(table): (tuple(table), tuple(accumulate(table.values())), len(table) - 1) for table in tables}
    usual, generator = provider.random_element, provider.generator

    def drawn(elements: Any) -> Any:
        found = known.get(id(elements))
        if found is None:
            return usual(elements)
        names, sums, last = found  # what follows is `Random.choices`
        return names[bisect(sums, generator.random.random() * sums[-1], 0, last)]

    provider.random_element = drawn
