"""Where scripts are played: the histories that PBXs serve, and a PBX for each script, of any personality with any quirk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from random import Random
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

from pydantic import PrivateAttr

from tests.filled import fill
from tests.golden.consulting import Consulted
from tests.golden.replay import BEGAN, PASSWORD, USER, Player
from tests.golden.scripts import SCRIPTS, Script
from tests.makers import VOICES, crc_of
from ucmsim.appliance.pbx import Pbx
from ucmsim.calls import Firmware
from ucmsim.calls.locales import Locales
from ucmsim.calls.projection import written
from ucmsim.calls.shapes import SHAPES
from ucmsim.calls.stage import example
from ucmsim.calls.traffic import Office
from ucmsim.clock import PbxClock
from ucmsim.columns import Row
from ucmsim.errors import ConfigurationError
from ucmsim.instants import SECOND
from ucmsim.journal import Exchange
from ucmsim.personalities import PERSONALITIES
from ucmsim.quirks import ROWS, Value
from ucmsim.recording.spool import Spool
from ucmsim.register import Quirks
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings import load_pbx
from ucmsim.store.history import History

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "fixtures" / "golden"

_API = {
    "enable": True,
    "permitted_ips": ["127.0.0.0/28"],
    "tls_authentication_name": USER,
    "tls_authentication_password": PASSWORD,
}
_CLOCK = {"start": "2022-09-01T12:00:00Z"}

WORLDS: Mapping[str, Mapping[str, Any]] = {
    "imported": {"history": {"import": str(GOLDEN / "history.json")}},
    "failing": {},
    "shapes": {},
    "made-up": {
        "history": {"days": 1, "calls_per_day": 30},
        "extensions": {"first": 1000, "count": 6},
        "traffic": {
            "hourly": [1] * 24,
            "people": 12,
            "dispositions": {"answered": 6, "no_answer": 3, "busy": 1, "failed": 2},
            "talk": {"median": 240},
            "shapes": {"conference": 200},
        },
    },
    "corrected": {
        "clock": {**_CLOCK, "corrections": [{"at": "2022-08-31T19:00:00Z", "step": -18000.5}]},
        "history": {"days": 1, "calls_per_day": 10},
        "extensions": {"first": 1000, "count": 6},
        "traffic": {"hourly": [1] * 24, "people": 12, "talk": {"median": 9000}},
    },
}
"""What the histories hold: rows that no quirk of a call changes, nothing for a database that fails, a call of each shape,
a day of calls around the clock, many of which fail, and a few long calls in which the clock is corrected."""

SEED = 1881
"""That of the PBX, which its nonces follow from."""
CALLS_SEED = 2718
"""That of its calls, chosen so that the day has voicemail, conferences, busy, congestion, failures that take seconds, callers without a name,
and a recorded call that goes on when the month ends: it shows every quirk that is not about another shape."""

_STORED = frozenset(row.id for row in ROWS)
"""The quirks that decide what is stored, and nothing that is done with it: who serves does not even know them."""
_WRITTEN = {"columns", *_STORED}
_RECORDED = PERSONALITIES[-1].id
"""The personality whose exchanges are taken into the journal whatever the quirk; of others only those without one."""
_WRITERS = ("made-up", "shapes", "corrected")
"""The worlds whose calls the firmware writes itself."""


def user_files(root: Path) -> Path:
    """Put what a user has in a spool into *root*, with known times; return it."""
    files = {
        "monitor/note.txt": b"a note\n",
        "monitor/a+b.wav": b"RIFF plus",
        "monitor/a,b.wav": b"RIFF comma",
        "monitor/x#1.wav": b"RIFF hash",
        "monitor/unavail.gsm": b"gsm",
        "monitor/raw": b"no extension",
        "monitor/a b.wav": b"RIFF blank",
        "monitor/2022-07/auto-old.wav": b"RIFF old",
        f"monitor/2022-07/{'n' * 246}.wav": b"RIFF long name",
        "monitor/notes/deep.txt": b"deep",
        "monitor_local/local.wav": b"RIFF local",
        "meetme/room.wav": b"RIFF room",
    }
    for number, (name, data) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1662000000 + number, 1662000000 + number))
    for folder in [path for path in root.rglob("*") if path.is_dir()]:
        os.utime(folder, (1661000000, 1661000000))
    return root


class Heard(NamedTuple):
    """One *transcript*, and what it came of: the number of the *settings*, and the quirks that were *consulted*."""

    transcript: str
    settings: int | None
    consulted: frozenset[str]


class Chosen(NamedTuple):
    """The *settings* of who serves, with their *number*, and the *register* of the quirks that it may know."""

    settings: PbxSettings
    number: int
    register: Quirks


class Place(NamedTuple):
    """What a *script* is played on but for quirks: the number of the *settings*, and a digest of what is *stored*."""

    script: str
    settings: int
    stored: bytes


class Stage:
    """Where scripts are played: a spool with a user's files, and the imported history."""

    def __init__(self, folder: Path) -> None:
        self._spool = user_files(folder)
        self._imported, self._failing = _in_memory(), _in_memory()
        self._failing.close()
        self._written: dict[tuple[object, ...], dict[str, History]] = {}
        self._usual: dict[str, dict[str, Heard]] = {}
        self._offices: dict[str, Office] = {}
        self._settings: list[PbxSettings] = []
        self.spared = 0
        """How often a script was not played because what it would say was known."""
        self._played_before: dict[Place, dict[tuple[str, ...], dict[tuple[Value, ...], Heard]]] = {}
        """In each place what was heard, by the quirks that were consulted and what they said."""
        self._fill(self._imported, _settings("imported", "ucm6100", {}, {}))

    def play(
        self, personality: str, quirks: Mapping[str, str | int] = MappingProxyType({}), *, every: bool = False
    ) -> dict[str, str]:
        """Return the transcript of every script, each on a new PBX of that *personality* with *quirks*.

        A script is played again only where one of the *quirks* can act: where it decided what is stored, what the
        settings are, or was looked up on the way; and not where it was played already on the same settings with the
        same stored, and all quirks that were looked up then say the same. Or *every* one is.
        """
        usual = self._heard(personality)
        again = self._plays(personality, quirks, None if every else usual) if quirks else {}
        return {name: heard.transcript for name, heard in {**usual, **again}.items()}

    def consulted(self, personality: str) -> dict[str, frozenset[str]]:
        """Return the quirks that the PBX of each script consulted, one of that *personality*."""
        return {name: heard.consulted for name, heard in self._heard(personality).items()}

    def _heard(self, personality: str) -> Mapping[str, Heard]:
        if personality not in self._usual:
            self._usual[personality] = self._plays(personality, {})
        return self._usual[personality]

    def _plays(
        self,
        personality: str,
        quirks: Mapping[str, str | int],
        usual: Mapping[str, Heard] | None = None,
    ) -> dict[str, Heard]:
        """Play the scripts, but for those that *quirks* leave as they are in *usual*."""
        written = {quirk: value for quirk, value in quirks.items() if quirk in _WRITTEN}
        key = (personality, *written.items())
        if key not in self._written:
            self._written[key] = self._histories(personality, written)
        histories = {"imported": self._imported, "failing": self._failing, **self._written[key]}
        stored = {
            world: b"" if world in ("imported", "failing") else _stored(history) for world, history in histories.items()
        }
        loaded: dict[tuple[str, str], Chosen | str] = {}
        played = {}
        try:
            for script in SCRIPTS:
                place = (script.world, repr(script.api))
                if place not in loaded:
                    loaded[place] = self._loaded(script, personality, quirks)
                heard = usual[script.name] if usual else None
                if heard and not _can_act(quirks, script, loaded[place], heard):
                    continue
                chosen = loaded[place]
                if isinstance(chosen, str):
                    played[script.name] = Heard(chosen, None, frozenset())
                    continue
                stage = Place(script.name, chosen.number, stored[script.world])
                before = self._before(stage, chosen.register) if usual else None
                made = Pbx if not quirks or personality == _RECORDED else _Forgetful
                played[script.name] = before or self._played(script, chosen, histories[script.world], made, stage)
        finally:
            if written:
                _closed(self._written.pop(key))
        return played

    def _histories(self, personality: str, quirks: Mapping[str, str | int]) -> dict[str, History]:
        """Return what a firmware with *quirks* writes; those without are kept for the next time."""
        made = {world: _in_memory() for world in _WRITERS}
        made["shapes"].extend(of_every_shape(_settings("shapes", personality, quirks, {})))
        for world in ("made-up", "corrected"):
            with patch("ucmsim.assembling.filling.Office", SimpleNamespace(of=partial(self._office, world))):
                self._fill(made[world], _settings(world, personality, quirks, {}))
        return made

    def _office(self, world: str, settings: PbxSettings, chance: Random, grouping: Random, locales: Locales) -> Office:
        """Return who is there in *world*, whatever the firmware: to make up their names takes longer than their calls."""
        if world not in self._offices:
            self._offices[world] = Office.of(settings, chance, grouping, locales)
        return self._offices[world]

    def _loaded(self, script: Script, personality: str, quirks: Mapping[str, str | int]) -> Chosen | str:
        """Return the settings of the PBX that *script* is played on, or why there can be none."""
        try:
            settings = _settings(script.world, personality, quirks, script.api)
        except ConfigurationError as error:
            return f"* it does not start: {error.problems[0].key}: {error.problems[0].wrong}\n"
        serving = _anyones(settings)
        number = next((at for at, known in enumerate(self._settings) if known == serving), len(self._settings))
        if number == len(self._settings):
            self._settings.append(serving)
        return Chosen(serving, number, _served(settings.register))

    def _before(self, place: Place, register: Quirks) -> Heard | None:
        """Return what was heard in that *place* where everything that was consulted said what it says in *register*."""
        for consulted, heard in self._played_before.get(place, {}).items():
            if before := heard.get(_said(register, consulted)):
                self.spared += 1
                return before
        return None

    def _played(self, script: Script, chosen: Chosen, history: History, made: type[Pbx], place: Place) -> Heard:
        spool = Spool(self._spool, history.recordings, VOICES, crc_of)
        clock = PbxClock.of(chosen.settings.clock, BEGAN)
        found = Consulted(chosen.register)
        with found.watched():
            serving = _Serving.of(chosen.settings, found.register)
            pbx = made("hq", serving, history, spool, clock, seed=SEED, defects=())
            transcript = Player(pbx).play(script.steps)
        heard = Heard(transcript, chosen.number, found.names)
        consulted = tuple(sorted(found.names))
        played = self._played_before.setdefault(place, {}).setdefault(consulted, {})
        played.setdefault(_said(chosen.register, consulted), heard)
        return heard

    @staticmethod
    def _fill(history: History, chosen: PbxSettings) -> None:
        start = chosen.clock.start
        assert start is not None
        filled = fill(history, "hq", chosen, seed=CALLS_SEED, until=start)
        assert filled.rows
        assert not filled.bad

    def close(self) -> None:
        self._imported.close()
        for histories in self._written.values():
            _closed(histories)


