"""The client that talks to the control plane: its methods are routes, and whatever it meets is a ControlError."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

import ucmsim
from tests.controlling import GUIDE, LATENCY, Control, api
from tests.somebody import speaking
from tests.until import until
from ucmsim.client import (
    ControlClient,
    ControlError,
    ControlNotFound,
    ControlRefused,
    ControlTimeout,
    ControlUnauthorised,
    ControlUnreachable,
)
from ucmsim.contract.answers import Entry
from ucmsim.contract.eventstream import lost
from ucmsim.pytest_plugin import Ucm

SOURCE = Path(ucmsim.__file__).parent

# --- the client ----------------------------------------------------------------------------------------------------


def test_client_does_what_the_routes_do(control: Control) -> None:
    """Each method of the client is a route."""
    client, name = control.client, control.name()
    made = client.create_pbx(name, {"history": {"days": 0}})
    assert client.pbx(name) == made
    assert name in client.status().pbxs
    assert made in client.pbxs()
    assert client.change_clock(name, {"now": "2026-03-29T00:30:00Z", "rate": 0}).rate == 0
    assert client.clock(name).now == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    fault = client.arm_fault(name, LATENCY)
    assert client.faults(name) == [fault]
    client.disarm_fault(name, fault.name)
    assert client.faults(name) == []
    client.delete_pbx(name)
    assert name not in client.status().pbxs


def test_client_changes_what_there_is(control: Control, tmp_path: Path) -> None:
    """A PBX is asked for, changed, shown otherwise, written to a file, reset and restored, and its ledger is read."""
    client, name = control.client, control.name()
    settings = {"history": GUIDE, "clock": {"start": "2026-03-02T14:00:00Z", "rate": 0}, "api": api()}
    made, again = client.put_pbx(name, settings), client.put_pbx(name, settings)
    assert (made.created, again.created, again.changed, again.pbx) == (True, False, (), made.pbx)
    changed = client.change_pbx(name, {"quirks": {"order": "desc"}})
    assert (changed.changed, changed.pbx.settings["quirks"]) == (("quirks.order",), {"order": "desc"})
    assert client.change_api(name, {"tls_authentication_name": "cdrapi"}) == client.api(name)
    assert (client.api(name).tls_authentication_name, client.api(name).password_set) == ("cdrapi", False)
    good = client.identity(name)
    assert client.show_identity(name, {"defect": "expired"}).defect == "expired"
    assert client.show_identity(name) == good
    assert client.place_call(name, {"shape": "answered", "from": "1001", "to": "1002", "talk": 2}).rows == 1
    client.change_clock(name, {"advance": 60})
    (call,) = client.ledger(name, shape="answered", delivered="never")
    assert (call.delivered, call.rows[0].deliveries, call.rows[0].caller) == (0, (), "1001")
    written = client.snapshot(name, str(tmp_path / "hq.zip"))
    assert (Path(written.file), written.bytes, written.rows) == (
        tmp_path / "hq.zip",
        (tmp_path / "hq.zip").stat().st_size,
        4,
    )
    assert client.reset(name).rows == 3
    assert client.restore(name, written.file).rows == 4
    assert f'ucmsim_connections_open{{pbx="{name}"}}' in client.metrics()


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
    with pytest.raises(ControlRefused, match=r"there is no personality 'ucm9999'.*\(personality\)$") as raised:
        control.client.create_pbx(control.name(), {"personality": "ucm9999"})
    assert (raised.value.status, raised.value.code, raised.value.field) == (400, "invalid", "personality")
    with pytest.raises(ControlNotFound, match=r"there is no PBX 'nobody'; there (are .*,.*|is [^,]*)$") as raised:
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
    with pytest.raises(ControlUnauthorised) as raised:
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
    with pytest.raises(ControlTimeout, match=r"has not answered within 0\.2 seconds: allow it more time$"):
        ControlClient(f"http://127.0.0.1:{busy}", "token", timeout=0.2).status()
    with pytest.raises(ControlTimeout, match="what was asked of it may be done all the same") as raised:
        ControlClient(f"http://127.0.0.1:{busy}", "token", timeout=0.2).create_pbx("hq")
    assert (raised.value.status, raised.value.code) == (0, "timeout")


@pytest.mark.parametrize("at_once", [0, 40])
def test_an_answer_that_trickles_is_given_up_after_the_timeout(at_once: int) -> None:
    """Whether its head does or its body: the timeout is that of the whole answer, and not of its pieces."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b" " * 900

    def trickle(server: socket.socket) -> None:
        with server.accept()[0] as connection, suppress(OSError):
            connection.sendall(answer[:at_once])
            for at in range(at_once, len(answer)):
                time.sleep(0.05)
                connection.sendall(answer[at : at + 1])

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
        pool.submit(trickle, server)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ControlTimeout, match=r"has not answered within 0\.5 seconds"):
            ControlClient(url, "token", timeout=0.5).status()


