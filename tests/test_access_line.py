"""The one line that tells of an exchange of the device: what it says, and what it never does."""

from __future__ import annotations

import base64
import re

import pytest
from twisted.logger import LogLevel, formatEvent

from tests.devices import EMPTY, GET, PASSWORD, PEER, USER, Device, Late, digest, request


def test_one_line_for_each_exchange(device: Device) -> None:
    """An exchange is told in one line with PBX, peer, method, path and query, status, rows, bytes and time."""
    got = device.connect(rows=3).send(GET)
    body = len(got.partition(b"\r\n\r\n")[2])
    assert formatEvent(device.line) == f'hq {PEER} "GET /cdrapi?format=JSON" 200 rows=3 bytes={body} 0.0 ms'
    expected = {"pbx": "hq", "peer": PEER, "method": "GET", "target": "/cdrapi?format=JSON", "status": "200"}
    told = {**expected, "rows": "3", "bytes": str(body), "milliseconds": "0.0", "told": ""}
    assert {name: device.line[name] for name in told} == told
    assert device.line["log_level"] is LogLevel.info


def test_line_counts_the_wall_clock(device: Device) -> None:
    """The milliseconds are those of the wall clock, from the complete request to the last byte."""
    late = Late()
    connection = device.connect(rows=1, worker=late)
    device.clock.advance(1.0)
    connection.send(GET)
    device.clock.advance(0.25)
    assert device.access == []
    late.finish()
    assert device.line["milliseconds"] == "250.0"


def test_line_tells_the_refusal(device: Device) -> None:
    """What the wire hides behind an empty container is told at the end of the line."""
    connection = device.connect(rows=1)
    assert connection.send(request("/cdrapi?format=JSON&calller=1")) == EMPTY
    assert (device.line["status"], device.line["rows"]) == ("200", "0")
    assert device.line["told"] == " - 'calller' is not a parameter of /cdrapi (did you mean 'caller'?)"


@pytest.mark.parametrize(
    ("target", "status", "told"),
    [
        ("/nowhere", "404", "no such path"),
        ("/recap", "404", "no such path (did you mean '/recapi'?)"),
        ("/cdrapi", "403", "127.0.0.9 is denied: blank Permitted IPs"),
    ],
)
def test_line_of_an_error_page(device: Device, target: str, status: str, told: str) -> None:
    """An error page has no rows, and the line says why it was sent."""
    device.connect(permitted_ips=[]).send(request(target))
    assert (device.line["status"], device.line["rows"]) == (status, "-")
    assert told in device.line["told"]


def test_line_of_bytes_that_are_no_request(device: Device) -> None:
    """What never became a request has a line too, with what was read of it and a dash for the rest."""
    device.connect().send(b"rubbish\r\n")
    assert (device.line["method"], device.line["target"], device.line["status"]) == ("rubbish", "-", "400")
    assert device.line["told"] == " - the request line has no URI"


def test_line_names_the_faults_that_fired(device: Device) -> None:
    """Faults are named in the line of the exchange they acted on."""
    slow = {"fault": "http.latency", "seconds": 0.5, "name": "slow"}
    device.connect(faults=[slow]).send(GET)
    device.clock.advance(0.5)
    assert device.line["told"] == " [faults: slow]"
    assert device.line["milliseconds"] == "500.0"


def test_challenge_and_answer_are_two_lines(device: Device) -> None:
    """The Digest challenge is an exchange like any other."""
    pbx = device.pbx(rows=2, tls_authentication_name=USER, tls_authentication_password=PASSWORD)
    challenge = device.connect(to=pbx).send(request("/cdrapi"))
    device.connect(to=pbx).send(request("/cdrapi", digest(challenge, "/cdrapi")))
    assert [(event["status"], event["rows"]) for event in device.access] == [("401", "-"), ("200", "2")]
    counts = pbx.books.counts
    assert (counts.requests.total(), counts.rows, counts.refusals.total()) == (2, 2, 1)


@pytest.mark.parametrize(
    "target",
    [
        "/cdrapi?username=cdrapi&password=hunter2",
        "/cdrapi?format=JSON&PASSWORD=hunter2&caller=1",
        "/cdrapi?caller=1&pwd=hunter2",
        "/cdrapi?passwd=hunter2",
        "/cdrapi?secret=hunter2",
        "/cdrapi?token=hunter2",
        "/cdrapi?pass%77ord=hunter2",
        "/nowhere?password=hunter2",
        "https://cdrapi:hunter2@pbx:8443/cdrapi",
        "https://cdrapi:hunter2@pbx/cdrapi?password=hunter2",
        "https://cdrapi:very@hunter2@pbx:8443/cdrapi",
        "HTTPS://hunter2@pbx/cdrapi",
    ],
)
def test_credentials_of_a_uri_stay_out_of_the_log(device: Device, target: str) -> None:
    """A password in the query or in an absolute URI is not told, whether it is the right one or not."""
    device.connect(tls_authentication_name=USER, tls_authentication_password=PASSWORD).send(request(target))
    device.connect().send(request(target))
    assert len(device.access) == 2
    assert "hunter2" not in device.text


