"""The routes of the control plane over its own socket: what they do, who may ask, and what is not there."""

from __future__ import annotations

import http.client
import re
import socket
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.controlling import GUIDE, LATENCY, Control, api
from ucmsim import __version__
from ucmsim.control.routes import ROUTES
from ucmsim.pytest_plugin import Ucm, UcmFleet

# --- every route ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_need_no_token(control: Control, path: str) -> None:
    """Health and readiness are told to everybody, and nothing more than that."""
    answer = control("GET", path, token=None)
    assert (answer.status, answer.json["status"]) == (200, "ok" if path == "/healthz" else "ready")
    assert set(answer.json) <= {"status", "instance"}
    assert control("GET", path, token="wrong").status == 200


def test_status(control: Control, hq: str) -> None:
    """The status has the instance, the version, and the names of the PBXs."""
    status = control("GET", "/v1/status").json
    assert status["instance"] == control("GET", "/readyz", token=None).json["instance"]
    assert status["version"] == __version__
    assert hq.rpartition("/")[2] in status["pbxs"]
    assert datetime.fromisoformat(status["wall"]).utcoffset() == timedelta(0)


def test_life_of_a_pbx(control: Control) -> None:
    """A PBX is made with 201, is in the list and by itself, is deleted with 204, and then is no more."""
    made = control.create(name := control.name(), history=GUIDE, api=api())
    assert made.status == 201
    assert (made.json["name"], made.json["rows"]) == (name, 3)
    assert Path(made.json["ca"]).read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert control("GET", f"/v1/pbxs/{name}").json == made.json
    listed = control("GET", "/v1/pbxs").json
    assert (listed["next"], [one for one in listed["items"] if one["name"] == name]) == (None, [made.json])
    port = urlsplit(made.json["url"]).port
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    gone = control("DELETE", f"/v1/pbxs/{name}")
    assert (gone.status, gone.data) == (204, b"")
    assert control("GET", f"/v1/pbxs/{name}").told == (404, "not-found", None)
    assert not Path(made.json["ca"]).exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_settings_are_told_and_can_be_sent_again(control: Control) -> None:
    """What is told of a PBX are its settings as sim.yaml has them, from which the same PBX can be made."""
    chosen = {
        "personality": "ucm6510-1.0.10", "time_zone": "Europe/Berlin", "quirks": {"order": "desc"}, "faults": [LATENCY],
        "clock": {"start": "2026-03-29T00:30:00Z", "rate": 0.0}, "api": api(enable=False),
    }  # fmt: skip
    told = control.create(**chosen).json["settings"]
    assert {name: told[name] for name in chosen if name not in ("api", "clock")} == {
        name: chosen[name] for name in chosen if name not in ("api", "clock")
    }
    assert {name: told["api"][name] for name in chosen["api"]} == chosen["api"]
    told["history"].pop("import")
    assert control.create(**told).json["settings"] == {**told, "history": {**told["history"], "import": None}}


def test_pbx_that_does_not_listen_has_no_url(control: Control) -> None:
    """Without Enable there is a PBX, and nothing to connect to."""
    assert control.create().json["url"] is None


def test_deleted_name_is_free_again(control: Control) -> None:
    """A deleted PBX leaves nothing behind for the next one of its name."""
    control.create(name := control.name(), history=GUIDE)
    control("DELETE", f"/v1/pbxs/{name}")
    assert control.create(name).json["rows"] == 0


def test_a_pbx_that_is_made_again_is_a_new_universe(control: Control) -> None:
    """Of the one before it has neither faults nor their counts, nor the clock, nor rows, nor events; its draws are the same."""
    spec = {**LATENCY, "seconds": 0, "chance": 0.5, "name": "maybe"}
    control.create(name := control.name(), history=GUIDE, faults=[spec])
    first = control("GET", f"/v1/pbxs/{name}/faults").json
    control("PUT", f"/v1/pbxs/{name}/clock", {"rate": 0})
    control("POST", f"/v1/pbxs/{name}/faults", {"fault": "api.deny"})
    control("DELETE", f"/v1/pbxs/{name}/cdrs")
    control("DELETE", f"/v1/pbxs/{name}")
    assert control.create(name, history=GUIDE, faults=[spec]).json["rows"] == 3
    (again,), (before,) = control("GET", f"/v1/pbxs/{name}/faults").json["items"], first["items"]
    assert (again.pop("id") > before.pop("id"), again) == (True, before)
    assert control("GET", f"/v1/pbxs/{name}/clock").json["rate"] == 1
    assert control("GET", f"/v1/pbxs/{name}/journal").json["items"] == []


