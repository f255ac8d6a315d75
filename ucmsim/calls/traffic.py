"""Which calls happen: when, between whom, in which shape, and what comes of lines that are taken. Pure.

One model for the history and for live: a history takes its `stories` as they come, `ucmsim.calls.unfolding` asks for
each `story` when its time has come. Chance decides everything before a firmware writes about it, so that neither personality
nor quirk shifts a call.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from random import Random
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ucmsim.calls.arrivals import Arrivals, Rhythm
from ucmsim.calls.casting import Casting
from ucmsim.calls.durations import Durations
from ucmsim.calls.events import KINDS, Party, Role, What
from ucmsim.calls.lines import Lines
from ucmsim.calls.locales import Locales
from ucmsim.calls.odds import Odds
from ucmsim.calls.parties import analogue_lines, channels_of, outsiders
from ucmsim.calls.people import People
from ucmsim.calls.recorder import over_ami as monitored
from ucmsim.calls.shapes import BY_ID, SHAPES, Shape, Story
from ucmsim.calls.stage import Stage, example
from ucmsim.instants import NEVER, microseconds
from ucmsim.settings import Extensions, Pbx, Recording, Trunk
from ucmsim.settings import Traffic as Settings

_FEATURES = frozenset(Role) - {Role.EXTENSION, Role.OUTSIDE, Role.ANALOGUE, Role.MAILBOX, Role.HELPER}
"""Roles with numbers of their own; an extension that has one of these takes it from the feature."""
_HOLDING = (What.ANSWER, What.PICK_UP, What.ENTER, What.PARK)
_RUNG = (What.DIAL, What.ANSWER)
_HELD = (Role.EXTENSION, Role.OUTSIDE, Role.ANALOGUE, Role.CONFERENCE, Role.SLOT)
"""Who and what takes one call at a time, or a trunk as many as it has channels: one outside from the first ring on."""
_TRIES = 5
"""Callers that are tried before a call does not happen because everybody talks."""
DISPOSITIONS: Mapping[str, str] = MappingProxyType({
    "ANSWERED": "answered", "NO ANSWER": "no_answer", "BUSY": "busy", "FAILED": "failed",
})  # fmt: skip
"""What CDRs call the dispositions, and what the settings do."""


@dataclass(frozen=True)
class Office:
    """Who and what there is: the settings that calls are made up from, the people, and when the unit restarts.

    That there are people is known before who they are: they are *gathered* when somebody asks for them, which takes time.
    """

    extensions: Extensions
    trunks: tuple[Trunk, ...]
    recording: Recording
    traffic: Settings
    zone: ZoneInfo
    gathered: Callable[[], People]
    restarts: tuple[int, ...] = ()

    @classmethod
    def of(cls, pbx: Pbx, chance: Random, grouping: Random, locales: Locales) -> Office:
        """Return the office that the settings of a *pbx* describe.

        *chance* makes up its people, with names of *locales*, and *grouping* their groups; nobody else may use either.
        """
        gathered = partial(People.of, pbx.extensions, pbx.trunks, pbx.traffic, chance, grouping, locales=locales)
        return cls(pbx.extensions, pbx.trunks, pbx.recording, pbx.traffic, pbx.time_zone, gathered, restarts(pbx))

    @cached_property
    def people(self) -> People:
        """Who there is."""
        return self.gathered()


def restarts(pbx: Pbx) -> tuple[int, ...]:
    """Return the instants at which the settings of a *pbx* restart it, in order."""
    return tuple(sorted(map(microseconds, pbx.restarts)))


class Traffic:
    """The calls of one office from an instant on, each a story of one shape or more channels.

    *chance* decides what happens, *recording* which calls are recorded, so that the one shifts nothing of the other.
    *lines* are those that are taken already; without them all are free. Who there is it asks with its first call.
    """

    def __init__(
        self, office: Office, calls_per_day: float, chance: Random, recording: Random, lines: Lines | None = None
    ) -> None:
        self._office = office
        self._recorder = recording
        self._recorded = tuple(kind for kind in KINDS if kind.lower() in office.recording.kinds)
        settings = office.traffic
        self._arrivals = Arrivals.of(Rhythm.of(settings, office.zone, calls_per_day), chance)
        self._dispositions = Odds.of({name: getattr(settings.dispositions, key) for name, key in DISPOSITIONS.items()})
        self._kinds = _kinds(office)
        self._lines = lines or Lines(channels_of(office.trunks))
        self._chance = chance
        self.blocked = 0

    @cached_property
    def _durations(self) -> Durations:
        return Durations.of(self._office.traffic)

    @cached_property
    def _shapes(self) -> Mapping[tuple[str, str], Odds[Shape]]:
        return _shapes(self._office)

    @cached_property
    def _casting(self) -> Casting:
        return Casting.of(self._office.people, self._office.trunks, self._office.traffic, self._chance)

    def stories(self, since: int, until: int | None = None) -> Iterator[Story]:
        """Yield the calls that begin from *since* until before *until*, in order; those that find no line are none."""
        for start in self.starts(since, until):
            if story := self.story(start):
                yield story

    def starts(self, since: int, until: int | None = None) -> Iterator[int]:
        """Yield the instants from *since* until before *until* at which calls begin, in order; each is that of a `story`."""
        return iter(()) if self._kinds is None else self._arrivals.between(since, until)

    def story(self, start: int) -> Story | None:
        """Return the call that begins at *start*, None if it finds no line; ask about each start once, in order."""
        return self._story(start, self._kinds.draw(self._chance)) if self._kinds else None

    def take(self, story: Story) -> None:
        """Let the calls of *story*, which happen whatever is taken, take their lines; what begins meanwhile finds these taken."""
        self._lines.hold(min(call.start for call in story), self._end(story), *_places(story))

    def restart(self, at: int) -> None:
        """Let the unit restart at the instant *at*, up to which calls have begun: all lines are free."""
        self._lines = self._lines.emptied(at)

    def up(self, at: int, besides: int) -> Lines:
        """Return the lines that are taken at the instant *at*, without what begins later, but not after *besides*."""
        return self._lines.up(at, besides)

    def _story(self, start: int, kind: str) -> Story | None:
        chance = self._chance
        shape = self._shapes[kind, self._dispositions.draw(chance)].draw(chance)
        recorded, over_ami = self._recording()
        lasts = self._durations.drawn(chance)
        for _ in range(_TRIES):
            stage = self._casting.stage(start, kind, shape, lasts, self._talks, recorded=recorded)
            if story := self._taken(stage, kind, shape, over_ami=over_ami):
                return story
            if stage.target and stage.target.trunk:  # it arrives all the same, and cannot go on
                stage = stage._replace(congested=True)
                if story := self._taken(stage, kind, shape, over_ami=over_ami):
                    self.blocked += 1
                    return story
            trunks = Counter(place for place in _places(shape.story(stage, kind)) if place.startswith("trunk_"))
            if trunks:
                if not all(self._lines.free(place, start, count) for place, count in trunks.items()):
                    return self._no_channel(stage, kind)
            elif kind == "Internal" and self._talks(stage.inside[1], start) and not self._talks(stage.inside[0], start):
                return self._engaged(stage, kind)
        return None

    def _taken(self, stage: Stage, kind: str, shape: Shape, *, over_ami: bool) -> Story | None:
        """Return the story of *shape* with the lines that it takes, None where one of them is not free."""
        story = shape.story(stage, kind)
        if over_ami:
            story = monitored(story)
        return story if self._lines.seize(stage.start, self._end(story), *_places(story)) else None

    def _talks(self, party: Party, at: int) -> bool:
        return not self._lines.free(party.place, at)

    def _end(self, story: Story) -> int:
        """Return when the lines of *story* are free again: when all of it is over, or the unit restarts."""
        restarts = self._office.restarts
        at = bisect_right(restarts, min(call.start for call in story))
        over = max(NEVER if call.ended is None else call.ended for call in story)
        return min(over, restarts[at]) if at < len(restarts) else over

    def _recording(self) -> tuple[tuple[str, ...], bool]:
        """Return of which kinds the next call is recorded, and whether it is a program that begins that, over AMI."""
        settings, chance = self._office.recording, self._recorder
        recorded = chance.random() < settings.share
        return self._recorded if recorded else (), settings.ami > 0 and chance.random() < settings.ami

    def _no_channel(self, stage: Stage, kind: str) -> Story | None:
        """Return what comes of a call that finds every channel of its trunk taken: from outside it never arrives."""
        self.blocked += 1
        if kind != "Outbound":
            return None
        story = BY_ID["congestion"].story(stage._replace(lasts=_at_once, account=""), kind)
        return story if self._lines.seize(stage.start, self._end(story), stage.inside[0].place) else None

    def _engaged(self, stage: Stage, kind: str) -> Story | None:
        """Return what comes of a call to somebody who talks already: busy, as soon as calls meet with busy."""
        story = BY_ID["busy"].story(stage, kind)
        return story if self._lines.seize(stage.start, self._end(story), stage.inside[0].place) else None


def _at_once(_phase: object, _time: int = 0) -> int:
    return 0


def _kinds(office: Office) -> Odds[str] | None:
    """Return how often a call is of which kind; None where none can be."""
    shares = office.traffic.kinds
    outside = outsiders(office.trunks, office.traffic) > 0
    able = {
        "Internal": shares.internal if office.extensions.count > 1 else 0,
        "Inbound": shares.inbound if outside else 0,
        "Outbound": shares.outbound if outside else 0,
    }
    return Odds.of(able) if any(able.values()) else None


def _shapes(office: Office) -> Mapping[tuple[str, str], Odds[Shape]]:
    """Return how often a call of a kind and a disposition has which shape: the plainest where none has a weight."""
    weights, found = dict(office.traffic.shapes), {}
    there = [shape for shape in SHAPES if not shape.analogue or analogue_lines(office.trunks)]
    for kind in KINDS:
        able = [shape for shape in there if kind in shape.kinds and _fits(shape, kind, office.extensions)]
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


@cache
def features(shape: Shape, kind: str = "") -> frozenset[str]:
    """Return the numbers of the features that a call of *shape* meets, and of *kind*, or the first that it can be.

    They are kept, for every PBX asks for those of all shapes: a millisecond each time.
    """
    return frozenset(
        party.number
        for call in shape.story(example(), kind)
        for party in (call.callee, *(event.to for event in call.events if event.to))
        if party.role in _FEATURES
    )


def _places(story: Story) -> tuple[str, ...]:
    """Return the lines that *story* takes: who talks, a trunk's channel for each number outside, a room, a slot, a port."""
    calling: list[Party] = []  # apart, as whoever calls himself from outside has two channels
    held: list[Party] = []
    for call in story:
        caller = call.caller
        known = calling if caller.role is Role.OUTSIDE else held
        if caller.role in _HELD and caller not in known:
            known.append(caller)
        for event in call.events:
            to = event.to
            if to is None or to.role not in _HELD or event.what not in (_RUNG if to.role is Role.OUTSIDE else _HOLDING):
                continue
            if to not in held:
                held.append(to)
    return tuple([_place(party) for party in (*calling, *held)])


def _place(party: Party) -> str:
    """Return which line *party* takes; a port has the number that an extension may have too."""
    return f"port {party.port}" if party.port else party.place
