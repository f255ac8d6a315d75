"""Small collectors of CDRs and recordings that scenarios are played to: a correct one, and for each bug one that has it.

Standard library only, Digest written out, because what is judged is what a client does on the wire.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import ssl
import time
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from ucmsim.testing import Ucm

PATIENCE = 10.0
"""Seconds that a client waits for an answer."""


class Denied(Exception):
    """The PBX refused, or did not let the client log in."""


class Answer(NamedTuple):
    """A status, the body, and the value of `Date`."""

    status: int
    body: bytes
    date: str


class Digest:
    """Asks a PBX, and answers its challenges: a nonce is used again with the next count, and a stale one replaced once."""

    def __init__(self, ucm: Ucm, context: ssl.SSLContext) -> None:
        place = urlsplit(ucm.url)
        self.host, self.port = place.hostname or "", place.port
        self.user, self.password = ucm.username or "", ucm.password or ""
        self.context = context
        self.nonce, self.count = "", 0

    def get(self, target: str) -> Answer:
        """Ask for *target*. Raises `OSError`, `http.client.HTTPException` and `Denied`."""
        for _ in range(self.tries):
            answer, challenge = self._once(target)
            if answer.status != 401:
                return answer
            (self.nonce,), self.count = re.findall(r'nonce="([^"]*)"', challenge), 0
        raise Denied("its challenges never end")

    tries = 2
    """Without a nonce there is one challenge, with one that is stale too; a second in a row is no accident."""

    def _once(self, target: str) -> tuple[Answer, str]:
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE, context=self.context)
        try:
            connection.request(
                "GET", target, headers={"Authorization": self._credentials(target)} if self.nonce else {}
            )
            got = connection.getresponse()
            body = self.read(got)
            return Answer(got.status, body, got.getheader("Date", "")), got.getheader("WWW-authenticate", "")
        finally:
            connection.close()

    def read(self, got: http.client.HTTPResponse) -> bytes:
        return got.read()

    def _credentials(self, target: str) -> str:
        self.count += 1
        nc, cnonce = f"{self.count:08x}", "c0ffee"
        secret = _md5(f"{self.user}:asterisk:{self.password}")
        response = _md5(f"{secret}:{self.nonce}:{nc}:{cnonce}:auth:{_md5(f'GET:{target}')}")
        return (
            f'Digest username="{self.user}", realm="asterisk", nonce="{self.nonce}", uri="{target}", algorithm=MD5, '
            f'qop=auth, nc={nc}, cnonce="{cnonce}", response="{response}"'
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


class Collector:
    """Reads again twelve hours back at every poll, page by page until one is empty, and keeps a row once, by its AcctId.

    A page goes on behind as many different rows as have come. After an error it waits, longer each time.
    """

    login: type[Digest] = Digest
    look_back = timedelta(hours=12)
    size = 1000
    form = "json"
    first_wait = 1.2
    longest_wait = 4.8

    def __init__(self, ucm: Ucm) -> None:
        self.http = self.login(ucm, self.context(ucm))
        self.rows: dict[str, dict[str, str]] = {}
        self.mark: datetime | None = None
        self.wanted: dict[str, None] = {}
        self.recordings: dict[str, bytes] = {}
        self.wait = 0.0

    def context(self, ucm: Ucm) -> ssl.SSLContext:
        return ucm.ssl_context()

    @property
    def kept(self) -> list[str]:
        """The AcctIds of the rows that it kept."""
        return list(self.rows)

    def poll(self) -> None:
        """Collect what there is; wait where that failed."""
        try:
            self.collect()
        except (OSError, http.client.HTTPException, Denied):
            self.wait = min(max(self.first_wait, 2 * self.wait), self.longest_wait)
        else:
            self.wait = 0.0
        time.sleep(self.wait or 0.05)

    def collect(self) -> None:
        """Read every page, and fetch the recordings that are wanted."""
        offset, since = 0, self.mark
        while rows := self.page(since, offset):
            self.keep(rows)
            offset += self.progress(rows)
        for name in list(self.wanted):
            self.fetch(name)

    def page(self, since: datetime | None, offset: int) -> list[dict[str, str]]:
        """Return the rows of a page."""
        start = "" if since is None else f"startTime={(since - self.look_back).isoformat()}&"
        answer = self.http.get(f"/cdrapi?format={self.form}&{start}numRecords={self.size}&offset={offset}")
        if answer.status != 200:
            raise Denied(str(answer.status))
        return self.read(answer.body)

    def read(self, body: bytes) -> list[dict[str, str]]:
        (entries,) = json.loads(body).values()
        return [row for entry in entries for row in _rows(entry)]

    def keep(self, rows: list[dict[str, str]]) -> None:
        for row in rows:
            if row["AcctId"] not in self.rows and row.get("recordfiles"):
                self.wanted.update(dict.fromkeys(row["recordfiles"].strip("@").split("@")))
            self.rows[row["AcctId"]] = row
            self.mark = max(self.mark or datetime.min, datetime.fromisoformat(row["start"]))

    def progress(self, rows: list[dict[str, str]]) -> int:
        """Return how far a page of *rows* leads."""
        return len({row["AcctId"] for row in rows})

    def fetch(self, name: str) -> None:
        """Fetch a recording; one that is not there is asked for again at the next poll."""
        answer = self.http.get(f"/recapi?filename={quote(name)}")
        if answer.status == 200:
            self.recordings[name] = answer.body
            del self.wanted[name]


def _rows(entry: dict[str, Any]) -> list[dict[str, str]]:
    """Return the rows of an *entry* of JSON: itself, or those of a session."""
    return [part for name, part in entry.items() if name.startswith("sub_cdr")] or [entry]


class Watermark(Collector):
    """Asks for what began after the last row that it has."""

    look_back = timedelta(0)


class KeyedByTimes(Collector):
    """Takes two rows with the same numbers and the same local start for one."""

    @property
    def kept(self) -> list[str]:
        calls = {(row["src"], row["dst"], row["start"]): acctid for acctid, row in self.rows.items()}
        return list(calls.values())


class Cut(Digest):
    """Takes what came of a body for all of it."""

    def read(self, got: http.client.HTTPResponse) -> bytes:
        try:
            return got.read()
        except http.client.IncompleteRead as cut:
            return cut.partial


class TakesWhatCame(Collector):
    """Does not look whether a body is as long as its head said, and goes on with the next page."""

    login = Cut
    look_back = timedelta(0)

    def read(self, body: bytes) -> list[dict[str, str]]:
        return [json.loads(row) for row in re.findall(r'^\{ "AcctId".* \}', body.decode(), re.MULTILINE)]

    def progress(self, rows: list[dict[str, str]]) -> int:
        return self.size


class Unverifying(Collector):
    """Takes any certificate."""

    def context(self, ucm: Ucm) -> ssl.SSLContext:
        context = ucm.ssl_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


class GivesUp(Collector):
    """Is silent for ever after two errors in a row: the first may come in the second in which a certificate ends, when it is good still."""

    failed = 0

    def poll(self) -> None:
        if self.failed < 2:
            super().poll()
            self.failed += self.wait > 0
        else:
            time.sleep(0.05)


class Hammering(Collector):
    """Asks again at once when it is denied."""

    first_wait = 0.0

    def poll(self) -> None:
        super().poll()
        self.wait = 0.0


class Steady(Collector):
    """Asks again after 0.9 s when it is denied, every time."""

    def poll(self) -> None:
        self.wait = 0.0
        self.first_wait = 0.9
        super().poll()


class WindowDone(Collector):
    """Collects windows of time up to now by the PBX's clock, and takes one for done when it has begun with it."""

    look_back = timedelta(0)

    def collect(self) -> None:
        window, now = self.mark, self.http.get("/cdrapi?startTime=2037-01-01").date
        offset = 0
        try:
            while rows := self.page(window, offset):
                self.keep(rows)
                offset += self.progress(rows)
        finally:
            self.mark = parsedate_to_datetime(now).astimezone(ZoneInfo("America/Chicago")).replace(tzinfo=None)


