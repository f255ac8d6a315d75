"""When the people of a PBX are made up: with the first call that happens or is placed, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ucmsim.asking.wishes import wished
from ucmsim.assembling.living import Living
from ucmsim.calls.locales import Locale, Locales
from ucmsim.instants import at_microseconds, microseconds
from ucmsim.settings import load_pbx
from ucmsim.store.history import History

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
CALL = {"shape": "answered", "from": "1001", "to": "1002"}


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    made = History.open(tmp_path / "history.sqlite", durable=False)
    yield made
    made.close()


class Asked(Locales):
    """Locales that note when people are made up, which is when they are asked for names."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __getitem__(self, name: str) -> Locale:
        self.names.append(name)
        return super().__getitem__(name)


def test_people_are_made_up_with_the_first_call_that_happens(history: History) -> None:
    """Not to know when that will be, nor while nothing happens, and once."""
    asked, settings = Asked(), load_pbx({"time_zone": "UTC", "traffic": {"live": True, "hourly": [1] * 24}}, Path())
    on = Living("hq", settings, history, seed=1, since=NOW, locales=asked)
    first = on.due
    assert microseconds(NOW) < first < microseconds(NOW + timedelta(hours=1))
    assert on.goes_on
    on.happen(at_microseconds(first))
    on.skip(at_microseconds(first))
    assert (on.up, asked.names) == ([], [])
    on.happen(NOW + timedelta(hours=1))
    assert (len(history) > 0, asked.names) == (True, ["en_US"])
    on.skip(NOW + timedelta(days=1))
    on.place(wished(CALL, NOW + timedelta(days=1)))
    on.happen(NOW + timedelta(days=2))
    assert asked.names == ["en_US"]


def test_people_are_made_up_with_the_first_call_that_is_placed(history: History) -> None:
    """Where nothing happens by itself, nobody need be known before."""
    asked = Asked()
    on = Living("hq", load_pbx({}, Path()), history, seed=1, since=NOW, locales=asked)
    on.happen(NOW + timedelta(hours=1))
    assert asked.names == []
    on.place(wished(CALL, NOW + timedelta(hours=2)))
    assert asked.names == ["en_US"]
