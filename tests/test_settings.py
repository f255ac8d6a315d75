"""Settings: the defaults of every key, and what may stand there instead. Design 4.2, spec 0b and 1."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.simfiles import FOLDER, api, at, hq, only, pbx, places, settings
from ucmsim.errors import ConfigurationError
from ucmsim.settings import load, load_pbx

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
        *("localhost", "localhost:8443", "pbx.example.com", '"*:8443"', '""', "0.0.0", "010.0.0.1:1"),
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
