"""A PBX's own certificate authority, and the identities that a PBX shows in a handshake.

Everything made here passes OpenSSL's strict checks (`VERIFY_X509_STRICT`, the default from Python 3.13 on); flaws are
made in `ucmsim.certificates.defects` alone. *now* is always the PBX clock's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
"""The private keys that the device can serve with."""

Form = Literal["pem", "der", "p12"]
"""The forms that `export` knows."""

_A_DAY_AGO = timedelta(days=-1)
_TEN_YEARS = 3652
_EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_LONGEST_CN = 64  # RFC 5280, ub-common-name
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """What a PBX shows in a handshake, and the certificate that a client must trust to accept it.

    *chain* is sent after the leaf. *trust* is the root, or the certificate itself where that signed itself.
    """

    key: Key
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    trust: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        return _key_pem(self.key)

    @property
    def certificate_pem(self) -> bytes:
        return b"".join(export(certificate, "pem") for certificate in (self.certificate, *self.chain))


@dataclass(frozen=True, slots=True)
class Authority:
    """The CA of one PBX, or of all; who trusts its certificate accepts every identity that it issues."""

    key: Key
    certificate: x509.Certificate

    @classmethod
    def mint(cls, name: str, now: datetime) -> Authority:
        """Return a new CA that calls itself after the PBX *name* and lasts ten years."""
        return cls._minted(f"ucmsim CA {name}", _span(now, _A_DAY_AGO, _TEN_YEARS))

    @classmethod
    def for_all(cls) -> Authority:
        """Return a new CA of PBXs whose clocks may show any time."""
        return cls._minted("ucmsim CA", (_EARLIEST, _LATEST))

    @classmethod
    def _minted(cls, name: str, span: tuple[datetime, datetime]) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _named(name)
        own = (
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (usage("key_cert_sign", "crl_sign"), True),
        )
        return cls(key, _certificate(subject, key, subject, key, span=span, own=own))

    @classmethod
    def load(cls, key_pem: bytes, certificate_pem: bytes) -> Authority:
        """Return the CA that the two PEM texts hold; raises `ValueError` when they hold none."""
        try:
            key = serialization.load_pem_private_key(key_pem, password=None)
            certificate = x509.load_pem_x509_certificate(certificate_pem)
        except (TypeError, UnsupportedAlgorithm) as error:
            raise ValueError(f"the CA's key cannot be used: {error}") from error
        if not isinstance(key, Key) or key.public_key() != certificate.public_key():
            raise ValueError("the key is not that of the CA's certificate")
        return cls(key, certificate)

    @property
    def key_pem(self) -> bytes:
        return _key_pem(self.key)

    @property
    def certificate_pem(self) -> bytes:
        return export(self.certificate, "pem")

    def issue(
        self,
        names: Sequence[str],
        now: datetime,
        *,
        days: int = 397,
        starts: timedelta = _A_DAY_AGO,
        ends: datetime | None = None,
        key: Key | None = None,
    ) -> Identity:
        """Return a server's identity under *names*, host names and IP addresses, the first of them its CN.

        It begins at *now* + *starts* and lasts *days* from there, or until it *ends*. Without *key* a new ECDSA key is made.
        """
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject, issuer = _named(names[0]), self.certificate.subject
        span, own = _span(now, starts, days, ends), _server(names, key)
        leaf = _certificate(subject, key, issuer, self.key, span=span, own=own)
        return Identity(key, leaf, (), self.certificate)

    def issued(self, certificate: x509.Certificate) -> bool:
        """Return whether this CA signed *certificate*."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


def self_signed(
    names: Sequence[str],
    now: datetime,
    *,
    rsa_bits: int | None = None,
    days: int = 397,
    starts: timedelta = _A_DAY_AGO,
    ends: datetime | None = None,
    key: Key | None = None,
) -> Identity:
    """Return an identity that vouches for itself, with *key*, a new RSA key of *rsa_bits*, or else an ECDSA key.

    It is no CA, so a client that trusts it trusts nothing else (and webpki takes no CA for a server's certificate).
    """
    if key is None:
        key = rsa.generate_private_key(65537, rsa_bits) if rsa_bits else ec.generate_private_key(ec.SECP256R1())
    subject = _named(names[0])
    span, own = _span(now, starts, days, ends), _server(names, key)
    certificate = _certificate(subject, key, subject, key, span=span, own=own)
    return Identity(key, certificate, (), certificate)


def export(certificate: x509.Certificate, form: Form, password: str = "changeit") -> bytes:  # noqa: S107 - Java's own
    """Return *certificate* as PEM, as DER, or as a PKCS#12 truststore under *password*.

    Java sees only those entries of a PKCS#12 file that carry an attribute of its own, which this truststore has.
    """
    match form:
        case "pem":
            return certificate.public_bytes(serialization.Encoding.PEM)
        case "der":
            return certificate.public_bytes(serialization.Encoding.DER)
        case "p12":
            entry = pkcs12.PKCS12Certificate(certificate, common_name(certificate).encode())
            lock = serialization.BestAvailableEncryption(password.encode())
            return pkcs12.serialize_java_truststore([entry], lock)


def common_name(certificate: x509.Certificate) -> str:
    """Return the first CN of *certificate*'s subject, an empty string if there is none."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def bears(certificate: x509.Certificate, names: Sequence[str]) -> bool:
    """Return whether *certificate* was made for exactly these *names* in this order."""
    try:
        written = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return certificate.subject == _named(names[0]) and written == alternatives(names)


def covers(certificate: x509.Certificate, address: str) -> bool:
    """Return whether *certificate* names the IP *address*."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return ip_address(address) in names.get_values_for_type(x509.IPAddress)


def _certificate(
    subject: x509.Name,
    key: Key,
    issuer: x509.Name,
    signer: Key,
    *,
    span: tuple[datetime, datetime],
    own: Iterable[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    """Return what certificates share, with their *own* extensions and whether these are critical, signed."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    for extension, critical in own:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA256())


def _server(names: Sequence[str], key: Key) -> Iterable[tuple[x509.ExtensionType, bool]]:
    """Return the extensions that make a server's certificate; RSA keys also take part in static RSA key exchange."""
    granted = (
        ("digital_signature", "key_encipherment") if isinstance(key, rsa.RSAPrivateKey) else ("digital_signature",)
    )
    return (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage(*granted), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (alternatives(names), False),
    )


def usage(*granted: str) -> x509.KeyUsage:
    """Return a key usage that has *granted* these and no others."""
    return x509.KeyUsage(**{one: one in granted for one in _USAGES})


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_CN])])


def alternatives(names: Sequence[str]) -> x509.SubjectAlternativeName:
    """Return *names* as a certificate has them."""
    return x509.SubjectAlternativeName(dict.fromkeys(map(general_name, names)))


def general_name(name: str) -> x509.GeneralName:
    """Return *name* as clients compare it: without the zone of an address, without a closing dot."""
    try:
        return x509.IPAddress(ip_address(name.partition("%")[0]))
    except ValueError:
        return x509.DNSName(name.removesuffix("."))


def _span(now: datetime, starts: timedelta, days: int, ends: datetime | None = None) -> tuple[datetime, datetime]:
    begin = moved(now, starts)
    return begin, ends or moved(begin, timedelta(days=days))


def moved(moment: datetime, by: timedelta) -> datetime:
    """Return *moment* moved *by*, within the years that a certificate can state: a PBX clock may show any."""
    try:
        found = moment + by
    except OverflowError:
        found = _LATEST if by > timedelta() else _EARLIEST
    return min(max(found, _EARLIEST), _LATEST)


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
