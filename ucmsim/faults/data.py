"""The data plane: what stands in `seeing` and `rows`, one row each; every fault names the stage of a search it acts at."""

from __future__ import annotations

from ucmsim.faults.kind import Kind
from ucmsim.faults.rows import (
    AcctIdReset,
    AcctIdReuse,
    ClockJump,
    ColumnExtra,
    ColumnMissing,
    Corrupt,
    Duplicate,
    Duration,
    EqualTimes,
    Null,
    Reorder,
    Ungroup,
)
from ucmsim.faults.seeing import Delete, Drop, Insert, Late, Repeat, Unfiltered

STAGES = ("store", "filter", "order", "page", "group", "render")
"""What a search goes through, in order."""


def _at(stage: str) -> str:
    return f"when a search is decided; stage: {stage}"


# fmt: off
KINDS = (
    Kind("data.drop", Drop, "every: each AcctId that it divides, unless when chooses rows", _at("store"),
         "Rows are lost; those that follow move up, so that pages are full all the same."),
    Kind("data.late", Late, "seconds: of PBX time, 0 to 86400", _at("store"),
         "Rows are visible only a while after their calls have ended."),
    Kind("data.equal-times", EqualTimes, "", _at("store"),
         "All rows of a page have begun in the same second, that of the first."),
    Kind("data.clock-jump", ClockJump, "seconds: of the step, negative = back", _at("store"),
         "The clock was stepped when the rows were written: start, answer and end are off."),
    Kind("data.acctid-reset", AcctIdReset, "first: the AcctId from which each page counts", _at("store"),
         "AcctIds begin anew."),
    Kind("data.acctid-reuse", AcctIdReuse, "less: by how much AcctIds are less", _at("store"),
         "AcctIds are those of older rows, as after a restored backup."),
    Kind("data.duration", Duration, "seconds: any 64-bit number", _at("store"),
         "Durations are negative, or huge."),
    Kind("data.corrupt", Corrupt, "column: its name; how: type, encoding, sign or length", _at("store"),
         "A column holds what it should not: letters, bytes that are no UTF-8, another sign, thousands of characters."),
    Kind("data.insert", Insert, "rows: how many, from 1", _at("store"),
         "Rows come in before a page that is not the first: the last ones of the page before come again."),
    Kind("data.delete", Delete, "rows: how many, from 1", _at("store"),
         "Rows go before a page that is not the first: as many are never seen."),
    Kind("data.unfiltered", Unfiltered, "parameter: caller, callee, answeredby, startTime, endTime, minDur or maxDur", _at("filter"),
         "A parameter of the query is passed over."),
    Kind("data.reorder", Reorder, "how: reverse, or shuffle by chance", _at("order"),
         "The rows of a page are in another order."),
    Kind("data.repeat", Repeat, "", _at("page"),
         "In place of a page that is not the first comes the one before."),
    Kind("data.duplicate", Duplicate, "copies: of each row, 1 to 100", _at("page"),
         "Rows come more than once."),
    Kind("data.ungroup", Ungroup, "", _at("group"),
         "Rows of one call have sessions of their own."),
    Kind("data.column-missing", ColumnMissing, "column: its name", _at("render"),
         "A column is missing."),
    Kind("data.column-extra", ColumnExtra, "column: its name; value: text", _at("render"),
         "There is a column that nobody knows."),
    Kind("data.null", Null, "column: its name; word: what CSV has in its place", _at("render"),
         "A column is null."),
)
# fmt: on
