"""`ucmsim ctl`: each command on a running service, what it prints for people and for programs, and each exit code."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from tests.controlling import GUIDE, Control, api
from tests.until import until
from ucmsim.certificates.authority import self_signed
from ucmsim.child import Child
from ucmsim.cli import main
from ucmsim.commands.ctl import ctl
from ucmsim.commands.whereabouts import PBX, READY_FILE, TOKEN, URL

MADE = "2026-03-02T14:00:00Z"


@pytest.fixture
def pbx(control: Control, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a PBX whose control plane the environment tells of."""
    monkeypatch.setenv(URL, control.client.url)
    monkeypatch.setenv(TOKEN, control.client.token)
    return str(control.create(history=GUIDE, clock={"start": MADE, "rate": 0}, api=api()).json["name"])


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own says where a control plane is."""
    for name in (URL, TOKEN, READY_FILE, PBX):
        monkeypatch.delenv(name, raising=False)
    return


def own() -> tuple[str, str]:
    """Return a certificate and its key, as a user brings them."""
    identity = self_signed(("localhost", "127.0.0.1"), datetime.now(UTC))
    return identity.certificate_pem.decode(), identity.key_pem.decode()


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["ctl", *words], input=stdin)


def said(*words: str, code: int = 0, stdin: str | None = None) -> str:
    """Return what a command prints, on standard error where it fails with *code*."""
    result = run(*words, stdin=stdin)
    assert result.exit_code == code, result.output
    assert (result.stderr == "") == (code == 0)
    return (result.stderr if code else result.stdout).rstrip("\n")


def told(*words: str) -> Any:
    """Return the JSON that a command prints."""
    return json.loads(said(*words, "--json"))


def test_status(pbx: str, control: Control) -> None:
    """What runs, line by line, and as the route tells it."""
    shown, answer = told("status"), control("GET", "/v1/status").json
    assert {**shown, "wall": answer["wall"]} == answer  # between them time went by
    assert f"version: {told('status')['version']}" in said("status").splitlines()


def test_metrics(pbx: str) -> None:
    """As Prometheus reads them."""
    assert f'ucmsim_connections_open{{pbx="{pbx}"}} 0' in said("metrics")
    assert "# TYPE" in told("metrics")


def test_pbxs_are_listed_and_shown(pbx: str, control: Control) -> None:
    """A table has a row for each; one is shown without its settings, which are in the JSON."""
    lines = said("pbxs", "list").splitlines()
    assert lines[0].split() == ["name", "personality", "url", "rows", "warnings"]
    assert [line.split()[:2] for line in lines if line.startswith(f"{pbx} ")] == [[pbx, "ucm6100-1.0.9"]]
    assert told("pbxs", "list") == control("GET", "/v1/pbxs").json["items"]
    assert f"{pbx}: no tls_authentication_name is set: requests are not authenticated" in lines
    assert "rows: 3" in said("pbxs", "show", pbx).splitlines()
    assert "settings" not in said("pbxs", "show", pbx)
    assert told("pbxs", "show", pbx)["settings"]["personality"] == "ucm6100-1.0.9"


def test_pbxs_come_and_go(pbx: str, control: Control, tmp_path: Path) -> None:
    """Settings come from words, from a file, and from standard input; words lie over the file."""
    name, other = control.name(), control.name()
    said("pbxs", "create", name, "personality=ucm6510", "history.days=0", "time_zone=Europe/Berlin")
    assert told("pbxs", "show", name)["settings"]["time_zone"] == "Europe/Berlin"
    file = tmp_path / "one.yaml"
    file.write_text("personality: ucm6510\nhistory: {days: 2, calls_per_day: 1}\n")
    made = told("pbxs", "create", other, "--file", str(file), "history.days=0")
    assert (made["rows"], made["settings"]["personality"]) == (0, "ucm6510-1.0.10")
    assert said("pbxs", "delete", other) == f"{other} is gone"
    said("pbxs", "create", other, "-f", "-", stdin="history: {days: 0}\n")
    assert other in told("status")["pbxs"]
    assert told("pbxs", "delete", other) is None
    assert other not in told("status")["pbxs"]


def test_pbxs_are_put_and_patched(pbx: str, control: Control, tmp_path: Path) -> None:
    """It is said whether there is a new one, what changed, and that nothing did."""
    name = control.name()
    words = ("pbxs", "put", name, "personality=ucm6510", "history.days=0")
    assert said(*words) == f"{name} is created"
    assert said(*words) == "nothing changed"
    assert said(*words, "quirks.order=desc") == "changed: quirks.order"
    assert said("pbxs", "patch", name, "quirks.order=null", "time_zone=Europe/Berlin").startswith("changed: ")
    assert told("pbxs", "patch", name, "time_zone=Europe/Berlin") == {
        "created": False, "changed": [], "pbx": told("pbxs", "show", name),
    }  # fmt: skip


def test_snapshots(pbx: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written to a file, whose name may be relative to where the command runs, and restored from it."""
    monkeypatch.chdir(tmp_path)
    sentence = said("snapshot", pbx, "hq.zip")
    size = (tmp_path / "hq.zip").stat().st_size
    assert sentence == f"{pbx} is in {tmp_path / 'hq.zip'}: {size} bytes, 3 rows"
    control_says = told("snapshot", pbx, "again.zip")
    assert (control_says["file"], control_says["rows"]) == (str(tmp_path / "again.zip"), 3)
    assert said("restore", pbx, "hq.zip") == f"{pbx} is as in hq.zip, with 3 rows"
    assert told("restore", pbx, "hq.zip")["name"] == pbx
    assert "nowhere.zip" in said("restore", pbx, "nowhere.zip", code=1)


