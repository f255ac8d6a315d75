"""What an entry of a JSON page is: a row, or the group of a session with its main_cdr. Spec 0b, 4.1 to 4.4."""

from __future__ import annotations

import json

import pytest

from tests.rendering import FIRST_JSON, G3, group, guide, later, listed, main_cdr, members, page, root
from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Layout
from ucmsim.columns import AT, row
from ucmsim.personalities import personality
from ucmsim.register import Quirks


def test_a_g3_group_is_exact():
    """Rows of one session are one line: cdr, main_cdr with sums, and the rows numbered from 1."""
    rows = later("1386092800123-5300", "1386092800123-5300", "1386092800123-5300")
    main = dict.fromkeys(G3.split(","), "") | {
        "src": "5300",
        "dst": "5301",
        "start": "2013-12-03 11:46:40",
        "duration": str(9 + 5 + 8),
        "billsec": str(6 + 3 + 4),
        "session": "1386092800123-5300",
        "action_type": "DIAL",
    }
    subs = ", ".join(f'"sub_cdr_{at}": {{ {members(values, "G3")} }}' for at, values in enumerate(rows, 1))
    entry = f'{{ "cdr": "1386092800123-5300", "main_cdr": {{ {members(row(main), "G3")} }}, {subs} }}'
    assert page(Format.JSON, "G3", rows).decode() == f'{{\n"cdr_root":\n[\n{entry}\n]\n}}\n'


def test_main_cdr_identity_comes_from_the_first_row():
    """Who, when and what are those of the first row; AcctId, answer, end and all the rest are empty."""
    first, second = later("s")[0], later("s", src="1", dst="2", start="2014-01-01 00:00:00", action_type="VM")[0]
    main = root([first, second])[0]["main_cdr"]
    assert (main["src"], main["dst"], main["start"]) == ("5300", "5301", "2013-12-03 11:46:40")
    assert (main["session"], main["action_type"], main["duration"], main["billsec"]) == ("s", "DIAL", "18", "12")
    filled = {"src", "dst", "start", "session", "action_type", "duration", "billsec"}
    assert {name for name, value in main.items() if value} == filled
    assert len(main) == 32


def test_groups_stand_at_the_place_of_their_first_row():
    """Rows of a session are gathered from the whole page, in their order, without moving other entries."""
    entries = root(later("b", "a", "b", "c", "a", "b"))
    assert [entry["cdr"] for entry in entries] == ["b", "a", "c"]
    assert [len(entry) for entry in entries] == [2 + 3, 2 + 2, 33]
    assert [entries[0][f"sub_cdr_{at}"]["AcctId"] for at in (1, 2, 3)] == ["62", "64", "64"]
    assert [entries[1][f"sub_cdr_{at}"]["AcctId"] for at in (1, 2)] == ["63", "63"]
    assert list(entries[0]) == ["cdr", "main_cdr", "sub_cdr_1", "sub_cdr_2", "sub_cdr_3"]
    assert [entry["main_cdr"]["session"] for entry in entries[:2]] == ["b", "a"]
    assert [entry["main_cdr"]["start"][-8:] for entry in entries[:2]] == ["11:46:40", "14:01:41"]


def test_rows_without_session_stand_alone():
    """An empty session is no session: its rows are entries of their own, with an empty cdr."""
    entries = root(later("", "s", "", "s", ""))
    assert [entry["cdr"] for entry in entries] == ["", "s", "", ""]
    assert [len(entry) for entry in entries] == [33, 4, 33, 33]


def test_subs_are_numbered_without_gaps():
    """A group of a dozen rows has a dozen subs."""
    (entry,) = root(later(*["s"] * 12))
    assert list(entry)[2:] == [f"sub_cdr_{at}" for at in range(1, 13)]
    assert entry["main_cdr"]["duration"] == str(4 * (9 + 5 + 8))


@pytest.mark.parametrize("generation", ["G1", "G2"])
def test_older_generations_never_group(generation):
    """Without a session column rows stand one an entry."""
    entries = json.loads(page(Format.JSON, generation, later("s", "s", "s")))["cdr"]
    assert [entry["AcctId"] for entry in entries] == ["62", "63", "64"]
    assert all("cdr" not in entry for entry in entries)


