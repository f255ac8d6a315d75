"""What it is made with: keys that are too short, odd or not the right ones, signatures that are weak or wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ucmsim.certificates.authority import usage
from ucmsim.certificates.defects import der, rsanumbers
from ucmsim.certificates.defects.chain import below, link
from ucmsim.certificates.defects.draft import Draft, algorithm_of, extension
from ucmsim.certificates.defects.drafting import changed, issued, leaf, new_key, root, server_key, shown
from ucmsim.certificates.defects.keybank import AnyKey
from ucmsim.certificates.defects.row import Defect, Scene, Script, Shown, pem

_PSS, _SHA256, _MGF1 = "1.2.840.113549.1.1.10", "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.8"
_UNKNOWN = "1.3.6.1.4.1.99999.1"
_EC_KEY, _PRIME_FIELD = "1.2.840.10045.2.1", "1.2.840.10045.1.1"

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""P-256 by its numbers. SEC 2, 2.4.2."""


def _with_key(make: Callable[[Scene], AnyKey], *, modern: bool = False) -> Callable[[Scene], Shown]:
    """Return the maker of a certificate for another key, which ciphers of old firmware may not be able to serve."""
    return lambda scene: _for(scene, make(scene), modern=modern)


def _for(scene: Scene, key: AnyKey, *, modern: bool) -> Shown:
    return replace(issued(scene, key, leaf(scene, key)), modern=modern)


def _rsa(bits: int = 2048, exponent: int = 65537) -> Callable[[Scene], Shown]:
    return _with_key(lambda scene: scene.bank.rsa(bits, exponent))


def _curve(curve: ec.EllipticCurve) -> Callable[[Scene], Shown]:
    return _with_key(lambda _: ec.generate_private_key(curve), modern=True)


def _not_offered(curve: ec.EllipticCurve) -> Callable[[Scene], Shown]:
    """Return the maker for a key on a *curve* that clients do not offer: OpenSSL would end the handshake unseen."""
    make = _curve(curve)
    return lambda scene: replace(make(scene), script=Script())


def _of(draft: Draft, spki: bytes) -> Draft:
    """Return *draft* for the key *spki*, whatever that is, with its identifier."""
    bits = der.content(der.parts(der.content(spki))[1])[1:]
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303 - RFC 5280, 4.2.1.2 (1)
    digest.update(bits)
    return replace(draft, spki=spki).but(extension(x509.SubjectKeyIdentifier(digest.finalize())))


def _numbers(name: str, make: Callable[[], rsanumbers.Numbers]) -> Callable[[Scene], Shown]:
    """Return the maker of a certificate for an RSA key of chosen numbers."""

    def issue(scene: Scene) -> Shown:
        numbers = scene.bank.once(name, make)
        draft = _of(leaf(scene, new_key()), numbers.public)
        draft = draft.but(extension(usage("digital_signature", "key_encipherment"), critical=True))
        return Shown(pem(numbers.private, "PRIVATE KEY"), (draft.signed(scene.authority.key),), root(scene))

    return issue


