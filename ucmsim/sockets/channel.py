"""The device's HTTP on one connection: bytes in, a decision asked for, a reply performed, one access line.

Not built on twisted.web: no byte of a response on an API port may come from a library. A request makes three stops
and never turns back: the reader makes it an `ApiRequest`, the PBX decides, `wire` performs.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import clear_frames
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IAddress, IHandshakeListener, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from zope.interface import implementer

from ucmsim.appliance.lookup import Lookup
from ucmsim.appliance.pbx import Pbx
from ucmsim.clock import When
from ucmsim.http import pages
from ucmsim.http.reader import Incoming, RequestReader
from ucmsim.http.reply import Content, Ending, Reply
from ucmsim.http.request import ApiRequest
from ucmsim.journal import LINE, Exchange, Visit
from ucmsim.journal.visits import BY_CLIENT
from ucmsim.sockets.tlsendings import conclude
from ucmsim.sockets.wire import Line, Progress, TlsLine, perform
from ucmsim.store.deliveries import Sent

T = TypeVar("T")
Worker = Callable[[Callable[[], T]], Deferred[T]]
"""Runs a function in the one worker thread."""


BACKLOG = 65536
"""Bytes of requests to come that are kept while one is answered."""

_FAILED = "ucmsim failed; the log says why below"


@implementer(IHandshakeListener)
class DeviceChannel(Protocol, TimeoutMixin):
    """One connection to one PBX, over TLS that stands on a `Below`, which has the account of the connection."""

    _log = Logger()

    def __init__(self, pbx: Pbx, peer: str, wall: IReactorTime, worker: Worker[Reply]) -> None:
        self._pbx = pbx
        self._peer = peer
        self._wall = wall
        self._worker = worker
        self._visit = Visit()
        self._before = 0
        self._inactivity = pbx.quirks.number("inactivity-timeout")
        self._keep_alive = pbx.quirks.number("keep-alive")
        self._reader = RequestReader(pbx.reading, pipelined=self._keep_alive is not None)
        self._playing: Deferred[None] | None = None
        self._line: Line | None = None
        self._input_over = False
        self._left: float | None = None
        self._progress: Progress | None = None
        self._keeps = False
        self._turning = False
        self._paused = False
        self._waits = pbx.quirks["stalled-reader"] == "kept"
        self._gone = "the client went away"

    def callLater(self, period: float, func: Callable[..., object]) -> Any:
        """Let `TimeoutMixin` wait on the wall clock that was passed in."""
        return self._wall.callLater(period, func)

    # --- what happens to the connection ----------------------------------------------------------------------------

    def connectionMade(self) -> None:
        tls: Any = self.transport
        self._visit = tls.transport.visit
        self._line = TlsLine(tls)
        self.setTimeout(self._inactivity)

    def handshakeCompleted(self) -> None:
        visit = self._visit
        visit.shaken = True
        if handle := getattr(self.transport, "getHandle", None):
            agreed = handle()
            visit.version, visit.cipher = agreed.get_protocol_version_name(), agreed.get_cipher_name()

    def dataReceived(self, data: bytes) -> None:
        self._visit.heard = True
        if self._playing is None:
            self.setTimeout(self._inactivity)
        self._begin_exchange(self._reader.feed(data))
        if self._playing is not None and self._reader.backlog > BACKLOG:
            # The device does not read ahead either.
            self._paused = True
            self.transport.pauseProducing()  # type: ignore[union-attr]

    def inputEnded(self) -> None:
        """The peer will send no more, though it may still listen."""
        self._input_over = True
        if self._playing is not None:
            self._left = self._wall.seconds()
        if self._progress is not None and self._progress.stays:
            self._end(Ending.RESET)  # there is nothing left that the peer could wait for
            return
        if self._playing is None and not self._turning:
            self._end_of_input()

    def timeoutConnection(self) -> None:
        """Too long without a byte: give the request up, or the reply that nobody reads."""
        if self._line is not None and self._line.sends:  # the peer is not the one that is slow
            self.setTimeout(self._inactivity)
            return
        if self._playing is not None:
            self._gone = f"reset: the client read nothing for {self._inactivity} seconds (quirk stalled-reader)"
            self._end(Ending.RESET)
        else:
            self._end_of_input(silent=True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.setTimeout(None)
        self._line = None
        visit = self._visit
        conclude(visit, reason.value)
        if not visit.shaken and visit.refusal is not None:
            faults = f" [faults: {', '.join(visit.faults)}]" if visit.faults else ""
            self._log.info(
                "{pbx} {peer} TLS failed - {why}{faults}",
                pbx=self._pbx.name, peer=self._peer, why=visit.refusal.sentence, faults=faults,
            )  # fmt: skip
        if visit.defect is not None:
            self._log.info(
                "{pbx} {peer} was shown {defect}: {verdict}",
                pbx=self._pbx.name, peer=self._peer, defect=visit.defect, verdict=visit.verdict,
            )  # fmt: skip
        if self._playing is not None:
            self._playing.cancel()

    # --- one exchange ----------------------------------------------------------------------------------------------

    def _end_of_input(self, *, silent: bool = False) -> None:
        outcome = self._reader.ended(silent=silent)
        if outcome is None:
            # Where it asked for nothing more, ours is only the answer to its end.
            self._visit.ended = "" if silent else BY_CLIENT
            self._end(Ending.NOTIFY)
        self._begin_exchange(outcome)

    def _begin_exchange(self, outcome: Incoming | Content | None) -> None:
        if outcome is None:
            return
        self.setTimeout(None)
        self._keeps, self._left = False, None
        self._playing = Deferred.fromCoroutine(self._exchange(outcome))
        self._playing.addErrback(_dropped)
        self._playing.addErrback(self._failed)
        self._playing.addCallback(lambda _: self._after())

    async def _exchange(self, outcome: Incoming | Content) -> None:
        began = self._pbx.clock.at(self._wall.seconds())
        asked = self._understood(outcome) if isinstance(outcome, Incoming) else outcome
        request = asked if isinstance(asked, ApiRequest) else None
        progress, reply, ended = Progress(self._stalled), None, ""
        self._before = self._visit.written
        self._progress = progress
        try:
            reply = await self._decided(asked)
            if self._line is not None:
                ended = await perform(reply, self._line, self._wall, progress) or reply.odd_ending
                self._keeps = reply.keeps and not ended
            else:
                ended = self._gone
        except CancelledError:
            ended = self._visit.cut or self._gone
            raise
        except Exception:
            ended = _FAILED
            raise
        finally:
            # It knows this channel: what it has read goes with it, not with the garbage collector.
            self._progress = None
            self._tell(request, reply, progress, began, ended)

    def _failed(self, failure: Failure) -> None:
        """Tell what nobody foresaw; a connection on which it happened is beyond an orderly end."""
        self._log.failure("The wire failed", failure)
        self._end(Ending.RESET)

    def _understood(self, incoming: Incoming) -> ApiRequest:
        return ApiRequest.of(self._peer, incoming.head, incoming.form, self._pbx.reading)

    def _stalled(self, stalled: bool) -> None:
        """Give a peer that stops reading as long as one that stops sending."""
        self.setTimeout(self._inactivity if stalled and not self._waits else None)

    async def _decided(self, asked: ApiRequest | Content) -> Reply:
        when = self._pbx.clock.at(self._wall.seconds())
        lookup: Lookup | None = None
        try:
            if isinstance(asked, Content):
                return self._pbx.malformed(asked, self._peer, when)
            decided = self._pbx.decide(asked, when)
            if isinstance(decided, Reply):
                return decided
            lookup = decided
            return await self._worker(lookup.reply)
        except CancelledError:
            raise
        except Exception:  # noqa: BLE001 - the device answers its 500 page whatever went wrong
            self._log.failure("A request could not be answered")
            # What was decided already has counted its faults.
            error = pages.SERVER_ERROR
            return lookup.dress(error) if lookup else self._pbx.malformed(error, self._peer, when)

    def _tell(
        self, request: ApiRequest | None, reply: Reply | None, progress: Progress, began: When, ended: str
    ) -> None:
        method, target = (request.method, request.target) if request else self._reader.begun
        exchange = Exchange(
            pbx=self._pbx.name,
            peer=self._peer,
            method=method or "-",
            target=target or "-",
            status=reply.status if reply else 0,
            rows=reply.rows if reply else None,
            bytes=progress.bytes,
            seconds=self._wall.seconds() - began.wall,
            note=reply.note if reply else "",
            faults=self._visit.faults + (reply.faults if reply else ()),
            ended=ended,
            by_client=ended == self._gone,
            left=None if self._left is None else self._left - began.wall,
            began=began,
            title=reply.title if reply else "",
            reply_headers=reply.headers if reply else (),
            head_bytes=progress.head,
            refusal=reply.refusal if reply else None,
        )
        sent = Sent.of(reply, progress.bytes, self._before) if reply else None
        told = self._pbx.record(exchange, request, self._visit, reply.served if reply else None, sent)
        # The fields are there for observers; the sentence is one field, because formatting many of them is dear.
        fields = told.fields()
        self._log.info("{line}", line=LINE.format(**fields), **fields)

    def _after(self) -> None:
        """One request per connection, unless the quirk keep-alive lets the reply leave it open."""
        self._playing = None
        if self._line is None or not self._keeps:
            return
        self.setTimeout(self._keep_alive)
        # Not at once: a thousand pipelined requests must not be a thousand frames deep.
        self._turning = True
        self._wall.callLater(0, self._next)

    def _next(self) -> None:
        """Turn to the next request on a connection that is kept."""
        self._turning = False
        if self._paused and self._line is not None:
            self._paused = False
            self.transport.resumeProducing()  # type: ignore[union-attr]
        if self._line is None or self._playing is not None:
            return
        outcome = self._reader.again()
        if outcome is None and self._input_over:
            self._end_of_input()
        self._begin_exchange(outcome)

    def _end(self, how: Ending) -> None:
        if self._line is not None:
            self._line.end(how)


def _dropped(failure: Failure) -> None:
    """Take a cancellation for what it is, and let go now of the reply that its traceback holds: a file may be open."""
    failure.trap(CancelledError)
    clear_frames(failure.getTracebackObject())


class DeviceFactory(Factory):
    """Makes the channels of one PBX."""

    noisy = False

    def __init__(self, pbx: Pbx, wall: IReactorTime, worker: Worker[Reply]) -> None:
        self._pbx = pbx
        self._wall = wall
        self._worker = worker

    def buildProtocol(self, addr: IAddress | None) -> DeviceChannel:
        peer = str(getattr(addr, "host", ""))
        return DeviceChannel(self._pbx, peer, self._wall, self._worker)
