"""`ucmsim scenario`: bad days listed, shown, and played on a running ucmsim beside a client of another process."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import requests
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from tests.collectors import Collector
from tests.until import until
from ucmsim.cli import main
from ucmsim.client import ControlClient, ControlError, ControlNotFound, ControlTimeout
from ucmsim.contract.answers import Pbx
from ucmsim.remote import Remote
from ucmsim.scenarios import shipped
from ucmsim.scenarios.reading import load
from ucmsim.scenarios.running import stage
from ucmsim.testing import Ucm, UcmFleet

DAY = """\
name: day
title: A day
story: A call is placed.
correct: Collects it, and keeps it once.
steps:
  - place: {name: a, shape: answered, from: "1001", to: "1002", talk: 10, ring: 1}
  - {name: it is over, clock: {advance: 60}}
expect:
  - {name: nothing-lost, says: It is collected., delivered: a}
  - {name: kept-once, says: It is kept once., kept: a}
"""


def ran(*words: str | Path, code: int = 0) -> Result:
    """Run the command in this process; it must exit with *code*."""
    found = CliRunner().invoke(main, ["scenario", *map(str, words)])
    assert (found.exit_code, type(found.exception)) in {(code, SystemExit), (0, type(None))}, found.output
    assert found.exit_code == code, found.output
    return found


class Run:
    """A `ucmsim scenario run` in a process of its own."""

    def __init__(self, fleet: UcmFleet, folder: Path, *words: str | Path, day: str = DAY) -> None:
        self.file, self.env = folder / "day.yaml", folder / "env"
        self.file.write_text(day)
        self.control = control = fleet.control
        where = ("--url", control.url, "--token", control.token, "--env", self.env)
        command = [sys.executable, "-m", "ucmsim", "scenario", "run", self.file, *where, *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def place(self) -> dict[str, str]:
        """Return where the client is to be pointed, once that is told."""
        until(lambda: self.env.exists() or self.process.poll() is not None)
        assert self.env.exists(), self.process.communicate()
        return dict(line.split("=", 1) for line in shlex.split(self.env.read_text()))

    def collect(self, kept: Path | None = None) -> None:
        """Collect as long as it is played; write what was *kept*."""
        at = self.place()
        collector = Collector(Ucm("day", at["UCM_URL"], at["UCM_USER"], at["UCM_PASSWORD"], at["UCM_CA"], self.control))
        while self.process.poll() is None:
            collector.poll()
            if kept is not None:
                kept.with_suffix(".new").write_text("\n".join(collector.kept))
                kept.with_suffix(".new").replace(kept)

    def end(self, code: int) -> tuple[str, str]:
        """Return what it has printed and said."""
        told, said = self.process.communicate(timeout=60)
        assert self.process.returncode == code, told + said
        return told, said


def test_they_are_listed() -> None:
    """Each with its name and title, for people and for programs."""
    lines = ran("list").stdout.splitlines()
    assert lines[0].split() == ["id", "title"]
    assert [line.split()[0] for line in lines[1:]] == shipped.names()
    rows = json.loads(ran("list", "--json").stdout)
    assert [row["id"] for row in rows] == shipped.names()
    assert rows[2] == {"id": "dst-night", "title": "The night the clocks go back"}


def test_one_is_shown(tmp_path: Path) -> None:
    """Its story, what a correct client does, and what is expected; also one in a file."""
    file = tmp_path / "day.yaml"
    file.write_text(DAY)
    assert ran("show", file).stdout == (
        "day: A day\n  what happens:\n    A call is placed.\n  a correct client:\n    Collects it, and keeps it once.\n"
        "  expected:\n    nothing-lost: It is collected.\n    kept-once: It is kept once.\n"
    )
    assert json.loads(ran("show", file, "--json").stdout) == {
        "id": "day", "title": "A day", "story": "A call is placed.", "correct": "Collects it, and keeps it once.", "pbx": {},
        "patience": 300.0,
        "expect": [{"name": "nothing-lost", "says": "It is collected."}, {"name": "kept-once", "says": "It is kept once."}],
    }  # fmt: skip
    assert json.loads(ran("schema").stdout)["title"] == "Scenario"


def test_what_is_asked_wrongly_is_said(tmp_path: Path, ucm: Ucm) -> None:
    """Exit 2: no such scenario, a wrong file, a PBX that does not do. Exit 3: no ucmsim. Exit 1: no such PBX."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(DAY.replace("title", "titel"))
    here = ("--url", ucm.control.url, "--token", ucm.control.token)
    assert "did you mean 'dst-night'?" in ran("show", "dst-nigt", code=2).stderr
    assert (
        f"{wrong}:2: titel: there is no key 'titel' here; did you mean 'title'?"
        in ran("run", wrong, *here, code=2).stderr
    )
    other = ran("run", "recording-missing", *here, "--pbx", ucm.name, code=2).stderr
    assert f"PBX '{ucm.name}' is another: personality is ucm6100-1.0.9, and the scenario needs ucm6510-1.0.10" in other
    assert "there is no PBX 'nobody'" in ran("run", "dst-night", *here, "--pbx", "nobody", code=1).stderr
    nowhere = ran("run", "dst-night", "--url", "http://127.0.0.1:1", "--token", "x", code=3).stderr
    assert nowhere.endswith("does ucmsim run?\n")


