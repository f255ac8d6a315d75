"""The journal of a PBX that runs: what real connections leave in it, how it is asked, and that two runs are alike."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.rawclient import RawSocket, RawTls, exchange, get, talk
from ucmsim.client import ControlClient, ControlError
from ucmsim.contract.operations import Asked
from ucmsim.journal.digest import digest, normalised
from ucmsim.journal.inquiry import PARAMETERS
from ucmsim.pytest_plugin import Ucm, UcmFleet

LINE = b"GET /cdrapi?format=json HTTP/1.1\r\nHost: pbx\r\nUser-Agent: raw/1\r\n"


def within(seconds: float, found: Callable[[], Any]) -> Any:
    """Return what *found* returns as soon as it is something: a connection ends a moment after its last byte."""
    until = time.monotonic() + seconds
    while True:
        if answer := found():
            return answer
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def events(ucm: Ucm, **filters: Any) -> list[Mapping[str, Any]]:
    """Return all that is told of each event."""
    return [one.raw for one in ucm.journal(**filters)]


def connection(ucm: Ucm, number: int = 1) -> dict[str, Any]:
    """Return the event of a connection, once it has ended."""

    def ended() -> Mapping[str, Any] | None:
        found = [one for one in events(ucm, kind="connection") if one["connection"] == number]
        return found[0] if found else None

    return dict(within(10, ended))


def pull(ucm: Ucm, target: str = "/cdrapi?format=json", **more: Any) -> requests.Response:
    login = HTTPDigestAuth(ucm.username, ucm.password)
    return requests.get(ucm.url + target, auth=login, verify=ucm.ca, timeout=10, **more)


# --- what an exchange and a connection leave --------------------------------------------------------------------------


def test_an_exchange_says_everything(ucm: Ucm) -> None:
    """Both clocks, the request without its credentials, the reply, the check, rows and AcctIds, bytes and the end."""
    response = pull(ucm)
    challenged, served = events(ucm, kind="exchange")
    assert (challenged["reply"]["status"], challenged["check"]) == (401, "authentication")
    assert challenged["refusal"]["code"] == "no-credentials"
    assert (served["reply"]["status"], served["check"], served["refusal"]) == (200, "served", None)
    assert (served["rows"], served["acctids"], served["marks"], served["ended"]) == (3, "62-64", [], "")
    assert (served["bytes"], served["connection"]) == (len(response.content), 2)
    assert served["head_bytes"] > 150
    lines = dict(served["request"]["headers"])
    assert lines["User-Agent"].startswith("python-requests/")
    assert lines["Authorization"].startswith('Digest username="***", realm="asterisk", nonce="')
    assert "nc=00000001" in lines["Authorization"]
    assert served["request"]["target"] == "/cdrapi?format=json"
    assert dict(served["reply"]["headers"]) == dict(response.headers)
    now = datetime.now(UTC)
    assert all(
        abs(datetime.fromisoformat(served[clock]) - now) < timedelta(minutes=1) for clock in ("wall", "pbx_clock")
    )
    assert ucm.password not in json.dumps(events(ucm))


def test_a_connection_says_what_was_offered_and_agreed(ucm: Ucm) -> None:
    """The ClientHello's offer, the version and the cipher, the host's name, and the bytes that were acknowledged."""
    exchange(ucm, LINE + b"\r\n")
    found = connection(ucm)
    assert found["tls"]["version"] == "TLSv1.2"
    assert found["tls"]["cipher"].startswith("ECDHE-ECDSA-")
    assert found["tls"]["offered"]["versions"][:2] == ["1.3", "1.2"]  # older ones with some Pythons
    assert found["tls"]["cipher"] in found["tls"]["offered"]["ciphers"]
    assert (found["tls"]["resumed"], found["tls"]["defect"], found["refusal"]) == (False, None, None)
    assert (found["requests"], found["peer"], found["ended"]) == (1, "127.0.0.1", "the device closed it")
    challenged = events(ucm, kind="exchange", limit=1)[0]
    assert found["port"] == challenged["port"] > 0
    assert found["sent"] == found["acknowledged"] > challenged["head_bytes"] + challenged["bytes"]
    assert found["received"] > 150


def test_a_name_and_a_session_are_seen(ucm: Ucm) -> None:
    """The name a client means is told, that it resumed, and that it left without a request."""
    with RawTls(ucm) as first:
        first.send(LINE + b"\r\n")
        first.read()
        session = first.session
    with RawTls(ucm, session=session) as second:
        second.send(LINE + b"\r\n")
        second.read()
    told = [connection(ucm, number)["tls"] for number in (1, 2)]
    assert [(one["offered"]["resumes"], one["resumed"]) for one in told] == [(False, False), (True, True)]
    context = ssl.create_default_context(cafile=ucm.ca)
    place = ucm.url.removeprefix("https://").split(":")
    with (
        socket.create_connection((place[0], int(place[1]))) as below,
        context.wrap_socket(below, server_hostname="localhost"),
    ):
        pass
    left = connection(ucm, 3)
    assert (left["tls"]["sni"], left["requests"]) == ("localhost", 0)
    assert left["ended"] == "the client closed it"  # and the device only after it
    assert (left["verdict"], left["refusal"]["code"], left["marks"]) == ("refused", "no-request", [])


@pytest.mark.ucmsim(tls_profile="device")
def test_old_tls_is_told_too(ucm: Ucm) -> None:
    """The device's own profile agrees on what it has."""
    exchange(ucm, LINE + b"\r\n")
    found = connection(ucm)["tls"]
    assert (found["version"], found["resumed"]) == ("TLSv1.2", False)
    assert "DHE" in found["cipher"] or found["cipher"].startswith("AES")


