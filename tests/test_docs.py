"""The documentation is true: tables equal the code, examples run, links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.controlling import Control
from tests.doc_tables import CONTROL, README, TABLES, WITH_TABLES, anchor, explained, headings, placed
from tests.makers import CLIENT, another_row, at, header, make_pbx, request
from tests.test_socketplane import HELLO
from ucmsim.asking.wishes import described_call, wished
from ucmsim.assembling.living import Living
from ucmsim.calls.shapes import SHAPES
from ucmsim.certificates.authority import self_signed
from ucmsim.cli import main
from ucmsim.configuration import read
from ucmsim.faults import Admission
from ucmsim.journal import Exchange, Opening
from ucmsim.journal.hello import offered
from ucmsim.journal.telling import parts
from ucmsim.personalities import MODELS
from ucmsim.register import BY_ID
from ucmsim.settings import load, load_pbx
from ucmsim.steps import finished
from ucmsim.store.accounts import Accounting
from ucmsim.store.history import History
from ucmsim.store.ledger import Sought
from ucmsim.store.records import Record, Recording
from ucmsim.testing import Ucm, UcmClock, UcmFault

ROOT = README.parent
PAGES = sorted(page for page in ROOT.rglob("*.md") if not {".venv", "node_modules"} & set(page.parts))


def blocks(language: str, page: Path = README) -> list[str]:
    """Return the fenced blocks of *language* in *page*."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def test_tables_are_up_to_date() -> None:
    """Every table of the documentation is what the code says; `python tests/doc_tables.py` mends it."""
    texts = [page.read_text() for page in WITH_TABLES]
    named = [name for text in texts for name in re.findall(r"<!-- table: (\S+) -->", text)]
    assert sorted(named) == sorted(TABLES)
    assert [placed(text) for text in texts] == texts


def test_make_tells_what_it_makes() -> None:
    """`make` alone and `make help` have a line for each target that is no file, and what it is for."""
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    help_, alone = (
        subprocess.run(["make", "-s", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for words in (["help"], [])
    )
    assert help_ == alone
    told = [line.split(maxsplit=1) for line in help_.splitlines()]
    assert sorted(name for name, _ in told) == sorted(phony.split())
    assert all(said for _, said in told)


def test_a_drifted_table_is_found() -> None:
    """The check can fail: a row that is not the code's is put right."""
    drifted = (ROOT / "docs" / "defects.md").read_text().replace("| `expired` | refuse |", "| `expired` | accept |")
    assert placed(drifted) != drifted


def test_configurations_are_good(tmp_path: Path) -> None:
    """Every configuration of the documentation passes the checks, its faults among them."""
    texts = [*blocks("yaml"), *blocks("yaml", CONTROL), *blocks("yaml", ROOT / "docs" / "traffic.md")]
    assert len(texts) == 7
    mine = self_signed(("pbx.example.com",), datetime.now(UTC))
    (tmp_path / "pbx.key").write_bytes(mine.key_pem)
    (tmp_path / "pbx.pem").write_bytes(mine.certificate_pem)
    for text in texts:
        (tmp_path / "sim.yaml").write_text(text)
        assert read(tmp_path / "sim.yaml").pbxs


def told_of_ucm() -> set[str]:
    """Return the attributes of `ucm` that the README's table names, those of the clock behind their dot."""
    part = README.read_text().partition("| `ucm.` | is |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([a-z_.]+)", cell)}


def public(kind: type) -> set[str]:
    """Return the names of *kind* that its users may use, the fields of a dataclass among them."""
    return {name for name in dir(kind) if not name.startswith("_")}


def test_all_of_a_ucm_is_told() -> None:
    """The README's table has each attribute of `Ucm`, of its clock and of a fault, and no other."""
    clock = {f"clock.{name}" for name in public(UcmClock)}
    assert told_of_ucm() == (public(Ucm) - {"clock"}) | clock
    text = README.read_text()
    assert all(f"`{name}" in text for name in public(UcmFault) - {"name"})


def test_python_examples_pass(pytester: pytest.Pytester) -> None:
    """The README's test files pass as they stand."""
    billing, asynchronous, yesterday = (block for block in blocks("python") if "def test_" in block)
    pytester.makepyfile(test_billing=billing, test_asynchronous=asynchronous, test_yesterday=yesterday)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=8)