@pytest.mark.quirk("group-shift")
def test_shifted_groups_start_with_the_last_row_of_the_session_before():
    """Group borders lie one row early: a a a b b c makes a a, a b, b c."""
    entries = root(later("a", "a", "a", "b", "b", "c"), {"group-shift": "one"})
    sessions = [[sub["session"] for key, sub in entry.items() if key.startswith("sub_")] for entry in entries]
    assert sessions == [["a", "a"], ["a", "b"], ["b", "c"]]


@pytest.mark.quirk("group-shift")
def test_shifted_groups_repeat_the_first_main_cdr():
    """The identity fields of every main_cdr are those of the first group; the sums are its own rows'."""
    rows = [*later("a", "a", "a"), *later("b", "b", "c", src="1", dst="2", start="2014-01-01 00:00:00")]
    mains = [entry["main_cdr"] for entry in root(rows, {"group-shift": "one"})]
    identity = [(main["src"], main["dst"], main["start"], main["session"]) for main in mains]
    assert identity == [("5300", "5301", "2013-12-03 11:46:40", "a")] * 3
    assert [main["duration"] for main in mains] == ["14", str(8 + 9), str(5 + 8)]


@pytest.mark.quirk("group-shift")
@pytest.mark.parametrize("sessions", [(), ("a",), ("a", "b")])
def test_shifting_short_pages(sessions):
    """However short a page is, no row is lost by shifting."""
    entries = root(later(*sessions), {"group-shift": "one"})
    assert sum(max(len(entry) - 2, 1) if "main_cdr" in entry else 1 for entry in entries) == len(sessions)


@pytest.mark.quirk("group-shift")
@pytest.mark.parametrize("form", [Format.CSV, Format.XML])
def test_only_json_has_groups_to_shift(form):
    """CSV and XML rows are flat and stay as they are."""
    rows = later("a", "a", "b")
    assert page(form, "G3", rows, {"group-shift": "one"}) == page(form, "G3", rows)


@pytest.mark.quirk("json-groups")
@pytest.mark.parametrize(
    ("generation", "value", "grouped"),
    [
        ("G1", "personality", False),
        ("G1", "rows", False),
        ("G1", "sessions", True),
        ("G3", "personality", True),
        ("G3", "sessions", True),
        ("G3", "rows", False),
    ],
)
def test_entries_are_sessions_or_rows(generation, value, grouped):
    """Rows as entries have no cdr, sessions have one, whatever columns are shown."""
    rows = later("s", "s", "")
    one, two, three = (members(values, generation) for values in rows)
    main = main_cdr(generation, session="s", duration="14", billsec="9")
    expected = (
        [group("s", main, one, two), f'{{ "cdr": "", {three} }}']
        if grouped
        else [f"{{ {entry} }}" for entry in (one, two, three)]
    )
    written = page(Format.JSON, generation, rows, {"json-groups": value})
    assert written == listed(*expected, key="cdr_root" if generation == "G3" else "cdr")


@pytest.mark.quirk("null-entry")
@pytest.mark.parametrize(("value", "nulls"), [("none", ()), ("last", ("null",))])
def test_a_null_follows_the_last_entry_or_nothing_does(value, nulls):
    """The null is a line like an entry, once a list; an empty list has none."""
    quirks = {"null-entry": value}
    assert page(Format.JSON, "G1", guide()[:1], quirks) == listed(FIRST_JSON, *nulls, key="cdr")
    rows = later("a", "b")
    entries = [f'{{ "cdr": "{values[AT["session"]]}", {members(values)} }}' for values in rows]
    assert page(Format.JSON, "G3", rows, quirks) == listed(*entries, *nulls)
    assert page(Format.JSON, "G1", (), quirks) == b'{\n"cdr":\n[\n]\n}\n'
    assert page(Format.JSON, "G3", (), quirks) == b'{\n"cdr_root":\n[\n]\n}\n'


@pytest.mark.quirk("null-entry")
def test_an_entry_written_alone_has_no_null_behind_it():
    """A file is written entry by entry; the null belongs to a page."""
    layout = Layout.of(Quirks.of(personality("ucm6100"), {"null-entry": "last"}))
    assert layout.json.entries(guide()[:1]) == [FIRST_JSON]


