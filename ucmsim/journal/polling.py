"""How a client polls `/cdrapi`: whether the questions that follow each other leave rows out. Pure.

A series is the questions of one client that differ in nothing but time, offset, page size and format.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from ucmsim.http.request import ApiRequest
from ucmsim.http.served import Served
from ucmsim.journal.entries import Exchange

SERIES = 16
"""Series of a client that are remembered."""
_PAGING = ("starttime", "endtime", "offset", "numrecords", "format")

Print = bytes
"""What tells two questions apart, and takes little however long they are."""


@dataclass(slots=True)
class Series:
    """The last page of a series: what its *target* was, from when on it asked, and the latest start seen so far.

    *latest_end* is the latest end of a call that was seen, *asked* the present when its first page was asked for.
    *open* says that it asked for rows up to the present, *short* that the page looked short and others follow, *end* is the
    offset at which the next page begins, *latest_of_page* the latest start on it.
    """

    target: Print = b""
    since: str | None = None
    latest: str = ""
    latest_end: str = ""
    asked: str = ""
    open: bool = False
    short: bool = False
    end: int = 0
    latest_of_page: str = ""


@dataclass(slots=True)
class Polls:
    """The series of one client."""

    series: OrderedDict[Print, Series] = field(default_factory=OrderedDict)

    def judged(self, exchange: Exchange, request: ApiRequest, served: Served | None) -> list[tuple[str, bool]]:
        """Return the marks of polling, and whether they hold for *exchange*, and remember the page it *served*."""
        if served is None or exchange.ended or exchange.began is None:
            return []
        filters = _print(repr(sorted(one for one in request.params if one[0].lower() not in _PAGING)))
        target = _print(request.target)
        last = self.series.get(filters)
        anew = served.offset == 0
        marks = [
            ("watermark-without-overlap", last is not None and anew and _no_overlap(last, served)),
            ("page-size-mistaken-for-end", last is not None and _gave_up(last, served, target)),
        ]
        self._remember(filters, last, served, target=target, looks_short=_looks_short(served, request))
        return marks

    def _remember(
        self, filters: Print, last: Series | None, served: Served, *, target: Print, looks_short: bool
    ) -> None:
        self.series[filters] = Series(
            target=target,
            since=served.since,
            latest=max(served.latest, last.latest if last else ""),
            latest_end=max(served.latest_end, last.latest_end if last else ""),
            asked=last.asked if last and served.offset else served.now,
            open=served.open,
            short=served.rows > 0 and served.more and looks_short,
            end=served.offset + served.taken,
            latest_of_page=served.latest,
        )
        self.series.move_to_end(filters)
        if len(self.series) > SERIES:
            self.series.popitem(last=False)


def _print(text: str) -> Print:
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _no_overlap(last: Series, served: Served) -> bool:
    """Return whether the question of *served* begins at, or after, the latest row that its series has seen.

    Only where the questions follow the present, and this one begins later than the last: a repetition is none, and days
    that are long over are read one after another without harm. Where it has been quiet for long, what begins after the
    last row may still go back behind the moment at which the last question was asked, and then it overlaps.
    """
    since = served.since
    if not last.open or since is None or not last.latest or (last.since is not None and since <= last.since):
        return False
    at_the_rows = last.latest <= since <= _a_second_after(max(last.latest, last.latest_end))
    return at_the_rows or since >= max(last.asked, last.latest)


def _a_second_after(text: str) -> str:
    """Return PBX-local *text* a second later: clients add one to what they have seen. Imported text may be anything."""
    try:
        return (datetime.fromisoformat(text) + timedelta(seconds=1)).isoformat(" ", "seconds")
    except (ValueError, OverflowError):
        return text


def _gave_up(last: Series, served: Served, target: Print) -> bool:
    """Return whether the rest of a full page that looked short is passed over for good.

    The same question again never gets further, and one that begins after the last row skips what is between.
    """
    if not last.short or served.offset >= last.end:
        return False
    skips = served.since is not None and served.since > last.latest_of_page
    return skips or target == last.target


def _looks_short(served: Served, request: ApiRequest) -> bool:
    """Return whether a client can count fewer entries than it asked for."""
    given = next((value for name, value in request.params if name.lower() == "numrecords"), "")
    asked = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0
    return served.entries < max(asked, served.limit)
