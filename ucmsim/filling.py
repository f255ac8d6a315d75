"""Fills an empty history, from a file or with made-up calls, and leaves a filled one alone.

`history` and `seed` only ever fill an empty history; a difference to what it was made with is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ucmsim import devicefile
from ucmsim.calls import World, generate
from ucmsim.columns import Row
from ucmsim.devicefile import BadLine
from ucmsim.errors import HistoryError
from ucmsim.history import History
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.streams import stream

Watch = Callable[[Iterable[Row], str, int | None], Iterable[Row]]
"""Passes rows on and shows how far they have come."""

_SHOWN = 20


def unwatched(rows: Iterable[Row], _what: str, _total: int | None) -> Iterable[Row]:
    """Pass *rows* on and show nothing."""
    return rows


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
        return Filled(warnings=[_differs(key, made_with.get(key, ""), now) for key, now in facts.items()
                                if made_with.get(key) != now])  # fmt: skip
    if len(history):
        return Filled()
    source = settings.history
    if source.import_ is not None:
        filled = import_file(history, source.import_, watch=watch)
        filled.warnings += [f"{source.import_.name}, {bad}" for bad in filled.bad[:_SHOWN]]
        if len(filled.bad) > _SHOWN:
            filled.warnings.append(f"{source.import_.name}: {len(filled.bad) - _SHOWN} more rows could not be read")
    else:
        made = made_up(name, settings, seed=seed, until=until)
        total = source.days * source.calls_per_day
        filled = Filled(history.extend(watch(made, f"{name}: making up calls", total)))
    if filled.rows or not filled.bad:
        history.note(facts)  # a file that gave nothing may be mended and read at the next start
    return filled


def made_up(name: str, settings: PbxSettings, *, seed: int, until: datetime) -> Iterator[Row]:
    """Return the made-up calls of the PBX *name* that ended before *until*."""
    monthly = settings.register["acctid"] == "monthly"
    world = World(settings.personality, settings.time_zone, settings.extensions, settings.trunks, monthly_ids=monthly)
    days, calls = settings.history.days, settings.history.calls_per_day
    return generate(world, stream(seed, name, "traffic"), until=until, days=days, calls_per_day=calls)


def import_file(history: History, file: Path, form: str | None = None, *, watch: Watch = unwatched) -> Filled:
    """Add the rows of the device *file* to *history*; rows that cannot be read are reported, the others taken.

    *form* is csv, json or xml; without it the file's name and first character decide. Raises `HistoryError` when the
    file cannot be read at all.
    """
    try:
        text = file.read_bytes().decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    except OSError as error:
        raise HistoryError(f"{file} cannot be read: {error.strerror}") from error
    filled = Filled()
    found = devicefile.READERS[form or devicefile.sniffed(text, file.name)](text)

    def good() -> Iterator[Row]:
        for item in found:
            if isinstance(item, BadLine):
                filled.bad.append(item)
            else:
                yield item

    filled.rows = history.extend(watch(good(), f"importing {file.name}", None))
    return filled


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
        "extensions": f"{settings.extensions.count} from {settings.extensions.first} on",
        "trunks": ", ".join(f"{trunk.name} ({trunk.channels})" for trunk in settings.trunks),
        "quirk acctid": str(settings.register["acctid"]),
    }


def _differs(key: str, then: str, now: str) -> str:
    return f"the kept history was made with {key} '{then}', and the configuration says '{now}'; --fresh begins anew"
