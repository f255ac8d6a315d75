"""The client that talks to the control plane: its methods are routes, and whatever it meets is a ControlError."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.controlling import LATENCY, Control
from ucmsim.client import ControlClient, ControlError, ControlUnreachable

# --- the client ----------------------------------------------------------------------------------------------------


def test_client_does_what_the_routes_do(control: Control) -> None:
    """Each method of the client is a route."""
    client, name = control.client, control.name()
    made = client.create_pbx(name, {"history": {"days": 0}})
    assert client.pbx(name) == made
    assert name in client.status()["pbxs"]
    assert made in client.pbxs()
    assert client.change_clock(name, {"now": "2026-03-29T00:30:00Z", "rate": 0})["rate"] == 0
    assert client.clock(name)["now"] == "2026-03-29T00:30:00+00:00"
    fault = client.arm_fault(name, LATENCY)
    assert client.faults(name) == [fault]
    client.disarm_fault(name, fault["name"])
    assert client.faults(name) == []
    client.delete_pbx(name)
    assert name not in client.status()["pbxs"]


def test_client_names_a_field_once(control: Control) -> None:
    """The field stands in the sentence or behind it, also where several things are wrong."""
    with pytest.raises(ControlError) as raised:
        control.client.create_pbx(control.name(), {"persnality": "ucm6100"})
    said = "there is no key 'persnality' here; did you mean 'personality'? (persnality)"
    assert (str(raised.value), raised.value.field) == (said, "persnality")
    with pytest.raises(ControlError) as raised:
        control.client.create_pbx(control.name(), {"persnality": "ucm6100", "time_zone": 5})
    assert str(raised.value).count("persnality: ") == 1
    assert not str(raised.value).endswith(")")


def test_client_raises_what_it_is_told(control: Control) -> None:
    """An error has the status, the code, the message and the field."""
    with pytest.raises(ControlError, match=r"there is no personality 'ucm9999'.*\(personality\)$") as raised:
        control.client.create_pbx(control.name(), {"personality": "ucm9999"})
    assert (raised.value.status, raised.value.code, raised.value.field) == (400, "invalid", "personality")
    with pytest.raises(ControlError, match=r"there is no PBX 'nobody'; there (are .*,.*|is [^,]*)$") as raised:
        control.client.pbx("nobody")
    assert (raised.value.status, raised.value.code, raised.value.field) == (404, "not-found", None)


@pytest.mark.parametrize("name", ["a/b", "a b", "../status", "?", "\u00e4"])
def test_client_quotes_names(control: Control, name: str) -> None:
    """Whatever is asked for as a name is a name, and no other path."""
    with pytest.raises(ControlError) as raised:
        control.client.pbx(name)
    assert raised.value.status == 404


def test_client_with_the_wrong_token(control: Control) -> None:
    """A wrong token is an error with its status."""
    with pytest.raises(ControlError) as raised:
        ControlClient(control.client.url, "wrong").status()
    assert (raised.value.status, raised.value.code) == (401, "unauthorized")


def test_nobody_there() -> None:
    """A port on which nobody listens is its own kind of error, and names the address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(ControlUnreachable, match=f"the control plane at {url} cannot be reached: ") as raised:
            ControlClient(url, "token").status()
    assert isinstance(raised.value, ControlError)
    assert (raised.value.status, raised.value.code) == (0, "unreachable")


def test_nobody_answers(busy: int) -> None:
    """A port that answers nothing is given up after the timeout."""
    with pytest.raises(ControlUnreachable, match="timed out"):
        ControlClient(f"http://127.0.0.1:{busy}", "token", timeout=0.2).status()


@pytest.fixture
def somebody() -> Iterator[Callable[[int, bytes], ControlClient]]:
    """Something else that speaks HTTP: give it a status and a body, get a client of it."""
    servers: list[tuple[HTTPServer, Thread]] = []

    def serve(status: int, body: bytes) -> ControlClient:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.handle_request)
        thread.start()
        servers.append((server, thread))
        return ControlClient(f"http://127.0.0.1:{server.server_port}", "token", timeout=10)

    yield serve
    for server, thread in servers:
        thread.join(10)
        server.server_close()


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"[1]", b'"no"', b"3", b'{"error": "no"}', b'{"error": null}', b"{}"]
)
def test_somebody_else_answers(somebody: Callable[[int, bytes], ControlClient], status: int, body: bytes) -> None:
    """What is not ucmsim is told as a ControlError, whatever it answers; a mapping with 200 cannot be told apart."""
    client = somebody(status, body)
    if status == 200 and body.startswith(b"{"):
        assert client.status() == json.loads(body)
    else:
        with pytest.raises(ControlError):
            client.status()
