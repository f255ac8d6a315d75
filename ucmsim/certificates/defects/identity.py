"""Whose certificate it is: names that are missing, wrong, or written as no name may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from cryptography import x509

from ucmsim.certificates.authority import alternatives
from ucmsim.certificates.defects import der
from ucmsim.certificates.defects.draft import Draft, Extension, extension
from ucmsim.certificates.defects.drafting import (
    ALTERNATIVE_NAMES,
    changed,
    host_of,
    issued,
    leaf,
    name,
    named,
    server_key,
)
from ucmsim.certificates.defects.row import Defect, Scene, Shown

_WRONG = "wrong-host.invalid"  # RFC 2606: no host has a name under .invalid
_DNS_NAME, _EMAIL, _URI = 0x82, 0x81, 0x86
_ORGANIZATION = "2.5.4.10"


def _other_names(*names: str) -> Callable[[Scene], Shown]:
    def make(scene: Scene) -> Shown:
        key = server_key(scene)
        return issued(scene, key, leaf(scene, key, names=names))

    return make


def _only(written: Callable[[Scene], Sequence[bytes]], *, tag: int = _DNS_NAME) -> Callable[[Scene], Shown]:
    """Return the maker of a certificate whose only names are these, under a CN that is no name of anybody."""

    def change(scene: Scene, draft: Draft) -> Draft:
        names = [der.tlv(tag, one) for one in written(scene)]
        return replace(draft, subject=name("ucmsim defect")).but(Extension(ALTERNATIVE_NAMES, der.sequence(*names)))

    return changed(change)


def _without_alternatives(scene: Scene, draft: Draft) -> Draft:
    return replace(draft, subject=name(host_of(scene))).but(without=[ALTERNATIVE_NAMES])


def _nameless(_scene: Scene, draft: Draft) -> Draft:
    return replace(draft, subject=name("")).but(without=[ALTERNATIVE_NAMES])


def _right_cn_only(scene: Scene, draft: Draft) -> Draft:
    return replace(draft, subject=name(host_of(scene))).but(extension(alternatives([_WRONG])))


def _empty_alternatives(scene: Scene, draft: Draft) -> Draft:
    return replace(draft, subject=name(host_of(scene))).but(Extension(ALTERNATIVE_NAMES, der.sequence()))


def _empty_subject(scene: Scene, draft: Draft, *, critical: bool) -> Draft:
    return replace(draft, subject=name("")).but(extension(alternatives(scene.names), critical=critical))


def _no_common_name(_scene: Scene, draft: Draft) -> Draft:
    return replace(draft, subject=named((_ORGANIZATION, der.UTF8, b"ucmsim")))


def _upper_case(scene: Scene, draft: Draft) -> Draft:
    return draft.but(extension(alternatives([one.upper() for one in scene.names])))


def _crowd(scene: Scene, draft: Draft, *, others: int) -> Draft:
    return draft.but(extension(alternatives([*(f"host-{at}.invalid" for at in range(others)), *scene.names])))


def _many_subjects(scene: Scene, draft: Draft) -> Draft:
    names = [_WRONG, *scene.names]
    subject = named(*(("2.5.4.3", der.UTF8, one.encode()) for one in names))
    return replace(draft, subject=subject).but(without=[ALTERNATIVE_NAMES])


def _nul(scene: Scene) -> list[bytes]:
    return [one.encode() + b"\0." + _WRONG.encode() for one in scene.names]


def _labels(scene: Scene) -> list[str]:
    return host_of(scene).split(".")


def _half_wildcard(scene: Scene) -> list[bytes]:
    first, *others = _labels(scene)
    return [".".join([f"{first[: len(first) // 2]}*", *others]).encode()]


def _two_wildcards(scene: Scene) -> list[bytes]:
    return [".".join(["*", "*", *_labels(scene)[2:]]).encode()]


def _deep_wildcard(scene: Scene) -> list[bytes]:
    return [".".join(["*", *_labels(scene)[2:]]).encode()]


def _inner_wildcard(scene: Scene) -> list[bytes]:
    first, *others = _labels(scene)
    return [".".join([first, "*", *others[1:]]).encode()]


def _addresses_of(scene: Scene) -> list[str]:
    return [str(one.value) for one in alternatives(scene.names) if isinstance(one, x509.IPAddress)] or ["127.0.0.1"]


_row = partial(Defect, "identity")
_IN_CN = dict.fromkeys(("Python", "curl", "Node"), "a host name (no address) is looked for in the CN")

ROWS = (
    _row("wrong-host", "refuse", "The certificate is that of wrong-host.invalid, and of no address.", "RFC 9525, 6",
         "other names, in the CN too", _other_names(_WRONG)),
    _row("wrong-address", "refuse", "The certificate is that of the address 192.0.2.1, and of no host.", "RFC 9525, 6.5",
         "an address of RFC 5737 as the only name", _other_names("192.0.2.1")),
    _row("name-in-cn-only", "refuse", "The host name is in the CN, and there are no alternative names.",
         "RFC 9525, 2; badssl no-subject-alt-name", "the extension left out", changed(_without_alternatives),
         unless=_IN_CN),
    _row("right-cn-wrong-names", "refuse", "The host name is in the CN, that of another host in the alternative names.",
         "RFC 9525, 2", "other alternative names", changed(_right_cn_only)),
    _row("names-in-many-cns", "refuse", "All names are CNs, that of another host the first of them, and there are no alternative names.",
         "RFC 9525, 2; x509-limbo", "a subject of several CNs", changed(_many_subjects),
         unless={client: why for client, why in _IN_CN.items() if client != "curl"}),
    _row("no-names", "refuse", "The subject is empty, and there are no alternative names.", "RFC 5280, 4.1.2.6",
         "an empty subject, the extension left out", changed(_nameless)),
    _row("empty-alternative-names", "refuse", "The alternative names are an empty list.", "RFC 5280, 4.2.1.6",
         "an extension with an empty SEQUENCE", changed(_empty_alternatives),
         unless=_IN_CN),
    _row("wildcard-alone", "refuse", "The only name is *, which stands for every host.", "RFC 9525, 6.3",
         "a dNSName of one letter", _only(lambda _: [b"*"])),
    _row("wildcard-in-label", "refuse", "The only name has a wildcard behind the first letters of its first label.",
         "RFC 9525, 6.3", "half of the first label replaced by *", _only(_half_wildcard),
         unless={"Node": "a wildcard may stand for a part of a label"}),
    _row("wildcard-twice", "refuse", "The only name has wildcards as its first two labels.", "RFC 9525, 6.3",
         "the first two labels replaced by *", _only(_two_wildcards)),
    _row("wildcard-for-two-labels", "refuse", "The only name has one wildcard where the host has two labels.",
         "RFC 9525, 6.3", "the first two labels replaced by one *", _only(_deep_wildcard)),
    _row("wildcard-inside", "refuse", "The only name has a wildcard as its second label.", "RFC 9525, 6.3",
         "the second label replaced by *", _only(_inner_wildcard)),
    _row("wildcard-address", "refuse", "The only name is 127.0.0.* written as a host name.", "RFC 9525, 6.3",
         "a dNSName", _only(lambda _: [b"127.0.0.*"])),
    _row("address-as-host", "refuse", "Addresses are written as host names, and there are no other names.",
         "RFC 5280, 4.2.1.6", "a dNSName for each address", _only(lambda scene: [one.encode() for one in _addresses_of(scene)])),
    _row("address-as-text", "refuse", "Addresses are written as text where four or sixteen octets are due.",
         "RFC 5280, 4.2.1.6", "an iPAddress of letters", _only(lambda scene: [one.encode() for one in _addresses_of(scene)], tag=0x87)),
    _row("name-in-uri", "refuse", "The names are those of https URIs, and there are no host names.", "RFC 9525, 6.1",
         "a uniformResourceIdentifier for each", _only(lambda scene: [f"https://{one}/".encode() for one in scene.names], tag=_URI)),
    _row("name-in-mail", "refuse", "The names are the hosts of mail addresses, and there are no host names.", "RFC 9525, 6.1",
         "an rfc822Name for each", _only(lambda scene: [f"pbx@{one}".encode() for one in scene.names], tag=_EMAIL)),
    _row("nul-in-name", "refuse", "Each name goes on behind a NUL with .wrong-host.invalid.", "CVE-2009-2408",
         "a NUL inside each dNSName", _only(_nul)),
    _row("dot-before-name", "refuse", "Each name begins with a dot.", "RFC 5280, 4.2.1.6; x509-limbo", "a dot before each dNSName",
         _only(lambda scene: [b"." + one.encode() for one in scene.names])),
    _row("dot-after-name", "refuse", "Each name ends with a dot.", "RFC 5280, 4.2.1.6; x509-limbo", "a dot after each dNSName",
         _only(lambda scene: [one.encode() + b"." for one in scene.names]),
        unless={"curl": "it takes the dot away before it compares", "Node": "it takes the dot away before it compares"}),
    _row("space-in-name", "refuse", "The only name is a space.", "RFC 5280, 4.2.1.6", "a dNSName of a space", _only(lambda _: [b" "])),
    _row("unicode-in-name", "refuse", "The only name is written with letters that no host name has, and not in its ASCII form.",
         "RFC 5280, 7.2; x509-limbo", "UTF-8 inside a dNSName", _only(lambda scene: [host_of(scene).replace("o", "ö").encode()])),
    _row("upper-case-names", "accept", "The names are written in capitals, which make no difference.", "RFC 9525, 6.3",
         "the alternative names in capitals", changed(_upper_case)),
    _row("no-common-name", "accept", "The subject has no CN, the alternative names are right.", "RFC 9525, 2; badssl no-common-name",
         "a subject of an organization", changed(_no_common_name)),
    _row("empty-subject", "accept", "The subject is empty, and the alternative names are critical, as they must be then.",
         "RFC 5280, 4.1.2.6; badssl no-subject", "an empty subject, a critical extension", changed(partial(_empty_subject, critical=True))),
    _row("empty-subject-not-critical", "policy", "The subject is empty, and the alternative names are not critical.",
         "RFC 5280, 4.2.1.6", "an empty subject", changed(partial(_empty_subject, critical=False))),
    _row("thousand-names", "accept", "The right names come after a thousand others.", "badssl 1000-sans",
         "a long list of alternative names", changed(partial(_crowd, others=1000))),
    _row("ten-thousand-names", "policy", "The right names come after ten thousand others; the certificate has over 200 KB.",
         "badssl 10000-sans", "a very long list of alternative names", changed(partial(_crowd, others=10_000))),
)  # fmt: skip
