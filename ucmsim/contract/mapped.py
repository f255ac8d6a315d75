"""Reads frozen dataclasses from decoded JSON, and writes them back, by what their annotations say. Standard library only.

A key that no field asks for is passed over, because a newer server may tell more. The field's metadata may name another
`key` than its own name; with `whole` it gets all of the object that it stands in.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_Read = Callable[[Any, str], Any]
"""Takes a value and where it stands, which sentences name."""
_PLAIN: Mapping[type, tuple[tuple[type, ...], str]] = types.MappingProxyType({
    str: ((str,), "a text"), bool: ((bool,), "true or false"), int: ((int,), "a whole number"), float: ((int, float), "a number"),
})  # fmt: skip


class Unreadable(ValueError):
    """A value is not what was to be read; the sentence says what is wrong, and where."""


def read(form: type[T], value: object) -> T:
    """Return the *form* that *value* is: a dataclass, `Page[Pbx]`, `int`, `tuple[Pbx, ...]`. Raises `Unreadable`."""
    return reader(form)(value)


def reader(form: type[T]) -> Callable[[object], T]:
    """Return what reads many values of one *form*, as `read` does one."""
    reads = _reader(form)
    return lambda value: cast("T", reads(value, ""))


def written(value: object) -> Any:
    """Return *value* as JSON has it; an object that was kept whole is told whole."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        whole = next((field.name for field in fields if is_whole(field)), None)
        if whole is not None:
            return getattr(value, whole)
        return {key_of(field): written(getattr(value, field.name)) for field in fields}
    if isinstance(value, tuple | list):
        return [written(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def key_of(field: dataclasses.Field[Any]) -> str:
    """Return the key of *field* in JSON."""
    return str(field.metadata.get("key", field.name))


def is_whole(field: dataclasses.Field[Any]) -> bool:
    """Return whether *field* gets the whole object, and is no key of it."""
    return bool(field.metadata.get("whole"))


def is_due(field: dataclasses.Field[Any]) -> bool:
    """Return whether the key of *field* must be there."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def hints_of(form: Any) -> dict[str, Any]:
    """Return what each field of *form*, a dataclass or one that is told of what it is a list, is annotated with."""
    origin = get_origin(form) or form
    chosen = dict(zip(getattr(origin, "__parameters__", ()), get_args(form), strict=False))
    return {name: _filled(hint, chosen) for name, hint in get_type_hints(origin).items()}


def _filled(hint: Any, chosen: Mapping[Any, Any]) -> Any:
    """Return *hint* with the types that were *chosen* for its variables."""
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(chosen[one] for one in parameters)] if parameters and chosen else hint


def _reader(form: Any) -> _Read:
    origin = get_origin(form)
    if form is Any:
        return lambda value, _: value
    if origin in (Union, types.UnionType):
        return _optional(form)
    if dataclasses.is_dataclass(origin or form):
        return _object(form)
    if origin is tuple:
        return _list(_reader(get_args(form)[0]))
    if form is datetime:
        return _instant
    if origin is not None and issubclass(origin, Mapping):
        return _mapping
    if form is type(None):
        return _nothing
    return _plain(*_PLAIN[form])


def _optional(form: Any) -> _Read:
    """Return what reads a union of one type and None."""
    (inner,) = (_reader(one) for one in get_args(form) if one is not type(None))
    return lambda value, at: None if value is None else inner(value, at)


def _plain(kinds: tuple[type, ...], due: str) -> _Read:
    def of(value: Any, at: str) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise _wrong(value, at, due)
        return value

    return of


def _list(inner: _Read) -> _Read:
    def of(value: Any, at: str) -> Any:
        if not isinstance(value, list):
            raise _wrong(value, at, "a list")
        return tuple(inner(one, f"{at}[{number}]") for number, one in enumerate(value))

    return of


def _mapping(value: Any, at: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(value, at, "an object")
    return value


def _instant(value: Any, at: str) -> Any:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(value, at, "an ISO instant") from None


def _nothing(value: Any, at: str) -> Any:
    if value is not None:
        raise _wrong(value, at, "null")


def _object(form: Any) -> _Read:
    origin = get_origin(form) or form
    hints = hints_of(form)
    fields = dataclasses.fields(origin)
    whole = [field.name for field in fields if is_whole(field)]
    readers = tuple(
        (field.name, key_of(field), is_due(field), _reader(hints[field.name]))
        for field in fields
        if not is_whole(field)
    )

    def of(value: Any, at: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong(value, at, "an object")
        found: dict[str, Any] = dict.fromkeys(whole, value)
        for name, key, due, inner in readers:
            if key in value:
                found[name] = inner(value[key], f"{at}.{key}" if at else key)
            elif due:
                raise Unreadable(f"there is no '{key}' in {'what stands at ' + at if at else 'it'}")
        return origin(**found)

    return of


def _wrong(value: Any, at: str, due: str) -> Unreadable:
    kind = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)[:60]
    return Unreadable(f"{'at ' + at + ' stands' if at else 'it is'} {kind}, where {due} is due")
