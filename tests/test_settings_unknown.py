"""Keys, models and quirks that there are not, or not yet, and the nearest that there are. Design 4.2."""

from __future__ import annotations

import pytest

from tests.simfiles import api, hq, only, pbx
from ucmsim.errors import did_you_mean


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        ("sed: 1\npbxs: {hq: {}}", "sed", "seed"),
        ("Seed: 1\npbxs: {hq: {}}", "Seed", "seed"),
        ("control: {tokn: abcdefgh}\npbxs: {hq: {}}", "control.tokn", "token"),
        (hq("persnality: ucm6100"), "pbxs.hq.persnality", "personality"),
        (hq("timezone: UTC"), "pbxs.hq.timezone", "time_zone"),
        (hq("clock: {strat: now}"), "pbxs.hq.clock.strat", "start"),
        (hq(api(tls_bind_adress="0.0.0.0")), "pbxs.hq.api.tls_bind_adress", "tls_bind_address"),
        (hq(api(permitted_ip="[]")), "pbxs.hq.api.permitted_ip", "permitted_ips"),
        (hq("extensions: {frist: 1}"), "pbxs.hq.extensions.frist", "first"),
        (hq("history: {imports: x}"), "pbxs.hq.history.imports", "import"),
        (hq("history: {import_: x}"), "pbxs.hq.history.import_", "import"),
        (hq("trunks: [{name: a, chanels: 3}]"), "pbxs.hq.trunks[0].chanels", "channels"),
        (hq("traffic: {shapes: {queue-answered: 1}}"), "pbxs.hq.traffic.shapes.queue-answered", "queue"),
        (hq("traffic: {shapes: {queue-abandonned: 1}}"), "pbxs.hq.traffic.shapes.queue-abandonned", "queue_abandoned"),
        (hq("traffic: {shapes: {anwsered: 1}}"), "pbxs.hq.traffic.shapes.anwsered", "answered"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_known_one(text, key, meant):
    """A mistyped key is never ignored."""
    assert f"did you mean '{meant}'?" in only(text, key)


def test_a_key_unlike_any_other_gets_the_list():
    """Where nothing comes near, the keys that may stand there are listed."""
    assert "the keys are caller_id, caller_name, channels, kind, name, prefix" in only(
        hq("trunks: [{name: a, zzz: 1}]"), "pbxs.hq.trunks[0].zzz"
    )
    assert "control, one_ca, pbxs, seed, state" in only("zzz: 1\npbxs: {hq: {}}", "zzz")


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        (hq("traffic: {phases: {ring: {median: 2}}}"), "pbxs.hq.traffic.phases.ring", "it stands in pbxs.hq.traffic"),
        (hq("api: {enable: true, clock: {rate: 0}}"), "pbxs.hq.api.clock", "it stands in pbxs.hq"),
        (hq("seed: 3"), "pbxs.hq.seed", "it stands at the top, beside 'pbxs'"),
        (hq("traffic: {state: x}"), "pbxs.hq.traffic.state", "it stands at the top, beside 'pbxs'"),
    ],
)
def test_a_key_of_further_up_is_told_its_place(text, key, place):
    """It is no mistyped key, but one whose line has too many blanks in front."""
    assert only(text, key).endswith(place)


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("queue-answered", ["queue", "answered", "queue-abandoned"], "did you mean 'queue'?"),
        ("ring-group-answer", ["ring-group-answered", "ring-group"], "did you mean 'ring-group-answered'?"),
        ("ring-group-first", ["ring-group-no-answer", "ring-group", "ring"], "did you mean 'ring-group'?"),
        ("ring", ["greeting", "parked"], ""),  # half the letters of short words are the same by chance
        ("queues", ["queue"], "did you mean 'queue'?"),
        ("1.5", ["personality", "o1", "1"], ""),  # a number is no word that goes on
        ("nable", ["enable"], "did you mean 'enable'?"),
        ("latency", ["tcp.latency", "http.latency", "patience"], "did you mean 'tcp.latency' or 'http.latency'?"),
        ("CALER", ["caller", "callee"], "did you mean 'caller'?"),
    ],
)
def test_what_is_meant_is_what_a_person_would_think_of(word, known, said):
    """A typo before a longer name, a longer name before a guess."""
    assert did_you_mean(word, known) == said


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("ucm6104", "use ucm6100, ucm6100-1.0.9 or ucm6100-1.0.18"),
        ("UCM6208", "use ucm6200, ucm6200-1.0.10 or ucm6200-1.0.20"),
        ("ucm6116-1.0.18", "use ucm6100-1.0.18"),
        ("ucm6102-1.0.20", "use ucm6100, ucm6100-1.0.9 or ucm6100-1.0.18"),
    ],
)
def test_models_are_known_by_their_family(name, due):
    """The number on the case is no personality; the sentence says which family it is of, and what there is of that."""
    sentence = only(hq(f"personality: {name}"), "pbxs.hq.personality")
    assert f"there is no personality '{name}': {name.lower().partition('-')[0]} is a model of the family " in sentence
    assert sentence.endswith(due)


def test_a_firmware_that_is_not_there_is_a_near_one():
    """A family with another firmware is asked back."""
    assert "did you mean 'ucm6200-1.0.2" in only(hq("personality: ucm6200-1.0.21"), "pbxs.hq.personality")


@pytest.mark.parametrize(
    ("settings", "key", "due"),
    [
        ("extensions: {first: 01000}", "extensions.first", "as the number 512; write 1000"),
        ("history: {days: 1_0}", "history.days", "as the number 10; write it in decimal digits alone"),
        ("recording: {share: 01}", "recording.share", "as the number 1; write 1"),
        ("quirks: {session-cap: 0100}", "quirks.session-cap", "as the number 64; write 100"),
        ("quirks: {realm: 010}", "quirks.realm", 'as the number 8; quote it if it is text: "010"'),
        ("trunks: [{name: 010}]", "trunks[0].name", 'as the number 8; quote it if it is text: "010"'),
    ],
)
def test_numbers_are_not_to_be_quoted(settings, key, due):
    """Where a number is due nobody is told to make it a text, which would be refused."""
    assert only(hq(settings), f"pbxs.hq.{key}").endswith(due)


@pytest.mark.parametrize("name", ["ucm6300", "ucm6300-1.0.2", "UCM6302", "ucm6308a", "clouducm"])
def test_models_of_the_json_interface_come_later(name):
    """These models are known, and refused with the ones to use instead."""
    sentence = only(hq(f"personality: {name}"), "pbxs.hq.personality")
    assert "comes with the JSON interface" in sentence
    assert "ucm6100, ucm6510 or ucm6200" in sentence


@pytest.mark.parametrize(
    ("quirk", "value", "later"),
    [
        ("analogue-ports", "model", "phones on FXS ports"),
    ],
)
def test_quirks_of_what_is_not_there_yet_come_later(quirk, value, later):
    """These quirks are in the register; what they are about is not simulated yet, whatever they are set to."""
    sentence = only(hq(f"quirks: {{{quirk}: {value}}}"), f"pbxs.hq.quirks.{quirk}")
    assert sentence == f"quirk '{quirk}' is not simulated yet; it comes with {later}"


@pytest.mark.parametrize(
    ("quirk", "value"), [("listing", "flat"), ("recapi-bad-name", "404"), ("recapi-cache-control", "omitted")]
)
def test_quirks_of_recapi_can_be_switched(quirk, value):
    """What used to wait for /recapi is taken."""
    assert str(pbx(f"quirks: {{{quirk}: {value}}}").register[quirk]) == value
