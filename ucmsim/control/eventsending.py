"""Sends a stream of server-sent events at the pace of who reads it. Source: WHATWG HTML, 9.2."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.web.server import Request
from zope.interface import implementer

from ucmsim.control.events import MEDIA_TYPE
from ucmsim.errors import Stopped
from ucmsim.service.journalstream import JournalStream


async def streamed(request: Request, stream: JournalStream) -> None:
    """Send *stream* until it ends, because the PBX does, or whoever reads it is gone.

    Where it fails the connection goes without the end of the body, by which the client knows; what went wrong is raised.
    """
    request.setHeader("Content-Type", MEDIA_TYPE)
    request.setHeader("Cache-Control", "no-store")
    reader = _Reader(stream)
    request.notifyFinish().addErrback(lambda _gone: reader.stopProducing())
    request.registerProducer(reader, True)
    request.write(b": the journal as it grows\n\n")  # so that the head goes out now
    try:
        while not reader.gone and (data := await stream.more()):
            await reader.ready()
            if not reader.gone:
                request.write(data)
    except Stopped:
        pass  # which is the end of it
    except BaseException:
        if not reader.gone:
            request.unregisterProducer()
            request.loseConnection()
        raise
    if not reader.gone:
        request.unregisterProducer()
        request.finish()


@implementer(IPushProducer)
class _Reader:
    """Whoever reads a *stream*: is told by the transport when to wait, and whether it is *gone*."""

    def __init__(self, stream: JournalStream) -> None:
        self._stream = stream
        self._paused: Deferred[None] | None = None
        self.gone = False

    async def ready(self) -> None:
        """Wait until more can be taken."""
        if self._paused is not None and not self.gone:
            await self._paused

    def pauseProducing(self) -> None:
        self._paused = self._paused or Deferred()

    def resumeProducing(self) -> None:
        paused, self._paused = self._paused, None
        if paused is not None:
            paused.callback(None)

    def stopProducing(self) -> None:
        self.gone = True
        self._stream.end()
        self.resumeProducing()
