"""Requests drawn at random: well-formed ones, those about one quirk, and broken ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from hypothesis import strategies as st

from tests import oracle
from tests.oddvalues import anything, names, soups
from tests.oraclebench import PLAIN, USUAL, Bench, near, texts, walls


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
