"""Templates: one entry of `pbxs:` that makes many PBXs, and every way to get one wrong. Design 4.2."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.commands import Command
from tests.simfiles import only, places, problems, settings
from ucmsim.catalogue import configuration_schema
from ucmsim.configuration import read_pbx
from ucmsim.errors import ConfigurationError

SITES = """
pbxs:
  hq: {}
  site-{n}:
    count: 3
    tls_names: ["site-{n}.example.com"]
    api:
      enable: true
      tls_bind_address: 127.0.0.{n}:{n+20000}
      tls_authentication_name: user-{n}
      tls_authentication_password: "{n}{n+10}"
    trunks: [{name: "trunk-{n}"}]
  last: {}
"""


def test_a_template_makes_numbered_pbxs_in_its_place():
    """Each has the number in its name and in every text of its settings, counted on where the text says so."""
    found = settings(SITES).pbxs
    assert list(found) == ["hq", "site-1", "site-2", "site-3", "last"]
    one = found["site-3"]
    assert str(one.api.tls_bind_address) == "127.0.0.3:20003"
    assert (one.api.tls_authentication_name, one.api.tls_authentication_password) == ("user-3", "313")
    assert (one.tls_names, one.trunks[0].name) == (("site-3.example.com",), "trunk-3")
    assert found["last"] == found["hq"]


def test_pbxs_of_a_template_that_differ_in_nothing_share_their_settings():
    """Five thousand of them cost no more memory than one; settings never change."""
    found = settings("pbxs:\n  site-{n}: {count: 5000, extensions: {count: 7}}\n").pbxs
    assert len(found) == 5000
    assert list(found)[-1] == "site-5000"
    assert all(one is found["site-1"] for one in found.values())


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{n}", "2"),
        ("{n+0}", "2"),
        ("{n+8442}", "8444"),
        ("x{n}y{n}", "x2y2"),
        ("{N} {m} {n-1} { n } {n+} {}", "{N} {m} {n-1} { n } {n+} {}"),
    ],
)
def test_what_has_a_place_for_the_number(text, filled):
    """Only {n} and {n+K}; all other braces are text."""
    written = f"pbxs:\n  a-{{n}}: {{count: 2, api: {{tls_authentication_name: '{text}'}}}}\n"
    assert settings(written).pbxs["a-2"].api.tls_authentication_name == filled


def test_braces_of_one_pbx_are_text():
    """Where nothing is numbered nothing is filled in."""
    found = settings("pbxs:\n  hq: {api: {tls_authentication_name: '{n}'}}\n")
    assert found.pbxs["hq"].api.tls_authentication_name == "{n}"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("site-{n}-{n}", "'site-{n}-{n}' has {n} in it 2 times; a template has {n} in its name once"),
        ("site-{i}", "'site-{i}' is not a PBX name; a template has {n} in its name once"),
        ("Site-{n}", "'Site-{n}' is not the name of a template; use lower-case letters, digits and hyphens beside {n}"),
        ("-{n}", "'-{n}' begins with a hyphen, as an option of a command does; let it begin with a letter or a digit"),
        ("{n}" + "x" * 60, "there are 60 characters beside {n}; 59 are enough at most: a number follows"),
    ],
)
def test_the_name_of_a_template(name, said):
    """It has one place for the number, and else what names have; what stands in a misnamed one is no second error."""
    assert only(f"pbxs:\n  '{name}': {{count: 3}}\n", f"pbxs.{name}").startswith(said)


def test_a_name_that_is_too_long():
    """A name is a folder's, so it has an end."""
    name = "x" * 64
    assert only(f"pbxs: {{{name}: {{}}}}", f"pbxs.{name}") == "this name has 64 characters; 63 are enough at most"
    assert list(settings(f"pbxs: {{{name[1:]}: {{}}}}").pbxs) == [name[1:]]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        ("0", "0 cannot stand here; it must be 1 or more"),
        ("5001", "5001 cannot stand here; it must be 5000 or less"),
        ("'3'", "'3' is text, and a whole number is due; remove the quotes: 3"),
        ("2.5", "2.5 cannot stand here; a whole number is due"),
        ("true", "true cannot stand here; a whole number is due"),
        ("[1]", "a list cannot stand here; a whole number is due"),
        ("1_0", "YAML reads 1_0 as the number 10; write it in decimal digits alone"),
    ],
)
def test_a_count_is_1_to_5000(count, said):
    """Anything else is named at its own line."""
    (problem,) = problems(f"pbxs:\n  a-{{n}}:\n    count: {count}\n")
    assert (problem.line, problem.key, f"{problem.wrong}; {problem.right}") == (3, "pbxs.a-{n}.count", said)


