"""Whom clients shall trust: a PEM file, and how programs that a test starts are told of it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""What OpenSSL and Python, requests, curl and Node take the path of a PEM file from."""


def trusting(ca: str) -> dict[str, str]:
    """Return environment variables that let requests, curl, Node and what uses OpenSSL trust the PEM file *ca*."""
    return dict.fromkeys(VARIABLES, ca)


@dataclass(frozen=True, slots=True)
class UcmCa:
    """The CA of all PBXs of the session, *path* its PEM file; it is there before the first of them.

    A PBX with ``tls_profile="device"`` vouches for itself, as the hardware does, and has a ``ca`` of its own.
    """

    path: str

    def ssl_context(self) -> ssl.SSLContext:
        """Return a context that verifies the certificate of each PBX of the session, and nothing else's."""
        return ssl.create_default_context(cafile=self.path)

    @property
    def env(self) -> dict[str, str]:
        """Environment variables that let requests, curl, Node and what uses OpenSSL trust all of them."""
        return trusting(self.path)