def test_identity(pbx: str, tmp_path: Path) -> None:
    """One with a defect, one from files, and the good one again."""
    good = told("identity", "show", "-p", pbx)
    assert good["defect"] is None
    assert "certificate" not in said("identity", "show", "-p", pbx).replace("BEGIN", "")
    assert told("identity", "set", "-p", pbx, "expired")["defect"] == "expired"
    assert "defect: expired" in said("identity", "show", "-p", pbx).splitlines()
    assert told("identity", "set", "-p", pbx)["sha256"] == good["sha256"]
    soon = told("identity", "set", "-p", pbx, "--valid-for", "60")
    assert soon["not_after"] < good["not_after"]
    assert soon["sha256"] != good["sha256"]
    certificate, key = own()
    (tmp_path / "c.pem").write_text(certificate)
    (tmp_path / "k.pem").write_text(key)
    shown = told(
        "identity", "set", "-p", pbx, "--certificate", str(tmp_path / "c.pem"), "--key", str(tmp_path / "k.pem")
    )
    assert (shown["defect"], shown["sha256"] == good["sha256"]) == (None, False)
    assert "it cannot be read" in said("identity", "set", "-p", pbx, "--key", str(tmp_path / "none.pem"), code=2)
    assert "did you mean 'expired'?" in said("identity", "set", "-p", pbx, "expird", code=1)


def test_api(pbx: str, tmp_path: Path) -> None:
    """Settings are words; a key and a certificate are files, which are uploaded."""
    assert "password_set: no" in said("api", "show", "-p", pbx).splitlines()
    page = told("api", "set", "-p", pbx, "tls_authentication_name=cdrapi", "tls_authentication_password=x")
    assert (page["tls_authentication_name"], page["password_set"]) == ("cdrapi", True)
    certificate, key = own()
    (tmp_path / "c.pem").write_text(certificate)
    (tmp_path / "k.pem").write_text(key)
    files = (f"tls_cert={tmp_path / 'c.pem'}", f"tls_private_key={tmp_path / 'k.pem'}")
    assert "certificate.pem" in said("api", "set", "-p", pbx, *files)
    assert told("api", "set", "-p", pbx, "tls_cert=null", "tls_private_key=null")["tls_cert"] is None
    assert "it cannot be read" in said("api", "set", "-p", pbx, "tls_cert=none.pem", code=2)
    permitted = ["10.0.0.0/8", "!10.0.0.1"]
    for written in ('permitted_ips=["10.0.0.0/8", "!10.0.0.1"]', "permitted_ips=[10.0.0.0/8,!10.0.0.1]"):
        assert told("api", "set", "-p", pbx, "permitted_ips=[]")["permitted_ips"] == []
        assert told("api", "set", "-p", pbx, written)["permitted_ips"] == permitted
    assert told("api", "set", "-p", pbx, "permitted_ips=10.0.0.0/8")["permitted_ips"] == ["10.0.0.0/8"]
    assert told("api", "set", "-p", pbx, "tls_authentication_password=12345")["password_set"] is True


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [", "one.yaml:1: "),
        ("- 1", "one.yaml:1: it is no mapping; write the settings of one PBX, as under pbxs.<name>"),
        ("seed: 0123", "one.yaml:1: seed: "),
        (None, "one.yaml: it cannot be read: "),
    ],
)
def test_a_file_that_is_no_settings(pbx: str, tmp_path: Path, text: str | None, sentence: str) -> None:
    """It is named with the line, before anything is asked, and the exit code is that of a wrong question."""
    if text is not None:
        (tmp_path / "one.yaml").write_text(text)
    assert sentence in said("pbxs", "create", "x", "--file", str(tmp_path / "one.yaml"), code=2)


