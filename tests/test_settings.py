"""Settings: the defaults of every key, and every problem in a file named at once. Design 4.2, spec 0b and 1."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.acl import permitted
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.settings import Pbx, Settings, load, load_pbx

FOLDER = Path("/srv/somebody/sims")

# What YAML makes of words that are not quoted.
TRAPS = {
    "0123": "83",
    "22:30": "1350",
    "0x1F": "31",
    "0b11": "3",
    "1_000": "1000",
    "off": "false",
    "no": "false",
    "Yes": "true",
    "ON": "true",
    "true": "true",
    "1.10": "1.1",
    "1.2": "1.2",
    "1000": "1000",
    "-5": "-5",
    "1_0.5": "10.5",
    "22:30.5": "1350.5",
}

# Reading


def settings(text: str) -> Settings:
    """Return the settings in *text*."""
    return load(text, FOLDER / "sim.yaml", "sim.yaml")[0]


def problems(text: str) -> list[Problem]:
    """Return everything that is wrong with *text*; each problem says where, and what."""
    with pytest.raises(ConfigurationError) as raised:
        settings(text)
    found = list(raised.value.problems)
    assert found
    assert all(problem.file == "sim.yaml" and problem.line >= 1 and problem.wrong for problem in found)
    return found


def outcome(text: str) -> tuple[Problem, ...]:
    """Return the problems of *text*, none when it can be read; anything else is an exception."""
    try:
        settings(text)
    except ConfigurationError as error:
        return error.problems
    return ()


def places(text: str) -> list[tuple[int, str]]:
    """Return line and key of everything that is wrong with *text*, in the order in which it is named."""
    return [(problem.line, problem.key) for problem in problems(text)]


def only(text: str, key: str) -> str:
    """Return the sentence of the one problem in *text*, which must be about *key*."""
    assert [problem.key for problem in problems(text)] == [key]
    (problem,) = problems(text)
    return f"{problem.wrong}; {problem.right}"


def hq(*lines: str) -> str:
    """Return a file with one PBX called hq, whose settings are *lines*; the first of them stands on line 3."""
    return "pbxs:\n  hq:\n" + "".join(f"    {line}\n" for line in lines or ("{}",))


def pbx(*lines: str) -> Pbx:
    """Return the settings of a PBX given by *lines*."""
    return settings(hq(*lines)).pbxs["hq"]


def api(**keys: str) -> str:
    """Return a line with the API configuration that *keys* hold as YAML."""
    return "api: {" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"


def at(key: str, value: str) -> str:
    """Return a file of one or two lines in which *key*, such as ``pbxs.hq.trunks[0].name``, is the YAML *value*."""
    root, *inner = key.replace("[0]", ".[").split(".")
    for part in reversed(inner):
        value = f"[{value}]" if part == "[" else f"{{{part}: {value}}}"
    return f"{root}: {value}\n" + ("" if root == "pbxs" else "pbxs: {hq: {}}\n")


# Defaults


def test_the_defaults_of_a_file():
    """Only pbxs must be given: seed 42, a temporary state folder, no control plane."""
    found = settings("pbxs: {hq: {}}")
    assert (found.seed, found.state, found.control) == (42, None, None)
    assert list(found.pbxs) == ["hq"]


def test_the_defaults_of_the_control_plane():
    """It listens on loopback, and its token is minted."""
    control = settings("control: {}\npbxs: {hq: {}}").control
    assert (str(control.bind), control.token) == ("127.0.0.1:8444", None)


@pytest.mark.quirk("api-enabled")
@pytest.mark.quirk("bind-address")
@pytest.mark.quirk("factory-account")
def test_the_defaults_of_the_api_page_are_those_of_the_device():
    """Disabled, all interfaces, port 8443, no authentication, and everybody is denied."""
    found = pbx().api
    assert found.enable is False
    assert (found.tls_bind_address.host, found.tls_bind_address.port) == ("0.0.0.0", 8443)
    assert (found.tls_private_key, found.tls_cert) == (None, None)
    assert (found.tls_authentication_name, found.tls_authentication_password) == (None, None)
    assert not pbx().authenticates
    assert (found.permitted_ips, found.entries) == ((), ())


def test_the_defaults_of_a_pbx():
    """A UCM6100 in Chicago whose clock is now, with 50 extensions, one trunk and a month of calls."""
    found = pbx()
    assert found.personality.id == "ucm6100-1.0.9"
    assert found.time_zone == ZoneInfo("America/Chicago")
    assert (found.clock.start, found.clock.rate) == (None, 1.0)
    assert (found.tls_names, found.tls_profile, found.tls_min, found.tls_max) == ((), "modern", None, None)
    assert (found.extensions.first, found.extensions.count) == (1000, 50)
    assert [(trunk.name, trunk.channels) for trunk in found.trunks] == [("carrier-a", 12)]
    assert (found.recording.share, found.recording.kinds) == (1.0, ("inbound", "outbound", "internal"))
    assert (found.history.days, found.history.calls_per_day, found.history.import_) == (30, 400, None)
    assert (found.quirks, found.faults) == ({}, ())


def test_the_example_of_the_design_is_read():
    """Every key may be written out."""
    found = settings(
        """
