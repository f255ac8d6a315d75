"""`ucmsim journal`: lines for people, JSON, HAR and curl for tools, and following a PBX while things happen."""

from __future__ import annotations

import io
import json
import os
import pty
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from click.testing import CliRunner, Result
from requests.auth import HTTPDigestAuth

from tests.rawclient import RawSocket, exchange, talk
from tests.test_journal_wire import connection, pull, within
from ucmsim.cli import main
from ucmsim.client import ControlClient
from ucmsim.journal import exports
from ucmsim.journal.lines import HEADER, TARGET
from ucmsim.journal.replay import Place, curl
from ucmsim.journal.telling import noteworthy, parts
from ucmsim.pytest_plugin import Ucm, UcmFleet


def command(ucm: Ucm, *words: str) -> list[str]:
    """Return the words of the command for *ucm*."""
    control = ucm.control
    return ["journal", "--url", control.url, "--token", control.token, "--pbx", ucm.name, *words]


def run(ucm: Ucm, *words: str, **more: Any) -> Result:
    """Return what the command does."""
    return CliRunner().invoke(main, command(ucm, *words), **more)


@pytest.fixture
def told_of(ucm: Ucm) -> Ucm:
    """A PBX with some exchanges, good and bad, and a connection without any."""
    ucm.fault("http.latency", seconds=0.001, name="slow", when={"path": "/cdrapi"}, times=1)
    pull(ucm)
    pull(ucm, "/cdrapi?caler=5300")
    with RawSocket(ucm) as client:
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        client.read()
    connection(ucm, 5)
    within(10, lambda: len(ucm.journal()) == 9)
    return ucm


def test_a_line_an_exchange(told_of: Ucm) -> None:
    """Time, peer, request, status, rows, bytes, duration, then the refusal with its hint, faults and marks."""
    found = run(told_of)
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert len(lines) == 5
    first, second, _, refused, plain = lines
    assert "GET /cdrapi?format=json  401  210 B, " in first
    assert first.endswith(
        "no-credentials: there are no credentials yet (answer the challenge in WWW-authenticate with Digest credentials)"
    )
    assert "  200  3 rows, " in second
    assert second.endswith(" ms  [slow]")
    assert refused.endswith("unknown-parameter: 'caler' is not a parameter of /cdrapi (did you mean 'caller'?)")
    assert "connection 5: no TLS" in plain
    assert "plain-http: this is plain HTTP on the TLS port: use https://" in plain
    assert all(line[2] == ":" and line[12] == "Z" for line in lines)


def test_all_the_connections_are_told_on_demand(told_of: Ucm) -> None:
    """Those that served their requests add nothing, unless they are asked for."""
    assert len(run(told_of, "--all").stdout.splitlines()) == 9
    assert len(run(told_of, "--kind", "connection").stdout.splitlines()) == 5
    assert "connection 1: TLSv1.2 ECDHE-ECDSA-" in run(told_of, "--kind", "connection").stdout


def test_filters_narrow_it(told_of: Ucm) -> None:
    """They are those of the control plane, and what it refuses is told with exit code 1."""
    assert len(run(told_of, "--refusal", "unknown-parameter").stdout.splitlines()) == 1
    assert len(run(told_of, "--fault", "slow").stdout.splitlines()) == 1
    assert len(run(told_of, "--last", "2").stdout.splitlines()) == 2
    wrong = run(told_of, "--mark", "no-qopp")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "did you mean 'no-qop'?" in wrong.stderr


def test_json_is_the_journal(told_of: Ucm) -> None:
    """One object a line, as the control plane gives them."""
    assert [json.loads(line) for line in run(told_of, "--json").stdout.splitlines()] == [
        one.raw for one in told_of.journal()
    ]


def test_the_digest_is_a_sha_256(told_of: Ucm) -> None:
    """It is printed alone, so that two runs are compared by two lines."""
    assert len(run(told_of, "--digest").stdout.strip()) == 64