def test_what_readers_look_for_has_a_heading() -> None:
    """In the README, whose table of contents is made of its headings."""
    looked_for = {"From another machine", "Your own certificate", "Async tests", "A thousand calls yesterday"}
    assert looked_for <= {words for _, words in headings(README.read_text())}


def program(control: Control, text: str, tmp_path: Path) -> list[str]:
    """Return what a *text* of Python prints that talks to the control plane of the documentation, which has one PBX, hq."""
    control.create("hq", personality="ucm6510", time_zone="UTC")
    (tmp_path / "ucmsim-state").mkdir()
    (tmp_path / "ucmsim-state" / "control-token").write_text(control.client.token + "\n")
    words = [sys.executable, "-W", "error", "-c", text.replace("http://127.0.0.1:8444", control.client.url)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    finally:
        control("DELETE", "/v1/pbxs/hq")
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_client_example_runs(control: Control, tmp_path: Path) -> None:
    """docs/control-plane.md drives a PBX from Python, and prints what happened."""
    (text,) = (block for block in blocks("python", CONTROL) if "import ControlClient" in block)
    first, refused = program(control, text, tmp_path)
    assert first == "1001 3125550123 ['1']"
    assert refused == "404 not-found PBX 'hq': no fault 'http-latency-2' is armed; did you mean 'http-latency'?"


def test_the_twisted_example_runs(control: Control, tmp_path: Path) -> None:
    """docs/control-plane.md does so from a Twisted program."""
    (text,) = (block for block in blocks("python", CONTROL) if "TreqControlClient" in block)
    assert program(control, text, tmp_path) == ["api.deny 192.0.2.0/24 ['api-deny']"]


def test_the_commands_that_are_shown_print_what_is_shown(
    control: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README drives a PBX from the command line."""
    (shown,) = (block for block in blocks("console") if "$ ucmsim ctl faults " in block)
    (tmp_path / "ready.json").write_text(
        json.dumps({"control": {"url": control.client.url, "token": control.client.token}})
    )
    monkeypatch.setenv("UCMSIM_READY_FILE", str(tmp_path / "ready.json"))
    clock = {"start": "2026-07-01T12:00:00Z", "rate": 0}
    control.create("hq", personality="ucm6510", time_zone="UTC", clock=clock)
    try:
        for step in shown.split("$ ucmsim ")[1:]:
            line, _, printed = step.partition("\n")
            words, _, filtered = line.partition(" | jq -r .")
            # Other tests may have left PBXs behind.
            only = ["--pbx", "hq"] if shlex.split(words)[1] in ("faults", "clock", "calls") else []
            found = CliRunner().invoke(main, [*shlex.split(words), *only])
            assert found.exit_code == 0, found.stderr
            assert (json.loads(found.stdout)[filtered] + "\n" if filtered else found.stdout) == printed
    finally:
        control("DELETE", "/v1/pbxs/hq")


def test_a_thousand_calls_are_placed_from_the_command_line(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the README types lets them happen on the day before."""
    (typed,) = (block for block in blocks("console") if "--count 1000" in block)
    (day,) = re.findall("clock set (.*)", typed)
    monkeypatch.setenv("UCMSIM_CONTROL_URL", control.client.url)
    monkeypatch.setenv("UCMSIM_CONTROL_TOKEN", control.client.token)
    today = datetime.fromisoformat(day) + timedelta(days=1)
    control.create(name := control.name(), history={"days": 0}, clock={"start": today.isoformat(), "rate": 60})
    for line in typed.splitlines():
        done = CliRunner().invoke(main, [*shlex.split(line.removeprefix("$ ucmsim ")), "--pbx", name])
        assert done.exit_code == 0, done.output
    assert control.client.clock(name).now == today
    calls = control.client.calls(name)
    assert [call.began // 1_000_000 for call in calls] == [
        int(today.timestamp()) - 86_400 + 60 * at for at in range(1000)
    ]
    control("DELETE", f"/v1/pbxs/{name}")


def test_sentences_of_the_check_are_real() -> None:
    """The errors that the README shows are those that `ucmsim check` prints."""
    from ucmsim.errors import ConfigurationError

    shown = next(block for block in blocks("console") if "to mend" in block)
    text = "\n\n\npbxs:\n  hq:\n    personality: ucm6501\n\n    api:\n      enable: true\n\n"
    text += "      tls_authentication_name: 0123\n"
    with pytest.raises(ConfigurationError) as error:
        load(text, Path("sim.yaml"), "sim.yaml")
    assert str(error.value) in shown


def test_ten_quirks_are_explained() -> None:
    """The README explains ten behaviours that matter to a billing client, and all of them are rows of the register."""
    lines = explained()
    assert len(lines) == 10
    assert {name for names in lines for name in names} <= set(BY_ID)


def test_the_register_stars_what_the_readme_explains() -> None:
    """In docs/quirks.md these rows have a star, no other has, and the page says what it means."""
    page = (ROOT / "docs" / "quirks.md").read_text()
    assert set(re.findall(r"^\| `([a-z0-9-]+)` ★ \|", page, re.MULTILINE)) == {
        name for names in explained() for name in names
    }
    assert "**★** marks" in page.partition("<!-- table: quirks -->")[0]


def test_what_is_asked_of_recapi_is_answered() -> None:
    """Each request of the README's example gets what stands beside it."""
    pbx = make_pbx()
    paths = ("monitor/auto-1662033601-1001-5550123.wav", "monitor/2022-09/auto-1.wav", "monitor/auto-2.wav")
    names = [path.rpartition("/")[::2] for path in paths]
    made = [Recording(directory, name, 1662033601, samples=8000) for directory, name in names]
    pbx.history.keep([Record(another_row(), made)])
    (example,) = [block for block in blocks("console") if block.startswith("/recapi")]
    replies = [pbx.answer(request(line.split()[0]), at()) for line in example.splitlines()]
    assert [header(reply, "Content-type") for reply in replies] == [
        "text/csv", "text/csv", "audio/x-wav", "application/x-tar",
    ]  # fmt: skip
    assert b"monitor/2022-09,auto-1.wav\n" in replies[1].body


def test_the_fault_that_is_shown_is_what_is_told_of_it() -> None:
    """docs/control-plane.md arms a fault and shows all that the control plane answers."""
    (shown,) = (block for block in blocks("console", CONTROL) if "/v1/pbxs/hq/faults" in block)
    body = re.findall(r"-d '(.*)'", shown)[0]
    assert (
        json.loads(shown[shown.index('{"name"') :]) == make_pbx().faults.arm(json.loads(body), 1772460000.0).as_json()
    )


def test_the_call_that_is_shown_is_what_is_told_of_it() -> None:
    """docs/control-plane.md places a call at noon and shows what is told of it when it is over, and what the ledger has while nobody asked."""
    placed, shown = (block for block in blocks("console", CONTROL) if "/v1/pbxs/hq/calls" in block)
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    settings = load_pbx({"personality": "ucm6510", "time_zone": "UTC", "history": {"days": 0}}, Path())
    history = History.open(Path(":memory:"), durable=False)
    living = Living("hq", settings, history, seed=1, since=noon)
    body = re.findall(r"-d '(.*)'", placed)[0]
    answer = next(line for line in placed.splitlines() if line.startswith('{"shape"'))
    story = living.place(wished(json.loads(body), noon))
    assert json.loads(answer) == described_call(*finished(living.foretold([story])))
    living.happen(noon + timedelta(hours=1))
    items, after = history.ledger.page(Sought())
    assert json.loads(shown[shown.index("{") :]) == {"items": [one.as_json() for one in items], "next": after}
    (never,) = (block for block in blocks("console", CONTROL) if "/ledger?delivered=never" in block)
    accounts = Accounting(history, Sought(), "never")
    told = {"items": [one.as_json() for one in accounts.whole()], "next": accounts.next}
    assert json.loads(never[never.index('{"items"') :]) == told
    history.close()


def test_what_is_shown_of_a_shape_is_printed() -> None:
    """The README's lines of a shape are the first ones of the command."""
    (example,) = [block for block in blocks("console") if block.startswith("$ ucmsim show shapes")]
    command, *shown = example.splitlines()
    printed = CliRunner().invoke(main, command.split()[2:]).stdout.splitlines()
    assert printed[: len(shown)] == shown
    assert len(SHAPES) == 38  # thirty-eight, in words


def test_models_are_in_the_readme() -> None:
    """The README says which models each family stands for."""
    text = " ".join(README.read_text().split())
    for family, models in MODELS.items():
        *most, last = map(str.upper, models)
        assert f"`{family}` are {', '.join(most)} and {last}" in text


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """A relative link names a file of the repository, and behind a # one of its headings."""
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()) if "://" not in link]
    assert not [link for link in links if not leads(page, link)]