def test_a_template_needs_a_count():
    """Without one nobody knows how many are meant."""
    said = only("pbxs:\n  a-{n}: {}\n", "pbxs.a-{n}")
    assert said == "this is a template, and its 'count' is missing; say how many PBXs it makes, such as count: 500"


def test_one_pbx_has_no_count():
    """Where it stands beside a plain name, the name is what is wrong, or the key."""
    said = only("pbxs:\n  hq: {count: 3}\n", "pbxs.hq.count")
    assert said == "'count' is of templates, and this is one PBX; a template has {n} in its name: hq-{n}"


def test_the_control_plane_takes_one_pbx_at_a_time():
    """There a count is refused with what would do instead."""
    with pytest.raises(
        ConfigurationError, match=r"^count: 'count' is of templates, .* create each PBX by a name of its own"
    ):
        read_pbx({"count": 3}, Path.cwd())


def test_what_is_wrong_with_a_template_is_named_once():
    """With the line in the file, and not five hundred times; a mistyped count is a mistyped key."""
    text = """
pbxs:
  site-{n}:
    count: 500
    cuont: 3
    personality: ucm9999
    api:
      tls_bind_address: "{n}"
      tls_private_key: "{n}.pem"
  hq:
    time_zone: nowhere
"""
    assert places(text) == [
        (5, "pbxs.site-{n}.cuont"),
        (6, "pbxs.site-{n}.personality"),
        (8, "pbxs.site-{n}.api.tls_bind_address"),
        (9, "pbxs.site-{n}.api.tls_private_key"),
        (11, "pbxs.hq.time_zone"),
    ]
    assert "did you mean 'count'?" in problems(text)[0].right


def test_what_is_wrong_with_a_later_pbx_only():
    """The number that does it is named."""
    text = "pbxs:\n  a-{n}:\n    count: 500\n    api: {tls_bind_address: '127.0.0.{n}:8443'}\n"
    (problem,) = problems(text)
    assert (problem.line, problem.key) == (4, "pbxs.a-{n}.api.tls_bind_address")
    assert problem.wrong == "'127.0.0.256:8443' does not begin with an IP address, where {n} is 256"


def template(name: str, count: int, bind: str = "") -> str:
    """Return a line with a template that listens on *bind*, if that is given."""
    api = f", api: {{enable: true, tls_bind_address: '{bind}'}}" if bind else ""
    return f"  {name}: {{count: {count}{api}}}\n"


@pytest.mark.parametrize(
    ("lines", "key", "said"),
    [
        (
            template("a-{n}", 9) + "  a-7: {}\n",
            "a-7",
            "this is a second PBX 'a-7': the template 'a-{n}' makes one too; let the names differ",
        ),
        (
            "  a-7: {}\n" + template("a-{n}", 9),
            "a-{n}",
            "this makes a PBX 'a-7', and there is one already; let the names differ",
        ),
        (
            template("a-{n}", 12) + template("a-1{n}", 12),
            "a-1{n}",
            "this makes a PBX 'a-11', and the template 'a-{n}' makes one too; let the names differ",
        ),
    ],
)
def test_names_that_meet(lines, key, said):
    """The later entry is told, with the name and the other entry."""
    assert only(f"pbxs:\n{lines}", f"pbxs.{key}") == said


