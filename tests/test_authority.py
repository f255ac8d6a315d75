"""The CA of a PBX and what it issues: accepted by the real OpenSSL at its strictest."""

from __future__ import annotations

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.clients import client
from tests.handshake import objection
from ucmsim.certificates.authority import Authority, bears, common_name, export, self_signed

NOW = datetime.now(UTC)
NAMES = ("pbx.example.com", "192.0.2.7", "localhost", "127.0.0.1", "::1")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.mint("hq", NOW)


def names_of(certificate: x509.Certificate) -> list[object]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [name.value for name in found.value]


@pytest.mark.parametrize("name", NAMES)
def test_client_accepts_issued_identity(authority: Authority, name: str, tmp_path: Path) -> None:
    """A strict client that trusts the CA accepts the identity under each of its names."""
    assert objection(authority.issue(NAMES, NOW), name, tmp_path, trust=authority.certificate) == ""


@pytest.mark.parametrize("flags", [0, ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN])
@pytest.mark.parametrize("rsa_bits", [None, 2048])
def test_client_accepts_trusted_self_signed_identity(rsa_bits: int | None, flags: int, tmp_path: Path) -> None:
    """A strict client that trusts a self-signed certificate accepts it under each of its names."""
    identity = self_signed(NAMES, NOW, rsa_bits=rsa_bits)
    said = {name: objection(identity, name, tmp_path, trust=identity.trust, flags=flags) for name in NAMES}
    assert said == dict.fromkeys(NAMES, "")


def test_client_refuses_other_names(authority: Authority, tmp_path: Path) -> None:
    """A host name that the identity was not issued for is refused."""
    said = objection(authority.issue(NAMES, NOW), "other.example.com", tmp_path, trust=authority.certificate)
    assert said.startswith("Hostname mismatch")


def test_ca_is_a_ca_and_nothing_else(authority: Authority) -> None:
    """The CA's certificate names the PBX, may sign certificates and lists, and lasts ten years from yesterday."""
    certificate = authority.certificate
    assert common_name(certificate) == "ucmsim CA hq"
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=None)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign, usage.value.digital_signature) == (True, True, False)
    assert certificate.not_valid_before_utc == (NOW - DAY).replace(microsecond=0)
    assert certificate.not_valid_after_utc > NOW + 3650 * DAY


def test_leaf_is_a_server_certificate(authority: Authority) -> None:
    """A leaf is P-256, no CA, for servers only, and says which key signed it."""
    identity = authority.issue(NAMES, NOW)
    extensions = identity.certificate.extensions
    assert isinstance(identity.key, ec.EllipticCurvePrivateKey)
    assert isinstance(identity.key.curve, ec.SECP256R1)
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        x509.ExtendedKeyUsageOID.SERVER_AUTH
    ]
    signer = x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key()).digest
    assert extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == signer
    assert authority.issued(identity.certificate)
    assert identity.trust == authority.certificate


def test_rsa_leaf_may_encipher_keys() -> None:
    """An RSA identity can be used with the static RSA key exchange of the device's time."""
    identity = self_signed(["pbx"], NOW, rsa_bits=2048)
    usage = identity.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_encipherment
    assert isinstance(identity.key, rsa.RSAPrivateKey)
    assert identity.certificate.signature_hash_algorithm is not None
    assert identity.certificate.signature_hash_algorithm.name == "sha256"


def test_validity_is_relative_to_now(authority: Authority) -> None:
    """A leaf begins a day before the PBX clock's now and lasts 397 days, unless it is asked for otherwise."""
    usual = authority.issue(NAMES, NOW).certificate
    assert usual.not_valid_before_utc == (NOW - DAY).replace(microsecond=0)
    assert usual.not_valid_after_utc - usual.not_valid_before_utc == 397 * DAY
    asked = authority.issue(NAMES, NOW, starts=2 * DAY, days=5).certificate
    assert asked.not_valid_before_utc == (NOW + 2 * DAY).replace(microsecond=0)
    assert asked.not_valid_after_utc - asked.not_valid_before_utc == 5 * DAY


@pytest.mark.parametrize("year", [1, 1949, 1950, 2049, 2050, 9998, 9999])
def test_any_pbx_clock_can_be_served(year: int) -> None:
    """A PBX clock at the edges of time still gets its certificates."""
    now = datetime(year, 12, 30, tzinfo=UTC) if year > 1 else datetime(1, 1, 1, tzinfo=UTC)
    identity = Authority.mint("hq", now).issue(NAMES, now)
    assert identity.certificate.not_valid_before_utc <= identity.certificate.not_valid_after_utc


