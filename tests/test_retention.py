"""Old rows and recordings go, and nothing younger does: as the clock goes, with traffic, over a restart, on the wire."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.makers import another_row
from tests.test_live import rows
from ucmsim.asking.wishes import wished
from ucmsim.assembling.living import Living
from ucmsim.columns import AT, Row
from ucmsim.pytest_plugin import Ucm
from ucmsim.settings import load_pbx
from ucmsim.store.history import History
from ucmsim.store.records import Record, Recording

BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
LIVE: dict[str, Any] = {
    "personality": "ucm6200",
    "time_zone": "UTC",
    "history": {"days": 0, "calls_per_day": 60},
    "extensions": {"first": 1000, "count": 10},
    "traffic": {"live": True},
}
QUIET = {**LIVE, "traffic": {}}


@pytest.fixture
def other() -> Iterator[History]:
    opened = History.open(Path(":memory:"), durable=False)
    yield opened
    opened.close()


def unit(on: History, since: datetime = BEGAN, **settings: Any) -> Living:
    return Living("hq", load_pbx(settings, Path()), on, seed=1, since=since)


def stored(history: History) -> set[tuple[str, str, int]]:
    """Return folder, name and time of every recording; of messages, which are numbered anew, only folder and time."""
    found = set()
    for directory in history.recordings.directories():
        for name, written in history.recordings.within(directory):
            found.add((directory, "" if name.startswith("msg") else name, written))
    return found


def younger(row: Row, since: datetime) -> bool:
    return str(row[AT["start"]]) >= f"{since:%Y-%m-%d %H:%M:%S}"


@pytest.mark.quirk("cleaner")
@pytest.mark.parametrize(("days_of_rows", "days_of_recordings"), [(9, 4), (4, 9), (9, None), (None, 4)])
def test_each_day_the_old_go_and_nothing_else(
    history: History, other: History, days_of_rows: int | None, days_of_recordings: int | None
) -> None:
    """A unit that keeps everything has the same rows and recordings; of them are left those of the last days."""
    cleaned = unit(history, **LIVE, retention={"rows": days_of_rows, "recordings": days_of_recordings})
    whole = unit(other, **LIVE)
    for day in range(1, 21):
        now = BEGAN + day * A_DAY
        cleaned.happen(now)
        whole.happen(now)
        old = now - timedelta(days=days_of_rows or 100)
        assert list(history.rows()) == [row for row in other.rows() if younger(row, old)]
        assert len(history) == len(list(history.rows()))
        assert list(history.ledger.legs()) == list(other.ledger.legs())  # of what happened nothing goes
        gone = (now - timedelta(days=days_of_recordings or 100)).timestamp()
        assert stored(history) == {one for one in stored(other) if one[2] >= gone}
    assert len(other) > 1000
    assert (len(history) < len(other) / 2) is (days_of_rows is not None)
    assert (len(history.recordings) < len(other.recordings) / 2) is (days_of_recordings is not None)


def test_days_that_pass_at_once_leave_what_days_one_by_one_do(history: History, other: History) -> None:
    """In slices too: what is cleaned is what is old when all is written."""
    retention = {"rows": 5, "recordings": 3}
    slowly, fast = unit(history, **LIVE, retention=retention), unit(other, **LIVE, retention=retention)
    for day in range(1, 21):
        slowly.happen(BEGAN + day * A_DAY)
    while fast.happen(BEGAN + 20 * A_DAY, 100) == 100:
        pass
    assert list(other.rows()) == list(history.rows())
    assert stored(other) == stored(history)


def left_message(living: Living, at: datetime, talk: float) -> None:
    living.place(wished({"shape": "voicemail", "from": "3125550123", "to": "1001", "ring": 1, "talk": talk}, at))
    living.happen(at + timedelta(minutes=5))


@pytest.mark.parametrize("off_and_on", [False, True])
def test_a_new_message_takes_the_place_of_no_younger_one(tmp_path: Path, *, off_and_on: bool) -> None:
    """After a cleaning a mailbox numbers on behind its last message, and from 0 when none is left."""
    settings = {**QUIET, "retention": {"recordings": 3}}
    inbox, at = "voicemail/default/1001/INBOX", BEGAN
    history = History.open(tmp_path / "kept.sqlite", durable=True)
    living = unit(history, **settings)

    def numbers() -> dict[str, int]:
        found = (
            history.recordings.find(inbox, name) for name, _ in history.recordings.within(inbox) if name[-3:] == "wav"
        )
        return {one.name: one.samples // 8000 for one in found if one}

    for day in range(5):
        at = BEGAN + day * A_DAY
        left_message(living, at, 10 + day)
    assert numbers() == {"msg0002.wav": 12, "msg0003.wav": 13, "msg0004.wav": 14}
    if off_and_on:
        history.close()
        history = History.open(tmp_path / "kept.sqlite", durable=True)
        living = unit(history, at + timedelta(hours=1), **settings)
    left_message(living, at + timedelta(hours=2), 20)
    assert numbers() == {f"msg000{at}.wav": 10 + at for at in (2, 3, 4)} | {"msg0005.wav": 20}
    living.happen(at + 9 * A_DAY)
    assert numbers() == {}
    left_message(living, at + 10 * A_DAY, 30)
    assert numbers() == {"msg0000.wav": 30}
    history.close()


def test_what_grew_old_while_the_unit_was_off_goes_when_it_is_on(history: History) -> None:
    """At once; the truth of all of it stays."""
    living = unit(history, **LIVE)
    living.happen(BEGAN + 10 * A_DAY)
    before = list(history.rows())
    now = BEGAN + 14 * A_DAY
    again = unit(history, now, **QUIET, retention={"rows": 7, "recordings": 7})
    assert again.happen(now + timedelta(seconds=1)) == 0
    kept = [row for row in before if younger(row, now - 7 * A_DAY + timedelta(seconds=1))]
    assert list(history.rows()) == kept
    assert 0 < len(kept) < len(before) == len(list(history.ledger.legs()))
    again.place(wished({"shape": "answered", "from": "1001", "to": "1002"}, now + A_DAY))
    again.happen(now + A_DAY + timedelta(minutes=5))
    assert int(list(history.rows())[-1][AT["AcctId"]]) == len(before) + 1


def test_greetings_and_rows_without_a_time_stay(history: History) -> None:
    """The one are no recordings of calls, and of the others nobody knows how old they are."""
    greeting = Recording("voicemail/default/1001", "unavail.gsm", 0, 8000)
    history.keep([Record(another_row(start="", end=""), (greeting, Recording("monitor", "a.wav", 0, 1)))])
    history.extend([another_row()])
    unit(history, **QUIET, retention={"rows": 1, "recordings": 1}).happen(BEGAN)
    assert [row[AT["start"]] for row in history.rows()] == [""]
    assert stored(history) == {("voicemail/default/1001", "unavail.gsm", 0)}


@pytest.mark.parametrize(
    ("now", "start", "stays"),
    [
        ("2026-11-02T06:30:00+00:00", "2026-11-01 01:15:00", True),  # 01:30 the first time; 01:15 the second is younger
        ("2026-11-02T07:30:00+00:00", "2026-11-01 01:15:00", True),  # and may be so the second time too
        ("2026-11-02T07:30:00+00:00", "2026-11-01 00:15:00", False),
        ("2026-11-02T08:30:00+00:00", "2026-11-01 01:15:00", False),
        ("2026-03-09T07:30:00+00:00", "2026-03-08 01:15:00", False),
        ("2026-03-09T08:30:00+00:00", "2026-03-08 03:30:00", True),
    ],
)
def test_an_hour_that_comes_twice_is_kept_until_it_is_old(
    history: History, now: str, start: str, *, stays: bool
) -> None:
    """Rows of it tell nobody which of the two they are of."""
    history.extend([another_row(start=start)])
    at = datetime.fromisoformat(now)
    unit(history, at, **{**QUIET, "time_zone": "America/Chicago"}, retention={"rows": 1}).happen(at)
    assert (len(history) == 1) is stays


def test_cleaning_goes_on_after_the_clock_was_set_back(history: History) -> None:
    """From far ahead, where it cleaned last: it does not wait until then."""
    living = unit(history, **QUIET, retention={"rows": 5})
    living.happen(BEGAN + 400 * A_DAY)
    living.skip(BEGAN)
    history.extend([another_row(start="2026-02-20 12:00:00")])
    living.happen(BEGAN + timedelta(seconds=1))
    assert len(history) == 0


def test_the_beginning_of_time_is_not_too_early(history: History) -> None:
    """A clock that was set to the first day there is lets everything stay."""
    history.extend([another_row()])
    living = unit(history, **QUIET, retention={"rows": 36_600, "recordings": 36_600})
    first = datetime(1, 1, 2, tzinfo=UTC)
    living.skip(first)
    assert living.happen(first) == 0
    assert len(history) == 1


def test_a_cleaning_that_fails_leaves_everything(history: History) -> None:
    """And the next one can be done."""
    history.keep([Record(another_row(), (Recording("monitor", "a.wav", 0, 1),))])
    with pytest.raises(sqlite3.Error):
        history.clean(rows_before="9999", recordings_before=object())  # type: ignore[arg-type]
    assert (len(history), len(list(history.rows())), len(history.recordings)) == (1, 1, 1)
    assert history.clean(rows_before="9999", recordings_before=1) == (1, 1)
    assert (len(history), len(history.recordings)) == (0, 0)


@pytest.mark.quirk("cleaner")
@pytest.mark.ucmsim(
    **{**LIVE, "history": {"days": 3, "calls_per_day": 40}},
    clock={"start": "2026-03-02T12:00:00Z", "rate": 0},
    retention={"rows": 6, "recordings": 2},
)
def test_on_the_wire_recordfiles_leads_to_404_once_it_is_old(ucm: Ucm) -> None:
    """With live traffic, day after day: young ones are served, old ones are not, and a tar has the young ones."""
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")

    def got(names: str) -> requests.Response:
        return requests.get(f"{ucm.url}/recapi", params={"filename": names}, auth=login, verify=ucm.ca, timeout=20)

    for day in range(1, 9):
        ucm.clock.advance(A_DAY)
        now = BEGAN + day * A_DAY
        page = rows(ucm, "&numRecords=1000")
        assert min(row["start"] for row in page) >= f"{now - 6 * A_DAY:%Y-%m-%d %H:%M:%S}"
        told = {row.acctid for call in ucm.calls for row in call.rows if row.acctid is not None}
        missing = [
            row for row in page if row["AcctId"] not in told
        ]  # of calls that are up, and told once they are over
        assert told <= {row["AcctId"] for row in page}
        assert [row for row in missing if row["end"] < f"{now - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"] == []
        limit = f"{now - 2 * A_DAY:%Y-%m-%d %H:%M:%S}"
        named = sorted((row["end"], row["recordfiles"]) for row in page if row["recordfiles"])
        old, young = ([name for end, name in named if (end < limit) is gone] for gone in (True, False))
        assert [got(name).status_code for name in young[:2]] == [200] * len(young[:2])
        if day > 2:
            assert old
            assert [got(name).status_code for name in (old[0], old[-1])] == [404, 404]
            one = got(old[-1] + young[0])
            assert (one.status_code, one.headers["Content-type"]) == (200, "audio/x-wav")
