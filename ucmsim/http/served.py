"""What a page of `/cdrapi` gave to its client, as a value: which rows, and which it had asked for. Never sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_MOST = 64
"""Runs of AcctIds that are told one by one."""


@dataclass(frozen=True, slots=True)
class Served:
    """The rows of one page and the question they answer.

    *acctids* are their AcctIds in the order of the page, runs as ``7-12``. *latest* is the latest `start` among them,
    *latest_end* the latest `end`, PBX-local text, "" when there are none. *entries* are what a client can count: lines,
    or entries of JSON. *since* is the `start` from which on the question asked, PBX-local text (None = from the first),
    *now* the present, and *open* says that it asked for rows up to that. *offset* and *limit* count rows, or
    sessions on a PBX that counts these, *taken* of which are on the page; *more* says that there are others after it.
    """

    acctids: str
    rows: int
    entries: int
    latest: str
    latest_end: str
    since: str | None
    now: str
    open: bool
    offset: int
    limit: int
    more: bool
    taken: int


def runs(acctids: Iterable[str]) -> str:
    """Return *acctids* with those that count up or down by one drawn together: ``62-64,70``.

    What follows the sixty-fourth run is left out, which three dots say.
    """
    found: list[str] = []
    first = last = ""
    step = 0
    for acctid in acctids:
        ahead = _step(last, acctid)
        if first and ahead and step in (0, ahead):
            last, step = acctid, ahead
            continue
        if first:
            found.append(_run(first, last))
        if len(found) == _MOST:
            return ",".join([*found, "..."])
        first = last = acctid
        step = 0
    return ",".join([*found, _run(first, last)] if first else found)


def _run(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


def _step(last: str, acctid: str) -> int:
    """Return 1 or -1 where *acctid* follows *last* by so much, else 0."""
    if not (last.isascii() and last.isdigit() and acctid.isascii() and acctid.isdigit()) or len(acctid) > 18:
        return 0
    ahead = int(acctid) - int(last[:19])
    return ahead if ahead in (1, -1) else 0
