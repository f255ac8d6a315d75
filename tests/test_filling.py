"""An empty history is filled as the settings say; a filled one is left alone, with a warning where they differ."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.filled import fill
from ucmsim import regularfile
from ucmsim.assembling.filling import Filled, covering, import_file, made_up
from ucmsim.cdr.devicefile import BadLine, write
from ucmsim.columns import AT, COLUMNS, GENERATIONS, NAMES, Row, row
from ucmsim.errors import HistoryError
from ucmsim.personalities import personality
from ucmsim.quirks import ROWS, Quirk
from ucmsim.settings import load_pbx
from ucmsim.store.history import History
from ucmsim.store.records import Record, Recording
from ucmsim.store.schema import SCHEMA_VERSION

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Chicago")
FEW = {"days": 4, "calls_per_day": 20}
GUIDE = Path(__file__).parent.parent / "fixtures" / "guide-2013.csv"
CALL = dict.fromkeys(GENERATIONS["G1"].columns, "") | {"AcctId": "1", "duration": "7", "billsec": "5"}
GOOD = row({**CALL, "src": "1000", "start": "2013-11-27 11:02:38"})


def filled(kept: History, seed: int = 42, name: str = "hq", **settings: Any) -> Filled:
    """Fill *kept* for a PBX with *settings*."""
    return fill(kept, name, load_pbx({"history": FEW, **settings}, Path()), seed=seed, until=NOW)


def made(seed: int = 42, name: str = "hq", **settings: Any) -> list[Row]:
    """Return the made-up rows of a PBX with *settings*."""
    records = made_up(name, load_pbx({"history": FEW, **settings}, Path()), seed=seed, until=NOW)
    return [record.row for record in records]


def device_file(path: Path, form: str = "csv", rows: Iterable[Row] = (GOOD, GOOD)) -> Path:
    """Write *rows* as a device file."""
    path.write_text("".join(str(piece) for piece in write(form, GENERATIONS["G1"], rows)))
    return path


def bad_csv(path: Path, bad: int) -> Path:
    """Write a file with a good row in front of and behind so many bad ones."""
    header, line = device_file(path, rows=[GOOD]).read_text().splitlines(keepends=True)
    path.write_text(header + line + "1,2,3\n" * bad + line)
    return path


def test_empty_history_is_filled(history: History) -> None:
    """Days of calls are made up until the PBX clock's now, and the history remembers what it was made with."""
    done = filled(history, time_zone="Europe/Berlin")
    assert (done.rows, done.bad, done.warnings) == (len(history), [], [])
    assert done.rows >= 40
    assert max(kept[AT["start"]] for kept in history.rows()) < "2026-03-02 13:00:00"
    assert history.made_with() == {
        "seed": "42",
        "history": "4 days of 20 calls",
        "personality": "ucm6100-1.0.9",
        "time_zone": "Europe/Berlin",
        "extensions": "50 from 1000 on",
        "trunks": "carrier-a (12)",
        "traffic": "usual",
        "restarts": "none",
        "clock.corrections": "none",
        "recording": "1 of inbound, internal, outbound",
        "quirk columns": "personality",
        **{f"quirk {quirk.id}": str(quirk.default) for quirk in ROWS if quirk.switchable},
    }


def test_same_seed_same_calls() -> None:
    """Calls follow from seed, name and settings alone."""
    assert made() == made()
    assert made() != made(seed=43)
    assert made() != made(name="branch")


def test_what_is_filled_is_what_is_made_up(history: History) -> None:
    """The history holds the made-up rows in their order."""
    filled(history)
    assert list(history.rows()) == made()


@pytest.mark.quirk("acctid")
def test_row_ids_can_restart_with_the_month() -> None:
    """AcctId counts on, or restarts at 1 with each month, as the quirk says."""
    month = {"days": 40, "calls_per_day": 40}
    continuous = [int(call[0]) for call in made(history=month, quirks={"acctid": "continuous"})]
    monthly = [int(call[0]) for call in made(history=month, quirks={"acctid": "monthly"})]
    assert (continuous.count(1), monthly.count(1)) == (1, 3)


def test_no_days_is_an_empty_history(history: History) -> None:
    """Nothing is made up for no days, and the history is not filled later on."""
    assert filled(history, history={"days": 0}).rows == 0
    assert "history" in history.made_with()
    again = filled(history)
    assert (again.rows, len(history)) == (0, 0)
    assert again.warnings


def test_kept_history_is_reopened(history: History) -> None:
    """The same settings find the same history, and say nothing."""
    filled(history)
    before = list(history.rows())
    assert filled(history) == Filled()
    assert list(history.rows()) == before