@pytest.mark.parametrize(
    ("password", "spelled"),
    [(PASSWORD, PASSWORD), *(("p@ss w/rd", form) for form in ("p%40ss%20w%2Frd", "p@ss+w/rd", "p%40ss+w%2frd"))],
)
@pytest.mark.parametrize("target", ["/cdrapi?x={}", "/cdrapi?caller={}", "/cdrapi?format={}", "/cdrapi?{}=1", "/{}"])
def test_the_password_itself_is_known_everywhere(device: Device, password: str, spelled: str, target: str) -> None:
    """The PBX's own password is not told however it is spelled, in the refusal as little as in the target."""
    device.connect(tls_authentication_password=password).send(request(target.format(spelled)))
    assert len(device.access) == 1
    assert password not in device.text
    assert spelled not in device.text


def header(**changes: str) -> str:
    """Return a Digest Authorization value with fields that are whole but wrong, some of them changed."""
    fields = {"username": "u", "realm": "asterisk", "nonce": "1", "uri": "/cdrapi", "response": "x", **changes}
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


@pytest.mark.parametrize(
    "value",
    [
        "Basic " + base64.b64encode(f"{USER}:hunter2".encode()).decode(),
        "Bearer hunter2",
        "hunter2",
        'Digest username="hunter2", realm="asterisk"',
        *(
            header(**{name: "hunter2"})
            for name in ("username", "realm", "nonce", "uri", "response", "cnonce", "opaque")
        ),
        *(header(**{name: "hunter2"}) for name in ("algorithm", "qop", "nc")),
    ],
)
def test_authorization_values_stay_out_of_the_log(device: Device, value: str) -> None:
    """No part of what an Authorization header says is told, however wrong it is."""
    connection = device.connect(tls_authentication_name=USER, tls_authentication_password=PASSWORD)
    connection.send(request("/cdrapi", f"Authorization: {value}\r\n".encode()))
    assert device.line["status"] == "401"
    assert value.removeprefix("Basic ") not in device.text
    assert "hunter2" not in device.text


def test_granted_credentials_stay_out_of_the_log(device: Device) -> None:
    """The right response is not told either."""
    pbx = device.pbx(tls_authentication_name=USER, tls_authentication_password=PASSWORD)
    granted = digest(device.connect(to=pbx).send(request("/cdrapi")), "/cdrapi")
    device.connect(to=pbx).send(request("/cdrapi", granted))
    assert device.access[1]["status"] == "200"
    assert re.search(rb'response="(\w+)"', granted)[1].decode() not in device.text


@pytest.mark.parametrize(
    "data",
    [
        request("/a%0d%0aforged"),
        *(request(f"/cdrapi?{name}=%0d%0aforged%1b[2J") for name in ("caller", "format", "numRecords", "startTime")),
        request("/cdrapi?%0aforged=1"),
        request('/a"forged'),
        b"GET /a\x7f\x80\xff\xe2\x80\xa8 HTTP/1.1\r\n\r\n",
        b'G\x80E"T /a HTTP/1.1\r\n\r\n',
        *(
            request("/cdrapi", b"Authorization: " + header(**{name: "\rx forged\x1b[2J"}).encode() + b"\r\n")
            for name in ("username", "realm", "nonce", "uri", "response", "algorithm", "nc")
        ),
    ],
)
def test_control_characters_cannot_forge_a_line(device: Device, data: bytes) -> None:
    """Whatever a client sends, an access line is one line of printable ASCII with its quotes in their place."""
    device.connect(tls_authentication_name=USER).send(data)
    device.connect().send(data)
    assert len(device.access) == 2
    for event in device.access:
        text = formatEvent(event)
        assert re.fullmatch(r"[ -~]+", text), ascii(text)
        assert re.match(rf'hq {PEER} "[^" ]+ [^" ]+" \d\d\d rows=\S+ bytes=\d+ [\d.]+ ms( - |$)', text), text


def test_line_is_bounded(device: Device) -> None:
    """A request line as long as the device reads makes a line that a log can bear."""
    device.connect().send(b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\n\r\n")
    assert len(formatEvent(device.line)) < 800
    assert device.line["target"].endswith("a...")
