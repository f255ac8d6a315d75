"""The gallery on the wire: every defect is shown to real clients, verifying and not, and judged by both sides."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping

import pytest

from tests.clients import client as the_program
from tests.gallery import (
    ADDRESS,
    CLIENTS,
    HOST,
    Client,
    Node,
    Shown,
    curl_cert_status,
    curl_crlfile,
    give_slow_key,
    may_differ,
    program,
)
from ucmsim.certificates.defects import CLASSES, DEFECTS, Defect
from ucmsim.pytest_plugin import UcmFleet

AVAILABLE = [row for row in DEFECTS if row.available]
EACH = pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=row.id, marks=[pytest.mark.slow] if row.slow else []) for row in AVAILABLE],
)
NEVER_SHAKEN = {
    "ten-thousand-names": "OpenSSL reads no more than 100 KB of certificates",
    "client-certificate-required": "the server ends the handshake",
    "client-certificate-of-nobody": "the server ends the handshake",
    "client-certificate-never-good": "the server ends the handshake",
}
"""The served defects that end the handshake even of a client that verifies nothing."""


@pytest.fixture(scope="module")
def shown(ucm_fleet: UcmFleet) -> Iterator[Shown]:
    ucm = ucm_fleet.start({"tls_names": [HOST]})
    yield Shown(ucm)
    ucm_fleet.stop(ucm)


@pytest.fixture(scope="module")
def clients() -> Iterator[Mapping[str, Client]]:
    the_program("curl")
    if not program("node"):
        if os.environ.get("UCMSIM_REQUIRE_CLIENTS") == "1":
            the_program("node")
        yield CLIENTS
        return
    node = Node()
    yield {**CLIENTS, "Node": node}
    node.close()


@pytest.mark.fault("tls.certificate")
@EACH
def test_verifying_clients(row: Defect, shown: Shown, clients: Mapping[str, Client]) -> None:
    """A verifying client does what a careful one must, or has a rule of its own that the row explains."""
    if row.slow:
        give_slow_key(shown.ca.parent)
    with shown.showing(row.id):
        for name, client in clients.items():
            tried, verdict = shown.verdict(client, shown.ca)
            assert (verdict == "accepted") == tried.accepted, (name, tried, verdict)
            assert tried.accepted or verdict.startswith("refused"), (name, tried, verdict)
            if row.careful_client != "policy" and may_differ(row, name) is None:
                assert tried.accepted == (row.careful_client == "accept"), (name, tried, verdict)


@EACH
def test_clients_that_verify_nothing(row: Defect, shown: Shown, clients: Mapping[str, Client]) -> None:
    """Who verifies nothing accepts whatever OpenSSL serves, so that what the verifying ones refuse is the certificate."""
    if row.slow:
        give_slow_key(shown.ca.parent)
    with shown.showing(row.id):
        for name, client in clients.items():
            if name == "Python by address":
                continue  # names are of no interest
            tried, verdict = shown.verdict(client, None)
            assert (verdict == "accepted") == tried.accepted, (name, tried, verdict)
            if row.manner == "served":
                assert tried.accepted == (row.id not in NEVER_SHAKEN), (name, tried, verdict)


@pytest.mark.parametrize(
    "row", [row for row in CLASSES["revocation"] if "tapled" in row.statement], ids=lambda row: row.id
)
def test_client_that_asks_for_a_staple(row: Defect, shown: Shown) -> None:
    """Curl --cert-status looks at the OCSP response, and does what a careful client must."""
    the_program("curl")
    with shown.showing(row.id):
        tried, verdict = shown.verdict(curl_cert_status, shown.ca)
        assert (verdict == "accepted") == tried.accepted
        if row.careful_client != "policy":
            assert tried.accepted == (row.careful_client == "accept"), tried


@pytest.mark.parametrize(
    "row", [row for row in AVAILABLE if row.id in ("revoked-by-list", "no-usage")], ids=lambda row: row.id
)
def test_client_that_has_the_list(row: Defect, shown: Shown) -> None:
    """With --crlfile curl refuses the one certificate that is on the list, and no other."""
    the_program("curl")
    with shown.showing(row.id):
        tried, verdict = shown.verdict(curl_crlfile, shown.ca)
        assert (verdict == "accepted") == tried.accepted == (row.careful_client == "accept"), tried
        assert tried.accepted or verdict == "refused with alert 44 certificate_revoked"


def test_undecided(shown: Shown) -> None:
    """A connection without a ClientHello is one that nothing was shown on."""

    def silent(port: int, _ca: object) -> None:
        with socket.create_connection((ADDRESS, port), timeout=5):
            pass

    with shown.showing("expired"):
        assert shown.verdict(silent, None)[1] == "undecided"  # type: ignore[arg-type]  # it gets no answer


def test_every_exception_is_real(shown: Shown, clients: Mapping[str, Client]) -> None:
    """Each rule by which a row lets clients do otherwise is one that a client here has."""
    excepted = [row for row in AVAILABLE if row.unless]
    assert excepted
    unused = []
    for row in excepted:
        with shown.showing(row.id):
            differ = {
                name
                for name, client in clients.items()
                if shown.verdict(client, shown.ca)[0].accepted != (row.careful_client == "accept")
            }
        if not differ:
            unused.append(row.id)
    assert unused == []