def test_handshakes_that_fail_are_explained(ucm: Ucm) -> None:
    """A client that does not trust, plain HTTP, silence and nonsense: each has its code."""
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(ucm.url, timeout=10)
    assert connection(ucm)["refusal"]["code"] == "untrusted-issuer"
    with RawSocket(ucm) as client:
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        client.read()
    plain = connection(ucm, 2)
    assert (plain["refusal"]["code"], plain["verdict"], plain["tls"]) == ("plain-http", "undecided", None)
    with RawSocket(ucm):
        pass
    silent = connection(ucm, 3)
    assert (silent["refusal"]["code"], silent["tls"], silent["ended"]) == ("no-handshake", None, "the client closed it")
    hello = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    hello.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(ssl.SSLError), RawSocket(ucm) as client:
        hello.wrap_socket(client.socket, server_hostname="pbx")
    refused = connection(ucm, 4)
    assert refused["refusal"]["code"] == "handshake-failed"
    assert refused["tls"]["offered"]["versions"] == ["1.3"]


@pytest.mark.ucmsim(api={"permitted_ips": []}, quirks={"acl-denial": "drop"})
def test_a_drop_at_accept_is_told(ucm: Ucm) -> None:
    """It never came to TLS, and the journal says why; five of them in a row are hammering."""
    for _ in range(5):
        with RawSocket(ucm) as client:
            client.read()
    found = connection(ucm)
    assert (found["refusal"]["code"], found["ended"], found["requests"]) == (
        "blank-permitted-ips",
        "closed at accept",
        0,
    )
    assert connection(ucm, 5)["marks"] == ["hammering-while-denied"]


@pytest.mark.ucmsim(history={"days": 30, "calls_per_day": 400}, quirks={"page-limit": 10_000})
def test_bytes_that_never_arrived_are_told_apart(ucm: Ucm) -> None:
    """A client that resets in mid-page has acknowledged less than the kernel was handed, and that less than the page."""
    challenge = exchange(ucm, b"GET /cdrapi HTTP/1.1\r\n\r\n")
    from tests.rawclient import digest_header

    line = digest_header("GET", "/cdrapi", ucm.username or "", ucm.password or "", challenge)
    with RawTls(ucm, receive_buffer=4096) as client:
        client.send(b"GET /cdrapi HTTP/1.1\r\n" + line + b"\r\n")
        client.receive()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    found = connection(ucm, 2)
    assert found["ended"] == "the client reset it"
    assert 0 < found["acknowledged"] < found["sent"]
    (cut,) = [one for one in events(ucm, kind="exchange") if one["ended"]]
    assert (cut["ended"], cut["connection"]) == ("the client went away", 2)
    assert found["delivered"] <= cut["delivered"] < cut["rows"]


