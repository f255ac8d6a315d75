"""Whether the ClientHello of a connection is there: TLS does not begin before. Pure; what it offers is read elsewhere."""

from __future__ import annotations

_CLIENT_HELLO = b"\1"
_HELLO_LIMIT = 131396
"""Bytes of the longest ClientHello that OpenSSL reads, its CLIENT_HELLO_MAX_LENGTH."""
_RECORD_HEADER = 5
_RECORD_LIMIT = _RECORD_HEADER + (1 << 14) + 2048
"""Bytes of the longest TLS record with its header. RFC 5246, 6.2.3."""


def hello_is_whole(data: bytes) -> bool:
    """Return whether *data* holds a ClientHello entirely, in however many records, or begins with something else.

    What is something else, or longer than OpenSSL reads, goes there as it comes, and is answered as the device's would.
    """
    message, at = b"", 0
    while True:
        head = data[at : at + _RECORD_HEADER]
        if head[:1] not in (b"", b"\x16") or (len(head) >= 3 and head[1] != 3):
            return True
        end = at + _RECORD_HEADER + int.from_bytes(head[3:])
        if len(head) < _RECORD_HEADER or len(data) < min(end, at + _RECORD_LIMIT):
            return False
        if end > at + _RECORD_LIMIT:
            return True
        message += data[at + _RECORD_HEADER : end]
        wanted = 4 + int.from_bytes(message[1:4])
        if message[:1] != _CLIENT_HELLO or 4 <= wanted <= len(message) or wanted > _HELLO_LIMIT:
            return True
        at = end
