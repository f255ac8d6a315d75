"""What is said of a fault that cannot be armed, or is not there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ucmsim.errors import did_you_mean


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that is wrong with a fault as it was written: where in its mapping, what, and what would be right.

    *missing* is the key that is not there, "" where it is none.
    """

    path: tuple[str | int, ...]
    wrong: str
    right: str = ""
    missing: str = ""


class FaultRefused(Exception):
    """A fault cannot be armed or changed; *said* names every reason."""

    def __init__(self, said: Iterable[Said]) -> None:
        self.said = tuple(said)
        super().__init__("; ".join(f"{'.'.join(map(str, one.path))}: {one.wrong}" for one in self.said))


class FaultNameTaken(FaultRefused):
    """A fault cannot be armed for one reason: another of its name is."""


class NotArmed(KeyError):
    """No fault of that name is armed; the sentence says which are."""

    def __init__(self, name: str, armed: Collection[str]) -> None:
        super().__init__(name)
        there = f"armed are {', '.join(armed)}" if armed else "none is"
        self.sentence = f"no fault '{name}' is armed; {did_you_mean(name, armed) or there}"

    def __str__(self) -> str:
        return self.sentence
