"""Keeps the latest events in memory, and no more of them than a number and a number of bytes allow. Pure.

An event is kept as deflated JSON: a dictionary that knows what most events have in common makes a tenth of it, and
what it takes is known to the byte.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

OVERHEAD = 48
"""Bytes that an entry takes beside its own: the object's head and its place in the ring."""

TOGETHER = 8
"""Entries that are packed at once, in a third of a millisecond. Unpacked they take 2 kB each, and hundreds of PBXs have some."""

_USUAL = json.dumps(
    [
        {"kind": "connection", "pbx": "hq", "connection": 1, "peer": "127.0.0.1", "port": 51234,
         "wall": "2026-11-26T14:33:45.123456+00:00", "pbx_clock": "2026-11-26T14:33:45.123456+00:00", "seconds": 0.012345,
         "tls": {"version": "TLSv1.2", "cipher": "ECDHE-ECDSA-AES256-GCM-SHA384", "sni": "localhost", "alpn": None,
                 "resumed": False, "offered": {"versions": ["1.3", "1.2"], "ciphers": [
                     "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256",
                     "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256",
                     "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
                     "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256",
                     "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES256-GCM-SHA384", "DHE-RSA-AES128-GCM-SHA256",
                     "DHE-RSA-AES256-SHA256", "DHE-RSA-AES128-SHA256", "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"],
                     "groups": ["X25519MLKEM768", "X25519", "P-256", "X448", "P-384", "P-521", "ffdhe2048", "ffdhe3072"],
                     "signatures": [
                         "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519", "ed448",
                         "rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512",
                         "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512",
                         "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512", "ecdsa_sha224", "rsa_pkcs1_sha224",
                         "dsa_sha224", "dsa_sha256", "dsa_sha384", "dsa_sha512"], "certificate_signatures": None,
                     "alpn": ["http/1.1"], "resumes": False}, "defect": None},
         "requests": 1, "received": 1234, "sent": 2345, "acknowledged": 2345, "delivered": 0, "refusal": None, "faults": [], "kinds": [], "marks": [],
         "ended": "the device closed it"},
        {"kind": "exchange", "pbx": "hq", "connection": 1, "peer": "127.0.0.1", "port": 51234,
         "wall": "2026-11-26T14:33:45.123456+00:00", "pbx_clock": "2026-11-26T14:33:45.123456+00:00", "seconds": 0.001234,
         "request": {"method": "GET", "target": "/cdrapi?format=JSON&numRecords=1000&offset=1000&startTime=2026-11-26T",
                     "version": "HTTP/1.1", "headers": [
                         ["Host", "127.0.0.1:8443"], ["User-Agent", "python-requests/2.32.5"], ["User-Agent", "curl/8.5.0"],
                         ["Accept-Encoding", "gzip, deflate"], ["Accept", "*/*"], ["Connection", "keep-alive"],
                         ["Authorization", ('Digest username="***", realm="asterisk", nonce="4a5be600", uri="/cdrapi?'
                          'format=json", response="***", opaque="4a5be600", algorithm="MD5", qop="auth", nc=00000001, '
                          'cnonce="***"')]], "form": ""},
         "reply": {"status": 200, "title": "OK", "headers": [
             ["Server", "Asterisk/1.8.9.2"], ["Date", "Thu, 26 Nov 2026 14:33:45 GMT"], ["Connection", "close"],
             ["Cache-Control", "no-cache, no-store"], ["Content-Length", "210"],
             ["WWW-authenticate", 'Digest algorithm=MD5, realm="asterisk", nonce="4a5be600", qop="auth", opaque="4a5be600"'],
             ["Content-type", "application/json"], ["Content-type", "text/html"], ["Content-type", "text/csv"]]},
         "check": "authentication", "refusal": {"code": "no-credentials", "parameter": "",
             "sentence": "there are no credentials yet",
             "hint": "answer the challenge in WWW-authenticate with Digest credentials"},
         "note": "there are no credentials yet", "faults": [], "kinds": [], "rows": None, "acctids": "", "delivered": None, "head_bytes": 321, "bytes": 210,
         "marks": [], "ended": "", "left": None},
        {"status": 401, "title": "Unauthorized", "check": "served", "refusal": None, "note": "", "rows": 1000, "acctids": "1-1000", "delivered": 1000,
         "head_bytes": 186, "bytes": 234567, "id": 12345},
    ],
    separators=(",", ":"),
).encode()  # fmt: skip


