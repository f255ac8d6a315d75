"""What a scenario asks of the control plane, and in which form it takes the answers. Nothing else here knows the client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from ucmsim import configuration
from ucmsim.assembling.hidden import told_settings
from ucmsim.client import ControlClient
from ucmsim.contract.answers import Delivery, Entry, JournalPage, LedgerCall
from ucmsim.instants import microseconds
from ucmsim.scenarios.language import PLACING
from ucmsim.scenarios.seen import Call, Events, File, Row, Seen

_PAGE = 1000


@dataclass(slots=True)
class Bridge:
    """The PBX called *name*, driven by *control*; every method may raise `ucmsim.client.ControlError`."""

    control: ControlClient
    name: str
    _base: int = field(default=0)
    """Added to the ids of the journal, which count from 1 again when the PBX was reset."""
    _before: Mapping[str, int] = field(default_factory=dict)
    """Added to the marks of the journal, which are counted anew then."""

    def end(self) -> Events:
        """Return the end of the journal as it is now: no events, but what is known of those before."""
        page = self.control.journal_page(self.name, last=1)
        return Events((), self._base + page.last, 0, self._marks(page))

    def events(self, after: int) -> Events:
        """Return the events behind the id *after*."""
        entries: list[Entry] = []
        asked = after - self._base
        dropped = 0
        while True:
            page = self.control.journal_page(self.name, after=asked, limit=_PAGE)
            dropped += max(page.first - asked - 1, 0)
            entries += (replace(entry, id=self._base + entry.id) for entry in page.items)
            if page.next is None:
                return Events(entries, self._base + max(page.last, asked), dropped, self._marks(page))
            asked = page.next

    def now(self) -> datetime:
        """Return what the PBX clock shows."""
        return self.control.clock(self.name).now

    def wall(self) -> float:
        """Return the wall clock's now over there, in seconds of the epoch: the machine here may have another."""
        return self.control.status().wall.timestamp()

    def calls(self) -> list[Call]:
        """Return every call that is over, without names."""
        return [_call(one) for one in self.control.ledger(self.name)]

    def place(self, call: Mapping[str, Any]) -> list[int]:
        """Place the calls that *call* stands for; return when each begins, in microseconds of UTC, by which they are told apart."""
        wanted = {key: value for key, value in call.items() if key not in PLACING}
        later = [at * call.get("every", 0) for at in range(call.get("count", 1))]
        if "at" in wanted:
            first = datetime.fromisoformat(wanted["at"])
            each = [{**wanted, "at": (first + timedelta(seconds=seconds)).isoformat()} for seconds in later]
        else:  # counted from when they are placed: a clock that is read before that may run on meanwhile
            each = [{**wanted, "delay": wanted.get("delay", 0) + seconds} for seconds in later]
        told = self.control.place_calls(self.name, each)
        return [microseconds(one.begins) for one in told]

    def set_time_of_day(self, text: str) -> None:
        """Set the PBX clock to the time of day *text*, HH:MM, of its today and in its zone, and freeze it."""
        local = self.control.clock(self.name).local
        then = datetime.combine(local.date(), time.fromisoformat(text), local.tzinfo)
        self.control.change_clock(self.name, {"now": then.isoformat(), "rate": 0})

    def reset(self, seen: Seen) -> None:
        """Let the PBX begin anew, of which so much was *seen*."""
        self.control.reset(self.name)
        self._base, self._before = seen.last, seen.marks

    def _marks(self, page: JournalPage) -> Mapping[str, int]:
        return Counter(self._before) + Counter(page.marks)

    def differing(self, wanted: Mapping[str, Any]) -> list[str]:
        """Return those of the settings *wanted* that the PBX does not have, as sentences; of a secret, whether it has one."""
        told = told_settings(configuration.written(configuration.read_pbx(wanted, Path())))
        return list(_differing(told, self.control.pbx(self.name).settings, ""))


def named(calls: Sequence[Call], placed: Mapping[int, str]) -> list[Call]:
    """Return *calls* with the names that they were *placed* under, by when they began."""
    return [replace(one, name=placed.get(one.began, "")) for one in calls]


def _call(told: LedgerCall) -> Call:
    rows = tuple(Row(row.acctid, _whole(row.deliveries)) for row in told.rows if row.acctid is not None)
    files = tuple(File(file.path, _whole(file.deliveries)) for file in told.recordings)
    return Call(told.began or 0, rows, files, shape=told.shape)


def _whole(deliveries: Iterable[Delivery]) -> int:
    """Return how often something went out whole."""
    return sum(one.whole for one in deliveries)


def _differing(wanted: Mapping[str, Any], there: Mapping[str, Any], under: str) -> Any:
    for key, value in wanted.items():
        found = there.get(key)
        if isinstance(value, Mapping) and isinstance(found, Mapping):
            yield from _differing(value, found, f"{under}{key}.")
        elif value != found:
            yield f"{under}{key} is {found}, and the scenario needs {value}"
