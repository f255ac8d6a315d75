"""Dataclasses read from JSON and written back: what is right, what is passed over, and what is said of what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import pytest

from ucmsim import entry
from ucmsim.contract import answers
from ucmsim.contract.mapped import Unreadable, read, written

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leaf:
    number: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tree(Generic[T]):
    name: str = field(metadata={"key": "Name"})
    share: float
    leaves: tuple[T, ...]
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    told: dict[str, Any] = field(metadata={"whole": True})
    name: str


OAK = {
    "Name": "oak",
    "share": 1,
    "leaves": [{"number": 3, "at": "2026-03-01T12:00:00+00:00"}, {"number": 4, "at": None}],
}


def test_read_and_written() -> None:
    """Keys may have other names than fields, a list of a type is told which, instants are datetimes; and back again."""
    oak = read(Tree[Leaf], OAK)
    assert oak == Tree("oak", 1, (Leaf(3, datetime(2026, 3, 1, 12, tzinfo=UTC)), Leaf(4)), {})
    assert written(oak) == {**OAK, "more": {}}


def test_what_is_kept_whole() -> None:
    """An object that is kept whole is written whole, also what no field asks for."""
    told = {"name": "x", "newer": [1, {"deep": None}]}
    kept = read(Kept, told)
    assert (kept.name, kept.told, written(kept)) == ("x", told, told)
    assert written([kept]) == [told]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Name": 3}, "at Name stands 3, where a text is due"),
        ({"share": True}, "at share stands True, where a number is due"),
        ({"share": "1"}, "at share stands '1', where a number is due"),
        ({"leaves": {}}, "at leaves stands an object, where a list is due"),
        ({"leaves": [{"number": 1}, {}]}, "there is no 'number' in what stands at leaves[1]"),
        ({"leaves": [{"number": 1.5}]}, "at leaves[0].number stands 1.5, where a whole number is due"),
        ({"leaves": [{"number": 1, "at": "noon"}]}, "at leaves[0].at stands 'noon', where an ISO instant is due"),
        ({"leaves": [[]]}, "at leaves[0] stands a list, where an object is due"),
        ({"more": []}, "at more stands a list, where an object is due"),
    ],
)
def test_what_is_wrong_is_said(changed: dict[str, Any], said: str) -> None:
    """The sentence names the place, what stands there, and what is due."""
    with pytest.raises(Unreadable) as raised:
        read(Tree[Leaf], {**OAK, **changed})
    assert str(raised.value) == said


def test_what_is_missing_is_said() -> None:
    """A key without a default must be there."""
    with pytest.raises(Unreadable, match=r"^there is no 'Name' in it$"):
        read(Tree[Leaf], {"share": 1, "leaves": []})
    with pytest.raises(Unreadable, match=r"^it is a list, where an object is due$"):
        read(Leaf, [])


def test_a_call_of_the_ledger_is_a_call() -> None:
    """It has all that a call has, and what was delivered of it."""
    row = {"row": 1, "AcctId": "1", "uniqueid": "1.0", "session": "1", "caller": "1001", "reached": "1002"}
    row |= {"trunk_in": "", "trunk_out": "", "began": 0, "answered": None, "ended": 5}
    delivery = {"exchange": 7, "wall": "2026-03-01T12:00:00+00:00", "peer": "127.0.0.1", "whole": True}
    call = {
        "call": 1,
        "shape": "answered",
        "kind": "Internal",
        "caller": "1001",
        "dialled": "1002",
        "begun_by": "caller",
    }
    call |= {
        "began": 0,
        "ended": 5,
        "ending": "hung up",
        "talks": [],
        "trunks": [],
        "rows": [{**row, "deliveries": [delivery]}],
    }
    call |= {"recordings": [{"path": "a/b.wav", "bytes": 44, "named": True, "deliveries": []}], "delivered": 1}
    found = read(answers.LedgerCall, call)
    assert {one.name for one in fields(answers.Call)} <= {one.name for one in fields(answers.LedgerCall)}
    assert (found.rows[0].acctid, found.rows[0].deliveries[0].exchange, found.delivered) == ("1", 7, 1)
    assert written(found) == call


def test_shortcuts_of_an_entry() -> None:
    """What users ask most has a name of its own; of a connection it is None."""
    then = datetime(2026, 3, 1, tzinfo=UTC)
    port = entry.Entry({}, 1, "listening", "hq", then, then, 0.0, None, (), (), ())
    assert (port.method, port.target, port.path, port.status) == (None, None, None, None)
    asked = entry.Request("GET", "/cdr%61pi?format=json", "HTTP/1.1", (), 0, "")
    exchange = entry.Entry(
        {}, 2, "exchange", "hq", then, then, 0.0, None, (), (), (), request=asked, reply=entry.Reply(200, "OK", ())
    )
    assert (exchange.method, exchange.target, exchange.path) == ("GET", "/cdr%61pi?format=json", "/cdrapi")
    assert exchange.status == 200
