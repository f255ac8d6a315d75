"""The running control plane does what its OpenAPI document says, whatever is sent to it: schemathesis, with all its checks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.controlling import GUIDE, api
from tests.doc_tables import OPENAPI
from ucmsim.child import Child
from ucmsim.client import ControlClient

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


def documented(folder: Path) -> Path:
    """Return a copy of the document whose examples of files are in *folder*."""
    text = OPENAPI.read_text().replace("/srv/hq.zip", str(folder / "hq.zip"))
    (folder / "openapi.json").write_text(text)
    return folder / "openapi.json"


def asked(control: dict[str, Any], document: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "--no-color", "run"]
    return subprocess.run(
        [*words, str(document), "--url", control["url"]],
        cwd=document.parent,
        env={**os.environ, "UCMSIM_CONTROL_TOKEN": control["token"], "PYTHONPATH": str(OPENAPI.parent.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def child() -> Any:
    """A process of its own with a PBX to be broken and one to be deleted."""
    running = Child()
    try:
        control = running.ready["control"]
        client = ControlClient(control["url"], control["token"])
        for name in ("fuzz", "doomed"):
            client.create_pbx(name, {"history": GUIDE, "api": api()})
        yield running
    finally:
        running.stop()


def test_the_service_is_as_the_document_says(child: Child, tmp_path: Path) -> None:
    """Right and wrong bodies, parameters, methods and tokens, one after another and building upon each other."""
    done = asked(child.ready["control"], documented(tmp_path))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    for phase in PHASES:
        assert re.search(rf"✅\s+{phase} \(in", done.stdout), done.stdout[-3000:]
    generated = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert generated, done.stdout[-3000:]
    assert int(generated[1]) > 1000
    assert "Traceback" not in child.log.read_text()


def test_a_service_that_is_otherwise_is_found(child: Child, tmp_path: Path) -> None:
    """The run can fail: here the document says that a status has a field more."""
    document = json.loads(OPENAPI.read_text())
    status = document["components"]["schemas"]["Status"]
    status["properties"]["mood"] = {"type": "string"}
    status["required"].append("mood")
    document["paths"] = {"/v1/status": document["paths"]["/v1/status"]}
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    done = asked(child.ready["control"], tmp_path / "openapi.json")
    assert done.returncode == 1
    assert '"mood" is a required property' in done.stdout
