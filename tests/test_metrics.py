"""`/metrics`: the numbers are those that the clients counted, each PBX has its own, and one that is gone has none."""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.controlling import GUIDE, Control, api
from tests.until import until
from ucmsim.appliance.counts import Counts, path_of
from ucmsim.pytest_plugin import Ucm


def numbers(control: Control, pbx: str) -> dict[tuple[str, ...], float]:
    """Return each number of *pbx* by the name of its sample and the values of its other labels."""
    answer = control("GET", "/metrics")
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
    return {
        (
            sample.name.removeprefix("ucmsim_"),
            *(value for name, value in sorted(sample.labels.items()) if name != "pbx"),
        ): (sample.value)
        for family in text_string_to_metric_families(answer.data.decode())
        for sample in family.samples
        if sample.labels["pbx"] == pbx
    }


def raw(pbx: dict[str, Any], target: str, method: str = "GET") -> bytes:
    """Return everything that comes over one connection to *pbx*, "" where it is cut."""
    place = urlsplit(pbx["url"])
    context = ssl.create_default_context(cafile=pbx["ca"])
    data = b""
    plain = socket.create_connection((place.hostname, place.port), timeout=20)
    try:
        with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=True) as tls:
            tls.sendall(f"{method} {target} HTTP/1.1\r\nHost: pbx\r\n\r\n".encode())
            while piece := tls.recv(65536):
                data += piece
    except (ssl.SSLError, ConnectionError):
        plain.close()
    return data


def told(control: Control, pbx: str, connections: int) -> None:
    """Wait until so many connections are told of, by when all that they were about has been counted."""

    def over() -> bool:
        found = numbers(control, pbx)
        return not found["connections_open",] and found["connections_total",] >= connections

    until(over)


def test_numbers_are_those_that_a_client_counts(control: Control) -> None:
    """Requests, refusals, faults, rows, bytes, connections and verdicts are what whoever was answered counted."""
    pbx = control.create(api=api(), history=GUIDE).json
    targets = [
        *["/cdrapi?format=JSON"] * 3, "/cdrapi?caler=1", "/cdrapi?numRecords=2", "/recapi", "/nowhere", "/recapi?filename=no.wav",
    ]  # fmt: skip
    answers = [raw(pbx, target) for target in targets]
    path = f"/v1/pbxs/{pbx['name']}/faults"
    control("POST", path, {"fault": "http.truncate", "bytes": 300, "length": "matching", "times": 2})
    answers += [raw(pbx, "/cdrapi") for _ in range(3)]
    control("POST", path, {"fault": "api.deny", "how": "drop", "times": 1})
    answers.append(raw(pbx, "/cdrapi"))
    control("POST", path, {"fault": "tls.certificate", "defect": "expired", "times": 1})
    answers.append(raw(pbx, "/cdrapi"))
    told(control, pbx["name"], len(answers))

    got = [answer for answer in answers if answer]
    statuses = Counter(answer.split(b" ", 2)[1].decode() for answer in got)
    found = numbers(control, pbx["name"])
    requests = {key[1:]: value for key, value in found.items() if key[0] == "requests_total"}
    by_status: Counter[str] = Counter()
    for (_, status), value in requests.items():
        by_status[status] += int(value)
    assert by_status == statuses
    assert requests["/cdrapi", "200"] == 8
    assert found["bytes_total",] == sum(map(len, answers))
    assert found["connections_total",] == len(answers) == 13
    assert found["connections_open",] == 0
    assert found["rows_total",] == 3 * 3 + 2 + 3 * 3
    # Of the pages that were cut at byte 300 the first row ends behind that.
    assert found["rows_delivered_total",] == 3 * 3 + 2 + 3
    assert {key[1:]: value for key, value in found.items() if key[0] == "faults_fired_total"} == {
        ("http.truncate",): 2, ("api.deny",): 1, ("tls.certificate",): 1,
    }  # fmt: skip
    refusals = {key[1]: value for key, value in found.items() if key[0] == "refusals_total"}
    assert refusals.pop("unknown-parameter") == 1
    assert refusals.pop("denied-by-fault") == 1
    assert refusals.pop("no-such-file") == 1
    assert refusals.pop("no-such-path") == 1
    assert sum(refusals.values()) == 1  # how OpenSSL says that it refuses the certificate
    verdicts = {key[1]: value for key, value in found.items() if key[0] == "verdicts_total"}
    assert verdicts == {"accepted": 11, "refused": 1, "undecided": 1}


