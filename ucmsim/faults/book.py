"""The book of what is armed on one PBX: arm, list, change, disarm, clear, and settle what acts. Pure but for its counters.

Touched in the reactor thread only. What was settled before a fault is taken away goes on to its end; beside that its counters
are remembered for a while.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar, cast

from ucmsim.cdr.sight import Chosen
from ucmsim.clock import When
from ucmsim.errors import listed
from ucmsim.faults.arming import Arming, arming
from ucmsim.faults.conditions import Asked, Facts
from ucmsim.faults.planes import Fault, Fired, Moment
from ucmsim.faults.said import FaultRefused, NotArmed, Said
from ucmsim.faults.terms import Terms
from ucmsim.settings import HIDDEN

V = TypeVar("V")

REMEMBERED = 1000
"""Faults that are known after they are gone, and names of some."""


@dataclass(slots=True)
class Armed:
    """An arming at work: since when, how often its conditions matched, and how often it acted.

    *id* is no other arming's, also where the name is.
    """

    arming: Arming
    chance: Random
    since: float = 0.0
    matched: int = 0
    fired: int = 0
    drawn: float | None = None
    id: int = 0

    @property
    def fired_name(self) -> Fired:
        """Its name, as what fired is told by."""
        return Fired.of(self.arming.name, self.arming.kind.id)

    def as_json(self) -> dict[str, Any]:
        """Return the mapping that arms it again, its counters, and which arming it is."""
        return {**self.arming.as_json(), "matched": self.matched, "fired": self.fired, "id": self.id}

    def is_over(self, wall: float) -> bool:
        """Return whether its time to live has passed at *wall* seconds."""
        ttl = self.arming.terms.ttl
        return ttl is not None and wall - self.since >= ttl

    def considers(self, moment: Moment, facts: Facts, when: When) -> bool:
        """Return whether everything but *nth*, *times* and *chance* holds."""
        fault, terms = self.arming.fault, self.arming.terms
        if fault.moment is not moment or not terms.is_on(when):
            return False
        if getattr(fault, "of_recordings", False) and not (facts.asked and facts.asked.recordings):
            return False
        of_peer = getattr(fault, "concerns", None)
        return (of_peer is None or of_peer(facts.peer)) and terms.when.holds(facts, of_store=_of_store(fault))

    def would_fire(self, when: When) -> bool:
        """Return whether the next match acts.

        Where there is a choice, one number is drawn from the fault's own stream for each match that is counted, however
        often it is asked before: an exchange that ends in the challenge asks and does not count.
        """
        number, terms = self.matched + 1, self.arming.terms
        if terms.when.nth is not None and number not in terms.when.nth:
            return False
        if terms.times is not None and self.fired >= terms.times:
            return False
        chance = terms.chance_at(when, self.since)
        if chance >= 1.0 and terms.ramp is None:
            return True
        if self.drawn is None:
            self.drawn = self.chance.random()
        return self.drawn < chance

    def count(self, *, fires: bool) -> None:
        """Count one match, and whether the fault acted on it."""
        self.matched += 1
        self.fired += fires
        self.drawn = None


@dataclass(frozen=True, slots=True)
class Considered:
    """One fault that was looked at: *acts* is what it does, None when it does nothing.

    *about* are the rows or files that its conditions choose, by AcctId or name; None = all that there are.
    """

    armed: Armed
    acts: Fault | None
    about: frozenset[str] | Chosen | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What the faults of one moment do to one connection or request; not counted until `count` is called."""

    considered: tuple[Considered, ...] = ()

    @property
    def acting(self) -> tuple[Considered, ...]:
        return tuple(one for one in self.considered if one.acts is not None)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.armed.fired_name for one in self.acting)

    def applied(self, value: V) -> V:
        """Return what the faults that act make of *value*, the one of their moment, in the order of arming."""
        for one in self.acting:
            if hasattr(value, "about"):  # who acts on rows or files is told which
                value = replace(value, about=one.about)  # type: ignore[type-var]
            value = cast("Callable[[V], V]", one.acts)(value)
        return value

    def count(self) -> None:
        """Make it so: what matched is counted, what fired has fired."""
        for one in self.considered:
            one.armed.count(fires=one.acts is not None)

    def without(self, names: Collection[str]) -> Settled:
        """Return what of it is about other faults than those with these *names*."""
        return Settled(tuple(one for one in self.considered if one.armed.arming.name not in names))

    def about_authentication(self) -> Settled:
        """Return what of it also holds where an exchange ends in the Digest challenge."""
        return Settled(tuple(one for one in self.considered if one.armed.arming.kind.challenges))


NOTHING = Settled()


def _of_store(fault: Fault) -> bool:
    return bool(getattr(fault, "of_store", False))


def _about(arming: Arming, asked: Asked) -> frozenset[str] | Chosen | None:
    """Return the rows or files that the conditions of *arming* choose among what is asked for, None if they do not."""
    when = arming.when
    if arming.fault.moment is Moment.SEARCH:
        return when.chosen if _of_store(arming.fault) else None
    if arming.fault.moment is Moment.MEDIA:
        return None if when.recording is None else when.files_of(asked)
    return when.rows_of(asked) if when.chooses_rows else None


def _unheard() -> None:
    """Tell nobody."""


