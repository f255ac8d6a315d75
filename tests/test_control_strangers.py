"""What both clients make of what is no control plane, or none any more: an error that says so, and the same of both."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from tests.bothclients import Connect
from tests.controlling import Control
from tests.processes import Process, config
from tests.strangers import Strangers, chunked, endless, whole
from tests.test_control_tls import top
from ucmsim.client import ControlError, ControlTimeout, ControlUnreachable


@pytest_twisted.ensureDeferred
async def test_nobody_there(connect: Connect) -> None:
    """A port on which nobody listens is its own kind of error, and names the address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        said = f"^the control plane at {url} cannot be reached: .*Connection refused; does ucmsim run\\?$"
        with pytest.raises(ControlUnreachable, match=said) as raised:
            await connect(url).status()
    assert isinstance(raised.value, ControlError)
    assert (raised.value.status, raised.value.code) == (0, "unreachable")


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8444",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:x",
        "http://[::1",
        "http://ex ample:8444",
        "http://a\x7f:1",
    ],
)
async def test_what_is_no_url(connect: Connect, url: str) -> None:
    """Is told as such, before anybody is asked."""
    with pytest.raises(ControlUnreachable, match="is no URL of a control plane; it begins with http://"):
        await connect(url).status()
    with pytest.raises(ControlUnreachable, match="is no URL of a control plane; it begins with http://"):
        await anext(connect(url).follow_journal("hq"))


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "is empty"),
        ("secret\n", "holds what none can, such as the end of a line"),
        ("a\udcffb", "holds what none can"),
    ],
)
async def test_what_is_no_token(connect: Connect, token: str, said: str) -> None:
    """Is told as such, before anybody is asked, and is not told itself."""
    with pytest.raises(ControlUnreachable, match=f"^the control token {said}") as raised:
        await connect("http://127.0.0.1:1", token).status()
    assert "secret" not in str(raised.value)


@pytest_twisted.ensureDeferred
async def test_a_token_is_sent_in_utf_8(connect: Connect, tmp_path: Path) -> None:
    """As the configuration has it, and not in the letters of HTTP's first years, which have no \u0142."""
    token = "has\u0142o-\u00e9t\u00e9"
    text = json.dumps({"control": {"bind": "127.0.0.1:0", "token": token}, "pbxs": {}})
    with Process(tmp_path, "--config", config(tmp_path, text)) as process:
        url = process.report()["control"]["url"]
        assert (await connect(url, token).status()).pbxs == ()


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:8444?x=secret", "query"),
        ("http://127.0.0.1:8444/#secret", "fragment"),
        ("http://somebody:secret@127.0.0.1:8444", "user name or password"),
        ("https://secret@127.0.0.1:8444/?secret", "user name or password or query"),
    ],
)
async def test_what_is_too_much_in_a_url(connect: Connect, url: str, said: str) -> None:
    """Is said, and is not told to whoever reads that."""
    with pytest.raises(ControlUnreachable, match=f"^the URL of a control plane has no {said}; leave it out$"):
        await connect(url).status()


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://127.0.0.1:{}", "/healthz"),
        ("http://127.0.0.1:{}/", "/healthz"),
        ("HTTP://localhost:{}//", "/healthz"),
        ("http://127.0.0.1:{}/rigs/ucm%201/a b", "/rigs/ucm%201/a%20b/healthz"),
        ("http://[::1]:{}", "/healthz"),
    ],
)
async def test_a_url_is_asked_as_it_is(stranger: Strangers, url: str, asked: str) -> None:
    """Also one with a path, behind which a proxy has the control plane, and one with an IPv6 address."""
    assert (await stranger(whole(200, b'{"status": "ok"}'), url).health()).status == "ok"
    assert stranger.heard[0].startswith(f"GET {asked} HTTP/1.1\r\n".encode())


@pytest_twisted.ensureDeferred
async def test_a_file_that_holds_no_ca(connect: Connect, tmp_path: Path) -> None:
    """Is named, whether it is there or not."""
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "nowhere.pem"):
        with pytest.raises(ControlUnreachable, match=f"{name} holds no CA to trust"):
            await connect("https://127.0.0.1:1", ca=str(tmp_path / name)).status()


