"""The passwords that were ever right on a PBX while its journal is kept, by which it stays without them. Pure.

One that a fault has made right for a while is a secret also when the fault is gone, and so is one that was changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ucmsim.journal.redaction import Discretion

REMEMBERED = 100
"""Accounts that are known, the latest."""
_TOLD = ("request", "refusal", "note", "ended", "tls")
"""What of an event may have come from its client."""


@dataclass(slots=True)
class Passwords:
    """User names and passwords, and the id of the latest event there was when each became known.

    *discretion* keeps them secret, and tells *paths* whatever they spell.
    """

    paths: tuple[str, ...] = ()
    discretion: Discretion = Discretion(())  # noqa: RUF009 - a frozen value
    _known: dict[tuple[str, str], int] = field(default_factory=dict)

    def learn(self, username: str, password: str, last: int) -> None:
        """Know that *password* is right for *username*; *last* is the id of the latest event."""
        account = (username, password)
        self._known[account] = self._known.pop(account, last)
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        self.discretion = Discretion.of(self._known, self.paths)

    def remember(self, before: Passwords, last: int) -> None:
        """Know what was known *before*, in a journal of which *last* is the latest event."""
        for username, password in tuple(before._known):
            if (username, password) not in self._known:
                self.learn(username, password, last)

    def veiled(self, entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Return the *entries* without what became a password after they were written."""
        return _veiled(entries, max(self._known.values(), default=0), self.discretion)


def _veiled(entries: Iterable[dict[str, Any]], late: int, discretion: Discretion) -> Iterator[dict[str, Any]]:
    for entry in entries:
        yield entry if entry["id"] > late else _without_secrets(entry, discretion)


def _without_secrets(entry: dict[str, Any], discretion: Discretion) -> dict[str, Any]:
    told = {key: entry[key] for key in _TOLD if entry.get(key)}
    discreet = discretion.about(_texts(told))
    return (
        {**entry, **{key: _without(value, key, discreet) for key, value in told.items()}} if discreet.secrets else entry
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _without(value: Any, key: str, discreet: Discretion) -> Any:
    match value:
        case dict():
            return {name: _without(one, name, discreet) for name, one in value.items()}
        case list():
            return [_without(one, "", discreet) for one in value]
        case str():
            return discreet.target(value) if key == "target" else discreet.text(value)
        case _:
            return value
