"""A certificate before it is signed, field by field, each of them the bytes that will stand there.

A library's builder refuses most of what a defect needs; here a defect is one field replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from ucmsim.certificates.defects import der

Signer = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
"""The keys that certificates are signed with here."""

_ECDSA = MappingProxyType(
    {"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3", "sha1": "1.2.840.10045.4.1"}
)
_RSA = MappingProxyType(
    {
        "sha256": "1.2.840.113549.1.1.11",
        "sha384": "1.2.840.113549.1.1.12",
        "sha1": "1.2.840.113549.1.1.5",
        "md5": "1.2.840.113549.1.1.4",
    }
)
_ED25519 = "1.3.101.112"


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension: its object identifier, whether it is critical, and the DER that its octet string holds."""

    oid: str
    value: bytes
    critical: bool = False

    @property
    def der(self) -> bytes:
        said = der.tlv(0x01, b"\xff") if self.critical else b""
        return der.sequence(der.oid(self.oid), said, der.tlv(der.OCTET_STRING, self.value))


def extension(value: x509.ExtensionType, *, critical: bool = False) -> Extension:
    """Return *value* as an `Extension`."""
    return Extension(value.oid.dotted_string, value.public_bytes(), critical)


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of a certificate in their order, RFC 5280, 4.1; each holds whole DER elements.

    *version* counts from 0, which is not written. *extensions_written* takes the place of the
    field of extensions as a whole, *after* is what follows it.
    """

    serial: bytes
    algorithm: bytes
    issuer: bytes
    not_before: bytes
    not_after: bytes
    subject: bytes
    spki: bytes
    extensions: tuple[Extension, ...] | None
    version: int = 2
    unique_ids: bytes = b""
    after: bytes = b""
    extensions_written: bytes | None = None

    @property
    def tbs(self) -> bytes:
        """What is signed."""
        version = der.explicit(0, der.integer(self.version)) if self.version else b""
        validity = der.sequence(self.not_before, self.not_after)
        return der.sequence(
            version, self.serial, self.algorithm, self.issuer, validity, self.subject, self.spki,
            self.unique_ids, self._extensions(), self.after,
        )  # fmt: skip

    def signed(self, signer: Signer, *, change: Callable[[bytes], bytes] | None = None) -> bytes:
        """Return the certificate, signed by *signer* as its algorithm says; *change* is made to the signature."""
        signature = sign(signer, self.algorithm, self.tbs)
        return self.sealed(change(signature) if change else signature)

    def sealed(self, signature: bytes, *, algorithm: bytes | None = None, unused: int = 0) -> bytes:
        """Return the certificate with this *signature*, and with another *algorithm* outside than inside."""
        return der.sequence(self.tbs, algorithm or self.algorithm, der.bits(signature, unused))

    def but(self, *extensions: Extension, without: Sequence[str] = ()) -> Draft:
        """Return the draft with these *extensions*, each in the place of its kind or at the end, and *without* others."""
        changed = {one.oid: one for one in self.extensions or ()}
        changed.update({one.oid: one for one in extensions})
        return replace(self, extensions=tuple(one for one in changed.values() if one.oid not in without))

    def _extensions(self) -> bytes:
        if self.extensions_written is not None:
            return self.extensions_written
        if self.extensions is None:
            return b""
        return der.explicit(3, der.sequence(*(one.der for one in self.extensions)))


def algorithm_of(signer: Signer, digest: str = "sha256") -> bytes:
    """Return the algorithm identifier of *signer* over *digest*."""
    match signer:
        case rsa.RSAPrivateKey():
            return der.sequence(der.oid(_RSA[digest]), der.tlv(der.NULL))
        case ec.EllipticCurvePrivateKey():
            return der.sequence(der.oid(_ECDSA[digest]))
        case _:
            return der.sequence(der.oid(_ED25519))


def sign(signer: Signer, algorithm: bytes, data: bytes) -> bytes:
    """Return the signature of *signer* over *data*; an *algorithm* that is not known here signs over SHA-256."""
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        return signer.sign(data)
    digest = _digest(algorithm)
    if isinstance(signer, rsa.RSAPrivateKey):
        return signer.sign(data, padding.PKCS1v15(), digest)
    return signer.sign(data, ec.ECDSA(digest))


def _digest(algorithm: bytes) -> hashes.HashAlgorithm:
    known: dict[str, type[hashes.SHA1 | hashes.MD5 | hashes.SHA384]] = {
        "sha1": hashes.SHA1,
        "md5": hashes.MD5,
        "sha384": hashes.SHA384,
    }
    for names in (_RSA, _ECDSA):
        for name, dotted in names.items():
            if der.oid(dotted) in algorithm and name in known:
                return known[name]()
    return hashes.SHA256()
