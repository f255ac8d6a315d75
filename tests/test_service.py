"""The real process: how it starts, what it tells to whom, what it keeps, and with what exit code it ends."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    HTTPSHandler,
    build_opener,
    urlopen,
)

import pytest
from cryptography import x509

from ucmsim.history import History
from ucmsim.pytest_plugin import Ucm
from ucmsim.statefolder import StateFolder

FIXTURES = Path(__file__).parent.parent / "fixtures"
LIMIT = 60.0
"""Seconds that anything here may take."""
TWISTD = [str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile="]
TWIST = [sys.executable, "-m", "twisted"]
RUNNERS = pytest.mark.parametrize("runner", [TWISTD, TWIST], ids=["twistd", "python -m twisted"])
PASSWORD = "p\"a\\s's $HOME w%rd"
API = {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]}
GUIDE = {"import": str(FIXTURES / "guide-2013.csv")}


_BANNER = re.compile(r"^(PBX|control plane) ", re.MULTILINE)


class Process:
    """A running ucmsim; as a context manager it is gone at the end, whatever happens."""

    def __init__(
        self,
        folder: Path,
        *options: str | Path,
        runner: list[str] = TWISTD,
        pipes: tuple[int, ...] = (),
        stdout: int | None = None,
        measured: bool = True,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self._ready = folder, folder / "ready.json"
        self._ready.unlink(missing_ok=True)
        self._captured = stdout is None
        (folder / "tmp").mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
        if not measured:  # coverage takes the signals itself
            environment = {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}
        words = [*runner, "ucmsim", *map(str, options)]
        if "--ready-file" not in options:
            words += ["--ready-file", str(self._ready)]
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out if stdout is None else stdout,
                stderr=err,
                cwd=folder,
                env=environment,
                pass_fds=pipes,
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(LIMIT)

    @property
    def out(self) -> str:
        """Standard output so far: the banner, and the log where it has no file of its own."""
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    def report(self) -> dict[str, Any]:
        """Wait for the ready report, and for the banner that is printed after it; return the report."""
        until = time.monotonic() + LIMIT
        while not (self._ready.exists() and (not self._captured or _BANNER.search(self.out))):
            assert self._process.poll() is None, self.out + self.err
            assert time.monotonic() < until, self.out + self.err
            time.sleep(0.02)
        return dict(json.loads(self._ready.read_text()))

    def ended(self) -> int:
        """Wait for the end and return the exit code, as a shell would say it."""
        code = self._process.wait(LIMIT)
        return code if code >= 0 else 128 - code

    def runs_on(self, seconds: float) -> bool:
        """Whether it is still there after some time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def stop(self) -> int:
        """End it as a user or a supervisor does."""
        self._process.terminate()
        return self.ended()

    def curl(self) -> Any:
        """Run the banner's curl line in a shell, as it stands, and return the JSON it prints."""
        (line,) = re.findall(r"^  try    (curl .*)$", self.out, re.MULTILINE)
        environment = {**os.environ, "HOME": str(self.folder)}
        ran = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=LIMIT, env=environment)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)


def config(folder: Path, text: str | None = None, *, name: str = "sim.yaml", top: Any = None, **pbx: Any) -> Path:
    """Write a configuration: the *text*, or that of one PBX with the guide's three rows and some other settings."""
    settings = {"api": API, "history": GUIDE, **pbx}
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text or json.dumps({**(top or {}), "pbxs": {"hq": settings}}))
    return folder / name


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(item.name for item in folder.iterdir())


def failed(folder: Path, *options: str | Path, runner: list[str] = TWISTD) -> tuple[int, list[str]]:
    """Run what cannot start; return the exit code and the lines on standard error."""
    with Process(folder, *options, runner=runner) as process:
        code = process.ended()
        assert "Traceback" not in process.out + process.err
        assert names(folder / "tmp") == [], "a temporary folder is left behind"
        assert not (folder / "ready.json").exists()
        return code, process.err.splitlines()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def reached(pbx: dict[str, Any]) -> None:
    """Wait until a PBX has answered a request."""
    context = ssl.create_default_context(cafile=pbx["ca"])
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{pbx['url']}/nowhere", timeout=LIMIT, context=context)


