"""What somebody asks of the journal: filters and paging, read from the parameters of a query. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Any

from ucmsim.acl import Entry, parse_entry, peer_address
from ucmsim.contract.fields import FieldRefused, each_once, instant_of, only_known, whole_number
from ucmsim.entry import ANY, among
from ucmsim.errors import did_you_mean, listed
from ucmsim.http.request import decoded, handler_of, text
from ucmsim.journal.marks import MARKS
from ucmsim.journal.telling import noteworthy
from ucmsim.refusals import Code

MOST = 1000
"""Events in one answer."""
STEP = 1000
"""Events that are looked at before others have their turn."""
KINDS = ("connection", "exchange", "listening")
CLOCKS = ("wall", "pbx")

Reader = Callable[[str, str], Any]
"""Reads the value of a parameter, which it is told the name of. Raises `FieldRefused`."""

PARAMETERS: Mapping[str, str] = MappingProxyType({
    "kind": "connection, exchange or listening",
    "since": "ISO instant with its zone: what began then or later",
    "until": "ISO instant with its zone: what began before then",
    "clock": "which clock since and until mean: wall (the default) or pbx",
    "peer": "an address, or an address/netmask entry, of the client",
    "path": "a path, such as /cdrapi; letter case and a slash at the end do not count",
    "status": "a status, or a class such as 4xx",
    "fault": "the name or the kind of a fault that fired, or any; one that was never armed here is refused",
    "refusal": "the code of a refusal, or any",
    "mark": "the id of a mark, or any",
    "brief": "yes leaves out connections that are told by their exchanges",
    "after": "an id: later events only",
    "limit": f"events in one answer, 1 to {MOST}; 100 by default",
    "last": f"so many of the latest that match, 1 to {MOST}, instead of the earliest",
})  # fmt: skip
"""Every parameter and what it means."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is looked for; None does not filter, and `ANY` matches whatever is there.

    *since* and *until* are texts that sort as the instants of the events do.
    """

    kind: str | None = None
    since: str | None = None
    until: str | None = None
    clock: str = "wall"
    peer: Entry | None = None
    path: str | None = None
    status: str | None = None
    fault: str | None = None
    refusal: str | None = None
    mark: str | None = None
    brief: str | None = None
    after: int = 0
    limit: int = 100
    last: int | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Sequence[str]]) -> Inquiry:
        """Return the inquiry that *parameters*, with all values that each was given, spell; raises `FieldRefused`."""
        only_known(parameters, _READERS, "parameter of the journal")
        return cls(**{name: _READERS[name](value, name) for name, value in each_once(parameters).items()})

    def matches(self, entry: Mapping[str, Any]) -> bool:
        """Return whether *entry* is looked for; its id does not count here."""
        if (self.kind is not None and entry["kind"] != self.kind) or (self.brief == "yes" and not noteworthy(entry)):
            return False
        at = entry["wall" if self.clock == "wall" else "pbx_clock"]
        if (self.since is not None and at < self.since) or (self.until is not None and at >= self.until):
            return False
        if self.peer is not None and not _covers(self.peer, entry.get("peer", "")):
            return False
        if self.path is not None and _path(entry) != self.path:
            return False
        if self.status is not None and not _has_status(entry, self.status):
            return False
        refusal = entry["refusal"]
        codes = [refusal["code"]] if refusal else []
        wanted = (
            (self.fault, [*entry["faults"], *entry.get("kinds", ())]),
            (self.refusal, codes),
            (self.mark, entry["marks"]),
        )
        return all(among(one, there) for one, there in wanted)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer: *items* in order, *next* is the id to go on after when there is more, *last* the latest there is.

    *first* is the earliest that is kept: what was before it is gone, but for the *marks* it had, which are counted.
    """

    items: tuple[dict[str, Any], ...]
    next: int | None
    first: int
    last: int
    marks: Mapping[str, int] = field(default_factory=dict, hash=False)

    def as_json(self) -> dict[str, Any]:
        bounds = {"first": self.first, "last": self.last}
        return {"items": list(self.items), "next": self.next, **bounds, "marks": dict(self.marks)}


