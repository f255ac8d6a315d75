"""Flawless drafts and what they make: a defect takes one of these and changes what it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from ucmsim.certificates import authority
from ucmsim.certificates.authority import Key, alternatives, export, general_name, usage
from ucmsim.certificates.defects import der
from ucmsim.certificates.defects.draft import Draft, Signer, algorithm_of, extension
from ucmsim.certificates.defects.keybank import AnyKey, pem, spki
from ucmsim.certificates.defects.row import Scene, Shown

BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
ALTERNATIVE_NAMES, SUBJECT_KEY, AUTHORITY_KEY, NAME_CONSTRAINTS = "2.5.29.17", "2.5.29.14", "2.5.29.35", "2.5.29.30"

_COMMON_NAME = "2.5.4.3"
_LONGEST = 64  # RFC 5280, ub-common-name


Change = Callable[[Scene, Draft], Draft]
"""What a defect makes of a flawless draft."""


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a key as the PBX has them: P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def server_key(scene: Scene) -> Key:
    """Return the key that the unit's ciphers need, else a new one."""
    return scene.key or new_key()


def name(common_name: str, *, tag: int = der.UTF8) -> bytes:
    """Return a distinguished name of one CN, empty for no text."""
    text = common_name[:_LONGEST].encode()
    return named((_COMMON_NAME, tag, text)) if common_name else der.sequence()


def named(*attributes: tuple[str, int, bytes]) -> bytes:
    """Return a distinguished name of these *attributes*: object identifier, kind of string, text."""
    return der.sequence(
        *(der.tlv(der.SET, der.sequence(der.oid(kind), der.tlv(tag, text))) for kind, tag, text in attributes)
    )


def moved(now: datetime, days: float) -> datetime:
    """Return *now* moved by *days*, within the years that a certificate can state."""
    return authority.moved(now, timedelta(days=days))


def host_of(scene: Scene) -> str:
    """Return the host name that defects of names are built from: one with a domain, if the PBX has any."""
    hosts = [one.value for one in map(general_name, scene.names) if isinstance(one, x509.DNSName)]
    return next((host for host in hosts if host.count(".") > 1), hosts[0] if hosts else "localhost")


def root(scene: Scene) -> bytes:
    """Return the CA's certificate, which the client trusts."""
    return export(scene.authority.certificate, "der")


def issuer_of(scene: Scene) -> bytes:
    """Return the CA's name as its certificate has it."""
    return scene.authority.certificate.subject.public_bytes()


def leaf(
    scene: Scene,
    key: AnyKey,
    *,
    names: Sequence[str] | None = None,
    issuer: bytes | None = None,
    signer: Signer | None = None,
) -> Draft:
    """Return the draft of a server's certificate that nothing is wrong with, for the holder of *key*.

    It is to be signed by *signer*, called *issuer*; without these by the PBX's CA.
    """
    names = scene.names if names is None else names
    signer = signer or scene.authority.key
    granted = (
        ("digital_signature", "key_encipherment") if isinstance(key, rsa.RSAPrivateKey) else ("digital_signature",)
    )
    return Draft(
        serial=serial(),
        algorithm=algorithm_of(signer),
        issuer=issuer or issuer_of(scene),
        not_before=der.moment(moved(scene.now, -1)),
        not_after=der.moment(moved(scene.now, 396)),
        subject=name(names[0]),
        spki=spki(key),
        extensions=(
            extension(key_identifier(key)),
            extension(signer_identifier(signer)),
            extension(x509.BasicConstraints(ca=False, path_length=None), critical=True),
            extension(usage(*granted), critical=True),
            extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
            extension(alternatives(names)),
        ),
    )


def ca(
    scene: Scene,
    key: AnyKey,
    subject: str,
    *,
    issuer: bytes | None = None,
    signer: Signer | None = None,
    path_length: int | None = None,
) -> Draft:
    """Return the draft of a CA's certificate that nothing is wrong with, to be signed as in `leaf`."""
    draft = leaf(scene, key, names=[subject], issuer=issuer, signer=signer)
    return draft.but(
        extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True),
        extension(usage("key_cert_sign", "crl_sign"), critical=True),
        without=[EXTENDED_KEY_USAGE, ALTERNATIVE_NAMES],
    )


def serial() -> bytes:
    """Return a serial number that nobody can guess, as DER."""
    return der.integer(x509.random_serial_number())


def key_identifier(key: AnyKey) -> x509.SubjectKeyIdentifier:
    """Return the identifier of *key* as its own certificate has it."""
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def signer_identifier(signer: Signer) -> x509.AuthorityKeyIdentifier:
    """Return the identifier of *signer* as the certificates that it signs have it."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())


def shown(scene: Scene, key: AnyKey, *certificates: bytes, trust: bytes | None = None) -> Shown:
    """Return what is shown: the *certificates*, the leaf first, and the *key* that the handshake is made with."""
    return Shown(pem(key), certificates, trust or root(scene))


def issued(scene: Scene, key: AnyKey, draft: Draft) -> Shown:
    """Return *draft* signed by the PBX's CA, as it is shown."""
    return shown(scene, key, draft.signed(scene.authority.key))


def changed(change: Change) -> Callable[[Scene], Shown]:
    """Return the maker of a flawless certificate with *change* made to its draft before it is signed."""

    def make(scene: Scene) -> Shown:
        key = server_key(scene)
        return issued(scene, key, change(scene, leaf(scene, key)))

    return make