def test_metrics_need_the_token(control: Control) -> None:
    """Like everything that tells of PBXs."""
    assert control("GET", "/metrics", token=None).status == 401


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_rows_of_a_page_are_not_those_that_were_delivered(control: Control, method: str) -> None:
    """Of a page that is cut in its second row one was delivered, and of one that only its head is asked of none."""
    pbx = control.create(api=api(), history=GUIDE).json
    whole = raw(pbx, "/cdrapi").partition(b"\r\n\r\n")[2]
    first = sum(map(len, whole.splitlines(keepends=True)[:2]))
    cut = {"fault": "http.truncate", "bytes": first + 5, "length": "matching", "times": 1}
    control("POST", f"/v1/pbxs/{pbx['name']}/faults", cut)
    raw(pbx, "/cdrapi", method)
    told(control, pbx["name"], 2)

    found = numbers(control, pbx["name"])
    entries = control("GET", f"/v1/pbxs/{pbx['name']}/journal").json["items"]
    counted = [(one["kind"], one.get("rows"), one["delivered"]) for one in entries]
    came = 1 if method == "GET" else 0
    assert counted[:2] == [("exchange", 3, 3), ("connection", None, 3)]
    assert counted[2:] == [("exchange", 3, came), ("connection", None, came)]
    assert (found["rows_total",], found["rows_delivered_total",]) == (6 if came else 3, 3 + came)


def test_pbx_that_is_gone_has_no_numbers(control: Control) -> None:
    """One that is deleted vanishes from the metrics, and one that is reset begins at 0."""
    pbx = control.create(api=api(), history=GUIDE).json
    name = pbx["name"]
    raw(pbx, "/cdrapi")
    told(control, name, 1)
    assert (numbers(control, name)["rows_total",], numbers(control, name)["rows_delivered_total",]) == (3, 3)

    control("POST", f"/v1/pbxs/{name}/reset", {})
    assert numbers(control, name) == {
        ("rows_total",): 0, ("rows_delivered_total",): 0, ("bytes_total",): 0, ("connections_total",): 0, ("connections_open",): 0,
    }  # fmt: skip
    control("DELETE", f"/v1/pbxs/{name}")
    assert numbers(control, name) == {}


@pytest.mark.ucmsim(history={"days": 0}, api={"tls_authentication_name": None})
def test_port_that_was_closed_is_one_fault(ucm: Ucm, control: Control) -> None:
    """A fault that keeps the port closed fires once, when it closes, and not again when it opens."""
    fault = ucm.fault("tcp.refuse")
    until(lambda: ("faults_fired_total", "tcp.refuse") in numbers(control, ucm.name))
    fault.disarm()
    until(lambda: len(control("GET", f"/v1/pbxs/{ucm.name}/journal?kind=listening").json["items"]) >= 2)

    assert numbers(control, ucm.name)["faults_fired_total", "tcp.refuse"] == 1


def test_paths_are_few() -> None:
    """Whatever clients ask for, there are three paths to count by."""
    assert [path_of(target) for target in ("/cdrapi?a=b", "/CDRAPI/", "/recapi", "/admin", "-", "")] == [
        "/cdrapi", "/cdrapi", "/recapi", "other", "other", "other",
    ]  # fmt: skip


def test_faults_of_a_connection_are_counted_once() -> None:
    """An exchange names what fired when its connection was accepted; only the connection counts that."""
    counts = Counts()
    exchange = {
        "kind": "exchange", "request": {"target": "/cdrapi"}, "reply": {"status": 200}, "head_bytes": 1, "bytes": 2,
        "rows": 3, "refusal": None, "kinds": ["tcp.latency", "tls.slow-flight", "http.drip"],
    }  # fmt: skip

    counts.take(exchange)
    counts.take(exchange)
    counts.take(
        {"kind": "connection", "kinds": ["tcp.latency", "tls.slow-flight"], "refusal": None, "verdict": "accepted"}
    )

    assert counts.faults == {"http.drip": 2, "tcp.latency": 1, "tls.slow-flight": 1}
