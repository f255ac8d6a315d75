"""Many people outside, kept so that hundreds of PBXs have room for theirs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from ucmsim.calls.events import Party


@dataclass(frozen=True, slots=True)
class Crowd(Sequence[Party]):
    """People with these *numbers* and *names*, each like one of *anybody*: *behind* says like which.

    A `Party` is made of them when somebody asks for one. Kept as texts alone they take half the memory, and nothing of the
    time in which Python looks for what can be thrown away, and everything else stands still.
    """

    anybody: tuple[Party, ...]
    behind: tuple[int, ...]
    numbers: tuple[str, ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.behind)

    @overload
    def __getitem__(self, at: int) -> Party: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Party, ...]: ...
    def __getitem__(self, at: int | slice) -> Party | tuple[Party, ...]:
        if isinstance(at, slice):
            return tuple([self[one] for one in range(*at.indices(len(self)))])
        return self.anybody[self.behind[at]]._replace(number=self.numbers[at], name=self.names[at])
