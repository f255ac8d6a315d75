"""Performing a reply: what is written when, how bodies follow the pace of the peer, and how a connection ends."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from traceback import clear_frames

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock

from tests.below import below
from ucmsim.http.reply import PIECE, Body, Bytes, CutShort, Drip, Ending, HangUp, Reply, Send, SendHead, Step, Wait
from ucmsim.sockets.wire import Progress, TlsLine, perform

HEAD = b"HTTP/1.1 200 OK\r\nContent-type: text/csv\r\n\r\n"
SHORT = Bytes(b"AcctId\n62\n")
LONG = Bytes(bytes(range(256)) * 1024)  # four pieces
assert LONG.length == 4 * PIECE


@dataclass
class FakeLine:
    """A line that writes down what is done to it, and asks its producer to pause when *room* bytes have been taken."""

    room: int | None = None
    writes: list[bytes] = field(default_factory=list)
    ends: list[Ending] = field(default_factory=list)
    producer: IPushProducer | None = None
    streaming: bool | None = None

    def write(self, data: bytes) -> None:
        assert not self.ends, "written after the end"
        self.writes.append(data)
        if self.producer and self.room is not None and len(self.data) >= self.room:
            self.producer.pauseProducing()

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        assert self.producer is None
        self.producer, self.streaming = producer, streaming

    def unregisterProducer(self) -> None:
        assert self.producer is not None
        self.producer = None

    def end(self, how: Ending) -> None:
        self.ends.append(how)

    @property
    def data(self) -> bytes:
        return b"".join(self.writes)


class Play:
    """A reply of some *steps* being performed on a `FakeLine`."""

    def __init__(self, *steps: Step, room: int | None = None) -> None:
        self.clock, self.line, self.stalls = Clock(), FakeLine(room), []
        self.progress = Progress(self.stalls.append)
        reply = Reply(200, "OK", (("Content-type", "text/csv"),), steps)
        assert reply.head == HEAD
        self.done = Deferred.fromCoroutine(perform(reply, self.line, self.clock, self.progress))

    @property
    def over(self) -> bool:
        return self.done.called

    @property
    def cut(self) -> str:
        """Why it was cut short, "" when it was not."""
        said: list[str] = []
        self.done.addCallback(said.append)
        (sentence,) = said
        return sentence

    @property
    def failure(self) -> BaseException:
        """What it failed with, which is then dealt with."""
        caught: list[BaseException] = []
        self.done.addErrback(lambda failure: caught.append(failure.value))
        (raised,) = caught
        return raised

    def vanish(self) -> None:
        """Cancel as the channel does when the client is gone."""
        self.done.cancel()
        self.done.addErrback(lambda failure: clear_frames(failure.getTracebackObject()) or failure.trap(CancelledError))
        assert self.over


@dataclass
class Counted:
    """A body of four pieces that tells how many of them were made."""

    made: int = 0

    length = LONG.length

    def slice(self, start: int, stop: int) -> Bytes:
        return LONG.slice(start, stop)

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        for piece in LONG.chunks(size):
            self.made += 1
            yield piece


WHY = "the file was changed while it was sent"


@dataclass
class Broken:
    """A body of *length* bytes of which only *pieces* can be made; then there is *why*."""

    length: int
    pieces: tuple[bytes, ...] = ()
    why: Exception = field(default_factory=lambda: CutShort(WHY))

    def slice(self, start: int, stop: int) -> Body:
        raise AssertionError("whole bodies are sent here: nobody slices them")

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        yield from self.pieces
        raise self.why


def test_head_and_short_body_are_one_write() -> None:
    """Head and short body leave in one write, and then the connection ends."""
    play = Play(SendHead(), Send(SHORT), HangUp())
    assert play.line.writes == [HEAD + SHORT.data]
    assert play.line.ends == [Ending.NOTIFY]
    assert play.progress.bytes == SHORT.length
    assert play.over
    assert not play.clock.getDelayedCalls()


def test_head_alone() -> None:
    """A reply without a body sends its head, whether it hangs up or not."""
    assert Play(SendHead(), HangUp()).line.writes == [HEAD]
    kept = Play(SendHead())
    assert (kept.line.writes, kept.line.ends, kept.over, kept.progress.bytes) == ([HEAD], [], True, 0)


def test_reply_that_keeps_the_connection_does_not_end_it() -> None:
    """Without a HangUp the line is left as it is."""
    play = Play(SendHead(), Send(LONG))
    assert play.over
    assert (play.line.ends, play.line.producer) == ([], None)


@pytest.mark.parametrize("body", [SHORT, LONG])
def test_wait_in_front_holds_everything_back(body: Bytes) -> None:
    """Nothing is written before the clock has moved as far as the Wait says, and everything right then."""
    play = Play(Wait(3.0), SendHead(), Send(body), HangUp())
    play.clock.advance(2.999)
    assert (play.line.writes, play.line.ends, play.over) == ([], [], False)
    play.clock.advance(0.001)
    assert play.line.data == HEAD + body.data
    assert play.over


def test_waits_add_up() -> None:
    """Two Waits are performed one after the other."""
    play = Play(Wait(1.0), Wait(2.0), SendHead(), HangUp())
    play.clock.advance(1.0)
    play.clock.advance(1.999)
    assert not play.line.writes
    play.clock.advance(0.001)
    assert play.line.writes == [HEAD]


def test_wait_behind_the_head_lets_the_head_out_first() -> None:
    """A Wait between head and body delays the body only."""
    play = Play(SendHead(), Wait(5.0), Send(SHORT), HangUp())
    assert play.line.writes == [HEAD]
    play.clock.advance(5.0)
    assert play.line.writes == [HEAD, SHORT.data]
    assert play.line.ends == [Ending.NOTIFY]


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 4 * PIECE])
def test_bodies_of_every_length_arrive_whole(length: int) -> None:
    """Head and body arrive whole and in order in pieces of 64 KiB at most, with or without a producer."""
    body = LONG.slice(0, length)
    play = Play(SendHead(), Send(body), HangUp())
    assert play.line.data == HEAD + body.data
    assert max(map(len, play.line.writes)) <= PIECE + len(HEAD)
    assert len(play.line.writes) == (1 if length <= PIECE else 1 + -(-length // PIECE))
    assert play.progress.bytes == length
    assert (play.line.producer, play.line.ends, play.over) == (None, [Ending.NOTIFY], True)


def test_long_body_goes_through_a_push_producer() -> None:
    """A long body is produced by a streaming producer, which goes before the connection ends."""
    play = Play(SendHead(), Send(LONG), HangUp(), room=1)
    assert play.line.producer is not None
    assert play.line.streaming is True
    assert play.line.ends == []


def test_paused_producer_waits_for_resume() -> None:
    """While the peer does not read nothing is written; it goes on where it stopped."""
    play = Play(SendHead(), Send(LONG), HangUp(), room=2 * PIECE)
    assert play.line.data == HEAD + LONG.data[: 2 * PIECE]
    play.line.room = 3 * PIECE
    play.line.producer.resumeProducing()
    assert play.line.data == HEAD + LONG.data[: 3 * PIECE]
    assert not play.over
    play.line.room = None
    play.line.producer.resumeProducing()
    assert play.line.data == HEAD + LONG.data
    assert play.over


def test_resume_without_pause_is_nothing() -> None:
    """A transport that says resume twice gets nothing twice."""
    play = Play(SendHead(), Send(LONG), HangUp(), room=1)
    pump = play.line.producer
    play.line.room = None
    pump.resumeProducing()
    pump.resumeProducing()
    assert play.line.data == HEAD + LONG.data


def test_no_piece_is_made_ahead() -> None:
    """A piece of the body is made when it is written, not before."""
    body = Counted()
    play = Play(SendHead(), Send(body), HangUp(), room=2 * PIECE)
    assert body.made == 2
    play.vanish()
    assert body.made == 2


def test_stopped_producer_writes_no_more() -> None:
    """After stopProducing nothing more is written, whatever the transport says; the cancellation finds nothing left."""
    play = Play(SendHead(), Send(LONG), HangUp(), room=PIECE)
    pump, written = play.line.producer, play.line.data
    pump.stopProducing()
    pump.resumeProducing()
    assert play.line.data == written
    play.line.unregisterProducer()
    play.vanish()
    assert play.line.ends == []


def test_stalls_are_told() -> None:
    """The callback hears False when bytes flow and True when the peer has stopped reading."""
    play = Play(SendHead(), Send(LONG), HangUp(), room=PIECE)
    assert play.stalls == [False, True]
    play.line.room = None
    play.line.producer.resumeProducing()
    assert play.stalls == [False, True, False]


def test_short_body_never_stalls() -> None:
    """What fits into one write tells nothing about the peer."""
    assert Play(SendHead(), Send(SHORT), HangUp()).stalls == []


@pytest.mark.parametrize("how", list(Ending))
def test_three_endings(how: Ending) -> None:
    """The connection ends as HangUp says, once, after everything in front of it was written."""
    play = Play(SendHead(), Send(SHORT), HangUp(how))
    assert play.line.writes == [HEAD + SHORT.data]
    assert play.line.ends == [how]


def test_hang_up_in_the_middle_cuts_the_rest() -> None:
    """What stands behind a HangUp is never performed."""
    play = Play(SendHead(), Send(SHORT), HangUp(Ending.RESET), Send(LONG), HangUp())
    assert play.line.data == HEAD + SHORT.data
    assert play.line.ends == [Ending.RESET]


def test_hang_up_alone_sends_nothing() -> None:
    """A reply may end the connection without a byte."""
    play = Play(HangUp(Ending.FIN))
    assert (play.line.writes, play.line.ends) == ([], [Ending.FIN])


def test_vanishing_during_a_wait_leaves_no_delayed_call() -> None:
    """A client that goes while it is made to wait leaves nothing on the clock and gets nothing."""
    play = Play(Wait(60.0), SendHead(), Send(SHORT), HangUp())
    assert len(play.clock.getDelayedCalls()) == 1
    play.vanish()
    assert play.clock.getDelayedCalls() == []
    assert (play.line.writes, play.line.ends, play.progress.bytes) == ([], [], 0)


def test_vanishing_during_a_body_unregisters_the_producer() -> None:
    """A client that goes in the middle of a body leaves no producer, and no more of the body is made."""
    play = Play(SendHead(), Send(LONG), HangUp(), room=3 * PIECE)
    pump = play.line.producer
    play.vanish()
    pump.resumeProducing()
    assert (play.line.producer, play.line.ends) == (None, [])
    assert play.line.data == HEAD + LONG.data[: 3 * PIECE]


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_progress_counts_what_was_handed_over(pieces: int) -> None:
    """When the peer vanishes, the count is that of the body bytes written, the head not among them."""
    play = Play(SendHead(), Send(LONG), HangUp(), room=pieces * PIECE)
    play.vanish()
    assert play.progress.bytes == pieces * PIECE == len(play.line.data) - len(HEAD)


def test_progress_adds_up_over_bodies() -> None:
    """Several bodies of one reply count together."""
    play = Play(SendHead(), Send(SHORT), Send(LONG), Wait(1.0), Send(SHORT))
    assert play.progress.bytes == SHORT.length + LONG.length
    play.clock.advance(1.0)
    assert play.progress.bytes == 2 * SHORT.length + LONG.length
    assert play.line.data == HEAD + SHORT.data + LONG.data + SHORT.data


# A body that cannot be made to its end

ONE, TWO = LONG.data[:PIECE], LONG.data[PIECE : 2 * PIECE]
CUTS = pytest.mark.parametrize(
    ("body", "made"),
    [
        pytest.param(Broken(PIECE, (b"AcctId", b"\n6")), b"AcctId\n6", id="short"),
        pytest.param(Broken(1), b"", id="short, first byte"),
        pytest.param(Broken(PIECE, (ONE,)), ONE, id="short, last byte"),
        pytest.param(Broken(PIECE + 1, (ONE,)), ONE, id="long"),
        pytest.param(Broken(LONG.length, (ONE, TWO, b"x")), ONE + TWO + b"x", id="long, inside a piece"),
        pytest.param(Broken(LONG.length), b"", id="long, first byte"),
    ],
)


@CUTS
def test_a_body_that_is_cut_short_ends_the_connection_orderly(body: Broken, made: bytes) -> None:
    """The head and what could be made are sent, close_notify follows, and whoever asked for it is told why."""
    play = Play(SendHead(), Send(body), HangUp(Ending.RESET))
    assert play.line.data == HEAD + made
    assert play.line.ends == [Ending.NOTIFY]
    assert play.progress.bytes == len(made)
    assert play.line.producer is None
    assert play.cut == WHY
    assert play.clock.getDelayedCalls() == []


@CUTS
def test_a_connection_that_would_be_kept_ends_with_a_body_that_is_cut_short(body: Broken, made: bytes) -> None:
    """What the peer would take for the missing bytes must not follow."""
    play = Play(SendHead(), Send(body), Send(SHORT))
    assert play.line.data == HEAD + made
    assert play.line.ends == [Ending.NOTIFY]
    assert play.cut == WHY


@pytest.mark.parametrize("pieces", [(), (b"AcctId", b"\n6")])
def test_what_there_is_of_a_short_body_is_one_write_with_its_head(pieces: tuple[bytes, ...]) -> None:
    """Cut short or not, they leave together."""
    play = Play(SendHead(), Send(Broken(100, pieces)), HangUp())
    assert play.line.writes == [HEAD + b"".join(pieces)]
    assert play.cut == WHY


def test_a_body_that_is_cut_short_behind_a_wait() -> None:
    """What was sent before stands, and nothing is left on the clock."""
    play = Play(SendHead(), Send(SHORT), Wait(3.0), Send(Broken(5, (b"ab",))), HangUp())
    play.clock.advance(3.0)
    assert (play.line.data, play.line.ends) == (HEAD + SHORT.data + b"ab", [Ending.NOTIFY])
    assert play.progress.bytes == SHORT.length + 2
    assert play.cut == WHY
    assert play.clock.getDelayedCalls() == []


def test_a_body_that_is_cut_short_after_a_pause() -> None:
    """The peer that reads on gets the end when the missing bytes are due, not before."""
    play = Play(SendHead(), Send(Broken(LONG.length, (ONE,))), HangUp(), room=PIECE)
    assert (play.line.ends, play.over, play.stalls) == ([], False, [False, True])
    play.line.room = None
    play.line.producer.resumeProducing()
    assert (play.line.ends, play.line.producer) == ([Ending.NOTIFY], None)
    assert play.cut == WHY


@pytest.mark.parametrize("length", [PIECE, PIECE + 1])
def test_any_other_failure_of_a_body_is_told_and_leaves_no_producer(length: int) -> None:
    """How a connection ends on which ucmsim failed is not decided here; that it failed is never lost."""
    why = ZeroDivisionError()
    play = Play(SendHead(), Send(Broken(length, (b"ab",), why)), HangUp())
    assert (play.line.ends, play.line.producer) == ([], None)
    assert play.failure is why


def test_any_other_failure_after_a_pause_is_no_concern_of_the_transport() -> None:
    """The transport that says resume gets no exception back."""
    play = Play(SendHead(), Send(Broken(LONG.length, (ONE,), ZeroDivisionError())), HangUp(), room=PIECE)
    play.line.producer.resumeProducing()
    assert play.line.producer is None
    assert isinstance(play.failure, ZeroDivisionError)


# A body and its peer


def test_nothing_is_made_while_the_peer_does_not_read() -> None:
    """However long it takes, the body is not asked for another piece until the transport says resume."""
    body = Counted()
    play = Play(SendHead(), Send(body), HangUp(), room=PIECE)
    play.clock.pump([60.0] * 10)
    assert (body.made, play.over) == (1, False)
    play.line.room = 2 * PIECE
    play.line.producer.resumeProducing()
    play.clock.pump([60.0] * 10)
    assert (body.made, play.over) == (2, False)
    play.line.room = None
    play.line.producer.resumeProducing()
    assert (body.made, play.over) == (4, True)


class Held(Counted):
    """A body that holds something open until it goes; *open* tells that it is still there."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = False

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        self.inside = True
        try:
            yield from super().chunks(size)
        finally:
            self.inside = False


