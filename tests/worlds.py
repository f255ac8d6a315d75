"""Histories of many kinds, one a seed: what happened, what was written and recorded of it, and what a client is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.filled import fill
from tests.makers import BEGAN, DEFECTS, at, request, spool_of
from ucmsim.appliance.pbx import Pbx
from ucmsim.calls.locales import Locales
from ucmsim.calls.shapes import Story
from ucmsim.calls.traffic import Office, Traffic
from ucmsim.clock import PbxClock
from ucmsim.columns import NAMES
from ucmsim.instants import SECOND, microseconds
from ucmsim.personalities import PERSONALITIES
from ucmsim.settings import load_pbx
from ucmsim.store.history import History
from ucmsim.store.ledger import ToldCall
from ucmsim.store.records import Recording
from ucmsim.store.truth import Truth
from ucmsim.streams import stream

Cells = dict[str, str]
"""A row, text by column."""

_PAGE = 400
_SERVED = 40
"""So many recordings of a world are asked for."""
_ENDS = ("2026-03-05T18:00", "2026-03-08T20:00", "2026-04-02T15:00", "2026-11-01T18:00", "2026-02-01T12:00")
"""Among them the days on which clocks change in America, and the first ones of a month."""
_ZONES = ("America/Chicago", "UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns")
_COUNTS = (12, 50, 4, 25, 8, 1)
_TRUNKS = ((3, 2), (12,), (1,), (4,), (2, 2, 2))
_RARE = ("parked", "attended_transfer", "blind_transfer", "disa", "conference", "queue", "ring_group", "voicemail",
         "paging", "forward_no_answer", "forward_busy", "forward_always", "follow_me", "analogue")  # fmt: skip


class World(NamedTuple):
    """One history: the *stories* that happened, and of each row its cells and the truth, in the order of writing.

    *calls* are what is kept of the truth of each call that is over, in the order in which they were.
    *entries* are what JSON pages have: a main_cdr, None for a row that stands flat, and the rows. *served* says how many
    bytes `/recapi` sends of a name in recordfiles, 0 for none. *restarts* and *until* are microseconds of the epoch.
    """

    settings: Any
    restarts: tuple[int, ...]
    until: int
    calls: tuple[ToldCall, ...]
    stories: tuple[Story, ...]
    rows: tuple[Cells, ...]
    truths: tuple[Truth, ...]
    recordings: dict[str, Recording]
    entries: tuple[tuple[Cells | None, tuple[Cells, ...]], ...]
    served: dict[str, int]

    @property
    def generation(self) -> str:
        return str(self.settings.personality.generation)


def configuration(seed: int, **more: Any) -> tuple[dict[str, Any], datetime]:
    """Return the settings of the world of a *seed*, and when its history ends."""
    until = datetime.fromisoformat(_ENDS[seed % len(_ENDS)]).replace(tzinfo=UTC)
    channels = _TRUNKS[seed // 2 % len(_TRUNKS)]
    restarts = [until - timedelta(hours=3), until - timedelta(hours=27, seconds=seed)] if seed % 3 == 0 else []
    traffic: dict[str, Any] = {"hourly": [1] * 24} if seed % 4 else {}
    trunks = [{"name": f"carrier-{number}", "channels": count} for number, count in enumerate(channels, 1)]
    if seed % 2:
        traffic["shapes"] = dict.fromkeys(_RARE, 60)
        traffic["outside"] = 0.5
        trunks.append({"name": "pstn", "channels": 2, "kind": "analogue"})
    return {
        "personality": PERSONALITIES[seed % len(PERSONALITIES)].id,
        "time_zone": _ZONES[seed // 3 % len(_ZONES)],
        "extensions": {"first": 1000, "count": _COUNTS[seed // 5 % len(_COUNTS)]},
        "trunks": trunks,
        "recording": {"share": (1.0, 0.5)[seed % 2]},
        "history": {"days": 2, "calls_per_day": (150, 500)[seed // 4 % 2]},
        "restarts": [restart.isoformat() for restart in sorted(restarts)],
        "traffic": traffic,
        "api": {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]},
        **more,
    }, until


def world(seed: int, **more: Any) -> World:
    """Return the world of a *seed*; *more* are settings of it that are others."""
    chosen, until = configuration(seed, **more)
    settings = load_pbx(chosen, Path())
    history = History.open(Path(":memory:"), durable=False)
    try:
        fill(history, "hq", settings, seed=seed, until=until)
        rows = tuple(dict(zip(NAMES, map(str, row), strict=True)) for row in history.rows())
        clock = PbxClock.starting(until, 1.0, BEGAN)
        pbx = Pbx("hq", settings, history, spool_of(history), clock, seed=seed, defects=DEFECTS)
        names = sorted({name for row in rows for name in row["recordfiles"].split("@") if name})
        chance = stream(seed, "asked for")
        asked = chance.sample(names, min(len(names), _SERVED))
        end = microseconds(until)
        return World(
            settings=settings,
            restarts=tuple(sorted(map(microseconds, settings.restarts))),
            until=end,
            calls=tuple(history.ledger.calls()),
            stories=_stories(settings, seed, end),
            rows=rows,
            truths=tuple(truth for _, truth in history.ledger.legs()),
            recordings={made.path: made for made in _recordings(history)},
            entries=tuple(_entries(pbx)),
            served={name: _served(pbx, name) for name in asked},
        )
    finally:
        history.close()


def _stories(settings: Any, seed: int, end: int) -> tuple[Story, ...]:
    chance, recording = stream(seed, "hq", "traffic"), stream(seed, "hq", "recording")
    office = Office.of(settings, stream(seed, "hq", "people"), stream(seed, "hq", "groups"), Locales())
    traffic = Traffic(office, settings.history.calls_per_day, chance, recording)
    return tuple(traffic.stories(end - settings.history.days * 86_400 * SECOND, end))


def _recordings(history: History) -> Iterator[Recording]:
    for directory in history.recordings.directories():
        for name, _ in history.recordings.within(directory):
            found = history.recordings.find(directory, name)
            assert found is not None
            yield found


def _entries(pbx: Pbx) -> Iterator[tuple[Cells | None, tuple[Cells, ...]]]:
    """Yield the entries of all JSON pages, asked for as a paging client does."""
    offset = 0
    while True:
        reply = pbx.answer(request(f"/cdrapi?format=json&numRecords={_PAGE}&offset={offset}"), at())
        found = next(iter(json.loads(reply.body.decode()).values()))
        for entry in found:
            subs = tuple(value for key, value in entry.items() if key.startswith("sub_cdr_"))
            yield (entry["main_cdr"], subs) if subs else (None, (entry,))
        if reply.rows != _PAGE:
            return
        offset += _PAGE


def _served(pbx: Pbx, name: str) -> int:
    reply = pbx.answer(request(f"/recapi?filename={name.replace('+', '%2B').replace('#', '%23')}"), at())
    return len(reply.body) if reply.status == 200 else 0
