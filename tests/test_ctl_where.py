"""Where `ucmsim ctl` finds the control plane, and which PBX it is about: options, ready reports, and the environment."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from tests import ctlcommand
from tests.controlling import Control
from tests.ctlcommand import completions, said, told
from tests.until import until
from ucmsim.child import Child
from ucmsim.cli import main
from ucmsim.commands.whereabouts import READY_FILE, TOKEN, URL

pbx, no_environment = ctlcommand.pbx, ctlcommand.no_environment  # fixtures


def test_options_come_before_the_environment(control: Control, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """URL, then ready report, then what the environment says, of which a URL is before a ready report."""
    where = {"url": control.client.url, "token": control.client.token}
    ready, nobody = tmp_path / "ready.json", {"url": "http://127.0.0.1:1", "token": "x"}
    ready.write_text(json.dumps({"control": where}))
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"control": nobody}))
    monkeypatch.setenv(READY_FILE, str(ready))
    said("status")
    said("--ready-file", str(other), "status", code=3)
    said("--ready-file", str(other), "--url", where["url"], "--token", where["token"], "status")
    monkeypatch.setenv(URL, nobody["url"])
    monkeypatch.setenv(TOKEN, nobody["token"])
    said("status", code=3)
    said("--ready-file", str(ready), "status")


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        ({"control": {}}, "is no ready report: there is no 'url' in what stands at control"),
        (
            {"control": {"url": "http://127.0.0.1:1"}},
            "is no ready report: there is no 'token' in what stands at control",
        ),
        ({"control": ["x"]}, "is no ready report: at control stands a list, where an object is due"),
        ({"control": {"url": 5, "token": "x"}}, "is no ready report: at control.url stands 5, where a text is due"),
        ({}, "is no ready report: there is no 'control' in it"),
        ([], "is no ready report: it is a list, where an object is due"),
        ({"control": None}, "says that there is no control plane; add 'control: {}' to the configuration"),
    ],
)
def test_a_ready_report_that_is_none(report: Any, sentence: str, tmp_path: Path) -> None:
    """What it lacks is said, by the command of reports too, and 2."""
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(report))
    assert f"{ready} {sentence}" in said("--ready-file", str(ready), "status", code=2)
    words = ["report", "--ready-file", str(ready), "--out", str(tmp_path / "run.zip")]
    assert CliRunner().invoke(main, words).exit_code == 2


def test_which_pbx_must_be_said_where_there_are_several(pbx: str, control: Control) -> None:
    """The names are told."""
    name = control.create().json["name"]
    assert "say which PBX with --pbx, or set UCMSIM_PBX; there are" in said("faults", "list", code=2)
    assert name in said("faults", "list", code=2)


def test_the_environment_says_which_pbx(pbx: str, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no option does; a command that changes or ends a PBX for good wants its name all the same."""
    control.create(faults=[])
    monkeypatch.setenv("UCMSIM_PBX", pbx)
    assert said("clock", "show").startswith("now: 2026-03-02T14:00:00+00:00")
    assert "no PBX 'nobody'" in said("clock", "show", "-p", "nobody", code=1)
    assert "Missing argument 'PBX'" in said("pbxs", "delete", code=2)
    monkeypatch.setenv("UCMSIM_PBX", "gone")
    assert "there is no PBX 'gone'" in said("clock", "show", code=1)


@pytest.mark.parametrize(
    "words",
    [
        ("WHERE", "faults", "list", "-p", "PBX", "--json"),
        ("--json", "faults", "WHERE", "list", "-p", "PBX"),
        ("faults", "--json", "list", "-p", "PBX", "WHERE"),
        ("faults", "list", "WHERE", "--json", "-p", "PBX"),
        ("--url", "http://127.0.0.1:1", "--token", "x", "faults", "list", "-p", "PBX", "WHERE", "--json"),
        ("TOKEN", "faults", "list", "-p", "PBX", "--url", "URL", "--json"),
        ("--url", "URL", "--json", "faults", "list", "-p", "PBX", "TOKEN"),
        ("--pbx", "PBX", "WHERE", "--json", "faults", "list"),
        ("-p", "nobody", "faults", "-p", "PBX", "WHERE", "--json", "list"),
        ("-p", "nobody", "faults", "-p", "nobody", "list", "WHERE", "--json", "--pbx", "PBX"),
    ],
)
def test_where_options_stand(control: Control, words: tuple[str, ...]) -> None:
    """Before the command, in it and behind it; what is nearer to its end counts, and the two halves may be apart."""
    name = control.create(faults=[{"fault": "http.latency", "seconds": 1, "name": "slow"}]).json["name"]
    token = ("--token", control.client.token)
    parts = {
        "WHERE": ("--url", control.client.url, *token), "TOKEN": token, "URL": (control.client.url,), "PBX": (name,),
    }  # fmt: skip
    typed = [part for word in words for part in parts.get(word, (word,))]
    assert [fault["name"] for fault in json.loads(said(*typed))] == ["slow"]


