"""Calls that happen while a PBX runs: placed ones, traffic, and what the clock does to them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from ucmsim.client import ControlError
from ucmsim.pytest_plugin import Ucm

FROZEN = {"start": "2026-03-02T14:00:00Z", "rate": 0}
BEGAN = datetime(2026, 3, 2, 14, tzinfo=UTC)


def rows(ucm: Ucm, query: str = "") -> list[dict[str, str]]:
    """Return the rows of a PBX as a client of it gets them."""
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    page = requests.get(f"{ucm.url}/cdrapi?format=json{query}", auth=login, verify=ucm.ca, timeout=20).json()
    found: list[dict[str, str]] = []
    for entry in next(iter(page.values())):
        subs = [value for key, value in entry.items() if key.startswith("sub_cdr_")]
        found += subs or [entry]
    return found


EMPTY: dict[str, Any] = {"personality": "ucm6510", "clock": FROZEN, "history": {"days": 0}, "time_zone": "UTC"}


@pytest.mark.quirk("call-in-progress")
@pytest.mark.ucmsim(**EMPTY)
def test_a_placed_call_has_its_row_when_it_ends(ucm: Ucm) -> None:
    """Not while it rings and not while it is talked; the truth comes when it is over."""
    told = ucm.place_call("answered", "1001", "1002", ring=5, talk=60.5)
    assert (told.kind, told.begins, told.ends) == (
        "Internal", BEGAN, BEGAN + timedelta(seconds=65.5),
    )  # fmt: skip
    for seconds, count in ((4, 0), (60, 0), (2, 1)):
        ucm.clock.advance(seconds)
        assert len(rows(ucm)) == count
    (row,) = rows(ucm)
    assert (row["src"], row["dst"], row["start"], row["answer"], row["end"]) == (
        "1001", "1002", "2026-03-02 14:00:00", "2026-03-02 14:00:05", "2026-03-02 14:01:05",
    )  # fmt: skip
    assert (row["duration"], row["billsec"], row["AcctId"]) == ("65", "60", "1")
    (truth,) = ucm.calls
    ((talk,), (leg,)) = truth.talks, truth.rows
    assert (truth.shape, talk.until - talk.since, leg.row) == ("answered", 60_500_000, 1)


@pytest.mark.ucmsim(**EMPTY)
def test_a_long_call_lands_before_rows_that_were_read(ucm: Ucm) -> None:
    """It began first and is written last: it stands first in the order of start, with the highest AcctId."""
    ucm.place_call("answered", "1001", "1002", talk=600)
    ucm.place_call("answered", "1003", "1004", talk=10, at=BEGAN + timedelta(seconds=30))
    ucm.clock.advance(120)
    assert [row["src"] for row in rows(ucm)] == ["1003"]
    ucm.clock.advance(600)
    assert [(row["src"], row["AcctId"]) for row in rows(ucm)] == [("1001", "2"), ("1003", "1")]


LINE = {"name": "carrier-a", "caller_id": "01632960401", "caller_name": "Example Ltd", "prefix": "9"}
SALES = {"extension": 1002, "number": "3125550111", "name": "Sales"}


@pytest.mark.ucmsim(
    **EMPTY, trunks=[LINE], extensions={"count": 5, "caller_ids": [SALES]}, traffic={"own_caller_id": 0}
)
def test_a_placed_call_has_the_prefix_and_the_caller_id_of_its_trunk_or_of_its_extension(ucm: Ucm) -> None:
    """The number is given without the prefix, and dialled with it."""
    for caller in ("1001", "1002"):
        ucm.place_call("answered", caller, "3125550123", talk=2)
    ucm.clock.advance(10)
    assert [(row["src"], row["dst"], row["dstanswer"], row["clid"]) for row in rows(ucm)] == [
        ("1001", "93125550123", "3125550123", '"Example Ltd" <01632960401>'),
        ("1002", "93125550123", "3125550123", '"Sales" <3125550111>'),
    ]


@pytest.mark.ucmsim(**EMPTY)
def test_calls_that_the_unit_begins_can_be_placed(ucm: Ucm) -> None:
    """A callback, and a call by the API in each direction; the truth is that they go out."""
    ucm.place_call("callback", "3125550123", "1001", ring=5, talk=20)
    ucm.place_call("api-call", "1002", "3125550124", ring=5, talk=20, at=BEGAN + timedelta(seconds=1))
    ucm.clock.advance(120)
    assert [(row["src"], row["dst"], row["userfield"], row["action_type"]) for row in rows(ucm)] == [
        ("3125550123", "3125550199", "Inbound", "CALLBACK"),
        ("1002", "1002", "Internal", "DIAL"),
        ("1002", "3125550124", "Outbound", "DIAL"),
        ("3125550123", "7000", "Inbound", "CALLBACK"),
    ]
    told = [
        (call.begun_by, call.caller, call.dialled, call.kind, [(one.direction, one.number) for one in call.trunks])
        for call in ucm.calls
    ]  # fmt: skip
    assert told == [
        ("caller", "3125550123", "3125550199", "Inbound", [("in", "3125550123")]),
        ("api", "1002", "3125550124", "Outbound", [("out", "3125550124")]),
        ("callback", "3125550123", "7000", "Outbound", [("out", "3125550123")]),
    ]


@pytest.mark.ucmsim(**EMPTY)
def test_a_placed_call_is_recorded_if_it_is_to_be(ucm: Ucm) -> None:
    """The recording can be fetched by the name in its row."""
    ucm.place_call("answered", "1001", "3125550123", talk=2, recorded=True)
    ucm.clock.advance(10)
    (row,) = rows(ucm)
    assert (row["userfield"], row["dst_trunk_name"]) == ("Outbound", "carrier-a")
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    got = requests.get(f"{ucm.url}/recapi?filename={row['recordfiles']}", auth=login, verify=ucm.ca, timeout=20)
    assert len(got.content) == 44 + 2 * 2 * 8000


@pytest.mark.ucmsim(**EMPTY)
def test_what_is_corrected_away_does_not_happen(ucm: Ucm) -> None:
    """A call that is up goes on in the world's time; its stamps are those of the clock, and so are its seconds."""
    ucm.place_call("answered", "1001", "1002", ring=5, talk=30)
    ucm.clock.advance(10)
    ucm.clock.step(-3600)
    assert rows(ucm) == []
    ucm.clock.advance(40)
    (row,) = rows(ucm)
    assert [row[name] for name in ("start", "answer", "end")] == [
        "2026-03-02 14:00:00", "2026-03-02 14:00:05", "2026-03-02 13:00:35",
    ]  # fmt: skip
    assert (row["duration"], row["billsec"]) == (str(35 - 3600), str(30 - 3600))
    (truth,) = ucm.calls
    assert (truth.ended - truth.began) / 1_000_000 == 35
    assert ucm.clock.now == BEGAN + timedelta(seconds=50 - 3600)


