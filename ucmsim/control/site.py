"""Serves the control plane: JSON over HTTP, or HTTPS, on a port of its own, apart from what the device serves."""

from __future__ import annotations

import hmac
import json
import secrets
from typing import Any
from urllib.parse import unquote

from prometheus_client import CollectorRegistry
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolFactory
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from ucmsim.assembling.statefolder import StateFolder
from ucmsim.contract.fields import FieldRefused
from ucmsim.control.answer import JSON, Answer, ApiError
from ucmsim.control.channel import ControlChannel
from ucmsim.control.events import MEDIA_TYPE
from ucmsim.control.eventsending import streamed
from ucmsim.control.plane import Plane
from ucmsim.control.routes import ROUTES, further, nearest
from ucmsim.control.sent import body_of, no_query, query_of
from ucmsim.control.tls import ControlTls, ca_file, identity
from ucmsim.errors import RenewalFailed, Stopped, UcmsimError
from ucmsim.privatefile import put
from ucmsim.service.fleet import Fleet
from ucmsim.service.journalstream import JournalStream
from ucmsim.settings import TOKEN_FILE, Control
from ucmsim.sockets.ports import CONTROL, OpenPort, closed

LARGEST = max(route.limit for route in ROUTES)
"""Bytes of a body that are kept."""


class ControlResource(Resource):
    """Translates: a request to a route, a value to JSON, an error to its status."""

    isLeaf = True
    _log = Logger()

    def __init__(self, plane: Plane, token: str) -> None:
        super().__init__()
        self._plane = plane
        self._token = token.encode()

    def render(self, request: ControlRequest) -> int:
        answering = Deferred.fromCoroutine(self._answer(request))
        answering.addErrback(lambda failure: self._log.failure("A control request failed", failure))
        return NOT_DONE_YET

    async def _answer(self, request: ControlRequest) -> None:
        gone: list[object] = []
        # What was begun is carried through: a PBX that is half created when its caller leaves must not be lost.
        request.notifyFinish().addErrback(gone.append)
        try:
            answer = await self._routed(request)
        except ApiError as error:
            answer = Answer(error.body, error.status)
        except FieldRefused as error:
            answer = Answer(ApiError(400, "invalid", str(error), error.field or None).body, 400)
        except Stopped as stopped:
            answer = Answer(ApiError(503, "stopped", str(stopped)).body, 503)
        except RenewalFailed as error:
            answer = Answer(ApiError(500, "failed", str(error)).body, 500)
        except UcmsimError as error:
            answer = Answer(ApiError(409, "conflict", str(error)).body, 409)
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets the one error shape
            self._log.failure("A control request failed")
            answer = Answer(ApiError(500, "internal", "ucmsim failed; its log says why").body, 500)
        if gone:
            return
        if isinstance(answer, JournalStream):
            await streamed(request, answer)
            return
        request.setResponseCode(answer.status)
        if answer.value is not None:
            request.setHeader("Content-Type", answer.kind)
            request.write(json.dumps(answer.value).encode() + b"\n" if answer.kind == JSON else answer.value.encode())
        request.finish()

    async def _routed(self, request: ControlRequest) -> Answer | JournalStream:
        path, method = request.path.decode("ascii", "replace"), request.method.decode("ascii", "replace")
        found = [(route, names) for route in ROUTES if (names := route.matches(path)) is not None]
        if not all(route.open for route, _ in found) or not found:
            self._authorise(request)
        if not found:
            hint = nearest(method, path)
            raise ApiError(404, "not-found", f"there is nothing at {path}" + (f"; {hint}" if hint else ""))
        served_as = "GET" if method == "HEAD" else method
        for route, names in found:
            if route.method == served_as:
                arguments: dict[str, Any] = {key: unquote(name) for key, name in names.items()}
                if method in ("POST", "PUT", "PATCH"):
                    data = request.content.read(route.limit + 1) if request.content else b""
                    arguments["body"] = body_of(data, request.media_type, route.limit, many=route.many, bare=route.bare)
                if route.query:
                    arguments["query"] = query_of(request.uri)
                elif not route.open:
                    no_query(request.uri)
                if route.events is not None and method == "GET" and MEDIA_TYPE in (request.getHeader("accept") or ""):
                    return await route.events(self._plane, **arguments, resumes=request.getHeader("last-event-id"))
                answer = route.handler(self._plane, **arguments)
                return answer if isinstance(answer, Answer) else await answer
        allowed = sorted({route.method for route, _ in found} | {"HEAD" for route, _ in found if route.method == "GET"})
        request.setHeader("Allow", ", ".join(allowed))
        one = f", and {method} of one of these: {there}" if (there := further(method, path)) else ""
        raise ApiError(405, "method-not-allowed", f"{method} cannot be done here; {', '.join(allowed)} can{one}")

    def _authorise(self, request: Request) -> None:
        given = request.getHeader(b"authorization") or b""
        scheme, _, token = given.partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(token.strip(), self._token):
            request.setHeader("WWW-Authenticate", "Bearer")
            wrong = "that is not the control token of this start; " if token else ""
            raise ApiError(401, "unauthorized", f"{wrong}send the control token: Authorization: Bearer ...")