def of_every_shape(settings: PbxSettings) -> Iterator[Row]:
    """Yield the rows of a call of every shape, an hour after each other, as the PBX of those *settings* writes them."""
    firmware = Firmware.of(settings.register, settings.time_zone)
    stage, number = example()._replace(prefix="9", account="1234"), 0
    for hour, shape in enumerate(SHAPES):
        story = shape.story(stage._replace(start=stage.start + hour * 3600 * SECOND, made=stage.made + 8 * hour))
        if shape.id == "answered":
            story = (*story, *shape.story(stage, "Outbound"))
        for row in written(story, firmware):
            number += 1
            yield (str(number), *row[1:])


class _Forgetful(Pbx):
    """A PBX that writes no journal, which no transcript shows and which takes a quarter of the time."""

    def record(self, exchange: Exchange, *more: Any) -> Exchange:
        return exchange


class _Serving(PbxSettings):
    """Settings whose quirks are those of a register, and nowhere else to be found."""

    _register: Quirks = PrivateAttr()

    @classmethod
    def of(cls, settings: PbxSettings, register: Quirks) -> _Serving:
        """Return *settings* with *register* in place of theirs."""
        made = cls.model_construct(**dict(settings))
        made._register = register
        return made

    @property
    def register(self) -> Quirks:
        return self._register


