"""The control plane over its own socket: routes, tokens, error shape; and the client that talks to it."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.test_clock import BAD_CHANGES
from ucmsim import __version__
from ucmsim.client import ControlClient, ControlError, ControlUnreachable
from ucmsim.control import ROUTES
from ucmsim.controlsite import BODY_LIMIT
from ucmsim.pytest_plugin import Ucm, UcmFleet

NAMES = count(1)
LATENCY = {"fault": "http.latency", "seconds": 0.25}
GUIDE = {"import": str(Path(__file__).parent.parent / "fixtures" / "guide-2013.csv")}
PASSWORD = "not-for-everybody"


@dataclass(frozen=True)
class Answer:
    """What came back on the wire."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.data)

    @property
    def error(self) -> dict[str, Any]:
        """The error, which must have the one shape."""
        assert set(self.json) == {"error"}
        error = self.json["error"]
        assert set(error) == {"code", "message", "field"}
        assert error["code"]
        assert error["message"]
        return dict(error)

    @property
    def told(self) -> tuple[int, str, str | None]:
        """Status, code and field of an error."""
        return self.status, self.error["code"], self.error["field"]


class Control:
    """The control plane of a session's fleet, asked byte by byte."""

    def __init__(self, fleet: UcmFleet) -> None:
        self.client = fleet.control
        self._made: list[str] = []

    def __call__(self, method: str, path: str, body: Any = None, *, token: str | None = "right") -> Answer:
        """Ask; a *body* that is no bytes is sent as JSON, *token* None sends none."""
        place = urlsplit(self.client.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        headers = {} if token is None else {"Authorization": f"Bearer {token.replace('right', self.client.token)}"}
        try:
            connection.request(method, path, body if isinstance(body, bytes | None) else json.dumps(body), headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def name(self) -> str:
        """Return a name for a PBX that goes with the test."""
        self._made.append(f"control-{next(NAMES)}")
        return self._made[-1]

    def create(self, name: str | None = None, **settings: Any) -> Answer:
        """Create a PBX over the API; its history is empty unless said otherwise."""
        return self("POST", "/v1/pbxs", {"name": name or self.name(), "history": {"days": 0}, **settings})

    def clean(self) -> None:
        for name in self._made:
            self("DELETE", f"/v1/pbxs/{name}")


@pytest.fixture
def control(ucm_fleet: UcmFleet) -> Iterator[Control]:
    made = Control(ucm_fleet)
    yield made
    made.clean()


@pytest.fixture
def hq(control: Control) -> str:
    """The path of a PBX."""
    return f"/v1/pbxs/{control.create().json['name']}"


def api(**more: Any) -> dict[str, Any]:
    """Return the API page of a PBX that listens."""
    return {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"], **more}


@pytest.fixture
def busy() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


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
    again = {name: armed[name] for name in armed if name not in ("matched", "fired")} | {"name": "again"}
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
    assert (told["matched"], told["fired"], fault.fired) == (3, 1, 1)


def test_clock_is_told(control: Control) -> None:
    """The clock of a PBX is told in UTC, in the PBX's zone, and with its rate; one that runs tells a later instant."""
    frozen = {"start": "2026-03-29T00:30:00Z", "rate": 0}
    path = f"/v1/pbxs/{control.create(clock=frozen, time_zone='Europe/Berlin').json['name']}/clock"
    answer = control("GET", path)
    shown = {"now": "2026-03-29T00:30:00+00:00", "local": "2026-03-29T01:30:00+01:00", "rate": 0.0,
             "world": "2026-03-29T00:30:00+00:00"}  # fmt: skip
    assert (answer.status, answer.json) == (200, shown)
    control("PUT", path, {"rate": 1000})
    one, other = (control("GET", path).json["now"] for _ in range(2))
    assert shown["now"] < one < other < "2026-03-29T02"


def test_clock_is_moved(control: Control) -> None:
    """A PUT is answered with what the clock then shows, which is what a GET shows."""
    frozen = {"start": "2026-03-29T00:30:00Z", "rate": 0}
    path = f"/v1/pbxs/{control.create(clock=frozen, time_zone='UTC').json['name']}/clock"
    moves: list[tuple[dict[str, Any], str, str]] = [
        ({"advance": 90}, "2026-03-29T00:31:30", "2026-03-29T00:31:30"),
        ({"step": -3600.5}, "2026-03-28T23:31:29.500000", "2026-03-29T00:31:30"),
        ({"now": "2013-12-03T11:46:50-06:00"}, "2013-12-03T17:46:50", "2013-12-03T17:46:50"),
        ({"now": "2024-02-29T00:00:00Z", "rate": 0.0}, "2024-02-29T00:00:00", "2024-02-29T00:00:00"),
    ]
    for change, now, world in moves:
        answer = control("PUT", path, change)
        told = {"now": f"{now}+00:00", "local": f"{now}+00:00", "rate": 0, "world": f"{world}+00:00"}
        assert (answer.status, answer.json) == (200, told)
        assert control("GET", path).json == answer.json


@pytest.mark.parametrize(
    ("zone", "before", "moved", "after"),
    [
        ("Europe/Berlin", "2026-03-29T01:59:59+01:00", 1, "2026-03-29T03:00:00+02:00"),
        ("Europe/Berlin", "2026-10-25T02:30:00+02:00", 3600, "2026-10-25T02:30:00+01:00"),
        ("America/Chicago", "2026-11-01T01:59:59-05:00", 1, "2026-11-01T01:00:00-06:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:59:00+11:00", 60, "2026-04-05T01:30:00+10:30"),
    ],
)
def test_local_time_has_its_gap_and_its_fold(control: Control, zone: str, before: str, moved: int, after: str) -> None:
    """Over a clock change local time skips or repeats, and its offset tells which of the two hours it is."""
    path = f"/v1/pbxs/{control.create(time_zone=zone).json['name']}/clock"
    assert control("PUT", path, {"now": before, "rate": 0}).json["local"] == before
    assert control("PUT", path, {"advance": moved}).json["local"] == after
    assert control("PUT", path, {"step": -moved}).json["local"] == before


def test_a_unit_believes_in_another_zone(control: Control) -> None:
    """Its local time is that zone's from then on, and UTC is what it was."""
    frozen = {"start": "2026-03-29T00:30:00Z", "rate": 0}
    path = f"/v1/pbxs/{control.create(clock=frozen, time_zone='UTC').json['name']}/clock"
    moved = control("PUT", path, {"time_zone": "Asia/Kolkata"}).json
    assert (moved["now"], moved["local"]) == ("2026-03-29T00:30:00+00:00", "2026-03-29T06:00:00+05:30")
    assert (
        "there is no time zone 'Asia/Kolkatta'" in control("PUT", path, {"time_zone": "Asia/Kolkatta"}).error["message"]
    )


def test_clock_at_the_end_of_time(control: Control, hq: str) -> None:
    """What leads beyond the years that there are leads to their end, where the zone still has a local time."""
    assert control("PUT", f"{hq}/clock", {"now": "9999-12-30T23:59:00Z"}).json["now"].startswith("9999-12-30T23:59:0")
    assert control("PUT", f"{hq}/clock", {"advance": 1e6}).json["now"] == "9999-12-30T23:59:59+00:00"
    refused = control("PUT", f"{hq}/clock", {"advance": 1e300})
    assert (refused.status, "316224000 or less" in refused.error["message"]) == (400, True)
    assert control("PUT", f"{hq}/clock", {"step": -1e300, "rate": 0}).json["now"] == "0001-01-02T00:00:00+00:00"


def test_settings_stay_when_the_clock_is_moved(control: Control, hq: str) -> None:
    """What is told of a PBX are the settings it began with."""
    told = control("GET", hq).json
    control("PUT", f"{hq}/clock", {"now": "2013-12-03T17:46:50Z", "rate": 0})
    assert control("GET", hq).json == told


def test_each_pbx_has_its_own_clock(control: Control, hq: str) -> None:
    """Moving the clock of one PBX does nothing to another."""
    other = f"/v1/pbxs/{control.create(clock={'start': '2026-03-29T00:30:00Z', 'rate': 0}).json['name']}/clock"
    control("PUT", f"{hq}/clock", {"now": "2013-12-03T17:46:50Z"})
    assert control("GET", other).json["now"] == "2026-03-29T00:30:00+00:00"


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


@pytest.mark.parametrize(("method", "path"), [place for place in CLOSED if "nobody" in place[1]])
def test_pbx_that_is_not_there(control: Control, method: str, path: str) -> None:
    """Every route below a PBX answers 404 for one that is not there."""
    answer = control(method, path, LATENCY if method in ("POST", "PUT", "PATCH") else None)
    assert answer.told == (404, "not-found", None)
    assert "nobody" in answer.error["message"]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/pbx", "/v1/pbxs/", "/v2/status", "/v1/pbxs/a/b/c/d", "//v1/status"]
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


# --- bodies that cannot be taken -----------------------------------------------------------------------------------

TAKING = [("POST", "/v1/pbxs"), ("POST", "/v1/pbxs/{}/faults"), ("PUT", "/v1/pbxs/{}/clock")]


@pytest.mark.parametrize(("method", "path"), TAKING)
@pytest.mark.parametrize(
    "body", [None, b"", b"name: hq", b"{", b'{"name": "hq"', b"\xff", b"\x00", b"{'name': 1}", b"[" * 100_000]
)
def test_body_that_is_not_json(control: Control, hq: str, method: str, path: str, body: bytes | None) -> None:
    """What is not JSON is said to be, with the place."""
    answer = control(method, path.format(hq.rpartition("/")[2]), body)
    assert answer.told == (400, "not-json", None)


@pytest.mark.parametrize(("method", "path"), TAKING)
@pytest.mark.parametrize("body", [b"[]", b"3", b'"hq"', b"null", b"true"])
def test_body_that_is_no_object(control: Control, hq: str, method: str, path: str, body: bytes) -> None:
    """JSON that is no object is told so."""
    assert control(method, path.format(hq.rpartition("/")[2]), body).told == (400, "invalid", None)


@pytest.mark.parametrize(("method", "path"), TAKING)
def test_body_that_is_too_large(control: Control, hq: str, method: str, path: str) -> None:
    """One byte more than the limit is too large; the limit itself is read."""
    path = path.format(hq.rpartition("/")[2])
    assert control(method, path, b" " * (BODY_LIMIT + 1)).told == (413, "too-large", None)
    assert control(method, path, b" " * BODY_LIMIT).told == (400, "not-json", None)


@pytest.mark.parametrize("name", [None, "", "HQ", "h q", "../hq", "hq/x", 3, ["hq"], "hq\n", "h\u00e4"])
def test_bad_name(control: Control, name: Any) -> None:
    """A PBX needs a name that its folder can have."""
    body = {} if name is None else {"name": name}
    assert control("POST", "/v1/pbxs", body).told == (400, "invalid", "name")


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"personality": "ucm9999"}, "personality"),
        ({"personality": "ucm6300"}, "personality"),
        ({"api": {"tls_bind_address": "localhost:1"}}, "api.tls_bind_address"),
        ({"api": {"permitted_ips": ["10.0.0.0/8", "10.0.0.0/99"]}}, "api.permitted_ips[1]"),
        ({"api": {"enable": "yes"}}, "api.enable"),
        ({"api": {"tls_authentication_name": 123}}, "api.tls_authentication_name"),
        ({"history": {"days": -1}}, "history.days"),
        ({"history": {"day": 1}}, "history.day"),
        ({"quirks": {"order": "sideways"}}, "quirks.order"),
        ({"state": "/tmp"}, "state"),
        ({"faults": [{**LATENCY, "name": "a"}, {"fault": "http.latenci"}]}, "faults[1].fault"),
    ],
)
def test_bad_settings(control: Control, settings: dict[str, Any], field: str) -> None:
    """Settings that cannot be used are a 400 that names the field as sim.yaml has it, and no PBX comes of them."""
    answer = control.create(name := control.name(), **settings)
    assert answer.told == (400, "invalid", field)
    assert control("GET", f"/v1/pbxs/{name}").status == 404


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"history": {"import": "/nowhere/calls.csv"}}, "history.import"),
        ({"api": {"tls_private_key": "/nowhere/key.pem", "tls_cert": "/nowhere/cert.pem"}}, "api.tls_private_key"),
    ],
)
def test_missing_files_are_bad_settings(control: Control, settings: dict[str, Any], field: str) -> None:
    """A file that is not there is the caller's mistake like any other, named as in sim.yaml."""
    assert control.create(**settings).told == (400, "invalid", field)


