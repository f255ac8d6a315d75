"""Rows as the entries of a JSON page: the rows of a session, and the main_cdr that sums them up. Spec 4.4, 0b.

Knows rows, nothing of how they are written. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ucmsim.columns import AT, NAMES, Row
from ucmsim.register import Quirks

_IDENTITY = ("src", "dst", "start", "session", "action_type")
_DURATIONS = (AT["duration"], AT["billsec"])
_SESSION = AT["session"]
_END = AT["end"]

Entry = tuple[str, Row | None, Sequence[Row]]
"""One entry: its key, its main_cdr and its rows; without a main_cdr it is one row that stands flat."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How one PBX makes entries of rows.

    *keyed*: the key of an entry is its session, else blank. *shifted*: groups start one row early and repeat what the
    first main_cdr *copied*: the places of columns that it has from its first row. *summed*: its durations are sums over
    the rows of its own group, else those of the first of them. *singles*: a row alone in its session has a main_cdr
    too, if it has a session. *ends*: rows below a main_cdr keep their end. *together*: rows without a session are one.
    *adjacent*: rows of a session that do not follow each other are groups of their own.
    """

    keyed: bool
    shifted: bool
    copied: tuple[int, ...]
    summed: bool
    singles: bool
    ends: bool
    together: bool
    adjacent: bool

    @classmethod
    def of(cls, quirks: Quirks) -> Grouping:
        """Return the grouping that the register says; of AcctId, main-cdr-acctid alone decides."""
        copied = set(NAMES if quirks["main-cdr-columns"] == "all" else _IDENTITY) - {"AcctId"}
        if quirks["main-cdr-acctid"] == "first":
            copied.add("AcctId")
        return cls(
            keyed=quirks["group-key"] == "session",
            shifted=quirks["group-shift"] == "one",
            copied=tuple(AT[name] for name in NAMES if name in copied),
            summed=quirks["main-cdr-sums"] == "sum",
            singles=quirks["single-row-entry"] == "grouped",
            ends=quirks["group-member-end"] == "kept",
            adjacent=quirks["group-rows"] == "adjacent",
            together=quirks["blank-session"] == "together",
        )

    def entries(self, rows: Sequence[Row]) -> Iterator[Entry]:
        """Yield one entry a session, at the place of its first row."""
        identity: Row | None = None
        # Shifted, each group starts with the last row of the session before it, as CAP22 shows.
        sessions = [row[_SESSION] for row in ((*rows[1:], *rows[-1:]) if self.shifted else rows)]
        for group in self._by_session(sessions, rows):
            session = group[0][_SESSION]
            key = session if self.keyed else ""
            if len(group) == 1 and not (self.singles and session):
                yield key, None, group
                continue
            identity = identity if self.shifted and identity else group[0]
            yield key, self._main(identity, group), group if self.ends else [_endless(row) for row in group]

    def _main(self, identity: Row, group: Sequence[Row]) -> Row:
        main = [""] * len(NAMES)
        for at in self.copied:
            main[at] = identity[at]
        for at in _DURATIONS:
            main[at] = str(sum(_seconds(row[at]) for row in group)) if self.summed else group[0][at]
        return tuple(main)

    def _by_session(self, sessions: Sequence[str], rows: Sequence[Row]) -> list[list[Row]]:
        groups: list[list[Row]] = []
        open_groups: dict[str, list[Row]] = {}
        for session, row in zip(sessions, rows, strict=True):
            if session in open_groups and (session or self.together):
                open_groups[session].append(row)
                continue
            if self.adjacent:
                open_groups.clear()
            open_groups[session] = group = [row]
            groups.append(group)
        return groups


def _seconds(text: str) -> int:
    """Return the number that *text* is, 0 for one that a fault has spoilt."""
    try:
        return int(text)
    except ValueError:
        return 0


def _endless(row: Row) -> Row:
    return (*row[:_END], "", *row[_END + 1 :])
