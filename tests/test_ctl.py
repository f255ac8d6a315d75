"""`ucmsim ctl`: each command on a running service, and what it prints for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests import ctlcommand
from tests.controlling import Control
from tests.ctlcommand import MADE, run, said, told
from ucmsim.certificates.authority import self_signed
from ucmsim.cli import main

pbx, no_environment = ctlcommand.pbx, ctlcommand.no_environment  # fixtures


def own() -> tuple[str, str]:
    """Return a certificate and its key, as a user brings them."""
    identity = self_signed(("localhost", "127.0.0.1"), datetime.now(UTC))
    return identity.certificate_pem.decode(), identity.key_pem.decode()


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
