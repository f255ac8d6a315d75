"""The gallery where the unit is another: old firmware's TLS, TLS 1.3, clients that have a certificate of their own."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.clients import client as the_program
from tests.gallery import ADDRESS, HOST, Shown, Tried, by_requests, curl, may_differ, python
from ucmsim.certificates.authority import Authority, export
from ucmsim.certificates.defects import DEFECTS, Defect
from ucmsim.certificates.defects.keybank import pem
from ucmsim.pytest_plugin import UcmFleet

WEAK = ("rsa-512", "rsa-1024", "sha1-signature", "sha1-rsa-signature", "sha1-intermediate", "md5-signature")
"""What a client takes that has lowered its security level to 0, as old firmware makes it do."""


def asked(port: int, _ca: Path | None, *, context: ssl.SSLContext) -> Tried:
    """Ask with a *context* of ours."""
    try:
        with (
            socket.create_connection((ADDRESS, port), timeout=5) as tcp,
            context.wrap_socket(tcp, server_hostname=HOST) as tls,
        ):
            tls.sendall(b"GET /nothing HTTP/1.1\r\nHost: pbx\r\n\r\n")
            return Tried(accepted=bool(tls.recv(12)), said="")
    except ssl.SSLError as error:
        return Tried(accepted=False, said=error.reason or str(error))
    except OSError as error:
        return Tried(accepted=False, said=type(error).__name__)


def authority(shown: Shown) -> Authority:
    """Return the CA of the PBX, from its state folder."""
    kept = shown.ca.with_name("ca-key.pem").read_bytes()
    return Authority.load(kept, kept)


@pytest.fixture(scope="module")
def old(ucm_fleet: UcmFleet) -> Iterator[Shown]:
    """Return a PBX that speaks TLS as old firmware does."""
    ucm = ucm_fleet.start({"tls_names": [HOST], "tls_profile": "device"})
    yield Shown(ucm)
    ucm_fleet.stop(ucm)


@pytest.fixture(scope="module")
def new(ucm_fleet: UcmFleet) -> Iterator[Shown]:
    """Return a PBX that speaks TLS 1.3."""
    ucm = ucm_fleet.start({"tls_names": [HOST], "tls_max": "1.3"})
    yield Shown(ucm)
    ucm_fleet.stop(ucm)


@pytest.fixture(scope="module")
def lowered(old: Shown) -> Callable[[int, Path | None], Tried]:
    """Return a client that trusts the CA, and has lowered its security level so that it can talk to old firmware."""
    context = ssl.create_default_context(cadata=export(authority(old).certificate, "der"))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return partial(asked, context=context)


@pytest.mark.parametrize("row", [row for row in DEFECTS if row.available and not row.slow], ids=lambda row: row.id)
def test_old_firmware(row: Defect, old: Shown, lowered: Callable[[int, Path | None], Tried]) -> None:
    """Old firmware shows the same defects; what its weak ciphers make a client take is known by name."""
    with old.showing(row.id):
        tried, verdict = old.verdict(lowered, None)
        assert (verdict == "accepted") == tried.accepted, (tried, verdict)
        if row.careful_client != "policy" and may_differ(row, "Python") is None and row.id not in WEAK:
            assert tried.accepted == (row.careful_client == "accept"), (tried, verdict)


@pytest.mark.parametrize(
    ("defect", "alert"),
    [
        ("expired", "refused with alert 45 certificate_expired"),
        ("wrong-host", "refused with alert 42 bad_certificate"),
        ("untrusted-root", "refused with alert 48 unknown_ca"),
        ("broken-signature", "refused with alert 51 decrypt_error"),
        ("for-clients-only", "refused with alert 43 unsupported_certificate"),
        ("truncated", "refused with alert 42 bad_certificate"),
        ("wrong-proof", "refused with alert 51 decrypt_error"),
    ],
)
@pytest.mark.parametrize("unit", ["old", "new"])
def test_the_alert_is_told(
    unit: str, defect: str, alert: str, request: pytest.FixtureRequest, lowered: Callable[[int, Path | None], Tried]
) -> None:
    """The verdict has the alert that the client sent, in every version of TLS."""
    shown: Shown = request.getfixturevalue(unit)
    client = lowered if unit == "old" else python
    with shown.showing(defect):
        tried, verdict = shown.verdict(client, shown.ca)
    assert not tried.accepted
    assert verdict == alert


@pytest.mark.parametrize("client", [python, by_requests, curl])
def test_tls_1_3(client: Callable[[int, Path | None], Tried], new: Shown) -> None:
    """In TLS 1.3 a client that refuses does so after our Finished, and no byte of its request comes."""
    the_program("curl")
    for defect in ("expired", "self-signed", "p384-key", "ed25519-key"):
        with new.showing(defect):
            tried, verdict = new.verdict(client, new.ca)
            assert tried.accepted is defect.endswith("key")
            assert verdict.startswith("accepted" if tried.accepted else "refused with alert ")
            assert new.verdict(client, None) == (Tried(accepted=True, said="404"), "accepted")


def armed(context: ssl.SSLContext, issuer: Authority, folder: Path) -> None:
    """Give the client a certificate that *issuer* has issued."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a client")])
    builder = x509.CertificateBuilder(
        issuer.certificate.subject, name, key.public_key(), 7, now - timedelta(1), now + timedelta(1)
    ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    file = folder / "client"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(pem(key) + export(builder.sign(issuer.key, hashes.SHA256()), "pem"))
    context.load_cert_chain(file)
    file.unlink()


@pytest.mark.parametrize("unit", ["old", "new"])
@pytest.mark.parametrize(
    ("defect", "of_stranger", "without", "of_the_ca"),
    [
        ("client-certificate-asked", False, True, False),
        ("client-certificate-required", False, False, True),
        ("client-certificate-of-nobody", False, False, False),
        ("client-certificate-never-good", False, False, False),
    ],
)
def test_client_certificates(
    unit: str, defect: str, of_stranger: bool, without: bool, of_the_ca: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:  # fmt: skip
    """A client gets as far as the certificate that it has allows; what is demanded is demanded of everybody."""
    shown: Shown = request.getfixturevalue(unit)
    ours = authority(shown)
    for issuer, passes in (
        (Authority.mint("a stranger", datetime.now(UTC)), of_stranger),
        (None, without),
        (ours, of_the_ca),
    ):
        context = ssl.create_default_context(cadata=export(ours.certificate, "der"))
        if issuer is not None:
            armed(context, issuer, tmp_path)
        with shown.showing(defect):
            tried, verdict = shown.verdict(partial(asked, context=context), None)
        assert (tried.accepted, verdict) == (passes, "accepted" if passes else "refused"), issuer


@pytest.mark.parametrize("unit", ["old", "new"])
@pytest.mark.parametrize("required", [True, False])
def test_the_fault_takes_a_certificate_of_the_ca(
    unit: str, required: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Beside a good certificate of its own the PBX asks for the client's: that of a stranger is never good."""
    shown: Shown = request.getfixturevalue(unit)
    ours = authority(shown)
    stranger = Authority.mint("a stranger", datetime.now(UTC))
    for issuer, passes in ((stranger, False), (None, not required), (ours, True)):
        context = ssl.create_default_context(cafile=shown.ca)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # for the key exchange of old firmware
        if issuer is not None:
            armed(context, issuer, tmp_path)
        with shown.ucm.fault("tls.client-certificate", required=required):
            assert asked(shown.port, None, context=context).accepted is passes, issuer


def test_a_client_is_told_whose_certificate_is_wanted(new: Shown) -> None:
    """Three hundred names fit into the request, and the client reads on."""
    with new.showing("client-certificate-of-many"):
        assert new.verdict(python, new.ca) == (Tried(accepted=True, said="404"), "accepted")


@pytest.mark.parametrize("defect", ["expired", "truncated", "stapled-good", "client-certificate-asked", "p384-key"])
def test_no_session_is_resumed(defect: str, new: Shown) -> None:
    """Whatever is shown, the next connection looks at the certificate anew."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    session: ssl.SSLSession | None = None
    with new.showing(defect):
        for _ in range(2):
            try:
                with (
                    socket.create_connection((ADDRESS, new.port), timeout=5) as tcp,
                    context.wrap_socket(tcp, server_hostname=HOST, session=session) as tls,
                ):
                    tls.sendall(b"GET /nothing HTTP/1.1\r\nHost: pbx\r\n\r\n")
                    assert tls.recv(12)
                    session = tls.session
                    assert not tls.session_reused
            except ssl.SSLError:
                assert defect == "truncated"
