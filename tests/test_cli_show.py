"""`ucmsim show`: every table as JSON, to a pipe, and on terminals of all widths."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from tests.commands import Command
from ucmsim import catalogue, configuration, tables
from ucmsim.certificates.defects import DEFECTS
from ucmsim.columns import COLUMNS
from ucmsim.faults import KINDS
from ucmsim.journal import MARKS
from ucmsim.personalities import ALIASES, PERSONALITIES
from ucmsim.quirks import QUIRKS
from ucmsim.refusals import Code


@pytest.fixture
def ucmsim(tmp_path: Path) -> Command:
    return Command(tmp_path)


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


def test_show_the_demo(ucmsim: Command, tmp_path: Path) -> None:
    """It is a configuration to begin with: the demo's own."""
    file = tmp_path / "sim.yaml"
    file.write_text(ucmsim("show", "demo").stdout)
    assert configuration.is_demo(configuration.read(file))


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


def test_shapes_are_found_in_both_spellings(ucmsim: Command) -> None:
    """As they are listed, and as the settings and placed calls may have them."""
    assert (
        ucmsim("show", "shapes", "queue_abandoned").stdout == ucmsim("show", "shapes", "queue-abandoned").stdout != ""
    )


def test_every_field_has_something_in_it(ucmsim: Command) -> None:
    """Also one that is an empty list, so that a program that counts the fields of a line finds each in its place."""
    lines = ucmsim("show", "defects").stdout.splitlines()
    unless = lines[0].index("unless")
    found = {line.split()[0]: line[unless:].split()[0] for line in lines[1:]}
    assert {row["id"] for row in ucmsim.json("show", "defects", "--json") if not row["unless"]} == {
        name for name, word in found.items() if word == "-"
    }
