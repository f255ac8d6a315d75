"""What an extension list finds, quirk by quirk: whole replies with the default and with every other value. Spec 3.3."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.makers import make_pbx
from tests.queries import ALL, calls_from, each_way, outcome, pbx_with

# Extension lists

EMPTY_ITEM = (
    "refused: 'caller' has an empty item: a comma leads it, ends it, or follows another comma "
    "(separate items with single commas)"
)


@pytest.mark.quirk("empty-item")
@pytest.mark.parametrize(
    ("query", "refuse", "skip"),
    [
        ("caller=,5300", EMPTY_ITEM, "1"),
        ("caller=5300,,5302", EMPTY_ITEM, "1 2"),
        ("caller=5300,,", EMPTY_ITEM, "1"),
        ("caller=5300&caller=,5302", EMPTY_ITEM, "1 2"),
        ("caller=,", EMPTY_ITEM, ""),
        ("caller=5300,", "1", "1"),
    ],
)
def test_an_empty_item_is_refused_or_passed_over(query, refuse, skip):
    """Two commas in a row make the page empty, or count as one; a list of nothing finds nothing."""
    each_way("empty-item", query, {"refuse": refuse, "skip": skip}, calls_from("5300", "5302", ""))


@pytest.mark.quirk("trailing-comma")
@pytest.mark.parametrize(
    ("query", "ignore", "refuse"),
    [
        ("caller=5300,", "1", EMPTY_ITEM),
        ("caller=5300&caller=5302,", "1 2", EMPTY_ITEM),
        ("caller=5300,&caller=5302", EMPTY_ITEM, EMPTY_ITEM),
        ("caller=5300,,", EMPTY_ITEM, EMPTY_ITEM),
        ("caller=,", EMPTY_ITEM, EMPTY_ITEM),
        ("caller=5300,5302", "1 2", "1 2"),
    ],
)
def test_a_comma_at_the_end_is_ignored_or_an_empty_item(query, ignore, refuse):
    """One comma at the very end of the joined list counts for nothing, or for an empty item."""
    each_way("trailing-comma", query, {"ignore": ignore, "refuse": refuse}, calls_from("5300", "5302"))


@pytest.mark.quirk("trailing-comma")
@pytest.mark.quirk("empty-item")
def test_a_comma_at_the_end_where_empty_items_are_passed_over():
    """An empty item that is passed over harms nobody at the end either."""
    quirks = {"trailing-comma": "refuse", "empty-item": "skip"}
    assert outcome(pbx_with(calls_from("5300", "5302"), quirks), "caller=5300,") == "1"


def hyphens(item: str) -> str:
    """Return how a range with too many hyphens is refused."""
    return f"refused: 'caller' has a range with more than one hyphen: '{item}' (a range is lowest-highest)"


@pytest.mark.quirk("several-hyphens")
@pytest.mark.parametrize(
    ("query", "refuse", "skip"),
    [
        ("caller=5300-5301-,6300", hyphens("5300-5301-"), "3"),
        ("caller=6300,--,5301", hyphens("--"), "2 3"),
        ("caller=5300-5301-5302", hyphens("5300-5301-5302"), ""),
        ("caller=5300-5301-&caller=6300", hyphens("5300-5301-"), "3"),
        ("caller=@3-0-", "4", "4"),
        ("caller=5300-5301", "1 2", "1 2"),
    ],
)
def test_a_range_with_two_hyphens_is_refused_or_passed_over(query, refuse, skip):
    """More than one hyphen makes the page empty, or the item find nothing; in a pattern hyphens are themselves."""
    each_way("several-hyphens", query, {"refuse": refuse, "skip": skip}, calls_from("5300", "5301", "6300", "53-0-"))


ODD = ("5%", "5\\", "5*", "5?", "[5]", '"5"', "O'Brien", "5 3", "5\t3", "5\x01", "5\x7f", "5;(<&>)", "müller", "5]^")


@pytest.mark.quirk("list-characters")
@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("case", ["any", "exact"])
def test_odd_characters_of_a_list_are_refused_or_mean_themselves(text, case):
    """A character that is not allowed makes the page empty, or is itself: alone, in a pattern, whatever SQL makes of it."""
    rows, others = calls_from("5300", "5", "53", *ODD, "%", "[", "x"), {"wildcard-case": case}
    mine, alone = str(4 + ODD.index(text)), quote(text)
    hint = "a '+' decodes to a space: send %2B" if " " in text else "letters, digits, + * # . @ _ - are allowed"
    found = {f"caller={alone}": mine, f"caller=@{alone}@": mine, f"caller={alone}@,{alone}": mine}
    found[f"caller={quote(text[:-1] + '_')}"] = " ".join(
        acctid for acctid, src in ((row[0], row[2]) for row in rows) if len(src) == len(text) and src[:-1] == text[:-1]
    )
    for query, acctids in found.items():
        answer = outcome(pbx_with(rows, {**others, "list-characters": "any"}), query)
        assert answer == acctids, query
    for quirks in (others, {**others, "list-characters": "strict"}):
        answer = outcome(pbx_with(rows, quirks), f"caller={alone}")
        if text.isascii() and text.replace("*", "").isalnum():
            assert answer == mine
        else:
            assert answer.startswith("refused: 'caller' has a character that is not allowed: '")
            assert answer.endswith(f"' ({hint})")


@pytest.mark.quirk("list-characters")
@pytest.mark.parametrize("query", ["caller=%ff", "caller=53%ff@", "caller=@%ff@,%c3", "caller=_%ff"])
def test_bytes_that_are_no_text_find_nothing(query):
    """Bytes that are no UTF-8 are refused, or found in no value; beside another item they harm nobody."""
    rows = calls_from("5300", "\N{REPLACEMENT CHARACTER}", "ÿ", "")
    for quirks in ({}, {"list-characters": "strict"}):
        refused = outcome(pbx_with(rows, quirks), query)
        assert refused.startswith("refused: 'caller' has a character that is not allowed: '")
    lenient = {"list-characters": "any"}
    assert outcome(pbx_with(rows, lenient), query) == ""
    assert outcome(pbx_with(rows, lenient), f"{query},5300") == "1"
    assert outcome(pbx_with(rows, lenient), f"{query},5300-5300%ff") == "1"


@pytest.mark.quirk("list-characters")
def test_a_range_of_odd_characters():
    """The ends of a range count as values do, whatever characters follow their digits."""
    rows = calls_from("5300", "5301", "abc")
    assert outcome(pbx_with(rows, {"list-characters": "any"}), "caller=%205300%22-5301%25") == "1 2"
    assert outcome(pbx_with(rows, {"list-characters": "any"}), "caller=%22-%25") == "3"


@pytest.mark.quirk("underscore")
@pytest.mark.quirk("wildcard-case")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        # query, and what is found with an underscore as wildcard in any and in exact case, then as itself
        ("caller=a_c", ("1 2 3", "1 2", "1", "1")),
        ("caller=A_C", ("1 2 3", "3", "", "")),
        ("caller=a_@", ("1 2 3 4 5", "1 2 5", "1 4 5", "1 5")),
        ("caller=A@", ("1 2 3 4 5", "3 4", "1 2 3 4 5", "3 4")),
        ("caller=@_@", ("1 2 3 4 5 6", "1 2 3 4 5 6", "1 4 5", "1 4 5")),
        ("caller=abc", ("2", "2", "2", "2")),
        ("caller=a_", ("", "", "", "")),
        ("caller=53_0-5400", ("", "", "6", "6")),
    ],
)
def test_underscores_and_letter_case(query, found):
    """An underscore is any one character or itself, letters of a pattern match in any case or exactly; 2 x 2."""
    rows = calls_from("a_c", "abc", "ABC", "A_b@", "a_xyz", "5350")
    ways = [(underscore, case) for underscore in ("wildcard", "literal") for case in ("any", "exact")]
    for way, acctids in zip(ways, found, strict=True):
        assert outcome(pbx_with(rows, dict(zip(("underscore", "wildcard-case"), way, strict=True))), query) == acctids
    assert outcome(pbx_with(rows), query) == found[0]


@pytest.mark.quirk("wildcard-case")
def test_letters_beyond_ascii_have_no_case():
    """Patterns take the 26 letters in any case, and no others, as SQLite does; literals are always exact."""
    rows, odd = calls_from("ÉCOLE", "école", "Ecole"), {"list-characters": "any"}
    upper, lower = quote("ÉCOLE"), quote("école")
    each_way("wildcard-case", f"caller={upper}@", {"any": "1", "exact": "1"}, rows, odd)
    each_way("wildcard-case", f"caller={quote('É')}cole@", {"any": "1", "exact": ""}, rows, odd)
    each_way("wildcard-case", f"caller={lower}", {"any": "2", "exact": "2"}, rows, odd)
    each_way("wildcard-case", "caller=ecole", {"any": "", "exact": ""}, rows, odd)
    each_way("wildcard-case", "caller=eCOL_", {"any": "3", "exact": ""}, rows, odd)


NUMBERED = ("0", "", "anonymous", "x5300", "5300x", "05300", "5301", "+5300", "-5300", "53-00", " 5300", "000", "s-0")


@pytest.mark.quirk("zero-range")
@pytest.mark.quirk("range-digits")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        # query, and what is found with range-digits leading and all, then with zero-range: zero for both
        ("caller=0-0", ("1 2 3 4 12 13", "1 2 3 12 13", "1 12", "1 12 13")),
        ("caller=5300-5300", ("5 6 8 11", "4 5 6 8 9 10 11", "5 6 8 11", "4 5 6 8 9 10 11")),
        ("caller=-53", ("1 2 3 4 10 12 13", "1 2 3 12 13", "1 10 12", "1 12 13")),
        ("caller=53-53", ("10", "", "10", "")),
        ("caller=0,5301-5400", ("1 7", "1 7", "1 7", "1 7")),
        ("caller=5301-5300", ("", "", "", "")),
    ],
)
def test_what_a_value_counts_as_in_a_range(query, found):
    """By its leading digits or by all of them; one without is 0, or in no range at all; 2 x 2."""
    rows = calls_from(*NUMBERED)
    ways = [(zero, digits) for zero in ("non-numbers", "zero") for digits in ("leading", "all")]
    for (zero, digits), acctids in zip(ways, found, strict=True):
        assert outcome(pbx_with(rows, {"zero-range": zero, "range-digits": digits}), query) == acctids, (zero, digits)
    assert outcome(pbx_with(rows), query) == found[0]


@pytest.mark.quirk("range-digits")
def test_all_digits_beyond_63_bits_saturate():
    """However many digits a value has, it is the greatest number there is."""
    rows = calls_from("9" * 30, "9223372036854775807", "x" + "9" * 5000, "1")
    expected = {"leading": "1 2", "all": "1 2 3"}
    each_way("range-digits", "caller=9223372036854775807-9223372036854775808", expected, rows)


@pytest.mark.quirk("open-range")
@pytest.mark.parametrize(
    ("query", "zero", "opened"),
    [
        ("caller=5300-", "", "2 3"),
        ("caller=-5300", "1 2 4", "1 2 4 5"),
        ("caller=-", "1 4", "1 2 3 4 5"),
        ("caller=x-", "1 4", "1 2 3 4"),
        ("caller=5300-5300", "2", "2"),
        ("caller=9223372036854775807-", "", "3"),
    ],
)
def test_a_range_with_an_end_missing_has_zero_there_or_is_open(query, zero, opened):
    """5300- ends at 0 and finds nothing, or finds everything from 5300; -5300 begins at 0, or at the least number."""
    rows = calls_from("0", "5300", "9" * 20, "anonymous", "-5")
    each_way("open-range", query, {"zero": zero, "open": opened}, rows)


# Patterns and literals


@pytest.mark.quirk("at-sign")
@pytest.mark.quirk("underscore")
@pytest.mark.parametrize(
    ("query", "wildcard", "literal", "neither"),
    [
        ("caller=53@", "1 2 3 5", "", ""),
        ("caller=5300@pbx.example", "3", "3", "3"),
        ("caller=530_", "1 2 5", "1 2 5", "5"),
        ("caller=5300@_bx.example", "3", "3", ""),
        ("caller=@", "1 2 3 4 5", "4", "4"),
    ],
)
def test_an_at_sign_is_a_run_of_characters_or_itself(query, wildcard, literal, neither):
    """With both wildcards taken away an item is what it is; with one, the other is left."""
    rows = calls_from("5300", "5301", "5300@pbx.example", "@", "530_")
    each_way("at-sign", query, {"wildcard": wildcard, "literal": literal}, rows)
    plain = pbx_with(rows, {"at-sign": "literal", "underscore": "literal"})
    assert outcome(plain, query) == neither


@pytest.mark.quirk("pattern-match")
@pytest.mark.quirk("wildcard-case")
@pytest.mark.parametrize("case", ["any", "exact"])
@pytest.mark.parametrize(
    ("query", "whole", "part"),
    [
        ("caller=53@", "1", "1 2"),
        ("caller=@53", "", "1 2"),
        ("caller=_00", "", "1 3"),
        ("caller=5300", "1", "1"),
        ("caller=0_%2B", "", ""),
    ],
)
def test_a_pattern_describes_the_whole_value_or_a_part(query, whole, part, case):
    """What is no pattern is compared as a whole in either way."""
    rows = calls_from("5300", "05311", "1009")
    each_way("pattern-match", query, {"whole": whole, "part": part}, rows, {"wildcard-case": case})


@pytest.mark.quirk("pattern-hyphen")
@pytest.mark.parametrize("item", ["53-@", "-_", "5@-5301", "_-_-_"])
def test_a_hyphen_beside_a_wildcard_is_itself_or_refused(item):
    """A pattern is no range, however many hyphens it has."""
    found = {"53-@": "1", "-_": "", "5@-5301": "2", "_-_-_": "3"}[item]
    said = f"'caller' has a hyphen beside a wildcard: '{item}' (a range has no wildcard (quirk pattern-hyphen: refuse))"
    rows = calls_from("53-1", "5300-5301", "1-2-3")
    each_way("pattern-hyphen", f"caller={item}", {"literal": found, "refuse": f"refused: {said}"}, rows)
    each_way("pattern-hyphen", "caller=1-5400", {"literal": "1 2 3", "refuse": "1 2 3"}, rows)


@pytest.mark.quirk("literal-case")
@pytest.mark.parametrize(
    ("query", "exact", "folded"),
    [("caller=Anonymous", "1", "1 2"), ("caller=ANONYMOUS,5300", "3", "1 2 3"), ("caller=5300", "3", "3")],
)
def test_a_literal_matches_letters_exactly_or_in_any_case(query, exact, folded):
    """An item without a wildcard is compared as it stands, or without regard to the case of ASCII letters."""
    each_way("literal-case", query, {"exact": exact, "any": folded}, calls_from("Anonymous", "anonymous", "5300"))


@pytest.mark.quirk("reversed-range")
@pytest.mark.quirk("open-range")
@pytest.mark.parametrize(
    ("query", "nothing", "turned"),
    [
        ("caller=5301-5300", "", "1 2"),
        ("caller=5300-5301", "1 2", "1 2"),
        ("caller=5301-", "", "1 2 3"),
        ("caller=5400-5300,5300", "1", "1 2"),
    ],
)
def test_a_range_the_wrong_way_round_finds_nothing_or_is_turned(query, nothing, turned):
    """An end that is missing is zero before it is compared, unless it is open."""
    rows = calls_from("5300", "5301", "anonymous")
    each_way("reversed-range", query, {"nothing": nothing, "turned": turned}, rows)
    opened = pbx_with(rows, {"reversed-range": "turned", "open-range": "open"})
    assert outcome(opened, "caller=5301-") == "2"


HUGE = "9" * 30


@pytest.mark.quirk("integer-limit")
@pytest.mark.parametrize(
    ("query", "saturated", "name", "said"),
    [
        (f"caller=5300-{HUGE}", "1", "caller", f"'caller' has a number beyond 63 bits: '5300-{HUGE}' (write a smaller one"),
        (f"caller={HUGE}-5300", "", "caller", f"'caller' has a number beyond 63 bits: '{HUGE}-5300' (write a smaller one"),
        (f"maxDur={HUGE}", "1 2", "maxDur", f"'maxDur' is beyond 63 bits: '{HUGE}' (write a smaller number"),
        (f"numRecords={HUGE}", "1 2", "numRecords", f"'numRecords' is beyond 63 bits: '{HUGE}' (write a smaller number"),
        (f"offset={HUGE}", "", "offset", f"'offset' is beyond 63 bits: '{HUGE}' (write a smaller number"),
        ("caller=0-9223372036854775807", "1 2", "", ""),
        ("minDur=0009223372036854775807", "", "", ""),
        ("minDur=9223372036854775808", "", "minDur", "'minDur' is beyond 63 bits: '9223372036854775808' (write a smaller number"),
    ],
)  # fmt: skip
def test_a_number_beyond_63_bits_is_the_greatest_or_refused(query, saturated, name, said):
    """Leading zeros do not count, and the greatest number that fits is taken."""
    refused = f"refused: {said} (quirk integer-limit: refuse))" if name else saturated
    each_way("integer-limit", query, {"saturate": saturated, "refuse": refused}, calls_from("5300", "anonymous"))


@pytest.mark.quirk("line-limit")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("caller=" + ",".join(["5300"] * 8193), "refused: 'caller' has 8193 items, and ucmsim looks for 8192 at most"),
        ("caller=" + "5" * 20_000 + "@", "refused: 'caller' has a pattern of 20001 characters, and ucmsim takes 16384"),
        ("caller=" + ",".join(["5300"] * 8192), ALL),
        ("caller=" + ",".join(["0-9"] * 8191 + ["5@"]), ALL),
        ("caller=" + "@" * 16_384, ALL),
    ],
    ids=["items", "characters", "as many items", "as many ranges", "as many characters"],
)
def test_what_no_device_lets_through_is_refused_by_a_sentence(query, said):
    """Without the device's limits a list can be longer than SQLite takes: it is refused, not a database that fails."""
    answer = outcome(make_pbx(quirks={"line-limit": "none"}), query)
    assert answer == said if said == ALL else answer.startswith(said)
