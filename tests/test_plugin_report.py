"""What the report of a failed test tells of the PBXs that the test used."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

FAILING = """
import pytest
import requests

pytestmark = pytest.mark.ucmsim(api={"tls_authentication_name": None})


def fetch(ucm, target="/cdrapi"):
    with requests.Session() as session:
        return session.get(ucm.url + target, verify=ucm.ca, timeout=30)


def test_two(ucm_factory, ucm):
    ucm.fault("http.latency", seconds=0, name="slow", times=1)
    with ucm.fault("http.status", status=503, name="broken"):
        fetch(ucm)
    fetch(ucm, "/cdrapi?caler=5300")
    ucm_factory(personality="ucm6510")
    assert False


def test_good(ucm):
    fetch(ucm)


def test_gone(ucm, ucm_fleet):
    ucm_fleet.control.delete_pbx(ucm.name)
    assert False


def test_torn(ucm, torn):
    fetch(ucm)


@pytest.fixture
def torn(ucm):
    yield
    raise RuntimeError("torn")


def test_without():
    assert False


@pytest.fixture(scope="module")
def shared(ucm_fleet):
    started = ucm_fleet.start({}, "shared-1234")
    yield started
    ucm_fleet.stop(started)


def test_shared(shared):
    assert False
"""


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the lines of a run in which four tests fail and one has an error."""
    folder = tmp_path_factory.mktemp("failing")
    (folder / "test_failing.py").write_text(FAILING)
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "-p", "ucmsim.pytest_plugin"]
    found = subprocess.run(
        [*command, "--ucmsim-seed=7", "test_failing.py"],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "4 failed, 2 passed, 1 error" in found.stdout, found.stdout + found.stderr
    return found.stdout.splitlines()


def section(lines: list[str], name: str) -> list[str]:
    """Return the lines of the section about the PBX whose name begins with *name* and four digits."""
    begin = next(at for at, line in enumerate(lines) if re.fullmatch(rf"-+ ucmsim: {name}-[0-9a-f]{{4}}(-2)? -+", line))
    end = next(at for at in range(begin + 1, len(lines)) if re.match("[-_=]{3}", lines[at]))
    return lines[begin + 1 : end]


def test_it_tells_seed_faults_and_journal(reported):
    """Everything that decides what happened: seed, faults that fired, and the journal with its explanations."""
    what, *faults, tail, broken, refused = section(reported, "test-two")
    assert re.fullmatch(r"ucm6100-1\.0\.9 at https://127\.0\.0\.1:\d+, seed 7; its clock shows 20\S+\+00:00", what)
    assert faults == [
        "fault slow (http.latency) is armed and has fired 1 time",
        "fault broken (http.status) fired 1 time",
    ]
    assert tail == "the last 2 events of its journal:"
    assert re.fullmatch(r"  \S+Z  127\.0\.0\.1:\d+  GET /cdrapi  503  239 B, \S+ ms  \[broken, slow\]", broken)
    assert re.fullmatch(
        r"  \S+Z  127\.0\.0\.1:\d+  GET /cdrapi\?caler=5300  200  0 rows, 186 B, \S+ ms  "
        r"unknown-parameter: 'caler' is not a parameter of /cdrapi \(did you mean 'caller'\?\)",
        refused,
    )


def test_it_tells_of_every_pbx_of_the_test(reported):
    """One that the factory made, or a fixture of a wider scope, has a section of its own; a test without a PBX, or that passed, has none."""
    titles = [line.strip("- ") for line in reported if line.startswith("---") and "ucmsim: " in line]
    assert [re.sub("-[0-9a-f]{4}", "", title) for title in titles] == [
        "ucmsim: test-torn", "ucmsim: test-two", "ucmsim: test-two-2", "ucmsim: test-gone", "ucmsim: shared",
    ]  # fmt: skip
    assert not any("test-good-" in line for line in reported)
    second = reported.index(next(line for line in reported if re.search(r"ucmsim: test-two-\w{4}-2 ", line)))
    assert reported[second + 1].startswith("ucm6510-1.0.10 at ")
    assert reported[second + 2] == "its journal is empty: no client came"


def test_a_pbx_that_is_gone_is_said_to_be(reported):
    """The report of a test never fails for what the test did to its PBX, whose log is still there."""
    first, second, *log = section(reported, "test-gone")
    assert re.fullmatch("seed 7; its journal is gone: there is no PBX 'test-gone-.*", first)
    assert second == f"the last {len(log)} lines of its log:"
    assert log[0].startswith("  test-gone-")


def test_it_tells_of_an_error_behind_the_test_too(reported):
    """A fixture that fails when it is torn down is reported with the log of the PBX that is gone by then."""
    log = section(reported, "test-torn")[2:]
    assert [line for line in log if '"GET /cdrapi" 200 rows=3' in line]