def leads(page: Path, link: str) -> bool:
    """Return whether a *link* of *page* leads somewhere."""
    file, _, part = link.partition("#")
    there = page.parent / file if file else page
    return there.exists() and (not part or part in [anchor(words) for _, words in headings(there.read_text())])


def test_a_link_that_leads_nowhere_is_found() -> None:
    """The check can fail: at a file, at a heading of another page, and at one of its own."""
    links = ("docs/none.md", "docs/control-plane.md#none", "#none", "docs/control-plane.md#the-pbx-clock", "#bad-days")
    assert [leads(README, link) for link in links] == [False, False, False, True, True]


def test_architecture_names_every_module() -> None:
    """The layer table of docs/architecture.md has every module, in the layer that the test of layers asserts."""
    from tests.test_layers import LAYERS

    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = dict(re.findall(r"^\| (\S+) [^|]*\| ([^|]*) \|", text, re.MULTILINE))
    for layer, names in LAYERS.items():
        assert sorted(name.strip("`/") for name in rows[layer].split()) == sorted(names)


def test_contributing_names_every_dependency() -> None:
    """CONTRIBUTING says of each dependency what it is for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    text = (ROOT / "CONTRIBUTING.md").read_text()
    groups = project["dependency-groups"].values()
    wanted = [*project["project"]["dependencies"], *(name for group in groups for name in group)]
    names = [re.match(r"[A-Za-z0-9_-]+", requirement)[0] for requirement in wanted]  # type: ignore[index]
    assert not [name for name in names if name.lower() not in text.lower()]


def test_the_picture_of_a_week_is_drawn_from_what_is_made_up() -> None:
    """`python docs/week.py` draws it anew."""
    spec = spec_from_file_location("week", ROOT / "docs" / "week.py")
    assert spec is not None
    assert spec.loader is not None
    week = module_from_spec(spec)
    spec.loader.exec_module(week)
    counts = week.hours()
    assert len(counts) == 168
    assert sum(sum(count.values()) for count in counts) > 1000
    assert week.PICTURE.read_text("utf-8") == week.drawn(counts)


def events() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a connection and the exchange of a mistyped parameter on it."""
    pbx = make_pbx()
    visit = pbx.arrived(CLIENT, 51236, Admission(), at().wall)
    asked = request("/cdrapi?caler=5300")
    reply = pbx.answer(asked, at())
    one = Exchange(
        pbx.name, CLIENT, "GET", asked.target, reply.status, reply.rows, 302, 0.0012, reply.note, began=at(),
        refusal=reply.refusal,
    )  # fmt: skip
    pbx.record(one, asked, visit)
    visit.offered = offered(HELLO)
    pbx.left(visit, at(1).wall)
    exchange, connection = pbx.journal.entries()
    return connection, exchange


