"""Who can call: the extensions, and people outside behind the trunks. Pure.

A stated share of both is awkward on purpose, so that whoever reads the records meets what breaks readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from random import Random
from typing import NamedTuple

from ucmsim.calls import numbers
from ucmsim.calls.crowd import Crowd
from ucmsim.calls.events import CallerId, Party, Role
from ucmsim.calls.locales import Locale, Locales
from ucmsim.settings import Extensions, Traffic, Trunk

ANONYMOUS = "anonymous"
"""The number of a caller who withholds it: what `caller=anonymous` finds. Spec 8, query 4."""

_OWN, _OWNS = "31255501{:02}", 97
"""The caller IDs that extensions have of their own, and how many there are; the unit is called by those around them.

They belong to nobody, like the numbers of `ucmsim.calls.numbers`.
"""
_POOL = 300
"""Names that are made up for a locale; then they come again."""


class Parties(NamedTuple):
    """Everybody who can call or be called."""

    extensions: tuple[Party, ...]
    outside: Sequence[Party]


def dialable(party: Party) -> bool:
    """Return whether *party* has a number to call it by."""
    return party.number != ANONYMOUS


class Awkward(NamedTuple):
    """One way of being awkward: what the *name* and the *number* become."""

    id: str
    name: str = "{name}"
    number: str = "{number}"


# fmt: off
AWKWARD = (
    Awkward("quotes",        '{first} "Ace" {last}'),
    Awkward("comma",         "{last}, {first}"),
    Awkward("ampersand",     "{last} & {first}"),
    Awkward("less-than",     "{first} <{last}"),
    Awkward("non-ascii",     "{foreign}"),
    Awkward("apostrophe",    "{first} O'{last}"),
    Awkward("no-name",       ""),
    Awkward("plus",          number="+{code}{significant}"),
    Awkward("leading-zeros", number="00{code}{significant}"),
    Awkward("anonymous",     "Anonymous", ANONYMOUS),
)
"""Dealt out in this order: who cannot be called comes last, so that one of any number of people can."""
_FOREIGN = ("Zoë Ångström", "Łukasz Żółty", "Дарья Щукина", "山田 花子", "José Ñandú", "Elif Şahin", "𠮷野 一郎", "نور حداد")
# fmt: on


def parties(
    chance: Random, extensions: Extensions, trunks: Sequence[Trunk], traffic: Traffic, locales: Locales
) -> Parties:
    """Return who can call, as *chance* decides, with names of *locales*; without SIP *trunks* nobody is outside.

    People are spread over those by their channels, and over the locales evenly. No two share a number, but for
    those who withhold it.
    """
    sources = [_Names(locales[name], Random(chance.getrandbits(64))) for name in traffic.faker_locale]
    people = outsiders(trunks, traffic)
    return Parties(
        tuple(_inside(chance, extensions, cycle(sources), traffic)),
        _outside(chance, trunks, list(islice(cycle(sources), people)), traffic),
    )


def outsiders(trunks: Sequence[Trunk], traffic: Traffic) -> int:
    """Return how many people are outside, who can be told without making them up."""
    return traffic.people if any(trunk.kind == "sip" for trunk in trunks) else 0


def caller_ids(extensions: Extensions) -> Mapping[int, CallerId]:
    """Return the caller IDs that the settings give to *extensions*, by number."""
    return {own.extension: CallerId(own.number, own.name or "") for own in extensions.caller_ids}


def by_place(trunks: Sequence[Trunk]) -> Mapping[str, Trunk]:
    """Return *trunks* by what the unit calls them, in its order. Spec 5.2."""
    return {f"trunk_{at}": trunk for at, trunk in enumerate(trunks, 1)}


def channels_of(trunks: Sequence[Trunk]) -> Mapping[str, int]:
    """Return how many channels each of *trunks* has, by place."""
    return {place: trunk.channels for place, trunk in by_place(trunks).items()}


def beyond(trunk: Trunk, at: int) -> Party:
    """Return somebody without a number or a name behind *trunk*, the unit's *at*-th from 1 on."""
    shown = CallerId(trunk.caller_id or "", trunk.caller_name or "")
    return Party("", "", f"trunk_{at}", trunk.name, Role.OUTSIDE, shown if any(shown) else None)


