"""Secrets in settings and faults: what is told in their place, and what that stands for when it is sent back. Pure.

Who reads settings, changes a key and puts them again shall neither learn a password by it nor lose one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ucmsim.faults.kinds import BY_ID
from ucmsim.settings import HIDDEN

PASSWORD = "tls_authentication_password"  # noqa: S105 - a setting's name
"""What is secret on the device's page."""

Json = Mapping[str, Any]


def told_settings(settings: Json) -> dict[str, Any]:
    """Return the *settings* of a PBX with `HIDDEN` in the place of each secret."""
    api, faults = settings.get("api"), settings.get("faults")
    hidden = dict(settings)
    if isinstance(api, Mapping) and api.get(PASSWORD):
        hidden["api"] = {**api, PASSWORD: HIDDEN}
    if isinstance(faults, list):
        hidden["faults"] = [told_fault(spec) if isinstance(spec, Mapping) else spec for spec in faults]
    return hidden


def secrets_of(settings: Json) -> Iterator[str]:
    """Yield every secret in the *settings* of a PBX, those of its faults too."""
    if password := _mapping(settings.get("api")).get(PASSWORD):
        yield str(password)
    for spec in settings.get("faults") or ():
        yield from secrets_of_fault(spec)


def secrets_of_fault(spec: Json) -> Iterator[str]:
    """Yield every secret in the *spec* of a fault."""
    yield from (str(spec[name]) for name in _secrets(spec) if spec.get(name))


def told_fault(spec: Json) -> dict[str, Any]:
    """Return the *spec* of a fault with `HIDDEN` in the place of each secret."""
    return {**spec, **{name: HIDDEN for name in _secrets(spec) if spec.get(name)}}


def kept(document: Json, before: Json) -> Json:
    """Return the settings *document* with what those *before* have where it says `HIDDEN`; where they have nothing it stays."""
    found = dict(document)
    api, faults = document.get("api"), document.get("faults")
    if isinstance(api, Mapping) and api.get(PASSWORD) == HIDDEN:
        found["api"] = {**api, PASSWORD: _mapping(before.get("api")).get(PASSWORD) or HIDDEN}
    if isinstance(faults, list) and any(_hides(spec) for spec in faults):
        found["faults"] = list(_kept_faults(faults, before.get("faults") or ()))
    return found


def _kept_faults(faults: Sequence[Any], before: Sequence[Json]) -> Iterator[Any]:
    """Yield the *faults* with the secrets of those *before* that each of them is: the same one, or another of its name."""
    left = [one for one in before if one not in faults]
    meant: dict[int, Json] = {}
    for same in (lambda one, spec: told_fault(one) == spec, _namesakes):
        for at, spec in enumerate(faults):
            if _hides(spec) and at not in meant and (found := next((one for one in left if same(one, spec)), None)):
                meant[at] = found
                left.remove(found)
    for at, spec in enumerate(faults):
        known = meant.get(at, {})
        if known:
            yield {key: known.get(key, value) if _stands_for(spec, key) else value for key, value in spec.items()}
        else:
            yield spec


def _namesakes(one: Json, spec: Json) -> bool:
    return (one.get("fault"), one.get("name")) == (spec.get("fault"), spec.get("name"))


def _hides(spec: Any) -> bool:
    return isinstance(spec, Mapping) and any(_stands_for(spec, key) for key in spec)


def _stands_for(spec: Json, key: str) -> bool:
    return bool(spec[key] == HIDDEN) and key in _secrets(spec)


def _secrets(spec: Json) -> tuple[str, ...]:
    kind = spec.get("fault")
    return BY_ID[kind].secrets if isinstance(kind, str) and kind in BY_ID else ()


def _mapping(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}
