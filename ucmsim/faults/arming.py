"""Arming: from the mapping in which a fault is written to the fault and its terms, or all that is wrong with it. Pure.

`fault` names the kind, its own fields sit beside it, the rest are the terms. The fault itself knows none of these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ucmsim.calls.shapes import BY_ID as SHAPES
from ucmsim.calls.shapes import no_shape
from ucmsim.errors import did_you_mean, listed
from ucmsim.faults.conditions import OF_A_REQUEST, Condition, Span
from ucmsim.faults.kind import Kind
from ucmsim.faults.kinds import BY_ID
from ucmsim.faults.planes import Fault, Moment
from ucmsim.faults.said import FaultNameTaken, FaultRefused, Said
from ucmsim.faults.terms import Terms
from ucmsim.settings import HIDDEN, due_of


@dataclass(frozen=True, slots=True)
class Arming:
    """A fault and its terms, valid as a whole."""

    kind: Kind
    fault: Fault
    terms: Terms

    @property
    def name(self) -> str:
        return self.terms.name or ""

    @property
    def when(self) -> Condition:
        return self.terms.when

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets in it, but those that everybody knows as the defaults of its kind."""
        given = (getattr(self.fault, name) for name in self.kind.secrets)
        return tuple(one for one in given if one and one not in self.kind.known)

    def as_json(self) -> dict[str, Any]:
        """Return the mapping that arms this again."""
        own = {name: _plain(getattr(self.fault, name)) for name in self.kind.fields}
        return {"name": self.name, "fault": self.kind.id, **own, **self.terms.as_json()}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def arming(spec: Mapping[str, Any], *, defects: Collection[str], taken: Collection[str] = ()) -> Arming:
    """Return what *spec*, the JSON form of a fault, arms.

    *defects* are the ids `tls.certificate` may name, and in a mapping the reasons why some cannot be shown; *taken* are
    the names already in use. Raises `FaultRefused` with everything that is wrong, `FaultNameTaken` where that
    is only its name.
    """
    kind = _kind(spec)
    terms_keys = set(Terms.model_fields)
    own = {key: value for key, value in spec.items() if key != "fault" and key not in terms_keys}
    said = [_unknown(kind, key) for key in own if key not in kind.fields]
    wrong: list[Said] = []
    fault = _read(lambda: _record(kind, own), wrong, (*kind.fields, *terms_keys))
    meant = {one.right for one in said}
    missed = (one for one in wrong if f"did you mean '{one.missing}'?" not in meant)
    said += _each_field_once(_unquoted(kind, one) for one in missed)
    given = {key: value for key, value in spec.items() if key in terms_keys}
    terms = _read(lambda: Terms.model_validate(given), said, Condition.model_fields)
    if fault is not None and (objections := getattr(fault, "objections", None)):
        said += objections(defects)
    if fault and terms:
        said += _unknowable(kind, fault, terms)
    if terms and terms.name in taken:
        said.append(Said(("name",), f"a fault named '{terms.name}' is armed already", "choose another name"))
        if len(said) == 1:
            raise FaultNameTaken(said)
    if said or fault is None or terms is None:
        raise FaultRefused(said)
    name = terms.name or _free_name(kind, taken)
    return Arming(kind, fault, terms.model_copy(update={"name": name}))


def _unquoted(kind: Kind, said: Said) -> Said:
    """Return what is *said* of a field without the secret that may stand in it."""
    if not set(said.path[:1]) & set(kind.secrets) or HIDDEN in said.wrong:
        return said
    return Said(said.path[:1], "what stands here can be no secret", "write 1 to 128 printable characters, in quotes")


def _unknowable(kind: Kind, fault: Fault, terms: Terms) -> Iterable[Said]:
    """Yield the conditions that cannot be known when the fault is settled."""
    moment, given = fault.moment, list(terms.when.given())
    if moment is Moment.LISTEN:
        right = f"{kind.id} acts {moment.value}, whoever comes: leave it out"
        yield from (
            Said(("when", name), f"the {name} cannot be known", right) for name in given if name != "personality"
        )
        others = {"times": terms.times is not None, "chance": terms.chance != 1, "ramp": terms.ramp is not None}
        yield from (Said((name,), f"'{name}' has no meaning here", right) for name, there in others.items() if there)
    elif not moment.knows_path:
        right = f"{kind.id} is settled {moment.value}, when no request has been read: leave it out"
        unknown = [name for name in given if name in OF_A_REQUEST]
        yield from (Said(("when", name), f"the {name} cannot be known", right) for name in unknown)


def _kind(spec: Mapping[str, Any]) -> Kind:
    if "fault" not in spec:
        raise FaultRefused([_nameless(spec)])
    name = spec["fault"]
    if not isinstance(name, str):
        raise FaultRefused([Said(("fault",), _cannot(name), f"the name of a fault is due; {_ALL}")])
    if name not in BY_ID:
        raise FaultRefused([Said(("fault",), f"there is no fault '{name}'", did_you_mean(name, BY_ID) or _ALL)])
    return BY_ID[name]


_ALL = "'ucmsim show faults' lists them all"


