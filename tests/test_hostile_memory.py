"""Hostile clients against the memory of a real PBX: whatever they send or leave unread, it does not grow."""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.hostile import (
    ALL,
    FLAT,
    GET,
    HASTY,
    HEADER,
    NO_ROOM,
    NONE,
    REQUEST,
    ROWS,
    SETTINGS,
    TOO_MANY,
    asked,
    growth,
    listed,
    own_server,
    posted,
    resident,
    response,
    together,
)
from tests.rawclient import Answer, Ended, Half, RawTls, exchange, talk
from ucmsim.http.request import BOUND
from ucmsim.pytest_plugin import Ucm, UcmFleet

pytestmark = [pytest.mark.ucmsim(**SETTINGS), pytest.mark.usefixtures("foreseen")]


@pytest.fixture
def alone() -> Iterator[UcmFleet]:
    with own_server() as fleet:
        yield fleet


def test_a_client_that_ends_first_leaves_no_socket_behind(alone):
    """When both sides have ended a connection its socket is closed: nothing is left to linger for."""
    pbx, folder = alone.start(SETTINGS), Path(f"/proc/{alone.pid}/fd")
    exchange(pbx, REQUEST)
    before = len(list(folder.iterdir()))
    for half in Half:
        for _ in range(20):
            talk(pbx, GET, half=half)
            talk(pbx, REQUEST, half=half)
    until = time.monotonic() + 1
    while (left := len(list(folder.iterdir())) - before) > 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert left <= 3


# Large answers to clients that do not want them


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A history whose answer is 8 MB, more than the sockets of both sides hold, and that answer."""
    text = HEADER + b"".join(ROWS[0].replace(b"pn01", b"%d" % at + b"x" * 8000) for at in range(1000))
    text = b"".join(line.replace(b"62,,", b"%d,," % at, 1) for at, line in enumerate(text.splitlines(keepends=True)))
    file = tmp_path_factory.mktemp("large") / "large.csv"
    file.write_bytes(text)
    return file, response("200 OK", text, "text/csv")


@pytest.fixture
def hoarder(alone: UcmFleet, large: tuple[Path, bytes], request: pytest.FixtureRequest) -> Ucm:
    """A PBX with the large answer, and the quirks of the test's parameter."""
    quirks = getattr(request, "param", HASTY)
    return alone.start({**SETTINGS, "history": {"import": str(large[0])}, "quirks": quirks})


@pytest.mark.parametrize("half", Half)
def test_a_half_closed_connection_gets_a_large_answer_whole(hoarder, large, half):
    """The whole answer comes, also when the client ended its side long before."""
    assert talk(hoarder, REQUEST, half=half) == Answer(large[1], Ended.NOTIFY)


def ask(ucm: Ucm, stack: contextlib.ExitStack) -> RawTls:
    """Return a client that has asked and does not read."""
    client = stack.enter_context(RawTls(ucm, receive_buffer=4096))
    client.send(REQUEST)
    return client


def is_cut(client: RawTls, seconds: float) -> bool:
    """Return whether the server cuts the connection of *client* in time; nothing is read."""
    watch = select.poll()
    watch.register(client.socket, 0)
    return bool(watch.poll(seconds * 1000))


def leave_unread(ucm: Ucm, clients: int) -> None:
    """Let so many clients ask and not read, until each of them is given up."""
    with contextlib.ExitStack() as stack:
        asking = [ask(ucm, stack) for _ in range(clients)]
        given_up = [is_cut(client, 15) for client in asking]
    assert all(given_up)


def test_clients_that_never_read_are_given_up(alone, hoarder):
    """Nobody reads the answer: after the inactivity limit the server cuts the connection and lets the answer go."""
    leave_unread(hoarder, 6)
    before = resident(alone)
    leave_unread(hoarder, 6)
    leave_unread(hoarder, 6)
    assert growth(alone, before) < FLAT


def test_a_client_that_never_reads_is_given_up_though_it_sends(hoarder):
    """Bytes that nobody waits for do not keep a connection alive whose answer is not read."""
    with contextlib.ExitStack() as stack:
        client, until = ask(hoarder, stack), time.monotonic() + 5
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < until:
                client.send(b"x")
                time.sleep(0.2)
            pytest.fail("the connection was still open after five times the inactivity limit")


def test_clients_that_vanish_inside_a_large_answer(alone, hoarder, large):
    """Clients go away inside the answer, with close_notify or without: memory stays flat, the next answer is whole."""

    def leave() -> None:
        for at in range(10):
            with RawTls(hoarder) as client:
                client.send(REQUEST)
                assert client.receive().startswith(b"HTTP/1.1 200 OK\r\n")
                if at % 2:
                    client.notify()

    leave()
    time.sleep(0.5)
    before = resident(alone)
    leave()
    leave()
    assert exchange(hoarder, REQUEST) == large[1]
    assert growth(alone, before) < FLAT


@pytest.mark.parametrize(
    "hoarder", [HASTY, {**HASTY, "keep-alive": 15}], ids=["one request", "keep-alive"], indirect=True
)
def test_a_flood_behind_a_request_is_not_kept(alone, hoarder):
    """A client asks, reads nothing and sends 64 MB more: the server takes them or not, but does not hoard them."""
    leave_unread(hoarder, 1)
    before = most = resident(alone)
    with contextlib.ExitStack() as stack, contextlib.suppress(ConnectionError):
        client = ask(hoarder, stack)
        for _ in range(64):
            client.send(b"X-Header: of a request that never ends\r\n" * 26214)
            most = max(most, resident(alone))
    print(f"grown by {(most - before) / 1e6:.1f} MB")
    assert most - before < FLAT


# More than the device reads


