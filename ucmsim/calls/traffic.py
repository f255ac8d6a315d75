"""Which calls happen: when, between whom, in which shape, and what comes of lines that are taken. Pure.

One model for the history and for live: `Traffic.stories` goes on for ever, and whoever asks again from an instant on
gets the arrivals of that time. Chance decides everything before a firmware writes about it, so that neither personality
nor quirk shifts a call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from ucmsim.calls.arrivals import Arrivals, Rhythm
from ucmsim.calls.durations import DISPOSITIONS, Outcome, Outcomes
from ucmsim.calls.events import Party, Role, What
from ucmsim.calls.lines import Lines
from ucmsim.calls.odds import Odds
from ucmsim.calls.people import People
from ucmsim.calls.recorder import over_ami as monitored
from ucmsim.calls.shapes import BY_ID, SHAPES, Shape, Story
from ucmsim.calls.stage import Features, Stage, example
from ucmsim.instants import LATEST, SECOND, microseconds
from ucmsim.settings import Extensions, Pbx, Recording, Trunk
from ucmsim.settings import Traffic as Settings

OTHERS = 4
"""Extensions beside the first that a shape may need."""
_NOBODY = Party("", "", "")
_FEATURES = frozenset(Role) - {Role.EXTENSION, Role.OUTSIDE, Role.ANALOGUE, Role.MAILBOX, Role.HELPER}
"""Roles with numbers of their own; an extension that has one of these takes it from the feature."""
_HOLDING = (What.ANSWER, What.PICK_UP, What.ENTER, What.PARK)
_HELD = (Role.EXTENSION, Role.OUTSIDE, Role.ANALOGUE, Role.CONFERENCE, Role.SLOT)
"""Who and what takes one call at a time, or a trunk as many as it has channels: one outside from the first ring on."""
_TRIES = 5
"""Callers that are tried before a call does not happen because everybody talks."""
_NEVER = microseconds(LATEST)
_RINGS_OUT = 60 * SECOND
"""How long a phone rings before its mailbox takes the call: the 60 of Dial(...,60,...), spec 5.6."""
_MESSAGE = (3, 45)
"""Seconds that a message lasts; illustrative."""


@dataclass(frozen=True, slots=True)
class Office:
    """Who and what there is: the settings that calls are made up from, the people, and when the unit restarts."""

    extensions: Extensions
    trunks: tuple[Trunk, ...]
    recording: Recording
    traffic: Settings
    zone: ZoneInfo
    people: People
    restarts: tuple[int, ...] = ()

    @classmethod
    def of(cls, pbx: Pbx, chance: Random) -> Office:
        """Return the office that the settings of a *pbx* describe, with people whom *chance* makes up."""
        people = People.of(pbx.extensions, pbx.trunks, pbx.traffic, chance)
        return cls(pbx.extensions, pbx.trunks, pbx.recording, pbx.traffic, pbx.time_zone, people, restarts(pbx))


def restarts(pbx: Pbx) -> tuple[int, ...]:
    """Return the instants at which the settings of a *pbx* restart it, in order."""
    return tuple(sorted(map(microseconds, pbx.restarts)))


def prefixes(trunks: Sequence[Trunk]) -> Mapping[str, str]:
    """Return what is dialled before a number behind each of *trunks* that wants a prefix, by place."""
    return {f"trunk_{at}": trunk.prefix for at, trunk in enumerate(trunks, 1) if trunk.prefix}


class Traffic:
    """The calls of one office from an instant on, each a story of one shape or more channels.

    *chance* decides what happens, *recording* which calls are recorded, so that the one shifts nothing of the other.
    *lines* are those that are taken already; without them all are free.
    """

    def __init__(
        self, office: Office, calls_per_day: float, chance: Random, recording: Random, lines: Lines | None = None
    ) -> None:
        self._office = office
        self._recorder = recording
        settings = office.traffic
        self._people, self._contacts = office.people, office.people.contacts
        self._arrivals = Arrivals.of(Rhythm.of(settings, office.zone, calls_per_day), chance)
        self._outcomes = Outcomes.of(settings)
        self._kinds = _kinds(office)
        self._shapes = _shapes(settings, office.extensions)
        self._restarts = list(reversed(office.restarts))
        self._lines = lines or self._free()
        self._features = Features.usual()
        self._prefixes = prefixes(office.trunks)
        self._chance = chance
        self.blocked = 0

    def stories(self, since: int, until: int | None = None) -> Iterator[Story]:
        """Yield the calls that begin from *since* until before *until*, in order; those that find no line are none."""
        if self._kinds is None:
            return
        for start in self._arrivals.between(since, until):
            while self._restarts and self._restarts[-1] <= start:
                self._restarts.pop()
                self._lines = self._free()
            if story := self._story(start, self._kinds.draw(self._chance)):
                yield story

    def up(self, at: int) -> Lines:
        """Return the lines that are taken at the instant *at*."""
        return self._lines.up(at)

    def _free(self) -> Lines:
        return Lines({f"trunk_{at}": trunk.channels for at, trunk in enumerate(self._office.trunks, 1)})

    def _story(self, start: int, kind: str) -> Story | None:
        chance = self._chance
        outcome = self._outcomes.draw(chance)
        shape = self._shapes[kind, outcome.disposition].draw(chance)
        recorded, over_ami = self._recording()
        if outcome.disposition == "NO ANSWER":
            message = int(chance.uniform(*_MESSAGE) * SECOND)
            outcome = outcome._replace(talked=message, rang=_RINGS_OUT if shape.rings_out else outcome.rang)
        for _ in range(_TRIES):
            stage = self._stage(start, kind, shape, outcome, recorded=recorded)
            story = self._unrecorded(shape.story(stage, kind), over_ami=over_ami)
            places = _places(story)
            if self._lines.seize(start, self._end(story), *places):
                return story
            if trunks := [place for place in places if place.startswith("trunk_")]:
                if not all(self._lines.free(place, start, count) for place, count in Counter(trunks).items()):
                    return self._no_channel(stage, kind)
            elif kind == "Internal" and self._talks(stage.inside[1], start) and not self._talks(stage.inside[0], start):
                return self._engaged(stage, kind)
        return None

    def _talks(self, party: Party, at: int) -> bool:
        return not self._lines.free(party.place, at)

    def _end(self, story: Story) -> int:
        """Return when the lines of *story* are free again: one that does not end takes them until the unit restarts."""
        if all(call.ended is not None for call in story):
            return max(call.events[-1].at for call in story)
        return self._restarts[-1] if self._restarts else _NEVER

    def _recording(self) -> tuple[bool, bool]:
        """Return whether the next call is recorded, and whether it is a program that begins that, over AMI."""
        settings, chance = self._office.recording, self._recorder
        recorded = chance.random() < settings.share
        return recorded, settings.ami > 0 and chance.random() < settings.ami

    def _unrecorded(self, story: Story, *, over_ami: bool = False) -> Story:
        """Return *story* without the recording of calls of kinds that are not recorded."""
        kinds = self._office.recording.kinds
        story = tuple(call if call.kind.lower() in kinds else call._replace(recorded=False) for call in story)
        return monitored(story) if over_ami else story

    def _no_channel(self, stage: Stage, kind: str) -> Story | None:
        """Return what comes of a call that finds every channel of its trunk taken: from outside it never arrives."""
        self.blocked += 1
        if kind != "Outbound":
            return None
        story = self._unrecorded(BY_ID["congestion"].story(replace(stage, ring=0, account=""), kind))
        return story if self._lines.seize(stage.start, self._end(story), stage.inside[0].place) else None

    def _engaged(self, stage: Stage, kind: str) -> Story | None:
        """Return what comes of a call to somebody who talks already: busy, as soon as calls meet with busy."""
        rang = self._outcomes.ring["BUSY"].draw(self._chance)
        story = self._unrecorded(BY_ID["busy"].story(replace(stage, ring=rang), kind))
        return story if self._lines.seize(stage.start, self._end(story), stage.inside[0].place) else None

    def _stage(self, start: int, kind: str, shape: Shape, outcome: Outcome, *, recorded: bool) -> Stage:
        contacts, chance = self._contacts, self._chance
        first = contacts.active(chance)
        outside = beyond = _NOBODY
        if kind == "Inbound":
            outside = (contacts.callee if shape.has_number else contacts.caller)(first, chance)
            beyond = contacts.callee(first, chance, besides=outside)
        elif kind == "Outbound":
            outside = contacts.callee(first, chance)
        inside = tuple(self._people.extensions[at] for at in (first, *self._others(first, kind, shape)))
        return Stage(
            inside, outside, beyond, start, 0, outcome.rang, outcome.talked, outcome.rang, recorded,
            prefix=self._prefixes.get((beyond if kind == "Inbound" else outside).place, ""),
            account=chance.choice(self._people.codes) if shape.coded else "", features=self._features,
        )  # fmt: skip

    def _others(self, first: int, kind: str, shape: Shape) -> Sequence[int]:
        """Return other extensions, as many as *shape* may have parts for: a colleague, and whoever there is."""
        chance, count = self._chance, len(self._people.extensions)
        if count == 1 or (kind != "Internal" and shape.needs == 1):
            return ()
        second = self._contacts.colleague(first, chance)
        if shape.needs == 1:
            return (second,)
        spare = (at for at in chance.sample(range(count), min(count, OTHERS + 2)) if at not in (first, second))
        return (second, *islice(spare, OTHERS - 1))


def _kinds(office: Office) -> Odds[str] | None:
    """Return how often a call is of which kind; None where none can be."""
    shares = office.traffic.kinds
    able = {
        "Internal": shares.internal if office.extensions.count > 1 else 0,
        "Inbound": shares.inbound if office.trunks else 0,
        "Outbound": shares.outbound if office.trunks else 0,
    }
    return Odds.of(able) if any(able.values()) else None


def _shapes(settings: Settings, extensions: Extensions) -> Mapping[tuple[str, str], Odds[Shape]]:
    """Return how often a call of a kind and a disposition has which shape: the plainest where none has a weight."""
    weights = dict(settings.shapes)
    found = {}
    for kind in ("Internal", "Inbound", "Outbound"):
        able = [shape for shape in SHAPES if kind in shape.kinds and _fits(shape, kind, extensions)]
        for disposition in DISPOSITIONS:
            turning = [shape for shape in able if shape.turns == disposition]
            shares = [weights[shape.id.replace("-", "_")] for shape in turning]
            found[kind, disposition] = Odds(turning, shares) if any(shares) else Odds(turning[:1], [1])
    return found


def _fits(shape: Shape, kind: str, extensions: Extensions) -> bool:
    """Return whether there are the extensions that *shape* needs, and none has the number of a feature in it."""
    numbers = range(extensions.first, extensions.first + extensions.count)
    taken = (number.isdecimal() and int(number) in numbers for number in features(shape, kind))
    return shape.needs <= extensions.count and not any(taken)


def features(shape: Shape, kind: str = "") -> frozenset[str]:
    """Return the numbers of the features that a call of *shape* meets, and of *kind*, or the first that it can be."""
    return frozenset(
        party.number
        for call in shape.story(example(), kind)
        for party in (call.callee, *(event.to for event in call.events if event.to))
        if party.role in _FEATURES
    )


def _places(story: Story) -> tuple[str, ...]:
    """Return the lines that *story* takes: who talks, a trunk's channel for each number outside, a room, a slot, a port."""
    held: dict[tuple[Party, bool], None] = {}  # whoever calls himself from outside has two channels
    for call in story:
        held[call.caller, call.caller.role is Role.OUTSIDE] = None
        for event in call.events:
            to = event.to
            if to is not None and (event.what in _HOLDING or to.role is Role.OUTSIDE):
                held[to, False] = None
    return tuple(party.port or party.place for party, _ in held if party.role in _HELD)
