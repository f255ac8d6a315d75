"""Shows that an installed ucmsim works: the plugin is listed once, the demo answers a Digest request, SIGTERM ends it."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from requests.auth import HTTPDigestAuth

TWISTD = str(Path(sys.executable).parent / "twistd")


def listed() -> None:
    """`twistd --help` lists ucmsim exactly once."""
    text = subprocess.run([TWISTD, "--help"], capture_output=True, text=True, check=True).stdout
    lines = [line for line in text.splitlines() if line.split()[:1] == ["ucmsim"]]
    print("twistd --help:", lines)
    assert len(lines) == 1


def served() -> None:
    """`twistd -n ucmsim` answers one Digest request and stops on SIGTERM."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder, "ready.json")
        process = subprocess.Popen([TWISTD, "-n", "ucmsim", "--ready-file", str(ready)], cwd=folder)
        try:
            until = time.monotonic() + 60
            while not ready.exists():
                assert process.poll() is None, "it ended before it listened"
                assert time.monotonic() < until, "it did not listen within a minute"
                time.sleep(0.05)
            pbx = json.loads(ready.read_text())["pbxs"]["hq"]
            login = HTTPDigestAuth(pbx["username"], pbx["password"])
            answer = requests.get(f"{pbx['url']}/cdrapi?format=json", auth=login, verify=pbx["ca"], timeout=30)
            print("GET /cdrapi:", answer.status_code, len(answer.json()["cdr_root"]), "entries")
            assert answer.status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(30)
        print("SIGTERM:", code)
        assert code in (-signal.SIGTERM, 128 + signal.SIGTERM)


if __name__ == "__main__":
    listed()
    served()
