"""Faults over real sockets and TLS: however they are armed and met, the service lives, and cleared they leave nothing behind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rawclient import RawSocket, RawTls, exchange
from tests.test_fault_recipes import FIELDS, terms
from ucmsim.client import ControlError
from ucmsim.faults import KINDS
from ucmsim.pytest_plugin import Ucm, UcmFleet

PATIENCE = 0.25
"""Seconds that a client gives a connection under faults: many never answer."""
SETTINGS: dict[str, Any] = {
    "clock": {"start": "2026-03-02T00:00:00Z", "rate": 0},
    "history": {"days": 1, "calls_per_day": 40},
    "api": {"tls_authentication_name": None, "tls_authentication_password": None},
}


def asked(target: str, method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: pbx\r\n\r\n".encode()


class Lived:
    """One PBX for all stories, and what it answered before any of them."""

    def __init__(self, ucm: Ucm) -> None:
        self.ucm = ucm
        self._read = 0
        listed = exchange(ucm, asked("/recapi?filedir=monitor")).decode().splitlines()
        recording = min(line.partition(",")[2] for line in listed if line.startswith("monitor,"))
        self.requests = [
            *map(
                asked,
                ("/cdrapi", "/cdrapi?format=json&numRecords=2&offset=1", "/cdrapi?caler=1", "/recapi", "/nowhere"),
            ),
            asked(f"/recapi?filedir=monitor&filename={recording}"),
            asked("/cdrapi", "HEAD"),
            asked("/cdrapi", "BREW"),
            b"GET /cdrapi HTTP/9\r\n\r\n",
        ]
        self._fresh = self._answers()

    def _answers(self) -> list[bytes]:
        return [exchange(self.ucm, request) for request in self.requests]

    def do(self, left: contextlib.ExitStack, what: str, *how: Any) -> None:
        """Do one step of a story; connections that it leaves open are closed with *left*."""
        match what:
            case "arm":
                kind, more = how
                try:
                    self.ucm.fault(kind, **FIELDS.get(kind, {}), **more)
                except ControlError as refused:
                    if refused.status != 400 or not more:  # conditions that cannot be known
                        raise
            case "disarm":
                faults = self.ucm.control.faults(self.ucm.name)
                if faults:
                    with contextlib.suppress(ControlError):  # its time to live may just have passed
                        self.ucm.control.disarm_fault(self.ucm.name, faults[0].name)
            case "clear":
                self.ucm.clear_faults()
            case "ask":
                with contextlib.suppress(OSError), RawTls(self.ucm, timeout=PATIENCE) as client:
                    client.send(self.requests[how[0]])
                    client.read()
            case "leave":
                with contextlib.suppress(OSError):
                    client = left.enter_context(RawTls(self.ucm, timeout=PATIENCE))
                    client.send(self.requests[how[0]])
            case "mumble":
                with contextlib.suppress(OSError):
                    left.enter_context(RawSocket(self.ucm, timeout=PATIENCE)).send(how[0])

    def is_as_fresh(self) -> bool:
        """Return whether every answer is the one that it was before the first story, byte for byte."""
        return self._answers() == self._fresh

    def troubles(self) -> list[str]:
        """Return what was logged since the last time that nobody has foreseen."""
        with self.ucm._log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        self._read += len(text)
        return [
            line for line in text.decode(errors="replace").splitlines() if "Traceback" in line or "nhandled" in line
        ]


@pytest.fixture(scope="module")
def lived(ucm_fleet: UcmFleet) -> Iterator[Lived]:
    ucm = ucm_fleet.start(SETTINGS)
    yield Lived(ucm)
    ucm_fleet.stop(ucm)


requests = st.integers(0, 8)
steps = st.one_of(
    st.tuples(st.just("arm"), st.sampled_from([kind.id for kind in KINDS]), terms),
    st.tuples(st.just("arm"), st.sampled_from([kind.id for kind in KINDS]), st.just({})),
    st.tuples(st.just("ask"), requests),
    st.tuples(st.just("leave"), requests),
    st.tuples(st.just("mumble"), st.sampled_from([b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"])),
    st.tuples(st.just("disarm")),
    st.tuples(st.just("clear")),
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(story=st.lists(steps, min_size=2, max_size=14))
def test_whatever_happens_on_the_wire_it_ends_well(lived: Lived, story: list[tuple[Any, ...]]) -> None:
    """Cleared, with the connections of the story still open, the PBX answers byte for byte as before the first fault."""
    lived.troubles()
    with contextlib.ExitStack() as left:
        for step in story:
            lived.do(left, *step)
        lived.ucm.clear_faults()
        assert lived.is_as_fresh()
    assert lived.is_as_fresh()
    assert lived.troubles() == []


def test_a_story_is_told(lived: Lived) -> None:
    """The steps do what they say: with a fault the answers are others, and the journal names it."""
    with contextlib.ExitStack() as left:
        lived.do(left, "arm", "http.status", {})
        assert not lived.is_as_fresh()
        lived.do(left, "clear")
        lived.do(left, "arm", "http.stall", {})
        lived.do(left, "leave", 0)
        lived.do(left, "arm", "tcp.reset", {"chance": 0.0})
        lived.do(left, "clear")
        assert lived.is_as_fresh()
    assert {kind for entry in lived.ucm.journal(fault="any") for kind in entry.kinds} >= {"http.status"}