def test_a_stream_that_does_not_begin_is_given_up_after_the_timeout(busy: int) -> None:
    """As anything else is that is asked: so long a silence as a stream may have counts from its first answer on."""
    with pytest.raises(ControlTimeout, match=r"has not answered within 0\.2 seconds: allow it more time$"):
        next(ControlClient(f"http://127.0.0.1:{busy}", "token", timeout=0.2).follow_journal("hq"))


def test_every_code_is_listed() -> None:
    """The exceptions list the codes that the control plane answers with, each with its status, and no others."""
    there = set[tuple[str, str]]()
    for file in [*SOURCE.glob("control*.py"), *SOURCE.glob("control/*.py")]:
        there |= {(code, status) for status, code in re.findall(r'ApiError\(\s*(\d+),\s*"([a-z-]+)"', file.read_text())}
    listed = set[tuple[str, str]]()
    for kind in (ControlRefused, ControlUnauthorised, ControlNotFound):
        for codes, status in re.findall(r"((?:``[a-z-]+``(?:,| and)?\s+)+)\((\d+)", str(kind.__doc__)):
            listed |= {(code, status) for code in re.findall("``([a-z-]+)``", codes)}
    assert listed == there


def test_instants_may_be_datetimes(control: Control) -> None:
    """In what is sent and in what narrows a list; one without a zone is refused as its text is, what is no instant by name."""
    client, name, noon = control.client, control.name(), datetime(2026, 3, 2, 12, tzinfo=UTC)
    client.create_pbx(name, {"history": {"days": 0}, "clock": {"start": noon, "rate": 0}})
    call = {"shape": "answered", "from": "1001", "to": "1002", "talk": 2}
    assert client.place_call(name, {**call, "at": noon + timedelta(minutes=5)}).begins == noon + timedelta(minutes=5)
    assert client.change_clock(name, {"now": noon + timedelta(hours=1)}).now == noon + timedelta(hours=1)
    client.place_call(name, call)
    client.change_clock(name, {"advance": 600})
    assert [len(client.calls(name, since=noon + timedelta(hours=at))) for at in (0, 1, 2)] == [1, 1, 0]
    with pytest.raises(ControlRefused) as raised:
        client.change_clock(name, {"now": datetime(2026, 3, 2, 12)})
    assert raised.value.field == "now"
    with pytest.raises(TypeError, match=r"^datetime\.timedelta\(seconds=5\) is a timedelta, which is neither JSON nor"):
        client.change_clock(name, {"advance": timedelta(seconds=5)})


@pytest.fixture
def somebody() -> Iterator[Callable[[int, bytes], ControlClient]]:
    """Somebody else: give him a status and a body, get a client of his."""
    with speaking() as serve:
        yield lambda status, body: ControlClient(serve(status, body), "token", timeout=10)