def test_ten_megabytes_of_header_lines_without_colon(alone):
    """Lines without colon are ignored endlessly; meanwhile others are served, and memory stays flat."""
    pbx = alone.start(SETTINGS)
    before = resident(alone)
    with RawTls(pbx) as client:
        client.send(GET)
        for _ in range(10):
            client.send(b"no colon\r\n" * 100_000)
            began = time.monotonic()
            assert exchange(pbx, REQUEST) == ALL
            assert time.monotonic() - began < 5
        client.send(b"\r\n")
        assert client.read() == Answer(ALL, Ended.NOTIFY)
    assert growth(alone, before) < FLAT


def test_ten_megabytes_of_one_header_line(alone):
    """A line without end is cut every 4095 bytes, and its pieces are header lines without colon."""
    pbx = alone.start(SETTINGS)
    before = resident(alone)
    assert talk(pbx, (GET, *[b"x" * 1_000_000] * 10, b"\r\n\r\n")) == Answer(ALL, Ended.NOTIFY)
    assert growth(alone, before) < FLAT


@pytest.mark.parametrize("line", [b"X-Header: yes\r\n", b"X: " + b"y" * 4000 + b"\n", b"X:" + b"y:" * 500_000 + b"\n"])
def test_ten_megabytes_of_headers(alone, line):
    """The 101st header gets the 413 page, whole, though the client sends all the others as well."""
    pbx = alone.start(SETTINGS)
    before = resident(alone)
    assert talk(pbx, (GET, *[line * (1_000_000 // len(line) + 1)] * 10, b"\r\n")) == Answer(TOO_MANY, Ended.NOTIFY)
    assert growth(alone, before) < FLAT


LIFTED = {"header-limit": "none", "form-limit": "none"}
LIMIT = 2 * FLAT
"""Bytes that the server may grow by there: a form takes many times its size while it is answered."""


@pytest.mark.quirk("header-limit")
def test_ten_megabytes_of_headers_without_a_limit(alone):
    """Where the quirk takes any number of headers their bytes are bounded: the same page comes, and memory stays flat."""
    pbx = alone.start({**SETTINGS, "quirks": LIFTED})
    before = resident(alone)
    for line in (b"a:b\r\n", b"X-Header: yes\r\n", b"X: " + b"y" * 4000 + b"\n"):
        assert talk(pbx, (GET, *[line * (1_000_000 // len(line))] * 10, b"\r\n")) == Answer(TOO_MANY, Ended.NOTIFY)
        assert exchange(pbx, GET + line * (BOUND // 2 // (len(line) + 32)) + b"\r\n") == ALL
    assert growth(alone, before) < FLAT


def test_a_form_of_a_megabyte(alone):
    """The client gets its 413 with an empty body though it goes on to send the whole form."""
    pbx = alone.start(SETTINGS)
    before = resident(alone)
    form = b"caller=" + b"5300," * 200_000
    for _ in range(10):
        assert exchange(pbx, posted(form)) == NO_ROOM
    assert growth(alone, before) < FLAT


@pytest.mark.quirk("form-limit")
def test_forms_without_a_limit(alone):
    """The longest forms that are kept, made of the shortest parameters, are answered, others beside them, memory flat."""
    pbx = alone.start({**SETTINGS, "quirks": LIFTED})
    before = resident(alone)
    for piece in (b"&", b"%&", b"caller=1&"):
        form = (piece * (BOUND // len(piece))).ljust(BOUND, b"&")
        assert together(partial(exchange, pbx), [posted(form), posted(form), REQUEST]) == [NONE, NONE, ALL]
        assert exchange(pbx, posted(form + b"&")) == NO_ROOM
    assert growth(alone, before) < LIMIT


@pytest.mark.quirk("form-limit")
def test_forms_without_a_limit_from_strangers(alone):
    """Somebody without credentials gets the challenge for such a form, as soon as for any other."""
    account = {"tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123"}
    pbx = alone.start({**SETTINGS, "api": account, "quirks": LIFTED})
    before = resident(alone)
    answers = together(partial(exchange, pbx), [posted(piece * (BOUND // 2)) for piece in (b"%&", b"+&")])
    assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 401 Unauthorized"] * 2
    assert growth(alone, before) < FLAT


@pytest.mark.quirk("form-limit")
def test_lists_without_a_limit(alone):
    """A list longer than the database takes finds nothing, others are served meanwhile, and again costs no more memory."""
    pbx = alone.start({**SETTINGS, "quirks": LIFTED})
    form = b"caller=" + b"1-2," * (BOUND // 4 - 3) + b"5300"
    for _ in range(2):
        before = resident(alone)
        assert together(partial(exchange, pbx), [posted(form), REQUEST]) == [NONE, ALL]
    assert growth(alone, before) < LIMIT


@pytest.mark.quirk("form-limit")
def test_clients_that_stop_inside_a_long_form(alone):
    """What has come of a form is let go with the client that sent it."""
    pbx = alone.start({**SETTINGS, "quirks": LIFTED})
    before = resident(alone)
    for _ in range(7):
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(RawTls(pbx)).send(posted(b"a" * BOUND)[:-1])
    assert exchange(pbx, REQUEST) == ALL
    assert growth(alone, before) < LIMIT < 7 * 20 * BOUND


def test_long_lists_of_many_lengths_are_let_go(alone):
    """Each list is another statement for the database; what answering them took is not kept."""
    pbx = alone.start(SETTINGS)

    def fetch(lengths: range) -> None:
        for length in lengths:
            assert exchange(pbx, asked(b"/cdrapi?caller=" + listed(b"@", length))) == ALL

    fetch(range(1900, 1904))
    before = resident(alone)
    fetch(range(1940, 2000))
    assert growth(alone, before) < FLAT
