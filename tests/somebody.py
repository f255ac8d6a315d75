"""Somebody else who speaks HTTP where a client expects the control plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any


@contextmanager
def speaking(*, framed: bool = True) -> Iterator[Callable[[int, bytes], str]]:
    """Yield what has a status and a body served to one GET, and returns the URL where.

    The body has a Content-Length where it is *framed*, and ends with the connection where it is not.
    """
    servers: list[tuple[HTTPServer, Thread]] = []

    def serve(status: int, body: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                if framed:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.handle_request)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in servers:
        thread.join(10)
        server.server_close()
