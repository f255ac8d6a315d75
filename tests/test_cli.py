"""The `ucmsim` command: what it prints, what it keeps, and its exit codes."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from ucmsim import __version__, catalogue, tables
from ucmsim.cli import main
from ucmsim.columns import COLUMNS, GENERATIONS, Row
from ucmsim.defects import DEFECTS
from ucmsim.devicefile import READERS
from ucmsim.faults import KINDS
from ucmsim.history import History
from ucmsim.journal import MARKS
from ucmsim.personalities import ALIASES, PERSONALITIES
from ucmsim.quirks import QUIRKS
from ucmsim.refusals import Code
from ucmsim.statefolder import StateFolder

FIXTURES = Path(__file__).parent.parent / "fixtures"
GUIDE = FIXTURES / "guide-2013.csv"
SMALL = (
    "personality: ucm6510, history: {days: 6, calls_per_day: 12}, clock: {start: '2026-03-02T12:00:00Z'}, "
    "traffic: {awkward: 0}"  # a name with a comma in it cannot be read back from the device's CSV
)
KEPT = f"state: kept\npbxs:\n  hq: {{{SMALL}}}\n"


class Command:
    """The command, run in the folder of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def config(self, text: str = KEPT) -> str:
        """Write a configuration and return the file's name."""
        file = self.folder / "sim.yaml"
        file.write_text(text)
        return str(file)

    def __call__(self, *words: str | Path, code: int = 0) -> Result:
        """Run the command; it must exit with *code*, and never with a traceback."""
        ran = CliRunner().invoke(main, [str(word) for word in words])
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        assert ran.exit_code == code, ran.output
        return ran

    def json(self, *words: str | Path, code: int = 0) -> Any:
        """Run the command and read its standard output as JSON."""
        return json.loads(self(*words, code=code).stdout)

    def rows(self, form: str, file: Path) -> list[Row]:
        """Read a device file back; every row of it must be good."""
        found = list(READERS[form](file.read_bytes().decode()))
        assert all(isinstance(one, tuple) for one in found)
        return found

    def kept(self, name: str = "hq") -> list[Row]:
        """Return the rows of a kept history."""
        history = History.open(self.folder / "kept" / name / "history.sqlite", durable=True)
        try:
            return list(history.rows())
        finally:
            history.close()


@pytest.fixture
def ucmsim(tmp_path: Path) -> Command:
    return Command(tmp_path)


def test_version_and_help(ucmsim: Command) -> None:
    """The command says what it is, and what it can do, down to each part."""
    assert __version__ in ucmsim("--version").stdout
    text = ucmsim("-h").stdout
    for word in ("check", "show", "import", "export", "generate", "ca"):
        assert word in text
        assert "--help" in ucmsim(word, "-h").stdout


# --- check ---------------------------------------------------------------------------------------------------------


def test_check_good(ucmsim: Command) -> None:
    """A good configuration is said to be good; what is probably not meant is a warning on standard error."""
    ran = ucmsim("check", FIXTURES / "sim.yaml")
    assert (ran.stdout, ran.stderr) == (f"{FIXTURES / 'sim.yaml'} is good: hq\n", "")
    ran = ucmsim("check", ucmsim.config("pbxs: {hq: {}}"))
    assert ran.stdout.endswith(" is good: hq\n")
    assert ran.stderr.startswith("warning: hq: api.enable is false")


def test_check_good_as_json(ucmsim: Command) -> None:
    """A good configuration is an empty list, or its warnings."""
    assert ucmsim.json("check", FIXTURES / "sim.yaml", "--json") == []
    file = ucmsim.config("pbxs: {hq: {}}")
    (found,) = ucmsim.json("check", file, "--json")
    assert (found["level"], found["key"], found["file"], found["line"]) == ("warning", "pbxs.hq", file, 0)
    assert ucmsim("check", file).stderr == f"warning: hq: {found['message']}\n"


