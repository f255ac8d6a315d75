"""How it is written: bytes that are not DER, not a certificate, or not what the field holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ucmsim.certificates.defects import der
from ucmsim.certificates.defects.draft import Draft, Extension
from ucmsim.certificates.defects.drafting import (
    BASIC_CONSTRAINTS,
    Change,
    changed,
    host_of,
    leaf,
    named,
    server_key,
    shown,
)
from ucmsim.certificates.defects.row import Defect, Scene, Script, Shown

_COMMON_NAME, _COUNTRY, _ORGANIZATION = "2.5.4.3", "2.5.4.6", "2.5.4.10"
_A_UNIQUE_ID = b"\x81\x02\x00\x2a"
_INDEFINITE, _END_OF_CONTENTS = b"\x30\x80", b"\0\0"


def _scripted(change: Change) -> Callable[[Scene], Shown]:
    def make(scene: Scene) -> Shown:
        return replace(changed(change)(scene), script=Script())

    return make


def _rewritten(change: Callable[[bytes], bytes]) -> Callable[[Scene], Shown]:
    """Return the maker of a flawless certificate whose bytes are changed after it was signed; it is scripted."""

    def make(scene: Scene) -> Shown:
        key = server_key(scene)
        return replace(shown(scene, key, change(leaf(scene, key).signed(scene.authority.key))), script=Script())

    return make


def _message(write: Callable[[bytes], bytes]) -> Callable[[Scene], Shown]:
    """Return the maker of a Certificate message that is written anew around a flawless certificate."""

    def make(scene: Scene) -> Shown:
        key = server_key(scene)
        certificate = leaf(scene, key).signed(scene.authority.key)
        return replace(shown(scene, key, certificate), script=Script(message=write(certificate)))

    return make


def _octets(number: int) -> bytes:
    return number.to_bytes(3)


def _serial(element: bytes) -> Change:
    return lambda _scene, draft: replace(draft, serial=element)


def _subject(kind: str, tag: int, text: Callable[[str], bytes]) -> Change:
    return lambda scene, draft: replace(draft, subject=named((kind, tag, text(host_of(scene)))))


def _constraints(value: bytes, *, written_critical: bytes | None = None) -> Change:
    """Return the change of a leaf's basic constraints, with the DER of their critical flag if it is *written_critical*."""

    def change(_scene: Scene, draft: Draft) -> Draft:
        changed = draft.but(Extension(BASIC_CONSTRAINTS, value, critical=True))
        if written_critical is None:
            return changed
        others = [one.der for one in changed.extensions or () if one.oid != BASIC_CONSTRAINTS]
        own = der.sequence(der.oid(BASIC_CONSTRAINTS), written_critical, der.tlv(der.OCTET_STRING, value))
        return replace(changed, extensions_written=der.explicit(3, der.sequence(*others, own)))

    return change


def _unused_bits(scene: Scene) -> Shown:
    key = server_key(scene)
    draft = leaf(scene, key)
    signed = draft.signed(scene.authority.key)
    signature = der.content(der.parts(der.content(signed))[2])[1:]
    return replace(shown(scene, key, draft.sealed(signature, unused=1)), script=Script())


def _long_form(certificate: bytes) -> bytes:
    body = der.content(certificate)
    return b"\x30\x84" + len(body).to_bytes(4) + body


def _fourth_element(certificate: bytes) -> bytes:
    return der.sequence(der.content(certificate), der.tlv(der.NULL))


def _version(number: int) -> Change:
    return lambda _scene, draft: replace(draft, version=number)


def _no_extensions(scene: Scene, draft: Draft, *, version: int) -> Draft:
    subject = named((_COMMON_NAME, der.UTF8, host_of(scene).encode()))
    return replace(draft, version=version, extensions=None, subject=subject)


def _default_version(scene: Scene, draft: Draft) -> Draft:
    """Write out the version that is left out where it is meant."""
    bare = _no_extensions(scene, draft, version=0)
    return replace(bare, serial=der.explicit(0, der.integer(0)) + draft.serial)