@pytest.mark.parametrize("option", ["--env", "--report"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_made(ucm: Ucm, tmp_path: Path, option: str) -> None:
    """Exit 2, no PBX, and no file beside the one that was meant."""
    here = ("--url", ucm.control.url, "--token", ucm.control.token)
    out, before = tmp_path / "nowhere" / "out.zip", ucm.control.status().pbxs
    (tmp_path / "file").write_text("")
    assert ran("run", "late-rows", *here, option, out, code=2).stderr == (
        f"{out} cannot be written: No such file or directory\n"
    )
    below = tmp_path / "file" / "out.zip"
    assert ran("run", "late-rows", *here, option, below, code=2).stderr == (
        f"{below} cannot be written: Not a directory\n"
    )
    assert ucm.control.status().pbxs == before
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_what_is_kept_is_asked_for_in_vain(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """Where nothing is expected of it that is said at the beginning, where the file is not there at the end."""
    none = tmp_path / "none"
    words = ("--url", ucm_fleet.control.url, "--token", ucm_fleet.control.token, "--patience", "0", "--kept", none)
    (tmp_path / "day.yaml").write_text(DAY)
    asked = "nothing is expected of what the client keeps"
    missing = f"warning: there is no file {none}, so nothing is known of what the client kept"
    said = ran("run", tmp_path / "day.yaml", *words, code=1).stderr.splitlines()
    assert (missing in said, [line for line in said if asked in line]) == (True, [])
    (tmp_path / "day.yaml").write_text(DAY.rpartition("  - {name: kept-once")[0])
    said = ran("run", tmp_path / "day.yaml", *words, code=1).stderr.splitlines()
    assert said[0] == f"warning: {asked}: {none} is not looked at"
    assert missing not in said


def test_one_is_passed(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """Exit 0 when all passed, on a PBX of its own, which goes with it; the client says in a file what it kept."""
    kept = tmp_path / "kept"
    run = Run(ucm_fleet, tmp_path, "--kept", kept, "--patience", "60")
    place = run.place()
    assert ucm_fleet.control.ledger("day"), "the call was placed before anybody was told where to come"
    assert (place["UCM_USER"], place["UCM_PASSWORD"]) == ("cdrapi", "cdrapi123")
    assert run.env.stat().st_mode & 0o777 == 0o600
    kept.write_text("")
    run.collect(kept)
    told, said = run.end(0)
    assert f"point the client at PBX day  {place['UCM_URL']}\n  user      cdrapi\n  password  cdrapi123\n" in told
    assert told.endswith(
        "scenario day: 2 of 2 passed\n  passed  nothing-lost: It is collected.\n  passed  kept-once: It is kept once.\n"
    )
    assert [line.partition("  ")[2] for line in said.splitlines()] == [
        "place a",
        "it is over",
        "waits: what is expected at the end",
    ]
    assert "day" not in ucm_fleet.control.status().pbxs


def test_one_is_failed(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """Without a client it ends when patience does, and says so for programs as well."""
    told, _ = Run(ucm_fleet, tmp_path, "--patience", "0", "--json").end(1)
    outcome = json.loads(told)
    assert (outcome["scenario"], outcome["passed"]) == ("day", False)
    assert [(one["name"], one["passed"]) for one in outcome["findings"]] == [
        ("nothing-lost", False),
        ("kept-once", None),
    ]


def test_the_evidence_is_kept(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """The report is of its own PBX, and is there when that is gone; the password stands nowhere in it."""
    out = tmp_path / "run.zip"
    run = Run(ucm_fleet, tmp_path, "--report", out, "--patience", "60")
    run.collect()
    _, said = run.end(1)
    assert said.endswith(f"{out}: open report.html in it\n")
    with ZipFile(out) as found:
        files = {name: found.read(name) for name in found.namelist()}
    told = json.loads(files["outcome.json"])
    assert (told["scenario"], told["story"], told["passed"], told["exit"]) == ("day", "A call is placed.", False, 1)
    assert [(one["name"], one["passed"]) for one in told["findings"]] == [("nothing-lost", True), ("kept-once", None)]
    assert [one["what"] for one in told["steps"]] == ["place a", "it is over"]
    assert [one["pbx_clock"] is None for one in told["steps"]] == [True, False]
    assert b"Scenario day: 1 of 2 passed, 1 not judged" in files["report.html"]
    assert [name for name, data in files.items() if b"cdrapi123" in data] == []


def test_a_step_that_is_refused_is_in_the_verdict(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """For programs too, and in the report."""
    out = tmp_path / "run.zip"
    day = DAY.replace("ring: 1", 'ring: 1, at: "2020-01-01T00:00:00Z"')
    told, _ = Run(ucm_fleet, tmp_path, "--report", out, "--json", day=day).end(1)
    (refused, *rest) = json.loads(told)["findings"]
    assert (refused["name"], refused["passed"], [one["passed"] for one in rest]) == ("step 1", False, [None, None])
    with ZipFile(out) as found:
        assert json.loads(found.read("outcome.json"))["findings"][0] == refused


def test_no_password_of_a_scenario_is_in_its_evidence(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """Also where the client sent it before its step came, which never does, and where a step is called so."""
    out = tmp_path / "run.zip"
    passwords = ("from-the-start", "on-the-page", "in-a-step", "never-armed")
    start, page, step, never = passwords
    asked = f"/cdrapi?x={'&x='.join(passwords)}"
    day = f"""\
name: day
title: A day
story: The password becomes {step}.
correct: Tells nobody.
pbx: {{faults: [{{fault: api.credentials, password: {start}, times: 1}}]}}
steps:
  - {{name: it is {step}, arm: {{fault: api.credentials, password: {step}, times: 1}}}}
  - {{after: {{request: {{}}}}, api: {{tls_authentication_password: {page}}}}}
  - {{after: {{request: {{status: 418}}}}, limit: 0, arm: {{fault: api.credentials, password: {never}}}}}
expect:
  - {{name: asked, says: Something is asked., requests: {{at_least: 1}}}}
"""
    run = Run(ucm_fleet, tmp_path, "--report", out, "--patience", "60", day=day)
    place = run.place()
    while run.process.poll() is None:
        with suppress(OSError):  # the PBX goes at the end, and its CA
            requests.get(f"{place['UCM_URL']}{asked}", verify=place["UCM_CA"], timeout=20)
    run.end(1)
    with ZipFile(out) as found:
        files = {name: found.read(name).decode() for name in found.namelist()}
    assert "x=***" in files["day/journal.jsonl"]
    assert [(name, one) for name, text in files.items() for one in passwords if one in text] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_wait(ucm_fleet: UcmFleet, tmp_path: Path, number: signal.Signals) -> None:
    """What came by then is judged, and the PBX is gone."""
    run = Run(ucm_fleet, tmp_path, "--patience", "600")
    run.place()
    assert run.process.stderr is not None
    assert any("expected at the end" in line for line in iter(run.process.stderr.readline, ""))
    run.process.send_signal(number)
    told, _ = run.end(1)
    assert (
        "scenario day: 1 of 2 failed, 1 not judged\n  FAILED  nothing-lost: It is collected. -- 1 of 1 CDRs never went out whole"
        in told
    )
    assert "not judged  kept-once: It is kept once. -- the client has not said what it kept: name the file" in told
    assert "day" not in ucm_fleet.control.status().pbxs


def test_a_terminal_that_is_closed_ends_the_wait(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """What came by then is judged and kept, though nobody can be told of it any more."""
    out, (terminal, its) = tmp_path / "run.zip", pty.openpty()
    (tmp_path / "day.yaml").write_text(DAY)
    where = ("--url", ucm_fleet.control.url, "--token", ucm_fleet.control.token)
    command = [
        sys.executable,
        "-m",
        "ucmsim",
        "scenario",
        "run",
        "day.yaml",
        *where,
        "--patience",
        "600",
        "--report",
        str(out),
    ]
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, cwd=tmp_path, start_new_session=True)
    os.close(its)
    seen = b""
    while b"expected at the end" not in seen:
        seen += os.read(terminal, 4096)
    os.close(terminal)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 1
    with ZipFile(out) as found:
        assert json.loads(found.read("outcome.json"))["verdict"] == "1 of 2 failed, 1 not judged"
    assert "day" not in ucm_fleet.control.status().pbxs


def test_variables_that_cannot_be_written_are_not_blamed_on_the_output(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """The sentence names the file, and nothing stays."""
    (tmp_path / "day.yaml").write_text(DAY)
    where = ("--url", ucm_fleet.control.url, "--token", ucm_fleet.control.token, "--env", str(tmp_path / "env"))
    words = [sys.executable, "-m", "ucmsim", "scenario", "run", str(tmp_path / "day.yaml"), *where]
    unmeasured = {
        name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")
    }  # which writes too
    limited = ["prlimit", "--fsize=0", *words]
    ran = subprocess.run(limited, capture_output=True, text=True, timeout=60, env=unmeasured)
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (1, f"{tmp_path / 'env'} cannot be written: File too large")
    assert "day" not in ucm_fleet.control.status().pbxs


def test_ctrl_c_is_no_fault_of_the_client(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """What was not waited for to its end is told as that."""
    day = """\
name: day
title: A day
story: x
correct: y
steps: [{name: it asks, after: {request: {status: 200}}}]
expect: [{name: asked, says: Something is asked., requests: {at_least: 1}}]
"""
    run = Run(ucm_fleet, tmp_path, "--patience", "600", day=day)
    run.place()
    assert run.process.stderr is not None
    assert any("waits: it asks" in line for line in iter(run.process.stderr.readline, ""))
    run.process.send_signal(signal.SIGINT)
    told, _ = run.end(1)
    assert re.search(r"FAILED  step 1: it asks -- you stopped it, \d+ s before its time$", told, re.MULTILINE)


@pytest.mark.ucmsim(history={"days": 0})
def test_one_is_played_on_a_pbx_that_is_there(ucm_fleet: UcmFleet, ucm: Ucm, tmp_path: Path) -> None:
    """It stays, and its password is not told. What was not judged for want of --kept is not passed, nor waited for."""
    run = Run(ucm_fleet, tmp_path, "--pbx", ucm.name, "--patience", "600")
    assert "UCM_PASSWORD" not in run.place()
    collector = Collector(ucm)
    while run.process.poll() is None:
        collector.poll()
    told, said = run.end(1)
    assert said.endswith(
        f"PBX {ucm.name} keeps the clock and the calls of the day: 'ucmsim ctl reset' lets it begin anew with its own clock and history\n"
    )
    assert "scenario day: 1 of 2 passed, 1 not judged" in told
    assert "password  (as the PBX is configured)" in told
    assert ucm.name in ucm_fleet.control.status().pbxs


def test_nothing_stays_of_steps_that_were_not_done(ucm: Ucm, tmp_path: Path) -> None:
    """The PBX keeps its clock where the step that moves it never came."""
    day = tmp_path / "day.yaml"
    day.write_text(DAY.replace("  - place", "  - {limit: 0, after: {rows: 600}}\n  - place"))
    here = ("--url", ucm.control.url, "--token", ucm.control.token)
    assert "keeps the" not in ran("run", day, *here, "--pbx", ucm.name, code=1).stderr


def test_its_own_pbx_has_a_name_that_is_free(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """With a number, also where another takes the name after everybody has looked."""

    class Overtaken(ControlClient):
        def create_pbx(self, name: str, settings: Mapping[str, Any]) -> Pbx:
            with suppress(ControlError):
                here.create_pbx("day", settings)
            return super().create_pbx(name, settings)

    here = ucm_fleet.control
    scenario, remote = load(DAY, tmp_path / "day.yaml"), Remote.at(here.url, tmp_path)
    with stage(Overtaken(here.url, here.token), remote, scenario, None, {}, say=pytest.fail) as place:
        here.delete_pbx("day")
        assert place.name == "day-2"
        assert "day-2" in here.status().pbxs
    assert "day-2" not in here.status().pbxs


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ControlNotFound(404, "not-found", "there is no PBX 'day'", None), []),
        (
            ControlTimeout("no answer within 60 s"),
            ["PBX day could not be removed: no answer within 60 s; see 'ucmsim ctl pbxs delete day'"],
        ),
    ],
    ids=["gone", "late"],
)
def test_its_own_pbx_that_cannot_be_removed_costs_no_verdict(
    ucm_fleet: UcmFleet, tmp_path: Path, wrong: ControlError, said: list[str]
) -> None:
    """What came of the day is told all the same; that the PBX stays is said, unless it was gone already."""

    class Reluctant(ControlClient):
        def delete_pbx(self, pbx: str) -> None:
            super().delete_pbx(pbx)
            raise wrong

    here, told = ucm_fleet.control, list[str]()
    scenario, remote = load(DAY, tmp_path / "day.yaml"), Remote.at(here.url, tmp_path)
    with stage(Reluctant(here.url, here.token), remote, scenario, None, {}, say=told.append):
        pass
    assert told == said


def test_the_evidence_is_a_zip(tmp_path: Path) -> None:
    """Its file is called so, as that of a report."""
    out = tmp_path / "run.txt"
    said = ran("run", "late-rows", "--url", "http://127.0.0.1:9", "--token", "x", "--report", out, code=2).stderr
    assert said.endswith(f"the suffix of {out} is not that of a zip; let it be .zip\n")


def test_names_are_completed() -> None:
    """A shell offers those that begin like what is typed."""
    completed = [
        one.value for one in ShellComplete(main, {}, "ucmsim", "_X").get_completions(["scenario", "show"], "re")
    ]
    assert completed == ["recording-missing", "restart-in-mid-paging"]
