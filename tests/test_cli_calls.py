"""`ucmsim import`, `export` and `generate`: what goes in comes out, and what cannot is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.commands import BAD, GUIDE, KEPT, SMALL, Command
from ucmsim.assembling.fileswap import FileSwap, belonging
from ucmsim.assembling.statefolder import StateFolder
from ucmsim.columns import GENERATIONS


@pytest.fixture
def ucmsim(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.mark.parametrize("form", ["csv", "json", "xml"])
def test_round_trip(ucmsim: Command, form: str) -> None:
    """What is generated can be imported, and what is exported again is the same to the last row."""
    config, made, again = ucmsim.config(), ucmsim.folder / f"made.{form}", ucmsim.folder / f"again.{form}"
    ucmsim("generate", "-c", config, "--format", form, "--out", made)
    rows = ucmsim.rows(form, made)
    assert len(rows) >= 30
    assert ucmsim("import", made, "--config", config).stdout == f"{len(rows)} rows imported, 0 left out\n"
    assert ucmsim.kept() == rows
    ucmsim("export", "--config", config, "--format", form, "-o", again)
    assert again.read_bytes() == made.read_bytes()


@pytest.mark.parametrize("command", ["export", "generate"])
def test_form_follows_the_suffix(ucmsim: Command, command: str) -> None:
    """Without --format the name of the output file decides, as that of the input does; on standard output it is CSV."""
    config = ucmsim.config()
    ucmsim("import", GUIDE, "-c", config)
    for name, form in (("a.json", "json"), ("a.XML", "xml"), ("a.csv", "csv")):
        ucmsim(command, "-c", config, "-o", ucmsim.folder / name)
        assert len(ucmsim.rows(form, ucmsim.folder / name)) >= 3
    ucmsim(command, "-c", config, "-o", ucmsim.folder / "a.json", "--format", "csv")
    assert (ucmsim.folder / "a.json").read_text().startswith("AcctId,")
    assert ucmsim(command, "-c", config).stdout.startswith("AcctId,")
    ucmsim(command, "-c", config, "-o", ucmsim.folder / "a.txt", "--format", "csv")


@pytest.mark.parametrize("command", ["export", "generate"])
@pytest.mark.parametrize(
    ("name", "said"),
    [("x.txt", "x.txt says no form"), ("calls", "calls has no suffix"), ("x.jsn", "x.jsn says no form")],
)
def test_a_suffix_that_says_no_form_is_refused(ucmsim: Command, command: str, name: str, said: str) -> None:
    """Nobody gets CSV who asked for something else, and what the file has stays as it is."""
    config, out = ucmsim.config(), ucmsim.folder / name
    out.write_text("mine")
    ran = ucmsim(command, "-c", config, "-o", out, code=2)
    assert said in ran.stderr
    assert "let it be .csv, .json or .xml, or give --format" in ran.stderr
    assert out.read_text() == "mine"


@pytest.mark.parametrize(("name", "told"), [("calls.json", "JSON"), ("calls.xml", "XML")])
def test_a_csv_under_another_name_is_said(ucmsim: Command, name: str, told: str) -> None:
    """A suffix that is not that of the contents is guessed at."""
    file = ucmsim.folder / name
    file.write_bytes(GUIDE.read_bytes())
    said = ucmsim("import", file, "-c", ucmsim.config(), code=1).stderr
    assert f"this is no {'device ' if told == 'JSON' else ''}{told}" in said
    assert said.endswith("; it looks like CSV\n")
    assert "3 rows imported" in ucmsim("import", file, "-c", ucmsim.config(), "--format", "csv").stdout


def test_export_of_a_pbx_that_never_ran(ucmsim: Command) -> None:
    """There is nothing to export, which is said with exit code 1, and neither folder nor history comes into being."""
    config = ucmsim.config()
    said = f"PBX 'hq' has never run, and nothing was imported: {ucmsim.folder / 'kept'} has no history of it\n"
    assert ucmsim("export", "-c", config, code=1).stderr == said
    assert not (ucmsim.folder / "kept").exists()
    ucmsim("ca", "export", "-c", config)
    assert ucmsim("export", "-c", config, "-o", ucmsim.folder / "out.csv", code=1).stderr == said
    assert not (ucmsim.folder / "kept" / "hq" / "history.sqlite").exists()
    assert not (ucmsim.folder / "out.csv").exists()


@pytest.mark.parametrize("words", [["import", GUIDE], ["export"], ["ca", "export"]])
def test_what_is_kept_needs_a_configuration(ucmsim: Command, words: list[Any]) -> None:
    """The demo keeps nothing, so these commands ask for a file."""
    assert "Missing option '--config'" in ucmsim(*words, code=2).stderr


@pytest.mark.parametrize("form", ["csv", "json", "xml"])
def test_guide_goes_through_every_form(ucmsim: Command, form: str) -> None:
    """The three rows of the vendor's guide leave as they came, in each form."""
    config, out = ucmsim.config(), ucmsim.folder / "out"
    assert ucmsim.json("import", GUIDE, "-c", config, "--json") == {"rows": 3, "bad": []}
    ucmsim("export", "-c", config, "--format", form, "--generation", "G1", "--out", out)
    assert ucmsim.rows(form, out) == ucmsim.rows("csv", GUIDE)
    if form == "csv":
        assert out.read_bytes() == GUIDE.read_bytes()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_export_has_the_columns_of_a_generation(ucmsim: Command, generation: str) -> None:
    """A history is exported with the columns that are asked for; all of them by default."""
    config = ucmsim.config()
    ucmsim("import", GUIDE, "-c", config)
    header = ucmsim("export", "-c", config, "--generation", generation).stdout.splitlines()[0]
    assert header.split(",") == list(GENERATIONS[generation].columns)


