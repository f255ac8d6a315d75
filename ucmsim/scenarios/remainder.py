"""What is left of a scenario's tree when what has the wrong form is taken out: the rest is judged all the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ucmsim.scenarios.language import Scenario
from ucmsim.scenarios.rules import Mistake
from ucmsim.settings.yamltree import Path as KeyPath

_WORDS = frozenset({"name", "title", "story", "correct", "says"})
"""Keys without which nothing can be read, and which nothing is judged by: a word stands in for them."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """A *scenario* without what stood at the paths *bad*, and the words that stood there."""

    scenario: Scenario
    bad: tuple[KeyPath, ...]
    words: frozenset[str]

    def is_about(self, one: Mistake) -> bool:
        """Return whether *one* broken rule says something of what is left, and does not follow from what was taken out."""
        near = any(one.path[: len(bad)] == bad[: len(one.path)] for bad in self.bad)
        return not near and one.unknown not in self.words


def remainder(value: Any, base: Path) -> Remainder | None:
    """Return what is left of the tree *value*, None where too little is to be read; files are relative to *base*."""
    try:
        Scenario.model_validate(value, context={"base": base})
    except ValidationError as error:
        bad = tuple(tuple(part for part in one["loc"] if part != "[key]") for one in error.errors(include_url=False))
    else:
        return None
    left, words = deepcopy(value), set[str]()
    for at, path in enumerate(bad):
        words |= set(_words(_taken_out(left, path, f"x{at}")))
    try:
        return Remainder(Scenario.model_validate(left, context={"base": base}), bad, frozenset(words))
    except ValidationError:
        return None


def _taken_out(tree: Any, path: KeyPath, instead: str) -> Any:
    """Take what stands at *path* out of *tree*, or the nearest above that can be; return it."""
    holder, key, here = None, None, tree
    for part in path:
        if isinstance(here, dict):
            holder, key = here, part
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            if path[:1] == ("steps",) and here is tree.get("steps") and not isinstance(here[part], dict):
                gone, here[part] = here[part], {}
                return gone
            here = here[part]
        else:
            break
    if holder is None:
        return None
    gone = holder.pop(key, None)
    if key in _WORDS:
        holder[key] = instead
    return gone


def _words(value: Any) -> Iterator[str]:
    """Yield every text in *value*."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)