def test_faults_and_marks_are_told(ucm: Ucm) -> None:
    """A certificate that a careful client refuses marks whoever goes on; the faults that fired have their names."""
    ucm.fault("tls.certificate", defect="expired", name="bad")
    ucm.fault("http.latency", seconds=0.01, name="slow", when={"path": "/cdrapi"})
    exchange(ucm, b"GET /cdrapi?password=x HTTP/1.1\r\nAuthorization: Basic eDp5\r\n\r\n")
    (found,) = events(ucm, kind="exchange")
    assert found["faults"] == ["bad"]  # an exchange that ends in the challenge has no others
    assert found["marks"] == ["unverified-certificate", "credentials-in-url", "basic-before-challenge"]
    told = connection(ucm)
    assert (told["tls"]["defect"], told["faults"]) == ("expired", ["bad"])
    assert (told["verdict"], told["alert"]) == ("accepted", None)


@pytest.mark.ucmsim(api={"tls_authentication_name": None, "tls_authentication_password": None})
def test_a_client_that_leaves_while_it_waits_has_closed(ucm: Ucm) -> None:
    """Its FIN came first, and what was written then was for nobody; so it does where a client only sends no more, and reads."""
    with ucm.fault("http.latency", seconds=0.5):
        with RawTls(ucm) as gone:
            gone.send(LINE + b"\r\n")
        with RawTls(ucm) as patient:
            patient.send(LINE + b"\r\n")
            patient.socket.shutdown(socket.SHUT_WR)
            assert patient.read().data.startswith(b"HTTP/1.1 200 ")
        with RawTls(ucm) as usual:
            usual.send(LINE + b"\r\n")
            usual.read()
        left, half, whole = (connection(ucm, number) for number in (1, 2, 3))
    assert left["acknowledged"] < left["sent"]
    seen = {one["connection"]: one["left"] for one in events(ucm, kind="exchange")}
    assert seen[3] is None
    assert None not in (seen[1], seen[2])
    assert [one["ended"] for one in (left, half, whole)] == [*["the client closed it"] * 2, "the device closed it"]


def test_the_verdict_is_told(ucm: Ucm) -> None:
    """How a client took what it was shown stands in the event of its connection, with its alert."""
    port = urlsplit(ucm.url).port
    with ucm.fault("tls.certificate", defect="untrusted-root"):
        with (
            socket.create_connection(("127.0.0.1", port or 0), timeout=5) as tcp,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            ucm.ssl_context().wrap_socket(tcp, server_hostname="127.0.0.1")
        refused = connection(ucm)
        assert (refused["verdict"], refused["alert"], refused["tls"]["defect"]) == ("refused", 48, "untrusted-root")
        assert refused["ended"] == "the client closed it"
        socket.create_connection(("127.0.0.1", port or 0), timeout=5).close()
        silent = connection(ucm, 2)
        assert (silent["verdict"], silent["alert"], silent["tls"]) == ("undecided", None, None)


def test_the_wire_is_untouched(ucm: Ucm, ucm_fleet: UcmFleet) -> None:
    """A PBX whose journal is asked all the time answers with the same bytes as one that nobody asks."""
    silent = ucm_fleet.start({})
    try:
        targets = [
            "/cdrapi?caler=1",
            "/cdrapi",
            "/nowhere",
            "/cdrapi?startTime=2013-12-03T00:00:00+01:00",
            "/cdrapi?format=json&caller=",
        ]
        for one in (ucm, silent):
            one.clock.freeze()
            one.clock.set(datetime(2013, 12, 3, tzinfo=UTC))
        for target in targets:
            before = get(ucm, target, auth=target != "/nowhere")
            assert events(ucm, refusal="any") is not None
            assert before == get(silent, target, auth=target != "/nowhere")
    finally:
        ucm_fleet.stop(silent)


# --- how it is asked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"kind": "exchange"}, 7),
        ({"path": "/cdrapi"}, 4),
        ({"path": "/RecAPI/"}, 2),
        ({"fault": "slow"}, 1),
        ({"fault": "any"}, 1),
        ({"fault": "http.drip"}, 0),
        ({"refusal": "unknown-parameter"}, 1),
        ({"refusal": "any", "kind": "exchange"}, 6),
        ({"refusal": "plain-http"}, 1),
        ({"mark": "credentials-in-url"}, 1),
        ({"mark": "any"}, 1),
        ({"status": "404"}, 2),
        ({"status": "4xx"}, 5),
        ({"status": "200", "path": "/cdrapi"}, 2),
        ({"peer": "127.0.0.1", "kind": "exchange"}, 7),
        ({"peer": "10.0.0.0/8"}, 0),
        ({"since": "2020-01-01T00:00:00Z", "kind": "exchange"}, 7),
        ({"until": "2020-01-01T00:00:00+01:00"}, 0),
        ({"since": "2090-01-01T00:00:00Z", "clock": "pbx"}, 0),
        ({"last": 2, "kind": "exchange"}, 2),
    ],
)
@pytest.mark.parametrize("spill", [None, 1000])
def test_filters(ucm_fleet: UcmFleet, filters: dict[str, Any], count: int, spill: int | None) -> None:
    """Time, peer, path, status, fault, refusal and mark narrow what is told, in memory and on disk alike."""
    found = events(_busy(ucm_fleet, spill), **filters)
    assert len(found) == count
    assert [one["id"] for one in found] == sorted(one["id"] for one in found)


