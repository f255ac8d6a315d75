"""What became of each call: its truth, its rows and recordings, and which exchanges carried them. What the ledger tells.

Calls that are over come first, in that order, then sessions of rows of which nobody knows what they are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, get_args

from ucmsim.calls.filenames import listed
from ucmsim.recording.audio import size
from ucmsim.store.carriers import Carrier, Carriers
from ucmsim.store.history import History
from ucmsim.store.imported import UnknownCall
from ucmsim.store.ledger import Sought, ToldCall
from ucmsim.store.records import Recording

How = Literal["never", "once", "again"]
"""How often the least delivered row of a call went out whole: not once, once, or more than once."""
HOWS: tuple[How, ...] = get_args(How)

STEP = 150
"""Calls that are looked at before others have their turn, at most."""
_BEYOND = 1 << 52
"""Behind the last call: to it the id of a row is added, and JavaScript still counts to there."""


class File(NamedTuple):
    """A recording of a call: the *path* at which it is found, and its *bytes*, None where it is there no more.

    *named* says that a CDR of the call names it, or may have: one was deleted.
    """

    path: str
    bytes: int | None
    named: bool


@dataclass(frozen=True, slots=True)
class Account:
    """One call as it is *told*, and what carried each of its rows, by their ids, and each of its *files*."""

    told: Mapping[str, Any]
    rows: Mapping[int, Carriers]
    files: Sequence[tuple[File, Sequence[Carrier]]]

    @property
    def delivered(self) -> int:
        """How often its least delivered row went out whole, 0 without rows."""
        return min((carriers.whole for carriers in self.rows.values()), default=0)

    def matches(self, how: How | None) -> bool:
        """Return whether it was delivered *how* often; without rows there was nothing to deliver."""
        return how is None or (bool(self.rows) and HOWS[min(self.delivered, 2)] == how)

    def as_json(self, known: dict[Carrier, dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return it as the control plane tells it; exchanges that are *known* are told as they are there, and others get there.

        On a page nearly all rows were carried by the same ones.
        """
        known = {} if known is None else known
        rows = [{**row, "deliveries": _told(self.rows[row["row"]].named, known)} for row in self.told["rows"]]
        files = [{**file._asdict(), "deliveries": _told(carriers, known)} for file, carriers in self.files]
        return {**self.told, "rows": rows, "recordings": files, "delivered": self.delivered}


@dataclass(slots=True)
class Accounting:
    """Finds the page of what is *sought* in *history* and was delivered *how* often, step by step, in the worker.

    *items* are what was found by now, *next* is what the next page begins after, None after the last.
    """

    history: History
    sought: Sought
    how: How | None = None
    items: list[Account] = field(default_factory=list)
    next: int | None = None
    _at: int = 0

    def __post_init__(self) -> None:
        self._at = self.sought.after

    def step(self) -> bool:
        """Look at some more calls; return whether that is all of the page."""
        # One more than fits tells whether there is another page.
        looked = min(STEP, self.sought.limit - len(self.items) + 1)
        found = self._some(looked)
        for at, account in found:
            if account.matches(self.how):
                if len(self.items) == self.sought.limit:
                    self.next = self._at
                    return True
                self.items.append(account)
            self._at = at
        if self._at < _BEYOND and len(found) < looked:
            self._at = _BEYOND
            return False
        return len(found) < looked

    def whole(self) -> list[Account]:
        """Look to the end of the page."""
        while not self.step():
            pass
        return self.items

    def _some(self, count: int) -> list[tuple[int, Account]]:
        """Return the next *count*, each with what `after` is behind it."""
        sought = replace(self.sought, times=None if self.how is None else HOWS.index(self.how))
        if self._at < _BEYOND:
            calls, _ = self.history.ledger.page(replace(sought, after=self._at, limit=count))
            files = self._files(calls)
            accounts = self._accounts([(call.as_json(), files[call.number]) for call in calls])
            return list(zip((call.over for call in calls), accounts, strict=True))
        groups = self.history.imported.page(sought, self._at - _BEYOND, count)
        accounts = self._accounts([(group.as_json(), self._named(group)) for group in groups])
        return list(zip((_BEYOND + group.rows[0].row for group in groups), accounts, strict=True))

    def _accounts(self, told: Sequence[tuple[Mapping[str, Any], Sequence[tuple[str, File]]]]) -> list[Account]:
        """Return calls, and their files by the paths under which they were made, with what carried them."""
        delivered = self.history.delivered
        carried = delivered.of_rows([row["row"] for call, _ in told for row in call["rows"]])
        fetched = delivered.of_files({path for _, files in told for made, file in files for path in (made, file.path)})
        return [
            Account(
                call,
                {row["row"]: carried.get(row["row"], Carriers()) for row in call["rows"]},
                [
                    (file, [one for path in dict.fromkeys((made, file.path)) for one in fetched.get(path, ())])
                    for made, file in files
                ],
            )
            for call, files in told
        ]

    def _files(self, calls: Sequence[ToldCall]) -> Mapping[int, list[tuple[str, File]]]:
        numbers = [call.number for call in calls]
        recorded, named = self.history.delivered.recordings(numbers), self.history.delivered.named(numbers)
        return {number: list(_found(recorded.get(number, ()), named.get(number, ()))) for number in numbers}

    def _named(self, group: UnknownCall) -> list[tuple[str, File]]:
        """Return the files that its rows name."""
        found = {}
        for directory, name in (one for row in group.rows for one in listed(row.recordfiles) if one):
            there = self.history.recordings.find(directory, name)
            path = f"{directory}/{name}"
            found[path] = File(path, size(name, there.samples) if there else None, named=True)
        return list(found.items())


def _found(recorded: Iterable[tuple[str, Recording | None]], named: Sequence[str | None]) -> Iterator[tuple[str, File]]:
    """Yield what was *recorded* of a call, by the path that it had, and that its CDRs *named*."""
    names = {f"{one[0]}/{one[1]}" for text in named if text for one in listed(text) if one}
    for made, there in recorded:
        known = None in named or made in names or (there is not None and there.path in names)
        yield made, File(there.path, size(there.name, there.samples), known) if there else File(made, None, known)


def _told(carriers: Sequence[Carrier], known: dict[Carrier, dict[str, Any]]) -> list[dict[str, Any]]:
    return [known.get(one) or known.setdefault(one, one.as_json()) for one in carriers]