ALL_DUE = os.environ.get("UCMSIM_REQUIRE_CLIENTS") == "1"
needs_curl = pytest.mark.skipif(not ALL_DUE and shutil.which("curl") is None, reason="the client curl is not installed")


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
    """A busy port ends the process with 1 and one sentence that names who wanted it, and leaves nothing behind."""
    busy = observed.ready["pbxs"]["hq"]["url"].removeprefix("https://")
    top = {"control": {"bind": busy}} if who == "control" else {}
    api = API if who == "control" else {**API, "tls_bind_address": busy}
    code, said = failed(tmp_path, "--config", config(tmp_path, top=top, api=api), runner=TWIST)
    wanted = "the control plane" if who == "control" else "PBX 'hq'"
    assert (code, len(said)) == (1, 1)
    assert said[0].startswith(f"{wanted} cannot listen on {busy}: Address already in use; choose another")


# --- start and end -------------------------------------------------------------------------------------------------


@RUNNERS
def test_report_to_a_pipe_and_sigterm_at_once(tmp_path: Path, runner: list[str]) -> None:
    """The report goes to a pipe in one write; SIGTERM right then is 143 too, and leaves no temporary folder."""
    reads, writes = os.pipe()
    try:
        options = ["--config", config(tmp_path), "--ready-file", f"/dev/fd/{writes}"]
        with Process(tmp_path, *options, runner=runner, pipes=(writes,)) as process:
            assert select.select([reads], [], [], LIMIT)[0], process.out + process.err
            data = os.read(reads, 1 << 16)
            report = json.loads(data)
            assert data.endswith(b"\n")
            assert (report["pid"], report["control"]) == (process.pid, None)
            assert Path(report["pbxs"]["hq"]["ca"]).read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
            assert process.stop() == 143
            assert names(tmp_path / "tmp") == []
    finally:
        os.close(reads)
        os.close(writes)


@RUNNERS
def test_sigterm(tmp_path: Path, runner: list[str]) -> None:
    """A process that has served a while ends with 143 on SIGTERM, says so, and leaves no temporary folder."""
    with Process(tmp_path, "--config", config(tmp_path), runner=runner) as process:
        (pbx,) = process.report()["pbxs"].values()
        assert names(tmp_path / "tmp") == [Path(pbx["ca"]).parent.parent.name]
        reached(pbx)
        assert process.stop() == 143
        assert names(tmp_path / "tmp") == []
        assert "SIGTERM" in process.out
        assert "Traceback" not in process.out + process.err


MANY = {"days": 3660, "calls_per_day": 1000}
"""More calls than can be made up while a test waits."""


@RUNNERS
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_signal_while_calls_are_made_up(tmp_path: Path, runner: list[str], sent: signal.Signals, code: int) -> None:
    """Before the reactor runs a signal ends the process with its code and a sentence; no temporary folder is left."""
    with Process(tmp_path, "--config", config(tmp_path, history=MANY), runner=runner, measured=False) as process:
        filling(process, tmp_path / "tmp")
        os.kill(process.pid, sent)
        assert process.ended() == code
        said = ["hq: making up 3660 days of calls", f"stopped by {sent.name} before everything listened"]
        assert process.err.splitlines() == said
        assert names(tmp_path / "tmp") == []
        assert "Traceback" not in process.out


def test_signal_while_a_kept_history_is_filled(tmp_path: Path) -> None:
    """What was there before stays, what was begun goes: the next start fills the history anew."""
    file = config(tmp_path, json.dumps({"state": "kept", "pbxs": {"hq": {"history": MANY}, "old": {"history": GUIDE}}}))
    before = StateFolder.open(tmp_path / "kept")
    before.pbx("old")
    before.close()
    with Process(tmp_path, "--config", file, measured=False) as process:
        filling(process, tmp_path / "kept")
        assert process.stop() == 143
        assert [name for name in names(tmp_path / "kept") if "." not in name] == ["old"]


