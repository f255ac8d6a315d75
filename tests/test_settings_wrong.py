"""A wrong value is named with its line and key, and with what would be right. Design 4.2."""

from __future__ import annotations

import pytest

from tests.simfiles import FOLDER, hq, only, problems, settings
from ucmsim.errors import ConfigurationError
from ucmsim.settings import load_pbx

LONG = "a" * 64


@pytest.mark.parametrize(
    ("line", "key", "wrong", "right"),
    [
        ("personality: ucm6110", "personality", "ucm6110", "did you mean 'ucm6"),
        ("personality: UCM6100", "personality", "UCM6100", "did you mean 'ucm6100'?"),
        ("personality: ucm6100-1.0.8", "personality", "ucm6100-1.0.8", "did you mean 'ucm6100-1.0.18'?"),
        ("personality: meridian", "personality", "meridian", "ucm6100"),
        ("personality: 6100", "personality", "6100", "quote"),
        ("time_zone: America/Chicgo", "time_zone", "America/Chicgo", "did you mean 'America/Chicago'?"),
        ("time_zone: localtime", "time_zone", "localtime", "write an IANA name such as America/Chicago"),
        ("time_zone: right/Europe/Berlin", "time_zone", "right/Europe/Berlin", "did you mean 'Europe/Berlin'?"),
        ("time_zone: europe/london", "time_zone", "europe/london", "did you mean 'Europe/London'?"),
        ("time_zone: ../../etc/passwd", "time_zone", "../../etc/passwd", "IANA"),
        ("time_zone: America", "time_zone", "America", ""),
        ('time_zone: ""', "time_zone", "''", "IANA"),
        ("time_zone: -6", "time_zone", "-6", "quote"),
        ("clock: now", "clock", "now", "mapping"),
        ("clock: {start: yesterday}", "clock.start", "yesterday", "now"),
        ("clock: {start: 2026-03-29}", "clock.start", "2026-03-29", "zone"),
        ("clock: {start: 2026-03-29T00:30:00}", "clock.start", "no zone", "2026-03-29T00:30:00Z"),
        ("clock: {start: 2026-02-30T00:30:00Z}", "clock.start", "2026-02-30T00:30:00Z", "now"),
        ("clock: {start: 1386092800}", "clock.start", "1386092800", "quote"),
        ("clock: {rate: fast}", "clock.rate", "fast", "number"),
        ("clock: {rate: -1}", "clock.rate", "-1", "0"),
        ("clock: {rate: 100001}", "clock.rate", "100001", "100000"),
        ("clock: {rate: .inf}", "clock.rate", "inf", ""),
        ("clock: {rate: .nan}", "clock.rate", "nan", ""),
        ("clock: {rate: true}", "clock.rate", "true", "number"),
        ('clock: {rate: "2"}', "clock.rate", "2", "number"),
        ("clock: {rate: }", "clock.rate", "nothing", "number"),
        ("tls_names: pbx.example.com", "tls_names", "pbx.example.com", "list"),
        ("tls_names: [pbx example]", "tls_names[0]", "pbx example", "pbx.example.com"),
        ("tls_names: [ok.example.com, 'https://pbx']", "tls_names[1]", "https://pbx", "pbx.example.com"),
        ("tls_names: [-pbx]", "tls_names[0]", "-pbx", "pbx.example.com"),
        ("tls_names: [pbx-.example]", "tls_names[0]", "pbx-.example", "pbx.example.com"),
        ("tls_names: ['']", "tls_names[0]", "''", "pbx.example.com"),
        ("tls_names: [a..b]", "tls_names[0]", "a..b", "pbx.example.com"),
        (f"tls_names: [{LONG}.example]", "tls_names[0]", LONG, "pbx.example.com"),
        (f"tls_names: [{'abc.' * 64}example]", "tls_names[0]", "abc.abc.", "pbx.example.com"),
        ("tls_names: [5]", "tls_names[0]", "5", "quote"),
        ("tls_profile: moden", "tls_profile", "moden", "modern or device"),
        ("tls_profile: off", "tls_profile", "off", "quote"),
        ("tls_min: 1.2", "tls_min", "1.2", '"1.2"'),
        ("tls_max: 1.3", "tls_max", "1.3", '"1.3"'),
        ('tls_min: "1.4"', "tls_min", "1.4", "1.0"),
        ("tls_max: TLSv1.2", "tls_max", "TLSv1.2", "1.2"),
        ("api: true", "api", "true", "mapping"),
        ("api: {enable: maybe}", "api.enable", "maybe", "true or false"),
        ("api: {enable: 1}", "api.enable", "1", "true or false"),
        ('api: {enable: "true"}', "api.enable", "true", "true or false"),
        ("api: {tls_bind_address: 8443}", "api.tls_bind_address", "8443 is a port without an IP", "127.0.0.1:8443"),
        ("api: {tls_bind_address: ':8443'}", "api.tls_bind_address", "is a port without an IP", "127.0.0.1:8443"),
        ("api: {tls_bind_address: [127.0.0.1]}", "api.tls_bind_address", "list", ""),
        ("api: {tls_private_key: k.pem}", "api.tls_private_key", "tls_cert", "both"),
        ("api: {tls_cert: c.pem}", "api.tls_cert", "tls_private_key", "both"),
        ("api: {tls_private_key: 5, tls_cert: c.pem}", "api.tls_private_key", "5", "quote"),
        ("api: {tls_authentication_name: 1000}", "api.tls_authentication_name", "1000", "quote"),
        ("api: {tls_authentication_name: true}", "api.tls_authentication_name", "true", "quote"),
        ('api: {tls_authentication_name: "a\\nb"}', "api.tls_authentication_name", "control", "printable"),
        ("api: {tls_authentication_password: 1234}", "api.tls_authentication_password", "", "quote"),
        ("api: {tls_authentication_password: [x]}", "api.tls_authentication_password", "list", "text"),
        ('api: {tls_authentication_password: "\\x00"}', "api.tls_authentication_password", "control", "printable"),
        ("api: {permitted_ips: 10.0.0.0/8}", "api.permitted_ips", "10.0.0.0/8", "list"),
        ("api: {permitted_ips: }", "api.permitted_ips", "nothing", "list"),
        ("api: {permitted_ips: ['']}", "api.permitted_ips[0]", "''", "address/netmask"),
        ("api: {permitted_ips: [10]}", "api.permitted_ips[0]", "10", "quote"),
        ("api: {permitted_ips: [1.2]}", "api.permitted_ips[0]", "1.2", "quote"),
        ("api: {permitted_ips: [10.0.0.0/8, off]}", "api.permitted_ips[1]", "off", "quote"),
        ("extensions: 1000", "extensions", "1000", "mapping"),
        ("extensions: {first: 0}", "extensions.first", "0", "1"),
        ("extensions: {first: '1000'}", "extensions.first", "1000", "whole number"),
        ("extensions: {count: 1.5}", "extensions.count", "1.5", "whole number"),
        ("extensions: {count: 0}", "extensions.count", "0", "1 or more"),
        ("extensions: {count: no}", "extensions.count", "no", "whole number"),
        ("trunks: carrier", "trunks", "carrier", "list"),
        ("trunks: []", "trunks", "nothing", "1 or more"),
        ("trunks: [carrier-a]", "trunks[0]", "carrier-a", "mapping"),
        ("trunks: [{channels: 3}]", "trunks[0]", "'name' is missing", ""),
        ("trunks: [{name: 7}]", "trunks[0].name", "7", "quote"),
        ("trunks: [{name: a}, {name: b, channels: 0}]", "trunks[1].channels", "0", "1 or more"),
        ("trunks: [{name: ''}]", "trunks[0].name", "", "character"),
        ("trunks: [{name: a, caller_id: 0123}]", "trunks[0].caller_id", "0123", "quote"),
        ("trunks: [{name: a, caller_id: 'x1'}]", "trunks[0].caller_id", "'x1' is no number", "digits"),
        ("trunks: [{name: a, caller_id: ''}]", "trunks[0].caller_id", "'' is no number", "digits"),
        (f"trunks: [{{name: a, caller_id: '{'1' * 33}'}}]", "trunks[0].caller_id", "is no number", "1 to 32 digits"),
        ('trunks: [{name: a, caller_name: "\\x01"}]', "trunks[0].caller_name", "control", "printable"),
        (f"trunks: [{{name: a, caller_name: {'x' * 65}}}]", "trunks[0].caller_name", "xxx", "64 characters at most"),
        ("trunks: [{name: a, prefix: 9}]", "trunks[0].prefix", "9", "quote"),
        ("trunks: [{name: a, prefix: '9x'}]", "trunks[0].prefix", "'9x' is no prefix", "0 to 9, * and #"),
        ("trunks: [{name: a, prefix: ''}]", "trunks[0].prefix", "'' is no prefix", "1 to 8"),
        ("extensions: {caller_ids: 1000}", "extensions.caller_ids", "1000", "list"),
        ("extensions: {caller_ids: [1000]}", "extensions.caller_ids[0]", "1000", "mapping"),
        ("extensions: {caller_ids: [{extension: 1000}]}", "extensions.caller_ids[0]", "'number' is missing", ""),
        (
            "extensions: {caller_ids: [{extension: 999, number: '1'}]}",
            "extensions.caller_ids[0].extension",
            "there is no extension 999",
            "1000 to 1049",
        ),
        (
            "extensions: {first: 7, count: 2, caller_ids: [{extension: 9, number: '1'}]}",
            "extensions.caller_ids[0].extension",
            "there is no extension 9",
            "7 to 8",
        ),
        (
            "extensions: {caller_ids: [{extension: 1000, number: '1'}, {extension: 1000, number: '2'}]}",
            "extensions.caller_ids[1].extension",
            "extension 1000 has a caller ID already",
            "each extension one",
        ),
        ("recording: all", "recording", "all", "mapping"),
        ("recording: {share: 1.1}", "recording.share", "1.1", "1"),
        ("recording: {share: -0.1}", "recording.share", "-0.1", "0"),
        ("recording: {share: .nan}", "recording.share", "nan", ""),
        ("recording: {share: true}", "recording.share", "true", "number"),
        ('recording: {share: "1"}', "recording.share", "1", "number"),
        ("recording: {kinds: inbound}", "recording.kinds", "inbound", "list"),
        ("recording: {kinds: [inbound, all]}", "recording.kinds[1]", "all", "inbound, outbound or internal"),
        ("history: 30", "history", "30", "mapping"),
        ("history: {days: -1}", "history.days", "-1", "0 or more"),
        ("history: {days: all}", "history.days", "all", "whole number"),
        ("history: {calls_per_day: 4.5}", "history.calls_per_day", "4.5", "whole number"),
        ("history: {import: 2013}", "history.import", "2013", "quote"),
        ("history: {import: guide.csv, days: 3}", "history.import", "days", "one of"),
        ("quirks: [order]", "quirks", "list", "mapping"),
        ("quirks: {ordr: asc}", "quirks.ordr", "ordr", "did you mean 'order'?"),
        ("quirks: {sparkle: yes}", "quirks.sparkle", "", "ucmsim show quirks"),
        ("quirks: {order: up}", "quirks.order", "up", "asc or desc"),
        ("quirks: {basic-auth: off}", "quirks.basic-auth", "off", "refuse or accept"),
        ("quirks: {naive-time: }", "quirks.naive-time", "", "local or utc"),
        ("quirks: {naive-time: [utc]}", "quirks.naive-time", "", "local or utc"),
        ("quirks: {session-cap: 0}", "quirks.session-cap", "0", "from 1"),
        ("quirks: {session-cap: many}", "quirks.session-cap", "many", "none"),
        ("quirks: {session-cap: '100'}", "quirks.session-cap", "100", "whole number"),
        ("quirks: {keep-alive: 1.5}", "quirks.keep-alive", "1.5", "none"),
        ("quirks: {inactivity-timeout: -1}", "quirks.inactivity-timeout", "-1", "from 1"),
        ("quirks: {head-order: 12}", "quirks.head-order", "12", "11"),
        ("quirks: {server: 13}", "quirks.server", "13", "quote"),
        ("quirks: {server: 1.8}", "quirks.server", "1.8", "quote"),
        ('quirks: {server: "a\\r\\nb"}', "quirks.server", "", "text"),
        ("quirks: {realm: 5}", "quirks.realm", "5", "quote"),
        ('quirks: {realm: "a\\nb"}', "quirks.realm", "", "text"),
        ("quirks: {header-limit: 0}", "quirks.header-limit", "0", "from 1"),
        ("quirks: {form-limit: 1e3}", "quirks.form-limit", "1e3", "from 1"),
        ("quirks: {nonce-lifetime: 0}", "quirks.nonce-lifetime", "0", "from 1"),
        ("quirks: {tls-version: personality}", "quirks.tls-version", "not switched here", "tls_min and tls_max"),
        ("quirks: {tls-keys: device}", "quirks.tls-keys", "not switched here", "tls_profile"),
        ("quirks: {api-enabled: enabled}", "quirks.api-enabled", "not switched here", "api.enable"),
        ("quirks: {bind-address: x}", "quirks.bind-address", "not switched here", "api.tls_bind_address"),
        ("quirks: {factory-account: none}", "quirks.factory-account", "not switched", "api.tls_authentication_name"),
        ("faults: slow", "faults", "slow", "list"),
        ("faults: {fault: http.latency}", "faults", "mapping", "list"),
        ("faults: [http.latency]", "faults[0]", "http.latency", "mapping"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(line, key, wrong, right):
    """Each wrong value is one problem with its line and key; it quotes what is wrong and says what would be right."""
    (problem,) = problems(hq("", line))
    assert (problem.line, problem.key) == (4, f"pbxs.hq.{key}")
    assert wrong.lower() in problem.wrong.lower()
    assert right in f"{problem.wrong}; {problem.right}"


@pytest.mark.parametrize(
    ("line", "key", "wrong", "right"),
    [
        (
            "extensions: {first: '1000'}",
            "extensions.first",
            "'1000' is text, and a whole number is due",
            "remove the quotes: 1000",
        ),
        ("history: {days: '-3'}", "history.days", "'-3' is text, and a whole number is due", "remove the quotes: -3"),
        ("clock: {rate: '1.5'}", "clock.rate", "'1.5' is text, and a number is due", "remove the quotes: 1.5"),
        ("extensions: {first: '1.5'}", "extensions.first", "'1.5' cannot stand here", "a whole number is due"),
        ("extensions: {first: '0100'}", "extensions.first", "'0100' cannot stand here", "a whole number is due"),
        ("extensions: {count: ''}", "extensions.count", "'' cannot stand here", "a whole number is due"),
        (
            "trunks: [{name: a, channels: '12'}]",
            "trunks[0].channels",
            "'12' is text, and a whole number is due",
            "remove the quotes: 12",
        ),
        ("api: {enable: 'true'}", "api.enable", "'true' is text, and true or false is due", "remove the quotes: true"),
        ("api: {enable: 'yes'}", "api.enable", "'yes' cannot stand here", "true or false is due, without quotes"),
        (
            "quirks: {nonce-lifetime: '62'}",
            "quirks.nonce-lifetime",
            "'62' is text, and quirk 'nonce-lifetime' takes a whole number",
            "remove the quotes: 62",
        ),
        (
            "quirks: {keep-alive: yes}",
            "quirks.keep-alive",
            "YAML reads yes as a truth value, which quirk 'keep-alive' does not take",
            "the values are none or a whole number from 1",
        ),
        (
            "quirks: {keep-alive: }",
            "quirks.keep-alive",
            "quirk 'keep-alive' is given no value",
            "the values are none or a whole number from 1",
        ),
        (
            "quirks: {keep-alive: ~}",
            "quirks.keep-alive",
            "quirk 'keep-alive' is given no value: YAML reads ~ as nothing",
            "the values are none or a whole number from 1",
        ),
        (
            "quirks: {naive-time: UTC}",
            "quirks.naive-time",
            "'UTC' is not a value of quirk 'naive-time'",
            "did you mean 'utc'?",
        ),
        (
            "quirks: {server: 1.10}",
            "quirks.server",
            "text is due as the value of quirk 'server', not the number 1.10",
            'quote it: "1.10"',
        ),
        (
            "quirks: {tls-version: on}",
            "quirks.tls-version",
            "quirk 'tls-version' is not switched here",
            "set tls_min and tls_max instead",
        ),
        ("quirks: {zzz: on}", "quirks.zzz", "there is no quirk 'zzz'", "'ucmsim show quirks' lists them all"),
        ("tls_profile: Device", "tls_profile", "'Device' cannot stand here", "did you mean 'device'?"),
        (
            "tls_profile: moden",
            "tls_profile",
            "'moden' cannot stand here",
            "did you mean 'modern'? it must be modern or device",
        ),
        ("tls_profile: [device]", "tls_profile", "a list cannot stand here", "it must be modern or device"),
        ("tls_profile:", "tls_profile", "there is nothing here", "it must be modern or device"),
        ("tls_max: '1.4'", "tls_max", "'1.4' cannot stand here", "it must be 1.0, 1.1, 1.2 or 1.3"),
        (
            "recording: {kinds: [INTERNAL]}",
            "recording.kinds[0]",
            "'INTERNAL' cannot stand here",
            "did you mean 'internal'?",
        ),
        ("recording: {share: 50}", "recording.share", "50 cannot stand here", "it must be 1 or less"),
        ("personality: [ucm6510]", "personality", "a list cannot stand here", "text is due"),
        ("time_zone: true", "time_zone", "text is due, and YAML reads true as a truth value", 'quote it: "true"'),
    ],
)
def test_a_sentence_can_be_followed_by_who_knows_no_yaml(line, key, wrong, right):
    """It says which quotes to remove or add, what YAML made of a word, and which word was meant."""
    assert only(hq(line), f"pbxs.hq.{key}") == f"{wrong}; {right}"


def test_an_exclamation_mark_must_be_quoted():
    """A denying entry without quotes is no YAML, and the problem says what to do."""
    assert "quote what begins with !" in only(hq("api: {permitted_ips: [!10.1.1.1]}"), "")


def test_a_value_of_json_is_not_said_to_be_yaml():
    """The control API's bodies have truth values and numbers of their own."""
    body = {"quirks": {"naive-time": True, "head-order": "11"}, "time_zone": True, "extensions": {"first": False}}
    with pytest.raises(ConfigurationError) as raised:
        load_pbx(body, FOLDER)
    assert {str(problem) for problem in raised.value.problems} == {
        'time_zone: text is due, and true is a truth value; quote it: "true"',
        "extensions.first: false cannot stand here; a whole number is due",
        "quirks.naive-time: true is a truth value, which quirk 'naive-time' does not take; the values are local or utc",
        "quirks.head-order: '11' is text, and quirk 'head-order' takes a whole number; remove the quotes: 11",
    }


@pytest.mark.parametrize(
    ("line", "key", "wrong", "right"),
    [
        ("seed: x", "seed", "x", "whole number"),
        ("seed: 1.0", "seed", "1.0", "whole number"),
        ("seed: true", "seed", "true", "whole number"),
        ("seed: '42'", "seed", "42", "whole number"),
        ("seed:", "seed", "nothing", "whole number"),
        ("state: 5", "state", "5", "quote"),
        ("state: on", "state", "on", "quote"),
        ("state: [x]", "state", "list", "text"),
        ("control: yes", "control", "yes", "mapping"),
        ("control: {bind: 0.0.0.0:8444}", "control.bind", "0.0.0.0", "loopback"),
        ("control: {bind: '[::]:8444'}", "control.bind", "::", "loopback"),
        ("control: {bind: localhost:8444}", "control.bind", "localhost:8444", "127.0.0.1"),
        ("control: {bind: 8444}", "control.bind", "8444 is a port", "127.0.0.1:8444"),
        ("control: {token: 12345678}", "control.token", "", "quote"),
        ("control: {token: short}", "control.token", "", "character"),
        ('control: {token: "with\\ttab-in-it"}', "control.token", "control character", "printable"),
    ],
)
def test_a_wrong_value_at_the_top_is_named(line, key, wrong, right):
    """The keys above the PBXs are judged alike."""
    (problem,) = problems(f"pbxs: {{hq: {{}}}}\n{line}\n")
    assert (problem.line, problem.key) == (2, key)
    assert wrong in problem.wrong
    assert right in f"{problem.wrong}; {problem.right}"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("pbxs:\n", "nothing"), ("pbxs: []\n", "nothing"), ("pbxs: [hq]\n", "list"), ("pbxs: hq\n", "hq")],
)
def test_pbxs_must_be_a_mapping(text, wrong):
    """PBXs stand under their names."""
    assert wrong in only(text, "pbxs")


def test_there_must_be_something_to_run():
    """Without a control plane that could add one, at least one PBX is needed."""
    (problem,) = problems("pbxs: {}\n")
    assert "at least one PBX" in f"{problem.wrong}; {problem.right}"


def test_pbxs_must_be_there():
    """A file without pbxs says which key is missing."""
    assert "'pbxs' is missing" in only("seed: 5\n", "")


def test_a_pbx_name_is_lower_case_letters_digits_and_hyphens():
    """Another name is named with its own line, and what would be right."""
    for name in ("HQ", "head office", "hq_2", "hq.example", "é", "h/q"):
        (problem,) = problems(f"pbxs:\n  ok-1: {{}}\n  '{name}': {{}}\n")
        assert (problem.line, problem.key) == (3, f"pbxs.{name}")
        assert f"'{name}'" in problem.wrong
        assert "lower-case letters, digits and hyphens" in problem.right


def test_a_pbx_name_is_no_option():
    """One that begins with a hyphen no command could be told."""
    said = "'-x' begins with a hyphen, as an option of a command does; let it begin with a letter or a digit"
    assert said in only("pbxs: {'-x': {}}\n", "pbxs.-x")


def test_a_pbx_needs_a_name():
    """One without any is told so, at its own line."""
    (problem,) = problems("pbxs:\n  ok-1: {}\n  '': {}\n")
    assert (problem.line, problem.key, problem.wrong) == (3, "pbxs.", "a PBX needs a name")
    assert "lower-case letters, digits and hyphens" in problem.right


@pytest.mark.parametrize("name", ["hq", "1", "007", "a-b", "branch-22"])
def test_good_pbx_names_are_kept_as_written(name):
    """A name of digits is a name."""
    assert list(settings(f"pbxs: {{{name}: {{}}}}").pbxs) == [name]
