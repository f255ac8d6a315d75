"""The running control plane does what its OpenAPI document says, whatever is sent to it: schemathesis, with all its checks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.controlling import GUIDE, api
from tests.doc_tables import OPENAPI
from ucmsim.child import Child
from ucmsim.client import ControlClient

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
EVENTS, KEPT = "events.ndjson", "hq.zip"
EARLY = {"start": "1990-01-01T00:00:00Z", "rate": 0}
"""A PBX clock before which no call is asked for that the document allows, or hardly one."""
METHODS = ("get", "put", "post", "patch", "delete")
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


def documented(folder: Path) -> Path:
    """Return a copy of the document in which files can be in *folder* only: what is made up is written to and read from there."""
    document = json.loads(OPENAPI.read_text().replace("/srv/hq.zip", str(folder / KEPT)))
    for route, file in (
        ("snapshot", {"pattern": f"^{re.escape(str(folder))}/[a-z]{{1,8}}[.]zip$"}),
        ("restore", {"enum": [str(folder / KEPT)]}),
    ):
        content = document["paths"][f"/v1/pbxs/{{pbx}}/{route}"]["post"]["requestBody"]["content"]["application/json"]
        whole = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        content["schema"] = {**whole, "properties": {"file": {"type": "string", **file}}}
    (folder / "openapi.json").write_text(json.dumps(document))
    return folder / "openapi.json"


def asked(control: dict[str, Any], document: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "--no-color", "run"]
    return subprocess.run(
        [*words, str(document), "--url", control["url"], "--report-ndjson-path", str(document.parent / EVENTS)],
        cwd=document.parent,
        env={
            **os.environ,
            "UCMSIM_CONTROL_URL": control["url"],
            "UCMSIM_CONTROL_TOKEN": control["token"],
            "SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks",
            "PYTHONPATH": str(OPENAPI.parent.parent),
        },
        capture_output=True,
        text=True,
        timeout=400,
    )


def answered(events: Path) -> dict[str, Counter[int]]:
    """Return how often which status came back for what the document allows, by operation; *events* is what schemathesis did."""
    found: dict[str, Counter[int]] = {}
    for line in events.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for case, told in recorder.get("cases", {}).items():
            response = recorder["interactions"].get(case, {}).get("response")
            if response is not None and told["value"]["meta"]["generation"]["mode"] == "positive":
                of = f"{told['value']['method']} {told['value']['path']}"
                found.setdefault(of, Counter())[response["status_code"]] += 1
    return found


@pytest.fixture
def child(tmp_path: Path) -> Any:
    """A process of its own with PBXs for what is done to them: see schemathesis.toml."""
    running = Child()
    try:
        control = running.ready["control"]
        client = ControlClient(control["url"], control["token"])
        for name in ("fuzz", "doomed", "armed", "disarmed", "kept"):
            client.create_pbx(name, {"history": GUIDE, "api": api()})
        client.create_pbx("called", {"clock": EARLY, "history": {"days": 0}, "api": api()})
        client.snapshot("kept", str(tmp_path / KEPT))
        yield running
    finally:
        running.stop()


def test_the_service_is_as_the_document_says(child: Child, tmp_path: Path) -> None:
    """Right and wrong bodies, parameters, methods and tokens, one after another and building upon each other.

    A check that takes a refusal for right would pass if nothing was ever done: so every operation has been done once at least.
    """
    document = documented(tmp_path)
    done = asked(child.ready["control"], document)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    for phase in PHASES:
        assert re.search(rf"✅\s+{phase} \(in", done.stdout), done.stdout[-3000:]
    generated = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert generated, done.stdout[-3000:]
    assert int(generated[1]) > 1000
    assert "Traceback" not in child.log.read_text()
    found = answered(tmp_path / EVENTS)
    paths = json.loads(document.read_text())["paths"]
    every = {f"{method.upper()} {path}" for path, of in paths.items() for method in of if method in METHODS}
    assert {of for of in every if not any(200 <= status < 300 for status in found.get(of, ()))} == set(), found


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
