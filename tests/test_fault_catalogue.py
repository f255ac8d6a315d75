"""The catalogue of faults: every row is whole, documented, and shown at the wire by a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from tests.doc_tables import README, ROOT
from ucmsim.faults import KINDS, PLANES
from ucmsim.faults.terms import Terms

TESTS = Path(__file__).parent
EACH = pytest.mark.parametrize("kind", KINDS, ids=[kind.id for kind in KINDS])


def markers(source: str) -> Iterator[str]:
    """Yield the id in every `pytest.mark.fault(...)` of a test file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
            yield from (ast.literal_eval(argument) for argument in node.args)


@cache
def marked() -> frozenset[str]:
    """Return every id that a marker names."""
    return frozenset(name for file in TESTS.glob("test_*.py") for name in markers(file.read_text()))


def test_ids_are_unique_and_in_order_of_planes():
    """Every id begins with a plane, and the planes come from the socket up."""
    ids = [kind.id for kind in KINDS]
    assert len(set(ids)) == len(ids)
    assert list(dict.fromkeys(kind.plane for kind in KINDS)) == list(PLANES)


@EACH
def test_a_row_is_whole(kind):
    """Units name every field, a sentence says what it does, and its record says its moment."""
    assert [part.partition(":")[0] for part in kind.units.split("; ") if part] == list(kind.fields)
    assert kind.record.moment
    assert kind.settled
    assert kind.statement.endswith(".")


@EACH
def test_a_fault_is_a_frozen_record(kind):
    """It cannot be changed, and none of its fields could be taken for one of the terms."""
    assert kind.record.__dataclass_params__.frozen
    assert not {field.name for field in fields(kind.record)} & {*Terms.model_fields, "fault"}


@EACH
def test_a_fault_is_documented(kind):
    """The catalogue has its row, and the README names it under its plane."""
    assert f"| `{kind.id}` |" in (ROOT / "docs" / "faults.md").read_text()
    line = next(line for line in README.read_text().splitlines() if line.startswith(f"| `{kind.plane}` |"))
    assert f"`{kind.id.partition('.')[2]}`" in line


@EACH
def test_a_fault_has_its_symptoms(kind):
    """The page of symptoms has its row, which names it once more where the journal does."""
    (line,) = [
        line for line in (ROOT / "docs" / "symptoms.md").read_text().splitlines() if line.startswith(f"| `{kind.id}` |")
    ]
    assert line.split(" | ")[-1].startswith(f"{kind.id};")


@EACH
def test_a_fault_has_a_test_at_the_wire(kind):
    """One is marked with its id."""
    assert kind.id in marked(), f"no test is marked with @pytest.mark.fault({kind.id!r})"


def test_every_marker_names_a_fault():
    """A marker with an id that there is not names nothing."""
    assert marked() <= {kind.id for kind in KINDS}