_PRIMED = zlib.compressobj(1, zlib.DEFLATED, -13, 4, zlib.Z_DEFAULT_STRATEGY, _USUAL)
"""Knows the dictionary already, and is copied for each entry: a window of 8 kB, so that the copy costs little."""
_encoded = json.JSONEncoder(separators=(",", ":")).encode


def packed(entry: dict[str, Any]) -> bytes:
    """Return *entry* in few bytes."""
    deflate = _PRIMED.copy()
    return deflate.compress(_encoded(entry).encode()) + deflate.flush()


def unpacked(data: bytes) -> dict[str, Any]:
    """Return the entry that `packed` was given."""
    entry: dict[str, Any] = json.loads(zlib.decompressobj(-13, _USUAL).decompress(data))
    return entry


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in a ring at one moment: entries with consecutive ids from *first* on."""

    first: int
    entries: tuple[bytes, ...]

    @property
    def last(self) -> int:
        """The id of the latest entry, that before *first* when there is none."""
        return self.first + len(self.entries) - 1

    def after(self, last: int) -> Iterator[dict[str, Any]]:
        """Yield the entries with ids above *last*, in order."""
        begin = max(0, last + 1 - self.first)
        for at, data in enumerate(islice(self.entries, begin, None), self.first + begin):
            yield {"id": at, **unpacked(data)}

    def backwards(self) -> Iterator[dict[str, Any]]:
        """Yield the entries from the latest on."""
        for at in range(len(self.entries) - 1, -1, -1):
            yield {"id": self.first + at, **unpacked(self.entries[at])}


class Ring:
    """At most *most* entries, and at most *room* bytes of them; the oldest go first. Ids begin after *last*.

    The latest few are packed together: one by one, between other work, each would take five times as long.
    """

    def __init__(self, most: int, room: int, last: int = 0) -> None:
        self._most = most
        self._room = room
        self._packed: deque[bytes] = deque()
        self._size = 0
        self._fresh: list[dict[str, Any]] = []
        self._last = last

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """The bytes that the entries take."""
        self._pack()
        return self._size

    @property
    def last(self) -> int:
        """The id of the latest entry there ever was."""
        return self._last

    @property
    def first(self) -> int:
        """The id of the earliest entry that is kept, one above the last when there is none."""
        return self._last - len(self._entries) + 1

    def add(self, entry: dict[str, Any]) -> int:
        """Keep *entry*, which nobody may change any more; return its id, which counts from 1 all that were ever added."""
        self._fresh.append(entry)
        self._last += 1
        if len(self._fresh) == TOGETHER:
            self._pack()
        return self._last

    def kept(self) -> Kept:
        """Return what is there now, which nothing changes any more."""
        return Kept(self.first, tuple(self._entries))

    def kept_after(self, last: int) -> Kept:
        """Return what is there now with ids above *last*."""
        entries = self._entries
        count = min(max(0, self._last - last), len(entries))
        tail = tuple(islice(reversed(entries), count))[::-1]
        return Kept(self._last - count + 1, tail)

    def clear(self) -> None:
        """Forget everything; ids begin again."""
        self._packed.clear()
        self._fresh.clear()
        self._last = self._size = 0

    @property
    def _entries(self) -> deque[bytes]:
        self._pack()
        return self._packed

    def _pack(self) -> None:
        fresh, self._fresh = self._fresh, []
        for entry in fresh:
            data = packed(entry)
            self._packed.append(data)
            self._size += len(data) + OVERHEAD
        while len(self._packed) > self._most or (self._size > self._room and len(self._packed) > 1):
            self._size -= len(self._packed.popleft()) + OVERHEAD