def test_an_archive_is_har_1_2(told_of: Ucm) -> None:
    """Each exchange is an entry with what HAR wants of one; the rest stands under a name of our own."""
    assert (
        len(json.loads(run(told_of, "--har", "--last", "3").stdout)["log"]["entries"]) == 3
    )  # connections do not count
    log = json.loads(run(told_of, "--har").stdout)["log"]
    assert (log["version"], log["creator"]["name"], len(log["entries"])) == ("1.2", "ucmsim", 4)
    entry = log["entries"][1]
    assert entry["request"]["url"] == f"{told_of.url}/cdrapi?format=json"
    assert entry["request"]["queryString"] == [{"name": "format", "value": "json"}]
    assert (entry["response"]["status"], entry["response"]["content"]["mimeType"]) == (200, "application/json")
    assert {"send", "wait", "receive"} == set(entry["timings"])
    assert entry["time"] == sum(entry["timings"].values())
    assert entry["_ucmsim"]["acctids"] == "62-64"
    required = {"startedDateTime", "time", "request", "response", "cache", "timings"}
    assert all(required <= set(one) for one in log["entries"])


def test_a_curl_command_makes_the_request_again(told_of: Ucm) -> None:
    """As it is printed, with nothing but the password in the environment, the shell runs it and the PBX serves the page."""
    lines = run(told_of, "--curl", "--status", "200").stdout.splitlines()
    assert len(lines) == 2
    environment = {"PATH": os.environ["PATH"], "UCM_PASSWORD": told_of.password or ""}
    page = subprocess.run(
        ["sh", "-c", f"{lines[0]} --silent"], env=environment, capture_output=True, timeout=20, check=True
    )
    assert [row["AcctId"] for row in json.loads(page.stdout)["cdr"]] == ["62", "63", "64"]
    assert told_of.password not in "".join(lines)


