"""Opens and closes listening ports; an address that cannot be had is a sentence for the user."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory

from ucmsim.errors import BindError
from ucmsim.settings import Address

BACKLOG = 512


class OpenPort:
    """A port that listens, until it is closed."""

    def __init__(self, port: IListeningPort) -> None:
        self._port = port

    @classmethod
    def open(cls, reactor: Any, bind: Address, factory: IProtocolFactory, what: str) -> OpenPort:
        """Listen on *bind*; raises `BindError` with a sentence that names *what* wants to."""
        try:
            return cls(reactor.listenTCP(bind.port, factory, backlog=BACKLOG, interface=bind.host))
        except CannotListenError as error:
            reason = getattr(error.socketError, "strerror", None) or error.socketError
            right = "choose another address or port (port 0 lets the system choose)"
            raise BindError(f"{what} cannot listen on {bind}: {reason}; {right}") from error

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
