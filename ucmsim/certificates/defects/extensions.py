"""What it says of itself: extensions that forbid the use, contradict each other, or are not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from ucmsim.certificates.authority import alternatives, usage
from ucmsim.certificates.defects import der
from ucmsim.certificates.defects.chain import below, link
from ucmsim.certificates.defects.draft import Draft, Extension, extension
from ucmsim.certificates.defects.drafting import (
    ALTERNATIVE_NAMES,
    BASIC_CONSTRAINTS,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    changed,
)
from ucmsim.certificates.defects.row import Defect, Scene, Script, Shown

_PRIVATE = "1.3.6.1.4.1.99999.2"
"""An extension that nobody knows, under a number that is nobody's."""
_NETSCAPE_TYPE, _POISON, _POLICY_CONSTRAINTS = "2.16.840.1.113730.1.1", "1.3.6.1.4.1.11129.2.4.3", "2.5.29.36"
_ANY_USE = ObjectIdentifier("2.5.29.37.0")


def _adding(*extensions: Extension, without: Sequence[str] = ()) -> Callable[[Scene], Shown]:
    return changed(lambda _, draft: draft.but(*extensions, without=without))


def _above(*extensions: Extension) -> Callable[[Scene], Shown]:
    """Return the maker of a chain whose intermediate certificate has these *extensions*."""
    return lambda scene: below(scene, link(scene, change=lambda _, draft: draft.but(*extensions)))


def _for_uses(*uses: ObjectIdentifier) -> Extension:
    return extension(x509.ExtendedKeyUsage(uses))


def _unknown(*, critical: bool, size: int = 2) -> Extension:
    return Extension(_PRIVATE, der.tlv(der.OCTET_STRING, bytes(size)), critical)


def _twice(_scene: Scene, draft: Draft) -> Draft:
    other = extension(alternatives(["wrong-host.invalid"]))
    return replace(draft, extensions=(*(draft.extensions or ()), other))


def _as_ca(_scene: Scene, draft: Draft) -> Draft:
    constraints = extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return draft.but(constraints, extension(usage("digital_signature", "key_cert_sign"), critical=True))


def _only_usage(*granted: str) -> Callable[[Scene], Shown]:
    return _adding(extension(usage(*granted), critical=True))


def _scripted(make: Callable[[Scene], Shown]) -> Callable[[Scene], Shown]:
    """Return the maker of what OpenSSL has loaded and then would not shake hands with."""
    return lambda scene: replace(make(scene), script=Script())


_row = partial(Defect, "extensions")

