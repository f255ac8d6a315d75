"""A client that downloads one body many times at once: nobody reads on before everybody has begun.

A program of its own, so that it can be bound to the client's core: `download.py URL CA-FILE CLIENTS TIMES PAUSE` says
"paused" when all have read their first byte and the server has had time to fill what lies between, "reading" when they
read on after PAUSE seconds, and then what they got, as one JSON object. Without a pause it says neither. Each client
downloads so many TIMES; they wait for each other in the first one.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

_LIMIT = 60.0
_WHOLE_LIMIT = 150
_PIECE = 65536
_SEGMENT = 1448
"""Bytes of a segment, as on Ethernet: with the 64 KB of loopback the kernel alone takes 2.8 MB that nobody reads."""
_SETTLE = 0.5
"""Seconds after which a server that is not read has filled the buffers of the kernel."""


@dataclass(slots=True)
class _Got:
    """Milliseconds from request to the *first* and *last* byte of each body, their SHA-256, and what went wrong."""

    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def _download(
    context: ssl.SSLContext, address: tuple[str, int], target: str, begun: list[threading.Barrier], got: _Got
) -> None:
    """Read a body into *got*, waiting at every barrier after the first byte; raises `OSError` when it is wrong."""
    with socket.socket() as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
        plain.settimeout(_LIMIT)
        plain.connect(address)
        with context.wrap_socket(plain, server_hostname=address[0]) as tls:
            tls.sendall(f"GET {target} HTTP/1.1\r\nHost: {address[0]}\r\nConnection: close\r\n\r\n".encode())
            sent = time.monotonic()
            data = b""
            while not (body := data.partition(b"\r\n\r\n")[2]):
                if not (piece := tls.recv(_PIECE)):
                    raise OSError("the answer has no body")
                data += piece
            first = time.monotonic() - sent
            for barrier in begun:
                barrier.wait(_LIMIT)
            digest, length = sha256(body), len(body)
            while piece := tls.recv(_PIECE):
                digest.update(piece)
                length += len(piece)
            last = time.monotonic() - sent
    promised = re.search(rb"(?im)^Content-Length: *(\d+)", data)
    if b" 200 " not in data[:16] or promised is None or int(promised[1]) != length:
        raise OSError(f"the answer is wrong: {data[:64]!r}, {length} bytes of body")
    got.first.append(first * 1000)
    got.last.append(last * 1000)
    got.bodies.append(digest.hexdigest())


def main() -> None:
    """Run the clients; print what they got."""
    signal.alarm(_WHOLE_LIMIT)  # whatever hangs
    url, ca, clients, times, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 443)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    context = ssl.create_default_context(cafile=ca)
    barriers = [threading.Barrier(clients + 1) for _ in range(2)]
    each = [_Got() for _ in range(clients)]

    def client(got: _Got) -> None:
        try:
            for number in range(times):
                _download(context, address, target, [] if number else barriers, got)
        except (OSError, threading.BrokenBarrierError) as error:
            got.wrong.append(str(error) or "not all clients had begun")
            for barrier in barriers:
                barrier.abort()

    threads = [threading.Thread(target=client, args=[got]) for got in each]
    for thread in threads:
        thread.start()
    try:
        barriers[0].wait(_LIMIT)
        if pause:
            time.sleep(_SETTLE)
            print("paused", flush=True)
            time.sleep(pause)
            print("reading", flush=True)
        barriers[1].wait(_LIMIT)
    except threading.BrokenBarrierError:
        pass  # the clients say why
    for thread in threads:
        thread.join()
    print(json.dumps(asdict(_all(each))), flush=True)


def _all(each: list[_Got]) -> _Got:
    together = _Got()
    for got in each:
        together.first += got.first
        together.last += got.last
        together.bodies += got.bodies
        together.wrong += got.wrong
    return together


if __name__ == "__main__":
    main()
