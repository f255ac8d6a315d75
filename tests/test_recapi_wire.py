"""Recordings on a real connection: slow clients, files that change under them, and what is left when they are gone."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import execute
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tests.below import StringTls
from tests.makers import another_row
from tests.rawclient import Answer, Ended, RawTls, exchange
from tests.spools import pbx_on, put
from ucmsim.cdr.devicefile import write
from ucmsim.columns import GENERATIONS
from ucmsim.pytest_plugin import Ucm, UcmFleet
from ucmsim.sockets.channel import DeviceChannel, DeviceFactory

OPEN = {"tls_authentication_name": None, "tls_authentication_password": None}
pytestmark = pytest.mark.ucmsim(api=OPEN)

LONG = 24 * 2**20
"""More than all that lies between a server and a client that does not read."""
SMALL = 4096


@pytest.fixture
def spool(ucm: Ucm) -> Path:
    return Path(ucm.ca).with_name("spool")


def asked(query: str) -> bytes:
    return f"GET /recapi?{query} HTTP/1.1\r\nHost: pbx\r\n\r\n".encode()


def body(response: bytes) -> bytes:
    return response.partition(b"\r\n\r\n")[2]


# Files that change while they are sent


def rewrite(path: Path, size: int) -> None:
    path.write_bytes(b"X" * size)


def shrink(path: Path, _size: int) -> None:
    os.truncate(path, 1000)


def replace_by_rename(path: Path, size: int) -> None:
    other = path.with_name("other")
    other.write_bytes(b"X" * size)
    other.rename(path)


def remove(path: Path, _size: int) -> None:
    path.unlink()


Change = Callable[[Path, int], None]


def slowly(ucm: Ucm, raw: bytes, change: Callable[[], None]) -> Answer:
    """Send *raw*, read a little, let *change* happen, and read the rest."""
    with RawTls(ucm, receive_buffer=SMALL) as client:
        client.send(raw)
        first = client.receive()
        change()
        rest = client.read()
    return Answer(first + rest.data, rest.ended)


@pytest.mark.parametrize(
    ("change", "whole"), [(rewrite, False), (shrink, False), (replace_by_rename, True), (remove, True)]
)
def test_a_user_changes_a_file_while_a_client_reads_it(ucm: Ucm, spool: Path, change: Change, whole: bool) -> None:
    """What is changed ends with the bytes that were; what is removed or replaced is sent to its end, as it was."""
    content = Random(1).randbytes(LONG)
    put(spool, {"monitor/long.wav": content})
    answer = slowly(ucm, asked("filename=long.wav"), lambda: change(spool / "monitor/long.wav", LONG))
    assert f"Content-Length: {LONG}\r\n".encode() in answer.data
    got = body(answer.data)
    assert answer.ended is Ended.NOTIFY
    assert got == content[: len(got)]
    assert (len(got) == LONG) is whole
    assert ("[the file was changed while it was sent]" in ucm.log[-1]) is not whole
    assert f" 200 rows=- bytes={len(got)} " in ucm.log[-1]


@pytest.mark.parametrize("change", [rewrite, shrink, replace_by_rename, remove])
def test_a_user_changes_a_member_before_its_turn(ucm: Ucm, spool: Path, change: Change) -> None:
    """The tar ends where its bytes would begin; none of what came in its place is sent."""
    put(
        spool,
        {
            "monitor/long.wav": Random(2).randbytes(LONG),
            "monitor/next.wav": b"N" * 5000,
            "monitor/last.wav": b"L" * 5000,
        },
    )
    raw = asked("filename=long.wav@next.wav@last.wav")
    due = exchange(ucm, raw)
    answer = slowly(ucm, raw, lambda: change(spool / "monitor/next.wav", 5000))
    assert answer.ended is Ended.NOTIFY
    assert len(body(answer.data)) == 512 + LONG + 512
    assert body(answer.data) == body(due)[: 1024 + LONG]
    assert "['monitor/next.wav' is gone, or is another file now]" in ucm.log[-1]


def test_a_short_file_that_changes_between_decision_and_wire(tmp_path: Path) -> None:
    """Head and body are one write for it, and still no byte of another file is in it."""
    put(tmp_path, {"monitor/short.wav": b"short"})

    def changing(work: Callable[[], object]) -> object:
        reply = work()
        (tmp_path / "monitor/short.wav").write_bytes(b"XXXXX")
        return execute(lambda: reply)

    channel, tls = connected(DeviceFactory(pbx_on(tmp_path), Clock(), changing))  # type: ignore[arg-type]
    channel.dataReceived(asked("filename=short.wav"))
    assert tls.value().endswith(b"Content-Length: 5\r\nContent-type: audio/x-wav\r\n\r\n")
    assert tls.disconnecting


# Clients that vanish


class Tls(StringTls):
    """A TLS that takes no more once it has a little."""

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.producer is not None:
            self.producer.pauseProducing()


def connected(factory: DeviceFactory) -> tuple[DeviceChannel, Tls]:
    """Return a connection on which nobody reads much."""
    channel, tls = factory.buildProtocol(IPv4Address("TCP", "127.0.0.1", 40000)), Tls()
    channel.makeConnection(tls)
    return channel, tls


def descriptors() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("query", "held"), [("filename=long.wav", 64), ("filename=long.wav@note.wav", 64), ("filedir=monitor", 64)]
)
def test_half_read_downloads_give_their_descriptors_back(tmp_path: Path, query: str, held: int) -> None:
    """Each of 64 holds one while it is under way, and none is left when the clients are gone."""
    put(tmp_path, {"monitor/long.wav": bytes(10**6), "monitor/note.wav": b"note"})
    put(tmp_path, {f"monitor/{'n' * 200}{number:04}": b"" for number in range(400)})
    factory = DeviceFactory(pbx_on(tmp_path), Clock(), execute)
    before = descriptors()
    clients = [connected(factory) for _ in range(64)]
    for channel, tls in clients:
        channel.dataReceived(asked(query))
        assert tls.value().startswith(b"HTTP/1.1 200 OK\r\n")
        tls.producer.resumeProducing()  # type: ignore[union-attr]
    assert descriptors() == before + held
    for channel, _ in clients:
        channel.connectionLost(Failure(ConnectionDone()))
    assert descriptors() == before


def soon(is_so: Callable[[], bool]) -> bool:
    """Return whether it is so within twenty seconds."""
    until = time.monotonic() + 20
    while not is_so():
        if time.monotonic() > until:
            return False
    return True


def held(pid: int) -> Counter[str]:
    """Return what the process has open: sockets, and files by their names."""
    found = Counter[str]()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found[descriptor.readlink().name.partition(":")[0]] += 1
    return found


def test_a_server_gets_its_descriptors_back(ucm: Ucm, ucm_fleet: UcmFleet, spool: Path) -> None:
    """Sixty-four clients read a little of a user's file and go away; the process has as many open as before."""
    put(spool, {"monitor/long.wav": bytes(LONG)})
    assert exchange(ucm, asked("filename=gone.wav")).startswith(b"HTTP/1.1 404")
    before = held(ucm_fleet.pid)
    clients = [RawTls(ucm, receive_buffer=SMALL, timeout=60) for _ in range(64)]
    for client in clients:
        client.__enter__()
        client.send(asked("filename=long.wav"))
        assert client.receive().startswith(b"HTTP/1.1 200 OK\r\n")
    during = held(ucm_fleet.pid)
    assert during["long.wav"] == 64
    assert during["socket"] >= 64
    for client in clients:
        client.__exit__(None, None, None)
    assert soon(lambda: held(ucm_fleet.pid) <= before), held(ucm_fleet.pid) - before