seed: 7
state: ./ucmsim-state
control:
  bind: 127.0.0.1:9000
  token: a-long-token
pbxs:
  hq:
    personality: ucm6200
    time_zone: Europe/London
    clock: {start: 2026-03-29T00:30:00Z, rate: 60}
    tls_names: [pbx.example.com, 192.0.2.1, "*.example.com"]
    tls_profile: device
    tls_min: "1.1"
    tls_max: "1.2"
    api:
      enable: true
      tls_bind_address: 127.0.0.1:0
      tls_private_key: keys/private.pem
      tls_cert: /etc/certificate.pem
      tls_authentication_name: cdrapi
      tls_authentication_password: cdrapi123
      permitted_ips: [127.0.0.0/255.0.0.0, "10.0.0.0/8, !10.1.1.1"]
    extensions: {first: 2000, count: 5, caller_ids: [{extension: 2004, number: "+13125550111", name: Sales}]}
    trunks:
      - {name: carrier-a, channels: 12, caller_id: "01632960401", caller_name: Example Ltd, prefix: "9"}
      - {name: carrier-b}
    recording: {share: 0.25, kinds: [inbound, internal]}
    history: {days: 0, calls_per_day: 0}
    quirks: {order: desc, session-cap: 5, keep-alive: 15}
    faults: [{fault: http.latency, seconds: 3.0}]
  branch-2: {}
