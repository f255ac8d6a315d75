"""Arming: which fault, when, how often, with what chance; and the book of what is armed on one PBX.

The JSON form is one mapping: `fault` names the kind, its own fields sit beside it, `name`, `when`, `times` and
`chance` belong to the arming. The fault itself knows none of these.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ucmsim.errors import did_you_mean, listed
from ucmsim.faults.api import AddressEntry, Deny, concerns
from ucmsim.faults.kinds import BY_ID, Fault, Kind
from ucmsim.faults.planes import Moment
from ucmsim.faults.tls import Certificate
from ucmsim.request import handler_of
from ucmsim.settings import due_of

V = TypeVar("V")

_LATER = ("after", "until", "ramp", "ttl")
_LATER_WHEN = ("page", "offset", "user", "personality", "format", "recording", "acctid", "shape")
_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that is wrong with a fault as it was written: where in its mapping, what, and what would be right."""

    path: tuple[str | int, ...]
    wrong: str
    right: str = ""


class FaultRefused(Exception):
    """A fault cannot be armed; *said* names every reason."""

    def __init__(self, said: Iterable[Said]) -> None:
        self.said = tuple(said)
        super().__init__("; ".join(f"{'.'.join(map(str, one.path))}: {one.wrong}" for one in self.said))


def _some(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if not numbers:
        raise ValueError("an empty list matches nothing; leave it out to match everything")
    return numbers


class Condition(BaseModel):
    """`when`: what must all hold for the fault to act; nothing given means everything.

    *path* is a path of the PBX, *nth* counts what matched the rest since arming from 1, *client* covers the peer.
    """

    model_config = _STRICT

    path: Annotated[str, Field(pattern=r"^/")] | None = None
    nth: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False), AfterValidator(_some)] | None = None
    client: AddressEntry | None = None

    @property
    def handler(self) -> str | None:
        return None if self.path is None else handler_of(self.path)


class _Terms(BaseModel):
    """The part of the mapping that belongs to the arming."""

    model_config = _STRICT

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")] | None = None
    when: Condition = Field(default_factory=Condition)
    times: Annotated[int, Field(ge=1)] | None = None
    chance: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0


@dataclass(frozen=True, slots=True)
class Arming:
    """A fault and its terms, valid as a whole."""

    kind: Kind
    fault: Fault
    name: str
    when: Condition
    times: int | None
    chance: float

    def as_json(self) -> dict[str, Any]:
        """Return the mapping that arms this again."""
        when = self.when.model_dump(exclude_none=True, mode="json")
        terms = {"when": when, "times": self.times, "chance": self.chance}
        return {"name": self.name, "fault": self.kind.id, **asdict(self.fault), **terms}


def arming(spec: Mapping[str, Any], *, defects: Collection[str], taken: Collection[str] = ()) -> Arming:
    """Return what *spec*, the JSON form of a fault, arms.

    *defects* are the ids `tls.certificate` may name, and in a mapping the reasons why some cannot be shown; *taken* are
    the names already in use. Raises `FaultRefused` with everything that is wrong.
    """
    kind = _kind(spec)
    terms_keys = set(_Terms.model_fields)
    own = {key: value for key, value in spec.items() if key != "fault" and key not in terms_keys}
    said = [_later(key) if key in _LATER else _unknown(kind, key) for key in own if key not in kind.fields]
    fault = _read(lambda: _record(kind, own), said, (*kind.fields, *terms_keys))
    given = {key: value for key, value in spec.items() if key in terms_keys}
    terms = _read(lambda: _Terms.model_validate(given), said, Condition.model_fields)
    if isinstance(fault, Certificate) and fault.defect not in defects:
        hint = did_you_mean(fault.defect, defects) or "'ucmsim show defects' lists them all"
        said.append(Said(("defect",), f"there is no defect '{fault.defect}'", hint))
    elif isinstance(fault, Certificate) and isinstance(defects, Mapping) and (why := defects[fault.defect]):
        said.append(Said(("defect",), f"the defect '{fault.defect}' cannot be shown", why))
    if fault and terms and terms.when.path is not None and not fault.moment.knows_path:
        right = f"{kind.id} is settled {fault.moment.value}, when no request has been read: leave it out"
        said.append(Said(("when", "path"), "the path cannot be known", right))
    if terms and terms.name in taken:
        said.append(Said(("name",), f"a fault named '{terms.name}' is armed already", "choose another name"))
    if said or fault is None or terms is None:
        raise FaultRefused(said)
    return Arming(kind, fault, terms.name or _free_name(kind, taken), terms.when, terms.times, terms.chance)