@pytest.mark.parametrize(
    ("changed", "key", "then", "now"),
    [
        ({"seed": 7}, "seed", "42", "7"),
        ({"history": {"days": 3, "calls_per_day": 20}}, "history", "4 days of 20 calls", "3 days of 20 calls"),
        ({"history": {"import": str(GUIDE)}}, "history", "4 days of 20 calls", f"import of {GUIDE}"),
        ({"personality": "ucm6510"}, "personality", "ucm6100-1.0.9", "ucm6510-1.0.10"),
        ({"time_zone": "Europe/Berlin"}, "time_zone", "America/Chicago", "Europe/Berlin"),
        (
            {"recording": {"share": 0.25, "kinds": ["outbound"]}},
            "recording",
            "1 of inbound, internal, outbound",
            "0.25 of outbound",
        ),
        ({"traffic": {"talk": {"median": 30}}}, "traffic", "usual", '{"talk":{"median":30.0}}'),
        ({"recording": {"kinds": []}}, "recording", "1 of inbound, internal, outbound", "1 of no calls"),
        ({"quirks": {"congestion": "CONGESTION"}}, "quirk congestion", "FAILED", "CONGESTION"),
        ({"quirks": {"lastdata-limit": 80}}, "quirk lastdata-limit", "255", "80"),
        ({"quirks": {"recording-directory": "month"}}, "quirk recording-directory", "personality", "month"),
        ({"quirks": {"columns": "G3"}}, "quirk columns", "personality", "G3"),
    ],
)
def test_change_is_a_warning_that_quotes_both(
    history: History, changed: dict[str, Any], key: str, then: str, now: str
) -> None:
    """A kept history is never made anew; each difference to what it was made with is quoted."""
    rows = filled(history).rows
    done = filled(history, **changed)
    said = f"the kept history was made with {key} '{then}', and the configuration says '{now}'; a reset while it runs begins anew, and --fresh at the start"
    assert done.warnings == [said]
    assert (done.rows, len(history)) == (0, rows)


def test_every_change_is_a_warning(history: History) -> None:
    """Several differences are several warnings."""
    filled(history)
    warnings = filled(history, seed=7, time_zone="UTC", personality="ucm6200").warnings
    told = [warning.split(" with ")[1].split(" '")[0] for warning in warnings]
    assert told == ["seed", "personality", "time_zone"]