def test_export_reports_what_a_csv_cannot_tell(ucmsim: Command) -> None:
    """A row that would not read back the same is written and reported, and the exit code is 1; JSON has no such rows."""
    config, file = ucmsim.config(), ucmsim.folder / "odd.json"
    ucmsim("import", GUIDE, "-c", config)
    ucmsim("export", "-c", config, "--format", "json", "-o", file)
    file.write_text(file.read_text().replace('"dcontext": "', '"dcontext": "a,b'))
    assert "3 rows imported" in ucmsim("import", file, "-c", config).stdout
    ran = ucmsim("export", "-c", config, code=1)
    assert len(ran.stdout.splitlines()) == 7
    *rows, last = ran.stderr.splitlines()
    assert [line.split(" (")[0] for line in rows] == ["row 4", "row 5", "row 6"]
    assert last == "3 of 6 rows would not read back as they are; JSON and XML keep them"
    ucmsim("export", "-c", config, "--format", "json")


def test_generate_reports_what_a_csv_cannot_tell(ucmsim: Command) -> None:
    """Twenty rows are named and the others counted; that is no failure, and JSON has no such rows."""
    config = ucmsim.config(
        "pbxs: {hq: {personality: ucm6510, history: {days: 4, calls_per_day: 300}, traffic: {awkward: 0.2}}}"
    )
    ran = ucmsim("generate", "-c", config, "-o", ucmsim.folder / "made.csv")
    *rows, more, all_of_them, written = ran.stderr.splitlines()
    assert len(rows) == 20
    assert all(line.endswith("would not read back from the device's CSV, which quotes nothing") for line in rows)
    count, _, whole = written.partition(" rows in ")
    lost = int(more.removesuffix(" more")) + 20
    assert whole == str(ucmsim.folder / "made.csv")
    assert all_of_them == f"{lost} of {count} rows would not read back as they are; JSON and XML keep them"
    ran = ucmsim("generate", "-c", config, "-o", ucmsim.folder / "made.json")
    assert ran.stderr == f"{count} rows in {ucmsim.folder / 'made.json'}\n"


def test_many_bad_rows_are_counted(ucmsim: Command) -> None:
    """The first twenty are named."""
    file = ucmsim.folder / "calls.csv"
    file.write_text(GUIDE.read_text() + "1,2,3\n" * 25)
    ran = ucmsim("import", file, "-c", ucmsim.config(), code=1)
    assert ran.stdout == "3 rows imported, 25 left out\n"
    *named, more = ran.stderr.splitlines()
    assert (len(named), more) == (20, "5 more rows could not be read")


def test_bad_rows_are_reported_by_line(ucmsim: Command) -> None:
    """Rows that cannot be read are named with file and line, the others are taken, and the exit code is 1."""
    lines = GUIDE.read_text().splitlines()
    file = ucmsim.folder / "calls.csv"
    file.write_text("\n".join([*lines[:2], "1,2,3", lines[2], "x" + lines[3], lines[3], ""]))
    ran = ucmsim("import", file, "-c", ucmsim.config(), code=1)
    assert ran.stdout == "3 rows imported, 2 left out\n"
    assert [line.split(":")[0] for line in ran.stderr.splitlines()] == [f"{file}, line 3", f"{file}, line 5"]
    found = ucmsim.json("import", file, "-c", ucmsim.config(), "--json", code=1)
    assert (found["rows"], [one["line"] for one in found["bad"]]) == (3, [3, 5])
    assert len(ucmsim.kept()) == 6


def test_generate_keeps_nothing_and_repeats(ucmsim: Command) -> None:
    """Made-up calls follow from the configuration alone; no state folder comes into being."""
    config = ucmsim.config()
    first = ucmsim("generate", "-c", config).stdout
    assert ucmsim("generate", "-c", config).stdout == first
    assert not (ucmsim.folder / "kept").exists()
    assert first.splitlines()[0].split(",") == list(GENERATIONS["G3"].columns)


def test_generate_without_a_file_is_the_demo(ucmsim: Command) -> None:
    """Without a configuration the calls are those of the demo."""
    assert len(ucmsim("generate", "--format", "csv").stdout.splitlines()) > 12_000


