"""RSA keys of chosen numbers: too small for any library to make, or with primes that somebody could guess.

Only their kind matters, so they come from the system's chance like all keys.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd, isqrt, lcm, prod
from random import SystemRandom
from typing import NamedTuple

from ucmsim.certificates.defects import der

_EXPONENT = 65537
_RSA = "1.2.840.113549.1.1.1"
_ROUNDS = 24
_SMALL = tuple([n for n in range(3, 702, 2) if all(n % d for d in range(3, isqrt(n) + 1, 2))])
"""The odd ones of the 126 primes with whose product the broken generator of CVE-2017-15361 begins for 2048 bits."""


class Numbers(NamedTuple):
    """The two primes of a key."""

    p: int
    q: int

    @property
    def public(self) -> bytes:
        """The key's SubjectPublicKeyInfo."""
        numbers = der.sequence(der.integer(self.p * self.q), der.integer(_EXPONENT))
        return der.sequence(der.sequence(der.oid(_RSA), der.tlv(der.NULL)), der.bits(numbers))

    @property
    def private(self) -> bytes:
        """The key as PKCS#8, in DER."""
        p, q = self
        d = pow(_EXPONENT, -1, lcm(p - 1, q - 1))
        numbers = (0, p * q, _EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
        key = der.sequence(*map(der.integer, numbers))
        algorithm = der.sequence(der.oid(_RSA), der.tlv(der.NULL))
        return der.sequence(der.integer(0), algorithm, der.tlv(der.OCTET_STRING, key))


def short(bits: int) -> Numbers:
    """Return a key of so few *bits* as cryptography refuses to make."""
    half = bits // 2
    return _pair(lambda: _prime(lambda: SystemRandom().getrandbits(half) | 3 << half - 2 | 1))


def close(bits: int = 2048) -> Numbers:
    """Return a key of two primes that follow each other so closely that their product has no secret. CVE-2022-26320."""
    p = _prime(lambda: SystemRandom().getrandbits(bits // 2) | 3 << bits // 2 - 2 | 1)
    q = p + 2
    while not (_is_prime(q) and gcd(q - 1, _EXPONENT) == 1):
        q += 2
    return Numbers(p, q)


def roca(bits: int = 2048) -> Numbers:
    """Return a key of primes as the generator of CVE-2017-15361 made them: k * M + (65537 ** a mod M)."""
    primorial = prod([2, *_SMALL])
    chance, half = SystemRandom(), bits // 2

    def candidate() -> int:
        residue = pow(_EXPONENT, chance.getrandbits(256), primorial)
        low, high = (3 << half - 2) // primorial + 1, ((1 << half) - residue) // primorial
        return chance.randrange(low, high) * primorial + residue

    return _pair(lambda: _prime(candidate))


def _pair(make: Callable[[], int]) -> Numbers:
    p, q = make(), make()
    while p == q:
        q = make()
    return Numbers(max(p, q), min(p, q))


def _prime(candidate: Callable[[], int]) -> int:
    while True:
        number = candidate()
        if gcd(number - 1, _EXPONENT) == 1 and _is_prime(number):
            return number


def _is_prime(number: int) -> bool:
    """Return whether *number*, which is large, is a prime in all likelihood. Miller and Rabin."""
    if any(number % small == 0 for small in _SMALL) or number % 2 == 0:
        return False
    twos = ((number - 1) & -(number - 1)).bit_length() - 1
    odd = (number - 1) >> twos
    for _ in range(_ROUNDS):
        power = pow(SystemRandom().randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = pow(power, 2, number)
            if power == number - 1:
                break
        else:
            return False
    return True
