"""Files of a PBX that give way to others, and come back where what follows fails, or the process ends in the middle of it."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

_BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to the name of a file for those that belong to it."""
_ASIDE = ".before"
"""What is added to the name of what gave way."""


def belonging(database: Path) -> tuple[Path, ...]:
    """Return the path of a *database*, and those of all that SQLite has beside it."""
    return tuple(database.with_name(database.name + ending) for ending in _BESIDE)


def erase(database: Path) -> None:
    """Remove a *database* that nobody has open, and all that belongs to it."""
    for path in belonging(database):
        path.unlink(missing_ok=True)


@dataclass(slots=True)
class FileSwap:
    """What was moved, in order, until it is settled; nobody may have any of it open when it is moved."""

    _moved: list[tuple[Path, Path]] = field(default_factory=list)

    def away(self, *places: Path) -> None:
        """Let what stands at *places*, if anything does, give way."""
        for place in places:  # all of it before the first moves: from then on what stands aside is what was
            _discard(_aside(place))
        for place in places:
            if place.exists() or place.is_symlink():
                self._move(place, _aside(place))

    def put(self, coming: Path, place: Path) -> None:
        """Let what is *coming* stand at *place*, which is free."""
        self._move(coming, place)

    def undo(self, *made: Path) -> None:
        """Let everything be where it was, without what was *made* beside what came.

        What cannot be moved stays, the rest is moved, and then it raises `OSError`.
        """
        if not all(target.name.endswith(_ASIDE) for _, target in self._moved):
            for path in made:
                _discard(path)
        with ExitStack() as undoing:
            for source, target in self._moved:
                undoing.callback(target.replace, source)
            self._moved.clear()

    def settle(self) -> None:
        """Discard what gave way; what cannot be discarded is when the PBX is assembled."""
        for _, target in self._moved:
            if target.name.endswith(_ASIDE):
                _discard(target)
        self._moved.clear()

    def _move(self, source: Path, target: Path) -> None:
        source.replace(target)
        self._moved.append((source, target))


def settled(first: Path, *others: Path) -> None:
    """End what a process began that was killed in the middle of a swap, in which *first* gave way first and came last.

    Where it has not come everything is as it was before, and what came already is discarded.
    """
    undone = not first.exists()
    for place in (first, *others):
        aside = _aside(place)
        if not (aside.exists() or aside.is_symlink()):
            continue
        if undone:
            _discard(place)
            aside.replace(place)
        else:
            _discard(aside)


def _aside(place: Path) -> Path:
    return place.with_name(f"{place.name}{_ASIDE}")


def _discard(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
