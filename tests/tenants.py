"""A billing collector that serves many tenants: it polls each PBX with look-back, and counts what it did. Standard library.

It counts by its own means (statuses, rows in JSON, bytes of responses), so that what ucmsim says of itself can be held
against it.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.rawclient import body, digest_header

PAGE = 1000
_LIMIT = 60.0
"""Seconds that an answer may take."""
_READ = 65536


class Key(NamedTuple):
    """What tells a row from every other, as it stands in its CDR."""

    acct_id: str
    uniqueid: str
    session: str


class Came(NamedTuple):
    """A row that came: its *start*, PBX-local, "" without one, and with which *poll*, counted from 0."""

    start: str
    poll: int


class Failed(Exception):
    """A PBX answered otherwise than a collector may expect of one that nobody breaks."""


@dataclass(slots=True)
class Tenant:
    """One PBX as its collector knows it: where it is, the rows that came, and what was counted meanwhile.

    *mark* is the latest `start` that came, PBX-local; *latest* has the highest AcctId on the first page of each poll, 0 without
    rows; *statuses*, *pages*, *taken* and *octets* count responses, pages, rows in these and their
    bytes.
    """

    name: str
    url: str
    username: str
    password: str
    context: ssl.SSLContext
    mark: datetime
    rows: dict[Key, Came] = field(default_factory=dict)
    latest: list[int] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    pages: int = 0
    taken: int = 0
    octets: int = 0

    @classmethod
    def of(cls, name: str, ready: Mapping[str, Any], begin: datetime) -> Tenant:
        """Return the tenant *name* that the ready report tells of, whose first call is after *begin*."""
        context = ssl.create_default_context(cafile=ready["ca"])
        return cls(name, ready["url"], ready["username"], ready["password"], context, begin)

    def poll(self, look_back: timedelta) -> int:
        """Read what began since the mark, and *look_back* before it; return how many rows were new. Raises `Failed`."""
        known, since, offset = len(self.rows), (self.mark - look_back).isoformat(), 0
        poll = len(self.latest)
        while True:
            entries = self._page(f"/cdrapi?format=JSON&startTime={since}&numRecords={PAGE}&offset={offset}")
            rows = list(rows_in(entries))
            if not offset:  # of a later page the rows before its first may be from before it was asked for
                self.latest.append(max((int(row["AcctId"]) for row in rows), default=0))
            for row in rows:
                self.taken += 1
                key = Key(row["AcctId"], row["uniqueid"], row["session"])
                if self.rows.setdefault(key, Came(row["start"], poll)).start != row["start"]:
                    raise Failed(f"{self.name}: {key} came as two different rows")
                if row["start"]:
                    self.mark = max(self.mark, datetime.fromisoformat(row["start"]))
            if not entries:
                return len(self.rows) - known
            offset += PAGE

    def _page(self, target: str) -> list[Any]:
        line = f"GET {target} HTTP/1.1\r\nHost: pbx\r\n".encode()
        challenge = self._asked(line, 401)
        answer = digest_header("GET", target, self.username, self.password, challenge)
        self.pages += 1
        (entries,) = json.loads(body(self._asked(line + answer, 200))).values()
        return list(entries)

    def _asked(self, head: bytes, due: int) -> bytes:
        """Return the whole response to a request on a connection of its own, which must have the status *due*."""
        place, until = urlsplit(self.url), time.monotonic() + _LIMIT
        pieces = []
        with (
            socket.create_connection((place.hostname or "", place.port or 443), _LIMIT) as plain,
            self.context.wrap_socket(plain, server_hostname=place.hostname, suppress_ragged_eofs=False) as tls,
        ):
            tls.sendall(head + b"\r\n")
            while piece := tls.recv(_READ):
                pieces.append(piece)
                if time.monotonic() > until:
                    raise Failed(f"{self.name}: an answer took more than {_LIMIT:.0f} s")
        response = b"".join(pieces)
        status = int(response[9:12] or b"0")
        self.statuses[status] += 1
        self.octets += len(response)
        if status != due:
            raise Failed(f"{self.name}: status {status} where {due} was due: {response[:200]!r}")
        return response


def rows_in(entries: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Yield the rows in the *entries* of a page; of an entry with several, `main_cdr` only has sums."""
    for one in entries:
        if "main_cdr" not in one:
            yield one
            continue
        yield from (one[f"sub_cdr_{number}"] for number in range(1, len(one) - 1))
