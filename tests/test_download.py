"""Real clients download the recording that `recordfiles` names, in every way in which they build the URL."""

from __future__ import annotations

import json
import subprocess
import wave
from collections.abc import Iterator
from io import BytesIO

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.clients import FOLDER, client
from tests.golden.stage import GOLDEN
from ucmsim.pytest_plugin import Ucm, UcmFleet

SCRIPTS = {
    "curl": "download.sh",
    "curl that encodes": "download-encoded.sh",
    "requests": "download.py",
    "node": "download.js",
    "php": "download.php",
}
WAYS = {
    "as it stands": lambda value: value,
    "without the @": lambda value: value.rstrip("@"),
    "without the month": lambda value: value.rpartition("/")[2],
    "without the month and the @": lambda value: value.rpartition("/")[2].rstrip("@"),
}
"""What clients make of `recordfiles`: one pastes it, one strips the @ at its end, one the month too."""

Named = tuple[Ucm, str, int]


def _started(fleet: UcmFleet, settings: dict[str, object]) -> Named:
    """Return a PBX with those *settings*, what its shortest recorded call has in `recordfiles`, and that call's billsec."""
    ucm = fleet.start(settings)
    login = HTTPDigestAuth(ucm.username or "", ucm.password or "")
    page = requests.get(f"{ucm.url}/cdrapi?format=json", auth=login, verify=ucm.ca, timeout=20).json()["cdr_root"]
    row = min((row for row in page if row.get("recordfiles")), key=lambda row: int(row["billsec"]))
    return ucm, row["recordfiles"], int(row["billsec"])


@pytest.fixture(scope="module", params=["ucm6510", "ucm6200"])
def named(request: pytest.FixtureRequest, ucm_fleet: UcmFleet) -> Iterator[Named]:
    """A call of a PBX that has its recordings in one directory, or in one a month."""
    started = _started(ucm_fleet, {"personality": request.param, "history": {"days": 2, "calls_per_day": 20}})
    yield started
    ucm_fleet.stop(started[0])


@pytest.fixture(scope="module")
def grouped(ucm_fleet: UcmFleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Named]:
    """A call that an agent of a ring group took: its recording's name must be encoded in a URL. Spec 5.8."""
    (row,) = (row for row in json.loads((GOLDEN / "history.json").read_text())["cdr_root"] if row["AcctId"] == "69")
    row["recordfiles"] = "2022-08/auto-1661159747#203-+441632960096-6400.wav@"
    file = tmp_path_factory.mktemp("group") / "history.json"
    file.write_text(json.dumps({"cdr_root": [row]}))
    started = _started(ucm_fleet, {"personality": "ucm6200", "history": {"import": str(file)}})
    yield started
    ucm_fleet.stop(started[0])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("filedir", ["", "monitor"], ids=["no filedir", "filedir"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_client_gets_the_recording(named: Named, name: str, filedir: str, way: str) -> None:
    """Whatever of the value the client sends, it gets the WAV, as long as billsec says."""
    ucm, recordfiles, billsec = named
    assert recordfiles.endswith(".wav@")
    _check(_downloaded(name, ucm, filedir, WAYS[way](recordfiles)), billsec)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "curl"])
def test_a_client_that_encodes_gets_the_recording_of_a_group(grouped: Named, name: str, way: str) -> None:
    """A # and a + in the name arrive."""
    ucm, recordfiles, billsec = grouped
    _check(_downloaded(name, ucm, "monitor", WAYS[way](recordfiles)), billsec)


def test_a_name_that_is_pasted_into_a_url_ends_at_the_hash(grouped: Named) -> None:
    """The client asks for what stands before it, and gets the 404 that a device gives."""
    ucm, recordfiles, _ = grouped
    assert _ran("curl", ucm, "monitor", recordfiles) == (22, b"", b"curl: (22) The requested URL returned error: 404\n")


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


def _check(wav: bytes, billsec: int) -> None:
    with wave.open(BytesIO(wav)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
        assert len(wav) == 44 + 2 * sound.getnframes()
        assert sound.getnframes() // 8000 == billsec


def _downloaded(name: str, ucm: Ucm, filedir: str, filename: str) -> bytes:
    code, downloaded, said = _ran(name, ucm, filedir, filename)
    assert (code, said) == (0, b"")
    return downloaded


def _ran(name: str, ucm: Ucm, filedir: str, filename: str) -> tuple[int, bytes, bytes]:
    """Run a client; return its exit code, what it downloaded, and what it said."""
    needed = name.partition(" ")[0]
    program = client(needed)
    command = [
        "sh" if needed == "curl" else program,
        str(FOLDER / SCRIPTS[name]),
        ucm.url,
        ucm.username or "",
        ucm.password or "",
        ucm.ca,
    ]
    ran = subprocess.run([*command, filedir, filename], capture_output=True, timeout=60)
    return ran.returncode, ran.stdout, ran.stderr
