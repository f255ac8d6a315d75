"""A private key that stands where something else is due: whichever way it comes in, no sentence quotes it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from tests.controlling import Control, api
from ucmsim.certificates.authority import self_signed
from ucmsim.cli import main
from ucmsim.commands.whereabouts import TOKEN, URL
from ucmsim.configuration import read
from ucmsim.errors import ConfigurationError
from ucmsim.scenarios.reading import load
from ucmsim.secrecy import without_keys

OWN = self_signed(("127.0.0.1",), datetime.now(UTC))
PEM, CERTIFICATE = OWN.key_pem.decode(), OWN.certificate_pem.decode()
BODY = "".join(PEM.splitlines()[1:-1])
FORMS = {"pem": PEM, "one line": PEM.replace("\n", ""), "no end": PEM.partition("-----END")[0], "no armour": BODY}
SECRET = BODY[60:]
"""What of it is not the same in every key."""
NO_PATH = "this is the text of a file, not its path; write the path of a file"
UPLOADED = f"{NO_PATH}; a running PBX takes key and certificate themselves: PATCH /v1/pbxs/{{pbx}}/api"

forms = pytest.mark.parametrize("key", FORMS.values(), ids=FORMS)
Document = Mapping[str, Any]


def has_key(text: str) -> bool:
    """Return whether 12 characters of the secret part stand in *text*, in one line or several."""
    plain = text.replace("\\n", "").replace("\n", "")
    return any(SECRET[at : at + 12] in plain for at in range(len(SECRET) - 11))


def test_what_is_looked_for_is_found() -> None:
    """The other tests could not fail otherwise."""
    assert all(has_key(form) and has_key(json.dumps(form)) for form in FORMS.values())
    assert not has_key(CERTIFICATE)


def test_the_rest_of_a_sentence_stays() -> None:
    """Only the key is taken out, whole, and no word that is long."""
    for form in (FORMS["pem"], FORMS["one line"], FORMS["no armour"]):
        assert without_keys(f"there is no defect '{form}'; write another") == "there is no defect '***'; write another"
    plain = "there is no file '/home/MIG/certificates/of-the-year-2026/key.pem'; Mississippi"
    assert without_keys(plain) == plain


# --- settings ------------------------------------------------------------------------------------------------------


SETTINGS: tuple[Callable[[str], Document], ...] = (
    lambda key: {"api": {"tls_private_key": key, "tls_cert": "cert.pem"}},
    lambda key: {"api": {"tls_private_key": "key.pem", "tls_cert": key}},
    lambda key: {"api": {"tls_private_key": [key], "tls_cert": {key: 1}}},
    lambda key: {"api": {"private_key": key}},
    lambda key: {"api": key},
    lambda key: {"api": {"tls_bind_address": key, "permitted_ips": [key], "enable": key}},
    lambda key: {"tls_names": [key], "personality": key, "tls_profile": key},
    lambda key: {"history": {"import": key}},
    lambda key: {"faults": [{"fault": "tls.certificate", "defect": key}]},
    lambda key: {key: 1},
)


@forms
@pytest.mark.parametrize("settings", SETTINGS)
def test_in_the_configuration(tmp_path: Path, settings: Callable[[str], Document], key: str) -> None:
    """Neither people are told, nor programs."""
    file = tmp_path / "sim.yaml"
    file.write_text(json.dumps({"pbxs": {"hq": settings(key)}}))
    with pytest.raises(ConfigurationError) as error:
        read(file)
    assert not has_key(str(error.value))
    printed = CliRunner().invoke(main, ["check", "--json", str(file)])
    assert printed.exit_code == 2
    assert json.loads(printed.stdout)
    assert not has_key(printed.output)


@forms
def test_what_is_due_instead_is_told(tmp_path: Path, key: str) -> None:
    """Where a file is due the path of one is, and of a PBX that runs there is another way in."""
    file = tmp_path / "sim.yaml"
    pages = {"hq": {"api": {"tls_private_key": key, "tls_cert": key}}, "b": {"history": {"import": key}}}
    file.write_text(json.dumps({"control": {"tls": {"key": key, "certificate": key}}, "pbxs": pages}))
    with pytest.raises(ConfigurationError) as error:
        read(file)
    assert {one.key: f"{one.wrong}; {one.right}" for one in error.value.problems} == {
        "control.tls.certificate": NO_PATH,
        "control.tls.key": NO_PATH,
        "pbxs.hq.api.tls_private_key": UPLOADED,
        "pbxs.hq.api.tls_cert": UPLOADED,
        "pbxs.b.history.import": NO_PATH,
    }


def test_at_the_start(tmp_path: Path) -> None:
    """Twisted's command prints what is wrong, and not what stands there."""
    file = tmp_path / "sim.yaml"
    indented = PEM.replace("\n", "\n        ")
    file.write_text(f"pbxs:\n  hq:\n    api:\n      tls_cert: cert.pem\n      tls_private_key: |\n        {indented}\n")
    ran = subprocess.run(
        [sys.executable, "-m", "twisted", "ucmsim", "--config", str(file)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert f"sim.yaml:5: pbxs.hq.api.tls_private_key: {UPLOADED}" in ran.stdout + ran.stderr
    assert not has_key(ran.stdout + ran.stderr)


# --- the control plane ---------------------------------------------------------------------------------------------


BODIES: tuple[tuple[str, str, Callable[[str], Any]], ...] = (
    ("PATCH", "/api", lambda key: {"tls_private_key": CERTIFICATE, "tls_cert": key}),
    ("PATCH", "/api", lambda key: {"tls_private_key": key}),
    ("PATCH", "/api", lambda key: {"permitted_ips": key, "tls_bind_address": key}),
    ("PUT", "/identity", lambda key: {"certificate": key, "key": CERTIFICATE}),
    ("PUT", "/identity", lambda key: {"key": key}),
    ("PUT", "/identity", lambda key: {"defect": key}),
    ("POST", "/faults", lambda key: {"fault": "tls.certificate", "defect": key}),
    ("POST", "/faults", lambda key: {"fault": "http.latency", "seconds": 1, "name": key, "when": {"path": key}}),
    ("PATCH", "/faults/none", lambda key: {key: 1}),
    ("PUT", "/clock", lambda key: {"now": key, "time_zone": key}),
    ("POST", "/calls", lambda key: {"shape": key, "from": key, "to": "1002"}),
    ("POST", "/snapshot", lambda key: {"file": key}),
    ("POST", "/restore", lambda key: {"file": key}),
    ("POST", "/reset", lambda key: {key: key}),
)


@forms
def test_over_the_control_plane(control: Control, key: str) -> None:
    """Whatever it is sent to refuses it, with a sentence that does not send it back."""
    base = f"/v1/pbxs/{control.create(api=api()).json['name']}"
    answers = [control(method, f"{base}{under}", body(key)) for method, under, body in BODIES]
    for settings in SETTINGS:
        answers += [
            control("POST", "/v1/pbxs", {"name": control.name(), **settings(key)}),
            control("PUT", base, settings(key)),
            control("PATCH", base, settings(key)),
        ]
    for under in ("faults", "calls", "ledger", "journal"):
        answers += [control("GET", f"{base}/{under}?{urlencode(one)}") for one in ({"since": key}, {key: "1"})]
    assert [answer.status for answer in answers if answer.status not in (400, 404)] == []
    assert [answer.error for answer in answers if has_key(answer.data.decode())] == []


def test_an_upload_is_told_nowhere(control: Control, ucm_fleet: Any) -> None:
    """A key that is taken is in no answer and no line of the log."""
    base = f"/v1/pbxs/{control.create(api=api()).json['name']}"
    taken = [
        control("PATCH", f"{base}/api", {"tls_private_key": PEM, "tls_cert": CERTIFICATE}),
        control("PUT", f"{base}/identity", {"certificate": CERTIFICATE, "key": PEM}),
    ]
    told = [control("GET", f"{base}{under}") for under in ("", "/api", "/identity", "/journal", "/faults")]
    assert [answer.status for answer in (*taken, *told)] == [200] * 7
    assert not any(has_key(answer.data.decode()) for answer in (*taken, *told))
    assert not has_key(Path(ucm_fleet.log).read_text("utf-8", "replace"))


# --- the command line, and scenarios -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pbxs", "create", "b2", "api.tls_private_key={}", "api.tls_cert=cert.pem"), "PATCH /v1/pbxs/{pbx}/api"),
        (("api", "set", "tls_private_key={}", "tls_cert=cert.pem"), "not its name; write tls_private_key=FILE"),
        (("api", "set", "--", "{}"), "'***' is no key=value"),
        (("identity", "set", "--key", "{}", "--certificate", "cert.pem"), "name a PEM file that is here"),
        (("identity", "set", "defect={}"), "'defect=***' is no defect"),
        (("clock", "set", "{}"), "'***' is not an ISO instant"),
        (("pbxs", "put", "b2", "--file", "{}"), "name a file that is here"),
        (("--ca", "{}", "status"), "File '***' does not exist"),
        (("faults", "arm", "--", "{}"), "there is no fault '***"),
    ],
)
def test_on_the_command_line(
    control: Control, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """What a shell put in place of a file's name is not printed, which may be the log of a pipeline."""
    monkeypatch.setenv(URL, control.client.url)
    monkeypatch.setenv(TOKEN, control.client.token)
    monkeypatch.setenv("UCMSIM_PBX", str(control.create().json["name"]))
    monkeypatch.chdir(tmp_path)
    Path("cert.pem").write_text(CERTIFICATE)
    for key in (FORMS["one line"], FORMS["no armour"]):
        ran = CliRunner().invoke(main, ["ctl", *(word.replace("{}", key) for word in words)])
        assert ran.exit_code in (1, 2), ran.output
        assert told in ran.output
        assert not has_key(ran.output)


SCENARIO = {"name": "x", "title": "t", "story": "s", "correct": "c", "expect": [{"name": "a", "says": "b", "delivered": "all"}]}  # fmt: skip


STEPS: tuple[Callable[[str], Document], ...] = (
    lambda key: {"identity": {"certificate": CERTIFICATE, "key": key}},
    lambda key: {"identity": {"defect": key}},
    lambda key: {"arm": key},
    lambda key: {"arm": {"fault": "tls.certificate", "defect": key}},
    lambda key: {"place": {"shape": key, "from": key}},
    lambda key: {"api": {"permitted_ips": [key]}},
    lambda key: {"clear": key},
    lambda key: {key: 1},
)


@forms
def test_in_a_scenario(tmp_path: Path, key: str) -> None:
    """Wherever it cannot stand, in the settings of the PBX or in a step."""
    page = {"api": {"tls_private_key": key, "tls_cert": key}}
    for document in ({"pbx": page}, *({"steps": [step(key)]} for step in STEPS)):
        with pytest.raises(ConfigurationError) as error:
            load(json.dumps({**SCENARIO, **document}), tmp_path / "day.yaml")
        assert not has_key(str(error.value))


def test_a_step_of_a_scenario_uploads_as_the_control_plane_does(tmp_path: Path) -> None:
    """The page of a PBX that runs takes the texts themselves."""
    changes = {"tls_private_key": PEM, "tls_cert": CERTIFICATE}
    assert load(json.dumps({**SCENARIO, "steps": [{"api": changes}]}), tmp_path / "day.yaml").steps[0].api == changes
