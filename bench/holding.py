"""Clients that open connections and hold them: `python holding.py PORT COUNT MANNER`; prints a line when all are open.

MANNER is `hello` (a ClientHello, and no more), `idle` (a handshake, and no more) or a path that is asked for once it is done;
nothing is read after that. They come from 127.0.0.2 and are closed when standard input ends.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys

_SOURCE = "127.0.0.2"
_LIMIT = 20.0


def main(port: int, count: int, manner: str) -> None:
    """Open them one after another, and wait."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    held: list[socket.socket] = []
    for _ in range(count):
        plain = socket.create_connection(("127.0.0.1", port), _LIMIT, source_address=(_SOURCE, 0))
        if manner == "hello":
            out = ssl.MemoryBIO()
            with contextlib.suppress(ssl.SSLWantReadError):
                context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="pbx").do_handshake()
            plain.sendall(out.read())
            held.append(plain)
            continue
        tls = context.wrap_socket(plain)
        held.append(tls)
        if manner != "idle":
            tls.sendall(f"GET {manner} HTTP/1.1\r\nHost: pbx\r\n\r\n".encode())
    print(f"{len(held)} are open", flush=True)
    sys.stdin.read()
    for one in held:
        one.close()
    print("all are closed", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
