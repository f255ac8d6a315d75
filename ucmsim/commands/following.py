"""Follows the journal of a running PBX as it grows, across resets of the PBX and restarts of ucmsim."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import click

from ucmsim.client import (
    ControlClient,
    ControlError,
    ControlNotFound,
    ControlStopped,
    ControlUnauthorised,
    ControlUnreachable,
)
from ucmsim.contract.answers import Entry

PERIOD = 0.5
"""Seconds between two questions whether what is waited for is there again."""
_TAIL = 10
"""Events to begin with."""


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
        """Yield the last events, then each one when it happens; what was dropped before it could be read is said.

        Raises `ControlError` where the control plane says no, as when there is no such PBX any more.
        """
        client = self.connect()
        page = client.journal_page(self.pbx, **{"last": _TAIL, **self.filters})
        yield from page.items
        after, seen = page.last, page.items[-1:]
        later = {key: value for key, value in self.filters.items() if key != "last"}
        while True:
            end: ControlError | None = None  # the stream of a PBX that was reset just ends
            try:
                stream = client.follow_journal(self.pbx, after=after, dropped=self._dropped, **later)
                with closing(stream) as events:
                    for entry in events:
                        if entry.id <= after:
                            self._anew()
                        yield entry
                        after, seen = entry.id, (entry,)
            except ControlError as error:
                end = error
            client, same = self._resumed(client, end, after, seen)
            if not same:
                self._anew()
                after, seen = 0, ()

    def _dropped(self, count: int) -> None:
        self.say(f"{count} events were dropped before they could be read")

    def _anew(self) -> None:
        self.say("the journal begins anew")

    def _resumed(
        self, client: ControlClient, end: ControlError | None, after: int, seen: tuple[Entry, ...]
    ) -> tuple[ControlClient, bool]:
        """Wait until what has *ended* the stream is over; return who to ask then, and whether the journal is still the same."""
        asked = False
        while True:
            if end is None:
                pass
            elif isinstance(end, ControlUnreachable):
                # It may only have been cut, or silent, and ucmsim is there.
                client = self._back(end) if asked else client
            elif isinstance(end, ControlUnauthorised):
                client = self._back(end)
            elif isinstance(end, ControlNotFound | ControlStopped) or end.field == "fault":
                # It is just being reset; or nothing of a name that was known is armed there since it was.
                self.pause(PERIOD)
            else:
                raise end
            asked, there = True, True
            try:
                there = self.pbx in client.status().pbxs
                return client, self._same(client, after, seen)
            except ControlError as error:
                if not there:
                    raise
                end = error

    def _back(self, error: ControlError) -> ControlClient:
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

    def _same(self, client: ControlClient, after: int, seen: tuple[Entry, ...]) -> bool:
        """Return whether the journal still has what was *seen* last; ids begin anew where nothing was kept on disk."""
        page = client.journal_page(self.pbx, after=seen[0].id - 1 if seen else after, limit=1)
        if page.last < after:
            return False
        return not seen or page.items == seen or page.first > seen[0].id
