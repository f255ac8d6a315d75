"""`ucmsim ctl calls place`: one call, one many times, those of a file; all that the control plane can be asked of a call."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.controlling import Control
from ucmsim.asking.wishes import KEYS
from ucmsim.cli import main
from ucmsim.commands.ctl.calls import calls
from ucmsim.commands.whereabouts import TOKEN, URL

MADE = "2026-03-02T14:00:00Z"
ENDED = "2026-03-02T14:01:05+00:00"


@pytest.fixture
def pbx(control: Control, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a PBX whose clock stands still, and whose control plane the environment tells of."""
    monkeypatch.setenv(URL, control.client.url)
    monkeypatch.setenv(TOKEN, control.client.token)
    created = control.create(
        clock={"start": MADE, "rate": 0}, trunks=[{"name": "a", "channels": 2}, {"name": "b", "channels": 2}]
    )
    return str(created.json["name"])


def place(pbx: str, *words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["ctl", "calls", "place", "-p", pbx, *words], input=stdin)


def placed(pbx: str, *words: str, stdin: str | None = None) -> Any:
    """Return what is told of calls that are placed, as JSON."""
    result = place(pbx, *words, "--json", stdin=stdin)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return json.loads(result.stdout)


def refused(pbx: str, *words: str, code: int, stdin: str | None = None) -> str:
    """Return why no call is placed."""
    result = place(pbx, *words, stdin=stdin)
    assert (result.exit_code, result.stdout) == (code, "")
    return result.stderr


def ledger(pbx: str) -> list[Any]:
    """Return the calls that are over when half a day has passed."""
    assert CliRunner().invoke(main, ["ctl", "clock", "advance", "-p", pbx, "43200"]).exit_code == 0
    return list(json.loads(CliRunner().invoke(main, ["ctl", "ledger", "-p", pbx, "--json"]).stdout))


def test_all_that_can_be_asked_has_an_option() -> None:
    """Each key of the body is an argument or an option; the three that are none of these have names of their own."""
    own = {"caller": "from", "callee": "to"}
    said = {own.get(str(one.name), str(one.name)) for one in calls.commands["place"].params}
    assert set(KEYS) <= said
    assert said - set(KEYS) - {one.name for one in calls.params} == {"ami", "count", "every", "file"}


def test_one_call(pbx: str) -> None:
    """For people a sentence, for programs an object."""
    assert place(pbx, "answered", "1001", "1002", "--ring", "5", "--talk", "60").stdout == (
        f"call 1772460000000000 begins {MADE.replace('Z', '+00:00')}, ends {ENDED}, 1 row\n"
    )
    told = placed(pbx, "answered", "1003", "3125550123", "--trunk", "b", "--at", "2026-03-02T15:00:00Z")
    assert (told["shape"], told["kind"], told["begins"]) == ("answered", "Outbound", "2026-03-02T15:00:00+00:00")
    assert placed(pbx, "account-code", "1003", "3125550123", "--code", "4711")["shape"] == "account-code"
    assert placed(pbx, "ring-group", "1001", "6400", "--phones", "3")["shape"] == "ring-group"


@pytest.mark.parametrize(("word", "many"), [("--recorded", 1), ("--ami", 1), ("--talk=60", 0)])
def test_what_is_recorded(pbx: str, word: str, many: int) -> None:
    """By the unit, over AMI, or not at all."""
    placed(pbx, "answered", "1001", "1002", word)
    (call,) = ledger(pbx)
    assert len(call["recordings"]) == many
    if many:
        # A recording over AMI is named by the channel alone, and no row tells of it.
        (recording,) = call["recordings"]
        assert ("auto-" in recording["path"]) == (word == "--recorded")


def test_the_same_call_many_times(pbx: str) -> None:
    """All at once but for a microsecond each, or each so many seconds after the one before, from --at or from now on; told in a list."""
    told = placed(pbx, "answered", "1001", "1002", "--talk", "1", "--count", "3")
    assert [call["begins"][:19] for call in told] == ["2026-03-02T14:00:00"] * 3
    told = placed(pbx, "answered", "1001", "1002", "--talk", "1", "--count", "3", "--every", "90")
    assert [call["begins"][11:19] for call in told] == ["14:00:00", "14:01:30", "14:03:00"]
    at = ("--at", "2026-03-02T20:00:00+01:00")
    told = placed(pbx, "answered", "1001", "1002", "--talk", "1", "--count", "2", "--every", "0.5", *at)
    assert [call["begins"] for call in told] == ["2026-03-02T19:00:00+00:00", "2026-03-02T19:00:00.500000+00:00"]
    lines = place(pbx, "answered", "1001", "1002", "--talk", "1", "--count", "2").stdout.splitlines()
    assert [line.split(".")[0].split(" ", 2)[2] for line in lines] == ["begins 2026-03-02T14:00:00"] * 2
    told = placed(pbx, "answered", "1001", "1002", "--talk", "1", "--count", "2", "--every", "5", "--delay", "60")
    assert [call["begins"][11:19] for call in told] == ["14:01:00", "14:01:05"]
    assert placed(pbx, "answered", "1001", "1002", "--talk", "1", "--delay", "0.5")["begins"][11:21] == "14:00:00.5"
    assert len(ledger(pbx)) == 13


