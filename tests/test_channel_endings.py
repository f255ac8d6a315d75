"""How a connection of the device ends, whoever ends it: by a failure, by a client that goes, or by one that sends no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.devices import EMPTY, GET, SERVER_ERROR, TIMEOUT, Device, Late, stalled, statuses
from ucmsim.http.reply import PIECE

# --- what goes wrong -----------------------------------------------------------------------------------------------


def failing(*_arguments: Any) -> Any:
    """Fail as nothing should."""
    raise ZeroDivisionError("the rate")


@pytest.mark.parametrize("where", ["decide", "worker"])
def test_handler_that_raises_answers_the_devices_page(
    device: Device, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whatever fails, in the decision or in the worker, the device's own 500 page is sent and the failure logged."""
    pbx = device.pbx(rows=1)
    if where == "decide":
        monkeypatch.setattr(pbx, "decide", failing)
    else:
        monkeypatch.setattr("ucmsim.appliance.pbx.Lookup.reply", failing)
    connection = device.connect(to=pbx)
    assert connection.send(GET) == SERVER_ERROR
    assert connection.fate == "closed"
    assert device.line["status"] == "500"
    (failure,) = device.failures
    assert isinstance(failure.value, ZeroDivisionError)


def test_vanished_client_during_the_lookup(device: Device) -> None:
    """A client that goes while its page is looked up is told as such, and is no failure."""
    late = Late()
    connection = device.connect(rows=1, worker=late)
    connection.send(GET)
    connection.vanish()
    assert device.line["told"].endswith(" [the client went away]")
    assert (device.line["bytes"], device.failures) == ("0", [])
    assert device.line["status"] != "500", "no such page was sent, and none was due"
    assert not device.clock.getDelayedCalls()


def test_a_client_that_ends_its_side_during_a_delay(device: Device) -> None:
    """It is answered all the same, as it may read on; the line says when it sent no more."""
    connection = device.connect(rows=1, faults=[{"fault": "http.latency", "seconds": 60.0}])
    connection.send(GET)
    device.clock.advance(1.5)
    connection.channel.inputEnded()
    device.clock.advance(58.5)
    assert connection.got.startswith(b"HTTP/1.1 200 OK")
    assert device.line["told"] == " [faults: http-latency] [the client ended its side after 1.500 s]"


def test_vanished_client_during_a_delay(device: Device) -> None:
    """A client that goes while a fault delays its answer leaves nothing on the clock."""
    connection = device.connect(rows=1, faults=[{"fault": "http.latency", "seconds": 60.0}])
    connection.send(GET)
    device.clock.advance(1.5)
    connection.vanish()
    assert device.line["told"] == " [faults: http-latency] [the client went away]"
    assert (device.line["milliseconds"], device.line["bytes"]) == ("1500.0", "0")
    assert (device.clock.getDelayedCalls(), device.failures) == ([], [])


def test_vanished_client_in_the_middle_of_a_body(device: Device) -> None:
    """The line counts the bytes that were handed over before the client went."""
    connection = stalled(device)
    connection.vanish()
    assert device.line["told"] == " [the client went away]"
    assert (device.line["status"], device.line["bytes"]) == ("200", str(PIECE))
    assert (connection.tls.producer, device.clock.getDelayedCalls(), device.failures) == (None, [], [])


@pytest.mark.parametrize("sent", [b"", b"GET /cdr", b"GET /cdrapi HTTP/1.1\r\nHost"])
def test_client_that_vanishes_before_its_request_leaves_nothing(device: Device, sent: bytes) -> None:
    """A connection that goes before its request is complete has no exchange, and leaves nothing on the clock."""
    connection = device.connect()
    connection.send(sent)
    connection.vanish()
    assert (device.access, device.failures, device.clock.getDelayedCalls()) == ([], [], [])


# --- the end of the input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (b"", b""),
        (b"GET /cdrapi", b""),
        (b"GET /cdrapi HTTP/1.1\r\nHost", TIMEOUT),
    ],
)
def test_end_of_input_is_answered_like_inactivity(device: Device, sent: bytes, got: bytes) -> None:
    """A client that ends its side is answered at once what silence would have got it."""
    connection = device.connect()
    connection.send(sent)
    connection.channel.inputEnded()
    assert (connection.got, connection.fate) == (got, "closed")


@pytest.mark.quirk("headers-cut")
@pytest.mark.parametrize(("value", "got"), [("refuse", TIMEOUT), ("answer", EMPTY)])
@pytest.mark.parametrize("cut", [2, 4, 9])
def test_end_of_input_inside_the_headers(device: Device, value: str, got: bytes, cut: int) -> None:
    """It is answered with 400 Timeout like silence, or the request is taken as it is."""
    connection = device.connect(quirks={"headers-cut": value})
    connection.send(GET[:-cut])
    connection.channel.inputEnded()
    assert (connection.got, connection.fate) == (got, "closed")


@pytest.mark.quirk("headers-cut")
@pytest.mark.quirk("inactivity-timeout")
@pytest.mark.parametrize("value", ["refuse", "answer"])
def test_silence_inside_the_headers_is_a_timeout_either_way(device: Device, value: str) -> None:
    """Only the end of the input can be the end of the headers."""
    connection = device.connect(quirks={"headers-cut": value})
    connection.send(GET[:-2])
    device.clock.advance(30.1)
    assert connection.got.replace(b"00:00:30", b"00:00:00") == TIMEOUT
    assert connection.fate == "closed"


@pytest.mark.quirk("headers-cut")
@pytest.mark.quirk("keep-alive")
def test_end_of_input_inside_the_headers_of_a_second_request(device: Device) -> None:
    """It is answered too, and then the connection is closed."""
    connection = device.connect(quirks={"headers-cut": "answer", "keep-alive": 15})
    connection.send(GET + GET[:-2])
    connection.channel.inputEnded()
    device.clock.pump([0] * 4)
    assert (statuses(connection.got), connection.fate) == ([b"200"] * 2, "closed")


def test_end_of_input_lets_the_reply_finish(device: Device) -> None:
    """A client that ends its side after its request gets its answer all the same."""
    late = Late()
    connection = device.connect(rows=1, worker=late)
    connection.send(GET)
    connection.channel.inputEnded()
    assert connection.fate == "open"
    late.finish()
    assert b'"AcctId": "62"' in connection.got
    assert connection.fate == "closed"