@pytest.mark.parametrize(
    ("steps", "room"),
    [
        ((), PIECE),
        ((Wait(60.0),), None),
    ],
    ids=["in the middle", "before it"],
)
def test_a_peer_that_goes_away_releases_the_body_at_once(steps: tuple[Step, ...], room: int | None) -> None:
    """Neither the iterator nor the body wait for the garbage collector, and no delayed call holds them."""
    body, seen = Held(), []
    gone = weakref.ref(body, seen.append)
    play = Play(SendHead(), *steps, Send(body), HangUp(), room=room)
    assert body.inside is (room is not None)
    del body
    gc.disable()
    try:
        play.vanish()
        assert gone() is None
    finally:
        gc.enable()
    assert len(seen) == 1
    assert play.clock.getDelayedCalls() == []


def test_stopping_the_producer_closes_the_iterator() -> None:
    """What the iterator holds open is let go when the transport says stop, before anybody is cancelled."""
    body = Held()
    play = Play(SendHead(), Send(body), HangUp(), room=PIECE)
    assert body.inside
    play.line.producer.stopProducing()
    assert not body.inside
    play.vanish()


def test_a_drip_waits_for_the_peer() -> None:
    """What drips faster than the peer reads does not pile up: nothing is made while the transport says pause."""
    body = Counted()
    play = Play(Drip(body, PIECE, 0.0), HangUp(), room=1)
    play.clock.pump([1] * 9)
    assert (body.made, play.stalls) == (2, [True])
    play.line.producer.resumeProducing()
    assert (play.progress.bytes, play.stalls) == (2 * PIECE, [True, False, True])
    play.line.room = None
    play.line.producer.resumeProducing()
    play.clock.pump([1] * 9)
    assert (play.line.data[-LONG.length :], play.line.ends, play.line.producer) == (LONG.data, [Ending.NOTIFY], None)
    assert play.over


