"""A TLS that is only a string, and what stands below it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from twisted.internet.testing import StringTransport

from ucmsim.journal import Visit


def below(finish: Callable[[], object] = lambda: None) -> SimpleNamespace:
    """Return a socket of which nothing is held back, and the account of its connection; *finish* is called for a FIN."""
    return SimpleNamespace(finish=finish, visit=Visit(), sends=False)


class StringTls(StringTransport):
    """A TLS that is only a string; like the real one it drops what is written after the end."""

    def __init__(self) -> None:
        super().__init__()
        self.transport = below()

    def write(self, data: bytes) -> None:
        if not self.disconnecting or self.producer is not None:
            super().write(data)