# A hundred thousand


MANY = 100_000
FLAT = 20e6
"""Bytes that the server may grow by."""


@pytest.fixture(scope="module")
def crowded(ucm_fleet: UcmFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ucm]:
    """A PBX with a hundred thousand recordings, of which each call names a hundred."""
    names = [f"2013-12/auto-{1386100000 + number}-1000-1001.wav" for number in range(MANY)]
    parts = [names[at : at + 100] for at in range(0, MANY, 100)]
    calls = [another_row(recordfiles="".join(f"{name}@" for name in part)) for part in parts]
    file = tmp_path_factory.mktemp("crowded") / "calls.json"
    file.write_text("".join(str(piece) for piece in write("json", GENERATIONS["G3"], calls)))
    started = ucm_fleet.start({"personality": "ucm6510", "history": {"import": str(file)}, "api": OPEN})
    yield started
    ucm_fleet.stop(started)


def peak(pid: int) -> int:
    """Return the most bytes of memory that the process has had since it last forgot."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def test_a_hundred_thousand_recordings_are_listed(crowded: Ucm, ucm_fleet: UcmFleet) -> None:
    """Every one of them arrives, in order, and the server's memory stays flat."""
    assert exchange(crowded, asked("filedir=meetme")).endswith(b"\r\n\r\nDirectory,Filename\n")
    with suppress(OSError):  # some kernels do not forget
        Path(f"/proc/{ucm_fleet.pid}/clear_refs").write_text("5")
    before = peak(ucm_fleet.pid)
    response = exchange(crowded, asked("filedir=monitor"))
    assert peak(ucm_fleet.pid) - before < FLAT
    lines = body(response).split(b"\n")
    assert f"Content-Length: {len(body(response))}\r\n".encode() in response
    assert lines[:3] == [b"Directory,Filename", b"monitor,2013-12", b"monitor/2013-12,auto-1386100000-1000-1001.wav"]
    assert lines[-2:] == [b"monitor/2013-12,auto-1386199999-1000-1001.wav", b""]
    assert len(lines) == MANY + 3
    assert lines[2:-1] == sorted(lines[2:-1])
