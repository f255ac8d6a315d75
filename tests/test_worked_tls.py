"""The worked examples of the protocol, whole: certificates, versions and sessions of the TLS that they come through.

Certificates are minted against the PBX clock, so clients verify only where that is the real one.
"""

from __future__ import annotations

import re
import ssl
import subprocess
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.x509 import verification

from tests.clients import client
from tests.guide import ALL, NOT_FOUND, STANDING
from tests.guideclient import asked, challenged, connected, known, request
from tests.rawclient import exchange
from ucmsim.pytest_plugin import Ucm

pytestmark = pytest.mark.ucmsim(clock=STANDING)
settings = pytest.mark.ucmsim
real_date = settings(clock={"start": "now"})

SAID = {
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "wrong-host": "IP address mismatch, certificate is not valid for '127.0.0.1'.",
    "self-signed": "self-signed certificate",
    "untrusted-root": "unable to get local issuer certificate",
}


def objection(ucm: Ucm, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> str:
    """Return why a verifying client refuses the PBX, an empty string if it does not."""
    try:
        with connected(ucm, context, session):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message.replace("self signed", "self-signed")  # OpenSSL 1.1.1 has no hyphen


@real_date
@pytest.mark.parametrize("defect", SAID)
def test_certificate_defect(defect: str, ucm: Ucm) -> None:
    """A careful client refuses each defect for its own reason; a careless one sees the bytes it always saw."""
    assert objection(ucm, ucm.ssl_context()) == ""
    before = exchange(ucm, request("/foo")).partition(b"\r\n\r\n")[2]
    with ucm.fault("tls.certificate", defect=defect):
        assert objection(ucm, ucm.ssl_context()) == SAID[defect]
        assert exchange(ucm, request("/foo")).partition(b"\r\n\r\n")[2] == before
    assert objection(ucm, ucm.ssl_context()) == ""


def test_certificate_follows_the_pbx_clock(ucm: Ucm) -> None:
    """A PBX that lives in 2013 has a certificate of 2013: refused by today's date, accepted by its own."""
    assert objection(ucm, ucm.ssl_context()) == "certificate has expired"
    with connected(ucm) as tls:
        leaf = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    roots = verification.Store(x509.load_pem_x509_certificates(Path(ucm.ca).read_bytes()))
    then = verification.PolicyBuilder().store(roots).time(datetime(2013, 12, 3, 20, 10))
    verifier = then.build_server_verifier(x509.IPAddress(ip_address("127.0.0.1")))
    assert verifier.verify(leaf, [])[0] == leaf


TLS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
old_versions = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
WRONG_VERSION = "PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL"


def careless(low: str = "1.2", high: str = "1.3") -> ssl.SSLContext:
    """Return a context that verifies nothing and takes the weakest cipher."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = TLS[low], TLS[high]
    return context


def careful(ucm: Ucm) -> ssl.SSLContext:
    """Return a context that verifies the certificate and takes the weakest cipher."""
    context = ucm.ssl_context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def visit(ucm: Ucm, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> tuple[Any, bool | None]:
    """Make one exchange; return the session it leaves and whether it resumed the *session* it was given."""
    with connected(ucm, context, session) as tls:
        assert asked(tls, request("/foo")).startswith(b"HTTP/1.1 404 Not Found\r\n")
        return tls.session, tls.session_reused


tls_kinds = pytest.mark.parametrize(
    (),
    [
        pytest.param(id="1.2"),
        pytest.param(marks=settings(tls_max="1.3"), id="1.3"),
        pytest.param(marks=settings(tls_profile="device"), id="device"),
    ],
)


@real_date
@tls_kinds
def test_session_resumes(ucm: Ucm) -> None:
    """The good identity gives tickets, and a client that brings one back resumes its session."""
    context = careful(ucm)
    session, reused = visit(ucm, context)
    assert not reused
    assert visit(ucm, context, session)[1]


@real_date
@tls_kinds
def test_ticket_does_not_hide_a_defect(ucm: Ucm) -> None:
    """While a defect is armed no session resumes, so that every client looks at the certificate."""
    context = careful(ucm)
    session, _ = visit(ucm, context)
    with ucm.fault("tls.certificate", defect="expired"):
        assert objection(ucm, context, session) != ""
        indifferent = careless()
        defective, _ = visit(ucm, indifferent)
        assert not visit(ucm, indifferent, defective)[1]
    assert visit(ucm, context, session)[1]


def test_no_application_protocol(ucm: Ucm) -> None:
    """The device knows nothing of ALPN, and chooses none."""
    context = careless()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connected(ucm, context) as tls:
        assert tls.selected_alpn_protocol() is None


PERSONALITIES = (
    "ucm6100", "ucm6100-1.0.9", "ucm6100-1.0.18", "ucm6510", "ucm6510-1.0.2", "ucm6510-1.0.5", "ucm6510-1.0.10",
    "ucm6200", "ucm6200-1.0.10", "ucm6200-1.0.20",
)  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=settings(personality=name)) for name in PERSONALITIES])
def test_tls_version_of_the_personality(name: str, ucm: Ucm) -> None:
    """Every one of these appliances ends at TLS 1.2, and refuses a client that wants more."""
    with connected(ucm) as tls:
        assert tls.version() == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match=WRONG_VERSION), connected(ucm, careless("1.3")):
        pass


@old_versions
@pytest.mark.parametrize(
    "range_",
    [
        pytest.param(("1.2", "1.2"), id="default"),
        pytest.param(("1.2", "1.3"), marks=settings(tls_max="1.3"), id="max-1.3"),
        pytest.param(("1.3", "1.3"), marks=settings(tls_min="1.3", tls_max="1.3"), id="only-1.3"),
        pytest.param(("1.0", "1.2"), marks=settings(tls_min="1.0"), id="min-1.0"),
        pytest.param(("1.0", "1.1"), marks=settings(tls_min="1.0", tls_max="1.1"), id="old"),
        pytest.param(("1.0", "1.2"), marks=settings(tls_profile="device"), id="device"),
        pytest.param(("1.0", "1.3"), marks=settings(tls_profile="device", tls_max="1.3"), id="device-max-1.3"),
    ],
)
def test_tls_versions(range_: tuple[str, str], ucm: Ucm) -> None:
    """Exactly the versions from the lowest to the highest are served, each with the same answer."""
    for version in TLS:
        context = careless(version, version)
        if range_[0] <= version <= range_[1]:
            with connected(ucm, context) as tls:
                assert asked(tls, request("/foo")) == NOT_FOUND
        else:
            with pytest.raises(ssl.SSLError, match=WRONG_VERSION), connected(ucm, context):
                pass


@old_versions
@settings(tls_profile="device")
@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_device_profile(version: str, ucm: Ucm) -> None:
    """The device's own TLS is ephemeral Diffie-Hellman with its self-signed RSA certificate of 2048 bits."""
    raw = request("/cdrapi", known(challenged(ucm)))
    with connected(ucm, careless(version, version)) as tls:
        assert tls.version() == {"1.0": "TLSv1"}.get(version, f"TLSv{version}")
        assert (tls.cipher() or ("",))[0].startswith("DHE-RSA-")
        leaf = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
        assert asked(tls, raw) == ALL
    assert leaf.issuer == leaf.subject
    leaf.verify_directly_issued_by(leaf)
    assert leaf.public_key().key_size == 2048  # type: ignore[union-attr]  # it is an RSA key


@real_date
@settings(tls_profile="device")
@pytest.mark.parametrize("highest", ["1.2", "1.3"])
def test_device_profile_is_refused_by_default(highest: str, ucm: Ucm) -> None:
    """At OpenSSL's default security level the 1024 bits are too few, whatever versions the client offers."""
    context = ssl.create_default_context(cafile=ucm.ca)
    context.maximum_version = TLS[highest]
    with pytest.raises(ssl.SSLError, match="DH_KEY_TOO_SMALL"), connected(ucm, context):
        pass


@real_date
@settings(tls_profile="device")
def test_device_profile_can_be_verified(ucm: Ucm) -> None:
    """A client that lowers its security level can verify the certificate all the same."""
    assert objection(ucm, careful(ucm)) == ""


@real_date
@settings(tls_profile="device")
@pytest.mark.parametrize("defect", SAID)
def test_device_profile_with_a_defect(defect: str, ucm: Ucm) -> None:
    """The device's own TLS shows defects too, with the device's key, and a careful client refuses them."""
    with ucm.fault("tls.certificate", defect=defect):
        assert objection(ucm, careful(ucm)) != ""
        with connected(ucm, careless()) as tls:
            assert (tls.cipher() or ("",))[0].startswith("DHE-RSA-")
    assert objection(ucm, careful(ucm)) == ""


@settings(tls_profile="device")
@pytest.mark.parametrize("offered", [["-tls1_2"], []], ids=["up-to-1.2", "up-to-1.3"])
def test_device_profile_has_a_key_of_1024_bits(offered: list[str], ucm: Ucm) -> None:
    """OpenSSL's own client sees Diffie-Hellman of 1024 bits."""
    place = urlsplit(ucm.url).netloc
    command = [client("openssl"), "s_client", "-connect", place, "-cipher", "ALL:@SECLEVEL=0", *offered]
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30).stdout
    assert re.findall(r"Temp Key: (.+)", said) == ["DH, 1024 bits"]
