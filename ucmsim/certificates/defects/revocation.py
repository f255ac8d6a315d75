"""Whether it still stands: OCSP responses that say no, say nothing, or are not about it, and lists nobody can fetch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from ucmsim.certificates.authority import Authority
from ucmsim.certificates.defects import der
from ucmsim.certificates.defects.draft import Extension, extension
from ucmsim.certificates.defects.drafting import issued, leaf, moved, root, server_key, signer_identifier
from ucmsim.certificates.defects.row import Defect, Scene, Shown

_Staple = Callable[..., bytes]
"""Makes a response about a certificate, signed by the PBX's CA or another responder."""


def _stapled(staple: _Staple | None, *extensions: Extension) -> Callable[[Scene], Shown]:
    """Return the maker of a certificate with these *extensions*, shown with *staple* to clients that ask for one."""

    def make(scene: Scene) -> Shown:
        key = server_key(scene)
        found = issued(scene, key, leaf(scene, key).but(*extensions))
        if staple is None:
            return found
        certificate = x509.load_der_x509_certificate(found.certificates[0])
        # The root as well, because curl looks for the issuer among what it was sent.
        chain = (*found.certificates, root(scene))
        return replace(found, certificates=chain, staple=staple(scene, certificate), modern=True)

    return make


def _says(status: ocsp.OCSPCertStatus, *, since: float = -1, until: float = 6, revoked: float | None = None) -> _Staple:
    """Return a response of the CA's with this *status*, in force from *since* to *until* days from now."""

    def staple(scene: Scene, certificate: x509.Certificate, responder: Authority | None = None) -> bytes:
        when = None if revoked is None else _at(scene, revoked)
        reason = None if revoked is None else x509.ReasonFlags.key_compromise
        builder = ocsp.OCSPResponseBuilder().add_response(
            certificate, scene.authority.certificate, hashes.SHA1(), status,  # noqa: S303 - what clients look for
            _at(scene, since), _at(scene, until), when, reason,
        )  # fmt: skip
        return _signed(builder, responder or scene.authority)

    return staple


def _signed(builder: ocsp.OCSPResponseBuilder, responder: Authority) -> bytes:
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
    builder = builder.certificates([responder.certificate])  # which curl does not look for among those it trusts
    return builder.sign(responder.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _at(scene: Scene, days: float) -> datetime:
    return moved(scene.now, days).replace(microsecond=0)


def _by_a_stranger(scene: Scene, certificate: x509.Certificate) -> bytes:
    stranger = Authority.mint("that answers for others", scene.now)
    return _says(ocsp.OCSPCertStatus.GOOD)(scene, certificate, stranger)


def _broken(scene: Scene, certificate: x509.Certificate) -> bytes:
    whole = _says(ocsp.OCSPCertStatus.GOOD)(scene, certificate)
    signature = ocsp.load_der_ocsp_response(whole).signature
    return whole.replace(signature, signature[:-1] + bytes([signature[-1] ^ 1]))


def _about_another(scene: Scene, _certificate: x509.Certificate) -> bytes:
    other = scene.authority.issue(["another-host.invalid"], scene.now).certificate
    return _says(ocsp.OCSPCertStatus.GOOD)(scene, other)


def _try_later(_scene: Scene, _certificate: x509.Certificate) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER)


