"""What `/cdrapi` answers, read plainly from its specification: rows and a request in, a page or ``"refused"`` out.

The product answers with SQL; this file walks through the rows and the characters one by one, and shares nothing with
the product, so that the two can only agree where both read the specification alike. Numbers in comments are sections
of the specification; 0b wins over the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Row = Mapping[str, str]
Params = Sequence[tuple[str, str]]
Quirks = Mapping[str, object]
Answer = list[Row] | Literal["refused"]

REFUSED: Literal["refused"] = "refused"

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
EXTCHARS = LETTERS + DIGITS + "+*#."
BLANKS = " \t\n\v\f\r"
LOWEST, HIGHEST = -(2**63), 2**63 - 1

LISTS = ("caller", "callee", "answeredby")
NUMBERS = ("numrecords", "offset", "mindur", "maxdur")
TIMES = ("starttime", "endtime")
NAMES = ("format", *LISTS, *NUMBERS, *TIMES)

BEFORE_EVERYTHING, AFTER_EVERYTHING = "", "~"


class Refused(Exception):
    """The request finds nothing, whatever the rows are (3.4)."""


def page(rows: Iterable[Row], params: Params, quirks: Quirks, zone: str, now: datetime, generation: str) -> Answer:
    """Return the rows of the page that *params* ask for, in order, or ``"refused"``.

    *rows* are in the order in which they were written, *zone* names the PBX's time zone, *now* is an aware datetime,
    *generation* is G1, G2 or G3.
    """
    try:
        given = _collect(params, quirks)
        lists = {name: _items(given[name], quirks) for name in LISTS if name in given}
        numbers = {name: _uint(given[name]) for name in NUMBERS if name in given}
        times = {name: bound(given[name], quirks, zone, now) for name in TIMES if given.get(name)}
        if "format" in given and ascii_lower(given["format"]) not in ("csv", "xml", "json"):
            raise Refused  # E3
    except Refused:
        return REFUSED
    found = [row for row in rows if _matches(row, lists, numbers, times, generation)]
    found.sort(key=lambda row: (row["start"], int(row["AcctId"])))  # 0b; equals stay as they were written
    if quirks["order"] == "desc":
        found.reverse()
    offset, limit = numbers.get("offset", 0), min(numbers.get("numrecords", 1000), 1000)
    return found[offset : offset + limit]


def container(params: Params) -> str:
    """Return the format of the container, csv where `format` is wrong or given twice (3.4)."""
    formats = [ascii_lower(value) for name, value in params if ascii_lower(name) == "format"]
    return formats[0] if len(formats) == 1 and formats[0] in ("csv", "xml", "json") else "csv"


def pairs(query: bytes) -> list[tuple[str, str]]:
    """Return the names and values of *query*, decoded (2.6); bytes that are no UTF-8 become surrogate escapes."""
    found = []
    for piece in query.split(b"&"):
        name, value = piece.split(b"=", 1) if b"=" in piece else (piece, b"")
        found.append((_decoded(name), _decoded(value)))
    return found


def ascii_lower(text: str) -> str:
    """Return *text* with the 26 ASCII capitals in lower case."""
    return "".join(chr(ord(char) + 32) if "A" <= char <= "Z" else char for char in text)


def cast(text: str) -> int:
    """Return ``CAST(text AS INTEGER)``: leading blanks, a sign, leading digits, else 0; beyond 63 bits it saturates."""
    at = 0
    while at < len(text) and text[at] in BLANKS:
        at += 1
    sign = -1 if text[at : at + 1] == "-" else 1
    if text[at : at + 1] in ("-", "+"):
        at += 1
    number = 0
    while at < len(text) and text[at] in DIGITS:
        number = min(number * 10 + DIGITS.index(text[at]), 2**63)
        at += 1
    return max(LOWEST, min(sign * number, HIGHEST))


def like(value: str, pattern: str) -> bool:
    """Say whether *pattern* describes the whole of *value*: ``@`` any run, ``_`` one character, ASCII case ignored."""
    value, pattern = ascii_lower(value), ascii_lower(pattern)
    # ends[n]: the pattern up to here can describe the first n characters of the value
    ends = [True] + [False] * len(value)
    for char in pattern:
        if char == "@":
            for n in range(1, len(ends)):
                ends[n] = ends[n] or ends[n - 1]
        else:
            ends = [False] + [ends[n] and char in ("_", value[n]) for n in range(len(value))]
    return ends[-1]


def bound(text: str, quirks: Quirks, zone: str, now: datetime) -> str:
    """Return the PBX-local text that `start` is compared with (3.2, 3.3, 0b)."""
    if text == "now":
        return _wall(now.astimezone(UTC).replace(tzinfo=None), zone)
    if len(text) == 10 and _all_digits(text):
        return _wall(datetime(1970, 1, 1) + timedelta(seconds=int(text)), zone)
    if "T" in text:
        date, clock = text.split("T", 1)
        day = _date(date)
    elif ":" in text:
        day, clock = datetime(2000, 1, 1), text  # no date
    else:
        return _wall(_date(text), zone)  # no time of day: 00:00 UTC
    clock, offset = _cut_zone(clock)
    since_midnight, fraction = _clock(clock)
    if quirks["time-fraction"] == "cut":
        fraction = ""
    if offset is None and quirks["naive-time"] == "local":
        return _text(day + since_midnight) + fraction
    try:
        instant = day + since_midnight - (offset or timedelta(0))
    except OverflowError:
        return BEFORE_EVERYTHING if day.year < 5000 else AFTER_EVERYTHING
    return _wall(instant, zone) + fraction


def _decoded(raw: bytes) -> str:
    made = bytearray()
    at = 0
    while at < len(raw):
        escape = raw[at + 1 : at + 3]
        if raw[at] == ord("%") and len(escape) == 2 and all(byte in b"0123456789ABCDEFabcdef" for byte in escape):
            made.append(int(escape, 16))
            at += 3
        else:
            made.append(ord(" ") if raw[at] == ord("+") else raw[at])
            at += 1
    return bytes(made).decode("utf-8", "surrogateescape")


def _collect(params: Params, quirks: Quirks) -> dict[str, str]:
    """Return one value for each name in lower case, after E5, E7, E8 and E9."""
    given: dict[str, str] = {}
    for written, value in params:
        name = ascii_lower(written)
        if name not in NAMES or (name == "answeredby" and quirks["answeredby"] == "unknown"):
            raise Refused  # E7; a nameless parameter is E8
        if value == "" and not (name in TIMES and quirks["empty-time"] == "open"):
            raise Refused  # E5
        if name not in given:
            given[name] = value
        elif name in ("caller", "callee"):
            given[name] += "," + value
        else:
            raise Refused  # E9
    return given


def _items(text: str, quirks: Quirks) -> list[str]:
    """Return the items of an extension list, each of a form that 3.2 knows."""
    if text.endswith(",") and quirks["trailing-comma"] == "ignore":
        text = text[:-1]
    items = text.split(",")
    for item in items:
        if item == "":
            raise Refused  # E6
        if any(char not in EXTCHARS + "-@_" for char in item):
            raise Refused  # E1
        if "@" not in item and "_" not in item and item.count("-") > 1:
            raise Refused  # E4
    return items


def _uint(text: str) -> int:
    if not _all_digits(text):
        raise Refused  # E2
    return cast(text)


def _all_digits(text: str) -> bool:
    return text != "" and all(char in DIGITS for char in text)


def _matches(
    row: Row, lists: Mapping[str, list[str]], numbers: Mapping[str, int], times: Mapping[str, str], generation: str
) -> bool:
    fields = {"caller": row["src"], "callee": row["dst"], "answeredby": _answerer(row, generation)}
    if not all(any(_item_matches(fields[name], item) for item in items) for name, items in lists.items()):
        return False
    billsec, start = int(row["billsec"]), row["start"]
    if not numbers.get("mindur", billsec) <= billsec <= numbers.get("maxdur", billsec):
        return False
    return times.get("starttime", start) <= start <= times.get("endtime", start)


def _answerer(row: Row, generation: str) -> str:
    if generation in ("G2", "G3"):
        return row["dstanswer"]
    return row["dstchannel_ext"] if row["disposition"] == "ANSWERED" else ""


def _item_matches(value: str, item: str) -> bool:
    if "@" in item or "_" in item:
        return like(value, item)
    if "-" in item:
        low, high = item.split("-")
        return cast(low) <= cast(value) <= cast(high)
    return value == item


def _date(text: str) -> datetime:
    pieces = text.split("-")
    if [len(piece) for piece in pieces] != [4, 2, 2] or not all(map(_all_digits, pieces)):
        raise Refused  # E1
    year, month, day = map(int, pieces)
    try:
        return datetime(year, month, day)
    except ValueError:
        raise Refused from None  # an impossible time is E1


def _cut_zone(clock: str) -> tuple[str, timedelta | None]:
    """Return *clock* without its zone, and how far that zone is ahead of UTC; None when it names none."""
    if clock.endswith("Z"):
        return clock[:-1], timedelta(0)
    sign, zone = clock[-6:-5], clock[-5:]
    if sign not in ("+", "-") or zone[2] != ":":
        return clock, None
    hours, minutes = _two_digits(zone[:2], 23), _two_digits(zone[3:], 59)
    ahead = timedelta(hours=hours, minutes=minutes)
    return clock[:-6], -ahead if sign == "-" else ahead


def _clock(text: str) -> tuple[timedelta, str]:
    """Return how long after midnight *text* is, in whole seconds, and the fraction with its point."""
    pieces = text.split(":")
    if len(pieces) not in (2, 3):
        raise Refused
    fraction = ""
    if len(pieces) == 3 and len(pieces[2]) == 6:
        pieces[2], fraction = pieces[2][:2], pieces[2][2:]
        if fraction[0] != "." or not _all_digits(fraction[1:]):
            raise Refused
    hours, minutes, *seconds = pieces
    second = _two_digits(seconds[0], 59) if seconds else 0
    return timedelta(hours=_two_digits(hours, 23), minutes=_two_digits(minutes, 59), seconds=second), fraction


def _two_digits(text: str, most: int) -> int:
    if len(text) != 2 or not _all_digits(text) or int(text) > most:
        raise Refused
    return int(text)


def _wall(instant: datetime, zone: str) -> str:
    """Return what the PBX's clock shows at *instant*, which is a UTC date and time without a zone."""
    try:
        return _text(instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)))
    except (OverflowError, ValueError):  # beyond the years 1 to 9999: no row is there
        return BEFORE_EVERYTHING if instant.year < 5000 else AFTER_EVERYTHING


def _text(when: datetime) -> str:
    date, clock = (when.year, when.month, when.day), (when.hour, when.minute, when.second)
    return "{:04d}-{:02d}-{:02d} ".format(*date) + "{:02d}:{:02d}:{:02d}".format(*clock)