@pytest.mark.quirk("single-row-entry")
@pytest.mark.parametrize("value", ["flat", "grouped"])
def test_a_session_of_one_row_is_flat_or_a_group(value):
    """Grouped, its main_cdr sums one row; a row without session stays flat in either case."""
    rows = later("a", "")
    one, two = map(members, rows)
    main = main_cdr(session="a", duration="9", billsec="6")
    first = f'{{ "cdr": "a", {one} }}' if value == "flat" else group("a", main, one)
    expected = listed(first, f'{{ "cdr": "", {two} }}')
    assert page(Format.JSON, "G3", rows, {"single-row-entry": value}) == expected
    assert page(Format.JSON, "G3", (), {"single-row-entry": value}) == b'{\n"cdr_root":\n[\n]\n}\n'


_IDENTITY = ("src", "dst", "start", "session", "action_type")


@pytest.mark.quirk("main-cdr-columns")
@pytest.mark.quirk("main-cdr-acctid")
@pytest.mark.quirk("main-cdr-sums")
@pytest.mark.parametrize(("columns", "copied"), [("few", _IDENTITY), ("all", tuple(G3.split(",")))])
@pytest.mark.parametrize(("acctid", "first"), [("blank", ""), ("first", "62")])
@pytest.mark.parametrize(("sums", "durations"), [("sum", ("22", "13")), ("first", ("9", "6"))])
def test_main_cdr_has_what_three_quirks_say(columns, copied, acctid, first, sums, durations):
    """Each decides its own columns: AcctId, the two durations, and all the rest."""
    rows = later("s", "s", "s")
    main = {name: text for name, text in zip(G3.split(","), rows[0], strict=True) if name in copied}
    main |= {"AcctId": first, "duration": durations[0], "billsec": durations[1]}
    quirks = {"main-cdr-columns": columns, "main-cdr-acctid": acctid, "main-cdr-sums": sums}
    expected = listed(group("s", members(row(main)), *map(members, rows)))
    assert page(Format.JSON, "G3", rows, quirks) == expected


@pytest.mark.quirk("group-member-end")
@pytest.mark.parametrize(("value", "ends"), [("kept", {}), ("blank", {"end": '""'})])
def test_rows_inside_a_group_keep_their_end_or_lose_it(value, ends):
    """Flat rows keep it in either case."""
    one, two, three = later("a", "a", "b")
    main = main_cdr(session="a", duration="14", billsec="9")
    first = group("a", main, members(one, **ends), members(two, **ends))
    expected = listed(first, f'{{ "cdr": "b", {members(three)} }}')
    assert page(Format.JSON, "G3", [one, two, three], {"group-member-end": value}) == expected


@pytest.mark.quirk("group-member-end")
@pytest.mark.quirk("single-row-entry")
@pytest.mark.quirk("main-cdr-columns")
def test_the_row_of_a_group_of_one_loses_its_end_and_main_cdr_keeps_it():
    """A group of one is a group like the others; main_cdr has the columns of the row as it is stored."""
    quirks = {"group-member-end": "blank", "single-row-entry": "grouped", "main-cdr-columns": "all"}
    (values,) = later("a")
    expected = listed(group("a", members(values, AcctId='""'), members(values, end='""')))
    assert page(Format.JSON, "G3", [values], quirks) == expected


@pytest.mark.quirk("group-key")
@pytest.mark.parametrize(("value", "keys"), [("session", ("a", "b")), ("blank", ("", ""))])
def test_the_key_of_an_entry_is_its_session_or_blank(value, keys):
    """Flat entries and groups alike; the session column stays."""
    one, two, three = later("a", "a", "b")
    main = main_cdr(session="a", duration="14", billsec="9")
    first = group(keys[0], main, members(one), members(two))
    expected = listed(first, f'{{ "cdr": "{keys[1]}", {members(three)} }}')
    assert page(Format.JSON, "G3", [one, two, three], {"group-key": value}) == expected


