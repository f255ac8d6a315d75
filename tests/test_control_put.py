"""A PBX as it is asked for: made, left alone, or changed, by a whole document or by a merge patch."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from tests import rawclient
from tests.controlling import GUIDE, LATENCY, PASSWORD, Answer, Control, api, fetched, shown
from ucmsim.overlay import patched

FIXED = {"start": "2026-03-04T12:00:00Z", "rate": 0}
ACCOUNT = {"tls_authentication_name": "cdrapi", "tls_authentication_password": PASSWORD}
DOCUMENT = {"history": GUIDE, "clock": FIXED, "faults": [{**LATENCY, "seconds": 0, "name": "slow"}]}
CALL = {"shape": "answered", "from": "1001", "to": "1002", "ring": 5, "talk": 600}


def put(control: Control, name: str, /, **document: Any) -> Answer:
    return control("PUT", f"/v1/pbxs/{name}", {**DOCUMENT, "api": api(), **document})


def connected(pbx: dict[str, Any]) -> socket.socket:
    place = urlsplit(pbx["url"])
    return socket.create_connection((place.hostname, place.port), timeout=20)


def test_what_is_not_there_is_made(control: Control) -> None:
    """With 201, and nothing has changed of what was not there; a second document of the same words changes nothing."""
    first = put(control, name := control.name())
    assert (first.status, first.json["created"], first.json["changed"], first.json["pbx"]["rows"]) == (201, True, [], 3)
    assert first.json["pbx"] == control("GET", f"/v1/pbxs/{name}").json
    again = put(control, name)
    assert (again.status, again.json) == (200, {"created": False, "changed": [], "pbx": first.json["pbx"]})


def test_the_same_again_touches_nothing(control: Control) -> None:
    """A connection that is open, a nonce, the clock, counters, what was armed, and the journal stay as they are."""
    pbx = put(control, name := control.name(), api=api(**ACCOUNT)).json["pbx"]
    base = f"/v1/pbxs/{name}"
    control("PUT", f"{base}/clock", {"now": "2026-07-01T12:00:00Z"})
    control("POST", f"{base}/faults", {**LATENCY, "seconds": 0, "name": "later"})
    client: Any = SimpleNamespace(url=pbx["url"])
    challenge = rawclient.exchange(client, b"GET /cdrapi HTTP/1.1\r\n\r\n")
    header = rawclient.digest_header("GET", "/cdrapi", "cdrapi", PASSWORD, challenge)
    with rawclient.RawTls(client) as open_already:
        before = {what: control("GET", f"{base}/{what}").json for what in ("clock", "faults", "journal", "identity")}
        assert put(control, name, api=api(**ACCOUNT)).json["changed"] == []
        after = {what: control("GET", f"{base}/{what}").json for what in before}
        assert after == before
        open_already.send(b"GET /cdrapi HTTP/1.1\r\n" + header + b"\r\n")
        assert open_already.read().data.startswith(b"HTTP/1.1 200 OK")
    told = control("GET", f"{base}/faults").json["items"]
    assert [(one["name"], one["fired"]) for one in told] == [("slow", 1), ("later", 1)]


def test_of_the_page_alone_nothing_else_is_touched(control: Control) -> None:
    """What is under `api` takes effect while the PBX runs on."""
    pbx = put(control, name := control.name()).json["pbx"]
    with connected(pbx) as plain:
        control("GET", f"/v1/pbxs/{name}")  # by then it has been accepted
        answer = put(control, name, api=api(permitted_ips=["192.0.2.1"], **ACCOUNT)).json
        assert answer["changed"] == [
            "api.tls_authentication_name",
            "api.tls_authentication_password",
            "api.permitted_ips",
        ]
        assert answer["pbx"]["username"] == "cdrapi"
        plain.settimeout(0.05)
        with pytest.raises(TimeoutError):  # it is still there
            plain.recv(1)
    with pytest.raises(HTTPError, match="403"):
        fetched(pbx)


def test_anything_else_is_a_restart_of_the_unit(control: Control) -> None:
    """Connections and calls are cut; rows, journal, armed faults with their counters, and the clock go on; port and certificate too."""
    pbx = put(control, name := control.name()).json["pbx"]
    base = f"/v1/pbxs/{name}"
    control("PUT", f"{base}/clock", {"now": "2026-07-01T12:00:00Z"})
    control("POST", f"{base}/faults", {**LATENCY, "seconds": 0, "name": "later", "times": 5})
    control("POST", f"{base}/calls", CALL)
    control("PUT", f"{base}/clock", {"advance": 60})
    fetched(pbx)
    certificate, clock = shown(pbx), control("GET", f"{base}/clock").json
    faults = control("GET", f"{base}/faults").json
    events = control("GET", f"{base}/journal").json["items"]
    with connected(pbx) as plain:
        control("GET", base)  # by then it has been accepted
        answer = put(control, name, quirks={"order": "desc"}, trunks=[{"name": "other", "channels": 3}]).json
        with pytest.raises(ConnectionResetError):
            plain.recv(1)
    assert answer["changed"] == ["trunks", "quirks.order"]
    said = "the kept history was made with trunks 'carrier-a (12)', and the configuration says 'other (3)'"
    assert [one for one in answer["pbx"]["warnings"] if one.startswith("the kept history")] == [
        f"{said}; a reset while it runs begins anew, and --fresh at the start"
    ]
    assert (answer["pbx"]["url"], answer["pbx"]["rows"], shown(pbx)) == (pbx["url"], 3, certificate)
    assert control("GET", f"{base}/clock").json == clock
    assert control("GET", f"{base}/faults").json == faults
    (call,) = control("GET", f"{base}/calls").json["items"]
    assert (call["ending"], call["rows"]) == ("cut", [])
    rows = fetched(pbx, "/cdrapi?format=CSV").splitlines()
    assert [row.partition(b",")[0] for row in rows] == [b"AcctId", b"64", b"63", b"62"]
    journal = control("GET", f"{base}/journal").json["items"]
    assert journal[: len(events)] == events
    assert [one["id"] for one in journal] == list(range(1, len(journal) + 1))
    assert "the device reset it" in [one["ended"] for one in journal if one["kind"] == "connection"]
    numbers = [one["connection"] for one in journal if one["kind"] == "connection"]
    assert len(set(numbers)) == len(numbers)
    assert control("GET", f"{base}/faults").json["items"][1]["fired"] == faults["items"][1]["fired"] + 1


def test_what_its_own_keys_are_about_is_as_they_say(control: Control) -> None:
    """A clock, faults or a journal of other settings begin anew; each alone."""
    put(control, name := control.name())
    base = f"/v1/pbxs/{name}"
    control("PUT", f"{base}/clock", {"now": "2026-07-01T12:00:00Z"})
    control("POST", f"{base}/faults", {**LATENCY, "name": "later"})
    spec = {**LATENCY, "seconds": 0, "name": "another"}
    assert put(control, name, faults=[spec]).json["changed"] == ["faults"]
    assert [one["name"] for one in control("GET", f"{base}/faults").json["items"]] == ["another"]
    assert control("GET", f"{base}/clock").json["now"] == "2026-07-01T12:00:00+00:00"
    clock = {**FIXED, "start": "2026-03-05T12:00:00Z"}
    assert put(control, name, faults=[spec], clock=clock).json["changed"] == ["clock.start"]
    assert control("GET", f"{base}/clock").json["now"] == "2026-03-05T12:00:00+00:00"
    pbx = put(control, name, faults=[spec], clock=clock, journal={"spill": 100}).json
    assert pbx["changed"] == ["journal.spill"]
    fetched(pbx["pbx"])
    events = control("GET", f"{base}/journal").json["items"]
    assert [one["id"] for one in events] == [1, 2]
    assert (Path(pbx["pbx"]["ca"]).parent / "journal.sqlite").exists()
    assert put(control, name, faults=[spec], clock=clock, journal={"spill": 99}).json["changed"] == ["journal.spill"]
    assert control("GET", f"{base}/journal").json["items"] == events


def test_a_fault_that_keeps_the_port_closed_is_told_once(control: Control) -> None:
    """Over the restart the port stays closed, and the fault has fired once."""
    pbx = put(control, name := control.name()).json["pbx"]
    base = f"/v1/pbxs/{name}"
    control("POST", f"{base}/faults", {"fault": "tcp.refuse", "name": "shut"})
    assert put(control, name, personality="ucm6510").json["changed"] == ["personality"]
    with pytest.raises(ConnectionRefusedError):
        connected(pbx)
    assert control("GET", f"{base}/faults").json["items"][1]["fired"] == 1
    control("DELETE", f"{base}/faults/shut")
    fetched(pbx)
    events = control("GET", f"{base}/journal?kind=listening").json["items"]
    assert [(one["listens"], one["faults"]) for one in events] == [(False, ["shut"]), (True, ["shut"])]


def test_another_personality_and_address_at_once(control: Control) -> None:
    """The port of the old address is closed, and the rows have the columns of the new firmware."""
    pbx = put(control, name := control.name()).json["pbx"]
    moved = put(control, name, personality="ucm6510", api=api(tls_bind_address="127.0.0.2:0")).json
    assert moved["changed"] == ["personality", "api.tls_bind_address"]
    assert moved["pbx"]["url"].startswith("https://127.0.0.2:")
    assert b'"cdr_root"' in fetched(moved["pbx"], "/cdrapi?format=JSON")
    with pytest.raises(ConnectionRefusedError):
        connected(pbx)
    assert (
        put(control, name, personality="ucm6510", tls_profile="device", api=api(enable=False)).json["pbx"]["url"]
        is None
    )
    back = put(control, name, personality="ucm6510").json["pbx"]
    assert len(fetched(back, "/cdrapi?format=CSV").splitlines()) == 4


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"personality": "ucm9999"}, (400, "invalid", "personality")),
        ({"faults": [{"fault": "http.latencies"}]}, (400, "invalid", "faults[0].fault")),
        ({"history": {"import": "/nowhere.csv"}}, (400, "invalid", "history.import")),
        ({"name": "hq"}, (400, "invalid", "name")),
        ({"api": api(tls_private_key="/nowhere.pem", tls_cert="/nowhere.pem")}, (400, "invalid", "api.tls_private_key")),
    ],
)  # fmt: skip
def test_what_cannot_be_leaves_the_pbx_as_it_was(control: Control, more: dict[str, Any], told: Any) -> None:
    """It is judged as `sim.yaml` is, and what was right beside it is not taken."""
    pbx = put(control, name := control.name()).json["pbx"]
    events = control("GET", f"/v1/pbxs/{name}/journal").json
    assert put(control, name, **{"time_zone": "Europe/Berlin", **more}).told == told
    assert control("GET", f"/v1/pbxs/{name}").json == pbx
    assert control("GET", f"/v1/pbxs/{name}/journal").json == events
    fetched(pbx)


def test_a_busy_address_leaves_the_pbx_as_it_was(control: Control, busy: int) -> None:
    """Nothing is restarted when the new port cannot be had."""
    pbx = put(control, name := control.name()).json["pbx"]
    with connected(pbx) as plain:
        answer = put(control, name, personality="ucm6510", api=api(tls_bind_address=f"127.0.0.1:{busy}"))
        assert answer.told == (409, "bind", "api.tls_bind_address")
        plain.settimeout(0.05)
        with pytest.raises(TimeoutError):  # it is still there
            plain.recv(1)
    assert control("GET", f"/v1/pbxs/{name}").json == pbx
    fetched(pbx)


def test_what_cannot_be_made_is_refused(control: Control, busy: int) -> None:
    """As when it is posted: a bad name, a bad setting, a busy port."""
    assert put(control, "Not-A-Name").told == (400, "invalid", "name")
    assert put(control, name := control.name(), personality="ucm9999").told == (400, "invalid", "personality")
    assert put(control, name, api=api(tls_bind_address=f"127.0.0.1:{busy}")).told == (
        409,
        "bind",
        "api.tls_bind_address",
    )
    assert control("GET", f"/v1/pbxs/{name}").status == 404


def test_a_file_that_was_read_need_not_be_there_any_more(control: Control, tmp_path: Path) -> None:
    """The rows were imported; the same document is the same still, and may change in other things."""
    (rows := tmp_path / "rows.csv").write_bytes(Path(GUIDE["import"]).read_bytes())
    history = {"import": str(rows)}
    put(control, name := control.name(), history=history)
    rows.unlink()
    assert put(control, name, history=history).json["changed"] == []
    answer = control("PATCH", f"/v1/pbxs/{name}", {"quirks": {"order": "desc"}})
    assert (answer.json["changed"], answer.json["pbx"]["rows"]) == (["quirks.order"], 3)


def test_a_merge_patch_changes_what_it_names(control: Control) -> None:
    """Objects are merged, lists replaced, null takes away; what is not named stays, the password too, which is not told."""
    put(control, name := control.name(), api=api(**ACCOUNT), quirks={"order": "desc", "acl-denial": "drop"})
    path = f"/v1/pbxs/{name}"
    changes = {"quirks": {"order": None}, "api": {"permitted_ips": ["127.0.0.1"]}, "tls_names": ["a.example"]}
    answer = control("PATCH", path, changes)
    assert (answer.status, answer.json["created"]) == (200, False)
    assert answer.json["changed"] == ["tls_names", "api.permitted_ips", "quirks.order"]
    settings = answer.json["pbx"]["settings"]
    assert (settings["quirks"], settings["tls_names"]) == ({"acl-denial": "drop"}, ["a.example"])
    assert control("GET", f"{path}/api").json["password_set"] is True
    assert control("PATCH", path, {"clock": None}).json["changed"] == ["clock.start", "clock.rate"]
    assert control("PATCH", path, {}).json["changed"] == []
    told = control("PATCH", path, {"api": {"tls_authentication_password": "not-for-you"}})
    assert told.json["changed"] == ["api.tls_authentication_password"]
    assert b"not-for-" not in told.data
    assert control("PATCH", path, {"quirks": {"oder": "desc"}}).told == (400, "invalid", "quirks.oder")
    assert control("PATCH", "/v1/pbxs/nobody", {"quirks": {}}).told == (404, "not-found", None)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_rfc(target: Any, patch: Any, result: Any) -> None:
    """RFC 7396, appendix A."""
    assert patched(target, patch) == result


def test_what_is_told_can_be_put_again(control: Control) -> None:
    """Of a PBX that was imported and of one that was made up; what is told in the place of secrets keeps them."""
    for history in (GUIDE, {"days": 1, "calls_per_day": 3}):
        settings = put(control, name := control.name(), history=history).json["pbx"]["settings"]
        assert control("PUT", f"/v1/pbxs/{name}", settings).json["changed"] == []
    fault = {"fault": "api.credentials", "password": "of-a-fault", "when": {"nth": [9]}}
    settings = put(control, name, history=history, api=api(**ACCOUNT), faults=[fault]).json["pbx"]["settings"]
    assert settings["api"]["tls_authentication_password"] == settings["faults"][0]["password"] == "***"
    again = control("PUT", f"/v1/pbxs/{name}", settings)
    assert (again.json["changed"], again.json["pbx"]["settings"]) == ([], settings)
    assert PASSWORD.encode() not in again.data
    assert b"of-a-fault" not in again.data


def test_what_is_left_out_is_the_default(control: Control) -> None:
    """A document without a key takes back what was set before."""
    put(control, name := control.name(), quirks={"order": "desc"}, api=api(**ACCOUNT), recording={"share": 0.5})
    answer = put(control, name).json
    assert answer["changed"] == [
        "api.tls_authentication_name", "api.tls_authentication_password", "recording.share", "quirks.order",
    ]  # fmt: skip
    assert answer["pbx"]["username"] is None


SLOW = {"history": {"days": 20, "calls_per_day": 200}, "clock": FIXED}
"""A PBX that takes a moment to come."""


def coming(control: Control, asking: Executor, ask: Callable[[str], Answer]) -> tuple[str, Future[Answer]]:
    """Let *ask* make a PBX; return its name when it is about to come, and what will be answered."""
    state = Path(control.create().json["ca"]).parent.parent
    name = control.name()
    answer = asking.submit(ask, name)
    until = time.monotonic() + 20
    while not (state / name).exists() and not answer.done():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.002)
    return name, answer


def test_the_same_document_while_it_comes_changes_nothing(control: Control) -> None:
    """The second waits until the PBX is there, and says that it is so."""
    with ThreadPoolExecutor() as asking:
        name, first = coming(control, asking, lambda name: put(control, name, **SLOW))
        again = put(control, name, **SLOW)
        made = first.result()
    assert (made.status, made.json["created"]) == (201, True)
    assert (again.status, again.json) == (200, {"created": False, "changed": [], "pbx": made.json["pbx"]})


NEVER_DONE = {"history": {"days": 3650, "calls_per_day": 1000}, "clock": FIXED}
"""One that takes longer to come than any test."""


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_what_comes_is_deleted(control: Control, method: str) -> None:
    """It is given up, and who made it is told; nothing is left of it, and a document after that makes it anew."""

    def make(name: str) -> Answer:
        settings = {**NEVER_DONE, "api": api()}
        return put(control, name, **settings) if method == "PUT" else control.create(name, **settings)

    with ThreadPoolExecutor() as asking:
        name, first = coming(control, asking, make)
        path = f"/v1/pbxs/{name}"
        deleted, refused = control("DELETE", path), first.result()
        assert (deleted.status, deleted.data) == (204, b"")
        assert refused.told == (503, "stopped", None)
        said = f"PBX '{name}' was deleted while it was being made; ask again if it is to be there"
        assert refused.error["message"] == said
        assert control("GET", path).told == control("DELETE", path).told == (404, "not-found", None)
        made = put(control, name)
        assert made.status == 201
        assert made.json["pbx"]["rows"] == 3


def test_what_cannot_come_is_told_to_each(control: Control, busy: int) -> None:
    """The next who wants a PBX of the name is not refused for one that never was."""
    page = api(tls_bind_address=f"127.0.0.1:{busy}")
    with ThreadPoolExecutor() as asking:
        name, first = coming(control, asking, lambda name: put(control, name, **SLOW | {"api": page}))
        again = asking.submit(put, control, name)
        assert first.result().told == (409, "bind", "api.tls_bind_address")
        assert again.result().status == 201


def test_one_that_goes_leaves_nothing_to_the_next(control: Control) -> None:
    """A PBX that is put while another of its name is deleted has its folder to itself, whichever came first."""
    put(control, name := control.name())
    path = f"/v1/pbxs/{name}"
    with ThreadPoolExecutor() as asking:
        for _ in range(8):
            answers = [asking.submit(control, "DELETE", path), asking.submit(put, control, name)]
            statuses = tuple(one.result().status for one in answers)
            assert statuses in ((204, 201), (204, 200))
            found = put(control, name)
            assert found.status == (200 if statuses[1] == 201 else 201)
            fetched(found.json["pbx"])


def test_documents_at_the_same_time_come_one_after_another(control: Control) -> None:
    """Each is answered, and the PBX is as one of them says."""
    pbx = put(control, name := control.name()).json["pbx"]
    answers: list[Answer] = []

    def ask(order: str) -> None:
        answers.append(put(control, name, quirks={"order": order}))

    asking = [threading.Thread(target=ask, args=(order,)) for order in ("asc", "desc") * 3]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert [answer.status for answer in answers] == [200] * 6
    assert len(fetched(pbx, "/cdrapi?format=CSV").splitlines()) == 4