def _empty_list(scene: Scene, draft: Draft) -> Draft:
    return replace(_no_extensions(scene, draft, version=2), extensions_written=der.explicit(3, der.sequence()))


_CN = dict.fromkeys(("Python", "curl", "Node"), "a host name (no address) is looked for in the CN")
_STRICT = MappingProxyType({"OpenSSL": "it looks at the version in its strict mode only"})
_CA_FALSE = der.sequence()
_row = partial(Defect, "encoding")

ROWS = (
    _row("truncated", "refuse", "The certificate ends in the middle.", "X.690, 10.1", "the second half left out",
         _rewritten(lambda whole: whole[: len(whole) // 2]), "scripted"),
    _row("trailing-bytes", "refuse", "Sixteen bytes follow the certificate in its entry.", "RFC 5280, 4.1",
         "zeros behind it", _rewritten(lambda whole: whole + bytes(16)), "scripted"),
    _row("not-a-certificate", "refuse", "What is sent as the certificate is a sentence.", "RFC 5246, 7.4.2",
         "ASCII in its entry", _rewritten(lambda _: b"This is not a certificate.\n"), "scripted"),
    _row("pem-not-der", "refuse", "The certificate is sent as PEM.", "RFC 5246, 7.4.2",
         "its PEM in its entry", _rewritten(lambda whole: x509.load_der_x509_certificate(whole).public_bytes(Encoding.PEM)), "scripted"),
    _row("no-certificate", "refuse", "The list of certificates is empty.", "RFC 5246, 7.4.2",
         "a Certificate message with an empty list", _message(lambda _: _octets(0)), "scripted"),
    _row("empty-certificate", "refuse", "The list of certificates has one entry of no bytes.", "RFC 5246, 7.4.2",
         "a Certificate message with an entry of length 0", _message(lambda _: _octets(3) + _octets(0)), "scripted"),
    _row("list-too-long", "refuse", "The list of certificates says that it is longer than the message.", "RFC 5246, 7.4.2",
         "100 added to its length", _message(lambda one: _octets(len(one) + 103) + _octets(len(one)) + one), "scripted"),
    _row("entry-too-long", "refuse", "The certificate's entry says that it is longer than the list.", "RFC 5246, 7.4.2",
         "100 added to its length", _message(lambda one: _octets(len(one) + 3) + _octets(len(one) + 100) + one), "scripted"),
    _row("indefinite-length", "refuse", "The certificate is BER of indefinite length.", "X.690, 10.1",
         "its outermost length replaced", _rewritten(lambda whole: _INDEFINITE + der.content(whole) + _END_OF_CONTENTS), "scripted",
         unless={"OpenSSL": "it reads BER"}),
    _row("length-too-wide", "refuse", "The certificate's length is written in four octets where two will do.", "X.690, 10.1",
         "its outermost length replaced", _rewritten(_long_form), "scripted", unless={"OpenSSL": "it reads BER"}),
    _row("fourth-element", "refuse", "A fourth element follows the signature.", "RFC 5280, 4.1", "a NULL at the end",
         _rewritten(_fourth_element), "scripted"),
    _row("element-after-extensions", "refuse", "A further element follows the extensions, and is signed.", "RFC 5280, 4.1",
         "a NULL at the end of what is signed", _scripted(lambda _, draft: replace(draft, after=der.tlv(der.NULL))), "scripted"),
    _row("serial-padded", "refuse", "The serial number has a zero octet too many before it.", "X.690, 8.3.2",
         "an INTEGER that begins with two zeros", _scripted(_serial(der.tlv(der.INTEGER, b"\0\x2a"))), "scripted"),
    _row("serial-zero", "policy", "The serial number is 0.", "RFC 5280, 4.1.2.2; x509-limbo", "another number", changed(_serial(der.integer(0)))),
    _row("serial-negative", "policy", "The serial number is negative.", "RFC 5280, 4.1.2.2; x509-limbo", "another number",
         changed(_serial(der.integer(-42)))),
    _row("serial-of-thirty-octets", "policy", "The serial number has 30 octets, ten more than it may have.", "RFC 5280, 4.1.2.2; x509-limbo",
         "another number", changed(_serial(der.tlv(der.INTEGER, b"\x5a" * 30)))),
    _row("version-1", "refuse", "It is a certificate of version 1, which has no alternative names.", "RFC 5280, 6.1.4 (k); RFC 9525, 2",
         "no extensions, the first host name as CN", changed(partial(_no_extensions, version=0)),
         unless=_CN),
    _row("version-1-with-extensions", "refuse", "The version is 1, and there are extensions.", "RFC 5280, 4.1.2.9; x509-limbo",
         "another version", changed(_version(0)), unless=_STRICT),
    _row("version-2-with-extensions", "refuse", "The version is 2, and there are extensions.", "RFC 5280, 4.1.2.9", "another version", changed(_version(1)), unless=_STRICT),
    _row("version-4", "refuse", "The version is 4, which there is not.", "RFC 5280, 4.1.2.1; x509-limbo", "another version", changed(_version(3)),
         unless={"OpenSSL": "it takes a version that it does not know for 3"}),
    _row("version-1-written", "refuse", "The version is written out though it is 1, the default.", "X.690, 11.5",
         "an INTEGER of 0 where nothing is due, no extensions", changed(_default_version), unless=_CN),
    _row("no-extension-at-all", "refuse", "The list of extensions is empty.", "RFC 5280, 4.1",
         "an empty SEQUENCE", changed(_empty_list),
         unless=_CN),
    _row("true-is-not-ff", "policy", "A flag that is set is written as 1.", "X.690, 11.1", "BOOLEAN 01 as the critical flag",
         changed(_constraints(_CA_FALSE, written_critical=der.tlv(0x01, b"\x01")))),
    _row("default-written", "policy", "A flag that has its default is written out.", "X.690, 11.5", "CA:FALSE as BOOLEAN 00",
         changed(_constraints(der.sequence(der.tlv(0x01, b"\x00"))))),
    _row("signature-unused-bits", "refuse", "The signature says that its last bit is not used.", "RFC 5758, 3.2",
         "a BIT STRING with one unused bit", _unused_bits, "scripted"),
    _row("unique-ids", "policy", "It has unique identifiers of issuer and subject, which nobody writes any more.", "RFC 5280, 4.1.2.8",
         "both fields", changed(lambda _, draft: replace(draft, unique_ids=_A_UNIQUE_ID + b"\x82" + _A_UNIQUE_ID[1:]))),
    _row("teletex-subject", "accept", "The subject is a TeletexString, as old CAs write it.", "RFC 5280, 4.1.2.4",
         "another kind of string", changed(_subject(_ORGANIZATION, der.TELETEX, lambda _: b"Gr\xfc\xdfe"))),
    _row("bmp-subject", "accept", "The subject is a BMPString, in UTF-16.", "RFC 5280, 4.1.2.4",
         "another kind of string", changed(_subject(_ORGANIZATION, der.BMP, lambda host: host.encode("utf-16-be")))),
    _row("broken-utf8-subject", "policy", "The subject is a UTF8String with bytes that are not UTF-8.", "RFC 3629, 3",
         "a cut letter", _scripted(_subject(_ORGANIZATION, der.UTF8, lambda _: b"Gr\xc3")), "scripted"),
    _row("unprintable-subject", "policy", "The subject is a PrintableString with letters that it cannot have.", "X.680, 41.4; x509-limbo",
         "@ and * in it", changed(_subject(_ORGANIZATION, der.PRINTABLE, lambda _: b"*@ucmsim"))),
    _row("country-of-three-letters", "policy", "The country of the subject has three letters.", "RFC 5280, A.1, ub-country-name-alpha-length",
         "USA as the country", changed(_subject(_COUNTRY, der.PRINTABLE, lambda _: b"USA"))),
    _row("empty-organization", "policy", "The organization of the subject is an empty text.", "RFC 5280, A.1; X.520",
         "a string of no letters", changed(_subject(_ORGANIZATION, der.UTF8, lambda _: b""))),
)  # fmt: skip