def test_check_warns_of_the_clock(ucmsim: Command) -> None:
    """A fixed clock far from now is said here, and not only at the start."""
    assert "warning: hq: the PBX clock says 2026-03-02" in ucmsim("check", ucmsim.config()).stderr


BAD = "sed: 1\npbxs:\n  hq:\n    time_zone: 5\n    api: {tls_authentication_name: 0123}\n"


def test_check_bad(ucmsim: Command) -> None:
    """Everything that is wrong is named with file and line on standard error, and counted."""
    file = ucmsim.config(BAD)
    ran = ucmsim("check", file, code=2)
    assert ran.stdout == ""
    lines = ran.stderr.splitlines()
    for at, place in enumerate(("1: sed: ", "4: pbxs.hq.time_zone: ", "5: pbxs.hq.api.")):
        assert lines[at].startswith(f"{file}:{place}")
    assert 'quote it if it is text: "0123"' in lines[2]
    assert lines[3:] == ["3 to mend"]


def test_check_bad_as_json(ucmsim: Command) -> None:
    """As JSON each problem is an object, on standard output, and the exit code is the same."""
    found = ucmsim.json("check", ucmsim.config(BAD), "--json", code=2)
    assert [(one["line"], one["key"]) for one in found] == [
        (1, "sed"), (4, "pbxs.hq.time_zone"), (5, "pbxs.hq.api.tls_authentication_name"),
    ]  # fmt: skip
    assert all(set(one) == {"level", "message", "file", "line", "key", "wrong", "right"} for one in found)
    assert {one["level"] for one in found} == {"error"}
    assert found[0]["message"] == f"{found[0]['wrong']}; {found[0]['right']}"
    assert "'seed'" in found[0]["right"]


def test_check_of_no_file(ucmsim: Command) -> None:
    """A file that is not there is a problem like any other."""
    assert "cannot be read" in ucmsim("check", "missing.yaml", code=2).stderr


# --- show ----------------------------------------------------------------------------------------------------------

SHOWN = {
    "personalities": [row.id for row in PERSONALITIES],
    "quirks": [row.id for row in QUIRKS],
    "faults": [kind.id for kind in KINDS],
    "defects": [row.id for row in DEFECTS],
    "marks": [mark.id for mark in MARKS],
    "refusals": [code.slug for code in Code],
    "columns": [column.name for column in COLUMNS],
}


@pytest.mark.parametrize("what", SHOWN)
def test_show_as_json(ucmsim: Command, what: str) -> None:
    """As JSON it is a list of objects with the same keys, each with its id."""
    found = ucmsim.json("show", what, "--json")
    assert [one["id"] for one in found] == SHOWN[what]
    assert {tuple(one) for one in found} == {tuple(found[0])}
    assert next(iter(found[0])) == "id"


@pytest.mark.parametrize("what", ["quirks", "faults", "defects", "marks", "refusals", "columns"])
def test_show_to_a_pipe_has_a_line_a_row(ucmsim: Command, what: str) -> None:
    """What a program reads line by line is never wrapped: every field of a row stands on its line."""
    lines = ucmsim("show", what).stdout.splitlines()
    rows = ucmsim.json("show", what, "--json")
    assert len(lines) == 1 + len(rows)
    for line, row in zip(lines[1:], rows, strict=True):
        assert line.startswith(f"{row['id']} ")
        assert line.endswith(str(row.get("statement", row.get("meaning"))))


def test_show_some_quirks(ucmsim: Command) -> None:
    """Rows that are named are shown whole, in that order, a field a line; as JSON they are objects like all others."""
    text = ucmsim("show", "quirks", "plus", "acl-denial", "plus").stdout
    first, second = text.removesuffix("\n").split("\n\n")
    assert first.startswith("id: plus\ndefault: space\nvalues: space or plus\nconfidence: documented\n")
    assert [line.split(": ")[0] for line in second.splitlines()] == [
        "id", "default", "values", "confidence", "personalities", "source", "statement",
    ]  # fmt: skip
    assert second.startswith("id: acl-denial\n")
    found = ucmsim.json("show", "quirks", "acl-denial", "--json")
    assert found == [row for row in ucmsim.json("show", "quirks", "--json") if row["id"] == "acl-denial"]