def _unlearnt(_arming: Arming) -> None:
    """Remember nothing."""


@dataclass(slots=True)
class FaultBook:
    """The faults armed on one PBX, in the order in which they were armed.

    *stream* makes the random stream of a fault from its name. *changed* is called when a fault has come, changed or gone.
    *names* are those of the latest that were ever armed, which events may still tell. *learns* is called with what is armed,
    and with what that is after a change. The latest `REMEMBERED` that are *gone* are kept with their counters, in the order
    in which they went.
    """

    stream: Callable[..., Random]
    defects: Collection[str]
    armed: dict[str, Armed] = field(default_factory=dict)
    changed: Callable[[], None] = _unheard
    names: dict[str, None] = field(default_factory=dict)
    learns: Callable[[Arming], object] = _unlearnt
    gone: deque[Armed] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _last: int = 0

    def arm(self, spec: Mapping[str, Any], wall: float) -> Armed:
        """Arm the fault that *spec* describes, at *wall* seconds; raises `FaultRefused`."""
        self.expire(wall)
        found = arming(spec, defects=self.defects, taken=self.armed)
        self.armed[found.name] = one = Armed(found, self.stream(found.name), wall, id=self.number(wall))
        self._remember(found.name)
        self.learns(found)
        self.changed()
        return one

    def number(self, wall: float) -> int:
        """Return the id of what is armed at *wall* seconds: microseconds of the wall clock, so that another universe has others."""
        self._last = max(self._last + 1, int(wall * 1_000_000))
        return self._last

    def listed(self, when: When) -> list[Armed]:
        """Return what is armed at *when*, in order."""
        self.expire(when.wall)
        return list(self.armed.values())

    def over(self, when: When) -> list[Armed]:
        """Return what is armed no more at *when*, in the order in which it went."""
        self.expire(when.wall)
        return list(self.gone)

    def change(self, name: str, changes: Mapping[str, Any], wall: float) -> Armed:
        """Change fields or terms of the fault called *name*, at *wall* seconds: it keeps its place and its counters.

        What it lives and ramps for counts anew when that is among the changes. Raises `NotArmed` or `FaultRefused`.
        """
        self.expire(wall)
        one = self._find(name)
        fixed = [key for key in ("fault", "name") if key in changes]
        if fixed:
            said = "disarm it and arm another"
            raise FaultRefused(Said((key,), f"'{key}' cannot be changed", said) for key in fixed)
        if not changes:
            may = (*one.arming.kind.fields, *(term for term in Terms.model_fields if term != "name"))
            raise FaultRefused([Said((), "there is nothing to change", f"give {listed(may)}")])
        own, secrets = one.arming.as_json(), one.arming.kind.secrets
        spec = own | {key: own[key] if key in secrets and value == HIDDEN else value for key, value in changes.items()}
        one.arming = arming(spec, defects=self.defects)
        if changes.keys() & {"ttl", "ramp"}:
            one.since = wall
        self.learns(one.arming)
        self.changed()
        return one

    def disarm(self, name: str) -> None:
        """Take the fault called *name* away; raises `NotArmed`, a `KeyError`."""
        self.gone.append(self._find(name))
        del self.armed[name]
        self.changed()

    def clear(self) -> int:
        """Take every fault away; return how many there were."""
        count = len(self.armed)
        self.gone.extend(self.armed.values())
        self.armed.clear()
        self.changed()
        return count

    def expire(self, wall: float) -> None:
        """Take away what has lived its time at *wall* seconds."""
        over = [name for name, one in self.armed.items() if one.is_over(wall)]
        for name in over:
            self.gone.append(self.armed.pop(name))
        if over:
            self.changed()

    def settle(self, moment: Moment, facts: Facts, when: When) -> Settled:
        """Return which faults act at *moment*, at *when*, where the *facts* are known."""
        if not self.armed:
            return NOTHING
        self.expire(when.wall)
        found = [one for one in self.armed.values() if one.considers(moment, facts, when)]
        return Settled(tuple(self._considered(one, facts, when) for one in found))

    def holds(self, one: Armed) -> bool:
        """Return whether *one* itself is armed still, and not only another fault of its name."""
        return self.armed.get(one.arming.name) is one

    def any_at(self, moment: Moment) -> bool:
        """Return whether a fault that is settled at *moment* is armed, whether or not it would act."""
        return any(one.arming.fault.moment is moment for one in self.armed.values())

    def _considered(self, one: Armed, facts: Facts, when: When) -> Considered:
        if not one.would_fire(when):
            return Considered(one, None)
        fault: Any = one.arming.fault
        if hasattr(fault, "numbered"):
            fault = fault.numbered(one.matched + 1)
        if hasattr(fault, "drawn"):
            fault = fault.drawn(self.stream(one.arming.name, str(one.matched + 1)))
        return Considered(one, fault, None if facts.asked is None else _about(one.arming, facts.asked))

    def _remember(self, name: str) -> None:
        self.names.pop(name, None)
        self.names[name] = None
        if len(self.names) > REMEMBERED:
            del self.names[next(iter(self.names))]

    def _find(self, name: str) -> Armed:
        try:
            return self.armed[name]
        except KeyError:
            raise NotArmed(name, self.armed) from None
