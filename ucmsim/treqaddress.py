"""Who is asked over treq: a URL as it was given, and the CA that its server must be trusted by."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from cryptography.x509 import load_pem_x509_certificates
from hyperlink import EncodedURL
from OpenSSL.crypto import X509
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.web.client import BrowserLikePolicyForHTTPS

from ucmsim.contract.errors import ControlUnreachable


class Ready(EncodedURL):
    """A URL that can be sent as it is: to make sure of that, which treq does, takes the colons of an IPv6 address for wrong."""

    def to_uri(self) -> Self:
        return self


def trusting(ca: str | None) -> BrowserLikePolicyForHTTPS:
    """Return what trusts the CAs in the file *ca* and nobody else, or whom the system trusts; raises `ControlUnreachable`."""
    if ca is None:
        return BrowserLikePolicyForHTTPS()
    try:
        found = load_pem_x509_certificates(Path(ca).read_bytes())
    except (OSError, ValueError) as error:
        raise ControlUnreachable(f"{ca} holds no CA to trust: {error}") from error
    return BrowserLikePolicyForHTTPS(
        trustRootFromCertificates([Certificate(X509.from_cryptography(one)) for one in found])
    )
