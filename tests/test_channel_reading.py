"""How the device reads requests on a connection, and that nothing it says comes from a library."""

from __future__ import annotations

from typing import Any

import pytest

from tests.devices import GET, Device, request


def posted(form: bytes, target: bytes = b"/cdrapi") -> bytes:
    """Return a POST of *form*."""
    return b"POST " + target + b" HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(form) + form


def quirk(name: str, value: str | int, data: bytes, usual: bytes, other: bytes) -> Any:
    """Return the case that *data* is answered with a beginning of *usual*, and with *other* under the quirk."""
    return pytest.param({name: value}, data, usual, other, id=f"{name}: {value}")


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.quirk("header-limit", "form-limit", "post", "path-match")
@pytest.mark.parametrize(
    ("quirks", "data", "usual", "other"),
    [
        quirk("header-limit", 1, b"GET /cdrapi\nA: b\nC: d\n\n", OK, b"HTTP/1.1 413 Request Entity Too Large\r\n"),
        quirk("header-limit", "none", GET[:-2] + b"A: b\n" * 101 + b"\n", b"HTTP/1.1 413", OK),
        quirk("form-limit", 3, posted(b"a=bc"), OK, b"HTTP/1.1 413 Request Entity Too Large\r\n"),
        quirk("form-limit", "none", posted(b"a" * 1025), b"HTTP/1.1 413", OK),
        quirk("post", "refuse", posted(b"format=xml"), OK, b"HTTP/1.1 501 Not Implemented\r\n"),
        quirk("path-match", "exact", request("/CdrApi/"), OK, b"HTTP/1.1 404 Not Found\r\n"),
    ],
)
def test_quirks_of_reading(device: Device, quirks: dict[str, Any], data: bytes, usual: bytes, other: bytes) -> None:
    """The bytes of one request are read as the quirks of the PBX have it, and the connection ends as ever."""
    for chosen, beginning in (({}, usual), (quirks, other)):
        connection = device.connect(quirks=chosen)
        assert connection.send(data).startswith(beginning)
        assert connection.fate == "closed"


@pytest.mark.quirk("post-parameters", "plus")
@pytest.mark.parametrize(
    ("quirks", "data", "usual", "other"),
    [
        quirk("post-parameters", "join", posted(b"numRecords=0", b"/cdrapi?format=xml"), b"text/csv", b"text/xml"),
        quirk("plus", "plus", request("/cdrapi?caller=+1&format=xml&startTime=2013-01-01T00:00:00+01:00"), b"", b""),
    ],
)
def test_quirks_of_parameters(device: Device, quirks: dict[str, Any], data: bytes, usual: bytes, other: bytes) -> None:
    """What is asked for is what the parameters are under the quirks of the PBX; the line tells a refusal."""
    usually, otherwise = (device.connect(rows=1, quirks=chosen).send(data) for chosen in ({}, quirks))
    assert usually.startswith(OK)
    assert usual in usually
    assert otherwise.startswith(OK)
    assert other in otherwise
    assert device.access[1]["told"] == ""
    assert (device.access[0]["told"] == "") is ("post-parameters" in quirks)


@pytest.mark.quirk("extra-line")
@pytest.mark.parametrize(("value", "between"), [("none", b""), ("one", b"\r\n")])
@pytest.mark.parametrize("data", [request("/cdrapi?format=JSON"), request("/nowhere"), b"\n"])
def test_an_extra_line(device: Device, value: str, between: bytes, data: bytes) -> None:
    """One more empty line stands before every body, or none does, and the line counts the bytes of the body alone."""
    usual, got = (device.connect(quirks=quirks).send(data) for quirks in ({}, {"extra-line": value}))
    head, _, body = usual.partition(b"\r\n\r\n")
    assert got == head + b"\r\n\r\n" + between + body
    assert [event["bytes"] for event in device.access] == [str(len(body))] * 2


@pytest.mark.parametrize(
    "data",
    [
        GET,
        b"HEAD /cdrapi HTTP/1.1\r\n\r\n",
        b"BREW /cdrapi HTTP/9.9\r\nExpect: 100-continue\r\n\r\n",
        b"GET /cdrapi\n\n",
        b"GET  /%00%ff HTTP/1.1\r\nno colon\r\n\r\n",
        b"\x00\x00\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"POST /cdrapi HTTP/1.1\r\nContent-Length: 99999\r\n\r\n",
    ],
)
def test_no_byte_comes_from_a_library(device: Device, data: bytes) -> None:
    """Every answer is the device's: its Server header, and not a word of the library underneath."""
    got = device.connect().send(data)
    assert got.startswith(b"HTTP/1.1 ")
    assert b"\r\nServer: Asterisk/1.8.9.2\r\n" in got
    assert b"twisted" not in got.lower()
    assert len(device.access) == 1
