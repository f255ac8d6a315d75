"""Reads rows out of the device's JSON, and says what tells one row from another. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = dict[str, str]
"""One CDR as the device has it: every value is text."""

Key = tuple[str, str, str]


def rows_of(document: dict[str, Any]) -> list[Row]:
    """Return the rows of a page, those of one call one by one; raises ValueError, TypeError or KeyError where there is none."""
    (root,) = set(document) & {"cdr", "cdr_root"}
    return [row for entry in document[root] for row in _legs(entry)]


def _legs(entry: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows of an entry; of several, `main_cdr` only has sums, that bill every ring group many times over."""
    if "main_cdr" not in entry:
        yield _checked(entry)
        return
    for number in range(1, len(entry) - 1):
        yield _checked(entry[f"sub_cdr_{number}"])


def _checked(row: dict[str, Any]) -> Row:
    for name in ("AcctId", "start", "uniqueid", "billsec", "disposition"):
        if not isinstance(row[name], str):
            raise TypeError(f"{name} is {row[name]!r}, which is no text")
    int(row["billsec"])
    return row


def key_of(row: Row) -> Key:
    """Return what no two rows of a PBX have in common.

    AcctId alone will not do: the device begins anew each month, or when its CDRs were deleted. uniqueid alone will not do
    either: all legs of a call have the same. Nor would both with a device whose backup was restored; `start` is of the leg.
    """
    return row["AcctId"], row["uniqueid"], row["start"]


def recordings_of(row: Row) -> list[str]:
    """Return the paths of the recordings that a row tells of; each ends with @, also the last."""
    return [path for path in row.get("recordfiles", "").split("@") if path]


def billable(row: Row) -> tuple[str, str, int] | None:
    """Return who called which number outside for how many seconds, None for a row that costs nothing."""
    if row["disposition"] != "ANSWERED" or not row.get("dstchannel_ext", "").startswith("trunk"):
        return None
    return row["src"], row["dst"], int(row["billsec"])
