"""Answers `/cdrapi`: what a request asks for, the search that finds it, the page that shows it. Spec 3, 4.

No Twisted, no clock. A `Search` is run in the worker; it carries all it needs and changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from ucmsim.cdr.edits import rendered_with
from ucmsim.cdr.extensions import Grammar
from ucmsim.cdr.integers import GREATEST
from ucmsim.cdr.matching import counts_sessions
from ucmsim.cdr.measuring import altered, measured, unmeasured
from ucmsim.cdr.query import Circumstances, Format, Query, Refusal, parse
from ucmsim.cdr.render import Layout
from ucmsim.cdr.sight import Edit, Found, Sight, Twists
from ucmsim.cdr.times import local_text
from ucmsim.clock import When
from ucmsim.columns import AT, Row
from ucmsim.http import pages
from ucmsim.http.extents import Rows
from ucmsim.http.reply import Bytes, Content
from ucmsim.http.request import ApiRequest
from ucmsim.http.served import Served, runs
from ucmsim.refusals import Code
from ucmsim.register import Quirks
from ucmsim.store.history import History

_ACCTID, _START, _END, _SESSION = AT["AcctId"], AT["start"], AT["end"], AT["session"]
_ASK_AGAIN = "nothing is wrong with the request: wait, and take an empty page for no end"


@dataclass(frozen=True, slots=True)
class Page:
    """The rows a search found, each with its id behind it, or why the device would have found none.

    *edits* are what faults make of its columns, *ids* the AcctIds under which the rows were found, for these; the rows
    *altered*, by their ids in the history, are not as they were found.
    *more* says that rows follow which did not fit, *taken* how much of what offset counts is on it: rows or sessions.
    """

    rows: tuple[Row, ...]
    refusal: Refusal | None = None
    edits: tuple[Edit, ...] = ()
    ids: tuple[str, ...] = ()
    altered: frozenset[int] = frozenset()
    more: bool = False
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Showing:
    """How one PBX shows pages: their *layout*, and the quirks of what stands around them. Spec 2.3, 3.4, 4.

    *own_types*: each format has its Content-type. *blank_pages*: a page without rows has no container, *blank_formats*:
    that to a wrong format has none. *error_page*: a wrong request is answered with 400; *failure_page*: one that the
    database failed with 500.
    """

    layout: Layout
    own_types: bool = True
    blank_pages: bool = False
    blank_formats: bool = False
    error_page: bool = False
    failure_page: bool = False

    @classmethod
    def of(cls, quirks: Quirks) -> Showing:
        """Return the showing that the register says."""
        return cls(
            layout=Layout.of(quirks),
            own_types=quirks["content-type"] == "own",
            blank_pages=quirks["empty-page"] == "blank",
            blank_formats=quirks["wrong-format"] == "blank",
            error_page=quirks["error-status"] == 400,
            failure_page=quirks["database-failure"] == 500,
        )

    def content(self, form: Format, page: Page) -> Content:
        """Return *page* as the device sends it."""
        refusal = page.refusal
        if refusal and (error := self._error_page(refusal.code)):
            return error.refused(refusal, str(refusal))
        blank = self.blank_pages or (self.blank_formats and refusal is not None and refusal.code is Code.FORMAT)
        body, rows = self._written(form, page)
        if blank and not page.rows:
            body = b""
        headers = (("Content-type", form.value if self.own_types else "text/plain"),)
        carries = replace(rows, altered=page.altered) if page.rows else None
        return Content(
            200,
            "OK",
            headers,
            Bytes(body),
            rows=len(page.rows),
            note=str(refusal or ""),
            refusal=refusal,
            carries=carries,
        )

    def _written(self, form: Format, page: Page) -> tuple[bytes, Rows]:
        if page.edits:
            data = rendered_with(form, self.layout, page.rows, page.ids, page.edits)
            return data, unmeasured(data, page.rows)
        return measured(form, self.layout, page.rows)

    def _error_page(self, code: Code) -> Content | None:
        """Return the page that is sent instead of a container, None if it is none."""
        if code is Code.DATABASE:
            return pages.SERVER_ERROR if self.failure_page else None
        return pages.INVALID_REQUEST if self.error_page else None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, where (the history as it was up to the row id *up_to*), and how a page of it is shown.

    *now* is the present as PBX-local text, *failure* why the database fails whatever is looked for,
    *twists* what faults make of the search.
    """

    history: History
    query: Query
    quirks: Quirks
    showing: Showing
    up_to: int
    now: str = ""
    failure: str = ""
    twists: Twists | None = None

    def content(self) -> Content:
        """Read the page and show it: what the worker is given to do."""
        page = self._page()
        content = self.showing.content(self.query.format, page)
        return content if page.refusal else replace(content, served=self._served(page))

    def _served(self, page: Page) -> Served:
        query, rows = self.query, page.rows
        grouped = query.format is Format.JSON and self.showing.layout.json.grouping is not None
        return Served(
            acctids=runs(row[_ACCTID] for row in rows),
            rows=len(rows),
            entries=len({row[_SESSION] or at for at, row in enumerate(rows)}) if grouped else len(rows),
            latest=max((row[_START] for row in rows), default=""),
            latest_end=max((row[_END] for row in rows), default=""),
            since=query.earliest,
            now=self.now,
            open=query.latest is None or query.latest >= self.now,
            offset=query.offset,
            limit=query.limit,
            more=page.more,
            taken=page.taken,
        )

    def _page(self) -> Page:
        """Read the page; a database that fails is a refusal (E10), not an error."""
        if self.failure:
            return self._failed(self.failure)
        sight, twists = Sight(self.query, self.now), self.twists
        if twists is not None:
            sight = twists.sees(sight)
        # One more than was asked for, because only that tells whether a full page was the last.
        asked = sight.query
        wider = replace(asked, limit=asked.limit + 1) if 0 <= asked.limit < GREATEST else asked
        try:
            rows = self.history.numbered_page(wider, self.quirks, up_to=self.up_to, gaps=sight.gaps)
        except sqlite3.Error as error:
            return self._failed(str(error))
        page = self._fitted(rows, asked.limit) if wider is not asked else Page(tuple(rows), taken=len(rows))
        if twists is None:
            return page
        found = twists.found(Found.of(page.rows))
        changed = altered(page.rows, found, self.showing.layout.csv.columns)
        return replace(page, rows=found.rows, edits=found.edits, ids=found.ids, altered=changed)

    def _fitted(self, rows: Sequence[Row], limit: int) -> Page:
        """Return the page of *limit* rows or sessions that *rows* begin with; at most one more is there."""
        if not counts_sessions(self.quirks):
            return Page(tuple(rows[:limit]), more=len(rows) > limit, taken=min(len(rows), limit))
        together = self.quirks["blank-session"] == "together"
        keys = [row[_SESSION] or ("" if together else at) for at, row in enumerate(rows)]
        sessions = list(dict.fromkeys(keys))  # whole ones, in the order in which they begin
        fits = set(sessions[:limit])
        kept = tuple(row for key, row in zip(keys, rows, strict=True) if key in fits)
        return Page(kept, more=len(sessions) > limit, taken=len(fits))

    def _failed(self, why: str) -> Page:
        return Page((), Refusal(Code.DATABASE, "", f"the database failed: {why}", _ASK_AGAIN, self.query.format))


class CdrApi:
    """The handler of `/cdrapi` on one PBX."""

    def __init__(self, history: History, quirks: Quirks, zone: ZoneInfo) -> None:
        self._history = history
        self._quirks = quirks
        self._showing = Showing.of(quirks)
        self._lists = Grammar.of(quirks)
        self._zone = zone

    def __call__(self, request: ApiRequest, when: When) -> Content | Search:
        zone = when.zone or self._zone
        query = parse(request.params, Circumstances(self._quirks, self._lists, zone, when.pbx))
        if isinstance(query, Refusal):
            return self._showing.content(query.format, Page((), query))
        now = local_text(when.pbx, zone)
        return Search(self._history, query, self._quirks, self._showing, up_to=self._history.high_water, now=now)
