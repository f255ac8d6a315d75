"""A body that the device sends: cut short, failing, waiting for its client, and let go of with it."""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from twisted.logger import formatEvent

from tests.devices import GET, PASSWORD, PEER, Connection, Device, Late, answer
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reply import PIECE, Bytes, Content, CutShort


class Made:
    """A body of *length* bytes that are made as they are sent; *why* makes what is raised when *stop* are there.

    *made* counts the bytes, *inside* tells that the body is being read: a file would be open.
    """

    def __init__(self, length: int, stop: int | None = None, why: Callable[[], Exception] | None = None) -> None:
        self.length, self.stop, self.why = length, length if stop is None else stop, why
        self.made, self.inside = 0, False

    def slice(self, start: int, stop: int) -> Bytes:
        raise AssertionError("whole bodies are sent here: nobody slices them")

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        self.inside = True
        try:
            while self.made < self.stop:
                piece = b"x" * min(size, self.stop - self.made)
                self.made += len(piece)
                yield piece
            if self.why:
                raise self.why()
        finally:
            self.inside = False


class Serving:
    """Work whose answer has the *body*, once."""

    def __init__(self, body: Made) -> None:
        self._bodies = [body]

    def content(self) -> Content:
        return Content(200, "OK", (("Content-type", "audio/x-wav"),), self._bodies.pop())


def serve(device: Device, monkeypatch: pytest.MonkeyPatch, body: Made, **settings: Any) -> Pbx:
    """Return a PBX that answers the next request with *body*."""
    pbx = device.pbx(**settings)
    works = [Serving(body)]
    own = pbx._faces.own
    face = replace(own, handlers={**own.handlers, "recapi": lambda request, when: works.pop()})
    monkeypatch.setattr(pbx._faces, "own", face)
    return pbx


RECAPI = b"GET /recapi?filename=a.wav HTTP/1.1\r\nHost: pbx\r\n\r\n"
CHANGED = "the file was changed while it was sent"


def cut() -> CutShort:
    return CutShort(CHANGED)


LENGTHS = pytest.mark.parametrize(
    ("length", "stop"),
    [
        pytest.param(1000, 700, id="short"),
        pytest.param(1000, 0, id="short, first byte"),
        pytest.param(5 * PIECE, 3 * PIECE + 9, id="long"),
        pytest.param(5 * PIECE, 0, id="long, first byte"),
    ],
)


def sound(length: int, made: int) -> bytes:
    """Return the response with a recording of that *length* of which only so many bytes were *made*."""
    whole = answer("200 OK", "Content-type: audio/x-wav", body=b"x" * length)
    return whole[: len(whole) - length + made]


@LENGTHS
def test_body_that_is_cut_short(device: Device, monkeypatch: pytest.MonkeyPatch, length: int, stop: int) -> None:
    """Head and what there is are sent, the connection ends in order, and the line says why and how far it came."""
    connection = device.connect(to=serve(device, monkeypatch, Made(length, stop, cut)))
    assert connection.send(RECAPI) == sound(length, stop)
    assert connection.fate == "closed"
    assert formatEvent(device.line) == (
        f'hq {PEER} "GET /recapi?filename=a.wav" 200 rows=- bytes={stop} 0.0 ms [{CHANGED}]'
    )
    assert (connection.tls.producer, device.failures, device.clock.getDelayedCalls()) == (None, [], [])


@pytest.mark.quirk("keep-alive")
@LENGTHS
def test_body_that_is_cut_short_is_the_last_of_its_connection(
    device: Device, monkeypatch: pytest.MonkeyPatch, length: int, stop: int
) -> None:
    """A connection that would be kept ends: the next response would be taken for the missing bytes."""
    pbx = serve(device, monkeypatch, Made(length, stop, cut), quirks={"keep-alive": 15})
    connection = device.connect(to=pbx)
    connection.send(RECAPI + GET)
    device.clock.pump([0] * 4)
    assert connection.got == sound(length, stop).replace(b"Connection: close\r\n", b"")
    assert (connection.fate, len(device.access), device.clock.getDelayedCalls()) == ("closed", 1, [])


