"""Real clients download the recording that `recordfiles` names, in every way in which they build the URL."""

from __future__ import annotations

import subprocess
import wave
from io import BytesIO

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.clients import FOLDER, client
from ucmsim.pytest_plugin import Ucm, UcmFleet

SCRIPTS = {"curl": "download.sh", "requests": "download.py", "node": "download.js", "php": "download.php"}
WAYS = {
    "as it stands": lambda value: value,
    "without the @": lambda value: value.rstrip("@"),
    "without the month": lambda value: value.rpartition("/")[2],
    "without the month and the @": lambda value: value.rpartition("/")[2].rstrip("@"),
}
"""What clients make of `recordfiles`: one pastes it, one strips the @ at its end, one the month too."""

Named = tuple[Ucm, str, int]


@pytest.fixture(scope="module", params=["ucm6510", "ucm6200"])
def named(request: pytest.FixtureRequest, ucm_fleet: UcmFleet) -> object:
    """A PBX, what one of its calls has in `recordfiles` (with a month where it is a ucm6200), and the call's billsec."""
    ucm = ucm_fleet.start({"personality": request.param, "history": {"days": 2, "calls_per_day": 20}})
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    page = requests.get(f"{ucm.url}/cdrapi?format=json", auth=login, verify=ucm.ca, timeout=20).json()["cdr_root"]
    row = min((row for row in page if row.get("recordfiles")), key=lambda row: int(row["billsec"]))
    yield ucm, row["recordfiles"], int(row["billsec"])
    ucm_fleet.stop(ucm)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("filedir", ["", "monitor"], ids=["no filedir", "filedir"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_client_gets_the_recording(named: Named, name: str, filedir: str, way: str) -> None:
    """Whatever of the value the client sends, it gets the WAV, as long as billsec says."""
    ucm, recordfiles, billsec = named
    assert recordfiles.endswith(".wav@")
    wav = _downloaded(name, ucm, filedir, WAYS[way](recordfiles))
    with wave.open(BytesIO(wav)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
        assert len(wav) == 44 + 2 * sound.getnframes()
        assert sound.getnframes() // 8000 == billsec


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_client_gets_the_same(named: Named, name: str) -> None:
    """A recording has the same bytes for everybody, every time."""
    ucm, recordfiles, _ = named
    assert _downloaded(name, ucm, "", recordfiles) == _downloaded("requests", ucm, "monitor", recordfiles)


@pytest.mark.ucmsim(personality="ucm6200", history={"days": 2, "calls_per_day": 20})
def test_the_fixture_has_months(ucm: Ucm) -> None:
    """The recordings of a ucm6200 are named with their month, so that the ways above differ there."""
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    listed = requests.get(f"{ucm.url}/recapi?filedir=monitor", auth=login, verify=ucm.ca, timeout=20).text
    assert {line.count("/") for line in listed.splitlines() if ",auto-" in line} == {1}


def _downloaded(name: str, ucm: Ucm, filedir: str, filename: str) -> bytes:
    program = "sh" if client(name) and name == "curl" else client(name)
    command = [program, str(FOLDER / SCRIPTS[name]), ucm.url, ucm.username or "", ucm.password or "", ucm.ca]
    ran = subprocess.run([*command, filedir, filename], capture_output=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout
