"""What the kernel knows of a TCP socket: the bytes it was handed, and those the peer has acknowledged. Linux only."""

from __future__ import annotations

import fcntl
import socket
import struct
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_TCP_INFO_SIZE = 256
_BYTES_ACKED = 120
"""Where tcpi_bytes_acked stands in struct tcp_info since Linux 4.1."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes that were *handed* to the kernel, and of these *acknowledged* by the peer; a FIN counts as one in both."""

    handed: int
    acknowledged: int


def measured(transport: Any) -> Measured | None:
    """Return what the kernel has counted for the socket of *transport*, None where it does not tell."""
    opened = getattr(transport, "socket", None)
    if opened is None or not sys.platform.startswith("linux"):
        return None
    try:
        info = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
        queued = struct.unpack("i", fcntl.ioctl(opened, termios.TIOCOUTQ, bytes(4)))[0]
        acknowledged = struct.unpack_from("=Q", info, _BYTES_ACKED)[0]
    except (OSError, struct.error):
        return None
    return Measured(acknowledged + queued, acknowledged)


def before_loss(transport: Any, then: Callable[[], object]) -> None:
    """Call *then* once, right before *transport* closes its socket: whatever closes it, the socket still counts.

    A reset by the peer reaches the protocol only when the socket is gone.
    """
    lost = getattr(transport, "connectionLost", None)
    if lost is None:
        return

    def connection_lost(reason: Any) -> None:
        del transport.connectionLost
        then()
        lost(reason)

    transport.connectionLost = connection_lost