def test_all_problems_are_named(control: Control) -> None:
    """Several mistakes are told together; the field is that of the first."""
    answer = control.create(personality="ucm9999", quirks={"order": "sideways"})
    assert "ucm9999" in answer.error["message"]
    assert "sideways" in answer.error["message"]


def test_secrets_are_not_quoted_back(control: Control) -> None:
    """A password of the wrong type is not quoted in the error."""
    answer = control.create(api=api(tls_authentication_password=12345678))
    assert answer.told == (400, "invalid", "api.tls_authentication_password")
    assert b"12345678" not in answer.data


def test_duplicate_pbx(control: Control, hq: str) -> None:
    """A name that is taken is a 409, and the PBX that has it goes on."""
    assert control.create(hq.rpartition("/")[2]).told == (409, "exists", "name")
    assert control("GET", hq).status == 200


def test_duplicate_pbx_at_the_same_moment(control: Control) -> None:
    """Of two callers who want the same name at once one gets it, the other a 409."""
    name = control.name()
    with ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda _: control.create(name, history=GUIDE), range(4)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert control("GET", f"/v1/pbxs/{name}").json["rows"] == 3


def test_busy_port(control: Control, busy: int) -> None:
    """A port that cannot be had is a 409 that names the setting, and no PBX comes of it."""
    answer = control.create(name := control.name(), api=api(tls_bind_address=f"127.0.0.1:{busy}"))
    assert answer.told == (409, "bind", "api.tls_bind_address")
    assert f"127.0.0.1:{busy}" in answer.error["message"]
    assert control("GET", f"/v1/pbxs/{name}").status == 404


