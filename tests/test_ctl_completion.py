"""What a shell completes of `ucmsim`: words of tables, and names that the running service tells."""

from __future__ import annotations

import pytest

from tests import ctlcommand
from tests.controlling import Control
from tests.ctlcommand import completions, offered, said
from ucmsim.commands.whereabouts import TOKEN, URL

pbx, no_environment = ctlcommand.pbx, ctlcommand.no_environment  # fixtures


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
