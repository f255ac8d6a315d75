"""An RSA key of 8192 bits that takes no time: its primes are published ones, so that it guards nothing.

To find two primes of 4096 bits takes six seconds of CPU and more, in each process that tests the gallery.
"""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

_BITS, _SPARE = 3966, 64
"""Of pi and e so many bits after the point are due; some more are reckoned with, so that those are right."""
_EXPONENT = 65537


@cache
def slow_rsa_key() -> rsa.RSAPrivateKey:
    """Return a key of 8192 bits, the same one in every process."""
    p, q = modp(), ffdhe()
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    parts = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    numbers = rsa.RSAPrivateNumbers(p, q, d, *parts, rsa.RSAPublicNumbers(_EXPONENT, p * q))
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)  # which would take as long as to make one


def modp() -> int:
    """Return the prime of the 4096-bit MODP group. RFC 3526, section 5."""
    return 2**4096 - 2**4032 - 1 + 2**64 * (_pi() + 240904)


def ffdhe() -> int:
    """Return the prime of the group ffdhe4096. RFC 7919, appendix A.3."""
    return 2**4096 - 2**4032 + (_e() + 5736041) * 2**64 - 1


def _pi() -> int:
    one = 1 << _BITS + _SPARE
    return 4 * (4 * _arctan(one, 5) - _arctan(one, 239)) >> _SPARE


def _arctan(one: int, divisor: int) -> int:
    """Return *one* times the angle whose tangent is 1 / *divisor*."""
    term, total, odd = one // divisor, 0, 1
    while term:
        total += term // odd if odd % 4 == 1 else -(term // odd)
        term //= divisor * divisor
        odd += 2
    return total


def _e() -> int:
    term = total = 1 << _BITS + _SPARE
    count = 1
    while term:
        term //= count
        total += term
        count += 1
    return total >> _SPARE