class CountsLines(Collector):
    """Goes on behind as many lines as have come."""

    def progress(self, rows: list[dict[str, str]]) -> int:
        return len(rows)


class KeepsLines(Collector):
    """Keeps every row as often as it is on the first page that has it."""

    def __init__(self, ucm: Ucm) -> None:
        super().__init__(ucm)
        self.lines: list[str] = []

    @property
    def kept(self) -> list[str]:
        return self.lines

    def keep(self, rows: list[dict[str, str]]) -> None:
        self.lines += [row["AcctId"] for row in rows if row["AcctId"] not in self.rows]
        super().keep(rows)


class OneTry(Collector):
    """Asks for a recording once."""

    def fetch(self, name: str) -> None:
        super().fetch(name)
        self.wanted.pop(name, None)


class Endless(Digest):
    """Answers every challenge at once."""

    tries = 1_000_000


class Looping(Collector):
    """Never gives a login up."""

    login = Endless


class QuarterBack(Collector):
    """Reads again a quarter of an hour back, and no further."""

    look_back = timedelta(minutes=15)


class HourBack(Collector):
    """Reads again an hour back, and no further."""

    look_back = timedelta(hours=1)


class CountsOn(Collector):
    """Goes on at the next poll behind as many rows as it has, and never reads what comes to lie before them."""

    def collect(self) -> None:
        self.keep(self.page(None, len(self.rows)))


class SkipsThePage(Collector):
    """Goes on with the next page when one fails."""

    look_back = timedelta(0)

    def collect(self) -> None:
        since = self.mark
        for at in range(3):
            with suppress(OSError, http.client.HTTPException):
                if not (rows := self.page(since, at * self.size)):
                    break
                self.keep(rows)


class StopsAtAnOddPage(Collector):
    """Takes a page that has not as many rows as it asked for as the last one."""

    def page(self, since: datetime | None, offset: int) -> list[dict[str, str]]:
        return [] if offset and self.odd else super().page(since, offset)

    odd = False

    def progress(self, rows: list[dict[str, str]]) -> int:
        self.odd = len(rows) != self.size
        return super().progress(rows)


class Downgrading(Collector):
    """Asks again without verification when a certificate does not verify."""

    def poll(self) -> None:
        try:
            self.collect()
        except ssl.SSLError:
            self.http.context.check_hostname = False
            self.http.context.verify_mode = ssl.CERT_NONE
        time.sleep(0.05)


class ThreeAtOnce(Collector):
    """Asks for a recording three times, one right after another, and never again."""

    def fetch(self, name: str) -> None:
        for _ in range(3):
            if name in self.wanted:
                super().fetch(name)
        self.wanted.pop(name, None)


class OneLogin(Digest):
    """Keeps the nonce that it was given first."""

    def get(self, target: str) -> Answer:
        if not self.nonce:
            return super().get(target)
        answer, _ = self._once(target)
        return answer


class LogsInOnce(Collector):
    """Answers no challenge but the first."""

    login = OneLogin
