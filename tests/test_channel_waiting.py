"""How long the device waits on a connection: for a request, for a client that reads, and for the next request."""

from __future__ import annotations

import pytest

from tests.devices import GET, TIMEOUT, Device, Late, request, stalled, statuses
from ucmsim.http.reply import PIECE

# --- inactivity ----------------------------------------------------------------------------------------------------


@pytest.mark.quirk("inactivity-timeout")
@pytest.mark.parametrize("sent", [b"", b"GET /cdrapi HTTP/1.1"])
def test_silence_before_the_request_line_ends_in_silence(device: Device, sent: bytes) -> None:
    """Thirty seconds without a byte before the end of the request line close the connection without a byte."""
    connection = device.connect()
    connection.send(sent)
    device.clock.advance(29.9)
    assert connection.fate == "open"
    device.clock.advance(0.2)
    assert (connection.got, connection.fate, device.access) == (b"", "closed", [])


@pytest.mark.quirk("inactivity-timeout")
@pytest.mark.parametrize("sent", [b"GET /cdrapi HTTP/1.1\r\n", b"GET /cdrapi HTTP/1.1\r\nHost: pbx\r\nX"])
def test_silence_inside_the_headers_is_answered(device: Device, sent: bytes) -> None:
    """Inside the headers the device answers its 400 page, Timeout."""
    connection = device.connect()
    connection.send(sent)
    device.clock.advance(30.1)
    assert connection.got.replace(b"00:00:30", b"00:00:00") == TIMEOUT
    assert (connection.fate, device.line["status"]) == ("closed", "400")


def test_form_that_never_comes_counts_as_none(device: Device) -> None:
    """A form that stays incomplete is given up after the same time, and the request is answered without it."""
    connection = device.connect()
    connection.send(b"POST /cdrapi HTTP/1.1\r\nContent-Length: 20\r\n\r\nformat=JSON")
    device.clock.advance(30.1)
    assert connection.got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"text/csv" in connection.got


@pytest.mark.quirk("inactivity-timeout")
def test_every_byte_counts_as_activity(device: Device) -> None:
    """The thirty seconds begin anew with every byte."""
    connection = device.connect()
    for at in range(len(GET)):
        assert connection.fate == "open"
        device.clock.advance(29.0)
        connection.send(GET[at : at + 1])
    assert connection.got.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.quirk("inactivity-timeout")
def test_inactivity_is_a_quirk(device: Device) -> None:
    """The quirk sets the seconds, or waits for ever."""
    short = device.connect(quirks={"inactivity-timeout": 2})
    device.clock.advance(2.1)
    assert short.fate == "closed"
    short.vanish()
    patient = device.connect(quirks={"inactivity-timeout": "none"})
    assert not device.clock.getDelayedCalls()
    device.clock.advance(86_400)
    assert patient.send(GET).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_slow_lookup_is_no_inactivity(device: Device) -> None:
    """While the device itself is at work nobody is given up."""
    late = Late()
    connection = device.connect(rows=1, worker=late)
    connection.send(GET)
    device.clock.advance(3600)
    assert connection.fate == "open"
    late.finish()
    assert b'"AcctId": "62"' in connection.got


def test_reader_that_stalls_is_given_up(device: Device) -> None:
    """A client that stops reading its page is reset after the same thirty seconds."""
    connection = stalled(device)
    device.clock.advance(29.9)
    assert connection.fate == "open"
    device.clock.advance(0.2)
    assert connection.fate == "reset"
    connection.vanish()
    assert device.line["told"] == " [reset: the client read nothing for 30 seconds (quirk stalled-reader)]"
    assert device.line["bytes"] == str(PIECE)


@pytest.mark.quirk("stalled-reader")
@pytest.mark.parametrize(("value", "fate"), [("reset", "reset"), ("kept", "open")])
def test_reader_that_stalls_may_be_waited_for(device: Device, value: str, fate: str) -> None:
    """With the quirk it may take for ever, and then gets the rest."""
    connection = stalled(device, quirks={"stalled-reader": value})
    device.clock.advance(3600)
    assert connection.fate == fate
    if fate == "open":
        while connection.fate == "open":
            connection.tls.producer.resumeProducing()
        assert connection.got.endswith(b"\n]\n}\n")
    connection.vanish()