@dataclass(slots=True)
class Armed:
    """An arming at work: how often its conditions matched, and how often it acted."""

    arming: Arming
    chance: Random
    matched: int = 0
    fired: int = 0
    _drawn: float | None = None

    def considers(self, moment: Moment, peer: str, handler: str | None) -> bool:
        """Return whether everything but *nth*, *times* and *chance* holds."""
        fault, when = self.arming.fault, self.arming.when
        if fault.moment is not moment or not concerns(when.client, peer):
            return False
        if when.handler is not None and when.handler != handler:
            return False
        return not isinstance(fault, Deny) or fault.concerns(peer)

    def would_fire(self) -> bool:
        """Return whether the next match acts.

        Where there is a choice, one number is drawn from the fault's own stream for each match that is counted, however
        often it is asked before: an exchange that ends in the challenge asks and does not count.
        """
        number, terms = self.matched + 1, self.arming
        if terms.when.nth is not None and number not in terms.when.nth:
            return False
        if terms.times is not None and self.fired >= terms.times:
            return False
        if terms.chance >= 1.0:
            return True
        if self._drawn is None:
            self._drawn = self.chance.random()
        return self._drawn < terms.chance

    def count(self, *, fires: bool) -> None:
        """Count one match, and whether the fault acted on it."""
        self.matched += 1
        self.fired += fires
        self._drawn = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What the faults of one moment do to one connection or request; not counted until `count` is called."""

    considered: tuple[tuple[Armed, bool], ...] = ()

    @property
    def fires(self) -> tuple[Fault, ...]:
        return tuple(armed.arming.fault for armed, fires in self.considered if fires)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(armed.arming.name for armed, fires in self.considered if fires)

    def applied(self, value: V) -> V:
        """Return what the faults that fire make of *value*, the one of their moment."""
        for fault in self.fires:
            value = cast("Callable[[V], V]", fault)(value)
        return value

    def count(self) -> None:
        """Make it so: what matched is counted, what fired has fired."""
        for armed, fires in self.considered:
            armed.count(fires=fires)


@dataclass(slots=True)
class FaultBook:
    """The faults armed on one PBX, in the order in which they were armed; touched in the reactor thread only.

    *stream* makes the random stream of a fault from its name.
    """

    stream: Callable[[str], Random]
    defects: Collection[str]
    armed: dict[str, Armed] = field(default_factory=dict)

    def arm(self, spec: Mapping[str, Any]) -> Armed:
        """Arm the fault that *spec* describes; raises `FaultRefused`."""
        terms = arming(spec, defects=self.defects, taken=self.armed)
        self.armed[terms.name] = Armed(terms, self.stream(terms.name))
        return self.armed[terms.name]

    def disarm(self, name: str) -> None:
        """Take the fault called *name* away; raises `KeyError` when there is none."""
        del self.armed[name]

    def clear(self) -> None:
        """Take every fault away."""
        self.armed.clear()

    def settle(self, moment: Moment, peer: str, handler: str | None = None) -> Settled:
        """Return which faults act at *moment* on *peer* (and the path's *handler*, once it is known)."""
        if not self.armed:
            return Settled()
        considered = [armed for armed in self.armed.values() if armed.considers(moment, peer, handler)]
        return Settled(tuple((armed, armed.would_fire()) for armed in considered))

    def any_at(self, moment: Moment) -> bool:
        """Return whether a fault that is settled at *moment* is armed, whether or not it would act."""
        return any(armed.arming.fault.moment is moment for armed in self.armed.values())


def _kind(spec: Mapping[str, Any]) -> Kind:
    name = spec.get("fault")
    if name is None:
        raise FaultRefused([Said((), "the key 'fault' is missing", f"it is {listed(BY_ID)}")])
    kind = BY_ID.get(name) if isinstance(name, str) else None
    if kind is None:
        hint = did_you_mean(str(name), BY_ID) or f"the faults are {listed(BY_ID)}"
        raise FaultRefused([Said(("fault",), f"there is no fault '{name}'", hint)])
    return kind


def _record(kind: Kind, own: Mapping[str, Any]) -> Fault:
    adapter: TypeAdapter[Fault] = TypeAdapter(kind.record)
    return adapter.validate_python({key: value for key, value in own.items() if key in kind.fields})


def _unknown(kind: Kind, key: str) -> Said:
    known = (*kind.fields, *_Terms.model_fields)
    return Said((key,), f"{kind.id} has no field '{key}'", did_you_mean(key, known) or f"it has {listed(kind.fields)}")


def _read(read: Callable[[], Any], said: list[Said], known: Iterable[str]) -> Any:
    """Return what *read* returns; what it finds wrong is added to *said* and None returned."""
    try:
        return read()
    except ValidationError as error:
        said.extend(_said(detail, known) for detail in error.errors(include_url=False))
    return None


def _said(detail: ErrorDetails, known: Iterable[str]) -> Said:
    path = tuple(detail["loc"])
    if detail["type"] == "extra_forbidden":
        key = str(path[-1])
        if key in _LATER_WHEN:
            return _later(key, path)
        return Said(path, f"there is no condition '{key}'", did_you_mean(key, known) or f"there is {listed(known)}")
    if detail["type"] == "missing":
        return Said(path[:-1], f"the key '{path[-1]}' is missing", "it must be given")
    if detail["type"] == "value_error":
        return Said(path, str(detail["ctx"]["error"]))
    shown = detail["input"] if isinstance(detail["input"], str | int | float) else _kind_of(detail["input"])
    due = _PATTERNS.get(str(path[-1])) if detail["type"] == "string_pattern_mismatch" and path else None
    return Said(path, f"{shown!r} cannot stand here", due or _DUE.get(detail["type"]) or due_of(detail))


_PATTERNS = MappingProxyType(
    {
        "name": "a name has lower-case letters, digits, dots, hyphens and underscores",
        "path": "a path begins with '/', such as /cdrapi",
    }
)
_DUE = MappingProxyType({"tuple_type": "a list is due, such as [2]", "string_type": "a text is due"})


def _kind_of(value: object) -> str:
    return "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"


def _later(key: str, path: tuple[str | int, ...] | None = None) -> Said:
    return Said(path or (key,), f"'{key}' cannot be used yet", "it comes with the whole fault layer")


def _free_name(kind: Kind, taken: Collection[str]) -> str:
    base = kind.id.replace(".", "-")
    numbers = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(name for name in numbers if name not in taken)
