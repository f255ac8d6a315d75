"""What is left where a PBX cannot be put together: nothing open, and no folder that was not there before."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.appliances import assemble
from ucmsim.assembling import assembly
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.errors import HistoryError
from ucmsim.settings import load_pbx
from ucmsim.store.history import History

SETTINGS = {"history": {"days": 0}, "journal": {"spill": 100}}


@pytest.fixture
def folder(tmp_path):
    folder = StateFolder.open(tmp_path)
    yield folder
    folder.close()


def put_together(folder: StateFolder) -> None:
    settings = load_pbx(SETTINGS, Path(folder.path))
    assemble(settings, folder, 0.0)


def test_what_fails_last_leaves_the_history_closed_and_no_new_folder(folder, monkeypatch):
    """However far it came; the calls that would go on are what is made last."""
    opened: list[History] = []

    def failing(_name: str, _settings: object, history: History, **_more: object) -> None:
        opened.append(history)
        raise MemoryError

    monkeypatch.setattr(assembly, "Living", failing)
    with pytest.raises(MemoryError):
        put_together(folder)
    (history,) = opened
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        list(history.rows())
    assert not (folder.path / "hq").exists()


def test_a_folder_that_was_there_stays(folder):
    """Whoever has something else in place of the journal keeps it, keys and all."""
    home = folder.pbx("hq")
    (home / "journal.sqlite").write_bytes(b"no journal" * 100)
    with pytest.raises(HistoryError):
        put_together(folder)
    assert (home / "journal.sqlite").read_bytes() == b"no journal" * 100
    assert (home / "ca.pem").exists()