def _pss_key(scene: Scene) -> Shown:
    """Issue for an RSA key that says of itself that it is for PSS only."""
    key = scene.bank.rsa()
    only_pss = der.sequence(der.oid(_PSS))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    private = key.private_bytes(
        Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    spki = der.sequence(only_pss, der.bits(public))
    wrapped = der.sequence(der.integer(0), only_pss, der.tlv(der.OCTET_STRING, private))
    draft = replace(leaf(scene, key), spki=spki).but(extension(usage("digital_signature"), critical=True))
    certificate = draft.signed(scene.authority.key)
    return Shown(pem(wrapped, "PRIVATE KEY"), (certificate,), root(scene), modern=True)


def _by_rsa(digest: str) -> Callable[[Scene], Shown]:
    """Return the maker of a leaf that an RSA intermediate CA signed over *digest*."""

    def make(scene: Scene) -> Shown:
        above = link(scene, key=scene.bank.rsa())
        return below(scene, above, change=lambda _, draft: replace(draft, algorithm=algorithm_of(above.key, digest)))

    return make


def _sha1(_scene: Scene, draft: Draft) -> Draft:
    return replace(draft, algorithm=der.sequence(der.oid("1.2.840.10045.4.1")))


def _sha1_above(scene: Scene) -> Shown:
    upper = link(scene, "ucmsim upper CA", key=scene.bank.rsa())
    sha1 = algorithm_of(upper.key, "sha1")
    middle = link(scene, above=upper, change=lambda _, draft: replace(draft, algorithm=sha1))
    return below(scene, middle, upper.certificate)


def _pss_signed(scene: Scene) -> Shown:
    key = scene.bank.rsa()
    above = link(scene, key=key)
    digest = der.sequence(der.oid(_SHA256), der.tlv(der.NULL))
    mask = der.sequence(der.oid(_MGF1), digest)
    details = der.sequence(der.explicit(0, digest), der.explicit(1, mask), der.explicit(2, der.integer(32)))
    own = server_key(scene)
    draft = replace(leaf(scene, own, issuer=above.subject, signer=key), algorithm=der.sequence(der.oid(_PSS), details))
    signature = key.sign(draft.tbs, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return shown(scene, own, draft.sealed(signature), above.certificate)


def _signed(seal: Callable[[Scene, Draft], bytes]) -> Callable[[Scene], Shown]:
    """Return the maker of a flawless draft that *seal* makes a certificate of."""

    def make(scene: Scene) -> Shown:
        key = server_key(scene)
        return shown(scene, key, seal(scene, leaf(scene, key)))

    return make


def _turned(scene: Scene, draft: Draft) -> bytes:
    return draft.signed(scene.authority.key, change=lambda signature: signature[:-1] + bytes([signature[-1] ^ 1]))


def _of_another(scene: Scene, draft: Draft) -> bytes:
    """Seal with the signature that the CA made for a certificate of other names."""
    other = leaf(scene, new_key(), names=["another-host.invalid"]).signed(scene.authority.key)
    return draft.sealed(der.content(der.parts(der.content(other))[2])[1:])


def _says_otherwise(scene: Scene, draft: Draft) -> bytes:
    signature = der.content(der.parts(der.content(draft.signed(scene.authority.key)))[2])[1:]
    return draft.sealed(signature, algorithm=algorithm_of(scene.authority.key, "sha384"))


def _unknown(scene: Scene, draft: Draft) -> bytes:
    return replace(draft, algorithm=der.sequence(der.oid(_UNKNOWN))).signed(scene.authority.key)


def _with_null(scene: Scene, draft: Draft) -> bytes:
    inside = der.content(draft.algorithm)
    return replace(draft, algorithm=der.sequence(inside, der.tlv(der.NULL))).signed(scene.authority.key)


def _by_a_stranger(_scene: Scene, draft: Draft) -> bytes:
    return replace(draft, algorithm=algorithm_of(new_key())).signed(new_key())


def _wrong_key(scene: Scene) -> Shown:
    certified, held = (_certified(scene), scene.key) if scene.key else (new_key(), new_key())
    return replace(shown(scene, held, leaf(scene, certified).signed(scene.authority.key)), script=Script())


def _certified(scene: Scene) -> AnyKey:
    return scene.bank.once("certified", lambda: rsa.generate_private_key(65537, 2048))


def _spoilt(scene: Scene) -> Shown:
    key = server_key(scene)
    return replace(issued(scene, key, leaf(scene, key)), script=Script(spoils_proof=True))


def _point(spki: Callable[[ec.EllipticCurvePrivateKey], bytes]) -> Callable[[Scene], Shown]:
    """Return the maker of a certificate for a P-256 key that is written in another way."""

    def make(scene: Scene) -> Shown:
        key = new_key()
        return replace(issued(scene, key, _of(leaf(scene, key), spki(key))), script=Script())

    return make


def _off_the_curve(key: ec.EllipticCurvePrivateKey) -> bytes:
    written = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return written[:-1] + bytes([written[-1] ^ 1])


def _curve_by_numbers(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the key with its curve spelled out, as CVE-2020-0601 did to choose another generator."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    generator = b"\x04" + b"".join(number.to_bytes(32) for number in _G)
    curve = der.sequence(*(der.tlv(der.OCTET_STRING, number.to_bytes(32)) for number in (_P - 3, _B)))
    field = der.sequence(der.oid(_PRIME_FIELD), der.integer(_P))
    numbers = (der.integer(1), field, curve, der.tlv(der.OCTET_STRING, generator), der.integer(_N), der.integer(1))
    return der.sequence(der.sequence(der.oid(_EC_KEY), der.sequence(*numbers)), der.bits(point))


_row = partial(Defect, "key")

ROWS = (
    _row("rsa-512", "refuse", "The key has 512 bits.", "NIST SP 800-131A; badssl rsa512", "two small primes",
         _numbers("rsa-512", partial(rsanumbers.short, 512))),
    _row("rsa-1024", "refuse", "The key has 1024 bits.", "NIST SP 800-131A; badssl rsa1024", "a short key", _rsa(1024),
         unless={"Node": "its security level 1 takes 1024 bits"}),
    _row("rsa-8192", "accept", "The key has 8192 bits.", "badssl rsa8192", "a long key, which takes seconds to make", _rsa(8192), slow=True),
    _row("rsa-exponent-3", "policy", "The public exponent is 3.", "CA/Browser Forum Baseline Requirements, 6.1.6", "another exponent", _rsa(exponent=3)),
    _row("rsa-close-primes", "policy", "The primes follow each other, so that anybody can compute them.", "CVE-2022-26320",
         "the next prime after the first", _numbers("rsa-close", rsanumbers.close)),
    _row("rsa-guessable-primes", "policy", "The primes have the form by which those of a broken chip can be computed.", "CVE-2017-15361",
         "primes of that form", _numbers("rsa-roca", rsanumbers.roca)),
    _row("rsa-key-for-pss", "policy", "The RSA key says that it is for PSS signatures only.", "RFC 4055, 1.2",
         "id-RSASSA-PSS as the key's algorithm", _pss_key),
    _row("p192-key", "refuse", "The key is on a curve of 192 bits.", "RFC 8422, 5.1.1", "P-192, whether or not the client offers the curve",
         _not_offered(ec.SECP192R1()), "scripted"),
    _row("p384-key", "accept", "The key is on the curve P-384.", "RFC 8422, 5.1.1; badssl ecc384", "P-384", _curve(ec.SECP384R1())),
    _row("p521-key", "policy", "The key is on the curve P-521.", "RFC 8422, 5.1.1", "P-521", _curve(ec.SECP521R1())),
    _row("secp256k1-key", "policy", "The key is on the curve of Bitcoin, which browsers do not know.", "RFC 8422, 5.1.1",
         "secp256k1, whether or not the client offers the curve", _not_offered(ec.SECP256K1()), "scripted"),
    _row("ed25519-key", "policy", "The key is an Ed25519 key, which public CAs may not certify.", "RFC 8410; RFC 8422, 5.10",
         "Ed25519", _with_key(lambda _: ed25519.Ed25519PrivateKey.generate(), modern=True)),
    _row("wrong-key", "refuse", "The server holds another key than the certificate is for.", "RFC 5246, 7.4.3",
         "a key exchange signed with another key", _wrong_key, "scripted"),
    _row("wrong-proof", "refuse", "The signature over the key exchange is wrong.", "RFC 5246, 7.4.3",
         "its last bit turned", _spoilt, "scripted"),
    _row("point-off-the-curve", "refuse", "The key is no point of its curve.", "SEC 1, 3.2.2.1", "the last bit of the point turned",
         _point(_off_the_curve), "scripted"),
    _row("curve-by-its-numbers", "refuse", "The curve is not named but spelled out.", "RFC 5480, 2.1.1; CVE-2020-0601",
         "P-256 by its parameters", _point(_curve_by_numbers), "scripted"),
    _row("dsa-key", "refuse", "The key is a DSA key.", "RFC 9155", "no client of today offers the ciphers, so that the handshake ends before the certificate",
         manner="unavailable"),
    _row("published-key", "refuse", "The private key is known to everybody, such as those of CVE-2008-0166.", "CVE-2008-0166; badssl superfish",
         "such a key would have to be kept here, and no private key is", manner="unavailable"),
    _row("sha1-signature", "refuse", "The signature is made over SHA-1.", "RFC 9155; badtls.io", "ECDSA with SHA-1",
         changed(_sha1)),
    _row("sha1-rsa-signature", "refuse", "The signature is made over SHA-1 with RSA.", "RFC 9155; badssl sha1-2017",
         "an RSA intermediate CA", _by_rsa("sha1")),
    _row("sha1-intermediate", "refuse", "The signature of the intermediate CA's certificate is made over SHA-1.", "RFC 9155; badssl sha1-intermediate",
         "an RSA CA above it", _sha1_above),
    _row("md5-signature", "refuse", "The signature is made over MD5.", "RFC 6151; badtls.io", "an RSA intermediate CA", _by_rsa("md5")),
    _row("pss-signature", "accept", "The signature is an RSA-PSS signature.", "RFC 4055, 3", "an RSA intermediate CA", _pss_signed),
    _row("broken-signature", "refuse", "The signature is wrong.", "RFC 5280, 6.1.3 (a)", "its last bit turned", _signed(_turned)),
    _row("no-signature", "refuse", "The signature is empty.", "RFC 5280, 4.1.1.3", "a BIT STRING of no bits",
         _signed(lambda _, draft: draft.sealed(b""))),
    _row("signature-of-another", "refuse", "The signature is that of another certificate of the same CA.", "RFC 5280, 6.1.3 (a)",
         "a signature put under other names", _signed(_of_another)),
    _row("signed-by-a-stranger", "refuse", "The issuer is the CA, and the signature is made with another key.", "RFC 5280, 6.1.3 (a)",
         "a signature of another key", _signed(_by_a_stranger)),
    _row("two-algorithms", "refuse", "The signature's algorithm is one thing inside and another outside.", "RFC 5280, 4.1.1.2; x509-limbo",
         "SHA-256 inside, SHA-384 outside", _signed(_says_otherwise)),
    _row("unknown-algorithm", "refuse", "The signature's algorithm is one that nobody knows.", "RFC 5280, 4.1.1.2",
         "an object identifier of nobody", _signed(_unknown)),
    _row("algorithm-with-null", "policy", "The algorithm of an ECDSA signature has NULL parameters, where it must have none.", "RFC 5758, 3.2",
         "a NULL in both places", _signed(_with_null)),
)  # fmt: skip