def test_reset(pbx: str) -> None:
    """History, calls and faults are as the settings make them."""
    said("faults", "arm", "-p", pbx, "api.deny")
    said("calls", "place", "-p", pbx, "answered", "1001", "1002", "--talk", "2")
    said("clock", "advance", "-p", pbx, "60")
    assert told("pbxs", "show", pbx)["rows"] == 4
    assert said("reset", pbx) == f"{pbx} begins anew, with 3 rows"
    assert told("faults", "list", "-p", pbx) == []
    assert told("reset", pbx)["rows"] == 3


def test_reset_tells_of_a_certificate_that_stays(pbx: str) -> None:
    """Who begins anew may have forgotten which one is shown."""
    said("identity", "set", "-p", pbx, "expired")
    again = "('ucmsim ctl identity set' shows its own again)"
    assert said("reset", pbx) == f"{pbx} begins anew, with 3 rows; it goes on to show the defect expired {again}"
    said("identity", "set", "-p", pbx, "--valid-for", "3600")
    assert said("reset", pbx).endswith(f"; it goes on to show the certificate that it was given {again}")
    said("identity", "set", "-p", pbx)
    assert said("reset", pbx) == f"{pbx} begins anew, with 3 rows"


def test_calls(pbx: str, control: Control) -> None:
    """One is placed, and told when it is over."""
    sentence = said(
        "calls", "place", "-p", pbx, "answered", "1001", "1002", "--ring", "5", "--talk", "60", "--recorded"
    )
    assert sentence.startswith("call")
    assert f"begins {MADE.replace('Z', '+00:00')}, ends 2026-03-02T14:01:05+00:00" in sentence
    assert said("calls", "list", "-p", pbx) == "no call is over"
    said("clock", "advance", "-p", pbx, "600")
    lines = said("calls", "list", "-p", pbx).splitlines()
    assert [line.split() for line in lines] == [
        ["call", "shape", "kind", "from", "to", "began", "ended", "AcctIds"],
        ["1", "answered", "Internal", "1001", "1002", "2026-03-02", "14:00:00", "2026-03-02", "14:01:05", "65"],
    ]
    assert told("calls", "list", "-p", pbx) == control("GET", f"/v1/pbxs/{pbx}/calls").json["items"]
    assert told("calls", "list", "-p", pbx, "--shape", "ivr", "--since", MADE) == []
    placed = told("calls", "place", "-p", pbx, "forward-busy", "1001", "1002", "--target", "1003")
    assert (placed["shape"], placed["kind"]) == ("forward-busy", "Internal")


def test_ledger(pbx: str) -> None:
    """Which calls went out how often."""
    said("calls", "place", "-p", pbx, "answered", "1001", "1002", "--talk", "2")
    said("clock", "advance", "-p", pbx, "600")
    header, *lines = said("ledger", "-p", pbx, "--shape", "answered").splitlines()
    assert header.split()[-2:] == ["delivered", "recordings"]
    assert lines[0].split()[-2:] == ["0", "-"]
    assert [call["delivered"] for call in told("ledger", "-p", pbx, "--shape", "answered")] == [0]
    assert told("ledger", "-p", pbx, "--delivered", "again") == []
    assert said("ledger", "-p", pbx, "--delivered", "again") == "no such call is over"