@pytest.mark.parametrize("every", [0.001, 10])
def test_calls_are_apart_while_the_clock_runs(control: Control, pbx: str, every: float) -> None:
    """They count from when they are placed: a clock that runs fast has gone on since anybody could read it."""
    assert control("PUT", f"/v1/pbxs/{pbx}/clock", {"rate": 1000}).status == 200
    told = placed(pbx, "answered", "1001", "1002", "--talk", "1", "--count", "3", "--every", str(every))
    begins = [datetime.fromisoformat(call["begins"]) for call in told]
    assert [later - one for one, later in pairwise(begins)] == [timedelta(seconds=every)] * 2


FILE = """
- {shape: answered, from: "1001", to: "1002", talk: 60, recorded: ami, at: 2026-03-02T16:00:00Z}
- shape: forward-busy
  from: "1003"
  to: "1004"
  target: "1005"
"""


def test_calls_of_a_file(pbx: str, tmp_path: Path) -> None:
    """In YAML or JSON, from a file or standard input, many or one; always told in a list."""
    (tmp_path / "calls.yaml").write_text(FILE)
    told = placed(pbx, "--file", str(tmp_path / "calls.yaml"))
    assert [(call["shape"], call["begins"]) for call in told] == [
        ("answered", "2026-03-02T16:00:00+00:00"), ("forward-busy", "2026-03-02T14:00:00+00:00"),
    ]  # fmt: skip
    one = {"shape": "answered", "from": "1001", "to": "1002"}
    assert [call["shape"] for call in placed(pbx, "-f", "-", stdin=json.dumps([one, one]))] == ["answered"] * 2
    assert [call["shape"] for call in placed(pbx, "-f", "-", stdin=json.dumps(one))] == ["answered"]


@pytest.mark.parametrize(
    ("words", "stdin", "code", "sentence"),
    [
        (("-f", "-"), "- 1", 2, "standard input:1: it is no list of calls; write such as '- {shape: answered, from:"),
        (("-f", "-"), "", 2, "standard input:1: it is no list of calls"),
        (("-f", "-"), "- [", 2, "standard input:1: this is not YAML"),
        (("-f", "none.yaml"), None, 2, "none.yaml: it cannot be read: "),
        (("-f", "-"), "[]", 1, "there is no call in the list; send one or more"),
        (("-f", "-"), FILE + "- {shape: answred, from: '1', to: '2'}", 1, "[2].shape: there is no shape 'answred'"),
        (("-f", "-"), "- {shape: answered, from: 1001, to: '1002'}", 1, "1001 is a number; quote it"),
        (("answered", "-f", "-"), FILE, 2, "leave out the other call, --count and --every"),
        (("-f", "-", "--count", "2"), FILE, 2, "leave out the other call, --count and --every"),
        (("answered", "1001"), None, 2, "a call needs TO, as in 'place answered 1001 1002'; or give --file"),
        ((), None, 2, "a call needs SHAPE, FROM, TO"),
        (("answered", "1001", "1002", "--every", "5"), None, 2, "--every is the time between the calls of --count"),
        (("answered", "1001", "1002", "--count", "0"), None, 2, "0 is not in the range"),
        (("answered", "1001", "1002", "--count", "2", "--every", "5", "--at", "noon"), None, 2, "'noon' is not an ISO"),
        (("answered", "1001", "1002", "--count", "2", "--at", "9999-12-31T23:59:59Z", "--every", "5"), None, 2, "9999"),
        (("answered", "1", "2", "--count", "9", "--at", "9999-12-29T00:00:00Z", "--every", "86400"), None, 2, "9999"),
        (("answered", "1", "2", "--at", MADE, "--delay", "5"), None, 1, "'delay' does not go with 'at'; keep one"),
        (("answered", "1", "2", "--delay", "-1"), None, 1, "'delay' is a number of seconds from 0 to 316224000, not -1"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly(
    pbx: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], stdin: str | None, code: int,
    sentence: str,
) -> None:  # fmt: skip
    """It is said with what would be right, 2 where nobody was asked and 1 where it was refused, and no call happens."""
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(pbx, *words, stdin=stdin, code=code)
    assert ledger(pbx) == []