def filling(process: Process, folder: Path) -> None:
    """Wait until rows are being written somewhere in *folder*."""
    until = time.monotonic() + LIMIT
    databases = ("history.sqlite", "history.sqlite-wal")
    while not any(file.stat().st_size > 1 << 20 for name in databases for file in folder.rglob(name)):
        assert process.runs_on(0.05), process.out + process.err
        assert time.monotonic() < until


def test_end_of_the_parent_ends_it(tmp_path: Path) -> None:
    """A process that was told to watch a pipe ends when its other end closes, and cleans up."""
    watched, alive = os.pipe()
    try:
        with Process(
            tmp_path, "--config", config(tmp_path), "--parent-pipe", str(watched), pipes=(watched,)
        ) as process:
            process.report()
            os.write(alive, b"still there")
            assert process.runs_on(0.3)
            os.close(alive)
            assert process.ended() == 0
            assert names(tmp_path / "tmp") == []
    finally:
        os.close(watched)


def test_nobody_need_read_the_banner(tmp_path: Path) -> None:
    """A process whose standard output nobody reads starts and serves all the same."""
    reads, writes = os.pipe()
    os.close(reads)
    runner = [*TWISTD, f"--logfile={tmp_path / 'log'}"]
    try:
        with Process(tmp_path, "--config", config(tmp_path), runner=runner, stdout=writes) as process:
            (pbx,) = process.report()["pbxs"].values()
            reached(pbx)
            assert process.stop() == 143
    finally:
        os.close(writes)


BAD = "sed: 1\npbxs:\n  hq:\n    time_zone: America/Chikago\n    faults: [{fault: nonsense}]\n"


@RUNNERS
def test_bad_configuration(tmp_path: Path, runner: list[str]) -> None:
    """A configuration that is wrong ends the process with 1; everything is named on standard error, with its line."""
    code, said = failed(tmp_path, "--config", config(tmp_path, BAD), runner=runner)
    assert code == 1
    assert [line.split(": ")[0] for line in said] == [f"{tmp_path}/sim.yaml:{line}" for line in (1, 4, 5)]
    assert "'America/Chicago'" in said[1]


def test_missing_configuration(tmp_path: Path) -> None:
    """A file that is not there is a sentence too."""
    code, said = failed(tmp_path, "--config", "missing.yaml")
    assert (code, said) == (
        1,
        ["missing.yaml: it cannot be read: No such file or directory; name a configuration file"],
    )


@RUNNERS
@pytest.mark.parametrize("options", [["--fersh"], ["--parent-pipe", "x"], ["sim.yaml"]], ids=" ".join)
def test_unknown_option(tmp_path: Path, runner: list[str], options: list[str]) -> None:
    """What the command line does not know ends the process at once, and is named."""
    with Process(tmp_path, *options, runner=runner) as process:
        assert process.ended() == (64 if runner is TWIST else 1)
        assert "Traceback" not in process.out + process.err
        assert re.search("fersh|parent-pipe|sim.yaml|argument", process.out + process.err)


# --- what is kept --------------------------------------------------------------------------------------------------


def rows(folder: Path) -> list[Any]:
    """Return the rows of a kept history."""
    history = History.open(folder / "kept" / "hq" / "history.sqlite", durable=True)
    try:
        return list(history.rows())
    finally:
        history.close()