def analogue_lines(trunks: Sequence[Trunk]) -> tuple[Party, ...]:
    """Return the analogue lines of *trunks*, which tell no number, each by its port; ports count from 1 on. Spec 5.2, 5.6."""
    behind = [
        (at, trunk) for at, trunk in enumerate(trunks, 1) if trunk.kind == "analogue" for _ in range(trunk.channels)
    ]
    return tuple(
        Party("", "", f"trunk_{at}", trunk.name, Role.ANALOGUE, port=str(port))
        for port, (at, trunk) in enumerate(behind, 1)
    )


class _Names:
    """The names of one *locale*, as *chance* makes them up."""

    def __init__(self, locale: Locale, chance: Random) -> None:
        self.country = locale.country
        self._locale, self._chance = locale, chance
        self._made = cycle([locale.name(chance) for _ in range(_POOL)])

    def name(self) -> str:
        """Return a name as people of the locale write it."""
        return next(self._made)

    def parts(self) -> dict[str, str]:
        """Return a first and a last name."""
        return self._locale.parts(self._chance)


def _inside(chance: Random, extensions: Extensions, sources: Iterator[_Names], traffic: Traffic) -> Iterator[Party]:
    """Yield the extensions; an awkward one is so in its name only, one with a caller ID of its own in its number only."""
    ways = [way for way in AWKWARD if way.number == Awkward("").number]
    dealt = _dealt(chance, extensions.count, traffic.awkward, ways)
    given = caller_ids(extensions)
    some = _some(chance, extensions.count, traffic.own_caller_id)
    made = {extensions.first + at: CallerId(_OWN.format(1 + at % _OWNS)) for at in some}
    for at, source in zip(range(extensions.count), sources, strict=False):
        number, name = str(extensions.first + at), source.name()
        if way := dealt.get(at):
            name = way.name.format(name=name, foreign=chance.choice(_FOREIGN), **source.parts())
        yield Party(number, name, number, shown=given.get(int(number)) or made.get(int(number)))


def _outside(chance: Random, trunks: Sequence[Trunk], sources: Sequence[_Names], traffic: Traffic) -> Crowd:
    """Return a person of each of *sources*."""
    dealt = _dealt(chance, len(sources), traffic.awkward, AWKWARD)
    found = numbers.drawn(chance, [source.country for source in sources])
    shares = [trunk.channels if trunk.kind == "sip" else 0 for trunk in trunks]
    anybody = tuple(beyond(trunk, at) for at, trunk in enumerate(trunks, 1))
    behind = chance.choices(range(len(trunks)), shares, k=len(sources)) if sources else []
    names, told = [], []
    for at, (source, number) in enumerate(zip(sources, found, strict=True)):
        name, shown = source.name() if chance.random() < traffic.named else "", number.shown
        if way := dealt.get(at):
            name = way.name.format(name=name, foreign=chance.choice(_FOREIGN), **source.parts())
            shown = way.number.format(number=shown, code=number.code, significant=number.significant)
        names.append(name)
        told.append(shown)
    return Crowd(anybody, tuple(behind), tuple(told), tuple(names))


def _dealt(chance: Random, count: int, share: float, ways: Sequence[Awkward]) -> Mapping[int, Awkward]:
    """Return which of *count* parties are awkward, and how: a *share* of them, at least one if there is a share."""
    return dict(zip(_some(chance, count, share), cycle(ways), strict=False))


def _some(chance: Random, count: int, share: float) -> Sequence[int]:
    """Return a *share* of so many, at least one if there is a share, in an order that *chance* decides."""
    return chance.sample(range(count), max(round(share * count), 1)) if count and share else ()
