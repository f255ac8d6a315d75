"""Twisted's treq, one request a line of JSON on standard input: url, ca, patience; a new connection for each.

Prints a line of JSON for each: status, type and body in base64, or error.
"""

import json
import sys
from base64 import b64encode
from errno import ECONNRESET
from functools import cache
from pathlib import Path

from OpenSSL.SSL import Error
from treq.client import HTTPClient
from twisted.internet import defer, reactor  # noqa: TID251 - a program of its own
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import Certificate
from twisted.internet.stdio import StandardIO
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, BrowserLikePolicyForHTTPS
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

LOST = (ConnectionDone, ConnectionLost)


@implementer(IAgentEndpointFactory, IStreamClientEndpoint)
class Endpoints:
    """Makes the connections of an agent, and ends the last one: to cancel what reads a body does not."""

    def __init__(self, ca: str, patience: float) -> None:
        self._policy = BrowserLikePolicyForHTTPS(trustRoot=Certificate.loadPEM(Path(ca).read_bytes()))
        self._patience = patience
        self._last = None

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        plain = HostnameEndpoint(reactor, uri.host, uri.port, timeout=self._patience)
        self._endpoint = wrapClientTLS(self._policy.creatorForNetloc(uri.host, uri.port), plain)
        return self

    def connect(self, factory: object) -> defer.Deferred:
        return self._endpoint.connect(factory).addCallback(self._kept)

    def _kept(self, protocol: Protocol) -> Protocol:
        self._last = protocol.transport
        return protocol

    def give_up(self, _cancelled: Failure, seconds: float) -> None:
        self._last.abortConnection()
        raise defer.TimeoutError(seconds, "Deferred")


@cache
def endpoints(ca: str, patience: float) -> Endpoints:
    return Endpoints(ca, patience)


def named(error: BaseException) -> str:
    """Return the error and those that it holds, as a program may tell them apart."""
    inner = [failure.value for failure in getattr(error, "reasons", ())]
    if any(isinstance(one, LOST) or getattr(one, "osError", None) == ECONNRESET for one in [error, *inner]):
        return "connection lost"
    return ": ".join(dict.fromkeys([_called(error), *map(_called, inner)]))


def _called(error: BaseException) -> str:
    """Return the class of *error*, of one of OpenSSL, which is a list of triples, the reasons."""
    return ", ".join(reason for _, _, reason in error.args[0]) if isinstance(error, Error) else type(error).__name__


async def asked(url: str, ca: str, patience: float) -> dict[str, object]:
    connecting = endpoints(ca, patience)
    client = HTTPClient(Agent.usingEndpointFactory(reactor, connecting))
    try:
        response = await client.get(url, timeout=patience)
        body = await response.content().addTimeout(patience, reactor, onTimeoutCancel=connecting.give_up)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the symptom
        return {"error": named(error)}
    kind = response.headers.getRawHeaders("content-type", [None])[0]
    return {"status": response.code, "type": kind, "body": b64encode(body).decode()}


class Lines(LineOnlyReceiver):
    delimiter = b"\n"
    MAX_LENGTH = 1 << 20

    def lineReceived(self, line: bytes) -> None:
        answer = defer.Deferred.fromCoroutine(asked(**json.loads(line)))
        answer.addCallback(lambda said: self.sendLine(json.dumps(said).encode()))

    def connectionLost(self, reason: object = None) -> None:
        if reactor.running:
            reactor.stop()


StandardIO(Lines())
reactor.run()
sys.exit(0)
