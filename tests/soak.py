"""`python -m tests.soak`: the same tests again and again under xdist, to see that no port and no state ever meets another's.

Each test has a PBX that must be clean when it begins, a port that nobody else has at the time, and leaves everything dirty.
After each run no process and no temporary file may be left. Exits with 1 at the first run that is not so.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = """
import os
from pathlib import Path

import pytest
import requests
from requests.auth import HTTPDigestAuth

TAKEN = Path(os.environ["SOAK_PORTS"])


@pytest.mark.parametrize("number", range(NUMBER))
def test_it(ucm, ucm_fleet, number):
    port = ucm.url.rpartition(":")[2]
    mine = os.open(TAKEN / port, os.O_CREAT | os.O_EXCL)  # fails where another PBX has the port
    try:
        assert (ucm.requests, ucm.faults, ucm.calls) == ([], [], [])
        assert [pbx.name for pbx in ucm_fleet.control.pbxs()] == [ucm.name]
        login = HTTPDigestAuth(ucm.username, ucm.password)
        with requests.Session() as session:
            rows = session.get(f"{ucm.url}/cdrapi?format=json", auth=login, verify=ucm.ca, timeout=60).json()["cdr"]
        assert [row["AcctId"] for row in rows] == ["62", "63", "64"]
        assert ucm.wait_for_request("/cdrapi", within=60).rows == 3
        ucm.fault("http.latency", seconds=0)
        ucm.clock.freeze()
        ucm.place_call("answered", 1001, 1002, talk=number)
        ucm.clock.advance(hours=1)
        assert len(ucm.calls) == 1
        with open(os.environ["SOAK_DONE"], "a") as done:
            done.write(f"{ucm_fleet.pid} {port}\\n")
    finally:
        os.close(mine)
        (TAKEN / port).unlink()
"""


def running(pid: int) -> bool:
    """Return whether there is a process *pid* that is not only waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def one(folder: Path, workers: int) -> tuple[str, int, int]:
    """Run the tests once; return what is wrong ("" where nothing is), how many processes and how many ports there were."""
    places = {name: folder / name for name in ("ports", "temporary")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    done = folder / "done"
    done.write_text("")
    environment = {
        **os.environ, "SOAK_PORTS": str(places["ports"]), "SOAK_DONE": str(done), "TMPDIR": str(places["temporary"]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        "-p",
        "ucmsim.pytest_plugin",
    ]
    command += ["-p", "xdist", "-n", str(workers), "--basetemp", str(folder / "base"), "test_soak.py"]
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    lines = [line.split() for line in done.read_text().splitlines()]
    pids = {int(pid) for pid, _ in lines}
    if found.returncode:
        return found.stdout + found.stderr, len(pids), len({port for _, port in lines})
    left = [f"process {pid} still runs" for pid in pids if running(pid)]
    left += [f"{file} is left" for file in places["temporary"].iterdir()]
    return "\n".join(left), len(pids), len({port for _, port in lines})


def main() -> int:
    """Run the soak and print a line a run."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ucmsim-soak-") as name:
        folder = Path(name)
        (folder / "test_soak.py").write_text(re.sub(r"\bNUMBER\b", str(options.tests), TESTS))
        for number in range(1, options.runs + 1):
            at = time.monotonic()
            wrong, processes, ports = one(folder, options.workers)
            said = f"{options.tests} tests, {processes} processes, {ports} ports, {time.monotonic() - at:.1f} s"
            print(f"run {number}: {said}{f': FAILED{chr(10)}{wrong}' if wrong else ''}", flush=True)
            if wrong:
                return 1
    total = options.runs * options.tests
    print(f"{total} tests, no failure, nothing left behind, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
