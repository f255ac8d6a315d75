"""Permitted IPs: the entries of the device's access list, and who may pass.

The grammar and the order of evaluation are those of Asterisk's `ast_append_ha` (main/acl.c); the implicit first
"deny everybody" is the device's: blank Permitted IPs deny every address. Spec 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from ucmsim.refusals import Code, Refusal

_FORM = "write an address, address/netmask or address/bits, such as 192.168.40.3/255.255.255.255 or 10.0.0.0/8"


@dataclass(frozen=True, slots=True)
class Entry:
    """One access rule: peers whose address equals *address* under *mask* are permitted, or denied after a ``!``."""

    permit: bool
    version: int
    address: int
    mask: int
    text: str

    def matches(self, peer: IPv4Address | IPv6Address) -> bool:
        return peer.version == self.version and int(peer) & self.mask == self.address

    def __str__(self) -> str:
        return self.text


BLANK_DENIES = (False, "blank Permitted IPs deny every address")
BLANK_PERMITS = (True, "blank Permitted IPs permit every address (quirk acl-blank: allow)")
UNREADABLE_DENIES = (
    False,
    "an unreadable entry makes Permitted IPs deny every address (quirk acl-unparsable: deny-all)",
)


@dataclass(frozen=True, slots=True)
class AccessList:
    """The Permitted IPs of one PBX: *entries*, or *without* any of them whether a peer passes, and why."""

    entries: tuple[Entry, ...]
    without: tuple[bool, str] = BLANK_DENIES

    def permitted(self, peer: str) -> tuple[bool, str]:
        """Return whether *peer* may pass, and the sentence that says what decided."""
        return permitted(self.entries, peer, self.without)

    def refusal(self, why: str) -> Refusal:
        """Return the refusal of a peer that does not pass, *why* being the sentence that says so."""
        if self.entries:
            return Refusal.of(
                Code.NOT_PERMITTED, why, "add an entry for it to Permitted IPs; the last that matches wins"
            )
        if self.without is UNREADABLE_DENIES:
            return Refusal.of(Code.UNREADABLE_PERMITTED_IPS, why, _FORM)
        return Refusal.of(
            Code.BLANK_PERMITTED_IPS, why, "enter the client's address in Permitted IPs (api.permitted_ips)"
        )


def parse_entry(text: str) -> Entry:
    """Return the rule that *text* spells.

    Raises `ValueError` with a sentence for the user when the device could not read it either.
    """
    written = text.strip()
    permit = not written.startswith("!")
    host, slash, mask = written.removeprefix("!").strip().partition("/")
    try:
        address = _unmapped(ip_address(host))
    except ValueError:
        raise ValueError(f"'{written}' is not an address entry: '{host}' is no IP address; {_FORM}") from None
    bits = address.max_prefixlen
    full = (1 << bits) - 1
    if not slash:
        netmask = full
    elif "." in mask or ":" in mask:
        netmask = _netmask(written, mask, address.version)
    elif mask.isascii() and mask.isdigit() and len(mask) <= 3 and int(mask) <= bits:
        netmask = full ^ (full >> int(mask))
    else:
        raise ValueError(f"'{written}' is not an address entry: '/{mask}' is not between /0 and /{bits}; {_FORM}")
    return Entry(permit, address.version, int(address) & netmask, netmask, written)


def parse_entries(text: str) -> tuple[Entry, ...]:
    """Return the rules of a comma-separated list such as ``10.0.0.0/8, !10.1.1.1``."""
    return tuple(parse_entry(piece) for piece in text.split(","))


def permitted(entries: Iterable[Entry], peer: str, without: tuple[bool, str] = BLANK_DENIES) -> tuple[bool, str]:
    """Return whether *peer* may pass, and the sentence that says which rule decided.

    Everybody is denied first, then every entry is looked at and the last one that matches wins. *without* is what goes
    when there is no entry, and why.
    """
    address = peer_address(peer)
    verdict: Entry | None = None
    several = False
    for entry in entries:
        several = True
        if entry.matches(address):
            verdict = entry
    if verdict is None:
        passes, why = (False, "no Permitted IPs entry matches it") if several else without
        return passes, f"{peer} is {'permitted' if passes else 'denied'}: {why}"
    word = "permitted" if verdict.permit else "denied"
    return verdict.permit, f"{peer} is {word} by the Permitted IPs entry '{verdict}'"


def peer_address(peer: str) -> IPv4Address | IPv6Address:
    """Return the address of *peer*, an IPv4-mapped IPv6 one as the IPv4 address it stands for."""
    return _unmapped(ip_address(peer.partition("%")[0]))


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _netmask(written: str, text: str, version: int) -> int:
    try:
        mask = _unmapped(ip_address(text))
    except ValueError:
        raise ValueError(f"'{written}' is not an address entry: '{text}' is no netmask; {_FORM}") from None
    if mask.version != version:
        raise ValueError(f"'{written}' mixes an IPv{version} address with an IPv{mask.version} netmask; {_FORM}")
    return int(mask)