_BUSY: dict[int | None, Ucm] = {}


def _busy(fleet: UcmFleet, spill: int | None) -> Ucm:
    """Return a PBX of the session to which much has happened, asked about and not changed."""
    if spill not in _BUSY:
        ucm = fleet.start({} if spill is None else {"journal": {"spill": spill}})
        ucm.fault("http.latency", seconds=0.001, name="slow", when={"path": "/recapi"})
        pull(ucm)
        pull(ucm, "/cdrapi?caler=1")
        pull(ucm, "/recapi?filename=x")
        requests.get(f"{ucm.url}/nowhere?token=1", verify=ucm.ca, timeout=10)
        with RawSocket(ucm) as client:
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            client.read()
        connection(ucm, 8)
        within(10, lambda: len(events(ucm, kind="connection")) == 8)
        _BUSY[spill] = ucm
    return _BUSY[spill]


@pytest.mark.parametrize("spill", [None, 1000])
def test_paging(ucm_fleet: UcmFleet, spill: int | None) -> None:
    """Pages follow each other by `next`, and together are the whole; `last` is the end of it."""
    ucm = _busy(ucm_fleet, spill)
    whole = events(ucm)
    assert [one["id"] for one in whole] == list(range(1, len(whole) + 1)) == list(range(1, 16))
    found, after = [], 0
    while after is not None:
        page = ucm.control.journal_page(ucm.name, limit=4, after=after)
        assert (page.first, page.last) == (1, 15)
        found += [one.raw for one in page.items]
        after = page.next
    assert found == whole
    assert events(ucm, last=3) == whole[-3:]
    assert events(ucm, after=14) == whole[14:]
    assert events(ucm, last=2, after=14) == whole[14:]


@pytest.mark.parametrize(
    ("filters", "field", "said"),
    [
        ({"peeer": "1"}, "peeer", "did you mean 'peer'?"),
        ({"since": "yesterday"}, "since", "ISO instant"),
        ({"until": "2026-01-01T00:00:00"}, "until", "has no zone"),
        ({"since": "2026-01-01T00:00:00 01:00"}, "since", "in a URL send %2B: 2026-01-01T00:00:00%2B01:00"),
        ({"refusal": "unknown-paramter"}, "refusal", "did you mean 'unknown-parameter'?"),
        ({"mark": "no-qopp"}, "mark", "did you mean 'no-qop'?"),
        ({"kind": "x"}, "kind", "connection, exchange or listening"),
        ({"limit": "0"}, "limit", "1 to 1000"),
        ({"after": "-1"}, "after", "a whole number"),
        ({"status": "4x"}, "status", "three digits"),
        ({"status": "\u0664\u0660\u0664"}, "status", "three digits"),  # 404 in Arabic digits
        ({"path": "cdrapi"}, "path", "begins with '/'"),
        ({"peer": "me"}, "peer", "no IP address"),
        ({"clock": "sun"}, "clock", "wall or pbx"),
        ({"fault": "latency"}, "fault", "did you mean the kind 'tcp.latency' or 'http.latency'?"),
        ({"fault": "tcp.refusal"}, "fault", "did you mean the kind 'tcp.refuse'?"),
        ({"fault": "qqq"}, "fault", "and the kinds are tcp.refuse, tcp.close, "),
    ],
)
def test_what_is_asked_wrongly_is_said(ucm_fleet: UcmFleet, filters: dict[str, str], field: str, said: str) -> None:
    """The error names the parameter and what would be right."""
    with pytest.raises(ControlError, match=said.replace("?", r"\?")) as raised:
        events(_busy(ucm_fleet, None), **filters)
    assert (raised.value.status, raised.value.field) == (400, field)


