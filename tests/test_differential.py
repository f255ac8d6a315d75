"""Random rows and random requests: the product must find what a plain reading of the specification finds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain, product
from pathlib import Path
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests import oracle
from ucmsim.cdr.extensions import Grammar
from ucmsim.cdr.query import Circumstances, Query, Refusal, parse
from ucmsim.columns import row
from ucmsim.http.request import Absent, pairs
from ucmsim.personalities import personality
from ucmsim.register import Quirks
from ucmsim.store.history import History

QUIRKS: Mapping[str, tuple[str | int, ...]] = {
    "answeredby": ("accept", "unknown"),
    "answeredby-rows": ("answered", "all"),
    "bad-number": ("refuse", "leading"),
    "date-only": ("utc", "local"),
    "default-format": ("csv", "xml", "json"),
    "duration-basis": ("billsec", "duration"),
    "empty-item": ("refuse", "skip"),
    "empty-time": ("open", "refuse"),
    "empty-value": ("refuse", "ignore"),
    "format-case": ("any", "exact"),
    "fraction-digits": ("three", "any"),
    "list-characters": ("strict", "any"),
    "missing-date": ("2000-01-01", "today"),
    "naive-time": ("local", "utc"),
    "numrecords-over-limit": ("clamp", "refuse"),
    "numrecords-zero": ("none", "limit"),
    "offset": ("applied", "ignored"),
    "open-range": ("zero", "open"),
    "order": ("asc", "desc"),
    "page-limit": (1000, 1, 4),
    "paging-unit": ("rows", "entries"),
    "parameter-case": ("any", "exact"),
    "range-digits": ("leading", "all"),
    "repeated-list": ("join", "refuse"),
    "repeated-parameter": ("refuse", "first", "last"),
    "several-hyphens": ("refuse", "skip"),
    "sort-key": ("start", "acctid"),
    "space-for-t": ("refuse", "accept"),
    "time-basis": ("start", "end"),
    "time-fraction": ("cut", "keep"),
    "trailing-ampersand": ("refuse", "ignore"),
    "trailing-comma": ("ignore", "refuse"),
    "underscore": ("wildcard", "literal"),
    "unknown-parameter": ("refuse", "ignore"),
    "wildcard-case": ("any", "exact"),
    "zero-range": ("non-numbers", "zero"),
}
"""The quirks that decide which rows are found, in which order and container; the first value is the default."""

USUAL = {quirk: values[0] for quirk, values in QUIRKS.items()}

FAMILIES: tuple[tuple[str, ...], ...] = (
    ("empty-item", "list-characters", "several-hyphens", "trailing-comma", "repeated-list"),
    ("list-characters", "underscore", "wildcard-case"),
    ("open-range", "range-digits", "zero-range"),
    ("date-only", "missing-date", "naive-time"),
    ("fraction-digits", "space-for-t", "time-basis", "time-fraction"),
    (
        "bad-number",
        "numrecords-over-limit",
        "numrecords-zero",
        "offset",
        "order",
        "page-limit",
        "paging-unit",
        "sort-key",
    ),
    ("answeredby", "answeredby-rows", "duration-basis", "unknown-parameter"),
    ("default-format", "empty-time", "empty-value", "format-case", "parameter-case", "repeated-parameter"),
    ("repeated-list", "repeated-parameter", "trailing-ampersand", "unknown-parameter"),
)
"""Quirks that act on the same things, and so on each other."""

SHOWN_ON = {"answeredby-rows": "G1", "paging-unit": "G3"}
"""The generation of quirks that show on one only."""

PERSONALITY = {"G1": "ucm6100-1.0.9", "G2": "ucm6510-1.0.5", "G3": "ucm6510-1.0.10"}
"""A personality of each generation."""

# Instants at which something happens to the clock, in Unix seconds.
PIVOTS: Mapping[str, tuple[int, ...]] = {
    "America/Chicago": (1362902400, 1383462000),  # 2013-03-10 08:00Z forward, 2013-11-03 07:00Z back
    "Europe/Berlin": (1364691600, 1382835600),  # 2013-03-31 01:00Z forward, 2013-10-27 01:00Z back
    "Australia/Lord_Howe": (1365260400, 1380987000),  # 30 minutes: 2013-04-06 15:00Z back, 2013-10-05 15:30Z forward
    "Asia/Kathmandu": (504901800, 1386100800),  # +05:30 becomes +05:45 at 1985-12-31 18:30Z; midnight-odd ever since
    "Pacific/Apia": (1325239200, 1333202400),  # 2011-12-30 is left out at 10:00Z; 2012-03-31 14:00Z back
    "UTC": (1386072000, 1000000000),
}
MILLENNIUM = 946684800  # a time of day without a date lies on the day that begins here

# fmt: off
NUMBERS = (
    "", "anonymous", "Anonymous", "s", "0", "000", "5300", "05300", "5300x", "x5300", "5301", "5399", "6300",
    "07700900699", "7700900699", "+4930123", "4930123", "-5300", "+-5", "-", " 5300", "\t\n\v\f\r5300",
    "\u00a05300", "5300 ", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "99999999999999999999999999", "00000000000000000000000000005300", "1e3", "0x10", "1.5", "*97", "#1", "5_3",
    "5@3", "5300-5301", "5%", "%", "O'Brien", 'a"b"', "a\\b", "müller", "MÜLLER", "ÉCOLE", "école",
    "\u0665\u0663", "\u212aELVIN", "日本", "\U0001f4de5300",
)
# fmt: on
PLAIN = tuple(number for number in NUMBERS if number and all(char in oracle.EXTCHARS for char in number))


@dataclass(frozen=True)
class Bench:
    """Everything an answer depends on besides the request."""

    zone: str = "UTC"
    now: datetime = datetime(2013, 12, 3, 20, 0, tzinfo=UTC)
    generation: str = "G1"
    quirks: Mapping[str, str | int] = field(default_factory=lambda: dict(USUAL))
    rows: tuple[Mapping[str, str], ...] = ()

    def expected(self, params: oracle.Params) -> oracle.Answer:
        """Return what the specification says."""
        return oracle.page(self.rows, params, self.quirks, self.zone, self.now, self.generation)

    @contextmanager
    def history(self) -> Iterator[History]:
        """Give a history with the rows."""
        with closing(History.open(Path(":memory:"), durable=False)) as history:
            history.extend(row(values) for values in self.rows)
            yield history

    @property
    def register(self) -> Quirks:
        """The values of all quirks."""
        return Quirks.of(personality(PERSONALITY[self.generation]), self.quirks)

    def parsed(self, params: oracle.Params) -> Query | Refusal:
        """Return what the product understands."""
        sent = tuple((name, Absent() if value is None else value) for name, value in params)
        return parse(sent, Circumstances(self.register, Grammar.of(self.register), ZoneInfo(self.zone), self.now))

    def found(self, history: History, params: oracle.Params) -> object:
        """Return what the product finds."""
        query = self.parsed(params)
        if isinstance(query, Refusal):
            return oracle.REFUSED
        return history.page(query, self.register, up_to=history.high_water)

    def either_way(self, quirk: str) -> Iterator[Bench]:
        """Yield the same PBX with each value of *quirk*."""
        for value in QUIRKS[quirk]:
            yield replace(self, quirks={**self.quirks, quirk: value})

    def compare(self, *requests: oracle.Params) -> None:
        """Fail unless product and specification agree on each of *requests*."""
        with self.history() as history:
            for params in requests:
                answer = self.expected(params)
                wanted = answer if isinstance(answer, str) else [row(values) for values in answer]
                assert self.found(history, params) == wanted, params
                assert self.parsed(params).format.name.lower() == oracle.container(params, self.quirks), params


def examples(most: int) -> settings:
    """Return the settings of a property that is tried on *most* examples."""
    return settings(
        max_examples=most,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )


# Values


@st.composite
def quirks_of_any_kind(draw: st.DrawFn) -> dict[str, str | int]:
    """Draw a value of each quirk, most of them the usual ones."""
    flipped = draw(st.lists(st.sampled_from(tuple(QUIRKS)), unique=True))
    return USUAL | {quirk: draw(st.sampled_from(QUIRKS[quirk][1:])) for quirk in flipped}


@st.composite
def near(draw: st.DrawFn, zone: str) -> tuple[int, int]:
    """Draw an instant at which something happens in *zone*, and some seconds: quarters of an hour, or one off."""
    pivot = draw(st.sampled_from((*PIVOTS[zone], MILLENNIUM)))
    return pivot, 900 * draw(st.integers(-12, 12)) + draw(st.sampled_from((0, 0, 0, -1, 1)))


@st.composite
def walls(draw: st.DrawFn, zone: str) -> datetime:
    """Draw a local time of *zone*; where a clock is put on, some of them were never shown by any."""
    pivot, later = draw(near(zone))
    if draw(st.booleans()):
        return datetime.fromtimestamp(pivot + later, ZoneInfo(zone)).replace(tzinfo=None)
    before = datetime.fromtimestamp(pivot - 1, ZoneInfo(zone)).replace(tzinfo=None)
    return before + timedelta(seconds=1 + later)


texts = st.one_of(st.sampled_from(NUMBERS), st.text("0159+-%_@.*#aZzé \"'", max_size=6))


@st.composite
def tables(draw: st.DrawFn, zone: str) -> tuple[dict[str, str], ...]:
    """Draw the rows of a PBX in *zone*; no two are alike."""
    count = draw(st.sampled_from((12, 9, 6, 3, 1)))
    value = st.sampled_from([*draw(st.lists(texts, min_size=2, max_size=5)), "aB5_1"])
    start = st.sampled_from(draw(st.lists(walls(zone), min_size=4, max_size=6, unique=True)))
    columns = st.tuples(
        value,
        value,
        value,
        value,
        start,
        st.one_of(start, st.none()),
        st.integers(1, 12),
        st.integers(-1, 7),
        st.integers(-1, 7),
        st.sampled_from(("ANSWERED", "NO ANSWER", "BUSY", "FAILED")),
        st.sampled_from(("", "1", "2", "a", "A")),
    )
    return tuple(
        {
            "AcctId": str(acctid),
            "src": src,
            "dst": dst,
            "dstchannel_ext": extension,
            "dstanswer": answerer,
            "start": f"{start:%Y-%m-%d %H:%M:%S}",
            "end": f"{end:%Y-%m-%d %H:%M:%S}" if end else "",
            "duration": str(duration),
            "billsec": str(billsec),
            "disposition": disposition,
            "session": session,
            "uniqueid": str(at),
        }
        for at, (
            src,
            dst,
            extension,
            answerer,
            start,
            end,
            acctid,
            duration,
            billsec,
            disposition,
            session,
        ) in enumerate(draw(st.lists(columns, min_size=count, max_size=count)))
    )


@st.composite
def benches(draw: st.DrawFn) -> Bench:
    """Draw a PBX with rows."""
    zone = draw(st.sampled_from(tuple(PIVOTS)))
    return Bench(
        zone=zone,
        now=datetime.fromtimestamp(sum(draw(near(zone))), draw(st.sampled_from((UTC, ZoneInfo(zone))))),
        generation=draw(st.sampled_from(("G1", "G2", "G3"))),
        quirks=draw(quirks_of_any_kind()),
        rows=draw(tables(zone)),
    )


# Requests


@st.composite
def items(draw: st.DrawFn, values: Sequence[str], quirks: oracle.Quirks = USUAL) -> str:
    """Draw an item of an extension list that *quirks* tolerate, most often one that finds some of *values*."""
    value = draw(st.sampled_from(values))
    kind = draw(st.sampled_from(("literal", "pattern", "pattern", "range", "range", "odd range")))
    allowed = oracle.EXTCHARS + "-"
    if quirks["list-characters"] == "any":
        value = value.replace(",", "")
        allowed += "".join(value) + draw(st.sampled_from("%\\*?[]'\"^ \udcff\t"))
    if quirks["underscore"] == "literal":
        allowed += "_"
    if kind == "literal":
        fits = value and all(char in allowed.replace("-", "") for char in value)
        return value if fits else draw(st.sampled_from(PLAIN))
    if kind == "pattern":
        kept = draw(st.integers(0, 255))  # a bit for each of the first characters
        swapped = value.swapcase() if draw(st.booleans()) else value
        pattern = "".join(
            char if char in allowed and kept >> at % 8 & 1 else draw(st.sampled_from("_@"))
            for at, char in enumerate(swapped[:12])
        )
        if set("@_") & set(pattern):
            return pattern
        return pattern + draw(st.sampled_from((*allowed[-3:], "@", "@@", "_")))
    if kind == "range":
        middle = max(oracle.cast(value), 0)
        low, high = (max(middle + draw(st.integers(-2, 2)), 0) for _ in "lh")
        more = draw(st.sampled_from(("", "-", "-9"))) if quirks["several-hyphens"] == "skip" else ""
        return f"{'0' * draw(st.integers(0, 2))}{low}-{high}{more}"
    side = st.sampled_from(
        ("", "0", "5300", "5302", "05299", "abc", "x5300", "5300x", "+5299", "1.5", "9" * 19, "9" * 30)
    )
    return f"{draw(side)}-{draw(side)}"


@st.composite
def extension_lists(draw: st.DrawFn, values: Sequence[str], quirks: oracle.Quirks = USUAL) -> str:
    """Draw an extension list, perhaps with the commas that a quirk is about."""
    members = draw(st.lists(items(values, quirks), min_size=1, max_size=3))
    if quirks["empty-item"] == "skip":
        members.insert(draw(st.integers(0, len(members))), "")
    return ",".join(members) + draw(st.sampled_from(("", "", "", "", "", ",")))


@st.composite
def times(draw: st.DrawFn, zone: str, quirks: oracle.Quirks = USUAL) -> str:
    """Draw a time of some form that *quirks* tolerate, near the rows of a PBX in *zone*."""
    kind = draw(st.sampled_from(("now", "epoch", "date", "clock", "moment", "moment", "moment")))
    if kind == "now":
        return "now"
    instant = sum(draw(near(zone)))
    if kind == "epoch":
        return f"{instant:010d}"
    offset = draw(st.sampled_from(("", "", "Z", "+00:00", "-00:00", "-06:00", "+05:45", "+10:30", "+23:59", "-23:59")))
    if offset == "":
        when = draw(walls(zone))
    else:
        ahead = timedelta(0) if offset == "Z" else timedelta(hours=int(offset[1:3]), minutes=int(offset[4:]))
        when = datetime.fromtimestamp(instant, timezone(-ahead if offset[0] == "-" else ahead))
    if kind == "date":
        return f"{when:%Y-%m-%d}"
    fractions = (".0", ".5", ".123456789") if quirks["fraction-digits"] == "any" else ()
    form = draw(st.sampled_from(("%H:%M", "%H:%M:%S", *(f"%H:%M:%S{end}" for end in ("", ".000", ".500", *fractions)))))
    letter = draw(st.sampled_from("T ")) if quirks["space-for-t"] == "accept" else "T"
    day = "" if kind == "clock" else f"{when:%Y-%m-%d}{letter}"
    return day + when.strftime(form) + offset


COUNTS = ("3", "1", "2", "4", "5", "007", "8", "0", "1001", "9223372036854775807", "9" * 25)
NUMBERS_OF: Mapping[str, Sequence[str]] = {
    "numRecords": COUNTS,
    "offset": ("0", "1", "2", "03", *COUNTS),
    "minDur": ("0", "1", "2", "0003", "4", "9223372036854775808", "9" * 25),
    "maxDur": ("5", "4", "3", "0002", "1", "0", "9223372036854775808", "9" * 25),
}


@st.composite
def requests(draw: st.DrawFn, bench: Bench, always: tuple[str, ...] = ()) -> list[tuple[str, str | None]]:
    """Draw a request that has the parameters *always* and asks for things like those on *bench*.

    It is well-formed, but for what the quirks of that tolerate.
    """
    chosen = draw(st.lists(st.sampled_from(tuple(soups)), min_size=0 if always else 1, max_size=3, unique=True))
    params: list[tuple[str, str | None]] = []
    for name in dict.fromkeys((*chosen, *always)):
        value = _values(draw, name, bench)
        count = draw(st.sampled_from((1, 1, 2))) if _may_repeat(name, bench.quirks) else 1
        params += [(written(draw, name, bench.quirks), draw(value)) for _ in range(count)]
    params += _passed_over(draw, bench.quirks)
    return draw(st.permutations(params)) if len(params) > 1 else params


def _values(draw: st.DrawFn, name: str, bench: Bench) -> st.SearchStrategy[str]:
    """Return the strategy of the values that *name* is given."""
    columns = {"caller": ("src",), "callee": ("dst",), "answeredby": ("dstanswer", "dstchannel_ext")}
    if name in columns:
        present = [values[column] for values in bench.rows for column in columns[name]] or ["5300"]
        return extension_lists(present, bench.quirks)
    if name in ("startTime", "endTime"):
        return st.just("") if draw(st.integers(0, 7)) == 7 else times(bench.zone, bench.quirks)
    if name == "format":
        return st.sampled_from(("csv", "xml", "json", "CSV", "Xml", "JSON"))
    end = draw(st.sampled_from(("", "", ".5", " ", "x9", "\u0663"))) if bench.quirks["bad-number"] == "leading" else ""
    return st.sampled_from([number + end for number in NUMBERS_OF[name]])


def _may_repeat(name: str, quirks: oracle.Quirks) -> bool:
    if name in ("caller", "callee") and quirks["repeated-list"] == "join":
        return True
    return quirks["repeated-parameter"] != "refuse"


def _passed_over(draw: st.DrawFn, quirks: oracle.Quirks) -> list[tuple[str, str | None]]:
    """Draw parameters that are passed over where *quirks* say so."""
    found: list[tuple[str, str | None]] = []
    if quirks["trailing-ampersand"] == "ignore":
        found.append(("", None))
    if quirks["unknown-parameter"] == "ignore":
        found.append(draw(st.sampled_from((("caler", "5300"), ("", ""), ("", "5300"), ("timeFilterType", "End")))))
    if quirks["empty-value"] == "ignore":
        found.append((draw(st.sampled_from(tuple(soups))), draw(st.sampled_from(("", None)))))
    return [pair for pair in found if draw(st.booleans())]


def written(draw: st.DrawFn, name: str, quirks: oracle.Quirks = USUAL) -> str:
    """Return *name* in some letter case, most often as the guide writes it where that is what counts."""
    usual = (name,) * (8 if quirks["parameter-case"] == "exact" else 2)
    return draw(st.sampled_from((*usual, name.lower(), name.upper(), name.swapcase())))


# Requests about one quirk

POINTED: Mapping[str, str] = {
    "answeredby": "answeredby={ext} AnsweredBy={answerer} answeredby=0-0 caller=@&answeredby=@",
    "answeredby-rows": "answeredby={ext} answeredby=0-0 answeredby=@",
    "bad-number": "minDur={billsec}.5 maxDur={billsec}x numRecords=2%20 offset=1- maxDur=x minDur=-1",
    "date-only": "startTime={date} endTime={date} startTime={date}&endTime={date}T23:59",
    "default-format": "- caller={src} offset=1 caler=1 format=XML",
    "duration-basis": "minDur={billsec} minDur={duration} maxDur={billsec} maxDur={duration}",
    "empty-item": "caller=,{src} caller={src},,{dst} caller=, callee=,,{dst},, caller={src}&caller=,{dst}",
    "empty-time": "startTime= endTime startTime=&endTime={start} endTime={start}&ENDTIME= startTime=&startTime=",
    "empty-value": "caller= minDur=&callee={dst} format=&offset offset=1&offset= endTime= caler=",
    "format-case": "format=XML format=Json format=json format=csv",
    "fraction-digits": "startTime={start}.5 endTime={start}.0 endTime={start}.1234567Z startTime={clock}.500",
    "list-characters": "caller={src} callee={dst},{src} caller={src}@ caller=@{src} caller={src}-{src} caller={src}__@",
    "missing-date": "startTime={clock} endTime={clock} startTime={clock}Z endTime={clock}-06:00 startTime={clock}%2B10:30",
    "naive-time": "startTime={start} endTime={start} startTime={start}&endTime={start} endTime={clock} startTime={date}",
    "numrecords-over-limit": "numRecords=1001 numRecords=5&offset=1 numRecords=9223372036854775808 numRecords=2",
    "numrecords-zero": "numRecords=0 numRecords=00&offset=1 offset=0",
    "offset": "offset=1 offset=2&numRecords=1 caller={src}&offset=1 offset=x",
    "open-range": "caller={number}- caller=-{number} caller=- callee=-,{dst} caller=x- caller=-x",
    "order": "- offset=1&numRecords=2 numRecords=1 startTime={start}&numRecords=2",
    "page-limit": "- numRecords=2 numRecords=5 numRecords=0 offset=1",
    "paging-unit": "numRecords=1 numRecords=2&offset=1 offset=1 maxDur={billsec}&numRecords=1 callee={dst}&numRecords=2",
    "parameter-case": "numrecords=1 CALLER={src} offset=1&OFFSET=1 FORMAT=json format=xml STARTtime={start}",
    "range-digits": "caller={digits}-{digits} caller=0-0 caller=1-{digits} caller=x{digits}-{digits}",
    "repeated-list": "caller={src}&caller={dst} callee={dst}&callee=@ caller={src},&caller={dst} offset=0&offset=0",
    "repeated-parameter": "minDur={billsec}&MINDUR={duration} format=xml&format=json answeredby={ext}&answeredby=@ "
    "offset=1&offset=2 caller={src}&caller={dst} startTime=&startTime={start} format=yaml&format=json",
    "several-hyphens": "caller={number}-{number}- caller=--,{src} caller=-{number}-&caller={src} callee=5-6-7,{dst} "
    "callee=--@",
    "sort-key": "- numRecords=2 offset=1&numRecords=2 callee={dst}&offset=1",
    "space-for-t": "startTime={spaced} endTime={spaced} endTime={date}%20 startTime={spaced}Z startTime={spaced}+06:00",
    "time-basis": "startTime={start} endTime={start} startTime={start}&endTime={start} startTime= endTime=0001-01-01",
    "time-fraction": "startTime={start}.000 endTime={start}.000 startTime={start}.999Z endTime={start}.001-06:00",
    "trailing-ampersand": "caller={src}& &callee={dst} caller=@&&callee={dst} & = =& caller=@&=x",
    "trailing-comma": "caller={src}, callee={dst},{src}, caller={src}&caller={dst}, caller={src},&caller={dst} caller=, "
    "caller={src},, caller=,&caller=,",
    "underscore": "caller={src} caller={holed} callee={holed}@ caller=_ caller={holed},{src} caller=_-{number}",
    "unknown-parameter": "sstartTime={start} caller={src}&caler={dst} =x = timeFilterType=End format=json&x=y",
    "wildcard-case": "caller={swapped}@ caller=@{swapped} caller={swapped} callee={swapped}___ caller=@S@ caller=A@",
    "zero-range": "caller=0-0 caller=-{number} caller=0-{number} callee=0-0,{dst} callee=-",
}
"""Queries by the quirk that they are about, the lone hyphen being the empty one; `pointed` fills them from a call."""


@st.composite
def pointed(draw: st.DrawFn, quirk: str, bench: Bench) -> list[tuple[str, str | None]]:
    """Draw a request about what *quirk* decides, and about a call on *bench*."""
    query = draw(st.sampled_from(POINTED[quirk].split()))
    if query == "-":
        return []
    call = dict(draw(st.sampled_from(bench.rows)))
    if bench.quirks["list-characters"] == "strict" and quirk != "list-characters":
        allowed = oracle.EXTCHARS + "_@"
        for name in ("src", "dst", "dstanswer", "dstchannel_ext"):
            call[name] = "".join(char for char in call[name] if char in allowed) or "5300"
    src, (day, clock) = call["src"], call["start"].split()
    hole = draw(st.integers(0, max(len(src) - 1, 0)))
    fields = {
        "ext": call["dstchannel_ext"],
        "answerer": call["dstanswer"],
        "number": str(max(oracle.cast(src), 0)),
        "digits": "".join(char for char in src if char in oracle.DIGITS),
        "swapped": src.swapcase(),
        "holed": src[:hole] + "_" + src[hole + 1 :],
        "start": f"{day}T{clock}",
        "spaced": f"{day} {clock}",
        "date": day,
        "clock": clock,
    }
    return oracle.pairs(query.format(**{name: quote(value) for name, value in {**call, **fields}.items()}).encode())


# Broken requests

# The pieces of times: those that are right, and those that nearly are.
DAYS = (
    "2013-12-03",
    "2012-02-29",
    "2013-02-29",
    "2013-13-01",
    "0000-01-01",
    "2013-1-03",
    "2013/12/03",
    "\u0662013-12-03",
    "",
)
LETTERS_T = ("T", "", " ", "t", "TT")
CLOCKS = (
    "11:46",
    "11:46:40",
    "11:46:40.500",
    "24:00",
    "23:60",
    "23:59:60",
    "1:46",
    "11",
    "11:4\u0666",
    "11:46.500",
    "",
)
FRACTIONS = ("11:46:40.5", "11:46:40.50", "11:46:40.5000", "11:46:40.", "11:46:40,500", "11:46:40.+50", "11:46:40:00")
OFFSETS = (
    "",
    "Z",
    "z",
    "+05:45",
    "-23:59",
    "+24:00",
    "-00:60",
    "+0600",
    "+06",
    "+6:00",
    " 06:00",
    "-\u06606:00",
    "ZZ",
    "\n",
)

list_soup = st.one_of(
    st.text("0153+-@_,.aZ*# é;%'\\?[]^", max_size=10),
    st.lists(st.sampled_from(("5300", "5", "-", "--", ",", ",", "@", "_", "a", "0", "+", " ", "é"))).map("".join),
)
time_soup = st.one_of(
    st.text("0123456789-:T.Z+ nowz", max_size=26),
    st.builds("{}{}{}{}".format, *map(st.sampled_from, (DAYS, LETTERS_T, CLOCKS + FRACTIONS, OFFSETS))),
    st.sampled_from(
        (
            "NOW",
            "now ",
            "now\n",
            "nowZ",
            "0000000000",
            "9999999999",
            "138610090",
            "138610090\u0661",
            "13861009010",
            "-386100901",
        )
    ),
)
number_soup = st.one_of(
    st.text("0159-+. \u0663xe", max_size=5),
    st.sampled_from(("\u0663", "5\n", " 5", "5 ", "+5", "-5", "-0", "5.0", "0x5", "5e0", "1_0", "\u00b2", "\uff15")),
)
soups: Mapping[str, st.SearchStrategy[str]] = {
    "format": st.sampled_from(("", "yaml", "csv ", "JSON,csv", "\uff43sv", "json\n")),
    **dict.fromkeys(("caller", "callee", "answeredby"), list_soup),
    **dict.fromkeys(("startTime", "endTime"), time_soup),
    **dict.fromkeys(("numRecords", "offset", "minDur", "maxDur"), number_soup),
}
anything = st.text(st.characters(exclude_characters="\0"), max_size=12)  # lone surrogates too; a text ends at a NUL
names = st.one_of(
    st.sampled_from((*soups, "caler", "sstartTime", "", " caller", "caller ", "\u017ftartTime", "timeFilterType")),
    anything,
)

empties = st.sampled_from(("", None))


@st.composite
def broken_requests(draw: st.DrawFn, bench: Bench) -> list[tuple[str, str | None]]:
    """Draw a request to which one or two things were done; a few of them stay well-formed."""
    params = list(draw(requests(bench)))
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        at = draw(st.integers(0, len(params)))
        kind = draw(
            st.sampled_from(
                ("insert", "cut", "soup", "insert", "cut", "soup", "repeat", "empty", "nothing", "anything")
            )
        )
        if kind == "soup":
            name = draw(st.sampled_from(tuple(soups)))
            params.insert(at, (name, draw(soups[name])))
        elif kind == "nothing":
            params.insert(at, ("", draw(st.sampled_from((None, None, "")))))
        elif kind == "anything":
            params.insert(at, (draw(names), draw(st.one_of(texts, anything))))
        elif params:
            name, given = params[at % len(params)]
            value = given or ""
            split = draw(st.integers(0, len(value)))
            if kind == "repeat":
                params.insert(at, (written(draw, name), value))
            elif kind == "insert":
                value = value[:split] + draw(st.sampled_from("-@_0,5.:+ TZé\udc80\n")) + value[split:]
                params[at % len(params)] = (name, value)
            else:
                params[at % len(params)] = (
                    name,
                    draw(empties) if kind == "empty" else value[:split] + value[split + 1 :],
                )
    return params


# The tests

GUIDE = Bench(
    zone="Etc/GMT+6",
    now=datetime(2013, 12, 3, 20, 10, tzinfo=UTC),
    rows=tuple(
        {
            "AcctId": acctid,
            "src": "5300",
            "dst": "5301",
            "start": start,
            "end": end,
            "duration": duration,
            "billsec": billsec,
            "disposition": "ANSWERED",
            "dstchannel_ext": "5301",
            "session": "",
        }
        for acctid, start, end, duration, billsec in (
            ("62", "2013-12-03 11:46:40", "2013-12-03 11:46:49", "9", "6"),
            ("63", "2013-12-03 14:01:41", "2013-12-03 14:01:46", "5", "3"),
            ("64", "2013-12-03 14:02:23", "2013-12-03 14:02:31", "8", "4"),
        )
    ),
)
"""The three calls of the vendor's guide."""