"""
    )
    one = found.pbxs["hq"]
    assert (found.seed, found.control.bind.port, found.control.token) == (7, 9000, "a-long-token")
    assert (one.personality.id, one.time_zone.key) == ("ucm6200-1.0.20", "Europe/London")
    assert (one.clock.start, one.clock.rate) == (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 60)
    assert one.tls_names == ("pbx.example.com", "192.0.2.1", "*.example.com")
    assert (one.tls_range, one.api.enable, one.authenticates) == (("1.1", "1.2"), True, True)
    assert [str(entry) for entry in one.api.entries] == ["127.0.0.0/255.0.0.0", "10.0.0.0/8", "!10.1.1.1"]
    assert [trunk.channels for trunk in one.trunks] == [12, 12]
    assert list(map(str, one.trunks)) == ["carrier-a (12, as 01632960401 Example Ltd, prefix 9)", "carrier-b (12)"]
    assert str(one.extensions) == "5 from 2000 on, 2004 as +13125550111 Sales"
    assert (one.recording.share, one.recording.kinds) == (0.25, ("inbound", "internal"))
    assert one.quirks == {"order": "desc", "session-cap": 5, "keep-alive": 15}
    assert one.faults == ({"fault": "http.latency", "seconds": 3.0},)
    assert list(found.pbxs) == ["hq", "branch-2"]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("ucm6100", "ucm6100-1.0.9"),
        ("ucm6510", "ucm6510-1.0.10"),
        ("ucm6200", "ucm6200-1.0.20"),
        *(
            (name, name)
            for name in (
                "ucm6100-1.0.9",
                "ucm6100-1.0.18",
                "ucm6510-1.0.2",
                "ucm6510-1.0.5",
                "ucm6510-1.0.10",
                "ucm6200-1.0.10",
                "ucm6200-1.0.20",
            )
        ),
    ],
)
def test_a_bare_model_is_its_usual_row(name, row):
    """A personality is model-firmware, or the model alone."""
    assert pbx(f"personality: {name}").personality.id == row


@pytest.mark.parametrize(
    ("start", "instant"),
    [
        ("now", None),
        ("2026-03-29T00:30:00Z", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("2026-03-29T02:30:00+02:00", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("2026-03-29 00:30:00Z", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ('"2026-03-28T19:30:00-05:00"', datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
    ],
)
def test_the_clock_starts_now_or_at_an_instant(start, instant):
    """What YAML takes for a timestamp is read as the ISO instant that was written."""
    assert pbx(f"clock: {{start: {start}}}").clock.start == instant


def test_an_instant_keeps_its_zone():
    """The offset that was written is part of the instant."""
    assert pbx("clock: {start: 2026-03-29T02:30:00+02:00}").clock.start.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("rate", ["0", "1", "0.5", "60.0", "100000"])
def test_a_clock_rate_is_any_number_from_zero(rate):
    """Rate 0 freezes the clock."""
    assert pbx(f"clock: {{rate: {rate}}}").clock.rate == float(rate)


@pytest.mark.parametrize("share", ["0", "1", "0.5", "1.0"])
def test_a_share_of_recordings_is_a_number_from_0_to_1(share):
    """Both ends are taken, written as whole numbers too."""
    assert pbx(f"recording: {{share: {share}}}").recording.share == float(share)


def test_no_kind_of_call_need_be_recorded():
    """An empty list of kinds is a choice."""
    assert pbx("recording: {kinds: []}").recording.kinds == ()


@pytest.mark.quirk("bind-address")
@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("0.0.0.0", "0.0.0.0", 8443),
        ("0.0.0.0:8443", "0.0.0.0", 8443),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("192.168.1.5:65535", "192.168.1.5", 65535),
        ('"::1"', "::1", 8443),
        ('"[::1]"', "::1", 8443),
        ('"[::1]:99"', "::1", 99),
        ('"[::]:8443"', "::", 8443),
        ('"[2001:DB8:0::1]:1"', "2001:db8::1", 1),
    ],
)
def test_a_bind_address_is_an_ip_with_or_without_a_port(written, host, port):
    """The port is 8443 when none is given; IPv6 wants brackets in front of a port."""
    assert pbx(api(tls_bind_address=written)).api.tls_bind_address == (host, port)


@pytest.mark.parametrize(
    "written",
    [
        *("localhost", "localhost:8443", "pbx.example.com", '":8443"', '"*:8443"', '""', "0.0.0", "010.0.0.1:1"),
        *('"[::1:99"', '"0.0.0.0:"', "0.0.0.0:65536", "0.0.0.0:-1", "0.0.0.0:x", "0.0.0.0:1:2", "0.0.0.0:\u0668"),
        *('" 0.0.0.0"', "0.0.0.0/8"),
    ],
)
def test_any_other_bind_address_is_refused(written):
    """Names, bad ports and half addresses are quoted, and the right forms shown."""
    sentence = only(hq(api(tls_bind_address=written)), "pbxs.hq.api.tls_bind_address")
    assert "127.0.0.1:0" in sentence
    assert "'" in sentence


def test_relative_paths_are_relative_to_the_file():
    """Wherever ucmsim is started, a path means the same; absolute paths stay."""
    found = settings("state: ./ucmsim-state\n" + hq(api(tls_private_key="../k.pem", tls_cert="/c.pem")))
    assert found.state == FOLDER / "ucmsim-state"
    assert found.pbxs["hq"].api.tls_private_key.resolve() == (FOLDER / "../k.pem").resolve()
    assert found.pbxs["hq"].api.tls_cert == Path("/c.pem")
    assert pbx("history: {import: fixtures/guide-2013.csv}").history.import_ == FOLDER / "fixtures/guide-2013.csv"


def test_paths_of_a_relative_file_become_absolute(monkeypatch, tmp_path):
    """A file named relative to the working directory gives paths that survive leaving it."""
    monkeypatch.chdir(tmp_path)
    found, _ = load("state: x\npbxs: {hq: {}}", Path("sims/sim.yaml"))
    assert found.state == tmp_path / "sims" / "x"


def test_a_tilde_is_the_home_directory(monkeypatch):
    """~ is expanded as a shell would."""
    monkeypatch.setenv("HOME", "/srv/else")
    assert settings("state: ~/state\npbxs: {hq: {}}").state == Path("/srv/else/state")


def test_an_empty_path_is_a_problem():
    """An empty text names no file and no folder, least of all the folder of the file itself."""
    for key in ("state", "pbxs.hq.history.import"):
        assert places(at(key, '""')) == [(1, key)]


def test_the_home_of_nobody_is_a_problem():
    """A path under the home of a user who does not exist is an error like any other."""
    assert "~no-such-user/x" in only("state: ~no-such-user/x\npbxs: {hq: {}}", "state")


@pytest.mark.quirk("tls-version")
@pytest.mark.parametrize(
    ("lines", "low", "high"),
    [
        ([], "1.2", "1.2"),
        (["tls_profile: device"], "1.0", "1.2"),
        (["tls_profile: device", "personality: ucm6200"], "1.0", "1.2"),
        (["tls_profile: device", 'tls_max: "1.3"'], "1.0", "1.3"),
        (["tls_profile: device", 'tls_min: "1.2"'], "1.2", "1.2"),
        (['tls_min: "1.0"'], "1.0", "1.2"),
        (['tls_min: "1.0"', 'tls_max: "1.1"'], "1.0", "1.1"),
        (['tls_min: "1.3"', 'tls_max: "1.3"'], "1.3", "1.3"),
    ],
)
def test_tls_versions_follow_personality_then_profile_then_settings(lines, low, high):
    """The highest version is 1.2 on these personalities; tls_min and tls_max override everything."""
    assert pbx(*lines).tls_range == (low, high)


def test_the_modern_profile_serves_at_most_what_the_personality_does():
    """Without any setting the highest TLS version is 1.2."""
    assert pbx().tls_range[1] == "1.2"


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        ([], "localhost"),
        (["tls_names: [pbx.example.com, other.example.com]"], "pbx.example.com"),
        (["tls_names: [pbx.example.com]", api(tls_bind_address="192.0.2.1:1")], "192.0.2.1"),
        ([api(tls_bind_address='"[2001:db8::1]:1"')], "2001:db8::1"),
        ([api(tls_bind_address='"[::]:1"')], "localhost"),
    ],
)
def test_the_first_certificate_name(lines, first):
    """CN is the bind address, or the first of tls_names, or localhost; the loopback names are always there."""
    names = pbx(*lines).names
    assert names[0] == first
    assert {"localhost", "127.0.0.1", "::1"} <= set(names)
    assert len(set(names)) == len(names)


# Secrets


def test_secrets_are_never_shown():
    """Neither repr nor str of any part of the settings holds a password or a token."""
    found = settings(
        "control: {token: hush-hush-1}\n"
        + hq(api(tls_authentication_name="cdrapi", tls_authentication_password="hush-hush-2"))
    )
    one = found.pbxs["hq"]
    for part in (found, found.control, found.pbxs, one, one.api):
        assert "hush" not in repr(part)
        assert "hush" not in str(part)
    assert one.api.tls_authentication_password == "hush-hush-2"


SECRETS = ("control.token", "pbxs.hq.api.tls_authentication_password")


@pytest.mark.parametrize("key", SECRETS)
def test_no_problem_quotes_a_secret(key):
    """What is wrong with a password or a token is said without showing it."""
    numbers = {"01247650": "348072", "22:33:44": "81224", "0xC0FFEE": "12648430", "1_248_750": "1248750"}
    for written, read in {**numbers, "12.487500": "12.4875", "-12487500": "12487500"}.items():
        shown = " ".join(map(str, problems(at(key, written))))
        assert written not in shown, written
        assert read not in shown, written
    for written in (
        "!!bool hush",
        "!!int hush",
        '"hush\\ud800"',
        '"hush-hush\\tx"',
        "[hush]",
        "{hush: 1}",
        "!!set {hush}",
        "!!binary hush",
    ):
        assert "hush" not in " ".join(map(str, problems(at(key, written)))), written


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_must_be_quoted_like_any_text(key):
    """A number or a boolean in place of a password or a token is an error that says to quote it."""
    for written in TRAPS:
        assert "quote it" in only(at(key, written), key), written


# Permitted IPs


def test_permitted_ips_are_entries_and_lists_of_entries():
    """One item may hold several entries with commas, as the device's field does."""
    entries = pbx(
        api(permitted_ips='[192.168.40.3/255.255.255.255, "10.0.0.0/8,!10.1.1.1", "2001:db8::/32"]')
    ).api.entries
    assert permitted(entries, "192.168.40.3")[0]
    assert permitted(entries, "10.1.1.2")[0]
    assert not permitted(entries, "10.1.1.1")[0]
    assert permitted(entries, "2001:db8::1")[0]


