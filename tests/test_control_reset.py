"""A reset of a PBX: a new universe behind the same port and the same certificate."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.controlling import GUIDE, LATENCY, Control, api, fetched, shown
from tests.processes import API, Process, config
from tests.until import until
from ucmsim.client import ControlClient, ControlError

FIXED = {"start": "2026-03-04T12:00:00Z", "rate": 0}
CALL = {"shape": "answered", "from": "1001", "to": "1002", "talk": 30}


def reset(control: Control, name: str) -> dict[str, Any]:
    answer = control("POST", f"/v1/pbxs/{name}/reset")
    assert answer.status == 200, answer.data
    return dict(answer.json)


def test_a_reset_is_a_new_universe_as_the_settings_make_it(control: Control) -> None:
    """Rows, truth, clock, faults and their counters, and the journal are those of the beginning; what came later is gone."""
    spec = {**LATENCY, "seconds": 0, "chance": 0.5, "name": "maybe"}
    made = control.create(name := control.name(), history=GUIDE, faults=[spec], clock=FIXED, api=api()).json
    path = f"/v1/pbxs/{name}"
    first = {what: control("GET", f"{path}/{what}").json for what in ("clock", "faults", "calls", "journal")}
    rows = fetched(made, "/cdrapi?format=CSV")
    events = control("GET", f"{path}/journal").json["items"]
    control("POST", f"{path}/calls", CALL)
    control("PUT", f"{path}/clock", {"advance": 3600})
    control("POST", f"{path}/faults", {"fault": "api.deny", "when": {"client": "192.0.2.1"}})
    assert fetched(made, "/cdrapi?format=CSV") != rows
    assert reset(control, name) == made
    new = {what: control("GET", f"{path}/{what}").json for what in first}
    ids = [[fault.pop("id") for fault in universe["faults"]["items"]] for universe in (first, new)]
    assert ids[0] != ids[1]  # they tell an arming from one of another universe
    assert new == first
    assert fetched(made, "/cdrapi?format=CSV") == rows
    again = control("GET", f"{path}/journal").json["items"]
    assert [one["id"] for one in events] == [1, 2]
    told = ("id", "kind", "connection", "request", "reply", "faults", "rows", "acctids", "pbx_clock")
    assert [{key: one.get(key) for key in told} for one in again] == [
        {key: one.get(key) for key in told} for one in events
    ]


def test_the_port_the_key_and_the_ca_stay(control: Control) -> None:
    """A client that trusted the PBX before trusts it after, at the same URL, and files and certificate are the same bytes."""
    made = control.create(name := control.name(), api=api()).json
    home = Path(made["ca"]).parent
    files = ("private.pem", "certificate.pem", "ca.pem", "ca-key.pem", "crl.pem")
    before = {file: (home / file).read_bytes() for file in files}
    certificate = shown(made)
    assert reset(control, name)["url"] == made["url"]
    assert shown(made) == certificate
    assert {file: (home / file).read_bytes() for file in files} == before
    fetched(made)


def test_open_connections_are_cut(control: Control) -> None:
    """Whoever is connected finds the connection ended, and no event of it in the new journal."""
    made = control.create(name := control.name(), api=api()).json
    place = urlsplit(made["url"])
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        control("GET", f"/v1/pbxs/{name}")  # by then it has been accepted
        reset(control, name)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert control("GET", f"/v1/pbxs/{name}/journal").json["items"] == []


def test_the_port_is_never_anybody_elses(control: Control) -> None:
    """However often somebody connects or tries to listen there while it is reset, he is served, and cannot."""
    made = control.create(name := control.name(), history=GUIDE, api=api()).json
    place = urlsplit(made["url"])
    over = threading.Event()
    found: list[str] = []

    def look() -> None:
        while not over.is_set():
            with socket.socket() as thief:
                thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    thief.bind((place.hostname, place.port))
                    thief.listen()
                    found.append("taken")
                except OSError:
                    pass
            try:
                socket.create_connection((place.hostname, place.port), timeout=20).close()
            except ConnectionResetError:  # it was cut
                pass
            except OSError as error:
                found.append(repr(error))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(10):
            reset(control, name)
    finally:
        over.set()
        looking.join()
    assert found == []
    assert len(fetched(made, "/cdrapi?format=CSV").splitlines()) == 4


def test_two_resets_give_the_same_bytes(control: Control) -> None:
    """Made-up calls with a fixed start are the same after each reset: on the wire, and row by row in the history."""
    settings = {"history": {"days": 2, "calls_per_day": 30}, "clock": FIXED, "api": api()}
    made = control.create(name := control.name(), **settings).json
    database = Path(made["ca"]).parent / "history.sqlite"

    def dumped() -> list[str]:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as opened:
            lines = list(opened.iterdump())
        opened.close()
        return lines

    wanted = (fetched(made, "/cdrapi?format=JSON&numRecords=1000"), dumped())
    for _ in range(2):
        reset(control, name)
        assert (fetched(made, "/cdrapi?format=JSON&numRecords=1000"), dumped()) == wanted
    assert len(wanted[0].splitlines()) > 50


def test_live_calls_are_the_same_after_a_reset(control: Control) -> None:
    """The traffic of the new universe is that of the first, not that of a restarted unit."""
    made = control.create(name := control.name(), clock=FIXED, traffic={"live": True}, api=api()).json

    def lived() -> bytes:
        control("PUT", f"/v1/pbxs/{name}/clock", {"advance": 7200})
        return fetched(made, "/cdrapi?format=CSV&numRecords=1000")

    first = lived()
    assert len(first.splitlines()) > 5
    reset(control, name)
    assert lived() == first


def test_a_reset_that_fails_changes_nothing(control: Control, tmp_path: Path) -> None:
    """Where the file to import is gone, the answer says so, and the PBX goes on as it was."""
    (rows := tmp_path / "rows.csv").write_bytes(Path(GUIDE["import"]).read_bytes())
    made = control.create(name := control.name(), history={"import": str(rows)}, api=api()).json
    control("POST", f"/v1/pbxs/{name}/calls", CALL)
    control("PUT", f"/v1/pbxs/{name}/clock", {"advance": 60})
    wanted = fetched(made, "/cdrapi?format=CSV")
    rows.unlink()
    answer = control("POST", f"/v1/pbxs/{name}/reset")
    assert answer.told == (409, "conflict", None)
    assert answer.error["message"] == f"{rows} cannot be read: No such file or directory"
    assert fetched(made, "/cdrapi?format=CSV") == wanted
    assert not list(Path(made["ca"]).parent.glob("history.sqlite.new*"))


def test_a_fault_that_keeps_the_port_closed_goes_with_the_universe(control: Control) -> None:
    """After the reset the port is open, and the new journal tells nothing of its having been closed."""
    made = control.create(name := control.name(), api=api()).json
    control("POST", f"/v1/pbxs/{name}/faults", {"fault": "tcp.refuse"})
    place = urlsplit(made["url"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname, place.port), timeout=20)
    assert reset(control, name)["url"] == made["url"]
    assert control("GET", f"/v1/pbxs/{name}/journal").json["items"] == []
    fetched(made)


def test_a_fault_of_the_settings_closes_the_port_again(control: Control) -> None:
    """What is armed from the start is armed anew, and told as at the start."""
    control.create(name := control.name(), api=api(), faults=[{"fault": "tcp.refuse"}])
    reset(control, name)
    (event,) = control("GET", f"/v1/pbxs/{name}/journal").json["items"]
    assert (event["id"], event["kind"], event["listens"], event["kinds"]) == (1, "listening", False, ["tcp.refuse"])


def test_a_reset_takes_nothing(control: Control, hq: str) -> None:
    """An empty object or no body will do; a key is named; there must be such a PBX."""
    assert control("POST", f"{hq}/reset", {}).status == 200
    assert control("POST", f"{hq}/reset", {"keep": "faults"}).told == (400, "invalid", "keep")
    assert control("POST", f"{hq}/reset", b"[]").told == (400, "invalid", None)
    assert control("POST", "/v1/pbxs/nobody/reset").told == (404, "not-found", None)


def test_resets_at_the_same_time_come_one_after_another(control: Control) -> None:
    """Each is answered, and the PBX is whole afterwards; one that is deleted meanwhile is gone."""
    made = control.create(name := control.name(), history=GUIDE, api=api()).json
    statuses: list[int] = []
    asking = [
        threading.Thread(target=lambda: statuses.append(control("POST", f"/v1/pbxs/{name}/reset").status))
        for _ in range(5)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert statuses == [200] * 5
    assert len(fetched(made, "/cdrapi?format=CSV").splitlines()) == 4


def test_what_is_asked_meanwhile_is_answered_by_the_new_universe(control: Control) -> None:
    """Nobody is told of a PBX that was stopped while it goes on; a call that is placed is in one universe or the other."""
    name, over = control.create(name := control.name(), history=GUIDE, clock=FIXED).json["name"], threading.Event()
    path, found = f"/v1/pbxs/{name}", list[tuple[int, str]]()

    def ask(method: str, what: str, body: Any = None) -> None:
        while not over.is_set():
            answer = control(method, f"{path}/{what}", body)
            found.append((answer.status, what))

    asked = [("GET", "journal"), ("GET", "calls"), ("GET", "ledger"), ("POST", "calls", CALL)]
    with ThreadPoolExecutor(len(asked)) as asking:
        futures = [asking.submit(ask, *one) for one in asked]
        for at in range(20):
            assert control("POST", f"{path}/reset").status == 200
            assert control("PATCH", path, {"journal": {"entries": 100 + at}}).status == 200
        over.set()
        for one in futures:
            one.result()
    assert {status for status, what in found} == {200, 201}, [one for one in found if one[0] > 201]
    assert {what for _, what in found} == {"journal", "calls", "ledger"}


def test_a_pbx_that_is_deleted_while_it_is_reset_is_gone(control: Control, foreseen: None) -> None:
    """Whichever comes first, afterwards there is no PBX, nothing listens, and its name and its folder are free again."""
    for _ in range(5):
        made = control.create(name := control.name(), history=GUIDE, api=api()).json
        asked = [("POST", f"/v1/pbxs/{name}/reset"), ("DELETE", f"/v1/pbxs/{name}")]
        with ThreadPoolExecutor(2) as callers:
            answers = list(callers.map(lambda one: control(*one).status, asked))
        assert sorted(answers) in ([200, 204], [204, 404], [204, 503])
        assert not Path(made["ca"]).parent.exists()
        place = urlsplit(made["url"])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((place.hostname, place.port), timeout=20)
        assert control.create(name).status == 201


def test_pages_that_are_pulled_meanwhile_end_in_no_surprise(control: Control, foreseen: None) -> None:
    """Who pulls pages while the PBX is reset is cut or served, and nothing of it is an error in the log."""
    made = control.create(name := control.name(), history={"days": 1}, clock=FIXED, api=api()).json
    over, served = threading.Event(), []

    def pull() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                served.append(len(fetched(made, "/cdrapi?format=JSON")))

    pulling = [threading.Thread(target=pull) for _ in range(3)]
    for one in pulling:
        one.start()
    try:
        for _ in range(10):
            reset(control, name)
        until(lambda: served)  # the last universe serves them
    finally:
        over.set()
        for one in pulling:
            one.join()
    assert set(served) == {len(fetched(made, "/cdrapi?format=JSON"))}


def test_a_pbx_with_kept_state(tmp_path: Path) -> None:
    """In a state folder, and with a journal on disk, a reset empties both; a restart goes on with the new universe."""
    top = {"state": "state", "control": {"bind": "127.0.0.1:0"}}
    file = config(tmp_path, top=top, api=API, clock=FIXED, journal={"spill": 100})
    kept = tmp_path / "state" / "hq"

    def client(report: dict[str, Any]) -> ControlClient:
        return ControlClient(report["control"]["url"], report["control"]["token"])

    with Process(tmp_path, "--config", file) as process:
        report = process.report()
        hq, control = report["pbxs"]["hq"], client(report)
        control.place_call("hq", CALL)
        control.change_clock("hq", {"advance": 60})
        fetched(hq)
        assert len(fetched(hq, "/cdrapi?format=CSV").splitlines()) == 5
        assert control.reset("hq").rows == 3
        assert control.journal("hq") == []
        assert len(fetched(hq, "/cdrapi?format=CSV").splitlines()) == 4
        (exchange,) = control.journal("hq", kind="exchange")
        assert exchange.id <= 2
        assert process.stop() == 143
    assert json.loads((tmp_path / "ready.json").read_text())["pbxs"]["hq"]["url"] == hq["url"]
    with sqlite3.connect(kept / "journal.sqlite") as journal:
        assert [row[0] for row in journal.execute("SELECT id FROM event ORDER BY id")] == [1, 2]
    journal.close()
    assert sorted(file.name for file in kept.iterdir() if ".sqlite" in file.name) == [
        "history.sqlite",
        "journal.sqlite",
    ]
    with Process(tmp_path, "--config", file) as process:
        report = process.report()
        assert client(report).pbx("hq").rows == 3
        with pytest.raises(ControlError, match="no PBX"):
            client(report).reset("there")