@pytest.mark.parametrize(
    ("query", "acctids"),
    [
        ("", "62 63 64"),
        ("format=CSV&caller=5300&minDur=8&maxDur=60", ""),
        ("caller=5300&minDur=8&maxDur=60", ""),
        ("caller=5300&minDur=4&maxDur=6", "62 64"),
        ("format=JSON&numRecords=1&offset=1", "63"),
        ("format=XML&caller=5300,6300-6399&callee=5@", "62 63 64"),
        ("caller=@53@&endTime=2013-01-23", ""),
        ("caller=_3@", "62 63 64"),
        ("caller=@53@", "62 63 64"),
        ("caller=_4@", ""),
        ("caller=5299-5301", "62 63 64"),
        ("caller=0-0", ""),
        ("caller=5301&caller=5300", "62 63 64"),
        ("answeredby=5301", "62 63 64"),
        ("startTime=2013-12-03T14:01:41-06:00&endTime=2013-12-03T14:02:23-06:00", "63 64"),
        ("startTime=1386100901", "63 64"),
        ("startTime=2013-12-03T20:01:41%2B00:00", "63 64"),
        ("startTime=2013-12-03T20:01:41+00:00", "refused"),
        ("endTime=2013-12-03", ""),
        ("endTime=2013-12-04", "62 63 64"),
        ("startTime=00:00", "62 63 64"),
        ("endTime=now", "62 63 64"),
        ("startTime=now", ""),
        ("startTime=&endTime=", "62 63 64"),
        ("numRecords=0", ""),
        ("numRecords=5000", "62 63 64"),
        ("caller=5300,", "62 63 64"),
        ("caller=53;00", "refused"),
        ("startTime=2013-07-01 00:00", "refused"),
        ("startTime=2013-13-40T25:00", "refused"),
        ("offset=-1", "refused"),
        ("minDur=1.5", "refused"),
        ("caller=,5300", "refused"),
        ("caller=5300,,5303", "refused"),
        ("caller=5300-5301-,6300", "refused"),
        ("minDur=5&minDur=10", "refused"),
        ("caller=5300&", "refused"),
        ("caler=5300", "refused"),
        ("caller=", "refused"),
        ("caller", "refused"),
        ("=x", "refused"),
        ("&", "refused"),
        ("caller=5300&&callee=5301", "refused"),
        ("format=json&caler=5300", "refused"),
        ("format=xml&offset=x", "refused"),
        ("format=yaml", "refused"),
        ("format=json&format=json", "refused"),
    ],
)
def test_the_examples_of_the_documents(query: str, acctids: str) -> None:
    """The requests that the documents work out find the calls that they name, for the oracle and for the product."""
    params = oracle.pairs(query.encode()) if query else []
    answer = GUIDE.expected(params)
    assert (answer if isinstance(answer, str) else " ".join(call["AcctId"] for call in answer)) == acctids
    GUIDE.compare(params)


