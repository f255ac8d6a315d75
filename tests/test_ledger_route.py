"""`/v1/pbxs/{pbx}/ledger`: every call that is over, and which exchanges carried its rows and recordings, asked over the wire."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.appliances import assembled
from tests.controlling import GUIDE, Control, api
from tests.until import until
from ucmsim.http.extents import Rows
from ucmsim.pytest_plugin import Ucm
from ucmsim.store.accounts import STEP, Accounting
from ucmsim.store.deliveries import Delivery, Sent
from ucmsim.store.history import History
from ucmsim.store.ledger import Sought

EMPTY: dict[str, Any] = {
    "personality": "ucm6510",
    "clock": {"start": "2026-03-02T14:00:00Z", "rate": 0},
    "history": {"days": 0},
    "time_zone": "UTC",
    "api": {"tls_authentication_name": None},
}
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def ledger(ucm: Ucm, control: Control, **query: Any) -> list[dict[str, Any]]:
    """Return the whole ledger of a PBX, which must come in pages that follow each other."""
    found: list[dict[str, Any]] = []
    while True:
        page = control("GET", f"/v1/pbxs/{ucm.name}/ledger?{urlencode(query)}").json
        found += page["items"]
        if page["next"] is None:
            return found
        query["after"] = page["next"]


def place(ucm: Ucm, count: int = 1, **how: Any) -> None:
    ucm.place_calls([{"shape": "answered", "from": "1001", "to": "1002", "talk": 10, **how}] * count)
    ucm.clock.advance(3600)


def get(ucm: Ucm, target: str) -> requests.Response:
    return requests.get(f"{ucm.url}{target}", verify=str(ucm.ca), timeout=20)


def rows(items: list[dict[str, Any]]) -> list[list[bool]]:
    """Return whether each row of the *items* left whole, each time that it was carried."""
    return [[one["whole"] for one in row["deliveries"]] for item in items for row in item["rows"]]


@pytest.mark.ucmsim(**EMPTY)
def test_call_has_what_it_has_in_the_list_of_calls(ucm: Ucm, control: Control) -> None:
    """An item is the call as `GET .../calls` tells it, with deliveries of each row, recordings, and how often it was delivered."""
    place(ucm, 2)
    get(ucm, "/cdrapi?numRecords=1")

    first, second = ledger(ucm, control)

    (entry,) = (one for one in control("GET", f"/v1/pbxs/{ucm.name}/journal").json["items"] if one.get("rows"))
    carrier = {"exchange": entry["id"], "wall": entry["wall"], "peer": "127.0.0.1", "whole": True}
    plain = control("GET", f"/v1/pbxs/{ucm.name}/calls").json["items"]
    assert first == {
        **plain[0], "rows": [{**plain[0]["rows"][0], "deliveries": [carrier]}], "recordings": [], "delivered": 1,
    }  # fmt: skip
    assert second == {
        **plain[1], "rows": [{**plain[1]["rows"][0], "deliveries": []}], "recordings": [], "delivered": 0,
    }  # fmt: skip


@pytest.mark.ucmsim(**EMPTY)
def test_calls_are_sought_by_how_often_they_were_delivered(ucm: Ucm, control: Control) -> None:
    """`delivered` chooses calls whose least delivered row went out never, once, or again; it can be paged."""
    place(ucm, 5)
    get(ucm, "/cdrapi?numRecords=3")
    get(ucm, "/cdrapi?numRecords=1")

    def found(**query: Any) -> list[int]:
        return [one["call"] for one in ledger(ucm, control, **query)]

    assert found() == found(limit=1) == found(limit=5) == [1, 2, 3, 4, 5]
    assert (found(delivered="never"), found(delivered="once"), found(delivered="again")) == ([4, 5], [2, 3], [1])
    assert found(delivered="never", limit=1) == [4, 5]
    assert found(delivered="again", limit=1) == [1]


@pytest.mark.ucmsim(**EMPTY)
def test_call_whose_rows_were_delivered_unevenly_counts_by_the_least(ucm: Ucm, control: Control) -> None:
    """Where a call has several rows, it was delivered as often as the one that went out least."""
    place(ucm, 1, shape="blind-transfer", **{"from": "1001", "to": "1002", "target": "1003"})
    (whole,) = ledger(ucm, control)
    assert len(whole["rows"]) > 1

    get(ucm, "/cdrapi?format=CSV&numRecords=1")

    (item,) = ledger(ucm, control)
    assert min(len(row["deliveries"]) for row in item["rows"]) == 0
    assert (item["delivered"], [one["call"] for one in ledger(ucm, control, delivered="never")]) == (0, [1])


@pytest.mark.ucmsim(**EMPTY)
def test_rows_whose_cdr_was_deleted_stay_in_the_ledger(ucm: Ucm, control: Control) -> None:
    """What was delivered is told of rows also when their CDRs are gone."""
    place(ucm)
    get(ucm, "/cdrapi")
    control("DELETE", f"/v1/pbxs/{ucm.name}/cdrs")

    (item,) = ledger(ucm, control)

    assert (item["rows"][0]["AcctId"], item["delivered"]) == (None, 1)


@pytest.mark.ucmsim(**EMPTY)
def test_query_that_cannot_be_is_refused(ucm: Ucm, control: Control) -> None:
    """A wrong word in `delivered`, or a parameter that nobody knows, is refused with what would be right."""
    path = f"/v1/pbxs/{ucm.name}/ledger"
    assert control("GET", f"{path}?delivered=twice").told == (400, "invalid", "delivered")
    assert "never, once or again" in control("GET", f"{path}?delivered=twice").error["message"]
    assert control("GET", f"{path}?deliverd=never").told == (400, "invalid", "deliverd")
    assert control("GET", "/v1/pbxs/nobody/ledger").told == (404, "not-found", None)


@pytest.mark.ucmsim(**{**EMPTY, "recording": {"share": 1.0}})
def test_recordings_of_a_call_are_told_with_what_carried_them(ucm: Ucm, control: Control) -> None:
    """A recording has its path, its length in bytes, and the exchanges that fetched it, whole or not."""
    place(ucm, recorded=True)
    (item,) = ledger(ucm, control)
    (file,) = item["recordings"]
    assert file["deliveries"] == []
    name = file["path"].removeprefix("monitor/")

    with ucm.fault("http.truncate", bytes=100, length="matching"):
        get(ucm, f"/recapi?filename={name}")
    body = get(ucm, f"/recapi?filename={name}").content

    (again,) = ledger(ucm, control)
    (after,) = again["recordings"]
    assert (after["bytes"], [one["whole"] for one in after["deliveries"]]) == (len(body), [False, True])


@pytest.mark.ucmsim(**{**EMPTY, "recording": {"share": 1.0}})
def test_recordings_say_whether_a_cdr_names_them(ucm: Ucm, control: Control) -> None:
    """Whoever goes by CDRs cannot know of a message; of a CDR that is gone nobody can say."""
    place(ucm, recorded=True)
    place(ucm, shape="voicemail")

    def named() -> list[tuple[str, bool]]:
        return [
            (file["path"].partition("/")[0], file["named"])
            for one in ledger(ucm, control)
            for file in one["recordings"]
        ]

    assert named() == [("monitor", True), ("voicemail", False)]
    ucm.delete_cdrs()
    assert named() == [("monitor", True), ("voicemail", True)]


@pytest.mark.ucmsim(history=GUIDE, api={"tls_authentication_name": None})
def test_imported_rows_are_told_as_what_they_are(ucm: Ucm, control: Control) -> None:
    """Rows whose truth nobody knows are items of kind imported, with null for what is not known, and count like others."""
    get(ucm, "/cdrapi?numRecords=2")

    items = ledger(ucm, control, limit=1)

    assert [(one["kind"], one["call"], one["began"], one["delivered"]) for one in items] == [
        ("imported", None, None, 1), ("imported", None, None, 1), ("imported", None, None, 0),
    ]  # fmt: skip
    assert [row["AcctId"] for one in items for row in one["rows"]] == ["62", "63", "64"]
    told = control.client.ledger(ucm.name)
    assert [(one.kind, one.call, one.rows[0].acctid, one.rows[0].began) for one in told] == [
        ("imported", None, "62", None), ("imported", None, "63", None), ("imported", None, "64", None),
    ]  # fmt: skip
    (never,) = ledger(ucm, control, delivered="never")
    assert never["rows"][0]["AcctId"] == "64"
    assert ledger(ucm, control, since=JANUARY.isoformat()) == []


@pytest.mark.ucmsim(**EMPTY)
def test_new_universe_has_delivered_nothing(ucm: Ucm, control: Control) -> None:
    """With a reset the ledger begins anew, also for rows that have the ids of old ones."""
    place(ucm)
    get(ucm, "/cdrapi")
    assert rows(ledger(ucm, control)) == [[True]]

    control("POST", f"/v1/pbxs/{ucm.name}/reset", {})
    place(ucm)

    assert rows(ledger(ucm, control)) == [[]]


@pytest.mark.ucmsim(**EMPTY)
def test_snapshot_knows_what_was_delivered(ucm: Ucm, control: Control, tmp_path: Path) -> None:
    """What was delivered goes into a snapshot, also what was handed over just before, and comes back with it."""
    place(ucm)
    get(ucm, "/cdrapi")
    control("POST", f"/v1/pbxs/{ucm.name}/snapshot", {"file": str(tmp_path / "hq.zip")})
    get(ucm, "/cdrapi")
    assert rows(ledger(ucm, control)) == [[True, True]]

    control("POST", f"/v1/pbxs/{ucm.name}/restore", {"file": str(tmp_path / "hq.zip")})

    assert rows(ledger(ucm, control)) == [[True]]


def test_deliveries_are_there_after_a_restart(tmp_path: Path) -> None:
    """What waits to be written when a PBX is switched off is written, and told when it begins again in its folder."""
    running = partial(assembled, tmp_path, {"personality": "ucm6510", "history": GUIDE}, 1_386_100_000.0)
    with running() as appliance:
        sent = Sent(Rows((1, 2, 3), (10, 20, 30)), 20)
        appliance.pbx.deliveries.add(Delivery(7, 1.5, "192.0.2.1", sent, cut=True))
    with running() as appliance:
        found = Accounting(appliance.pbx.history, Sought(), "never").whole()

    assert [row["AcctId"] for one in found for row in one.as_json()["rows"]] == ["64"]


def test_imported_rows_of_one_session_are_one_item() -> None:
    """Rows that were imported are grouped by their session, in the order of their first rows; without one each is alone."""
    from tests.makers import another_row, make_pbx

    history = make_pbx().history
    history.extend([another_row(session="b"), another_row(session="a"), another_row(session="b")])

    found = Accounting(history, Sought(limit=10)).whole()

    assert [[row["row"] for row in one.as_json()["rows"]] for one in found] == [[1], [2], [3], [4, 6], [5]]


def test_more_calls_than_a_step_looks_at() -> None:
    """A page goes on over the steps in which it is looked for, and the next one begins where it ends."""
    from tests.makers import another_row

    history = History.open(Path(":memory:"), durable=False)
    history.extend([another_row(session="")] * (2 * STEP + 1))

    page = Accounting(history, Sought(limit=STEP + 5))
    assert len(page.whole()) == STEP + 5
    rest = Accounting(history, Sought(after=page.next or 0, limit=STEP))

    assert (len(rest.whole()), rest.next) == (STEP - 4, None)
    history.close()


@pytest.fixture
def cut(control: Control) -> dict[str, Any]:
    """A PBX with some hundred rows whose connections are cut below TLS after so many bytes."""
    fault = {"fault": "tcp.close", "bytes": 40_000}
    made = control.create(api=api(), history={"days": 1, "calls_per_day": 400}, faults=[fault])
    return made.json


def test_what_a_cut_connection_did_not_carry_is_not_delivered(control: Control, cut: dict[str, Any]) -> None:
    """Rows whose bytes were handed over and never left, because the connection was cut below TLS, were not delivered."""
    context = ssl.create_default_context(cafile=cut["ca"])
    place = urlsplit(cut["url"])
    data = b""
    plain = socket.create_connection((place.hostname, place.port), timeout=20)
    with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=True) as tls:
        tls.sendall(b"GET /cdrapi?format=CSV&numRecords=1000 HTTP/1.1\r\nHost: pbx\r\n\r\n")
        while piece := tls.recv(65536):
            data += piece
    until(lambda: control("GET", f"/v1/pbxs/{cut['name']}/journal?kind=connection").json["items"])

    items = control("GET", f"/v1/pbxs/{cut['name']}/ledger").json["items"]
    told = [row for item in items for row in item["rows"]]
    body = data.partition(b"\r\n\r\n")[2].decode()
    got = {line.split(",")[0] for line in body.splitlines(keepends=True)[1:] if line.endswith("\n")}

    assert 0 < len(got) < len(told)
    assert all(row["deliveries"] for row in told)
    assert {row["AcctId"] for row in told if any(one["whole"] for one in row["deliveries"])} == got
