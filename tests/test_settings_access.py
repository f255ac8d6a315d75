"""Who may connect, and what must not be shown: Permitted IPs, credentials and secrets in a file. Spec 1, 2.7."""

from __future__ import annotations

import pytest

from tests.simfiles import TRAPS, api, at, hq, only, pbx, places, problems, settings
from ucmsim.acl import permitted

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