def test_life_of_a_fault(control: Control, hq: str) -> None:
    """A fault is armed with 201 and a name, is listed with its counters, is disarmed with 204, and is no more."""
    armed = control("POST", f"{hq}/faults", LATENCY)
    assert armed.status == 201
    counters = {"matched": 0, "fired": 0}
    told = {**LATENCY, "name": "http-latency", "when": {}, "times": None, "chance": 1.0, **counters}
    assert told.items() <= armed.json.items()
    assert control("GET", f"{hq}/faults").json == {"items": [armed.json], "next": None}
    gone = control("DELETE", f"{hq}/faults/http-latency")
    assert (gone.status, gone.data) == (204, b"")
    assert control("GET", f"{hq}/faults").json["items"] == []
    assert control("DELETE", f"{hq}/faults/http-latency").told == (404, "not-found", None)


def test_fault_is_changed(control: Control, hq: str) -> None:
    """A PATCH changes what it names and nothing else, and refuses what arming refuses."""
    control("POST", f"{hq}/faults", {**LATENCY, "times": 3})
    changed = control("PATCH", f"{hq}/faults/http-latency", {"seconds": 1, "ttl": 300})
    assert (changed.status, changed.json["seconds"], changed.json["times"], changed.json["ttl"]) == (200, 1, 3, 300)
    nothing = control("PATCH", f"{hq}/faults/http-latency", {})
    assert nothing.told == (400, "invalid", None)
    assert nothing.error["message"].startswith("there is nothing to change; give seconds, ")
    assert control("PATCH", f"{hq}/faults/http-latency", {"secnds": 1}).told == (400, "invalid", "secnds")
    answer = control("PATCH", f"{hq}/faults/http-latenci", {})
    assert answer.told == (404, "not-found", None)
    assert "did you mean 'http-latency'?" in answer.error["message"]
    assert control("GET", f"{hq}/faults").json["items"] == [changed.json]


def test_faults_are_cleared(control: Control, hq: str) -> None:
    """DELETE of all of them leaves none, also if there was none."""
    for name in ("a", "b"):
        control("POST", f"{hq}/faults", {**LATENCY, "name": name})
    for _ in range(2):
        assert control("DELETE", f"{hq}/faults").status == 204
        assert control("GET", f"{hq}/faults").json["items"] == []


def test_fault_is_told_as_it_was_sent(control: Control, hq: str) -> None:
    """Conditions and limits of a fault come back, and what comes back can be sent again."""
    when = {"path": "/cdrapi", "nth": [2], "client": "10.0.0.0/8"}
    fault = {"name": "slow-second-page", **LATENCY, "when": when, "times": 1, "chance": 0.5}
    armed = control("POST", f"{hq}/faults", fault).json
    assert {name: armed[name] for name in fault} == fault
    again = {name: armed[name] for name in armed if name not in ("matched", "fired", "id")} | {"name": "again"}
    assert control("POST", f"{hq}/faults", again).status == 201


@pytest.mark.ucmsim(api={"tls_authentication_name": None})
def test_counters_count(ucm_fleet: UcmFleet, ucm: Ucm) -> None:
    """What matched and what fired is counted."""
    fault = ucm.fault("api.deny", when={"nth": [2]})
    context = ucm.ssl_context()
    for _ in range(3):
        place = urlsplit(ucm.url)
        connection = http.client.HTTPSConnection(place.hostname or "", place.port, timeout=10, context=context)
        connection.request("GET", "/cdrapi")
        connection.getresponse().read()
        connection.close()
    (told,) = ucm_fleet.control.faults(ucm.name)
    assert (told.matched, told.fired, fault.fired) == (3, 1, 1)


PATHS = [(route.method, route.path.replace("{pbx}", "nobody").replace("{name}", "nothing")) for route in ROUTES]
CLOSED = [place for place, route in zip(PATHS, ROUTES, strict=True) if not route.open]


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("token", [None, "wrong", "", "right more", "RIGHT"])
def test_every_other_route_needs_the_token(control: Control, method: str, path: str, token: str | None) -> None:
    """Without the right token nothing is done or told, not even whether there is such a PBX."""
    answer = control(method, path, b"{", token=token)
    assert answer.told == (401, "unauthorized", None)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_token_stands_in_its_own_scheme(control: Control) -> None:
    """The scheme may be written in any letter case; another one does not carry the token."""
    place = urlsplit(control.client.url)
    statuses = []
    for scheme in ("bearer", "BEARER", "Basic", "Digest", ""):
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        connection.request("GET", "/v1/status", headers={"Authorization": f"{scheme} {control.client.token}".strip()})
        statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [200, 200, 401, 401, 401]


