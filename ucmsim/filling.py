"""Fills an empty history, from a file or with made-up calls, and leaves a filled one alone.

`history` and `seed` only ever fill an empty history; a difference to what it was made with is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from ucmsim import devicefile
from ucmsim.audio import RATE
from ucmsim.calls import Firmware, Office, before, filenames
from ucmsim.calls.mailboxes import greetings
from ucmsim.calls.world import CallWorld
from ucmsim.columns import AT, Row
from ucmsim.corrections import Corrections
from ucmsim.devicefile import BadLine
from ucmsim.errors import HistoryError, shortened
from ucmsim.history import History
from ucmsim.instants import SECOND, microseconds
from ucmsim.personalities import names, personality
from ucmsim.quirks import PERSONALITY, ROWS
from ucmsim.records import Numbered, Record, Recording
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings import Traffic
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
_STORED = ("columns", *(row.id for row in ROWS if row.switchable))
"""The quirks that decide what is stored."""
_MAILBOX, _FIRST_NOTED_WITH = "quirk voicemail-row", "quirk one-row-lastapp"
"""Whether voicemail makes a second row was no matter of this quirk before G3, until the other was there."""


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


def fill(
    history: History, name: str, settings: PbxSettings, *, seed: int, until: datetime, watch: Watch = unwatched
) -> Filled:
    """Fill *history*, if it is empty, as the *settings* of the PBX *name* say; calls end before *until*."""
    facts = _facts(settings, seed)
    if made_with := history.made_with():
        return Filled(warnings=list(_differences(made_with, facts)))
    if len(history):
        return Filled()
    source = settings.history
    if source.import_ is not None:
        filled = import_file(history, source.import_, zone=settings.time_zone, watch=watch)
        name_of = source.import_.name
        bad = (f"{name_of}, {one}" for one in filled.bad)
        filled.warnings += shortened(bad, f"{name_of}: {{}} more rows could not be read")
    else:
        world = _world(name, settings, seed=seed, until=until)
        what = f"{name}: making up {source.days} days of calls"
        made = watch(world.records(microseconds(until)), what, *covering(settings, until))
        filled = Filled(history.keep(made, _rest(world)))
        if source.days:
            history.recordings.insert_all(recorded_greetings(name, settings, seed=seed, until=until))
    if filled.rows or not filled.bad:
        history.note(facts)  # a file that gave nothing may be mended and read at the next start
    return filled


def made_up(name: str, settings: PbxSettings, *, seed: int, until: datetime) -> Iterator[Record]:
    """Return what the PBX *name* wrote of made-up calls that ended before *until*."""
    return _world(name, settings, seed=seed, until=until).records(microseconds(until))


def _world(name: str, settings: PbxSettings, *, seed: int, until: datetime) -> CallWorld:
    """Return the world of the made-up calls of the PBX *name* before *until*."""
    firmware = Firmware.of(settings.register, settings.time_zone)
    days, calls = settings.history.days, settings.history.calls_per_day
    people, chance, recording = (stream(seed, name, what) for what in ("people", "traffic", "recording"))
    office, clock = Office.of(settings, people), Corrections.of(settings.clock)
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
    try:
        text = file.read_bytes().decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    except OSError as error:
        raise HistoryError(f"{file} cannot be read: {error.strerror}") from error
    filled = Filled()
    found = devicefile.READERS[form or devicefile.sniffed(text, file.name)](text)
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

    filled.rows = history.keep(watch(good(), f"importing {file.name}", None))
    if unnamed:
        filled.warnings.append(f"{file.name}: names in recordfiles that no device can have written: {unnamed}")
    return filled


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


def _facts(settings: PbxSettings, seed: int) -> dict[str, str]:
    source = settings.history
    made = (
        f"{source.days} days of {source.calls_per_day} calls"
        if source.import_ is None
        else f"import of {source.import_}"
    )
    return {
        "seed": str(seed),
        "history": made,
        "personality": settings.personality.id,
        "time_zone": settings.time_zone.key,
        "extensions": str(settings.extensions),
        "trunks": ", ".join(map(str, settings.trunks)),
        "traffic": _traffic(settings),
        "restarts": ", ".join(instant.isoformat() for instant in settings.restarts) or "none",
        "clock.corrections": ", ".join(map(str, settings.clock.corrections)) or "none",
        "recording": _recording(settings),
        **_quirks(settings),
    }


def _recording(settings: PbxSettings) -> str:
    recording = settings.recording
    over_ami = f", {recording.ami:g} of them over AMI" if recording.ami else ""
    return f"{recording.share:g} of {', '.join(sorted(set(recording.kinds))) or 'no calls'}{over_ami}"


def _traffic(settings: PbxSettings) -> str:
    """Return what shapes the calls; whether they go on is no matter of those that were made."""
    made = settings.traffic.model_copy(update={"live": False})
    return "usual" if made == Traffic() else made.model_dump_json(exclude_defaults=True)


def _quirks(settings: PbxSettings) -> dict[str, str]:
    """Return what the quirks are set to; what follows from the personality's columns is no difference of its own."""
    register, decides = settings.register, settings.personality.decides
    return {
        f"quirk {quirk_id}": PERSONALITY if decides.get(quirk_id) == register[quirk_id] else str(register[quirk_id])
        for quirk_id in _STORED
    }


def _differences(made_with: Mapping[str, str], facts: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each of *facts* that is another than what a history was *made_with*.

    What that does not say is no difference: an older version did not know it.
    """
    known = made_with.get("personality")
    decides = personality(known).decides if known in names() else {}
    decided = {f"quirk {quirk_id}": str(value) for quirk_id, value in decides.items()}
    if _FIRST_NOTED_WITH not in made_with and decided.get(_MAILBOX) == "none":
        made_with = {**made_with, _MAILBOX: "none"}
    for key, now in facts.items():
        then = made_with.get(key, now)
        # An older version noted what a personality decided by itself like a choice, where it did not ask for it yet.
        if then != now and not (now == PERSONALITY and then == decided.get(key)):
            yield f"the kept history was made with {key} '{then}', and the configuration says '{now}'; --fresh begins anew"
