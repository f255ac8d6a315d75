"""What is no request to the control plane: refused in the one error shape, whatever it is, and the connection ended."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.controlling import Control
from tests.processes import Process, config
from tests.test_control_tls import TOKEN, top
from ucmsim.client import ControlClient, ControlRefused

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
PATCH = b"PATCH /v1/pbxs/x HTTP/1.1\r\nHost: x\r\n"
FIRST_LINE = "the first line cannot be read; it is METHOD /path HTTP/1.1, with what is special in the path as %XX"
TLS = "this is the beginning of TLS, and the control plane is served without; ask http://, not https://"
HEADER = "a header cannot be read; each is a line 'Name: value', and there are 500 at most"
LENGTH = "the length of the body cannot be read; send one Content-Length, or Transfer-Encoding: chunked"
CHUNKS = "the chunks of the body cannot be read; send a Content-Length instead"
TARGET = "the first line may have 16384 bytes at most; ask for less at once"
HEADERS = "first line and headers may have 16384 bytes at most together"
WRONG = [
    (b"nonsense\r\n\r\n", 400, "malformed", FIRST_LINE),
    (b"GET /healthz\r\n\r\n", 400, "malformed", FIRST_LINE),
    (b"GET  /healthz HTTP/1.1\r\n\r\n", 400, "malformed", FIRST_LINE),
    (b"GET /a b HTTP/1.1\r\n\r\n", 400, "malformed", FIRST_LINE),
    ("GET /é HTTP/1.1\r\n\r\n".encode(), 400, "malformed", FIRST_LINE),
    (b"GET /healthz HTTP/9.9\r\n\r\n", 400, "malformed", FIRST_LINE),
    (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "malformed", TLS),
    (b"\x16\x03\x01\x02\x00\x01\x00", 400, "malformed", TLS),
    (b"\x16", 400, "malformed", TLS),
    (GET + b"no header\r\n\r\n", 400, "malformed", HEADER),
    (GET + b"no header\r\nX: 1\r\n\r\n", 400, "malformed", HEADER),
    (GET + b"X y: 1\r\n\r\n", 400, "malformed", HEADER),
    (GET + b"X: \0\r\n\r\n", 400, "malformed", HEADER),
    (GET + b"X: 1\r\n" * 501 + b"\r\n", 400, "malformed", HEADER),
    (PATCH + b"Content-Length: many\r\n\r\n", 400, "malformed", LENGTH),
    (PATCH + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "malformed", LENGTH),
    (PATCH + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "malformed", LENGTH),
    (PATCH + b"Transfer-Encoding: gzip\r\n\r\n", 400, "malformed", LENGTH),
    (PATCH + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "malformed", CHUNKS),
    (b"GET /" + b"x" * 16_384 + b" HTTP/1.1\r\n\r\n", 414, "target-too-long", TARGET),
    (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, "target-too-long", TARGET),
    (b"GET /" + b"x" * 4_000_000 + b" HTTP/1.1\r\n\r\n", 414, "target-too-long", TARGET),
    (GET + b"X: " + b"x" * 70_000 + b"\r\n\r\n", 431, "headers-too-large", HEADERS),
    (GET + b"X: " + b"1234567890" * 6 + b"\r\n" + (b"Y: " + b"1234567890" * 6 + b"\r\n") * 400 + b"\r\n", 431, "headers-too-large", HEADERS),
]  # fmt: skip


def answered(connection: socket.socket, data: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """Send *data*, and return status line, headers and body of what comes until its end."""
    connection.sendall(data)
    with connection.makefile("rb") as stream:
        status = stream.readline()
        lines = [line.decode().strip().partition(": ") for line in iter(stream.readline, b"\r\n")]
        headers = {name: value for name, _, value in lines}
        return status, headers, stream.read(int(headers["Content-Length"]))


def connected(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=20)


@pytest.mark.parametrize(("data", "status", "code", "said"), WRONG)
def test_what_is_no_request_is_told_why(control: Control, data: bytes, status: int, code: str, said: str) -> None:
    """With status, code and a sentence, by ucmsim itself; then the connection ends, and others are served."""
    with connected(control.client.url) as connection:
        line, headers, body = answered(connection, data)
        assert connection.recv(1) == b""
    assert line.startswith(f"HTTP/1.1 {status} ".encode())
    assert (headers["Server"], headers["Content-Type"], headers["Connection"]) == (
        "ucmsim",
        "application/json",
        "close",
    )
    assert json.loads(body) == {"error": {"code": code, "message": said, "field": None}}
    assert control("GET", "/healthz").status == 200


def test_what_comes_after_a_request_is_told_too(control: Control) -> None:
    """The request before it is answered first."""
    with connected(control.client.url) as connection:
        connection.sendall(GET + b"\r\nnonsense\r\n\r\n" + GET + b"\r\n")
        data = b""
        while piece := connection.recv(65_536):
            data += piece
    assert data.count(b"HTTP/1.1 ") == 2
    assert data.index(b"HTTP/1.1 200 OK") < data.index(b"HTTP/1.1 400 Bad Request")


def test_a_client_is_told_of_a_target_that_is_too_long(control: Control, hq: str) -> None:
    """As of any other refusal."""
    with pytest.raises(ControlRefused, match="the first line may have 16384 bytes at most") as raised:
        control.client.calls(hq.rpartition("/")[2], session="x" * 70_000)
    assert (raised.value.status, raised.value.code) == (414, "target-too-long")


@pytest.mark.parametrize("data", [WRONG[0], WRONG[-4], WRONG[-2]], ids=lambda one: str(one[1]))
def test_it_is_told_over_tls(tmp_path: Path, data: Any) -> None:
    """The client has it whole, and a client of ours takes it for what it is."""
    sent, status, code, said = data
    with Process(tmp_path, "--config", config(tmp_path, top=top())) as process:
        told = process.report()["control"]
        context = ssl.create_default_context(cafile=told["ca"])
        with connected(told["url"]) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            line, _, body = answered(connection, sent)
        assert line.startswith(f"HTTP/1.1 {status} ".encode())
        assert json.loads(body) == {"error": {"code": code, "message": said, "field": None}}
        with pytest.raises(ControlRefused, match="16384 bytes at most"):
            ControlClient(told["url"], TOKEN, ca=told["ca"]).calls("hq", session="x" * 70_000)
