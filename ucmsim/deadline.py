"""A socket for http.client on which all has to come by a moment: a timeout of its own bounds each read, and not their sum.

Standard library only.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from typing import Any


class TimelySocket:
    """A connection to *host* and *port*, over TLS with a *context*; it has so many *seconds* for all that happens on it.

    Connecting is the beginning of that; how long the name is looked up is the system's to say. What takes longer raises `TimeoutError`, also here; `OSError` where nobody can be had.
    """

    def __init__(self, host: str, port: int, seconds: float, context: ssl.SSLContext | None = None) -> None:
        self._ends: float | None = time.monotonic() + seconds
        self._socket = _connected(host, port, self._ends)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.hurry()
            if context is not None:  # which bounds a handshake as a whole
                self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except BaseException:
            self._socket.close()
            raise

    def allow(self, silence: float) -> None:
        """Let all take as long as it wants from now on, but nothing come later than *silence* seconds after what came before."""
        self._ends = None
        self._socket.settimeout(silence)

    def hurry(self) -> None:
        """Leave what comes next no more time than there is; raises `TimeoutError` where none is left."""
        if self._ends is None:
            return
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)

    # --- what http.client asks of a socket ----------------------------------------------------------------------------

    def sendall(self, data: bytes) -> None:
        self.hurry()
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self, self._socket.makefile("rb", buffering=0)))

    def close(self) -> None:
        self._socket.close()


def _connected(host: str, port: int, ends: float) -> socket.socket:
    """Return a connection to the first address of *host* that takes one by the moment *ends*: all of them share that time."""
    failed: OSError = TimeoutError("timed out")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        left = ends - time.monotonic()
        if left <= 0:
            break
        connecting = socket.socket(family, kind, protocol)
        try:
            connecting.settimeout(left)
            connecting.connect(address)
        except OSError as error:
            connecting.close()
            failed = error
        else:
            return connecting
    raise failed


class _Incoming(io.RawIOBase):
    """What comes over the *line*, read from its *source*; that outlives the line, as the files of sockets do."""

    def __init__(self, line: TimelySocket, source: socket.SocketIO) -> None:
        self._line, self._source = line, source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._line.hurry()
        return self._source.readinto(buffer)

    def close(self) -> None:
        self._source.close()
        super().close()