def test_a_pbx_before_the_journal_is_heeded(pbx: str, control: Control) -> None:
    """As before other commands about one."""
    control.create()
    assert said("--pbx", pbx, "journal") == ""
    assert "there is no PBX 'nobody'" in said("--pbx", "nobody", "journal", code=1)


def test_a_pbx_before_a_command_that_names_it_is_refused(pbx: str) -> None:
    """So that nobody erases another than the one that was meant; and where all are told of."""
    refused = said("--pbx", "other", "pbxs", "delete", pbx, code=2)
    assert "'delete' heeds no --pbx; name the PBX behind it: delete PBX" in refused
    assert f"other and {pbx} are two PBXs" in said("--pbx", "other", "reset", pbx, code=2)
    assert f"other and {pbx} are two PBXs" in said("-p", "other", "faults", "list", pbx, code=2)
    assert "'status' heeds no --pbx; leave it out" in said("--pbx", pbx, "status", code=2)


def test_json_before_the_journal_is_heeded(pbx: str, control: Control) -> None:
    """As for the commands that are in `ctl` only; a form beside it is refused as it is behind it."""
    place = urlsplit(control("GET", f"/v1/pbxs/{pbx}").json["url"])
    socket.create_connection((place.hostname, place.port), timeout=20).close()
    until(lambda: said("--json", "journal", "-p", pbx))
    assert json.loads(said("--json", "journal", "-p", pbx))["kind"] == "connection"
    assert "--json and --har cannot be had at once" in said("--json", "journal", "-p", pbx, "--har", code=2)


def test_a_pbx_may_stand_alone(pbx: str, control: Control) -> None:
    """Where a command has no other words; two names are one too many, and where there are other words it is one of them."""
    said("faults", "arm", "-p", pbx, "api.deny", "name=closed")
    where = ("--url", control.client.url, "--token", control.client.token)
    assert [fault["name"] for fault in told("faults", "list", pbx, *where)] == ["closed"]
    assert told("clock", "show", pbx) == told("clock", "show", "-p", pbx)
    assert told("calls", "list", pbx) == told("ledger", pbx, "--shape", "ivr") == []
    assert told("api", "show", pbx) == told("api", "show", "--pbx", pbx, pbx)
    assert told("identity", "show", pbx)["defect"] is None
    assert said("journal", pbx, "--kind", "exchange") == ""
    assert pbx in completions("faults", "list", pbx[:-1])
    assert said("faults", "clear", pbx) == "no fault is armed"
    assert f"{pbx} and other are two PBXs" in said("faults", "list", "-p", pbx, "other", code=2)
    assert "there is no PBX 'nobody'" in said("faults", "list", "nobody", code=1)
    assert f"there is no fault '{pbx}'" in said("faults", "arm", pbx, "-p", pbx, code=1)


def test_what_is_about_one_pbx_heeds_the_option(pbx: str, tmp_path: Path) -> None:
    """Before the command or behind it, and none of them goes with another name beside it."""
    file = str(tmp_path / "kept.zip")
    assert said("--pbx", pbx, "reset") == said("reset", "-p", pbx) == f"{pbx} begins anew, with 3 rows"
    assert said("--pbx", pbx, "snapshot", file).startswith(f"{pbx} is in {file}: ")
    assert said("restore", "--pbx", pbx, file) == said("restore", pbx, file) == f"{pbx} is as in {file}, with 3 rows"
    assert said("-p", pbx, "pbxs", "show") == said("pbxs", "show", pbx)
    assert f"other and {pbx} are two PBXs" in said("-p", "other", "snapshot", pbx, file, code=2)
    assert "there are 3 words; give a FILE, or a PBX and a FILE" in said("restore", pbx, file, file, code=2)


def test_what_is_about_the_only_pbx_needs_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is one PBX, what is reset, written, restored and shown is that."""
    child = Child()
    try:
        monkeypatch.setenv(URL, child.ready["control"]["url"])
        monkeypatch.setenv(TOKEN, child.ready["control"]["token"])
        said("pbxs", "create", "alone", "history.days=0")
        file = str(tmp_path / "kept.zip")
        assert said("reset") == "alone begins anew, with 0 rows"
        assert said("snapshot", file).startswith(f"alone is in {file}: ")
        assert said("restore", file) == f"alone is as in {file}, with 0 rows"
        assert "name: alone" in said("pbxs", "show").splitlines()
    finally:
        child.stop()
