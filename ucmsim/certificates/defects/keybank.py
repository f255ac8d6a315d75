"""Keys that take long to make, made once and used again, and keys that libraries refuse to make."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from ucmsim.privatefile import SECRET, put

T = TypeVar("T")
AnyKey = CertificateIssuerPrivateKeyTypes
"""A private key of a kind that a certificate can be for."""

_COSTLY = 4096
"""Bits from which on a key is kept in a file."""


@dataclass(slots=True)
class KeyBank:
    """The keys that the defects of one PBX have been made with; which they are is never of interest, only their kind.

    Those that take seconds are kept in *folder* as well, if there is one, with mode 0600.
    """

    folder: Path | None = None
    kept: dict[str, object] = field(default_factory=dict)
    _making: dict[str, Lock] = field(default_factory=dict, compare=False)

    def rsa(self, bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
        """Return a key of so many *bits*; 8192 of them take seconds."""
        make = rsa.generate_private_key
        if bits >= _COSTLY and self.folder is not None:
            make = partial(_filed, self.folder)
        return self.once(f"rsa-{bits}-{exponent}", lambda: make(exponent, bits))

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what *make* made under this *name* the first time, whichever thread asked first."""
        with self._making.setdefault(name, Lock()):
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


def _filed(folder: Path, exponent: int, bits: int) -> rsa.RSAPrivateKey:
    """Return the key that is in the *folder*, or a new one, which is put there if that can be."""
    file = folder / f"defect-rsa-{bits}.pem"
    with suppress(OSError, ValueError):
        # To look whether its primes are primes takes as long as to make it.
        found = serialization.load_pem_private_key(file.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
        if isinstance(found, rsa.RSAPrivateKey) and found.key_size == bits:
            return found
    key = rsa.generate_private_key(exponent, bits)
    with suppress(OSError):
        put(file, pem(key), SECRET)
    return key