def test_show_quirks_that_are_not_there(ucmsim: Command) -> None:
    """An unknown one is a usage error with what is probably meant; one that the options leave out is said."""
    said = ucmsim("show", "quirks", "plus", "acl-denail", code=2).stderr
    assert "there is no quirk 'acl-denail'; did you mean 'acl-denial'?" in said
    ran = ucmsim("show", "quirks", "plus", "acl-denial", "--confidence", "assumed")
    assert ran.stderr == "'plus' is none of the rows that the options leave\n"
    assert ran.stdout.startswith("id: acl-denial\n")


def test_show_defects_of_a_class(ucmsim: Command) -> None:
    """A class of defects is shown alone; those that are named are shown whole, a field a line."""
    found = ucmsim.json("show", "defects", "--class", "time", "--json")
    assert found == [row for row in ucmsim.json("show", "defects", "--json") if row["class"] == "time"]
    text = ucmsim("show", "defects", "rsa-8192", "name-in-cn-only").stdout
    first, second = text.removesuffix("\n").split("\n\n")
    assert [line.partition(":")[0] for line in first.splitlines()] == [
        "id", "class", "careful_client", "manner", "slow", "reference", "made", "unless", "statement",
    ]  # fmt: skip
    assert "slow: yes" in first
    assert "slow: no" in second
    assert "unless: Python: a host name" in second


def test_show_defects_that_are_not_there(ucmsim: Command) -> None:
    """An unknown defect or class is a usage error with what is probably meant."""
    assert "there is no defect 'expird'; did you mean 'expired'?" in ucmsim("show", "defects", "expird", code=2).stderr
    assert "is not one of 'identity', 'time'" in ucmsim("show", "defects", "--class", "times", code=2).stderr


def test_show_some_personalities(ucmsim: Command) -> None:
    """Only those named have a column, in that order, an alias as what it means."""
    text = ucmsim("show", "personalities", "ucm6510", "ucm6100-1.0.9", "ucm6510").stdout
    assert text.splitlines()[0].split() == ["id", "ucm6510-1.0.10", "ucm6100-1.0.9"]
    assert [row["id"] for row in ucmsim.json("show", "personalities", "ucm6200", "--json")] == ["ucm6200-1.0.20"]
    said = ucmsim("show", "personalities", "ucm6104", code=2).stderr
    assert "ucm6104 is a model of the family ucm6100" in said


@pytest.mark.parametrize("width", [30, 60, 80, 100, 120, 200, 400])
def test_tables_of_a_terminal(width: int) -> None:
    """No word of the register is cut, whatever the terminal's width, and no line that has blanks is wider."""
    rows = [
        [
            ", ".join(map(str, cell)) if isinstance(cell, list) else str(cell)
            for key, cell in row.items()
            if key != "changes"
        ]
        for row in catalogue.quirk_rows()
    ]
    names = ["id", "default", "values", "confidence", "personalities", "source", "statement"]
    shorter = (("id", "default", "confidence", "statement"), ("id", "default", "statement"))
    lines = list(tables.table([names, *rows], width, shorter))
    words = {word for row in rows for cell in row for word in cell.split()} | {*names, *(f"{name}:" for name in names)}
    assert {word for line in lines for word in line.split() if len(word) < 28} - words == set()
    assert width < 60 or max(map(len, lines)) <= width
    heading = {200: names, 400: names, 120: [*shorter[0]], 100: [*shorter[0]], 80: [*shorter[1]]}.get(width)
    assert lines[0].split() == heading if heading else lines[0] == "id: session-cap"
    assert [line for line in lines if line.split()[:1] == ["acl-denial"] or line == "id: acl-denial"]


