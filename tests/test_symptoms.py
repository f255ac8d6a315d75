"""The matrix of symptoms: what the page says is what comes, and a cell that is not the same every time is told."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import requests

from tests.clients import client
from tests.symptomclients import ALONE, LOST, NAMES, judged, named, openssl_reason
from tests.symptoms import PAGE, Cell, Cells, alike, compared, differing, journal, page, shown, told
from ucmsim.faults import KINDS, Kind

KIND: Mapping[str, Kind] = {kind.id: kind for kind in KINDS}
QUICK = (
    "tcp.refuse",
    "tcp.reset",
    "tls.alert",
    "tls.certificate",
    "http.truncate",
    "http.status-line",
    "api.deny",
    "media.page",
)
"""Kinds that take no time, of every plane, and of every manner of ending."""


def on_the_page() -> dict[tuple[str, str], str]:
    """Return what the page says each client sees of each fault."""
    lines = [line[2:-2].split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    head, _, *rows = lines
    return {(row[0].strip("`"), name): cell for row in rows for name, cell in zip(head[1:], row[1:], strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_every_cell(name: str) -> None:
    """Every fault and every client has its place on the page, and something is said there."""
    found = on_the_page()
    assert all(found[kind.id, name] for kind in KINDS)


# What a client leaves open of a connection that was reset is its own affair.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_what_the_page_says_is_what_comes() -> None:
    """A slice of the matrix is that of the page, cell by cell; `make symptoms` makes all of it."""
    for needed in ("curl", "node"):
        client(needed)
    cells = shown([KIND[kind] for kind in QUICK])
    said = on_the_page()
    assert {key: cell.saw for key, cell in cells.items()} == {key: said[key] for key in cells}
    assert {kind: journal(cells, kind) for kind in QUICK} == {kind: said[kind, "journal"] for kind in QUICK}
    assert list(alike(cells)) == []
    assert list(differing(cells, cells)) == []


CELLS: Cells = {
    ("tcp.reset", "curl"): Cell("exit 7", "tcp.reset; undecided"), ("tcp.reset", "Node"): Cell(LOST, "tcp.reset; undecided"),
    ("api.deny", "curl"): Cell("403", "api.deny; 403"), ("api.deny", "Node"): Cell("403", "api.deny; no reply"),
}  # fmt: skip


def test_a_cell_that_changes_is_told() -> None:
    """By its fault, its client and both symptoms."""
    other = {**CELLS, ("tcp.reset", "curl"): Cell(LOST, "tcp.reset; refused")}
    assert list(differing(CELLS, other)) == [
        "tcp.reset, curl: saw 'exit 7' first, and then 'connection lost'",
        "tcp.reset, curl: the journal told 'tcp.reset; undecided' first, and then 'tcp.reset; refused'",
    ]


def test_two_faults_that_the_journal_does_not_tell_apart_are_told() -> None:
    """They would be as good as one to whoever reads it."""
    same = {key: Cell(cell.saw, "nothing") for key, cell in CELLS.items()}
    assert list(alike(CELLS)) == []
    assert list(alike(same)) == ["the journal says the same of tcp.reset and api.deny: 'nothing'"]


def test_what_the_journal_says_of_one_client_only_stands_in_brackets() -> None:
    """What it says of most comes first."""
    cells = {**CELLS, ("api.deny", "httpx"): Cell("403", "api.deny; 403")}
    assert journal(cells, "api.deny") == "api.deny; 403 (Node: no reply)"
    assert "| `tcp.reset` | exit 7 | connection lost | tcp.reset; undecided |" in page(CELLS)


def entry(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "kinds": ["http.status"], "refusal": None, "verdict": "accepted", "listens": False, **more}


@pytest.mark.parametrize(
    ("kind", "entries", "said"),
    [
        ("http.status", [entry("connection"), entry("exchange", reply={"status": 500})], "http.status; 500"),
        ("http.status", [entry("connection", refusal={"code": "cut"})], "http.status; accepted; cut"),
        ("http.status", [entry("exchange", reply={"status": 0})], "http.status; no reply"),
        ("http.status", [entry("listening")], ""),
        ("http.drip", [entry("connection")], ""),
        ("tcp.refuse", [entry("listening", kinds=["tcp.refuse"])], "tcp.refuse; port closed"),
    ],
)
def test_what_the_journal_tells(kind: str, entries: list[dict[str, Any]], said: str) -> None:
    """An exchange before its connection; of a port only where that is what the fault is about."""
    assert told(entries, KIND[kind]) == said


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (judged(200, "text/csv", b"1"), "as ever"),
        (judged(200, "text/csv", b"2"), "200, another body"),
        (judged(200, "text/html", b"1"), "200, text/html"),
        (judged(200, "text/csv", b"{"), "200, no JSON, another body"),
        (judged(200, "text/csv", b'{"\xff": 1}'), "200, not UTF-8, another body"),
        (judged(200, "text/csv", b""), "200 empty"),
        (judged(404, "text/html", b"1"), "404"),
        ("exit 28", "exit 28"),
    ],
)
def test_what_is_seen_is_told_as_it_differs(seen: str, said: str) -> None:
    """So that the page does not depend on which calls there are."""
    assert compared(seen, judged(200, "text/csv", b"1")) == said


def wrapped(error: BaseException, *others: BaseException) -> BaseException:
    """Return *error* as it is raised from *others*, each from the next."""
    at = error
    for other in others:
        at.__cause__ = at = other
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (requests.ConnectionError(ConnectionResetError(104, "Connection reset by peer")), LOST),
        (wrapped(httpx.ConnectError("x"), OSError(), ssl.SSLEOFError(8, "EOF occurred")), LOST),
        (wrapped(httpx.ReadTimeout("x"), TimeoutError()), "ReadTimeout"),
        (requests.ConnectionError(TimeoutError("timed out")), "ConnectionError: TimeoutError"),
        (ConnectionRefusedError(111, "Connection refused"), "ConnectionRefusedError"),
    ],
)
def test_an_error_is_called_by_what_a_program_can_catch(error: BaseException, said: str) -> None:
    """And by what is behind it, where that says more; the ends among which the kernel chooses are one."""
    assert named(error) == said


def test_what_openssl_said_is_read() -> None:
    """In the lines of curl and of Node."""
    assert openssl_reason("curl: (35) OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number") == [
        "wrong version number"
    ]
    said = "error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../deps/openssl/record.c:1605:"
    assert openssl_reason(said) == ["sslv3 alert handshake failure"]
    assert openssl_reason("curl: (28) Operation timed out") == []
    assert set(ALONE) <= set(NAMES)
