"""What the real process tells, to people and to programs: the ready report, the banner and its curl line, the log."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE
from typing import Any
from urllib.request import (
    urlopen,
)

import pytest
from cryptography import x509

from tests.processes import (
    ALL_DUE,
    API,
    GUIDE,
    LIMIT,
    PASSWORD,
    TWIST,
    TWISTD,
    Process,
    config,
    failed,
    free_port,
    names,
    needs_curl,
    reached,
)
from ucmsim import configuration
from ucmsim.client import ControlClient
from ucmsim.errors import BindError
from ucmsim.tap import Options, Simulator

# --- one process that is looked at from all sides ------------------------------------------------------------------


class Observed(Process):
    """A twistd with a log file of its own, a state folder, a control plane, and one PBX that is switched off."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        login = {"tls_authentication_name": "bob", "tls_authentication_password": PASSWORD}
        off = {
            "api": {**API, "enable": False, "tls_bind_address": f"127.0.0.1:{self.port}"},
            "clock": {"start": "2013-12-03T17:46:50Z"},
            "history": {"days": 0},
        }
        top = {"state": "kept", "control": {"bind": "127.0.0.1:0"}}
        file = config(folder, json.dumps({**top, "pbxs": {"hq": {"api": API | login, "history": GUIDE}, "off": off}}))
        super().__init__(folder, "--config", file, runner=[*TWISTD, f"--logfile={folder / 'log'}"])
        self.ready = self.report()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    with Observed(tmp_path_factory.mktemp("observed")) as process:
        yield process
        assert process.stop() == 143


def test_ready_report(observed: Observed) -> None:
    """The report has what a program needs to connect, and nobody but its owner can read it."""
    hq, off = (observed.ready["pbxs"][name] for name in ("hq", "off"))
    ca = str(observed.folder / "kept" / "hq" / "ca.pem")
    assert hq == {"url": hq["url"], "username": "bob", "password": PASSWORD, "ca": ca}
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+", hq["url"])
    assert (off["url"], off["username"], off["password"]) == (None, None, None)
    assert set(observed.ready["pbxs"]) == {"hq", "off"}
    assert set(observed.ready) == {"instance", "pid", "control", "pbxs"}
    assert observed.ready["pid"] == observed.pid
    assert set(observed.ready["control"]) == {"url", "token"}
    assert S_IMODE((observed.folder / "ready.json").stat().st_mode) == 0o600
    assert [name for name in names(observed.folder) if "ready" in name] == ["ready.json"]


def test_control_plane_is_where_the_report_says(observed: Observed) -> None:
    """The control plane answers there, as this instance; its token is in the state folder too, for the owner only."""
    control = observed.ready["control"]
    with urlopen(f"{control['url']}/readyz", timeout=LIMIT) as answer:
        assert json.load(answer)["instance"] == observed.ready["instance"]
    token = observed.folder / "kept" / "control-token"
    assert token.read_text() == f"{control['token']}\n"
    assert S_IMODE(token.stat().st_mode) == 0o600


@needs_curl
def test_curl_line_works_as_it_stands(observed: Observed) -> None:
    """The line of the banner, run by a shell, brings the first rows, even with a password full of quotes."""
    assert [row["AcctId"] for row in observed.curl()["cdr"]] == ["62", "63", "64"]
    assert '"GET /cdrapi?format=JSON&numRecords=5" 200 rows=3 ' in observed.log


def test_banner_is_for_people(observed: Observed) -> None:
    """The banner goes to standard output with URL, CA and rows; it is not in the log, nor the log in it."""
    hq = observed.ready["pbxs"]["hq"]
    for line in (f"PBX hq (ucm6100-1.0.9)  {hq['url']}", f"  CA     {hq['ca']}", "  rows   3"):
        assert line in observed.out.splitlines()
    control = f"control plane  {observed.ready['control']['url']}\n  token  {observed.folder}/kept/control-token\n"
    assert observed.out.endswith(control)
    assert "curl" not in observed.log
    assert "listening on" not in observed.out
    assert observed.err == ""


def test_own_password_is_shown_nowhere(observed: Observed) -> None:
    """A password of the user's is in the report and in a file for curl, and neither in the banner nor in the log."""
    for shown in (observed.out, observed.log):
        assert PASSWORD not in shown
        assert "w%rd" not in shown
        assert observed.ready["control"]["token"] not in shown
    kept = {path: path.read_text(errors="replace") for path in (observed.folder / "kept").rglob("*") if path.is_file()}
    holders = [path for path, text in kept.items() if "w%rd" in text]
    assert [S_IMODE(path.stat().st_mode) for path in holders] in ([], [0o600])


