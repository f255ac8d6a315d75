"""Opens and closes listening ports; an address that cannot be had is a sentence for the user."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory

from ucmsim.errors import BindError, TooManyOpen, too_many_open
from ucmsim.settings import Address

BACKLOG = 512


class Listener(NamedTuple):
    """Who wants to listen, *what* as a sentence has it, and the *key* of the setting that says where."""

    what: str
    key: str


CONTROL = Listener("the control plane", "control.bind")


def of_pbx(name: str) -> Listener:
    """Return the PBX of that *name*, as who wants to listen."""
    return Listener(f"PBX '{name}'", "api.tls_bind_address")


def check(places: Iterable[tuple[Address, Listener]]) -> None:
    """Raise `BindError` where one of *places* cannot be had now, with a line for each: before work is done that would be in vain."""
    refused: list[str] = []
    for bind, who in places:
        kind = socket.AF_INET6 if ":" in bind.host else socket.AF_INET
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the reactor does
            try:
                probe.bind((bind.host, bind.port))
            except OSError as error:
                refused.append(str(_taken(bind, who, error)))
    if refused:
        raise BindError("\n".join(refused))


def _taken(bind: Address, who: Listener, error: Exception) -> BindError:
    if too_many_open(error):
        return TooManyOpen(f"{who.what} cannot listen on {bind}")
    reason = getattr(error, "strerror", None) or error
    right = f"choose another address or port with {who.key} (port 0 lets the system choose)"
    return BindError(f"{who.what} cannot listen on {bind}: {reason}; {right}")


class OpenPort:
    """A port that listens, until it is closed."""

    def __init__(self, port: IListeningPort) -> None:
        self._port = port

    @classmethod
    def open(cls, reactor: Any, bind: Address, factory: IProtocolFactory, who: Listener) -> OpenPort:
        """Listen on *bind*; raises `BindError` with a sentence that names *who* wants to."""
        try:
            return cls(reactor.listenTCP(bind.port, factory, backlog=BACKLOG, interface=bind.host))
        except CannotListenError as error:
            raise _taken(bind, who, error.socketError) from error

    @property
    def address(self) -> Address:
        """Where it listens, with the port that the system chose for port 0."""
        host: Any = self._port.getHost()
        return Address(host.host, host.port)

    def pause(self) -> None:
        """Let whoever connects wait, in the queue of the system."""
        self._port.stopReading()  # type: ignore[attr-defined]  # every TCP port reads on demand

    def resume(self, factory: IProtocolFactory) -> None:
        """Take connections again, with *factory*."""
        port: Any = self._port
        factory.doStart()
        port.factory.doStop()
        port.factory = factory
        port.startReading()

    def close(self) -> Deferred[Any]:
        """Stop listening."""
        return maybeDeferred(self._port.stopListening)


def closed(port: OpenPort | None) -> Deferred[Any]:
    """Close *port*, if there is one."""
    return succeed(None) if port is None else port.close()