ROWS = (
    _row("unknown-critical-extension", "refuse", "A critical extension is one that nobody knows.", "RFC 5280, 4.2; x509-limbo",
         "an object identifier of nobody", _adding(_unknown(critical=True))),
    _row("unknown-extension", "accept", "An extension that is not critical is one that nobody knows.", "RFC 5280, 4.2",
         "an object identifier of nobody", _adding(_unknown(critical=False))),
    _row("unknown-critical-in-intermediate", "refuse", "The intermediate CA's certificate has a critical extension that nobody knows.",
         "RFC 5280, 6.1.4 (o)", "an object identifier of nobody", _above(_unknown(critical=True))),
    _row("extension-of-60-kb", "accept", "An extension that nobody knows, and that is not critical, has 60,000 bytes.", "RFC 5280, 4.2",
         "a long octet string", _adding(_unknown(critical=False, size=60_000))),
    _row("extension-twice", "refuse", "There are alternative names twice: the right ones, and those of another host.", "RFC 5280, 4.2; x509-limbo",
         "the extension once more", _scripted(changed(_twice)), "scripted"),
    _row("for-clients-only", "refuse", "The certificate is for clients, not for servers.", "RFC 5280, 4.2.1.12; badtls.io",
         "clientAuth as the only use", _adding(_for_uses(ExtendedKeyUsageOID.CLIENT_AUTH))),
    _row("for-mail-only", "refuse", "The certificate is for mail, not for servers.", "RFC 5280, 4.2.1.12",
         "emailProtection as the only use", _adding(_for_uses(ExtendedKeyUsageOID.EMAIL_PROTECTION))),
    _row("for-no-use", "refuse", "The list of uses is empty.", "RFC 5280, 4.2.1.12",
         "an extension with an empty SEQUENCE", _adding(Extension(EXTENDED_KEY_USAGE, der.sequence()))),
    _row("for-any-use", "policy", "The certificate is for any use, and servers are not named.", "RFC 5280, 4.2.1.12",
         "anyExtendedKeyUsage as the only use", _adding(_for_uses(_ANY_USE))),
    _row("no-uses", "policy", "The certificate does not say what it is for, as public CAs must.", "RFC 5280, 4.2.1.12",
         "the extension left out", _adding(without=[EXTENDED_KEY_USAGE])),
    _row("intermediate-for-mail-only", "refuse", "The intermediate CA is for mail only, and has issued for a server.",
         "CA/Browser Forum Baseline Requirements, 7.1.2.10.6", "emailProtection as the use of the CA",
         _above(_for_uses(ExtendedKeyUsageOID.EMAIL_PROTECTION))),
    _row("usage-without-signing", "refuse", "The key is for signing lists of revoked certificates only.", "RFC 5280, 4.2.1.3",
         "cRLSign as the key usage", _scripted(_only_usage("crl_sign")), "scripted"),
    _row("usage-of-a-ca", "policy", "The key is for signing certificates as well, and is that of no CA.", "RFC 5280, 4.2.1.3; x509-limbo",
         "keyCertSign in the key usage", _only_usage("digital_signature", "key_cert_sign")),
    _row("usage-empty", "refuse", "The key usage grants nothing.", "RFC 5280, 4.2.1.3",
         "a BIT STRING of no bits", _scripted(_adding(Extension(KEY_USAGE, der.bits(b""), critical=True))), "scripted"),
    _row("no-usage", "accept", "There is no key usage.", "RFC 5280, 4.2.1.3", "the extension left out", _adding(without=[KEY_USAGE])),
    _row("no-constraints", "accept", "There are no basic constraints, which a leaf need not have.", "RFC 5280, 4.2.1.9",
         "the extension left out", _adding(without=[BASIC_CONSTRAINTS])),
    _row("leaf-is-a-ca", "policy", "The server's certificate is that of a CA.", "CA/Browser Forum Baseline Requirements, 7.1.2.7.6; x509-limbo",
         "CA:TRUE and keyCertSign", changed(_as_ca)),
    _row("path-length-of-a-leaf", "policy", "The certificate limits the path below it, and is that of no CA.", "RFC 5280, 4.2.1.9; x509-limbo",
         "CA:FALSE with a path length", _adding(Extension(BASIC_CONSTRAINTS, der.sequence(der.integer(0)), critical=True))),
    _row("negative-path-length", "refuse", "The intermediate CA's path length is negative.", "RFC 5280, 4.2.1.9",
         "a path length of -1", _above(Extension(BASIC_CONSTRAINTS, der.sequence(der.tlv(0x01, b"\xff"), der.integer(-1)), critical=True))),
    _row("garbled-names", "refuse", "The alternative names are bytes that are no DER.", "RFC 5280, 4.2.1.6",
         "four bytes in their place", _scripted(_adding(Extension(ALTERNATIVE_NAMES, b"\xde\xad\xbe\xef"))), "scripted"),
    _row("garbled-usage", "refuse", "The key usage is a text.", "RFC 5280, 4.2.1.3",
         "a UTF8String in its place", _scripted(_adding(Extension(KEY_USAGE, der.tlv(der.UTF8, b"server"), critical=True))), "scripted"),
    _row("policy-required", "policy", "The intermediate CA requires a certificate policy, and the certificate has none.", "RFC 5280, 6.1.3 (f)",
         "requireExplicitPolicy of 0", _above(Extension(_POLICY_CONSTRAINTS, der.sequence(b"\x80\x01\x00"), critical=True))),
    _row("netscape-client", "policy", "An extension of the nineties says that the certificate is for clients.", "Netscape Certificate Extensions",
         "a Netscape certificate type", _adding(Extension(_NETSCAPE_TYPE, der.bits(b"\x80", 7)))),
    _row("precertificate", "refuse", "It is a precertificate, which must never be served.", "RFC 6962, 3.1",
         "the critical poison extension", _adding(Extension(_POISON, der.tlv(der.NULL), critical=True))),
)  # fmt: skip