def test_reader_that_goes_on_is_not_given_up(device: Device) -> None:
    """The time a slow reader takes begins anew whenever it reads."""
    connection = stalled(device)
    while connection.fate == "open":
        device.clock.advance(29.0)
        connection.tls.producer.resumeProducing()
    assert connection.fate == "closed"
    assert connection.got.endswith(b"\n]\n}\n")
    assert device.line["told"] == ""


# --- keep-alive ----------------------------------------------------------------------------------------------------

KEEPS = {"keep-alive": 15}


@pytest.mark.quirk("keep-alive")
def test_one_request_for_each_connection(device: Device) -> None:
    """As the device is, a second request on the same connection is ignored and the connection closed."""
    connection = device.connect()
    connection.send(GET + GET)
    connection.send(GET)
    device.clock.advance(1)
    assert (statuses(connection.got), connection.fate, len(device.access)) == ([b"200"], "closed", 1)


@pytest.mark.quirk("keep-alive")
def test_keep_alive_answers_the_next_request(device: Device) -> None:
    """With the quirk the connection stays, the head does not say close, and every request has its line."""
    connection = device.connect(quirks=KEEPS)
    connection.send(GET)
    assert b"Connection:" not in connection.got
    assert connection.fate == "open"
    device.clock.advance(10)
    connection.send(GET[:9])
    connection.send(GET[9:])
    assert (statuses(connection.got), connection.fate, len(device.access)) == ([b"200"] * 2, "open", 2)


@pytest.mark.quirk("keep-alive")
def test_keep_alive_ends_in_silence(device: Device) -> None:
    """A kept connection on which nothing comes is closed after the quirk's seconds without a byte."""
    connection = device.connect(quirks=KEEPS)
    got = connection.send(GET)
    device.clock.pump([0, 14.9])
    assert connection.fate == "open"
    device.clock.advance(0.2)
    assert (connection.got, connection.fate) == (got, "closed")


@pytest.mark.quirk("keep-alive")
@pytest.mark.quirk("inactivity-timeout")
def test_keep_alive_is_over_with_the_next_byte(device: Device) -> None:
    """The quirk's seconds are those of waiting; once the next request has begun, inactivity counts as ever."""
    connection = device.connect(quirks=KEEPS)
    connection.send(GET)
    device.clock.advance(10)
    connection.send(b"GET /cdrapi HTTP/1.1\r\n")
    device.clock.advance(20)
    connection.send(b"\r\n")
    assert statuses(connection.got) == [b"200"] * 2


@pytest.mark.quirk("keep-alive")
def test_pipelined_requests_are_answered_in_order(device: Device) -> None:
    """Requests that come together are answered one after the other, however many they are."""
    connection = device.connect(quirks=KEEPS)
    connection.send(b"".join(request(f"/{number}") for number in range(50)))
    device.clock.pump([0] * 60)
    assert [event["target"] for event in device.access] == [f"/{number}" for number in range(50)]
    assert statuses(connection.got) == [b"404"] * 50


@pytest.mark.quirk("keep-alive")
@pytest.mark.parametrize(
    "data",
    [
        request("/cdrapi", b"Connection: close\r\n"),
        b"POST /cdrapi HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        b"rubbish\r\n",
    ],
)
def test_not_every_connection_is_kept(device: Device, data: bytes) -> None:
    """A client that says close, one whose body nobody read and one that makes no sense are hung up on."""
    connection = device.connect(quirks=KEEPS)
    assert b"\r\nConnection: close\r\n" in connection.send(data)
    assert connection.fate == "closed"


@pytest.mark.quirk("keep-alive")
def test_end_of_input_closes_a_kept_connection(device: Device) -> None:
    """A kept connection whose client has ended its side is closed when it has been answered."""
    connection = device.connect(quirks=KEEPS)
    connection.send(GET)
    device.clock.advance(0)
    connection.channel.inputEnded()
    assert connection.fate == "closed"


@pytest.mark.quirk("keep-alive")
def test_end_of_input_does_not_lose_requests_that_are_there(device: Device) -> None:
    """Requests that came before the end of the input are answered, the pipelined ones too."""
    connection = device.connect(quirks=KEEPS)
    connection.send(GET + GET)
    connection.channel.inputEnded()
    device.clock.pump([0] * 4)
    assert (statuses(connection.got), connection.fate) == ([b"200"] * 2, "closed")