def _anyones(settings: PbxSettings) -> PbxSettings:
    """Return *settings* without quirks, of any personality: who serves knows no more of its own than its register."""
    return settings.model_copy(update={"quirks": {}, "personality": PERSONALITIES[0]})


def _stored(history: History) -> bytes:
    """Return a digest of all that *history* holds and a client can see."""
    recordings = history.recordings
    names = ((directory, name) for directory in recordings.directories() for name, _ in recordings.within(directory))
    digest = sha256()
    for kept in chain(history.rows(), (recordings.find(*name) for name in names)):
        digest.update(repr(kept).encode())
    return digest.digest()


def _served(register: Quirks) -> Quirks:
    """Return what a PBX may know that serves what is stored already."""
    return Quirks({quirk: value for quirk, value in register.values.items() if quirk not in _STORED})


def _said(register: Quirks, names: tuple[str, ...]) -> tuple[Value, ...]:
    """Return what the quirks of these *names* say in *register*."""
    return tuple(map(register.values.__getitem__, names))


def _can_act(quirks: Mapping[str, str | int], script: Script, chosen: Chosen | str, usual: Heard) -> bool:
    """Return whether *quirks*, with which the settings are *chosen*, could change the *usual* transcript of *script*."""
    if isinstance(chosen, str) or usual.settings != chosen.number:
        return True
    return bool(usual.consulted & quirks.keys()) or (script.world in _WRITERS and not _WRITTEN.isdisjoint(quirks))


def _closed(histories: Mapping[str, History]) -> None:
    for history in histories.values():
        history.close()


def _in_memory() -> History:
    return History.open(Path(":memory:"), durable=False)


def _settings(world: str, personality: str, quirks: Mapping[str, str | int], api: Mapping[str, Any]) -> PbxSettings:
    value = {"personality": personality, "clock": _CLOCK, "quirks": dict(quirks), **WORLDS[world]}
    return load_pbx({**value, "api": {**_API, **api}}, ROOT)