def test_both_copies_of_the_fold_hour_are_one() -> None:
    """A bound in the first and one in the second copy of a repeated hour are the same local text."""
    starts = ("00:59:59", "01:00:00", "01:29:59", "01:30:00", "01:59:59", "02:00:00")
    rows = tuple({**GUIDE.rows[0], "AcctId": str(at), "start": f"2013-11-03 {at_}"} for at, at_ in enumerate(starts))
    bench = replace(GUIDE, zone="America/Chicago", rows=rows)
    first, second = ([("startTime", f"2013-11-03T0{hour}:30:00Z")] for hour in (6, 7))
    assert bench.expected(first) == bench.expected(second) == list(rows[3:])
    bench.compare(first, second)


@examples(30)
@given(st.data())
def test_nothing_to_find(data: st.DataObject) -> None:
    """Where there are no calls, a request finds none of them or is refused."""
    bench = replace(data.draw(benches()), rows=())
    bench.compare([], data.draw(requests(bench)), data.draw(broken_requests(bench)))


@examples(100)
@given(st.data())
def test_well_formed_requests(data: st.DataObject) -> None:
    """Any mixture of filters, paging, quirks and generations finds the same rows in the same order."""
    bench = data.draw(benches())
    bench.compare(*(data.draw(requests(bench)) for _ in range(3)))