def test_what_cut_a_body_short_is_one_printable_sentence(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file name in it cannot forge a line, and the password is not told."""
    said = f"'monitor/\x1b[2J\r\nforged {PASSWORD}.wav' is gone"
    pbx = serve(device, monkeypatch, Made(9, 3, lambda: CutShort(said)), tls_authentication_password=PASSWORD)
    device.connect(to=pbx).send(RECAPI)
    text = formatEvent(device.line)
    assert re.fullmatch(r"[ -~]+", text)
    assert text.endswith(" ms ['***' is gone]")


@pytest.mark.parametrize("length", [1000, 5 * PIECE])
def test_body_that_fails_is_told_and_resets(device: Device, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """What nobody foresaw is logged, and the connection neither stays open nor ends as if all were well."""
    connection = device.connect(to=serve(device, monkeypatch, Made(length, length - 1, ZeroDivisionError)))
    connection.send(RECAPI)
    assert connection.fate == "reset"
    (failure,) = device.failures
    assert isinstance(failure.value, ZeroDivisionError)
    assert device.line["told"] == " [ucmsim failed; the log says why below]"
    assert (connection.tls.producer, device.clock.getDelayedCalls()) == (None, [])


# --- a body and its client -----------------------------------------------------------------------------------------


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector away, so that what goes, goes at once."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def halted(device: Device, pbx: Pbx) -> Connection:
    """Return a connection whose client has stopped reading after one piece of the body."""
    connection = device.connect(to=pbx)
    write = connection.tls.write

    def one_piece(data: bytes) -> None:
        write(data)
        if len(data) == PIECE:
            connection.tls.producer.pauseProducing()

    connection.tls.write = one_piece
    connection.send(RECAPI)
    return connection


def test_client_that_stops_reading_stops_the_production(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """No piece of the body is made ahead of its client, however long that takes."""
    body = Made(5 * PIECE)
    connection = halted(device, serve(device, monkeypatch, body, quirks={"inactivity-timeout": "none"}))
    for pieces in range(1, 6):
        device.clock.pump([600.0] * 10)
        assert (body.made, connection.fate) == (pieces * PIECE, "open")
        connection.tls.producer.resumeProducing()
    assert (connection.got, connection.fate) == (sound(5 * PIECE, 5 * PIECE), "closed")
    assert not body.inside


@pytest.mark.quirk("transfer-limit")
def test_nothing_ends_a_long_answer(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads a piece every twenty seconds gets all 32 MiB of it, three hours later."""
    pieces = 512
    connection = halted(device, serve(device, monkeypatch, Made(pieces * PIECE)))
    for _ in range(pieces - 1):
        device.clock.advance(20)
        connection.tls.producer.resumeProducing()
    device.clock.advance(20)
    assert connection.fate == "open"
    connection.tls.producer.resumeProducing()
    assert connection.fate == "closed"
    assert (len(connection.got.partition(b"\r\n\r\n")[2]), device.line["told"]) == (pieces * PIECE, "")


def test_client_that_goes_away_releases_the_body(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body, and what it holds open, goes with its client, without waiting for anything."""
    body = Made(5 * PIECE)
    gone, pbx = weakref.ref(body), serve(device, monkeypatch, body)
    del body
    connection = halted(device, pbx)
    assert gone().inside
    with uncollected():
        connection.vanish()
        assert gone() is None
    assert (connection.tls.producer, device.clock.getDelayedCalls(), device.failures) == (None, [], [])
    assert (device.line["bytes"], device.line["told"]) == (str(PIECE), " [the client went away]")


def test_client_that_goes_away_before_the_body_releases_it(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that waits for its turn goes as well, though nothing of it was made."""
    body = Made(5 * PIECE)
    slow = {"fault": "http.latency", "seconds": 60.0}
    gone, pbx = weakref.ref(body), serve(device, monkeypatch, body, faults=[slow])
    del body
    connection = device.connect(to=pbx)
    connection.send(RECAPI)
    assert gone().made == 0
    with uncollected():
        connection.vanish()
        assert gone() is None
    assert device.clock.getDelayedCalls() == []


def test_client_that_goes_away_during_the_lookup_never_has_a_body(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the worker finds when nobody wants it any more is dropped."""
    body = Made(5 * PIECE)
    gone, late = weakref.ref(body), Late()
    connection = device.connect(to=serve(device, monkeypatch, body), worker=late)
    del body
    connection.send(RECAPI)
    connection.vanish()
    with uncollected():
        late.finish()
        assert gone() is None
    assert (device.failures, device.clock.getDelayedCalls()) == ([], [])


@pytest.mark.quirk("inactivity-timeout")
def test_client_that_stalls_loses_the_body_with_its_connection(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time is up the connection is reset, and the body goes with it."""
    body = Made(5 * PIECE)
    gone, pbx = weakref.ref(body), serve(device, monkeypatch, body)
    del body
    connection = halted(device, pbx)
    device.clock.advance(30.1)
    assert connection.fate == "reset"
    with uncollected():
        connection.vanish()
        assert gone() is None
    assert device.clock.getDelayedCalls() == []


def test_body_that_was_cut_short_is_released(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ended it does not hold it."""
    body = Made(5 * PIECE, PIECE, cut)
    gone, pbx = weakref.ref(body), serve(device, monkeypatch, body)
    del body
    with uncollected():
        device.connect(to=pbx).send(RECAPI)
        assert gone() is None
