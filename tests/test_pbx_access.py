"""Who may connect: Permitted IPs and the cap of connections, at the PBX. Spec 1 and 2.8."""

from __future__ import annotations

import pytest

from tests.asking import get
from tests.makers import BEGAN, CLIENT, STRANGER, make_pbx
from ucmsim.errors import ConfigurationError
from ucmsim.faults import Admission


def test_no_permitted_ips_deny_everybody():
    """With an empty list every address gets the 403 page, and the note says why."""
    reply = get(make_pbx(api={"permitted_ips": []}))
    assert reply.status == 403
    assert "blank Permitted IPs" in reply.note


@pytest.mark.parametrize(
    ("permitted", "peer", "status"),
    [
        (["192.0.2.0/255.255.255.0"], "192.0.2.9", 200),
        (["192.0.2.0/255.255.255.0"], "192.0.3.9", 403),
        (["192.0.2.0/24"], "::ffff:192.0.2.9", 200),
        (["192.0.2.0/24", "!192.0.2.9"], "192.0.2.9", 403),
        (["!192.0.2.9", "192.0.2.0/24"], "192.0.2.9", 200),
    ],
)
def test_the_last_entry_that_matches_decides(permitted, peer, status):
    """Address and netmask, mapped IPv4 addresses and inverted entries work at the PBX too."""
    assert get(make_pbx(api={"permitted_ips": permitted}), peer=peer).status == status


@pytest.mark.quirk("acl-denial")
def test_a_denied_peer_is_admitted_and_gets_the_page():
    """By default a denied peer may connect, and is told 403."""
    pbx = make_pbx()
    assert pbx.admit(STRANGER, 0, BEGAN).serve
    assert get(pbx, peer=STRANGER).status == 403


@pytest.mark.quirk("acl-denial")
def test_a_denied_peer_is_dropped_at_accept():
    """With acl-denial: drop the connection is not served, and the reason names the quirk."""
    admission = make_pbx(quirks={"acl-denial": "drop"}).admit(STRANGER, 0, BEGAN)
    assert not admission.serve
    assert STRANGER in admission.why
    assert "acl-denial" in admission.why


@pytest.mark.quirk("acl-denial")
def test_a_permitted_peer_is_not_dropped():
    """acl-denial: drop leaves permitted peers alone."""
    assert make_pbx(quirks={"acl-denial": "drop"}).admit(CLIENT, 0, BEGAN) == Admission()


@pytest.mark.quirk("acl-unparsable")
def test_an_unreadable_entry_is_refused_by_the_settings():
    """By default a Permitted IPs entry that the device could not read is an error."""
    with pytest.raises(ConfigurationError, match="nonsense"):
        make_pbx(api={"permitted_ips": ["127.0.0.0/8", "nonsense"]})


@pytest.mark.quirk("acl-unparsable")
def test_an_unreadable_entry_denies_everybody():
    """With acl-unparsable: deny-all one bad entry invalidates the list, as in Asterisk."""
    bad = {"permitted_ips": ["127.0.0.0/8", "nonsense"]}
    assert get(make_pbx(quirks={"acl-unparsable": "deny-all"}, api=bad)).status == 403


@pytest.mark.quirk("acl-blank")
@pytest.mark.parametrize(("quirks", "status"), [({}, 403), ({"acl-blank": "deny"}, 403), ({"acl-blank": "allow"}, 200)])
@pytest.mark.parametrize("peer", [CLIENT, STRANGER, "2001:db8::1"])
def test_blank_permitted_ips_deny_or_allow_everybody(quirks, status, peer):
    """The first contact fails until somebody is permitted, or nobody need be; a list that is not blank counts."""
    assert get(make_pbx(api={"permitted_ips": []}, quirks=quirks), peer=peer).status == status
    assert get(make_pbx(api={"permitted_ips": ["127.0.0.0/8"]}, quirks=quirks), peer=STRANGER).status == 403


@pytest.mark.quirk("acl-blank")
@pytest.mark.quirk("acl-denial")
@pytest.mark.parametrize(("blank", "served"), [("deny", False), ("allow", True)])
def test_blank_permitted_ips_count_at_accept_too(blank, served):
    """Where denied peers are dropped at accept, blank Permitted IPs drop everybody, or nobody."""
    pbx = make_pbx(api={"permitted_ips": []}, quirks={"acl-denial": "drop", "acl-blank": blank})
    assert pbx.admit(STRANGER, 0, BEGAN).serve is served


@pytest.mark.quirk("acl-blank")
def test_a_denial_by_fault_wins_over_blank_permitted_ips():
    """Where blank Permitted IPs allow everybody, api.deny denies all the same."""
    pbx = make_pbx(api={"permitted_ips": []}, quirks={"acl-blank": "allow"}, faults=[{"fault": "api.deny"}])
    assert get(pbx).status == 403


@pytest.mark.quirk("session-cap")
@pytest.mark.parametrize(
    ("quirks", "others", "served"),
    [
        ({}, 99, True),
        ({}, 100, False),
        ({"session-cap": 2}, 1, True),
        ({"session-cap": 2}, 2, False),
        ({"session-cap": "none"}, 100_000, True),
    ],
)
def test_the_session_cap_counts_open_connections(quirks, others, served):
    """The 101st connection is not served, or whichever the quirk says; the reason names the quirk."""
    admission = make_pbx(quirks=quirks).admit(CLIENT, others, BEGAN)
    assert admission.serve is served
    assert ("session-cap" in admission.why) is not served