@examples(150)
@given(st.data())
def test_a_value_alone(data: st.DataObject) -> None:
    """Whatever the value of a single parameter, it is refused, or means what the specification says."""
    odd = ("", "a", "A", "0", "5300-5301", "05", "-5", "é", "@", "_")
    rows = tuple(
        {**GUIDE.rows[at % 3], "src": text, "dst": text, "dstchannel_ext": text} for at, text in enumerate(odd)
    )
    bench = replace(GUIDE, rows=(*GUIDE.rows, *rows), quirks=data.draw(quirks_of_any_kind()))
    bench.compare(*([(name, data.draw(soup))] for name, soup in soups.items()))


@pytest.mark.quirk("naive-time")
@pytest.mark.quirk("time-fraction")
@pytest.mark.parametrize("naive", QUIRKS["naive-time"])
@pytest.mark.parametrize("fraction", QUIRKS["time-fraction"])
def test_every_form_of_a_time(naive: str, fraction: str) -> None:
    """Each combination of right and nearly right pieces is refused, or is the local text that it should be."""
    bench = replace(GUIDE, quirks=USUAL | {"naive-time": naive, "time-fraction": fraction})
    forms = chain(product(DAYS, LETTERS_T, CLOCKS, OFFSETS), product(DAYS[:1], "T", FRACTIONS, OFFSETS))
    accepted = 0
    for text in dict.fromkeys("".join(pieces) for pieces in forms if any(pieces)):
        query = bench.parsed([("startTime", text)])
        try:
            wanted = oracle.bound(text, bench.quirks, bench.zone, bench.now)
        except oracle.Refused:
            wanted = oracle.REFUSED
        assert (query.earliest if isinstance(query, Query) else oracle.REFUSED) == wanted, text
        accepted += isinstance(query, Query)
    assert accepted == 3 * 3 * 4 + 2  # two days and none with three clocks and four offsets; the days alone


