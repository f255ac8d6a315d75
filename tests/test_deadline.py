"""The socket of the synchronous client: whatever happens on it has one time together."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from ucmsim.deadline import TimelySocket

Address = tuple[str, int]


@pytest.fixture
def full() -> Iterator[Address]:
    """The address of somebody who takes no more connections: whoever connects waits for an answer that never comes."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, closing(socket.socket()) as first:
        first.connect(server.getsockname())
        yield server.getsockname()


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: Address) -> list[float]:
    """Let every name stand for *addresses*; return the list of the times that are given to each of them."""
    given = list[float]()

    class Noted(socket.socket):
        def settimeout(self, value: float | None) -> None:
            given.append(value or 0.0)
            super().settimeout(value)

    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", one) for one in addresses]
    monkeypatch.setattr("ucmsim.deadline.socket.getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr("ucmsim.deadline.socket.socket", Noted)
    return given


def test_all_addresses_of_a_name_share_the_time(monkeypatch: pytest.MonkeyPatch, full: Address) -> None:
    """Where the first takes all of it there is none left for the second."""
    given = resolved(monkeypatch, full, full)
    with pytest.raises(TimeoutError):
        TimelySocket("rig.example", 8444, 0.2)
    assert [one <= 0.2 for one in given] == [True]


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens at the first, with the time that is left."""
    with closing(socket.socket()) as nobody, socket.create_server(("127.0.0.1", 0)) as server:
        nobody.bind(("127.0.0.1", 0))
        given = resolved(monkeypatch, nobody.getsockname(), server.getsockname())
        line = TimelySocket("rig.example", 8444, 20)
        line.close()
    assert given[0] > given[1]


def test_what_was_wrong_with_the_last_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens at any of them."""
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        resolved(monkeypatch, nobody.getsockname(), nobody.getsockname())
        with pytest.raises(ConnectionRefusedError):
            TimelySocket("rig.example", 8444, 20)