@pytest.mark.ucmsim(**EMPTY)
def test_a_unit_in_the_wrong_zone_writes_and_reads_times_of_that_zone(ucm: Ucm) -> None:
    """Rows that are written meanwhile, `now`, and bounds without a zone; rows that stand already stay as they are."""
    ucm.place_call("answered", "1001", "1002", talk=30)
    ucm.clock.advance(60)
    assert len(rows(ucm, "&endTime=now")) == 1
    ucm.clock.set_zone("America/Chicago")
    assert rows(ucm, "&endTime=now") == []
    ucm.place_call("answered", "1001", "1002", talk=30)
    ucm.clock.advance(60)
    ucm.clock.set_zone("UTC")
    assert [row["start"] for row in rows(ucm)] == ["2026-03-02 08:01:00", "2026-03-02 14:00:00"]


CORRECTED = {"start": "2026-03-02T14:00:00Z", "rate": 0, "corrections": [{"at": "2026-03-02T14:30:00Z", "step": -1200}]}


@pytest.mark.ucmsim(**{**EMPTY, "clock": CORRECTED, "restarts": ["2026-03-02T15:00:00Z"]})
def test_a_correction_and_a_restart_that_are_scheduled_come_by_themselves(ucm: Ucm) -> None:
    """When the world's time is there, whatever the clock shows; a call that is up at the restart has no row."""
    ucm.clock.advance(1799)
    assert ucm.clock.now == BEGAN + timedelta(seconds=1799)
    ucm.place_call("answered", "1001", "1002", ring=5, talk=30)
    ucm.clock.advance(1)
    assert ucm.clock.now == BEGAN + timedelta(seconds=600)
    ucm.clock.advance(60)
    (row,) = rows(ucm)
    assert (row["start"], row["end"]) == ("2026-03-02 14:29:59", "2026-03-02 14:10:34")
    assert row["uniqueid"].endswith(".0")
    ucm.place_call("answered", "1001", "1002", talk=3600)
    ucm.clock.advance(7200)
    assert len(rows(ucm)) == 1
    ucm.place_call("answered", "1001", "1002", talk=10)
    ucm.clock.advance(60)
    assert [row["uniqueid"].partition(".")[2] for row in rows(ucm)] == ["0", "0"]