def test_every_parameter_is_read() -> None:
    """The documentation's list and the readers have the same parameters."""
    from ucmsim.journal.inquiry import _READERS

    assert list(PARAMETERS) == list(_READERS)


@pytest.mark.parametrize("settings", [{}, {"journal": {"spill": 1000}}])
def test_a_fault_that_was_armed_once_can_be_asked_for(ucm_fleet: UcmFleet, settings: dict[str, Any]) -> None:
    """Also when it never fired, and when it is gone; one that never was is none, and the nearest are named."""
    ucm = ucm_fleet.start(settings)
    client: ControlClient = ucm.control
    with pytest.raises(ControlError, match="none was armed yet"):
        client.journal(ucm.name, fault="qqq")
    with (
        ucm.fault("http.latency", seconds=0.001, name="slow-pages"),
        ucm.fault("tcp.mute", when={"client": "10.0.0.1"}),
    ):
        pull(ucm)
        with pytest.raises(ControlError, match=r"neither .* did you mean 'slow-pages'\?") as raised:
            client.journal(ucm.name, fault="slow-page")
        assert (raised.value.status, raised.value.field) == (400, "fault")
        assert len(events(ucm, fault="slow-pages")) == 1
    assert len(events(ucm, fault="slow-pages")) == 1
    assert events(ucm, fault="tcp-mute") == []
    with pytest.raises(ControlError, match=r"did you mean 'tcp-mute', or the kind 'tcp.mute'\?"):
        client.journal(ucm.name, fault="tcp_mute")
    with pytest.raises(ControlError, match=r"armed were slow-pages, tcp-mute, and the kinds are tcp\.refuse"):
        client.journal(ucm.name, fault="qqq")
    ucm_fleet.stop(ucm)


def test_a_parameter_given_twice_and_a_pbx_that_is_not_there(ucm: Ucm) -> None:
    """Both are errors of the one shape."""
    client: ControlClient = ucm.control
    with pytest.raises(ControlError, match="2 times"):
        client._ask(Asked("GET", f"/v1/pbxs/{ucm.name}/journal?limit=1&limit=2", None, bytes))
    with pytest.raises(ControlError, match="there is no PBX"):
        client.journal("nobody")


# --- two runs ---------------------------------------------------------------------------------------------------------


def script(ucm: Ucm) -> None:
    """Do a little of everything, one thing after another, and step the clock between."""
    ucm.clock.set(datetime(2026, 7, 1, 12, tzinfo=UTC))
    ucm.fault("http.latency", seconds=0.001, name="slow", chance=0.5)
    for target in ("/cdrapi?format=json", "/cdrapi?caler=1", "/recapi", "/nowhere"):
        pull(ucm, target)
        ucm.clock.advance(60)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(ucm.url, timeout=10)
    talk(ucm, b"GET /cdrapi HTTP/1.1\r\nAuthorization: Basic eDp5\r\n\r\n")
    with RawTls(ucm) as client:
        client.send(b"GET\r\n\r\n")
        client.read()
    for kind in ("tcp.refuse", "api.disabled"):
        with ucm.fault(kind):
            ucm.clock.advance(60)