@pytest.mark.quirk("acl-unparsable")
@pytest.mark.parametrize("lines", [(), ("quirks: {acl-unparsable: reject}",)])
def test_an_unreadable_entry_is_refused(lines):
    """By default each unreadable entry is an error that quotes it and shows the right form."""
    text = hq("api:", "  permitted_ips:", "    - 10.0.0.0/8", "    - 300.1.1.1", "    - 10.0.0.0/40", *lines)
    assert places(text) == [(6, "pbxs.hq.api.permitted_ips[1]"), (7, "pbxs.hq.api.permitted_ips[2]")]
    one, two = map(str, problems(text))
    assert "300.1.1.1" in one
    assert "/40" in two
    assert all("address/netmask" in sentence for sentence in (one, two))


@pytest.mark.quirk("acl-unparsable")
def test_an_unreadable_entry_denies_everybody_where_the_quirk_says_so():
    """Then the file is good, and no peer passes, whatever the other entries say."""
    found = pbx("quirks: {acl-unparsable: deny-all}", api(permitted_ips="[0.0.0.0/0, nonsense]"))
    assert not permitted(found.api.entries, "10.0.0.1")[0]
    said = "an unreadable entry makes Permitted IPs deny every address (quirk acl-unparsable: deny-all)"
    assert found.access.permitted("10.0.0.1") == (False, f"10.0.0.1 is denied: {said}")