@pytest.fixture
def cut() -> Iterator[Callable[[bytes], ControlClient]]:
    """Somebody who sends the chunks that it is given, and hangs up: give them, get a client."""
    with ThreadPoolExecutor() as pool, ExitStack() as servers:

        def answer(server: socket.socket, chunks: bytes) -> None:
            with server.accept()[0] as connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)

        def serve(chunks: bytes) -> ControlClient:
            server = servers.enter_context(socket.create_server(("127.0.0.1", 0)))
            pool.submit(answer, server, chunks)
            return ControlClient(f"http://127.0.0.1:{server.getsockname()[1]}", "token", timeout=10)

        yield serve


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b"[1]", b'"no"', b"3", b'{"error": "no"}', b'{"error": null}', b"{}", b"\xff", b"[" * 9999],
)
def test_somebody_else_answers(somebody: Callable[[int, bytes], ControlClient], status: int, body: bytes) -> None:
    """What is not ucmsim is told as such, whatever it answers."""
    with pytest.raises(ControlUnreachable, match=f"is no control plane of this ucmsim \\(status {status}"):
        somebody(status, body).status()


def test_an_answer_that_lacks_something_says_what(somebody: Callable[[int, bytes], ControlClient]) -> None:
    """A key that is missing is named, and where it is missing; one that is too many is of a newer ucmsim."""
    body = {
        "items": [
            {"name": "hq", "url": None, "username": None, "ca": "x", "ca_pem": "y", "settings": {}, "warnings": []}
        ],
        "next": None,
        "new": 1,
    }
    with pytest.raises(ControlUnreachable, match=r"there is no 'rows' in what stands at items\[0\]"):
        somebody(200, json.dumps(body).encode()).pbxs()
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
    (pbx,) = somebody(200, json.dumps(body).encode()).pbxs()
    assert (pbx.name, pbx.rows, pbx.warnings) == ("hq", 3, ())


STREAM = b""": hello

id: 7
event: listening
data: {"id": 7, "kind": "listening", "pbx": "hq", "wall": "2026-03-01T00:00:00.000000+00:00",
data:  "pbx_clock": "2026-03-01T01:00:00.000000+00:00", "seconds": 2.5, "refusal": null, "faults": ["gone"],
data:  "kinds": ["tcp.refuse"], "marks": [], "listens": true, "address": "127.0.0.1"}

: still there

"""


def test_events_are_followed_until_the_stream_ends(somebody: Callable[[int, bytes], ControlClient]) -> None:
    """Each event is an entry; comments keep the connection alive, and its end is that nobody answers any more."""
    found = somebody(200, STREAM).follow_journal("hq", after=6, fault="any")
    entry = next(found)
    assert (entry.id, entry.kind, entry.listens, entry.faults, entry.seconds) == (7, "listening", True, ("gone",), 2.5)
    assert (entry.pbx_clock, entry.raw["address"]) == (datetime(2026, 3, 1, 1, tzinfo=UTC), "127.0.0.1")
    with pytest.raises(ControlUnreachable, match="the stream of events has ended"):
        next(found)


def test_what_was_dropped_is_told(somebody: Callable[[int, bytes], ControlClient]) -> None:
    """The comment of the stream that events are kept no more reaches who wants to know, before the event behind it."""
    told: list[int | Entry] = []
    found = somebody(200, lost(7, 12).encode() + STREAM).follow_journal("hq", after=4, dropped=told.append)
    told.append(next(found))
    assert told[0] == 7
    assert [one.id for one in told[1:] if isinstance(one, Entry)] == [7]
    assert next(somebody(200, lost(7, 12).encode() + STREAM).follow_journal("hq", after=4)).id == 7


def test_following_ends_with_the_universe(control: Control, ucm: Ucm) -> None:
    """A reset is no error: the control plane answers, and the next stream is that of the new journal."""
    requests.get(f"{ucm.url}/cdrapi", verify=ucm.ca, timeout=10)
    followed = control.client.follow_journal(ucm.name, after=0)
    assert next(followed).id == 1
    ucm.reset()
    assert [one.kind for one in followed if one.kind == "listening"] == []