def test_a_drip_that_waits_for_the_peer_is_given_up_with_it() -> None:
    """A client that goes leaves nothing waiting, and a transport that speaks up afterwards is not heard."""
    play = Play(Drip(LONG, PIECE, 1.0), room=1)
    play.clock.advance(1)
    tap = play.line.producer
    play.vanish()
    tap.resumeProducing()
    assert (play.line.producer, play.clock.getDelayedCalls()) == (None, [])


class FakeTls:
    """A TLS transport, and the socket below it, that write down what is called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.transport = below(lambda: self.calls.append("half-close"))

    def write(self, data: bytes) -> None:
        self.calls.append(f"write {len(data)}")

    def loseConnection(self) -> None:
        self.calls.append("close_notify")

    def abortConnection(self) -> None:
        self.calls.append("abort")


@pytest.mark.parametrize(
    ("how", "calls"),
    [
        (Ending.NOTIFY, ["close_notify", "half-close"]),
        (Ending.FIN, ["half-close"]),
        (Ending.RESET, ["abort"]),
    ],
)
def test_endings_of_a_tls_line(how: Ending, calls: list[str]) -> None:
    """NOTIFY is close_notify then FIN, FIN goes past TLS, RESET aborts; no ending sends a byte of its own."""
    tls = FakeTls()
    TlsLine(tls).end(how)
    assert [call for call in tls.calls if call != "write 0"] == calls