@pytest_twisted.ensureDeferred
async def test_nobody_answers(connect: Connect, busy: int) -> None:
    """A port that answers nothing is given up after the timeout."""
    with pytest.raises(ControlTimeout, match=r"has not answered within 0\.2 seconds: allow it more time$"):
        await connect(f"http://127.0.0.1:{busy}", timeout=0.2).status()
    with pytest.raises(ControlTimeout, match="what was asked of it may be done all the same") as raised:
        await connect(f"http://127.0.0.1:{busy}", timeout=0.2).create_pbx("hq")
    assert (raised.value.status, raised.value.code) == (0, "timeout")


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("at_once", [0, 40])
async def test_an_answer_that_trickles_is_given_up_after_the_timeout(connect: Connect, at_once: int) -> None:
    """Whether its head does or its body: the timeout is that of the whole answer, and not of its pieces."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b" " * 900

    def trickle(server: socket.socket) -> None:
        with server.accept()[0] as connection, suppress(OSError):
            connection.sendall(answer[:at_once])
            for at in range(at_once, len(answer)):
                time.sleep(0.05)
                connection.sendall(answer[at : at + 1])

    with socket.create_server(("127.0.0.1", 0)) as server:
        trickling = deferToThread(trickle, server)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ControlTimeout, match=r"has not answered within 0\.5 seconds"):
            await connect(url, timeout=0.5).status()
        await trickling


@pytest_twisted.ensureDeferred
async def test_a_stream_that_does_not_begin_is_given_up_after_the_timeout(connect: Connect, busy: int) -> None:
    """As anything else is that is asked: so long a silence as a stream may have counts from its first answer on."""
    with pytest.raises(ControlTimeout, match=r"has not answered within 0\.2 seconds: allow it more time$"):
        await anext(connect(f"http://127.0.0.1:{busy}", timeout=0.2).follow_journal("hq"))


@pytest_twisted.ensureDeferred
async def test_who_asks_with_the_wrong_scheme_is_told_at_once(
    control: Control, connect: Connect, tmp_path: Path
) -> None:
    """TLS for who speaks none, and none for who speaks TLS: it is asked whether the other scheme was meant."""
    said = "^the control plane at https://.* cannot be reached: .*; does it speak http://\\?$"
    with pytest.raises(ControlUnreachable, match=said):
        await connect(control.client.url.replace("http:", "https:")).status()
    with Process(tmp_path, "--config", config(tmp_path, top=top())) as process:
        url = process.report()["control"]["url"].replace("https:", "http:")
        said = (
            "^the control plane at http://.* cannot be reached: .*; was it just stopped, or does it speak https://\\?$"
        )
        with pytest.raises(ControlUnreachable, match=said):
            await connect(url).status()


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("status", [200, 302, 404, 500])
@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b"[1]", b'"no"', b"3", b'{"error": "no"}', b'{"error": null}', b"{}", b"\xff", b"[" * 9999],
)
async def test_somebody_else_answers(stranger: Strangers, status: int, body: bytes) -> None:
    """What is not ucmsim is told as such, whatever it answers."""
    with pytest.raises(ControlUnreachable, match=f"is no control plane of this ucmsim \\(status {status}"):
        await stranger(whole(status, body)).status()


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    "raw",
    [
        whole(200, b'{"status": "ok"}')[:-1],
        chunked(b'{"status"', b': "ok"}', over=False),
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"",
    ],
)
async def test_an_answer_that_is_cut_is_none(stranger: Strangers, raw: bytes) -> None:
    """In its body, its head, or before it; nor is what is no HTTP at all."""
    with pytest.raises(ControlUnreachable, match=r"cannot be reached: |is no control plane of this ucmsim") as raised:
        await stranger(raw).health()
    assert raised.value.code == "unreachable"


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("answer", [whole, endless, chunked])
async def test_an_answer_may_end_in_any_way(stranger: Strangers, answer: Callable[..., bytes]) -> None:
    """By its length, with its connection, or with its last chunk."""
    given = (200,) if answer is whole else ()
    assert (await stranger(answer(*given, b'{"status": "ok"}')).health()).status == "ok"


@pytest_twisted.ensureDeferred
async def test_an_answer_that_lacks_something_says_what(stranger: Strangers) -> None:
    """A key that is missing is named, and where it is missing; one that is too many is of a newer ucmsim."""
    body = {
        "items": [
            {"name": "hq", "url": None, "username": None, "ca": "x", "ca_pem": "y", "settings": {}, "warnings": []}
        ],
        "next": None,
        "new": 1,
    }
    with pytest.raises(ControlUnreachable, match=r"there is no 'rows' in what stands at items\[0\]"):
        await stranger(whole(200, json.dumps(body).encode())).pbxs()
    body["items"] = [
        {
            "name": "hq",
            "url": None,
            "username": None,
            "ca": "x",
            "ca_pem": "y",
            "settings": {},
            "warnings": [],
            "rows": 3,
            "newer": True,
        }
    ]
    (pbx,) = await stranger(whole(200, json.dumps(body).encode())).pbxs()
    assert (pbx.name, pbx.rows, pbx.warnings) == ("hq", 3, ())
