"""Whatever stands anywhere in a file, loading ends in settings or in problems that say where they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simfiles import api, at, hq, only, outcome, places, problems

KEYS = (
    "seed",
    "state",
    "control",
    "control.bind",
    "control.token",
    "pbxs",
    "pbxs.hq",
    "pbxs.hq.personality",
    "pbxs.hq.time_zone",
    "pbxs.hq.clock",
    "pbxs.hq.clock.start",
    "pbxs.hq.clock.rate",
    "pbxs.hq.tls_names",
    "pbxs.hq.tls_names[0]",
    "pbxs.hq.tls_profile",
    "pbxs.hq.tls_min",
    "pbxs.hq.tls_max",
    "pbxs.hq.api",
    "pbxs.hq.api.enable",
    "pbxs.hq.api.tls_bind_address",
    "pbxs.hq.api.tls_private_key",
    "pbxs.hq.api.tls_cert",
    "pbxs.hq.api.tls_authentication_name",
    "pbxs.hq.api.tls_authentication_password",
    "pbxs.hq.api.permitted_ips",
    "pbxs.hq.api.permitted_ips[0]",
    "pbxs.hq.extensions",
    "pbxs.hq.extensions.first",
    "pbxs.hq.extensions.count",
    "pbxs.hq.trunks",
    "pbxs.hq.trunks[0]",
    "pbxs.hq.trunks[0].name",
    "pbxs.hq.trunks[0].channels",
    "pbxs.hq.recording",
    "pbxs.hq.recording.share",
    "pbxs.hq.recording.kinds",
    "pbxs.hq.recording.kinds[0]",
    "pbxs.hq.history",
    "pbxs.hq.history.days",
    "pbxs.hq.history.calls_per_day",
    "pbxs.hq.history.import",
    "pbxs.hq.quirks",
    "pbxs.hq.quirks.order",
    "pbxs.hq.quirks.session-cap",
    "pbxs.hq.quirks.server",
    "pbxs.hq.faults",
    "pbxs.hq.faults[0]",
)


WEIRD = (
    *(
        "~",
        "true",
        "0",
        "-1",
        "1.5",
        ".nan",
        "-.inf",
        "1" * 400,
        "1" * 5000,
        "1e999",
        "''",
        "x",
        "é",
        "2013-12-03",
        "0123",
    ),
    *(
        "[]",
        "[[]]",
        "{}",
        "{a: b}",
        "{? [a] : b}",
        "&a [*a]",
        "[~]",
        "{'': ~}",
        "22:30",
        "08",
        "0o7",
        "<<",
        "{<<: {a: b}}",
    ),
    *(
        "!!binary aGVsbG8=",
        "!!set {a}",
        "!!omap [a: 1]",
        "!!python/name:os.system x",
        "!x y",
        "!!int x",
        "!!timestamp x",
    ),
    *("!!float x", "!!null x", "!!str 5", "!!map [a]", "!!seq {a: b}", '"\\0"', "'a\n\n b'"),
)


@pytest.mark.parametrize("key", KEYS)
def test_a_weird_value_is_either_taken_or_a_problem(key):
    """No value anywhere makes anything but settings or problems that say where they are and what would be right."""
    for value in WEIRD:
        found = outcome(at(key, value))
        assert not found or any(problem.key.startswith(key) or key.startswith(problem.key) for problem in found), value
        assert all(problem.line >= 1 and problem.wrong for problem in found), value
        assert all(problem.right or ";" in problem.wrong for problem in found), value


def test_half_a_character_is_a_problem():
    """A lone surrogate, as JSON writes half of one, is refused wherever text is due."""
    for key in (
        "control.bind",
        "pbxs.hq.personality",
        "pbxs.hq.time_zone",
        "pbxs.hq.clock.start",
        "pbxs.hq.tls_names[0]",
    ):
        assert places(at(key, '"\\ud800"')) == [(1, key)]
    for key in ("tls_bind_address", "tls_authentication_name", "tls_authentication_password"):
        assert places(hq(api(**{key: '"\\ud800"'}))) == [(3, f"pbxs.hq.api.{key}")]


def test_a_boolean_tag_on_another_word_is_a_problem():
    """A tag that its value cannot have is a problem of the file."""
    assert places("pbxs: {hq: {}}\nseed: !!bool x\n") == [(2, "seed")]


@pytest.mark.parametrize("value", ["!!binary aGVsbG8=", "!!set {a}", "{a: b}", "[a]"])
def test_a_value_that_is_no_number_is_not_called_one(value):
    """The sentence about a wrong value does not misname its kind."""
    sentence = only(at("pbxs.hq.api.tls_authentication_name", value), "pbxs.hq.api.tls_authentication_name")
    assert "number" not in sentence


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([key.split(".")[-1] for key in KEYS]), inner)
    ),
    max_leaves=12,
)


@given(st.sampled_from(KEYS), _JSON)
def test_any_tree_is_either_settings_or_problems(key, tree):
    """Whatever stands under a key, loading ends in settings or in a ConfigurationError."""
    found = outcome(at(key, json.dumps(tree, ensure_ascii=False)))
    assert all(problem.line >= 1 and problem.file == "sim.yaml" and problem.wrong for problem in found)


@given(st.text(max_size=60))
def test_any_text_is_refused_with_problems(text):
    """Text that happens to lie in the file is never anything but a ConfigurationError."""
    assert problems(text)
