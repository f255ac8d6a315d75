"""Notes which quirks the answers of one PBX depend on, so that another value of any other need not be tried.

A quirk that nobody looked up can have had no say: until it is looked up for the first time, all goes on as it did. What
a handler of requests looks up counts where it was asked for something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from ucmsim.appliance import face
from ucmsim.quirks import Value
from ucmsim.register import Quirks

_HANDLERS = ("CdrApi", "RecApi")


class Noted(Mapping[str, Value]):
    """Values that remember which of them were looked up; who looks through them looks all of them up."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Value:
        self.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        self.names.update(self._values)
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Consulted:
    """The quirks that one PBX with *register* consults while it is made and serves, all within `watched`."""

    def __init__(self, register: Quirks) -> None:
        self._values = register.values
        self._others = Noted(register.values)
        self._asked: list[Noted] = []

    @property
    def register(self) -> Quirks:
        """What the PBX is to be made with."""
        return Quirks(self._others)

    @property
    def names(self) -> frozenset[str]:
        """Those consulted till now."""
        return frozenset(self._others.names.union(*(noted.names for noted in self._asked)))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have PBXs made within give a register of its own to each handler of requests."""
        with ExitStack() as stack:
            for name in _HANDLERS:
                stack.enter_context(patch.object(face, name, self._noted(getattr(face, name))))
            yield

    def _noted(self, kind: Callable[..., Callable[..., Any]]) -> Callable[..., Callable[..., Any]]:
        def made(stored: Any, _register: Quirks, *more: Any) -> Callable[..., Any]:
            own = Noted(self._values)
            handler = kind(stored, Quirks(own), *more)

            def asked(*args: Any) -> Any:
                self._asked.append(own)
                return handler(*args)

            return asked

        return made
