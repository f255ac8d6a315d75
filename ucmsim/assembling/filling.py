"""Fills an empty history, from a file or with made-up calls, and leaves a filled one alone.

`history` and `seed` only ever fill an empty history; a difference to what it was made with is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from ucmsim import regularfile
from ucmsim.assembling.madewith import differences, facts
from ucmsim.calls import Firmware, Office, before, filenames
from ucmsim.calls.locales import Locales
from ucmsim.calls.mailboxes import greetings
from ucmsim.calls.world import CallWorld
from ucmsim.cdr import devicefile
from ucmsim.cdr.devicefile import BadLine
from ucmsim.cdr.devicetext import STEP, decoded
from ucmsim.columns import AT, Row
from ucmsim.corrections import Corrections
from ucmsim.errors import HistoryError, shortened
from ucmsim.instants import SECOND, microseconds
from ucmsim.recording.audio import RATE
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.steps import Steps, finished
from ucmsim.store.history import History
from ucmsim.store.records import Numbered, Record, Recording
from ucmsim.streams import stream

Reached = Callable[[Record], float]
"""Says how far the work has come with a record."""


class Watch(Protocol):
    """Passes records on and shows how far *what* has come, out of *total* if that is known: without *reached*, by number."""

    def __call__(
        self, records: Iterable[Record], what: str, total: float | None = None, reached: Reached | None = None, /
    ) -> Iterable[Record]: ...


_DAY = 24 * 3600 * SECOND
_LONGEST = (2**32 - 1 - 36) // 2 // RATE
"""Seconds of the longest WAV: its header tells its length, less 8 bytes, in 32 bits."""


def unwatched(
    records: Iterable[Record], _what: str, _total: float | None = None, _reached: Reached | None = None, /
) -> Iterable[Record]:
    """Pass *records* on and show nothing."""
    return records


@dataclass(slots=True)
class Filled:
    """What became of a history: rows written, rows that could not be read, and what deserves a warning."""

    rows: int = 0
    bad: list[BadLine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def filling(
    history: History,
    name: str,
    settings: PbxSettings,
    *,
    seed: int,
    until: datetime,
    locales: Locales,
    watch: Watch = unwatched,
) -> Steps[Filled]:
    """Fill *history*, if it is empty, as the *settings* of the PBX *name* say; calls end before *until*.

    It is a step a record, with names of *locales*. Until the last step nobody else may use *history*.
    """
    known = facts(settings, seed)
    if made_with := history.made_with():
        return Filled(warnings=list(differences(made_with, known)))
    if len(history):
        return Filled()
    source = settings.history
    if source.import_ is not None:
        # What is named over the control plane must not be one that never ends.
        pieces = regularfile.pieces(source.import_, STEP)
        filled = yield from _importing(history, source.import_, pieces, zone=settings.time_zone, watch=watch)
        name_of = source.import_.name
        bad = (f"{name_of}, {one}" for one in filled.bad)
        filled.warnings += shortened(bad, f"{name_of}: {{}} more rows could not be read")
    elif not source.days:
        filled = Filled()
    else:
        world = _world(name, settings, seed=seed, until=until, locales=locales)
        what = f"{name}: making up {source.days} days of calls"
        made = watch(world.records(microseconds(until)), what, *covering(settings, until))
        filled = Filled((yield from history.keeping(made, _rest(world))))
        history.recordings.insert_all(recorded_greetings(name, settings, seed=seed, until=until))
    if filled.rows or not filled.bad:
        history.note(known)  # a file that gave nothing may be mended and read at the next start
    return filled


def made_up(name: str, settings: PbxSettings, *, seed: int, until: datetime) -> Iterator[Record]:
    """Return what the PBX *name* wrote of made-up calls that ended before *until*."""
    return _world(name, settings, seed=seed, until=until, locales=Locales()).records(microseconds(until))


def _world(name: str, settings: PbxSettings, *, seed: int, until: datetime, locales: Locales) -> CallWorld:
    """Return the world of the made-up calls of the PBX *name* before *until*."""
    firmware = Firmware.of(settings.register, settings.time_zone)
    days, calls = settings.history.days, settings.history.calls_per_day
    of = ("people", "groups", "traffic", "recording")
    people, grouping, chance, recording = (stream(seed, name, what) for what in of)
    office, clock = Office.of(settings, people, grouping, locales), Corrections.of(settings.clock)
    return before(office, firmware, chance, recording, until=until, days=days, calls_per_day=calls, clock=clock)


def _rest(world: CallWorld) -> Iterator[Numbered]:
    """Yield the calls of *world* that are over since its last record, and those that are up at its end: there they are cut."""
    world.switch_off()
    yield from world.over()


def recorded_greetings(name: str, settings: PbxSettings, *, seed: int, until: datetime) -> Iterator[Recording]:
    """Yield the greetings that the extensions of the PBX *name* recorded before the days that are made up."""
    own, since = settings.extensions, microseconds(until) - settings.history.days * _DAY
    forms = {"gsm-and-wav": ("gsm", "wav"), "none": ()}.get(str(settings.register["greetings"]))
    if forms is None:
        forms = (str(settings.register["greetings"]),)
    mailboxes = (str(own.first + at) for at in range(own.count))
    return greetings(mailboxes, since // SECOND, forms, settings.traffic, stream(seed, name, "greetings"))


def covering(settings: PbxSettings, until: datetime) -> tuple[float, Reached]:
    """Return how many days of calls are made up before *until*, and what says how many of them a record has come.

    Calls come in no even number a day: their number would not say how much remains.
    """
    days = settings.history.days
    since = microseconds(until) - days * _DAY

    def reached(record: Record) -> float:
        return (record.truth.ended - since) / _DAY if record.truth else 0.0

    return days, reached


def import_file(
    history: History, file: Path, form: str | None = None, *, zone: ZoneInfo, watch: Watch = unwatched
) -> Filled:
    """Add the rows of the device *file* to *history*; rows that cannot be read are reported, the others taken.

    The recordings that they name are made up, as long as the talk was; names that no device can have written are
    counted in a warning. *zone* is that of the file's times. *form* is csv, json or xml; without it the file's name and
    first character decide. Raises `HistoryError` when the file cannot be read at all.
    """
    return finished(_importing(history, file, _pieces(file), form, zone=zone, watch=watch))


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from iter(partial(opened.read, STEP), b"")


def _importing(
    history: History,
    file: Path,
    pieces: Iterable[bytes],
    form: str | None = None,
    *,
    zone: ZoneInfo,
    watch: Watch,
) -> Steps[Filled]:
    texts = _texts(file, pieces)
    begins = next(texts)
    yield
    filled = Filled()
    found = devicefile.READERS[form or devicefile.sniffed(begins, file.name)](chain([begins], texts))
    unnamed = 0

    def good() -> Iterator[Record]:
        nonlocal unnamed
        for item in found:
            if isinstance(item, BadLine):
                filled.bad.append(item)
                continue
            recorded = list(named_by(item, zone))
            unnamed += recorded.count(None)
            yield Record(item, tuple(filter(None, recorded)))

    filled.rows = yield from history.keeping(watch(good(), f"importing {file.name}", None))
    if unnamed:
        filled.warnings.append(f"{file.name}: names in recordfiles that no device can have written: {unnamed}")
    return filled


def _texts(file: Path, pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of *file*, which is in *pieces*; raises `HistoryError`."""
    try:
        yield from decoded(pieces)
    except OSError as error:
        raise HistoryError(f"{file} cannot be read: {error.strerror}") from error


def named_by(row: Row, zone: ZoneInfo) -> Iterator[Recording | None]:
    """Yield the recordings that the `recordfiles` of a *row* written in *zone* names, as long as its billsec.

    None stands for a name that no device can have written.
    """
    if not row[AT["recordfiles"]]:
        return
    written = _instant(row[AT["end"]] or row[AT["start"]], zone)
    samples = min(max(int(row[AT["billsec"]]), 0), _LONGEST) * RATE
    for place in filenames.listed(row[AT["recordfiles"]]):
        yield place and Recording(*place, written, samples)


def _instant(text: str, zone: ZoneInfo) -> int:
    """Return the second of the epoch that the local *text* stands for; 0 for none."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())
    except (ValueError, OverflowError):
        return 0
