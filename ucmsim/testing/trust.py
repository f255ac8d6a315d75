"""Whom clients shall trust: a PEM file, and how programs that a test starts are told of it."""

from __future__ import annotations

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""What OpenSSL and Python, requests, curl and Node take the path of a PEM file from."""


def trusting(ca: str) -> dict[str, str]:
    """Return environment variables that let requests, curl, Node and what uses OpenSSL trust the PEM file *ca*."""
    return dict.fromkeys(VARIABLES, ca)
