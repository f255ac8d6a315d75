"""A folder with a file, the same tree outside of it, what is read there through `beneath`, and what is swapped meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.spools import put, standing_in
from ucmsim.recording import beneath
from ucmsim.recording.beneath import FileBody

INSIDE = b"inside"
CANARY = b"canary"
PATH = ("monitor", "2013-12", "a.wav")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file, and outside of it the same tree with another one."""
    put(tmp_path / "outside", {"/".join(PATH): CANARY, "monitor/2013-12/canary": CANARY, "a.wav": CANARY})
    return put(tmp_path / "spool", {"/".join(PATH): INSIDE})


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def read(root: Path, parts: tuple[str, ...]) -> bytes | None:
    """Return what the file at *parts* holds, None when there is none."""
    file = beneath.opened(root, parts)
    return None if file is None else b"".join(FileBody(file, 0, file.length).chunks())


def names(root: Path, parts: tuple[str, ...]) -> set[str]:
    return {entry.name for entry in beneath.entries(root, parts)}


class swapping:
    """Within it, *swap* is done once: at the call number *at*, or right *before* or *after* the call of that description.

    Even numbers are before a call, odd ones after it. As a context it is the descriptions of the calls that were made.
    """

    WATCHED = ("open", "stat", "fstat", "scandir", "pread", "close")

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        swap: Callable[[], object],
        *,
        at: int = -1,
        before: str = "",
        after: str = "",
    ) -> None:
        self._monkeypatch, self._swap = monkeypatch, swap
        self._at, self._before, self._after = at, before, after
        self._calls: list[str] = []
        self.done = False

    def __enter__(self) -> list[str]:
        self._monkeypatch.setattr(beneath, "os", standing_in(**{name: self._watched(name) for name in self.WATCHED}))
        return self._calls

    def __exit__(self, *_error: object) -> None:
        self._monkeypatch.undo()

    def _watched(self, name: str) -> Callable[..., Any]:
        call = getattr(os, name)

        def watched(*args: Any, **more: Any) -> Any:
            what = "directory" if isinstance(args[0], int) else os.fsdecode(args[0]).rpartition("/")[2]
            told = f"{name} of {what}"
            number = 2 * len(self._calls)
            self._calls.append(told)
            self._maybe(self._at == number or self._before == told)
            try:
                return call(*args, **more)
            finally:
                self._maybe(self._at == number + 1 or self._after == told)

        return watched

    def _maybe(self, due: bool) -> None:
        if due and not self.done:
            self.done = True
            self._swap()
