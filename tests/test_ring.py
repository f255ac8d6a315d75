"""The journal in memory: in order, bounded in number and in bytes, and read without being changed."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ucmsim.journal.ring import OVERHEAD, Ring, packed, unpacked
from ucmsim.sockets.kernel import before_loss, measured


def entry(number: int, **more: Any) -> dict[str, Any]:
    """Return an event that is told apart by its *number*."""
    return {"kind": "exchange", "connection": number, **more}


def numbers(ring: Ring, after: int = 0) -> list[tuple[int, int]]:
    """Return id and number of everything after an id."""
    return [(one["id"], one["connection"]) for one in ring.kept().after(after)]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=10), values, max_size=5))
def test_what_is_packed_is_unpacked(one: dict[str, Any]) -> None:
    """Any event comes back as it was."""
    assert unpacked(packed(one)) == one


def test_ids_count_everything_that_was_ever_added() -> None:
    """They go on when the oldest is dropped, so that whoever follows knows what was missed."""
    ring = Ring(3, 1 << 20)
    assert [ring.add(entry(number)) for number in range(5)] == [1, 2, 3, 4, 5]
    assert numbers(ring) == [(3, 2), (4, 3), (5, 4)]
    assert numbers(ring, 4) == [(5, 4)]
    assert numbers(ring, 9) == []
    assert (ring.kept().first, ring.kept().last) == (3, 5)


def test_the_tail_alone_can_be_had() -> None:
    """Whoever follows gets what is new without a copy of the rest."""
    ring = Ring(10, 1 << 20)
    for number in range(20):
        ring.add(entry(number))
    for last in (0, 12, 19, 20, 99):
        tail = ring.kept_after(last)
        assert list(tail.after(last)) == list(ring.kept().after(last))


def test_what_was_read_does_not_change() -> None:
    """An answer that is made in the worker is that of the moment at which it was asked for."""
    ring = Ring(2, 1 << 20)
    ring.add(entry(1))
    kept = ring.kept()
    ring.add(entry(2))
    ring.add(entry(3))
    assert [one["connection"] for one in kept.after(0)] == [1]


def test_a_cleared_ring_begins_again() -> None:
    """Ids and bytes begin at nothing."""
    ring = Ring(2, 1 << 20)
    ring.add(entry(1))
    ring.clear()
    assert (len(ring), ring.size, ring.kept().last) == (0, 0, 0)
    assert ring.add(entry(2)) == 1


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=60), st.integers(200, 20_000), st.integers(1, 40))
def test_it_is_never_larger_than_it_may_be(sizes: list[int], room: int, most: int) -> None:
    """Neither the number nor the bytes are ever more than allowed, but for a single event that is larger by itself."""
    ring = Ring(most, room)
    for number, size in enumerate(sizes):
        ring.add(entry(number, text=f"{number:04}" * size))
        assert len(ring) <= most
        assert ring.size <= room or len(ring) == 1
    kept = ring.kept()
    assert ring.size == sum(len(data) + OVERHEAD for data in kept.entries)


def test_the_kernel_counts_what_was_acknowledged_even_after_a_reset() -> None:
    """What a peer that resets the connection has not taken is told apart from what it has."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listening.getsockname())
        server, _ = listening.accept()
    with server:
        transport = SimpleNamespace(socket=server, connectionLost=lambda reason: server.close())
        server.send(b"x" * 1000)
        client.recv(1000, socket.MSG_WAITALL)
        assert measured(transport) == measured(transport)
        found = measured(transport)
        assert found is not None
        assert (found.handed, found.acknowledged) == (1000, 1000)
        server.setblocking(False)
        sent = server.send(b"x" * 1_000_000)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        told: list[Any] = []
        before_loss(transport, lambda: told.append(measured(transport)))
        transport.connectionLost("reset")
        (last,) = told
        assert last.handed == 1000 + sent
        assert 1000 <= last.acknowledged < last.handed
        assert measured(transport) is None  # closed