@pytest.mark.parametrize("zone", PIVOTS)
def test_bounds_at_the_ends_of_the_calendar(zone: str) -> None:
    """A bound whose local or universal time lies beyond the years 1 to 9999 is before or after every call."""
    bench = replace(GUIDE, zone=zone)
    days = [
        f"{day}{clock}" for day in ("0001-01-01", "0001-01-02", "9999-12-31") for clock in ("", "T00:00", "T23:59:59")
    ]
    texts = [f"{day}{offset}" for day in days for offset in ("", *("Z", "+23:59", "-23:59") * ("T" in day))]
    bench.compare(*([(name, text)] for name in ("startTime", "endTime") for text in texts))


@examples(120)
@given(st.data())
def test_broken_requests(data: st.DataObject) -> None:
    """A damaged request is refused, or is none the worse, exactly where the table of errors says so."""
    bench = data.draw(benches())
    bench.compare(*(data.draw(broken_requests(bench)) for _ in range(4)))


@examples(200)
@given(st.lists(texts, min_size=1, max_size=12, unique=True), st.data())
def test_extension_lists(values: list[str], data: st.DataObject) -> None:
    """Literals, patterns and ranges find the same numbers, whatever these are made of."""
    bench = Bench(rows=tuple({**GUIDE.rows[0], "src": src, "uniqueid": str(at)} for at, src in enumerate(values)))
    bench.compare(*([("caller", data.draw(extension_lists(values)))] for _ in range(4)))