@pytest.mark.parametrize("why", ["fault", "port"])
def test_pbx_that_could_not_start_leaves_nothing_behind(control: Control, busy: int, why: str) -> None:
    """After a failed attempt the same name starts as if there had been none, with the history that is asked for now."""
    bad = {"faults": [{"fault": "nonsense"}]} if why == "fault" else {"api": api(tls_bind_address=f"127.0.0.1:{busy}")}
    assert control.create(name := control.name(), history=GUIDE, **bad).status in (400, 409)
    assert control.create(name).json["rows"] == 0


@pytest.mark.parametrize(("change", "key", "said"), BAD_CHANGES)
def test_bad_change_of_the_clock(control: Control, change: dict[str, Any], key: str, said: str) -> None:
    """A change that cannot be made is a 400 that names its field, and the clock is as it was."""
    frozen = {"start": "2026-03-29T00:30:00Z", "rate": 0}
    path = f"/v1/pbxs/{control.create(clock=frozen).json['name']}/clock"
    before = control("GET", path).json
    answer = control("PUT", path, change)
    assert answer.told == (400, "invalid", key or None)
    assert said in answer.error["message"]
    assert control("GET", path).json == before


def test_of_several_that_are_wrong_each_is_named(control: Control, hq: str) -> None:
    """The field is that of the first; each sentence begins with its own."""
    error = control(
        "POST", f"{hq}/faults", {**LATENCY, "seconds": -1, "times": 0, "when": {"nth": [0], "pth": 1}}
    ).error
    assert error["field"] == "seconds"
    assert [one.partition(": ")[0] for one in error["message"].split("; ")] == [
        "seconds",
        "when.nth.0",
        "when.pth",
        "times",
    ]
    assert control("POST", f"{hq}/faults", {**LATENCY, "times": 0}).error["message"].startswith("0 cannot stand here")


