"""Every problem of a file is named at once, rules about two keys included: ports that clash, TLS ranges."""

from __future__ import annotations

import pytest

from tests.simfiles import api, at, hq, only, places, problems, settings


def test_every_problem_is_named_at_once_in_the_order_of_the_file():
    """One look is enough to mend a file."""
    text = """\
seed: x
sate: ./somewhere
pbxs:
  hq:
    personality: ucm6101
    clock: {rate: -1, start: never}
    api:
      enable: perhaps
      tls_bind_address: nowhere
      tls_authentication_name: 0123
      permitted_ips:
        - 10.0.0.0/8
        - 10.0.0.0/99
    quirks:
      order: up
      ordr: asc
    tls_profile: modern
    tls_profile: device
  branch:
    time_zone: Nowhere/City
    recording: {kind: []}
    trunks:
      - {name: a}
      - {name: b, channels: many}
control:
  bind: 1.2.3.4
"""
    assert places(text) == [
        (1, "seed"),
        (2, "sate"),
        (5, "pbxs.hq.personality"),
        (6, "pbxs.hq.clock.start"),
        (6, "pbxs.hq.clock.rate"),
        (8, "pbxs.hq.api.enable"),
        (9, "pbxs.hq.api.tls_bind_address"),
        (10, "pbxs.hq.api.tls_authentication_name"),
        (13, "pbxs.hq.api.permitted_ips[1]"),
        (15, "pbxs.hq.quirks.order"),
        (16, "pbxs.hq.quirks.ordr"),
        (18, "pbxs.hq.tls_profile"),
        (20, "pbxs.branch.time_zone"),
        (21, "pbxs.branch.recording.kind"),
        (24, "pbxs.branch.trunks[1].channels"),
        (26, "control.bind"),
    ]


def test_all_bad_names_are_named_at_once():
    """Several bad PBX names, and what is wrong inside PBXs, are all told."""
    text = "pbxs:\n  HQ: {}\n  Branch: {}\n  ok:\n    personality: x\n"
    assert places(text) == [(2, "pbxs.HQ"), (3, "pbxs.Branch"), (5, "pbxs.ok.personality")]


def test_rules_about_two_keys_are_told_together_with_the_rest():
    """A rule that joins two keys does not wait until all else is mended."""
    text = hq("api:", "  enable: maybe", "  tls_cert: c.pem", "history: {days: -1, import: x.csv}")
    assert places(text) == [
        (4, "pbxs.hq.api.enable"),
        (5, "pbxs.hq.api.tls_cert"),
        (6, "pbxs.hq.history.days"),
        (6, "pbxs.hq.history.import"),
    ]


def test_an_impossible_tls_range_is_told_together_with_the_rest():
    """tls_min above tls_max is a problem of its own, whatever else is wrong in the PBX."""
    text = hq('tls_min: "1.3"', "extensions: {count: 0}", 'tls_max: "1.1"')
    assert places(text) == [(3, "pbxs.hq.tls_min"), (4, "pbxs.hq.extensions.count")]


def test_an_impossible_tls_range_says_which_versions_clash():
    """The sentence names both versions and both keys."""
    (problem,) = problems(hq('tls_min: "1.3"'))
    assert problem.key == "pbxs.hq.tls_min"
    assert "1.3" in problem.wrong
    assert "1.2" in problem.wrong
    assert "tls_min" in problem.right


def test_two_pbxs_on_one_port_are_named():
    """The problem stands at the second PBX and names the first."""
    text = "pbxs:\n  a: {api: {enable: true}}\n  b: {api: {enable: true}}\n"
    (problem,) = problems(text)
    assert (problem.line, problem.key) == (3, "pbxs.b.api.tls_bind_address")
    assert "0.0.0.0:8443" in problem.wrong
    assert "'a'" in problem.wrong


def test_every_clash_of_ports_is_named_at_once():
    """Three PBXs on one port are two problems, and other problems are told with them."""
    text = "pbxs:\n  a: {api: {enable: true}}\n  b: {api: {enable: true}}\n  c: {api: {enable: true}}\nseed: x\n"
    assert [line for line, _ in places(text)] == [3, 4, 5]


def test_the_control_port_is_a_port_like_any_other():
    """A PBX cannot listen where the control plane does."""
    text = "control: {bind: 127.0.0.1:9000}\n" + hq(api(enable="true", tls_bind_address="127.0.0.1:9000"))
    (problem,) = problems(text)
    assert "control" in problem.wrong
    assert "127.0.0.1:9000" in problem.wrong


def test_ports_that_do_not_clash():
    """A disabled API, port 0 and other ports or addresses may stand side by side."""
    chosen = ("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.2:1")
    enabled = "".join(f"  p{n}: {{{api(enable='true', tls_bind_address=bind)}}}\n" for n, bind in enumerate(chosen))
    assert (
        len(
            settings(
                f"pbxs:\n{enabled}  off-1: {{}}\n  off-2: {{{api(enable='false')}}}\n  off-3: {{{api(enable='false')}}}\n"
            ).pbxs
        )
        == 8
    )


def test_a_good_part_of_a_list_is_not_blamed_for_a_bad_one():
    """A list whose only item is wrong is not told to be empty."""
    assert places(hq("trunks:", "  - {name: a, channels: x}")) == [(4, "pbxs.hq.trunks[0].channels")]


def test_the_sentence_of_a_problem():
    """A problem is shown as file, line, key, what is wrong, what would be right."""
    (problem,) = problems(hq("persnality: ucm6100"))
    assert str(problem) == (
        "sim.yaml:3: pbxs.hq.persnality: there is no key 'persnality' here; did you mean 'personality'?"
    )


def test_a_problem_is_one_line():
    """A value over several lines does not tear its problem apart."""
    for key in ("pbxs.hq.personality", "pbxs.hq.time_zone", "pbxs.hq.clock.rate", "pbxs.hq.quirks.server"):
        for value in ('"a\\nb"', '"a\\r\\nb"', "'a\n\n  b'"):
            assert [len(str(problem).splitlines()) for problem in problems(at(key, value))] == [1], (key, value)


@pytest.mark.parametrize("other", ["127.0.0.1:9443", "0.0.0.0:9443"])
def test_the_address_of_all_interfaces_takes_in_every_other(other):
    """Two PBXs cannot share a port when one of them listens everywhere."""
    text = "pbxs:\n  a: {api: {enable: true, tls_bind_address: '0.0.0.0:9443'}}\n"
    text += f"  b: {{api: {{enable: true, tls_bind_address: '{other}'}}}}\n"
    assert "PBX 'a' listens on 0.0.0.0:9443 too" in only(text, "pbxs.b.api.tls_bind_address")


def test_the_name_of_the_token_file_is_taken():
    """A PBX's folder must not stand where the control token is written."""
    assert "the file that the token stands in" in only("pbxs:\n  control-token: {}\n", "pbxs.control-token")