@examples(150)
@given(st.data())
def test_bounds_near_a_change_of_the_clock(data: st.DataObject) -> None:
    """Near the gaps and folds of each zone, both bounds are compared as local text."""
    bench = data.draw(benches())
    first, last = data.draw(times(bench.zone)), data.draw(times(bench.zone))
    bench.compare([("startTime", first)], [("endTime", last)], [("startTime", first), ("endTime", last)])


@examples(360)
@given(st.sampled_from(tuple(QUIRKS)), st.data())
def test_each_quirk(quirk: str, data: st.DataObject) -> None:
    """Every value of a quirk does with a request about it what the register says, whatever the others are."""
    bench = data.draw(benches())
    if data.draw(st.booleans()):
        family = data.draw(st.sampled_from([family for family in FAMILIES if quirk in family]))
        mixed = {relative: data.draw(st.sampled_from(QUIRKS[relative])) for relative in family}
        bench = replace(bench, quirks=USUAL | mixed, generation=SHOWN_ON.get(quirk, bench.generation))
    asked = data.draw(pointed(quirk, bench))
    for way in bench.either_way(quirk):
        way.compare(asked)


@examples(120)
@given(st.sampled_from(tuple(QUIRKS)), st.data())
def test_what_one_value_tolerates(quirk: str, data: st.DataObject) -> None:
    """A request that is well-formed for one value of a quirk is read by every other as the register says."""
    bench = data.draw(benches())
    ways = list(bench.either_way(quirk))
    asked = data.draw(requests(data.draw(st.sampled_from(ways))))
    for way in ways:
        way.compare(asked)