class Search:
    """Looks for what *inquiry* asks among *entries*, a step at a time, so that who shares the worker need not wait long.

    Entries come in order, or from the latest on where the inquiry asks for the last. *bounds* returns the earliest and
    the latest id, once the search is over.
    """

    def __init__(
        self, entries: Iterator[dict[str, Any]], inquiry: Inquiry, bounds: Callable[[], tuple[int, int]]
    ) -> None:
        self._entries = entries
        self._inquiry = inquiry
        self._bounds = bounds
        self._items: list[dict[str, Any]] = []

    def step(self, count: int = STEP) -> Found | None:
        """Look at *count* more entries; return the answer if that is the end."""
        inquiry, items = self._inquiry, self._items
        limit = inquiry.limit if inquiry.last is None else inquiry.last
        looked = 0
        for entry in islice(self._entries, count):
            looked += 1
            if not inquiry.matches(entry):
                continue
            if len(items) == limit:
                return self._found(more=True)
            items.append(entry)
        return self._found(more=False) if looked < count else None

    def whole(self) -> Found:
        """Look to the end."""
        while (found := self.step()) is None:
            pass
        return found

    def _found(self, *, more: bool) -> Found:
        items, first_and_last = self._items, self._bounds()
        if self._inquiry.last is not None:
            return Found(tuple(reversed(items)), None, *first_and_last)
        return Found(tuple(items), items[-1]["id"] if more else None, *first_and_last)


def no_fault(word: str, names: Iterable[str], kinds: Iterable[str]) -> FieldRefused:
    """Return what is said where *word* is neither among the *names* of faults that were armed nor among their *kinds*."""
    armed, every = tuple(names), tuple(kinds)
    asks, near = "did you mean ", (did_you_mean(word, armed), did_you_mean(word, every))
    guesses = (near[0].removeprefix(asks).rstrip("?"), near[1].replace(asks, "the kind ").rstrip("?"))
    there = f"armed {'was' if len(armed) == 1 else 'were'} {', '.join(armed)}" if armed else "none was armed yet"
    right = (
        f"{asks}{', or '.join(filter(None, guesses))}?" if any(near) else f"{there}, and the kinds are {listed(every)}"
    )
    return FieldRefused(f"'{word}' is neither a fault that was armed here nor a kind of one; {right}", "fault")


def _covers(entry: Entry, peer: str) -> bool:
    try:
        return entry.matches(peer_address(peer)) == entry.permit
    except ValueError:
        return False


def _path(entry: Mapping[str, Any]) -> str | None:
    request = entry.get("request")
    if request is None:
        return None
    target = request["target"].partition("?")[0].encode("utf-8", "surrogateescape")
    return handler_of(text(decoded(target)))


def _has_status(entry: Mapping[str, Any], status: str) -> bool:
    reply = entry.get("reply")
    found = str(reply["status"]) if reply else ""
    return found[:1] == status[0] if status.endswith("xx") else found == status


def _spelt(parse: Callable[[str], Any]) -> Reader:
    """Return what reads a parameter with *parse*, which raises `ValueError` with what would be right."""

    def read(value: str, name: str) -> Any:
        try:
            return parse(value)
        except ValueError as error:
            raise FieldRefused(f"'{value}' cannot stand in {name}: {error}", name) from None

    return read


def _one_of(words: Iterable[str]) -> Reader:
    known = tuple(words)

    def parse(value: str) -> str:
        if value not in known:
            raise ValueError(did_you_mean(value, known) or f"it is {listed(known)}")
        return value

    return _spelt(parse)


def _instant(value: str, name: str) -> str:
    return instant_of(value, name).isoformat(timespec="microseconds")


def _handler(value: str) -> str:
    found = handler_of(value)
    if found is None:
        raise ValueError("a path begins with '/', such as /cdrapi")
    return found


def _status(value: str) -> str:
    if (
        len(value) != 3
        or not value.isascii()
        or not value[0].isdigit()
        or not (value[1:].isdigit() or value[1:] == "xx")
    ):
        raise ValueError("a status has three digits, or is a class such as 4xx")
    return value


def _number(least: int, most: int) -> Reader:
    return lambda value, name: whole_number(value, name, least, most)


_READERS: Mapping[str, Reader] = MappingProxyType({
    "kind": _one_of(KINDS),
    "since": _instant,
    "until": _instant,
    "clock": _one_of(CLOCKS),
    "peer": _spelt(parse_entry),
    "path": _spelt(_handler),
    "status": _spelt(_status),
    "fault": lambda value, _: value,
    "refusal": _one_of([ANY, *(code.slug for code in Code)]),
    "mark": _one_of([ANY, *(mark.id for mark in MARKS)]),
    "brief": _one_of(["yes", "no"]),
    "after": _number(0, 10**18),
    "limit": _number(1, MOST),
    "last": _number(1, MOST),
})  # fmt: skip
