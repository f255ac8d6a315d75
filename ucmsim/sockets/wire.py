"""Performs a `Reply`: the only code that writes to a connection, and asks for it to end (`socketplane` ends sockets)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer, IReactorTime
from twisted.internet.task import deferLater
from zope.interface import implementer

from ucmsim.http.reply import PIECE, Body, CutShort, Drip, Ending, HangUp, Reply, Send, SendHead, Stay, Wait
from ucmsim.journal import Visit


class Line(Protocol):
    """What a reply is performed on: bytes can be written, a producer registered, and there are three ways to end.

    While it *sends*, bytes that were written go out as slowly as a fault has it, and nobody waits for the peer.
    """

    @property
    def sends(self) -> bool: ...
    def write(self, data: bytes) -> None: ...
    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...
    def unregisterProducer(self) -> None: ...
    def end(self, how: Ending) -> None: ...


class TlsLine:
    """A line over Twisted's TLS: *tls* is the TLS transport, below which stands a `Below`."""

    def __init__(self, tls: TlsTransport) -> None:
        self._tls = tls

    @property
    def sends(self) -> bool:
        return self._tls.transport.sends

    def write(self, data: bytes) -> None:
        self._tls.write(data)

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        self._tls.registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        self._tls.unregisterProducer()

    def end(self, how: Ending) -> None:
        """End the connection *how* it is said: close_notify and FIN, FIN alone, or RST."""
        match how:
            case Ending.NOTIFY:
                self._tls.loseConnection()
                self._tls.transport.finish()
            case Ending.FIN:
                self._tls.transport.finish()
            case Ending.RESET:
                self._tls.abortConnection()


class Socket(Protocol):
    """The part of a `Below` that HTTP uses; *visit* is the account of the connection, *sends* is that of a `Line`."""

    visit: Visit

    @property
    def sends(self) -> bool: ...
    def finish(self) -> None: ...


class TlsTransport(Protocol):
    """The part of `TLSMemoryBIOProtocol` that a `TlsLine` uses."""

    @property
    def transport(self) -> Socket: ...
    def write(self, data: bytes) -> None: ...
    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...
    def unregisterProducer(self) -> None: ...
    def loseConnection(self) -> None: ...
    def abortConnection(self) -> None: ...


class Progress:
    """How far a reply has come: bytes of the *head* and *bytes* of the body that the transport took, at every moment.

    *stalled* is told True when the peer reads no more, False when it goes on. *stays* says that nothing more will come.
    """

    __slots__ = ("bytes", "head", "stalled", "stays")

    def __init__(self, stalled: Callable[[bool], None]) -> None:
        self.bytes = 0
        self.head = 0
        self.stays = False
        self.stalled = stalled


async def perform(reply: Reply, line: Line, wall: IReactorTime, progress: Progress) -> str:
    """Do what *reply* says, step by step; return "" when the last step is done.

    A body that is cut short ends the connection as the device would, orderly and without the bytes that the head
    promised; then the sentence that says why is returned.
    """
    head = b""
    for step in reply.steps:
        match step:
            case SendHead():
                head = reply.head
            case Send(body):
                cut = await _sent(head, body, line, progress)
                head = b""
                if cut:
                    line.end(Ending.NOTIFY)
                    return cut
            case Wait(seconds):
                _write_head(head, line, progress)
                head = b""
                await deferLater(wall, seconds)
            case Drip(body, piece, seconds):
                _write_head(head, line, progress)
                head = b""
                cut = await _dripped(body.chunks(piece), seconds, line, wall, progress)
                if cut:
                    line.end(Ending.NOTIFY)
                    return cut
            case Stay():
                _write_head(head, line, progress)
                progress.stays = True
                await Deferred[None]()
            case HangUp(how):
                _write_head(head, line, progress)
                line.end(how)
                return ""
    _write_head(head, line, progress)
    return ""


def _write_head(head: bytes, line: Line, progress: Progress) -> None:
    if head:
        line.write(head)
        progress.head += len(head)