@pytest.mark.quirk("acl-unparsable")
def test_readable_entries_are_not_affected_by_the_quirk():
    """deny-all changes nothing while every entry can be read."""
    entries = pbx("quirks: {acl-unparsable: deny-all}", api(permitted_ips="[10.0.0.0/8]")).api.entries
    assert permitted(entries, "10.0.0.1")[0]
    assert not permitted(entries, "11.0.0.1")[0]


@pytest.mark.quirk("acl-unparsable")
def test_the_quirk_is_about_text_only():
    """A number among the entries is a mistake in the file even with deny-all."""
    lines = ("quirks: {acl-unparsable: deny-all}", api(permitted_ips="[10.0.0.0/8, 10]"))
    assert places(hq(*lines)) == [(4, "pbxs.hq.api.permitted_ips[1]")]


@pytest.mark.quirk("acl-blank")
@pytest.mark.parametrize(
    ("lines", "passes", "why"),
    [
        ([], False, "denied: blank Permitted IPs deny every address"),
        (["quirks: {acl-blank: deny}"], False, "denied: blank Permitted IPs deny every address"),
        (
            ["quirks: {acl-blank: allow}"],
            True,
            "permitted: blank Permitted IPs permit every address (quirk acl-blank: allow)",
        ),
        (
            ["quirks: {acl-blank: allow}", api(permitted_ips="[11.0.0.0/8]")],
            False,
            "denied: no Permitted IPs entry matches it",
        ),
        (
            ["quirks: {acl-blank: allow, acl-unparsable: deny-all}", api(permitted_ips="[nonsense]")],
            False,
            "denied: an unreadable entry makes Permitted IPs deny every address (quirk acl-unparsable: deny-all)",
        ),
    ],
)
def test_who_may_pass_where_no_entry_says_so(lines, passes, why):
    """Blank Permitted IPs deny everybody, or allow everybody; those that are not blank, or unreadable, are no blank ones."""
    assert pbx(*lines).access.permitted("10.0.0.1") == (passes, f"10.0.0.1 is {why}")