FIXED = (
    "every PBX of this template listens on 127.0.0.1:8443; let the port be 0, or count it: 127.0.0.1:{n+20000}, "
    "or the address: 127.0.0.{n}:8443"
)


@pytest.mark.parametrize(
    ("lines", "key", "said"),
    [
        (template("a-{n}", 2, "127.0.0.1:8443"), "a-{n}", FIXED),
        (template("a-{n}", 2, "127.0.0.1"), "a-{n}", FIXED),
        (
            template("a-{n}", 9, "127.0.0.1:{n+20000}") + template("b-{n}", 9, "127.0.0.1:{n+20008}"),
            "b-{n}",
            "PBX 'a-9' listens on 127.0.0.1:20009 too, where {n} is 1; give each its own address or port",
        ),
        (
            "  hq: {api: {enable: true, tls_bind_address: '0.0.0.0:20005'}}\n"
            + template("a-{n}", 9, "127.0.0.1:{n+20000}"),
            "a-{n}",
            "PBX 'hq' listens on 0.0.0.0:20005 too, where {n} is 5; give each its own address or port",
        ),
        (
            template("a-{n}", 9, "127.0.0.{n}:8443") + "  hq: {api: {enable: true}}\n",
            "hq",
            "PBX 'a-1' listens on 127.0.0.1:8443 too; give each its own address or port",
        ),
    ],
)
def test_ports_that_meet(lines, key, said):
    """A fixed port for all is an error that says what would do; where others listen, the first that meets them is named."""
    assert only(f"pbxs:\n{lines}", f"pbxs.{key}.api.tls_bind_address") == said


def test_ports_of_the_control_plane():
    """It is one more that listens."""
    text = "control: {bind: '127.0.0.1:20003'}\npbxs:\n" + template("a-{n}", 9, "127.0.0.1:{n+20000}")
    assert "the control plane listens on 127.0.0.1:20003 too, where {n} is 3" in only(
        text, "pbxs.a-{n}.api.tls_bind_address"
    )


@pytest.mark.parametrize("bind", ["127.0.0.1:0", "127.0.0.{n}:8443", "127.0.0.1:{n+20000}", "[::1]:{n+20000}"])
def test_ports_that_do_not_meet(bind):
    """The system's choice, an address for each, or a port for each."""
    assert len(settings("pbxs:\n" + template("a-{n}", 200, bind)).pbxs) == 200


def test_one_of_a_kind_may_have_a_fixed_port():
    """A template of one PBX meets nobody."""
    assert list(settings("pbxs:\n" + template("a-{n}", 1, "127.0.0.1:8443")).pbxs) == ["a-1"]


def test_the_schema_knows_templates():
    """An editor takes count beside a name with {n}, wants it there, and nowhere else."""
    judge = jsonschema.Draft202012Validator(configuration_schema())
    assert judge.is_valid(yaml.safe_load(SITES))
    assert not judge.is_valid({"pbxs": {"site-{n}": {}}})
    assert not judge.is_valid({"pbxs": {"site-{n}": {"count": 5001}}})
    assert not judge.is_valid({"pbxs": {"site-{n}": {"count": 2, "faults": [{"fault": "nonsense"}]}}})
    assert not judge.is_valid({"pbxs": {"hq": {"count": 3}}})


def test_check_sums_up_what_many_have_in_common(tmp_path):
    """A warning that holds for hundreds is one line, and so is the list of names; programs get each."""
    ucmsim = Command(tmp_path)
    file = ucmsim.config("pbxs:\n  site-{n}: {count: 500}\n")
    ran = ucmsim("check", file)
    assert ran.stdout == f"{file} is good: 500 PBXs, site-1, site-2, site-3 ... site-500\n"
    said = "api.enable is false, so nothing listens on the API port; the device's default is the same"
    assert ran.stderr == f"warning: site-1 and 499 more: {said}\n"
    assert len(ucmsim.json("check", file, "--json")) == 500