def test_a_ca_that_is_on_another_machine_is_said_to_be_due(
    ucm: Ucm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No path that leads nowhere here: the shell stops, and says how the file is made; with it the command runs as it stands."""
    assert pull(ucm).status_code == 200
    right = ucm.control.pbx(ucm.name)
    (elsewhere := tmp_path / "elsewhere.pem").write_text("another CA")
    for path in (tmp_path / "nowhere.pem", elsewhere):
        told = replace(right, ca=str(path))
        monkeypatch.setattr(ControlClient, "pbx", lambda _client, _name, told=told: told)
        (line,) = run(ucm, "--curl", "--status", "200", "--last", "1").stdout.splitlines()
        environment = {"PATH": os.environ["PATH"], "UCM_PASSWORD": ucm.password or ""}
        asked = partial(subprocess.run, ["sh", "-c", f"{line} --silent"], capture_output=True, text=True, timeout=20)
        stopped = asked(env=environment, check=False)
        assert (stopped.returncode != 0, str(path) in line) == (True, False)
        made = f"ucmsim ctl pbxs show {ucm.name} --json | jq -r .ca_pem > {ucm.name}.pem"
        assert f"UCM_CA: name a file with the CA of {ucm.name}, made with: {made}" in stopped.stderr
        page = asked(env={**environment, "UCM_CA": right.ca}, check=True)
        assert [row["AcctId"] for row in json.loads(page.stdout)["cdr"]] == ["62", "63", "64"]


ODD = [
    (b"GET /cdrapi?caller=%27%22$(touch%20x)`id`&callee=[1-2] HTTP/1.1\r\n", "/cdrapi?caller=%27%22$(touch%20x)`id`&callee=[1-2]"),
    (b"GET /cdrapi?caller='\"; HTTP/1.1\r\n", "/cdrapi?caller='%22;"),
    (b"GET /a/../b/./c HTTP/1.1\r\n", "/a/../b/./c"),
    (b"DELETE /cdrapi HTTP/1.1\r\n", "/cdrapi"),
    (b"HEAD /cdrapi HTTP/1.1\r\n", "/cdrapi"),
    (b"GET /cdrapi HTTP/1.1\r\nX-Odd: $HOME `id` 'x'\r\nConnection: close\r\n", "/cdrapi"),
    (b"GET /cdrapi HTTP/1.1\r\nHost: pbx.example\r\nUser-Agent: billing/1\r\nAccept: text/csv\r\n", "/cdrapi"),
    (b"GET /cdrapi HTTP/1.0\r\n", "/cdrapi"),
    (b"GET http://x/y HTTP/1.1\r\n", "http://x/y"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "target"), ODD, ids=[str(number) for number in range(len(ODD))])
def test_odd_requests_come_back_as_they_were(ucm: Ucm, raw: bytes, target: str) -> None:
    """Whatever stands in a request, the command makes the same one, header by header, and the shell runs none of it."""
    talk(ucm, raw + b"\r\n")
    before = ucm.journal(kind="exchange")[0].raw
    (command,) = run(ucm, "--curl").stdout.splitlines()
    environment = {"PATH": os.environ["PATH"], "UCM_PASSWORD": "x"}
    subprocess.run(["sh", "-c", f"{command} --silent --output /dev/null"], env=environment, timeout=20, check=False)
    after = ucm.journal(kind="exchange")[1].raw
    assert before["request"]["target"] == target
    for request in (before["request"], after["request"]):
        request["headers"].sort()
    assert before["request"] == after["request"]


def entry(target: str = "/cdrapi", form: str = "", headers_left_out: int = 0, **headers: str) -> dict[str, Any]:
    """Return as much of an exchange as a command is made of."""
    lines = [[name.replace("_", "-"), value] for name, value in headers.items()]
    request = {
        "method": "POST" if form else "GET",
        "target": target,
        "version": "HTTP/1.1",
        "headers": lines,
        "headers_left_out": headers_left_out,
        "form": form,
    }
    return {"request": request, "check": "served"}


@pytest.mark.parametrize(
    ("told", "lacks"),
    [
        (entry("/cdrapi?password=***"), "the target has something masked"),
        (entry(form="a=1&***"), "the form has something masked"),
        (entry("/" + "a" * (TARGET - 1) + "..."), "the target is cut"),
        (entry(Authorization="Bearer ***"), "Authorization is left out"),
        (entry(Cookie="***", Referer="https://***@x/"), "Cookie is left out, Referer is masked"),
        (entry(X_Long="a" * HEADER + "..."), "X-Long is cut"),
        (entry(Expect="a" * HEADER + "...", headers_left_out=3), "3 more headers left out"),
    ],
)
def test_what_the_journal_does_not_have_is_said(told: dict[str, Any], lacks: str) -> None:
    """A command that makes another request than the client did says so, in a comment that a shell passes over."""
    comment, command = curl(told).split("\n")
    assert comment == f"# not the whole request: {lacks}"
    assert "Cookie" not in command
    assert "\n" not in curl(entry())


def test_what_only_ends_in_dots_is_whole() -> None:
    """Nobody is told that something is cut which is not."""
    assert "\n" not in curl(entry("/" + "a" * 3000 + "...", Referer="b" * 500 + "..."))


LONG = "/cdrapi?caller=" + ",".join(f"{number}" for number in range(1000, 1720))
"""As much as the device takes: the Authorization that repeats it has to fit in a line as well."""


def test_a_long_request_is_whole_in_every_form(ucm: Ucm) -> None:
    """What the device reads whole the journal tells whole: target, credentials, and the command that asks again."""
    answer = pull(ucm, LONG)
    assert answer.status_code == 200
    served = ucm.journal(kind="exchange")[1].raw
    assert served["request"]["target"] == LONG
    assert "nc=00000001" in dict(served["request"]["headers"])["Authorization"]
    (_, archived) = json.loads(run(ucm, "--har").stdout)["log"]["entries"]
    assert archived["request"]["url"] == ucm.url + LONG
    assert archived["comment"] == "not the whole request: Authorization is masked"
    (line,) = run(ucm, "--curl", "--status", "200").stdout.splitlines()
    environment = {"PATH": os.environ["PATH"], "UCM_PASSWORD": ucm.password or ""}
    again = subprocess.run(
        ["sh", "-c", f"{line} --silent"], env=environment, capture_output=True, timeout=20, check=True
    )
    assert again.stdout == answer.content


@pytest.mark.ucmsim(quirks={"line-limit": "none"}, api={"tls_authentication_name": None})
def test_what_is_longer_is_said_to_be_cut(ucm: Ucm) -> None:
    """Only where a quirk lets in more than the device reads is anything cut, and the archive says so."""
    talk(
        ucm, f"GET /cdrapi?x={'a' * 20_000} HTTP/1.1\r\nX-Long: {'b' * 5000}\r\n".encode() + b"X: 1\r\n" * 40 + b"\r\n"
    )
    asked = ucm.journal(kind="exchange")[0].raw
    assert len(asked["request"]["target"]) == TARGET + 3
    assert len(asked["request"]["headers"]) == 32
    (archived,) = exports.har([asked])["log"]["entries"]
    told = "not the whole request: the target is cut, X-Long is cut, 9 more headers left out"
    assert archived["comment"].endswith(told)
    assert curl(asked).startswith(f"# {told}\n")


def test_a_place_that_a_shell_would_read_is_quoted() -> None:
    """The path of the CA may have any letter."""
    command = curl(entry(), Place("https://127.0.0.1:1", '/tmp/$(id)`id`\\}"x', "joe"))
    said = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, timeout=10, check=True
    )
    assert said.stdout.splitlines()[3] == '/tmp/$(id)`id`\\}"x'


def test_a_form_is_sent_again(ucm: Ucm) -> None:
    """The body of a POST is part of the command."""
    login = HTTPDigestAuth(ucm.username, ucm.password)
    requests.post(f"{ucm.url}/cdrapi", data={"format": "json"}, auth=login, verify=ucm.ca, timeout=10)
    posted = ucm.journal(kind="exchange")[1].raw
    words = shlex.split(curl(posted))
    assert words[words.index("--data-raw") + 1] == "format=json"
    assert exports.har([posted])["log"]["entries"][0]["request"]["postData"]["text"] == "format=json"


class Following:
    """The command as a process of its own, on a terminal or a pipe."""

    def __init__(self, ucm: Ucm, *words: str, terminal: bool = False) -> None:
        self._terminal = pty.openpty() if terminal else None
        out = self._terminal[1] if self._terminal else subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ucmsim", *command(ucm, *words)], stdout=out, stderr=subprocess.PIPE
        )
        if self._terminal:
            os.close(self._terminal[1])
        self._limit = threading.Timer(60, self.process.kill)  # so that nobody waits for ever for what it does not print

    def __enter__(self) -> Self:
        self._limit.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._limit.cancel()
        self.process.kill()
        self.process.wait(10)
        for stream in (self.process.stdout, self.process.stderr):
            if isinstance(stream, io.BufferedReader):
                stream.close()
        if self._terminal:
            os.close(self._terminal[0])

    def line(self) -> str:
        """Return the next line that it prints."""
        if self._terminal:
            found = b""
            while not found.endswith(b"\n"):
                found += os.read(self._terminal[0], 1)
            return found.decode()
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode()


def test_it_follows(ucm: Ucm) -> None:
    """What was is told first, then each exchange when it happens; a filter narrows both."""
    exchange(ucm, b"GET /one HTTP/1.1\r\n\r\n")
    with Following(ucm, "--follow", "--path", "/one", "--json") as following:
        assert json.loads(following.line())["id"] == 1
        exchange(ucm, b"GET /two HTTP/1.1\r\n\r\n")
        exchange(ucm, b"GET /one?again HTTP/1.1\r\n\r\n")
        assert json.loads(following.line())["request"]["target"] == "/one?again"


def test_it_follows_into_a_new_universe(ucm: Ucm) -> None:
    """A reset ends nothing: it is said that the journal begins anew, and what happens then is told from the first event on."""
    exchange(ucm, b"GET /one HTTP/1.1\r\n\r\n")
    with Following(ucm, "--follow", "--kind", "exchange", "--json") as following:
        assert json.loads(following.line())["request"]["target"] == "/one"
        # By that it follows, and has not only read: a stream that began behind the reset says nothing before an event.
        exchange(ucm, b"GET /again HTTP/1.1\r\n\r\n")
        assert json.loads(following.line())["request"]["target"] == "/again"
        ucm.reset()
        assert following.process.stderr is not None
        assert following.process.stderr.readline() == b"the journal begins anew\n"
        exchange(ucm, b"GET /two HTTP/1.1\r\n\r\n")
        told = json.loads(following.line())
        assert (told["id"], told["request"]["target"]) == (1, "/two")


def test_it_is_coloured_on_a_terminal(ucm: Ucm) -> None:
    """A terminal gets colours, a pipe none."""
    exchange(ucm, b"GET /one HTTP/1.1\r\n\r\n")
    with Following(ucm, terminal=True) as shown:
        assert "\x1b[31m404" in shown.line()
    with Following(ucm) as piped:
        assert "\x1b" not in piped.line()


def test_a_pbx_that_goes_ends_it(ucm: Ucm, ucm_fleet: UcmFleet) -> None:
    """The end is told, with exit code 1."""
    other = ucm_fleet.start({})
    with Following(other, "--follow") as following:
        ucm_fleet.stop(other)
        assert following.process.wait(20) == 1
        assert following.process.stderr is not None
        assert b"there is no PBX" in following.process.stderr.read()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say where ucmsim runs"),
        (["--url", "http://127.0.0.1:1"], "--url goes with --token"),
        (["--url", "127.0.0.1:8444", "--token", "x"], "it begins with http://, such as http://127.0.0.1:8444"),
        (["--url", "http://127.0.0.1:x", "--token", "x", "--follow", "--pbx", "hq"], "is no URL of a control plane"),
        (["--json", "--har"], "cannot be had at once"),
        (["--follow", "--har"], "has no end"),
        (["--kind", "connection", "--har"], "--har is of exchanges"),
        (["--kind", "listening", "--curl"], "--json is of all"),
        (["--ready", "/dev/null"], "is no ready report"),
    ],
)
def test_what_is_asked_wrongly_is_said(words: list[str], said: str) -> None:
    """Exit code 2, and the sentence says what would be right."""
    found = CliRunner().invoke(main, ["journal", *words])
    assert (found.exit_code, said in found.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pbxs: {hq: {}}", "has no control plane"),
        ("control: {bind: '127.0.0.1:0'}\npbxs: {}", "use --ready"),
        ("control: {}\npbxs: {}", "is in the ready report"),
        ("control: {}\npbxs: {hq: {personalty: x}}", "did you mean"),
    ],
)
def test_a_configuration_that_does_not_lead_there_is_explained(tmp_path: Path, text: str, said: str) -> None:
    """What is missing is said."""
    (tmp_path / "sim.yaml").write_text(text)
    found = CliRunner().invoke(main, ["journal", "--config", str(tmp_path / "sim.yaml")])
    assert (found.exit_code, said in found.stderr) == (2, True), found.stderr


def test_a_ucmsim_that_never_ran_does_not_answer(tmp_path: Path) -> None:
    """Where its token is to be and is not, the exit code is that of nobody who answers."""
    (tmp_path / "sim.yaml").write_text("control: {}\nstate: ./nothing\npbxs: {}")
    found = CliRunner().invoke(main, ["journal", "--config", str(tmp_path / "sim.yaml")])
    token = tmp_path / "nothing" / "control-token"
    assert (found.exit_code, found.stderr) == (
        3, f"there is no token in {token}, which is written at the start; does ucmsim run?\n"
    )  # fmt: skip


def test_configuration_and_ready_report_lead_there(ucm: Ucm, tmp_path: Path) -> None:
    """Both name the control plane and have, or lead to, its token; the only PBX need not be named."""
    control = ucm.control
    exchange(ucm, b"GET /one HTTP/1.1\r\n\r\n")
    (tmp_path / "control-token").write_text(f"{control.token}\n")
    place = control.url.removeprefix("http://")
    (tmp_path / "sim.yaml").write_text(f"control: {{bind: '{place}'}}\nstate: .\npbxs: {{}}\n")
    (tmp_path / "ready.json").write_text(json.dumps({"control": {"url": control.url, "token": control.token}}))
    for words in (["--config", str(tmp_path / "sim.yaml")], ["--ready", str(tmp_path / "ready.json")]):
        found = CliRunner().invoke(main, ["journal", *words, "--pbx", ucm.name])
        assert "GET /one" in found.stdout
    nowhere = CliRunner().invoke(main, ["journal", "--url", "http://127.0.0.1:1", "--token", "x", "--pbx", "hq"])
    assert (nowhere.exit_code, "cannot be reached" in nowhere.stderr) == (3, True)
    assert nowhere.stderr.endswith("; does ucmsim run?\n")


def test_a_line_is_plain_text_whatever_was_sent(ucm: Ucm) -> None:
    """No byte of a request reaches a terminal as a control character."""
    talk(ucm, b"G\x1b[31mT /\x1b]0;x\x07\xff?\x9b HTTP/1.1\r\nUser-Agent: \x1b[2J\r\n\r\n")
    entry = ucm.journal(kind="exchange")[0].raw
    line = "".join(text for _, text in parts(entry, pbx=True))
    assert line.isascii()
    assert line.isprintable()


def test_only_what_serves_is_not_noteworthy() -> None:
    """A connection is told by its exchanges unless something is special about it."""
    usual: Mapping[str, Any] = {"kind": "connection", "requests": 1, "refusal": None, "marks": []}
    assert not noteworthy(usual)
    assert all(noteworthy({**usual, **one}) for one in ({"requests": 0}, {"marks": ["x"]}, {"refusal": {"code": "x"}}))


@pytest.fixture(autouse=True)
def _no_colour_of_ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    return
