"""The CDR columns in the order in which firmware generations appended them. Spec 4.1, 5.1.

A row is a tuple of texts, one per column of `COLUMNS`; an older generation shows the front part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Row = tuple[str, ...]
"""One CDR: the text of every column of `COLUMNS`, in that order; a missing value is the empty text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: *generation* is the first that has it; *number* says that the store keeps it as an integer."""

    name: str
    generation: str
    meaning: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Generation:
    """The columns and the JSON shape of one firmware generation."""

    id: str
    json_root: str
    grouped: bool
    columns: tuple[str, ...]


# fmt: off
COLUMNS = (
    Column("AcctId",         "G1", "row id, given when the leg ends", number=True),
    Column("accountcode",    "G1", "account code or PIN group"),
    Column("src",            "G1", "caller number"),
    Column("dst",            "G1", "dialled number or entry point"),
    Column("dcontext",       "G1", "dialplan context"),
    Column("clid",           "G1", 'raw caller ID: "Name" <number>'),
    Column("channel",        "G1", "channel of the caller"),
    Column("dstchannel",     "G1", "channel of the callee, empty without a second leg"),
    Column("lastapp",        "G1", "last dialplan application"),
    Column("lastdata",       "G1", "its arguments"),
    Column("start",          "G1", "local wall clock, YYYY-MM-DD HH:MM:SS"),
    Column("answer",         "G1", "the same, or empty"),
    Column("end",            "G1", "the same, or empty"),
    Column("duration",       "G1", "whole seconds from start to end", number=True),
    Column("billsec",        "G1", "whole seconds from answer to end", number=True),
    Column("disposition",    "G1", "ANSWERED, NO ANSWER, BUSY or FAILED"),
    Column("amaflags",       "G1", "DOCUMENTATION"),
    Column("uniqueid",       "G1", "UTC epoch of the channel, a dot, a counter since boot"),
    Column("userfield",      "G1", "EXT, or Internal, Inbound, Outbound, External"),
    Column("channel_ext",    "G1", "extension or trunk of the caller"),
    Column("dstchannel_ext", "G1", "extension or trunk of the callee"),
    Column("service",        "G1", "s"),
    Column("caller_name",    "G2", "display name of the caller"),
    Column("recordfiles",    "G2", "recordings, each ended by @"),
    Column("dstanswer",      "G2", "who answered"),
    Column("chanext",        "G2", "empty in every capture"),
    Column("dstchanext",     "G2", "empty in every capture"),
    Column("session",        "G3", "one value for all rows of a call"),
    Column("action_owner",   "G3", "who began the action"),
    Column("action_type",    "G3", "DIAL, VM, IVR[n], ..."),
    Column("src_trunk_name", "G3", "trunk the call came in by"),
    Column("dst_trunk_name", "G3", "trunk the call went out by"),
)
# fmt: on

NAMES = tuple(column.name for column in COLUMNS)
AT: Mapping[str, int] = MappingProxyType({name: at for at, name in enumerate(NAMES)})
"""Where a column stands in a `Row`."""


def _generation(name: str, json_root: str, *, grouped: bool) -> Generation:
    return Generation(name, json_root, grouped, tuple(column.name for column in COLUMNS if column.generation <= name))


GENERATIONS: Mapping[str, Generation] = MappingProxyType(
    {
        "G1": _generation("G1", "cdr", grouped=False),
        "G2": _generation("G2", "cdr", grouped=False),
        "G3": _generation("G3", "cdr_root", grouped=True),
    }
)


def row(values: Mapping[str, str]) -> Row:
    """Return the row with *values* by column name; columns that are not named are empty."""
    return tuple(values.get(name, "") for name in NAMES)