def test_faults(pbx: str, control: Control) -> None:
    """Armed with fields and terms as words, listed, changed, disarmed, and all of them cleared."""
    assert said("faults", "list", "-p", pbx) == "no fault is armed"
    sentence = said(
        "faults", "arm", "-p", pbx, "http.latency", "seconds=3", "times=1", "when.path=/cdrapi", "name=slow"
    )
    assert sentence == "slow is armed: http.latency seconds=3.0 spread=fixed deviation=0.25 before=head"
    armed = told("faults", "arm", "-p", pbx, "http.status", "status=503", "when.nth=[2, 3]")
    assert (armed["name"], armed["when"]) == ("http-status", {"nth": [2, 3]})
    header, slow, status = said("faults", "list", "-p", pbx).splitlines()
    assert header.split() == ["name", "fault", "fields", "when", "times", "matched", "fired"]
    assert '{"path": "/cdrapi"}' in slow
    assert status.split()[-3:] == ["-", "0", "0"]
    assert said("faults", "change", "-p", pbx, "slow", "seconds=1").startswith(
        "slow is changed: http.latency seconds=1.0 "
    )
    assert told("faults", "list", "-p", pbx) == control("GET", f"/v1/pbxs/{pbx}/faults").json["items"]
    assert said("faults", "disarm", "-p", pbx, "slow") == "slow is disarmed"
    assert said("faults", "clear", "-p", pbx) == "no fault is armed"
    assert told("faults", "list", "-p", pbx) == []


def test_clock(pbx: str) -> None:
    """Shown, set, advanced, stepped back, run and put into another zone."""
    assert said("clock", "show", "-p", pbx).splitlines()[0] == "now: 2026-03-02T14:00:00+00:00"
    assert told("clock", "advance", "-p", pbx, "60")["now"] == "2026-03-02T14:01:00+00:00"
    assert told("clock", "step", "-p", pbx, "-3600")["now"] == "2026-03-02T13:01:00+00:00"
    assert told("clock", "zone", "-p", pbx, "Europe/Berlin")["local"] == "2026-03-02T14:01:00+01:00"
    assert told("clock", "set", "-p", pbx, "2026-07-01T12:00:00Z")["world"] == "2026-07-01T12:00:00+00:00"
    assert told("clock", "rate", "-p", pbx, "60")["rate"] == 60


def test_the_journal_is_the_same_command(pbx: str) -> None:
    """With what was said of the control plane before it."""
    assert said("journal", "-p", pbx) == ""
    assert (
        run("journal", "-p", pbx, "--digest").stdout
        == CliRunner().invoke(main, ["journal", "-p", pbx, "--digest"]).stdout
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("pbxs", "show", "nobody"), "there is no PBX 'nobody'"),
        (("pbxs", "create", "x", "persnality=ucm6510"), "did you mean 'personality'?"),
        (("faults", "arm", "http.latncy"), "did you mean 'http.latency'?"),
        (
            ("faults", "arm", "media.missing", "recording=auto-*"),
            "has no field 'recording'; did you mean 'when.recording'?",
        ),
        (("faults", "arm", "http.latency", "ttl=5m"), "'5m' cannot stand here; a number of seconds is due"),
        (("faults", "disarm", "slow"), "no fault 'slow' is armed"),
        (("clock", "zone", "Europe/Berlim"), "did you mean 'Europe/Berlin'?"),
        (("calls", "place", "answred", "1001", "1002"), "did you mean 'answered'?"),
        (("reset", "nobody"), "there is no PBX 'nobody'"),
    ],
)
def test_what_is_refused(pbx: str, words: tuple[str, ...], sentence: str) -> None:
    """The control plane's own sentence, and 1."""
    chosen = ("-p", pbx) if words[0] in ("faults", "clock", "calls") else ()
    assert sentence in said(*words[:2], *chosen, *words[2:], code=1)


