"""PBXs of one process, made by one template of one value of settings: they share nothing, and come and go apart."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.processes import API, LIMIT, Process
from tests.rawclient import digest_header
from ucmsim.client import ControlClient, ControlError
from ucmsim.contract.answers import Pbx

USER, PASSWORD = "cdrapi", "cdrapi123"
START = "2026-03-04T12:00:00Z"
SITE = {
    "count": 4,
    "api": {**API, "tls_authentication_name": USER, "tls_authentication_password": PASSWORD},
    "clock": {"start": START, "rate": 0},
    "history": {"days": 1, "calls_per_day": 20},
    "faults": [{"fault": "http.latency", "seconds": 0, "name": "slow", "when": {"nth": [1]}}],
}
PAGE = "/cdrapi?format=CSV"


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlClient]:
    """A process with four PBXs of a template, of which no text has a place for their number."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "sim.yaml").write_text(json.dumps({"control": {"bind": "127.0.0.1:0"}, "pbxs": {"site-{n}": SITE}}))
    with Process(folder, "--config", folder / "sim.yaml") as process:
        report = process.report()
        assert list(report["pbxs"]) == ["site-1", "site-2", "site-3", "site-4"]
        yield ControlClient(report["control"]["url"], report["control"]["token"])
        process.stop()


def connected(pbx: Pbx) -> ssl.SSLSocket:
    """Return a connection to *pbx* that trusts its CA and nobody else's."""
    place = urlsplit(pbx.url or "")
    plain = socket.create_connection((place.hostname, place.port), LIMIT)
    return ssl.create_default_context(cafile=pbx.ca).wrap_socket(plain, server_hostname=place.hostname)


def answer(connection: ssl.SSLSocket, header: bytes = b"", *, said: bytes = b"") -> bytes:
    """Ask for a page, of which a part is *said* already, and return the whole answer."""
    with connection:
        connection.sendall(f"GET {PAGE} HTTP/1.1\r\nHost: pbx\r\n".encode().removeprefix(said) + header + b"\r\n")
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def page(pbx: Pbx) -> bytes:
    """Return the whole answer to a request with credentials."""
    challenged = answer(connected(pbx))
    return answer(connected(pbx), digest_header("GET", PAGE, USER, PASSWORD, challenged))


def rows(told: bytes) -> bytes:
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK"), head
    return body


def refusals(control: ControlClient, name: str) -> list[str | None]:
    """Return the code of each exchange's refusal, None for those that were served."""
    return [one.refusal.code if one.refusal else None for one in control.journal(name, kind="exchange")]


def test_equal_settings_do_not_make_equal_pbxs(control: ControlClient) -> None:
    """Each has a port, a certificate, calls and a journal of its own, by its name."""
    one, two = control.pbx("site-1"), control.pbx("site-2")
    assert one.settings == two.settings
    assert urlsplit(one.url or "").port != urlsplit(two.url or "").port
    assert Path(one.ca).read_bytes() != Path(two.ca).read_bytes()
    assert refusals(control, "site-1") == refusals(control, "site-2") == []
    assert rows(page(one)) != rows(page(two))
    assert refusals(control, "site-1") == refusals(control, "site-2") == ["no-credentials", None]
    place = urlsplit(two.url or "")
    with (
        socket.create_connection((place.hostname, place.port), LIMIT) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context(cafile=one.ca).wrap_socket(plain, server_hostname=place.hostname)


def test_a_nonce_is_of_the_pbx_that_gave_it(control: ControlClient) -> None:
    """Another PBX with the same user and password does not know it."""
    one, two = control.pbx("site-1"), control.pbx("site-2")
    challenged = answer(connected(one))
    header = digest_header("GET", PAGE, USER, PASSWORD, challenged)
    assert b"HTTP/1.1 401" in answer(connected(two), header)
    assert refusals(control, "site-2")[-1] == "nonce-unknown"
    assert rows(answer(connected(one), header))


def test_what_is_changed_of_one_is_changed_of_one(control: ControlClient) -> None:
    """Permitted IPs, password, clock, faults and their counters, identity and calls: of the other all is as it was."""
    before = told_of(control, "site-2")
    control.change_api("site-1", {"permitted_ips": [], "tls_authentication_password": "another"})
    control.change_clock("site-1", {"advance": 3600, "rate": 2})
    control.clear_faults("site-1")
    control.arm_fault("site-1", {"fault": "api.deny"})
    control.show_identity("site-1", {"defect": "expired"})
    control.place_call("site-1", {"shape": "answered", "from": "1001", "to": "1002", "talk": 1})
    control.delete_cdrs("site-1")
    assert told_of(control, "site-2") == before
    assert told_of(control, "site-1") != before
    assert control.clock("site-2").now == datetime.fromisoformat(START).astimezone(UTC)
    served = rows(page(control.pbx("site-2")))
    control.reset("site-1")
    assert rows(page(control.pbx("site-2"))) == served


def told_of(control: ControlClient, name: str) -> dict[str, Any]:
    """Return all that the control plane tells of a PBX, but its journal."""
    return {
        "api": control.api(name),
        "clock": control.clock(name),
        "faults": control.faults(name),
        "identity": control.identity(name),
        "calls": control.calls(name),
        "rows": control.pbx(name).rows,
        "settings": control.pbx(name).settings,
    }


def test_one_goes_while_another_serves(control: ControlClient) -> None:
    """In the middle of a request to one of them its neighbour is removed; its port is closed, and its state is gone."""
    stays, goes = control.pbx("site-3"), control.pbx("site-4")
    challenged = answer(connected(stays))
    half = b"GET /cdrapi?format=C"
    connection, cut = connected(stays), connected(goes)
    connection.sendall(half)
    cut.sendall(half)
    control.delete_pbx("site-4")
    with cut, suppress(ConnectionResetError):  # whichever of the two the kernel tells
        assert cut.recv(1) == b""
    place = urlsplit(goes.url or "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname, place.port), LIMIT)
    assert not Path(goes.ca).parent.exists()
    with pytest.raises(ControlError, match="site-4"):
        control.pbx("site-4")
    header = digest_header("GET", PAGE, USER, PASSWORD, challenged)
    assert rows(answer(connection, header, said=half))
    assert refusals(control, "site-3") == ["no-credentials", None]


def test_a_name_can_be_used_again(control: ControlClient) -> None:
    """Who is made anew under a name is the same PBX as before as far as the seed goes, and has another CA."""
    settings = {key: value for key, value in SITE.items() if key != "count"}
    made = control.create_pbx("again", settings)
    ca, served = Path(made.ca).read_bytes(), rows(page(made))
    control.delete_pbx("again")
    made = control.create_pbx("again", settings)
    assert rows(page(made)) == served
    assert Path(made.ca).read_bytes() != ca
    control.delete_pbx("again")