@pytest.mark.parametrize(
    ("quirks", "name", "password", "asked"),
    [
        ("{}", "~", "~", False),
        ("{}", "''", "secret", False),
        ("{}", "cdrapi", "~", True),
        ("{}", "cdrapi", "secret", True),
        pytest.param("{blank-name: refuse}", "~", "~", True, marks=pytest.mark.quirk("blank-name")),
        pytest.param("{blank-name: refuse}", "''", "secret", True, marks=pytest.mark.quirk("blank-name")),
        pytest.param("{blank-name: open}", "~", "secret", False, marks=pytest.mark.quirk("blank-name")),
        pytest.param("{blank-password: open}", "cdrapi", "~", False, marks=pytest.mark.quirk("blank-password")),
        pytest.param("{blank-password: open}", "cdrapi", "''", False, marks=pytest.mark.quirk("blank-password")),
        pytest.param("{blank-password: open}", "cdrapi", "secret", True, marks=pytest.mark.quirk("blank-password")),
        pytest.param("{blank-password: digest}", "cdrapi", "''", True, marks=pytest.mark.quirk("blank-password")),
        pytest.param(
            "{blank-name: refuse, blank-password: open}",
            "~",
            "~",
            True,
            marks=[pytest.mark.quirk("blank-name"), pytest.mark.quirk("blank-password")],
        ),
    ],
)
def test_whether_credentials_are_asked_for(quirks, name, password, asked):
    """A user name is what makes the device ask; quirks decide where it, or its password, is blank."""
    lines = (f"quirks: {quirks}", api(tls_authentication_name=name, tls_authentication_password=password))
    assert pbx(*lines).authenticates is asked


# Wrong values

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
        ("api: {tls_bind_address: 8443}", "api.tls_bind_address", "8443", "quote"),
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
        ("control: {bind: 8444}", "control.bind", "8444", "quote"),
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
    for name in ("HQ", "head office", "hq_2", "hq.example", "é", "", "h/q"):
        (problem,) = problems(f"pbxs:\n  ok-1: {{}}\n  '{name}': {{}}\n")
        assert (problem.line, problem.key) == (3, f"pbxs.{name}")
        assert f"'{name}'" in problem.wrong
        assert "lower-case letters, digits and hyphens" in problem.right


@pytest.mark.parametrize("name", ["hq", "1", "007", "a-b", "branch-22"])
def test_good_pbx_names_are_kept_as_written(name):
    """A name of digits is a name."""
    assert list(settings(f"pbxs: {{{name}: {{}}}}").pbxs) == [name]


# Unknown keys


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
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_known_one(text, key, meant):
    """A mistyped key is never ignored."""
    assert f"did you mean '{meant}'?" in only(text, key)