def test_ids_go_on_unless_the_journal_begins_anew(control: Control, tmp_path: Path) -> None:
    """Other settings, and a snapshot that is restored, end the stream; its ids begin again after a reset only."""
    client, name = control.client, control.name()
    client.create_pbx(name, {"history": {"days": 0}, "api": api()})
    written = client.snapshot(name, str(tmp_path / "hq.zip"))
    for begins, anew in (
        (lambda: client.change_pbx(name, {"quirks": {"order": "desc"}}), False),
        (lambda: client.restore(name, written.file), False),
        (lambda: client.reset(name), True),
    ):
        url = client.pbx(name).url
        requests.get(f"{url}/cdrapi", verify=client.pbx(name).ca, timeout=10)
        until(lambda: len(client.journal_page(name).items) >= 2)
        last = client.journal_page(name).last
        followed = client.follow_journal(name, after=last - 1)
        assert next(followed).id == last
        begins()
        assert list(followed) == []
        assert client.journal_page(name).last == (0 if anew else last)


def test_an_event_that_is_none(somebody: Callable[[int, bytes], ControlClient]) -> None:
    """Is no event of this ucmsim."""
    for data in (b'data: {"id": 1}\n\n', b"data: <html>\n\n", b"data: %b\n\n" % (b"[" * 9999)):
        with pytest.raises(ControlUnreachable, match=r"is no control plane of this ucmsim \(an event that is none: "):
            next(somebody(200, data).follow_journal("hq"))


def test_a_stream_that_is_cut_is_no_end(cut: Callable[[bytes], ControlClient]) -> None:
    """It may lack something, in the middle of a chunk or before the last one."""
    chunk = b"%x\r\n%b\r\n" % (len(STREAM), STREAM)
    for data in (chunk, chunk[:-3]):
        followed = cut(data).follow_journal("hq")
        assert next(followed).id == 7
        with pytest.raises(ControlUnreachable, match="the stream of events has ended"):
            next(followed)
    whole = cut(chunk + b"0\r\n\r\n").follow_journal("hq")
    assert [one.id for one in whole] == [7]


def test_following_may_be_refused(control: Control) -> None:
    """Whoever may not follow is told so as by any other route."""
    with pytest.raises(ControlNotFound, match="there is no PBX 'nobody'"):
        next(control.client.follow_journal("nobody"))


def test_the_journal_is_followed_as_it_grows(control: Control, ucm: Ucm) -> None:
    """What happened after an id first, then what happens; filters narrow both."""
    for number in (1, 2):
        requests.get(f"{ucm.url}/cdrapi?n={number}", verify=ucm.ca, timeout=10)
    followed = control.client.follow_journal(ucm.name, after=0, kind="exchange")
    assert [next(followed).target for _ in range(2)] == ["/cdrapi?n=1", "/cdrapi?n=2"]
    requests.get(f"{ucm.url}/cdrapi?n=3", verify=ucm.ca, timeout=10)
    third = next(followed)
    assert (third.target, third.status, third.refusal and third.refusal.code) == ("/cdrapi?n=3", 401, "no-credentials")
    assert ucm.journal(kind="exchange", after=third.id - 1) == [third]
    followed.close()


def test_the_client_needs_the_standard_library_only() -> None:
    """Whoever drives a ucmsim elsewhere imports nothing else with it."""
    code = (
        "import sys, ucmsim.client, ucmsim.contract.answers; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'__main__'}))"
    )
    found = subprocess.run(
        [sys.executable, "-S", "-c", code], env=_found_here(), capture_output=True, text=True, timeout=60
    )
    assert (found.stdout, found.stderr) == ("['ucmsim']\n", "")


def _found_here() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parent.parent)}
