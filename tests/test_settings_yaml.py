"""The traps of YAML: words that it reads as something else, keys given twice, aliases, and what is no YAML."""

from __future__ import annotations

import time

import pytest

from tests.simfiles import TRAPS, api, at, hq, only, pbx, places, problems, settings


@pytest.mark.parametrize(
    "key",
    [
        "state",
        "pbxs.hq.personality",
        "pbxs.hq.time_zone",
        "pbxs.hq.clock.start",
        "pbxs.hq.tls_names[0]",
        "pbxs.hq.tls_profile",
        "pbxs.hq.tls_min",
        "pbxs.hq.api.tls_bind_address",
        "pbxs.hq.api.tls_authentication_name",
        "pbxs.hq.api.permitted_ips[0]",
        "pbxs.hq.trunks[0].name",
        "pbxs.hq.history.import",
    ],
)
def test_what_yaml_turns_into_another_value_must_be_quoted(key):
    """Where text is due, a number or a boolean is an error that shows what YAML read and how to quote it."""
    for written, read in TRAPS.items():
        if key.endswith("tls_bind_address") and written == "1000":
            continue  # a port alone, and quotes would not make an address of it
        (problem,) = (problem for problem in problems(at(key, written)) if problem.key == key)
        assert read in problem.wrong, written
        assert written in problem.wrong, written
        assert problem.right.startswith("quote it"), written
        assert f'"{written}"' in problem.right, written


@pytest.mark.parametrize("written", ['"0123"', "'off'", '"22:30"', "5300x", "1e3", "2013-12-03", "=", "12:3:b"])
def test_quoted_traps_and_plain_words_are_text(written):
    """What is quoted, and what YAML takes for a date or an unusual word, is the text that was written."""
    assert pbx(api(tls_authentication_name=written)).api.tls_authentication_name == written.strip("\"'")


@pytest.mark.parametrize("written", ["0123", "0x1F", "1_000", "22:30"])
def test_a_number_that_yaml_reads_unlike_it_looks_is_an_error_anywhere(written):
    """Even where a number is due, nobody who writes 0123 means 83."""
    assert written in only(f"seed: {written}\npbxs: {{hq: {{}}}}", "seed")


def test_duplicate_keys_are_errors():
    """The second of two equal keys is named with its own line and that of the first."""
    text = "seed: 1\npbxs:\n  hq:\n    api:\n      enable: true\n      enable: false\nseed: 2\n"
    assert places(text) == [(6, "pbxs.hq.api.enable"), (7, "seed")]
    assert "line 1" in problems(text)[1].wrong
    assert "line 5" in problems(text)[0].wrong


@pytest.mark.parametrize("twice", ["'seed': 2", '"seed": 2', "? seed\n: 2"])
def test_duplicate_keys_are_found_however_they_are_written(twice):
    """Quotes do not make another key."""
    assert "twice" in only(f"pbxs: {{hq: {{}}}}\nseed: 1\n{twice}\n", "seed")


def test_duplicate_pbxs_are_errors():
    """Two PBXs of one name are not silently one."""
    assert places("pbxs:\n  hq: {}\n  hq: {}\n") == [(3, "pbxs.hq")]


def test_a_trap_inside_a_list_has_its_own_line():
    """Lines are those of the item, also in lists over several lines."""
    text = hq("tls_names:", "  - a.example", "  - 0123", "trunks:", "  -", "    name: off")
    assert places(text) == [(5, "pbxs.hq.tls_names[1]"), (8, "pbxs.hq.trunks[0].name")]


def test_an_alias_is_the_value_of_its_anchor():
    """One value may be written once and used twice."""
    found = settings("pbxs:\n  a: &a {extensions: {count: 7}}\n  b: *a\n").pbxs
    assert found["b"].extensions.count == 7


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but words\n", "---\n", "~\n", "null\n", "\ufeff"])
def test_an_empty_file_says_what_it_needs(text):
    """A file without anything in it names the least that must be there."""
    sentence = only(text, "")
    assert "empty" in sentence
    assert "pbxs" in sentence


@pytest.mark.parametrize(
    "text", ["hello", "- a\n- b\n", "42", "off", "[]", '""', "0123", "3.5", "2013-12-03", "|\n  x\n"]
)
def test_a_file_that_is_no_mapping_is_refused(text):
    """A word, a number or a list in place of the keys is a problem of line 1."""
    assert [line for line, _ in places(text)] == [1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("pbxs: {hq: {}\n", 2),
        ("pbxs:\n\thq: {}\n", 2),
        ("pbxs:\n  hq: {}\n state: x\n", 3),
        ('pbxs:\n  hq:\n    personality: "ucm6100\n', 4),
        ("pbxs: {hq: {}}\nstate: @x\n", 2),
        ("pbxs: {hq: {}}\nstate: a: b\n", 2),
        ("pbxs: {hq: {}}\nstate: *nowhere\n", 2),
        ("pbxs: {hq: {}}\n---\nseed: 1\n", 2),
        ("pbxs: {hq: {}}\nseed: ]\n", 2),
        ("%YAML 9.9\n---\npbxs: {hq: {}}\n", 1),
        ("[" * 3000, 1),
        ("AcctId,accountcode,src\n62,,5300\nx: y: z\n", 3),
        ("<root>\n</root>\n: x: y", 3),
        ("pbxs: {hq: {}}\n\n\n# bell \x07\n", 4),
        ("pbxs: {hq: {}}\n\n\nstate: '\x00'\n", 4),
        ("pbxs: {hq: {}}\n\n\nstate: \ud800\n", 4),
    ],
)
def test_what_is_no_yaml_says_where(text, line):
    """A file that cannot be read as YAML is one problem, near the line where reading ended."""
    ((found, _),) = places(text)
    assert "YAML" in problems(text)[0].wrong
    assert abs(found - line) <= 1


@pytest.mark.parametrize("text", ["pbxs: &p {hq: *p}\n", "pbxs: {hq: {}}\nseed: &s [*s]\n", "&r\npbxs: *r\n"])
def test_an_alias_inside_its_own_anchor_is_an_error(text):
    """A value cannot contain itself."""
    assert any("contains itself" in problem.wrong for problem in problems(text))


def test_a_long_chain_of_aliases_is_an_error():
    """Values nested thousands deep by aliases are a problem of the file, not a crash."""
    chain = ", ".join(f"&x{n} [*x{n - 1}]" for n in range(1, 3000))
    assert problems(f"x: [&x0 [1], {chain}]\npbxs: {{hq: {{}}}}\n")


def test_aliases_that_multiply_are_not_multiplied_out():
    """A few lines of aliases that stand for millions of values are judged at once."""
    layers = "".join(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]\n" for n in range(1, 24))
    begin = time.process_time()
    assert problems(f"x0: &x0 [1, 1]\n{layers}pbxs: {{hq: {{}}}}\n")
    assert time.process_time() - begin < 5


def test_a_long_name_is_judged_at_once():
    """A wrong certificate name costs no more time for being long."""
    begin = time.process_time()
    assert "neither a DNS name" in only(hq(f"tls_names: [{'a' * 28}!]"), "pbxs.hq.tls_names[0]")
    assert time.process_time() - begin < 2


def test_a_key_must_be_a_word():
    """A list or a mapping in place of a key is an error."""
    assert "key must be a word" in only("pbxs: {hq: {}}\n? [a, b]\n: c\n", "")


def test_merge_keys_are_named_as_such():
    """YAML's merge keys are not supported, and the error says so."""
    text = "pbxs:\n  hq: &x {}\n  b:\n    <<: *x\n"
    assert "merge keys are not supported" in only(text, "pbxs.b.<<")
