"""The quirk register: every row is whole, can be switched, and is named by a test. Spec 0b."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.makers import make_pbx
from ucmsim.catalogue import quirk_rows
from ucmsim.errors import ConfigurationError
from ucmsim.personalities import PERSONALITIES
from ucmsim.quirks import QUIRKS
from ucmsim.register import Quirks, objection

TESTS = Path(__file__).parent
CONFIDENCES = ("documented", "seen", "inferred", "assumed")

SWITCHABLE = [row for row in QUIRKS if row.switchable]
LATER = [row for row in QUIRKS if row.later]
FIXED = [row for row in QUIRKS if row.fixed]
SETTINGS = [row for row in QUIRKS if row.setting]
BY_ID = {row.id: row for row in QUIRKS}


def ids(rows):
    """Return the ids of *rows*, to name parametrised tests by."""
    return [row.id for row in rows]


def every_row(rows=QUIRKS):
    """Return the mark that runs a test once a row."""
    return pytest.mark.parametrize("row", rows, ids=ids(rows))


def markers(source: str, file: str = "") -> Iterator[str]:
    """Yield the id in every `pytest.mark.quirk(...)` of a test file, however it is attached."""
    for node in ast.walk(ast.parse(source, file)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.quirk":
            yield from (ast.literal_eval(argument) for argument in node.args)


@cache
def named() -> frozenset[tuple[str, str]]:
    """Return every id that a marker names, with the file it stands in."""
    files = TESTS.rglob("test_*.py")
    return frozenset((name, file.name) for file in files for name in markers(file.read_text("utf-8"), file.name))


# The rows


def test_ids_are_unique():
    """No two rows have the same id."""
    assert len(BY_ID) == len(QUIRKS)


@every_row()
def test_a_row_is_whole(row):
    """A row has a statement, a source and a known confidence."""
    assert row.id == row.id.lower().replace("_", "-")
    assert row.statement.endswith(".")
    assert row.source.strip()
    assert row.confidence in CONFIDENCES


@every_row()
def test_a_default_is_one_of_the_values(row):
    """What a row is set to can be set."""
    assert row.accepts(row.default)
    assert all(row.accepts(value) for value in row.values)


@every_row(SWITCHABLE)
def test_a_row_can_be_switched(row):
    """There is another value than the default."""
    assert row.number is not None or row.text or set(row.values) - {row.default}


@every_row()
def test_values_are_words_or_numbers(row):
    """YAML would read on, off, yes, no, true and false as booleans."""
    words = {str(value).lower() for value in row.values}
    assert not words & {"on", "off", "yes", "no", "true", "false", "y", "n", "null", ""}
    assert not any(isinstance(value, bool) for value in row.values)


@every_row()
def test_nothing_else_is_a_value(row):
    """Booleans, fractions and what is no word are never accepted."""
    assert not [value for value in (True, False, None, 1.5, [], {}, "", "no such value\n") if row.accepts(value)]


@every_row([row for row in QUIRKS if row.number is not None])
def test_a_number_has_a_lowest_value(row):
    """The lowest number is accepted and the one below it is not."""
    assert row.accepts(row.number)
    assert not row.accepts(row.number - 1)
    assert f"a whole number from {row.number}" in row.allowed


# Objections


def catalogued(quirk_id):
    """Return what `ucmsim show quirks` and docs/quirks.md tell of a row."""
    return next(row for row in quirk_rows() if row["id"] == quirk_id)


@every_row(SWITCHABLE)
def test_a_value_of_the_row_has_no_objection(row):
    """Every word of a row that can be switched is taken."""
    assert [objection(row.id, value) for value in (*row.values, row.default)] == [None] * (len(row.values) + 1)


@every_row(SWITCHABLE)
def test_another_value_is_objected_to(row):
    """The objection quotes the value and lists those there are."""
    wrong, right = objection(row.id, "no such\t")
    assert wrong == f"'no such\t' is not a value of quirk '{row.id}'"
    assert right == f"the values are {row.allowed}"
    assert all(str(value) in right for value in row.values)


@pytest.mark.quirk(
    "restart-counters", "outbound-caller-id", "dialled-prefix", "analogue-caller", "helper-channels",
    "account-code", "ivr-row", "ring-group-winner", "ring-group-loser", "parked-call",
    "group-recording-name", "fork-rows", "queue-row", "transfer-row", "forward-row",
    "paging-row", "fax-row", "disa-row", "callback-row", "external-calls", "analogue-channel",
    "clock-corrections", "analogue-service",
    "analogue-ports", "own-caller-id", "api-call", "feature-codes", "transfer-context", "did-row", "ivr-exit-context",
    "ring-group-entry", "ring-group-busy", "parked-row", "recorded-prefix",
)  # fmt: skip
@every_row(LATER)
def test_a_row_that_comes_later_says_with_what(row):
    """It is known, cannot be switched, and the objection and the table name what it comes with."""
    said = (f"quirk '{row.id}' is not simulated yet", f"it comes with {row.later}")
    assert [objection(row.id, value) for value in (row.default, True, None, "x")] == [said] * 4
    assert catalogued(row.id)["values"] == f"not simulated yet: comes with {row.later}"


@pytest.mark.parametrize("row", FIXED, ids=ids(FIXED))
def test_a_row_with_one_value_only_says_why(row):
    """It can be set to what it is; the objection to anything else gives the reason."""
    assert objection(row.id, row.default) is None
    assert objection(row.id, "other") == (f"quirk '{row.id}' is always {row.default}", row.fixed)
    assert catalogued(row.id)["values"] == f"always: {row.fixed}"


@every_row(SETTINGS)
def test_a_row_that_a_setting_switches_says_which(row):
    """It is known, is not set under `quirks`, and the objection and the table name the setting."""
    said = (f"quirk '{row.id}' is not switched here", f"set {row.setting} instead")
    assert [objection(row.id, value) for value in (row.default, True, None, "x")] == [said] * 4
    assert catalogued(row.id)["values"] == f"set {row.setting} instead"


@every_row(SWITCHABLE)
def test_a_value_in_another_letter_case_is_hinted_at(row):
    """UTC is surely utc; of a text any case is a text of its own."""
    for value in row.values:
        if isinstance(value, str) and not row.text:
            other = f" {value.swapcase()}"
            said = (f"'{other}' is not a value of quirk '{row.id}'", f"did you mean '{value}'?")
            assert objection(row.id, other) == said


@every_row(SWITCHABLE)
def test_a_number_in_quotes_is_told_to_lose_them(row):
    """Where that number is a value; another is not a value with quotes or without."""
    numbers = [str(value) for value in row.values if isinstance(value, int)]
    for number in [*numbers, *([str(row.number + 61)] if row.number is not None else [])]:
        wrong, right = objection(row.id, number)
        assert (wrong, right) == (
            f"'{number}' is text, and quirk '{row.id}' takes a whole number",
            f"remove the quotes: {number}",
        )
    if not row.text:
        for number in ("-7", "007", "1.5", "9" * 5000):
            assert objection(row.id, number) == (
                f"'{number}' is not a value of quirk '{row.id}'",
                f"the values are {row.allowed}",
            )


@every_row(SWITCHABLE)
def test_a_truth_value_is_called_one(row):
    """Neither in JSON nor in YAML is it a value; a text can be quoted, elsewhere the values are listed."""
    due = f"the values are {row.allowed}"
    takes = f"a truth value, which quirk '{row.id}' does not take"
    assert objection(row.id, True) == (f"true is {takes}", 'quote it: "true"' if row.text else due)
    assert objection(row.id, False, "off") == (f"YAML reads off as {takes}", 'quote it: "off"' if row.text else due)


@pytest.mark.parametrize(
    ("quirk", "value", "written", "wrong", "right"),
    [
        ("naive-time", ["a", "b"], None, "a list is not a value of quirk 'naive-time'", "the values are local or utc"),
        ("naive-time", {}, None, "a mapping is not a value of quirk 'naive-time'", "the values are local or utc"),
        (
            "naive-time",
            b"utc",
            None,
            "something binary is not a value of quirk 'naive-time'",
            "the values are local or utc",
        ),
        ("naive-time", "it's", None, "\"it's\" is not a value of quirk 'naive-time'", "the values are local or utc"),
        ("naive-time", " utc", None, "' utc' is not a value of quirk 'naive-time'", "did you mean 'utc'?"),
        ("naive-time", 5, "5", "5 is not a value of quirk 'naive-time'", "the values are local or utc"),
        ("naive-time", None, "", "quirk 'naive-time' is given no value", "the values are local or utc"),
        ("naive-time", None, None, "quirk 'naive-time' is given no value", "the values are local or utc"),
        (
            *("naive-time", None, "null"),
            *("quirk 'naive-time' is given no value: YAML reads null as nothing", "the values are local or utc"),
        ),
        (
            *("xml-escaping", "entites", "entites", "'entites' is not a value of quirk 'xml-escaping'"),
            "did you mean 'entities'? the values are entities or none",
        ),
        (
            *("server", 1.1, "1.10", "text is due as the value of quirk 'server', not the number 1.10"),
            'quote it: "1.10"',
        ),
    ],
)
def test_an_objection_is_plain(quirk, value, written, wrong, right):
    """A value is quoted as it was written; what is no word is called what it is."""
    assert objection(quirk, value, written) == (wrong, right)


def test_the_default_stands_first():
    """So docs/quirks.md says, where the default is one of the values at all."""
    others = [row.id for row in SWITCHABLE if row.default in row.values and row.values[0] != row.default]
    assert others == []
    assert all(isinstance(row.default, int) or row.text for row in SWITCHABLE if row.default not in row.values)


def test_a_mistyped_id_is_hinted_at():
    """An id that is nearly right gets a did-you-mean."""
    assert objection("acl-denail", "page") == ("there is no quirk 'acl-denail'", "did you mean 'acl-denial'?")


def test_an_unknown_id_is_told_where_to_look():
    """An id that is nothing like any gets the command that lists them."""
    assert objection("xyzzy", "page") == ("there is no quirk 'xyzzy'", "'ucmsim show quirks' lists them all")


def test_every_wrong_quirk_of_a_pbx_is_named_at_once():
    """The settings refuse what the register objects to."""
    with pytest.raises(ConfigurationError) as caught:
        make_pbx(quirks={"order": "up", "acl-denail": "page", "cleaner": "none", "session-cap": 0})
    assert {problem.key for problem in caught.value.problems} == {
        "quirks.order",
        "quirks.acl-denail",
        "quirks.cleaner",
        "quirks.session-cap",
    }


# Personalities and what is chosen


@pytest.mark.parametrize("personality", PERSONALITIES, ids=ids(PERSONALITIES))
def test_a_personality_decides_rows_that_ask_it(personality):
    """What a personality decides are the rows whose default says so, and each gets one of its values."""
    assert set(personality.decides) == {row.id for row in QUIRKS if row.default == "personality"}
    others = [name for name in personality.decides if name != "tls-version"]
    assert [name for name in others if not BY_ID[name].accepts(personality.decides[name])] == []


@pytest.mark.parametrize("personality", PERSONALITIES, ids=ids(PERSONALITIES))
def test_every_row_has_a_value_on_every_personality(personality):
    """The default, or where that says personality, what it decides."""
    quirks = Quirks.of(personality)
    expected = {row.id: row.default for row in QUIRKS} | personality.decides
    assert {row.id: quirks[row.id] for row in QUIRKS} == expected


def test_what_is_chosen_wins_over_the_personality():
    """Settings override what the personality decides."""
    assert make_pbx(personality="ucm6200").quirks["acctid"] == "monthly"
    assert make_pbx(personality="ucm6200", quirks={"acctid": "continuous"}).quirks["acctid"] == "continuous"


def test_a_number_is_told_from_a_word():
    """The number of a row that is set to a word is None."""
    quirks = make_pbx(quirks={"keep-alive": 15, "session-cap": "none"}).quirks
    assert (quirks.number("keep-alive"), quirks.number("session-cap"), quirks.number("server")) == (15, None, None)


# Every row has a test


@every_row()
def test_every_row_is_named_by_a_test(row):
    """A behaviour has a test marked with its id."""
    assert row.id in {name for name, _ in named()}, f"no test is marked with @pytest.mark.quirk({row.id!r})"


def test_every_marker_names_a_row():
    """A marker with an id that the register does not have names nothing."""
    assert [f"{file} names the quirk '{name}'" for name, file in sorted(named()) if name not in BY_ID] == []


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.quirk('order')\ndef test_a(): ...",
        "pytestmark = [pytest.mark.quirk('order')]",
        "pytest.param(1, marks=pytest.mark.quirk('order'))",
    ],
)
def test_markers_are_found_wherever_they_stand(source):
    """On a function, a module and a parameter."""
    assert list(markers(source)) == ["order"]
