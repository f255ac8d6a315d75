"""`ucmsim report`: what is in its zip, what it finds of good and bad collectors, and that no secret gets into it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import pytest
import requests
import urllib3
from click.testing import CliRunner

from tests.controlling import Control, api
from ucmsim.cli import main
from ucmsim.client import ControlClient
from ucmsim.pytest_plugin import Ucm, UcmFleet
from ucmsim.report.bundle import bundle
from ucmsim.report.findings import findings
from ucmsim.report.scrubbing import Scrubber
from ucmsim.report.summary import MOST, MOST_KINDS, OTHERS, Summary
from ucmsim.scenarios.judging import Finding
from ucmsim.scenarios.language import Expectation, Scenario
from ucmsim.scenarios.outcome import Outcome, StepDone
from ucmsim.secrecy import HIDDEN

EMPTY: dict[str, Any] = {
    "personality": "ucm6510",
    "clock": {"start": "2026-03-02T14:00:00Z", "rate": 0},
    "history": {"days": 0},
    "time_zone": "UTC",
    "tls_names": ["localhost"],
    "api": {"tls_authentication_name": None},
}


def report(fleet: UcmFleet, out: Path, *more: str) -> tuple[int, str]:
    """Make a report; return the exit code and what was printed."""
    control = fleet.control
    words = ["report", "--out", str(out), "--url", control.url, "--token", control.token, *more]
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


def test_a_zip_is_called_so(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """Whoever names a text or a page would open it as that; nothing is written."""
    for name in ("r.txt", "report.html", "run"):
        code, said = report(ucm_fleet, tmp_path / name)
        assert code == 2
        assert said.endswith(f"the suffix of {tmp_path / name} is not that of a zip; let it be .zip\n")
    assert list(tmp_path.iterdir()) == []


def members(out: Path) -> dict[str, str]:
    with ZipFile(out) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def get(ucm: Ucm, target: str, **how: Any) -> requests.Response:
    return requests.get(f"{ucm.url}{target}", verify=str(ucm.ca), timeout=20, **how)


def outcome(*why: str) -> dict[str, Any]:
    """Return the account of a scenario whose expectations failed, each for one of the reasons *why*, and one that passed."""
    found = [Finding(f"bad-{at}", "It is right.", passed=False, why=reason) for at, reason in enumerate(why)]
    played = Scenario(
        name="day", title="A <b>day</b>", story=f"It rains. {' '.join(why)}", correct="Takes an umbrella.",
        expect=(Expectation(name="dry", says="It is dry.", verified=True),),
    )  # fmt: skip
    good, open_ = (
        Finding("good", "It is good.", passed=True),
        Finding("kept", "It is kept.", passed=None, why="not said"),
    )
    steps = (StepDone("noon", 1772550000.5, datetime(2026, 3, 3, 18, tzinfo=UTC)), StepDone("arm rain", 1772550001.25))
    return Outcome("day", (*found, good, open_), ("something was dropped",), steps).account(played)


def call(ucm: Ucm, count: int = 1, **how: Any) -> None:
    """Let extensions call somebody outside, each once."""
    made = {"shape": "answered", "to": "3125550123", "talk": 10, **how}
    ucm.place_calls([{**made, "from": str(1001 + at)} for at in range(count)])
    ucm.clock.advance(3600)


class Text(HTMLParser):
    """The visible text of a page, and what it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.loads += [str(value) for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words += data.split()

    def __str__(self) -> str:
        return " ".join(self.words)


# --- what is in it -------------------------------------------------------------------------------------------------


@pytest.mark.ucmsim(**EMPTY)
def test_zip_has_everything_that_happened(ucm: Ucm, ucm_fleet: UcmFleet, control: Control, tmp_path: Path) -> None:
    """Settings, the journal as it is, the ledger as it is, the figures, the versions, and the page."""
    call(ucm, 2)
    get(ucm, "/cdrapi?numRecords=1")
    out = tmp_path / "run.zip"

    code, printed = report(ucm_fleet, out, "--pbx", ucm.name)

    assert code == 0, printed
    found = members(out)
    names = ("journal.jsonl", "ledger.json", "settings.json")
    assert set(found) == {"report.html", "run.json", *(f"{ucm.name}/{name}" for name in names)}
    path = f"/v1/pbxs/{ucm.name}"
    events = control("GET", f"{path}/journal").json["items"]
    assert list(map(json.loads, found[f"{ucm.name}/journal.jsonl"].splitlines()))[: len(events)] == events
    assert json.loads(found[f"{ucm.name}/ledger.json"]) == control("GET", f"{path}/ledger").json["items"]
    assert json.loads(found[f"{ucm.name}/settings.json"])["settings"] == control("GET", path).json["settings"]
    run = json.loads(found["run.json"])
    assert set(run["versions"]) == {"ucmsim", "Python", "Twisted", "OpenSSL"}
    assert run["pbxs"][ucm.name]["calls"] == {"never": 1, "once": 1, "again": 0, "without_rows": 0}
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.ucmsim(**EMPTY)
def test_page_needs_nothing_else(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """The page is well-formed, loads nothing, has no script, and forbids itself both."""
    call(ucm)
    report(ucm_fleet, tmp_path / "run.zip", "--pbx", ucm.name)

    page = members(tmp_path / "run.zip")["report.html"]

    text = Text(page)
    assert (text.loads, text.open) == ([], [])
    assert "default-src 'none'" in page
    assert not re.search(r"<script|@import|url\(|https?://(?!127\.0\.0\.1)", page)
    assert "@page" in page
    assert "1 of 1 call was never delivered whole" in str(text)


@pytest.mark.ucmsim(**EMPTY)
def test_what_clients_sent_is_text_on_the_page(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """A User-Agent or a parameter with HTML in it is shown, and does nothing."""
    get(ucm, "/cdrapi?<b>x</b>=1", headers={"User-Agent": "<script>alert(1)</script>"})
    report(ucm_fleet, tmp_path / "run.zip", "--pbx", ucm.name)

    page = members(tmp_path / "run.zip")["report.html"]

    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.ucmsim(**EMPTY)
def test_figures_as_json(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """`--json` prints what is in run.json."""
    _, printed = report(ucm_fleet, tmp_path / "run.zip", "--pbx", ucm.name, "--json")

    told, kept = json.loads(printed), json.loads(members(tmp_path / "run.zip")["run.json"])
    assert told == kept
    assert told["findings"][0]["title"] == "No call has a CDR, so nothing could be delivered"


def test_failure_leaves_nothing(ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """A PBX that there is not, or a place that cannot be written to, is one sentence and exit code 1, and no half a file."""
    code, printed = report(ucm_fleet, tmp_path / "run.zip", "--pbx", "nobody")
    assert (code, list(tmp_path.iterdir())) == (1, [])
    assert "there is no PBX 'nobody'" in printed

    code, printed = report(ucm_fleet, tmp_path / "missing" / "run.zip")
    assert (code, "cannot be written: No such file or directory" in printed) == (1, True)


# --- what it finds -------------------------------------------------------------------------------------------------


@pytest.mark.ucmsim(**{**EMPTY, "recording": {"share": 1.0}})
def test_good_collector_has_a_good_report(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """Who reads every row, fetches every recording and refuses a bad certificate has nothing bad in the report.

    A message that no CDR names is told of, and not held against it.
    """
    call(ucm, 3, recorded=True)
    call(ucm, shape="voicemail", to="1040")
    for row in get(ucm, "/cdrapi?format=JSON").json()["cdr_root"]:
        for name in (row or {}).get("recordfiles", "").split("@")[:-1]:
            assert get(ucm, f"/recapi?filename={name}").status_code == 200
    with ucm.fault("tls.certificate", defect="expired"), pytest.raises(requests.exceptions.SSLError):
        get(ucm, "/cdrapi")

    _, printed = report(ucm_fleet, tmp_path / "run.zip", "--pbx", ucm.name, "--json")

    told = json.loads(printed)
    assert [one["title"] for one in told["findings"] if one["level"] == "bad"] == []
    assert told["good"] is True
    assert {one["title"] for one in told["findings"] if one["level"] == "good"} == {
        "All 4 calls were delivered whole at least once",
        "3 of 4 recordings were fetched whole; no CDR names the other",
        "A bad certificate was shown on 1 connection, and no request came over it",
        "Nothing careless was seen in what its clients sent",
    }
    assert "1 recording that no CDR names was not fetched" in [one["title"] for one in told["findings"]]
    page = str(Text(members(tmp_path / "run.zip")["report.html"]))
    assert "Nothing that was looked at went wrong" in page
    assert "voicemail/default/1040/INBOX/msg0000.wav : named by no CDR" in page
    assert "3 / 4 recordings fetched whole" in page


@pytest.mark.ucmsim(**{**EMPTY, "recording": {"share": 1.0}})
def test_bad_collector_has_it_told(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """Calls that were cut away, a recording of half, a bad certificate that was accepted: each with its figures."""
    call(ucm, 3, recorded=True)
    with ucm.fault("http.truncate", share=0.6, length="matching"):
        get(ucm, "/cdrapi?format=CSV")
    (first, *_) = control_files(ucm_fleet, ucm)
    with ucm.fault("http.truncate", share=0.5, length="matching"):
        get(ucm, f"/recapi?filename={first.removeprefix('monitor/')}")
    with ucm.fault("tls.certificate", defect="expired"), pytest.warns(urllib3.exceptions.InsecureRequestWarning):
        requests.get(f"{ucm.url}/cdrapi?numRecords=0", verify=False, timeout=20)

    code, printed = report(ucm_fleet, tmp_path / "run.zip", "--pbx", ucm.name)

    assert code == 0
    assert "bad   " in printed
    page = str(Text(members(tmp_path / "run.zip")["report.html"]))
    assert "3 findings need attention" in page
    assert re.search(r"[12] of 3 calls (was|were) never delivered whole", page)
    assert "3 of 3 recordings were not fetched whole" in page
    assert "1 of them came only in part" in page
    assert "1 request was sent in spite of a bad certificate" in page
    assert "never , though 1 page had it cut or altered" in page
    assert "expired accepted 1" in page
    assert "http-truncate http.truncate 2" in page


@pytest.mark.ucmsim(**{**EMPTY, "journal": {"entries": 4}})
def test_what_the_journal_dropped_is_not_known(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """A report on a journal that has dropped events is neither good nor bad where nothing bad is known, and says so everywhere."""
    for _ in range(8):
        get(ucm, "/cdrapi?numRecords=0")

    _, printed = report(ucm_fleet, tmp_path / "run.zip", "--pbx", ucm.name)

    found = members(tmp_path / "run.zip")
    told = json.loads(found["run.json"])
    events = told["pbxs"][ucm.name]["events"]
    assert (events["told"], told["good"]) == (4, None)
    assert events["dropped"] == json.loads(found[f"{ucm.name}/journal.jsonl"].splitlines()[-1])["id"] - 4 > 4
    assert [one["title"] for one in told["findings"] if one["level"] == "good"] == []
    text = str(Text(found["report.html"]))
    unknown = (
        f"Whether anything careless was sent is not known: {events['dropped']} events were dropped from the journal"
    )
    assert f"open  {ucm.name}: {unknown}" in printed
    assert unknown in text
    assert f"Nothing bad was found in what was kept, but {events['dropped']} events were dropped" in text
    assert "Marks: what was careless None in the events that were kept." in text


@pytest.mark.ucmsim(**{**EMPTY, "recording": {"share": 1.0}})
@pytest.mark.parametrize("kind", ["media.missing", "media.page", "media.empty"])
def test_recording_that_was_asked_for_in_vain(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path, kind: str) -> None:
    """A collector that asks, gets nothing of it and gives up is told so, and not that nobody asked."""
    call(ucm, recorded=True)
    (path,) = control_files(ucm_fleet, ucm)
    with ucm.fault(kind):
        get(ucm, f"/recapi?filename={path.removeprefix('monitor/')}")

    report(ucm_fleet, tmp_path / "run.zip", "--pbx", ucm.name)

    found = members(tmp_path / "run.zip")
    told = json.loads(found["run.json"])
    assert told["pbxs"][ucm.name]["recordings"] == {"whole": 0, "cut": 0, "vain": 1, "never": 0, "unnamed": 0}
    (one,) = [one for one in told["findings"] if "recording" in one["title"]]
    assert (one["level"], one["title"], one["more"]) == (
        "bad", "1 of 1 recording was not fetched whole", "it was asked for in vain",
    )  # fmt: skip
    assert f"{path} : asked for in vain" in str(Text(found["report.html"]))


@pytest.mark.ucmsim(**{**EMPTY, "journal": {"entries": 4}})
def test_marks_of_what_the_journal_dropped_stay_known(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """A request that came in spite of a bad certificate stays bad when its event is kept no more."""
    with ucm.identity("expired"), pytest.warns(urllib3.exceptions.InsecureRequestWarning):
        requests.get(f"{ucm.url}/cdrapi?numRecords=0", verify=False, timeout=20)
    for _ in range(8):
        get(ucm, "/cdrapi?numRecords=0")
    assert ucm.journal(mark="any") == []

    _, printed = report(ucm_fleet, tmp_path / "run.zip", "--pbx", ucm.name, "--json")

    told = json.loads(printed)
    assert (told["good"], told["pbxs"][ucm.name]["marks"]) == (False, {"unverified-certificate": 1})
    bad = [one["title"] for one in told["findings"] if one["level"] == "bad"]
    assert bad == ["1 request was sent in spite of a bad certificate"]


def control_files(fleet: UcmFleet, ucm: Ucm) -> list[str]:
    """Return the paths of the recordings of all calls."""
    return [file.path for one in fleet.control.ledger(ucm.name) for file in one.recordings]


@pytest.mark.ucmsim(**EMPTY)
def test_imported_rows_are_judged_too(control: Control, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """A report on an imported history says which rows were never delivered."""
    from tests.controlling import GUIDE

    pbx = control.create(api=api(), history=GUIDE).json
    requests.get(f"{pbx['url']}/cdrapi?numRecords=2", verify=pbx["ca"], timeout=20)

    report(ucm_fleet, tmp_path / "run.zip", "--pbx", pbx["name"])

    page = str(Text(members(tmp_path / "run.zip")["report.html"]))
    assert "1 of 3 calls was never delivered whole" in page
    assert "row 3 unknown 5300 5301 imported AcctId 64 never none" in page


def test_page_is_bounded() -> None:
    """Of very many calls those that matter most are kept and shown, and the others counted."""
    summary = Summary("hq")
    row = {"row": 1, "AcctId": "1", "deliveries": []}
    whole = {"exchange": 4, "wall": "", "peer": "", "whole": True}
    item = {
        "call": 1,
        "began": 0,
        "caller": "1",
        "dialled": "2",
        "shape": "answered",
        "kind": "Internal",
        "recordings": [],
    }
    for _ in range(3 * MOST):
        summary.call({**item, "rows": [{**row, "deliveries": [whole]}], "delivered": 1})
    for _ in range(7):
        summary.call({**item, "rows": [row], "delivered": 0})

    assert sum(map(len, summary.told.values())) == MOST + 7
    shown = list(summary.shown)
    assert (len(shown), [one.how for one in shown[:8]], summary.left_out) == (
        MOST,
        ["never"] * 7 + ["once"],
        2 * MOST + 7,
    )
    assert next(one.title for one in findings(summary)) == "7 of 1,507 calls were never delivered whole"


def test_what_has_another_name_each_time_is_counted_together() -> None:
    """The summary of a client that calls itself anew in each request does not grow without end."""
    summary = Summary("hq")
    event = {
        "kind": "exchange", "wall": "", "peer": "10.0.0.1", "refusal": None, "marks": [], "bytes": 0, "head_bytes": 0,
        "rows": None, "reply": {"status": 200},
    }  # fmt: skip
    for at in range(MOST_KINDS + 5):
        request = {"method": "GET", "target": "/cdrapi", "form": "", "headers": [["User-Agent", f"agent {at}"]]}
        named = {"request": request, "ended": f"after {at} bytes", "faults": [f"slow-{at}"], "kinds": ["http.latency"]}
        summary.event({**event, **named})
        summary.event({**event, **named, "request": {**request, "headers": [["User-Agent", "agent 0"]]}})

    assert summary.agents[0] == ("10.0.0.1", "agent 0", MOST_KINDS + 6)
    assert summary.agents[1] == (OTHERS, OTHERS, 5)
    assert (summary.ends[OTHERS], summary.faults[OTHERS, OTHERS]) == (10, 10)
    for counts in (summary.clients, summary.ends, summary.faults):
        assert (len(counts), counts.total()) == (MOST_KINDS + 1, 2 * (MOST_KINDS + 5))


@pytest.mark.ucmsim(**EMPTY)
def test_a_scenario_stands_at_the_top(ucm: Ucm, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """What was played, each expectation with its sentence, and when each step was done; a plain report has nothing of it."""
    client = ControlClient(ucm_fleet.control.url, ucm_fleet.control.token)
    told = outcome("3 of 4 were <i>wet</i>")

    bundle(client, [ucm.name], tmp_path / "run.zip", Scrubber(()), lambda items, *_: iter(items), outcome=told)
    report(ucm_fleet, tmp_path / "plain.zip", "--pbx", ucm.name)

    found, plain = members(tmp_path / "run.zip"), members(tmp_path / "plain.zip")
    assert json.loads(found["outcome.json"]) == told == {
        "scenario": "day", "title": "A <b>day</b>", "story": "It rains. 3 of 4 were <i>wet</i>", "correct": "Takes an umbrella.",
        "passed": False, "verdict": "1 of 3 failed, 1 not judged", "exit": 1,
        "findings": [
            {"name": "bad-0", "says": "It is right.", "passed": False, "why": "3 of 4 were <i>wet</i>"},
            {"name": "good", "says": "It is good.", "passed": True, "why": ""},
            {"name": "kept", "says": "It is kept.", "passed": None, "why": "not said"},
        ],
        "steps": [
            {"what": "noon", "wall": "2026-03-03T15:00:00.500+00:00", "pbx_clock": "2026-03-03T18:00:00+00:00"},
            {"what": "arm rain", "wall": "2026-03-03T15:00:01.250+00:00", "pbx_clock": None},
        ],
        "notes": ["something was dropped"],
    }  # fmt: skip
    text = Text(found["report.html"])
    assert (text.loads, text.open) == ([], [])
    assert (
        str(text)
        .partition("Scenario day: ")[2]
        .startswith(
            "1 of 3 failed, 1 not judged A <b>day</b>. It rains. 3 of 4 were <i>wet</i> A correct client: Takes an umbrella. "
            "failed bad-0: It is right. 3 of 4 were <i>wet</i> passed good: It is good. not judged kept: It is kept. not said "
            "Note: something was dropped. Exit code 1."
        )
    )
    assert "15:00:00.500 2026-03-03 18:00:00 noon 15:00:01.250 arm rain " in str(text)
    assert str(text).index("Scenario day") < str(text).index("This page holds")
    assert "outcome.json" in str(text)
    assert "outcome" not in plain["report.html"] + "".join(plain)


# --- secrets -------------------------------------------------------------------------------------------------------

SECRET = "s3cret/Passw0rd+Ö"
TOKEN = "tok-8f2e91c07b"
KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJ5cRzS9kx1qYz\n-----END PRIVATE KEY-----\n"


def encodings(secret: str) -> set[str]:
    """Return *secret* as it may be written, made without the product's own code."""
    data = secret.encode()
    return {
        secret, quote(secret), quote(secret, safe=""), "".join(f"%{one:02X}" for one in data), data.hex(), data.hex().upper(),
        *(b64encode(b"x" * at + data).decode()[4:-4] for at in range(3)),
    }  # fmt: skip


def test_planted_secrets_appear_nowhere(control: Control, ucm_fleet: UcmFleet, tmp_path: Path) -> None:
    """Password, control token and key material, planted wherever a client or a setting can have them, are in no member."""
    account = {"tls_authentication_name": "cdrapi", "tls_authentication_password": SECRET}
    fault = {"fault": "http.latency", "seconds": 0.0, "name": "harmless"}
    pbx = control.create(api=api(**account), faults=[fault]).json
    data = SECRET.encode()
    agents = [
        SECRET.encode().decode("latin-1"),
        data.hex(),
        b64encode(data).decode(),
        quote(SECRET),
        ucm_fleet.control.token,
    ]
    for agent in agents:
        for target, body in (
            (f"/cdrapi?password={quote(SECRET)}", None),
            (f"/cdrapi?caller={quote(SECRET, safe='')}", None),
            (f"/cdrapi?caller={data.hex()}", None),
            (f"/{b64encode(data).decode()}", None),
            ("/cdrapi", {"token": TOKEN, "comment": SECRET, "pass": b64encode(data).decode()}),
            ("/cdrapi", {"upload": KEY}),
            ("/cdrapi", {"upload": b64encode(KEY.encode()).decode()}),
            ("/cdrapi", {"upload": KEY.encode().hex()}),
        ):
            requests.request(
                "POST" if body else "GET", f"{pbx['url']}{target}", data=body, verify=pbx["ca"], timeout=20,
                headers={"User-Agent": agent}, auth=requests.auth.HTTPBasicAuth("cdrapi", data),
            )  # fmt: skip
            requests.get(
                f"{pbx['url']}{target}", verify=pbx["ca"], timeout=20,
                headers={"Authorization": f"Bearer {TOKEN}", "User-Agent": agent, "X-Api-Key": TOKEN},
            )  # fmt: skip

    code, printed = report(ucm_fleet, tmp_path / "run.zip", "--pbx", pbx["name"])
    of_scenario = tmp_path / "scenario.zip"
    client = ControlClient(ucm_fleet.control.url, ucm_fleet.control.token)
    secrets = [secret.encode() for secret in (SECRET, TOKEN, client.token)]
    why = [f"saw {form}" for of in secrets for form in (of.decode(), quote(of), of.hex(), b64encode(of).decode())] + [
        KEY
    ]
    scrubber = Scrubber((SECRET, TOKEN, client.token))
    bundle(client, [pbx["name"]], of_scenario, scrubber, lambda items, *_: iter(items), outcome=outcome(*why))

    assert code == 0, printed
    found = members(tmp_path / "run.zip") | {f"scenario {name}": it for name, it in members(of_scenario).items()}
    assert found["scenario outcome.json"].count(HIDDEN) >= len(why)
    assert len(json.loads(found["run.json"])["pbxs"][pbx["name"]]["requests"]) > 1
    for secret in (SECRET, TOKEN, ucm_fleet.control.token):
        for form in encodings(secret):
            assert [
                name for name, text in found.items() if form in text or form in text.encode().decode("unicode_escape")
            ] == []
    forms = ("PRIVATE", "MIGHAgEA", b"PRIVATE".hex(), b"MIGHAgEA".hex())
    assert [(name, form) for name, text in found.items() for form in forms if form in text] == []
    assert [name for name, text in found.items() if b64encode(KEY.encode()).decode()[8:24] in text] == []


def test_scrubber_hides_by_name_and_by_look() -> None:
    """A setting that is called a secret is hidden whatever it is, and whether it is set can be seen; elsewhere names tell nothing."""
    scrub = Scrubber(("opensesame", "abc"))

    assert scrub.settings({
        "password": "x", "tls_private_key": None, "token": "", "note": "say opensesame, abc", "deep": [{"apiKey": "y"}],
        "pem": "-----BEGIN RSA PRIVATE KEY-----", "url": "https://me:you@pbx/", "n": 5, "sort-key": "start",
    }) == {
        "password": HIDDEN, "tls_private_key": None, "token": "", "note": f"say {HIDDEN}, abc", "deep": [{"apiKey": HIDDEN}],
        "pem": HIDDEN, "url": f"https://{HIDDEN}@pbx/", "n": 5, "sort-key": "start",
    }  # fmt: skip
    assert scrub.value({"session": "1772460000-1001", "note": "opensesame"}) == {
        "session": "1772460000-1001",
        "note": HIDDEN,
    }


@pytest.mark.parametrize("secret", [SECRET, TOKEN, "123456"])
def test_scrubber_knows_all_that_a_secret_can_look_like(secret: str) -> None:
    """Percent signs, hexadecimal and base64, in any letter case and wherever in it the secret stands."""
    scrub = Scrubber((secret,))

    for form in (secret, quote(secret, safe=""), secret.encode().hex(), secret.encode().hex().upper()):
        assert scrub.text(f"x={form}&y") == f"x={HIDDEN}&y"
    for at in range(3):
        told = scrub.text(b64encode(b"x" * at + secret.encode() + b"and more").decode())
        assert HIDDEN in told
        assert [form for form in encodings(secret) if len(form) > 4 and form in told] == []


@pytest.mark.parametrize(
    "form", [
        "Gärtner-PLANT-77", "GÄRTNER-plant-77", "G%C3%A4rtner-PLANT-77", "G%C3%84rtner-PLANT-77", "g%c3%84RTNER-PLANT-77",
        "G%E4rtner-PLANT-77", "G%C4rtner-PLANT-77", "G\\xe4rtner-PLANT-77", "G\udce4rtner-PLANT-77", "Ga%CC%88rtner-PLANT-77",
        "G%C3%83%C2%A4rtner-PLANT-77", "".join(f"%{one:02X}" for one in "Gärtner-PLANT-77".encode("latin-1")),
    ],
)  # fmt: skip
def test_scrubber_knows_a_secret_in_any_charset_and_case(form: str) -> None:
    """Beyond ASCII too: in Latin-1, with capitals, with the accent apart."""
    assert Scrubber(("Gärtner-PLANT-77",)).text(f"x={form}&y") == f"x={HIDDEN}&y"


def test_scrubber_hides_a_short_secret_as_a_whole() -> None:
    """Below 4 characters it is hidden where it is all of a text, a value, or a segment of a path, and never in the name of one."""
    scrub = Scrubber(("Zqx", "id", "aä"))

    assert scrub.value({"id": 1, "target": "/backup/Zqx?a=Zqx&Zqx=b", "agent": "Zqx", "note": "a Zqx, grid", "x": "a%C3%A4"}) == {
        "id": 1, "target": f"/backup/{HIDDEN}?a={HIDDEN}&{HIDDEN}=b", "agent": HIDDEN, "note": "a Zqx, grid", "x": HIDDEN,
    }  # fmt: skip


@pytest.mark.parametrize("knows", [False, True])
def test_a_planted_password_beyond_ascii_appears_nowhere(
    control: Control, ucm_fleet: UcmFleet, tmp_path: Path, *, knows: bool
) -> None:
    """Nor one that is short, whether the report is told of the password or not."""
    for password, sent in (("Gärtner-PLANT-77", "G%E4rtner-PLANT-77"), ("Zqx", "Zqx")):
        pbx = control.create(api=api(tls_authentication_name="cdrapi", tls_authentication_password=password)).json
        for target in (f"/cdrapi?q={sent}", f"/backup/{sent}"):
            agent = password.encode("latin-1").decode("latin-1")
            requests.get(f"{pbx['url']}{target}", verify=pbx["ca"], timeout=20, headers={"User-Agent": agent})
        client = ControlClient(ucm_fleet.control.url, ucm_fleet.control.token)
        out = tmp_path / f"{len(password)}.zip"
        bundle(client, [pbx["name"]], out, Scrubber((password,) if knows else ()), lambda items, *_: iter(items))
        text = "\n".join(members(out).values())
        assert HIDDEN in text
        assert [part for part in ("PLANT", "Zqx") if part in text] == []


@pytest.mark.parametrize("told_by", ["option", "environment"])
def test_passwords_of_faults_and_of_a_ready_report_appear_nowhere(
    control: Control, ucm_fleet: UcmFleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    """A fault can make a password the right one for a while, and another PBX's stands in the ready report."""
    others, armed, configured = "another-PBX-has-it", "armed-for-a-while", "armed-from-the-start"
    fault = {"fault": "api.credentials", "username": "x", "password": configured}
    pbx = control.create(api=api(tls_authentication_name=None), faults=[fault]).json
    client, disarmed, late = ucm_fleet.control, "armed-and-disarmed", "sent-before-it-was-armed"

    def ask(secret: str) -> None:
        requests.get(f"{pbx['url']}/cdrapi?foo={secret}", verify=pbx["ca"], headers={"User-Agent": secret}, timeout=20)

    ask(late)
    for name, secret in (("a", armed), ("gone", disarmed), ("b", late)):
        client.arm_fault(pbx["name"], {"fault": "api.credentials", "name": name, "username": "x", "password": secret})
    client.disarm_fault(pbx["name"], "gone")
    for secret in (others, armed, configured, disarmed):
        ask(secret)
    secrets = (others, armed, configured, disarmed, late)
    ready = {"control": {"url": client.url, "token": client.token}, "pbxs": {"other": {"password": others}}}
    (tmp_path / "ready.json").write_text(json.dumps(ready))
    where = ["--ready-file", str(tmp_path / "ready.json")] if told_by == "option" else []
    if told_by == "environment":
        monkeypatch.setenv("UCMSIM_READY_FILE", str(tmp_path / "ready.json"))

    done = CliRunner().invoke(main, ["report", "--out", str(tmp_path / "run.zip"), "--pbx", pbx["name"], *where])

    assert done.exit_code == 0, done.output
    found = members(tmp_path / "run.zip")
    assert [(name, secret) for name, text in found.items() for secret in secrets if secret in text] == []