@pytest.mark.parametrize(
    ("width", "beside"), [(60, [1] * 7), (80, [2, 2, 2, 1]), (130, [5, 2]), (300, [7]), (None, [7])]
)
def test_personalities_of_a_terminal(width: int | None, beside: list[int]) -> None:
    """As many as fit stand beside each other, the others below, each band with the keys in front."""
    rows = list(catalogue.personality_rows())
    lines = list(tables.beside([[key, *(str(row[key]) for row in rows)] for key in rows[0]], width))
    heads = [line.split()[1:] for line in lines if line.startswith("id ")]
    assert [len(head) for head in heads] == beside
    assert list(chain.from_iterable(heads)) == SHOWN["personalities"]
    assert width is None or width < 80 or max(map(len, lines)) <= width


@pytest.mark.parametrize("what", [what for what in SHOWN if what != "personalities"])
def test_show_as_a_table(ucmsim: Command, what: str) -> None:
    """As a table every id begins a line, below a heading, and nothing is coloured when it is not for a terminal."""
    text = ucmsim("show", what).stdout
    first = [line.split(" ", 1)[0] for line in text.splitlines()]
    assert first[0] == "id"
    assert [word for word in first if word in SHOWN[what]] == SHOWN[what]
    assert "\x1b" not in text


def test_show_personalities_as_a_table(ucmsim: Command) -> None:
    """Every personality heads a column, in the order of the register, and every key begins a line."""
    text = ucmsim("show", "personalities").stdout
    lines = text.splitlines()
    assert lines[0].split() == ["id", *SHOWN["personalities"]]
    keys = ucmsim.json("show", "personalities", "--json")[0]
    assert [key for key in keys if not any(line.startswith(f"{key} ") for line in lines)] == []
    assert "\x1b" not in text


def test_show_personalities_has_their_aliases(ucmsim: Command) -> None:
    """Each alias stands with the row it means."""
    found = ucmsim.json("show", "personalities", "--json")
    assert {alias: one["id"] for one in found for alias in one["alias"]} == dict(ALIASES)


def test_show_something_else(ucmsim: Command) -> None:
    """What cannot be shown is a usage error."""
    assert "No such command 'fautls'" in ucmsim("show", "fautls", code=2).stderr


