"""Reads what both sides of a TLS handshake say in the clear: the ClientHello, and whether the server resumes. Pure.

It never raises: what cannot be read is not there. RFC 8446, 4.1.2 and 4.2; RFC 5246, 7.4.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import unpack_from
from typing import Any

from ucmsim.journal.suites import GROUPS, SIGNATURES, SUITES, VERSIONS, named

_HANDSHAKE = 0x16
_TLS_1_3 = 0x0304
_CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE = 1, 2, 11
_SERVER_NAME, _GROUPS, _SIGNATURES, _ALPN, _TICKET, _PRE_SHARED_KEY, _VERSIONS, _OF_CERTIFICATES = (
    0,
    10,
    13,
    16,
    35,
    41,
    43,
    50,
)
_RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
"""The random of a ServerHello that is a HelloRetryRequest. RFC 8446, 4.1.3."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What a ClientHello offers, in its order and without the GREASE of RFC 8701.

    *versions*, *ciphers*, *groups* and *signatures* are the numbers of the IANA registry, *of_certificates* signatures
    too, of certificates where these have some of their own. *name* is the host it is meant for (SNI), *resumes* says that it
    is seen to bring a session: a ticket, or an identifier from a client that has no other use for one. What speaks TLS 1.3
    sends an identifier anyhow (RFC 8446, D.4).
    """

    versions: tuple[int, ...]
    ciphers: tuple[int, ...]
    groups: tuple[int, ...] = ()
    name: str | None = None
    alpn: tuple[str, ...] = ()
    resumes: bool = False
    signatures: tuple[int, ...] = ()
    of_certificates: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it with the names of the field."""
        return {
            "versions": named(self.versions, VERSIONS),
            "ciphers": named(self.ciphers, SUITES),
            "groups": named(self.groups, GROUPS),
            "signatures": named(self.signatures, SIGNATURES),
            "certificate_signatures": named(self.of_certificates, SIGNATURES) if self.of_certificates else None,
            "alpn": list(self.alpn),
            "resumes": self.resumes,
        }


def offered(data: bytes) -> Offered | None:
    """Return what the ClientHello that *data* begins with offers, None when it is none that can be read."""
    try:
        return _offered(_first_message(data, _CLIENT_HELLO))
    except IndexError:
        return None


def resumed(flight: bytes) -> bool | None:
    """Return whether the server's first *flight* resumes a session, None when that cannot be read from it."""
    try:
        messages = list(_messages(flight))
        if not messages or messages[0][0] != _SERVER_HELLO:
            return None
        hello = _Reader(messages[0][1])
        hello.take(2)
        if hello.take(32) == _RETRY:
            return None
        hello.vector(1)
        hello.take(3)
        extensions = dict(_extensions(hello))
        if _VERSIONS in extensions:
            return _PRE_SHARED_KEY in extensions
        return _CERTIFICATE not in {kind for kind, _ in messages}
    except IndexError:
        return None


class _Reader:
    """Takes bytes from the front; raises `IndexError` when there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise IndexError(count)
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> bytes:
        """Take a length of *size* bytes and what it announces."""
        return self.take(self.number(size))


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and body of the handshake messages in the records of *data*, as far as they are in the clear and whole."""
    records, joined = _Reader(data), b""
    while records and records.number(1) == _HANDSHAKE:
        records.take(2)
        try:
            joined += records.vector(2)
        except IndexError:
            break
    messages = _Reader(joined)
    while messages:
        try:
            kind = messages.number(1)
            body = messages.vector(3)
        except IndexError:
            return
        yield kind, body


def _first_message(data: bytes, kind: int) -> _Reader:
    for found, body in _messages(data):
        if found == kind:
            return _Reader(body)
        break
    raise IndexError(kind)


def _extensions(hello: _Reader) -> Iterator[tuple[int, bytes]]:
    if not hello:
        return
    listed, at = hello.vector(2), 0
    while at < len(listed):
        end = at + 4 + int.from_bytes(listed[at + 2 : at + 4])
        if end > len(listed):
            raise IndexError(end)
        yield int.from_bytes(listed[at : at + 2]), listed[at + 4 : end]
        at = end


def _offered(hello: _Reader) -> Offered:
    version = hello.number(2)
    hello.take(32)
    session = hello.vector(1)
    ciphers = _numbers(hello.vector(2))
    hello.vector(1)
    extensions = dict(_extensions(hello))
    versions = _numbers(extensions[_VERSIONS][1:]) if extensions.get(_VERSIONS) else (version,)
    return Offered(
        versions=versions,
        ciphers=ciphers,
        groups=_numbers(extensions.get(_GROUPS, b"")[2:]),
        name=_server_name(extensions.get(_SERVER_NAME, b"")),
        alpn=tuple(_protocols(extensions.get(_ALPN, b""))),
        signatures=_numbers(extensions.get(_SIGNATURES, b"")[2:]),
        of_certificates=_numbers(extensions.get(_OF_CERTIFICATES, b"")[2:]),
        resumes=bool(extensions.get(_TICKET) or (session and _TLS_1_3 not in versions))
        or _PRE_SHARED_KEY in extensions,
    )


def _numbers(data: bytes) -> tuple[int, ...]:
    count = len(data) // 2
    return tuple([number for number in unpack_from(f">{count}H", data) if number & 0x0F0F != 0x0A0A])  # RFC 8701


def _server_name(data: bytes) -> str | None:
    if len(data) < 5 or data[2]:
        return None
    return data[5 : 5 + int.from_bytes(data[3:5])].decode("ascii", "backslashreplace")


def _protocols(data: bytes) -> Iterator[str]:
    names = _Reader(data[2:])
    while names:
        name = names.vector(1)
        if len(name) == 2 and name[0] == name[1] and name[0] & 0x0F == 0x0A:
            continue
        yield name.decode("ascii", "backslashreplace")