def test_the_fields_of_events_are_explained() -> None:
    """docs/journal.md has every field, and no other, for the kind of event that has it."""
    text = (ROOT / "docs" / "journal.md").read_text().partition("## What an event has")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \| (\w+) \| (.*) \|$", text, re.MULTILINE)
    port = Opening(True, "127.0.0.1:8443", ("refuse",)).as_entry("hq", at())
    of_each = {"connection": ("all", "both"), "exchange": ("all", "both"), "listening": ("all",)}
    for (kind, common), event in zip(of_each.items(), (*events(), port), strict=True):
        explained = {name for names, of, _ in rows if of in (*common, kind) for name in re.findall(r"`(\w+)`", names)}
        assert explained == set(event) - {"id"}
    told = {names.strip("`"): set(re.findall(r"`(\w+)`", said)) for names, _, said in rows}
    connection, exchange = events()
    assert told["request"] == set(exchange["request"])
    assert told["reply"] == set(exchange["reply"])
    assert told["tls"] == set(connection["tls"]) | set(connection["tls"]["offered"])
    assert set(exchange["refusal"]) <= told["refusal"]


@pytest.mark.parametrize("page", [README, ROOT / "docs" / "journal.md"])
def test_a_line_of_the_journal_is_what_the_command_prints(page: Path) -> None:
    """But for the time of day it is the same text."""
    (example,) = [block for block in blocks("console", page) if block.startswith("$ ucmsim journal")]
    line = "  ".join(text for _, text in parts(events()[1])[1:])
    assert [shown for shown in example.splitlines() if shown.endswith(f"Z  {line}")]
