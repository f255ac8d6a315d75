"""The PBX clock moved under a client: what follows it over the wire, and what goes by the wall clock all the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.makers import GUIDE_CSV
from ucmsim.pytest_plugin import Ucm, UcmFleet

HOUR = timedelta(hours=1)
GUIDE = datetime(2013, 12, 3, 17, 46, 50, tzinfo=UTC)
"""The PBX of the vendor's guide has written its three rows; in Chicago it is 11:46:50."""


def ask(ucm: Ucm, target: str = "/cdrapi", auth: HTTPDigestAuth | None = None) -> requests.Response:
    """Ask on a connection of its own; with *auth* as who has asked before."""
    login = auth or HTTPDigestAuth(ucm.username or "", ucm.password or "")
    with requests.Session() as session:
        return session.get(ucm.url + target, auth=login, verify=ucm.ca, timeout=30)


def ids(answer: requests.Response) -> list[str]:
    return [line.split(",")[0] for line in answer.text.splitlines()[1:]]


def test_date_follows(ucm: Ucm) -> None:
    """The Date of a reply is what the clock shows: set, stepped back, advanced."""
    ucm.clock.freeze()
    ucm.clock.set(GUIDE)
    assert ask(ucm).headers["Date"] == "Tue, 03 Dec 2013 17:46:50 GMT"
    ucm.clock.step(-HOUR)
    assert ask(ucm).headers["Date"] == "Tue, 03 Dec 2013 16:46:50 GMT"
    ucm.clock.advance(timedelta(days=30))
    assert ask(ucm).headers["Date"] == "Thu, 02 Jan 2014 16:46:50 GMT"


def test_date_runs_at_the_rate(ucm: Ucm) -> None:
    """At rate 3600 an hour of the PBX's passes in a second."""
    ucm.clock.set(GUIDE)
    ucm.clock.run(3600)
    began, first = time.monotonic(), parsedate_to_datetime(ask(ucm).headers["Date"])
    time.sleep(0.5)
    passed = parsedate_to_datetime(ask(ucm).headers["Date"]) - first
    assert HOUR / 2 - timedelta(seconds=1) <= passed <= (time.monotonic() - began) * HOUR + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "since"),
    [(GUIDE, ["63", "64"]), (GUIDE - 24 * HOUR, ["62", "63", "64"]), (GUIDE + 24 * HOUR, [])],
)
def test_now_follows(ucm: Ucm, now: datetime, since: list[str]) -> None:
    """startTime=now begins where the clock stands, in the zone of the PBX."""
    ucm.clock.freeze()
    ucm.clock.set(now)
    assert ids(ask(ucm, "/cdrapi?startTime=now")) == since


@pytest.fixture
def autumn(ucm_fleet: UcmFleet, tmp_path: Path) -> Iterator[Ucm]:
    """A PBX in Berlin with calls one second before 02:30 and at 02:30 of the night in which that comes twice."""
    rows = GUIDE_CSV.replace(b"2013-12-03 11:46:40", b"2013-10-27 02:29:59")
    (tmp_path / "autumn.csv").write_bytes(rows.replace(b"2013-12-03 14:01:41", b"2013-10-27 02:30:00"))
    history = {"import": str(tmp_path / "autumn.csv")}
    ucm = ucm_fleet.start({"time_zone": "Europe/Berlin", "history": history})
    yield ucm
    ucm_fleet.stop(ucm)


def test_now_is_local(autumn: Ucm) -> None:
    """In the hour that comes twice `now` is the same text twice, so an hour later nothing has changed but Date."""
    autumn.clock.freeze()
    autumn.clock.set(datetime(2013, 10, 27, 0, 30, tzinfo=UTC))
    first = ask(autumn, "/cdrapi?startTime=now")
    autumn.clock.advance(HOUR)
    second = ask(autumn, "/cdrapi?startTime=now")
    assert ids(first) == ids(second) == ["63", "64"]
    dates = [parsedate_to_datetime(one.headers["Date"]) for one in (first, second)]
    assert dates == [datetime(2013, 10, 27, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    autumn.clock.advance(1)
    assert ids(ask(autumn, "/cdrapi?startTime=now")) == ["64"]


def test_nonce_outlives_an_hour_of_the_pbx(ucm: Ucm) -> None:
    """A nonce issued before an advance of an hour is still good: it ages by the wall clock."""
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    assert [answer.status_code for answer in ask(ucm, auth=login).history] == [401]
    ucm.clock.advance(HOUR)
    again = ask(ucm, auth=login)
    assert (again.status_code, again.history) == (200, [])


def test_connection_outlives_an_hour_of_the_pbx(ucm: Ucm) -> None:
    """Time that passes on the PBX does not time out who is connected, and its request is dated when it comes."""
    place = urlsplit(ucm.url)
    connection = HTTPSConnection(place.hostname or "", place.port, timeout=30, context=ucm.ssl_context())
    connection.connect()
    ucm.clock.freeze()
    ucm.clock.set(GUIDE)
    ucm.clock.advance(HOUR)
    connection.request("GET", "/cdrapi")
    response = connection.getresponse()
    connection.close()
    assert (response.status, response.headers["Date"]) == (401, "Tue, 03 Dec 2013 18:46:50 GMT")


@pytest.mark.parametrize("days", [-4000, 4000])
def test_certificate_is_still_good(ucm: Ucm, days: int) -> None:
    """The certificate stays, so a client that goes by real time goes on accepting it."""
    ucm.clock.step(timedelta(days=days))
    assert ask(ucm).status_code == 200
