"""The first five defects, which clients meet most: each is refused by the real OpenSSL, for its own reason and no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.handshake import objection
from ucmsim.certificates.authority import Authority, common_name, self_signed
from ucmsim.certificates.defects import DEFECTS, Scene, Shown, defect

NOW = datetime.now(UTC)
NAMES = ("pbx.example.com", "localhost", "127.0.0.1", "::1")
DAY = timedelta(days=1)
SAID = {
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "wrong-host": "Hostname mismatch, certificate is not valid for 'pbx.example.com'.",
    "self-signed": "self-signed certificate",
    "untrusted-root": "unable to get local issuer certificate",
}
EACH = pytest.mark.parametrize("defect_id", SAID)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.mint("hq", NOW)


def leaf(shown: Shown) -> x509.Certificate:
    return x509.load_der_x509_certificate(shown.certificates[0])


@EACH
def test_careful_client_refuses(defect_id: str, authority: Authority, tmp_path: Path) -> None:
    """A strict client that trusts the PBX's CA says what is wrong with the certificate."""
    shown = defect(defect_id).make(Scene(authority, NAMES, NOW))
    assert objection(shown, NAMES[0], tmp_path, trust=authority.certificate) == SAID[defect_id]


@EACH
@pytest.mark.parametrize("days", [-1, 1])
def test_a_day_of_clock_difference_changes_nothing(
    defect_id: str, days: int, authority: Authority, tmp_path: Path
) -> None:
    """The flaw shows to a client whose clock is a day before or behind the PBX's."""
    shown = defect(defect_id).make(Scene(authority, NAMES, NOW + days * DAY))
    assert objection(shown, NAMES[0], tmp_path, trust=authority.certificate) == SAID[defect_id]


@EACH
def test_key_of_the_device_can_be_used(defect_id: str, authority: Authority, tmp_path: Path) -> None:
    """A defect made for the device's own RSA key is refused by a client that trusts the device's certificate."""
    device = self_signed(NAMES, NOW, rsa_bits=2048)
    shown = defect(defect_id).make(Scene(authority, NAMES, NOW, key=device.key))
    assert serialization.load_pem_private_key(shown.key_pem, None).public_key() == device.key.public_key()
    assert leaf(shown).public_key() == device.certificate.public_key()
    assert objection(shown, NAMES[0], tmp_path, trust=device.trust) != ""


@pytest.mark.parametrize("defect_id", ["self-signed", "untrusted-root"])
def test_who_trusts_its_root_accepts(defect_id: str, authority: Authority, tmp_path: Path) -> None:
    """What only trust is missing for is flawless otherwise."""
    shown = defect(defect_id).make(Scene(authority, NAMES, NOW))
    trust = x509.load_der_x509_certificate(shown.trust)
    assert objection(shown, "127.0.0.1", tmp_path, trust=trust) == ""


def test_wrong_host_has_no_address(authority: Authority) -> None:
    """The certificate of another host is not valid for any address of this one."""
    certificate = leaf(defect("wrong-host").make(Scene(authority, NAMES, NOW)))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName("wrong-host.invalid")]
    assert common_name(certificate) == "wrong-host.invalid"


def test_untrusted_root_is_not_called_like_a_pbx(authority: Authority) -> None:
    """The untrusted root has a name of its own, which the configuration refuses for a PBX."""
    root = x509.load_der_x509_certificate(defect("untrusted-root").make(Scene(authority, NAMES, NOW)).trust)
    assert root.subject != authority.certificate.subject
    assert " " in common_name(root).removeprefix("ucmsim CA ")


def test_lookup() -> None:
    """A defect is found by its id, and only by that."""
    assert defect("expired") in DEFECTS
    with pytest.raises(KeyError):
        defect("Expired")
