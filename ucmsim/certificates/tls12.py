"""The keys and records of TLS 1.2 with AES-128-GCM and SHA-256, for handshakes that are scripted. RFC 5246, RFC 5288."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
VERSION = b"\x03\x03"
LARGEST = 1 << 14
"""Bytes that one record can hold. RFC 5246, 6.2.1."""

_HEADER, _EXPLICIT, _TAG, _FINISHED = 5, 8, 16, 12


class NotOurs(Exception):
    """A record is no record, or was not made with our keys."""


def prf(secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """Return *size* pseudo-random bytes. RFC 5246, 5."""
    link, made = label + seed, b""
    while len(made) < size:
        link = hmac.digest(secret, link, "sha256")
        made += hmac.digest(secret, link + label + seed, "sha256")
    return made[:size]


def master_secret(shared: bytes, randoms: bytes, transcript: bytes, *, extended: bool) -> bytes:
    """Return the master secret; *extended* as RFC 7627 has it, over the *transcript* in place of the *randoms*."""
    if extended:
        return prf(shared, b"extended master secret", hashlib.sha256(transcript).digest(), 48)
    return prf(shared, b"master secret", randoms, 48)


def verify_data(master: bytes, side: bytes, transcript: bytes) -> bytes:
    """Return what the Finished message of *side*, ``client`` or ``server``, holds."""
    return prf(master, side + b" finished", hashlib.sha256(transcript).digest(), _FINISHED)


@dataclass(slots=True)
class Direction:
    """One direction of a connection that is protected: its key, its implicit nonce, its number of records."""

    key: bytes
    salt: bytes
    number: int = 0

    def sealed(self, kind: int, plain: bytes) -> bytes:
        """Return the body of the next record."""
        explicit, counted = self._next(kind, len(plain))
        return explicit + AESGCM(self.key).encrypt(self.salt + explicit, plain, counted)

    def opened(self, kind: int, body: bytes) -> bytes:
        """Return what the next record holds; raises `NotOurs`."""
        if len(body) < _EXPLICIT + _TAG:
            raise NotOurs
        _, counted = self._next(kind, len(body) - _EXPLICIT - _TAG)
        try:
            return AESGCM(self.key).decrypt(self.salt + body[:_EXPLICIT], body[_EXPLICIT:], counted)
        except InvalidTag:
            raise NotOurs from None

    def _next(self, kind: int, size: int) -> tuple[bytes, bytes]:
        number = self.number.to_bytes(8)
        self.number += 1
        return number, number + bytes([kind]) + VERSION + size.to_bytes(2)


def directions(master: bytes, server_random: bytes, client_random: bytes) -> tuple[Direction, Direction]:
    """Return the client's and the server's direction."""
    block = prf(master, b"key expansion", server_random + client_random, 40)
    return Direction(block[:16], block[32:36]), Direction(block[16:32], block[36:40])


def record(kind: int, body: bytes) -> bytes:
    """Return the record of this *kind* that holds *body*."""
    return bytes([kind]) + VERSION + len(body).to_bytes(2) + body


def split(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return kind and body of the first record in *data* and what follows it; None while it is not whole.

    Raises `NotOurs` where no record begins.
    """
    if len(data) >= _HEADER and (data[0] not in range(CHANGE_CIPHER_SPEC, 25) or data[1] != VERSION[0]):
        raise NotOurs
    end = _HEADER + int.from_bytes(data[3:5])
    if len(data) < _HEADER or len(data) < end:
        return None
    return data[0], data[_HEADER:end], data[end:]
