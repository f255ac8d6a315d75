"""What the control plane refuses: bodies that cannot be taken, each with its field; and what it never tells."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.controlling import GUIDE, LATENCY, PASSWORD, Control, api
from ucmsim.control.routes import BODY

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
    assert control(method, path, b" " * (BODY + 1)).told == (413, "too-large", None)
    assert control(method, path, b" " * BODY).told == (400, "not-json", None)


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


def test_of_several_that_are_wrong_each_is_named(control: Control, hq: str) -> None:
    """The field is that of the first; each sentence begins with its own."""
    error = control(
        "POST", f"{hq}/faults", {**LATENCY, "seconds": -1, "times": 0, "when": {"nth": [0], "pth": 1}}
    ).error
    assert error["field"] == "seconds"
    assert [one.partition(": ")[0] for one in error["message"].split("; ") if ": " in one] == [
        "seconds",
        "when.nth.0",
        "when.pth",
        "times",
    ]
    assert "when.pth: there is no condition 'pth'; did you mean 'path'?; times: " in error["message"]
    assert control("POST", f"{hq}/faults", {**LATENCY, "times": 0}).error["message"].startswith("0 cannot stand here")


def test_unknown_fault_is_answered_with_the_right_one(control: Control, hq: str) -> None:
    """A word that is nearly a fault is answered with the fault, another with all there are."""
    answer = control("POST", f"{hq}/faults", {"fault": "http.latencies", "seconds": 1})
    assert answer.told == (400, "invalid", "fault")
    assert "did you mean 'http.latency'?" in answer.error["message"]
    answer = control("POST", f"{hq}/faults", {"fault": "x"})
    assert answer.error["message"] == "there is no fault 'x'; 'ucmsim show faults' lists them all"


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
    assert again.told == (409, "exists", "name")
    assert again.error["message"] == "a fault named 'slow' is armed already; choose another name"
    worse = control("POST", f"{hq}/faults", {**LATENCY, "name": "slow", "times": 0})
    assert worse.told == (400, "invalid", "times")  # what cannot be armed under any name
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