def test_a_wrong_token_is_refused(control: Control) -> None:
    """Also 1: somebody answered. It is said where the right one stands, in the words of the command line."""
    assert said("--url", control.client.url, "--token", "wrong", "status", code=1) == (
        "that is not the control token of the ucmsim that runs there; it is in <state>/control-token, and in the ready "
        "report: say it by --token or UCMSIM_CONTROL_TOKEN"
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("status",), "say where ucmsim runs: --config FILE, --ready-file FILE, or --url and --token"),
        (("--url", "http://127.0.0.1:1", "status"), "--url goes with --token"),
        (("--url", "127.0.0.1:8444", "--token", "x", "status"), "is no URL of a control plane"),
        (("--ready-file", "/dev/null", "status"), "/dev/null is no ready report"),
        (
            ("--ready-file", "/nowhere", "status"),
            "/nowhere cannot be read: No such file or directory; it is what twistd's --ready-file writes",
        ),
        (("status", "--ca", "/nowhere"), "File '/nowhere' does not exist"),
        (("--timeout", "0", "status"), "'0' is too short; it must be above 0 seconds"),
        (("--config", "/dev/null", "status"), "it is empty"),
        (("clock", "advance", "soon"), "'soon' is no number of seconds, such as 3600, or 90s, 5m, 1h or 2d"),
        (("clock", "step", "1w"), "'1w' is no number of seconds"),
        (("clock", "set", "noon"), "'noon' is not an ISO instant"),
        (
            ("identity", "set", "valid_for=3"),
            "'valid_for=3' is no defect; everything else is said by an option: --valid-for 3",
        ),
        (("no-such-command",), "No such command"),
    ],
)
def test_what_is_asked_wrongly(words: tuple[str, ...], sentence: str) -> None:
    """Before anybody is asked, and 2."""
    assert sentence in said(*words, code=2)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["seconds"], "'seconds' is no key=value, such as seconds=3 or when.path=/cdrapi"),
        (["when..path=1"], "'when..path=1' is no key=value"),
        (["a=1", "a=2"], "'a' is given twice"),
        (["when=1", "when.path=/"], "'when.path' cannot be set, because 'when' is a value already"),
    ],
)
def test_words_that_are_no_fields(pbx: str, words: list[str], sentence: str) -> None:
    """Each is named, and 2."""
    assert sentence in said("faults", "arm", "-p", pbx, "http.latency", *words, code=2)


def test_nobody_answers() -> None:
    """3, here and for the journal."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        where = ["--url", f"http://127.0.0.1:{bound.getsockname()[1]}", "--token", "x"]
        assert said(*where, "status", code=3) == (
            f"the control plane at {where[1]} cannot be reached: Connection refused; does ucmsim run?"
        )
        assert "does ucmsim run?" in said(*where, "journal", "-p", "hq", code=3)
        assert CliRunner().invoke(main, ["journal", *where, "-p", "hq"]).exit_code == 3


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


def test_who_takes_too_long_is_told_of_as_such(busy: int) -> None:
    """3 as well, but what was asked for may be done: how long is waited can be said before a command and behind it."""
    where = ["--url", f"http://127.0.0.1:{busy}", "--token", "x"]
    late = f"the control plane at http://127.0.0.1:{busy} has not answered within 0.2 seconds: "
    done = "what was asked of it may be done all the same, now or later, so look before you ask again; or "
    more = "allow it more time (--timeout SECONDS)"
    assert said(*where, "--timeout", "0.2", "status", code=3) == f"{late}{more}"
    assert said(*where, "--timeout", "60", "pbxs", "create", "hq", "--timeout", "0.2", code=3) == f"{late}{done}{more}"


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


def test_programs_are_told_why_not(pbx: str) -> None:
    """With --json a refusal is the control plane's own error, on standard error; what was typed wrongly stays a sentence."""
    refused = run("pbxs", "create", pbx, "--json")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert json.loads(refused.stderr)["error"].keys() == {"code", "message", "field"}
    assert (json.loads(refused.stderr)["error"]["code"], json.loads(refused.stderr)["error"]["field"]) == (
        "exists",
        "name",
    )
    nobody = run("--url", "http://127.0.0.1:1", "--token", "x", "--json", "status")
    assert (nobody.exit_code, json.loads(nobody.stderr)["error"]["code"]) == (3, "unreachable")
    wrong = run("pbxs", "create", "new", "--file", "nowhere.yaml", "--json")
    assert (wrong.exit_code, json.loads(wrong.stderr)["error"]) == (2, {
        "code": "invalid", "field": None,
        "message": "nowhere.yaml: it cannot be read: No such file or directory; name a file that is here, or - for standard input",
    })  # fmt: skip
    assert "Error: " in run("faults", "list", "--jsno").stderr


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