def test_unknown_fault_is_answered_with_the_right_one(control: Control, hq: str) -> None:
    """A word that is nearly a fault is answered with the fault, another with all there are."""
    answer = control("POST", f"{hq}/faults", {"fault": "http.latencies", "seconds": 1})
    assert answer.told == (400, "invalid", "fault")
    assert "did you mean 'http.latency'?" in answer.error["message"]
    answer = control("POST", f"{hq}/faults", {"fault": "x"})
    assert "the faults are " in answer.error["message"]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({}, None),
        ({"fault": "http.latency"}, None),
        ({**LATENCY, "seconds": "3"}, "seconds"),
        ({**LATENCY, "seconds": -1}, "seconds"),
        ({**LATENCY, "secs": 1}, "secs"),
        ({**LATENCY, "when": {"nth": "2"}}, "when.nth"),
        ({**LATENCY, "when": {"client": "here"}}, "when.client"),
        ({**LATENCY, "chance": 1.5}, "chance"),
        ({**LATENCY, "times": 0}, "times"),
        ({**LATENCY, "name": "No Name"}, "name"),
        ({**LATENCY, "ttl": 0}, "ttl"),
        ({"fault": "tls.certificate", "defect": "expird"}, "defect"),
        ({"fault": "tls.certificate", "defect": "expired", "when": {"path": "/cdrapi"}}, "when.path"),
        ({"fault": "api.deny", "how": "drop", "when": {"path": "/cdrapi"}}, "when.path"),
        ({"fault": "api.deny", "how": "shout"}, "how"),
    ],
)
def test_bad_fault(control: Control, hq: str, fault: dict[str, Any], field: str | None) -> None:
    """A fault that cannot be armed is a 400 that names its field, and nothing is armed."""
    assert control("POST", f"{hq}/faults", fault).told == (400, "invalid", field)
    assert control("GET", f"{hq}/faults").json["items"] == []


