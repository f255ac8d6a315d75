"""`python -m collector`, as it is typed."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent


def run(store, ca):
    """Run the command with the CA file *ca* on a port where nothing listens."""
    command = [sys.executable, "-m", "collector", "--url", "https://127.0.0.1:9", "--user", "cdrapi", "--ca", str(ca)]
    return subprocess.run([*command, "--store", str(store)], cwd=EXAMPLE, capture_output=True, text=True, check=False)


def test_a_ca_that_is_not_there(tmp_path):
    """A path of another machine, or of another folder, is a sentence, and nothing is collected."""
    ran = run(tmp_path / "collected", "nowhere/ca.pem")
    assert ran.returncode == 2
    assert ran.stderr.endswith(
        "there is no CA file 'nowhere/ca.pem'; --ca or UCM_CA names the one that the start of the PBX prints\n"
    )
    assert not (tmp_path / "collected").exists()