async def _dripped(pieces: Iterator[bytes], seconds: float, line: Line, wall: IReactorTime, progress: Progress) -> str:
    """Send *pieces* with so many *seconds* between, or as the peer reads if that takes longer.

    Return why they were cut short, "" if they were not.
    """
    tap = _Tap(progress)
    line.registerProducer(tap, True)
    try:
        for number, piece in enumerate(pieces):
            if number:
                await deferLater(wall, seconds)
            await tap.opened()
            progress.bytes += len(piece)
            line.write(piece)
    except CutShort as short:
        return str(short)
    finally:
        line.unregisterProducer()
    return ""


@implementer(IPushProducer)
class _Tap:
    """Is closed and opened by the transport, so that what drips faster than the peer reads does not pile up there."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._is_open = True
        self._waiting: Deferred[None] | None = None

    async def opened(self) -> None:
        """Wait until the transport takes more."""
        if not self._is_open:
            self._waiting = Deferred()
            await self._waiting

    def pauseProducing(self) -> None:
        self._is_open = False
        self._progress.stalled(True)

    def resumeProducing(self) -> None:
        self._is_open = True
        self._progress.stalled(False)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def stopProducing(self) -> None:
        """The connection is gone, and the channel gives up whoever waits."""


async def _sent(head: bytes, body: Body, line: Line, progress: Progress) -> str:
    """Send *head* and *body*; return why the body was cut short, "" if it was not."""
    if body.length <= PIECE:
        # Head and short body in one write are one TLS record and one segment.
        return _write_whole(head, body, line, progress)
    _write_head(head, line, progress)
    return await _pumped(body, line, progress)


def _write_whole(head: bytes, body: Body, line: Line, progress: Progress) -> str:
    """Write *head* and all that can be made of a short *body* at once; return why that is not all of it."""
    pieces, cut = [head], ""
    try:
        pieces.extend(body.chunks())
    except CutShort as short:
        cut = str(short)
    data = b"".join(pieces)
    line.write(data)
    progress.head += len(head)
    progress.bytes += len(data) - len(head)
    return cut


def _pumped(body: Body, line: Line, progress: Progress) -> Deferred[str]:
    """Send *body* at the pace of the peer; fires with "", or with why it was cut short."""
    pump = _Pump(body.chunks(), line, progress)
    line.registerProducer(pump, True)
    pump.resumeProducing()
    return pump.done


@implementer(IPushProducer)
class _Pump:
    """Writes pieces until the transport says pause, goes on when it says resume, forgets the rest when it says stop."""

    def __init__(self, pieces: Iterator[bytes], line: Line, progress: Progress) -> None:
        self.done: Deferred[str] = Deferred(self._cancelled)
        self._pieces = pieces
        self._line = line
        self._progress = progress
        self._paused = True
        self._finished = False

    def pauseProducing(self) -> None:
        self._paused = True
        self._progress.stalled(True)

    def resumeProducing(self) -> None:
        if not self._paused or self._finished:
            return
        self._paused = False
        self._progress.stalled(False)
        while not self._paused and not self._finished:
            try:
                piece = next(self._pieces, None)
            except CutShort as short:
                self._finish()
                # As a value: an exception would hold the body by its traceback.
                self.done.callback(str(short))
                return
            except Exception:  # noqa: BLE001 - whoever awaits the end is told; to the transport it is nothing
                self._finish()
                self.done.errback()
                return
            if piece is None:
                self._finish()
                self.done.callback("")
                return
            self._progress.bytes += len(piece)
            self._line.write(piece)

    def stopProducing(self) -> None:
        self._finished = True
        self._pieces = iter(())

    def _cancelled(self, _done: Deferred[str]) -> None:
        if not self._finished:
            self._finish()

    def _finish(self) -> None:
        self._finished = True
        self._pieces = iter(())  # the body goes now, not when the garbage of this exchange is collected
        self._line.unregisterProducer()
