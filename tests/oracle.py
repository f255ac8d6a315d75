"""What `/cdrapi` answers, read plainly from its specification: rows and a request in, a page or ``"refused"`` out.

The product answers with SQL; this file walks through the rows and the characters one by one, and shares nothing with
the product, so that the two can only agree where both read the specification alike. Numbers in comments are sections
of the specification; 0b wins over the others, and where a quirk is named, its row in the register says what is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Row = Mapping[str, str]
Params = Sequence[tuple[str, str | None]]
Quirks = Mapping[str, object]
Answer = list[Row] | Literal["refused"]

REFUSED: Literal["refused"] = "refused"

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
EXTCHARS = LETTERS + DIGITS + "+*#."
BLANKS = " \t\n\v\f\r"
LOWEST, HIGHEST = -(2**63), 2**63 - 1

FORMATS = ("csv", "xml", "json")
LISTS = ("caller", "callee", "answeredby")
NUMBERS = ("numRecords", "offset", "minDur", "maxDur")
TIMES = ("startTime", "endTime")
NAMES = ("format", *LISTS, *NUMBERS, *TIMES)

BEFORE_EVERYTHING, AFTER_EVERYTHING = "0000", "~"


class Refused(Exception):
    """The request finds nothing, whatever the rows are (3.4)."""


def page(rows: Iterable[Row], params: Params, quirks: Quirks, zone: str, now: datetime, generation: str) -> Answer:
    """Return the rows of the page that *params* ask for, in order, or ``"refused"``.

    *rows* are in the order in which they were written, a value of *params* is None where there is no ``=``, *quirks*
    have a value for each that decides what is found, *zone* names the PBX's time zone, *now* is an aware datetime,
    *generation* is G1, G2 or G3.
    """
    try:
        given = _collect(params, quirks)
        if "format" in given and _format(given["format"], quirks) is None:
            raise Refused  # E3
        lists = {name: _items(given[name], quirks) for name in LISTS if name in given}
        numbers = {name: _uint(given[name], quirks) for name in NUMBERS if name in given}
        times = {name: bound(given[name], quirks, zone, now) for name in TIMES if given.get(name)}
        limit = _limit(numbers.get("numRecords"), quirks)
    except Refused:
        return REFUSED
    found = [row for row in rows if _matches(row, lists, numbers, times, quirks, generation)]
    if quirks["sort-key"] == "start":
        found.sort(key=lambda row: (row["start"], int(row["AcctId"])))  # 0b; equals stay as they were written
    else:
        found.sort(key=lambda row: (int(row["AcctId"]), row["start"]))
    if quirks["order"] == "desc":
        found.reverse()
    offset = 0 if quirks["offset"] == "ignored" else numbers.get("offset", 0)
    if quirks["paging-unit"] == "rows" or generation != "G3":
        return found[offset : offset + limit]
    entries = [row["session"] or f"row {at}" for at, row in enumerate(found)]
    shown = list(dict.fromkeys(entries))[offset : offset + limit]
    return [row for row, entry in zip(found, entries, strict=True) if entry in shown]


def container(params: Params, quirks: Quirks) -> str:
    """Return the format of the container, csv where `format` is wrong or given twice (3.4)."""
    formats = [value or "" for name, value in params if _name(name, quirks) == "format"]
    if quirks["empty-value"] == "ignore":
        formats = [value for value in formats if value]
    if formats == []:
        return str(quirks["default-format"])
    if len(formats) > 1 and quirks["repeated-parameter"] == "refuse":
        return "csv"
    return _format(formats[-1] if quirks["repeated-parameter"] == "last" else formats[0], quirks) or "csv"


def pairs(query: bytes) -> list[tuple[str, str | None]]:
    """Return the names and values of *query*, decoded (2.6); bytes that are no UTF-8 become surrogate escapes."""
    found: list[tuple[str, str | None]] = []
    for piece in query.split(b"&"):
        name, *value = piece.split(b"=", 1)
        found.append((_decoded(name), _decoded(value[0]) if value else None))
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


def like(value: str, pattern: str, quirks: Quirks) -> bool:
    """Say whether *pattern* describes the whole of *value*: ``@`` any run, ``_`` one character (3.3)."""
    if quirks["wildcard-case"] == "any":
        value, pattern = ascii_lower(value), ascii_lower(pattern)
    one = "_" if quirks["underscore"] == "wildcard" else None
    # ends[n]: the pattern up to here can describe the first n characters of the value
    ends = [True] + [False] * len(value)
    for char in pattern:
        if char == "@":
            for n in range(1, len(ends)):
                ends[n] = ends[n] or ends[n - 1]
        else:
            ends = [False] + [ends[n] and char in (one, value[n]) for n in range(len(value))]
    return ends[-1]


def bound(text: str, quirks: Quirks, zone: str, now: datetime) -> str:
    """Return the PBX-local text that `start` is compared with (3.2, 3.3, 0b)."""
    if text == "now":
        return _wall(now.astimezone(UTC).replace(tzinfo=None), zone)
    if len(text) == 10 and _all_digits(text):
        return _wall(datetime(1970, 1, 1) + timedelta(seconds=int(text)), zone)
    if text[10:11] in (("T", " ") if quirks["space-for-t"] == "accept" else ("T",)):
        day, clock = _date(text[:10]), text[11:]
    elif ":" in text:
        day, clock = _day_of_none(quirks, zone, now), text
    else:
        day = _date(text)
        return _text(day) if quirks["date-only"] == "local" else _wall(day, zone)
    clock, offset = _cut_zone(clock)
    since_midnight, fraction = _clock(clock, quirks)
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


def _name(written: str, quirks: Quirks) -> str | None:
    """Return the parameter that is *written*, as the guide writes it."""
    for name in NAMES:
        if written == name or (quirks["parameter-case"] == "any" and ascii_lower(written) == ascii_lower(name)):
            return None if name == "answeredby" and quirks["answeredby"] == "unknown" else name
    return None


def _format(value: str, quirks: Quirks) -> str | None:
    if quirks["format-case"] == "any":
        value = ascii_lower(value)
    return value if value in FORMATS else None


def _collect(params: Params, quirks: Quirks) -> dict[str, str]:
    """Return one value for each name, after E5, E7, E8 and E9."""
    given: dict[str, str] = {}
    for written, value in params:
        if written == "" and value is None:
            _refuse_if(quirks["trailing-ampersand"] == "refuse")  # E8
            continue
        name = _name(written, quirks)
        if name is None:
            _refuse_if(quirks["unknown-parameter"] == "refuse")  # E7
            continue
        if not value and not (name in TIMES and quirks["empty-time"] == "open"):
            _refuse_if(quirks["empty-value"] == "refuse")  # E5
            continue
        if name not in given:
            given[name] = value or ""
        elif name in ("caller", "callee") and quirks["repeated-list"] == "join":
            given[name] += "," + (value or "")
        else:
            _refuse_if(quirks["repeated-parameter"] == "refuse")  # E9
            if quirks["repeated-parameter"] == "last":
                given[name] = value or ""
    return given


def _refuse_if(wrong: bool) -> None:
    if wrong:
        raise Refused


def _items(text: str, quirks: Quirks) -> list[str]:
    """Return the items of an extension list, each of a form that 3.2 knows."""
    if text.endswith(",") and quirks["trailing-comma"] == "ignore":
        text = text[:-1]
    kept = []
    for item in text.split(","):
        if item == "":
            _refuse_if(quirks["empty-item"] == "refuse")  # E6
            continue
        if quirks["list-characters"] == "strict":
            _refuse_if(any(char not in EXTCHARS + "-@_" for char in item))  # E1
        if not _is_pattern(item, quirks) and item.count("-") > 1:
            _refuse_if(quirks["several-hyphens"] == "refuse")  # E4
            continue
        kept.append(item)
    return kept


def _is_pattern(item: str, quirks: Quirks) -> bool:
    return "@" in item or ("_" in item and quirks["underscore"] == "wildcard")


def _uint(text: str, quirks: Quirks) -> int:
    if not _all_digits(text):
        _refuse_if(quirks["bad-number"] == "refuse")  # E2
    digits = ""
    for char in text:
        if char not in DIGITS:
            break
        digits += char
    return cast(digits)


def _all_digits(text: str) -> bool:
    return text != "" and all(char in DIGITS for char in text)


def _limit(asked: int | None, quirks: Quirks) -> int:
    most = int(str(quirks["page-limit"]))
    if asked is None or (asked == 0 and quirks["numrecords-zero"] == "limit"):
        return most
    if asked > most:
        _refuse_if(quirks["numrecords-over-limit"] == "refuse")
    return min(asked, most)


def _matches(
    row: Row,
    lists: Mapping[str, list[str]],
    numbers: Mapping[str, int],
    times: Mapping[str, str],
    quirks: Quirks,
    generation: str,
) -> bool:
    fields = {"caller": row["src"], "callee": row["dst"], "answeredby": _answerer(row, quirks, generation)}
    if not all(any(_item_matches(fields[name], item, quirks) for item in items) for name, items in lists.items()):
        return False
    seconds, moment = int(row[str(quirks["duration-basis"])]), row[str(quirks["time-basis"])]
    if not numbers.get("minDur", seconds) <= seconds <= numbers.get("maxDur", seconds):
        return False
    return times.get("startTime", moment) <= moment <= times.get("endTime", moment)


def _answerer(row: Row, quirks: Quirks, generation: str) -> str:
    if generation in ("G2", "G3"):
        return row["dstanswer"]
    if quirks["answeredby-rows"] == "all":
        return row["dstchannel_ext"]
    return row["dstchannel_ext"] if row["disposition"] == "ANSWERED" else ""


def _item_matches(value: str, item: str, quirks: Quirks) -> bool:
    if _is_pattern(item, quirks):
        return like(value, item, quirks)
    if "-" not in item:
        return value == item
    low, high = item.split("-")
    lowest, highest = cast(low), cast(high)
    if quirks["open-range"] == "open":
        lowest = lowest if low else LOWEST
        highest = highest if high else HIGHEST
    counted = _counted(value, quirks)
    return counted is not None and lowest <= counted <= highest


def _counted(value: str, quirks: Quirks) -> int | None:
    """Return the number that *value* is in a range; None where it is none and does not count as 0 either."""
    if quirks["range-digits"] == "all":
        value = "".join(char for char in value if char in DIGITS)
    unsigned = value.lstrip(BLANKS)
    if unsigned[:1] in ("-", "+"):
        unsigned = unsigned[1:]
    if quirks["zero-range"] == "zero" and not _all_digits(unsigned[:1]):
        return None
    return cast(value)


def _date(text: str) -> datetime:
    pieces = text.split("-")
    if [len(piece) for piece in pieces] != [4, 2, 2] or not all(map(_all_digits, pieces)):
        raise Refused  # E1
    year, month, day = map(int, pieces)
    try:
        return datetime(year, month, day)
    except ValueError:
        raise Refused from None  # an impossible time is E1


def _day_of_none(quirks: Quirks, zone: str, now: datetime) -> datetime:
    """Return the day that is meant where no date is given."""
    if quirks["missing-date"] == "2000-01-01":
        return datetime(2000, 1, 1)
    today = now.astimezone(ZoneInfo(zone))
    return datetime(today.year, today.month, today.day)


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


def _clock(text: str, quirks: Quirks) -> tuple[timedelta, str]:
    """Return how long after midnight *text* is, in whole seconds, and the fraction with its point."""
    pieces = text.split(":")
    if len(pieces) not in (2, 3):
        raise Refused
    fraction = ""
    if len(pieces) == 3 and len(pieces[2]) > 2:
        pieces[2], fraction = pieces[2][:2], pieces[2][2:]
        if fraction[0] != "." or not _all_digits(fraction[1:]):
            raise Refused
        _refuse_if(len(fraction) != 4 and quirks["fraction-digits"] == "three")
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
