"""What `ucmsim ctl` says on standard error, and the exit code of each: refused, asked wrongly, and nobody who answers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests import ctlcommand
from tests.controlling import Control
from tests.ctlcommand import run, said
from ucmsim.cli import main

pbx, no_environment = ctlcommand.pbx, ctlcommand.no_environment  # fixtures


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
        *(
            ((*words, "noon"), "'noon' is not an ISO instant")
            for words in (
                ("clock", "set"),
                ("calls", "list", "--since"),
                ("ledger", "--until"),
                ("journal", "--since"),
                ("calls", "place", "answered", "1001", "1002", "--at"),
            )
        ),
        (("identity", "set", "expired=1"), "'expired=1' is no defect; 'ucmsim show defects' has them"),
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


def test_who_takes_too_long_is_told_of_as_such(busy: int) -> None:
    """3 as well, but what was asked for may be done: how long is waited can be said before a command and behind it."""
    where = ["--url", f"http://127.0.0.1:{busy}", "--token", "x"]
    late = f"the control plane at http://127.0.0.1:{busy} has not answered within 0.2 seconds: "
    done = "what was asked of it may be done all the same, now or later, so look before you ask again; or "
    more = "allow it more time (--timeout SECONDS)"
    assert said(*where, "--timeout", "0.2", "status", code=3) == f"{late}{more}"
    assert said(*where, "--timeout", "60", "pbxs", "create", "hq", "--timeout", "0.2", code=3) == f"{late}{done}{more}"


def test_programs_are_told_why_not(pbx: str, control: Control) -> None:
    """With --json a refusal is the control plane's own error, on standard error; what was typed wrongly stays a sentence."""
    refused = run("pbxs", "create", pbx, "--json")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert json.loads(refused.stderr)["error"] == control("POST", "/v1/pbxs", {"name": pbx}).error
    several = run("pbxs", "patch", pbx, "seed=x", "history.days=-1", "--json")
    assert json.loads(several.stderr)["error"] == (
        control("PATCH", f"/v1/pbxs/{pbx}", {"seed": "x", "history": {"days": -1}}).error
    )
    nobody = run("--url", "http://127.0.0.1:1", "--token", "x", "--json", "status")
    assert (nobody.exit_code, json.loads(nobody.stderr)["error"]["code"]) == (3, "unreachable")
    wrong = run("pbxs", "create", "new", "--file", "nowhere.yaml", "--json")
    assert (wrong.exit_code, json.loads(wrong.stderr)["error"]) == (2, {
        "code": "invalid", "field": None,
        "message": "nowhere.yaml: it cannot be read: No such file or directory; name a file that is here, or - for standard input",
    })  # fmt: skip
    assert "Error: " in run("faults", "list", "--json", "--jsno").stderr


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