def test_no_line_of_help_is_cut() -> None:
    """What a group says of each of its commands fits in a line of a narrow terminal, or two; arguments are no options."""
    for words in every(main):
        text = CliRunner().invoke(main, [*words, "--help"]).stdout
        body = [line for line in text.splitlines() if not line.startswith("Usage:")]
        assert [line for line in body if line.endswith("...")] == []
        options = text.partition("Options:\n")[2].partition("\n\n")[0]
        assert all(line.strip().startswith("-") or line.startswith("    ") for line in options.splitlines()), options


def test_help_has_where_ucmsim_runs_behind_what_is_the_commands_own() -> None:
    """In each command and each group, under a heading of its own, with one line an option."""
    for words in every(ctl):
        own, where = said(*words, "--help").split("Where ucmsim runs:\n")
        assert "--json" in own
        assert "--url" not in own
        assert where.split()[0] == "--url"
        assert all(name in where for name in ("--token", "--ready-file", "--config", "--timeout"))


def every(command: click.Command) -> Iterator[list[str]]:
    """Yield the words that lead from *command* to each command below it, and itself."""
    yield []
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            assert one is not None
            yield from ([name, *words] for words in every(one))


def completions(*words: str) -> list[str]:
    """Return what a shell would offer for the last of *words*."""
    return offered("ctl", *words)


def offered(*words: str) -> list[str]:
    """Return the same for the last of *words* behind ``ucmsim``."""
    *typed, begun = words
    found = ShellComplete(main, {}, "ucmsim", "_UCMSIM_COMPLETE").get_completions(typed, begun)
    return [one.value for one in found]


def test_names_are_completed(pbx: str) -> None:
    """Those of tables, and those that the running ucmsim tells."""
    assert completions("faults", "arm", "http.lat") == ["http.latency"]
    assert completions("faults", "arm", "http.latency", "sec") == ["seconds="]
    assert completions("faults", "arm", "http.latency", "ti") == ["times="]
    assert completions("calls", "place", "forward-") == ["forward-always", "forward-busy", "forward-no-answer"]
    assert completions("identity", "set", "expired")[0] == "expired"
    assert completions("pbxs", "create", "x", "person") == ["personality="]
    assert completions("api", "set", "enab") == ["enable="]
    assert pbx in completions("pbxs", "show", pbx[:-1])
    said("faults", "arm", "-p", pbx, "http.latency", "seconds=3", "name=slow-pages")
    assert completions("faults", "disarm", "-p", pbx, "slow") == ["slow-pages"]
    assert pbx in completions("faults", "list", "--pbx", pbx)