def test_several_pbxs(ucmsim: Command) -> None:
    """Of several PBXs one must be named, and each has a history of its own."""
    config = ucmsim.config(f"{KEPT}  branch: {{{SMALL}}}\n")
    for words in (["import", GUIDE], ["export"], ["generate"], ["ca", "export"]):
        ran = ucmsim(*words, "-c", config, code=2)
        assert "say which PBX with --pbx; the configuration has hq, branch" in ran.stderr
    ucmsim("import", GUIDE, "-c", config, "--pbx", "branch")
    assert len(ucmsim.kept("branch")) == 3
    hq, branch = (ucmsim("generate", "-c", config, "-p", name).stdout for name in ("hq", "branch"))
    assert hq != branch


@pytest.mark.parametrize("words", [["import", GUIDE], ["export"], ["generate"], ["ca", "export"]])
def test_unknown_pbx(ucmsim: Command, words: list[Any]) -> None:
    """A PBX that is not in the configuration is a usage error that names those that are."""
    ran = ucmsim(*words, "-c", ucmsim.config(), "--pbx", "hg", code=2)
    assert "there is no PBX 'hg'; the configuration has hq" in ran.stderr


@pytest.mark.parametrize("words", [["import", GUIDE], ["export"], ["ca", "export"]])
def test_no_state_folder(ucmsim: Command, words: list[Any]) -> None:
    """A configuration that keeps nothing has nothing to show, and the sentence says what to add."""
    ran = ucmsim(*words, "-c", ucmsim.config("pbxs: {hq: {}}"), code=2)
    assert "this configuration keeps no state" in ran.stderr
    assert "state:" in ran.stderr


@pytest.mark.parametrize("words", [["import", GUIDE], ["export"], ["generate"], ["ca", "export"]])
def test_bad_configuration(ucmsim: Command, words: list[Any]) -> None:
    """A configuration that is wrong is told as `check` tells it, with exit code 2."""
    ran = ucmsim(*words, "-c", ucmsim.config(BAD), code=2)
    assert ran.stderr.count("sim.yaml:") == 3


@pytest.mark.parametrize("words", [["import", GUIDE], ["export"]])
def test_state_folder_in_use(ucmsim: Command, words: list[Any]) -> None:
    """A history that a running process has open is left alone."""
    config = ucmsim.config()
    folder = StateFolder.open(ucmsim.folder / "kept")
    try:
        assert "is in use by another ucmsim" in ucmsim(*words, "-c", config, code=1).stderr
    finally:
        folder.close()


@pytest.mark.parametrize("words", [["import", GUIDE], ["export"], ["ca", "export"]])
def test_history_that_gave_way_when_a_process_was_killed(ucmsim: Command, words: list[Any]) -> None:
    """It is the history: what is imported comes behind its rows, and those are what is exported."""
    config = ucmsim.config()
    ucmsim("import", GUIDE, "-c", config)
    home = ucmsim.folder / "kept" / "hq"
    FileSwap().away(*belonging(home / "history.sqlite"))
    printed = ucmsim(*words, "-c", config).stdout
    assert len(ucmsim.kept()) == (6 if "import" in words else 3)
    assert not list(home.glob("*.before"))
    if words == ["export"]:
        assert len(printed.splitlines()) == 4


def test_history_that_is_none(ucmsim: Command) -> None:
    """A file that is no history is a sentence and exit code 1."""
    config = ucmsim.config()
    (ucmsim.folder / "kept" / "hq").mkdir(parents=True)
    (ucmsim.folder / "kept" / "hq" / "history.sqlite").write_text("no database, whatever its name says" * 50)
    assert "cannot be opened as a history" in ucmsim("export", "-c", config, code=1).stderr


@pytest.mark.parametrize("words", [["export"], ["generate"], ["ca", "export"]])
def test_output_that_cannot_be_written(ucmsim: Command, words: list[Any]) -> None:
    """A file that cannot be written is a sentence and exit code 1, not a traceback."""
    ucmsim("import", GUIDE, "-c", ucmsim.config())
    missing = ucmsim.folder / "nowhere" / "out.csv"
    ran = ucmsim(*words, "-c", ucmsim.config(), "--out", missing, code=1)
    assert f"{missing} cannot be written: No such file or directory" in ran.stderr


@pytest.mark.parametrize("words", [["export"], ["generate"], ["ca", "export"]])
@pytest.mark.parametrize(("text", "pbx"), [(BAD, "hq"), (KEPT, "hg")], ids=["bad configuration", "unknown pbx"])
def test_mistake_leaves_the_output_file_alone(ucmsim: Command, words: list[Any], text: str, pbx: str) -> None:
    """A file that exists is not emptied for a command that cannot be carried out."""
    out = ucmsim.folder / "out.csv"
    out.write_text("precious")
    ucmsim(*words, "-c", ucmsim.config(text), "--pbx", pbx, "--out", out, code=2)
    assert out.read_text() == "precious"


def test_nothing_is_made_up_where_the_history_is_imported(ucmsim: Command) -> None:
    """The calls that there would be are in the file; others would be nobody's."""
    ran = ucmsim("generate", "-c", ucmsim.config(f"pbxs: {{hq: {{history: {{import: {GUIDE}}}}}}}"), code=2)
    assert "is imported from guide-2013.csv, so no calls are made up" in ran.stderr