@pytest.fixture
def twice(ucm_fleet: UcmFleet) -> Callable[[Mapping[str, Any]], list[dict[str, Any]]]:
    """Run the script on a PBX of always the same name; return its journal."""

    def run(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
        api = {
            "enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"],
            "tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123",
        }  # fmt: skip
        chosen = {"api": api, "clock": {"start": "2026-07-01T00:00:00Z", "rate": 0}, "history": {"days": 2}, **settings}
        made = ucm_fleet.control.create_pbx("twin", chosen)
        ucm = Ucm("twin", made.url or "", "cdrapi", "cdrapi123", made.ca, ucm_fleet.control, ucm_fleet.log)
        try:
            script(ucm)
            connections = max(one["connection"] for one in events(ucm, kind="exchange"))
            within(10, lambda: len(events(ucm, kind="connection")) == connections)
            return events(ucm)
        finally:
            ucm_fleet.stop(ucm)

    return run


def test_two_runs_have_the_same_journal(twice: Callable[[Mapping[str, Any]], list[dict[str, Any]]]) -> None:
    """Same seed, frozen and stepped clock, scripted client: the same SHA-256; another fault, another one."""
    one, other = twice({}), twice({})
    assert list(normalised(one)) == list(normalised(other))
    assert digest(one) == digest(other)
    assert len(one) == 23
    assert digest(twice({"quirks": {"error-status": 400}})) != digest(one)


def test_what_is_normalised_has_all_that_matters() -> None:
    """Of an exchange only the times of the wall, what hangs on them, the port and the id are left out."""
    entry = {
        "id": 3, "kind": "exchange", "connection": 1, "wall": "x", "port": 1, "seconds": 1.0, "pbx_clock": "y",
        "request": {"target": "/x", "headers": [["Host", "127.0.0.1:4711"], ["host", "pbx"]]}, "bytes": 5,
        "marks": ["no-qop", "no-back-off", "hammering-while-denied", "parallel-connections"],
    }  # fmt: skip
    (told,) = normalised([entry])
    assert told == {
        "kind": "exchange", "connection": 1, "pbx_clock": "y", "bytes": 5,
        "request": {"target": "/x", "headers": [["Host", "127.0.0.1"], ["host", "pbx"]]},
        "marks": ["no-qop"],
    }  # fmt: skip
    assert digest([entry]) == digest([{**entry, "id": 4, "wall": "z", "port": 2}])
    assert digest([entry]) != digest([{**entry, "bytes": 6}])


@pytest.mark.parametrize(
    ("host", "told"),
    [("127.0.0.1:4711", "127.0.0.1"), ("pbx:8443", "pbx"), ("pbx:", "pbx"), ("pbx", "pbx"), ("[::1]:8443", "[::1]"), ("[::1]", "[::1]"),
     ("::1", "::1"), ("fe80::1:8443", "fe80::1:8443"), (":8443", ":8443"), ("", ""), ("pbx:https", "pbx:https")],
)  # fmt: skip
def test_a_host_is_told_without_its_port(host: str, told: str) -> None:
    """Two runs have other ports, and two addresses are never taken for one."""
    request = {"target": "/x", "headers": [["hOST", host]]}
    (found,) = normalised([{"id": 1, "kind": "exchange", "connection": 1, "marks": [], "request": request}])
    assert found["request"]["headers"] == [["hOST", told]]


def test_urls_in_a_request_are_told_without_their_ports() -> None:
    """A target in absolute form and a Referer have the port of the PBX as well; what only looks like one stays."""
    request = {
        "target": "https://127.0.0.1:4711/cdrapi?caller=1:2&next=http://pbx:80/",
        "headers": [["Referer", "HTTPS://[::1]:4711/a:5"], ["Authorization", 'Digest uri="https://pbx:4711/x"'], ["X", "a:1"]],
    }  # fmt: skip
    (found,) = normalised([{"id": 1, "kind": "exchange", "connection": 1, "marks": [], "request": request}])
    assert found["request"] == {
        "target": "https://127.0.0.1/cdrapi?caller=1:2&next=http://pbx/",
        "headers": [["Referer", "HTTPS://[::1]/a:5"], ["Authorization", 'Digest uri="https://pbx/x"'], ["X", "a:1"]],
    }
