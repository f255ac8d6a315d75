"""`ucmsim show shapes`, and what is said of a shape that there is not, there and elsewhere."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from ucmsim.asking.callquery import sought
from ucmsim.asking.staging import shape_of
from ucmsim.calls.shapes import SHAPES
from ucmsim.calls.stage import Phase, example
from ucmsim.cli import main
from ucmsim.columns import NAMES
from ucmsim.contract.fields import FieldRefused
from ucmsim.faults import FaultRefused, arming
from ucmsim.instants import SECOND


def test_show_shapes_prints_every_shape_with_its_rows() -> None:
    """For people the shape, the truth and the rows; for programs a list of objects with ids."""
    shown = CliRunner().invoke(main, ["show", "shapes"])
    assert shown.exit_code == 0
    for shape in SHAPES:
        assert f"\n{shape.id}  (" in f"\n{shown.output}"
        assert shape.statement in shown.output
    found = json.loads(CliRunner().invoke(main, ["show", "shapes", "--json", "--personality", "ucm6100"]).output)
    assert [one["id"] for one in found] == [shape.id for shape in SHAPES]
    assert [list(one["rows"][0]) == list(NAMES[:22]) for one in found if one["rows"]] == [True] * (len(SHAPES) - 1)


def test_show_shapes_tells_the_truth_of_a_shape() -> None:
    """Who talked with whom, also where no row says so, and what trunks carried, in and out."""
    shown = CliRunner().invoke(main, ["show", "shapes", "disa", "unfinished", "busy", "follow-me"]).output
    told = {part.split()[0]: part.splitlines()[2:4] for part in shown.split("\n\n") if part.strip()}
    assert told["unfinished"][0] == "  truth: 1001 with 1002 until the unit is switched off"
    assert told["busy"] == ["  truth: nobody talked", told["busy"][1]]
    assert "trunks:" not in told["busy"][1]
    assert told["disa"][1] == (
        "  trunks: carrier-b in from 07700900699 for 440.5 s, answered for 440.5 s; "
        "carrier-b out to 07700900123 for 434.9 s, answered for 420.6 s"
    )
    (follow,) = json.loads(CliRunner().invoke(main, ["show", "shapes", "--json", "follow-me"]).output)
    assert follow["trunks"] == ["carrier-b in from 07700900699 for 121.7 s, answered for 95.4 s"]
    said = CliRunner().invoke(main, ["show", "shapes", "--help"]).output
    for phase in (Phase.RING, Phase.TALK, Phase.NO_ANSWER):
        assert f"{example().lasts(phase) / SECOND:g}" in said


def test_show_shapes_prints_those_that_are_named() -> None:
    """A name that is none gets a hint."""
    shown = CliRunner().invoke(main, ["show", "shapes", "parked", "ivr"]).output
    assert [line.split()[0] for line in shown.splitlines() if line and not line.startswith(" ")] == ["ivr", "parked"]
    wrong = CliRunner().invoke(main, ["show", "shapes", "ring-grup"])
    assert wrong.exit_code == 2
    assert "there is no shape 'ring-grup'; did you mean 'ring-group'?" in wrong.output


@pytest.mark.parametrize(
    ("name", "hint"), [("ring-grup", "did you mean 'ring-group'?"), ("zzz", "'ucmsim show shapes' lists them all")]
)
def test_a_shape_that_there_is_not_is_said_alike_everywhere(name: str, hint: str) -> None:
    """Of a call, of a query, of a fault's condition, and on the command line."""
    said = f"there is no shape '{name}'; {hint}"
    with pytest.raises(FieldRefused, match=re.escape(said)):
        shape_of(name)
    with pytest.raises(FieldRefused, match=re.escape(said)):
        sought({"shape": [name]})
    with pytest.raises(FaultRefused) as refused:
        arming({"fault": "data.late", "seconds": 1, "when": {"shape": [name]}}, defects=())
    assert [f"{one.wrong}; {one.right}".removesuffix("; ") for one in refused.value.said] == [said]
    assert said in CliRunner().invoke(main, ["show", "shapes", name]).output
