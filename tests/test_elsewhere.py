"""A ucmsim elsewhere: its control plane under TLS on another address, and none of its files to be read from here."""

from __future__ import annotations

import json
import re
import shutil
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
import requests
from click.testing import CliRunner
from requests.auth import HTTPDigestAuth

from tests.controlling import GUIDE
from tests.processes import API, Process, config
from ucmsim.cli import main
from ucmsim.client import ControlClient, ControlUnreachable
from ucmsim.commands.whereabouts import CA, READY_FILE, TOKEN, URL
from ucmsim.configuration import read_pbx
from ucmsim.contract.answers import Pbx
from ucmsim.errors import UcmsimError
from ucmsim.overlay import over
from ucmsim.pytest_options import OPTIONS
from ucmsim.remote import Remote
from ucmsim.scenarios.language import Scenario
from ucmsim.scenarios.running import PASSWORD, USER, own_settings, stage
from ucmsim.settings.yamltree import value_in
from ucmsim.testing.chosen import default
from ucmsim.treqclient import TreqControlClient

SECRET = "a-token-of-my-own"


@dataclass(frozen=True)
class Elsewhere:
    """Where it is, and what somebody brought from there: the CA of its control plane."""

    url: str
    ca: str
    home: Path
    ready: Path

    @property
    def options(self) -> list[str]:
        return ["--url", self.url, "--token", SECRET, "--ca", self.ca]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    there, here = tmp_path_factory.mktemp("there"), tmp_path_factory.mktemp("here")
    control = {"bind": "127.0.0.2:0", "token": SECRET, "tls": {}}
    file = config(there, top={"state": "state", "control": control}, api=API, history=GUIDE)
    with Process(there, "--config", file) as process:
        told = process.report()["control"]
        shutil.copy(told["ca"], here / "ca.pem")
        yield Elsewhere(told["url"], str(here / "ca.pem"), there, there / "ready.json")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said by the environment of who runs this."""
    for name in (URL, TOKEN, READY_FILE, CA, *(option.variable for option in OPTIONS)):
        monkeypatch.delenv(name, raising=False)


SCENARIO = """
name: later
title: A clock that goes on
story: Nothing happens.
correct: Does nothing.
pbx: {clock: {start: 2026-03-02T14:00:00Z, rate: 0}}
steps:
  - {name: it is later, clock: {advance: 60}}
expect:
  - {name: idle, says: It does nothing wrong., requests: {status: 403, at_most: 0}}
"""
COMMANDS = [
    ("ctl", "status"),
    ("ctl", "faults", "list", "--pbx", "hq"),
    ("journal",),
    ("report", "--out", "run.zip"),
    ("scenario", "run", "mine.yaml", "--patience", "0"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("by", ["option", "environment", "before the command"])
def test_commands_trust_the_ca_that_they_are_told_of(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], by: str
) -> None:
    """By an option, behind the command or before it, or by the environment; without it there is nobody whom they trust."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(SCENARIO)
    place, given = elsewhere.options[:4], [*words]
    if by == "environment":
        monkeypatch.setenv(CA, elsewhere.ca)
    elif by == "option" or words[0] != "ctl":
        given += elsewhere.options[4:]
    else:
        given[1:1] = elsewhere.options[4:]
    done = CliRunner().invoke(main, [*given, *place])
    assert done.exit_code == (1 if words[0] == "scenario" else 0), done.output  # where nobody asks nothing is judged
    monkeypatch.delenv(CA, raising=False)
    refused = CliRunner().invoke(main, [*words, *place])
    assert (refused.exit_code, "CERTIFICATE_VERIFY_FAILED" in refused.output) == (3, True)


