"""Collectors without a bug, each made otherwise than `tests.collectors.Collector`: no scenario may fail one of them."""

from __future__ import annotations

import http.client
import random
import ssl
import time
from contextlib import suppress

import requests
from requests.auth import HTTPDigestAuth

from tests.collectors import PATIENCE, Answer, Collector, Denied, Digest
from ucmsim.testing import Ucm


class Doubling(Collector):
    """Waits one second, two, four."""

    first_wait = 1.0


class FullJitter(Collector):
    """Waits anything from nothing to one second, to two, to four: what exponential back-off with full jitter is."""

    def __init__(self, ucm: Ucm) -> None:
        super().__init__(ucm)
        self.chance = random.Random(6)
        self.failures = 0

    def poll(self) -> None:
        try:
            self.collect()
        except (OSError, http.client.HTTPException, Denied):
            time.sleep(self.chance.uniform(0, 2.0**self.failures))
            self.failures += 1
        else:
            self.failures = 0
            time.sleep(0.05)


class Slow(Collector):
    """Polls every three seconds, whatever comes of it."""

    def poll(self) -> None:
        with suppress(OSError, http.client.HTTPException, Denied):
            self.collect()
        time.sleep(3)


class NoNonceKept(Digest):
    """Meets a challenge with every request, as curl does."""

    def get(self, target: str) -> Answer:
        self.nonce = ""
        return super().get(target)


class EveryTimeAnew(Collector):
    """Logs in anew for each request."""

    login = NoNonceKept


class KeptConnection(Digest):
    """Keeps its connection open as long as the PBX does."""

    def __init__(self, ucm: Ucm, context: ssl.SSLContext) -> None:
        super().__init__(ucm, context)
        self.open = http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE, context=context)

    def _once(self, target: str) -> tuple[Answer, str]:
        headers = {"Connection": "keep-alive", **({"Authorization": self._credentials(target)} if self.nonce else {})}
        try:
            self.open.request("GET", target, headers=headers)
            got = self.open.getresponse()
            return Answer(got.status, self.read(got), got.getheader("Date", "")), got.getheader("WWW-authenticate", "")
        except (OSError, http.client.HTTPException):
            self.open.close()
            raise


class KeepsAlive(Collector):
    """Would have one connection for everything."""

    login = KeptConnection


class Session:
    """Asks as a script with requests does: a session, and its Digest."""

    def __init__(self, ucm: Ucm, _context: ssl.SSLContext) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = ucm.ca
        self.session.auth = HTTPDigestAuth(ucm.username, ucm.password)
        self.url = ucm.url

    def get(self, target: str) -> Answer:
        got = self.session.get(f"{self.url}{target}", timeout=PATIENCE)
        if got.status_code == 401:
            raise Denied("its challenges never end")
        return Answer(got.status_code, got.content, got.headers.get("Date", ""))


class WithRequests(Collector):
    """Is written with requests."""

    login = Session  # type: ignore[assignment]


class Csv(Collector):
    """Reads CSV, which quotes nothing: what stands before `lastdata` is counted from the left, what is behind it from the right."""

    form = "csv"

    def read(self, body: bytes) -> list[dict[str, str]]:
        header, *lines = body.decode().splitlines()
        names = header.split(",")
        right = names.index("lastdata") + 1
        return [
            {
                **dict(zip(names[:5], line.split(",")[:5], strict=True)),
                **dict(zip(names[right:], line.rsplit(",", len(names) - right)[1:], strict=True)),
            }
            for line in lines
            if line
        ]


class SmallPages(Collector):
    """Asks for pages of 250 rows."""

    size = 250


RIGHT = (Doubling, FullJitter, Slow, EveryTimeAnew, KeepsAlive, WithRequests, Csv, SmallPages)
