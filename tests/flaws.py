"""The table of flaws: what each defect of the gallery differs in from what is flawless, and how that is to be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from math import isqrt
from types import MappingProxyType
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_private_key
from cryptography.x509 import ocsp

from tests.certificates import Read, elements
from ucmsim.certificates.authority import export
from ucmsim.certificates.defects import DEFECTS, Scene, Shown
from ucmsim.certificates.defects.revocation import revoked_list

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOST = "pbx.example.com"
NAMES = (HOST, "localhost", "127.0.0.1", "::1")
MADE = [row for row in DEFECTS if row.available]
CN, ORGANIZATION, COUNTRY = "2.5.4.3", "2.5.4.10", "2.5.4.6"
SERVERS, CLIENTS, MAIL, ANY = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "2.5.29.37.0"
UNKNOWN, STAPLE, POISON = "1.3.6.1.4.1.99999.2", "1.3.6.1.5.5.7.1.24", "1.3.6.1.4.1.11129.2.4.3"
UTC_TIME, GENERALIZED, UTF8 = 0x17, 0x18, 0x0C
MAIL_NAME, HOST_NAME, URI_NAME, ADDRESS_NAME = 1, 2, 6, 7


class Seen(NamedTuple):
    """What a defect has made: the certificates as they were read, None in place of those that cannot be."""

    shown: Shown
    leaf: Read
    others: list[Read]
    scene: Scene

    @property
    def above(self) -> Read:
        return self.others[0]

    @property
    def key(self) -> object:
        return load_der_public_key(self.leaf.fields["key"].whole)

    @property
    def times(self) -> list[tuple[int, str]]:
        return [(self.leaf.fields[end].tag, self.leaf.fields[end].text) for end in ("begins", "ends")]

    @property
    def days(self) -> list[float]:
        """Beginning and end in days from now."""
        return [(_moment(self.leaf, end) - NOW) / timedelta(days=1) for end in ("begins", "ends")]

    @property
    def rsa(self) -> tuple[int, int]:
        """Modulus and exponent, whoever could use them."""
        numbers = elements(self.leaf.fields["key"].inner[1].content[1:])[0].inner
        return numbers[0].number, numbers[1].number

    @property
    def staple(self) -> ocsp.OCSPResponse:
        return ocsp.load_der_ocsp_response(self.shown.staple)

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.shown.certificates[0])


def _moment(found: Read, end: str) -> datetime:
    text = found.fields[end].text
    century = "" if found.fields[end].tag == GENERALIZED else "19" if text[:2] >= "50" else "20"
    return datetime.strptime(century + text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def hosts(*names: str, tag: int = HOST_NAME) -> Callable[[Seen], bool]:
    """Expect these and no other alternative names, under a CN that is none of the PBX's."""
    return lambda seen: (
        seen.leaf.names == [(tag, name.encode()) for name in names] and seen.leaf.subject[0][2].decode() not in NAMES
    )


def subject(kind: str, tag: int, text: bytes) -> Callable[[Seen], bool]:
    return lambda seen: seen.leaf.subject == [(kind, tag, text)]


def lasts(begins: float, ends: float) -> Callable[[Seen], bool]:
    return lambda seen: seen.days == [begins, ends]