@pytest.mark.fault("api.restart")
@pytest.mark.ucmsim(**EMPTY)
def test_a_restart_in_a_request_is_one_of_the_unit(ucm: Ucm) -> None:
    """A call that is up ends without a row, the truth tells that it was cut, and channels count from 0 again."""
    ucm.place_call("answered", "1001", "1002", ring=5, talk=10)
    ucm.clock.advance(60)
    ucm.place_call("answered", "1003", "1004", ring=5, talk=3600)
    ucm.clock.advance(60)
    with ucm.fault("api.restart", seconds=3600), pytest.raises(requests.ConnectionError):
        rows(ucm)
    until = time.monotonic() + 30  # taken away, the fault lets the port open again at once
    while not ucm.journal(kind="listening") or not ucm.journal(kind="listening")[-1].listens:
        assert time.monotonic() < until
        time.sleep(0.05)
    ucm.clock.advance(7200)
    ucm.place_call("answered", "1003", "1004", talk=10)
    ucm.clock.advance(60)
    assert [(row["src"], row["uniqueid"].partition(".")[2]) for row in rows(ucm)] == [("1001", "0"), ("1003", "0")]
    cut = ucm.calls[1]
    assert (cut.ending, cut.ended / 1_000_000) == ("cut", (BEGAN + timedelta(seconds=120)).timestamp())


@pytest.mark.ucmsim(**EMPTY)
@pytest.mark.parametrize(
    ("call", "field", "said"),
    [
        (("anwsered", "1001", "1002"), "shape", "there is no shape 'anwsered'; did you mean 'answered'?"),
        (("answered", "1", "2"), "from", "neither '1' nor '2' is an extension of this PBX"),
        (("ivr", "1001", "1002"), "shape", "a call of shape 'ivr' is Inbound, not Internal"),
    ],
)
def test_a_call_that_cannot_be_is_refused_with_a_sentence(
    ucm: Ucm, call: tuple[str, str, str], field: str, said: str
) -> None:
    """It says what is wrong, and the PBX goes on."""
    with pytest.raises(ControlError) as caught:
        ucm.place_call(*call)
    assert (caught.value.field, said in str(caught.value)) == (field, True)
    with pytest.raises(ControlError, match="'talk' is a number of seconds from 0 to 86400"):
        ucm.place_call("answered", "1001", "1002", talk=-1)
    with pytest.raises(ControlError, match="that is in the past of the PBX's world"):
        ucm.place_call("answered", "1001", "1002", at=BEGAN - timedelta(days=1))
    ucm.place_call("answered", "1001", "1002", talk=1)
    ucm.clock.advance(30)
    assert len(rows(ucm)) == 1


LIVE = {**EMPTY, "history": {"days": 0, "calls_per_day": 2000}, "traffic": {"live": True}}


@pytest.mark.ucmsim(**LIVE)
def test_traffic_goes_on_as_the_clock_does(ucm: Ucm) -> None:
    """Nothing happens while it stands; in an hour of office time there are calls, in order of their ends."""
    assert rows(ucm) == []
    ucm.clock.advance(3600)
    first = rows(ucm)
    assert len(first) > 50
    ucm.clock.advance(3600)
    both = ucm.calls
    ends = [truth.ended for truth in both]
    assert len(both) > len(first)
    assert ends == sorted(ends)
    assert all(row["end"] == "" or row["end"] < "2026-03-02 16:00:00" for row in rows(ucm))


@pytest.mark.ucmsim(**{**LIVE, "clock": {"start": "2026-03-02T14:00:00Z", "rate": 3600}})
def test_traffic_goes_on_by_itself(ucm: Ucm) -> None:
    """Without anybody asking, as fast as the clock."""
    until = time.monotonic() + 20
    while not rows(ucm):
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.quirk("cleaner")
@pytest.mark.ucmsim(**{**EMPTY, "retention": {"rows": 30, "recordings": 10}})
def test_old_recordings_and_rows_go(ucm: Ucm) -> None:
    """First the recording, so that its row leads to 404, then the row; a call of today stays."""
    ucm.place_call("answered", "1001", "1002", talk=2, recorded=True)
    ucm.clock.advance(60)
    (row,) = rows(ucm)
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    statuses = []
    for days in (0, 9, 2, 20):
        ucm.clock.advance(days * 86400)
        asked = f"{ucm.url}/recapi?filename={row['recordfiles']}"
        statuses.append((requests.get(asked, auth=login, verify=ucm.ca, timeout=20).status_code, len(rows(ucm))))
    assert statuses == [(200, 1), (200, 1), (404, 1), (404, 0)]
    ucm.place_call("answered", "1001", "1002", talk=2)
    ucm.clock.advance(60)
    assert len(rows(ucm)) == 1
    assert [[row.acctid for row in call.rows] for call in ucm.calls] == [[None], ["1"]]