class Schema:
    """As much of JSON Schema as the configuration's needs: enough to tell a good document from a bad one."""

    _TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def objections(self, value: Any, schema: dict[str, Any] | None = None, path: str = "") -> Iterator[str]:
        schema = self.document if schema is None else schema
        if "$ref" in schema:
            yield from self.objections(value, self.document["$defs"][schema["$ref"].rpartition("/")[2]], path)
        if "anyOf" in schema and all(list(self.objections(value, one, path)) for one in schema["anyOf"]):
            yield f"{path}: none of the alternatives"
        if "type" in schema and not self._is(schema["type"], value):
            yield f"{path}: {value!r} is no {schema['type']}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{path}: {value!r} is not one of {schema['enum']}"
        if isinstance(value, dict):
            yield from self._members(value, schema, path)
        if isinstance(value, list) and "items" in schema:
            for at, item in enumerate(value):
                yield from self.objections(item, schema["items"], f"{path}[{at}]")

    def _is(self, kind: str, value: Any) -> bool:
        if kind in ("integer", "number"):
            return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
        return isinstance(value, self._TYPES[kind])

    def _members(self, value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        yield from (f"{path}.{name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, member in value.items():
            if name in known:
                yield from self.objections(member, known[name], f"{path}.{name}")
            elif others is False:
                yield f"{path}.{name} is unknown"
            elif isinstance(others, dict):
                yield from self.objections(member, others, f"{path}.{name}")


FULL = """
seed: 7
state: ./kept
control: {bind: 127.0.0.1:0, token: null}
pbxs:
  hq:
    personality: ucm6200-1.0.20
    time_zone: Europe/Berlin
    clock: {start: "2026-03-29T00:30:00Z", rate: 2}
    tls_names: [pbx.example.com]
    tls_profile: device
    tls_min: "1.0"
    tls_max: null
    api:
      enable: true
      tls_bind_address: 127.0.0.1
      tls_private_key: null
      tls_cert: null
      tls_authentication_name: cdrapi
      tls_authentication_password: secret
      permitted_ips: [10.0.0.0/8, "!10.1.1.1"]
    extensions: {first: 1000, count: 50}
    trunks: [{name: a, channels: 1}]
    history: {import: calls.csv}
    quirks: {order: desc, session-cap: 3}
    faults: [{fault: http.latency, seconds: 1.5, when: {nth: [1]}}]
"""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(CliRunner().invoke(main, ["show", "schema"]).stdout)


def test_schema_is_one(ucmsim: Command, schema: dict[str, Any]) -> None:
    """The schema says which JSON Schema it is, all its references lead somewhere, and --json changes nothing."""
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    references = {part.split('"')[0] for part in json.dumps(schema).split('"$ref": "#/$defs/')[1:]}
    assert references <= set(schema["$defs"])
    assert ucmsim.json("show", "schema", "--json") == schema
    assert json.dumps(schema).count('"writeOnly": true') >= 1


@pytest.mark.parametrize("text", [(FIXTURES / "sim.yaml").read_text(), KEPT, FULL, "pbxs: {hq: {}}"])
def test_schema_accepts_good_configurations(schema: dict[str, Any], text: str) -> None:
    """What ucmsim takes the schema takes."""
    assert list(Schema(schema).objections(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "pbxs: 3",
        "pbx: {}",
        "pbxs: {hq: {api: {enabled: true}}}",
        "pbxs: {hq: {api: {enable: 1}}}",
        "pbxs: {hq: {time_zone: 5}}",
        "pbxs: {hq: {personality: ucm9999}}",
        "pbxs: {hq: {tls_profile: old}}",
        "pbxs: {hq: {trunks: [{nam: a}]}}",
        "pbxs: {hq: {quirks: {acl-denail: drop}}}",
        "pbxs: {hq: {quirks: {acl-denial: dropped}}}",
        "pbxs: {hq: {quirks: {session-cap: 1.5}}}",
        "pbxs: {hq: {quirks: {tls-version: '1.2'}}}",
        "pbxs: {hq: {faults: [{fault: http.latensy, seconds: 1}]}}",
        "pbxs: {hq: {faults: [{seconds: 1}]}}",
    ],
)
def test_schema_refuses_bad_configurations(schema: dict[str, Any], text: str) -> None:
    """What ucmsim refuses for its shape an editor can underline."""
    assert list(Schema(schema).objections(yaml.safe_load(text)))


def test_schema_knows_the_quirks(schema: dict[str, Any]) -> None:
    """Each row that can be switched has its words, its lowest number, or that any text will do, and its statement."""
    found = schema["$defs"]["Pbx"]["properties"]["quirks"]["properties"]
    assert set(found) == {row.id for row in QUIRKS if row.switchable}
    for row in (row for row in QUIRKS if row.switchable):
        assert found[row.id]["description"] == row.statement
        for value in (*row.values, row.default, row.number, row.number and row.number - 1, "any text", "", 1.5, True):
            if value is not None:
                valid = jsonschema.Draft202012Validator(found[row.id]).is_valid(value)
                assert valid == row.accepts(value), (row.id, value)


def test_schema_stands_up_to_a_validator(schema: dict[str, Any]) -> None:
    """A real validator finds the schema valid and agrees with it."""
    jsonschema.Draft202012Validator.check_schema(schema)
    for text in ((FIXTURES / "sim.yaml").read_text(), FULL):
        jsonschema.validate(yaml.safe_load(text), schema)


# --- import, export, generate --------------------------------------------------------------------------------------


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
        "pbxs: {hq: {personality: ucm6510, history: {days: 4, calls_per_day: 1000}, traffic: {awkward: 0.2}}}"
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


# --- the CA --------------------------------------------------------------------------------------------------------


def test_ca_in_every_form(ucmsim: Command) -> None:
    """PEM, DER and PKCS#12 hold the same CA, which is the one kept for the PBX."""
    config, out = ucmsim.config(), ucmsim.folder / "ca"
    pem = ucmsim("ca", "export", "-c", config).stdout_bytes
    kept = x509.load_pem_x509_certificate((ucmsim.folder / "kept" / "hq" / "ca.pem").read_bytes())
    assert x509.load_pem_x509_certificate(pem) == kept
    assert x509.load_der_x509_certificate(ucmsim("ca", "export", "-c", config, "--format", "der").stdout_bytes) == kept
    ran = ucmsim("ca", "export", "-c", config, "--format", "p12", "--password", "open sesame", "-o", out)
    assert ran.stdout == f"the CA of PBX 'hq' is in {out}\n"
    store = pkcs12.load_pkcs12(out.read_bytes(), b"open sesame")
    assert [one.certificate for one in store.additional_certs] == [kept]
    assert store.key is None


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [("pem", b"-----BEGIN"), ("der", b"0\x82"), ("cer", b"0\x82"), ("p12", b"0\x82"), ("pfx", b"0\x82")],
)
def test_the_suffix_says_which_form_a_ca_has(ucmsim: Command, suffix: str, begins: bytes) -> None:
    """Unless --format does."""
    out = ucmsim.folder / f"ca.{suffix}"
    ucmsim("ca", "export", "-c", ucmsim.config(), "-o", out)
    assert out.read_bytes().startswith(begins)
    assert (suffix in ("p12", "pfx")) == (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01" in out.read_bytes())
    ucmsim("ca", "export", "-c", ucmsim.config(), "-o", out, "--format", "pem")
    assert out.read_bytes().startswith(b"-----BEGIN")


def test_nothing_is_made_up_where_the_history_is_imported(ucmsim: Command) -> None:
    """The calls that there would be are in the file; others would be nobody's."""
    ran = ucmsim("generate", "-c", ucmsim.config(f"pbxs: {{hq: {{history: {{import: {GUIDE}}}}}}}"), code=2)
    assert "is imported from guide-2013.csv, so no calls are made up" in ran.stderr


def test_ca_can_be_trusted(ucmsim: Command) -> None:
    """What is exported is a CA that a client can load, and no private key goes with it."""
    out = ucmsim.folder / "ca.pem"
    ucmsim("ca", "export", "-c", ucmsim.config(), "--out", out)
    context = ssl.create_default_context(cafile=str(out))
    assert context.cert_store_stats()["x509_ca"] == 1
    assert b"PRIVATE" not in out.read_bytes()


def test_ca_of_the_device_profile_is_its_certificate(ucmsim: Command) -> None:
    """A PBX that vouches for itself exports its own certificate."""
    config = ucmsim.config("state: kept\npbxs: {hq: {tls_profile: device}}\n")
    pem = ucmsim("ca", "export", "-c", config).stdout_bytes
    own = x509.load_pem_x509_certificate((ucmsim.folder / "kept" / "hq" / "certificate.pem").read_bytes())
    assert x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) == own.public_bytes(Encoding.DER)


def test_folder_with_an_exported_ca_is_ucmsims_own(ucmsim: Command) -> None:
    """A state folder that `ca export` made can be opened, and emptied with --fresh, like any other."""
    ucmsim("ca", "export", "-c", ucmsim.config())
    folder = StateFolder.open(ucmsim.folder / "kept", fresh=True)
    folder.close()
    assert not (ucmsim.folder / "kept" / "hq").exists()