@pytest.mark.quirk("api-enabled")
def test_switched_off_pbx_does_not_listen(observed: Observed) -> None:
    """Without Enable nothing listens, the port is free, and log and banner say why; with it the API is there."""
    reached(observed.ready["pbxs"]["hq"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", observed.port), timeout=5)
    assert "off: api.enable is false, so nothing listens on the API port" in observed.log
    assert "PBX off (ucm6100-1.0.9)  nothing listens: api.enable is false" in observed.out


@pytest.mark.quirk("certificate-dates")
def test_clock_that_is_not_now_is_told(observed: Observed) -> None:
    """Certificates follow the PBX clock, so the log says when it is far from the real date."""
    assert "off: the PBX clock says 2013-12-03 and the real date is " in observed.log
    assert "hq: the PBX clock" not in observed.log
    (minted,) = observed.folder.rglob("off/certificate.pem")
    leaf = x509.load_pem_x509_certificate(minted.read_bytes())
    assert leaf.not_valid_before_utc.date().isoformat() == "2013-12-02"


def test_second_process_on_the_same_state_folder(observed: Observed, tmp_path: Path) -> None:
    """A state folder in use ends the second process with 1 and one sentence, and hurts nothing, even with --fresh."""
    file = config(tmp_path / "second", top={"state": str(observed.folder / "kept")})
    for options in ([], ["--fresh"]):
        code, said = failed(tmp_path / "second", "--config", file, *options)
        assert (code, len(said)) == (1, 1)
        assert said[0].startswith(f"the state folder {observed.folder / 'kept'} is in use by another ucmsim")
    assert (observed.folder / "kept" / "hq" / "ca.pem").exists()


@pytest.mark.parametrize("who", ["pbx", "control"])
def test_port_in_use(observed: Observed, tmp_path: Path, who: str) -> None:
    """A busy port ends the process with 1 and one sentence that names who wanted it, before anything is made up."""
    busy = observed.ready["pbxs"]["hq"]["url"].removeprefix("https://")
    top = {"state": "kept", **({"control": {"bind": busy}} if who == "control" else {})}
    api = API if who == "control" else {**API, "tls_bind_address": busy}
    code, said = failed(tmp_path, "--config", config(tmp_path, top=top, api=api), runner=TWIST)
    key = "control.bind" if who == "control" else "api.tls_bind_address"
    wanted = "the control plane" if who == "control" else "PBX 'hq'"
    assert (code, len(said)) == (1, 1)
    assert said[0].startswith(f"{wanted} cannot listen on {busy}: Address already in use; choose another")
    assert said[0].endswith(f" with {key} (port 0 lets the system choose)")
    assert names(tmp_path / "kept") == ["ucmsim.lock", "ucmsim.state"]


def test_port_of_the_demo_in_use(busy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo has no file in which another could be chosen: the sentence says how to have one."""
    text = configuration.demo_text().replace("127.0.0.1:8443", f"127.0.0.1:{busy}")
    monkeypatch.setattr(configuration, "demo_text", lambda: text)
    options = Options()
    options.parseOptions([])
    with pytest.raises(BindError) as caught:
        Simulator(configuration.read(None), options, None)
    assert str(caught.value).endswith(
        "with api.tls_bind_address (port 0 lets the system choose); 'ucmsim show demo > sim.yaml' writes the file for "
        "'twistd -n ucmsim --config sim.yaml'"
    )


# --- the curl line of other PBXs -----------------------------------------------------------------------------------


OTHERS: dict[str, dict[str, Any]] = {
    "device": {"tls_profile": "device"},
    "everywhere": {"api": {**API, "tls_bind_address": "0.0.0.0:0"}},
    "another-time": {"clock": {"start": "2013-12-03T20:10:00Z"}},
    "old-tls": {"tls_min": "1.0", "tls_max": "1.0"},
    "open-to-all": {
        "api": {**API, "permitted_ips": [], "tls_authentication_name": "bob"},
        "quirks": {"acl-blank": "allow", "blank-password": "open", "realm": 'a "realm" \\ of its own'},
    },
    "another-realm": {
        "api": {**API, "tls_authentication_name": "bob", "tls_authentication_password": PASSWORD},
        "quirks": {"realm": 'a "realm" \\ of its own', "nonce-count": "ignored", "nonce-lifetime": "none"},
    },
}
HOPELESS: dict[str, tuple[dict[str, Any], str]] = {
    "denied": ({"api": {**API, "permitted_ips": []}}, "nothing from this machine: permitted_ips denies it"),
    "refused": (
        {"quirks": {"blank-name": "refuse"}},
        "nothing: no user name is set, so every request is refused (quirk blank-name)",
    ),
}


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One process with a PBX of each of those settings."""
    folder = tmp_path_factory.mktemp("others")
    pbxs = {**OTHERS, **{name: settings for name, (settings, _) in HOPELESS.items()}}
    text = json.dumps({"pbxs": {name: {"api": API, "history": GUIDE, **settings} for name, settings in pbxs.items()}})
    with Process(folder, "--config", config(folder, text)) as process:
        process.report()
        yield process


@needs_curl
@pytest.mark.parametrize("name", OTHERS)
def test_curl_line_of_other_settings(others: Process, name: str) -> None:
    """The curl line works with the device's weak TLS, on every address, open to all, and with an odd realm."""
    assert len(others.curl(name)["cdr"]) == 3


@needs_curl
def test_curl_line_works_when_the_password_was_changed(tmp_path: Path) -> None:
    """It reads the credentials from a file, which has those that hold by now: changed on the page, put, or of a snapshot."""
    control = {"bind": "127.0.0.1:0"}
    page = {**API, "tls_authentication_name": "cdrapi", "tls_authentication_password": "the first"}
    pbxs = {"hq": {"api": page, "history": GUIDE}}
    with Process(tmp_path, "--config", config(tmp_path, json.dumps({"control": control, "pbxs": pbxs}))) as process:
        where = process.report()["control"]
        client = ControlClient(where["url"], where["token"])
        client.snapshot("hq", str(tmp_path / "hq.zip"))
        client.change_api("hq", {"tls_authentication_password": 'an "other" one'})
        assert len(process.curl("hq")["cdr"]) == 3
        client.put_pbx("hq", {**pbxs["hq"], "api": {**page, "tls_authentication_password": "a third"}})
        assert len(process.curl("hq")["cdr"]) == 3
        assert client.restore("hq", str(tmp_path / "hq.zip")).warnings[-1] == (
            "user and password are those of the snapshot, no longer those that the ready report told"
        )
        assert len(process.curl("hq")["cdr"]) == 3


@pytest.mark.parametrize("name", HOPELESS)
def test_no_curl_line_where_none_could_work(others: Process, name: str) -> None:
    """With blank Permitted IPs, or where nobody is let in, the banner says so instead."""
    assert others.said_of(name) == HOPELESS[name][1]


@needs_curl
def test_demo(tmp_path: Path) -> None:
    """Without a configuration there is the demo, whose banner shows its password, in a curl line that works."""
    with Process(tmp_path) as process:
        try:
            report = process.report()
        except AssertionError:
            # The demo's port is fixed, and a developer may run it meanwhile; where all is due nobody does.
            if "Address already in use" in process.out + process.err and not ALL_DUE:
                pytest.skip("somebody else listens on port 8443")
            raise
        hq = report["pbxs"]["hq"]
        assert (hq["url"], hq["username"], hq["password"]) == ("https://127.0.0.1:8443", "cdrapi", "cdrapi123")
        assert "--user cdrapi:cdrapi123 " in process.out
        assert process.curl()["cdr_root"]


def test_the_banner_of_many_pbxs_shows_some(tmp_path: Path) -> None:
    """Of more than ten the first three, and where the others are told of; each of them serves."""
    file = config(tmp_path, json.dumps({"pbxs": {"site-{n}": {"count": 12, "api": API, "history": {"days": 0}}}}))
    with Process(tmp_path, "--config", file) as process:
        report = process.report()
        assert len(report["pbxs"]) == 12
        told = [line for line in process.out.splitlines() if line.startswith("PBX ")]
        assert [line.split()[1] for line in told] == ["site-1", "site-2", "site-3", "site-4"]
        assert told[-1] == (
            "PBX site-4 ... site-12  9 more: the ready report (--ready-file), the control plane and the log have their URLs"
        )
        for pbx in report["pbxs"].values():
            reached(pbx)