@pytest.mark.parametrize(
    "words",
    [
        ["journal"], ["journal", "--pbx"], ["ctl", "journal"], ["report", "--out", "x", "--pbx"],
        ["scenario", "run", "dst-night", "--pbx"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_the_pbx_of_every_command_is_completed(pbx: str, words: list[str]) -> None:
    """Outside of ctl too, and as an argument where it may be one."""
    assert pbx in offered(*words, pbx[:-1])


def test_what_narrows_the_journal_is_completed(pbx: str) -> None:
    """The fault of the PBX that is meant, the codes of refusals, and the marks."""
    said("faults", "arm", "-p", pbx, "http.latency", "seconds=3", "name=slow-pages")
    assert offered("journal", "-p", pbx, "--fault", "slow") == ["slow-pages"]
    assert offered("journal", "--refusal", "nonce-o") == ["nonce-old"]
    assert offered("journal", "--mark", "no-q") == ["no-qop"]
    assert offered("journal", "--mark", "an") == ["any"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["show", "quirks", "acctid-a"], ["acctid-after-delete"]), (["show", "faults", "http.lat"], ["http.latency"]),
        (["show", "personalities", "ucm6200-1.0.2"], ["ucm6200-1.0.20"]), (["show", "shapes", "unf"], ["unfinished"]),
        (["show", "defects", "expired-f"], ["expired-for-years"]), (["ctl", "clock", "zone", "Europe/Berl"], ["Europe/Berlin"]),
    ],
    ids=" ".join,
)  # fmt: skip
def test_ids_are_completed(words: list[str], found: list[str]) -> None:
    """Of all that can be shown, and the zones of a clock."""
    assert offered(*words) == found


def test_options_are_completed_wherever_they_stand(pbx: str, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that say where it runs too, and what they said already leads to the names."""
    assert completions("--u") == completions("faults", "--u") == completions("status", "--u") == ["--url"]
    assert completions("--js") == completions("status", "--js") == ["--json"]
    monkeypatch.delenv(URL)
    monkeypatch.delenv(TOKEN)
    where = ("--url", control.client.url, "--token", control.client.token)
    assert completions("pbxs", "show", pbx) == []
    assert pbx in completions(*where, "pbxs", "show", pbx)
    assert pbx in completions("pbxs", *where, "show", pbx)
    assert pbx in completions("faults", "list", *where, "--pbx", pbx)


def test_faults_are_completed_of_the_pbx_that_was_named(pbx: str, control: Control) -> None:
    """Before the command or behind it, where there are several."""
    control.create(history={"days": 0})
    said("faults", "arm", "-p", pbx, "http.latency", "seconds=3", "name=slow-pages")
    assert completions("-p", pbx, "faults", "disarm", "slow") == ["slow-pages"]
    assert completions("faults", "-p", pbx, "change", "slow") == ["slow-pages"]
    assert completions("faults", "disarm", "-p", pbx, "slow") == ["slow-pages"]


def test_completion_says_nothing_where_nobody_answers() -> None:
    """An error in the middle of a line that is being typed helps nobody."""
    assert completions("--url", "http://127.0.0.1:1", "--token", "x", "pbxs", "show", "h") == []
    assert completions("pbxs", "show", "h") == []


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


@pytest.mark.parametrize("words", [["status"], ["faults", "list"], ["clock", "show"], ["pbxs", "list"]], ids=" ".join)
def test_a_command_imports_what_it_needs(words: list[str]) -> None:
    """Half a second for each in a script would be the settings, the faults and the calls, which `check` needs and not this."""
    asking = (
        "import sys\nfrom ucmsim.cli import main\n"
        "try:\n    main(['ctl', '--url', 'http://127.0.0.1:9', '--token', 'x', *sys.argv[1:]])\n"
        "finally:\n    print([one for one in ('settings', 'faults', 'calls') if f'ucmsim.{one}' in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", asking, *words], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 3, ran.stderr
    assert ran.stdout == "[]\n"


def test_limits_of_a_fault_are_shown(pbx: str) -> None:
    """Chance, the times between which it acts, and how it comes: where it has none there is nothing more to read."""
    terms = ("chance=0.5", "until=2099-01-01T00:00:00Z", "ttl=500", "name=slow")
    armed = said("faults", "arm", "-p", pbx, "http.latency", "seconds=3", *terms)
    assert armed.endswith(' chance=0.5 until={"pbx": "2099-01-01T00:00:00+00:00"} ttl=500.0')
    assert "chance=0.5" in said("faults", "list", "-p", pbx)


def test_faults_that_are_gone_are_listed(pbx: str) -> None:
    """Those that are armed no more, with how often they acted."""
    said("faults", "arm", "-p", pbx, "http.latency", "seconds=3", "name=slow")
    assert said("faults", "list", "-p", pbx, "--gone") == "no fault is gone"
    said("faults", "disarm", "-p", pbx, "slow")
    assert [one["name"] for one in told("faults", "list", "-p", pbx, "--gone")] == ["slow"]
    assert told("faults", "list", "-p", pbx) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--url", "http://ex ample", "--token", "x"), "'http://ex ample' is no URL of a control plane"),
        (("--url", "http://a..b:1", "--token", "x"), "'http://a..b:1' is no URL of a control plane"),
        (("--url", "http://127.0.0.1:1", "--token", "secret\n"), "the control token holds what none can"),
    ],
)
def test_who_cannot_be_asked(words: tuple[str, ...], sentence: str) -> None:
    """Is asked wrongly; the token is not told."""
    ran = CliRunner().invoke(main, ["ctl", *words, "status"])
    assert (ran.exit_code, sentence in ran.output, "secret" in ran.output) == (2, True, False)


@pytest.mark.usefixtures("pbx")
@pytest.mark.parametrize("ending", ["closed", "full"])
def test_an_answer_that_cannot_be_written(ending: str) -> None:
    """Nobody reads a closed output, and a full disk is a sentence; neither is a mistake of the program."""
    command = f"{sys.executable} -m ucmsim ctl pbxs list {'>&-' if ending == 'closed' else '>/dev/full'}"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    full = (1, "standard output cannot be written: No space left on device\n")
    assert (ran.returncode, ran.stderr) == ((0, "") if ending == "closed" else full)