def test_a_key_unlike_any_other_gets_the_list():
    """Where nothing comes near, the keys that may stand there are listed."""
    assert "channels, name" in only(hq("trunks: [{name: a, zzz: 1}]"), "pbxs.hq.trunks[0].zzz")
    assert "control, pbxs, seed, state" in only("zzz: 1\npbxs: {hq: {}}", "zzz")


def test_templates_come_later():
    """A PBX name with {n} is a template, named with its own line; what stands in it is no second error."""
    (problem,) = problems("pbxs:\n  hq: {}\n  site-{n}: {count: 500}\n")
    assert (problem.line, problem.key) == (3, "pbxs.site-{n}")
    assert "templates come later" in problem.wrong


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


# All at once


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


# The traps of YAML


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


# Weird values

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


# PBXs from elsewhere


def test_a_pbx_given_as_json_is_judged_alike():
    """The control API's bodies have keys but no lines."""
    with pytest.raises(ConfigurationError) as raised:
        load_pbx({"personalty": "ucm6100", "api": {"enable": "yes"}, "clock": {"rate": -1}}, FOLDER)
    assert {(problem.key, problem.line, problem.file) for problem in raised.value.problems} == {
        ("personalty", 0, ""),
        ("api.enable", 0, ""),
        ("clock.rate", 0, ""),
    }
    assert any(str(problem).startswith("personalty: ") for problem in raised.value.problems)


def test_a_good_pbx_given_as_json():
    """JSON lists and mappings make the same settings as YAML."""
    body = {"personality": "ucm6200", "api": {"enable": True, "permitted_ips": ["10.0.0.0/8"], "tls_cert": None}}
    found = load_pbx({**body, "history": {"import": "x.csv"}}, FOLDER)
    assert (found.personality.id, found.api.enable) == ("ucm6200-1.0.20", True)
    assert found.history.import_ == FOLDER / "x.csv"
    assert found.api == pbx(api(enable="true", permitted_ips="[10.0.0.0/8]")).api


def test_settings_cannot_be_changed():
    """Settings are values: what has been read stays as it was."""
    found = settings("pbxs: {hq: {}}")
    with pytest.raises(ValueError, match="frozen"):
        found.pbxs["hq"].api.enable = True


@pytest.mark.parametrize("other", ["127.0.0.1:9443", "0.0.0.0:9443"])
def test_the_address_of_all_interfaces_takes_in_every_other(other):
    """Two PBXs cannot share a port when one of them listens everywhere."""
    text = "pbxs:\n  a: {api: {enable: true, tls_bind_address: '0.0.0.0:9443'}}\n"
    text += f"  b: {{api: {{enable: true, tls_bind_address: '{other}'}}}}\n"
    assert "PBX 'a' listens on 0.0.0.0:9443 too" in only(text, "pbxs.b.api.tls_bind_address")


def test_the_name_of_the_token_file_is_taken():
    """A PBX's folder must not stand where the control token is written."""
    assert "the file that the token stands in" in only("pbxs:\n  control-token: {}\n", "pbxs.control-token")


def test_merge_keys_are_named_as_such():
    """YAML's merge keys are not supported, and the error says so."""
    text = "pbxs:\n  hq: &x {}\n  b:\n    <<: *x\n"
    assert "merge keys are not supported" in only(text, "pbxs.b.<<")


@pytest.mark.quirk("certificate-name")
@pytest.mark.parametrize(
    ("bound", "more", "first"),
    [
        ("192.168.254.200:8443", [], "192.168.254.200"),
        ("192.168.254.200:8443", ["pbx.example.com"], "192.168.254.200"),
        ("0.0.0.0:8443", ["pbx.example.com"], "pbx.example.com"),
        ("0.0.0.0:8443", [], "localhost"),
    ],
)
def test_the_certificate_is_that_of_the_bind_address(bound, more, first):
    """Its CN is the address that the API is bound to; bound to all of them, the first of the other names, or localhost."""
    names = load_pbx({"api": {"tls_bind_address": bound}, "tls_names": more}, Path()).names
    assert names[0] == first
    assert {*more, "localhost", "127.0.0.1", "::1"} <= set(names)