def test_duplicate_fault(control: Control, hq: str) -> None:
    """Two faults of one PBX cannot have one name; without a name each gets one of its own."""
    assert control("POST", f"{hq}/faults", {**LATENCY, "name": "slow"}).status == 201
    again = control("POST", f"{hq}/faults", {**LATENCY, "name": "slow"})
    assert again.status in (400, 409)
    assert again.error["field"] == "name"
    names = [control("POST", f"{hq}/faults", LATENCY).json["name"] for _ in range(3)]
    assert len(set(names)) == 3


def test_numbers_that_json_cannot_hold(control: Control, hq: str) -> None:
    """Whatever Python's JSON reads beyond the standard does not come back as something that is no JSON."""
    answer = control("POST", f"{hq}/faults", b'{"fault": "http.latency", "seconds": NaN}')
    assert answer.status == 400


# --- what is not told ----------------------------------------------------------------------------------------------


def test_passwords_are_not_told(control: Control) -> None:
    """The password of a PBX stands in no answer of the control plane; the ready report is the place for it."""
    secret = api(tls_authentication_name="cdrapi", tls_authentication_password=PASSWORD)
    made = control.create(api=secret)
    path = f"/v1/pbxs/{made.json['name']}"
    assert made.json["username"] == "cdrapi"
    for answer in (made, control("GET", path), control("GET", "/v1/pbxs"), control("GET", "/v1/status")):
        assert PASSWORD.encode() not in answer.data


def test_the_token_is_not_told(control: Control, hq: str) -> None:
    """The token comes back in nothing, an error as little as an answer."""
    for answer in (control("GET", "/v1/status"), control("GET", hq), control("GET", hq, token="wrong")):
        assert control.client.token.encode() not in answer.data + str(answer.headers).encode()


@pytest.mark.parametrize("path", ["/healthz", "/v1/status", "/nowhere"])
def test_server_says_no_library(control: Control, path: str) -> None:
    """The Server header is ucmsim's own."""
    assert control("GET", path).headers["Server"] == "ucmsim"


# --- the client ----------------------------------------------------------------------------------------------------


