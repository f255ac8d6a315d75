"""A collector of each test's own, for a PBX of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import Collector, Device, Patience, Store


class Waits(list[float]):
    """Notes how long would have been waited, and does not wait."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    """The pauses that the collector made between attempts, in seconds."""
    return Waits()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = Store(tmp_path / "cdr.sqlite")
    yield store
    store.close()


@pytest.fixture
def collector(ucm, store: Store, waits: Waits, tmp_path: Path) -> Collector:
    """A collector with pages of three rows, that waits a second for an answer and not at all between attempts."""
    device = Device(ucm.url, ucm.username, ucm.password, ucm.ca, timeout=1)
    return Collector(device, store, tmp_path / "recordings", Patience(pause=waits), page_size=3)
