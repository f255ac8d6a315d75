"""A TLS handshake in memory between a PBX's identity and a careful client, both of them the real OpenSSL."""

from __future__ import annotations

import contextlib
import os
import ssl
from pathlib import Path

from cryptography import x509

from ucmsim.certificates.authority import Identity, export
from ucmsim.certificates.defects import Shown


def objection(identity: Identity | Shown, host: str, folder: Path, *, trust: x509.Certificate, flags: int = 0) -> str:
    """Return why a client that trusts *trust* refuses *identity* as that of *host*; an empty string if it does not."""
    client = ssl.create_default_context(cadata=export(trust, "der"))
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT | flags
    server = _server(identity, folder)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=host)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (asking, answering) * 3:
        try:
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
        except ssl.SSLCertVerificationError as error:
            return error.verify_message.replace("self signed", "self-signed")  # OpenSSL 1.1.1 has no hyphen
    assert asking.version() == answering.version() is not None
    return ""


def _server(identity: Identity | Shown, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = folder / "handshake.pem"
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(identity.key_pem + identity.certificate_pem)
    context.load_cert_chain(file)
    return context
