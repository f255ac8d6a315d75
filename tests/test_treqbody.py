"""A body that is pulled: what nobody takes is not taken from its sender, and each way to end."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss

from ucmsim.treqbody import PulledBody, WholeBody


class Body:
    """A body, its transport, its clock, and what each call of `pull` has got by now."""

    def __init__(self) -> None:
        self.clock, self.transport, self.got = Clock(), StringTransport(), list[Any]()
        self.pulled = PulledBody(self.clock, 60.0)
        self.pulled.makeConnection(self.transport)

    def pull(self) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.pulled.piece()).addBoth(self.got.append)

    def end(self, reason: Exception) -> None:
        self.pulled.connectionLost(Failure(reason))


@pytest.fixture
def body() -> Body:
    return Body()


def test_what_nobody_takes_stays_with_its_sender(body: Body) -> None:
    """The transport is paused from the first piece on until somebody asks for more than has come."""
    body.pulled.dataReceived(b"one")
    assert body.transport.producerState == "paused"
    body.pulled.dataReceived(b"two")
    body.pull()
    body.pull()
    assert (body.got, body.transport.producerState) == ([b"one", b"two"], "paused")
    body.pull()
    assert body.transport.producerState == "producing"
    body.pulled.dataReceived(b"three")
    assert (body.got[2:], body.transport.producerState) == ([b"three"], "paused")


def test_the_end_comes_behind_what_has_come(body: Body) -> None:
    """Nothing is lost, and whoever asks again gets it again."""
    body.pulled.dataReceived(b"one")
    body.end(ResponseDone())
    for _ in range(3):
        body.pull()
    assert body.got == [b"one", b"", b""]


@pytest.mark.parametrize("reason", [ConnectionLost(), PotentialDataLoss()])
def test_a_body_that_breaks_off(body: Body, reason: Exception) -> None:
    """What may lack something has no end like another, whether somebody waits for it or asks later."""
    body.pull()
    body.end(reason)
    body.pull()
    assert [str(one.value) for one in body.got] == ["the stream of events has ended"] * 2


def test_silence_counts_while_somebody_waits(body: Body) -> None:
    """Who takes nothing for long is not the one that is silent."""
    body.pulled.dataReceived(b"one")
    body.clock.advance(600)
    body.pull()
    body.pull()
    body.clock.advance(59)
    assert body.got == [b"one"]
    body.clock.advance(1)
    assert str(body.got[1].value) == "the stream of events was silent for 60 seconds"


def test_who_waits_may_give_up(body: Body) -> None:
    """What comes then is there for the next that asks."""
    body.pull().cancel()
    assert isinstance(body.got.pop().value, CancelledError)
    body.pulled.dataReceived(b"one")
    body.pull()
    assert (body.got, body.clock.getDelayedCalls()) == ([b"one"], [])


def test_it_is_closed_once(body: Body) -> None:
    """The connection is let go, unless it is gone."""
    body.pulled.close()
    assert body.transport.producerState == "stopped"
    gone = Body()
    gone.end(ResponseDone())
    gone.pulled.close()
    assert gone.transport.producerState == "producing"


@pytest.mark.parametrize(
    ("reason", "found"),
    [(ResponseDone(), b"onetwo"), (PotentialDataLoss(), b"onetwo"), (ConnectionLost(), ConnectionLost)],
)
def test_a_whole_body_comes_at_its_end(reason: Exception, found: object) -> None:
    """Also where only the end of its connection says that it is all; not where that broke."""
    body, got = WholeBody(), list[Any]()
    body.whole.addCallbacks(got.append, lambda failure: got.append(failure.type))
    body.dataReceived(b"one")
    body.dataReceived(b"two")
    assert got == []
    body.connectionLost(Failure(reason))
    assert got == [found]


def test_nobody_waits_for_a_whole_body_any_more() -> None:
    """Its connection is let go, and how that ends is told nobody."""
    body, transport, got = WholeBody(), StringTransport(), list[Any]()
    body.makeConnection(transport)
    body.whole.addBoth(got.append)
    body.whole.cancel()
    body.connectionLost(Failure(ConnectionLost()))
    assert transport.producerState == "stopped"
    assert isinstance(got.pop().value, CancelledError)