class ControlRequest(Request):
    """A request whose answers call the server ucmsim, also those that Twisted gives by itself (``OPTIONS *``).

    *media_type* is what its body is called. Twisted is not told: it would read forms, and answer by itself to what is none.
    Of a body that is longer than any may be no more is kept: it may be that of somebody without a token.
    """

    media_type = ""
    _kept = 0

    def handleContentChunk(self, data: bytes) -> None:
        room, self._kept = LARGEST + 1 - self._kept, self._kept + len(data)
        if room > 0:
            super().handleContentChunk(data[:room])

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self.media_type = self.getHeader("content-type") or ""
        self.requestHeaders.removeHeader(b"content-type")
        super().requestReceived(command, path, version)

    def setHeader(self, name: bytes | str, value: bytes | str) -> None:
        super().setHeader(name, b"ucmsim" if name in (b"Server", b"server") else value)


class ControlService(Service):
    """The control plane on its port."""

    _log = Logger()

    def __init__(
        self,
        fleet: Fleet,
        settings: Control,
        folder: StateFolder,
        reactor: Any,
        *,
        instance: str,
        seed: int,
        registry: CollectorRegistry,
    ) -> None:
        self._bind = settings.bind
        self._reactor = reactor
        self._token = settings.token or secrets.token_urlsafe(24)
        put(folder.path / TOKEN_FILE, f"{self._token}\n".encode())
        plane = Plane(fleet, instance, seed, lambda: self._port is not None, registry)
        self._site = Site(ControlResource(plane, self._token), reactor=reactor)
        self._site.noisy = False
        self._site.protocol = ControlChannel  # type: ignore[assignment]  # without the choice of HTTP/2
        self._site.requestFactory = ControlRequest
        self._site.log = _unlogged  # type: ignore[method-assign, assignment]  # tokens and bodies stay out of the log
        self._scheme = settings.scheme
        self._ca = None if settings.tls is None else ca_file(folder.path.absolute())
        self._factory: IProtocolFactory = self._site
        if settings.tls is not None:
            shown = identity(settings, folder.path, reactor.seconds())
            self._factory = TLSMemoryBIOFactory(ControlTls(shown), False, self._site, clock=reactor)
            self._factory.noisy = False
        self._port: OpenPort | None = None

    def described(self) -> dict[str, str]:
        """Return the entry of the ready report: url and token, and with TLS the file of the CA to trust."""
        assert self._port is not None  # noqa: S101 - told only when it listens
        address = self._port.address
        told = {"url": f"{self._scheme}://{address.nearby}:{address.port}", "token": self._token}
        return told if self._ca is None else {**told, "ca": str(self._ca)}

    def startService(self) -> None:
        """Open the port; raises `BindError`."""
        super().startService()
        self._port = OpenPort.open(self._reactor, self._bind, self._factory, CONTROL)

    def stopService(self) -> Deferred[None]:
        super().stopService()
        port, self._port = self._port, None
        return closed(port)


def _unlogged(_request: Request) -> None:
    """Log nothing of a control request."""