def test_life_of_a_state_folder(tmp_path: Path) -> None:
    """History and CA outlive a restart; changed settings are warned about; --fresh begins anew."""

    def run(seed: int, days: int, *options: str) -> tuple[list[Any], bytes, str]:
        top = {"state": "kept", "seed": seed}
        file = config(tmp_path, top=top, history={"days": days, "calls_per_day": 5})
        with Process(tmp_path, "--config", file, *options) as process:
            process.report()
            assert process.stop() == 143
            return rows(tmp_path), (tmp_path / "kept" / "hq" / "ca.pem").read_bytes(), process.out

    first, ca, out = run(1, 2)
    assert first
    assert f"\n  rows   {len(first)}\n" in out
    assert "the kept history was made with" not in out
    spooled = tmp_path / "kept" / "hq" / "left-by-the-user"
    spooled.write_text("x")
    again, same, out = run(2, 3)
    assert (again, same) == (first, ca)
    assert f"\n  rows   {len(first)}, kept from before (--fresh begins anew)\n" in out
    assert "hq: the kept history was made with seed '1', and the configuration says '2'" in out
    assert "'2 days of 5 calls', and the configuration says '3 days of 5 calls'" in out
    fresh, other, out = run(2, 3, "--fresh")
    assert fresh != first
    assert other != ca
    assert "the kept history was made with" not in out
    assert not spooled.exists()


def test_foreign_folder_is_not_emptied(tmp_path: Path) -> None:
    """--fresh leaves a folder alone that holds somebody else's files, and ends with 1."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "thesis.txt").write_text("years of work")
    code, said = failed(tmp_path, "--config", config(tmp_path, top={"state": "kept"}), "--fresh")
    assert (code, len(said)) == (1, 1)
    assert "holds files of somebody else" in said[0]
    assert names(tmp_path / "kept") == ["thesis.txt"]


# --- what settings switch ------------------------------------------------------------------------------------------


def connected(url: str, context: ssl.SSLContext) -> str | None:
    """Shake hands with the PBX at *url*; return the TLS version."""
    place = urlsplit(url)
    with (
        socket.create_connection((place.hostname or "", place.port or 0), timeout=LIMIT) as raw,
        context.wrap_socket(raw, server_hostname=place.hostname) as tls,
    ):
        return tls.version()


def only_13(ucm: Ucm) -> ssl.SSLContext:
    """Return a context that wants TLS 1.3."""
    context = ucm.ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


@pytest.mark.quirk("tls-version")
def test_tls_version_is_the_personalitys(ucm: Ucm) -> None:
    """Without a setting TLS 1.2 is the highest, and a client that wants more is refused."""
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        connected(ucm.url, only_13(ucm))


@pytest.mark.quirk("tls-version")
@pytest.mark.ucmsim(tls_min="1.2", tls_max="1.3")
def test_tls_version_is_that_of_the_settings(ucm: Ucm) -> None:
    """With tls_max another version is the highest."""
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.3"
    assert connected(ucm.url, only_13(ucm)) == "TLSv1.3"


@pytest.mark.quirk("tls-keys")
@pytest.mark.ucmsim(tls_profile="device")
def test_keys_of_the_device_are_a_setting(ucm: Ucm) -> None:
    """With tls_profile: device a client of today objects to the weak key, until it lowers its security level."""
    with pytest.raises(ssl.SSLError, match="DH_KEY_TOO_SMALL"):
        connected(ucm.url, ucm.ssl_context())
    context = ucm.ssl_context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    assert connected(ucm.url, context) == "TLSv1.2"


@pytest.mark.quirk("tls-keys")
def test_keys_are_modern_without_a_setting(ucm: Ucm) -> None:
    """A client of today has no objection."""
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.2"


@pytest.mark.quirk("bind-address")
@pytest.mark.ucmsim(api={"tls_bind_address": "127.0.0.2:0"})
def test_bind_address_is_a_setting(ucm: Ucm) -> None:
    """The API listens where tls_bind_address says, and nowhere else."""
    place = urlsplit(ucm.url)
    assert place.hostname == "127.0.0.2"
    assert connected(ucm.url, ucm.ssl_context()) == "TLSv1.2"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", place.port or 0), timeout=LIMIT)


@pytest.mark.quirk("factory-account")
@pytest.mark.ucmsim(api={"tls_authentication_name": None, "tls_authentication_password": None})
def test_there_is_no_account_until_one_is_set(ucm: Ucm) -> None:
    """Without tls_authentication_name the report has no user, and nobody is asked for one."""
    assert (ucm.username, ucm.password) == (None, None)
    with urlopen(f"{ucm.url}/cdrapi", timeout=LIMIT, context=ucm.ssl_context()) as answer:
        assert answer.status == 200


@pytest.mark.quirk("factory-account")
@pytest.mark.ucmsim(api={"tls_authentication_name": "cdrapi", "tls_authentication_password": "cdrapi123"})
def test_the_factorys_account_is_a_setting(ucm: Ucm) -> None:
    """With the factory's name and password set they open, as they do on later units, and nothing else does."""
    known = HTTPPasswordMgrWithDefaultRealm()
    known.add_password(None, ucm.url, "cdrapi", "cdrapi123")
    opener = build_opener(HTTPDigestAuthHandler(known), HTTPSHandler(context=ucm.ssl_context()))
    with opener.open(f"{ucm.url}/cdrapi", timeout=LIMIT) as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError, match="401"):
        urlopen(f"{ucm.url}/cdrapi", timeout=LIMIT, context=ucm.ssl_context())