def ending(tag: int, text: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.times[1] == (tag, text)


def uses(*oids: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.leaf.uses == list(oids)


def usage(octets: bytes) -> Callable[[Seen], bool]:
    return lambda seen: seen.leaf.usage == octets


def curve(name: str) -> Callable[[Seen], bool]:
    return lambda seen: isinstance(seen.key, ec.EllipticCurvePublicKey) and seen.key.curve.name == name


def modulus(bits: int, exponent: int = 65537) -> Callable[[Seen], bool]:
    return lambda seen: seen.rsa[0].bit_length() == bits and seen.rsa[1] == exponent


def extra(oid: str, *, critical: bool, at_least: int = 0) -> Callable[[Seen], bool]:
    return lambda seen: (
        seen.leaf.extensions[oid][0] is critical and len(seen.leaf.extensions[oid][1].content) >= at_least
    )


def algorithm(oid: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.leaf.fields["inner"].inner[0].oid == oid


def serial(number: int) -> Callable[[Seen], bool]:
    return lambda seen: seen.leaf.fields["serial"].number == number


def status(word: ocsp.OCSPCertStatus, begins: float = -1, ends: float = 6) -> Callable[[Seen], bool]:
    """Expect a response of the CA's about this certificate."""

    def check(seen: Seen) -> bool:
        said, (one,) = seen.staple, tuple(seen.staple.responses)
        ours = seen.scene.authority.key.public_key()
        assert isinstance(ours, ec.EllipticCurvePublicKey)
        ours.verify(said.signature, said.tbs_response_bytes, ec.ECDSA(said.signature_hash_algorithm))  # type: ignore[arg-type]
        days = [(moment - NOW) / timedelta(days=1) for moment in (one.this_update_utc, one.next_update_utc) if moment]
        return (one.certificate_status, one.serial_number, days) == (
            word,
            seen.certificate.serial_number,
            [begins, ends],
        )

    return check


def demand(*, required: bool, named: int) -> Callable[[Seen], bool]:
    return lambda seen: (
        seen.shown.demand is not None
        and seen.shown.demand.required is required
        and len({elements(one)[0].inner[0].inner[5].whole for one in seen.shown.demand.named}) == named
    )


def _message(seen: Seen) -> bytes:
    assert seen.shown.script is not None
    assert seen.shown.script.message is not None
    return seen.shown.script.message


def _lengths(seen: Seen) -> tuple[int, int]:
    """Return by how much the two lengths of the Certificate message are more than that of the certificate."""
    said, size = _message(seen), len(seen.shown.certificates[0])
    return int.from_bytes(said[:3]) - size, int.from_bytes(said[3:6]) - size


def _revoked(seen: Seen) -> set[int]:
    """Return the serial numbers on the CA's list, which must be its own."""
    found = x509.load_pem_x509_crl(revoked_list(seen.scene.authority, NOW))
    assert found.is_signature_valid(seen.scene.authority.certificate.public_key())  # type: ignore[arg-type]
    assert (found.last_update_utc, found.issuer) == (NOW - timedelta(1), seen.scene.authority.certificate.subject)
    return {one.serial_number for one in found}


def _fails(check: Callable[[Seen], bool], seen: Seen) -> bool:
    """Return whether the signature that *check* looks at is wrong."""
    with pytest.raises(InvalidSignature):
        check(seen)
    return True


def _held(seen: Seen) -> object:
    """Return the public half of the key that the handshake is made with."""
    return load_pem_private_key(seen.shown.key_pem, None).public_key()


def _is_no_point(point: bytes) -> bool:
    with pytest.raises(ValueError, match=r"."):
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return len(point) == 65


def _no_stranger(seen: Seen) -> bool:
    return seen.shown.trust == export(seen.scene.authority.certificate, "der")


def _like_roca(seen: Seen) -> bool:
    """Look whether the modulus is a power of 65537 for every small prime, which no key is by chance."""
    primes = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]
    number = seen.rsa[0]
    return all(any(pow(65537, power, prime) == number % prime for power in range(prime)) for prime in primes)


def _factors_at_once(seen: Seen) -> bool:
    """Look whether Fermat's method finds the primes in its first steps."""
    number = seen.rsa[0]
    middle = isqrt(number) + 1
    return any(isqrt(square) ** 2 == square for at in range(4) for square in [(middle + at) ** 2 - number])


ANOTHER, LEAF = "authority-key issuer", "constraints names usage uses"
ALL_EXTENSIONS = "authority-key constraints names subject-key usage uses"
FLAWLESS = ("",)
"""What the intermediate certificates differ in from that of a flawless one: one, and nothing."""


class Flaw(NamedTuple):
    """What the leaf differs in from a flawless one, how that is to be seen, and what the others differ in."""

    leaf: str
    seen: Callable[[Seen], bool]
    others: tuple[str, ...] = ()


# fmt: off
FLAWS: Mapping[str, Flaw] = MappingProxyType({
    # identity
    "wrong-host": Flaw("names subject", hosts("wrong-host.invalid")),
    "wrong-address": Flaw("names subject", lambda s: s.leaf.names == [(ADDRESS_NAME, b"\xc0\0\2\1")]),
    "name-in-cn-only": Flaw("names", lambda s: "2.5.29.17" not in s.leaf.extensions),
    "right-cn-wrong-names": Flaw("names", lambda s: s.leaf.names == [(HOST_NAME, b"wrong-host.invalid")]),
    "names-in-many-cns": Flaw("names subject", lambda s: [one[2].decode() for one in s.leaf.subject] == ["wrong-host.invalid", *NAMES]),
    "no-names": Flaw("names subject", lambda s: s.leaf.subject == [] and "2.5.29.17" not in s.leaf.extensions),
    "empty-alternative-names": Flaw("names", lambda s: s.leaf.names == []),
    "wildcard-alone": Flaw("names subject", hosts("*")),
    "wildcard-in-label": Flaw("names subject", hosts("p*.example.com")),
    "wildcard-twice": Flaw("names subject", hosts("*.*.com")),
    "wildcard-for-two-labels": Flaw("names subject", hosts("*.com")),
    "wildcard-inside": Flaw("names subject", hosts("pbx.*.com")),
    "wildcard-address": Flaw("names subject", hosts("127.0.0.*")),
    "address-as-host": Flaw("names subject", hosts("127.0.0.1", "::1")),
    "address-as-text": Flaw("names subject", hosts("127.0.0.1", "::1", tag=ADDRESS_NAME)),
    "name-in-uri": Flaw("names subject", hosts(*(f"https://{name}/" for name in NAMES), tag=URI_NAME)),
    "name-in-mail": Flaw("names subject", hosts(*(f"pbx@{name}" for name in NAMES), tag=MAIL_NAME)),
    "nul-in-name": Flaw("names subject", hosts(*(f"{name}\0.wrong-host.invalid" for name in NAMES))),
    "dot-before-name": Flaw("names subject", hosts(*(f".{name}" for name in NAMES))),
    "dot-after-name": Flaw("names subject", hosts(*(f"{name}." for name in NAMES))),
    "space-in-name": Flaw("names subject", hosts(" ")),
    "unicode-in-name": Flaw("names subject", hosts("pbx.example.cöm")),
    "upper-case-names": Flaw("names", lambda s: s.leaf.names[0] == (HOST_NAME, b"PBX.EXAMPLE.COM")),
    "no-common-name": Flaw("subject", subject(ORGANIZATION, UTF8, b"ucmsim")),
    "empty-subject": Flaw("names subject", lambda s: s.leaf.subject == [] and s.leaf.extensions["2.5.29.17"][0]),
    "empty-subject-not-critical": Flaw("subject", lambda s: s.leaf.subject == [] and not s.leaf.extensions["2.5.29.17"][0]),
    "thousand-names": Flaw("names", lambda s: len(s.leaf.names) == 1000 + len(NAMES)),
    "ten-thousand-names": Flaw("names", lambda s: len(s.leaf.names) == 10_000 + len(NAMES)),
    # time
    "expired": Flaw("begins ends", lasts(-33, -3)),
    "not-yet-valid": Flaw("begins ends", lasts(3, 400)),
    "expired-for-years": Flaw("begins ends", lasts(-4018, -3653)),
    "valid-in-ten-years": Flaw("begins ends", lasts(3653, 4018)),
    "expired-before-1970": Flaw("begins ends", lambda s: s.times == [(UTC_TIME, "510101000000Z"), (UTC_TIME, "691231235959Z")]),
    "ends-before-it-begins": Flaw("begins ends", lasts(10, -10)),
    "valid-for-centuries": Flaw("ends", ending(GENERALIZED, "99991231235959Z")),
    "valid-for-ten-years": Flaw("ends", lasts(-1, 3652)),
    "outlives-its-issuer": Flaw("ends", lambda s: _moment(s.leaf, "ends") - s.scene.authority.certificate.not_valid_after_utc == timedelta(365)),
    "valid-since-1950": Flaw("begins", lambda s: s.times[0] == (UTC_TIME, "500101000000Z")),
    "generalized-time-too-early": Flaw("begins ends", lambda s: {tag for tag, _ in s.times} == {GENERALIZED} and s.days == [-1, 396]),
    "time-without-seconds": Flaw("ends", ending(UTC_TIME, "2707021200Z")),
    "time-as-text": Flaw("ends", ending(UTF8, "270702120000Z")),
    "time-with-offset": Flaw("ends", ending(UTC_TIME, "270702120000+0000")),
    "time-with-fraction": Flaw("ends", ending(GENERALIZED, "20270702120000.5Z")),
    "time-in-month-13": Flaw("ends", ending(UTC_TIME, "271332120000Z")),
    "time-of-letters": Flaw("ends", ending(UTC_TIME, "tomorrow noon")),
    # chain
    "self-signed": Flaw(ANOTHER, lambda s: s.leaf.fields["issuer"].whole == s.leaf.fields["subject"].whole),
    "self-signed-ca": Flaw(f"{ANOTHER} constraints usage", lambda s: s.leaf.constraints[0].content == b"\xff"),
    "untrusted-root": Flaw(ANOTHER, lambda s: not _no_stranger(s)),
    "untrusted-root-sent": Flaw(ANOTHER, lambda s: s.shown.certificates[1] == s.shown.trust, ("ends",)),
    "namesake-root": Flaw("authority-key", lambda s: not _no_stranger(s)),
    "incomplete-chain": Flaw(f"{ANOTHER} signature", _no_stranger),
    "gap-in-chain": Flaw(ANOTHER, _no_stranger, ("signature",)),
    "chain-in-a-loop": Flaw(ANOTHER, lambda s: [one.fields["issuer"].whole for one in s.others] == [one.fields["subject"].whole for one in s.others[::-1]], ("", "")),
    "issued-by-a-leaf": Flaw(ANOTHER, lambda s: s.above.uses == [SERVERS], (LEAF,)),
    "intermediate-no-ca": Flaw(ANOTHER, lambda s: s.above.constraints == [], ("constraints",)),
    "intermediate-without-constraints": Flaw(ANOTHER, lambda s: "2.5.29.19" not in s.above.extensions, ("constraints",)),
    "intermediate-may-not-sign": Flaw(ANOTHER, lambda s: s.above.usage == b"\1\x82", ("usage",)),
    "intermediate-without-usage": Flaw(ANOTHER, lambda s: "2.5.29.15" not in s.above.extensions, ("usage",)),
    "intermediate-expired": Flaw(ANOTHER, lambda s: _moment(s.above, "ends") == NOW - timedelta(3), ("begins ends",)),
    "intermediate-not-yet-valid": Flaw(ANOTHER, lambda s: _moment(s.above, "begins") == NOW + timedelta(3), ("begins ends",)),
    "intermediate-broken-signature": Flaw(ANOTHER, _no_stranger, ("signature",)),
    "path-too-long": Flaw(ANOTHER, lambda s: s.others[1].constraints[1].number == 0, ("", "constraints")),
    "name-not-permitted": Flaw(ANOTHER, lambda s: b"wrong-host.invalid" in s.above.extension("name-constraints").content, ("name-constraints",)),
    "name-excluded": Flaw(ANOTHER, lambda s: HOST.encode() in s.above.extension("name-constraints").content, ("name-constraints",)),
    "other-issuer-name": Flaw("issuer signature", _no_stranger),
    "no-issuer-name": Flaw("issuer signature", lambda s: s.leaf.fields["issuer"].content == b""),
    "other-authority-key": Flaw("authority-key", _no_stranger),
    "no-authority-key": Flaw("authority-key", lambda s: "2.5.29.35" not in s.leaf.extensions),
    "no-subject-key": Flaw("subject-key", lambda s: "2.5.29.14" not in s.leaf.extensions),
    "chain-of-ten": Flaw(ANOTHER, lambda s: len(s.others) == 10, ("",) * 10),
    "chain-out-of-order": Flaw(ANOTHER, lambda s: s.leaf.fields["issuer"].whole == s.others[1].fields["subject"].whole, ("", "")),
    "chain-with-root": Flaw(ANOTHER, lambda s: s.shown.certificates[-1] == s.shown.trust, ("", "", "ends")),
    "chain-sent-twice": Flaw(ANOTHER, lambda s: s.shown.certificates[:3] == s.shown.certificates[3:], ("", "", f"{LEAF}", "", "")),
    "stranger-in-chain": Flaw("", lambda s: s.above.fields["subject"].whole != s.leaf.fields["issuer"].whole, ("ends",)),
    # key
    "rsa-512": Flaw("key usage", modulus(512)),
    "rsa-1024": Flaw("key usage", modulus(1024)),
    "rsa-8192": Flaw("key usage", modulus(8192)),
    "rsa-exponent-3": Flaw("key usage", modulus(2048, 3)),
    "rsa-close-primes": Flaw("key usage", _factors_at_once),
    "rsa-guessable-primes": Flaw("key usage", _like_roca),
    "rsa-key-for-pss": Flaw("key", lambda s: s.leaf.fields["key"].inner[0].inner[0].oid == "1.2.840.113549.1.1.10"),
    "p192-key": Flaw("key", curve("secp192r1")),
    "p384-key": Flaw("key", curve("secp384r1")),
    "p521-key": Flaw("key", curve("secp521r1")),
    "secp256k1-key": Flaw("key", curve("secp256k1")),
    "ed25519-key": Flaw("key", lambda s: s.leaf.fields["key"].inner[0].inner[0].oid == "1.3.101.112"),
    "wrong-key": Flaw("", lambda s: _held(s) != s.certificate.public_key()),
    "wrong-proof": Flaw("", lambda s: s.shown.script is not None and s.shown.script.spoils_proof and _held(s) == s.certificate.public_key()),
    "point-off-the-curve": Flaw("", lambda s: _is_no_point(s.leaf.fields["key"].inner[1].content[1:])),
    "curve-by-its-numbers": Flaw("key", lambda s: len(s.leaf.fields["key"].inner[0].inner[1].inner) == 6),
    "sha1-signature": Flaw("inner", algorithm("1.2.840.10045.4.1")),
    "sha1-rsa-signature": Flaw(f"{ANOTHER} inner", algorithm("1.2.840.113549.1.1.5"), ("key",)),
    "sha1-intermediate": Flaw(ANOTHER, lambda s: s.above.fields["inner"].inner[0].oid == "1.2.840.113549.1.1.5", ("inner", "key")),
    "md5-signature": Flaw(f"{ANOTHER} inner", algorithm("1.2.840.113549.1.1.4"), ("key",)),
    "pss-signature": Flaw(f"{ANOTHER} inner", algorithm("1.2.840.113549.1.1.10"), ("key",)),
    "broken-signature": Flaw("signature", lambda s: len(s.leaf.fields["signature"].content) > 60),
    "no-signature": Flaw("signature", lambda s: s.leaf.fields["signature"].content == b"\0"),
    "signature-of-another": Flaw("signature", lambda s: len(s.leaf.fields["signature"].content) > 60),
    "signed-by-a-stranger": Flaw("signature", lambda s: len(s.leaf.fields["signature"].content) > 60),
    "two-algorithms": Flaw("outer signature", lambda s: s.leaf.fields["outer"].inner[0].oid == "1.2.840.10045.4.3.3"),
    "unknown-algorithm": Flaw("inner signature", algorithm("1.3.6.1.4.1.99999.1")),
    "algorithm-with-null": Flaw("inner", lambda s: s.leaf.fields["inner"].inner[1].tag == 5),
    # extensions
    "unknown-critical-extension": Flaw(UNKNOWN, extra(UNKNOWN, critical=True)),
    "unknown-extension": Flaw(UNKNOWN, extra(UNKNOWN, critical=False)),
    "unknown-critical-in-intermediate": Flaw(ANOTHER, lambda s: s.above.extensions[UNKNOWN][0], (UNKNOWN,)),
    "extension-of-60-kb": Flaw(UNKNOWN, extra(UNKNOWN, critical=False, at_least=60_000)),
    "extension-twice": Flaw("twice", lambda s: b"wrong-host.invalid" in s.leaf.facts["twice"][1][0]),  # type: ignore[index]
    "for-clients-only": Flaw("uses", uses(CLIENTS)),
    "for-mail-only": Flaw("uses", uses(MAIL)),
    "for-no-use": Flaw("uses", uses()),
    "for-any-use": Flaw("uses", uses(ANY)),
    "no-uses": Flaw("uses", lambda s: "2.5.29.37" not in s.leaf.extensions),
    "intermediate-for-mail-only": Flaw(ANOTHER, lambda s: s.above.uses == [MAIL], ("uses",)),
    "usage-without-signing": Flaw("usage", usage(b"\1\2")),
    "usage-of-a-ca": Flaw("usage", usage(b"\2\x84")),
    "usage-empty": Flaw("usage", usage(b"\0")),
    "no-usage": Flaw("usage", lambda s: "2.5.29.15" not in s.leaf.extensions),
    "no-constraints": Flaw("constraints", lambda s: "2.5.29.19" not in s.leaf.extensions),
    "leaf-is-a-ca": Flaw("constraints usage", lambda s: s.leaf.constraints[0].content == b"\xff"),
    "path-length-of-a-leaf": Flaw("constraints", lambda s: [(one.tag, one.number) for one in s.leaf.constraints] == [(2, 0)]),
    "negative-path-length": Flaw(ANOTHER, lambda s: s.above.constraints[1].number == -1, ("constraints",)),
    "garbled-names": Flaw("names", lambda s: s.leaf.extension("names").content == b"\xde\xad\xbe\xef"),
    "garbled-usage": Flaw("usage", lambda s: elements(s.leaf.extension("usage").content)[0].tag == UTF8),
    "policy-required": Flaw(ANOTHER, lambda s: s.above.extensions["2.5.29.36"][0], ("2.5.29.36",)),
    "netscape-client": Flaw("2.16.840.1.113730.1.1", extra("2.16.840.1.113730.1.1", critical=False)),
    "precertificate": Flaw(POISON, extra(POISON, critical=True)),
    # encoding
    "no-certificate": Flaw("", lambda s: _message(s) == bytes(3)),
    "empty-certificate": Flaw("", lambda s: _message(s) == b"\0\0\3" + bytes(3)),
    "list-too-long": Flaw("", lambda s: _lengths(s) == (103, 0)),
    "entry-too-long": Flaw("", lambda s: _lengths(s) == (3, 100)),
    "fourth-element": Flaw("rest", lambda s: s.leaf.facts["rest"] == [b"\5\0"]),
    "element-after-extensions": Flaw("after", lambda s: s.leaf.facts["after"] == [b"\5\0"]),
    "serial-padded": Flaw("serial", lambda s: s.leaf.fields["serial"].content == b"\0\x2a"),
    "serial-zero": Flaw("serial", serial(0)),
    "serial-negative": Flaw("serial", serial(-42)),
    "serial-of-thirty-octets": Flaw("serial", lambda s: len(s.leaf.fields["serial"].content) == 30),
    "version-1": Flaw(f"{ALL_EXTENSIONS} no-list version", lambda s: s.leaf.facts["version"] is None),
    "version-1-with-extensions": Flaw("version", lambda s: s.leaf.facts["version"] is None),
    "version-2-with-extensions": Flaw("version", lambda s: s.leaf.facts["version"] == 1),
    "version-4": Flaw("version", lambda s: s.leaf.facts["version"] == 3),
    "version-1-written": Flaw(f"{ALL_EXTENSIONS} no-list version", lambda s: s.leaf.facts["version"] == 0),
    "no-extension-at-all": Flaw(ALL_EXTENSIONS, lambda s: s.leaf.facts["no-list"] is False),
    "true-is-not-ff": Flaw("constraints", lambda s: s.leaf.facts["constraints"] == (b"\x30\0", b"\1\1\1")),
    "default-written": Flaw("constraints", lambda s: s.leaf.constraints[0].whole == b"\1\1\0"),
    "signature-unused-bits": Flaw("signature", lambda s: s.leaf.fields["signature"].content[0] == 1),
    "unique-ids": Flaw("unique", lambda s: len(s.leaf.facts["unique"]) == 2),  # type: ignore[arg-type]
    "teletex-subject": Flaw("subject", subject(ORGANIZATION, 0x14, "Grüße".encode("latin-1"))),
    "bmp-subject": Flaw("subject", subject(ORGANIZATION, 0x1E, HOST.encode("utf-16-be"))),
    "broken-utf8-subject": Flaw("subject", subject(ORGANIZATION, UTF8, b"Gr\xc3")),
    "unprintable-subject": Flaw("subject", subject(ORGANIZATION, 0x13, b"*@ucmsim")),
    "country-of-three-letters": Flaw("subject", subject(COUNTRY, 0x13, b"USA")),
    "empty-organization": Flaw("subject", subject(ORGANIZATION, UTF8, b"")),
    # revocation
    "stapled-good": Flaw("", status(ocsp.OCSPCertStatus.GOOD), ("ends",)),
    "stapled-revoked": Flaw("", status(ocsp.OCSPCertStatus.REVOKED), ("ends",)),
    "stapled-unknown": Flaw("", status(ocsp.OCSPCertStatus.UNKNOWN), ("ends",)),
    "stapled-over": Flaw("", status(ocsp.OCSPCertStatus.GOOD, -10, -3), ("ends",)),
    "stapled-not-yet": Flaw("", status(ocsp.OCSPCertStatus.GOOD, 3, 10), ("ends",)),
    "stapled-by-a-stranger": Flaw("", lambda s: s.staple.certificates[0] != s.scene.authority.certificate, ("ends",)),
    "stapled-broken-signature": Flaw("", lambda s: _fails(status(ocsp.OCSPCertStatus.GOOD), s), ("ends",)),
    "stapled-about-another": Flaw("", lambda s: s.staple.serial_number != s.certificate.serial_number, ("ends",)),
    "stapled-try-later": Flaw("", lambda s: s.staple.response_status is ocsp.OCSPResponseStatus.TRY_LATER, ("ends",)),
    "stapled-garbage": Flaw("", lambda s: s.shown.staple.startswith(b"This is no"), ("ends",)),
    "must-staple-stapled": Flaw(STAPLE, status(ocsp.OCSPCertStatus.GOOD), ("ends",)),
    "must-staple-missing": Flaw(STAPLE, lambda s: s.shown.staple == b""),
    "revoked-by-list": Flaw("", lambda s: _revoked(s) == {s.certificate.serial_number}),
    "ocsp-out-of-reach": Flaw("1.3.6.1.5.5.7.1.1", lambda s: b"http://ocsp.invalid/" in s.leaf.extension("1.3.6.1.5.5.7.1.1").content),
    "list-out-of-reach": Flaw("2.5.29.31", lambda s: b"http://crl.invalid/" in s.leaf.extension("2.5.29.31").content),
    # client
    "client-certificate-asked": Flaw("", demand(required=False, named=0)),
    "client-certificate-of-many": Flaw("", demand(required=False, named=300)),
    "client-certificate-required": Flaw("", demand(required=True, named=1)),
    "client-certificate-of-nobody": Flaw("", demand(required=True, named=1)),
    "client-certificate-never-good": Flaw("", demand(required=True, named=1)),
})

NO_DER: Mapping[str, Callable[[bytes], bool]] = MappingProxyType({
    "truncated": lambda der: 2 * len(der) < int.from_bytes(der[2:4]) + 8,
    "trailing-bytes": lambda der: der.endswith(bytes(16)) and len(der) == int.from_bytes(der[2:4]) + 4 + 16,
    "not-a-certificate": lambda der: der == b"This is not a certificate.\n",
    "pem-not-der": lambda der: bool(x509.load_pem_x509_certificate(der)),
    "indefinite-length": lambda der: der[:2] == b"\x30\x80" and der.endswith(b"\0\0"),
    "length-too-wide": lambda der: der[:2] == b"\x30\x84" and int.from_bytes(der[2:6]) == len(der) - 6,
})
"""Those whose bytes are no DER at all, and what is to be seen of them."""
# fmt: on