@pytest.mark.parametrize("item", ["0", "a", "@", "_", "-", "5"])
def test_lists_as_long_as_a_request_line(item: str) -> None:
    """The longest lists that the device reads find what their shortest forms find."""
    bench = replace(GUIDE, rows=tuple({**GUIDE.rows[0], "src": src, "dst": src} for src in ("0", "A", "a", "", "5300")))
    long = ",".join([item] * 2048)
    params = [("caller", long), ("callee", long)]
    assert bench.expected(params) == bench.expected([("caller", item)])
    bench.compare(params)


def test_a_list_of_999_ranges() -> None:
    """A list of 999 ranges works, each with its own bounds, also beside another list."""
    rows = tuple({**GUIDE.rows[0], "src": str(10 * n), "dst": str(n), "uniqueid": str(n)} for n in range(0, 1050, 25))
    ranges = ",".join(f"{20 * n}-{20 * n + 9}" for n in range(999))
    bench = Bench(rows=rows)
    bench.compare([("caller", ranges)], [("caller", ",".join(["0-9"] * 999)), ("callee", ranges)])


@pytest.mark.quirk("order")
@pytest.mark.parametrize("order", QUIRKS["order"])
def test_pages_of_many_rows(order: str) -> None:
    """A page has 1000 rows at most; one that begins beyond the last row, however far, is empty."""
    rows = tuple({**GUIDE.rows[0], "AcctId": str(n * 7 % 1010), "uniqueid": str(n)} for n in range(1010))
    bench = Bench(rows=rows, quirks=USUAL | {"order": order})
    offsets = ("0", "7", "1009", "1010", "4294967296", "9223372036854775807", "9223372036854775808", "9" * 4000)
    limits = ("0", "1", "999", "1000", "1001", "9223372036854775808", "9" * 4000)
    bench.compare([], *([("offset", offset)] for offset in offsets), *([("numRecords", limit)] for limit in limits))
    bench.compare(*([("offset", offset), ("numRecords", limit)] for offset in offsets[2:7] for limit in limits[:6]))


