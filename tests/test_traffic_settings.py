"""The keys of `traffic:`: defaults, and every problem with its line and what would be right."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from textwrap import indent

import pytest
from faker.config import AVAILABLE_LOCALES

from tests.test_settings_weird import WEIRD
from ucmsim.calls.shapes import BY_ID
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.settings import Settings, Traffic, load, load_pbx, rules
from ucmsim.settings.phases import Phases, Ring
from ucmsim.settings.traffic import SHARES, TIMES, Shapes, default_of, locales


def loaded(text: str) -> Settings:
    """Return the settings of a PBX with *text* below `traffic:`, three lines into the file."""
    return load("pbxs:\n  hq:\n    traffic:\n" + indent(text, " " * 6), Path("sim.yaml"), "sim.yaml")[0]


def problems(text: str) -> list[Problem]:
    """Return everything that is wrong with *text*, with lines and keys as they are in it."""
    try:
        loaded(text)
    except ConfigurationError as error:
        return [
            replace(problem, line=problem.line - 3, key=problem.key.removeprefix("pbxs.hq.traffic").removeprefix("."))
            for problem in error.problems
        ]
    return []


def traffic(text: str) -> Traffic:
    """Return the settings in *text*, which has no problems."""
    return loaded(text).pbxs["hq"].traffic


def test_the_defaults_are_documented():
    """Every key has a description or is a mapping of keys that do, and the whole is nothing but defaults."""

    def fields(kind):
        for name, field in kind.model_fields.items():
            inner = getattr(field.annotation, "model_fields", None)
            yield from fields(field.annotation) if inner else [(name, field.description)]

    assert all(description for _, description in fields(Traffic))
    assert traffic("{}") == Traffic()


def test_every_default_says_its_source():
    """A description names where it was seen, or says that it is illustrative."""

    def told(kind, under=""):
        for name, field in kind.model_fields.items():
            inner = getattr(field.annotation, "model_fields", None)
            yield from told(field.annotation, f"{under}{name}.") if inner else [(f"{under}{name}", field.description)]

    named = {"live"}  # a switch, no figure
    silent = {
        key
        for key, text in told(Traffic)
        if not re.search(r"illustrative|spec \d|https-api \d|as of the same rows|of the same 94 rows", text)
    }
    assert silent == named


@pytest.mark.parametrize("written", ["queue_abandoned", "queue-abandoned"])
def test_a_shape_may_be_written_as_a_key_or_as_its_id(written):
    """Both are the same weight."""
    assert traffic(f"shapes: {{{written}: 7}}").shapes.queue_abandoned == 7


def test_the_defaults_of_traffic():
    """An office, and the dispositions of the rows that were seen."""
    found = Traffic()
    assert (len(found.hourly), len(found.weekdays), found.holidays, found.holiday) == (24, 7, (), 0.1)
    assert tuple(dict(found.dispositions).values()) == (1895, 628, 44, 94)
    assert (found.talk.median, found.talk.spread, found.talk.longest) == (90, 3, 14_400)
    assert (found.awkward, found.faker_locale, found.people) == (0.05, ("en_US",), 300)
    assert dict(found.kinds) == {"internal": 30, "inbound": 40, "outbound": 30}


def test_one_key_of_a_mapping_leaves_the_others_alone():
    """Each mapping has defaults of its own."""
    found = traffic("{ring: {failed: {median: 2}}, talk: {longest: 600}}")
    assert dict(found.ring.failed) == {"median": 2, "spread": 2.6, "longest": 7.9}
    assert dict(found.talk) == {"median": 90, "spread": 3, "longest": 600}
    assert found.ring.busy == Traffic().ring.busy


@pytest.mark.parametrize("written", ["2026-12-25", '"2026-12-25"', "12-25", "02-29", "2028-02-29"])
def test_holidays_are_days_of_one_year_or_of_every(written):
    """Quoted or not; the leap day is one."""
    assert traffic(f"holidays: [{written}]").holidays == (written.strip('"'),)


def test_the_locales_are_those_of_faker():
    """They are found without importing it."""
    assert set(locales()) == set(AVAILABLE_LOCALES)


def test_the_schema_tells_limits_and_descriptions():
    """So that editors can."""
    schema = Traffic.model_json_schema()["properties"]
    assert schema["awkward"]["minimum"] == 0
    assert schema["awkward"]["maximum"] == 1
    assert schema["hourly"]["items"]["minimum"] == 0
    assert "illustrative" in schema["contacts"]["description"]


TWELVE = ", ".join("1" * 12)


@pytest.mark.parametrize(
    ("line", "key", "wrong", "right"),
    [
        (f"hourly: [{TWELVE}]", "hourly", "there are 12 numbers", "24 are due, one for each hour from midnight on"),
        (f"hourly: [{TWELVE}, {TWELVE}, 1]", "hourly", "there are 25 numbers", "24 are due"),
        ("hourly: []", "hourly", "there are 0 numbers", "24 are due"),
        (f"hourly: [{', '.join('0' * 24)}]", "hourly", "nobody ever calls", "more than 0"),
        (f"hourly: [{TWELVE}, {TWELVE[:-1]}-1]", "hourly[23]", "-1", "0 or more"),
        (f"hourly: [{TWELVE}, {TWELVE[:-1]}yes]", "hourly[23]", "yes", "a number is due"),
        ("hourly: 9-17", "hourly", "9-17", "list"),
        ("weekdays: [1, 1, 1, 1, 1]", "weekdays", "there are 5 numbers", "7 are due, one for each day from Monday on"),
        ("weekdays: [1, 1, 1, 1, 1, '0', 0]", "weekdays[5]", "'0' is text", "remove the quotes: 0"),
        ("weekdays: [0, 0, 0, 0, 0, 0, 0]", "weekdays", "every number is 0", "at least one"),
        ("weekdays: [1, 1, 1, 1, .inf, 1, 1]", "weekdays[4]", "inf", ""),
        ("weekdays: [1, 1, 1, 1, .nan, 1, 1]", "weekdays[4]", "nan", ""),
        ("holidays: 12-25", "holidays", "12-25", "list"),
        ("holidays: [christmas]", "holidays[0]", "'christmas' is no date", "YYYY-MM-DD"),
        ("holidays: [12-25, 2026-02-29]", "holidays[1]", "there is no day '2026-02-29'", "MM-DD"),
        ("holidays: [25.12]", "holidays[0]", "25.12", "quote"),
        ("holidays: [2026-12-25T00:00]", "holidays[0]", "no date", "YYYY-MM-DD"),
        ("holidays: [0000-01-01]", "holidays[0]", "there is no day", "YYYY-MM-DD"),
        ("holiday: -1", "holiday", "-1", "0 or more"),
        ("people: 0", "people", "0", "1 or more"),
        ("people: 5001", "people", "5001", "5000 or less"),
        ("people: 1.5", "people", "1.5", "whole number"),
        ("named: 2", "named", "2", "1 or less"),
        ("awkward: 5%", "awkward", "5%", "a number is due"),
        ("awkward: 1.1", "awkward", "1.1", "1 or less"),
        ("awkward: true", "awkward", "true", "a number is due"),
        ("faker_locale: de_DE", "faker_locale", "de_DE", "list"),
        ("faker_locale: []", "faker_locale", "nothing", "at least one locale"),
        ("faker_locale: [de-DE]", "faker_locale[0]", "no locale 'de-DE'", "did you mean 'de_DE'?"),
        ("faker_locale: [en_US, klingon_x]", "faker_locale[1]", "klingon_x", "write a locale"),
        ("faker_locale: [no]", "faker_locale[0]", "no", "quote"),
        ("activity: 0.5", "activity", "0.5", "1 or more"),
        ("activity: high", "activity", "high", "a number is due"),
        ("contacts: -1", "contacts", "-1", "0 or more"),
        ("contacts: 11", "contacts", "11", "10 or less"),
        ("kinds: {incoming: 3}", "kinds.incoming", "no key 'incoming'", "inbound"),
        ("kinds: {internal: 0, inbound: 0, outbound: 0}", "kinds", "every share is 0", "at least one"),
        ("kinds: [1, 2, 3]", "kinds", "list", "mapping"),
        ("dispositions: {answered: -3}", "dispositions.answered", "-3", "0 or more"),
        ("dispositions: {answered: 0, no_answer: 0, busy: 0, failed: 0}", "dispositions", "every share", "more"),
        ("dispositions: {no-answer: 3}", "dispositions.no-answer", "no key", "did you mean 'no_answer'?"),
        ("ring: {answered: 5}", "ring.answered", "5", "mapping"),
        ("ring: {busy: {median: 20}}", "ring.busy.median", "20 s, is above the longest, 12 s", "below"),
        ("ring: {failed: {longest: 0}}", "ring.failed.longest", "0", "0.001 or more"),
        ("talk: {longest: 60}", "talk.longest", "the median, 90 s, is above the longest, 60 s", "below"),
        ("talk: {median: 900, longest: 600}", "talk.median", "900 s, is above the longest, 600 s", "below"),
        ("talk: {spread: 0.9}", "talk.spread", "0.9", "1 or more"),
        ("talk: {mean: 90}", "talk.mean", "no key 'mean'", "median"),
        ("talk: {median: 90 s}", "talk.median", "90 s", "a number is due"),
        ("busy: 3", "busy", "no key 'busy'", ""),
        ("shapes: {ivr-choise: 3}", "shapes.ivr-choise", "no key", "did you mean 'ivr_choice'?"),
        ("shapes: {ivr-choice: x}", "shapes.ivr-choice", "x", "a number is due"),
        ("shapes: {ivr_choice: 1, ivr-choice: 2}", "shapes.ivr-choice", "no key", "did you mean 'ivr_choice'?"),
        ("phones: {queue: 3}", "phones.queue", "3", "list"),
        ("phones: {queue: [3]}", "phones.queue", "there are 1 numbers", "two are due, the fewest and the most"),
        ("phones: {queue: [5, 2]}", "phones.queue", "the fewest, 5, are more than the most, 2", "fewer"),
        ("phones: {ring_group: [0, 2]}", "phones.ring_group[0]", "0", "1 or more"),
        ("phones: {paging: [2, 101]}", "phones.paging[1]", "101", "100 or less"),
        ("phones: {busy: 2}", "phones.busy", "2", "1 or less"),
        ("phases: {page: {median: 60}}", "phases.page.median", "60 s, is above the longest, 30 s", "below"),
        ("phases: {message: 5}", "phases.message", "5", "mapping"),
        ("codes: 0", "codes", "0", "1 or more"),
        ("greetings: 2", "greetings", "2", "1 or less"),
        ("outside: -1", "outside", "-1", "0 or more"),
        ("shapes: {parked: many}", "shapes.parked", "many", "a number is due"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(line, key, wrong, right):
    """Each wrong value is one problem with its line and key."""
    (problem,) = problems(f"\n{line}\n")
    assert (problem.line, problem.key) == (2, key)
    assert wrong.lower() in problem.wrong.lower()
    assert right in f"{problem.wrong}; {problem.right}"


def test_every_problem_is_named_at_once():
    """A value, a key, and a rule that joins two of them."""
    found = problems("named: 2\nhours: 3\ntalk: {median: 900, longest: 600}\nkinds: {internal: x}\n")
    assert sorted((problem.line, problem.key) for problem in found) == [
        (1, "named"),
        (2, "hours"),
        (3, "talk.median"),
        (4, "kinds.internal"),
    ]


KEYS = (
    *Traffic.model_fields,
    *("hourly[0]", "weekdays[0]", "holidays[0]", "faker_locale[0]", "kinds.inbound", "dispositions.busy"),
    *("shapes.parked", "shapes.ivr_choice", "phases.page", "phases.page.median", "phones.queue", "phones.queue[0]"),
    *("ring.busy", "ring.busy.median", "ring.busy.longest", "talk.median", "talk.spread", "talk.longest"),
)


@pytest.mark.parametrize("key", KEYS)
def test_a_weird_value_is_either_taken_or_a_problem(key):
    """No value anywhere makes anything but settings, or problems that say where they are and what would be right."""
    for value in WEIRD:
        name, *inner = key.replace("[0]", ".[").split(".")
        written = value
        for part in reversed(inner):
            written = f"[{written}]" if part == "[" else f"{{{part}: {written}}}"
        for problem in problems(f"{name}: {written}\n"):
            assert problem.key.startswith(key) or key.startswith(problem.key), value
            assert problem.line == 1 or "\n" in value
            assert problem.right or ";" in problem.wrong, (value, problem)


def test_rules_pass_over_what_is_wrong_by_itself():
    """A median that is no number is one problem, not two; and so is a traffic that is no mapping."""
    for text in ("talk: {median: true, longest: 6}", "talk: 3", "ring: {busy: [3]}", "ring: 3", "kinds: {internal: }"):
        assert len(problems(text)) == 1, text
    assert list(rules.broken_in_traffic(None)) == []


def test_the_rules_know_every_median():
    """The mappings with a median and a longest time are the ones that are judged."""
    assert len(TIMES) == 1 + len(Ring.model_fields) + len(Phases.model_fields) == 21
    assert all({"median", "longest"} <= set(default_of(path)) for path in TIMES)


def test_the_defaults_break_no_rule():
    """Settings without `traffic:` need not be judged: written out, the defaults are sound."""
    written = Traffic().model_dump()
    assert set(written) >= {*SHARES, "ring", "talk"}
    assert list(rules.broken_in_traffic(written)) == []


def test_one_pbx_is_judged_by_the_same_rules():
    """What comes as JSON over the control port is told by its key."""
    with pytest.raises(ConfigurationError) as error:
        load_pbx({"traffic": {"talk": {"median": 900, "longest": 600}, "kinds": {"internal": -1}}}, Path())
    assert sorted(problem.key for problem in error.value.problems) == ["traffic.kinds.internal", "traffic.talk.median"]


def test_every_shape_has_a_weight():
    """The keys of `shapes:` are the ids of the shapes, with underscores."""
    assert {name.replace("_", "-") for name in Shapes.model_fields} == set(BY_ID)
