"""Permitted IPs: which entries are read, and which rule decides about a peer. Spec 1."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ucmsim.acl import BLANK_PERMITS, AccessList, parse_entries, parse_entry, permitted


def may_pass(entries: str, peer: str) -> bool:
    """Return whether *peer* passes a comma-separated list of *entries*; an empty list is a blank setting."""
    return permitted(parse_entries(entries) if entries else (), peer)[0]


def sentence(entries: str, peer: str) -> str:
    """Return what is said about *peer*."""
    return permitted(parse_entries(entries) if entries else (), peer)[1]


def complaint(text: str) -> str:
    """Return the sentence with which an unreadable entry is refused."""
    with pytest.raises(ValueError, match=r".") as raised:
        parse_entries(text)
    return str(raised.value)


@pytest.mark.parametrize("peer", ["192.168.40.3", "127.0.0.1", "0.0.0.0", "::1", "2001:db8::1", "::ffff:10.0.0.1"])
def test_blank_denies_every_address(peer):
    """Without any entry every address is denied, the loopback too."""
    assert not may_pass("", peer)


@pytest.mark.quirk("acl-blank")
@pytest.mark.parametrize("peer", ["192.168.40.3", "::1", "::ffff:10.0.0.1"])
def test_blank_permits_every_address_where_the_quirk_says_so(peer):
    """A list without entries may mean the contrary; one with entries means what it says."""
    said = "permitted: blank Permitted IPs permit every address (quirk acl-blank: allow)"
    assert AccessList((), BLANK_PERMITS).permitted(peer) == (True, f"{peer} is {said}")
    assert AccessList(()).permitted(peer) == (False, f"{peer} is denied: blank Permitted IPs deny every address")
    assert not AccessList(parse_entries("11.0.0.0/8"), BLANK_PERMITS).permitted(peer)[0]


@pytest.mark.parametrize(
    ("entries", "inside", "outside"),
    [
        ("192.168.40.3/255.255.255.255", "192.168.40.3", "192.168.40.4"),
        ("192.168.100.0/255.255.255.0", "192.168.100.77", "192.168.101.77"),
        ("192.168.100.0/24", "192.168.100.255", "192.168.99.255"),
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
        ("192.168.40.3", "192.168.40.3", "192.168.40.2"),
        ("192.168.40.3/32", "192.168.40.3", "192.168.40.2"),
        ("10.0.0.0/31", "10.0.0.1", "10.0.0.2"),
        ("128.0.0.0/1", "255.1.1.1", "127.255.255.255"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
        ("2001:db8::5", "2001:db8::5", "2001:db8::6"),
        ("2001:db8::/ffff:ffff::", "2001:db8:1::1", "2001:db7::1"),
        ("::1", "::1", "::2"),
    ],
)
def test_an_entry_permits_what_its_mask_leaves_equal(entries, inside, outside):
    """A bare address is one host; a dotted mask and /nn are one subnet; all others are denied."""
    assert may_pass(entries, inside)
    assert not may_pass(entries, outside)


@pytest.mark.parametrize("entries", ["192.168.40.77/255.255.255.0", "192.168.40.77/24"])
def test_host_bits_of_an_entry_do_not_count(entries):
    """An entry with host bits set means the subnet it lies in."""
    assert may_pass(entries, "192.168.40.3")
    assert not may_pass(entries, "192.168.41.77")


@pytest.mark.parametrize("entries", ["0.0.0.0/0", "0.0.0.0/0.0.0.0", "9.9.9.9/0"])
def test_an_empty_mask_permits_every_ipv4_address(entries):
    """A mask of no bits matches every IPv4 address and no IPv6 address."""
    assert may_pass(entries, "203.0.113.9")
    assert not may_pass(entries, "2001:db8::1")


@pytest.mark.parametrize(
    ("peer", "passes"),
    [("10.1.2.5", True), ("10.99.2.5", True), ("10.1.3.5", False), ("10.1.2.6", False), ("11.1.2.5", False)],
)
def test_a_mask_with_holes_compares_the_bits_it_has(peer, passes):
    """A netmask whose bits are not contiguous is taken as it is."""
    assert may_pass("10.0.2.5/255.0.255.255", peer) is passes


@pytest.mark.parametrize(
    ("entries", "peer", "passes"),
    [
        ("10.0.0.0/8,!10.1.1.1", "10.1.1.1", False),
        ("10.0.0.0/8,!10.1.1.1", "10.1.1.2", True),
        ("!10.1.1.1,10.0.0.0/8", "10.1.1.1", True),
        ("10.0.0.0/8,!10.1.0.0/16,10.1.1.1", "10.1.1.1", True),
        ("10.0.0.0/8,!10.1.0.0/16,10.1.1.1", "10.1.1.2", False),
        ("10.1.1.1,!0.0.0.0/0", "10.1.1.1", False),
        ("!10.1.1.1", "10.1.1.1", False),
        ("!10.1.1.1", "10.1.1.2", False),
        ("!10.1.1.1/24", "10.1.1.200", False),
        ("2001:db8::/32,!2001:db8::1", "2001:db8::1", False),
    ],
)
def test_the_last_matching_rule_wins(entries, peer, passes):
    """All rules are walked in order, the last one that matches decides, and `!` turns a rule into a denial."""
    assert may_pass(entries, peer) is passes


def test_blanks_around_entries_do_not_count():
    """A list may be written with a blank after each comma."""
    assert may_pass(" 192.168.1.0/24 , 10.0.0.0/8 ", "10.1.1.1")
    assert not may_pass("10.0.0.0/8, !10.1.1.1", "10.1.1.1")


def test_ipv4_rules_apply_to_ipv4_mapped_peers():
    """A peer that a dual-stack socket shows as ::ffff:a.b.c.d is judged as a.b.c.d."""
    assert may_pass("192.168.40.0/255.255.255.0", "::ffff:192.168.40.3")
    assert may_pass("192.168.40.3", "::FFFF:c0a8:2803")
    assert not may_pass("192.168.40.3", "::ffff:192.168.40.4")
    assert not may_pass("10.0.0.0/8,!10.1.1.1", "::ffff:10.1.1.1")


def test_ipv4_rules_do_not_apply_to_other_ipv6_peers():
    """An IPv6 address whose last bits look like a permitted IPv4 address is denied."""
    assert not may_pass("192.168.40.3", "::c0a8:2803")
    assert not may_pass("0.0.0.0/0", "64:ff9b::192.168.40.3")


def test_a_link_local_peer_is_judged_without_its_interface():
    """The interface behind a % in a peer's address does not take part."""
    assert may_pass("fe80::/10", "fe80::1%eth0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "!",
        "/",
        "/24",
        "hello",
        "pbx.example.com",
        "10.0.0",
        "10.0.0.0.0",
        "10.0.0.256",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "10.0.0.0/",
        "10.0.0.0/x",
        "10.0.0.0/1.5",
        "10.0.0.0/255.255.255",
        "10.0.0.0/255.255.255.256",
        "10.0.0.0/ffff::",
        "10.0.0.0/٨",
        "10.0.0.0-10.0.0.9",
        "10.0.0.*",
        "2001:db8::/129",
        "2001:db8::/255.0.0.0",
        "2001:db8:::1",
        "10.0.0.0/" + "9" * 5000,
    ],
)
def test_an_unreadable_entry_is_quoted_in_the_complaint(text):
    """What the grammar does not know is refused with a sentence that quotes it and shows the right form."""
    assert f"'{text.strip()}'" in complaint(text)
    assert "address/netmask" in complaint(text)