def test_client_does_what_the_routes_do(control: Control) -> None:
    """Each method of the client is a route."""
    client, name = control.client, control.name()
    made = client.create_pbx(name, {"history": {"days": 0}})
    assert client.pbx(name) == made
    assert name in client.status()["pbxs"]
    assert made in client.pbxs()
    assert client.change_clock(name, {"now": "2026-03-29T00:30:00Z", "rate": 0})["rate"] == 0
    assert client.clock(name)["now"] == "2026-03-29T00:30:00+00:00"
    fault = client.arm_fault(name, LATENCY)
    assert client.faults(name) == [fault]
    client.disarm_fault(name, fault["name"])
    assert client.faults(name) == []
    client.delete_pbx(name)
    assert name not in client.status()["pbxs"]


def test_client_names_a_field_once(control: Control) -> None:
    """The field stands in the sentence or behind it, also where several things are wrong."""
    with pytest.raises(ControlError) as raised:
        control.client.create_pbx(control.name(), {"persnality": "ucm6100"})
    said = "there is no key 'persnality' here; did you mean 'personality'? (persnality)"
    assert (str(raised.value), raised.value.field) == (said, "persnality")
    with pytest.raises(ControlError) as raised:
        control.client.create_pbx(control.name(), {"persnality": "ucm6100", "time_zone": 5})
    assert str(raised.value).count("persnality: ") == 1
    assert not str(raised.value).endswith(")")


def test_client_raises_what_it_is_told(control: Control) -> None:
    """An error has the status, the code, the message and the field."""
    with pytest.raises(ControlError, match=r"there is no personality 'ucm9999'.*\(personality\)$") as raised:
        control.client.create_pbx(control.name(), {"personality": "ucm9999"})
    assert (raised.value.status, raised.value.code, raised.value.field) == (400, "invalid", "personality")
    with pytest.raises(ControlError, match=r"there is no PBX 'nobody'; there (are .*,.*|is [^,]*)$") as raised:
        control.client.pbx("nobody")
    assert (raised.value.status, raised.value.code, raised.value.field) == (404, "not-found", None)


@pytest.mark.parametrize("name", ["a/b", "a b", "../status", "?", "\u00e4"])
def test_client_quotes_names(control: Control, name: str) -> None:
    """Whatever is asked for as a name is a name, and no other path."""
    with pytest.raises(ControlError) as raised:
        control.client.pbx(name)
    assert raised.value.status == 404


def test_client_with_the_wrong_token(control: Control) -> None:
    """A wrong token is an error with its status."""
    with pytest.raises(ControlError) as raised:
        ControlClient(control.client.url, "wrong").status()
    assert (raised.value.status, raised.value.code) == (401, "unauthorized")


def test_nobody_there() -> None:
    """A port on which nobody listens is its own kind of error, and names the address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(ControlUnreachable, match=f"the control plane at {url} cannot be reached: ") as raised:
            ControlClient(url, "token").status()
    assert isinstance(raised.value, ControlError)
    assert (raised.value.status, raised.value.code) == (0, "unreachable")


def test_nobody_answers(busy: int) -> None:
    """A port that answers nothing is given up after the timeout."""
    with pytest.raises(ControlUnreachable, match="timed out"):
        ControlClient(f"http://127.0.0.1:{busy}", "token", timeout=0.2).status()


@pytest.fixture
def somebody() -> Iterator[Callable[[int, bytes], ControlClient]]:
    """Something else that speaks HTTP: give it a status and a body, get a client of it."""
    servers: list[tuple[HTTPServer, Thread]] = []

    def serve(status: int, body: bytes) -> ControlClient:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.handle_request)
        thread.start()
        servers.append((server, thread))
        return ControlClient(f"http://127.0.0.1:{server.server_port}", "token", timeout=10)

    yield serve
    for server, thread in servers:
        thread.join(10)
        server.server_close()


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"[1]", b'"no"', b"3", b'{"error": "no"}', b'{"error": null}', b"{}"]
)
def test_somebody_else_answers(somebody: Callable[[int, bytes], ControlClient], status: int, body: bytes) -> None:
    """What is not ucmsim is told as a ControlError, whatever it answers; a mapping with 200 cannot be told apart."""
    client = somebody(status, body)
    if status == 200 and body.startswith(b"{"):
        assert client.status() == json.loads(body)
    else:
        with pytest.raises(ControlError):
            client.status()
