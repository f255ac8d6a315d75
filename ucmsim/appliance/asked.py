"""What faults can be told of a request, found out when one of them asks: its user, its page, its rows, its recordings.

Pure but for the history, which is read where a condition is about rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from ucmsim.authentication.authorization import user_of
from ucmsim.cdr.extensions import Grammar
from ucmsim.cdr.query import Circumstances, Query, Refusal, parse
from ucmsim.clock import When
from ucmsim.columns import AT
from ucmsim.http.request import ApiRequest
from ucmsim.recording import recapi
from ucmsim.register import Quirks
from ucmsim.store.history import History

_ACCTID = AT["AcctId"]


@dataclass(frozen=True)
class Asked:
    """What one *request* to a PBX comes to *when* it is decided, in the PBX's *zone*."""

    request: ApiRequest
    history: History
    quirks: Quirks
    zone: ZoneInfo
    when: When

    @property
    def handler(self) -> str | None:
        return self.request.handler

    @cached_property
    def user(self) -> str | None:
        return user_of(self.request.header("authorization") or "")

    @property
    def format(self) -> str | None:
        return self._parsed.format.name.lower() if self._parsed else None

    @property
    def offset(self) -> int | None:
        return self.query.offset if self.query else None

    @property
    def page(self) -> int | None:
        return self.query.offset // max(self.query.limit, 1) + 1 if self.query else None

    @cached_property
    def recordings(self) -> tuple[str, ...]:
        if self.handler != "recapi":
            return ()
        wanted = recapi.parse(self.request.params, self.quirks)
        return tuple(name[-1] for name in wanted.names) if isinstance(wanted, recapi.Files) else ()

    @cached_property
    def acctids(self) -> frozenset[str]:
        if self.query is None:
            return frozenset()
        try:
            rows = self.history.page(self.query, self.quirks, up_to=self.history.high_water)
        except sqlite3.Error:  # the page itself will be answered as the device answers that
            return frozenset()
        return frozenset(row[_ACCTID] for row in rows)

    def of_shape(self, shapes: Collection[str]) -> frozenset[str]:
        return self.history.ledger.of_shape(shapes, self.acctids)

    @property
    def query(self) -> Query | None:
        """What is searched for, None where nothing is."""
        return self._parsed if isinstance(self._parsed, Query) else None

    @cached_property
    def _parsed(self) -> Query | Refusal | None:
        if self.handler != "cdrapi":
            return None
        circumstances = Circumstances(self.quirks, Grammar.of(self.quirks), self.when.zone or self.zone, self.when.pbx)
        return parse(self.request.params, circumstances)