@pytest.mark.parametrize(
    ("method", "path"), [place for place in CLOSED if "nobody" in place[1] and place != ("PUT", "/v1/pbxs/nobody")]
)
def test_pbx_that_is_not_there(control: Control, method: str, path: str) -> None:
    """Every route below a PBX answers 404 for one that is not there, but for the one that makes it."""
    answer = control(method, path, LATENCY if method in ("POST", "PUT", "PATCH") else None)
    assert answer.told == (404, "not-found", None)
    assert "nobody" in answer.error["message"]


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1/pbx", "/v1/pbxs/", "/v2/status", "/v1/pbxs/a/b/c/d", "//v1/status", "/v1/openapiXjson"],
)
def test_nothing_there(control: Control, path: str) -> None:
    """A path that is no route is a 404 for who has the token, a 401 for who has not."""
    assert control("GET", path).told == (404, "not-found", None)
    assert control("GET", path, token=None).status == 401


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v1/pbx", "/v1/pbxs"),
        ("/v1/pbxs/hq/fault", "/v1/pbxs/hq/faults"),
        ("/v1/pbxs/hq/faults/x/y", "/v1/pbxs/hq/faults/x"),
    ],
)
def test_a_path_that_is_near_one_is_told_it(control: Control, path: str, meant: str) -> None:
    """The names in it are those that were asked for."""
    assert control("GET", path).error["message"] == f"there is nothing at {path}; did you mean '{meant}'?"


@pytest.mark.parametrize("slash", ["", "/"])
def test_what_is_done_to_one_of_a_list_is_not_done_to_the_list(control: Control, hq: str, slash: str) -> None:
    """Who leaves the name out is told where it goes."""
    for method, path, there in (
        ("PATCH", f"{hq}/faults", f"{hq}/faults/{{name}}"), ("DELETE", "/v1/pbxs", "/v1/pbxs/{pbx}"),
    ):  # fmt: skip
        answer = control(method, path + slash, {"times": 1} if method == "PATCH" else None)
        assert answer.status == (404 if slash else 405)
        assert answer.error["message"].endswith(
            f"{method} goes to one of these: {there}" if slash else f"{method} of one of these: {there}"
        )
    assert "one of these" not in control("PUT", f"{hq}/journal", {}).error["message"]


def test_all_that_is_wrong_with_a_new_pbx_is_said(control: Control) -> None:
    """Its name, each key that there is not, and where it would be right; a key that may be the name is told as that."""
    said = control("POST", "/v1/pbxs", {"nam": "b", "seed": 3, "colour": 1, "api": {"enabel": True}}).error
    assert said["field"] == "name"
    told = dict(one.split(": ", 1) for one in re.split(r"; (?=[a-z.]+: )", said["message"]))
    assert told["name"] == "a PBX needs a name; use lower-case letters, digits and hyphens"
    assert told["nam"] == "there is no key 'nam' here; did you mean 'name'?"
    assert told["seed"] == "there is no key 'seed' here; it stands at the top of sim.yaml, and holds for every PBX"
    assert told["api.enabel"] == "there is no key 'enabel' here; did you mean 'enable'?"
    assert ", name, " in told["colour"]


@pytest.mark.parametrize("body", [None, b"", b" "])
def test_no_body_is_told_from_a_bad_one(control: Control, body: bytes | None) -> None:
    """A curl without -d is more usual than one with half an object."""
    assert control("POST", "/v1/pbxs", body).error["message"] == "there is no body; send a JSON object"


@pytest.mark.parametrize("path", sorted({path for _, path in PATHS}))
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "BREW"])
def test_method_that_is_not_there(control: Control, path: str, method: str) -> None:
    """A method that a path does not have is a 405 that says which it has; HEAD goes with GET."""
    there = {known for known, place in PATHS if place == path}
    if method not in there:
        answer = control(method, path, {})
        assert answer.told == (405, "method-not-allowed", None)
        expected = there | ({"HEAD"} if "GET" in there else set())
        assert set(answer.headers["Allow"].split(", ")) == expected


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/status", "/v1/pbxs"])
def test_head(control: Control, path: str) -> None:
    """HEAD is GET without the body."""
    answer = control("HEAD", path)
    assert (answer.status, answer.data, answer.headers["Content-Type"]) == (200, b"", "application/json")
    assert control("HEAD", "/v1/pbxs/nobody").status == 404