# --- the curl line of other PBXs -----------------------------------------------------------------------------------


@needs_curl
@pytest.mark.parametrize(
    "settings",
    [
        {"tls_profile": "device"},
        {"api": {**API, "tls_bind_address": "0.0.0.0:0"}},
        {"clock": {"start": "2013-12-03T20:10:00Z"}},
        {"tls_min": "1.0", "tls_max": "1.0"},
        {
            "api": {**API, "permitted_ips": [], "tls_authentication_name": "bob"},
            "quirks": {"acl-blank": "allow", "blank-password": "open", "realm": 'a "realm" \\ of its own'},
        },
        {
            "api": {**API, "tls_authentication_name": "bob", "tls_authentication_password": PASSWORD},
            "quirks": {"realm": 'a "realm" \\ of its own', "nonce-count": "ignored", "nonce-lifetime": "none"},
        },
    ],
    ids=["device", "everywhere", "another time", "old TLS", "open to all", "another realm"],
)
def test_curl_line_of_other_settings(tmp_path: Path, settings: dict[str, Any]) -> None:
    """The curl line works with the device's weak TLS, on every address, open to all, and with an odd realm."""
    with Process(tmp_path, "--config", config(tmp_path, **settings)) as process:
        process.report()
        assert len(process.curl()["cdr"]) == 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"api": {**API, "permitted_ips": []}}, "nothing from this machine: permitted_ips denies it"),
        (
            {"quirks": {"blank-name": "refuse"}},
            "nothing: no user name is set, so every request is refused (quirk blank-name)",
        ),
    ],
    ids=["denied", "refused"],
)
def test_no_curl_line_where_none_could_work(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    """With blank Permitted IPs, or where nobody is let in, the banner says so instead."""
    with Process(tmp_path, "--config", config(tmp_path, **settings)) as process:
        process.report()
        process.stop()
    assert f"  try    {said}\n" in process.out


@needs_curl
def test_demo(tmp_path: Path) -> None:
    """Without a configuration there is the demo, whose banner shows its password, in a curl line that works."""
    with Process(tmp_path) as process:
        try:
            report = process.report()
        except AssertionError:
            # The demo's port is fixed, and a developer may run it meanwhile; where all is due nobody does.
            if "Address already in use" in process.err and not ALL_DUE:
                pytest.skip("somebody else listens on port 8443")
            raise
        hq = report["pbxs"]["hq"]
        assert (hq["url"], hq["username"], hq["password"]) == ("https://127.0.0.1:8443", "cdrapi", "cdrapi123")
        assert "--user cdrapi:cdrapi123 " in process.out
        assert process.curl()["cdr_root"]
