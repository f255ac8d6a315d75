"""A PBX with rows and quirks, drawn at random or from the guide, of which product and specification are asked alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests import oracle
from ucmsim.cdr.extensions import Grammar
from ucmsim.cdr.query import Circumstances, Query, Refusal, parse
from ucmsim.columns import row
from ucmsim.http.request import Absent
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
