"""Real clients, each in a process of its own, page through a history and verify the certificate while they do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clients import FOLDER, client
from ucmsim.certificates.authority import Authority
from ucmsim.pytest_plugin import Ucm, UcmFleet

ROWS = 2500
HEADER = (
    "AcctId,accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,"
    "disposition,amaflags,uniqueid,userfield,channel_ext,dstchannel_ext,service\n"
)
SCRIPTS = {
    "curl": "curl.sh",
    "requests": "requests_digest.py",
    "treq": "treq_digest.py",
    "node": "node.js",
    "php": "php.php",
}
CLIENTS = pytest.mark.parametrize("name", SCRIPTS)


@pytest.fixture(scope="module")
def history(ucm_fleet: UcmFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ucm]:
    """A PBX with 2500 rows, three at a time beginning in the same second, also across the border of two pages."""
    file = tmp_path_factory.mktemp("history") / "rows.csv"
    file.write_text(HEADER + "".join(map(_row, range(1, ROWS + 1))))
    ucm = ucm_fleet.start({"history": {"import": str(file)}})
    yield ucm
    ucm_fleet.stop(ucm)


@CLIENTS
def test_pages_through_without_gap_or_duplicate(name: str, history: Ucm) -> None:
    """Page after page of 1000 rows brings every row once, in order, until a page has fewer."""
    ran = _run(name, history, history.ca)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.split() == [str(number) for number in range(1, ROWS + 1)]


@CLIENTS
def test_refuses_whom_it_does_not_trust(name: str, history: Ucm, tmp_path: Path) -> None:
    """A client that trusts another CA gets no row: it really verifies."""
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(Authority.mint("stranger", datetime.now(UTC)).certificate_pem)
    ran = _run(name, history, str(stranger))
    assert ran.returncode != 0
    assert "certificate" in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize(("due", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_missing_client_is_named(due: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is not installed skips its test by name, and fails it where every client is due."""
    monkeypatch.setenv("UCMSIM_REQUIRE_CLIENTS", due)
    with pytest.raises(outcome, match="the client no-such-client is not installed"):
        client("no-such-client")


def _run(name: str, ucm: Ucm, ca: str) -> subprocess.CompletedProcess[str]:
    program = client(name)
    program = "sh" if name == "curl" else program
    command = [program, str(FOLDER / SCRIPTS[name]), ucm.url, ucm.username or "", ucm.password or "", ca]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def _row(number: int) -> str:
    """Return row *number* as a G1 line; rows begin in threes, a minute apart."""
    start = datetime(2013, 7, 1) + timedelta(minutes=number // 3)
    answer, end = start + timedelta(seconds=4), start + timedelta(seconds=30)
    return (
        f'{number},,5300,5301,from-internal,"pn01" <5300>,SIP/5300-{number:08x},SIP/5301-{number:08x},Dial,SIP/5301,60,,'
        f"{start},{answer},{end},30,26,ANSWERED,DOCUMENTATION,1372658400.{number},EXT,5300,5301,s\n"
    )