@pytest.mark.quirk("group-shift")
@pytest.mark.parametrize("value", ["none", "one"])
def test_a_page_with_and_without_shift_is_exact(value):
    """Shifted, a a b b is a row alone, and a group named after the first session that begins with its last row."""
    a1, a2, b1, b2 = [*later("a", "a"), *later("b", "b", src="1", start="2014-01-01 00:00:00")]
    if value == "none":
        main_a = main_cdr(session="a", duration="14", billsec="9")
        main_b = main_cdr(session="b", duration="14", billsec="9", src="1", start="2014-01-01 00:00:00")
        expected = [
            group("a", main_a, members(a1), members(a2)),
            group("b", main_b, members(b1), members(b2)),
        ]
    else:
        main = main_cdr(session="a", duration="19", billsec="12", start="2013-12-03 14:01:41")
        expected = [
            f'{{ "cdr": "a", {members(a1)} }}',
            group("a", main, members(a2), members(b1), members(b2)),
        ]
    assert page(Format.JSON, "G3", [a1, a2, b1, b2], {"group-shift": value}) == listed(*expected)


@pytest.mark.quirk("group-shift")
@pytest.mark.quirk("main-cdr-columns")
@pytest.mark.quirk("main-cdr-sums")
@pytest.mark.quirk("main-cdr-acctid")
@pytest.mark.parametrize(
    ("sums", "durations"), [("sum", [("14", "9"), ("22", "13")]), ("first", [("9", "6"), ("8", "4")])]
)
@pytest.mark.parametrize(("acctid", "first"), [("blank", ""), ("first", "62")])
def test_a_shifted_main_cdr_is_stale_in_all_but_its_durations(sums, durations, acctid, first):
    """Every column, AcctId too, is that of the page's first group; the durations are those of its own rows."""
    a1, a2, a3, b1, b2 = [*later("a", "a", "a"), *later("b", "b", src="1", service="t")]
    quirks = {"main-cdr-columns": "all", "main-cdr-sums": sums, "main-cdr-acctid": acctid, "group-shift": "one"}
    mains = [
        members(a1, AcctId=f'"{first}"', duration=f'"{duration}"', billsec=f'"{billsec}"')
        for duration, billsec in durations
    ]
    expected = listed(
        group("a", mains[0], members(a1), members(a2)),
        group("a", mains[1], members(a3), members(b1), members(b2)),
    )
    assert page(Format.JSON, "G3", [a1, a2, a3, b1, b2], quirks) == expected


@pytest.mark.quirk("group-shift")
@pytest.mark.quirk("single-row-entry")
def test_a_shifted_group_of_one_gives_the_main_cdr_that_is_repeated():
    """The first main_cdr of the page may be that of a row alone."""
    one, two, three = later("a", "b", "c")
    expected = listed(
        group("a", main_cdr(session="a", duration="9", billsec="6"), members(one)),
        group("b", main_cdr(session="a", duration="13", billsec="7"), members(two), members(three)),
    )
    quirks = {"group-shift": "one", "single-row-entry": "grouped"}
    assert page(Format.JSON, "G3", [one, two, three], quirks) == expected


@pytest.mark.quirk("group-key")
@pytest.mark.quirk("json-missing")
@pytest.mark.quirk("null-entry")
def test_a_page_as_one_client_guards_against_is_exact():
    """Blank keys, missing values and the entry after the last are all null."""
    quirks = {"group-key": "blank", "json-missing": "nulls", "null-entry": "last", "columns": "G1"}
    entry = FIRST_JSON.replace('""', "null").replace("{ ", '{ "cdr": null, ', 1)
    assert page(Format.JSON, "G3", guide()[:1], quirks) == listed(entry, "null")


@pytest.mark.quirk("group-rows")
@pytest.mark.quirk("blank-session")
def test_rows_of_a_session_are_one_entry_or_those_that_follow_each_other():
    """A row of another session between them parts a group, or stands behind it."""
    rows = later("a", "a", "b", "a", "b", "")
    for value, keys in (("all", ["a", "b", ""]), ("adjacent", ["a", "b", "a", "b", ""])):
        assert [entry["cdr"] for entry in root(rows, {"group-rows": value})] == keys
    assert [entry["cdr"] for entry in root(rows)] == ["a", "b", ""]
    apart = root(later("", "a", ""), {"group-rows": "adjacent", "blank-session": "together"})
    assert [entry["cdr"] for entry in apart] == ["", "a", ""]
