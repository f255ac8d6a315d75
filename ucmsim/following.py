"""Follows the journal of a running PBX over its control plane, across restarts of ucmsim."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

from ucmsim.answers import Entry, JournalPage
from ucmsim.client import ControlClient, ControlError, ControlUnauthorised, ControlUnreachable
from ucmsim.journal.inquiry import MOST

PERIOD = 0.5
"""Seconds between two questions."""
_TAIL = 10
"""Events to begin with."""
_ANEW = JournalPage((), None, 0, -1)
"""What is read of a journal that is another one than before."""


def _warned(sentence: str) -> None:
    click.echo(sentence, err=True)


@dataclass(slots=True)
class Follower:
    """Follows the journal of *pbx*, narrowed by *filters*.

    *connect* returns who to ask and is called again when ucmsim has gone, because it may come back with another token;
    *say* is told what is no event, *pause* waits so many seconds.
    """

    connect: Callable[[], ControlClient]
    pbx: str
    filters: Mapping[str, Any]
    say: Callable[[str], object] = _warned
    pause: Callable[[float], object] = time.sleep

    def events(self) -> Iterator[Entry]:
        """Yield the last events, then each one when it happens; what was dropped before it could be read is said."""
        client = self.connect()
        page = client.journal_page(self.pbx, {"last": _TAIL, **self.filters})
        yield from page.items
        after, seen = page.last, page.items[-1:]
        while True:
            try:
                page = self._page(client, {"after": after, "limit": MOST})
            except ControlUnreachable as error:
                client = self._back(error)
                if self._same(client, seen):
                    continue
                page = _ANEW
            if page.last < after:
                self.say("the journal begins anew")
                after, seen = 0, ()
                continue
            if page.first > after + 1:
                self.say(f"{page.first - after - 1} events were dropped before they could be read")
            yield from page.items
            seen = page.items[-1:] or seen
            if page.next is None:
                after = page.last
                self.pause(PERIOD)
            else:
                after = page.next

    def _page(self, client: ControlClient, paging: Mapping[str, Any]) -> JournalPage:
        """Return a page of what happened later."""
        filters = {key: value for key, value in self.filters.items() if key != "last"}
        try:
            return client.journal_page(self.pbx, {**filters, **paging})
        except ControlError as refused:
            if refused.field != "fault":
                raise
        # It was known when the following began: ucmsim was started anew, and nothing of that name was armed there yet.
        del filters["fault"]
        return replace(client.journal_page(self.pbx, {**filters, **paging}), items=(), next=None)

    def _back(self, error: ControlUnreachable) -> ControlClient:
        """Wait until ucmsim answers again; return who to ask then."""
        self.say(f"{error}; waiting for it")
        while True:
            self.pause(PERIOD)
            try:
                client = self.connect()
                client.status()
            except (ControlUnreachable, ControlUnauthorised, click.UsageError):
                continue  # its new token may not be written yet where `connect` reads it
            self.say("it answers again")
            return client

    def _same(self, client: ControlClient, seen: tuple[Entry, ...]) -> bool:
        """Return whether the journal still has what was *seen* last; ids begin anew where nothing was kept on disk."""
        if not seen:
            return True
        (one,) = seen
        page = self._page(client, {"after": one.id - 1, "limit": 1})
        return page.items == seen or page.first > one.id