def _nameless(spec: Mapping[str, Any]) -> Said:
    """Return what is said of a *spec* without the key 'fault': another may stand for it."""
    others = [key for key in spec if key not in Terms.model_fields]
    named = [key for key in others if isinstance(value := spec[key], str) and value in BY_ID]
    near = [key for key in others if did_you_mean(key, ("fault",))]
    for key in (*named, *near):
        return Said((key,), f"there is no key '{key}'", "did you mean 'fault'?")
    return Said((), "the key 'fault' is missing", f"it names the fault; {_ALL}")


def _record(kind: Kind, own: Mapping[str, Any]) -> Fault:
    adapter: TypeAdapter[Fault] = TypeAdapter(kind.record)
    return adapter.validate_python({key: value for key, value in own.items() if key in kind.fields})


def _unknown(kind: Kind, key: str) -> Said:
    known = (*kind.fields, *Terms.model_fields)
    if key in Condition.model_fields:
        return Said((key,), f"{kind.id} has no field '{key}'", f"did you mean 'when.{key}'?")
    has = f"it has {listed(kind.fields)}" if kind.fields else "it has no fields of its own"
    return Said((key,), f"{kind.id} has no field '{key}'", did_you_mean(key, known) or has)


def _read(read: Callable[[], Any], said: list[Said], known: Iterable[str]) -> Any:
    """Return what *read* returns; what it finds wrong is added to *said* and None returned."""
    try:
        return read()
    except ValidationError as error:
        said.extend(_said(detail, known) for detail in error.errors(include_url=False))
    return None


def _each_field_once(said: Iterable[Said]) -> Iterator[Said]:
    """Yield *said* of a fault's own fields with one objection to each.

    Where a field takes a number or a text, pydantic objects once for each, at paths of its own making.
    """
    fields: dict[tuple[str | int, ...], list[Said]] = {}
    for one in said:
        fields.setdefault(one.path[:1] if len(one.path) > 1 and isinstance(one.path[1], str) else one.path, []).append(
            one
        )
    for path, ones in fields.items():
        yield Said(path, ones[0].wrong, " or ".join(one.right for one in ones if one.right))


def _said(detail: ErrorDetails, known: Iterable[str]) -> Said:
    path = tuple(detail["loc"])
    if detail["type"] == "extra_forbidden":
        key = str(path[-1])
        if path[-2:-1] == ("offset",):
            known = _SPAN
        return Said(path, f"there is no condition '{key}'", did_you_mean(key, known) or f"there is {listed(known)}")
    if detail["type"] == "missing":
        return Said(path[:-1], f"the key '{path[-1]}' is missing", "it must be given", missing=str(path[-1]))
    if detail["type"] == "ucmsim":
        return Said(path, detail["ctx"]["what"], detail["ctx"]["right"])
    if detail["type"] == "value_error":
        return Said(path, str(detail["ctx"]["error"]))
    given = detail["input"]
    if detail["type"] == "tuple_type":
        return Said(path, _cannot(given), _list_due(path, given))
    if isinstance(given, bool | int | float) and not _of_union(path) and _wants_text(detail):
        kind, plain = ("truth value", str(given).lower()) if isinstance(given, bool) else ("number", str(given))
        fits = detail["type"] != "literal_error" or f"'{plain}'" in detail["ctx"]["expected"]
        return Said(path, f"text is due, and {plain} is a {kind}", f'quote it: "{plain}"' if fits else due_of(detail))
    due = None
    if detail["type"] == "float_type" and path[-1:] and path[-1] in _SECONDS:
        due = "a number of seconds is due"
    return Said(path, _cannot(given), due or _DUE.get(detail["type"]) or due_of(detail))


def _of_union(path: tuple[str | int, ...]) -> bool:
    """Return whether *path* ends in what pydantic calls one of several types that a field may have."""
    return len(path) > 1 and (path[-1] in ("str", "int", "float", "bool") or "[" in str(path[-1]))


def _wants_text(detail: ErrorDetails) -> bool:
    return detail["type"] == "string_type" or (detail["type"] == "literal_error" and "'" in detail["ctx"]["expected"])


def _list_due(path: tuple[str | int, ...], given: object) -> str:
    """Return what is due at *path*, a condition that has a list, where *given* stands."""
    if path[-1] == "shape":
        if isinstance(given, str) and given not in SHAPES:
            return f"a list is due, and {no_shape(given)}"
        return f"a list is due, such as {json.dumps([given if isinstance(given, str) else 'answered'])}"
    number = int(given) if isinstance(given, str) and re.fullmatch("[1-9][0-9]{0,17}", given) else given
    return f"a list is due, such as {json.dumps([number if type(number) is int and number > 0 else 2])}"


_SPAN = tuple(field.alias or name for name, field in Span.model_fields.items())
_SECONDS = ("seconds", "ttl", "ramp")
_DUE = MappingProxyType({"string_type": "a text is due"})


def _cannot(value: object) -> str:
    """Return that *value* cannot stand where it does."""
    if value is None:
        return "there is nothing here"
    kind = "a list" if isinstance(value, list) else "a mapping"
    return f"{repr(value) if isinstance(value, str | int | float) else kind} cannot stand here"


def _free_name(kind: Kind, taken: Collection[str]) -> str:
    base = kind.id.replace(".", "-")
    numbers = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(name for name in numbers if name not in taken)