@pytest.mark.parametrize(
    "changed",
    [
        {"recording": {"share": 1, "kinds": ["outbound", "internal", "inbound", "outbound"]}},
        {"quirks": {"recording-directory": "flat", "columns": "G1", "congestion": "FAILED"}},
        {"quirks": {"order": "desc", "listing": "flat"}},
        {"traffic": {"talk": {"median": 90, "spread": 3}, "holidays": []}},
    ],
    ids=["another order of kinds", "what is so already", "what changes no stored row", "traffic that is usual"],
)
def test_a_change_that_makes_no_difference_is_no_warning(history: History, changed: dict[str, Any]) -> None:
    """Only what would have made another history is worth a word."""
    filled(history)
    assert filled(history, **changed) == Filled()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    opened = History.open(tmp_path_factory.mktemp("full") / "history.sqlite", durable=False)
    filled(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("quirk", [row for row in ROWS if row.switchable], ids=lambda row: row.id)
def test_every_quirk_that_decides_what_is_stored_is_remembered(full: History, quirk: Quirk) -> None:
    """Setting it to anything but what a history was made with is a warning that names it."""
    usual = load_pbx({}, Path()).register[quirk.id]
    others = [value for value in quirk.values if value not in {usual, quirk.default}]
    others += [] if quirk.number is None else [quirk.number]
    others += ["another text"] if quirk.text else []
    assert others
    for value in others:
        (warning,) = filled(full, quirks={quirk.id: value}).warnings
        assert warning.startswith(f"the kept history was made with quirk {quirk.id} '{quirk.default}'")
        assert f"says '{value}'" in warning


def test_history_that_somebody_else_filled_is_left_alone(history: History) -> None:
    """Rows that were imported before the first start are the history."""
    history.extend([GOOD])
    assert filled(history) == Filled()
    assert list(history.rows()) == [GOOD]


def test_file_is_imported(history: History) -> None:
    """A file named in the settings fills the history instead of made-up calls."""
    done = filled(history, history={"import": str(GUIDE)})
    assert (done.rows, len(history), done.warnings) == (3, 3, [])
    assert [kept[0] for kept in history.rows()] == ["62", "63", "64"]


def test_missing_file_is_an_error(history: History, tmp_path: Path) -> None:
    """A file that cannot be read at all stops the filling with a sentence, and nothing is remembered."""
    with pytest.raises(HistoryError, match=r"calls\.csv cannot be read: No such file or directory"):
        filled(history, history={"import": str(tmp_path / "calls.csv")})
    assert (len(history), history.made_with()) == (0, {})


def test_bad_rows_of_an_import_are_warnings(history: History, tmp_path: Path) -> None:
    """Each row that cannot be read is named with file and line; after twenty of them they are counted."""
    done = filled(history, history={"import": str(bad_csv(tmp_path / "calls.csv", bad=23))})
    assert (done.rows, len(done.bad), len(done.warnings)) == (2, 23, 21)
    assert done.warnings[0].startswith("calls.csv, line 3: it has 3 fields")
    assert done.warnings[-1] == "calls.csv: 3 more rows could not be read"


@pytest.mark.parametrize("form", ["csv", "json", "xml"])
@pytest.mark.parametrize("named", [False, True])
def test_form_is_found(history: History, tmp_path: Path, form: str, named: bool) -> None:
    """The form is told by the file's name, or by its first character."""
    file = device_file(tmp_path / (f"calls.{form}" if named else "calls.txt"), form)
    assert import_file(history, file, zone=ZONE) == Filled(2)
    assert list(history.rows()) == [GOOD, GOOD]


def test_form_can_be_given(history: History, tmp_path: Path) -> None:
    """A form that is said wins over the name."""
    assert import_file(history, device_file(tmp_path / "calls.csv", "json"), "json", zone=ZONE).rows == 2


def test_line_ends_of_other_systems_are_taken(history: History, tmp_path: Path) -> None:
    """A file with CR LF reads like one with LF."""
    file = device_file(tmp_path / "calls.csv")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert import_file(history, file, zone=ZONE) == Filled(2)
    assert list(history.rows()) == [GOOD, GOOD]


def test_good_rows_around_bad_ones_are_taken(history: History, tmp_path: Path) -> None:
    """A bad row is reported by its line and costs no other."""
    done = import_file(history, bad_csv(tmp_path / "calls.csv", bad=1), zone=ZONE)
    assert done == Filled(2, [BadLine(3, "it has 3 fields, and 22 are due")])


@pytest.mark.parametrize(
    "data", [b"", b"not a device file\n", b"\xff\xfe\x00", b"\x00" * 100, b"{}", b"<root>", b"[" * 5000]
)
def test_file_that_is_something_else_has_a_bad_line(history: History, tmp_path: Path, data: bytes) -> None:
    """A file that is no device file is a reported line, never a traceback."""
    (tmp_path / "calls").write_bytes(data)
    done = import_file(history, tmp_path / "calls", zone=ZONE)
    assert (done.rows, len(history)) == (0, 0)
    assert done.bad


def test_bytes_that_are_no_text_are_reported(history: History, tmp_path: Path) -> None:
    """A row with bytes that are not UTF-8 is left out by its line; the others are taken."""
    file = device_file(tmp_path / "calls.csv")
    header, first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(header + first.replace(b"1000", b"10\xff0") + second)
    done = import_file(history, file, zone=ZONE)
    assert (done.rows, [bad.line for bad in done.bad]) == (1, [2])


def test_a_file_that_breaks_off_while_it_is_read_leaves_nothing(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read while its rows are written: an error then is told as one at its beginning, and takes them back."""
    file = device_file(tmp_path / "calls.csv")

    def pieces(path: Path, _size: int) -> Iterator[bytes]:
        yield path.read_bytes()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(regularfile, "pieces", pieces)
    with pytest.raises(HistoryError, match=r"calls\.csv cannot be read: Input/output error$"):
        filled(history, history={"import": str(file)})
    assert (len(history), list(history.rows()), history.made_with()) == (0, [], {})
    monkeypatch.undo()
    assert filled(history, history={"import": str(file)}).rows == 2


def test_progress_can_be_watched(history: History, tmp_path: Path) -> None:
    """Whoever watches sees every record pass, what it is about, and how many days are to come, if that is known."""
    seen: list[Any] = []

    def watch(records: Iterable[Record], what: str, total: Any = None, reached: Any = None, /) -> Iterator[Record]:
        seen.append((what, total, reached is None))
        yield from records

    settings = load_pbx({"history": FEW}, Path())
    fill(history, "hq", settings, seed=1, until=NOW, watch=watch)
    import_file(history, device_file(tmp_path / "calls.csv"), zone=ZONE, watch=watch)
    assert seen == [
        (f"hq: making up {FEW['days']} days of calls", FEW["days"], False),
        ("importing calls.csv", None, True),
    ]


def test_progress_is_the_time_that_calls_have_covered() -> None:
    """It grows from nothing to all of the days, evenly by the calendar, where most calls come in at the end."""
    days = 20
    early = [f"{NOW - timedelta(days=at):%Y-%m-%d}" for at in range(10, days + 2)]
    traffic = {"holidays": early, "holiday": 0.05}
    settings = load_pbx(
        {"history": {"days": days, "calls_per_day": 60}, "traffic": traffic, "time_zone": "UTC"}, Path()
    )
    total, reached = covering(settings, NOW)
    covered = [reached(record) for record in made_up("hq", settings, seed=1, until=NOW)]
    assert total == days
    assert covered == sorted(covered)
    assert covered[0] > 0
    assert days - 1 < covered[-1] <= days
    in_first_half = sum(at < days / 2 for at in covered)
    assert 0 < in_first_half < len(covered) / 5
    assert reached(Record(("",))) == 0


def test_file_that_gives_nothing_may_be_mended(history: History, tmp_path: Path) -> None:
    """A history is not taken for filled by a file of which no row could be read."""
    file = tmp_path / "calls.csv"
    file.write_text("garbage\n")
    assert filled(history, history={"import": str(file)}).rows == 0
    file.write_bytes(GUIDE.read_bytes())
    assert filled(history, history={"import": str(file)}).rows == 3


# Histories that an older version kept

_FIELDS = ", ".join(f'"{column.name}" {"INTEGER" if column.number else "TEXT"} NOT NULL' for column in COLUMNS)
SCHEMA_1 = f"""
CREATE TABLE cdr (id INTEGER PRIMARY KEY, {_FIELDS});
CREATE INDEX cdr_start ON cdr (start, AcctId, id);
CREATE INDEX cdr_src ON cdr (src);
CREATE INDEX cdr_dst ON cdr (dst);
CREATE TABLE made_with (key TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA application_id = 0x55434D53;
PRAGMA user_version = 1;
"""
FACTS_1 = {
    "seed": "42",
    "history": "4 days of 20 calls",
    "personality": "ucm6100-1.0.9",
    "time_zone": "America/Chicago",
    "extensions": "50 from 1000 on",
    "trunks": "carrier-a (12)",
    "quirk acctid": "continuous",
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a history as the version before recordings left it, with one row."""
    path = tmp_path / "old.sqlite"
    database = sqlite3.connect(path)
    database.executescript(SCHEMA_1)
    database.execute(f"INSERT INTO cdr VALUES ({', '.join('?' * (1 + len(NAMES)))})", (7, *GOOD))
    database.executemany("INSERT INTO made_with VALUES (?, ?)", list(FACTS_1.items()))
    database.commit()
    database.close()
    return path


def version_of(path: Path) -> int:
    database = sqlite3.connect(path)
    try:
        return int(database.execute("PRAGMA user_version").fetchone()[0])
    finally:
        database.close()


@pytest.mark.parametrize("durable", [True, False])
def test_a_history_without_recordings_is_upgraded(old: Path, durable: bool) -> None:
    """Its rows and what it was made with stay, it has no recordings, and from then on it takes some."""
    for recorded in (0, 1, 2):
        kept = History.open(old, durable=durable)
        assert (kept.high_water, len(kept), len(kept.recordings)) == (7 + recorded, 1 + recorded, recorded)
        assert list(kept.rows()) == [GOOD] * (1 + recorded)
        assert kept.made_with() == FACTS_1
        kept.keep([Record(GOOD, (Recording("monitor", f"{recorded}.wav", 0, 8000),))])
        kept.close()
        assert version_of(old) == SCHEMA_VERSION == 8


def test_a_history_of_an_older_version_gives_no_false_warning(old: Path) -> None:
    """What it did not remember is not compared; what it did is."""
    kept = History.open(old, durable=False)
    assert filled(kept) == Filled()
    assert filled(kept, recording={"share": 0}, quirks={"amaflags": "OMIT"}) == Filled()
    (warning,) = filled(kept, quirks={"acctid": "monthly"}).warnings
    assert warning.startswith(
        "the kept history was made with quirk acctid 'continuous', and the configuration says 'monthly'"
    )
    assert filled(kept, seed=43).warnings != []
    assert len(kept) == 1
    kept.close()


def noted(history: History, name: str, **quirks: str) -> None:
    """Let *history* remember what the version before uniqueid-step noted of a personality."""
    facts = {**FACTS_1, "personality": personality(name).id, "recording": "1 of inbound, internal, outbound"}
    usual = {
        "columns": "personality",
        "acctid": "monthly" if name == "ucm6200" else "continuous",
        "userfield": "personality",
        "busy-duration": "rung",
        "voicemail-row": "second",
        "voicemail-uniqueid": "shared",
    }
    given = {quirk.replace("_", "-"): value for quirk, value in quirks.items()}
    history.note({**facts, **{f"quirk {quirk}": value for quirk, value in {**usual, **given}.items()}})


def told(history: History, name: str, **quirks: str | int) -> list[str]:
    """Return how the warnings begin when a personality with *quirks* finds *history*."""
    chosen = {quirk.replace("_", "-"): value for quirk, value in quirks.items()}
    return [warning.removeprefix("the kept history was made with ").partition("; ")[0]
            for warning in filled(history, personality=name, quirks=chosen).warnings]  # fmt: skip


@pytest.mark.quirk("acctid", "voicemail-row")
@pytest.mark.parametrize("name", ["ucm6100", "ucm6510-1.0.5", "ucm6510", "ucm6200"])
def test_what_has_become_a_matter_of_the_personality_is_no_difference(history: History, name: str) -> None:
    """An older version noted acctid and voicemail-row like choices, and nothing of quirks that it did not have."""
    noted(history, name)
    assert told(history, name) == []
    assert told(history, name, uniqueid_step=1, dial_string="plain", busy_channel="blank") == []
    others = {"ucm6100", "ucm6510-1.0.5", "ucm6510", "ucm6200"} - {name}
    for other in others:
        said = f"personality '{personality(name).id}', and the configuration says '{personality(other).id}'"
        assert told(history, other) == [said]


@pytest.mark.quirk("acctid", "voicemail-row")
def test_what_was_chosen_under_an_older_version_is_compared(history: History) -> None:
    """A choice that was no default of the personality is one still, and a choice made since is another."""
    noted(history, "ucm6200", acctid="continuous", voicemail_row="none")
    assert told(history, "ucm6200", acctid="continuous", voicemail_row="none") == []
    assert told(history, "ucm6200") == [
        "quirk acctid 'continuous', and the configuration says 'personality'",
        "quirk voicemail-row 'none', and the configuration says 'personality'",
    ]
    assert told(history, "ucm6200", acctid="continuous", voicemail_row="none", busy_duration="zero") == [
        "quirk busy-duration 'rung', and the configuration says 'zero'"
    ]


@pytest.mark.quirk("voicemail-row")
@pytest.mark.parametrize("value", ["second", "none"])
def test_before_g3_an_older_version_wrote_one_row_whatever_it_noted(history: History, value: str) -> None:
    """The quirk showed from G3 on only, so a second row would be another history."""
    noted(history, "ucm6100", voicemail_row=value)
    assert told(history, "ucm6100", voicemail_row="none") == told(history, "ucm6100") == []
    assert told(history, "ucm6100", voicemail_row="second") == [
        "quirk voicemail-row 'none', and the configuration says 'second'"
    ]


@pytest.mark.quirk("voicemail-row")
def test_a_second_row_that_was_chosen_before_g3_is_compared(history: History) -> None:
    """What this version notes is taken at its word."""
    filled(history, quirks={"voicemail-row": "second"})
    assert told(history, "ucm6100", voicemail_row="second") == []
    assert told(history, "ucm6100") == ["quirk voicemail-row 'second', and the configuration says 'personality'"]


def test_a_history_of_a_personality_that_is_not_known_is_compared_as_it_stands(history: History) -> None:
    """A newer version may have more of them."""
    filled(history)
    history.note({"personality": "ucm6100-9"})
    assert told(history, "ucm6100") == ["personality 'ucm6100-9', and the configuration says 'ucm6100-1.0.9'"]


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, 99])
def test_a_history_of_an_unknown_version_is_refused(old: Path, version: int) -> None:
    """The sentence says which schema it has, and the file is left as it is."""
    database = sqlite3.connect(old)
    database.execute(f"PRAGMA user_version = {version}")
    database.close()
    with pytest.raises(
        HistoryError,
        match=rf"old\.sqlite has history schema {version}, and this ucmsim knows schemas 1 to {SCHEMA_VERSION};",
    ):
        History.open(old, durable=False)
    assert version_of(old) == version


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    """A SQLite file without the mark of a history is not touched, whatever version it says."""
    path = tmp_path / "other.sqlite"
    database = sqlite3.connect(path)
    database.executescript("CREATE TABLE cdr (id INTEGER PRIMARY KEY); PRAGMA user_version = 1;")
    database.close()
    with pytest.raises(HistoryError, match="is a SQLite file, but not a history of ucmsim"):
        History.open(path, durable=False)
    assert version_of(path) == 1
