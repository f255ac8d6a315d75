"""A small HTTP Digest client that asks as billing clients do: each exchange is two requests on two new connections.

A program of its own, so that it can be bound to the client's core:
`digest.py URL CA-FILE USER PASSWORD SECONDS CLIENTS` prints one JSON object.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import sys
import threading
import time
from hashlib import md5
from statistics import quantiles
from urllib.parse import urlsplit


def _ask(context: ssl.SSLContext, address: tuple[str, int], target: str, more: str = "") -> bytes:
    """Return the whole response to one GET on a connection of its own."""
    with (
        socket.create_connection(address, 10) as plain,
        context.wrap_socket(plain, server_hostname=address[0]) as tls,
    ):
        tls.sendall(f"GET {target} HTTP/1.1\r\nHost: {address[0]}\r\nConnection: close\r\n{more}\r\n".encode())
        pieces = []
        while piece := tls.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def _md5(text: str) -> str:
    return md5(text.encode()).hexdigest()


def _authorization(challenge: bytes, target: str, user: str, password: str) -> str:
    said = {name.lower().decode(): value.decode() for name, value in re.findall(rb'(\w+)="([^"]*)"', challenge)}
    realm, nonce = said["realm"], said["nonce"]
    a1, a2 = _md5(f"{user}:{realm}:{password}"), _md5(f"GET:{target}")
    response = _md5(f"{a1}:{nonce}:00000001:0a4f113b:auth:{a2}")
    fields = f'username="{user}", realm="{realm}", nonce="{nonce}", uri="{target}", algorithm=MD5'
    return f'Authorization: Digest {fields}, response="{response}", qop=auth, nc=00000001, cnonce="0a4f113b"\r\n'


def _exchange(context: ssl.SSLContext, address: tuple[str, int], target: str, user: str, password: str) -> bool:
    """Return whether the challenge came and its answer was accepted."""
    first = _ask(context, address, target)
    challenge = re.search(rb"(?im)^WWW-Authenticate:(.*)$", first)
    if b" 401 " not in first[:16] or challenge is None:
        return False
    return b" 200 " in _ask(context, address, target, _authorization(challenge[1], target, user, password))[:16]


def main() -> None:
    """Run the clients until the time is up; print what they got."""
    url, ca, user, password = sys.argv[1:5]
    seconds, clients = float(sys.argv[5]), int(sys.argv[6])
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 443)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    context = ssl.create_default_context(cafile=ca)
    took: list[float] = []
    wrong: list[str] = []
    began = time.monotonic()

    def client() -> None:
        while (start := time.monotonic()) - began < seconds:
            try:
                good = _exchange(context, address, target, user, password)
            except OSError as error:
                good = False
                wrong.append(str(error))
            else:
                if not good:
                    wrong.append("refused")
            took.append(time.monotonic() - start)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = quantiles(took, n=100) if len(took) > 1 else [0.0] * 99
    got = {"answers": len(took), "wrong": len(wrong), "seconds": time.monotonic() - began}
    print(json.dumps({**got, "p50": cuts[49] * 1000, "p99": cuts[98] * 1000}))


if __name__ == "__main__":
    main()
