"""The examples of driving a PBX while it runs, in docs/control-plane.md and the README: what is sent there is answered as it is printed there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.controlling import GUIDE, Control, api
from tests.doc_tables import CONTROL, README
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
    shown = {key: value for key, value in answer.items() if "..." not in value}
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


def test_elsewhere_than_on_loopback() -> None:
    """The README's control plane can be configured so, and its certificate has the names that are shown."""
    (block,) = [
        one
        for one in re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
        if "control:" in one and "tls:" in one
    ]
    control = settings(block).control
    assert control is not None
    assert (control.scheme, str(control.bind), control.names[:2]) == (
        "https", "0.0.0.0:8444", ("rig.example.com", "192.168.40.9"),
    )  # fmt: skip
