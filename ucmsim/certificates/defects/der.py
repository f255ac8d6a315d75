"""DER, written piece by piece: what a library would put right is what the defects are about."""

from __future__ import annotations

from datetime import UTC, datetime

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x02, 0x03, 0x04, 0x05, 0x06
UTF8, PRINTABLE, TELETEX, IA5, UTC_TIME, GENERALIZED_TIME, BMP = 0x0C, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1E
SEQUENCE, SET = 0x30, 0x31

EPOCH_OF_UTC_TIME, END_OF_UTC_TIME = 1950, 2050
"""The years that a UTCTime can tell, the second not included. RFC 5280, 4.1.2.5.1."""


def tlv(tag: int, *content: bytes) -> bytes:
    """Return *content* under *tag*, its length in as few octets as it takes."""
    value = b"".join(content)
    return bytes([tag]) + length(len(value)) + value


def length(number: int) -> bytes:
    """Return *number* as the length of a value."""
    if number < 0x80:
        return bytes([number])
    octets = number.to_bytes((number.bit_length() + 7) // 8)
    return bytes([0x80 | len(octets)]) + octets


def sequence(*content: bytes) -> bytes:
    """Return *content* as a SEQUENCE."""
    return tlv(SEQUENCE, *content)


def explicit(number: int, *content: bytes) -> bytes:
    """Return *content* inside the context tag *number*."""
    return tlv(0xA0 | number, *content)


def integer(number: int) -> bytes:
    """Return *number* as an INTEGER."""
    return tlv(INTEGER, signed(number))


def signed(number: int) -> bytes:
    """Return the octets of *number* in two's complement, as few as it takes."""
    return number.to_bytes(((number + (number < 0)).bit_length() + 8) // 8, signed=True)


def bits(value: bytes, unused: int = 0) -> bytes:
    """Return *value* as a BIT STRING that says of its last octet that so many bits are *unused*."""
    return tlv(BIT_STRING, bytes([unused]), value)


def oid(dotted: str) -> bytes:
    """Return the object identifier *dotted*, ``1.2.840``."""
    first, second, *others = map(int, dotted.split("."))
    return tlv(OID, *(_base128(arc) for arc in (40 * first + second, *others)))


def moment(when: datetime) -> bytes:
    """Return *when* as a certificate writes it: UTCTime through 2049, GeneralizedTime from then on."""
    when = when.astimezone(UTC)
    if EPOCH_OF_UTC_TIME <= when.year < END_OF_UTC_TIME:
        return tlv(UTC_TIME, f"{when:%y%m%d%H%M%S}Z".encode())
    return generalized(when)


def generalized(when: datetime) -> bytes:
    """Return *when* as a GeneralizedTime, which four-digit years need."""
    when = when.astimezone(UTC)
    return tlv(GENERALIZED_TIME, f"{when.year:04}{when:%m%d%H%M%S}Z".encode())


def parts(value: bytes) -> list[bytes]:
    """Return the elements that follow each other in *value*, each whole; *value* must be DER as it is written here."""
    found, at = [], 0
    while at < len(value):
        first = value[at + 1]
        octets = first & 0x7F if first & 0x80 else 0
        size = int.from_bytes(value[at + 2 : at + 2 + octets]) if octets else first
        end = at + 2 + octets + size
        found.append(value[at:end])
        at = end
    return found


def content(element: bytes) -> bytes:
    """Return what stands in *element*, without its tag and length."""
    first = element[1]
    return element[2 + (first & 0x7F if first & 0x80 else 0) :]


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(0x80 | arc & 0x7F)
    return bytes(reversed(octets))