def test_names_are_written_as_clients_compare_them(authority: Authority) -> None:
    """Zones of addresses, closing dots and doubles are left out; a CN keeps within its 64 letters."""
    long = ".".join(["label" * 4] * 5)
    certificate = authority.issue([long, "fe80::1%eth0", "pbx.example.com.", "pbx.example.com"], NOW).certificate
    assert common_name(certificate) == long[:64]
    assert names_of(certificate) == [long, ip_address("fe80::1"), "pbx.example.com"]


def test_bears_wants_exactly_these_names(authority: Authority) -> None:
    """A certificate bears the names it was made for, in their order, and no others."""
    certificate = authority.issue(NAMES, NOW).certificate
    assert bears(certificate, NAMES)
    assert not bears(certificate, NAMES[:-1])
    assert not bears(certificate, (*NAMES[1:], NAMES[0]))
    assert not bears(authority.certificate, ["ucmsim CA hq"])


def test_own_key_is_used(authority: Authority) -> None:
    """A key that is handed in is the identity's key."""
    key = ec.generate_private_key(ec.SECP384R1())
    identity = authority.issue(NAMES, NOW, key=key)
    assert identity.key is key
    assert identity.certificate.public_key() == key.public_key()


def test_pem_is_plain_pkcs8_and_leaf_first() -> None:
    """An identity's PEM is an unencrypted PKCS#8 key, and the leaf with its chain after it."""
    identity = self_signed(["pbx"], NOW)
    assert identity.key_pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    key = serialization.load_pem_private_key(identity.key_pem, None)
    assert key.public_key() == identity.certificate.public_key()
    assert x509.load_pem_x509_certificates(identity.certificate_pem) == [identity.certificate]


def test_authority_is_loaded_from_its_pem(authority: Authority) -> None:
    """A CA read back from PEM, one text or two, issues what the first one would have."""
    both = authority.key_pem + authority.certificate_pem
    for loaded in (Authority.load(authority.key_pem, authority.certificate_pem), Authority.load(both, both)):
        assert loaded.certificate == authority.certificate
        assert authority.issued(loaded.issue(NAMES, NOW).certificate)


def test_authority_is_not_loaded_from_what_is_none(authority: Authority) -> None:
    """Another's key, an encrypted key and rubbish are no CA."""
    other = Authority.mint("hq", NOW)
    locked = authority.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    for key in (other.key_pem, locked, b"rubbish", b""):
        with pytest.raises(ValueError, match=r"."):
            Authority.load(key, authority.certificate_pem)
    with pytest.raises(ValueError, match=r"."):
        Authority.load(authority.key_pem, b"rubbish")
    assert not other.issued(authority.issue(NAMES, NOW).certificate)


def test_identities_are_values(authority: Authority) -> None:
    """An identity can be the key of a cache."""
    first, second = authority.issue(NAMES, NOW), authority.issue(NAMES, NOW)
    assert {first: 1, second: 2}[first] == 1


def test_export_forms(authority: Authority) -> None:
    """The CA comes as PEM, as DER, and as a PKCS#12 truststore that holds no key."""
    certificate = authority.certificate
    assert x509.load_pem_x509_certificate(export(certificate, "pem")) == certificate
    assert x509.load_der_x509_certificate(export(certificate, "der")) == certificate
    store = pkcs12.load_pkcs12(export(certificate, "p12"), b"changeit")
    assert store.key is None
    assert [(one.certificate, one.friendly_name) for one in store.additional_certs] == [(certificate, b"ucmsim CA hq")]
    assert pkcs12.load_pkcs12(export(certificate, "p12", "other"), b"other").additional_certs


def test_java_takes_the_truststore(authority: Authority, tmp_path: Path) -> None:
    """Java finds one trusted certificate in the PKCS#12 truststore."""
    store = tmp_path / "ca.p12"
    store.write_bytes(export(authority.certificate, "p12"))
    command = [client("keytool"), "-J-Duser.language=en", "-list", "-keystore", str(store), "-storepass", "changeit"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert listed.returncode == 0, listed.stdout
    assert "ucmsim ca hq" in listed.stdout
    assert listed.stdout.count("trustedCertEntry") == 1


def test_common_name_may_be_missing() -> None:
    """A certificate without a CN has an empty common name."""
    key = ec.generate_private_key(ec.SECP256R1())
    nobody = x509.Name([])
    builder = x509.CertificateBuilder(nobody, nobody, key.public_key(), 1, NOW, NOW + DAY)
    assert common_name(builder.sign(key, hashes.SHA256())) == ""
