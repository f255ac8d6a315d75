"""The examples of driving a PBX while it runs, in docs/control-plane.md and the README: what is sent there is answered as it is printed there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.controlling import GUIDE, Control, api
from tests.doc_tables import CONTROL, README
from tests.processes import ALL_DUE, Process, config, needs_curl
from tests.simfiles import settings

ACCOUNT = {"tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123"}


def console() -> list[str]:
    """Return what is typed and printed in docs/control-plane.md."""
    return re.findall(r"```console\n(.*?)```", CONTROL.read_text(), re.DOTALL)


def example(method: str, resource: str) -> tuple[Any, Any]:
    """Return the body that the page's curl sends to a *resource* of hq, and the answer that it prints."""
    (block,) = [one for one in console() if f"-X {method} " in one and f"/v1/pbxs/hq{resource} " in one]
    (body,) = re.findall(r"-d '(.*?)'\n", block, re.DOTALL)
    return json.loads(body), json.loads(block[block.index("'\n{") + 1 :])


def test_the_page(control: Control) -> None:
    """The page is changed and told as it is shown."""
    control.create(name := control.name(), api=api(**ACCOUNT))
    body, answer = example("PATCH", "/api")
    assert control("PATCH", f"/v1/pbxs/{name}/api", body).json == {**answer, "tls_bind_address": "127.0.0.1:0"}


def test_another_identity(control: Control) -> None:
    """The defect is shown and told with the fields that are shown."""
    control.create(name := control.name(), api=api())
    body, answer = example("PUT", "/identity")
    told = control("PUT", f"/v1/pbxs/{name}/identity", body).json
    assert list(told) == list(answer)
    shown = {key: value for key, value in answer.items() if "..." not in str(value)}
    assert {key: told[key] for key in shown} == shown
    assert told["certificate"].startswith(answer["certificate"].removesuffix("..."))


def test_a_pbx_as_it_is_asked_for(control: Control) -> None:
    """It is made and changed with the answers that are shown."""
    (block,) = [one for one in console() if "/v1/pbxs/branch" in one]
    bodies = [json.loads(one) for one in re.findall(r"-d '(.*?)'\n", block)]
    shown = re.findall(r'^\{"created": (\w+), "changed": (\[.*?\]), "pbx"', block, re.MULTILINE)
    name = control.name()
    made = control("PUT", f"/v1/pbxs/{name}", bodies[0]).json
    changed = control("PATCH", f"/v1/pbxs/{name}", bodies[1]).json
    told = [(json.dumps(one["created"]), json.dumps(one["changed"])) for one in (made, changed)]
    assert told == shown
    assert control("PUT", f"/v1/pbxs/{name}", {**bodies[0], **bodies[1]}).json["changed"] == []


def test_a_pbx_in_a_file(control: Control, tmp_path: Path) -> None:
    """What is told of the file has the fields and the rows that are shown."""
    control.create(name := control.name(), history=GUIDE)
    body, answer = example("POST", "/snapshot")
    assert answer["file"] == body["file"]
    told = control("POST", f"/v1/pbxs/{name}/snapshot", {"file": str(tmp_path / "hq.zip")}).json
    assert list(told) == list(answer)
    assert told["rows"] == answer["rows"]
    assert control("POST", f"/v1/pbxs/{name}/restore", {"file": told["file"]}).json["rows"] == answer["rows"]


def elsewhere() -> str:
    """Return the README's configuration of what is asked from another machine."""
    blocks = re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
    (block,) = [one for one in blocks if "control:" in one and "tls:" in one]
    return str(block)


@needs_curl
@pytest.mark.skipif(not ALL_DUE and shutil.which("jq") is None, reason="jq is not installed")
def test_what_another_machine_types(tmp_path: Path) -> None:
    """With nothing but the CA of the control plane it gets that of the PBX, and with that a page; here it is this machine."""
    (typed,) = [one for one in re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL) if "hq.pem" in one]
    *lines, last = typed.strip().splitlines()
    assert last == "$ pytest"
    here = {"rig.example.com": "localhost", ":8444": ":0", ":8443": ":0"}
    text = re.sub("|".join(here), lambda found: here[found[0]], elsewhere())
    with Process(tmp_path / "rig", "--config", config(tmp_path / "rig", text)) as process:
        told = process.report()
        urls = {"8444": told["control"]["url"], "8443": told["pbxs"]["hq"]["url"]}
        script = "\n".join(line.removeprefix("$ ") for line in lines)
        script = re.sub("https://rig.example.com:(844[34])", lambda found: str(urls[found[1]]), script)
        (tmp_path / "ca.pem").write_bytes((tmp_path / "rig" / "ucmsim-state" / "control_tls" / "ca.pem").read_bytes())
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        ran = subprocess.run(
            ["bash", "-ec", script], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60
        )  # fmt: skip
        assert process.stop() == 143
    assert len(json.loads(ran.stdout)["cdr"]) == 1000


def test_elsewhere_than_on_loopback() -> None:
    """The README's control plane can be configured so, and its certificate has the names that are shown."""
    found = settings(elsewhere())
    control = found.control
    assert control is not None
    assert found.pbxs["hq"].tls_names == control.names[:2]
    assert str(found.pbxs["hq"].api.tls_bind_address) == "0.0.0.0:8443"
    assert (control.scheme, str(control.bind), control.names[:2]) == (
        "https", "0.0.0.0:8444", ("rig.example.com", "192.168.40.9"),
    )  # fmt: skip
