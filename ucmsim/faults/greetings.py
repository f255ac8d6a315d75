"""What can be sent in place of the server's part of a handshake: bytes, as faults of the tls plane ask for them. Pure."""

from __future__ import annotations

from random import Random
from types import MappingProxyType

from ucmsim.http import pages
from ucmsim.http.reply import Reply

LEGACY_VERSIONS = MappingProxyType({"ssl3": 0x0300, "1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303})
LEGACY_SUITES = MappingProxyType(
    {
        "null-md5": 0x0001,
        "export-rc4-40": 0x0003,
        "rc4-md5": 0x0004,
        "rc4-sha": 0x0005,
        "export-des-40": 0x0008,
        "des": 0x0009,
        "3des": 0x000A,
        "anonymous": 0x0034,
    }
)
"""Cipher suites that OpenSSL has no more. IANA TLS Cipher Suites."""

_ALERT, _HANDSHAKE, _SERVER_HELLO = 21, 22, 2
_NO_RECORD = 0x99


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    """Return a record, however long its *body* is: at most 65535 bytes."""
    return bytes([kind]) + version.to_bytes(2) + len(body).to_bytes(2) + body


def alert(number: int, *, fatal: bool = True) -> bytes:
    """Return the record with the alert of that *number*, as clients of every version read it."""
    return record(_ALERT, bytes([2 if fatal else 1, number]), 0x0301)


def plain_http() -> bytes:
    """Return what a server without TLS says to a ClientHello."""
    page = pages.with_status(400)
    body = b"".join(page.body.chunks())
    headers = (("Connection", "close"), ("Content-Length", str(len(body))), *page.headers)
    return Reply(page.status, page.title, headers, ()).head + body


def garbage(count: int, chance: Random) -> bytes:
    """Return *count* bytes that begin no record."""
    return (bytes([_NO_RECORD]) + chance.randbytes(count - 1))[:count]


def oversize(count: int) -> bytes:
    """Return a handshake record that is longer than any may be, with *count* bytes in it."""
    return record(_HANDSHAKE, bytes([_SERVER_HELLO]) + (count - 4).to_bytes(3) + bytes(count - 4))


def server_hello(version: str, suite: str, chance: Random) -> bytes:
    """Return a ServerHello that settles on *version* and *suite*, whatever the client has offered. RFC 6101, 5.6.1.3."""
    number = LEGACY_VERSIONS[version]
    body = number.to_bytes(2) + chance.randbytes(32) + b"\0" + LEGACY_SUITES[suite].to_bytes(2) + b"\0"
    return record(_HANDSHAKE, bytes([_SERVER_HELLO]) + len(body).to_bytes(3) + body, number)