def test_a_scenario_says_where_its_pbx_is_from_here(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """At the host of the control plane, with its CA beside the variables for the client: that of the other machine cannot be read."""
    (tmp_path / "mine.yaml").write_text(SCENARIO)
    words = ["scenario", "run", str(tmp_path / "mine.yaml"), "--patience", "0", "--env", str(tmp_path / "ucm.env")]
    done = CliRunner().invoke(main, [*words, *elsewhere.options])
    assert (done.exit_code, "not judged  idle" in done.output) == (1, True)
    told, ca = (tmp_path / "ucm.env").read_text(), tmp_path / "later.pem"
    assert re.match(r"UCM_URL=https://127\.0\.0\.2:[0-9]+\n", told)
    assert f"UCM_CA={ca}\n" in told
    assert f"  CA        {ca}\n" in done.output
    assert ssl.create_default_context(cafile=str(ca)).get_ca_certs()


@pytest.mark.parametrize("name", [None, "open"])
def test_the_pbx_of_a_scenario_is_reached_from_here(elsewhere: Elsewhere, tmp_path: Path, name: str | None) -> None:
    """Its own, and one that was there and listens everywhere, by what is told of it, and verified."""
    client = ControlClient(elsewhere.url, SECRET, ca=elsewhere.ca)
    scenario = Scenario.model_validate(value_in(SCENARIO, "later"), context={"base": tmp_path})
    remote = Remote.at(elsewhere.url, tmp_path)
    with ExitStack() as stack:
        if name is not None:
            stack.callback(client.delete_pbx, client.create_pbx(name, over(own_settings(), remote.settings())).name)
        place = stack.enter_context(stage(client, remote, scenario, name, {}, say=pytest.fail))
        login = HTTPDigestAuth(USER, PASSWORD)
        assert requests.get(f"{place.url}/cdrapi", auth=login, verify=place.ca, timeout=20).status_code == 200
        assert place.url.startswith("https://127.0.0.2:")
        assert not Path(place.ca).is_relative_to(elsewhere.home)
    assert client.status().pbxs == ("hq",)


def test_another_ca_than_that_of_the_report(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """What is said counts before what stands in a ready report, which may come from another machine."""
    ready = json.loads(elsewhere.ready.read_text())
    ready["control"]["ca"] = "/nowhere/ca.pem"
    (tmp_path / "ready.json").write_text(json.dumps(ready))
    words = ["ctl", "status", "--ready-file", str(tmp_path / "ready.json")]
    refused = CliRunner().invoke(main, words)
    assert (refused.exit_code, "/nowhere/ca.pem holds no CA to trust" in refused.output) == (3, True)
    assert CliRunner().invoke(main, [*words, "--ca", elsewhere.ca]).exit_code == 0


@pytest_twisted.ensureDeferred
async def test_the_other_client_trusts_it_too(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """The one over treq takes a CA, and meets the same errors without it."""
    from twisted.internet import reactor  # noqa: TID251 - the one of pytest-twisted

    client = TreqControlClient(reactor, elsewhere.url, SECRET, ca=elsewhere.ca)
    assert await client.pbxs() == ControlClient(elsewhere.url, SECRET, ca=elsewhere.ca).pbxs()
    with pytest.raises(ControlUnreachable, match="certificate verify failed"):
        await TreqControlClient(reactor, elsewhere.url, SECRET).status()
    for file in ("nowhere.pem", "empty.pem"):
        (tmp_path / "empty.pem").touch()
        with pytest.raises(ControlUnreachable, match="holds no CA to trust"):
            await TreqControlClient(reactor, elsewhere.url, SECRET, ca=str(tmp_path / file)).status()
    with pytest.raises(TypeError, match="an http client trusts whom it trusts"):
        TreqControlClient(reactor, elsewhere.url, SECRET, ca=elsewhere.ca, http=client._http)


def test_a_pbx_tells_its_ca(elsewhere: Elsewhere) -> None:
    """As PEM, the same as in the file over there."""
    pbx = ControlClient(elsewhere.url, SECRET, ca=elsewhere.ca).pbx("hq")
    assert Path(pbx.ca).is_relative_to(elsewhere.home)
    assert pbx.ca_pem == Path(pbx.ca).read_text()
    assert ssl.create_default_context(cadata=pbx.ca_pem).get_ca_certs()


NOPROC = """
import sys
from pathlib import Path
import requests
from requests.auth import HTTPDigestAuth

THERE = {there!r}

def no_file_of_there(event, arguments):
    if event == "open" and str(arguments[0]).startswith(THERE):
        raise PermissionError(arguments[0])

sys.addaudithook(no_file_of_there)

def test_it(ucm_noproc):
    login = HTTPDigestAuth(ucm_noproc.username, ucm_noproc.password)
    rows = requests.get(ucm_noproc.url + "/cdrapi", auth=login, verify=ucm_noproc.ca, timeout=20).text
    assert len(rows.splitlines()) == 4
    assert not Path(ucm_noproc.ca).is_relative_to(THERE)
    assert ucm_noproc.ssl_context().get_ca_certs()
    assert ucm_noproc.env["UCM_CA"] == ucm_noproc.ca
    print("AT", ucm_noproc.url)
    ucm_noproc.assert_all_rows_delivered()
"""


@pytest.mark.parametrize("by", ["option", "ini", "environment"])
def test_a_pbx_of_a_test_is_elsewhere(
    pytester: pytest.Pytester, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """It is reached where its control plane is, verified by a CA that is written here, and no file of there is read."""
    pytester.makepyfile(NOPROC.format(there=str(elsewhere.home)))
    words = ["--ucmsim-url", elsewhere.url, "--ucmsim-token", SECRET]
    if by == "option":
        words += ["--ucmsim-ca", elsewhere.ca]
    elif by == "ini":
        shutil.copy(elsewhere.ca, pytester.path / "control.pem")
        pytester.makeini("[pytest]\nucmsim_ca = control.pem\n")
    else:
        monkeypatch.setenv(CA, elsewhere.ca)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plain = ("-W", "error", "-p", "no:cacheprovider", "-p", "ucmsim.pytest_plugin", "-rP")
    result = pytester.runpytest_subprocess(*plain, *words)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["AT https://127.0.0.2:*"])
    assert ControlClient(elsewhere.url, SECRET, ca=elsewhere.ca).status().pbxs == ("hq",)


@pytest.mark.parametrize(
    ("control", "bound", "names", "url"),
    [
        ("http://127.0.0.1:8444", "127.0.0.1:0", None, "https://127.0.0.1:40817"),
        ("https://localhost:8444", "127.0.0.1:0", None, "https://127.0.0.1:40817"),
        ("https://rig.example.com:8444", "0.0.0.0:0", ["rig.example.com"], "https://rig.example.com:40817"),
        ("https://192.0.2.7:8444", "0.0.0.0:0", ["192.0.2.7"], "https://192.0.2.7:40817"),
        ("https://[2001:db8::7]:8444", "[::]:0", ["2001:db8::7"], "https://[2001:db8::7]:40817"),
    ],
)
def test_the_default_pbx_can_be_reached(
    tmp_path: Path, control: str, bound: str, names: list[str] | None, url: str
) -> None:
    """On another host it listens everywhere, is named for the host, serves who comes, and needs no file of here."""
    remote = Remote.at(control, tmp_path)
    made = over(default(), remote.settings())
    assert (made["api"]["tls_bind_address"], made.get("tls_names")) == (bound, names)
    settings = read_pbx(made, tmp_path)
    assert settings.access.permitted("198.51.100.9")[0] is (names is not None)
    assert settings.access.permitted("2001:db8::9")[0] is (names is not None)
    assert settings.history.import_ is not None
    assert settings.history.import_.read_bytes() == Path(GUIDE["import"]).read_bytes()
    assert remote.reached(_pbx("https://127.0.0.1:40817", made)).url == url
    assert remote.reached(_pbx(None, made)).url == ""
    assert remote.reached(_pbx("https://127.0.0.1:40817", {})).url == url  # where nothing is said it listens everywhere
    for host in ("127.0.0.9", "[::1]"):
        at = f"https://{host}:1"
        assert remote.reached(_pbx(at, {"api": {"tls_bind_address": host}})).url == at


def test_a_ca_is_a_file_of_here(tmp_path: Path) -> None:
    """That of the PBX where it is on this machine and can be read; else, as in a container, one that says the same."""
    own = tmp_path / "ca.pem"
    pbx = replace(_pbx("https://127.0.0.1:1", {}), ca=str(own), ca_pem="the CA")
    remote = Remote.at("http://127.0.0.1:8444", tmp_path)
    for text in (None, "that of another"):
        if text is not None:
            own.write_text(text)
        assert remote.reached(pbx).ca == str(tmp_path / "hq.pem")
        assert (tmp_path / "hq.pem").read_text() == "the CA"
    own.write_text("the CA")
    assert remote.reached(pbx).ca == str(own)
    assert Remote.at("http://192.0.2.7:8444", tmp_path).reached(pbx).ca == str(tmp_path / "hq.pem")


def test_a_ca_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """With the file, and why; it is no mistake of the program."""
    pbx = replace(_pbx("https://127.0.0.1:1", {}), ca=str(tmp_path / "ca.pem"), ca_pem="the CA")
    (tmp_path / "hq.pem").mkdir()
    with pytest.raises(UcmsimError, match=f"the CA of PBX 'hq' cannot be written to {tmp_path}/hq.pem: Is a directory"):
        Remote.at("http://192.0.2.7:8444", tmp_path).reached(pbx)


def _pbx(url: str | None, settings: Mapping[str, Any]) -> Pbx:
    return Pbx("hq", url, None, "/nowhere", "", 0, (), settings)
