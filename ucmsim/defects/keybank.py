"""Keys that take long to make, made once and used again, and keys that libraries refuse to make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

T = TypeVar("T")
AnyKey = CertificateIssuerPrivateKeyTypes
"""A private key of a kind that a certificate can be for."""


@dataclass(slots=True)
class KeyBank:
    """The keys that the defects of one PBX have been made with; which they are is never of interest, only their kind."""

    kept: dict[str, object] = field(default_factory=dict)

    def rsa(self, bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
        """Return a key of so many *bits*; 8192 of them take seconds."""
        return self.once(f"rsa-{bits}-{exponent}", lambda: rsa.generate_private_key(exponent, bits))

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what *make* made under this *name* the first time."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]  # type: ignore[return-value]  # a name is used for one kind


def pem(key: AnyKey) -> bytes:
    """Return the private *key* as unencrypted PKCS#8."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def spki(key: AnyKey) -> bytes:
    """Return the public half of the private *key* as a certificate has it."""
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