@examples(500)
@given(
    st.lists(st.tuples(names, st.one_of(*soups.values(), anything, st.none())), max_size=5),
    quirks_of_any_kind(),
    st.sampled_from(tuple(PIVOTS)),
)
def test_the_parser_never_raises(params: list[tuple[str, str]], quirks: dict[str, str], zone: str) -> None:
    """Whatever the parameters are, there is a query or a refusal, and the refusal can be printed."""
    outcome = Bench(zone=zone, quirks=quirks).parsed(params)
    assert isinstance(outcome, Query) or str(outcome).isprintable()
    assert isinstance(outcome, Refusal) == (Bench(zone=zone, quirks=quirks).expected(params) == oracle.REFUSED)


@pytest.mark.parametrize("unit", [*"09+-@_a,é \0\udcff", "0-9,", "5300,", "2013-", "2013-12-03T", "00:", ".000"])
def test_the_parser_is_quick(unit: str) -> None:
    """A value or a name of a hundred thousand characters is understood in the blink of an eye."""
    long = unit * (100_000 // len(unit))
    for name in (*soups, "caler", ""):
        for params in ([(name, long)], [(name + long, "1")], [(name, unit)] * 500):
            before = time.process_time()
            GUIDE.parsed(params)
            assert time.process_time() - before < 1, name


@examples(40)
@given(st.sampled_from(("@a", "@_", "@a_", "_@", "@ab")), st.sampled_from(("", "b", "@")), st.integers(1, 40))
def test_many_wildcards(unit: str, end: str, count: int) -> None:
    """A pattern of many wildcards finds what it describes, and finds it quickly."""
    bench = replace(GUIDE, rows=tuple({**GUIDE.rows[0], "src": src} for src in ("a" * 30, "aab" * 10, "a" * 29 + "b")))
    bench.compare([("caller", unit * count + end)], [("caller", unit * count * 30 + end)])
    with bench.history() as history:
        before = time.process_time()
        bench.found(history, [("caller", unit * count * 30 + end)])
        assert time.process_time() - before < 1


words = (
    b"caller startTime format json 5300 & & = = %2C %2b + % %4 %zz %26 %3d %3D %C3%BC \xc3\xbc %ff \xff ? # now , - @"
)
pieces = st.sampled_from((*words.split(b" "), b"\r\n", b" "))
# fmt: off
assignments = st.sampled_from((
    b"caller=5300", b"CALLER=%35300,53%301", b"c%61ller=5299-53%30%31", b"callee=%405_", b"callee=53+01",
    b"callee=53%2B01,@", b"callee=5301=", b"startTime=2013-12-03T20:01:41%2b00:00",
    b"startTime=2013-12-03T20:01:41+00:00", b"startTime=2013-12-03T14%3a01%3A41", b"startTime", b"endTime=",
    b"endTime=n%6Fw", b"minDur=%34", b"maxDur=5%", b"format=%6ason", b"format=%4Json", b"num%52ecords=2",
    b"offset=1", b"offset=%31&",
))
# fmt: on
queries = st.one_of(
    st.binary(max_size=30),
    st.lists(pieces, max_size=14).map(b"".join),
    *[st.lists(assignments, min_size=1, max_size=3, unique=True).map(b"&".join)] * 3,
)


@examples(400)
@given(queries)
def test_a_query_is_taken_apart_as_the_specification_says(query: bytes) -> None:
    """Pieces are cut at ``&``, then at the first ``=``, then decoded; what comes of it finds the same rows."""
    assume(b"\0" not in query and b"%00" not in query)  # where a NUL ends the text is not written down
    sent = oracle.pairs(query)
    assert list(pairs(query)) == [(name, value or "") for name, value in sent]
    assert [isinstance(value, Absent) for _, value in pairs(query)] == [value is None for _, value in sent]
    GUIDE.compare(sent)


@examples(300)
@given(queries, st.lists(st.sampled_from((b"\0", b"%00", b"caller=\0", b"caller=5300%00&")), max_size=3), st.booleans())
def test_any_bytes_can_be_a_query(query: bytes, nuls: list[bytes], front: bool) -> None:
    """No bytes at all, a NUL among them or not, make the way from the query to its meaning fail."""
    nul = b"".join(nuls)
    assert isinstance(GUIDE.parsed(pairs(nul + query if front else query + nul)), Query | Refusal)


@examples(60)
@given(st.data())
def test_an_encoded_request_is_the_same_request(data: st.DataObject) -> None:
    """A request that a client percent-encodes arrives as it was meant."""
    params = data.draw(requests(replace(data.draw(benches()), quirks=USUAL), ("caller", "startTime")))
    assert list(pairs(urlencode(params).encode())) == params