@pytest.mark.parametrize("text", ["10.0.0.0/8,", ",10.0.0.0/8", "10.0.0.0/8,,10.0.0.1", "10.0.0.0/8,nonsense"])
def test_one_unreadable_entry_spoils_the_list(text):
    """A list is refused as a whole when one of its entries cannot be read."""
    assert complaint(text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text):
    """Any text is either an entry or a ValueError."""
    try:
        parse_entry(text)
    except ValueError:
        return


def test_the_sentence_names_the_peer_and_the_rule():
    """What is told on the side names the peer and the rule that decided, or says that there is none."""
    denied = sentence("10.0.0.0/8,!10.1.1.1", "10.1.1.1")
    assert "10.1.1.1 is denied" in denied
    assert "'!10.1.1.1'" in denied
    assert "'10.0.0.0/8'" in sentence("10.0.0.0/8,!10.1.1.1", "10.9.9.9")
    assert "blank" in sentence("", "10.9.9.9")
    assert "no Permitted IPs entry matches" in sentence("10.0.0.0/8", "11.9.9.9")


def _near(version: int) -> st.SearchStrategy[str]:
    """Return addresses that lie close together, so that rules match them often."""
    base, kind = (0x0A000000, IPv4Address) if version == 4 else (0x20010DB8 << 96, IPv6Address)
    return st.integers(0, 1023).map(lambda low: str(kind(base + low)))


@st.composite
def _rules(draw: st.DrawFn) -> tuple[bool, IPv4Network | IPv6Network, str]:
    """Draw whether a rule permits, its network, and that network as text: /nn, a netmask, or a bare address."""
    version = draw(st.sampled_from((4, 4, 6)))
    bits = 32 if version == 4 else 128
    prefix = draw(st.one_of(st.integers(bits - 11, bits), st.integers(0, bits)))
    network = ip_network(f"{draw(_near(version))}/{prefix}", strict=False)
    host = draw(_near(version)) if prefix == 0 else str(network.network_address)
    forms = [f"{host}/{prefix}", f"{host}/{network.netmask}"] + ([host] if prefix == bits else [])
    return draw(st.booleans()), network, draw(st.sampled_from(forms))


@given(st.lists(_rules(), max_size=6), st.one_of(_near(4), _near(6)), st.booleans())
def test_verdicts_agree_with_ipaddress(rules, peer, mapped):
    """For contiguous masks the verdict is that of the last network of Python's ipaddress that holds the peer."""
    matching = [permit for permit, network, _ in rules if ip_address(peer) in network]
    entries = ",".join(("" if permit else "!") + text for permit, _, text in rules)
    seen_as = f"::ffff:{peer}" if mapped and ":" not in peer else peer
    assert may_pass(entries, seen_as) is (bool(matching) and matching[-1])