def revoked_list(authority: Authority, now: datetime) -> bytes:
    """Return the list of what *authority* has revoked, in PEM: the one serial number of `revoked-by-list`."""
    since = moved(now, -1).replace(microsecond=0)
    entry = x509.RevokedCertificateBuilder(_revoked_serial(authority), since)
    entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
    builder = x509.CertificateRevocationListBuilder(authority.certificate.subject, since, moved(now, 3652))
    builder = builder.add_revoked_certificate(entry.build())
    for own in (x509.CRLNumber(1), signer_identifier(authority.key)):
        builder = builder.add_extension(own, critical=False)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _revoked_serial(authority: Authority) -> int:
    """Return the serial number that is revoked from the beginning, so that who has the list once has it for good."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(authority.certificate.public_bytes(Encoding.DER) + b"revoked")
    return int.from_bytes(digest.finalize()[:19])


def _listed(scene: Scene) -> Shown:
    key = server_key(scene)
    return issued(scene, key, replace(leaf(scene, key), serial=der.integer(_revoked_serial(scene.authority))))


def _access(url: str) -> Extension:
    place = x509.UniformResourceIdentifier(url)
    return extension(
        x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)])
    )


def _list_at(url: str) -> Extension:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    return extension(x509.CRLDistributionPoints([point]))


_MUST_STAPLE = extension(x509.TLSFeature([x509.TLSFeatureType.status_request]))
_GOOD, _REVOKED, _UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
_ASKS_NOT = MappingProxyType(
    {"OpenSSL": "it asks for no OCSP response unless it is told to, as curl --cert-status does"}
)
_row = partial(Defect, "revocation")

ROWS = (
    _row("stapled-good", "accept", "The stapled OCSP response says that all is well.", "RFC 6066, 8",
         "a response of the CA's", _stapled(_says(_GOOD))),
    _row("stapled-revoked", "refuse", "The stapled OCSP response says that the certificate is revoked, its key being known.",
         "RFC 6960, 2.2; badssl revoked", "a response of the CA's", _stapled(_says(_REVOKED, revoked=-2)), unless=_ASKS_NOT),
    _row("stapled-unknown", "refuse", "The stapled OCSP response says that the certificate is not known.", "RFC 6960, 2.2",
         "a response of the CA's", _stapled(_says(_UNKNOWN)), unless=_ASKS_NOT),
    _row("stapled-over", "refuse", "The stapled OCSP response ended three days ago.", "RFC 6960, 3.2",
         "days that are over", _stapled(_says(_GOOD, since=-10, until=-3)), unless=_ASKS_NOT),
    _row("stapled-not-yet", "refuse", "The stapled OCSP response begins in three days.", "RFC 6960, 3.2",
         "days that are to come", _stapled(_says(_GOOD, since=3, until=10)), unless=_ASKS_NOT),
    _row("stapled-by-a-stranger", "refuse", "The stapled OCSP response is signed by somebody who may not.", "RFC 6960, 3.2",
         "a CA that nobody trusts", _stapled(_by_a_stranger), unless=_ASKS_NOT),
    _row("stapled-broken-signature", "refuse", "The signature of the stapled OCSP response is wrong.", "RFC 6960, 3.2",
         "its last bit turned", _stapled(_broken), unless=_ASKS_NOT),
    _row("stapled-about-another", "refuse", "The stapled OCSP response is about another certificate.", "RFC 6960, 3.2",
         "a response of the CA's", _stapled(_about_another), unless=_ASKS_NOT),
    _row("stapled-try-later", "policy", "The stapled OCSP response says to try again later.", "RFC 6960, 2.3",
         "an unsigned tryLater", _stapled(_try_later)),
    _row("stapled-garbage", "refuse", "The stapled OCSP response is none.", "RFC 6066, 8",
         "a sentence in its place", _stapled(lambda _scene, _certificate: b"This is no OCSP response.\n"), unless=_ASKS_NOT),
    _row("must-staple-stapled", "accept", "The certificate demands an OCSP response, and a good one is stapled.", "RFC 7633, 4.2.3.1",
         "a TLS feature, a response of the CA's", _stapled(_says(_GOOD), _MUST_STAPLE)),
    _row("must-staple-missing", "refuse", "The certificate demands an OCSP response, and none is stapled.", "RFC 7633, 4.2.3.1",
         "a TLS feature and nothing more", _stapled(None, _MUST_STAPLE), unless=_ASKS_NOT),
    _row("revoked-by-list", "refuse", "The list of what the CA has revoked has the certificate on it.", "RFC 5280, 6.3; badtls.io",
         "the serial number of the list that is in the state folder, <state>/<pbx>/crl.pem", _listed,
         unless={"OpenSSL": "it looks at no list unless it is given one, as curl --crlfile does"}),
    _row("ocsp-out-of-reach", "policy", "The OCSP responder that is named has no address.", "RFC 6960, 3.1",
         "http://ocsp.invalid/ as its place", _stapled(None, _access("http://ocsp.invalid/"))),
    _row("list-out-of-reach", "policy", "The list of revoked certificates that is named has no address.", "RFC 5280, 4.2.1.13",
         "http://crl.invalid/ as its place", _stapled(None, _list_at("http://crl.invalid/ucmsim.crl"))),
)  # fmt: skip
